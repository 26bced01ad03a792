// The real SDKs read what this server says: plain, streamed, and tool calls, with what they cost.
//
//   npm ci --prefix tests/sdks
//   tests/sdks/node_modules/.bin/node --test tests/provider-server/

import assert from "node:assert/strict";
import { after, beforeEach, describe, test } from "node:test";
import { anthropicFor, openaiFor } from "../sdks/clients.mjs";
import { ok, providerServer } from "./server.mjs";

const server = await providerServer();
const openai = openaiFor(server);
const anthropic = anthropicFor(server);
beforeEach(() => server.reset());
after(() => server.close());

const usage = { inputTokens: 31, outputTokens: 9 };
const text = { text: "17 * 23 = 391.", usage };
const tools = { text: "Let me see.", toolCalls: [{ id: "call_a", name: "multiply", arguments: { a: 17, b: 23 } }], usage };
const chat = { model: "test", messages: [{ role: "user", content: "What is 17 * 23?" }] };
const response = { model: "test", input: "What is 17 * 23?" };
const message = { ...chat, max_tokens: 100 };

async function all(stream) {
  const events = [];
  for await (const event of await stream) events.push(event);
  return events;
}

describe("openai, chat completions", () => {
  test("a text, and the request as the server saw it", async () => {
    server.script([ok(text)]);
    const read = await openai.chat.completions.create(chat);
    assert.equal(read.choices[0].message.content, "17 * 23 = 391.");
    assert.equal(read.choices[0].finish_reason, "stop");
    assert.deepEqual(read.usage, { prompt_tokens: 31, completion_tokens: 9, total_tokens: 40 });
    assert.equal(read._request_id, "req_1");
    const [{ route, path, headers, body, behaviour }] = server.requests;
    assert.deepEqual([route, path, behaviour, body], ["chat", "/v1/chat/completions", "ok", chat]);
    assert.equal(headers["x-stainless-retry-count"], "0");
  });

  test("tool calls", async () => {
    server.script([ok(tools)]);
    const { choices: [choice] } = await openai.chat.completions.create(chat);
    assert.equal(choice.finish_reason, "tool_calls");
    const call = { id: "call_a", type: "function", function: { name: "multiply", arguments: '{"a":17,"b":23}' } };
    assert.deepEqual(choice.message.tool_calls, [call]);
  });

  test("a stream, chunk by chunk, its usage at the end", async () => {
    server.script([ok(text)]);
    const chunks = await all(openai.chat.completions.create({ ...chat, stream: true, stream_options: { include_usage: true } }));
    assert.equal(chunks.map(chunk => chunk.choices[0]?.delta.content ?? "").join(""), "17 * 23 = 391.");
    assert.equal(chunks.at(-2).choices[0].finish_reason, "stop");
    assert.equal(chunks.at(-1).usage.total_tokens, 40);
    assert(chunks.length >= 5, "a stream has an inside");
  });

  test("streamed tool calls, put together by the SDK", async () => {
    server.script([ok(tools)]);
    const { choices: [choice] } = await openai.chat.completions.stream(chat).finalChatCompletion();
    assert.equal(choice.message.content, "Let me see.");
    assert.equal(choice.message.tool_calls[0].function.arguments, '{"a":17,"b":23}');
    assert.equal(choice.finish_reason, "tool_calls");
  });
});

describe("openai, responses", () => {
  test("a text", async () => {
    server.script([ok(text)]);
    const read = await openai.responses.create(response);
    assert.equal(read.output_text, "17 * 23 = 391.");
    assert.equal(read.status, "completed");
    assert.deepEqual([read.usage.input_tokens, read.usage.output_tokens], [31, 9]);
  });

  test("a text cut by its limit is incomplete, and says so", async () => {
    server.script([ok({ ...text, stop: "length" })]);
    const read = await openai.responses.create(response);
    assert.deepEqual([read.status, read.incomplete_details.reason], ["incomplete", "max_output_tokens"]);
  });

  test("tool calls", async () => {
    server.script([ok(tools)]);
    const { output } = await openai.responses.create(response);
    assert.deepEqual(output.map(item => item.type), ["message", "function_call"]);
    assert.deepEqual([output[1].call_id, output[1].name, output[1].arguments], ["call_a", "multiply", '{"a":17,"b":23}']);
  });

  test("a stream, event by event", async () => {
    server.script([ok(text)]);
    const events = await all(openai.responses.create({ ...response, stream: true }));
    assert.equal(events.map(event => (event.type === "response.output_text.delta" ? event.delta : "")).join(""), "17 * 23 = 391.");
    assert.deepEqual(events.map(event => event.sequence_number), events.map((_, index) => index));
    assert.equal(events.at(-1).type, "response.completed");
    assert.equal(events.at(-1).response.usage.total_tokens, 40);
  });

  test("streamed tool calls, put together by the SDK", async () => {
    server.script([ok(tools)]);
    const read = await openai.responses.stream(response).finalResponse();
    assert.equal(read.status, "completed");
    assert.equal(read.output[1].arguments, '{"a":17,"b":23}');
  });
});

describe("anthropic, messages", () => {
  test("a text", async () => {
    server.script([ok(text)]);
    const read = await anthropic.messages.create(message);
    assert.deepEqual([read.content[0].type, read.content[0].text, read.stop_reason], ["text", "17 * 23 = 391.", "end_turn"]);
    assert.deepEqual([read.usage.input_tokens, read.usage.output_tokens], [31, 9]);
    assert.equal(read._request_id, "req_1");
  });

  test("tool calls", async () => {
    server.script([ok(tools)]);
    const { content, stop_reason } = await anthropic.messages.create(message);
    assert.equal(stop_reason, "tool_use");
    assert.deepEqual(content[1], { type: "tool_use", id: "call_a", name: "multiply", input: { a: 17, b: 23 } });
  });

  test("a stream, event by event", async () => {
    server.script([ok(text)]);
    const events = await all(anthropic.messages.create({ ...message, stream: true }));
    const deltas = events.filter(event => event.type === "content_block_delta");
    assert.equal(deltas.map(event => event.delta.text).join(""), "17 * 23 = 391.");
    assert.deepEqual(events.slice(-2).map(event => event.type), ["message_delta", "message_stop"]);
    assert.equal(events.at(-2).usage.output_tokens, 9);
  });

  test("streamed tool calls, put together by the SDK", async () => {
    server.script([ok(tools)]);
    const { content, stop_reason, usage: spent } = await anthropic.messages.stream(message).finalMessage();
    assert.equal(stop_reason, "tool_use");
    assert.deepEqual(content[1].input, { a: 17, b: 23 });
    assert.deepEqual([spent.input_tokens, spent.output_tokens], [31, 9]);
  });

  test("a reply can depend on what was asked", async () => {
    server.otherwise = ok(({ body }) => `You said: ${body.messages.at(-1).content}`);
    const { content } = await anthropic.messages.create(message);
    assert.equal(content[0].text, "You said: What is 17 * 23?");
  });
});
