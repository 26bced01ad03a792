// A guarded call: deadline, budget, fallbacks, retry, breaker and timeout as one machine.

import { CircuitBreaker, insideOf, type Inside } from "./breaker.js";
import { Budget, envelopeOf } from "./budget.js";
import { type Flight, type Host, run } from "./call.js";
import { machines, opened, ready, write } from "./engine.js";
import { guardedFetch } from "./fetch.js";
import { freshRun, keyOf } from "./key.js";
import { Listeners } from "./listeners.js";
import {
  BREAKER_OPTIONS, breakerNumbers, CALL_OPTIONS, callable, callOptions, clockOf, limit, object, refused, RETRY_OPTIONS,
  retryNumbers, seedOf,
} from "./options.js";
import { type Timers, timersOf } from "./timers.js";
import { decisions, innerRetries } from "./trace.js";
import type { BreakerPolicy, CallOptions, Clock, Ms, Operation, RetryPolicy, Shared, TraceEntry, Verdict } from "./types.js";

/** How long an attempt may take where nobody says. */
const TIMEOUT_MS = 60_000;
const NONE = -1;
const GUARD_OPTIONS = ["timeout", "deadline", "retry", "breaker", "budget", "classify", "clock", "seed"];

export interface GuardPolicy {
  /** Per attempt. Default 60_000; `Infinity` for none. */ timeout?: Ms;
  /** Whole call: attempts, waits and fallbacks. Default none. */ deadline?: Ms;
  retry?: RetryPolicy | false;
  /** A policy makes a breaker of this guard's own; an instance is shared with whoever else has it. */
  breaker?: BreakerPolicy | CircuitBreaker | false;
  budget?: Budget;
  classify?: (error: unknown) => Verdict | undefined;
}
export interface Guard {
  call<T>(operation: Operation<T>, options?: CallOptions & { fallbacks?: Operation<T>[] }): Promise<T>;
  /** A `fetch` under this guard: hand it to an SDK and switch the SDK's own retries off. */
  readonly fetch: typeof fetch;
  readonly breaker: CircuitBreaker | undefined;
  on(event: "decision", listener: (entry: TraceEntry) => void): () => void;
}

const gone = new FinalizationRegistry<number>(handle => machines.guard_close(handle));

/** Makes a guard. Throws at once if an option makes no sense. */
export function guard(policy: GuardPolicy & Shared = {}): Guard {
  return new Guarded(checked(policy));
}

/** A machine that is there as long as anybody holds it. */
function kept(machine: Machine): Machine {
  gone.register(machine, machine.handle);
  return machine;
}

/** What a guard is made of, all of it checked. */
interface Settings {
  timeout: number; deadline: number; firstOutput: number; idle: number;
  retry: RetryPolicy | false;
  breaker: CircuitBreaker | undefined;
  /** For fallbacks, which have breakers of their own. */ rules: BreakerPolicy | false;
  budget: Budget | undefined;
  classify: ((error: unknown) => Verdict | undefined) | undefined;
  clock: Clock | undefined;
  seed: string | number | undefined;
}

function checked(policy: GuardPolicy & Shared): Settings {
  const { timeout = TIMEOUT_MS, deadline, retry = {}, breaker = {}, budget, classify, seed } = object("guard", policy, GUARD_OPTIONS);
  if (classify !== undefined) callable("classify", classify);
  if (budget !== undefined && !(budget instanceof Budget)) throw refused("budget", budget, "a Budget", true);
  if (retry !== false) object("retry", retry, RETRY_OPTIONS);
  const shared = breaker instanceof CircuitBreaker ? insideOf(breaker) : undefined;
  const clock = oneClock(clockOf(policy.clock), shared, budget === undefined ? undefined : envelopeOf(budget));
  let own: CircuitBreaker | undefined;
  if (breaker !== false) {
    own = breaker instanceof CircuitBreaker
      ? breaker
      : new CircuitBreaker({ ...object("breaker", breaker, BREAKER_OPTIONS), ...(clock && { clock }), ...(seed !== undefined && { seed }) });
  }
  return {
    timeout: limit("timeout", timeout), deadline: limit("deadline", deadline), firstOutput: NONE, idle: NONE,
    retry, breaker: own, rules: own === undefined ? false : insideOf(own).policy, budget,
    classify: classify ?? (retry === false ? undefined : retry.classify), clock, seed,
  };
}

/** Instants of one clock mean nothing to another. */
function oneClock(own: Clock | undefined, ...others: ({ clock: Clock | undefined } | undefined)[]): Clock | undefined {
  let clock = own;
  let found = own !== undefined;
  for (const other of others) {
    if (other === undefined) continue;
    if (found && clock !== other.clock) throw new TypeError("clock is another than that of the breaker or the budget; allowed: one clock for all of them");
    ({ clock } = other);
    found = true;
  }
  return clock;
}

/** A guard's side of its calls. */
export class Machine implements Host {
  readonly handle: number;
  readonly timers: Timers;
  readonly classify: ((error: unknown) => Verdict | undefined) | undefined;
  readonly retries: boolean;
  readonly breaker: CircuitBreaker | undefined;
  readonly listeners: Listeners<TraceEntry>;
  #inside: Inside | undefined;
  /** Held, so that its envelope is there as long as this guard. */
  readonly budget: Budget | undefined;
  #run: string | undefined;

  constructor(settings: Settings, listeners?: Listeners<TraceEntry>) {
    const { timeout, deadline, firstOutput, idle, retry, breaker, rules, budget, classify, clock, seed } = settings;
    this.timers = timersOf(clock);
    this.classify = classify;
    this.retries = retry !== false && retry.attempts !== 1;
    this.breaker = breaker;
    this.budget = budget;
    this.#inside = breaker && insideOf(breaker);
    const fallbacks = rules === false ? [NONE] : breakerNumbers(rules);
    const numbers = retryNumbers(retry);
    const [high, low] = seedOf(seed);
    ready();
    const envelope = budget === undefined ? NONE : envelopeOf(budget).handle;
    write([timeout, deadline, firstOutput, idle, ...numbers, this.#inside?.handle ?? NONE, envelope, ...fallbacks]);
    const handle = (this.handle = opened(machines.guard_open(high, low)));
    this.listeners = listeners ?? new Listeners(listening => machines.guard_listen(handle, listening));
  }

  get watched(): boolean {
    return this.#inside !== undefined && this.#inside.watched;
  }
  tell(): void {
    if (this.listeners.any) for (const entry of decisions()) this.listeners.tell(entry);
    if (this.watched) this.#inside?.tell();
  }
  forcedReason(now: number): string {
    return this.#inside === undefined ? "" : machines.breaker_forced_reason(this.#inside.handle, now);
  }
  keyOf(call: number): string {
    return keyOf((this.#run ??= freshRun()), call);
  }
}

class Guarded implements Guard {
  #settings: Settings;
  #listeners: Listeners<TraceEntry>;
  #machine: Machine;
  #requests: Machine | undefined;
  #fetch: typeof fetch | undefined;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#listeners = new Listeners(listening => {
      machines.guard_listen(this.#machine.handle, listening);
      if (this.#requests !== undefined) machines.guard_listen(this.#requests.handle, listening);
    });
    this.#machine = kept(new Machine(settings, this.#listeners));
  }

  get breaker(): CircuitBreaker | undefined {
    return this.#machine.breaker;
  }

  /** Requests have limits of their own: `timeout` is how long a server may be silent, before its answer and within it. */
  get fetch(): typeof fetch {
    if (this.#fetch === undefined) {
      const { timeout } = this.#settings;
      const machine = kept(new Machine({ ...this.#settings, timeout: NONE, firstOutput: timeout, idle: timeout }, this.#listeners));
      if (this.#listeners.any) machines.guard_listen(machine.handle, true);
      this.#requests = machine;
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

/** One call with settings of its own, and nothing left of it afterwards. */
export function once<T>(operations: Operation<T> | Operation<T>[], settings: Partial<Settings> & Shared, options: CallOptions): Promise<T> {
  const machine = new Machine({
    timeout: NONE, deadline: NONE, firstOutput: NONE, idle: NONE, retry: false, breaker: undefined, rules: false,
    budget: undefined, classify: undefined, clock: undefined, seed: undefined, ...settings,
  });
  const over = (_: Flight<T>) => machines.guard_close(machine.handle);
  return run(machine, operations, options, over);
}
