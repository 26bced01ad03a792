import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { guard, retry } from "steadfast";
import { VirtualClock } from "steadfast/sim";
import { never, unavailable, watch } from "./support/world.js";

/** A clock, and a log of what fired when. */
function world() {
  const clock = new VirtualClock();
  const log = [];
  return { clock, log, at: (ms, name) => clock.schedule(ms, () => log.push([name, clock.now()])) };
}

test("timers fire in the order of their instants, those of one instant in the order in which they were scheduled", async () => {
  const { clock, log, at } = world();
  at(20, "d");
  at(10, "a");
  at(10, "b");
  at(5, "first");
  at(10, "c");
  await clock.advance(9.999);
  assert.deepEqual([log, clock.now(), clock.armed], [[["first", 5]], 9.999, 4]);
  await clock.advance(0.001);
  assert.deepEqual(log.slice(1), [["a", 10], ["b", 10], ["c", 10]]);
  await clock.advance(100);
  assert.deepEqual([log.at(-1), clock.now(), clock.armed], [["d", 20], 110, 0]);
});

test("promises settle between two timers, and what they arm takes its place among the rest", async () => {
  const { clock, log, at } = world();
  clock.schedule(10, async () => {
    log.push("first");
    for (let turn = 0; turn < 100; turn += 1) await undefined;
    log.push("settled");
    at(15, "between");
  });
  at(10, "second");
  at(20, "last");
  await clock.advance(20);
  assert.deepEqual(log, ["first", "settled", ["second", 10], ["between", 15], ["last", 20]]);
});

test("a timer taken back does not fire; one for an instant that is past fires when the clock moves; one for never does not count", async () => {
  const { clock, log, at } = world();
  const back = at(5, "taken back");
  at(6, "stays");
  back();
  back();
  await clock.advance(10);
  at(3, "past");
  at(Infinity, "never");
  assert.deepEqual([log, clock.armed], [[["stays", 6]], 1]);
  await clock.advance(0);
  assert.deepEqual(log, [["stays", 6], ["past", 10]]);
});

test("ten tenths of a millisecond are one", async () => {
  const { clock, log, at } = world();
  at(1, "there");
  for (let tenth = 0; tenth < 10; tenth += 1) await clock.advance(0.1);
  assert.deepEqual([log, clock.now()], [[["there", 1]], 1]);
});

test("runAll passes all the time there is to pass, and ends what goes on for ever with a sentence", async () => {
  const { clock, log, at } = world();
  clock.schedule(1000, () => void at(clock.now() + 86_400_000, "a day later"));
  await clock.runAll();
  assert.deepEqual(log, [["a day later", 86_401_000]]);
  const again = () => clock.schedule(clock.now() + 1000, again);
  again();
  await assert.rejects(clock.runAll(5), {
    name: "SteadfastError", code: "endless",
    message: "After 5 timers 1 are still armed at 86406000 ms, the next for 86407000 ms: something arms a new one again and again. Stop it, or let a certain time pass with advance(ms).",
  });
  await clock.advance(1000);
  assert.equal(clock.now(), 86_407_000);
});

test("two who let time pass at once let it pass one after the other, also from within", async () => {
  const { clock, log, at } = world();
  at(15, "late");
  let within;
  clock.schedule(2, () => { within = clock.advance(100); });
  await Promise.all([clock.advance(10), clock.advance(5)]);
  assert.deepEqual([log, clock.now()], [[["late", 15]], 15]);
  await within;
  assert.equal(clock.now(), 115);
});

test("what a timer throws rejects, and the clock goes on", async () => {
  const { clock, log, at } = world();
  clock.schedule(5, () => { throw new Error("mine"); });
  at(7, "after");
  await assert.rejects(clock.advance(10), { message: "mine" });
  assert.deepEqual([clock.now(), log], [5, []]);
  await clock.advance(2);
  assert.deepEqual(log, [["after", 7]]);
});

test("until gives what the promise gives, at its instant, and says when it never will", async () => {
  const { clock } = world();
  const sleep = (ms, value) => new Promise(resolve => clock.schedule(clock.now() + ms, () => resolve(value)));
  assert.deepEqual([await clock.until(sleep(30, "up")), clock.now()], ["up", 30]);
  await assert.rejects(clock.until(sleep(5).then(() => { throw new Error("ill"); })), { message: "ill" });
  assert.equal(await clock.until(Promise.resolve("at once")), "at once");
  await assert.rejects(clock.until(never()), {
    code: "stuck", message: "The promise is pending at 35 ms and nothing is armed on this clock: it waits for something else, or for ever.",
  });
});

test("what makes no sense throws at once", () => {
  const { clock } = world();
  const refused = (act, name, message) => assert.throws(act, { name, message });
  refused(() => clock.advance(-1), "RangeError", "ms is -1; allowed: milliseconds, 0 or more, at most 9007199254740");
  refused(() => clock.advance("5"), "TypeError", 'ms is "5"; allowed: milliseconds, 0 or more, at most 9007199254740');
  refused(() => clock.advance(Infinity), "RangeError", "ms is Infinity; allowed: milliseconds, 0 or more, at most 9007199254740");
  refused(() => clock.runAll(0), "RangeError", "limit is 0; allowed: a whole number from 1 to 4294967295");
  refused(() => clock.schedule(NaN, () => {}), "RangeError", "at is NaN; allowed: an instant in milliseconds");
  refused(() => clock.schedule(1), "TypeError", "wake is undefined; allowed: a function");
});

test("promises settle on hosts without setImmediate too, and nothing keeps the process", () => {
  const script = `const { VirtualClock } = await import("steadfast/sim"); const clock = new VirtualClock();
    clock.schedule(5, async () => { for (let turn = 0; turn < 100; turn += 1) await undefined; clock.schedule(7, () => console.log(clock.now())); });
    await clock.advance(10); console.log("over");`;
  for (const gone of ["setImmediate", "setImmediate = globalThis.MessageChannel"]) {
    const flags = ["--input-type=module", "-e", `globalThis.${gone} = undefined; ${script}`];
    assert.equal(execFileSync(process.execPath, flags, { cwd: new URL("..", import.meta.url), encoding: "utf8", timeout: 10_000 }), "7\nover\n");
  }
});

test("a guard lives through hours in no time: not before, exactly at", async () => {
  const { clock } = world();
  const log = [];
  const watched = watch(guard({ timeout: 60_000, deadline: 3_620_000, retry: { attempts: Infinity, base: 300_000, cap: 300_000, jitter: "none" }, breaker: false, clock })
    .call(({ attempt }) => { log.push([attempt, clock.now()]); return never(); }));
  await clock.advance(3_619_999);
  assert.equal(watched.state, "pending");
  assert.deepEqual(log, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map(n => [n + 1, n * 360_000]));
  await clock.advance(1);
  assert.deepEqual([watched.error.name, watched.error.scope, clock.armed], ["DeadlineExceeded", "call", 0]);
});

test("retry waits on it", async () => {
  const { clock } = world();
  let tries = 0;
  const done = retry(() => { if ((tries += 1) < 3) throw unavailable(); return clock.now(); }, { base: 1000, jitter: "none", clock });
  assert.equal(await clock.until(done), 3000);
});

test("a guard's timers are due at every microsecond, however a clock rounds it", async () => {
  // 1.001 * 1000 is a trifle less than 1001.
  for (const timeout of [1.001, 1.003, 2.009, 4.035, 999.999]) {
    const { clock } = world();
    const watched = watch(guard({ timeout, retry: false, clock }).call(never));
    await clock.runAll(3);
    assert.deepEqual([watched.error?.name, clock.now(), clock.armed], ["DeadlineExceeded", timeout, 0], `${timeout}`);
  }
});
