// The policy of simulated agents, as the numbers that the simulator takes.

import type { GuardPolicy } from "../guard.js";
import { BREAKER_OPTIONS, breakerNumbers, limit, micros, object, refused, RETRY_OPTIONS, retryNumbers, whole } from "../options.js";
import type { BreakerPolicy, Ms, RetryPolicy } from "../types.js";

/** What a simulated agent heeds: the settings of an agent that can be told as numbers. */
export interface SimulatedPolicy {
  /** Default 8. */ maxSteps?: number;
  /** For model calls. Default { timeout: 4_000, deadline: 30_000, retry: { attempts: 4 }, breaker: { consecutive: 3, window: {
   *  rate: 0.5, calls: 20, ms: 60_000, minimum: 10 } } }; what is not named stands, within `retry` and `breaker` too. */
  guard?: Pick<GuardPolicy, "timeout" | "deadline"> & { retry?: Omit<RetryPolicy, "classify"> | false; breaker?: BreakerPolicy | false };
  /** What a degraded run answers. */ safeMessage?: string;
  /** After so long silence is a no. Default 600_000. */ approvalExpiresAfter?: Ms;
}

const POLICY_OPTIONS = ["maxSteps", "guard", "safeMessage", "approvalExpiresAfter"];
const GUARD_OPTIONS = ["timeout", "deadline", "retry", "breaker"];
/** Quicker than the engine's defaults where a watcher would get bored; the same as in crates/sim. */
const RETRY: RetryPolicy = { attempts: 4 };
const BREAKER: BreakerPolicy = { consecutive: 3, window: { rate: 0.5, calls: 20, ms: 60_000, minimum: 10 } };
const NO_BREAKER = -1;

/** In the order of crates/simulator: steps and expiry, timeout and deadline, retry, breaker. */
export function policyNumbers(policy: SimulatedPolicy): number[] {
  const { maxSteps = 8, approvalExpiresAfter = 600_000, guard } = policy;
  const { timeout = 4_000, deadline = 30_000, retry = {}, breaker = {} } = object("policy.guard", guard, GUARD_OPTIONS);
  return [
    whole("policy.maxSteps", maxSteps, 1),
    micros("policy.approvalExpiresAfter", approvalExpiresAfter, 0.001),
    limit("policy.guard.timeout", timeout),
    limit("policy.guard.deadline", deadline),
    ...retryNumbers(retry === false ? retry : { ...RETRY, ...object("policy.guard.retry", retry, RETRY_OPTIONS.filter(name => name !== "classify")) }),
    ...(breaker === false ? [NO_BREAKER] : [1, ...breakerNumbers({ ...BREAKER, ...object("policy.guard.breaker", breaker, BREAKER_OPTIONS) })]),
  ];
}

/** The policy, as far as it is an object with known options, and its sentence: empty for the one that stands. */
export function policyOf(given: SimulatedPolicy | undefined): { numbers: number[]; safeMessage: string } {
  const policy = object("policy", given, POLICY_OPTIONS);
  const { safeMessage } = policy;
  if (safeMessage !== undefined && (typeof safeMessage !== "string" || safeMessage.trim() === "")) {
    throw refused("policy.safeMessage", safeMessage, "a sentence: a run always answers", true);
  }
  return { numbers: policyNumbers(policy), safeMessage: safeMessage ?? "" };
}
