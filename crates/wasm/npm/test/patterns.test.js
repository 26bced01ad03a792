import assert from "node:assert/strict";
import { test } from "node:test";
import { AllOptionsFailed, callWithDeadline, classify, DeadlineExceeded, fallback, StepLimitExceeded, StepLimiter, TransientError } from "steadfast";
import { never, settle, TestClock, unavailable, watch } from "./support/world.js";

test("a deadline rejects at its instant, not before, whatever the operation does", async () => {
  const clock = new TestClock();
  let context;
  const watched = watch(callWithDeadline(given => { context = given; return never(); }, 50, { clock }));
  const { signal } = context;
  await clock.advance(49.999);
  assert.deepEqual([watched.state, signal.aborted, context.remaining], ["pending", false, 0.001]);
  await clock.advance(0.001);
  assert(watched.error instanceof DeadlineExceeded);
  assert.deepEqual([watched.error.scope, watched.error.code, signal.reason === watched.error], ["call", "deadline_exceeded", true]);
  assert.deepEqual(classify(watched.error), { class: "timeout", transient: true });
});

test("a signal read only afterwards is aborted already", async () => {
  const clock = new TestClock();
  let context;
  const watched = watch(callWithDeadline(given => { context = given; return never(); }, 50, { clock }));
  await clock.advance(50);
  assert.equal(context.signal.reason, watched.error);
});

test("an answer in time is the result, one at the very instant is late, and a late one troubles nobody", async () => {
  const clock = new TestClock();
  const after = ms => () => new Promise((resolve, reject) => clock.schedule(ms, () => (ms > 60 ? reject(new Error("late")) : resolve("done"))));
  const [well, late, later] = [after(49), after(50), after(100)].map(operation => watch(callWithDeadline(operation, 50, { clock })));
  await clock.advance(1000);
  assert.deepEqual([well.value, late.error?.scope, later.error?.scope], ["done", "call", "call"]);
});

test("timers that fire early make nothing happen early", async () => {
  const clock = new TestClock();
  const hasty = { now: () => clock.now(), schedule: (at, wake) => clock.schedule(at > clock.now() + 1 ? at - 0.83 : at, wake) };
  const watched = watch(callWithDeadline(never, 50, { clock: hasty }));
  await clock.advance(49.99);
  assert.equal(watched.state, "pending");
  await clock.advance(0.01);
  assert.equal(watched.state, "rejected");
});

test("options are tried in order, each once, and all their failures are told", async () => {
  const order = [];
  const option = (name, error) => ({ option: place }) => { order.push([name, place]); throw error; };
  assert.equal(await fallback([option("one", unavailable()), () => "two"]), "two");
  await assert.rejects(fallback([option("a", new Error("a")), option("b", new TransientError("b"))]), error => {
    assert(error instanceof AllOptionsFailed);
    assert.deepEqual([error.code, error.errors.map(({ message }) => message), error.cause.message], ["all_options_failed", ["a", "b"], "b"]);
    return true;
  });
  assert.deepEqual(order, [["one", 0], ["a", 0], ["b", 1]]);
});

test("a cancellation is never fallen back from", async () => {
  const caller = new AbortController();
  let second = 0;
  const watched = watch(fallback([never, () => { second += 1; }], { signal: caller.signal }));
  caller.abort("stop");
  await settle();
  assert.deepEqual([watched.error, second], ["stop", 0]);
});

test("steps are numbered from 1 and end at the limit", () => {
  const steps = new StepLimiter(2);
  assert.deepEqual([steps.take(), steps.take(), steps.used, steps.remaining], [1, 2, 2, 0]);
  assert.throws(() => steps.take(), error => error instanceof StepLimitExceeded && error.limit === 2 && error.message === "the limit of 2 steps is reached");
});
