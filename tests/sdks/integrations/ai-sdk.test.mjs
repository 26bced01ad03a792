// `steadfast/ai-sdk` under the real AI SDK.

import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { generateText, isStepCount, streamText, tool, wrapLanguageModel } from "ai";
import { guard } from "steadfast";
import { guardMiddleware, guardTool } from "steadfast/ai-sdk";
import { z } from "zod";
import { fault, ok, providerServer } from "../../provider-server/server.mjs";
import { abandoned, faultTests, inside, policy, rejection } from "./faults.mjs";

globalThis.AI_SDK_LOG_WARNINGS = false; // it warns that it does not know the model "test"
const server = await providerServer();
beforeEach(() => server.reset());
after(() => server.close());

const openai = createOpenAI({ baseURL: `${server.url}/v1`, apiKey: "test" });
const anthropic = createAnthropic({ baseURL: `${server.url}/v1`, apiKey: "test" });
const routes = { chat: openai.chat, responses: openai.responses, messages: anthropic };
const prompt = "Is it sunny?";

function guarded(route, guard, options = {}) {
  const { fallback, ...own } = options;
  return wrapLanguageModel({ model: routes[route]("test"), middleware: guardMiddleware(guard, { ...own, ...(fallback && { fallbacks: [routes[route]("spare")] }) }) });
}

/** The text of a stream, what was seen of it, and the error in it. */
async function streamed(model, options = {}) {
  let error;
  const parts = [];
  const result = streamText({ model, prompt, maxRetries: 0, ...options, onError: found => { ({ error } = found); } });
  for await (const part of result.fullStream) parts.push(part);
  const text = parts.map(part => (part.type === "text-delta" ? part.text : "")).join("");
  return { error, parts, text };
}

async function streamedText(model, options) {
  const { error, text } = await streamed(model, options);
  if (error) throw error;
  return text;
}

for (const route of Object.keys(routes)) {
  faultTests(`ai, ${route}`, server, async (guard, options) => (await generateText({ model: guarded(route, guard, options), prompt, maxRetries: 0 })).text);
  faultTests(`ai, ${route} streamed`, server, (guard, options) => streamedText(guarded(route, guard, options)));

  test(`ai, ${route}: a stream that fails before its first content is asked for again`, async () => {
    for (const what of ["cut_stream", "cut_connection", "error_in_stream", "hang_in_body"]) {
      server.reset();
      server.script([fault(what, { after: 1 }), ok("It is sunny.")]);
      assert.equal(await streamedText(guarded(route, guard(policy({ timeout: 400 })))), "It is sunny.", what);
      assert.equal(server.attempts(), 2, what);
    }
  });

  test(`ai, ${route}: a stream that fails after its first content is an error in the stream, and is not asked for again`, async () => {
    for (const what of ["cut_stream", "cut_connection", "error_in_stream", "hang_in_body"]) {
      server.reset();
      server.script([fault(what), ok("Never seen.")]);
      const { text, error, parts } = await streamed(guarded(route, guard(policy({ timeout: 400 }))));
      assert(text.length > 0 && "It is sunny in Paris, and it will stay so until the evening.".startsWith(text), `${what}: ${text}`);
      assert(error, what);
      assert.equal(parts.at(-1).finishReason, "error");
      assert.equal(server.attempts(), 1, what);
    }
  });

  test(`ai, ${route}: the tool calls of a stream that is cut never run`, async () => {
    let ran = 0;
    const tools = { multiply: tool({ description: "Multiplies.", inputSchema: z.object({ a: z.number() }), execute: () => { ran += 1; return "391"; } }) };
    const reply = { text: "Let me see.", toolCalls: [{ name: "multiply", arguments: { a: 17 } }] };
    server.script([fault("cut_stream", { reply })]);
    const { error, parts } = await streamed(guarded(route, guard(policy())), { tools, stopWhen: isStepCount(3) });
    assert(error);
    assert.deepEqual([ran, server.attempts(), parts.filter(({ type }) => type === "tool-call")], [0, 1, []]);
    server.script([ok(reply), ok("It is 391.")]);
    assert.equal((await streamed(guarded(route, guard(policy())), { tools, stopWhen: isStepCount(3) })).text, "Let me see.It is 391.");
    assert.equal(ran, 1);
  });

  test(`ai, ${route}: the AI SDK's own retries, left on, have nothing to do`, async () => {
    server.otherwise = fault("quota");
    await rejection(generateText({ model: guarded(route, guard(policy())), prompt, maxRetries: 2 }));
    assert.equal(server.attempts(), 1);
    await rejection(streamedText(guarded(route, guard(policy())), { maxRetries: 2 }));
    assert.equal(server.attempts(), 2);
    server.otherwise = fault("http_500");
    await rejection(generateText({ model: guarded(route, guard(policy({ retry: false }))), prompt, maxRetries: 2 }));
    assert.equal(server.attempts(), 3);
  });
}

test("ai: a stream that ends without a reason is whole where that was said", async () => {
  server.otherwise = fault("null_finish_reason", { reply: "It is sunny." });
  assert.equal(await streamedText(guarded("chat", guard(policy()), { endsWithoutReason: true })), "It is sunny.");
  assert((await streamed(guarded("chat", guard(policy())))).error);
});

test("ai: the caller's abort ends the request, and its reason is kept", async () => {
  for (const ask of [model => abortSignal => generateText({ model, prompt, maxRetries: 0, abortSignal }), model => abortSignal => streamedText(model, { abortSignal })]) {
    server.reset();
    server.script([fault("hang_before_headers")]);
    const caller = new AbortController();
    const asking = ask(guarded("chat", guard(policy())))(caller.signal);
    setTimeout(() => caller.abort(new Error("mine")), 100);
    await asking.catch(error => assert(inside(error, one => one.message === "mine"), error));
    await abandoned(server, [true]);
  }
});

test("ai: whoever stops reading a stream ends its request", async () => {
  server.script([fault("hang_in_body")]);
  const one = guard(policy({ breaker: { consecutive: 1 } }));
  // The model itself: `streamText` reads on whatever becomes of its own readers.
  const { stream } = await guarded("chat", one).doStream({ prompt: [{ role: "user", content: [{ type: "text", text: prompt }] }] });
  const reader = stream.getReader();
  await reader.read();
  await reader.cancel();
  await abandoned(server, [true]);
  assert.equal(one.breaker.state, "closed");
});

// ---------------------------------------------------------------- tools

const wants = (...calls) => ok({ toolCalls: calls.map(({ id, name = "send_email", ...args }) => ({ ...(id && { id }), name, arguments: { to: "ada@example.org", ...args } })) });

/** A tool whose effect is at the server; it hears of no answer when the script says so. */
function email(policy, behaviours = []) {
  server.script(behaviours, "effects");
  const keys = [];
  const send = tool({
    description: "Sends an e-mail.", inputSchema: z.object({ to: z.string() }),
    execute: async (input, { abortSignal, idempotencyKey }) => {
      keys.push(idempotencyKey);
      const response = await fetch(`${server.url}/effects/email`, {
        method: "POST", body: JSON.stringify(input), signal: abortSignal, headers: { "content-type": "application/json", "idempotency-key": idempotencyKey },
      });
      if (!response.ok) throw Object.assign(new Error(`${response.status}`), { status: response.status });
      return (await response.json()).done;
    },
  });
  return { keys, tools: { send_email: guardTool("send_email", send, policy) } };
}

const emails = () => server.effects.filter(({ what }) => what === "email");

/** Runs an agent whose model asks for these, step by step; the results of its tools, as the model is told them. */
async function asked(tools, steps, options = {}) {
  for (const step of [...steps, ok("Done.")]) server.script([step], "chat");
  const { steps: taken } = await generateText({ model: openai.chat("test"), prompt: "Tell Ada.", maxRetries: 0, tools, stopWhen: isStepCount(5), ...options });
  return taken.flatMap(({ content }) => content.filter(part => part.type === "tool-result" || part.type === "tool-error")
    .map(part => (part.type === "tool-error" ? part.error : part.output)));
}

test("ai: an idempotent tool is tried again under one key, and happens once", async () => {
  const { keys, tools } = email({ effect: "idempotent", guard: guard(policy()) }, [fault("lost_acknowledgement")]);
  assert.deepEqual(await asked(tools, [wants({})]), ["email"]);
  assert.deepEqual([keys.length, new Set(keys).size, emails().length], [2, 1, 1]);
});

test("ai: a once tool whose answer is lost is not tried again, and the model is told", async () => {
  for (const lost of ["lost_acknowledgement", "http_500"]) {
    server.reset();
    const { tools } = email({ effect: "once", guard: guard(policy()) }, [fault(lost, { effects: 1 })]);
    const [error] = await asked(tools, [wants({})]);
    assert.equal(error.code, "tool_outcome_unknown");
    assert.match(error.message, /^send_email may have happened: .* Do not call it again with the same arguments/);
    assert.equal(emails().length, 1);
    assert.match(JSON.stringify(server.requests.at(-1).body.messages.at(-1)), /may have happened/);
  }
});

test("ai: a once tool that timed out does not run again when the model asks again", async () => {
  const { tools } = email({ effect: "once", guard: guard(policy({ timeout: 300 })) }, [fault("hang_before_headers", { effects: 1 })]);
  const errors = await asked(tools, [wants({}), wants({}), wants({})]);
  assert.deepEqual(errors.map(({ code }) => code), ["tool_outcome_unknown", "tool_outcome_unknown", "tool_outcome_unknown"]);
  assert.deepEqual([server.attempts("effects"), emails().length], [1, 1]);
});

test("ai: other arguments, and another conversation, are none of its business", async () => {
  const { tools } = email({ effect: "once", guard: guard(policy()) }, [fault("lost_acknowledgement")]);
  const [unknown, other] = await asked(tools, [wants({}), wants({ to: "bob@example.org" })]);
  assert.deepEqual([unknown.code, other], ["tool_outcome_unknown", "email"]);
  assert.deepEqual(await asked(tools, [wants({})]), ["email"]);
});

test("ai: a call that is handed over twice under one id happens once", async () => {
  const { tools } = email({ effect: "once", guard: guard(policy()) });
  const results = await asked(tools, [fault("duplicate")]);
  assert.deepEqual(results, ["email", "email"]);
  assert.equal(emails().length, 1);
});

test("ai: what was refused did not happen, and may be asked for again", async () => {
  const { tools } = email({ effect: "once", guard: guard(policy()) }, [fault("rate_limited")]);
  const [refused, sent] = await asked(tools, [wants({}), wants({})]);
  assert.deepEqual([refused.message, sent], ["429", "email"]);
});

test("ai: reconcile settles it: done, not done, unknown", async () => {
  for (const [found, results, effects] of [["done", ["It was done; its own answer was lost."], 1], ["not_done", ["fetch failed", "email"], 1], ["unknown", ["send_email may have"], 1]]) {
    server.reset();
    const seen = [];
    const { keys, tools } = email({ effect: "once", guard: guard(policy()), reconcile: (key, args) => { seen.push([key, args.to]); return found; } },
      [fault("lost_acknowledgement", { effects: found === "not_done" ? 0 : 1 })]);
    const told = await asked(tools, found === "not_done" ? [wants({}), wants({})] : [wants({})]);
    told.forEach((one, index) => (one instanceof Error ? assert(one.message.startsWith(results[index]), one.message) : assert.deepEqual(one, results[index])));
    assert.equal(told.length, results.length);
    assert.deepEqual(seen, [[keys[0], "ada@example.org"]]);
    assert.equal(emails().length, effects);
  }
});

test("ai: a late word that it happened is the answer to the next call", async () => {
  const slow = tool({ description: "Slow.", inputSchema: z.object({ to: z.string() }), execute: () => new Promise(resolve => setTimeout(resolve, 150, "sent")) });
  const tools = { send_email: guardTool("send_email", slow, { effect: "once", guard: guard(policy({ timeout: 50 })) }) };
  const later = () => new Promise(resolve => setTimeout(resolve, 200));
  const [unknown, late] = await asked(tools, [wants({}), wants({})], { onStepFinish: later });
  assert.deepEqual([unknown.code, late], ["tool_outcome_unknown", "sent"]);
});

test("ai: a risky tool waits for its yes, and runs what was said yes to", async () => {
  const requests = [];
  const decide = answer => request => { requests.push([request.tool, request.args.to]); return answer; };
  const first = email({ risky: true, approver: decide(true) });
  assert.deepEqual(await asked(first.tools, [wants({})]), ["email"]);
  for (const [answer, message] of [[false, "send_email: a human said no"], [{ approve: false, message: "not now" }, "send_email: a human said no: not now"]]) {
    assert.deepEqual((await asked(email({ risky: true, approver: decide(answer) }).tools, [wants({})]))[0].message, message);
  }
  assert.equal((await asked(email({ risky: true }).tools, [wants({})]))[0].message, "send_email is risky, and there is nobody to ask");
  await asked(email({ risky: true, approver: decide({ approve: true, args: { to: "bob@example.org" } }) }).tools, [wants({})]);
  assert.deepEqual(emails().map(({ body }) => body.to), ["ada@example.org", "bob@example.org"]);
  assert.deepEqual(requests[0], ["send_email", "ada@example.org"]);
});

test("ai: what makes no sense is refused when it is said", () => {
  const one = guard();
  const made = tool({ description: "", inputSchema: z.object({}), execute: () => "" });
  for (const [make, message] of [
    [() => guardMiddleware({}), /^guard is an object; allowed: what guard\(\) of this package returns/],
    [() => guardMiddleware(one, { fallback: [] }), /^options has no option "fallback"; its options: fallbacks, endsWithoutReason/],
    [() => guardMiddleware(one, { fallbacks: [{}] }), /^fallbacks\[0\] is an object; allowed: an object with doGenerate\(\) and doStream\(\)/],
    [() => guardMiddleware(one, { endsWithoutReason: 1 }), /^endsWithoutReason is 1; allowed: true or false/],
    [() => guardTool("", made), /^name is ""; allowed: the tool's name/],
    [() => guardTool("t", {}), /^tool is an object; allowed: a tool with execute\(\)/],
    [() => guardTool("t", made, { effect: "twice" }), /^effect is "twice"; allowed: none, idempotent, once/],
    [() => guardTool("t", made, { risky: 1 }), /^risky is 1; allowed: a function/],
    [() => guardTool("t", made, { effects: "once" }), /^the policy of t has no option "effects"/],
    [() => guardTool("t", made, { guard: {} }), /^guard is an object/],
  ]) assert.throws(make, error => error instanceof TypeError && message.test(error.message), String(message));
  assert.throws(() => guardTool("t", made, { approvalExpiresAfter: -1 }), RangeError);
});
