import assert from "node:assert/strict";
import { test } from "node:test";
import { guard, RetriesExhausted } from "steadfast";
import { faultyModel, VirtualClock } from "steadfast/sim";
import { watch } from "./support/world.js";

const question = [{ role: "user", content: "17 * 23?" }];

test("it fails as told, then answers, and counts; a guard mends it", async () => {
  const clock = new VirtualClock();
  const model = faultyModel([503, { fail: "ECONNREFUSED" }, "391"], { clock });
  const call = guard({ retry: { base: 1000, jitter: "none" }, clock }).call(context => model(question, context));
  assert.deepEqual([await clock.until(call), model.calls, clock.now()], [{ text: "391" }, 3, 3000]);
  assert.deepEqual(model.told, [question, question, question]);
});

test("a slow answer takes its time, one that hangs takes for ever; both end with their attempt", async () => {
  const clock = new VirtualClock();
  const model = faultyModel([{ text: "too late", delay: 5000 }, { hang: true }, { hang: "deaf" }, { text: "in time", delay: 4999 }], { clock });
  const call = watch(guard({ timeout: 5000, retry: { attempts: 4, base: 0, cap: 0 }, breaker: false, clock }).call(context => model(question, context)));
  await clock.advance(19_998);
  assert.equal(call.state, "pending");
  await clock.advance(1);
  assert.deepEqual([call.value, model.calls, clock.armed], [{ text: "in time" }, 4, 0]);
});

test("hanging heeds its signal and keeps the reason; deaf does not", async () => {
  const caller = new AbortController();
  const context = { signal: caller.signal };
  const model = faultyModel([{ hang: true }, { hang: "deaf" }, { text: "late", delay: 10 }], { clock: new VirtualClock() });
  const watched = [1, 2, 3].map(() => watch(model(question, context)));
  caller.abort(new Error("mine"));
  await new Promise(setImmediate);
  assert.deepEqual(watched.map(({ state, error }) => [state, error?.message]), [["rejected", "mine"], ["pending", undefined], ["rejected", "mine"]]);
});

test("tools are asked for under ids of their own, with whatever arguments the script says", async () => {
  const model = faultyModel([
    { tool: "multiply", args: { a: 17, b: 23 } },
    { tool: "multiply", args: '{"a": 17, "b' },
    { tool: "now", id: "mine" },
    { text: "both", toolCalls: [{ tool: "one" }, { tool: "two", id: "second", args: [] }], usage: { inputTokens: 3, outputTokens: 4 } },
  ]);
  assert.deepEqual(await model(question), { toolCalls: [{ id: "call_1", tool: "multiply", args: { a: 17, b: 23 } }] });
  assert.deepEqual(await model(question), { toolCalls: [{ id: "call_2", tool: "multiply", args: '{"a": 17, "b' }] });
  assert.deepEqual(await model(question), { toolCalls: [{ id: "mine", tool: "now", args: {} }] });
  assert.deepEqual(await model(question), {
    text: "both", toolCalls: [{ id: "call_4_0", tool: "one", args: {} }, { id: "second", tool: "two", args: [] }], usage: { inputTokens: 3, outputTokens: 4 },
  });
});

test("a reply can be anything, and an error is thrown as it is", async () => {
  const mine = new Error("mine");
  const model = faultyModel([{ reply: undefined }, { reply: "text" }, mine, { fail: mine }]);
  assert.deepEqual([await model(question), await model(question)], [undefined, "text"]);
  await assert.rejects(model(question), error => error === mine);
  await assert.rejects(model(question), error => error === mine);
});

test("what a provider says of a failure is heard: pauses are kept, a quota that is used up is not asked again", async () => {
  const clock = new VirtualClock();
  const asking = script => {
    const model = faultyModel(script, { clock });
    return [model, guard({ retry: { base: 0, cap: 0 }, breaker: false, clock }).call(context => model(question, context))];
  };
  const [busy, call] = asking([{ fail: 429, retryAfter: 2500 }, "391"]);
  assert.deepEqual([await clock.until(call), busy.calls, clock.now() >= 2500], [{ text: "391" }, 2, true]);
  const [spent, refused] = asking([{ fail: 429, code: "insufficient_quota", delay: 10 }]);
  await assert.rejects(clock.until(refused), { status: 429, code: "insufficient_quota", message: "429 Too Many Requests" });
  assert.equal(spent.calls, 1);
});

test("the last step goes on: a model that is down stays down, one that goes in circles goes on; or else the script's end is an error", async () => {
  const clock = new VirtualClock();
  const down = faultyModel(503, { clock });
  await assert.rejects(clock.until(guard({ breaker: false, clock }).call(context => down(question, context))), RetriesExhausted);
  assert.equal(down.calls, 3);
  const ended = faultyModel(["one", "two"], { end: "throw" });
  assert.deepEqual([await ended(question), await ended(question)], [{ text: "one" }, { text: "two" }]);
  await assert.rejects(ended(question), { name: "SteadfastError", code: "script_ended", message: "The script has 2 steps, and this is call 3." });
});

test("a function sees the conversation and which call it is, and says what happens", async () => {
  const model = faultyModel((messages, { attempt }, call) => (call === 1 ? 500 : Promise.resolve(`${messages.length} ${attempt} ${call}`)));
  await assert.rejects(model(question, { attempt: 1 }), { status: 500 });
  assert.deepEqual(await model(question, { attempt: 2 }), { text: "1 2 2" });
  await assert.rejects(faultyModel(() => 7)(question), { message: "script's step is 7; allowed: a whole number from 400 to 599" });
});

test("what makes no sense throws at once", () => {
  const refused = (script, message) => assert.throws(() => faultyModel(script), { message });
  refused([], "script is empty; allowed: one step or more");
  const kinds = "a text, a status, an Error, a function, or an object with text, toolCalls, tool, reply, fail or hang";
  refused(undefined, `script is undefined; allowed: ${kinds}`);
  refused(["text", null], `script[1] is null; allowed: ${kinds}`);
  refused([{}], `script[0] is an object; allowed: ${kinds}`);
  refused([200], "script[0] is 200; allowed: a whole number from 400 to 599");
  refused([{ text: "a", dealy: 1 }], 'script[0] has no option "dealy"; its options: text, toolCalls, usage, delay');
  refused([{ fail: {} }], 'script[0].fail is an object; allowed: a status, a code such as "ECONNREFUSED", or an Error');
  refused([{ hang: 5 }], 'script[0].hang is 5; allowed: true or "deaf"');
  refused([{ text: "a", delay: -1 }], "script[0].delay is -1; allowed: milliseconds, 0 or more, at most 9007199254740");
  refused([{ tool: "" }], 'script[0].tool is ""; allowed: a tool\'s name');
  assert.throws(() => faultyModel("a", { end: "stop" }), { name: "TypeError", message: 'end is "stop"; allowed: "repeat" or "throw"' });
  assert.throws(() => faultyModel("a", { clock: {} }), { name: "TypeError", message: "clock is an object; allowed: an object with now() and schedule(at, wake)" });
});
