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

/** Default classifier: TransientError, HTTP status / provider codes / headers on SDK errors and Responses, network
 *  errors, AbortError. A plain Error is a bug and is not retried. */
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

function of(name: FailureClass, transient: boolean, retryAfter?: number): Judged {
  return { class: classes.indexOf(name), transient, retryAfter: asked(retryAfter) };
}

export function judge(error: unknown): Judged {
  tables();
  return ours(error, 0) ?? providers(error);
}

/** What a guarded call within a guarded call ended with. */
function ours(error: unknown, depth: number): Judged | undefined {
  if (error instanceof TransientError) return of("server_error", true, error.retryAfter);
  if (error instanceof DeadlineExceeded) return of("timeout", true);
  if (error instanceof CircuitOpen) return of("overloaded", true);
  if (error instanceof BudgetExceeded || error instanceof StepLimitExceeded) return of("quota_exhausted", false);
  if (error instanceof ApprovalDenied) return of("blocked", false);
  if (error instanceof SteadfastError && error.code === "incomplete") return of("incomplete", true);
  if ((error instanceof RetriesExhausted || error instanceof AllOptionsFailed) && depth < 8) {
    return error.cause === undefined ? of("server_error", true) : ours(error.cause, depth + 1) ?? providers(error.cause);
  }
  return undefined;
}

function providers(error: unknown): Judged {
  const [status, texts] = evidence(error);
  const verdict = judged(machines.classify(status, texts, Date.now(), false));
  // What an error says of itself in this package's words, also across copies of it.
  if (text(error, "name") === "TransientError" && verdict.class === classes.indexOf("bug")) {
    return of("server_error", true, property(error, "retryAfter") as number);
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
  const verdict = machines.classify(response.status, joined(fields), Date.now(), true);
  return verdict < 0 ? undefined : judged(verdict);
}

/** An SDK's error keeps its evidence on itself, on the provider's `error` inside, on the `error` inside that, which knows
 *  best, or on its `cause`. */
function evidence(error: unknown): [status: number, texts: string] {
  const inside = property(error, "error");
  const innermost = property(inside, "error");
  const details = property(innermost, "details") ?? property(inside, "details");
  const anywhere = (name: string) => text(innermost, name) || text(inside, name) || text(error, name);
  const found = property(error, "status") ?? property(error, "statusCode");
  const status = typeof found === "number" && found >= 100 && found <= 999 ? Math.trunc(found) : 0;
  const from = [property(error, "headers"), property(error, "responseHeaders")];
  const fields = [
    text(details, "error_code") || text(error, "errorCode") || anywhere("code"),
    anywhere("type"),
    text(property(error, "cause"), "code"),
    text(error, "name"),
    messageOf(error),
    ...headers.map(name => header(from[0], name) || header(from[1], name)),
    text(error, "responseBody"),
  ];
  return [status, joined(fields)];
}

function joined(fields: string[]): string {
  return fields.map(field => (field.length > LONGEST_TEXT ? field.slice(0, LONGEST_TEXT) : field).replaceAll("\0", " ")).join("\0");
}

/** The value of a header, of `Headers` or of a plain object with names in lower case. */
function header(from: unknown, name: string): string {
  const get = property(from, "get");
  if (typeof get !== "function") return text(from, name);
  try {
    const value: unknown = get.call(from, name);
    return typeof value === "string" ? value : "";
  } catch {
    return "";
  }
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
function property(from: unknown, name: string): unknown {
  if (from === null || (typeof from !== "object" && typeof from !== "function")) return undefined;
  try {
    return (from as Record<string, unknown>)[name];
  } catch {
    return undefined;
  }
}
