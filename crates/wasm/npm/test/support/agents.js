// What tests of the agent say again and again: the lab's question, its tools, models that answer, and readers of a trace.

import { agent } from "steadfast";
import { TestClock, watch } from "./world.js";

export const TASK = "What is 17 * 23?";

/** A model's reply that wants one tool called. */
export const call = (tool, args, id = "c1") => ({ toolCalls: [{ id, tool, args }] });
export const last = messages => messages[messages.length - 1];
export const multiply = { description: "Multiplies two numbers.", run: ({ a, b }) => a * b };

/** Asks for 17 * 23 and then says the result. */
export const calculates = messages => (last(messages).role === "tool" ? { text: `17 * 23 = ${last(messages).content}.` } : call("multiply", { a: 17, b: 23 }));
/** Wants to send a mail, and then says what it was told. */
export const mails = messages => (last(messages).role === "tool" ? { text: last(messages).content } : call("send_email", { to: "ada", body: "391" }));
/** Wants these tools called at once, and then says what it was told of each. */
export const asksFor = (...toolCalls) => messages =>
  (last(messages).role === "tool" ? { text: messages.filter(({ role }) => role === "tool").map(({ content }) => content).join(" | ") } : { toolCalls });

/** A risky tool, and what it sent. */
export function mailbox(more = {}) {
  const sent = [];
  return { sent, tool: { risky: true, run: mail => (sent.push(mail), "sent"), ...more } };
}

/** An agent with a clock in hand: what became of its run after so many milliseconds. */
export async function ran(options, { after = 0, clock = new TestClock(), task = TASK, ...runOptions } = {}) {
  const run = watch(agent({ clock, ...options }).run(task, runOptions));
  await clock.advance(after);
  if (run.state === "rejected") throw run.error;
  return run.value;
}

/** The names of a trace's entries, in order; the entries of one name; when they were. */
export const whats = result => result.trace.map(({ what }) => what);
export const entries = (result, name) => result.trace.filter(({ what }) => what === name);
export const times = (result, name) => entries(result, name).map(({ at }) => at);
/** Why the first attempt failed. */
export const failure = result => entries(result, "attempt_failed")[0].why.failure;
