// A gate before one action: safe calls run, risky ones wait for a human's yes to exactly these arguments.

import { canonical } from "./canonical.js";
import { machines, opened, read, ready } from "./engine.js";
import { ApprovalDenied } from "./errors.js";
import { callable, clockOf, micros, object, refused, seedOf } from "./options.js";
import { type Due, type Timers, timersOf } from "./timers.js";
import type { Ms, Shared } from "./types.js";

const GATE_OPTIONS = ["tool", "risky", "approver", "expiresAfter", "clock", "seed"];
/** What the machine takes for an answer, and what came of it. */
const NO = 0;
const YES = 1;
const YES_TO_OTHER = 2;
const APPROVED = 0;
const EXPIRED = 2;

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
} & Shared): (args: A) => Promise<T> {
  callable("action", action);
  const { tool, risky, approver, expiresAfter = 600_000, clock, seed } = object("gate", options, GATE_OPTIONS);
  if (typeof tool !== "string" || tool === "") throw refused("tool", tool, "the tool's name", true);
  if (typeof risky !== "boolean") callable("risky", risky);
  if (approver !== undefined) callable("approver", approver);
  const expires = micros("expiresAfter", expiresAfter, 0.001);
  const timers = timersOf(clockOf(clock));
  const run = seedOf(seed);
  let calls = 0;
  return async args => {
    if (!isRisky(risky, args)) return action(args);
    if (approver === undefined) throw new ApprovalDenied(`${tool} is risky, and there is nobody to ask`, "denied");
    const asked = canonical(args);
    ready();
    calls += 1;
    const now = timers.now();
    const machine = opened(machines.approval_ask(run[0], run[1], calls, tool, asked, now, expires));
    const expiresAt = read(0);
    const question = new Question(machine, timers);
    try {
      const request = Object.freeze({
        id: String(calls), tool, args: JSON.parse(asked) as unknown, digest: machines.approval_digest(machine),
        expiresAt: expiresAt / 1000, why: machines.approval_why(machine),
      });
      const decision = await question.ask(approver, request, expiresAt, now);
      if (typeof decision === "object" && "args" in decision) return action(decision.args as A);
      // The yes was to what was shown.
      if (canonical(args) !== asked) throw new ApprovalDenied(`${tool}: its arguments are others than those that were approved`, "denied");
      return action(args);
    } finally {
      question.close();
    }
  };
}

/** Only a clear no makes a call safe. */
function isRisky<A>(risky: boolean | ((args: A) => boolean), args: A): boolean {
  if (typeof risky === "boolean") return risky;
  try {
    return risky(args) !== false;
  } catch {
    return true;
  }
}

/** One question, until it is answered or expires. */
class Question implements Due {
  at = Infinity;
  place = -1;
  #controller = new AbortController();
  #reject: ((error: unknown) => void) | undefined;

  constructor(private readonly machine: number, private readonly timers: Timers) {}

  /** Resolves with a clear yes; anything else rejects. */
  ask(approver: Approver, request: ApprovalRequest, expiresAt: number, now: number): Promise<Decision | true> {
    return new Promise((resolve, reject) => {
      this.#reject = reject;
      this.timers.set(this, expiresAt, now);
      const answered = async () => approver(request, { signal: this.#controller.signal });
      answered().then(
        answer => this.#decide(answer, request.tool, resolve),
        () => this.#decide(false, request.tool, resolve),
      );
    });
  }

  due(now: number): void {
    if (machines.approval_expire(this.machine, now)) this.#expired();
  }

  close(): void {
    this.timers.remove(this);
    this.#reject = undefined;
    machines.approval_close(this.machine);
  }

  #decide(answer: Decision | boolean, tool: string, resolve: (decision: Decision | true) => void): void {
    const reject = this.#reject;
    if (reject === undefined) return;
    const yes = answer === true || (typeof answer === "object" && answer !== null && answer.approve === true);
    const edited = yes && typeof answer === "object" && "args" in answer && answer.args !== undefined;
    const message = typeof answer === "object" && answer !== null && "message" in answer ? String(answer.message) : "";
    const [kind, text] = edited ? [YES_TO_OTHER, canonical(answer.args)] : yes ? [YES, ""] : [NO, message];
    const outcome = machines.approval_decide(this.machine, this.timers.now(), kind, text);
    if (outcome === APPROVED) resolve(edited ? answer : true);
    else if (outcome === EXPIRED) this.#expired();
    else reject(new ApprovalDenied(message === "" ? `${tool}: a human said no` : `${tool}: a human said no: ${message}`, "denied"));
  }

  #expired(): void {
    const error = new ApprovalDenied("nobody answered in time", "expired");
    this.#controller.abort(error);
    this.#reject?.(error);
  }
}
