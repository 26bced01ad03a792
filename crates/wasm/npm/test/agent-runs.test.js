import assert from "node:assert/strict";
import { test } from "node:test";
import { agent } from "steadfast";
import { call, entries, last, mails, multiply, ran, times, whats } from "./support/agents.js";
import { TestClock, watch } from "./support/world.js";

const soon = (clock, ms, value) => new Promise(resolve => clock.schedule(clock.now() + ms, () => resolve(value)));

test("two runs of one agent do not disturb each other", async () => {
  const clock = new TestClock();
  const keys = [];
  const model = async (messages, { key }) => {
    const task = messages[0].content;
    await soon(clock, task === "slow" ? 60 : 20);
    if (last(messages).role === "tool") return { text: `${task}: ${last(messages).content}` };
    keys.push(key.split("-call-")[0]);
    return call("echo", { task });
  };
  const echo = { run: ({ task }) => soon(clock, task === "slow" ? 10 : 50, task) };
  const one = agent({ model, tools: { echo }, clock });
  const runs = ["slow", "fast"].map(task => watch(one.run(task)));
  await clock.advance(130);
  assert.deepEqual(runs.map(({ value }) => value.answer), ["slow: slow", "fast: fast"]);
  assert.deepEqual(whats(runs[0].value), whats(runs[1].value));
  assert.notEqual(keys[0], keys[1]);
});

test("a tool may run the agent it belongs to", async () => {
  const model = messages => {
    if (last(messages).role === "tool") return { text: `(${last(messages).content})` };
    const depth = Number(messages[0].content);
    return depth > 1 ? call("delegate", { depth: depth - 1 }) : { text: "bottom" };
  };
  const delegating = agent({ model, tools: { delegate: { run: async ({ depth }) => (await delegating.run(String(depth))).answer } } });
  assert.equal((await delegating.run("3")).answer, "((bottom))");
});

test("tools asked for together run together, and are answered in order", async () => {
  const clock = new TestClock();
  const toolCalls = [["a", 400], ["b", 200], ["c", 300]].map(([id, ms]) => ({ id, tool: "waits", args: { id, ms } }));
  let told;
  const model = messages => {
    if (last(messages).role !== "tool") return { text: "All at once.", toolCalls };
    told = messages.slice(2).map(({ toolCallId, content }) => [toolCallId, content]);
    return { text: "done" };
  };
  const result = await ran({ model, tools: { waits: { run: ({ id, ms }) => soon(clock, ms, id.toUpperCase()) } } }, { clock, after: 400 });
  assert.deepEqual(told, [["a", "A"], ["b", "B"], ["c", "C"]]);
  assert.deepEqual([times(result, "tool_called"), times(result, "run_finished")], [[0, 0, 0], [400]]);
});

test("a model is handed the conversation, its context and the tools", async () => {
  const seen = [];
  let context;
  const model = (messages, given) => {
    seen.push(structuredClone(messages));
    messages.length = 0; // its own copy
    context ??= given;
    return seen.length === 1 ? call("multiply", { b: 23, a: 17 }) : { text: "391" };
  };
  await ran({ model, tools: { multiply }, system: "You are careful.", guard: { deadline: 5000 } });
  assert.deepEqual(seen[0], [{ role: "system", content: "You are careful." }, { role: "user", content: "What is 17 * 23?" }]);
  assert.deepEqual([context.attempt, context.option, context.remaining, context.tools.multiply.description], [1, 0, 5000, "Multiplies two numbers."]);
  assert.match(context.key, /^run-[0-9a-f]{1,16}-call-1$/);
  assert.deepEqual(seen[1].slice(2), [
    { role: "assistant", content: "", toolCalls: [{ id: "c1", tool: "multiply", args: { a: 17, b: 23 } }] },
    { role: "tool", content: "391", toolCallId: "c1" },
  ]);
});

test("what remains shrinks with time, and is infinite without a deadline", async () => {
  const clock = new TestClock();
  const remaining = [];
  const model = async (messages, context) => {
    remaining.push(context.remaining);
    await soon(clock, 1500);
    remaining.push(context.remaining);
    return { text: "hello" };
  };
  for (const guard of [{ deadline: 5000 }, {}]) await ran({ model, guard }, { clock, after: 1500 });
  assert.deepEqual(remaining, [5000, 3500, Infinity, Infinity]);
});

test("what a tool returns is told to the model as text", async () => {
  for (const [returned, text] of [
    ["plain", "plain"], [391, "391"], [{ b: 1, a: [true, null] }, '{"b":1,"a":[true,null]}'], [undefined, ""], [null, "null"],
    [new Date(0), '"1970-01-01T00:00:00.000Z"'], [() => 1, ""],
    [10n, "It ran, but its result cannot be told as JSON: Do not know how to serialize a BigInt"],
    [{ then(resolve) { resolve("thenable"); } }, "thenable"],
  ]) {
    const result = await ran({ model: mails, tools: { send_email: { run: () => returned } }, guard: { retry: false } });
    assert.equal(entries(result, "tool_replied")[0].why.output, text);
  }
});

test("functions of a tool keep their this, and run can be taken off its agent", async () => {
  const counter = { run() { return String(this.description.length); }, description: "four" };
  const { run } = agent({ model: mails, tools: { send_email: counter } });
  assert.equal((await run("go")).answer, "4");
});

test("a tool is handed its arguments, its key and its signal; each call has its own key", async () => {
  const seen = [];
  const echo = { run: (args, { key, attempt, option, signal }) => (seen.push([args, key.slice(-1), attempt, option, signal.aborted]), "ok") };
  const toolCalls = ["a", "b"].map(id => ({ id, tool: "echo", args: { id } }));
  await ran({ model: messages => (messages.length > 1 ? { text: "done" } : { toolCalls }), tools: { echo } });
  assert.deepEqual(seen, [[{ id: "a" }, "2", 1, 0, false], [{ id: "b" }, "3", 1, 0, false]]);
});

test("a result is plain data: what comes back from JSON is the same", async () => {
  const result = await ran({ model: mails, tools: { send_email: { run: () => "sent" } } });
  assert.deepEqual(JSON.parse(JSON.stringify(result)), result);
  assert.deepEqual(Object.keys(result).sort(), ["answer", "blocked", "degraded", "steps", "stop", "trace"]);
});

test("every entry of a trace says what, why and in words, and when", async () => {
  const result = await ran({ model: mails, tools: { send_email: { run: () => "sent" } } });
  assert.deepEqual(whats(result), [
    "run_started", "step_started", "model_called", "attempt_started", "attempt_succeeded", "model_replied",
    "tool_called", "attempt_started", "attempt_succeeded", "tool_replied", "observed",
    "step_started", "model_called", "attempt_started", "attempt_succeeded", "model_replied", "run_finished",
  ]);
  for (const { at, what, why, text } of result.trace) {
    assert.equal(at, 0);
    assert.deepEqual([typeof why, typeof text, /[.:!?]|: /.test(text)], ["object", "string", true], what);
  }
  assert.deepEqual(result.trace[6], {
    at: 0, what: "tool_called", why: { tool: "send_email", args: '{"body":"391","to":"ada"}', effect: "none" },
    text: 'Act: send_email is called with {"body":"391","to":"ada"}.', step: 1, call: "2",
  });
});
