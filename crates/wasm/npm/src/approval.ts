// A gate before one action: safe calls run, risky ones wait for a human's yes to exactly these arguments.

import { canonical } from "./canonical.js";
import { type Answer, answerOf, failedToAnswer, NO, YES_TO_OTHER } from "./decision.js";
import { machines, opened, read, ready } from "./engine.js";
import { ApprovalDenied } from "./errors.js";
import { callable, clockOf, micros, object, refused, seedOf } from "./options.js";
import { type Due, type Timers, timersOf } from "./timers.js";
import type { Ms, Shared } from "./types.js";

const GATE_OPTIONS = ["tool", "risky", "approver", "expiresAfter", "clock", "seed"];
/** What comes of an answer. */
const APPROVED = 0;
const EXPIRED = 2;

/** A question to a human: may this run, with exactly these arguments? */
export interface ApprovalRequest {
  readonly id: string; readonly tool: string; readonly args: unknown;
  /** What the yes is bound to: run, call, tool and the exact arguments. */
  readonly digest: string;
  /** When silence is a no: an instant of the clock of whoever asks, which means nothing to another process. */
  readonly expiresAt: Ms;
  readonly why: string;
  /** Of an agent's calls: whether it may have happened already. Only `{ approve: true, again: true }` runs it again: `true` and
   *  `{ approve: true }` do not cover that, and count as a no. */
  readonly again?: boolean;
}
/** A human's answer. */
export type Decision =
  | {
    approve: true;
    /** Approve with edited arguments. */ args?: unknown;
    /** Of an agent's calls: yes to running again what may have happened already. */ again?: boolean;
    /** What the human was shown, as `ApprovalRequest.digest`: where it is given, a yes to anything else counts for nothing. */ digest?: string;
  }
  | { approve: false; message?: string };
/** Asks a human. Whatever is not a clear yes is a no; its signal is aborted when the answer is not wanted any more. */
export type Approver = (request: ApprovalRequest, context: { signal: AbortSignal }) => Decision | boolean | PromiseLike<Decision | boolean>;

/** Wraps one action: safe calls run, risky ones wait for the approver's yes; without an approver a risky one is denied. A denial, and a
 *  question that nobody answers in time, is an `ApprovalDenied`. Silence is a no after `expiresAfter`, 10 minutes by default.
 *
 *  @example
 *  ```js
 *  import { approvalGate } from "steadfast";
 *
 *  const approver = ({ tool, args }) => args.file !== "/etc/hosts"; // yours asks a human
 *  const remove = approvalGate(({ file }) => `${file} is gone`, { tool: "remove", risky: ({ file }) => file.startsWith("/"), approver });
 *  console.log(await remove({ file: "draft.txt" })); // draft.txt is gone
 *  console.log(await remove({ file: "/tmp/old" })); // /tmp/old is gone
 *  console.log(await remove({ file: "/etc/hosts" }).catch(error => error.outcome)); // denied
 *  ```
 */
export function approvalGate<A, T>(action: (args: A) => T | PromiseLike<T>, options: {
  tool: string; risky: boolean | ((args: A) => boolean); approver?: Approver; expiresAfter?: Ms;
} & Shared): (args: A) => Promise<T> {
  callable("action", action);
  const { tool, risky, approver, expiresAfter = 600_000, clock, seed } = object("gate", options, GATE_OPTIONS);
  if (typeof tool !== "string" || tool === "") throw refused("tool", tool, "the tool's name", true);
  if (typeof risky !== "boolean") if (typeof risky !== "function") throw refused("risky", risky, "true, false or a function of the arguments", true);
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
      const answer = await question.ask(approver, request, expiresAt, now);
      if (answer.kind === YES_TO_OTHER) return action(JSON.parse(answer.text) as A);
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
  ask(approver: Approver, request: ApprovalRequest, expiresAt: number, now: number): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#reject = reject;
      this.timers.set(this, expiresAt, now);
      const answered = async () => approver(request, { signal: this.#controller.signal });
      answered().then(
        answer => this.#decide(answerOf(answer), request, resolve),
        error => this.#decide(failedToAnswer(error), request, resolve),
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

  #decide(answer: Answer, { tool, digest }: ApprovalRequest, resolve: (answer: Answer) => void): void {
    const reject = this.#reject;
    if (reject === undefined) return;
    const other = answer.digest !== "" && answer.digest !== digest;
    const [kind, text] = other ? [NO, "the yes is to another call than the one that was shown"] : [answer.kind, answer.text];
    const outcome = machines.approval_decide(this.machine, this.timers.now(), kind, text);
    if (outcome === APPROVED) resolve(answer);
    else if (outcome === EXPIRED) this.#expired();
    else reject(new ApprovalDenied(text === "" ? `${tool}: a human said no` : `${tool}: a human said no: ${text}`, "denied"));
  }

  #expired(): void {
    const error = new ApprovalDenied("nobody answered in time", "expired");
    this.#controller.abort(error);
    this.#reject?.(error);
  }
}
