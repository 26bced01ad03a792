// A tool of any framework under a guard: what it does to the world decides what may be tried again.

import { type Approver, approvalGate } from "../approval.js";
import { run } from "../call.js";
import { canonical } from "../canonical.js";
import { classify } from "../classify.js";
import { SteadfastError } from "../errors.js";
import { guard as makeGuard, type Guard } from "../guard.js";
import { callable, micros, object, refused } from "../options.js";
import type { AttemptContext, CallOptions, FailureClass, Ms, Verdict } from "../types.js";
import { inside } from "./hosts.js";

/** What a tool does to the world, and what guards its calls. */
export interface ToolPolicy {
  /** What it does to the world. Default "once" if risky, else "none". Only "none" and "idempotent" are tried again. */
  effect?: "none" | "idempotent" | "once";
  /** Needs a human's yes. Default false. */
  risky?: boolean | ((args: any) => boolean);
  /** None: risky calls are denied. */
  approver?: Approver;
  /** Default 600_000. */
  approvalExpiresAfter?: Ms;
  /** Asked after an unknown outcome (a timed-out or interrupted `once` call): did it happen? */
  reconcile?: (key: string, args: any) => "done" | "not_done" | "unknown" | PromiseLike<"done" | "not_done" | "unknown">;
  /** Its timeout, retries, breaker and budget. Default: a guard of its own with the defaults. */
  guard?: Guard;
}
const OPTIONS = ["effect", "risky", "approver", "approvalExpiresAfter", "reconcile", "guard"];
const EFFECTS = ["none", "idempotent", "once"];
/** After these a call may have happened all the same; the engine's list. */
const MAY_HAVE_HAPPENED: FailureClass[] = ["cancelled", "timeout", "stalled", "incomplete", "server_error", "malformed_output", "bug"];
/** How many calls in doubt are remembered where a framework does not say which run they belong to. */
const MOST_IN_DOUBT = 1000;

/** A call that must not happen twice failed in a way that leaves open whether it happened. */
export class ToolOutcomeUnknown extends SteadfastError {
  readonly tool: string;
  constructor(tool: string, why: string, options: { cause?: unknown } = {}) {
    super(`${tool} may have happened: ${why}. It was not tried again. Do not call it again with the same arguments before you know that it did not happen.`, { ...options, code: "tool_outcome_unknown" });
    this.tool = tool;
  }
}
Object.defineProperty(ToolOutcomeUnknown.prototype, "name", { value: "ToolOutcomeUnknown", configurable: true, writable: true });

/** One call, as a framework makes it. */
export interface ToolInvocation {
  args: unknown;
  /** The model's id for it. */ id: string | undefined;
  /** An object that all calls of one step share, or of one run: the same id is the same call there. */ step: object | undefined;
  /** An object that all calls of one run share. */ run: object | undefined;
  signal: AbortSignal | undefined;
  perform: (args: unknown, context: AttemptContext) => unknown;
  /** What it may throw that is no failure. */ isLeaving?: (error: unknown) => boolean;
}

export function toolName(name: unknown): asserts name is string {
  if (typeof name !== "string" || name === "") throw refused("name", name, "the tool's name", true);
}

/** What becomes of each call of a tool. */
export function guardedTool(name: string, policy: ToolPolicy = {}): (invocation: ToolInvocation) => Promise<unknown> {
  const { risky = false, approver, approvalExpiresAfter, reconcile, guard } = object(`the policy of ${name}`, policy, OPTIONS);
  const { effect = risky === false ? "none" : "once" } = policy;
  if (!EFFECTS.includes(effect)) throw refused("effect", effect, EFFECTS.join(", "), true);
  if (typeof risky !== "boolean") callable("risky", risky);
  if (approver !== undefined) callable("approver", approver);
  if (approvalExpiresAfter !== undefined) micros("approvalExpiresAfter", approvalExpiresAfter, 0.001);
  if (reconcile !== undefined) callable("reconcile", reconcile);
  const { calls, single } = inside("guard", guard ?? makeGuard());
  const effects = new Effects(name, reconcile);
  const perform = (invocation: ToolInvocation, args: unknown): Promise<unknown> => {
    const { signal } = invocation;
    const options: CallOptions = signal ? { signal } : {};
    if (effect !== "once") return run(calls, context => invocation.perform(args, context), options);
    return effects.once(invocation, args, calls.classify, begin => run(single, context => begin(context), options));
  };
  return invocation => {
    const begin = () => {
      if (risky === false) return perform(invocation, invocation.args);
      // A gate of its own for each call: it knows what to run.
      const gate = approvalGate((args: unknown) => perform(invocation, args), {
        tool: name, risky, ...(approver && { approver }), ...(approvalExpiresAfter !== undefined && { expiresAfter: approvalExpiresAfter }),
      });
      return gate(invocation.args);
    };
    return effect === "once" ? effects.oneOf(invocation, begin) : begin();
  };
}

/** A call whose outcome nobody knows yet. */
interface Doubt { why: string; key: string; /** The late word that it happened after all. */ late?: { value: unknown } }

/** What is known of the calls of one tool that must not happen twice. */
class Effects {
  /** By step, id and arguments: the same call handed over twice. */
  #steps = new WeakMap<object, Map<string, Promise<unknown>>>();
  /** By run and arguments. */
  #runs = new WeakMap<object, Map<string, Doubt>>();
  #nobodys = new Map<string, Doubt>();

  constructor(private readonly tool: string, private readonly reconcile: ToolPolicy["reconcile"]) {}

  /** The result of the first of those that are one call. */
  oneOf({ step, id, args }: ToolInvocation, begin: () => Promise<unknown>): Promise<unknown> {
    if (step === undefined || id === undefined) return begin();
    let calls = this.#steps.get(step);
    if (calls === undefined) this.#steps.set(step, (calls = new Map<string, Promise<unknown>>()));
    const which = JSON.stringify([id, canonical(args)]);
    let result = calls.get(which);
    if (result === undefined) {
      calls.set(which, (result = begin()));
      // What failed may be asked for again; whether it runs again is for those in doubt.
      result.catch(() => calls.delete(which));
    }
    return result;
  }

  async once(
    { run, perform, isLeaving }: ToolInvocation,
    args: unknown,
    judge: ((error: unknown) => Verdict | undefined) | undefined,
    call: (begin: (context: AttemptContext) => unknown) => Promise<unknown>,
  ): Promise<unknown> {
    const doubts = this.#doubtsOf(run);
    const which = canonical(args);
    const before = doubts.get(which);
    if (before !== undefined) {
      const found = before.late === undefined ? await this.#ask(before.key, args) : "done";
      if (found === "unknown" && before.late === undefined) throw new ToolOutcomeUnknown(this.tool, before.why);
      if (doubts.get(which) === before) doubts.delete(which);
      if (before.late !== undefined) return before.late.value;
      if (found === "done") return DONE;
    }
    let doubt: Doubt | undefined;
    let key = "";
    try {
      return await call(context => {
        ({ key } = context);
        const result = Promise.resolve(perform(args, context));
        result.then(value => { if (doubt !== undefined) doubt.late = { value }; }, () => {});
        return result;
      });
    } catch (error) {
      // It never began, or it will go on elsewhere.
      if (key === "" || isLeaving?.(error)) throw error;
      if (!MAY_HAVE_HAPPENED.includes(judged(judge, error))) throw error;
      const why = error instanceof Error ? error.message : String(error);
      doubt = { why, key };
      const found = await this.#ask(key, args);
      if (found === "not_done") throw error;
      if (found === "done") return DONE;
      doubts.delete(which);
      doubts.set(which, doubt);
      if (doubts.size > MOST_IN_DOUBT) doubts.delete(doubts.keys().next().value!);
      throw new ToolOutcomeUnknown(this.tool, why, { cause: error });
    }
  }

  #doubtsOf(run: object | undefined): Map<string, Doubt> {
    if (run === undefined) return this.#nobodys;
    let doubts = this.#runs.get(run);
    if (doubts === undefined) this.#runs.set(run, (doubts = new Map<string, Doubt>()));
    return doubts;
  }

  async #ask(key: string, args: unknown): Promise<"done" | "not_done" | "unknown"> {
    try {
      const found = await this.reconcile?.(key, args);
      return found === "done" || found === "not_done" ? found : "unknown";
    } catch {
      return "unknown";
    }
  }
}

/** What a call is answered with that was found to have happened, though its own answer is lost. */
const DONE = "It was done; its own answer was lost.";

function judged(own: ((error: unknown) => Verdict | undefined) | undefined, error: unknown): FailureClass {
  try {
    const verdict = own?.(error);
    if (verdict !== undefined) return verdict.class;
  } catch {
    // The failure itself is what counts.
  }
  return classify(error).class;
}
