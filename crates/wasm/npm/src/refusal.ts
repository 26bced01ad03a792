// Turning callers away, by the thousand while a breaker is open.
//
// A stack trace costs ten times what everything else here does, and says nothing: the caller knows where it awaits. So the
// error is made without one, and its sentence when somebody reads it. Rejecting at once would have Node report a rejection
// that nobody handles, only to take it back when the caller does; a microtask later, the caller has.

import { machines } from "./engine.js";
import { CircuitOpen } from "./errors.js";

/** An open breaker, its probes under way, forced open. */
const FORCED = 2;

class Refusal {
  readonly retryAt: number;
  #why: number;
  #probes: number;
  #words: string;

  constructor(retryAt: number, why: number, probes: number, words: string) {
    this.retryAt = retryAt;
    this.#why = why;
    this.#probes = probes;
    this.#words = words;
  }

  get reason(): string {
    return this.#why === FORCED ? this.#words : machines.rejection_text(0, this.#why, this.#probes, false);
  }
  get message(): string {
    return machines.rejection_text(this.retryAt * 1000, this.#why, this.#probes, true);
  }
  get stack(): string {
    return `CircuitOpen: ${this.message}`;
  }
}
Object.setPrototypeOf(Refusal.prototype, CircuitOpen.prototype);
Object.assign(Refusal.prototype, { code: "circuit_open", constructor: CircuitOpen });
Object.defineProperty(Refusal.prototype, Symbol.toStringTag, { value: "Error" });

export function refusal(retryAt: number, why: number, probes: number, words = ""): CircuitOpen {
  return new Refusal(retryAt / 1000, why, probes, words) as unknown as CircuitOpen;
}

const settled = Promise.resolve();

/** A promise that is rejected in a moment. */
export function rejectedSoon(error: unknown): Promise<never> {
  return new Promise((_, reject) => {
    void settled.then(() => reject(error));
  });
}
