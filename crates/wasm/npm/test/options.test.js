import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import { agent, approvalGate, Budget, callWithDeadline, CircuitBreaker, fallback, guard, retry, StepLimiter, TransientError } from "steadfast";

const operation = () => 1;
/** The copy that CommonJS has of its own. */
const there = createRequire(import.meta.url)("steadfast");
const another = "of another copy of steadfast; allowed: one of this copy (CommonJS and ES modules each have their own)";
const ms = "milliseconds, more than 0, at most 9007199254740";

/** What is said, and what is answered: the whole sentence. */
const refusals = [
  [() => retry(operation, { attempts: 0 }), RangeError, "retry.attempts is 0; allowed: a whole number from 1 to 4294967295"],
  [() => retry(operation, { attempts: "3" }), TypeError, 'retry.attempts is "3"; allowed: a whole number from 1 to 4294967295'],
  [() => retry(operation, { attempts: 2 ** 53 }), RangeError, "retry.attempts is 9007199254740992; allowed: a whole number from 1 to 4294967295"],
  [() => retry(operation, { base: NaN }), RangeError, "retry.base is NaN; allowed: milliseconds, 0 or more, at most 9007199254740"],
  [() => retry(operation, { base: 30_000 }), RangeError, "retry.base is 30000; allowed: at most retry.cap, which is 20000"],
  [() => retry(operation, { cap: -1 }), RangeError, "retry.cap is -1; allowed: milliseconds, 0 or more, at most 9007199254740, or Infinity for none"],
  [() => retry(operation, { factor: 0.5 }), RangeError, "retry.factor is 0.5; allowed: a number from 1 to 1000"],
  [() => retry(operation, { jitter: "some" }), TypeError, 'retry.jitter is "some"; allowed: full, equal, decorrelated, none'],
  [() => retry(operation, { atempts: 3 }), TypeError, 'retry has no option "atempts"; its options: attempts, base, cap, factor, jitter, classify, clock, seed, signal, key'],
  [() => retry(operation, null), TypeError, "retry is null; allowed: an object"],
  [() => retry("operation"), TypeError, 'operation is "operation"; allowed: a function'],
  [() => retry(operation, { classify: true }), TypeError, "retry.classify is true; allowed: a function"],
  [() => retry(operation, { seed: 1.5 }), RangeError, "seed is 1.5; allowed: a whole number up to 2^53, or a decimal string up to 18446744073709551615"],
  [() => retry(operation, { seed: "18446744073709551616" }), RangeError, 'seed is "18446744073709551616"; allowed: a whole number up to 2^53, or a decimal string up to 18446744073709551615'],
  [() => retry(operation, { clock: { now: 1 } }), TypeError, "clock is an object; allowed: an object with now() and schedule(at, wake)"],
  [() => retry(operation, { signal: "x" }), TypeError, 'signal is "x"; allowed: an AbortSignal'],
  [() => retry(operation, { key: "" }), TypeError, 'key is ""; allowed: a string that is not empty'],
  [() => callWithDeadline(operation, 0), RangeError, `ms is 0; allowed: ${ms}, or Infinity for none`],
  [() => callWithDeadline(operation), TypeError, "ms is undefined; allowed: milliseconds, more than 0"],
  [() => fallback([]), TypeError, "options is an empty array; allowed: an array of functions, one at least"],
  [() => fallback([operation, 1]), TypeError, "options[1] is 1; allowed: a function"],
  [() => guard({ timeout: -1 }), RangeError, `timeout is -1; allowed: ${ms}, or Infinity for none`],
  [() => guard({ deadline: "1s" }), TypeError, `deadline is "1s"; allowed: ${ms}, or Infinity for none`],
  [() => guard({ retry: true }), TypeError, "retry is true; allowed: an object"],
  [() => guard({ breaker: 5 }), TypeError, "breaker is 5; allowed: an object"],
  [() => guard({ budget: {} }), TypeError, "budget is an object; allowed: a Budget"],
  [() => guard(guard()), TypeError, "guard is a Guard; allowed: the policy that guard() takes { timeout, deadline, retry, breaker, budget, classify, clock, seed }"],
  [() => guard({ breaker: new there.CircuitBreaker() }), TypeError, `breaker is a CircuitBreaker ${another}`],
  [() => guard({ budget: new there.Budget({ tokens: 5 }) }), TypeError, `budget is a Budget ${another}`],
  [() => agent({ model: operation, budget: new there.Budget({ tokens: 5 }) }), TypeError, `budget is a Budget ${another}`],
  [() => guard({ budget: 5n }), TypeError, "budget is 5n; allowed: a Budget"],
  [() => guard({ clock: { now: () => NaN, schedule() {} } }), TypeError, "clock.now() is NaN; allowed: the instant it is, in milliseconds"],
  [() => guard({ clock: { now: () => "5", schedule() {} } }), TypeError, 'clock.now() is "5"; allowed: the instant it is, in milliseconds'],
  [() => new TransientError("x", { retryAfter: NaN }), RangeError, "retryAfter is NaN; allowed: milliseconds, 0 or more"],
  [() => new TransientError("x", { retryAfter: -1 }), RangeError, "retryAfter is -1; allowed: milliseconds, 0 or more"],
  [() => new TransientError("x", { retryAfter: "2" }), TypeError, 'retryAfter is "2"; allowed: milliseconds, 0 or more'],
  [() => guard({ retry: new CircuitBreaker() }), TypeError, "retry is a CircuitBreaker; allowed: a plain object { attempts, base, cap, factor, jitter, classify }"],
  [() => guard({ retries: 3 }), TypeError, 'guard has no option "retries"; its options: timeout, deadline, retry, breaker, budget, classify, clock, seed'],
  [() => guard().on("event", operation), TypeError, 'event is "event"; allowed: "decision"'],
  [() => guard().call(operation, { fallbacks: operation }), TypeError, "fallbacks is a function; allowed: an array of functions"],
  [() => new CircuitBreaker({ consecutive: -1 }), RangeError, "breaker.consecutive is -1; allowed: a whole number from 0 to 4294967295"],
  [() => new CircuitBreaker({ openFor: Infinity }), RangeError, `breaker.openFor is Infinity; allowed: ${ms}`],
  [() => new CircuitBreaker({ openFor: 2, openForMax: 1 }), RangeError, "breaker.openFor is 2; allowed: at most breaker.openForMax, which is 1"],
  [() => new CircuitBreaker({ window: { rate: 2, calls: 20, ms: 1, minimum: 5 } }), RangeError, "breaker.window.rate is 2; allowed: a share from 0.001 to 1"],
  [() => new CircuitBreaker({ window: { rate: 1, calls: 3, ms: 1, minimum: 5 } }), RangeError, "breaker.window.minimum is 5; allowed: a whole number from 1 to 3"],
  [() => new CircuitBreaker({ slow: { rate: 1 } }), TypeError, `breaker.slow.ms is undefined; allowed: ${ms}`],
  [() => new CircuitBreaker({ probes: 0 }), RangeError, "breaker.probes is 0; allowed: a whole number from 1 to 4294967295"],
  [() => new CircuitBreaker().forceOpen(), TypeError, "reason is undefined; allowed: a string"],
  [() => new Budget(), TypeError, "budget is undefined; allowed: an object with any of deadline, attempts, steps, tokens, money"],
  [() => new Budget({ tokens: 0 }), RangeError, "budget.tokens is 0; allowed: a whole number from 1 to 9007199254740991"],
  [() => new Budget({ money: "1" }), TypeError, 'budget.money is "1"; allowed: an amount of 0.000001 or more, at most 9007199254'],
  [() => new Budget({}).reserve({ tokens: -1 }), RangeError, "estimate.tokens is -1; allowed: a whole number from 0 to 9007199254740991"],
  [() => new StepLimiter(0), RangeError, "limit is 0; allowed: a whole number from 1 to 4294967295"],
  [() => approvalGate(operation, { tool: "", risky: true }), TypeError, 'tool is ""; allowed: the tool\'s name'],
  [() => approvalGate(operation, { tool: "pay", risky: 1 }), TypeError, "risky is 1; allowed: true, false or a function of the arguments"],
  [() => approvalGate(operation, { tool: "pay", risky: true, expiresAfter: 0 }), RangeError, `expiresAfter is 0; allowed: ${ms}`],
];

for (const [begin, type, message] of refusals) {
  test(message, () => assert.throws(begin, error => {
    assert.equal(error.message, message);
    assert.equal(error.constructor, type);
    return true;
  }));
}

test("what has a meaning is taken: no end, no limit, no wait, undefined for not said", async () => {
  assert.equal(await retry(operation, { attempts: Infinity, cap: Infinity, base: 0, factor: 1, jitter: undefined, clock: undefined }), 1);
  assert.equal(await callWithDeadline(operation, Infinity), 1);
  assert.equal(await guard({ timeout: Infinity, deadline: undefined, breaker: { consecutive: 0, window: null, slow: null } }).call(operation), 1);
  assert.equal(new Budget({ tokens: Infinity }).left.tokens, Infinity);
});
