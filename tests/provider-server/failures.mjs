// Which failures there are, each in the words of both formats. The names on the left are what tests ask for.

/** @typedef {import("./reply.mjs").Failure} Failure */

/** @type {Record<string, Failure>} */
export const failures = {
  bad_request: failure(400, "Invalid value for 'messages'.", "invalid_request_error", null, "invalid_request_error"),
  unauthorized: failure(401, "Incorrect API key provided.", "invalid_request_error", "invalid_api_key", "authentication_error"),
  billing: failure(402, "Your credit balance is too low.", "billing_error", "billing_hard_limit_reached", "billing_error"),
  forbidden: failure(403, "Your project may not use this model.", "invalid_request_error", "model_forbidden", "permission_error"),
  not_found: failure(404, "The model does not exist.", "invalid_request_error", "model_not_found", "not_found_error"),
  http_408: failure(408, "Request timed out.", "timeout", null, "timeout_error"),
  http_409: failure(409, "The resource is locked.", "conflict", null, "conflict_error"),
  body_too_large: failure(413, "Request exceeds the maximum size.", "invalid_request_error", null, "request_too_large"),
  rate_limited: failure(429, "Rate limit reached.", "requests", "rate_limit_exceeded", "rate_limit_error"),
  slow_down: failure(429, "Slow down.", "requests", "slow_down", "rate_limit_error", "ramp_limit_exceeded"),
  http_500: failure(500, "The server had an error.", "server_error", null, "api_error"),
  http_502: failure(502, "Bad gateway.", "server_error", null, "api_error"),
  http_503: failure(503, "The server is overloaded.", "server_error", "service_unavailable", "api_error"),
  http_504: failure(504, "Gateway timeout.", "server_error", null, "timeout_error"),
  overloaded: failure(529, "Overloaded.", "overloaded_error", null, "overloaded_error"),
};

/** Every code by which a 429 means money rather than pace. None of them gets better by waiting. */
export const quotaCodes = {
  openai: [
    "insufficient_quota", "credit_balance_exhausted", "organization_spend_limit_exceeded",
    "project_spend_limit_exceeded", "organization_usage_limit_exceeded",
  ],
  anthropic: ["enforced_spend_limit_reached", "contract_spend_limit_reached"],
};

/**
 * A 429 that means quota.
 * @param {{ code?: string, in?: "code" | "type" }} [options] `in`: where OpenAI's format carries it; the other one
 *   then says what it says of a rate limit, or nothing
 * @returns {Failure}
 */
export function quota({ code, in: where = "code" } = {}) {
  const known = [...quotaCodes.openai, ...quotaCodes.anthropic];
  if (code !== undefined && !known.includes(code)) throw new TypeError(`no quota code "${code}"; there are: ${known.join(", ")}`);
  const openai = code ?? quotaCodes.openai[0];
  return {
    ...failure(429, "You exceeded your current quota, please check your plan and billing details.",
      where === "type" ? openai : "requests", where === "code" ? openai : null, "rate_limit_error"),
    detail: code ?? quotaCodes.anthropic[0],
  };
}

/**
 * A prompt longer than the model reads. Anthropic gives it no code: only the message says so.
 * @returns {Record<"openai" | "anthropic", Failure>}
 */
export const contextTooLong = {
  openai: failure(400, "This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens.",
    "invalid_request_error", "context_length_exceeded", "invalid_request_error"),
  anthropic: failure(400, "prompt is too long: 209001 tokens > 200000 maximum",
    "invalid_request_error", null, "invalid_request_error"),
};

/** A Retry-After that is a date; HTTP dates have whole seconds, so it may be up to one later than asked. */
export function httpDateIn(seconds) {
  return () => new Date(Math.ceil((Date.now() + seconds * 1000) / 1000) * 1000).toUTCString();
}

function failure(status, message, type, code, kind, detail) {
  return { status, message, type, code, kind, ...(detail === undefined ? {} : { detail }) };
}
