import assert from "node:assert/strict";
import { test } from "node:test";
import { agent, CircuitBreaker } from "steadfast";
import { mailbox, mails } from "./support/agents.js";
import { office } from "./support/resumes.js";

const refused = (promise, message) => assert.rejects(promise, { name: "SteadfastError", code: "bad_snapshot", message });
const NO_SNAPSHOT = "this is no snapshot of a run: hand over the whole string that the suspended run gave as `snapshot`";
const suspended = async () => {
  const { office: one, sent } = office();
  const { snapshot } = await one.run("Write to all.", { suspend: true });
  return { one, sent, snapshot };
};

test("a snapshot is one line of text that any store takes", async () => {
  const { snapshot } = await suspended();
  assert.match(snapshot, /^[A-Za-z0-9+/]+={0,2}@\d{13}$/);
  assert(snapshot.length < 6000, `${snapshot.length} characters for three open questions`);
});

test("what is no snapshot is refused with a sentence that says what to do", async () => {
  const { one } = await suspended();
  for (const text of ["", "x", "@", "!!!@1700000000000", '{"snapshot":"..."}']) await refused(one.resume(text, {}), text === "@" ? /./ : NO_SNAPSHOT);
  for (const value of [undefined, null, 7, {}]) {
    await assert.rejects(one.resume(value, {}), { name: "TypeError", message: `snapshot is ${value instanceof Object ? "an object" : value}; allowed: a string, as a suspended run gives it` });
  }
});

test("one that was cut anywhere is refused, and nothing runs", async () => {
  const { one, sent, snapshot } = await suspended();
  const [text, at] = snapshot.split("@");
  for (let length = 0; length < text.length; length += 97) await refused(one.resume(`${text.slice(0, length)}@${at}`, { 1: { approve: true } }), /./);
  assert.deepEqual(sent, []);
});

test("one that was changed in any byte is refused, and nothing runs", async () => {
  const { one, sent, snapshot } = await suspended();
  const [text, at] = snapshot.split("@");
  const bytes = Buffer.from(text, "base64");
  for (let place = 0; place < bytes.length; place += 1) {
    const changed = Buffer.from(bytes);
    changed[place] ^= 1 << (place % 8);
    await refused(one.resume(`${changed.toString("base64")}@${at}`, { 1: { approve: true } }), /./);
  }
  assert.deepEqual(sent, []);
});

test("the recipient cannot be changed between the question and the yes", async () => {
  const { one, sent, snapshot } = await suspended();
  const [text, at] = snapshot.split("@");
  const bytes = Buffer.from(text, "base64").toString("latin1");
  assert(bytes.includes('{"to":"ada"}'));
  const changed = Buffer.from(bytes.replaceAll('{"to":"ada"}', '{"to":"eve"}'), "latin1").toString("base64");
  await refused(one.resume(`${changed}@${at}`, { 1: { approve: true } }), "this snapshot is damaged: it was cut short or changed; use an intact copy");
  assert.deepEqual(sent, []);
});

test("one of another layout says so", async () => {
  const { one, snapshot } = await suspended();
  const [text, at] = snapshot.split("@");
  const bytes = Buffer.from(text, "base64");
  const place = "steadfast".length;
  bytes[place + 1] += 1;
  const newer = "this snapshot has layout 2 and this version reads layout 1: restore it with the version that wrote it";
  await refused(one.resume(`${bytes.toString("base64")}@${at}`, {}), newer);
  await refused(one.resume(new CircuitBreaker().snapshot(), {}), "this is a snapshot of a breaker, and one of a run is needed");
});

test("one of an agent with other tools says which is missing", async () => {
  const { snapshot } = await suspended();
  const { sent, tool } = mailbox();
  const other = agent({ model: mails, tools: { send_email: tool } });
  await refused(other.resume(snapshot, { 1: { approve: true } }), "this snapshot needs the tool send: restore it with the tools it was made with");
  assert.deepEqual(sent, []);
});

test("another agent with the same tools goes on with its own model and its own settings", async () => {
  const { sent, snapshot } = await suspended();
  const others = [];
  const other = agent({ model: [() => ({ text: "another model" }), () => ({ text: "" })], tools: { send: { risky: true, run: ({ to }) => others.push(to) }, more: { run() {} } }, maxSteps: 20 });
  const result = await other.resume(snapshot, { 1: { approve: true }, 2: { approve: false }, 3: { approve: false } });
  assert.deepEqual([result.answer, sent, others], ["another model", [], ["ada"]]);
});

test("a tool that was declared as happening once does not become harmless on its way", async () => {
  const { snapshot } = await suspended();
  let tries = 0;
  const run = () => { tries += 1; throw Object.assign(new Error("502"), { status: 502 }); };
  const other = agent({ model: () => ({ text: "done" }), tools: { send: { risky: true, effect: "idempotent", run, guard: { retry: { base: 1 } } } } });
  const result = await other.resume(snapshot, { 1: { approve: true }, 2: { approve: false }, 3: { approve: false } });
  assert.deepEqual([tries, result.pending.map(({ args, again }) => [args.to, again])], [1, [["ada", true]]]);
});

test("a long conversation and any text in it come back whole", async () => {
  const words = "Grüße, 😀, \u0000 and \u2028; ".repeat(5000);
  const heard = [];
  const model = messages => { heard.push(messages); return mails(messages); };
  const { sent, tool } = mailbox();
  const one = agent({ model, tools: { send_email: tool }, system: words });
  const { snapshot } = await one.run(words, { suspend: true });
  assert.equal((await one.resume(snapshot, { 1: { approve: true } })).answer, "sent");
  assert.deepEqual([heard[1][0].content === words, heard[1][1].content === words, sent.length], [true, true, 1]);
  assert.deepEqual(heard[1][2].toolCalls, [{ id: "c1", tool: "send_email", args: { to: "ada", body: "391" } }]);
});
