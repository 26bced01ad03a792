import assert from "node:assert/strict";
import { test } from "node:test";
import { agent, Budget, CircuitBreaker, guard } from "steadfast";
import { TestClock } from "./support/world.js";

const model = () => ({ text: "hello" });
const TypeErr = message => ({ name: "TypeError", message });
const RangeErr = message => ({ name: "RangeError", message });
const refuses = (options, error) => assert.throws(() => agent(options), error);

test("the options themselves", () => {
  const known = "model, tools, system, approver, approvalExpiresAfter, maxSteps, guard, budget, safeMessage, ledger, recorder, clock, seed";
  refuses(undefined, TypeErr(`agent is undefined; allowed: an object with ${known}`));
  for (const [value, shown] of [[null, "null"], [() => 1, "a function"], [[], "an array"], ["x", '"x"']]) refuses(value, TypeErr(`agent is ${shown}; allowed: an object`));
  refuses({ model, maxStep: 3 }, TypeErr(`agent has no option "maxStep"; its options: ${known}`));
});

test("a guard is no policy, neither an agent's nor a tool's, and neither is anything else that is no plain object", () => {
  const keys = "{ timeout, deadline, retry, breaker, budget, classify }";
  refuses({ model, guard: guard({ timeout: 20 }) }, TypeErr(`guard is a Guard; allowed: the policy that guard() takes ${keys}`));
  refuses({ model, tools: { look: { run: model, guard: guard() } } }, TypeErr(`tools.look.guard is a Guard; allowed: the policy that guard() takes ${keys}`));
  for (const [value, kind] of [[Promise.resolve(), "Promise"], [new Map(), "Map"], [new Date(), "Date"], [new (class Mine {})(), "Mine"]]) {
    refuses({ model, guard: value }, TypeErr(`guard is a ${kind}; allowed: a plain object ${keys}`));
  }
  agent({ model, guard: Object.create({ timeout: 20 }), tools: { look: new (class Look { run() {} })() } });
});

test("models", () => {
  const allowed = "a function, or an array of functions in order of preference";
  refuses({}, TypeErr(`model is undefined; allowed: ${allowed}`));
  refuses({ model: "gpt" }, TypeErr(`model is "gpt"; allowed: ${allowed}`));
  refuses({ model: [] }, TypeErr(`model is an empty array; allowed: ${allowed}`));
  refuses({ model: [model, null] }, TypeErr("model[1] is null; allowed: a function"));
});

test("numbers", () => {
  for (const value of [0, -1, 2.5, NaN, Infinity, 1e300]) refuses({ model, maxSteps: value }, RangeErr(`maxSteps is ${value}; allowed: a whole number from 1 to 4294967295`));
  for (const [value, shown] of [["8", '"8"'], [8n, "8n"], [true, "true"], [{ valueOf: () => 8 }, "an object"]]) {
    refuses({ model, maxSteps: value }, TypeErr(`maxSteps is ${shown}; allowed: a whole number from 1 to 4294967295`));
  }
  for (const value of [0, -5, NaN, Infinity]) refuses({ model, approvalExpiresAfter: value }, RangeErr(`approvalExpiresAfter is ${value}; allowed: milliseconds, more than 0, at most 9007199254740`));
  for (const value of [0, -5, NaN]) {
    const allowed = "allowed: milliseconds, more than 0, at most 9007199254740, or Infinity for none";
    refuses({ model, guard: { timeout: value } }, RangeErr(`guard.timeout is ${value}; ${allowed}`));
    refuses({ model, tools: { t: { run() {}, guard: { deadline: value } } } }, RangeErr(`tools.t.guard.deadline is ${value}; ${allowed}`));
  }
});

test("a guard's complaint says of which guard it is", () => {
  const of = (guard, error) => {
    refuses({ model, guard }, { ...error, message: `guard${error.message}` });
    refuses({ model, tools: { t: { run() {}, guard } } }, { ...error, message: `tools.t.guard${error.message}` });
  };
  of(null, TypeErr(" is null; allowed: an object"));
  of({ timeOut: 5 }, TypeErr(' has no option "timeOut"; its options: timeout, deadline, retry, breaker, budget, classify'));
  of({ retry: true }, TypeErr(".retry is true; allowed: an object"));
  of({ retry: { attempts: 0 } }, RangeErr(".retry.attempts is 0; allowed: a whole number from 1 to 4294967295"));
  of({ retry: { base: 30_000 } }, RangeErr(".retry.base is 30000; allowed: at most retry.cap, which is 20000"));
  of({ retry: { jitter: "some" } }, TypeErr('.retry.jitter is "some"; allowed: full, equal, decorrelated, none'));
  of({ retry: { retries: 3 } }, TypeErr('.retry has no option "retries"; its options: attempts, base, cap, factor, jitter, classify'));
  of({ breaker: 1 }, TypeErr(".breaker is 1; allowed: an object"));
  of({ breaker: { window: { rate: 50 } } }, RangeErr(".breaker.window.rate is 50; allowed: a share from 0.001 to 1"));
  of({ classify: "429" }, TypeErr('.classify is "429"; allowed: a function'));
  of({ budget: {} }, TypeErr(".budget is an object; allowed: a Budget"));
});

test("tools", () => {
  const options = "description, parameters, run, risky, effect, reconcile, guard";
  for (const [tools, message] of [
    [[], "tools is an array; allowed: an object of tools by their names"],
    [new Map(), "tools is an object; allowed: an object of tools by their names"],
    [{ "": { run() {} } }, 'the name of a tool is ""; allowed: a word'],
    [{ t: undefined }, "tools.t is undefined; allowed: a tool: { run, ... }"],
    [{ t: () => 1 }, "tools.t is a function; allowed: an object"],
    [{ t: {} }, "tools.t.run is undefined; allowed: a function"],
    [{ t: { run: "x" } }, 'tools.t.run is "x"; allowed: a function'],
    [{ t: { run() {}, riskey: true } }, `tools.t has no option "riskey"; its options: ${options}`],
    [{ t: { run() {}, risky: "yes" } }, 'tools.t.risky is "yes"; allowed: true, false or a function of the arguments'],
    [{ t: { run() {}, effect: "twice" } }, 'tools.t.effect is "twice"; allowed: none, idempotent, once'],
    [{ t: { run() {}, description: 1 } }, "tools.t.description is 1; allowed: a string"],
    [{ t: { run() {}, parameters: "x" } }, 'tools.t.parameters is "x"; allowed: an object: the JSON Schema of the arguments'],
    [{ t: { run() {}, reconcile: true } }, "tools.t.reconcile is true; allowed: a function"],
  ]) refuses({ model, tools }, TypeErr(message));
});

test("the rest", () => {
  const seeds = "a whole number up to 2^53, or a decimal string up to 18446744073709551615";
  for (const seed of [-1, 0.5, 2 ** 53]) refuses({ model, seed }, RangeErr(`seed is ${seed}; allowed: ${seeds}`));
  for (const seed of ["", "0x10", "-1"]) refuses({ model, seed }, TypeErr(`seed is "${seed}"; allowed: ${seeds}`));
  for (const [option, message] of [
    [{ approver: true }, "approver is true; allowed: a function"],
    [{ system: 1 }, "system is 1; allowed: a string"],
    [{ safeMessage: " " }, 'safeMessage is " "; allowed: a sentence: a run always answers'],
    [{ clock: Date }, "clock is a function; allowed: an object with now() and schedule(at, wake)"],
    [{ budget: { tokens: 5 } }, "budget is an object; allowed: a Budget"],
    [{ ledger: {} }, "ledger.claim is undefined; allowed: a function"],
    [{ recorder: "run.txt" }, 'recorder is "run.txt"; allowed: a function'],
    [{ ledger: { claim() {} } }, "ledger.record is undefined; allowed: a function"],
    [{ budget: new Budget({ tokens: 5, clock: new TestClock() }) }, "clock is another than that of the budget; allowed: one clock for all of them"],
    [{ clock: new TestClock(), guard: { breaker: new CircuitBreaker() } }, "guard.clock is another than that of the breaker or the budget; allowed: one clock for all of them"],
  ]) refuses({ model, ...option }, TypeErr(message));
});

test("what an option's own getter throws reaches the caller", () => {
  refuses({ get model() { throw new RangeError("mine"); } }, RangeErr("mine"));
  refuses(new Proxy({}, { ownKeys() { throw new RangeError("mine"); } }), RangeErr("mine"));
});

test("a run called wrongly rejects, and nothing runs", async () => {
  let asked = 0;
  const one = agent({ model: () => { asked += 1; return { text: "hello" }; } });
  for (const [task, options, message] of [
    [undefined, undefined, "task is undefined; allowed: a string"],
    [["x"], undefined, "task is an array; allowed: a string"],
    ["x", null, "options is null; allowed: an object"],
    ["x", { sginal: 1 }, 'options has no option "sginal"; its options: signal, suspend'],
    ["x", { signal: {} }, "signal is an object; allowed: an AbortSignal"],
    ["x", { signal: new AbortController() }, "signal is an object; allowed: an AbortSignal"],
    ["x", { suspend: "yes" }, 'suspend is "yes"; allowed: true or false'],
  ]) await assert.rejects(one.run(task, options), TypeErr(message));
  assert.equal(asked, 0);
  assert.equal((await one.run("", {})).answer, "hello");
});

test("decisions that make no sense are handed back before they use a question up", async () => {
  const sent = [];
  const clock = new TestClock();
  const one = agent({ model: messages => (messages.length > 1 ? { text: "done" } : { toolCalls: [{ id: "a", tool: "send", args: {} }] }), clock, tools: { send: { risky: true, run: () => sent.push(1) } } });
  const { snapshot } = await one.run("x", { suspend: true });
  const allowed = "allowed: { approve: true } or { approve: false }";
  for (const [decisions, message] of [
    [undefined, 'decisions is undefined; allowed: an object of decisions by request id: { "1": { approve: true } }'],
    [[true], 'decisions is an array; allowed: an object of decisions by request id: { "1": { approve: true } }'],
    [new Map([["1", true]]), 'decisions is an object; allowed: an object of decisions by request id: { "1": { approve: true } }'],
    [{ 1: "yes" }, `decisions["1"] is "yes"; ${allowed}`],
    [{ 1: null }, `decisions["1"] is null; ${allowed}`],
    [{ 1: { approved: true } }, 'decisions["1"].approve is undefined; allowed: true or false'],
    [{ 1: { approve: true, args: { amount: NaN } } }, 'decisions["1"].args is not JSON: NaN is not a JSON number'],
    [{ 1: { approve: true, args: () => 1 } }, 'decisions["1"].args is not JSON: it is nothing that JSON can say'],
  ]) await assert.rejects(one.resume(snapshot, decisions), TypeErr(message));
  assert.deepEqual([(await one.resume(snapshot, { 1: true })).answer, sent.length], ["done", 1]);
});
