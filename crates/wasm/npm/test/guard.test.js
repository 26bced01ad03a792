import assert from "node:assert/strict";
import { test } from "node:test";
import { Budget, CircuitBreaker, CircuitOpen, DeadlineExceeded, guard, RetriesExhausted } from "steadfast";
import { never, settle, TestClock, unavailable, watch } from "./support/world.js";

test("every decision is told with its reason and a sentence, and a copy has them all", async () => {
  const clock = new TestClock();
  const one = guard({ timeout: 1000, retry: { jitter: "none" }, clock });
  const told = [];
  const off = one.on("decision", entry => told.push(entry));
  let tries = 0;
  const watched = watch(one.call(() => { if ((tries += 1) === 1) throw unavailable(); return "done"; }));
  await clock.advance(500);
  assert.equal(watched.value, "done");
  assert.deepEqual(JSON.parse(JSON.stringify(told)), [
    { at: 0, what: "attempt_started", why: { option: 0, until: 1000, scope: "attempt" }, text: "An attempt starts; its timeout is at 1 s.", call: "1", attempt: 1 },
    { at: 0, what: "attempt_failed", why: { failure: { class: "overloaded", transient: true, message: "503 Service Unavailable" }, after: 0 },
      text: "The attempt failed after 0 ms: overloaded: 503 Service Unavailable. That may pass.", call: "1", attempt: 1 },
    { at: 0, what: "backing_off", why: { next: 2, of: 3, until: 500, delay: { delay: 500, floor: 500, ceiling: 500 } },
      text: told[2].text, call: "1" },
    { at: 500, what: "attempt_started", why: { option: 0, until: 1500, scope: "attempt" }, text: "An attempt starts; its timeout is at 1.5 s.", call: "1", attempt: 2 },
    { at: 500, what: "attempt_succeeded", why: { after: 0 }, text: "The attempt succeeded after 0 ms.", call: "1", attempt: 2 },
  ]);
  off();
  await one.call(() => "again");
  assert.equal(told.length, 5);
});

test("a timeout ends an attempt and not the call; without retries it is what rejects", async () => {
  const clock = new TestClock();
  let tries = 0;
  const well = watch(guard({ timeout: 1000, retry: { jitter: "none" }, clock }).call(() => ((tries += 1) === 1 ? never() : "second")));
  const ill = watch(guard({ timeout: 1000, retry: false, clock }).call(never));
  await clock.advance(1500);
  assert.equal(well.value, "second");
  assert(ill.error instanceof DeadlineExceeded);
  assert.equal(ill.error.scope, "attempt");
});

test("what cannot be done before the deadline is not begun", async () => {
  const clock = new TestClock();
  const watched = watch(guard({ deadline: 400, retry: { jitter: "none" }, clock }).call(() => { throw unavailable(); }));
  await settle();
  assert.deepEqual([watched.error.scope, watched.error.cause.status, clock.now()], ["call", 503, 0]);
});

test("an open breaker refuses, or the fallback is tried instead", async () => {
  const clock = new TestClock();
  const breaker = new CircuitBreaker({ consecutive: 1, clock });
  const one = guard({ breaker, retry: false, clock });
  assert.equal(one.breaker, breaker);
  const changes = [];
  breaker.on("state", ({ to }) => changes.push(to));
  await assert.rejects(one.call(() => { throw unavailable(); }), { status: 503 });
  assert.deepEqual(changes, ["open"]);
  await assert.rejects(one.call(() => "never"), CircuitOpen);
  assert.equal(await one.call(() => "never", { fallbacks: [({ option }) => `option ${option}`] }), "option 1");
  await assert.rejects(one.call(never, { fallbacks: [() => { throw unavailable(); }] }), error => {
    assert.deepEqual([error.code, error.errors[0].code, error.errors[1].status], ["all_options_failed", "circuit_open", 503]);
    return true;
  });
});

test("a guard's own breaker is one of its own, and none is none", () => {
  assert.notEqual(guard().breaker, guard().breaker);
  assert.equal(guard({ breaker: false }).breaker, undefined);
  assert.equal(guard({ breaker: { consecutive: 1 } }).breaker.state, "closed");
});

test("two guards that share a breaker share what it knows", async () => {
  const breaker = new CircuitBreaker({ consecutive: 2 });
  const [one, other] = [0, 1].map(() => guard({ breaker, retry: false }));
  for (const each of [one, other]) await each.call(() => { throw unavailable(); }).catch(() => {});
  await assert.rejects(one.call(() => "never"), CircuitOpen);
});

test("two layers of retries share a budget of attempts", async () => {
  const clock = new TestClock();
  const budget = new Budget({ attempts: 5, clock });
  let calls = 0;
  const layer = spends => guard({ retry: { base: 10 }, breaker: false, budget: spends, clock });
  const [outer, inner] = [layer(budget), layer(budget.child({}))];
  const watched = watch(outer.call(() => inner.call(() => { calls += 1; throw unavailable(); })));
  await clock.advance(60_000);
  assert.deepEqual([watched.state, calls, budget.left.attempts], ["rejected", 3, 0]);
  await assert.rejects(outer.call(() => "never"), { code: "budget_exceeded", what: "attempts" });
});

test("a budget that runs out between two tries says what the last failure was", async () => {
  const clock = new TestClock();
  const watched = watch(guard({ budget: new Budget({ attempts: 1, clock }) }).call(() => { throw unavailable(); }));
  await clock.advance(60_000);
  assert(watched.error instanceof RetriesExhausted);
  assert.deepEqual([watched.error.attempts, watched.error.cause.status], [1, 503]);
});

test("a run's time in its budget is a call's deadline too", async () => {
  const clock = new TestClock();
  const watched = watch(guard({ budget: new Budget({ deadline: 70, clock }) }).call(never));
  await clock.advance(70);
  assert.equal(watched.error.scope, "run");
});

test("instants of two clocks do not mix", () => {
  const [one, other] = [new TestClock(), new TestClock()];
  assert.throws(() => guard({ clock: one, breaker: new CircuitBreaker({ clock: other }) }), { name: "TypeError", message: /^clock is another than/ });
  assert.throws(() => guard({ breaker: new CircuitBreaker({ clock: one }), budget: new Budget({ clock: other }) }), TypeError);
});

test("a call within a call of the same guard, and a listener that calls, get their own results", async () => {
  const one = guard();
  let inner;
  one.on("decision", ({ what, call }) => { if (what === "attempt_started" && call === "1") inner = one.call(() => "from a listener"); });
  assert.equal(await one.call(() => one.call(({ attempt }) => `within ${attempt}`)), "within 1");
  assert.equal(await inner, "from a listener");
});

test("an error says what was decided in its call, if somebody listened", async () => {
  const clock = new TestClock();
  const one = guard({ retry: { attempts: 2, base: 10 }, breaker: { consecutive: 2 }, clock });
  const silent = await one.call(() => { throw Object.assign(new Error("401"), { status: 401 }); }).catch(error => error);
  assert.equal(silent.trace, undefined);
  const off = one.on("decision", () => {});
  const [first, other] = [watch(one.call(() => { throw unavailable(); })), watch(one.call(never))];
  await clock.advance(10);
  assert.deepEqual(first.error.trace.map(({ what }) => what), ["attempt_started", "attempt_failed", "backing_off", "attempt_started", "attempt_failed", "breaker_opened", "call_failed"]);
  assert.equal(new Set(first.error.trace.map(({ call }) => call)).size, 1);
  const refused = await one.call(() => "never").catch(error => error);
  assert.deepEqual(refused.trace.map(({ what }) => what), ["breaker_rejected", "call_failed"]);
  off();
  assert.equal(other.state, "pending");
});

test("one caller's cancellation leaves the other's call alone", async () => {
  const one = guard({ timeout: 1000 });
  const caller = new AbortController();
  let signal;
  const [mine, yours] = [watch(one.call(({ signal: own }) => { signal = own; return never(); }, { signal: caller.signal })), watch(one.call(async () => "well"))];
  caller.abort("mine");
  await settle();
  assert.deepEqual([mine.error, signal.reason, yours.value], ["mine", "mine", "well"]);
});
