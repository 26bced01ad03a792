// What rejects: one class for each way in which the engine ends a call, each with a `code`.

import { refused } from "./options.js";
import type { Ms, TraceEntry } from "./types.js";

/** Any failure that Steadfast itself decided on. `code` is the same across versions and bundles; `trace` has what was decided in the call,
 *  where somebody listened.
 *
 *  @example
 *  ```js
 *  import { guard, SteadfastError } from "steadfast";
 *
 *  const failed = await guard({ timeout: 10, retry: false }).call(() => new Promise(() => {})).catch(error => error);
 *  console.log(failed instanceof SteadfastError, failed.code); // true deadline_exceeded
 *  ```
 */
export class SteadfastError extends Error {
  readonly code: string;
  declare readonly trace?: TraceEntry[];
  constructor(message?: string, options: { code?: string; cause?: unknown; trace?: TraceEntry[] } = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.code = options.code ?? "steadfast";
    if (options.trace !== undefined) (this as { trace?: TraceEntry[] }).trace = options.trace;
  }
}

/** Throw this (or let `classify` find it) to say: trying again can help, after `retryAfter` milliseconds if it says so.
 *
 *  @example
 *  ```js
 *  import { classify, TransientError } from "steadfast";
 *
 *  console.log(classify(new TransientError("the queue is full", { retryAfter: 2_000 }))); // { class: 'server_error', transient: true, retryAfter: 2000 }
 *  ```
 */
export class TransientError extends SteadfastError {
  declare readonly retryAfter?: Ms;
  constructor(message?: string, options: { retryAfter?: Ms; cause?: unknown } = {}) {
    super(message, { ...options, code: "transient" });
    const { retryAfter } = options;
    if (retryAfter === undefined) return;
    if (typeof retryAfter !== "number" || !(retryAfter >= 0)) throw refused("retryAfter", retryAfter, "milliseconds, 0 or more");
    (this as { retryAfter?: Ms }).retryAfter = retryAfter;
  }
}

/** The time is up, the attempt's, the call's or the run's, or does not suffice for another try. `cause` is the last failure.
 *
 *  @example
 *  ```js
 *  import { DeadlineExceeded, guard, TransientError } from "steadfast";
 *
 *  const busy = guard({ deadline: 50, retry: { base: 200, jitter: "none" } });
 *  const failed = await busy.call(() => { throw new TransientError("busy"); }).catch(error => error);
 *  console.log(failed instanceof DeadlineExceeded, failed.scope, failed.cause.message); // true call busy
 *  ```
 */
export class DeadlineExceeded extends SteadfastError {
  readonly scope: "attempt" | "call" | "run";
  constructor(message: string, scope: "attempt" | "call" | "run", options: { cause?: unknown } = {}) {
    super(message, { ...options, code: "deadline_exceeded" });
    this.scope = scope;
  }
}

/** Attempts or budget ran out; `cause` is the last failure, `attempts` how many were made.
 *
 *  @example
 *  ```js
 *  import { RetriesExhausted, retry, TransientError } from "steadfast";
 *
 *  const failed = await retry(() => { throw new TransientError("busy"); }, { attempts: 2, base: 1 }).catch(error => error);
 *  console.log(failed instanceof RetriesExhausted, failed.attempts, failed.cause.message); // true 2 busy
 *  ```
 */
export class RetriesExhausted extends SteadfastError {
  readonly attempts: number;
  constructor(message: string, attempts: number, options: { cause?: unknown } = {}) {
    super(message, { ...options, code: "retries_exhausted" });
    this.attempts = attempts;
  }
}

/** The circuit breaker lets nothing through until `retryAt`, an instant of the clock it runs on.
 *
 *  @example
 *  ```js
 *  import { CircuitBreaker, CircuitOpen } from "steadfast";
 *
 *  const breaker = new CircuitBreaker();
 *  breaker.forceOpen("the provider is being changed");
 *  const failed = await breaker.call(() => "not called").catch(error => error);
 *  console.log(failed instanceof CircuitOpen, failed.reason); // true it was forced open, the provider is being changed
 *  ```
 */
export class CircuitOpen extends SteadfastError {
  readonly retryAt: Ms;
  readonly reason: string;
  constructor(message: string, retryAt: Ms, reason: string) {
    super(message, { code: "circuit_open" });
    this.retryAt = retryAt;
    this.reason = reason;
  }
}

/** Every option failed; `errors` has how each of them did.
 *
 *  @example
 *  ```js
 *  import { AllOptionsFailed, fallback, TransientError } from "steadfast";
 *
 *  const down = what => () => { throw new TransientError(what); };
 *  const failed = await fallback([down("one"), down("two")]).catch(error => error);
 *  console.log(failed instanceof AllOptionsFailed, failed.errors.map(({ message }) => message)); // true [ 'one', 'two' ]
 *  ```
 */
export class AllOptionsFailed extends SteadfastError {
  readonly errors: unknown[];
  constructor(message: string, errors: unknown[]) {
    super(message, { code: "all_options_failed", cause: errors.at(-1) });
    this.errors = errors;
  }
}

/** All steps are taken.
 *
 *  @example
 *  ```js
 *  import { StepLimiter, StepLimitExceeded } from "steadfast";
 *
 *  const steps = new StepLimiter(1);
 *  steps.take();
 *  try { steps.take(); } catch (error) { console.log(error instanceof StepLimitExceeded, error.limit); } // true 1
 *  ```
 */
export class StepLimitExceeded extends SteadfastError {
  readonly limit: number;
  constructor(limit: number) {
    super(`the limit of ${limit} steps is reached`, { code: "step_limit_exceeded" });
    this.limit = limit;
  }
}

/** A human said no, or nobody answered in time.
 *
 *  @example
 *  ```js
 *  import { ApprovalDenied, approvalGate } from "steadfast";
 *
 *  const pay = approvalGate(() => "paid", { tool: "pay", risky: true, approver: () => new Promise(() => {}), expiresAfter: 20 });
 *  const failed = await pay({ amount: 120 }).catch(error => error);
 *  console.log(failed instanceof ApprovalDenied, failed.outcome); // true expired
 *  ```
 */
export class ApprovalDenied extends SteadfastError {
  readonly outcome: "denied" | "expired";
  constructor(message: string, outcome: "denied" | "expired") {
    super(message, { code: "approval_denied" });
    this.outcome = outcome;
  }
}

/** The budget does not suffice.
 *
 *  @example
 *  ```js
 *  import { Budget, BudgetExceeded, guard } from "steadfast";
 *
 *  const frugal = guard({ budget: new Budget({ attempts: 1 }) });
 *  await frugal.call(() => "the one");
 *  const failed = await frugal.call(() => "not called").catch(error => error);
 *  console.log(failed instanceof BudgetExceeded, failed.what); // true attempts
 *  ```
 */
export class BudgetExceeded extends SteadfastError {
  readonly what: "time" | "attempts" | "steps" | "tokens" | "money";
  constructor(message: string, what: BudgetExceeded["what"]) {
    super(message, { code: "budget_exceeded" });
    this.what = what;
  }
}

// Names survive minifiers this way, and cost nothing where an error is made.
for (const [name, type] of Object.entries({
  SteadfastError, TransientError, DeadlineExceeded, RetriesExhausted, CircuitOpen, AllOptionsFailed, StepLimitExceeded,
  ApprovalDenied, BudgetExceeded,
})) {
  Object.defineProperty(type.prototype, "name", { value: name, configurable: true, writable: true });
}
