import assert from "node:assert/strict";
import { test } from "node:test";
import { ApprovalDenied, approvalGate, Budget, BudgetExceeded } from "steadfast";
import { never, settle, TestClock, watch } from "./support/world.js";

test("reserved before, settled after, and a child only narrows", () => {
  const budget = new Budget({ tokens: 100, money: 1.5 });
  const reservation = budget.reserve({ tokens: 80, money: 0.25 });
  assert.deepEqual(budget.left, { time: Infinity, attempts: Infinity, steps: Infinity, tokens: 20, money: 1.25 });
  assert.throws(() => budget.reserve({ tokens: 80 }), error => {
    assert(error instanceof BudgetExceeded);
    assert.deepEqual([error.what, error.message], ["tokens", "tokens: 80 asked for, 20 left of 100; ask for less, or raise budget.tokens"]);
    return true;
  });
  reservation.settle({ tokens: 30 });
  reservation.settle({ tokens: 30 });
  reservation.cancel();
  const child = budget.child({ tokens: 1000 });
  child.reserve({ tokens: 50 }).cancel();
  child.reserve({ tokens: 50 }).settle({ tokens: 60 });
  assert.deepEqual([budget.left.tokens, child.left.tokens, budget.left.money], [10, 10, 1.5]);
});

test("of a budget that is used up nothing is reserved, also where nobody says how much", () => {
  for (const [spent, what, message] of [
    [{ tokens: 5 }, "tokens", /^tokens: 1 asked for, 0 left of 5;/],
    [{ money: 2 }, "money", /^money: .* 0 left of /],
  ]) {
    const budget = new Budget({ ...spent });
    budget.reserve({}).cancel();
    budget.reserve(spent).settle(spent);
    assert.throws(() => budget.reserve({}), { what, message });
    assert.throws(() => budget.child({}).reserve({}), { what });
  }
});

test("time is up at its instant", async () => {
  const clock = new TestClock();
  const budget = new Budget({ deadline: 1000, clock });
  await clock.advance(999);
  assert.equal(budget.left.time, 1);
  await clock.advance(1);
  assert.throws(() => budget.reserve({}), { what: "time" });
});

/** A gate before one action, and what it let through. */
function gateOf(options) {
  const clock = new TestClock();
  const ran = [];
  const pay = approvalGate(args => { ran.push(args.amount); return "paid"; }, { tool: "pay", risky: true, expiresAfter: 1000, clock, ...options });
  return { clock, ran, pay };
}

test("safe calls run, risky ones wait for a yes to what was asked", async () => {
  let asked;
  const { ran, pay } = gateOf({ risky: ({ amount }) => amount > 10, approver: async request => { asked = request; return true; } });
  assert.deepEqual([await pay({ amount: 5 }), asked], ["paid", undefined]);
  assert.equal(await pay({ amount: 50 }), "paid");
  assert.deepEqual([asked.id, asked.tool, asked.args, asked.expiresAt, asked.why], ["1", "pay", { amount: 50 }, 1000, "pay is risky, so a human decides"]);
  assert.match(asked.digest, /^[0-9a-f]{64}$/);
  assert.deepEqual(ran, [5, 50]);
});

test("whatever is not clearly a yes is a no", async () => {
  for (const answer of [false, undefined, 1, "yes", { approve: "true" }, { approve: false, message: "not today" }]) {
    const { ran, pay } = gateOf({ approver: () => answer });
    await assert.rejects(pay({ amount: 1 }), error => error instanceof ApprovalDenied && error.outcome === "denied");
    assert.deepEqual(ran, []);
  }
  await assert.rejects(gateOf({ approver: () => { throw new Error("no"); } }).pay({ amount: 1 }), { outcome: "denied" });
  await assert.rejects(gateOf({}).pay({ amount: 1 }), { message: "pay is risky, and there is nobody to ask" });
  await assert.rejects(gateOf({ risky: () => { throw new Error("?"); } }).pay({ amount: 1 }), { outcome: "denied" });
});

test("silence is a no of its own kind, at its instant, and a late yes changes nothing", async () => {
  let answer, signal;
  const { clock, ran, pay } = gateOf({ approver: (_, context) => { signal = context.signal; return new Promise(resolve => { answer = resolve; }); } });
  const watched = watch(pay({ amount: 1 }));
  await clock.advance(999.999);
  assert.equal(watched.state, "pending");
  await clock.advance(0.001);
  assert.deepEqual([watched.error.outcome, signal.aborted, clock.armed], ["expired", true, 0]);
  answer(true);
  await settle();
  assert.deepEqual(ran, []);
});

test("a yes is to the arguments that were shown: edited by the human they run, changed behind their back they do not", async () => {
  const edited = gateOf({ approver: () => ({ approve: true, args: { amount: 2 } }) });
  await edited.pay({ amount: 1 });
  assert.deepEqual(edited.ran, [2]);
  const args = { amount: 1 };
  const changed = gateOf({ approver: request => { args.amount = 1000; assert.deepEqual(request.args, { amount: 1 }); return true; } });
  await assert.rejects(changed.pay(args), { outcome: "denied" });
  assert.deepEqual(changed.ran, []);
});

test("equal arguments have one digest, in whatever order", async () => {
  const digests = [];
  const gate = () => gateOf({ seed: 1, approver: ({ digest }) => { digests.push(digest); return true; } });
  for (const args of [{ amount: 1, to: { b: 2, a: 1 } }, { to: { a: 1, b: 2 }, amount: 1 }, { amount: 2 }]) await gate().pay(args);
  assert.equal(digests[0], digests[1]);
  assert.notEqual(digests[0], digests[2]);
});

test("an approver that never answers does not outlive the question", async () => {
  const { clock, pay } = gateOf({ approver: never });
  const watched = watch(pay({ amount: 1 }));
  await clock.advance(1000);
  assert.equal(watched.error.message, "nobody answered in time");
});
