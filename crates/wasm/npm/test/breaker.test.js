import assert from "node:assert/strict";
import { test } from "node:test";
import { CircuitBreaker, CircuitOpen } from "steadfast";
import { never, settle, TestClock, unavailable, watch } from "./support/world.js";

const failing = async () => { throw unavailable(); };

/** A breaker that opens at two failures in a row for exactly ten seconds or less, and what it told. */
function breakerOf(clock, policy = {}) {
  const breaker = new CircuitBreaker({ consecutive: 2, openFor: 10_000, openForMax: 10_000, clock, seed: 7, ...policy });
  const told = [];
  breaker.on("state", ({ from, to, reason }) => told.push(`${from} > ${to}: ${reason}`));
  return { breaker, told };
}

async function open(breaker) {
  for (let left = 2; left > 0; left -= 1) await breaker.call(failing).catch(() => {});
}

test("opens after so many failures in a row, refuses, and closes after a good probe", async () => {
  const clock = new TestClock();
  const { breaker, told } = breakerOf(clock);
  await open(breaker);
  assert.equal(breaker.state, "open");
  const refused = await breaker.call(() => "never").catch(error => error);
  assert(refused instanceof CircuitOpen && refused instanceof Error);
  assert.deepEqual([refused.name, refused.code, refused.reason], ["CircuitOpen", "circuit_open", "it is open"]);
  assert.deepEqual([refused.retryAt, refused.message], [8820.848, "the circuit breaker is open until 8.82 s"]);

  await clock.advance(refused.retryAt - 0.001);
  await assert.rejects(breaker.call(() => "never"), CircuitOpen);
  await clock.advance(0.001);
  assert.equal(await breaker.call(() => "well"), "well");
  assert.equal(breaker.state, "closed");
  assert.deepEqual(told, ["closed > open: 2 failures in a row", "open > half-open: its open time is over", "half-open > closed: the probe succeeded"]);
  assert.deepEqual(breaker.stats, { successes: 1, failures: 2, rejected: 2, late: 0, ignored: 0, opened: 1 });
});

test("while a probe is under way the others are refused; one that is taken back hands its leave back", async () => {
  const clock = new TestClock();
  const { breaker } = breakerOf(clock);
  await open(breaker);
  await clock.advance(10_000);
  const caller = new AbortController();
  const probe = watch(breaker.call(never, { signal: caller.signal }));
  await assert.rejects(breaker.call(() => "never"), { code: "circuit_open", reason: "it is half open, and its probe is under way" });
  caller.abort("mine");
  await settle();
  assert.deepEqual([probe.error, breaker.state, await breaker.call(() => "next")], ["mine", "half-open", "next"]);
});

test("errors that say nothing of the service's health do not open it", async () => {
  const { breaker } = breakerOf(new TestClock());
  for (let left = 5; left > 0; left -= 1) await breaker.call(() => { throw new Error("a bug"); }).catch(() => {});
  assert.deepEqual([breaker.state, breaker.stats.ignored], ["closed", 5]);
});

test("by hand: forced open, disabled, and as new", async () => {
  const { breaker, told } = breakerOf(new TestClock());
  breaker.forceOpen("maintenance");
  await assert.rejects(breaker.call(() => "never"), { retryAt: Infinity, reason: "it was forced open, maintenance", message: "the circuit breaker was forced open" });
  breaker.disable("let all through");
  await open(breaker);
  assert.equal(breaker.state, "disabled");
  breaker.reset();
  assert.equal(breaker.state, "closed");
  assert.deepEqual(told, [
    "closed > forced-open: by hand, maintenance", "forced-open > disabled: by hand, let all through", "disabled > closed: by hand, reset",
  ]);
});

test("a snapshot comes back as it is, with its open time run on; one that was changed does not come back", async () => {
  const clock = new TestClock();
  const { breaker } = breakerOf(clock);
  await open(breaker);
  const snapshot = breaker.snapshot();
  const restored = CircuitBreaker.restore(snapshot, { consecutive: 2, openFor: 10_000, clock });
  assert.deepEqual([restored.state, restored.stats.failures], ["open", 2]);
  await assert.rejects(restored.call(() => "never"), CircuitOpen);
  const changed = (snapshot[20] === "A" ? "B" : "A") + snapshot.slice(21);
  for (const other of ["", "nonsense", changed, snapshot.slice(0, 20) + changed]) {
    assert.throws(() => CircuitBreaker.restore(other), error => error.code === "bad_snapshot" && error.message.startsWith("this "));
  }
  assert.throws(() => CircuitBreaker.restore(7), TypeError);
});

test("a listener may go, may listen twice, may throw and may call back in", async context => {
  context.mock.method(console, "error", () => {});
  const clock = new TestClock();
  const breaker = new CircuitBreaker({ consecutive: 1, clock });
  let heard = 0;
  const listener = () => void (heard += 1);
  const offs = [breaker.on("state", listener), breaker.on("state", listener)];
  breaker.on("state", () => { throw new Error("listener"); });
  breaker.on("state", ({ to }) => { if (to === "open") breaker.reset(); });
  await assert.rejects(breaker.call(failing), { status: 503 });
  assert.deepEqual([heard, breaker.state], [4, "closed"]);
  offs.forEach(off => { off(); off(); });
  breaker.forceOpen("again");
  assert.equal(heard, 4);
  assert.equal(console.error.mock.callCount(), 3);
});

test("a thousand refusals are a thousand errors, each with a stack of one line", async () => {
  const breaker = new CircuitBreaker();
  breaker.forceOpen("x");
  const [one, other] = await Promise.all([0, 1].map(() => breaker.call(() => {}).catch(error => error)));
  assert.notEqual(one, other);
  assert.equal(one.stack, "CircuitOpen: the circuit breaker was forced open");
  assert.equal(Object.prototype.toString.call(one), "[object Error]");
});
