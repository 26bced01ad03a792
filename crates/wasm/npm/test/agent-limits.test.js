import assert from "node:assert/strict";
import { test } from "node:test";
import { agent, Budget } from "steadfast";
import { call, entries, last, ran, whats } from "./support/agents.js";
import { never, TestClock, unavailable } from "./support/world.js";

test("an honest task of fourteen steps passes with twenty allowed, and not with the default of eight", async () => {
  const page = { run: ({ page }) => `page ${page}` };
  const reads = messages => { const read = messages.filter(({ role }) => role === "tool").length; return read < 13 ? call("page", { page: read + 1 }) : { text: "read them all" }; };
  const result = await ran({ model: reads, tools: { page }, maxSteps: 20 });
  assert.deepEqual([result.answer, result.steps, result.stop, whats(result).includes("repetition_seen")], ["read them all", 14, "answered", false]);
  const short = await ran({ model: reads, tools: { page } });
  assert.deepEqual([short.stop, short.steps, short.degraded, entries(short, "step_limit_reached").length], ["step_limit", 8, true, 1]);
});

test("the step limit counts turns and not calls", async () => {
  const three = { toolCalls: [1, 2, 3].map(n => ({ id: `${n}`, tool: "page", args: { n } })) };
  let read = 0;
  const result = await ran({ model: messages => (messages.length > 1 ? { text: "done" } : three), tools: { page: { run: () => (read += 1) } }, maxSteps: 2 });
  assert.deepEqual([result.stop, result.steps, read], ["answered", 2, 3]);
});

/** A model that never stops wanting what `wants` says. What it was offered and told, turn by turn; how often the tool ran. */
async function loops(wants, run = () => "same") {
  const turns = [];
  let runs = 0;
  const model = (messages, { tools }) => {
    turns.push([Object.keys(tools).length > 0, last(messages).content]);
    return wants(turns.length);
  };
  const tool = { run: args => { runs += 1; return run(args); }, guard: { retry: false } };
  const result = await ran({ model, tools: { look: tool, see: tool }, maxSteps: 20 }, { after: 10_000 });
  return { result, turns, runs };
}

test("identical calls that bring nothing: a hint, a synthetic result, a last turn without tools, an honest end", async () => {
  const { result, turns, runs } = await loops(() => call("look", { at: "x" }));
  assert.deepEqual([result.stop, result.degraded, result.answer], ["no_progress", true, "I could not finish this reliably, so I stopped. Nothing further will be done."]);
  assert.deepEqual(entries(result, "repetition_seen").map(({ why }) => why.rung), ["hint", "synthetic", "last_turn", "stop"]);
  assert(turns.length < 10, `${turns.length} turns`);
  assert(runs < turns.length - 1, `it ran ${runs} times`);
  // Tools are offered in every turn but the last.
  assert.deepEqual(turns.map(([offered]) => offered), turns.map((_, turn) => turn < turns.length - 1));
});

test("a model that heeds the last turn answers, and the run is not degraded", async () => {
  const model = (messages, { tools }) => (Object.keys(tools).length > 0 ? call("look", { at: "x" }) : { text: "I only know this much." });
  const result = await ran({ model, tools: { look: { run: () => "same" } }, maxSteps: 20 });
  assert.deepEqual([result.stop, result.degraded, result.answer], ["answered", false, "I only know this much."]);
});

test("going to and fro is seen too, and so is the same failure again and again", async () => {
  const fro = await loops(turn => call(turn % 2 === 0 ? "look" : "see", { at: "x" }));
  const fails = await loops(turn => call("look", { at: turn }), () => { throw new Error("no such place"); });
  for (const { result, turns } of [fro, fails]) assert.deepEqual([result.stop, turns.length < 20], ["no_progress", true]);
});

test("polling that brings something new each time is progress", async () => {
  let percent = 0;
  const model = messages => (last(messages).content === "100 %" ? { text: "done" } : call("status", {}));
  const result = await ran({ model, tools: { status: { run: () => `${(percent += 10)} %` } }, maxSteps: 20 });
  assert.deepEqual([result.stop, result.steps], ["answered", 11]);
});

test("whatever a run has done that must happen once is said when it ends without an answer", async () => {
  const model = messages => (messages.length === 1 ? call("pay", { sum: 5 }) : call("look", {}));
  const result = await ran({ model, tools: { pay: { effect: "once", run: () => "paid" }, look: { run: () => "same" } }, maxSteps: 3, safeMessage: "I stopped." });
  assert.deepEqual([result.stop, result.answer], ["step_limit", "I stopped. Before that, this was done: pay."]);
});

test("a deadline of the guard ends a model call with all its attempts, waits and fallbacks", async () => {
  const clock = new TestClock();
  const tried = [];
  const model = option => () => { tried.push([option, clock.now()]); return never(); };
  const result = await ran({ model: [model(0), model(1)], guard: { timeout: 400, deadline: 1000, retry: { attempts: 2, base: 100, jitter: "none" } } }, { clock, after: 1000 });
  assert.deepEqual([result.stop, tried, entries(result, "run_finished")[0].at], ["model_unavailable", [[0, 0], [0, 500], [1, 900]], 1000]);
});

test("a budget's deadline ends a tool that hangs, and says that it may have happened", async () => {
  const clock = new TestClock();
  const budget = new Budget({ deadline: 5000, clock });
  const result = await ran({ model: () => call("pay", {}), tools: { pay: { effect: "once", run: never } }, budget, safeMessage: "I stopped." }, { clock, after: 5000 });
  assert.deepEqual([result.stop, result.answer], ["deadline", "I stopped. This may have been done: pay."]);
});

test("no retry begins that could only end after the deadline", async () => {
  const result = await ran({ model: () => { throw unavailable(); }, guard: { deadline: 400, retry: { base: 500, jitter: "none" } } });
  assert.deepEqual([result.stop, entries(result, "run_finished")[0].at], ["model_unavailable", 0]);
});

test("a tool that times out is not held against the others of its step", async () => {
  const clock = new TestClock();
  const wants = { toolCalls: ["hangs", "works"].map(tool => ({ id: tool, tool, args: {} })) };
  let told;
  const model = messages => { if (messages.length === 1) return wants; told = messages.slice(2).map(({ content }) => content); return { text: "done" }; };
  const tools = { hangs: { run: never, guard: { timeout: 100, retry: { attempts: 2, base: 50, jitter: "none" } } }, works: { run: () => "fine" } };
  await ran({ model, tools }, { clock, after: 250 });
  assert.deepEqual(told, ["hangs failed: both attempts failed, the last with timeout: no answer within 100 ms.", "fine"]);
});

test("a model that hangs is given up at its timeout and what it says then is traced as late", async () => {
  const clock = new TestClock();
  let tries = 0;
  const model = () => ((tries += 1) === 1 ? new Promise(resolve => clock.schedule(150, () => resolve({ text: "late" }))) : new Promise(resolve => clock.schedule(clock.now() + 100, () => resolve({ text: "in time" }))));
  const result = await ran({ model, guard: { timeout: 120, retry: { base: 10, jitter: "none" } } }, { clock, after: 500 });
  assert.deepEqual([result.answer, entries(result, "late_reply").map(({ at, attempt }) => [at, attempt])], ["in time", [[150, 1]]]);
});

test("with nothing left of its tokens or its money a run asks no model any more, be it the run's budget or its models'", async () => {
  for (const spent of [{ tokens: 10 }, { money: 1 }]) {
    for (const place of [budget => ({ budget }), budget => ({ guard: { budget } })]) {
      const budget = new Budget({ ...spent, clock: undefined });
      budget.reserve(spent).settle(spent);
      let asked = 0;
      const result = await agent({ model: () => ({ text: `${(asked += 1)}` }), ...place(budget) }).run("x");
      assert.deepEqual([result.stop, asked], ["budget", 0]);
    }
  }
  const budget = new Budget({ tokens: 10 });
  let asked = 0;
  const model = () => { asked += 1; return { ...call("look", {}), usage: { inputTokens: 10, outputTokens: 0 } }; };
  assert.deepEqual([(await agent({ model, tools: { look: { run: () => "x" } }, budget }).run("x")).stop, asked], ["budget", 1]);
});
