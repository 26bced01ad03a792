// What an agent is made of. Everything about it is checked when it is made, so that a run can only meet what models and tools do.

import type { Approver } from "../approval.js";
import { Budget, envelopeOf } from "../budget.js";
import { ready } from "../engine.js";
import { callable, clockOf, micros, object, refused, refusedInstance, seedOf, whole } from "../options.js";
import { type Timers, timersOf } from "../timers.js";
import { type Calls, callsOf, spentFrom, standingIn } from "./calls.js";
import { openedRun, readyRuns, runs, writeRun } from "./engine.js";
import type { Instant } from "./snapshot.js";
import { openTool, type OwnTool, toolsOf } from "./tools.js";
import type { AgentOptions, EffectLedger, Model, Tool } from "./types.js";

const OPTIONS = [
  "model", "tools", "system", "approver", "approvalExpiresAfter", "maxSteps", "guard", "budget", "safeMessage", "ledger", "recorder", "clock", "seed",
];

const gone = new FinalizationRegistry<number>(machine => runs.agent_close(machine));

/** An agent's parts, which its runs share and do not change. */
export class Definition {
  readonly machine: number;
  readonly models: Model[];
  readonly approver: Approver | undefined;
  readonly budget: Budget | undefined;
  /** Where model calls are counted. */
  readonly modelBudgets: Budget[];
  readonly ledger: EffectLedger | undefined;
  readonly recorder: ((recording: string) => void) | undefined;
  readonly timers: Timers;
  readonly system: string;
  /** The caller's own record, for models that want the tools' descriptions. */
  readonly toolsByName: Record<string, Tool>;
  /** One for each model. */
  #calls: Calls[];
  #ownClock: boolean;
  #saidUncounted = false;
  #tools = new Map<string, OwnTool>();

  constructor(options: AgentOptions) {
    if (options === undefined) throw refused("agent", options, `an object with ${OPTIONS.join(", ")}`, true);
    const { model, tools, system, approver, approvalExpiresAfter, maxSteps, guard, budget, safeMessage, ledger, recorder, clock, seed } = object("agent", options, OPTIONS);
    const own = clockOf(clock);
    this.models = modelsOf(model);
    const calls = callsOf("guard", guard, own);
    this.#calls = this.models.map((_, option) => (option === 0 ? calls : standingIn(calls)));
    for (const tool of toolsOf(tools, own)) this.#tools.set(tool.name, tool);
    if (system !== undefined && typeof system !== "string") throw refused("system", system, "a string", true);
    if (approver !== undefined) callable("approver", approver);
    const expires = micros("approvalExpiresAfter", approvalExpiresAfter ?? 600_000, 0.001);
    const steps = whole("maxSteps", maxSteps ?? 8, 1);
    if (budget !== undefined && !(budget instanceof Budget)) throw refusedInstance("budget", budget, "Budget");
    if (budget !== undefined && envelopeOf(budget).clock !== own) throw new TypeError("clock is another than that of the budget; allowed: one clock for all of them");
    if (safeMessage !== undefined && (typeof safeMessage !== "string" || safeMessage.trim() === "")) {
      throw refused("safeMessage", safeMessage, "a sentence: a run always answers", true);
    }
    if (ledger !== undefined) {
      callable("ledger.claim", ledger?.claim);
      callable("ledger.record", ledger?.record);
    }
    if (recorder !== undefined) callable("recorder", recorder);
    const [high, low] = seedOf(seed);
    this.approver = approver;
    this.budget = budget;
    this.modelBudgets = spentFrom(budget, calls.budget);
    this.ledger = ledger;
    this.recorder = recorder;
    this.timers = timersOf(own);
    this.#ownClock = own !== undefined;
    this.system = system ?? "";
    this.toolsByName = tools ?? {};

    ready();
    readyRuns();
    writeRun([...calls.numbers, steps, expires]);
    this.machine = openedRun(runs.agent_open(this.models.length, ledger !== undefined, safeMessage ?? "", high, low));
    gone.register(this, this.machine);
    for (const tool of this.#tools.values()) openTool(this.machine, tool);
  }

  /** What is shared by the calls of a model. */
  callsOf(option: number): Calls {
    return this.#calls[option]!;
  }

  /** Now, as a snapshot keeps it. */
  instant(): Instant {
    return { own: this.#ownClock, now: this.timers.now() };
  }

  /** Once, for a model does it every time. */
  sayUncounted(usage: string): void {
    if (!this.#saidUncounted) console.error(`steadfast: a model's ${usage}, and its tokens are not counted; allowed: usage: { inputTokens, outputTokens }, numbers of 0 or more`);
    this.#saidUncounted = true;
  }

  tool(name: string): OwnTool | undefined {
    return this.#tools.get(name);
  }
}

function modelsOf(model: Model | Model[]): Model[] {
  const allowed = "a function, or an array of functions in order of preference";
  if (typeof model === "function") return [model];
  if (!Array.isArray(model)) throw refused("model", model, allowed, true);
  if (model.length === 0) throw new TypeError(`model is an empty array; allowed: ${allowed}`);
  model.forEach((one, index) => callable(`model[${index}]`, one));
  return [...model];
}
