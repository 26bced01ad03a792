// What an agent is made of and what its run comes to: the contract's types.

import type { ApprovalRequest, Approver, Decision } from "../approval.js";
import type { Budget } from "../budget.js";
import type { GuardPolicy, NoGuard } from "../guard.js";
import type { AttemptContext, Ms, Shared, TraceEntry } from "../types.js";

/** One turn of the conversation. A tool's answer names the call it is to in `toolCallId`. */
export interface Message { role: "system" | "user" | "assistant" | "tool"; content: string; toolCalls?: ToolCall[]; toolCallId?: string }
/** A tool that the model wants called. Where the tool has `parameters`, a string for `args` is taken for the JSON text as the provider
 *  sent it: it is parsed, and what cannot be parsed does not run. */
export interface ToolCall { id: string; tool: string; args: unknown }
/** What a model says: a text that ends the run, or calls that it wants made. */
export interface ModelReply { text?: string; toolCalls?: ToolCall[]; usage?: { inputTokens: number; outputTokens: number } }
/** The array is the model's own; the messages in it are frozen, for later turns get the same: to change one, put a copy in its place. Without
 *  `context.tools` in an agent's last turn: it repeats itself, and whatever it asks for does not run any more. */
export type Model = (messages: Message[], context: AttemptContext & { tools: Record<string, Tool> }) => ModelReply | PromiseLike<ModelReply>;

/** Something that the model may have done. */
export interface Tool {
  description?: string;
  /** JSON Schema of the arguments. */ parameters?: object;
  /** Does it. What it returns goes to the model: a string as it is, anything else as JSON. */
  run: (args: any, context: AttemptContext) => unknown;
  /** Needs a human's yes. Default false. Of a function only a clear `false` means no. */ risky?: boolean | ((args: any) => boolean);
  /** What it does to the world. Default "once" if risky, else "none". Only "none" and "idempotent" are tried again. */
  effect?: "none" | "idempotent" | "once";
  /** Asked after an unknown outcome (a timed-out or interrupted `once` call): did it happen? */
  reconcile?: (key: string, args: any) => "done" | "not_done" | "unknown" | PromiseLike<"done" | "not_done" | "unknown">;
  /** For its calls. Defaults as for `guard`, with retries that begin at 50 ms. */
  guard?: GuardPolicy & NoGuard;
}

/** One effect, as a ledger keeps it. */
export interface Effect {
  /** The key that goes to the tool. */ key: string;
  tool: string;
  /** Its exact arguments, as canonical JSON. */ args: string;
  effect: "none" | "idempotent" | "once";
  state: "intended" | "blocked" | "started" | "done" | "failed" | "unknown";
  /** How often it was handed to the tool. */ tries: number;
  /** What the tool answered, or how it failed. */ output: string;
}
/** What a ledger says to a claim: this run may go on, or what became of the effect where another run was first. */
export type Claimed = { granted: true } | { granted: false; state: Effect["state"]; output: string };
/** What all processes that resume the same snapshots share, so that no effect happens twice: a table of a database with a unique
 *  key, say. Without one that is kept by this copy of the package in this thread: CommonJS, ES modules and worker threads each have their own. */
export interface EffectLedger {
  /** One atomic step: writes the effect down if its key is new, and else tells what is known of it. With `again` a human said yes to
   *  running it once more: that is granted where its outcome is unknown and it was tried no oftener than `effect.tries`. */
  claim(effect: Effect, again: boolean): Claimed | PromiseLike<Claimed>;
  /** What became of it. What is done stays done. Nothing else happens before this is settled. */
  record(effect: Effect): void | PromiseLike<void>;
}

/** What an agent is made of. */
export interface AgentOptions extends Shared {
  /** In order of preference. */ model: Model | Model[];
  tools?: Record<string, Tool>;
  system?: string;
  /** None: risky calls are blocked, unless a run may suspend. */ approver?: Approver;
  /** Default 600_000. */ approvalExpiresAfter?: Ms;
  /** Default 8. */ maxSteps?: number;
  /** For model calls. What one run learns of a model, a breaker that opens say, the agent's other runs know. */ guard?: GuardPolicy & NoGuard;
  budget?: Budget;
  /** What a degraded run answers. */ safeMessage?: string;
  /** Where resumes in several processes agree on what may happen. */ ledger?: EffectLedger;
  /** Handed, when a run ends, everything that it takes to have it again elsewhere, as text for a file: the playground replays it, also under
   *  other policies. The conversation, arguments and answers are in it. Of a run that was resumed there is none. */
  recorder?: (recording: string) => void;
}

/** Why a run ended. All but "answered" are degraded. */
export type StopReason = "answered" | "step_limit" | "no_progress" | "model_unavailable" | "deadline" | "budget" | "cancelled" | "suspended";
/** How a run ended: always with an answer. */
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
/** Of one run. */
export interface RunOptions {
  signal?: AbortSignal;
  /** Whether the run ends with stop "suspended" once only humans can move it on. An approver is not asked then. */ suspend?: boolean;
}
/** Runs tasks. It keeps no state of its own between them but what its breakers and its budget know. */
export interface Agent {
  /** Runs a task to its end. It resolves with an answer whatever happens, be it a degraded one. */
  run(task: string, options?: RunOptions): Promise<RunResult>;
  /** Goes on from a snapshot. Decisions by request id. Resuming the same snapshot twice never repeats an effect. */
  resume(snapshot: string, decisions: Record<string, Decision>, options?: RunOptions): Promise<RunResult>;
}
