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

export interface Limits { deadline?: Ms; attempts?: number; steps?: number; tokens?: number; money?: number }
export interface Spent { tokens?: number; money?: number }

/** What the guard that spends from a budget needs of it. */
export let envelopeOf: (budget: Budget) => { handle: number; clock: Clock | undefined; parent: Budget | undefined };

const gone = new FinalizationRegistry<number>(handle => machines.budget_close(handle));

/** Spent by everything that is handed it; a child can only narrow what its parent allows. */
export class Budget {
  #handle!: number;
  #timers: Timers;
  #clock: Clock | undefined;
  /** An envelope is there as long as those within it are. */
  #parent: Budget | undefined;

  static {
    envelopeOf = budget => ({ handle: budget.#handle, clock: budget.#clock, parent: budget.#parent });
  }

  constructor(limits: Limits & Shared) {
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
  reserve(estimate: Spent): { settle(spent: Spent): void; cancel(): void } {
    const { tokens, money } = spentOf("estimate", estimate);
    const reservation = machines.budget_reserve(this.#handle, this.#timers.now(), 0, tokens, money);
    if (reservation < 0) {
      const what = RESOURCES[read(0)] ?? "time";
      throw new BudgetExceeded(machines.budget_refusal(), what);
    }
    let open = true;
    const settle = (spent: { tokens: number; money: number }) => {
      if (open) machines.budget_settle(reservation, 0, spent.tokens, spent.money);
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
