// The public types that several files share. All durations and instants are milliseconds.

/** Milliseconds: of a duration, or of an instant on a clock. */
export type Ms = number;

/** What kind of failure an attempt met. Closed set; the same one as in the Rust crate. */
export type FailureClass =
  | "cancelled" | "connect_failed" | "timeout" | "stalled" | "incomplete"
  | "rate_limited" | "overloaded" | "server_error"
  | "quota_exhausted" | "auth" | "permission" | "too_large" | "invalid_request" | "blocked"
  | "malformed_output" | "tool_failed" | "tool_unknown" | "bug";

/** What a classifier says of one thrown value. `retryAfter` is what the server asked for, if it did. */
export interface Verdict { class: FailureClass; transient: boolean; retryAfter?: Ms }

/** What time is. The default is the host's; `steadfast/sim` has one that stands still until it is told to move on. */
export interface Clock {
  /** Monotonic. */
  now(): Ms;
  /** Calls `wake` once at or after `at`; the returned function takes it back. */
  schedule(at: Ms, wake: () => void): () => void;
}

/** Time and chance, which anyone can inject wherever something is made. */
export interface Shared {
  /** Default: `performance.now()` and the host's timers. */ clock?: Clock;
  /** A whole number, or a decimal string up to 18446744073709551615. Default: drawn anew. */ seed?: string | number;
}

/** What an operation is told of the attempt that it is. */
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
/** What is tried: a function of the attempt. It may throw, reject, or give its value at once. */
export type Operation<T> = (context: AttemptContext) => T | PromiseLike<T>;
/** Of one call: the caller's own signal, which ends it at once with the signal's reason, and the key that its attempts share. */
export interface CallOptions { signal?: AbortSignal; key?: string }

/** How a wait of at most `c` is drawn: from 0 to `c`, from half of it to `c`, from the one before, or not at all. */
export type Jitter = "full" | "equal" | "decorrelated" | "none";
/** How often, and after which waits, something is tried again. */
export interface RetryPolicy {
  /** Tries in all, the first included; `Infinity` for as many as there is time for. Default 3. */ attempts?: number;
  /** Default 500, or `cap` if that is less. */ base?: Ms;
  /** Default 20_000; applied before jitter. `Infinity` for none. */ cap?: Ms;
  /** 1 to 1_000. Default 2. */ factor?: number;
  /** Default "full". */ jitter?: Jitter;
  /** What a thrown value means; `undefined` leaves it to the default classifier. */
  classify?: (error: unknown) => Verdict | undefined;
}

/** When a breaker opens, for how long, and what closes it again. */
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
/** What a breaker does: lets all through, nothing, single probes; or what `forceOpen` and `disable` made it do. */
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
