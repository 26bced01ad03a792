// What a test can ask the server to do with one request: `ok(reply)`, or `fault(name, options)`.

import { contextTooLong, failures, quota } from "./failures.mjs";

/**
 * @typedef {import("./reply.mjs").Reply} Reply
 * @typedef {import("./reply.mjs").Failure} Failure
 * @typedef {import("./reply.mjs").Format} Format
 *
 * @typedef {object} Behaviour plain data: what happens to the request it falls to
 * @property {string} name
 * @property {number} [delay] milliseconds before anything is sent
 * @property {number} [pace] milliseconds between two events of a stream
 * @property {Record<string, string | (() => string)>} [headers]
 * @property {Failure | ((format: Format) => Failure)} [failure]
 * @property {Reply | string | ((request: import("./server.mjs").Recorded) => Reply | string)} [reply]
 * @property {string} [html] a body that is none of the formats, with status 200
 * @property {"headers" | "body"} [hang] nothing comes any more before the headers, or inside the body
 * @property {"end" | "destroy"} [cut] a body that stops short: politely, or with its connection
 * @property {"headers"} [destroy] the connection goes before the headers
 * @property {Failure} [failsInside] the error inside a stream that began well
 * @property {number} [after] how many events of a stream come before it hangs, is cut, or fails
 * @property {number} [effects] how often what was asked for is recorded as done. Default 1 if it is answered well
 */

/** @type {Record<string, (options: any) => Partial<Behaviour>>} */
const faults = {
  ...Object.fromEntries(Object.entries(failures).map(([name, failure]) => [name, () => ({ failure })])),
  quota: options => ({ failure: quota(options) }),
  context_too_long: () => ({ failure: ({ path }) => contextTooLong[path === "/v1/messages" ? "anthropic" : "openai"] }),

  hang_before_headers: () => ({ hang: "headers" }),
  hang_in_body: ({ reply }) => ({ hang: "body", reply }),
  connection_reset: () => ({ destroy: "headers" }),
  html_200: () => ({ html: "<!doctype html><html><body><h1>Sign in to the hotel's network</h1></body></html>" }),

  /** Everything but the terminal event, then a polite end. The reply looks whole. */
  cut_stream: ({ reply }) => ({ cut: "end", reply }),
  /** The connection breaks in the middle of the body. */
  cut_connection: ({ reply }) => ({ cut: "destroy", reply }),
  error_in_stream: ({ failure = "overloaded", reply }) => ({ failsInside: known(failures, failure, "failure"), reply }),

  null_finish_reason: ({ reply = LONG }) => ({ reply: { ...asReply(reply), stop: null } }),
  malformed_arguments: ({ tool = "send_email", text = '{"to": "ada@example.org", "body": ' }) =>
    ({ reply: { toolCalls: [{ name: tool, arguments: text }] } }),
  /** One reply that asks for the same call twice, under the same id. */
  duplicate: ({ tool = "send_email", args = { to: "ada@example.org" }, id = "call_twice" }) =>
    ({ reply: { toolCalls: [{ id, name: tool, arguments: args }, { id, name: tool, arguments: args }] } }),

  /** It was done, and nobody hears of it. */
  lost_acknowledgement: () => ({ destroy: "headers", effects: 1 }),
  /** A proxy handed the request over twice; one answer comes back. */
  delivered_twice: ({ reply }) => ({ reply, effects: 2 }),
};

const LONG = "It is sunny in Paris, and it will stay so until the evening.";

/** All names `fault` knows. */
export const faultNames = Object.keys(faults);

/**
 * A good answer.
 * @param {Behaviour["reply"]} [reply] a text, a reply, or what makes one of the recorded request
 * @param {{ delay?: number, pace?: number, headers?: Behaviour["headers"] }} [options]
 * @returns {Behaviour}
 */
export function ok(reply = "Hello.", options = {}) {
  return { name: "ok", reply, ...options };
}

/**
 * A bad one. Any fault takes `delay`, `effects`, `headers`, `retryAfter` (text, or `httpDateIn(seconds)`),
 * `retryAfterMs`, and `shouldRetry`; those inside a body take `reply` and `after`; `quota` takes `code` and `in`.
 * @param {string} name
 * @param {Record<string, any>} [options]
 * @returns {Behaviour}
 */
export function fault(name, options = {}) {
  const { delay, pace, after, effects, retryAfter, retryAfterMs, shouldRetry, headers = {}, ...own } = options;
  const asked = { "retry-after": retryAfter, "retry-after-ms": retryAfterMs, "x-should-retry": shouldRetry };
  const sent = { ...headers };
  for (const [header, value] of Object.entries(asked)) {
    if (value !== undefined) sent[header] = typeof value === "function" ? value : String(value);
  }
  return { reply: LONG, ...drop(known(faults, name, "fault")(own)), ...drop({ delay, pace, after, effects }), name, headers: sent };
}

function known(table, name, kind) {
  if (!Object.hasOwn(table, name)) throw new TypeError(`no ${kind} "${name}"; there are: ${Object.keys(table).join(", ")}`);
  return table[name];
}

function asReply(reply) {
  return typeof reply === "string" ? { text: reply } : reply;
}

/** Without what is not there, so that it covers no default. */
function drop(fields) {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
