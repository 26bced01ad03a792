// The public types that several files share. All durations and instants are milliseconds.

export type Ms = number;

/** What kind of failure an attempt met. Closed set; the same one as in the Rust crate. */
export type FailureClass =
  | "cancelled" | "connect_failed" | "timeout" | "stalled" | "incomplete"
  | "rate_limited" | "overloaded" | "server_error"
  | "quota_exhausted" | "auth" | "permission" | "too_large" | "invalid_request" | "blocked"
  | "malformed_output" | "tool_failed" | "tool_unknown" | "bug";

/** What a classifier says of one thrown value. `retryAfter` is what the server asked for, if it did. */
export interface Verdict { class: FailureClass; transient: boolean; retryAfter?: Ms }

export interface Clock {
  /** Monotonic. */
  now(): Ms;
  /** Calls `wake` once at or after `at`; the returned function takes it back. */
  schedule(at: Ms, wake: () => void): () => void;
}

export interface Shared {
  /** Default: `performance.now()` and the host's timers. */ clock?: Clock;
  /** A whole number, or a decimal string up to 18446744073709551615. Default: drawn anew. */ seed?: string | number;
}

export interface AttemptContext {
  /** Aborted when this attempt's time is up or the caller cancels. Made only when it is read. */
  readonly signal: AbortSignal;
  /** 1 for the first try. */
  readonly attempt: number;
  /** Which fallback option is being tried, from 0. */
  readonly option: number;
  /** What is left until the call's deadline; Infinity without one. */
  readonly remaining: Ms;
  /** Same for every attempt of one call: hand it to services that take an idempotency key. */
  readonly key: string;
}
export type Operation<T> = (context: AttemptContext) => T | PromiseLike<T>;
export interface CallOptions { signal?: AbortSignal; key?: string }

export type Jitter = "full" | "equal" | "decorrelated" | "none";
export interface RetryPolicy {
  /** Tries in all, the first included; `Infinity` for as many as there is time for. Default 3. */ attempts?: number;
  /** Default 500, or `cap` if that is less. */ base?: Ms;
  /** Default 20_000; applied before jitter. `Infinity` for none. */ cap?: Ms;
  /** 1 to 1_000. Default 2. */ factor?: number;
  /** Default "full". */ jitter?: Jitter;
  /** What a thrown value means; `undefined` leaves it to the default classifier. */
  classify?: (error: unknown) => Verdict | undefined;
}

export interface BreakerPolicy {
  /** Opens after so many failures in a row. Default 5. `0` switches this rule off. */
  consecutive?: number;
  /** Opens at `rate` failures among the last `calls` calls of the last `ms`, once `minimum` are in.
   *  Default { rate: 0.5, calls: 20, ms: 60_000, minimum: 5 }. `null` switches this rule off. */
  window?: { rate: number; calls: number; ms: Ms; minimum: number } | null;
  /** Calls slower than `ms`, also those still in flight, count as slow; opens at `rate`. Default off. */
  slow?: { ms: Ms; rate: number } | null;
  /** How long it stays open the n-th time in a row: openFor * 2^(n-1), at most openForMax, equal jitter.
   *  Defaults 30_000 and 300_000, or `openFor` if that is more. */
  openFor?: Ms; openForMax?: Ms;
  /** Half open: concurrent probes let through, and successes needed to close. Defaults 1 and 1. */
  probes?: number; successes?: number;
  /** A probe unheard of for so long counts as failed. Default: the attempt's timeout, else openFor. */
  lease?: Ms;
}
export type BreakerState = "closed" | "open" | "half-open" | "forced-open" | "disabled";

/** One decision, with its reason as a value and as a sentence. */
export interface TraceEntry {
  at: Ms;
  /** e.g. "attempt_started", "attempt_failed", "backing_off", "breaker_opened", "approval_asked", "run_finished" */
  what: string;
  /** The reason as a value... */ why: Record<string, unknown>;
  /** ...and as a sentence. */ text: string;
  step?: number; call?: string; attempt?: number;
}
