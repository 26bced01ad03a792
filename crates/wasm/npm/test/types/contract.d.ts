// The contract of the package: its public names and what they promise. `same.ts` holds ours against it.

export type Ms = number;

// ---------------------------------------------------------------- failures

/** What kind of failure an attempt met. Closed set; the same one as in the Rust crate. */
export type FailureClass =
  | "cancelled" | "connect_failed" | "timeout" | "stalled" | "incomplete"
  | "rate_limited" | "overloaded" | "server_error"
  | "quota_exhausted" | "auth" | "permission" | "too_large" | "invalid_request" | "blocked"
  | "malformed_output" | "tool_failed" | "tool_unknown" | "bug";

/** What a classifier says of one thrown value. `retryAfter` is what the server asked for, if it did. */
export interface Verdict { class: FailureClass; transient: boolean; retryAfter?: Ms }

/** Default classifier: TransientError, HTTP status / provider codes / headers on SDK errors and Responses, network
 *  errors, AbortError. A plain Error is a bug and is not retried. */
export function classify(error: unknown): Verdict;

export class SteadfastError extends Error { readonly code: string; readonly trace?: TraceEntry[] }
/** Throw this (or let `classify` find it) to say: trying again can help. */
export class TransientError extends SteadfastError { constructor(message?: string, options?: { retryAfter?: Ms; cause?: unknown }) }
export class DeadlineExceeded extends SteadfastError { readonly scope: "attempt" | "call" | "run" }
/** Attempts or budget ran out; `cause` is the last failure, `attempts` how many were made. */
export class RetriesExhausted extends SteadfastError { readonly attempts: number }
export class CircuitOpen extends SteadfastError { readonly retryAt: Ms; readonly reason: string }
export class AllOptionsFailed extends SteadfastError { readonly errors: unknown[] }
export class StepLimitExceeded extends SteadfastError { readonly limit: number }
export class ApprovalDenied extends SteadfastError { readonly outcome: "denied" | "expired" }
export class BudgetExceeded extends SteadfastError { readonly what: "time" | "attempts" | "steps" | "tokens" | "money" }

// ---------------------------------------------------------------- time and chance

export interface Clock {
  /** Monotonic. */
  now(): Ms;
  /** Calls `wake` once at or after `at`; the returned function takes it back. */
  schedule(at: Ms, wake: () => void): () => void;
}
export interface Shared { clock?: Clock; /** decimal string or number */ seed?: string | number }

// ---------------------------------------------------------------- one pattern at a time

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
  /** Tries in all, the first included. Default 3. */
  attempts?: number;
  /** Default 500. */ base?: Ms;
  /** Default 20_000; applied before jitter. */ cap?: Ms;
  /** Default 2. */ factor?: number;
  /** Default "full". */ jitter?: Jitter;
  classify?: (error: unknown) => Verdict | undefined;
}
export function retry<T>(operation: Operation<T>, policy?: RetryPolicy & Shared & CallOptions): Promise<T>;
/** Rejects with DeadlineExceeded (transient) at `ms`, whether or not the operation heeds its signal. */
export function callWithDeadline<T>(operation: Operation<T>, ms: Ms, options?: Shared & CallOptions): Promise<T>;
/** Tries the options in order; cancellation is never fallen back from. */
export function fallback<T>(options: Operation<T>[], shared?: Shared & CallOptions): Promise<T>;

export interface BreakerPolicy {
  /** Opens after so many failures in a row. Default 5. `0` switches this rule off. */
  consecutive?: number;
  /** Opens at `rate` failures among the last `calls` calls of the last `ms`, once `minimum` are in.
   *  Default { rate: 0.5, calls: 20, ms: 60_000, minimum: 5 }. `null` switches this rule off. */
  window?: { rate: number; calls: number; ms: Ms; minimum: number } | null;
  /** Calls slower than `ms`, also those still in flight, count as slow; opens at `rate`. Default off. */
  slow?: { ms: Ms; rate: number } | null;
  /** How long it stays open the n-th time in a row: openFor * 2^(n-1), at most openForMax, equal jitter.
   *  Defaults 30_000 and 300_000. */
  openFor?: Ms; openForMax?: Ms;
  /** Half open: concurrent probes let through, and successes needed to close. Defaults 1 and 1. */
  probes?: number; successes?: number;
  /** A probe unheard of for so long counts as failed. Default: the attempt's timeout, else openFor. */
  lease?: Ms;
}
export type BreakerState = "closed" | "open" | "half-open" | "forced-open" | "disabled";
export class CircuitBreaker {
  constructor(policy?: BreakerPolicy & Shared);
  call<T>(operation: Operation<T>, options?: CallOptions): Promise<T>;
  readonly state: BreakerState;
  /** Counts since construction; `late` are results that came back to a state already left. */
  readonly stats: { successes: number; failures: number; rejected: number; late: number; ignored: number; opened: number };
  forceOpen(reason: string): void; disable(reason: string): void; reset(): void;
  on(event: "state", listener: (change: { from: BreakerState; to: BreakerState; reason: string; at: Ms }) => void): () => void;
  snapshot(): string;
  static restore(snapshot: string, policy?: BreakerPolicy & Shared): CircuitBreaker;
}

export class StepLimiter {
  constructor(limit: number);
  /** The step's number from 1; throws StepLimitExceeded past the limit. */
  take(): number;
  readonly used: number; readonly remaining: number;
}

export interface ApprovalRequest {
  readonly id: string; readonly tool: string; readonly args: unknown;
  /** What the yes is bound to: run, call, tool and the exact arguments. */
  readonly digest: string;
  readonly expiresAt: Ms; readonly why: string;
}
export type Decision =
  | { approve: true; args?: unknown }            // `args`: approve with edited arguments
  | { approve: false; message?: string };
export type Approver = (request: ApprovalRequest, context: { signal: AbortSignal }) => Decision | boolean | PromiseLike<Decision | boolean>;
/** Wraps one action: safe ones run, risky ones wait for the approver; without an approver a risky one is denied. */
export function approvalGate<A, T>(action: (args: A) => T | PromiseLike<T>, options: {
  tool: string; risky: boolean | ((args: A) => boolean); approver?: Approver; expiresAfter?: Ms;
} & Shared): (args: A) => Promise<T>;

// ---------------------------------------------------------------- a guarded call: all of them as one machine

export interface GuardPolicy {
  /** Per attempt. */ timeout?: Ms;
  /** Whole call: attempts, waits and fallbacks. */ deadline?: Ms;
  retry?: RetryPolicy | false;
  /** A policy makes a breaker of this guard's own; an instance is shared with whoever else has it. */
  breaker?: BreakerPolicy | CircuitBreaker | false;
  budget?: Budget;
  classify?: (error: unknown) => Verdict | undefined;
}
export interface Guard {
  call<T>(operation: Operation<T>, options?: CallOptions & { fallbacks?: Operation<T>[] }): Promise<T>;
  /** A `fetch` under this guard: hand it to an SDK and switch the SDK's own retries off. */
  readonly fetch: typeof fetch;
  readonly breaker: CircuitBreaker | undefined;
  on(event: "decision", listener: (entry: TraceEntry) => void): () => void;
}
export function guard(policy?: GuardPolicy & Shared): Guard;

/** Spent by everything that is handed it; a child can only narrow what its parent allows. */
export class Budget {
  constructor(limits: { deadline?: Ms; attempts?: number; steps?: number; tokens?: number; money?: number } & Shared);
  child(limits: { deadline?: Ms; attempts?: number; steps?: number; tokens?: number; money?: number }): Budget;
  /** Throws BudgetExceeded, or reserves; settle with what was really spent. */
  reserve(estimate: { tokens?: number; money?: number }): { settle(spent: { tokens?: number; money?: number }): void; cancel(): void };
  readonly left: { time: Ms; attempts: number; steps: number; tokens: number; money: number };
}

// ---------------------------------------------------------------- the agent

export interface Message { role: "system" | "user" | "assistant" | "tool"; content: string; toolCalls?: ToolCall[]; toolCallId?: string }
export interface ToolCall { id: string; tool: string; args: unknown }
export interface ModelReply { text?: string; toolCalls?: ToolCall[]; usage?: { inputTokens: number; outputTokens: number } }
export type Model = (messages: Message[], context: AttemptContext & { tools: Record<string, Tool> }) => ModelReply | PromiseLike<ModelReply>;
export interface Tool {
  description?: string;
  /** JSON Schema of the arguments. */ parameters?: object;
  run: (args: any, context: AttemptContext) => unknown;
  /** Needs a human's yes. Default false. */ risky?: boolean | ((args: any) => boolean);
  /** What it does to the world. Default "once" if risky, else "none". Only "none" and "idempotent" are tried again. */
  effect?: "none" | "idempotent" | "once";
  /** Asked after an unknown outcome (a timed-out or interrupted `once` call): did it happen? */
  reconcile?: (key: string, args: any) => "done" | "not_done" | "unknown" | PromiseLike<"done" | "not_done" | "unknown">;
  guard?: GuardPolicy;
}
export interface AgentOptions extends Shared {
  model: Model | Model[];                 // in order of preference
  tools?: Record<string, Tool>;
  system?: string;
  approver?: Approver;                    // none: risky calls are blocked
  approvalExpiresAfter?: Ms;
  maxSteps?: number;                      // default 8
  guard?: GuardPolicy;                    // for model calls
  budget?: Budget;
  safeMessage?: string;                   // what a degraded run answers
}
export type StopReason = "answered" | "step_limit" | "no_progress" | "model_unavailable" | "deadline" | "budget" | "cancelled" | "suspended";
export interface RunResult {
  answer: string; steps: number;
  /** Tools that were asked for and did not run: denied, expired, or waiting for a yes that nobody gave. */
  blocked: string[];
  degraded: boolean;
  stop: StopReason;
  trace: TraceEntry[];
  /** With stop "suspended": what waits for a human, and what resumes the run, here or elsewhere. */
  pending?: ApprovalRequest[]; snapshot?: string;
}
export interface Agent {
  run(task: string, options?: { signal?: AbortSignal; suspend?: boolean }): Promise<RunResult>;
  /** Decisions by request id. Resuming the same snapshot twice never repeats an effect. */
  resume(snapshot: string, decisions: Record<string, Decision>, options?: { signal?: AbortSignal; suspend?: boolean }): Promise<RunResult>;
}
export function agent(options: AgentOptions): Agent;

// ---------------------------------------------------------------- the trace

export interface TraceEntry {
  at: Ms;
  /** e.g. "attempt_started", "attempt_failed", "backing_off", "breaker_opened", "approval_asked", "run_finished" */
  what: string;
  /** The reason as a value... */ why: Record<string, unknown>;
  /** ...and as a sentence. */ text: string;
  step?: number; call?: string; attempt?: number;
}

// ---------------------------------------------------------------- "steadfast/sim": time and faults in hand

// export class VirtualClock implements Clock { advance(ms: Ms): Promise<void>; runAll(): Promise<void>; now(): Ms; ... }
// export const scenarios: Record<"flaky" | "hung" | "down" | "looping" | "risky" | ..., ...>
// export function simulate(options: { scenario: string; seed?: string; policy?: ...; faults?: ... }): RunResult & { hash: string }
// export function faultyModel(script): Model            // e.g. fail twice, then answer
// export function faultyFetch(script): typeof fetch     // status, headers, delay, stall, cut stream, duplicate
