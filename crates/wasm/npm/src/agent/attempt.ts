// One attempt of a model or a tool within a run: what its function is handed, and its leave by what is shared.

import { Abortable } from "../abortable.js";
import type { Budget } from "../budget.js";
import type { Timers } from "../timers.js";
import type { AttemptContext, Ms } from "../types.js";
import type { Calls } from "./calls.js";
import { Leave } from "./calls.js";
import type { Tool } from "./types.js";

/** An attempt as the machine names it. */
export interface Begun { call: number; attempt: number; option: number; /** Milliseconds, or none. */ deadline: number | null; key: string }

/** What a model, a tool or an approver is handed. */
export class AgentContext extends Abortable implements AttemptContext {
  #begun: Begun;
  #timers: Timers;
  /** Of models: what they may ask for. */
  declare readonly tools: Record<string, Tool>;

  constructor(begun: Begun, timers: Timers, tools?: Record<string, Tool>) {
    super();
    this.#begun = begun;
    this.#timers = timers;
    if (tools !== undefined) this.tools = tools;
  }
  get attempt(): number {
    return this.#begun.attempt;
  }
  get option(): number {
    return this.#begun.option;
  }
  get remaining(): Ms {
    const { deadline } = this.#begun;
    return deadline === null ? Infinity : Math.max(0, deadline - this.#timers.now() / 1000);
  }
  get key(): string {
    return this.#begun.key;
  }
}

/** An attempt under way. */
export class Attempt {
  readonly leave: Leave;

  constructor(readonly begun: Begun, readonly context: AgentContext, calls: Calls, budgets: Budget[], tokens: number) {
    this.leave = new Leave(calls, budgets, tokens);
  }
}
