import assert from "node:assert/strict";
import { test } from "node:test";
import { guard, RetriesExhausted, retry, TransientError } from "steadfast";
import { never, settle, TestClock, unavailable, watch } from "./support/world.js";

/** A retry without jitter, and the instants of its tries. */
function tried(operation, policy = {}) {
  const clock = new TestClock();
  const at = [];
  const watched = watch(retry(context => {
    at.push(clock.now());
    return operation(context);
  }, { jitter: "none", clock, ...policy }));
  return { clock, at, watched };
}

test("three tries, after 500 and 1,000 ms, and then the last failure in an error that says so", async () => {
  const { clock, at, watched } = tried(() => { throw unavailable(); });
  await clock.advance(1499);
  assert.deepEqual([at, watched.state], [[0, 500], "pending"]);
  await clock.advance(1);
  assert.deepEqual([at, watched.state], [[0, 500, 1500], "rejected"]);
  assert(watched.error instanceof RetriesExhausted && watched.error instanceof Error);
  const { name, code, attempts, message, cause } = watched.error;
  assert.deepEqual([name, code, attempts, cause.status], ["RetriesExhausted", "retries_exhausted", 3, 503]);
  assert.equal(message, "all 3 attempts failed, the last with overloaded: 503 Service Unavailable");
});

test("a success after a failure is the result, and every try has the same key and its own number", async () => {
  const seen = [];
  const { clock, watched } = tried(({ attempt, option, remaining, key }) => {
    seen.push([attempt, option, remaining, key]);
    if (attempt === 1) throw new TransientError("not yet");
    return "done";
  });
  await clock.advance(500);
  assert.equal(watched.value, "done");
  assert.deepEqual(seen.map(([attempt, option, remaining]) => [attempt, option, remaining]), [[1, 0, Infinity], [2, 0, Infinity]]);
  assert.equal(seen[0][3], seen[1][3]);
  assert.match(seen[0][3], /^run-[0-9a-f]{16}-call-1$/);
});

test("a key of the caller's is the key", async () => {
  assert.equal(await retry(({ key }) => key, { key: "order-7" }), "order-7");
});

test("a plain error is a bug, and rejects as it is after one try", async () => {
  const bug = new Error("x is not a function");
  const { clock, at, watched } = tried(async () => { throw bug; });
  await clock.advance(60_000);
  assert.deepEqual([at, watched.error === bug], [[0], true]);
});

test("a single attempt rejects with its own failure", async () => {
  await assert.rejects(retry(() => { throw unavailable(); }, { attempts: 1 }), { status: 503 });
});

test("a server that asks for 2 s is not asked sooner", async () => {
  const { clock, at } = tried(() => { throw new TransientError("busy", { retryAfter: 2000 }); });
  await clock.advance(10_000);
  assert.deepEqual(at, [0, 2000, 4000]);
});

test("the same seed waits the same, another one otherwise", async () => {
  const waits = async seed => {
    const { clock, at } = tried(() => { throw unavailable(); }, { jitter: "full", seed, attempts: 4 });
    await clock.advance(60_000);
    return at.join();
  };
  assert.equal(await waits("18446744073709551615"), await waits("18446744073709551615"));
  assert.notEqual(await waits(1), await waits(2));
});

test("taken back in the middle of a wait, it rejects at once with the caller's reason, and nothing follows", async () => {
  const caller = new AbortController();
  const { clock, at, watched } = tried(() => { throw unavailable(); }, { signal: caller.signal });
  await clock.advance(100);
  caller.abort("enough");
  await settle();
  assert.deepEqual([watched.state, watched.error, clock.armed], ["rejected", "enough", 0]);
  await clock.advance(60_000);
  assert.deepEqual(at, [0]);
});

test("a signal that is aborted already keeps its reason, and nothing runs", async () => {
  const { at, watched } = tried(never, { signal: AbortSignal.abort("too late") });
  await settle();
  assert.deepEqual([at, watched.error], [[], "too late"]);
});

test("an operation may throw, return no promise, return something that is almost one, or one that settles twice", async () => {
  assert.equal(await retry(() => 7), 7);
  assert.equal(await retry(() => undefined), undefined);
  assert.equal(await retry(() => ({ then: (resolve, reject) => { resolve(1); resolve(2); reject(3); } })), 1);
  await assert.rejects(retry(() => ({ get then() { throw new Error("no then"); } })), { message: "no then" });
  const trap = new Proxy({}, { has() { throw new Error("a trap"); } });
  await assert.rejects(guard({ retry: false }).call(() => trap), { message: "a trap" });
  await assert.rejects(retry(() => { throw null; }), error => error === null);
});

test("a classifier decides where it knows, and one that throws does not lose the failure", async () => {
  const blocked = { class: "blocked", transient: false };
  await assert.rejects(retry(() => { throw unavailable(); }, { classify: () => blocked }), { status: 503 });
  const { clock, watched } = tried(() => { throw unavailable(); }, { classify: () => { throw new Error("classifier"); } });
  await clock.advance(10_000);
  assert.equal(watched.error.cause.status, 503);
});
