// Failures as they come from `fetch` and from SDKs.

import type { Ms } from "../types.js";

/** What servers call their answers. */
export const REASONS: Readonly<Record<number, string>> = {
  200: "OK", 400: "Bad Request", 401: "Unauthorized", 402: "Payment Required", 403: "Forbidden", 404: "Not Found", 408: "Request Timeout",
  409: "Conflict", 413: "Content Too Large", 422: "Unprocessable Content", 429: "Too Many Requests", 500: "Internal Server Error",
  502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout", 529: "Overloaded",
};

/** What `fetch` of Node throws where nobody answers: undici hides the reason in `cause`. */
export function unreachable(code: string): TypeError {
  const words = code === "ECONNREFUSED" ? "connect ECONNREFUSED 127.0.0.1:443" : code;
  return new TypeError("fetch failed", { cause: Object.assign(new Error(words), { code }) });
}

/** What it throws where a connection breaks: before the answer's headers, or within its body. */
export function brokenOff(where: "headers" | "body"): TypeError {
  const cause = Object.assign(new Error("other side closed"), { name: "SocketError", code: "UND_ERR_SOCKET" });
  return new TypeError(where === "headers" ? "fetch failed" : "terminated", { cause });
}

/** What an SDK throws where a server refuses. */
export function refusal(status: number, code: string | undefined, retryAfter: Ms | undefined): Error {
  const words = REASONS[status];
  const headers = new Headers(retryAfter === undefined ? {} : { "retry-after-ms": String(retryAfter) });
  const error = new Error(words === undefined ? String(status) : `${status} ${words}`);
  return Object.assign(error, { status, headers, ...(code !== undefined && { code }) });
}
