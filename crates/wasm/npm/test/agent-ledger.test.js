import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, mock, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { agent } from "steadfast";
import { mailbox, mails } from "./support/agents.js";
import { effectsIn, fileLedger, office } from "./support/resumes.js";
import { never, settle, TestClock, watch } from "./support/world.js";

const YES = { approve: true };
const CHILD = fileURLToPath(new URL("./support/resumes.js", import.meta.url));
let folder;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "steadfast-"))));
afterEach(() => {
  rmSync(folder, { recursive: true });
  mock.restoreAll();
});

/** Resumes the folder's snapshot in a process of its own. */
async function elsewhere(decisions) {
  const { stdout } = await promisify(execFile)(process.execPath, [CHILD, folder, JSON.stringify(decisions)], { timeout: 60_000 });
  return JSON.parse(stdout);
}
const sentThere = () => readFileSync(`${folder}/sent`, "utf8").trim().split("\n");

test("a run goes on in another process, from a file", async () => {
  const { snapshot } = await office().office.run("x", { suspend: true });
  writeFileSync(`${folder}/snapshot`, snapshot);
  const result = await elsewhere({ 1: YES, 2: { approve: false }, 3: { approve: true, args: { to: "dan" } } });
  assert.deepEqual(result, { answer: "a: saw orders\nada: sent to ada\nbob: send did not run: a human said no.\ncyd: sent to dan", stop: "answered", blocked: ["send"] });
  assert.deepEqual(effectsIn(folder).map(({ tool, args, state, output, tries }) => [tool, args, state, output, tries]).sort(), [
    ["send", '{"to":"ada"}', "done", "sent to ada", 1],
    ["send", '{"to":"bob"}', "blocked", "", 1],
    ["send", '{"to":"dan"}', "done", "sent to dan", 1],
  ]);
});

test("two processes that resume one snapshot at once send each mail once", async () => {
  const { snapshot } = await office().office.run("x", { suspend: true });
  writeFileSync(`${folder}/snapshot`, snapshot);
  const all = { 1: YES, 2: YES, 3: YES };
  const results = await Promise.all([elsewhere(all), elsewhere(all)]);
  assert.deepEqual(sentThere().sort(), ["ada", "bob", "cyd"]);
  assert.deepEqual(results.map(({ stop }) => stop), ["answered", "answered"]);
  // Another time, everybody hears what became of it.
  assert.equal((await elsewhere({ 1: YES, 2: { approve: false }, 3: YES })).answer, "a: saw orders\nada: sent to ada\nbob: sent to bob\ncyd: sent to cyd");
  assert.equal(sentThere().length, 3);
});

/** A mail that waits for a yes, under a ledger. */
async function waiting(ledger, more = {}) {
  const { sent, tool } = mailbox(more.tool);
  const clock = new TestClock();
  const one = agent({ model: mails, tools: { send_email: tool }, ledger, clock });
  const { snapshot } = await one.run("x", { suspend: true });
  return { one, sent, snapshot, clock };
}

test("nothing happens before a claim is granted", async () => {
  let grant;
  const claims = [];
  const { one, sent, snapshot } = await waiting({ claim: (...claim) => (claims.push(claim), new Promise(resolve => { grant = resolve; })), record() {} });
  const run = watch(one.resume(snapshot, { 1: YES }));
  await settle();
  assert.deepEqual([run.state, sent], ["pending", []]);
  const [[effect, again]] = claims;
  assert.match(effect.key, /^run-[0-9a-f]{1,16}-call-2$/);
  assert.deepEqual([{ ...effect, key: "" }, again], [{ key: "", tool: "send_email", args: '{"body":"391","to":"ada"}', effect: "once", state: "started", tries: 0, output: "" }, false]);
  grant({ granted: true });
  await settle();
  assert.deepEqual([run.value.answer, sent.length, claims.length], ["sent", 1, 1]);
});

test("nothing happens before what became of it is recorded", async () => {
  let written;
  const records = [];
  const { one, sent, snapshot } = await waiting({ claim: () => ({ granted: true }), record: effect => (records.push(effect), new Promise(resolve => { written = resolve; })) });
  const run = watch(one.resume(snapshot, { 1: YES }));
  await settle();
  assert.deepEqual([sent.length, records.map(({ state, output, tries }) => [state, output, tries]), run.state], [1, [["done", "sent", 1]], "pending"]);
  written();
  await settle();
  assert.equal(run.value.answer, "sent");
});

test("a ledger that fails to claim grants nothing, and whoever keeps it hears of it", async () => {
  for (const claim of [() => { throw new Error("no database"); }, () => Promise.reject(new Error("no database"))]) {
    const told = mock.method(console, "error", () => {});
    const { one, sent, snapshot } = await waiting({ claim, record() {} });
    const { answer, stop } = await one.resume(snapshot, { 1: YES });
    assert.deepEqual([sent, stop, told.mock.callCount()], [[], "answered", 1]);
    assert.match(told.mock.calls[0].arguments[0], /^steadfast: the ledger could not say whether send_email \(run-[0-9a-f]+-call-2\) may run$/);
    assert.equal(answer, "send_email was called and its outcome is unknown (whether another resume of this run started it could not be found out). It may have happened. Do not call it again; say so.");
    mock.restoreAll();
  }
});

test("whatever is not clearly a grant is none", async () => {
  for (const answer of [undefined, null, true, {}, { granted: "yes" }, { granted: 1 }, "granted", [], { granted: false, state: Symbol("x") }, { get granted() { throw new Error("mine"); } }]) {
    mock.method(console, "error", () => {});
    const { one, sent, snapshot } = await waiting({ claim: () => answer, record() {} });
    assert.equal((await one.resume(snapshot, { 1: YES })).stop, "answered");
    assert.deepEqual(sent, []);
  }
});

test("whoever keeps a ledger whose answer makes no sense hears what it should have been, and so does the model", async () => {
  for (const [answer, said] of [[undefined, "undefined"], [true, "true"], [{ ok: 1 }, "an object whose granted is undefined"], [{ granted: 1 }, "an object whose granted is 1"]]) {
    const told = mock.method(console, "error", () => {});
    const { one, sent, snapshot } = await waiting({ claim: () => answer, record() {} });
    const result = await one.resume(snapshot, { 1: YES });
    assert.deepEqual([sent, told.mock.callCount()], [[], 1]);
    assert.equal(told.mock.calls[0].arguments[0].replace(/run-[0-9a-f]+/, "run"),
      `steadfast: the ledger's claim of send_email (run-call-2) returned ${said}, and it does not run; allowed: { granted: true }, or { granted: false, state, output }`);
    assert.match(result.answer, /whether it may run could not be found out: the ledger's answer made no sense/);
    mock.restoreAll();
  }
});

test("what another resume was told of an effect is told here", async () => {
  for (const [known, told] of [
    [{ state: "done", output: "sent at noon" }, "sent at noon"],
    [{ state: "failed", output: "no such address" }, "send_email failed: no such address."],
    [{ state: "blocked", output: "" }, "send_email did not run: another resume of this run was first."],
    [{ state: "unknown", output: "no answer within 60 s" }, "send_email was called and its outcome is unknown (no answer within 60 s). It may have happened. Do not call it again; say so."],
    [{ state: "started", output: "" }, "send_email was called and its outcome is unknown (another resume of this run started it). It may have happened. Do not call it again; say so."],
  ]) {
    const { one, sent, snapshot } = await waiting({ claim: () => ({ granted: false, ...known }), record() {} });
    assert.deepEqual([(await one.resume(snapshot, { 1: YES })).answer, sent], [told, []]);
  }
});

test("a ledger that fails to record ends nothing: it happened, and whoever keeps it hears of it", async () => {
  for (const record of [() => { throw new Error("disk full"); }, () => Promise.reject(new Error("disk full"))]) {
    const told = mock.method(console, "error", () => {});
    const { one, sent, snapshot } = await waiting({ claim: () => ({ granted: true }), record });
    assert.deepEqual([(await one.resume(snapshot, { 1: YES })).answer, sent.length, told.mock.callCount()], ["sent", 1, 1]);
    assert.match(told.mock.calls[0].arguments[0], /^steadfast: the ledger did not record that send_email \(run-[0-9a-f]+-call-2\) is done$/);
    mock.restoreAll();
  }
});

test("a run that is taken back does not wait for its ledger, neither for a claim nor for a record", async () => {
  for (const ledger of [{ claim: never, record() {} }, { claim: () => ({ granted: true }), record: never }]) {
    const { one, snapshot } = await waiting(ledger);
    const caller = new AbortController();
    const run = watch(one.resume(snapshot, { 1: YES }, { signal: caller.signal }));
    await settle();
    caller.abort();
    await settle();
    assert.equal(run.value.stop, "cancelled");
  }
});

test("a grant that comes after the end runs nothing, and the ledger hears that nothing happened", async () => {
  let grant;
  const records = [];
  const { one, sent, snapshot } = await waiting({ claim: () => new Promise(resolve => { grant = resolve; }), record: effect => void records.push(effect) });
  const caller = new AbortController();
  const run = watch(one.resume(snapshot, { 1: YES }, { signal: caller.signal }));
  await settle();
  caller.abort();
  await settle();
  // Another run that has meanwhile taken its place must not hear of it.
  const other = watch(one.run("other", { suspend: true }));
  grant({ granted: true });
  await settle();
  assert.deepEqual([run.value.stop, other.value.stop, sent, records.map(({ state, output }) => [state, output])], ["cancelled", "suspended", [], [["failed", "the run was over before it began"]]]);
});

test("a late word is recorded after the end of its run", async () => {
  const records = [];
  const { one, snapshot, clock } = await waiting({ claim: () => ({ granted: true }), record: ({ state, output }) => void records.push([state, output]) },
    { tool: { run: () => new Promise(resolve => clock.schedule(70_000, () => resolve("sent, slowly"))) } });
  const run = watch(one.resume(snapshot, { 1: YES }, { suspend: false }));
  await clock.advance(60_000);
  assert.deepEqual([run.value.stop, records.map(([state]) => state)], ["suspended", ["unknown"]]);
  await clock.advance(10_000);
  assert.deepEqual(records[1], ["done", "sent, slowly"]);
});
