// What a run spends from budgets that others spend from too. Attempts are counted as they begin, by their leave; steps and tokens here.

import { type Budget, envelopeOf } from "../budget.js";
import { machines, read } from "../engine.js";
import type { Definition } from "./definition.js";
import { readRun, runs, writeRun } from "./engine.js";

const NONE = -1;

export class Spending {
  /** What the budgets know of. */
  #steps: number;
  #tokens: number;

  constructor(private readonly agent: Definition, private readonly machine: number) {
    // What a snapshot spent was counted when it was spent.
    [this.#steps, this.#tokens] = this.#spent();
  }

  #spent(): [steps: number, tokens: number] {
    runs.run_spent(this.machine);
    return [readRun(1), readRun(2)];
  }

  /** Tells the machine what is left: of the run's budget all of it, of its models' the time, for without models it cannot go on. */
  *told(now: number): Iterable<string> {
    const { budget, modelBudgets } = this.agent;
    if (budget !== undefined) yield this.narrow(budget, now);
    for (const one of modelBudgets) {
      if (one === budget) continue;
      machines.budget_left(envelopeOf(one).handle, now);
      const time = read(0);
      if (time === Infinity) continue;
      writeRun([time, NONE, NONE, NONE, NONE]);
      yield runs.run_narrow(this.machine, now);
    }
  }

  /** Tells the machine what is left of a budget. Where its tokens or its money are spent nothing can begin, whatever is left of the rest. */
  narrow(budget: Budget, now: number): string {
    const { handle } = envelopeOf(budget);
    const probe = machines.budget_reserve(handle, now, 1, 0, 1, 1);
    if (probe >= 0) machines.budget_settle(probe, 0, 0, 0, 0);
    machines.budget_left(handle, now);
    const [time, attempts, ...rest] = [0, 1, 2, 3, 4].map(index => (read(index) === Infinity ? NONE : read(index))) as [number, number];
    writeRun([time, probe < 0 ? 0 : attempts, ...rest]);
    return runs.run_narrow(this.machine, now);
  }

  /** Counts what was spent since. */
  settle(): void {
    const { budget, modelBudgets } = this.agent;
    if (modelBudgets.length === 0) return;
    const [steps, tokens] = this.#spent();
    if (budget !== undefined) machines.budget_spend(envelopeOf(budget).handle, 0, steps - this.#steps, 0, 0);
    for (const one of modelBudgets) machines.budget_spend(envelopeOf(one).handle, 0, 0, tokens - this.#tokens, 0);
    [this.#steps, this.#tokens] = [steps, tokens];
  }
}
