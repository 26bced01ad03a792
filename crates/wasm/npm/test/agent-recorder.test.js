// What an agent's recorder is handed. That it can be had again from it is shown where that is done: by `tests/incidents.rs`, and on the page.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { agent } from "steadfast";
import { call, calculates, last, mailbox, multiply, ran, whats } from "./support/agents.js";
import { TestClock, unavailable } from "./support/world.js";

const KEPT = new URL("../../../../tests/incidents/npm.txt", import.meta.url);
/** Nothing of what a recording says is markup, wherever it is shown. */
const MARKUP = "<img src=x onerror=alert(1)>";

/** The number of a run comes from no seed, so here it does not come at all. */
async function withRunNumber(number, act) {
  const { getRandomValues } = crypto;
  crypto.getRandomValues = array => array.fill(number);
  try {
    return await act();
  } finally {
    crypto.getRandomValues = getRandomValues;
  }
}

/** A model that is down once, wants a mail sent, and says what became of it; the human says yes. */
async function incident(recorder) {
  const clock = new TestClock();
  const soon = (ms, value) => new Promise(resolve => clock.schedule(clock.now() + ms, () => resolve(value)));
  let asked = 0;
  const model = async messages => {
    asked += 1;
    await soon(300);
    if (asked === 1) throw unavailable({ message: `503 ${MARKUP}` });
    return last(messages).role === "tool" ? { text: `Done: ${last(messages).content}` } : call("send_email", { to: `ada${MARKUP}` });
  };
  const tools = { send_email: { risky: true, run: () => soon(40, `sent ${MARKUP}`) } };
  const approver = () => soon(900, { approve: true });
  return withRunNumber(7, () => ran({ model, tools, approver, recorder, seed: "7" }, { clock, after: 60_000, task: `Tell Ada. ${MARKUP}` }));
}

test("the recording of a run is the one that is kept for those who have it again", async () => {
  const recordings = [];
  const result = await incident(recording => recordings.push(recording));
  assert.equal(result.answer, `Done: sent ${MARKUP}`);
  assert.equal(recordings.length, 1);
  if (process.env.STEADFAST_BLESS) writeFileSync(KEPT, `${recordings[0]}\n`);
  assert.equal(recordings[0], readFileSync(KEPT, "utf8").trim(), "STEADFAST_BLESS=1 node --test test/agent-recorder.test.js writes it anew");
});

test("whoever records nothing decides the same", async () => {
  assert.deepEqual(whats(await incident(undefined)), whats(await incident(() => {})));
});

test("each run of an agent has its own recording, and one that is resumed has none", async () => {
  const recordings = [];
  const one = agent({ model: calculates, tools: { multiply }, recorder: recording => recordings.push(recording) });
  await one.run("first");
  await one.run("second");
  assert.deepEqual(recordings.map(recording => /^c3RlYWRmYXN0/.test(recording)), [true, true]);
  assert.notEqual(recordings[0], recordings[1]);
  const { tool } = mailbox();
  const mailing = agent({ model: messages => (last(messages).role === "tool" ? { text: "ok" } : call("mail", {})), tools: { mail: tool }, recorder: recording => recordings.push(recording) });
  const { snapshot } = await mailing.run("mail", { suspend: true });
  assert.equal(recordings.length, 3, "a suspended run has one");
  await mailing.resume(snapshot, { 1: { approve: true } });
  assert.equal(recordings.length, 3);
});

test("a recorder that throws or rejects does not touch the run", async context => {
  const said = context.mock.method(console, "error", () => {});
  for (const recorder of [() => { throw new Error("mine"); }, () => Promise.reject(new Error("mine"))]) {
    assert.equal((await agent({ model: calculates, tools: { multiply }, recorder }).run("What is 17 * 23?")).answer, "17 * 23 = 391.");
  }
  await new Promise(resolve => setImmediate(resolve));
  assert.equal(said.mock.callCount(), 2);
});
