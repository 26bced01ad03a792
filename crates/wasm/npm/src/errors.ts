// What rejects: one class for each way in which the engine ends a call, each with a `code`.

import type { Ms, TraceEntry } from "./types.js";

/** Any failure that Steadfast itself decided on. `code` is the same across versions and bundles. */
export class SteadfastError extends Error {
  readonly code: string;
  declare readonly trace?: TraceEntry[];
  constructor(message?: string, options: { code?: string; cause?: unknown; trace?: TraceEntry[] } = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.code = options.code ?? "steadfast";
    if (options.trace !== undefined) (this as { trace?: TraceEntry[] }).trace = options.trace;
  }
}

/** Throw this (or let `classify` find it) to say: trying again can help. */
export class TransientError extends SteadfastError {
  declare readonly retryAfter?: Ms;
  constructor(message?: string, options: { retryAfter?: Ms; cause?: unknown } = {}) {
    super(message, { ...options, code: "transient" });
    if (options.retryAfter !== undefined) (this as { retryAfter?: Ms }).retryAfter = options.retryAfter;
  }
}

/** The time is up: the attempt's, the call's or the run's. */
export class DeadlineExceeded extends SteadfastError {
  readonly scope: "attempt" | "call" | "run";
  constructor(message: string, scope: "attempt" | "call" | "run", options: { cause?: unknown } = {}) {
    super(message, { ...options, code: "deadline_exceeded" });
    this.scope = scope;
  }
}

/** Attempts or budget ran out; `cause` is the last failure, `attempts` how many were made. */
export class RetriesExhausted extends SteadfastError {
  readonly attempts: number;
  constructor(message: string, attempts: number, options: { cause?: unknown } = {}) {
    super(message, { ...options, code: "retries_exhausted" });
    this.attempts = attempts;
  }
}

/** The circuit breaker lets nothing through until `retryAt`, an instant of the clock it runs on. */
export class CircuitOpen extends SteadfastError {
  readonly retryAt: Ms;
  readonly reason: string;
  constructor(message: string, retryAt: Ms, reason: string) {
    super(message, { code: "circuit_open" });
    this.retryAt = retryAt;
    this.reason = reason;
  }
}

/** Every option failed; `errors` has how each of them did. */
export class AllOptionsFailed extends SteadfastError {
  readonly errors: unknown[];
  constructor(message: string, errors: unknown[]) {
    super(message, { code: "all_options_failed", cause: errors.at(-1) });
    this.errors = errors;
  }
}

/** All steps are taken. */
export class StepLimitExceeded extends SteadfastError {
  readonly limit: number;
  constructor(limit: number) {
    super(`the limit of ${limit} steps is reached`, { code: "step_limit_exceeded" });
    this.limit = limit;
  }
}

/** A human said no, or nobody answered in time. */
export class ApprovalDenied extends SteadfastError {
  readonly outcome: "denied" | "expired";
  constructor(message: string, outcome: "denied" | "expired") {
    super(message, { code: "approval_denied" });
    this.outcome = outcome;
  }
}

/** The budget does not suffice. */
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
