// The circuit breaker by itself.

import { Abortable } from "./abortable.js";
import { Alone } from "./alone.js";
import { judge } from "./classify.js";
import { machines, opened, read, ready, write } from "./engine.js";
import { SteadfastError } from "./errors.js";
import { Listeners } from "./listeners.js";
import { BREAKER_OPTIONS, breakerNumbers, CALL_OPTIONS, callOptions, callable, clockOf, object, refused, seedOf } from "./options.js";
import { refusal, rejectedSoon } from "./refusal.js";
import { follow, unfollow } from "./signals.js";
import { timersOf, type Timers } from "./timers.js";
import type { BreakerPolicy, BreakerState, CallOptions, Clock, Ms, Operation, Shared } from "./types.js";

const STATES: BreakerState[] = ["closed", "open", "half-open", "forced-open", "disabled"];
const REJECTED = -1;
const UNDECIDED = -2;
const FORCED_OPEN = 2;
/** What came of a permit; from the last on, a failure of a class. */
const OK = 0;
const CANCELLED = 3;
const FAILED = 4;
/** By hand. */
const RESET = 0;
const FORCE_OPEN = 1;
const DISABLE = 2;

/** What the guard that shares a breaker needs of it. */
export interface Inside {
  readonly handle: number;
  readonly clock: Clock | undefined;
  readonly policy: BreakerPolicy;
  readonly watched: boolean;
  tell(): void;
}
export let insideOf: (breaker: CircuitBreaker) => Inside;

const gone = /* @__PURE__ */ new FinalizationRegistry<number>(handle => machines.breaker_close(handle));

/** Stops asking a service that keeps failing, and finds out by single probes when it is back. What counts is a service in trouble: a wrong
 *  key or a bad request speaks for its health.
 *
 *  @example
 *  ```js
 *  import { CircuitBreaker } from "steadfast";
 *
 *  const breaker = new CircuitBreaker({ consecutive: 2, openFor: 30_000 });
 *  breaker.on("state", ({ from, to }) => console.log(`${from} to ${to}`));
 *  const down = () => { throw Object.assign(new Error("no capacity"), { status: 503 }); };
 *  for (let call = 0; call < 3; call += 1) await breaker.call(down).catch(error => console.log(error.name));
 *  console.log(breaker.stats.rejected);
 *  // Error
 *  // closed to open
 *  // Error
 *  // CircuitOpen
 *  // 1
 *  ```
 */
export class CircuitBreaker {
  #handle: number;
  #timers: Timers;
  #timeless: boolean;
  #inside: { clock: Clock | undefined; policy: BreakerPolicy };
  #listeners = new Listeners<{ from: BreakerState; to: BreakerState; reason: string; at: Ms }>(listening => {
    machines.breaker_listen(this.#handle, listening);
  });

  constructor(policy: BreakerPolicy & Shared = {}) {
    // Here and not in a static block, so that a bundler leaves the class out where nobody makes a breaker.
    insideOf ??= breaker => ({
      get handle() { return breaker.#handle; },
      get watched() { return breaker.#listeners.any; },
      tell: () => breaker.#tell(),
      ...breaker.#inside,
    });
    const { clock, seed, ...rules } = object("breaker", policy, [...BREAKER_OPTIONS, "clock", "seed"]);
    this.#timers = timersOf(clockOf(clock));
    this.#inside = { clock, policy: rules };
    this.#timeless = rules.window === null && (rules.slow ?? null) === null;
    const numbers = breakerNumbers(rules);
    const [high, low] = seedOf(seed);
    ready();
    write(numbers);
    this.#handle = opened(machines.breaker_open(high, low));
    gone.register(this, this.#handle, this);
  }

  /** Runs the operation if the breaker lets it through, else rejects with `CircuitOpen`. */
  call<T>(operation: Operation<T>, options?: CallOptions): Promise<T> {
    callable("operation", operation);
    const signal = options === undefined ? undefined : callOptions(object("options", options, CALL_OPTIONS)).signal;
    if (signal?.aborted) return rejectedSoon(signal.reason);
    // A closed breaker needs no look at the clock, which costs more than its decision.
    let permit = machines.breaker_enter_closed(this.#handle);
    if (permit === UNDECIDED) {
      const now = this.#timers.now();
      permit = machines.breaker_enter(this.#handle, now);
      if (permit === REJECTED) return rejectedSoon(this.#refusal());
      if (this.#listeners.any) this.#tell();
    }
    const context = new Alone(options?.key);
    if (signal === undefined) return this.#through(operation, permit, context);
    return this.#until(signal, (async () => operation(context))(), permit, context);
  }

  async #through<T>(operation: Operation<T>, permit: number, context: Alone): Promise<T> {
    let value: T;
    try {
      value = await operation(context);
    } catch (error) {
      this.#settle(permit, FAILED + judge(error).class);
      throw error;
    }
    this.#settle(permit, OK);
    return value;
  }

  /** The same for a caller who may take it back, and hears at once then. */
  #until<T>(signal: AbortSignal, promise: PromiseLike<T>, permit: number, context: Alone): Promise<T> {
    return new Promise((resolve, reject) => {
      let over = false;
      const call = {
        cancel: (reason: unknown) => {
          if (!end()) return;
          this.#settle(permit, CANCELLED);
          Abortable.end(context, reason);
          reject(reason);
        },
      };
      const end = () => {
        const first = !over;
        over = true;
        unfollow(signal, call);
        return first;
      };
      // The operation itself may have brought it about.
      if (signal.aborted) call.cancel(signal.reason);
      else follow(signal, call);
      promise.then(
        value => {
          if (end()) this.#settle(permit, OK);
          resolve(value);
        },
        error => {
          if (end()) this.#settle(permit, FAILED + judge(error).class);
          reject(error);
        },
      );
    });
  }

  #settle(permit: number, outcome: number): void {
    // Without a window nobody will ask when a success was.
    const now = outcome === OK && this.#timeless ? 0 : this.#timers.now();
    machines.breaker_settle(this.#handle, permit, outcome, now);
    if (this.#listeners.any) this.#tell();
  }

  #refusal(): unknown {
    const [retryAt, why, probes] = [read(0), read(1), read(2)];
    if (this.#listeners.any) this.#tell();
    return refusal(retryAt, why, probes, why === FORCED_OPEN ? machines.breaker_forced_reason(this.#handle) : "");
  }

  /** As it was left: one whose open time is over is half open from the next call on. */
  get state(): BreakerState {
    return STATES[machines.breaker_state(this.#handle)]!;
  }

  /** Counts since construction; `late` are results that came back to a state already left. */
  get stats(): { successes: number; failures: number; rejected: number; late: number; ignored: number; opened: number } {
    machines.breaker_stats(this.#handle);
    return { successes: read(0), failures: read(1), rejected: read(2), late: read(3), ignored: read(4), opened: read(5) };
  }

  /** Lets nothing through until `reset`. */
  forceOpen(reason: string): void {
    this.#set(FORCE_OPEN, reason);
  }
  /** Lets everything through until `reset`. */
  disable(reason: string): void {
    this.#set(DISABLE, reason);
  }
  /** Closes it and forgets its history. */
  reset(): void {
    this.#set(RESET, "");
  }

  #set(to: number, reason: unknown): void {
    if (typeof reason !== "string") throw refused("reason", reason, "a string", true);
    machines.breaker_set(this.#handle, to, reason, this.#timers.now());
    if (this.#listeners.any) this.#tell();
  }

  /** Calls `listener` at each change of state; the returned function takes it back. */
  on(event: "state", listener: (change: { from: BreakerState; to: BreakerState; reason: string; at: Ms }) => void): () => void {
    if (event !== "state") throw refused("event", event, "\"state\"", true);
    callable("listener", listener);
    return this.#listeners.add(listener);
  }

  #tell(): void {
    for (let reason = machines.breaker_change(this.#handle); reason !== ""; reason = machines.breaker_change(this.#handle)) {
      this.#listeners.tell({ from: STATES[read(0)]!, to: STATES[read(1)]!, reason, at: read(2) / 1000 });
    }
  }

  /** What it is, as a string that `restore` takes, in this process or in another. */
  snapshot(): string {
    const bytes = machines.breaker_snapshot(this.#handle, this.#timers.now());
    // When, for whoever restores it later: a monotonic clock means nothing to another process.
    return `${btoa(String.fromCharCode(...bytes))}@${Date.now()}`;
  }

  /** The breaker of a snapshot: its results have aged and its open time has run on meanwhile. */
  static restore(snapshot: string, policy: BreakerPolicy & Shared = {}): CircuitBreaker {
    if (typeof snapshot !== "string") throw refused("snapshot", snapshot, "a string as snapshot() gives it", true);
    const breaker = new CircuitBreaker(policy);
    const [high, low] = seedOf(policy.seed);
    const [, text, at] = /^([A-Za-z0-9+/=]*)@(\d{1,16})$/.exec(snapshot) ?? [];
    let bytes = new Uint8Array(0);
    try {
      bytes = Uint8Array.from(atob(text ?? ""), character => character.charCodeAt(0));
    } catch {
      // No base64: no snapshot.
    }
    write(breakerNumbers(breaker.#inside.policy));
    const away = Math.max(0, Date.now() - Number(at ?? 0)) * 1000;
    const restored = machines.breaker_restore(bytes, high, low, breaker.#timers.now(), away);
    if (restored < 0) throw new SteadfastError(machines.complaint(), { code: "bad_snapshot" });
    gone.unregister(breaker);
    machines.breaker_close(breaker.#handle);
    breaker.#handle = restored;
    gone.register(breaker, restored, breaker);
    return breaker;
  }
}
