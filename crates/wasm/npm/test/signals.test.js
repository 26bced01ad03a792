import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { guard, retry } from "steadfast";
import { never, settle } from "./support/world.js";

test("many calls under one signal have one listener on it, all hear of it, and none stays", async () => {
  const warnings = [];
  const warned = warning => warnings.push(warning.name);
  process.on("warning", warned);
  const caller = new AbortController();
  const listeners = () => getEventListeners(caller.signal, "abort").length;
  const one = guard();
  await Promise.all(Array.from({ length: 30 }, () => one.call(settle, { signal: caller.signal })));
  assert.equal(listeners(), 0);
  const calls = Array.from({ length: 30 }, (_, index) => (index % 2 ? one.call(never, { signal: caller.signal }) : retry(never, { signal: caller.signal })));
  assert.equal(listeners(), 1);
  caller.abort(new Error("mine"));
  const ends = await Promise.allSettled(calls);
  assert.deepEqual(new Set(ends.map(({ reason }) => reason.message)), new Set(["mine"]));
  assert.equal(listeners(), 0);
  await settle();
  process.off("warning", warned);
  assert.deepEqual(warnings, []);
});
