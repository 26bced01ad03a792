// What holds in every world: models, tools and humans that do whatever a seed says, and snapshots that are resumed again and again.

import assert from "node:assert/strict";
import { test } from "node:test";
import { agent, TransientError } from "steadfast";
import { last } from "./support/agents.js";
import { never, TestClock } from "./support/world.js";

/** Chance that can be repeated: mulberry32. */
function dice(seed) {
  let state = seed;
  const roll = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  return { roll, below: count => Math.floor(roll() * count), one: list => list[Math.floor(roll() * list.length)] };
}

/** A world of that seed, and the books that are kept of it. */
function world(seed) {
  const { roll, below, one } = dice(seed);
  const clock = new TestClock();
  const books = { ran: [], yes: new Map(), dangling: 0, turns: 0 };
  const name = () => one(["look", "note", "mail", "pay", "nothing"]);
  const model = messages => {
    books.turns += 1;
    for (const [place, { toolCalls = [] }] of messages.entries()) {
      const results = messages.slice(place + 1, place + 1 + toolCalls.length);
      if (toolCalls.some(({ id }, index) => results[index]?.role !== "tool" || results[index].toolCallId !== id)) books.dangling += 1;
    }
    if (roll() < 0.1) throw new TransientError("503");
    if (last(messages).role === "tool" && roll() < 0.3) return { text: "That is all." };
    return { toolCalls: Array.from({ length: 1 + below(3) }, (_, n) => ({ id: `${messages.length}-${n}`, tool: name(), args: { n: below(3) } })) };
  };
  const act = tool => (args, { key, attempt }) => {
    books.ran.push({ tool, key, attempt, args });
    const luck = roll();
    if (luck < 0.15) throw new TransientError("502");
    if (luck < 0.25) throw new Error("broken");
    if (luck < 0.35) return never();
    if (luck < 0.45) return new Promise(resolve => clock.schedule(clock.now() + below(3000), () => resolve("late")));
    return `${tool} is done`;
  };
  const guard = { timeout: 1000, retry: { attempts: 2, base: 10 }, breaker: false };
  const reconcile = () => { if (roll() < 0.2) throw new Error("no books"); return one(["done", "not_done", "unknown", "?"]); };
  const options = {
    model, clock, seed, safeMessage: "Sorry.", guard: { breaker: false, retry: { base: 10 } },
    tools: {
      look: { run: act("look"), guard }, note: { effect: "once", run: act("note"), guard },
      mail: { risky: true, run: act("mail"), guard }, pay: { risky: ({ n }) => n > 0, run: act("pay"), reconcile, guard },
    },
  };
  /** Decides some of what is pending, and writes down every yes. */
  const decide = pending => {
    const decisions = {};
    for (const { id, digest, again, tool, args } of pending) {
      const luck = roll();
      if (luck < 0.2) continue;
      if (luck < 0.35) decisions[id] = { approve: false };
      else {
        decisions[id] = luck < 0.5 ? { approve: true, args: { n: 7 } } : { approve: true, digest: luck < 0.6 ? "0".repeat(64) : digest, ...(again && { again: luck < 0.8 }) };
        if (!again || decisions[id].again) {
          const what = `${tool} ${JSON.stringify(decisions[id].args ?? args)}`;
          books.yes.set(what, (books.yes.get(what) ?? 0) + 1);
        }
      }
    }
    return decisions;
  };
  return { options, books, clock, decide, below };
}

/** Runs a world to its end, resuming each snapshot up to three times, at once. What its runs came to. */
async function lived({ options, clock, decide, below }) {
  const one = agent(options);
  const through = async promises => {
    const all = Promise.all(promises);
    await clock.advance(200_000);
    return all;
  };
  const results = await through([one.run("task", { suspend: true })]);
  for (let place = 0, rounds = 0; place < results.length && rounds < 6; place += 1) {
    const { stop, snapshot, pending } = results[place];
    if (stop !== "suspended") continue;
    rounds += 1;
    results.push(...await through(Array.from({ length: 1 + below(3) }, () => one.resume(snapshot, decide(pending)))));
  }
  return results;
}

test("in two hundred worlds: an answer always, a result for every call, a yes for every effect, and none twice", async () => {
  const stops = new Set();
  let effects = 0;
  for (let seed = 1; seed <= 200; seed += 1) {
    const here = world(seed);
    const { books } = here;
    for (const { answer, stop, pending = [], trace } of await lived(here)) {
      stops.add(stop);
      assert.notEqual(answer.trim(), "", `seed ${seed}`);
      assert.equal(stop === "suspended", pending.length > 0, `seed ${seed}`);
      assert.equal(trace.at(-1).what, stop === "suspended" ? "run_suspended" : "run_finished", `seed ${seed}`);
    }
    assert.equal(books.dangling, 0, `seed ${seed}`);
    const risky = books.ran.filter(({ tool, args: { n } }) => tool === "mail" || (tool === "pay" && n > 0));
    const once = books.ran.filter(({ tool }) => tool !== "look");
    // What needs a yes, and another try of what needs none: nobody but a human begins that.
    for (const asked of [risky, once.filter(({ tool, attempt }) => tool === "note" && attempt > 1)]) {
      const ran = new Map();
      for (const { tool, args } of asked) ran.set(`${tool} ${JSON.stringify(args)}`, (ran.get(`${tool} ${JSON.stringify(args)}`) ?? 0) + 1);
      for (const [what, times] of ran) assert(times <= (books.yes.get(what) ?? 0), `seed ${seed}: ${what} ran ${times} times for ${books.yes.get(what) ?? 0} approvals`);
    }
    // No attempt is ever made twice: another one of the same call has a number of its own, and a yes of its own.
    const attempts = once.map(({ key, attempt }) => `${key} ${attempt}`);
    assert.equal(new Set(attempts).size, attempts.length, `seed ${seed}: ${attempts.sort()}`);
    effects += risky.length;
  }
  assert(effects > 100, `${effects} risky effects`);
  assert.deepEqual([...stops].sort(), ["answered", "model_unavailable", "step_limit", "suspended"]);
});
