import assert from "node:assert/strict";
import { test } from "node:test";
import { agent, TransientError } from "steadfast";
import { call, entries, last, mailbox, mails, ran, whats } from "./support/agents.js";
import { office } from "./support/resumes.js";
import { never, settle, TestClock, watch } from "./support/world.js";

const YES = { approve: true };
const NO = { approve: false };
/** The same run, after so many milliseconds away. */
const away = (snapshot, ms) => snapshot.replace(/@(\d+)$/, (_, at) => `@${Number(at) - ms}`);

test("a run that may suspend runs what is safe, and waits for a human with the rest", async () => {
  const { office: one, sent, looked } = office({ clock: new TestClock() });
  const result = await one.run("Write to all.", { suspend: true });
  assert.deepEqual([result.stop, result.degraded, result.blocked, sent, looked], ["suspended", true, ["send"], [], ["orders"]]);
  assert.equal(result.answer, "This waits for a human's decision on send (3 calls).");
  assert.deepEqual(result.pending.map(({ id, tool, args, again, why, expiresAt }) => [id, tool, args, again, why, expiresAt]), [
    ["1", "send", { to: "ada" }, false, "send is risky, so a human decides", 600_000],
    ["2", "send", { to: "bob" }, false, "send is risky, so a human decides", 600_000],
    ["3", "send", { to: "cyd" }, false, "send is risky, so a human decides", 600_000],
  ]);
  assert.deepEqual(entries(result, "run_suspended").map(({ text }) => text), ["The run is suspended: 3 questions wait for a human, and its snapshot can be resumed here or elsewhere."]);
  assert.deepEqual(JSON.parse(JSON.stringify(result)), result);
});

test("calls are decided one by one: the yes runs, the no is told, what is unanswered waits again", async () => {
  const { office: one, sent, looked } = office();
  const first = await one.run("x", { suspend: true });
  const second = await one.resume(first.snapshot, { 1: YES, 2: { approve: false, message: "Bob knows." } });
  assert.deepEqual([second.stop, sent, second.pending.map(({ id, args }) => [id, args])], ["suspended", ["ada"], [["3", { to: "cyd" }]]]);
  const third = await one.resume(second.snapshot, { 3: { approve: true, args: { to: "dan" } } });
  assert.deepEqual([third.stop, third.degraded, third.blocked, sent, looked], ["answered", false, ["send"], ["ada", "dan"], ["orders"]]);
  assert.equal(third.answer, "a: saw orders\nada: sent to ada\nbob: send did not run: a human said no. They said: Bob knows.\ncyd: sent to dan");
});

test("the same snapshot any number of times, with any decisions: each effect at most once", async () => {
  const { office: one, sent, looked } = office();
  const { snapshot } = await one.run("x", { suspend: true });
  const all = { 1: YES, 2: YES, 3: NO };
  const results = await Promise.all([all, all, { 1: NO, 2: NO, 3: YES }, {}, { 1: { ...YES, args: { to: "eve" } } }, { 7: YES, x: YES }].map(decisions => one.resume(snapshot, decisions)));
  assert.deepEqual([sent, looked], [["ada", "bob"], ["orders"]]);
  const done = "a: saw orders\nada: sent to ada\nbob: sent to bob\ncyd: send did not run: a human said no.";
  assert.equal(results[0].answer, done);
  assert.deepEqual(results.map(({ stop }) => stop), ["answered", "answered", "answered", "suspended", "suspended", "suspended"]);
  assert.deepEqual([(await one.resume(snapshot, all)).answer, sent.length], [results[1].answer, 2]);
  assert.equal(results[1].answer, "a: saw orders\nada: sent to ada\nbob: sent to bob\ncyd: send did not run: another resume of this run was first.");
});

test("whoever resumes while another resume is sending waits for nobody and sends nothing", async () => {
  const clock = new TestClock();
  let sent = 0;
  const send = { risky: true, run: () => { sent += 1; return new Promise(resolve => clock.schedule(1000, () => resolve("sent"))); } };
  const one = agent({ model: mails, tools: { send_email: send }, clock });
  const { snapshot } = await one.run("x", { suspend: true });
  const [first, second] = [0, 1].map(() => watch(one.resume(snapshot, { 1: YES })));
  await settle();
  assert.equal(second.value.answer, "send_email was called and its outcome is unknown (another resume of this run started it). It may have happened. Do not call it again; say so.");
  await clock.advance(1000);
  assert.deepEqual([first.value.answer, sent, (await one.resume(snapshot, { 1: NO })).answer], ["sent", 1, "sent"]);
});

test("a yes that names another digest closes nothing; the right one does", async () => {
  const { office: one, sent } = office();
  const { snapshot, pending } = await one.run("x", { suspend: true });
  const [ada, bob] = pending.map(({ digest }) => digest);
  const wrong = await one.resume(snapshot, { 1: { ...YES, digest: bob }, 2: NO, 3: NO });
  assert.deepEqual([wrong.stop, wrong.pending.map(({ id }) => id), sent], ["suspended", ["1"], []]);
  const right = await one.resume(wrong.snapshot, { 1: { ...YES, digest: ada } });
  assert.deepEqual([right.stop, sent], ["answered", ["ada"]]);
});

test("a question that expired while it was away is a no, whatever the decision", async () => {
  const { office: one, sent } = office({ approvalExpiresAfter: 60_000 });
  const { snapshot } = await one.run("x", { suspend: true });
  const late = await one.resume(away(snapshot, 60_000), { 1: YES, 2: YES, 3: YES });
  assert.deepEqual([late.stop, sent, late.blocked], ["answered", [], ["send"]]);
  assert.equal(late.answer.split("\n")[1], "ada: send did not run: nobody answered in time.");
});

test("one that has not is open for what is left", async () => {
  const clock = new TestClock();
  const { office: one, sent } = office({ approvalExpiresAfter: 60_000, clock });
  const { snapshot } = await one.run("x", { suspend: true });
  await clock.advance(25_000);
  const again = await one.resume(snapshot, {});
  assert.deepEqual([again.stop, again.pending[0].expiresAt, sent], ["suspended", 60_000, []]);
  await clock.advance(34_999);
  assert.equal((await one.resume(again.snapshot, {})).stop, "suspended");
  await clock.advance(1);
  const late = await one.resume(again.snapshot, { 1: YES, 2: YES, 3: YES });
  assert.deepEqual([late.stop, sent], ["answered", []]);
});

test("of a clock of the caller's own and the host's, the calendar counts", async () => {
  const clock = new TestClock();
  const { office: one, sent } = office({ approvalExpiresAfter: 60_000, clock });
  const { snapshot } = await one.run("x", { suspend: true });
  assert.match(snapshot, /@\d{13}c0$/);
  const { office: other } = office({ approvalExpiresAfter: 60_000 });
  assert.equal((await other.resume(snapshot, {})).stop, "suspended");
  const earlier = snapshot.replace(/@(\d+)c/, (_, at) => `@${Number(at) - 60_000}c`);
  assert.deepEqual([(await other.resume(earlier, { 1: YES, 2: YES, 3: YES })).stop, sent], ["answered", []]);
});

test("only decisions that somebody wrote down count", async () => {
  const { office: one, sent } = office();
  const { snapshot } = await one.run("x", { suspend: true });
  assert.equal((await one.resume(snapshot, Object.create({ 1: YES, 2: YES, 3: YES }))).stop, "suspended");
  assert.deepEqual(sent, []);
});

test("a snapshot from the future was not away at all", async () => {
  const { office: one, sent } = office();
  const { snapshot } = await one.run("x", { suspend: true });
  assert.equal((await one.resume(away(snapshot, -86_400_000), { 1: YES, 2: NO, 3: NO })).stop, "answered");
  assert.deepEqual(sent, ["ada"]);
});

test("with an approver, a resume asks about what is left open, and not about what is decided", async () => {
  const asked = [];
  const { office: one, sent } = office({ approver: ({ id, args }) => (asked.push(id), args.to === "bob") });
  const { snapshot } = await one.run("x", { suspend: true });
  assert.deepEqual(asked, []);
  const result = await one.resume(snapshot, { 1: NO });
  assert.deepEqual([result.stop, asked, sent], ["answered", ["2", "3"], ["bob"]]);
});

test("an approver is not asked by a resume that suspends", async () => {
  const { office: one } = office({ approver: () => assert.fail("asked") });
  const { snapshot } = await one.run("x", { suspend: true });
  assert.equal((await one.resume(snapshot, { 1: NO }, { suspend: true })).pending.length, 2);
});

test("where nobody is there to ask, a resume suspends even if it was told not to: it would only wait for the end", async () => {
  const { office: one } = office();
  const { snapshot } = await one.run("x", { suspend: true });
  assert.equal((await one.resume(snapshot, { 1: NO }, { suspend: false })).stop, "suspended");
});

test("a resumed run goes on: it may want more, and suspends again with other questions", async () => {
  const { sent, tool } = mailbox();
  const model = messages => {
    const told = messages.filter(({ role }) => role === "tool").length;
    return told < 3 ? call("send_email", { number: told + 1 }, `c${told}`) : { text: "all sent" };
  };
  const one = agent({ model, tools: { send_email: tool } });
  let result = await one.run("x", { suspend: true });
  const ids = [];
  while (result.stop === "suspended") {
    const [{ id }] = result.pending;
    ids.push(id);
    result = await one.resume(result.snapshot, { [id]: YES });
  }
  assert.deepEqual([result.answer, result.steps, ids, sent.map(({ number }) => number)], ["all sent", 4, ["1", "2", "3"], [1, 2, 3]]);
  assert.equal(whats(result)[0], "run_resumed");
});

test("a resume that is cancelled before it begins decides nothing, and the snapshot can be resumed again", async () => {
  const { office: one, sent } = office();
  const { snapshot } = await one.run("x", { suspend: true });
  assert.equal((await one.resume(snapshot, { 1: YES, 2: YES, 3: YES }, { signal: AbortSignal.abort() })).stop, "cancelled");
  assert.deepEqual(sent, []);
  await one.resume(snapshot, { 1: YES, 2: NO, 3: NO });
  assert.deepEqual(sent, ["ada"]);
});

test("a risky tool that fails after a resume is unknown; its question waits for a clear word, and a plain yes is none", async () => {
  let tries = 0;
  const run = () => { tries += 1; throw new TransientError("502"); };
  const one = agent({ model: mails, tools: { send_email: { risky: true, run } } });
  const { snapshot } = await one.run("x", { suspend: true });
  const unsure = await one.resume(snapshot, { 1: YES });
  assert.deepEqual(unsure.pending.map(({ id, again }) => [id, again]), [["2", true]]);
  assert.deepEqual([unsure.stop, unsure.blocked, tries], ["suspended", [], 1]);
  assert.match((await one.resume(unsure.snapshot, { 2: YES })).answer, /It may have happened/);
  assert.equal(tries, 1);
  const again = await Promise.all([0, 1, 2].map(() => one.resume(unsure.snapshot, { 2: { ...YES, again: true } })));
  assert.equal(tries, 2);
  for (const { stop, answer } of again) assert.deepEqual([stop, /It may have happened/.test(answer)], ["answered", true]);
});

test("a run that nothing keeps waiting does not suspend", async () => {
  assert.equal((await ran({ model: () => ({ text: "hello" }) }, { suspend: true })).stop, "answered");
  const clock = new TestClock();
  const model = messages => (last(messages).role === "user" ? { toolCalls: [{ id: "a", tool: "hangs", args: {} }, { id: "b", tool: "send", args: {} }] } : { text: "x" });
  const run = watch(agent({ model, clock, tools: { hangs: { run: never, guard: { retry: false, timeout: 1000 } }, send: mailbox().tool } }).run("x", { suspend: true }));
  await clock.advance(999);
  assert.equal(run.state, "pending");
  await clock.advance(1);
  assert.equal(run.value.stop, "suspended");
});
