// What each SDK makes of each fault, its own retries off. Where it takes a fault for a success, the test says so by its
// name: that is what a guard around it has to see by itself.

import assert from "node:assert/strict";
import { after, beforeEach, describe, test } from "node:test";
import { anthropicFor, openaiFor } from "../sdks/clients.mjs";
import { fault, httpDateIn, ok, providerServer, quotaCodes } from "./server.mjs";

const server = await providerServer();
const openai = openaiFor(server, { timeout: 250 });
const anthropic = anthropicFor(server, { timeout: 250 });
beforeEach(() => server.reset());
after(() => server.close());

const chat = { model: "test", messages: [{ role: "user", content: "Is it sunny?" }] };
const plain = {
  chat: () => openai.chat.completions.create(chat),
  responses: () => openai.responses.create({ model: "test", input: "Is it sunny?" }),
  messages: () => anthropic.messages.create({ ...chat, max_tokens: 100 }),
};
const streamed = {
  chat: () => all(openai.chat.completions.create({ ...chat, stream: true })),
  responses: () => all(openai.responses.create({ model: "test", input: "Is it sunny?", stream: true })),
  messages: () => all(anthropic.messages.create({ ...chat, max_tokens: 100, stream: true })),
};
const assembled = {
  chat: () => openai.chat.completions.stream(chat).finalChatCompletion(),
  responses: () => openai.responses.stream({ model: "test", input: "Is it sunny?" }).finalResponse(),
  messages: () => anthropic.messages.stream({ ...chat, max_tokens: 100 }).finalMessage(),
};

async function all(stream) {
  const events = [];
  for await (const event of await stream) events.push(event);
  return events;
}

/** Name, status, and what tells the failure's kind, of what `ask` throws. */
async function thrown(ask, behaviour) {
  server.script([behaviour]);
  const error = await ask().then(() => assert.fail("it took a fault for a success"), error => error);
  return [error.constructor.name, error.status, error.errorCode ?? error.code ?? error.type ?? error.cause?.cause?.code ?? error.cause?.code];
}

describe("a failure before anything was said", () => {
  for (const [name, openaiSees, anthropicSees] of [
    ["bad_request", ["BadRequestError", 400, "invalid_request_error"], ["BadRequestError", 400, "invalid_request_error"]],
    ["unauthorized", ["AuthenticationError", 401, "invalid_api_key"], ["AuthenticationError", 401, "authentication_error"]],
    ["billing", ["APIError", 402, "billing_hard_limit_reached"], ["PaymentRequiredError", 402, "billing_error"]],
    ["forbidden", ["PermissionDeniedError", 403, "model_forbidden"], ["PermissionDeniedError", 403, "permission_error"]],
    ["not_found", ["NotFoundError", 404, "model_not_found"], ["NotFoundError", 404, "not_found_error"]],
    ["http_408", ["APIError", 408, "timeout"], ["RequestTimeoutError", 408, "timeout_error"]],
    ["http_409", ["ConflictError", 409, "conflict"], ["ConflictError", 409, "conflict_error"]],
    ["body_too_large", ["APIError", 413, "invalid_request_error"], ["ContentTooLargeError", 413, "request_too_large"]],
    ["rate_limited", ["RateLimitError", 429, "rate_limit_exceeded"], ["RateLimitError", 429, "rate_limit_error"]],
    ["slow_down", ["RateLimitError", 429, "slow_down"], ["RampLimitExceededError", 429, "ramp_limit_exceeded"]],
    ["http_500", ["InternalServerError", 500, "server_error"], ["InternalServerError", 500, "api_error"]],
    ["http_502", ["InternalServerError", 502, "server_error"], ["InternalServerError", 502, "api_error"]],
    ["http_503", ["InternalServerError", 503, "service_unavailable"], ["ServiceUnavailableError", 503, "api_error"]],
    ["http_504", ["InternalServerError", 504, "server_error"], ["GatewayTimeoutError", 504, "timeout_error"]],
    ["overloaded", ["InternalServerError", 529, "overloaded_error"], ["OverloadedError", 529, "overloaded_error"]],
    ["context_too_long", ["BadRequestError", 400, "context_length_exceeded"], ["BadRequestError", 400, "invalid_request_error"]],
    ["connection_reset", ["APIConnectionError", undefined, "UND_ERR_SOCKET"], ["APIConnectionError", undefined, "UND_ERR_SOCKET"]],
  ]) {
    test(name, async () => {
      for (const ways of [plain, streamed, assembled]) {
        assert.deepEqual(await thrown(ways.chat, fault(name)), openaiSees);
        assert.deepEqual(await thrown(ways.responses, fault(name)), openaiSees);
        assert.deepEqual(await thrown(ways.messages, fault(name)), anthropicSees);
      }
      assert.equal(server.attempts(), 9, "one request each");
      assert.deepEqual(server.effects, []);
    });
  }

  test("quota, in every code, is a RateLimitError to both", async () => {
    for (const code of quotaCodes.openai) {
      assert.deepEqual(await thrown(plain.chat, fault("quota", { code })), ["RateLimitError", 429, code]);
      assert.deepEqual(await thrown(plain.chat, fault("quota", { code, in: "type" })), ["RateLimitError", 429, code]);
    }
    for (const code of quotaCodes.anthropic) {
      server.script([fault("quota", { code })]);
      const error = await plain.messages().catch(error => error);
      assert(error instanceof anthropic.constructor.RateLimitError);
      assert.equal(error.errorCode, code);
    }
  });

  test("what the server asks for arrives in the headers", async () => {
    server.script([
      fault("rate_limited"), fault("rate_limited", { retryAfter: "2" }), fault("rate_limited", { retryAfter: "1.5" }),
      fault("rate_limited", { retryAfter: "120" }), fault("rate_limited", { retryAfterMs: 250 }),
      fault("rate_limited", { retryAfter: httpDateIn(60) }), fault("http_500", { shouldRetry: false }), fault("bad_request", { shouldRetry: true }),
    ]);
    const asked = [];
    for (let left = 8; left > 0; left -= 1) {
      const { headers } = await plain.messages().catch(error => error);
      asked.push([headers.get("retry-after"), headers.get("retry-after-ms"), headers.get("x-should-retry")]);
    }
    const [date] = asked.splice(5, 1)[0];
    const ahead = Date.parse(date) - Date.now();
    assert(ahead > 55_000 && ahead <= 61_000, `a date a minute ahead, not ${date}`);
    assert.deepEqual(asked, [
      [null, null, null], ["2", null, null], ["1.5", null, null], ["120", null, null], [null, "250", null],
      [null, null, "false"], [null, null, "true"],
    ]);
  });

  test("silence before the headers ends at the SDK's timeout, and the server sees it leave", async () => {
    for (const ask of Object.values(plain)) {
      assert.equal((await thrown(ask, fault("hang_before_headers")))[0], "APIConnectionTimeoutError");
    }
    await new Promise(resolve => setTimeout(resolve, 50));
    assert.deepEqual(server.requests.map(request => request.abandoned), [true, true, true]);
  });
});

describe("a failure inside the body", () => {
  test("silence in a stream: no SDK's timeout ends it", async () => {
    for (const [name, ask] of Object.entries(streamed)) {
      server.script([fault("hang_in_body")]);
      const outcome = await Promise.race([ask().catch(error => error), new Promise(resolve => setTimeout(resolve, 600, "still waiting"))]);
      assert.equal(outcome, "still waiting", name);
    }
  });

  test("silence in a plain body: openai's timeout ends it, anthropic's does not", async () => {
    assert.equal((await thrown(plain.chat, fault("hang_in_body")))[0], "APIConnectionTimeoutError");
    server.script([fault("hang_in_body")]);
    const outcome = await Promise.race([plain.messages().catch(error => error), new Promise(resolve => setTimeout(resolve, 600, "still waiting"))]);
    assert.equal(outcome, "still waiting");
  });

  test("a stream without its terminal event looks whole to whoever reads events", async () => {
    server.script([fault("cut_stream"), fault("cut_stream"), fault("cut_stream")]);
    const chunks = await streamed.chat();
    assert.equal(chunks.at(-1).choices[0].finish_reason, null);
    assert.equal((await streamed.responses()).at(-1).type, "response.output_item.done");
    assert.equal((await streamed.messages()).at(-1).type, "content_block_stop");
  });

  test("put together, chat and messages notice the missing end; responses resolves, still in progress", async () => {
    assert.equal((await thrown(assembled.chat, fault("cut_stream")))[0], "OpenAIError");
    assert.equal((await thrown(assembled.messages, fault("cut_stream")))[0], "AnthropicError");
    server.script([fault("cut_stream")]);
    assert.equal((await assembled.responses()).status, "in_progress");
  });

  test("a connection that breaks inside the body is a TypeError with its cause, not an APIError", async () => {
    for (const ask of [...Object.values(plain), ...Object.values(streamed)]) {
      assert.deepEqual(await thrown(ask, fault("cut_connection")), ["TypeError", undefined, "UND_ERR_SOCKET"]);
    }
  });

  test("an error event inside a stream has no status", async () => {
    assert.deepEqual(await thrown(streamed.chat, fault("error_in_stream")), ["APIError", undefined, "overloaded_error"]);
    assert.deepEqual(await thrown(streamed.responses, fault("error_in_stream")), ["APIError", undefined, "overloaded_error"]);
    assert.deepEqual(await thrown(streamed.messages, fault("error_in_stream")), ["APIError", undefined, "overloaded_error"]);
    assert.deepEqual(await thrown(streamed.chat, fault("error_in_stream", { failure: "rate_limited" })), ["APIError", undefined, "rate_limit_exceeded"]);
  });
});

describe("a reply that should not be taken at its word", () => {
  test("HTML with status 200 is a string to chat and messages, a TypeError in responses, an empty stream to all", async () => {
    server.otherwise = fault("html_200");
    assert.match(await plain.chat(), /^<!doctype html>/);
    assert.match(await plain.messages(), /^<!doctype html>/);
    await assert.rejects(plain.responses(), TypeError);
    for (const ask of Object.values(streamed)) assert.deepEqual(await ask(), []);
  });

  test("malformed tool arguments pass through; anthropic's stream makes an object of the part that parses", async () => {
    server.otherwise = fault("malformed_arguments");
    const torn = '{"to": "ada@example.org", "body": ';
    assert.equal((await plain.chat()).choices[0].message.tool_calls[0].function.arguments, torn);
    assert.equal((await assembled.chat()).choices[0].message.tool_calls[0].function.arguments, torn);
    assert.equal((await plain.responses()).output[0].arguments, torn);
    assert.equal((await plain.messages()).content[0].input, torn);
    assert.deepEqual((await assembled.messages()).content[0].input, { to: "ada@example.org" });
  });

  test("the same call twice under one id passes through, but for openai's assembled responses", async () => {
    server.otherwise = fault("duplicate");
    assert.deepEqual((await plain.chat()).choices[0].message.tool_calls.map(call => call.id), ["call_twice", "call_twice"]);
    assert.deepEqual((await assembled.messages()).content.map(block => block.id), ["call_twice", "call_twice"]);
    await assert.rejects(assembled.responses(), /duplicate/);
  });

  test("a null finish_reason is a reply to chat's events and an error to its assembled stream", async () => {
    server.otherwise = fault("null_finish_reason");
    assert.equal((await plain.chat()).choices[0].finish_reason, null);
    assert.equal((await streamed.chat()).at(-1).choices[0].finish_reason, null);
    await assert.rejects(assembled.chat(), /finish_reason/);
  });

  test("a lost acknowledgement looks like a connection that never was, and the effect is there", async () => {
    assert.deepEqual(await thrown(plain.chat, fault("lost_acknowledgement")), ["APIConnectionError", undefined, "UND_ERR_SOCKET"]);
    assert.equal(server.effects.length, 1);
    server.script([ok()]);
    await plain.chat();
    assert.equal(server.effects.length, 2, "trying again paid twice");
  });
});
