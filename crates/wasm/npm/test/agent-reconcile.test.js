import assert from "node:assert/strict";
import { test } from "node:test";
import { agent, TransientError } from "steadfast";
import { entries, mails, ran, times } from "./support/agents.js";
import { never, TestClock, watch } from "./support/world.js";

const UNKNOWN = /^send_email was called and its outcome is unknown \(.*\)\. It may have happened\. Do not call it again; say so\.$/;

/** One run whose mail times out after a minute and is looked up then. */
async function lookedUp(reconcile, { after = 60_000, clock = new TestClock(), approver = ({ again }) => !again, ...more } = {}) {
  let tries = 0;
  const run = () => { tries += 1; return never(); };
  const result = await ran({ model: mails, approver, tools: { send_email: { risky: true, run, reconcile, ...more } } }, { after, clock });
  return { result, answer: result?.answer, tries };
}

test("what is found to be done is done, and the model hears that", async () => {
  for (const found of ["done", Promise.resolve("done")]) {
    const { answer, tries, result } = await lookedUp(() => found);
    assert.deepEqual([answer, tries, result.blocked], ["send_email was done.", 1, []]);
    assert.deepEqual([times(result, "effect_unknown"), times(result, "reconcile_asked"), entries(result, "reconciled").map(({ why }) => why.found.found)], [[60_000], [60_000], ["done"]]);
  }
});

test("what is found not to be done has failed, and is not tried again by itself", async () => {
  const { answer, tries } = await lookedUp(() => "not_done");
  assert.deepEqual([answer, tries], ["send_email failed: the only attempt failed: timeout: no answer within 60 s. It was looked up: it did not happen.", 1]);
});

test("the one who looks it up is handed the key that went to the tool, and the arguments", async () => {
  const keys = [];
  let asked;
  await lookedUp((key, args) => { asked = [key, args]; return "done"; }, { run: (args, { key }) => { keys.push(key); return never(); } });
  assert.deepEqual(asked, [keys[0], { to: "ada", body: "391" }]);
});

test("where it cannot be told a human is asked, who knows that it may have happened", async () => {
  for (const found of ["unknown", undefined, null, "perhaps", true, {}, 7, "constructor", "__proto__"]) {
    const questions = [];
    const approver = ({ again, why }) => { questions.push([again, why]); return !again; };
    const { answer, tries } = await lookedUp(() => found, { approver });
    assert.match(answer, UNKNOWN);
    assert.deepEqual([tries, questions.map(([again]) => again)], [1, [false, true]]);
    assert.match(questions[1][1], /may have happened/);
  }
});

test("a human who says yes to running it again gets that once, and is not asked a third time", async () => {
  let asked = 0;
  const { answer, tries } = await lookedUp(() => "unknown", { approver: ({ again }) => { asked += 1; return { approve: true, again }; }, after: 120_000 });
  assert.match(answer, UNKNOWN);
  assert.deepEqual([tries, asked], [2, 2]);
});

test("looking up is tried again where it fails for a time", async () => {
  let lookups = 0;
  const { answer, result } = await lookedUp(() => { if ((lookups += 1) < 3) throw new TransientError("503"); return "done"; }, { after: 65_000 });
  assert.deepEqual([answer, lookups, entries(result, "backing_off").length], ["send_email was done.", 3, 2]);
});

test("looking up that fails for good, or hangs, tells nothing", async () => {
  for (const reconcile of [() => { throw new Error("no such table"); }, () => Promise.reject("gone"), never]) {
    const { answer, tries } = await lookedUp(reconcile, { after: 600_000 });
    assert.match(answer, UNKNOWN);
    assert.equal(tries, 1);
  }
});

test("a tool that needs no yes is looked up too, and never tried twice", async () => {
  let tries = 0;
  const run = () => { tries += 1; throw new TransientError("502"); };
  for (const [reconcile, answer] of [[() => "done", /^send_email was done\.$/], [() => "not_done", /it did not happen\.$/], [undefined, UNKNOWN]]) {
    tries = 0;
    const tool = { effect: "once", run, guard: { retry: { attempts: 5, base: 1 } }, ...(reconcile && { reconcile }) };
    assert.match((await ran({ model: mails, tools: { send_email: tool } }, { after: 1000 })).answer, answer);
    assert.equal(tries, 1);
  }
});

test("a word that comes late, while it is looked up or asked about, settles it", async () => {
  for (const reconcile of [never, () => "unknown"]) {
    const clock = new TestClock();
    const aborted = [];
    const approver = ({ again }, { signal }) => {
      if (again) signal.addEventListener("abort", () => aborted.push(clock.now()));
      return again ? never() : true;
    };
    const run = () => new Promise(resolve => clock.schedule(70_000, () => resolve("sent, slowly")));
    const { answer } = await lookedUp(reconcile, { approver, run, clock, after: 70_000 });
    assert.deepEqual([answer, aborted], ["sent, slowly", reconcile === never ? [] : [70_000]]);
  }
});

test("a late word after the model was told is told with its next results, and asking again does not run it", async () => {
  const clock = new TestClock();
  let tries = 0;
  const run = () => { tries += 1; return new Promise(resolve => clock.schedule(70_000, () => resolve("sent, slowly"))); };
  const wants = [
    { toolCalls: [{ id: "a", tool: "send", args: {} }] }, { toolCalls: [{ id: "b", tool: "wait", args: {} }] }, { toolCalls: [{ id: "c", tool: "send", args: {} }] }, { text: "done" },
  ];
  const told = [];
  const model = messages => { told.push(messages.at(-1).content); return wants.shift(); };
  const wait = { run: () => new Promise(resolve => clock.schedule(75_000, () => resolve("waited"))) };
  const result = await ran({ model, tools: { send: { effect: "once", run }, wait } }, { clock, after: 80_000 });
  assert.equal(result.stop, "answered");
  assert.match(told[1], /It may have happened/);
  assert.equal(told[2], "waited\n\nKnown since: send with {} happened after all: sent, slowly");
  assert.equal(tries, 2, "the model asked knowing that it had happened");
});

test("neither an open breaker of the tool nor its budget keeps anybody from looking it up", async () => {
  const { answer } = await lookedUp(() => "done", { guard: { breaker: { consecutive: 1 } } });
  assert.equal(answer, "send_email was done.");
});

test("in a resumed run too: what another process left unknown is looked up first", async () => {
  const clock = new TestClock();
  const ledger = { claim: () => ({ granted: false, state: "unknown", output: "timeout" }), record() {} };
  let tries = 0;
  const tool = { risky: true, run: () => { tries += 1; }, reconcile: () => "done" };
  const one = agent({ model: mails, tools: { send_email: tool }, ledger, clock });
  const { snapshot } = await one.run("x", { suspend: true });
  const run = watch(one.resume(snapshot, { 1: { approve: true } }));
  await clock.advance(1);
  assert.deepEqual([run.value.answer, tries], ["send_email was done.", 0]);
});
