// A human's answer, as it comes from an approver or with a resume. Whatever is not clearly a yes is a no that says so.

import { canonical } from "./canonical.js";
import { messageOf } from "./classify.js";
import { shown } from "./options.js";

export const NO = 0;
export const YES = 1;
export const YES_TO_OTHER = 2;

/** `text` is the word to whoever asked, or the other arguments in canonical form. */
export interface Answer { kind: typeof NO | typeof YES | typeof YES_TO_OTHER; text: string; again: boolean; digest: string }

const no = (text: string): Answer => ({ kind: NO, text, again: false, digest: "" });

/** What somebody said who was asked. */
export function answerOf(answer: unknown): Answer {
  if (answer === false) return no("");
  if (answer === true) return { kind: YES, text: "", again: false, digest: "" };
  const unclear = `the approver answered ${shown(answer)}, and only true or { approve: true } is a yes`;
  if (typeof answer !== "object" || answer === null) return no(unclear);
  try {
    const { approve, args, message, again, digest } = answer as { approve?: unknown; args?: unknown; message?: unknown; again?: unknown; digest?: unknown };
    if (approve === false) return no(typeof message === "string" ? message : "");
    if (approve !== true) return no(unclear);
    if (digest !== undefined && typeof digest !== "string") return no(unclear);
    const yes: Answer = { kind: YES, text: "", again: again === true, digest: digest ?? "" };
    return args === undefined ? yes : edited(yes, args);
  } catch {
    return no(unclear);
  }
}

function edited(yes: Answer, args: unknown): Answer {
  try {
    return { ...yes, kind: YES_TO_OTHER, text: canonical(args) };
  } catch (error) {
    return no(`the approver's arguments are not JSON, and that is no yes: ${messageOf(error)}`);
  }
}

/** What it is when the approver fails. */
export function failedToAnswer(error: unknown): Answer {
  return no(`the approver failed, and that is no yes: ${messageOf(error)}`);
}
