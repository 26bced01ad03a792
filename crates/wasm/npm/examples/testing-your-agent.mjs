// Tests of an agent of one's own, with time and faults in hand: `node --test testing-your-agent.mjs`. An hour takes no time here.

import assert from "node:assert/strict";
import { test } from "node:test";
import { agent } from "steadfast";
import { faultyModel, VirtualClock } from "steadfast/sim";

/** Your agent, made of what it is handed: a test hands it other models and another clock than `main` does. */
function assistant({ model, clock, approver, sendMail = () => "sent" }) {
  return agent({
    model, clock, approver, maxSteps: 6, seed: 7,
    guard: { timeout: 20_000, retry: { jitter: "none" } },
    tools: {
      multiply: { run: ({ a, b }) => a * b },
      send_mail: { risky: true, run: sendMail, guard: { timeout: 5_000 } },
    },
  });
}
const product = { tool: "multiply", args: { a: 17, b: 23 } };
const mail = { tool: "send_mail", args: { to: "ada@example.org", text: "391" } };

test("an outage and a hang are waited out", async () => {
  const clock = new VirtualClock();
  const model = faultyModel([503, { hang: true }, product, "17 * 23 = 391."], { clock });
  const { answer, degraded } = await clock.until(assistant({ model, clock }).run("What is 17 * 23?"));
  assert.deepEqual([answer, degraded], ["17 * 23 = 391.", false]);
  assert.equal(clock.now(), 500 + 20_000 + 1_000); // a wait, a timeout, a wait twice as long
});

test("a model that goes round in circles is stopped, and there is an answer all the same", async () => {
  const clock = new VirtualClock();
  const model = faultyModel(product, { clock });
  const { answer, degraded, stop } = await clock.until(assistant({ model, clock }).run("What is 17 * 23?"));
  assert.equal(stop, "no_progress");
  assert.equal(degraded, true);
  assert.notEqual(answer, "");
});

test("no mail goes out without a yes", async () => {
  const clock = new VirtualClock();
  const sent = [];
  const model = faultyModel([mail, "I could not send it."], { clock });
  const approver = () => new Promise(() => {}); // nobody is there
  const { answer, blocked } = await clock.until(assistant({ model, clock, approver, sendMail: args => sent.push(args) }).run("Mail it."));
  assert.deepEqual([answer, blocked, sent], ["I could not send it.", ["send_mail"], []]);
  assert.equal(clock.now(), 600_000); // silence is a no after ten minutes
});

test("a mail that may have gone out is not sent again, and the model is told", async () => {
  const clock = new VirtualClock();
  let sendings = 0;
  const model = faultyModel([mail, messages => messages.at(-1).content], { clock });
  const sendMail = () => { sendings += 1; return new Promise(() => {}); };
  const { answer } = await clock.until(assistant({ model, clock, approver: () => true, sendMail }).run("Mail it."));
  assert.equal(sendings, 1);
  assert.match(answer, /may have happened/);
});
