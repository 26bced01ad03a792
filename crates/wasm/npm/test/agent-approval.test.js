import assert from "node:assert/strict";
import { test } from "node:test";
import { TransientError } from "steadfast";
import { call, entries, mailbox, mails, ran } from "./support/agents.js";
import { never, TestClock } from "./support/world.js";

const MAIL = { to: "ada", body: "391" };

/** One run of a model that wants to send a mail, with that approver. */
async function asked(approver, { after = 0, clock = new TestClock(), ...more } = {}) {
  const { sent, tool } = mailbox(more);
  const result = await ran({ model: mails, tools: { send_email: tool }, approver, approvalExpiresAfter: 2000 }, { after, clock });
  return { result, sent };
}

test("a risky tool is blocked where nobody can be asked", async () => {
  const { result, sent } = await asked(undefined);
  assert.deepEqual([result.blocked, sent], [["send_email"], []]);
  assert.equal(result.answer, "send_email did not run: it is risky, and there is nobody to ask.");
  assert.deepEqual([result.degraded, result.stop], [false, "answered"]);
});

test("it runs exactly once when the approver says yes after thinking", async () => {
  for (const yes of [true, { approve: true }, { approve: true, args: undefined }]) {
    const clock = new TestClock();
    const approver = () => new Promise(resolve => clock.schedule(60, () => resolve(yes)));
    const { result, sent } = await asked(approver, { clock, after: 60 });
    assert.deepEqual([sent, result.answer, result.blocked], [[MAIL], "sent", []]);
    assert.deepEqual([entries(result, "approval_asked")[0].at, entries(result, "approval_granted")[0].at], [0, 60]);
  }
});

test("a no reaches the model with the human's words", async () => {
  const { result, sent } = await asked(() => ({ approve: false, message: "Not on a Sunday." }));
  assert.deepEqual([result.blocked, sent], [["send_email"], []]);
  assert.equal(result.answer, "send_email did not run: a human said no. They said: Not on a Sunday.");
  assert.equal((await asked(() => false)).result.answer, "send_email did not run: a human said no.");
});

test("the approver is shown the tool, its exact arguments and their digest", async () => {
  let request;
  const { result } = await asked(shown => { request = shown; return false; });
  const [{ why }] = entries(result, "approval_asked");
  assert.deepEqual([request.id, request.tool, request.args], ["1", "send_email", MAIL]);
  assert.deepEqual([request.digest, request.digest.length], [why.digest, 64]);
  assert.deepEqual([request.why, request.expiresAt, request.again], ["send_email is risky, so a human decides", 2000, false]);
  assert.equal(why.args, '{"body":"391","to":"ada"}');
});

test("what runs is what was shown, whatever is done to the values on the way", async () => {
  const args = { to: "ada" };
  const { sent, tool } = mailbox({ risky: given => { given.to = "eve"; return true; } });
  const approver = async request => { request.args.to = "eve"; args.to = "eve"; return true; };
  await ran({ model: messages => (messages.length > 2 ? { text: "done" } : call("send_email", args)), approver, tools: { send_email: tool } });
  assert.deepEqual(sent, [{ to: "ada" }]);
});

test("a human may say yes to other arguments", async () => {
  const { result, sent } = await asked(() => ({ approve: true, args: { to: "bob" } }));
  const [[granted], [shown]] = [entries(result, "approval_granted"), entries(result, "approval_asked")];
  assert.deepEqual([sent, granted.why.edited], [[{ to: "bob" }], true]);
  assert.notEqual(granted.why.digest, shown.why.digest);
});

test("a yes that names the digest of something else is none", async () => {
  const { result, sent } = await asked(() => ({ approve: true, digest: "0".repeat(64) }));
  assert.deepEqual([sent, result.answer], [[], "send_email did not run: a human said no. They said: the yes is to another call than the one that was shown"]);
  assert.deepEqual((await asked(({ digest }) => ({ approve: true, digest }))).sent, [MAIL]);
});

test("whatever is not clearly a yes is a no that says so", async () => {
  const unclear = what => `the approver answered ${what}, and only true or { approve: true } is a yes`;
  for (const [approver, words] of [
    [() => "yes", unclear('"yes"')], [() => 1, unclear("1")], [() => {}, unclear("undefined")], [() => null, unclear("null")], [() => [], unclear("an array")],
    [() => ({ approve: "true" }), unclear("an object")], [() => ({ approved: true }), unclear("an object")],
    [() => ({ get approve() { throw 1; } }), unclear("an object")],
    [() => { throw new Error("no network"); }, "the approver failed, and that is no yes: no network"],
    [() => Promise.reject("gone"), "the approver failed, and that is no yes: gone"],
    [() => ({ approve: true, args: { amount: NaN } }), "the approver's arguments are not JSON, and that is no yes: NaN is not a JSON number"],
  ]) {
    const { result, sent } = await asked(approver);
    assert.equal(result.answer, `send_email did not run: a human said no. They said: ${words}`);
    assert.deepEqual([result.blocked, sent], [["send_email"], []]);
  }
});

test("silence is a no at its instant, and a late yes changes nothing", async () => {
  const clock = new TestClock();
  const reasons = [];
  const approver = (request, { signal }) => {
    signal.addEventListener("abort", () => reasons.push([clock.now(), signal.reason.name]));
    return new Promise(resolve => clock.schedule(2500, () => resolve(true)));
  };
  const slowly = messages => (messages.at(-1).role === "tool" ? new Promise(resolve => clock.schedule(3000, () => resolve(mails(messages)))) : mails(messages));
  const { sent, tool } = mailbox();
  const result = await ran({ model: slowly, tools: { send_email: tool }, approver, approvalExpiresAfter: 2000 }, { clock, after: 3000 });
  assert.deepEqual([result.blocked, sent, reasons], [["send_email"], [], [[2000, "DeadlineExceeded"]]]);
  assert.equal(result.answer, "send_email did not run: nobody answered in time.");
});

test("risky may depend on the arguments, and only a clear false is safe", async () => {
  for (const [risky, runs] of [
    [({ to }) => to !== "ada", 1], [({ to }) => to === "ada", 0], [() => undefined, 0], [async () => false, 0], [() => { throw new Error("broken"); }, 0],
  ]) {
    const { result, sent } = await asked(undefined, { risky });
    assert.deepEqual([sent.length, result.blocked], [runs, runs === 1 ? [] : ["send_email"]], String(risky));
  }
});

test("a risky tool that fails is never tried again, and the model is told that it may have happened", async () => {
  for (const error of [new TransientError("502"), new TypeError("Failed to fetch", { cause: { code: "ECONNRESET" } }), new Error("broken")]) {
    let tries = 0;
    const run = () => { tries += 1; throw error; };
    const result = await ran({ model: mails, approver: () => true, tools: { send_email: { risky: true, run, guard: { retry: { base: 5 } } } } }, { after: 1000 });
    assert.equal(tries, 1);
    assert.match(result.answer, /^send_email was called and its outcome is unknown \(.*\)\. It may have happened\. Do not call it again; say so\./);
    assert.deepEqual(result.blocked, []);
  }
});

test("whoever says yes to running it again gets that once, under the same key", async () => {
  const keys = [];
  const questions = [];
  const run = (args, { key, attempt }) => { keys.push([key, attempt]); throw new TransientError("502"); };
  const approver = ({ again, why }) => { questions.push([again, why]); return { approve: true, again }; };
  const result = await ran({ model: mails, approver, tools: { send_email: { risky: true, run } } });
  assert.deepEqual(keys.map(([, attempt]) => attempt), [1, 2]);
  assert.equal(keys[0][0], keys[1][0]);
  assert.deepEqual(questions.map(([again]) => again), [false, true]);
  assert.match(result.answer, /It may have happened/);
});

test("a yes that does not say again does not run it again, and everybody hears why", async () => {
  for (const yes of [true, { approve: true }]) {
    let tries = 0;
    const whys = [];
    const run = () => { tries += 1; throw new TransientError("502"); };
    const approver = ({ why }) => (whys.push(why), yes);
    const result = await ran({ model: mails, approver, tools: { send_email: { risky: true, run } } });
    assert.deepEqual([tries, whys.length], [1, 2]);
    assert.match(whys[1], / Only \{ approve: true, again: true \} runs it again\.$/);
    assert.match(result.answer, /the yes did not say again: true, and only that runs it again/);
    assert.match(entries(result, "approval_denied").at(-1)?.text ?? result.trace.map(({ text }) => text).join("\n"), /the yes did not say again: true/);
  }
});

test("a yes to running it again does not cover other arguments", async () => {
  let tries = 0;
  const run = () => { tries += 1; throw new TransientError("502"); };
  const approver = ({ again }) => (again ? { approve: true, again, args: { to: "bob" } } : true);
  const result = await ran({ model: mails, approver, tools: { send_email: { risky: true, run } } });
  assert.equal(tries, 1);
  assert.match(result.answer, /They said: what may have happened already is not run again with other arguments$/);
});

test("a connection that was refused cannot have done anything", async () => {
  const run = () => { throw new TypeError("fetch failed", { cause: { code: "ECONNREFUSED" } }); };
  const result = await ran({ model: mails, approver: () => true, tools: { send_email: { risky: true, run } } });
  assert.equal(result.answer, "send_email failed: the only attempt failed: connect_failed: fetch failed.");
});

test("a hung approver holds its own tool only", async () => {
  const { sent, tool } = mailbox();
  const looked = [];
  const wants = { toolCalls: [{ id: "a", tool: "send_email", args: {} }, { id: "b", tool: "look", args: {} }] };
  const model = messages => (messages.length > 2 ? { text: "done" } : wants);
  const result = await ran({ model, approver: never, tools: { send_email: tool, look: { run: () => looked.push(1) } } }, { after: 599_999 });
  assert.deepEqual([result, sent.length, looked.length], [undefined, 0, 1]);
});
