// What a caller hands over and is called later: listeners, classifiers, clocks. None of them takes a call with it.

import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";
import { agent, guard, retry, TransientError } from "steadfast";
import { settle } from "./support/world.js";

afterEach(() => mock.restoreAll());
const errors = () => mock.method(console, "error", () => {});
const first = told => told.mock.calls[0].arguments[0];

test("a listener that rejects later ends nothing, and somebody learns of it", async () => {
  const told = errors();
  const one = guard();
  one.on("decision", async () => { throw new Error("no log"); });
  assert.equal(await one.call(() => "ready"), "ready");
  await settle();
  assert.equal(first(told), "steadfast: a listener threw");
  assert.equal(told.mock.calls[0].arguments[1].message, "no log");
});

test("a classifier that is async or says nonsense is told of once, and the default judges", async () => {
  const allowed = "and what it is asked about is judged by default; allowed: { class, transient, retryAfter? } at once, or undefined";
  for (const [classify, what] of [
    [async () => { throw new Error("later"); }, "a Promise"],
    [() => "transient", '"transient"'], [() => ({ class: "busy", transient: true }), "an object"], [() => true, "true"],
  ]) {
    const told = errors();
    let tries = 0;
    const flaky = () => { if ((tries += 1) < 3) throw new TransientError("busy"); return tries; };
    assert.equal(await guard({ retry: { base: 0 }, classify }).call(flaky), 3);
    tries = 0;
    assert.equal(await retry(flaky, { base: 0, classify }), 3);
    tries = 0;
    assert.equal((await agent({ model: () => ({ text: `${flaky()}` }), guard: { retry: { base: 0 }, classify } }).run("x")).answer, "3");
    await settle();
    assert.deepEqual([told.mock.callCount(), first(told)], [1, `steadfast: classify returned ${what}, ${allowed}`]);
    mock.restoreAll();
  }
});

test("a clock that cannot wake does not keep anybody waiting, and no promise is left over", async () => {
  const now = () => performance.now();
  for (const [schedule, said] of [
    [() => { throw new Error("no timers"); }, "threw: the host's timer is taken"],
    [(at, wake) => { wake(); return () => {}; }, "called wake at once, before that instant: the host's timer is taken"],
  ]) {
    const told = errors();
    const failed = await guard({ timeout: 20, retry: { attempts: 2, base: 5 }, clock: { now, schedule } }).call(() => new Promise(() => {})).catch(error => error);
    assert.equal(failed.name, "RetriesExhausted");
    assert.deepEqual([told.mock.callCount(), first(told)], [1, `steadfast: clock.schedule(at, wake) ${said}`]);
    mock.restoreAll();
  }
});

test("a clock whose schedule returns no function is taken all the same", async () => {
  const clock = { now: () => performance.now(), schedule: (at, wake) => setTimeout(wake, Math.max(0, at - performance.now())) };
  assert.equal((await guard({ timeout: 10, retry: false, clock }).call(() => new Promise(() => {})).catch(error => error)).name, "DeadlineExceeded");
  assert.equal(await guard({ timeout: 10, clock }).call(async () => "ready"), "ready");
});

test("a clock that loses its hands stands still", async () => {
  for (const lost of [() => NaN, () => "soon", () => { throw new Error("no time"); }]) {
    const told = errors();
    let now = () => 5;
    const one = guard({ clock: { now: () => now(), schedule: () => () => {} } });
    now = lost;
    assert.equal(await one.call(async () => "ready"), "ready");
    assert.equal(first(told), "steadfast: clock.now() did not say a finite number of milliseconds, and the last instant that it said is taken for now");
    mock.restoreAll();
  }
});
