/** Durations and instants are milliseconds. Instants count from the clock's origin: `performance.now()`, unless the agent has a clock of its own. */
export type Ms = number;

/** What kind of failure an attempt met. The same closed set as in the Rust crate. */
export type FailureClass =
  | "cancelled" | "connect_failed" | "timeout" | "stalled" | "incomplete"
  | "rate_limited" | "overloaded" | "server_error"
  | "quota_exhausted" | "auth" | "permission" | "too_large" | "invalid_request" | "blocked"
  | "malformed_output" | "tool_failed" | "tool_unknown" | "bug";

// ---------------------------------------------------------------- time and chance

export interface Clock {
  /** Monotonic. */
  now(): Ms;
  /** Calls `wake` once at or after `at`; the returned function takes it back. */
  schedule(at: Ms, wake: () => void): () => void;
}
export interface Shared {
  /** Default: the host's own clock and timers. */ clock?: Clock;
  /** A whole number, or a decimal string up to 18446744073709551615. Default: drawn anew for every agent. */ seed?: string | number;
}

// ---------------------------------------------------------------- a guarded call

export interface AttemptContext {
  /** Aborted when this attempt's time is up or the caller cancels. Made only when it is read. */
  readonly signal: AbortSignal;
  /** 1 for the first try; counts on through fallbacks. */
  readonly attempt: number;
  /** Which fallback option is being tried, from 0. */
  readonly option: number;
  /** What was left until the call's deadline when the attempt began; Infinity without one. */
  readonly remaining: Ms;
  /** Same for every attempt of one call: hand it to services that take an idempotency key. */
  readonly key: string;
}

export type Jitter = "full" | "equal" | "decorrelated" | "none";
export interface RetryPolicy {
  /** Tries in all, the first included. Default 3. */ attempts?: number;
  /** Default 500; for tools 50. */ base?: Ms;
  /** Default 20_000; applied before jitter. */ cap?: Ms;
  /** 1 to 1_000. Default 2. */ factor?: number;
  /** Default "full". */ jitter?: Jitter;
}
export interface BreakerPolicy {
  /** Opens after so many failures in a row. Default 5. `0` switches this rule off. */
  consecutive?: number;
  /** Opens at `rate` failures among the last `calls` calls of the last `ms`, once `minimum` are in.
   *  Default { rate: 0.5, calls: 20, ms: 60_000, minimum: 5 }. `null` switches this rule off. */
  window?: { rate: number; calls: number; ms: Ms; minimum: number } | null;
  /** How long it stays open the n-th time in a row: openFor * 2^(n-1), at most openForMax, equal jitter.
   *  Defaults 30_000 and 300_000. */
  openFor?: Ms;
  openForMax?: Ms;
  /** Half open: concurrent probes let through, and successes needed to close. Defaults 1 and 1. */
  probes?: number;
  successes?: number;
  /** A probe unheard of for so long counts as failed. Default: the attempt's timeout, else openFor. */
  lease?: Ms;
}
export interface GuardPolicy {
  /** Per attempt. Default 60_000. */ timeout?: Ms;
  /** Whole call: attempts, waits and fallbacks. Default none. */ deadline?: Ms;
  retry?: RetryPolicy | false;
  breaker?: BreakerPolicy | false;
}

// ---------------------------------------------------------------- approvals

export interface ApprovalRequest {
  readonly id: string;
  readonly tool: string;
  readonly args: unknown;
  /** What the yes is bound to: run, call, tool and the exact arguments. */
  readonly digest: string;
  /** It ran before and may have happened: a yes runs it again, and counts only as `{ approve: true, again: true }`. */
  readonly again: boolean;
  readonly expiresAt: Ms;
  readonly why: string;
}
export type Decision =
  /** `args`: approve with edited arguments. */
  | { approve: true; args?: unknown; /** It may run again although it may have happened. */ again?: true }
  | { approve: false; message?: string };
/** Whatever is not clearly a yes is a no: another value, or an error thrown. */
export type Approver = (
  request: ApprovalRequest,
  context: { /** Aborted when the answer is not wanted any more. */ readonly signal: AbortSignal },
) => Decision | boolean | PromiseLike<Decision | boolean>;

// ---------------------------------------------------------------- the agent

export interface Message {
  role: "system" | "user" | "assistant" | "tool";
  content: string;
  toolCalls?: ToolCall[];
  toolCallId?: string;
}
export interface ToolCall {
  id: string;
  tool: string;
  args: unknown;
}
/** What a model answers: text, or tools it wants called. `args` left out means `{}`, `id` left out is made up. */
export interface ModelReply {
  text?: string | null;
  toolCalls?: { id?: string; tool: string; args?: unknown }[] | null;
}
export type Model = (
  messages: Message[],
  context: AttemptContext & { readonly tools: Record<string, Tool> },
) => ModelReply | PromiseLike<ModelReply>;
export interface Tool {
  description?: string;
  /** JSON Schema of the arguments. */ parameters?: object;
  /** What it returns is told to the model: a string as it is, anything else as JSON. */
  run: (args: any, context: AttemptContext) => unknown;
  /** Needs a human's yes. Default false. A function decides for each call; anything but `false` from it means risky. */
  risky?: boolean | ((args: any) => boolean);
  /** What it does to the world. Default "once" if it is or may be risky, else "none". Only "none" and "idempotent" are tried again. */
  effect?: "none" | "idempotent" | "once";
  guard?: GuardPolicy;
}
export interface AgentOptions extends Shared {
  /** One model, or several in order of preference. */
  model: Model | Model[];
  tools?: Record<string, Tool>;
  system?: string;
  /** None: risky calls are blocked. */
  approver?: Approver;
  /** After so long silence is a no. Default 600_000. */
  approvalExpiresAfter?: Ms;
  /** Default 8. */
  maxSteps?: number;
  /** For model calls. */
  guard?: GuardPolicy;
  /** What a degraded run answers. */
  safeMessage?: string;
}
export type StopReason = "answered" | "step_limit" | "model_unavailable" | "deadline" | "cancelled";
export interface RunResult {
  answer: string;
  steps: number;
  /** Tools that were asked for and did not run: denied, expired, or waiting for a yes that nobody gave. */
  blocked: string[];
  degraded: boolean;
  stop: StopReason;
  trace: TraceEntry[];
}
export interface Agent {
  /** Always resolves with an answer, whatever models and tools do; rejects with a TypeError if it is called wrongly. */
  run(task: string, options?: { signal?: AbortSignal }): Promise<RunResult>;
}

// ---------------------------------------------------------------- the trace

export interface TraceEntry {
  at: Ms;
  /** e.g. "attempt_started", "attempt_failed", "backing_off", "breaker_opened", "approval_asked", "run_finished" */
  what: string;
  /** The reason as a value... */
  why: Record<string, unknown>;
  /** ...and as a sentence. */
  text: string;
  step?: number;
  call?: string;
  attempt?: number;
}

// ---------------------------------------------------------------- the simulated world

export interface SimulateOptions {
  /** "flaky", "hung", "down", "looping", "risky", or "naive": an agent without protection. */
  scenario: string;
  /** Default 7. */
  seed?: string | number;
  /** On top of the simulation's own: timeout 4_000, deadline 30_000, 4 attempts, a breaker that opens after 3 failures in a row. */
  policy?: { maxSteps?: number; guard?: GuardPolicy; safeMessage?: string; approvalExpiresAfter?: Ms };
  /** What the human says to everything. Default: there is nobody to ask. */
  approve?: boolean;
  /** What the human says to the first questions, in order. At the next one the simulation stops, "suspended". */
  decisions?: (Decision | boolean)[];
}
export interface SimulateResult extends Omit<RunResult, "stop"> {
  /** An agent without protection ends in ways of its own: it crashes, hangs or runs away. */
  stop: StopReason | "suspended" | "crashed" | "hung" | "runaway";
  /** SHA-256 of the trace: the same in Rust, in Node and in a browser. */
  hash: string;
  /** With stop "suspended": what waits for a human. */
  pending?: ApprovalRequest[];
}
