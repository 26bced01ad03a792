import assert from "node:assert/strict";
import { test } from "node:test";
import { agent, Budget, CircuitBreaker, guard, TransientError } from "steadfast";
import { asksFor, calculates, entries, failure, mails, multiply, ran, whats } from "./support/agents.js";
import { never, settle, TestClock, unavailable, watch } from "./support/world.js";

const down = () => { throw unavailable(); };

test("an agent's runs remember what a policy's breaker learned", async () => {
  const clock = new TestClock();
  let asked = 0;
  let up = false;
  const model = () => { asked += 1; if (!up) throw unavailable(); return { text: "back" }; };
  const one = agent({ model, clock, guard: { retry: false, breaker: { consecutive: 2, openFor: 1000, openForMax: 1000 } } });
  for (let left = 2; left > 0; left -= 1) await one.run("x");
  const refused = await one.run("x");
  assert.deepEqual([asked, refused.stop, whats(refused).includes("attempt_started")], [2, "model_unavailable", false]);
  assert.match(entries(refused, "breaker_rejected")[0].text, /open/);
  up = true;
  await clock.advance(1000);
  assert.deepEqual([(await one.run("x")).answer, asked], ["back", 3]);
});

test("a breaker that is shared opens for all, says so in the trace, and comes back for all", async () => {
  const clock = new TestClock();
  const breaker = new CircuitBreaker({ consecutive: 2, openFor: 1000, openForMax: 1000, clock });
  let asked = 0;
  let up = false;
  const model = () => { asked += 1; if (!up) throw unavailable(); return { text: "back" }; };
  const [one, other] = [0, 1].map(() => agent({ model, clock, guard: { retry: false, breaker } }));
  const outside = guard({ breaker, retry: false, clock });
  await one.run("x");
  await assert.rejects(outside.call(down), { status: 503 });
  assert.equal(breaker.state, "open");
  const refused = await other.run("x");
  assert.deepEqual([asked, refused.stop, clock.now()], [1, "model_unavailable", 0]);
  const { class: kind, transient, message } = failure(refused);
  assert.deepEqual([kind, transient], ["overloaded", false]);
  assert.match(message, /^the circuit breaker is open/);
  up = true;
  await clock.advance(1000);
  assert.deepEqual([(await other.run("x")).answer, breaker.state, asked], ["back", "closed", 2]);
});

test("for an open breaker nobody waits: there is an answer at once, or another model", async () => {
  const clock = new TestClock();
  const breaker = new CircuitBreaker({ clock });
  breaker.forceOpen("maintenance");
  const stands = () => ({ text: "from the second" });
  assert.deepEqual([(await ran({ model: down, guard: { breaker } }, { clock })).stop, breaker.stats.rejected], ["model_unavailable", 1]);
  assert.equal((await ran({ model: [down, stands], guard: { breaker } }, { clock })).answer, "from the second");
});

test("what the first model's failures open does not close the door to the second", async () => {
  const clock = new TestClock();
  const breaker = new CircuitBreaker({ consecutive: 1, clock });
  const result = await ran({ model: [down, calculates], tools: { multiply }, guard: { breaker, retry: false } }, { clock });
  assert.deepEqual([result.answer, breaker.state, breaker.stats.failures], ["17 * 23 = 391.", "open", 1]);
});

test("a tool that a shared breaker refuses did not happen, also where it must happen once", async () => {
  const clock = new TestClock();
  const breaker = new CircuitBreaker({ consecutive: 1, clock });
  let tries = 0;
  const mail = { effect: "once", run: () => { tries += 1; }, guard: { breaker } };
  breaker.forceOpen("maintenance");
  const { answer } = await ran({ model: mails, tools: { send_email: mail } }, { clock });
  assert.equal(tries, 0);
  assert.match(answer, /^send_email failed: overloaded: .*maintenance/);
});

test("a shared breaker counts what an agent's tool did, a timeout too, and nothing that was taken back", async () => {
  const clock = new TestClock();
  const breaker = new CircuitBreaker({ clock });
  const tool = run => ({ run, guard: { breaker, retry: false, timeout: 100 } });
  const wants = asksFor(...["well", "ill", "hung"].map(name => ({ id: name, tool: name, args: {} })));
  await ran({ model: wants, tools: { well: tool(() => "ok"), ill: tool(down), hung: tool(never) } }, { clock, after: 100 });
  assert.deepEqual([breaker.stats.successes, breaker.stats.failures], [1, 2]);
  const caller = new AbortController();
  const run = watch(agent({ model: wants, clock, tools: { well: tool(never), ill: tool(never), hung: tool(never) } }).run("x", { signal: caller.signal }));
  await settle();
  caller.abort();
  await settle();
  assert.deepEqual([run.value.stop, breaker.stats.failures, breaker.stats.ignored], ["cancelled", 2, 3]);
});

test("a probe that is taken back gives its place back", async () => {
  const clock = new TestClock();
  const breaker = new CircuitBreaker({ consecutive: 1, openFor: 1000, openForMax: 1000, clock });
  await breaker.call(down).catch(() => {});
  await clock.advance(1000);
  const caller = new AbortController();
  const one = agent({ model: never, clock, guard: { breaker, retry: false } });
  const run = watch(one.run("x", { signal: caller.signal }));
  await settle();
  assert.equal(breaker.state, "half-open");
  caller.abort();
  await settle();
  assert.equal(run.value.stop, "cancelled");
  assert.equal(await breaker.call(() => "through"), "through");
});

test("a shared budget of attempts is spent by runs, tools and guards alike, as they begin", async () => {
  const clock = new TestClock();
  const budget = new Budget({ attempts: 5, clock });
  const options = { model: calculates, tools: { multiply }, budget, clock };
  await agent(options).run("x");
  assert.equal(budget.left.attempts, 2);
  const hung = agent({ model: never, budget, clock });
  const runs = [0, 1, 2].map(() => watch(hung.run("x")));
  await settle();
  assert.deepEqual([budget.left.attempts, runs.map(({ value }) => value?.stop)], [0, [undefined, undefined, "budget"]]);
  await assert.rejects(guard({ budget, clock }).call(() => "never"), { code: "budget_exceeded" });
});

test("steps and tokens are counted across runs, and end them honestly", async () => {
  const clock = new TestClock();
  const steps = new Budget({ steps: 3, clock });
  const counted = agent({ model: calculates, tools: { multiply }, budget: steps, clock });
  assert.deepEqual([(await counted.run("x")).stop, (await counted.run("x")).stop, steps.left.steps], ["answered", "budget", 0]);
  const tokens = new Budget({ tokens: 100, clock });
  const talks = agent({ model: () => ({ text: "hello", usage: { inputTokens: 50, outputTokens: 10 } }), budget: tokens, clock });
  assert.deepEqual([(await talks.run("x")).stop, tokens.left.tokens, (await talks.run("x")).stop, tokens.left.tokens, (await talks.run("x")).stop], ["answered", 40, "answered", 0, "budget"]);
});

test("a budget's deadline is the run's, also where others have used its time up", async () => {
  const clock = new TestClock();
  const budget = new Budget({ deadline: 1000, clock });
  await clock.advance(400);
  const run = watch(agent({ model: never, budget, clock }).run("x"));
  await clock.advance(599);
  assert.equal(run.state, "pending");
  await clock.advance(1);
  assert.deepEqual([run.value.stop, run.value.degraded, (await ran({ model: () => ({ text: "x" }), budget }, { clock })).stop], ["deadline", true, "deadline"]);
});

test("the deadline of the models' budget is the run's, for without models it cannot go on", async () => {
  const clock = new TestClock();
  const guard = { budget: new Budget({ deadline: 1000, clock }) };
  const result = await ran({ model: mails, tools: { send_email: { run: never } }, guard }, { clock, after: 1000 });
  assert.deepEqual([result.stop, entries(result, "run_finished")[0].at], ["deadline", 1000]);
});

test("a child narrows what its parent allows, and what it spends is its parent's too", async () => {
  const clock = new TestClock();
  const budget = new Budget({ attempts: 10, tokens: 1000, clock });
  const child = budget.child({ attempts: 2 });
  const model = messages => ({ ...calculates(messages), usage: { inputTokens: 5, outputTokens: 5 } });
  const result = await ran({ model, tools: { multiply }, budget: child }, { clock });
  assert.deepEqual([result.stop, child.left.attempts, budget.left.attempts, budget.left.tokens], ["budget", 0, 8, 990]);
});

test("a budget in the guard counts model calls with their tokens, and none twice where it lies within the agent's", async () => {
  const clock = new TestClock();
  const usage = { inputTokens: 5, outputTokens: 5 };
  const model = messages => ({ ...calculates(messages), usage });
  for (const [budgets, left] of [
    [whole => ({ budget: whole, guard: { budget: whole } }), [7, 980, 8]],
    [whole => ({ budget: whole, guard: { budget: whole.child({}) } }), [7, 980, 8]],
    [whole => ({ budget: whole.child({}), guard: { budget: whole } }), [7, 980, 8]],
    [whole => ({ guard: { budget: whole } }), [8, 980, 10]],
  ]) {
    const whole = new Budget({ attempts: 10, tokens: 1000, steps: 10, clock });
    assert.equal((await ran({ model, tools: { multiply }, ...budgets(whole) }, { clock })).stop, "answered");
    assert.deepEqual([whole.left.attempts, whole.left.tokens, whole.left.steps], left);
  }
});

test("without its models' budget a run ends as one that has spent everything; without a tool's, the model is told", async () => {
  const clock = new TestClock();
  const once = () => new Budget({ attempts: 1, clock });
  const result = await ran({ model: calculates, tools: { multiply }, guard: { budget: once() } }, { clock, after: 1000 });
  assert.deepEqual([result.stop, result.steps], ["budget", 2]);
  const wants = asksFor(...["a", "b"].map(id => ({ id, tool: "multiply", args: { a: 2, b: 3 } })));
  const told = await ran({ model: wants, tools: { multiply: { ...multiply, guard: { budget: once() } } } }, { clock, after: 1000 });
  assert.match(told.answer, /^6 \| multiply failed: quota_exhausted: /);
});

test("a run within a tool spends from what is left to the one around it", async () => {
  const clock = new TestClock();
  const budget = new Budget({ attempts: 4, clock });
  const inner = agent({ model: calculates, tools: { multiply }, budget: budget.child({}), clock });
  const outer = agent({ model: asksFor({ id: "a", tool: "delegate", args: {} }), tools: { delegate: { run: async () => (await inner.run("x")).stop } }, budget, clock });
  assert.deepEqual([(await outer.run("x")).stop, budget.left.attempts], ["budget", 0]);
});

test("a guard's classify says what a failure means, of models and of tools", async () => {
  const classify = error => (error.code === "WARMING_UP" ? { class: "overloaded", transient: true, retryAfter: 700 } : undefined);
  const warming = work => { let cold = true; return (...args) => { if (cold) { cold = false; throw Object.assign(new Error("warming up"), { code: "WARMING_UP" }); } return work(...args); }; };
  const guard = { classify, retry: { jitter: "none" } };
  const result = await ran({ model: warming(calculates), tools: { multiply: { run: warming(multiply.run), guard } }, guard }, { after: 1400 });
  assert.equal(result.answer, "17 * 23 = 391.");
  assert.deepEqual(entries(result, "attempt_failed").map(({ at, why }) => [at, why.failure.class]), [[0, "overloaded"], [700, "overloaded"]]);
});

test("a classifier that fails, or says what makes no sense, leaves it to the default", async () => {
  for (const classify of [() => { throw new Error("mine"); }, () => ({ class: "odd", transient: true }), () => "retry"]) {
    assert.deepEqual(failure(await ran({ model: down, guard: { classify, retry: false } })), { class: "overloaded", transient: true, message: "503 Service Unavailable" });
  }
});

test("without retries a failure is final, whatever it is", async () => {
  let tries = 0;
  const result = await ran({ model: () => { tries += 1; throw new TransientError("503", { retryAfter: 1 }); }, guard: { retry: false } }, { after: 100_000 });
  assert.deepEqual([tries, result.stop], [1, "model_unavailable"]);
});
