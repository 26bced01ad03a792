// Budgets: spent by everything that is handed them.

import { machines, opened, read, ready, write } from "./engine.js";
import { BudgetExceeded } from "./errors.js";
import { RESOURCES } from "./call.js";
import { clockOf, limit, object, refused, seedOf, whole } from "./options.js";
import { timersOf, type Timers } from "./timers.js";
import type { Clock, Ms, Shared } from "./types.js";

const LIMITS = ["deadline", "attempts", "steps", "tokens", "money"];
const SPENT = ["tokens", "money"];
/** Money is counted in millionths. */
const MICRO = 1_000_000;
const NONE = -1;

/** @inline */
export interface Limits { deadline?: Ms; attempts?: number; steps?: number; tokens?: number; money?: number }
/** @inline */
export interface Spent { tokens?: number; money?: number }

/** What the guard that spends from a budget needs of it. */
export let envelopeOf: (budget: Budget) => { handle: number; clock: Clock | undefined; parent: Budget | undefined };

const gone = /* @__PURE__ */ new FinalizationRegistry<number>(handle => machines.budget_close(handle));

/** Spent by everything that is handed it; a child can only narrow what its parent allows. What is not limited is `Infinity`.
 *
 *  @example
 *  ```js
 *  import { Budget } from "steadfast";
 *
 *  const day = new Budget({ tokens: 10_000, money: 5 });
 *  const task = day.child({ tokens: 2_000 });
 *  const reservation = task.reserve({ tokens: 1_500 });
 *  console.log(task.left.tokens, day.left.tokens); // 500 8500
 *  reservation.settle({ tokens: 900, money: 0.02 }); // what it really came to
 *  console.log(task.left.tokens, day.left.tokens, day.left.money); // 1100 9100 4.98
 *  try { task.reserve({ tokens: 1_200 }); } catch (error) { console.log(error.code, error.what); } // budget_exceeded tokens
 *  ```
 */
export class Budget {
  #handle!: number;
  #timers: Timers;
  #clock: Clock | undefined;
  /** An envelope is there as long as those within it are. */
  #parent: Budget | undefined;

  constructor(limits: Limits & Shared) {
    // Here and not in a static block, so that a bundler leaves the class out where nobody makes a budget.
    envelopeOf ??= budget => ({ handle: budget.#handle, clock: budget.#clock, parent: budget.#parent });
    if (limits === undefined) throw refused("budget", limits, `an object with any of ${LIMITS.join(", ")}`, true);
    const { clock, seed } = object("budget", limits, [...LIMITS, "clock", "seed"]);
    this.#clock = clockOf(clock);
    this.#timers = timersOf(clock);
    seedOf(seed);
    const numbers = numbersOf(limits);
    if (opening === undefined) {
      ready();
      write(numbers);
      this.#handle = opened(machines.budget_open(this.#timers.now()));
    } else {
      const parent = (this.#parent = opening);
      write(numbers);
      this.#handle = opened(machines.budget_child(parent.#handle, this.#timers.now()));
    }
    gone.register(this, this.#handle);
  }

  /** An envelope within this one. What it does not limit itself, this one does. */
  child(limits: Limits): Budget {
    object("budget", limits, LIMITS);
    opening = this;
    try {
      return new Budget(this.#clock === undefined ? { ...limits } : { ...limits, clock: this.#clock });
    } finally {
      opening = undefined;
    }
  }

  /** Throws BudgetExceeded, or reserves; settle with what was really spent. */
  reserve(estimate: Spent): {
    /** What was really spent. */ settle(spent: Spent): void;
    /** Nothing was. */ cancel(): void;
  } {
    const { tokens, money } = spentOf("estimate", estimate);
    const now = this.#timers.now();
    // Of what is used up nothing can be spent, also by those who do not say how much they will.
    const probe = machines.budget_reserve(this.#handle, now, 0, 0, Math.max(1, tokens), Math.max(1, money));
    if (probe >= 0) machines.budget_settle(probe, 0, 0, 0, 0);
    const reservation = probe < 0 ? probe : machines.budget_reserve(this.#handle, now, 0, 0, tokens, money);
    if (reservation < 0) {
      const what = RESOURCES[read(0)] ?? "time";
      throw new BudgetExceeded(machines.budget_refusal(), what);
    }
    let open = true;
    const settle = (spent: { tokens: number; money: number }) => {
      if (open) machines.budget_settle(reservation, 0, 0, spent.tokens, spent.money);
      open = false;
    };
    return { settle: spent => settle(spentOf("spent", spent)), cancel: () => settle({ tokens: 0, money: 0 }) };
  }

  /** What can still be spent; Infinity where nothing limits it. */
  get left(): { time: Ms; attempts: number; steps: number; tokens: number; money: number } {
    machines.budget_left(this.#handle, this.#timers.now());
    return { time: read(0) / 1000, attempts: read(1), steps: read(2), tokens: read(3), money: read(4) / MICRO };
  }
}

/** The budget that the next one is a child of. */
let opening: Budget | undefined;

function numbersOf({ deadline, attempts, steps, tokens, money }: Limits): number[] {
  return [
    limit("budget.deadline", deadline),
    count("budget.attempts", attempts),
    count("budget.steps", steps),
    count("budget.tokens", tokens),
    money === undefined || money === Infinity ? NONE : amount("budget.money", money, 1 / MICRO),
  ];
}

function count(name: string, value: unknown): number {
  return value === undefined || value === Infinity ? NONE : whole(name, value, 1, Number.MAX_SAFE_INTEGER);
}

function amount(name: string, value: unknown, least: number): number {
  if (typeof value === "number" && value >= least && value <= Number.MAX_SAFE_INTEGER / MICRO) return Math.round(value * MICRO);
  throw refused(name, value, `an amount of ${least === 0 ? "0 or more" : "0.000001 or more"}, at most ${Math.floor(Number.MAX_SAFE_INTEGER / MICRO)}`);
}

function spentOf(name: string, spent: Spent): { tokens: number; money: number } {
  const { tokens = 0, money = 0 } = object(name, spent, SPENT);
  return { tokens: whole(`${name}.tokens`, tokens, 0, Number.MAX_SAFE_INTEGER), money: amount(`${name}.money`, money, 0) };
}
