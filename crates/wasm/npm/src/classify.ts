// What a thrown value says of the failure behind it. Here the evidence is gathered; the engine's table of providers judges.

import { machines, read, ready } from "./engine.js";
import {
  AllOptionsFailed, ApprovalDenied, BudgetExceeded, CircuitOpen, DeadlineExceeded, RetriesExhausted, SteadfastError,
  StepLimitExceeded, TransientError,
} from "./errors.js";
import type { FailureClass, Verdict } from "./types.js";

/** A verdict as numbers: the class by its place in the list, what the server asked for in microseconds or -1. */
export interface Judged { class: number; transient: boolean; retryAfter: number }

/** A failure that is an answer: `fetch` throws it where the server refuses. */
export class Refused {
  constructor(readonly response: Response, readonly verdict: Judged) {}
}

/** What keeps a cut body from being a whole book in every failure. */
const LONGEST_TEXT = 4000;
/** In a verdict: another try can help. */
const TRANSIENT = 32;

let classes: FailureClass[] = [];
let headers: string[] = [];

/** The names of the classes and of the headers are the engine's. */
function tables(): void {
  if (classes.length > 0) return;
  ready();
  classes = machines.failure_classes().split("\n") as FailureClass[];
  headers = machines.classify_headers().split("\n");
}

/** What a thrown value says of the failure behind it, as guards and retries judge by themselves: TransientError, HTTP status, provider
 *  codes and headers on SDK errors and Responses, network errors, AbortError. A plain Error is a bug and is not retried. Never throws.
 *
 *  @example
 *  ```js
 *  import { classify } from "steadfast";
 *
 *  console.log(classify({ status: 529 })); // { class: 'overloaded', transient: true }
 *  console.log(classify({ status: 401 })); // { class: 'auth', transient: false }
 *  console.log(classify(new Error("a typing error"))); // { class: 'bug', transient: false }
 *  ```
 */
export function classify(error: unknown): Verdict {
  const { class: place, transient, retryAfter } = judge(error);
  const verdict: Verdict = { class: classes[place]!, transient };
  if (retryAfter >= 0) verdict.retryAfter = retryAfter / 1000;
  return verdict;
}

/** By a classifier of the caller's own where it knows; one that throws, or says what makes no sense, does not. */
export function judgeBy(own: ((error: unknown) => Verdict | undefined) | undefined, error: unknown, otherwise?: Judged): Judged {
  if (own !== undefined) {
    try {
      const verdict = own(error);
      if (verdict !== undefined) return numbered(verdict);
    } catch {
      // The failure itself is what counts.
    }
  }
  return otherwise ?? judge(error);
}

function numbered({ class: name, transient, retryAfter }: Verdict): Judged {
  tables();
  const place = classes.indexOf(name);
  if (place < 0 || typeof transient !== "boolean") throw new TypeError("not a verdict");
  return { class: place, transient, retryAfter: asked(retryAfter) };
}

function asked(retryAfter: unknown): number {
  return typeof retryAfter === "number" && retryAfter >= 0 ? Math.round(Math.min(retryAfter, 31_536_000_000) * 1000) : -1;
}

/** A verdict by name. */
export function judgedAs(name: FailureClass, transient: boolean, retryAfter?: number): Judged {
  tables();
  return { class: classes.indexOf(name), transient, retryAfter: asked(retryAfter) };
}

export function judge(error: unknown): Judged {
  tables();
  return ours(error, 0) ?? providers(error);
}

/** What a guarded call within a guarded call ended with. */
function ours(error: unknown, depth: number): Judged | undefined {
  if (!isA(error, SteadfastError)) return undefined;
  if (error instanceof TransientError) return judgedAs("server_error", true, property(error, "retryAfter") as number);
  if (error instanceof DeadlineExceeded) return judgedAs("timeout", true);
  if (error instanceof CircuitOpen) return judgedAs("overloaded", true);
  if (error instanceof BudgetExceeded || error instanceof StepLimitExceeded) return judgedAs("quota_exhausted", false);
  if (error instanceof ApprovalDenied) return judgedAs("blocked", false);
  if (property(error, "code") === "incomplete") return judgedAs("incomplete", true);
  if ((error instanceof RetriesExhausted || error instanceof AllOptionsFailed) && depth < 8) {
    const cause = property(error, "cause");
    return cause === undefined ? judgedAs("server_error", true) : ours(cause, depth + 1) ?? providers(cause);
  }
  return undefined;
}

/** `instanceof` for what anybody may throw: a proxy can refuse to say what it is. */
export function isA<T>(value: unknown, type: abstract new (...args: never[]) => T): value is T {
  try {
    return value instanceof type;
  } catch {
    return false;
  }
}

function providers(error: unknown): Judged {
  const [status, texts, now] = evidence(error);
  const verdict = judged(machines.classify(status, texts, now, false));
  // What an error says of itself in this package's words, also across copies of it.
  if (text(error, "name") === "TransientError" && verdict.class === classes.indexOf("bug")) {
    return judgedAs("server_error", true, property(error, "retryAfter") as number);
  }
  return verdict;
}

function judged(verdict: number): Judged {
  return { class: verdict & (TRANSIENT - 1), transient: verdict >= TRANSIENT, retryAfter: read(0) };
}

/** What an answer to a request comes to before anybody has read it all: nothing if it says nothing of a failure. */
export function judgeResponse(response: Response, body: string): Judged | undefined {
  tables();
  const fields = ["", "", "", "", "", ...headers.map(name => response.headers.get(name) ?? ""), body];
  const verdict = machines.classify(response.status, joined(fields), nowBy(response.headers.get("date") ?? ""), true);
  return verdict < 0 ? undefined : judged(verdict);
}

/** When an answer was given by the clock of its server, which is the one that a moment in `retry-after` is of; else now. */
function nowBy(date: string): number {
  const then = Date.parse(date);
  return then >= 0 ? then : Date.now();
}

/** An SDK's error keeps its evidence on itself, on the provider's `error` inside, on the `error` inside that, which knows
 *  best, or on its `cause`; an HTTP client's on its `response`. */
function evidence(error: unknown): [status: number, texts: string, now: number] {
  const response = property(error, "response");
  const data = property(response, "data");
  const inside = property(error, "error") ?? property(data, "error");
  const innermost = property(inside, "error");
  const details = property(innermost, "details") ?? property(inside, "details");
  const anywhere = (name: string) => text(innermost, name) || text(inside, name) || text(error, name);
  const found = [error, response].flatMap(from => [property(from, "status"), property(from, "statusCode")]);
  const status = found.find(number => typeof number === "number" && number >= 100 && number <= 999) as number | undefined;
  const from = [property(error, "headers"), property(error, "responseHeaders"), property(response, "headers")].map(lookUp);
  const header = (name: string) => from.reduce((value, look) => value || look(name), "");
  const fields = [
    text(details, "error_code") || text(error, "errorCode") || anywhere("code"),
    anywhere("type"),
    text(property(error, "cause"), "code"),
    text(error, "name"),
    messageOf(error),
    ...headers.map(header),
    text(error, "responseBody") || (typeof data === "string" ? data : ""),
  ];
  return [Math.trunc(status ?? 0), joined(fields), nowBy(header("date"))];
}

function joined(fields: string[]): string {
  return fields.map(field => (field.length > LONGEST_TEXT ? field.slice(0, LONGEST_TEXT) : field).replaceAll("\0", " ")).join("\0");
}

/** How to look up a header, by its name in lower case: in `Headers` and what is like them, in pairs, in a plain object. */
function lookUp(from: unknown): (name: string) => string {
  if (from === undefined || from === null) return () => "";
  const get = property(from, "get");
  if (typeof get === "function" && !isA(from, Map)) {
    return name => {
      try {
        return valueOf(get.call(from, name));
      } catch {
        return "";
      }
    };
  }
  const values = new Map<string, string>();
  try {
    const pairs = Array.isArray(from) || isA(from, Map) ? from : Object.keys(from).map(name => [name, property(from, name)]);
    for (const pair of pairs) {
      const name = property(pair, "0");
      if (typeof name === "string") values.set(name.toLowerCase(), valueOf(property(pair, "1")));
    }
  } catch {
    // What cannot be listed has none.
  }
  return name => values.get(name) ?? "";
}

function valueOf(value: unknown): string {
  if (Array.isArray(value)) return valueOf(value[0]);
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
}

/** What a thrown value says, for people. */
export function messageOf(error: unknown): string {
  if (typeof error === "string") return error;
  return text(error, "message");
}

function text(from: unknown, name: string): string {
  const value = property(from, name);
  return typeof value === "string" ? value : "";
}

/** A property of whatever it is; a getter that throws has none. */
export function property(from: unknown, name: string): unknown {
  if (from === null || (typeof from !== "object" && typeof from !== "function")) return undefined;
  try {
    return (from as Record<string, unknown>)[name];
  } catch {
    return undefined;
  }
}
