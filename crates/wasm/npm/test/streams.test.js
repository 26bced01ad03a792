// Streams under a guard: what a proper one comes to, and what is left of those that nobody reads.

import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { createServer } from "node:http";
import { after, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { agent, CircuitBreaker, guard } from "../build/js/src/index.js";
import { machines } from "../build/js/src/engine.js";
import { never, settle } from "./support/world.js";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");

let open = 0;
const server = createServer(async (request, response) => {
  open += 1;
  response.on("close", () => { open -= 1; });
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (let part = 0; request.url === "/endless" ? !response.destroyed : part < 3; part += 1) {
    response.write(`data: ${part}\n\n`);
    await new Promise(resolve => setTimeout(resolve, 5));
  }
  response.end();
});
await new Promise(resolve => server.listen(0, resolve));
after(() => { server.closeAllConnections(); server.close(); });
const at = path => `http://127.0.0.1:${server.address().port}${path}`;

/** A signal, and what was ever added to it. */
function counted() {
  const { signal } = new AbortController();
  const counts = { added: 0, now: () => getEventListeners(signal, "abort").length };
  const add = signal.addEventListener.bind(signal);
  signal.addEventListener = (...given) => { counts.added += 1; add(...given); };
  return { signal, counts };
}

async function eventually(holds) {
  for (let tries = 100; !holds() && tries > 0; tries -= 1) {
    collect();
    await new Promise(resolve => setTimeout(resolve, 20));
  }
  assert(holds(), `${open} are open, ${machines.machines()} machines`);
}

test("a stream that is read to its end is a call that succeeded", async () => {
  const one = guard();
  const whats = [];
  one.on("decision", ({ what }) => whats.push(what));
  assert.equal(await (await one.fetch(at("/short"))).text(), "data: 0\n\ndata: 1\n\ndata: 2\n\n");
  await settle();
  assert.deepEqual(whats, ["attempt_started", "first_output", "committed", "attempt_succeeded"]);
  assert.equal(one.breaker.stats.successes, 1);
});

test("streams that nobody reads leave nothing behind, neither under the caller's signal nor at the server", async () => {
  const { signal, counts } = counted();
  const one = guard({ timeout: Infinity });
  await (await one.fetch(at("/short"), { signal })).text();
  await settle();
  const before = machines.machines();
  await (async () => {
    const held = [];
    for (let left = 20; left > 0; left -= 1) held.push(await one.fetch(at("/endless"), { signal }));
    assert.deepEqual(held.map(({ status }) => status), Array(20).fill(200));
    assert.deepEqual([counts.added, counts.now(), open >= 20], [2, 1, true]);
  })();
  await eventually(() => counts.now() === 0 && machines.machines() <= before && open === 0);
  assert.equal(one.breaker.stats.failures, 0);
});

test("one that somebody holds goes on, also while nobody reads", async () => {
  const response = await guard().fetch(at("/short"));
  for (let times = 10; times > 0; times -= 1) {
    collect();
    await new Promise(resolve => setTimeout(resolve, 10));
  }
  assert.equal(await response.text(), "data: 0\n\ndata: 1\n\ndata: 2\n\n");
});

test("whatever is called under a signal, there is one listener on it", async () => {
  const { signal, counts } = counted();
  const caller = new AbortController();
  const both = AbortSignal.any([signal, caller.signal]);
  const [one, breaker, runs] = [guard(), new CircuitBreaker(), agent({ model: never })];
  const pending = Array.from({ length: 10 }, () => [
    one.call(never, { signal: both }), breaker.call(never, { signal: both }), runs.run("x", { signal: both }), one.fetch(at("/endless"), { signal: both }),
  ]).flat();
  assert.equal(getEventListeners(both, "abort").length, 1);
  caller.abort(new Error("mine"));
  const ends = await Promise.allSettled(pending);
  assert.deepEqual(new Set(ends.map(({ reason, value }) => reason?.message ?? value.stop)), new Set(["mine", "cancelled"]));
  assert.deepEqual([getEventListeners(both, "abort").length, counts.added], [0, 0]);
});
