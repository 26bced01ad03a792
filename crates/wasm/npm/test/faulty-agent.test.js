import assert from "node:assert/strict";
import { test } from "node:test";
import { agent } from "steadfast";
import { faultyModel, VirtualClock } from "steadfast/sim";

const multiply = { description: "Multiplies.", parameters: { type: "object", required: ["a", "b"] }, run: ({ a, b }) => a * b };
const asks = { tool: "multiply", args: { a: 17, b: 23 } };

/** What a run comes to in virtual time, and what its models were asked. */
async function run(script, options = {}) {
  const clock = new VirtualClock();
  const model = faultyModel(script, { clock });
  const result = await clock.until(agent({ model, tools: { multiply }, clock, seed: 7, ...options }).run("What is 17 * 23?"));
  return { ...result, calls: model.calls, told: model.told, at: clock.now(), armed: clock.armed };
}

test("a model that fails twice and then answers", async () => {
  const { answer, stop, calls, armed } = await run([503, { fail: "ECONNREFUSED" }, asks, "It is 391."]);
  assert.deepEqual([answer, stop, calls, armed], ["It is 391.", "answered", 4, 0]);
});

test("a model that hangs is left at its timeout, and asked again", async () => {
  const { answer, at, calls } = await run([{ hang: true }, { text: "It is 391.", delay: 4000 }], { guard: { timeout: 5000, retry: { jitter: "none" } } });
  assert.deepEqual([answer, at, calls], ["It is 391.", 9500, 2]);
});

test("malformed arguments do not run, and the model hears why", async () => {
  let ran = 0;
  const tools = { multiply: { ...multiply, run: () => (ran += 1) } };
  const { answer, told } = await run([{ tool: "multiply", args: '{"a": 17, "b' }, "I could not."], { tools });
  assert.deepEqual([answer, ran], ["I could not.", 0]);
  assert.match(told[1].at(-1).content, /its arguments are no JSON/);
});

test("a model that goes in circles is stopped, and one that is down ends with an honest message", async () => {
  const looping = await run(asks);
  assert.deepEqual([looping.stop, looping.degraded, looping.calls], ["no_progress", true, 5]);
  const down = await run(503, { safeMessage: "Sorry." });
  assert.deepEqual([down.answer, down.stop, down.degraded], ["Sorry.", "model_unavailable", true]);
});

test("a reply that is none is tried again", async () => {
  const { answer, calls } = await run([{ reply: "just a text" }, { reply: undefined }, "It is 391."]);
  assert.deepEqual([answer, calls], ["It is 391.", 3]);
});
