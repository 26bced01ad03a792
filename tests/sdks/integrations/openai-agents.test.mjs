// `steadfast/openai-agents` under the real SDK.

import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { Agent, OpenAIChatCompletionsModel, OpenAIResponsesModel, Runner, setTracingDisabled, tool } from "@openai/agents";
import { guard } from "steadfast";
import { guardModel, guardTool } from "steadfast/openai-agents";
import { z } from "zod";
import { fault, ok, providerServer } from "../../provider-server/server.mjs";
import { openaiFor } from "../clients.mjs";
import { abandoned, faultTests, inside, policy, rejection } from "./faults.mjs";

setTracingDisabled(true);
const server = await providerServer();
beforeEach(() => server.reset());
after(() => server.close());

const client = openaiFor(server);
const routes = { chat: OpenAIChatCompletionsModel, responses: OpenAIResponsesModel };

function guarded(route, guard, { fallback, ...own } = {}) {
  const Model = routes[route];
  return guardModel(new Model(client, "test"), guard, { ...own, ...(fallback && { fallbacks: [new Model(client, "spare")] }) });
}

async function answer(model, settings = {}) {
  const agent = new Agent({ name: "test", instructions: "Be brief.", model, ...settings });
  return (await new Runner().run(agent, "Is it sunny?")).finalOutput;
}

/** What was seen of a stream, its answer, and the error in it. */
async function streamed(model, settings = {}, options = {}) {
  const agent = new Agent({ name: "test", instructions: "Be brief.", model, ...settings });
  let text = "";
  try {
    const result = await new Runner().run(agent, "Is it sunny?", { stream: true, ...options });
    for await (const event of result) if (event.type === "raw_model_stream_event" && event.data.type === "output_text_delta") text += event.data.delta;
    await result.completed;
    return { text, answer: result.finalOutput };
  } catch (error) {
    return { text, error };
  }
}

async function streamedAnswer(model) {
  const { error, answer } = await streamed(model);
  if (error) throw error;
  return answer;
}

for (const route of Object.keys(routes)) {
  // Of a page, the client makes a TypeError when it asks for a response.
  faultTests(`agents, ${route}`, server, (guard, options) => answer(guarded(route, guard, options)), { html: route === "chat" });
  faultTests(`agents, ${route} streamed`, server, (guard, options) => streamedAnswer(guarded(route, guard, options)));

  test(`agents, ${route}: a stream that fails before its first content is asked for again`, async () => {
    for (const what of ["cut_stream", "cut_connection", "error_in_stream", "hang_in_body"]) {
      server.reset();
      server.script([fault(what, { after: 1 }), ok("It is sunny.")]);
      const { text, answer } = await streamed(guarded(route, guard(policy({ timeout: 400 }))));
      assert.deepEqual([text, answer], ["It is sunny.", "It is sunny."], what);
      assert.equal(server.attempts(), 2, what);
    }
  });

  test(`agents, ${route}: a stream that fails after its first content ends the run, and is not asked for again`, async () => {
    for (const what of ["cut_stream", "cut_connection", "error_in_stream", "hang_in_body"]) {
      server.reset();
      server.script([fault(what), ok("Never seen.")]);
      const { text, error } = await streamed(guarded(route, guard(policy({ timeout: 400 }))));
      assert(text.length > 0 && "It is sunny in Paris, and it will stay so until the evening.".startsWith(text), `${what}: ${text}`);
      assert(error, what);
      assert.equal(server.attempts(), 1, what);
    }
  });

  test(`agents, ${route}: the tool calls of a stream that is cut never run`, async () => {
    let ran = 0;
    const tools = [tool({ name: "multiply", description: "Multiplies.", parameters: z.object({ a: z.number() }), execute: () => { ran += 1; return "391"; } })];
    const reply = { text: "Let me see.", toolCalls: [{ name: "multiply", arguments: { a: 17 } }] };
    server.script([fault("cut_stream", { reply })]);
    assert((await streamed(guarded(route, guard(policy())), { tools })).error);
    assert.deepEqual([ran, server.attempts()], [0, 1]);
    server.script([ok(reply), ok("It is 391.")]);
    assert.equal((await streamed(guarded(route, guard(policy())), { tools })).answer, "It is 391.");
    assert.equal(ran, 1);
  });

  test(`agents, ${route}: the Runner's own retries, left on, have nothing to do, and are found out`, async () => {
    const settings = { modelSettings: { retry: { maxRetries: 2, policy: () => true } } };
    for (const ask of [answer, async (...all) => { const { error } = await streamed(...all); throw error; }]) {
      server.reset();
      server.otherwise = fault("http_500");
      const one = guard(policy({ retry: false }));
      const told = [];
      one.on("decision", ({ what, why, text }) => { if (what === "inner_retries") told.push([why.attempts, text]); });
      await rejection(ask(guarded(route, one), settings));
      assert.equal(server.attempts(), 1);
      assert.deepEqual(told.map(([attempts]) => attempts), [3]);
      assert.match(told[0][1], /leave modelSettings\.retry out/);
    }
  });
}

test("agents: a stream that ends without a reason is whole where that was said", async () => {
  server.otherwise = fault("null_finish_reason", { reply: "It is sunny." });
  assert.equal(await streamedAnswer(guarded("chat", guard(policy()), { endsWithoutReason: true })), "It is sunny.");
  assert((await streamed(guarded("chat", guard(policy())))).error);
});

test("agents: a client that tries again by itself is found out where the model shows it", async () => {
  const one = guard(policy());
  const told = [];
  one.on("decision", ({ what, why }) => { if (what === "inner_retries") told.push(why.attempts); });
  const retrying = openaiFor(server, { maxRetries: 2 });
  const model = guardModel(new OpenAIResponsesModel(retrying, "test"), one);
  await answer(model);
  await answer(model);
  assert.deepEqual(told, [3]);
});

test("agents: a page where a response should be is tried again by a guarded fetch", async () => {
  const one = guard(policy());
  server.script([fault("html_200"), ok("It is sunny.")]);
  assert.equal(await answer(new OpenAIResponsesModel(openaiFor(server, { fetch: one.fetch }), "test")), "It is sunny.");
  assert.equal(server.attempts(), 2);
});

test("agents: the caller's abort ends the request", async () => {
  server.script([fault("hang_before_headers")]);
  const caller = new AbortController();
  const asking = new Runner().run(new Agent({ name: "test", model: guarded("chat", guard(policy())) }), "Is it sunny?", { signal: caller.signal });
  setTimeout(() => caller.abort(new Error("mine")), 100);
  assert(inside(await rejection(asking), one => one.message === "mine" || one.name === "AbortError"));
  await abandoned(server, [true]);
});

// ---------------------------------------------------------------- tools

const wants = (args = {}) => ok({ toolCalls: [{ name: "send_email", arguments: { to: "ada@example.org", ...args } }] });
const emails = () => server.effects.filter(({ what }) => what === "email");

/** A tool whose effect is at the server; it hears of no answer when the script says so. */
function email(policy, behaviours = []) {
  server.script(behaviours, "effects");
  const keys = [];
  const send = tool(guardTool({
    name: "send_email", description: "Sends an e-mail.", parameters: z.object({ to: z.string() }),
    execute: async (input, _, { signal, idempotencyKey }) => {
      keys.push(idempotencyKey);
      const response = await fetch(`${server.url}/effects/email`, {
        method: "POST", body: JSON.stringify(input), signal, headers: { "content-type": "application/json", "idempotency-key": idempotencyKey },
      });
      if (!response.ok) throw Object.assign(new Error(`${response.status}`), { status: response.status });
      return (await response.json()).done;
    },
  }, policy));
  return { keys, tools: [send] };
}

/** Runs an agent whose model asks for these, step by step; the results of its tools, as the model is told them. */
async function asked(tools, steps) {
  for (const step of [...steps, ok("Done.")]) server.script([step], "chat");
  const agent = new Agent({ name: "test", model: new OpenAIChatCompletionsModel(client, "test"), tools });
  const { newItems } = await new Runner().run(agent, "Tell Ada.");
  return newItems.filter(({ type }) => type === "tool_call_output_item").map(({ output }) => output);
}

test("agents: an idempotent tool is tried again under one key, and happens once", async () => {
  const { keys, tools } = email({ effect: "idempotent", guard: guard(policy()) }, [fault("lost_acknowledgement")]);
  assert.deepEqual(await asked(tools, [wants()]), ["email"]);
  assert.deepEqual([keys.length, new Set(keys).size, emails().length], [2, 1, 1]);
});

test("agents: a once tool whose answer is lost, or that timed out, does not run again when the model asks again", async () => {
  for (const lost of ["lost_acknowledgement", "hang_before_headers", "http_500"]) {
    server.reset();
    const { tools } = email({ effect: "once", guard: guard(policy({ timeout: 300 })) }, [fault(lost, { effects: 1 })]);
    const told = await asked(tools, [wants(), wants(), wants()]);
    assert.equal(told.length, 3);
    for (const one of told) assert.match(one, /^Error: send_email may have happened: .* Do not call it again with the same arguments/);
    assert.deepEqual([server.attempts("effects"), emails().length], [1, 1], lost);
  }
});

test("agents: other arguments, and another run, are none of its business", async () => {
  const { tools } = email({ effect: "once", guard: guard(policy()) }, [fault("lost_acknowledgement")]);
  const [unknown, other] = await asked(tools, [wants(), wants({ to: "bob@example.org" })]);
  assert.match(unknown, /may have happened/);
  assert.deepEqual([other, await asked(tools, [wants()])], ["email", ["email"]]);
});

test("agents: a call that is handed over twice under one id happens once", async () => {
  const { tools } = email({ effect: "once", guard: guard(policy()) });
  await asked(tools, [fault("duplicate")]).catch(() => {});
  assert.equal(emails().length, 1);
});

test("agents: reconcile settles it, and what was refused may be asked for again", async () => {
  const done = email({ effect: "once", guard: guard(policy()), reconcile: () => "done" }, [fault("lost_acknowledgement")]);
  assert.deepEqual(await asked(done.tools, [wants()]), ["It was done; its own answer was lost."]);
  server.reset();
  const not = email({ effect: "once", guard: guard(policy()), reconcile: () => "not_done" }, [fault("connection_reset"), fault("rate_limited")]);
  assert.deepEqual(await asked(not.tools, [wants(), wants(), wants()]), ["Error: fetch failed", "Error: 429", "email"]);
});

test("agents: a risky tool waits for its yes", async () => {
  assert.deepEqual(await asked(email({ risky: true, approver: () => true }).tools, [wants()]), ["email"]);
  assert.deepEqual(await asked(email({ risky: true, approver: () => false }).tools, [wants()]), ["Error: send_email: a human said no"]);
  assert.deepEqual(await asked(email({ risky: true }).tools, [wants()]), ["Error: send_email is risky, and there is nobody to ask"]);
  assert.equal(emails().length, 1);
});

test("agents: what makes no sense is refused when it is said", () => {
  const model = new OpenAIChatCompletionsModel(client, "test");
  const options = { name: "t", description: "", parameters: z.object({}), execute: () => "" };
  for (const [make, message] of [
    [() => guardModel({}, guard()), /^model is an object; allowed: an object with getResponse\(\) and getStreamedResponse\(\)/],
    [() => guardModel(model, {}), /^guard is an object; allowed: what guard\(\)/],
    [() => guardModel(model, guard(), { fallbacks: model }), /^fallbacks is an object; allowed: an array/],
    [() => guardModel(model, guard(), { retries: 1 }), /^options has no option "retries"/],
    [() => guardTool({ ...options, execute: undefined }), /^tool is an object; allowed: the options of tool\(\), with execute\(\)/],
    [() => guardTool(options, { effect: 1 }), /^effect is 1; allowed: none, idempotent, once/],
  ]) assert.throws(make, error => error instanceof TypeError && message.test(error.message), String(message));
});
