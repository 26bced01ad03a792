// What a failure says, of whatever was thrown.

import { type Judged, judgeBy, judgedAs, messageOf } from "../classify.js";
import { CircuitOpen } from "../errors.js";
import { shown } from "../options.js";
import type { Calls } from "./calls.js";
import { MalformedReply } from "./reply.js";

/** Why a breaker lets nothing through, with the word of whoever forced it open. */
export function closedDoor({ message, reason }: CircuitOpen): string {
  return message.includes(reason) ? message : `${message}: ${reason}`;
}

/** What a thrown value says. One that can no longer be touched, a revoked proxy say, is a bug that says nothing. */
export function understood(calls: Calls, error: unknown, now: number): { judged: Judged; words: string } {
  try {
    return { judged: judgedBy(calls, error, now), words: wordsOf(error) };
  } catch {
    return { judged: judgedAs("bug", false), words: "an object was thrown" };
  }
}

function judgedBy(calls: Calls, error: unknown, now: number): Judged {
  if (error instanceof MalformedReply) return judgedAs("malformed_output", true);
  const judged = judgeBy(calls.classify, error);
  // An open breaker knows when to come back, and whoever decides what to do meanwhile should know it too.
  if (error instanceof CircuitOpen && Number.isFinite(error.retryAt)) judged.retryAfter = Math.max(0, error.retryAt * 1000 - now);
  return judged;
}

function wordsOf(error: unknown): string {
  if (error instanceof MalformedReply) return error.message;
  const name = typeof error === "object" && error !== null ? (error as { name?: unknown }).name : undefined;
  return messageOf(error) || (typeof name === "string" && name) || `${shown(error)} was thrown`;
}
