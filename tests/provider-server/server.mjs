// A local server that speaks the formats of both kinds of model providers and misbehaves on command.
//
//   const server = await providerServer();
//   server.script([fault("http_500"), fault("rate_limited", { retryAfter: "1.5" }), ok("Hello.")]);
//   new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "test", maxRetries: 0 });
//   new Anthropic({ baseURL: server.url, apiKey: "test", maxRetries: 0 });
//   server.requests;  server.effects;  await server.close();
//
// Each request takes the next behaviour of the script, or of its route's own script if that has any left; when both
// are done it gets `server.otherwise`. `POST /effects/<what>` is a service for tools: it does what it is asked for,
// and tells who sends the same `idempotency-key` again what it told them first.

import { once } from "node:events";
import { createServer } from "node:http";
import { json } from "node:stream/consumers";
import { answer } from "./answering.mjs";
import { ok } from "./behaviours.mjs";
import { chatCompletions } from "./chat-completions.mjs";
import { messages } from "./messages.mjs";
import { responses } from "./responses.mjs";

export { fault, faultNames, ok } from "./behaviours.mjs";
export { httpDateIn, quotaCodes } from "./failures.mjs";

/**
 * @typedef {import("./behaviours.mjs").Behaviour} Behaviour
 * @typedef {"chat" | "responses" | "messages" | "effects" | "unknown"} Route
 *
 * @typedef {object} Recorded one request, as it came
 * @property {number} at milliseconds on `performance.now()`
 * @property {string} id
 * @property {Route} route
 * @property {string} method
 * @property {string} path
 * @property {import("node:http").IncomingHttpHeaders} headers
 * @property {any} body
 * @property {string} behaviour the name of what happened to it
 * @property {boolean} abandoned whether the other side left before the answer was whole
 *
 * @typedef {object} Effect something that happened to the world
 * @property {number} at
 * @property {string} what a route, or what stands behind `/effects/`
 * @property {string | undefined} key
 * @property {any} body
 */

const formats = { chat: chatCompletions, responses, messages };

/** Starts one on a free port of this machine. */
export async function providerServer() {
  const server = new ProviderServer();
  server.http.listen(0, "127.0.0.1");
  await once(server.http, "listening");
  return server;
}

export class ProviderServer {
  /** @type {Recorded[]} */ requests = [];
  /** @type {Effect[]} */ effects = [];
  /** What a request gets when the script is done. */ otherwise = ok();
  http = createServer((request, response) => void this.#serve(request, response).catch(error => response.destroy(error)));
  /** @type {Map<string, Behaviour[]>} */ #scripts = new Map();
  /** What was told to whom: by idempotency key. @type {Map<string, object>} */ #told = new Map();

  get url() {
    return `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (this.http.address()).port}`;
  }

  /**
   * Queues behaviours behind those still waiting.
   * @param {Behaviour[]} behaviours
   * @param {Route} [route] only for requests of this route
   */
  script(behaviours, route) {
    this.#scripts.set(route ?? "any", [...this.#waiting(route ?? "any"), ...behaviours]);
    return this;
  }

  /** How many requests came, in all or by one route. @param {Route} [route] */
  attempts(route) {
    return this.requests.filter(request => route === undefined || request.route === route).length;
  }

  /** Forgets script, requests and effects. */
  reset() {
    this.requests = [];
    this.effects = [];
    this.otherwise = ok();
    this.#scripts.clear();
    this.#told.clear();
  }

  /** Ends also what hangs. */
  async close() {
    if (!this.http.listening) return;
    const closed = once(this.http, "close");
    this.http.close();
    this.http.closeAllConnections();
    await closed;
  }

  #waiting(route) {
    return this.#scripts.get(route) ?? [];
  }

  /** @param {import("node:http").IncomingMessage} request @param {import("node:http").ServerResponse} response */
  async #serve(request, response) {
    const at = performance.now();
    const path = new URL(request.url, this.url).pathname;
    const route = routeOf(path);
    const body = await json(request).catch(() => undefined);
    const queue = this.#waiting(route).length > 0 ? this.#waiting(route) : this.#waiting("any");
    const behaviour = queue.shift() ?? this.otherwise;
    const recorded = {
      at, id: String(this.requests.length + 1), route, method: request.method, path, headers: request.headers, body,
      behaviour: behaviour.name, abandoned: false,
    };
    this.requests.push(recorded);
    response.on("close", () => { recorded.abandoned = !response.writableFinished && !response.destroyedByScript; });
    const reject = misuse(recorded);
    if (reject !== undefined) {
      response.writeHead(reject.status, { "content-type": "application/json" }).end(JSON.stringify({ error: reject }));
      return;
    }
    const result = this.#happens(recorded, behaviour);
    await answer(response, recorded, behaviour, formats[route] ?? effectsFormat(result));
  }

  /** The world changes before the answer goes out; that is what makes a lost answer worth a test. */
  #happens({ route, path, headers, body }, behaviour) {
    const { failure, html, hang, destroy } = behaviour;
    const answeredWell = failure === undefined && html === undefined && hang !== "headers" && destroy === undefined;
    const what = route === "effects" ? path.slice("/effects/".length) : route;
    const key = /** @type {string | undefined} */ (headers["idempotency-key"]);
    for (let left = behaviour.effects ?? (answeredWell ? 1 : 0); left > 0; left -= 1) {
      if (route === "effects" && key !== undefined && this.#told.has(key)) continue;
      this.effects.push({ at: performance.now(), what, key, body });
      if (key !== undefined) this.#told.set(key, { done: what, number: this.effects.length });
    }
    return (key !== undefined && this.#told.get(key)) || { done: what, number: this.effects.length };
  }
}

/** @returns {Route} */
function routeOf(path) {
  const found = Object.entries(formats).find(([, format]) => format.path === path);
  if (found) return /** @type {Route} */ (found[0]);
  return path.startsWith("/effects/") ? "effects" : "unknown";
}

/** What no behaviour answers: a test that asks for something else than it means should see it at once. */
function misuse({ route, method, path, body }) {
  if (route === "unknown") return { status: 404, message: `no such path: ${path}`, type: "invalid_request_error", code: null };
  if (method !== "POST") return { status: 405, message: `${method} instead of POST`, type: "invalid_request_error", code: null };
  if (body === undefined) return { status: 400, message: "the body is not JSON", type: "invalid_request_error", code: null };
  return undefined;
}

/** The service for tools answers with what it did, and fails in OpenAI's words. */
function effectsFormat(result) {
  return { ...chatCompletions, path: "/effects", plain: () => result, streamed: () => [] };
}
