// `steadfast/langchain` under the real LangChain.

import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { ChatAnthropic } from "@langchain/anthropic";
import { ChatOpenAI, ChatOpenAICompletions } from "@langchain/openai";
import { Command, interrupt, MemorySaver } from "@langchain/langgraph";
import { createAgent, tool } from "langchain";
import { guard } from "steadfast";
import { guardMiddleware } from "steadfast/langchain";
import { z } from "zod";
import { fault, ok, providerServer } from "../../provider-server/server.mjs";
import { abandoned, faultTests, inside, policy, rejection } from "./faults.mjs";

const server = await providerServer();
beforeEach(() => server.reset());
after(() => server.close());

const settings = model => ({ model, apiKey: "test", maxRetries: 0 });
const openai = (model, more = {}) => ({ ...settings(model), configuration: { baseURL: `${server.url}/v1` }, ...more });

/** Streamed, it estimates tokens by a table that it fetches from the network; tests have none. */
class Counting extends ChatOpenAICompletions {
  async getNumTokens(content) {
    return Math.ceil(String(content).length / 4);
  }
}
const streamedChat = model => {
  const fields = openai(model, { streaming: true, useResponsesApi: false });
  return new ChatOpenAI({ ...fields, completions: new Counting(fields) });
};
const plain = {
  chat: model => new ChatOpenAI(openai(model, { useResponsesApi: false })),
  responses: model => new ChatOpenAI(openai(model, { useResponsesApi: true })),
  messages: model => new ChatAnthropic({ ...settings(model), anthropicApiUrl: server.url }),
};
const streamed = {
  chat: streamedChat,
  responses: model => new ChatOpenAI(openai(model, { useResponsesApi: true, streaming: true })),
  messages: model => new ChatAnthropic({ ...settings(model), anthropicApiUrl: server.url, streaming: true }),
};
const question = { messages: [{ role: "user", content: "Is it sunny?" }] };

const agentOf = (make, guard, { fallback, ...own } = {}, tools = []) => createAgent({
  model: make("test"), tools, middleware: [guardMiddleware({ model: guard, ...own, ...(fallback && { fallbacks: [make("spare")] }) })],
});
const answer = async (agent, options) => (await agent.invoke(question, options)).messages.at(-1).text;

/** What is seen token by token, and the error in it. */
async function shown(agent) {
  let text = "";
  try {
    for await (const [message] of await agent.stream(question, { streamMode: "messages" })) text += message.text ?? "";
    return { text };
  } catch (error) {
    return { text, error };
  }
}

for (const route of Object.keys(plain)) {
  // Of a page, the clients make a TypeError.
  faultTests(`langchain, ${route}`, server, (guard, options) => answer(agentOf(plain[route], guard, options)), { html: false });
  faultTests(`langchain, ${route} streamed`, server, (guard, options) => answer(agentOf(streamed[route], guard, options)), { html: false });

  test(`langchain, ${route}: a stream that fails where nobody saw it is asked for again, wherever it fails`, async () => {
    for (const [what, options] of [["cut_stream"], ["cut_connection"], ["error_in_stream"], ["hang_in_body"], ["cut_stream", { after: 1 }]]) {
      server.reset();
      server.script([fault(what, options), ok("It is sunny.")]);
      assert.equal(await answer(agentOf(streamed[route], guard(policy({ timeout: 400 })))), "It is sunny.", what);
      assert.equal(server.attempts(), 2, what);
    }
  });

  test(`langchain, ${route}: a stream whose tokens are read is asked for again before the first, and not after it`, async () => {
    for (const what of ["cut_stream", "cut_connection", "error_in_stream", "hang_in_body"]) {
      server.reset();
      server.script([fault(what, { after: 1 }), ok("It is sunny.")]);
      assert.deepEqual(await shown(agentOf(streamed[route], guard(policy({ timeout: 400 })), { shown: true })), { text: "It is sunny." }, what);
      assert.equal(server.attempts(), 2, what);
      server.reset();
      server.script([fault(what), ok("Never seen.")]);
      const { text, error } = await shown(agentOf(streamed[route], guard(policy({ timeout: 400 })), { shown: true }));
      assert(text.length > 0 && "It is sunny in Paris, and it will stay so until the evening.".startsWith(text), `${what}: ${text}`);
      assert(error, what);
      assert.equal(server.attempts(), 1, what);
    }
  });

  test(`langchain, ${route}: the tool calls of a stream that is cut never run`, async () => {
    let ran = 0;
    const multiply = tool(() => { ran += 1; return "391"; }, { name: "multiply", description: "Multiplies.", schema: z.object({ a: z.number() }) });
    const reply = { text: "Let me see.", toolCalls: [{ name: "multiply", arguments: { a: 17 } }] };
    server.script([fault("cut_stream", { reply })]);
    await rejection(agentOf(streamed[route], guard(policy({ retry: false })), {}, [multiply]).invoke(question));
    assert.deepEqual([ran, server.attempts()], [0, 1]);
    server.script([ok(reply), ok("It is 391.")]);
    assert.equal(await answer(agentOf(streamed[route], guard(policy()), {}, [multiply])), "It is 391.");
    assert.equal(ran, 1);
  });
}

test("langchain: a reply that ends without a reason is whole where that was said", async () => {
  server.otherwise = fault("null_finish_reason", { reply: "It is sunny." });
  assert.equal(await answer(agentOf(streamed.chat, guard(policy()), { endsWithoutReason: true })), "It is sunny.");
  assert.match((await rejection(answer(agentOf(streamed.chat, guard(policy({ retry: false })))))).message, /endsWithoutReason: true/);
});

test("langchain: a model that tries again by itself is found out", async () => {
  const one = guard(policy());
  const told = [];
  one.on("decision", ({ what, why, text }) => { if (what === "inner_retries") told.push([why.attempts, text]); });
  const retrying = agentOf(() => new ChatOpenAI(openai("test", { maxRetries: 2, useResponsesApi: false })), one);
  await answer(retrying);
  await answer(retrying);
  assert.deepEqual(told, [[3, "Each attempt may really be 3: something inside it retries too, and retries multiply. Switch that off: maxRetries: 0 in the model."]]);
});

test("langchain: the caller's abort ends the request", async () => {
  server.script([fault("hang_before_headers")]);
  const asking = answer(agentOf(plain.chat, guard(policy())), { signal: AbortSignal.timeout(100) });
  assert(inside(await rejection(asking), one => one.name === "TimeoutError" || one.name === "AbortError"));
  await abandoned(server, [true]);
});

// ---------------------------------------------------------------- tools

const wants = (args = {}) => ok({ toolCalls: [{ name: "send_email", arguments: { to: "ada@example.org", ...args } }] });
const emails = () => server.effects.filter(({ what }) => what === "email");

/** A tool whose effect is at the server; it hears of no answer when the script says so. */
function email(policy, behaviours = []) {
  server.script(behaviours, "effects");
  const keys = [];
  const send = tool(async (input, { signal, idempotencyKey }) => {
    keys.push(idempotencyKey);
    const response = await fetch(`${server.url}/effects/email`, {
      method: "POST", body: JSON.stringify(input), signal, headers: { "content-type": "application/json", "idempotency-key": String(idempotencyKey) },
    });
    if (!response.ok) throw Object.assign(new Error(`${response.status}`), { status: response.status });
    return (await response.json()).done;
  }, { name: "send_email", description: "Sends an e-mail.", schema: z.object({ to: z.string() }) });
  return { keys, tools: [send], middleware: [guardMiddleware({ tools: { send_email: policy } })] };
}

/** Runs an agent whose model asks for these, step by step; the results of its tools, as the model is told them. */
async function asked({ tools, middleware }, steps) {
  for (const step of [...steps, ok("Done.")]) server.script([step], "chat");
  const { messages } = await createAgent({ model: plain.chat("test"), tools, middleware }).invoke(question);
  return messages.filter(message => message.type === "tool").map(({ content, status }) => (status === "error" ? `error: ${content}` : content));
}

test("langchain: an idempotent tool is tried again under one key, and happens once", async () => {
  const { keys, ...made } = email({ effect: "idempotent", guard: guard(policy()) }, [fault("lost_acknowledgement")]);
  assert.deepEqual(await asked(made, [wants()]), ["email"]);
  assert.deepEqual([keys.length, new Set(keys).size, emails().length], [2, 1, 1]);
  assert.match(keys[0], /^run-/);
});

test("langchain: a once tool whose answer is lost, or that timed out, does not run again when the model asks again", async () => {
  for (const lost of ["lost_acknowledgement", "hang_before_headers", "http_500"]) {
    server.reset();
    const made = email({ effect: "once", guard: guard(policy({ timeout: 300 })) }, [fault(lost, { effects: 1 })]);
    const told = await asked(made, [wants(), wants(), wants()]);
    assert.equal(told.length, 3);
    for (const one of told) assert.match(one, /^error: send_email may have happened: .* Do not call it again with the same arguments/);
    assert.deepEqual([server.attempts("effects"), emails().length], [1, 1], lost);
  }
});

test("langchain: other arguments, and another conversation, are none of its business", async () => {
  const made = email({ effect: "once", guard: guard(policy()) }, [fault("lost_acknowledgement")]);
  const [unknown, other] = await asked(made, [wants(), wants({ to: "bob@example.org" })]);
  assert.match(unknown, /may have happened/);
  assert.deepEqual([other, await asked(made, [wants()])], ["email", ["email"]]);
});

test("langchain: a call that is handed over twice under one id happens once", async () => {
  await asked(email({ effect: "once", guard: guard(policy()) }), [fault("duplicate")]);
  assert.equal(emails().length, 1);
});

test("langchain: reconcile settles it, and what was refused may be asked for again", async () => {
  const done = email({ effect: "once", guard: guard(policy()), reconcile: () => "done" }, [fault("lost_acknowledgement")]);
  assert.deepEqual(await asked(done, [wants()]), ["It was done; its own answer was lost."]);
  server.reset();
  const not = email({ effect: "once", guard: guard(policy()), reconcile: () => "not_done" }, [fault("connection_reset"), fault("rate_limited")]);
  assert.deepEqual(await asked(not, [wants(), wants(), wants()]), ["error: fetch failed", "error: 429", "email"]);
});

test("langchain: a risky tool waits for its yes", async () => {
  assert.deepEqual(await asked(email({ risky: true, approver: () => true }), [wants()]), ["email"]);
  assert.deepEqual(await asked(email({ risky: true, approver: () => false }), [wants()]), ["error: send_email: a human said no"]);
  assert.deepEqual(await asked(email({ risky: true }), [wants()]), ["error: send_email is risky, and there is nobody to ask"]);
  assert.equal(emails().length, 1);
});

test("langchain: arguments that do not fit, and failures of tools without a policy, are told to the model", async () => {
  const made = email({ effect: "once", guard: guard(policy()) });
  const [told] = await asked(made, [wants({ to: 7 })]);
  assert.match(told, /did not match expected schema/);
  const other = tool(() => { throw new Error("no such city"); }, { name: "weather", description: "", schema: z.object({}) });
  const [failed] = await asked({ ...made, tools: [other] }, [ok({ toolCalls: [{ name: "weather", arguments: {} }] })]);
  assert.match(failed, /^error: .*no such city/);
});

test("langchain: a tool that interrupts its graph has not failed, and goes on where it is resumed", async () => {
  let ran = 0;
  const send = tool(() => { const yes = interrupt("send it?"); ran += 1; return `sent: ${yes}`; }, { name: "send_email", description: "", schema: z.object({ to: z.string() }) });
  server.script([wants(), ok("Done.")], "chat");
  const agent = createAgent({
    model: plain.chat("test"), tools: [send], checkpointer: new MemorySaver(),
    middleware: [guardMiddleware({ tools: { send_email: { effect: "once", guard: guard(policy({ breaker: { consecutive: 1 } })) } } })],
  });
  const config = { configurable: { thread_id: "1" } };
  const { __interrupt__: waiting } = await agent.invoke(question, config);
  assert.deepEqual([waiting?.map(({ value }) => value), ran], [["send it?"], 0]);
  const { messages } = await agent.invoke(new Command({ resume: "yes" }), config);
  assert.deepEqual([messages.find(({ type }) => type === "tool")?.content, ran], ["sent: yes", 1]);
});

test("langchain: what makes no sense is refused when it is said", () => {
  for (const [options, message] of [
    [{}, /^options is an object; allowed: model or tools, or both/],
    [{ model: {} }, /^model is an object; allowed: what guard\(\)/],
    [{ fallbacks: [plain.chat("spare")] }, /^model is undefined; allowed: a guard, where there are fallbacks/],
    [{ model: guard(), fallbacks: [{}] }, /^fallbacks\[0\] is an object; allowed: an object with invoke\(\)/],
    [{ model: guard(), shown: "yes" }, /^shown is "yes"; allowed: true or false/],
    [{ tool: {} }, /^options has no option "tool"/],
    [{ tools: { send_email: { effect: "twice" } } }, /^effect is "twice"; allowed: none, idempotent, once/],
    [{ tools: [] }, /^tools is an array; allowed: an object/],
  ]) assert.throws(() => guardMiddleware(options), error => error instanceof TypeError && message.test(error.message), String(message));
});
