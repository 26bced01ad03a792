// The guard of an agent's model or tool: numbers for the runs, and what runs in a module of their own cannot share by
// themselves, a breaker and a budget that others use too.

import { CircuitBreaker, insideOf } from "../breaker.js";
import { Budget, envelopeOf } from "../budget.js";
import type { Judged } from "../classify.js";
import { sensible } from "../classifier.js";
import { RESOURCES } from "../call.js";
import { machines, read } from "../engine.js";
import { BudgetExceeded, type CircuitOpen } from "../errors.js";
import { checkedGuard, GUARD_OPTIONS, type GuardPolicy } from "../guard.js";
import { breakerNumbers, object, retryNumbers } from "../options.js";
import { refusal } from "../refusal.js";
import type { Clock, Verdict } from "../types.js";

const NONE = -1;
const NO_BREAKER = Array.from({ length: 12 }, () => NONE);
/** A permit's outcomes; from the last on, a failure of a class. */
const OK = 0;
const CANCELLED = 3;
const FAILED = 4;
const FORCED_OPEN = 2;

/** What a guard says of calls. */
export interface Calls {
  readonly numbers: number[];
  readonly classify: ((error: unknown) => Verdict | undefined) | undefined;
  readonly breaker: CircuitBreaker | undefined;
  readonly budget: Budget | undefined;
}

/** Shared with nobody. */
export const UNSHARED: Calls = { numbers: [], classify: undefined, breaker: undefined, budget: undefined };

/** Reads a guard. `base` is where retries begin that say nothing else. */
export function callsOf(name: string, policy: GuardPolicy | undefined, clock: Clock | undefined, base?: number): Calls {
  const shared = policy?.breaker instanceof CircuitBreaker ? policy.breaker : undefined;
  object(name, policy, GUARD_OPTIONS);
  return named(name, () => {
    const { timeout, deadline, firstOutput, idle, retry, rules, budget, classify } = checkedGuard(name, policy, clock);
    const retries = base === undefined || retry === false || retry.base !== undefined ? retry : { ...retry, base: Math.min(base, retry.cap ?? base) };
    const own = shared === undefined && rules !== false ? breakerNumbers(rules) : NO_BREAKER;
    return { numbers: [timeout, deadline, firstOutput, idle, ...retryNumbers(retries), ...own], classify: sensible(classify), breaker: shared, budget };
  });
}

/** The same for a model that stands in for another: what is known of that one says nothing of it. */
export function standingIn(calls: Calls): Calls {
  if (calls.breaker === undefined) return calls;
  const { policy, clock } = insideOf(calls.breaker);
  return { ...calls, breaker: new CircuitBreaker(clock === undefined ? policy : { ...policy, clock }) };
}

/** Says of which guard a complaint is. */
function named<T>(name: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) error.message = `${name}.${error.message}`;
    throw error;
  }
}

/** Where an attempt is counted: in both budgets, unless one lies within the other, for that one hands on what it spends. */
export function spentFrom(one: Budget | undefined, other: Budget | undefined): Budget[] {
  if (one === undefined || other === undefined) return [one, other].filter(budget => budget !== undefined);
  if (liesWithin(one, other)) return [one];
  return liesWithin(other, one) ? [other] : [one, other];
}

function liesWithin(budget: Budget, around: Budget): boolean {
  for (let at: Budget | undefined = budget; at !== undefined; at = envelopeOf(at).parent) if (at === around) return true;
  return false;
}

/** What keeps an attempt from beginning: a breaker, or a budget. */
export interface Refused { error: CircuitOpen | BudgetExceeded; budget?: Budget }

/** One attempt's leave by a breaker and by budgets that are shared. */
export class Leave {
  #permit = NONE;

  constructor(private readonly calls: Calls, private readonly budgets: Budget[], private readonly tokens: number) {}

  /** What keeps the attempt from beginning, if anything does. */
  take(now: number): Refused | undefined {
    const refused = this.#enter(now) ?? this.#spend(now);
    if (refused !== undefined) this.#settle(CANCELLED, now);
    return refused;
  }

  #enter(now: number): Refused | undefined {
    const { breaker } = this.calls;
    if (breaker === undefined) return undefined;
    const inside = insideOf(breaker);
    const permit = machines.breaker_enter(inside.handle, now);
    const [retryAt, why, probes] = [read(0), read(1), read(2)];
    if (inside.watched) inside.tell();
    if (permit < 0) {
      return { error: refusal(retryAt, why, probes, why === FORCED_OPEN ? machines.breaker_forced_reason(inside.handle) : "") };
    }
    this.#permit = permit;
    return undefined;
  }

  /** Counts the attempt in all budgets, or in none. What it spends besides is counted once it is known; some of it has to be left. */
  #spend(now: number): Refused | undefined {
    const reservations: number[] = [];
    let refused: Refused | undefined;
    for (const budget of this.budgets) {
      const reservation = machines.budget_reserve(envelopeOf(budget).handle, now, 1, 0, this.tokens, this.tokens);
      if (reservation < 0) {
        refused = { error: new BudgetExceeded(machines.budget_refusal(), RESOURCES[read(0)] ?? "attempts"), budget };
        break;
      }
      reservations.push(reservation);
    }
    for (const reservation of reservations) machines.budget_settle(reservation, refused === undefined ? 1 : 0, 0, 0, 0);
    return refused;
  }

  succeeded(now: number): void {
    this.#settle(OK, now);
  }
  failed({ class: place }: Judged, now: number): void {
    this.#settle(FAILED + place, now);
  }
  /** Given up: by the caller, or because its time is up, which speaks against the service. */
  abandoned(timeout: number | undefined, now: number): void {
    this.#settle(timeout === undefined ? CANCELLED : FAILED + timeout, now);
  }

  #settle(outcome: number, now: number): void {
    const { breaker } = this.calls;
    if (breaker === undefined || this.#permit < 0) return;
    const inside = insideOf(breaker);
    machines.breaker_settle(inside.handle, this.#permit, outcome, now);
    this.#permit = NONE;
    if (inside.watched) inside.tell();
  }
}
