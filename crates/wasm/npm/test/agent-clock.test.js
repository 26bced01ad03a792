import assert from "node:assert/strict";
import { test } from "node:test";
import { agent, TransientError } from "steadfast";
import { calculates, entries, multiply, ran, times } from "./support/agents.js";
import { TestClock, watch } from "./support/world.js";

/** A model that fails twice. */
function flaky() {
  let tries = 0;
  return messages => { if ((tries += 1) <= 2) throw new TransientError("503"); return calculates(messages); };
}

test("an hour of waiting takes no time and ends to the microsecond", async () => {
  const clock = new TestClock();
  await clock.advance(1000);
  const retry = { base: 1_800_000.123, cap: 1e9, jitter: "none" };
  const result = await ran({ model: flaky(), tools: { multiply }, guard: { retry } }, { clock, after: 6_000_000 });
  assert.deepEqual(times(result, "attempt_started").slice(0, 3), [1000, 1_801_000.123, 5_401_000.369]);
});

test("the same seed gives the same trace", async () => {
  const trace = async seed => {
    const { trace } = await ran({ model: flaky(), tools: { multiply }, seed }, { after: 100_000 });
    // A run's number begins the keys of its effects, and no two runs may share one.
    return JSON.stringify(trace.map(({ why: { run, ...why }, text, ...entry }) => ({ ...entry, why })));
  };
  assert.equal(await trace(7), await trace("7"));
  assert.notEqual(await trace(7), await trace(8));
  assert.notEqual(await trace(undefined), await trace(undefined));
});

test("time counts first: a reply at the very instant of its limit is late", async () => {
  for (const [at, stop] of [[999.999, "answered"], [1000, "model_unavailable"]]) {
    const clock = new TestClock();
    const model = () => new Promise(resolve => clock.schedule(at, () => resolve({ text: "hello" })));
    assert.equal((await ran({ model, guard: { timeout: 1000, retry: false } }, { clock, after: 1000 })).stop, stop);
  }
});

test("waits beyond what a host's timer can hold do not end at once", async () => {
  // 2^31 ms and 2^32 ms are where a host's timer takes the future for the past.
  for (const base of [2_200_000_000, 3_000_000_000, 5_000_000_000, 1e12]) {
    let tries = 0;
    const model = () => { tries += 1; throw new TransientError("503"); };
    const guard = { timeout: Infinity, retry: { base, cap: 1e12, jitter: "none" } };
    const result = await agent({ model, guard }).run("x", { signal: AbortSignal.timeout(50) });
    assert.deepEqual([result.stop, tries], ["cancelled", 1]);
  }
});

test("a clock that fails breaks no promise", async () => {
  const after = (at, wake) => { setTimeout(wake, Math.max(0, at - performance.now())).unref(); };
  // The first time, when the agent is made, it is refused.
  let asked = 0;
  const nonsense = () => ((asked += 1) > 1 && Math.random() < 0.3 ? NaN : performance.now() - 5 * Math.random());
  for (const [name, clock] of Object.entries({
    "wakes at once, long before the time": { now: () => performance.now(), schedule: (at, wake) => { setTimeout(wake); const timer = setTimeout(wake, at - performance.now()); return () => clearTimeout(timer); } },
    "returns nothing to cancel with": { now: () => performance.now(), schedule: after },
    "tells nonsense now and then, and goes back": { now: nonsense, schedule: after },
  })) {
    const run = watch(agent({ model: flaky(), tools: { multiply }, clock, guard: { retry: { base: 20, jitter: "none" } } }).run("x"));
    for (let left = 100; run.state === "pending" && left > 0; left -= 1) await new Promise(resolve => setTimeout(resolve, 20));
    assert.equal(run.value?.answer, "17 * 23 = 391.", name);
  }
});

test("the clock goes back, and the trace says so", async () => {
  let now = 1000;
  const timers = [];
  const clock = { now: () => now, schedule: (at, wake) => { timers.push(wake); return () => {}; } };
  const model = () => { now = 500; return { text: "hello" }; };
  const result = await agent({ model, clock }).run("x");
  assert.deepEqual(entries(result, "clock_went_back").map(({ why }) => why), [{ by: 500 }]);
  assert.equal(result.stop, "answered");
});
