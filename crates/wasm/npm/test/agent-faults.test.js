import assert from "node:assert/strict";
import { test } from "node:test";
import { TransientError } from "steadfast";
import { asksFor, calculates, call, entries, failure, multiply, ran, times, whats } from "./support/agents.js";
import { never, unavailable } from "./support/world.js";

const retry = { attempts: 3, base: 5, cap: 20, jitter: "none" };

test("a model that fails twice still answers 391", async () => {
  const seen = [];
  const model = (messages, { attempt, key }) => {
    seen.push([attempt, key.split("-call-")[1]]);
    if (seen.length <= 2) throw new TransientError("503");
    return calculates(messages);
  };
  const result = await ran({ model, tools: { multiply }, guard: { retry } }, { after: 15 });
  assert.deepEqual([result.answer, result.steps, result.degraded, result.stop, result.blocked], ["17 * 23 = 391.", 2, false, "answered", []]);
  assert.deepEqual(seen, [[1, "1"], [2, "1"], [3, "1"], [1, "3"]]);
  assert.deepEqual(entries(result, "backing_off").map(({ why }) => why.delay.delay), [5, 10]);
});

test("a promise that never settles is cut by the timeout and tried again", async () => {
  const aborted = [];
  let tries = 0;
  const model = (messages, { signal, attempt }) => {
    signal.addEventListener("abort", () => aborted.push([attempt, signal.reason.name]));
    return (tries += 1) === 1 ? never() : calculates(messages);
  };
  const result = await ran({ model, tools: { multiply }, guard: { timeout: 80, retry } }, { after: 85 });
  assert.deepEqual([result.answer, result.degraded], ["17 * 23 = 391.", false]);
  assert.deepEqual([times(result, "attempt_timed_out"), times(result, "run_finished"), aborted], [[80], [85], [[1, "DeadlineExceeded"]]]);
});

test("a hung model hangs for a minute by default, and so does a hung tool", async () => {
  const result = await ran({ model: never, guard: { retry: false } }, { after: 60_000 });
  assert.deepEqual([result.stop, times(result, "attempt_timed_out")], ["model_unavailable", [60_000]]);
  const tools = { hangs: { run: never, guard: { retry: false } } };
  const told = await ran({ model: asksFor({ id: "a", tool: "hangs", args: {} }), tools }, { after: 60_000 });
  assert.equal(told.answer, "hangs failed: the only attempt failed: timeout: no answer within 60 s.");
});

test("an outage degrades to a safe message within its limits", async () => {
  let asked = 0;
  const model = () => { asked += 1; throw new TransientError("down"); };
  const result = await ran({ model, guard: { retry }, safeMessage: "Please call us." }, { after: 100 });
  assert.deepEqual([result.answer, result.degraded, result.stop, result.steps, asked], ["Please call us.", true, "model_unavailable", 1, 3]);
});

test("the second model answers when the first is down", async () => {
  const options = [];
  const down = () => { throw Object.assign(new Error("out of credit"), { status: 402 }); };
  const result = await ran({ model: [down, (messages, { option }) => (options.push(option), { text: "hello" })], guard: { retry } });
  assert.deepEqual([result.answer, options, failure(result).class], ["hello", [1], "quota_exhausted"]);
});

test("a second model is what a hung first one falls back to", async () => {
  const result = await ran({ model: [never, () => ({ text: "from the second" })], guard: { timeout: 100, retry: false } }, { after: 100 });
  assert.deepEqual([result.answer, result.degraded, whats(result).includes("fell_back")], ["from the second", false, true]);
});

test("a plain error is a bug and not tried again", async () => {
  let asked = 0;
  const result = await ran({ model: () => { asked += 1; return null.text; }, guard: { retry } }, { after: 100 });
  assert.deepEqual([asked, result.stop], [1, "model_unavailable"]);
  assert.deepEqual(failure(result), { class: "bug", transient: false, message: "Cannot read properties of null (reading 'text')" });
});

const error = (message, fields) => Object.assign(new Error(message), fields);
for (const [thrown, kind, transient, message] of [
  [() => new TransientError("busy"), "server_error", true, "busy"],
  [() => error("slow down", { status: 429 }), "rate_limited", true, "slow down"],
  [() => error("pay", { status: 429, code: "insufficient_quota" }), "quota_exhausted", false, "pay"],
  [() => error("spent", { status: 429, type: "insufficient_quota" }), "quota_exhausted", false, "spent"],
  [() => error("bad", { status: 400 }), "invalid_request", false, "bad"],
  [() => error("odd", { statusCode: 422 }), "invalid_request", false, "odd"],
  [() => error("key", { status: 401 }), "auth", false, "key"],
  [() => error("not you", { status: 403 }), "permission", false, "not you"],
  [() => error("long", { status: 413 }), "too_large", false, "long"],
  [() => error("slow", { status: 408 }), "timeout", true, "slow"],
  [() => error("locked", { status: 409 }), "overloaded", true, "locked"],
  [() => error("odd", { status: 302 }), "invalid_request", false, "odd"],
  [() => error("cut", { error: { type: "error", error: { type: "overloaded_error" } } }), "overloaded", true, "cut"],
  // From another copy of this package.
  [() => error("busy", { name: "TransientError" }), "server_error", true, "busy"],
  [() => error("oops", { status: 500 }), "server_error", true, "oops"],
  [() => error("odd", { status: "500" }), "bug", false, "odd"],
  [() => error("busy", { status: 529, error: { type: "error", error: { type: "overloaded_error" } } }), "overloaded", true, "busy"],
  [() => error("no", { status: 500, headers: new Headers({ "X-Should-Retry": "false" }) }), "server_error", false, "no"],
  [() => error("long", { statusCode: 400, responseBody: '{"error":{"code":"context_length_exceeded"}}' }), "too_large", false, "long"],
  // A browser does not tell whether the request arrived; Node names the connection that was refused.
  [() => new TypeError("Failed to fetch"), "incomplete", true, "Failed to fetch"],
  [() => new TypeError("fetch failed", { cause: { code: "ECONNREFUSED" } }), "connect_failed", true, "fetch failed"],
  [() => new TypeError("fetch failed", { cause: { code: "ECONNRESET" } }), "incomplete", true, "fetch failed"],
  [() => new DOMException("stopped", "AbortError"), "cancelled", false, "stopped"],
  [() => new DOMException("too late", "TimeoutError"), "timeout", true, "too late"],
  [() => "just a text", "bug", false, "just a text"],
  [() => undefined, "bug", false, "undefined was thrown"],
  [() => null, "bug", false, "null was thrown"],
  [() => 42, "bug", false, "42 was thrown"],
  [() => Symbol("x"), "bug", false, "Symbol(x) was thrown"],
  [() => new Proxy({}, { get() { throw 1; } }), "bug", false, "an object was thrown"],
  [() => ({ get message() { throw new Error("inner"); } }), "bug", false, "an object was thrown"],
]) {
  test(`thrown by a model in any way: ${kind}, ${message}`, async () => {
    for (const model of [() => { throw thrown(); }, () => Promise.reject(thrown()), () => ({ then(_, reject) { reject(thrown()); } })]) {
      assert.deepEqual(failure(await ran({ model, guard: { retry: false } })), { class: kind, transient, message });
    }
  });
}

test("values that can no longer be touched are failures too", async () => {
  const revoked = target => { const { proxy, revoke } = Proxy.revocable(target, {}); revoke(); return proxy; };
  for (const model of [() => { throw revoked({}); }, () => { throw revoked([]); }, () => revoked({}), async () => { throw revoked({}); }]) {
    assert.equal(failure(await ran({ model, guard: { retry: false } })).class, "bug");
  }
  for (const target of [{}, []]) {
    const result = await ran({ model: () => ({ toolCalls: [revoked(target)] }), guard: { retry: false } });
    assert.equal(failure(result).class, "malformed_output");
  }
});

test("a then that throws is a failure like any other", async () => {
  const result = await ran({ model: () => ({ get then() { throw new TransientError("odd"); } }), guard: { retry } }, { after: 100 });
  assert.deepEqual([result.stop, entries(result, "attempt_failed").length], ["model_unavailable", 3]);
});

test("a server's Retry-After is never undercut, and no cap shortens it", async () => {
  const thrown = [new TransientError("busy", { retryAfter: 120 }), unavailable({ status: 429, headers: { "retry-after": "30" } })];
  const model = messages => { const error = thrown.shift(); if (error !== undefined) throw error; return calculates(messages); };
  const result = await ran({ model, tools: { multiply }, guard: { retry } }, { after: 31_000 });
  assert.deepEqual([result.degraded, times(result, "attempt_started").slice(0, 3)], [false, [0, 120, 30_120]]);
});

test("a Retry-After beyond the deadline is not waited for", async () => {
  const model = () => { throw unavailable({ headers: { "retry-after": "120" } }); };
  const result = await ran({ model, guard: { deadline: 60_000 } });
  assert.deepEqual([result.stop, times(result, "run_finished")], ["model_unavailable", [0]]);
});

test("a tool that hangs or throws is told to the model, one that may be repeated is tried again", async () => {
  let tries = 0;
  const guard = { timeout: 30, retry: false };
  const tools = {
    hangs: { run: never, guard }, throws: { run() { throw new Error("no such file"); }, guard },
    flaky: { run: () => { if ((tries += 1) < 3) throw unavailable(); return "third time"; }, guard: { retry: { jitter: "none" } } },
  };
  const wants = ["hangs", "throws", "flaky"].map(tool => ({ id: tool, tool, args: {} }));
  const result = await ran({ model: asksFor(...wants), tools }, { after: 150 });
  assert.equal(result.answer, "hangs failed: the only attempt failed: timeout: no answer within 30 ms. | throws failed: bug: no such file; another try cannot mend that. | third time");
  // A tool's retries begin at 50 ms.
  assert.deepEqual(entries(result, "backing_off").map(({ why }) => why.delay.delay), [50, 100]);
});

test("a breaker of a policy that opens ends the retries, and the next run knows of it", async () => {
  let asked = 0;
  const model = () => { asked += 1; throw new TransientError("down"); };
  const result = await ran({ model, guard: { retry: { ...retry, attempts: 9 }, breaker: { consecutive: 2 } } }, { after: 100 });
  assert.deepEqual([asked, whats(result).filter(what => what === "breaker_opened")], [2, ["breaker_opened"]]);
});

test("a looping model is stopped by the step cap", async () => {
  let asked = 0;
  const model = () => { asked += 1; return call("multiply", { a: 1, b: 1 }); };
  const result = await ran({ model, tools: { multiply }, maxSteps: 3 });
  assert.deepEqual([result.stop, result.steps, result.degraded, asked], ["step_limit", 3, true, 3]);
});
