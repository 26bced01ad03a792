// Questions for a human: who is asked, what an answer comes to, and what becomes of those that nobody answers.

import { Abortable } from "../abortable.js";
import type { Approver } from "../approval.js";
import { type Answer, answerOf, failedToAnswer, NO, YES, YES_TO_OTHER } from "../decision.js";
import { type Question, requestOf } from "./outputs.js";

/** What an answer comes to: its kind, and a word. */
export type Ruling = [kind: Answer["kind"], text: string];

/** The questions of one run. `decide` hears of each answer. */
export class Questions {
  #open = new Map<number, Abortable>();

  constructor(private readonly decide: (question: Question, ruling: Ruling) => void) {}

  ask(approver: Approver, question: Question): void {
    const context = new Abortable();
    this.#open.set(question.id, context);
    const decided = (answer: Answer) => {
      // Nothing but the first answer counts, and none that comes late.
      if (this.#open.delete(question.id)) this.decide(question, rulingOf(question, answer));
    };
    const asked = async () => answerOf(await approver(requestOf(question), context));
    asked().then(decided, error => decided(failedToAnswer(error)));
  }

  /** It needs no answer any more: whoever listens to its signal hears why. */
  withdraw(id: number, reason: unknown): void {
    const context = this.#open.get(id);
    this.#open.delete(id);
    if (context !== undefined) Abortable.end(context, reason);
  }

  /** A decision that a resume brings: whether it closes the question. */
  rule(question: Question, decision: unknown): boolean {
    if (decision === undefined) return false;
    const answer = answerOf(decision);
    // A yes to something else than what would run is no answer to this: the question stays open.
    if (isOfAnother(question, answer)) return false;
    this.decide(question, rulingOf(question, answer));
    return true;
  }
}

function isOfAnother({ digest }: Question, answer: Answer): boolean {
  return answer.kind !== NO && answer.digest !== "" && answer.digest !== digest;
}

function rulingOf(question: Question, answer: Answer): Ruling {
  if (isOfAnother(question, answer)) return [NO, "the yes is to another call than the one that was shown"];
  if (question.again && answer.kind === YES && !answer.again) return [NO, "the yes did not say again: true, and only that runs it again"];
  if (question.again && answer.kind === YES_TO_OTHER) return [NO, "what may have happened already is not run again with other arguments"];
  return [answer.kind, answer.text];
}
