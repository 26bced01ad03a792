// What passes between a run and its machine: what it can be told, what it wants done, what it has a human asked.

import type { ApprovalRequest } from "../approval.js";
import type { Begun } from "./attempt.js";
import { parsed } from "./reply.js";
import type { Effect } from "./types.js";

/** What the machine can be told; see `told` in the crate. */
export const START = 0;
export const MODEL_REPLIED = 1;
export const TOOL_REPLIED = 2;
/** Answers of a human: no, yes, yes to other arguments. */
export const DECIDED = [3, 4, 5] as const;
/** What was found out about an effect. Whatever is neither of the words is no knowledge. */
export const FOUND = new Map<unknown, number>([["done", 6], ["not_done", 7]]);
export const UNKNOWN = 8;
export const SUSPEND = 9;
export const CANCEL = 10;
export const TICK = 99;

/** A question as the machine writes it. */
export interface Question { id: number; tool: string; args: string; digest: string; expires_at: number; again: boolean; why: string }
/** What is to be done. */
export type Output =
  | { do: "think"; attempt: Begun }
  | { do: "act" | "reconcile"; attempt: Begun; tool: string; args: string }
  | { do: "claim"; call: number; again: boolean; entry: Effect }
  | { do: "record"; entry: Effect }
  | { do: "ask"; request: Question }
  | { do: "withdraw"; id: number }
  | { do: "abandon"; call: number; attempt: number };

/** Whether it begins that attempt. */
export function begins(output: Output, call: number, attempt: number): boolean {
  return (output.do === "think" || output.do === "act" || output.do === "reconcile") && output.attempt.call === call && output.attempt.attempt === attempt;
}

/** A question for a human. Its arguments are a copy: what runs is what was shown, whatever becomes of it. */
export function requestOf({ id, tool, args, digest, expires_at, again, why }: Question): ApprovalRequest {
  return { id: String(id), tool, args: parsed(args), digest, again, expiresAt: expires_at, why: again ? `${why} Only { approve: true, again: true } runs it again.` : why };
}
