import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { getEventListeners, setMaxListeners } from "node:events";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { machines } from "../build/js/src/engine.js";
import { CircuitBreaker, callWithDeadline, guard, retry } from "../build/js/src/index.js";
import { never, settle, TestClock, unavailable } from "./support/world.js";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");

function timeouts() {
  return process.getActiveResourcesInfo().filter(name => name === "Timeout").length;
}

/** A process of its own: what it printed, and whether it ended by itself. */
function run(script) {
  const text = `import { CircuitBreaker, guard, retry, callWithDeadline } from "steadfast"; ${script}`;
  return execFileSync(process.execPath, ["--input-type=module", "-e", text], { cwd: new URL("..", import.meta.url), encoding: "utf8", timeout: 10_000 }).trim();
}

test("many calls leave no machine, no listener and no heap behind", async () => {
  const { signal } = new AbortController();
  setMaxListeners(0, signal);
  const [one, breaker] = [guard(), new CircuitBreaker()];
  const ways = [
    () => one.call(async () => 1), () => one.call(async () => 1, { signal }), () => breaker.call(async () => 1, { signal }),
    () => retry(async () => 1, { signal }), () => callWithDeadline(async () => 1, 1000), () => one.call(() => { throw new Error("bug"); }).catch(() => {}),
  ];
  const times = async count => { for (let left = count; left > 0; left -= 1) for (const way of ways) await way(); };
  await times(3000);
  collect();
  const [before, heap] = [machines.machines(), process.memoryUsage().heapUsed];
  await times(170_000);
  await settle();
  collect();
  const grown = process.memoryUsage().heapUsed - heap;
  assert.deepEqual([machines.machines() - before, getEventListeners(signal, "abort").length], [0, 0]);
  assert(grown < 1_000_000, `the heap grew by ${grown} bytes in 1,020,000 calls`);
});

test("what nobody holds any more is given back", async () => {
  collect();
  await settle();
  const before = machines.machines();
  (() => { for (let left = 1000; left > 0; left -= 1) guard(); })();
  assert.equal(machines.machines() - before, 2000);
  for (let tries = 50; machines.machines() - before > 100 && tries > 0; tries -= 1) {
    collect();
    await new Promise(resolve => setTimeout(resolve, 10));
  }
  assert(machines.machines() - before <= 100, `${machines.machines() - before} machines are left of 1,000 guards and their breakers`);
});

test("ten thousand pending calls keep one armed timer, and none when they are gone", async () => {
  const clock = new TestClock();
  const before = timeouts();
  const caller = new AbortController();
  setMaxListeners(0, caller.signal);
  const [real, tested] = [guard({ breaker: false }), guard({ breaker: false, clock })];
  const pending = Array.from({ length: 5000 }, () => [real.call(never, { signal: caller.signal }), tested.call(never, { signal: caller.signal })]).flat();
  assert.deepEqual([timeouts() - before, clock.armed], [1, 1]);
  caller.abort();
  await Promise.allSettled(pending);
  assert.deepEqual([clock.armed, getEventListeners(caller.signal, "abort").length], [0, 0]);
});

test("deadlines in any order are met in theirs", async () => {
  const clock = new TestClock();
  const ended = [];
  const limits = [70, 10, 50, 30, 90, 20, 80, 60, 40, 100];
  for (const ms of limits) callWithDeadline(never, ms, { clock }).catch(() => ended.push([ms, clock.now()]));
  const caller = new AbortController();
  for (const ms of [15, 35, 75]) callWithDeadline(never, ms, { clock, signal: caller.signal }).catch(() => {});
  caller.abort();
  await clock.advance(1000);
  assert.deepEqual(ended, [...limits].sort((one, other) => one - other).map(ms => [ms, ms]));
});

test("a process ends while breakers idle and calls are done, and waits for a retry and a deadline", () => {
  assert.equal(run(`
    const breaker = new CircuitBreaker({ consecutive: 1 });
    await breaker.call(() => { throw Object.assign(new Error(), { status: 503 }); }).catch(() => {});
    await guard({ timeout: 60_000 }).call(async () => new Promise(resolve => setTimeout(resolve, 20)));
    console.log(breaker.state);
  `), "open");
  assert.equal(run(`
    let tries = 0;
    retry(() => { if ((tries += 1) === 1) throw Object.assign(new Error(), { status: 503 }); return "done"; }, { base: 100, jitter: "none" }).then(console.log);
  `), "done");
  assert.equal(run("callWithDeadline(() => new Promise(() => {}), 50).catch(error => console.log(error.name));"), "DeadlineExceeded");
});

test("nothing that comes late or goes wrong is unhandled", async () => {
  const caught = [];
  const note = error => caught.push(error);
  process.on("unhandledRejection", note);
  const clock = new TestClock();
  const late = () => new Promise((_, reject) => clock.schedule(100, () => reject(unavailable())));
  const one = guard({ timeout: 50, retry: { attempts: 2, jitter: "none", base: 10 }, clock });
  one.call(late).catch(() => {});
  callWithDeadline(late, 50, { clock }).catch(() => {});
  const caller = new AbortController();
  for (const call of [one.call(late, { signal: caller.signal }), new CircuitBreaker({ clock }).call(late, { signal: caller.signal })]) call.catch(() => {});
  caller.abort();
  await clock.advance(1000);
  process.off("unhandledRejection", note);
  assert.deepEqual(caught, []);
});
