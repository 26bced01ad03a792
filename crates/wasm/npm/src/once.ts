// One call with settings of its own, and nothing left of it afterwards: what `retry` and the like are made of, without the breaker,
// the budget and the listeners of a guard.

import { sensible } from "./classifier.js";
import { type Flight, type Host, run } from "./call.js";
import { machines, opened, ready, write } from "./engine.js";
import { freshRun, keyOf } from "./key.js";
import { retryNumbers, seedOf } from "./options.js";
import { type Timers, timersOf } from "./timers.js";
import type { CallOptions, Clock, Operation, RetryPolicy, TraceEntry, Verdict } from "./types.js";

export const NONE = -1;

/** What every call has, checked. Times are microseconds or -1. */
export interface Basics {
  timeout?: number; deadline?: number; firstOutput?: number; idle?: number;
  retry?: RetryPolicy | false;
  classify?: ((error: unknown) => Verdict | undefined) | undefined;
  clock: Clock | undefined;
  seed: string | number | undefined;
}

/** The side of its calls that the driver sees. */
export class Machine implements Host {
  readonly handle: number;
  readonly timers: Timers;
  readonly classify: ((error: unknown) => Verdict | undefined) | undefined;
  readonly retries: boolean;
  #run: string | undefined;

  /** `around`: its breaker, its envelope, and the rules for the breakers of fallbacks. */
  constructor(basics: Basics, around: readonly number[] = [NONE, NONE, NONE]) {
    const { timeout = NONE, deadline = NONE, firstOutput = NONE, idle = NONE, retry = false, classify, clock, seed } = basics;
    this.timers = timersOf(clock);
    this.classify = sensible(classify);
    this.retries = retry !== false && retry.attempts !== 1;
    const numbers = retryNumbers(retry);
    const [high, low] = seedOf(seed);
    ready();
    write([timeout, deadline, firstOutput, idle, ...numbers, ...around]);
    this.handle = opened(machines.guard_open(high, low));
  }

  get watched(): boolean {
    return false;
  }
  tell(_trace: TraceEntry[]): void {}
  forcedReason(): string {
    return "";
  }
  keyOf(call: number): string {
    return keyOf((this.#run ??= freshRun()), call);
  }
}

export function once<T>(operations: Operation<T> | Operation<T>[], basics: Basics, options: CallOptions): Promise<T> {
  const machine = new Machine(basics);
  const over = (_: Flight<T>) => machines.guard_close(machine.handle);
  return run(machine, operations, options, over);
}
