import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { agent, TransientError } from "steadfast";
import { calculates, call, last, mailbox, mails, multiply, ran, whats } from "./support/agents.js";
import { never, settle, TestClock, watch } from "./support/world.js";

test("a run ends at once when its signal is aborted, and hands the reason on", async () => {
  const reasons = [];
  const caller = new AbortController();
  const model = (messages, { signal }) => {
    signal.addEventListener("abort", () => reasons.push(signal.reason));
    return never();
  };
  const run = watch(agent({ model, clock: new TestClock() }).run("x", { signal: caller.signal }));
  await settle();
  assert.equal(run.state, "pending");
  caller.abort("changed my mind");
  await settle();
  assert.deepEqual([run.value.stop, run.value.degraded, reasons], ["cancelled", true, ["changed my mind"]]);
});

test("a run that is cancelled before it begins calls nothing", async () => {
  const asked = [];
  const result = await ran({ model: () => (asked.push(1), { text: "hello" }) }, { signal: AbortSignal.abort() });
  assert.deepEqual([result.stop, asked], ["cancelled", []]);
});

test("cancelling after the end changes nothing", async () => {
  const caller = new AbortController();
  const result = await ran({ model: () => ({ text: "hello" }) }, { signal: caller.signal });
  const before = JSON.stringify(result);
  caller.abort();
  await settle();
  assert.deepEqual([result.stop, JSON.stringify(result)], ["answered", before]);
});

test("cancelling ends waits, tools and questions too", async () => {
  for (const options of [
    { model: () => { throw new TransientError("503"); }, guard: { retry: { base: 60_000, cap: 60_000, jitter: "none" } } },
    { model: mails, tools: { send_email: { run: never } } },
    { model: mails, tools: { send_email: mailbox().tool }, approver: never },
  ]) {
    const clock = new TestClock();
    const caller = new AbortController();
    const run = watch(agent({ clock, ...options }).run("x", { signal: caller.signal }));
    await clock.advance(40);
    caller.abort();
    await settle();
    assert.deepEqual([run.value.stop, clock.armed], ["cancelled", 0]);
  }
});

test("a model may cancel its own run, and what it says then is not heard", async () => {
  const caller = new AbortController();
  const sent = mailbox();
  const model = () => { caller.abort(); return call("send_email", {}); };
  const result = await ran({ model, tools: { send_email: { ...sent.tool, risky: false } } }, { signal: caller.signal });
  assert.deepEqual([result.stop, sent.sent], ["cancelled", []]);
});

test("what was done and what may have been is said when a run is taken back", async () => {
  const caller = new AbortController();
  const tools = { pay: { effect: "once", run: () => "paid" }, mail: { effect: "once", run: never } };
  const model = messages => (last(messages).role === "user" ? call("pay", {}) : call("mail", {}));
  const run = watch(agent({ model, tools, clock: new TestClock(), safeMessage: "Sorry." }).run("x", { signal: caller.signal }));
  await settle();
  caller.abort();
  await settle();
  assert.equal(run.value.answer, "Sorry. Before that, this was done: pay. This may have been done: mail.");
});

test("no listener stays on the caller's signal", async () => {
  const { signal } = new AbortController();
  const counts = { added: 0, removed: 0 };
  const counting = {
    get aborted() { return signal.aborted; },
    addEventListener(...args) { counts.added += 1; signal.addEventListener(...args); },
    removeEventListener(...args) { counts.removed += 1; signal.removeEventListener(...args); },
  };
  assert.equal((await ran({ model: calculates, tools: { multiply } }, { signal: counting })).stop, "answered");
  assert.deepEqual([counts, getEventListeners(signal, "abort").length], [{ added: 1, removed: 1 }, 0]);
});

test("a controller is made only for a function that reads its signal", async () => {
  const Real = globalThis.AbortController;
  let made = 0;
  globalThis.AbortController = class extends Real { constructor() { super(); made += 1; } };
  try {
    const seen = [];
    await ran({ model: (messages, { attempt, key }) => (seen.push(attempt, key), calculates(messages)), tools: { multiply } });
    assert.deepEqual([made, seen.length], [0, 4]);
    await ran({ model: (messages, context) => ({ text: String(context.signal === context.signal) }) });
    assert.equal(made, 1);
  } finally {
    globalThis.AbortController = Real;
  }
});

test("the signal of an attempt that ended by itself is not aborted", async () => {
  const signals = [];
  const model = (messages, { signal }) => {
    signals.push(signal);
    if (signals.length === 1) throw new TransientError("503");
    return calculates(messages);
  };
  const result = await ran({ model, tools: { multiply }, guard: { retry: { base: 5 } } }, { after: 1000 });
  assert.equal(result.stop, "answered");
  assert.deepEqual(signals.map(({ aborted }) => aborted), [false, false, false]);
});

test("a signal that is first read after the attempt is over is aborted already", async () => {
  const clock = new TestClock();
  let read;
  const model = (messages, context) => new Promise(resolve => clock.schedule(60, () => {
    read = [context.signal.aborted, context.signal.reason.name, context.signal.reason.scope];
    resolve({ text: "too late" });
  }));
  const result = await ran({ model, guard: { timeout: 30, retry: false }, safeMessage: "safe" }, { clock, after: 100 });
  assert.deepEqual([result.answer, read], ["safe", [true, "DeadlineExceeded", "attempt"]]);
});

test("what a model says after the run was taken back is late and runs nothing", async () => {
  const clock = new TestClock();
  const caller = new AbortController();
  const { sent, tool } = mailbox({ risky: false });
  const model = messages => new Promise(resolve => clock.schedule(100, () => resolve(mails(messages))));
  const run = watch(agent({ model, tools: { send_email: tool }, clock }).run("x", { signal: caller.signal }));
  await clock.advance(50);
  caller.abort();
  await clock.advance(100);
  assert.deepEqual([run.value.stop, sent, whats(run.value).at(-1)], ["cancelled", [], "run_finished"]);
});

test("one of two runs of an agent can be cancelled", async () => {
  const clock = new TestClock();
  const caller = new AbortController();
  const one = agent({ model: () => new Promise(resolve => clock.schedule(300, () => resolve({ text: "hello" }))), clock });
  const runs = [one.run("a", { signal: caller.signal }), one.run("b")].map(watch);
  await clock.advance(10);
  caller.abort();
  await clock.advance(300);
  assert.deepEqual(runs.map(({ value }) => value.stop), ["cancelled", "answered"]);
});
