// A guarded call: deadline, budget, fallbacks, retry, breaker and timeout as one machine.

import { CircuitBreaker, insideOf, type Inside } from "./breaker.js";
import { Budget, envelopeOf } from "./budget.js";
import { run } from "./call.js";
import { machines } from "./engine.js";
import { guardedFetch } from "./fetch.js";
import { Listeners } from "./listeners.js";
import { type Basics, Machine, NONE } from "./once.js";
import {
  BREAKER_OPTIONS, breakerNumbers, CALL_OPTIONS, callable, callOptions, clockOf, limit, object, refused, refusedInstance, RETRY_OPTIONS,
} from "./options.js";
import { decisions, innerRetries } from "./trace.js";
import type { BreakerPolicy, CallOptions, Clock, Ms, Operation, RetryPolicy, Shared, TraceEntry, Verdict } from "./types.js";

/** How long an attempt may take where nobody says. */
const TIMEOUT_MS = 60_000;
export const GUARD_OPTIONS = ["timeout", "deadline", "retry", "breaker", "budget", "classify"];
const SHARED = ["clock", "seed"];

/** What guards a call. Every layer but the deadline and the budget is there by default; `false` switches one off. */
export interface GuardPolicy {
  /** Per attempt. Default 60_000; `Infinity` for none. */ timeout?: Ms;
  /** Whole call: attempts, waits and fallbacks. Default none. */ deadline?: Ms;
  retry?: RetryPolicy | false;
  /** A policy makes a breaker of this guard's own; an instance is shared with whoever else has it. */
  breaker?: BreakerPolicy | CircuitBreaker | false;
  budget?: Budget;
  /** What a thrown value means; `undefined` leaves it to the default classifier. */
  classify?: (error: unknown) => Verdict | undefined;
}
/** A guard has options of the same names, and is no policy.
 *  @inline */
export type NoGuard = { call?: never };
/** Calls under one policy, which share its breaker, its budget, and what servers ask for. */
export interface Guard {
  /** Runs the operation under the policy, and the fallbacks in order where it fails for good. */
  call<T>(operation: Operation<T>, options?: CallOptions & { fallbacks?: Operation<T>[] }): Promise<T>;
  /** A `fetch` under this guard: hand it to an SDK and switch the SDK's own retries off. */
  readonly fetch: typeof fetch;
  /** The breaker of its calls, its own or the shared one. */
  readonly breaker: CircuitBreaker | undefined;
  /** Calls `listener` with each decision, in order; the returned function takes it back. */
  on(event: "decision", listener: (entry: TraceEntry) => void): () => void;
}

const gone = /* @__PURE__ */ new FinalizationRegistry<number>(handle => machines.guard_close(handle));

/** Makes a guard: deadline, budget, fallbacks, retry, breaker and timeout as one machine, outermost first. Throws at once if an option
 *  makes no sense.
 *
 *  @example
 *  ```js
 *  import { guard } from "steadfast";
 *
 *  const model = guard({ timeout: 20_000, deadline: 60_000, retry: { base: 10 } });
 *  const down = ({ attempt }) => { throw Object.assign(new Error("no capacity"), { status: 529 }); };
 *  model.on("decision", ({ what, attempt }) => { if (what === "attempt_failed") console.log(what, attempt); });
 *  console.log(await model.call(down, { fallbacks: [() => "from another model"] }));
 *  // attempt_failed 1
 *  // attempt_failed 2
 *  // attempt_failed 3
 *  // from another model
 *  ```
 */
export function guard(policy: GuardPolicy & NoGuard & Shared = {}): Guard {
  object("guard", policy, [...GUARD_OPTIONS, ...SHARED]);
  return new Guarded(withBreaker(checked(policy, clockOf(policy.clock)), policy.seed));
}

/** A machine that is there as long as anybody holds it. */
function kept(machine: Guarding): Guarding {
  gone.register(machine, machine.handle);
  return machine;
}

/** What a guard is made of, all of it checked. */
interface Settings extends Required<Basics> {
  breaker: CircuitBreaker | undefined;
  /** For fallbacks, which have breakers of their own. */ rules: BreakerPolicy | false;
  budget: Budget | undefined;
}

/** The guard of an agent's models or of a tool, which has its clock from the agent. */
export function checkedGuard(name: string, policy: GuardPolicy | undefined, clock: Clock | undefined): Settings {
  return checked(object(name, policy, GUARD_OPTIONS), clock, clock === undefined);
}

function checked(policy: GuardPolicy, own: Clock | undefined, hosts = false): Settings {
  const { timeout = TIMEOUT_MS, deadline, retry = {}, breaker = {}, budget, classify } = policy;
  if (classify !== undefined) callable("classify", classify);
  if (budget !== undefined && !(budget instanceof Budget)) throw refusedInstance("budget", budget, "Budget");
  if (retry !== false) object("retry", retry, RETRY_OPTIONS);
  const shared = breaker instanceof CircuitBreaker ? insideOf(breaker) : undefined;
  const clock = oneClock(own, hosts, shared, budget === undefined ? undefined : envelopeOf(budget));
  if (breaker !== false && !(breaker instanceof CircuitBreaker)) breakerNumbers(object("breaker", breaker, BREAKER_OPTIONS));
  return {
    timeout: limit("timeout", timeout), deadline: limit("deadline", deadline), firstOutput: NONE, idle: NONE,
    retry, breaker: breaker instanceof CircuitBreaker ? breaker : undefined, rules: shared?.policy ?? (breaker as BreakerPolicy | false), budget,
    classify: classify ?? (retry === false ? undefined : retry.classify), clock, seed: undefined,
  };
}

/** With a breaker of its own where its policy asks for one. */
function withBreaker(settings: Settings, seed: string | number | undefined): Settings {
  const { breaker, rules, clock } = settings;
  const own = breaker ?? (rules === false ? undefined : new CircuitBreaker({ ...rules, ...(clock && { clock }), ...(seed !== undefined && { seed }) }));
  return { ...settings, breaker: own, seed };
}

/** Instants of one clock mean nothing to another. */
function oneClock(own: Clock | undefined, hosts: boolean, ...others: ({ clock: Clock | undefined } | undefined)[]): Clock | undefined {
  let clock = own;
  let found = own !== undefined || hosts;
  for (const other of others) {
    if (other === undefined) continue;
    if (found && clock !== other.clock) throw new TypeError("clock is another than that of the breaker or the budget; allowed: one clock for all of them");
    ({ clock } = other);
    found = true;
  }
  return clock;
}

/** A guard's side of its calls. */
class Guarding extends Machine {
  readonly breaker: CircuitBreaker | undefined;
  #inside: Inside | undefined;
  /** Held, so that its envelope is there as long as this guard. */
  readonly budget: Budget | undefined;

  constructor(settings: Settings, private readonly listeners: Listeners<TraceEntry>, private readonly family = "") {
    const { breaker, rules, budget } = settings;
    const inside = breaker && insideOf(breaker);
    const envelope = budget === undefined ? NONE : envelopeOf(budget).handle;
    super(settings, [inside?.handle ?? NONE, envelope, ...(rules === false ? [NONE] : breakerNumbers(rules))]);
    this.breaker = breaker;
    this.budget = budget;
    this.#inside = inside;
  }

  override get watched(): boolean {
    return this.#inside !== undefined && this.#inside.watched;
  }
  override tell(trace: TraceEntry[]): void {
    if (this.listeners.any) {
      for (const entry of decisions(this.family)) {
        trace.push(entry);
        this.listeners.tell(entry);
      }
    }
    if (this.watched) this.#inside?.tell();
  }
  override forcedReason(): string {
    return this.#inside === undefined ? "" : machines.breaker_forced_reason(this.#inside.handle);
  }
}

/** What integrations need of a guard: the machines behind it, and a way to tell its listeners. */
export interface Inner {
  /** Whole calls, as `call` makes them. */ readonly calls: Guarding;
  /** The same without retries: for what must not happen twice. */ readonly single: Guarding;
  /** Requests and streams: `timeout` is how long a server may be silent, before its answer and within it. */
  readonly streams: Guarding;
  tell(entry: Omit<TraceEntry, "at">): void;
}

/** `undefined` for what is no guard of this package. */
export function innerOf(guard: unknown): Inner | undefined {
  return guard instanceof Guarded ? guard.inner() : undefined;
}

class Guarded implements Guard {
  #settings: Settings;
  #listeners: Listeners<TraceEntry>;
  #machine: Guarding;
  #more: Guarding[] = [];
  #single: Guarding | undefined;
  #requests: Guarding | undefined;
  #fetch: typeof fetch | undefined;

  /** Its name as people know it, whatever a minifier makes of the class. */
  get [Symbol.toStringTag](): string {
    return "Guard";
  }

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#listeners = new Listeners(listening => {
      for (const { handle } of [this.#machine, ...this.#more]) machines.guard_listen(handle, listening);
    });
    this.#machine = kept(new Guarding(settings, this.#listeners));
  }

  get breaker(): CircuitBreaker | undefined {
    return this.#machine.breaker;
  }

  #another(settings: Partial<Settings>, family: string): Guarding {
    const machine = kept(new Guarding({ ...this.#settings, ...settings }, this.#listeners, family));
    if (this.#listeners.any) machines.guard_listen(machine.handle, true);
    this.#more.push(machine);
    return machine;
  }
  #streams(): Guarding {
    const { timeout } = this.#settings;
    return (this.#requests ??= this.#another({ timeout: NONE, firstOutput: timeout, idle: timeout }, "request-"));
  }
  /** For the files of this package. */
  inner(): Inner {
    return {
      calls: this.#machine,
      single: (this.#single ??= this.#another({ retry: false }, "single-")),
      streams: this.#streams(),
      tell: entry => {
        if (this.#listeners.any) this.#listeners.tell({ at: this.#machine.timers.now() / 1000, ...entry });
      },
    };
  }

  /** Requests have limits of their own: `timeout` is how long a server may be silent, before its answer and within it. */
  get fetch(): typeof fetch {
    if (this.#fetch === undefined) {
      const machine = this.#streams();
      this.#fetch = guardedFetch(machine, attempts => {
        const at = machine.timers.now() / 1000;
        if (this.#listeners.any) this.#listeners.tell(innerRetries(at, attempts));
      });
    }
    return this.#fetch;
  }

  call<T>(operation: Operation<T>, options?: CallOptions & { fallbacks?: Operation<T>[] }): Promise<T> {
    callable("operation", operation);
    if (options === undefined) return run(this.#machine, operation, undefined);
    const { fallbacks } = callOptions(object("options", options, [...CALL_OPTIONS, "fallbacks"])) as typeof options;
    if (fallbacks === undefined) return run(this.#machine, operation, options);
    if (!Array.isArray(fallbacks)) throw refused("fallbacks", fallbacks, "an array of functions", true);
    fallbacks.forEach((fallback, index) => callable(`fallbacks[${index}]`, fallback));
    return run(this.#machine, [operation, ...fallbacks], options);
  }

  on(event: "decision", listener: (entry: TraceEntry) => void): () => void {
    if (event !== "decision") throw refused("event", event, "\"decision\"", true);
    callable("listener", listener);
    return this.#listeners.add(listener);
  }
}
