// A `fetch` that does what a script says: real responses, real streams, and whatever a network can do to them.

import { micros, object, refused, whole } from "../options.js";
import type { Ms } from "../types.js";
import { type Body, type Delivered, Exchange } from "./exchange.js";
import { brokenOff, REASONS, unreachable } from "./failures.js";
import { Script, type ScriptOptions } from "./script.js";

export type { Delivered };

/** What becomes of a request. At most one of `body`, `json`, `events` and `html` says what is in the answer. */
export interface FetchFault {
  /** Default 200. */ status?: number;
  headers?: HeadersInit;
  /** As it is; an array comes part by part. */ body?: string | Uint8Array | readonly (string | Uint8Array)[];
  /** As JSON. */ json?: unknown;
  /** A page where something else should be: what proxies and login walls do. */ html?: string;
  /** Server-sent events, part by part: a text is an event's data as it is, anything else is JSON. What has a `type` is named
   *  by it, as providers do. An event that says what failed is an error inside the stream. */
  events?: readonly unknown[];
  /** Before the answer begins. */ delay?: Ms;
  /** Between two parts of its body. */ every?: Ms;
  /** It goes no further: before the headers, or after the parts of the body. */ stall?: "headers" | "body";
  /** The connection breaks: before the headers, so that nobody knows whether the request took effect, or after the parts of the body. */
  cut?: "headers" | "body";
  /** Nobody is reached: a code such as "ECONNREFUSED" or "ENOTFOUND". */ refuse?: string;
  /** The network delivers the request twice (whatever it does, it does twice), or each part of the body. */ duplicate?: "request" | "body";
}

/** A status alone, what becomes of the request, or whatever follows from it; `call` counts from 1. */
export type FetchStep = number | FetchFault | ((request: Request, call: number) => FetchReply | PromiseLike<FetchReply>);
/** What a function of a script may say, too: an answer as it is. */
export type FetchReply = number | FetchFault | Response;

/** A `fetch`, and what is known of its calls. */
export interface FaultyFetch {
  (input: RequestInfo | URL, init?: RequestInit): Promise<Response>;
  /** How often it was called. */ readonly calls: number;
  /** What reached the other side, in order: none of what was refused, twice what was delivered twice. */ readonly delivered: readonly Delivered[];
}

const CONTENT = ["body", "json", "html", "events"] as const;
const FAULT = [...CONTENT, "status", "headers", "delay", "every", "stall", "cut", "refuse", "duplicate"];
const WHERE = ["headers", "body"];
/** These have no body. */
const EMPTY = [204, 205, 304];

/** Makes a `fetch` that follows a script, one step a call, and the last step for all that come after it; with `{ end: "throw" }` a call
 *  past the script rejects with a SteadfastError (`code: "script_ended"`). It heeds its signal at every moment, and takes its time from
 *  `clock`. Throws at once if a step makes no sense.
 *
 *  Hand it to an SDK as its `fetch`, or put it in place of the host's: `guard().fetch` calls that.
 *
 *  @example
 *  ```js
 *  import { guard } from "steadfast";
 *  import { faultyFetch, VirtualClock } from "steadfast/sim";
 *
 *  const clock = new VirtualClock();
 *  const network = faultyFetch([
 *    { refuse: "ECONNREFUSED" },
 *    { status: 429, headers: { "retry-after": "2" } },
 *    { json: { text: "well" }, delay: 300 },
 *  ], { clock });
 *  globalThis.fetch = network;
 *
 *  const response = await clock.until(guard({ clock }).fetch("https://example.org/"));
 *  console.log(await response.json()); // { text: 'well' }
 *  console.log(network.calls, network.delivered.length, clock.now() > 2300); // 3 2 true
 *  ```
 *
 *  @example An error inside a stream
 *  ```js
 *  import { faultyFetch } from "steadfast/sim";
 *
 *  const network = faultyFetch({ events: [{ type: "message_start" }, { type: "error", error: { type: "overloaded_error" } }] });
 *  const response = await network("https://example.org/");
 *  console.log((await response.text()).includes('event: error\ndata: {"type":"error"')); // true
 *  ```
 */
export function faultyFetch(script: FetchStep | readonly FetchStep[], options?: ScriptOptions): FaultyFetch {
  const steps = new Script<FetchStep>("faultyFetch", script, options, check);
  const delivered: Delivered[] = [];

  const fetching = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const caller = init?.signal ?? (input instanceof Request ? input.signal : undefined);
    // Without the signal: it is listened to here, and no longer than needed.
    const request = new Request(input, { ...init, signal: null });
    caller?.throwIfAborted();
    const step = steps.next();
    const call = steps.calls;
    const exchange = new Exchange(steps.clock, caller);
    const serve = async (): Promise<Response> => {
      const body = await request.clone().text();
      const deliver = async (): Promise<FetchReply> => {
        const { method, url, headers } = request;
        delivered.push({ at: steps.clock.now(), method, url, headers, body, get left() { return exchange.gone.aborted; } });
        const reply = typeof step === "function" ? await step(request.clone(), call) : step;
        if (!(reply instanceof Response)) check("script's step", reply);
        return reply;
      };
      // A function does not say who is reached before it is asked.
      const reply = typeof step === "object" && step.refuse !== undefined ? step : await deliver();
      if (reply instanceof Response) exchange.end();
      return reply instanceof Response ? reply : answer(typeof reply === "number" ? { status: reply } : reply, request.url, exchange, deliver);
    };
    try {
      return await Promise.race([serve(), exchange.stall()]);
    } catch (error) {
      exchange.end();
      throw error;
    }
  };
  return Object.defineProperties(fetching, {
    calls: { get: () => steps.calls },
    delivered: { get: () => delivered },
  }) as unknown as FaultyFetch;
}

async function answer(fault: FetchFault, url: string, exchange: Exchange, deliver: () => Promise<unknown>): Promise<Response> {
  const { status = 200, delay = 0, every = 0, stall, cut, refuse, duplicate } = fault;
  if (duplicate === "request") await deliver();
  await exchange.wait(delay);
  if (refuse !== undefined) throw unreachable(refuse);
  if (stall === "headers") await exchange.stall();
  if (cut === "headers") throw brokenOff("headers");
  const [type, parts] = content(fault);
  const headers = new Headers(fault.headers);
  if (type !== "" && !headers.has("content-type")) headers.set("content-type", type);
  const body: Body = {
    parts: duplicate === "body" ? parts.flatMap(part => [part, part]) : parts,
    every, end: stall === "body" ? "stall" : cut === "body" ? "cut" : "well",
  };
  const empty = EMPTY.includes(status);
  if (empty) exchange.end();
  const response = new Response(empty ? null : exchange.stream(body), { status, statusText: REASONS[status] ?? "", headers });
  return Object.defineProperty(response, "url", { value: url, configurable: true });
}

/** What kind of content it is, and its parts. */
function content({ body = [], json, html, events }: FetchFault): [type: string, parts: Uint8Array[]] {
  if (json !== undefined) return ["application/json", bytes([JSON.stringify(json)])];
  if (html !== undefined) return ["text/html; charset=utf-8", bytes([html])];
  if (events !== undefined) return ["text/event-stream", bytes(events.map(event))];
  return ["", bytes(Array.isArray(body) ? body : [body])];
}

function bytes(parts: readonly (string | Uint8Array)[]): Uint8Array[] {
  const encoder = new TextEncoder();
  return parts.map(part => (typeof part === "string" ? encoder.encode(part) : part)).filter(part => part.length > 0);
}

function event(data: unknown): string {
  const type = typeof data === "object" && data !== null ? (data as { type?: unknown }).type : undefined;
  return `${typeof type === "string" ? `event: ${type}\n` : ""}data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`;
}

function check(name: string, step: FetchStep): void {
  if (typeof step === "function") return;
  if (typeof step === "number") return void whole(name, step, 200, 599);
  if (typeof step !== "object" || step === null) throw refused(name, step, "a status, an object or a function", true);
  const { status, headers, delay, every, stall, cut, refuse, duplicate, events, html, body } = object(name, step, FAULT);
  if (status !== undefined) whole(`${name}.status`, status, 200, 599);
  for (const [key, value] of Object.entries({ delay, every })) if (value !== undefined) micros(`${name}.${key}`, value, 0);
  for (const [key, value] of [["stall", stall], ["cut", cut]] as const) one(`${name}.${key}`, value, WHERE);
  one(`${name}.duplicate`, duplicate, ["request", "body"]);
  if (stall !== undefined && cut !== undefined) throw new TypeError(`${name} has both stall and cut; allowed: one of them`);
  if (refuse !== undefined && (typeof refuse !== "string" || refuse === "")) throw refused(`${name}.refuse`, refuse, 'a code such as "ECONNREFUSED"', true);
  if (events !== undefined && !Array.isArray(events)) throw refused(`${name}.events`, events, "an array", true);
  if (html !== undefined && typeof html !== "string") throw refused(`${name}.html`, html, "a text", true);
  const parts: readonly unknown[] = Array.isArray(body) ? body : body === undefined ? [] : [body];
  if (!parts.every(part => typeof part === "string" || part instanceof Uint8Array)) throw refused(`${name}.body`, body, "text, bytes, or an array of them", true);
  const given = CONTENT.filter(key => step[key] !== undefined);
  if (given.length > 1) throw new TypeError(`${name} has ${given.join(" and ")}; allowed: one of them`);
  if (given.length > 0 && EMPTY.includes(status ?? 200)) throw new TypeError(`${name} has ${given[0]}; allowed: none with status ${status}, which has no body`);
  try {
    new Headers(headers);
  } catch (cause) {
    throw new TypeError(`${name}.headers: ${(cause as Error).message}`, { cause });
  }
}

function one(name: string, value: unknown, allowed: readonly string[]): void {
  if (value !== undefined && !allowed.includes(value as string)) throw refused(name, value, allowed.map(word => `"${word}"`).join(" or "), true);
}
