import assert from "node:assert/strict";
import { getEventListeners, setMaxListeners } from "node:events";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { runs } from "../build/js/src/agent/engine.js";
import { machines } from "../build/js/src/engine.js";
import { agent, Budget, CircuitBreaker } from "../build/js/src/index.js";
import { calculates, call, mailbox, mails, multiply } from "./support/agents.js";
import { never, settle, TestClock, unavailable } from "./support/world.js";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");
const YES = { approve: true };

/** Rejections that nobody handled while `act` was at work. */
async function unhandled(act) {
  const caught = [];
  const note = error => caught.push(error);
  process.on("unhandledRejection", note);
  await act();
  await settle();
  process.off("unhandledRejection", note);
  return caught;
}

/** What runs come to in every way there is, with one clock, breaker, budget and signal for all of them. */
function ways() {
  const clock = new TestClock();
  const breaker = new CircuitBreaker({ consecutive: 0, window: null, clock });
  const budget = new Budget({ attempts: 1e9, tokens: 1e9, clock });
  const { signal } = new AbortController();
  setMaxListeners(0, signal);
  const shared = { clock, budget, guard: { breaker, timeout: 1000, retry: { attempts: 2, base: 10, jitter: "none" } } };
  const late = (value, ms) => new Promise((resolve, reject) => clock.schedule(clock.now() + ms, () => (value instanceof Error ? reject(value) : resolve(value))));
  const agents = {
    answers: agent({ ...shared, model: calculates, tools: { multiply } }),
    fails: agent({ ...shared, model: () => { throw unavailable(); } }),
    hangs: agent({ ...shared, model: () => late(unavailable(), 1500) }),
    toolHangs: agent({ ...shared, model: mails, tools: { send_email: { effect: "once", run: () => late("sent", 70_000), guard: { breaker: false } } } }),
    asks: agent({ ...shared, model: mails, tools: { send_email: mailbox().tool } }),
    askedLate: agent({ ...shared, model: mails, tools: { send_email: mailbox().tool }, approver: () => late(true, 5000), approvalExpiresAfter: 1000 }),
  };
  const cancelled = async one => {
    const caller = new AbortController();
    const run = one.run("x", { signal: caller.signal });
    await settle();
    caller.abort();
    return run;
  };
  const resumed = async () => {
    const { snapshot } = await agents.asks.run("x", { suspend: true, signal });
    return Promise.all([YES, YES, { approve: false }].map(decision => agents.asks.resume(snapshot, { 1: decision }, { signal })));
  };
  const all = [
    () => agents.answers.run("x", { signal }), () => agents.fails.run("x"), () => agents.hangs.run("x", { signal }), () => agents.toolHangs.run("x"),
    () => agents.askedLate.run("x", { signal }), () => cancelled(agents.hangs), () => cancelled(agents.toolHangs), () => cancelled(agents.askedLate), resumed,
    () => agents.asks.resume("nothing", {}).catch(() => {}),
  ];
  return { clock, signal, budget, times: async count => {
    const pending = [];
    for (let left = count; left > 0; left -= 1) pending.push(...all.map(way => way()));
    await clock.advance(100_000);
    return Promise.all(pending);
  } };
}

test("two thousand runs of every kind leave no timer, no listener, no machine and no heap behind", async () => {
  const { clock, signal, times } = ways();
  await times(20);
  collect();
  const [before, others, heap] = [runs.machines(), machines.machines(), process.memoryUsage().heapUsed];
  let results;
  assert.deepEqual(await unhandled(async () => { for (let left = 10; left > 0; left -= 1) results = await times(20); }), []);
  assert.deepEqual(results.slice(0, 8).map(({ stop }) => stop), [
    "answered", "model_unavailable", "model_unavailable", "answered", "answered", "cancelled", "cancelled", "cancelled",
  ]);
  results = undefined;
  await settle();
  collect();
  assert.deepEqual([runs.machines() - before, machines.machines() - others, clock.armed, getEventListeners(signal, "abort").length], [0, 0, 0, 0]);
  const grown = process.memoryUsage().heapUsed - heap;
  assert(grown < 1_000_000, `the heap grew by ${grown} bytes in 2,000 runs and 600 resumes`);
});

test("a step at the end of a long run costs what one at its beginning does", async () => {
  const spent = [];
  // What it asks for and what it hears are new each time: else it would be stopped for repeating itself.
  const model = messages => {
    spent.push(process.cpuUsage().user);
    assert.equal(messages.length, 2 * spent.length - 1);
    return spent.length < 2000 ? call("look", { page: spent.length, marks: ["a", { b: null }] }) : { text: "read" };
  };
  const { stop, steps } = await agent({ model, tools: { look: { run: ({ page }) => `page ${page}` } }, maxSteps: 2000 }).run("Read it all.");
  assert.deepEqual([stop, steps], ["answered", 2000]);
  const [first, last] = [spent[499] - spent[0], spent[1999] - spent[1500]];
  // Copied for each turn anew, a conversation that is seven times as long would cost seven times as much.
  assert(last < 3 * first, `the first 500 steps took ${first / 1000} ms of the processor, the last 500 ${last / 1000} ms`);
});

test("while they wait, a thousand runs keep one armed timer", async () => {
  const clock = new TestClock();
  const one = agent({ model: never, clock });
  const caller = new AbortController();
  setMaxListeners(0, caller.signal);
  const pending = Array.from({ length: 1000 }, () => one.run("x", { signal: caller.signal }));
  await settle();
  assert.equal(clock.armed, 1);
  caller.abort();
  assert.deepEqual([...new Set((await Promise.all(pending)).map(({ stop }) => stop))], ["cancelled"]);
  assert.deepEqual([clock.armed, getEventListeners(caller.signal, "abort").length], [0, 0]);
});

test("a run that was given up with a function that never settles goes with it", async () => {
  const clock = new TestClock();
  const before = runs.machines();
  await (async () => {
    const one = agent({ model: never, guard: { timeout: 10, retry: false }, clock });
    const pending = Array.from({ length: 200 }, () => one.run("x"));
    await clock.advance(10);
    await Promise.all(pending);
  })();
  for (let tries = 50; runs.machines() - before > 20 && tries > 0; tries -= 1) {
    collect();
    await new Promise(resolve => setTimeout(resolve, 10));
  }
  assert(runs.machines() - before <= 20, `${runs.machines() - before} machines are left of 200 runs and their agent`);
});

test("nothing that comes late or goes wrong is unhandled", async () => {
  const clock = new TestClock();
  const late = () => new Promise((_, reject) => clock.schedule(clock.now() + 5000, () => reject(unavailable())));
  const ledger = { claim: () => Promise.reject(new Error("gone")), record: () => Promise.reject(new Error("gone")) };
  const error = console.error;
  console.error = () => {};
  const caught = await unhandled(async () => {
    const guard = { timeout: 50, retry: { attempts: 2, base: 10 } };
    const one = agent({ model: late, guard, clock });
    const asks = agent({ model: mails, tools: { send_email: { risky: true, run: late, reconcile: late, guard } }, approver: late, approvalExpiresAfter: 100, ledger, clock });
    const runsOf = [one.run("x"), asks.run("x")];
    const { snapshot } = await asks.run("x", { suspend: true });
    runsOf.push(asks.resume(snapshot, { 1: YES }), asks.resume(snapshot, {}));
    await clock.advance(600_000);
    await Promise.all(runsOf);
  });
  console.error = error;
  assert.deepEqual(caught, []);
});
