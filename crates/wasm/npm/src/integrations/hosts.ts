// What every integration asks of a guard.

import { SteadfastError } from "../errors.js";
import { innerOf, type Guard, type Inner } from "../guard.js";
import { refused } from "../options.js";

/** The machines behind a guard. */
export function inside(name: string, guard: Guard): Inner {
  const inner = innerOf(guard);
  if (inner === undefined) throw refused(name, guard, "what guard() of this package returns", true);
  return inner;
}

/** A list of fallbacks: each an object that has these methods. */
export function fallbackList<T>(name: string, list: readonly T[] | undefined, methods: readonly string[]): readonly T[] {
  if (list === undefined) return [];
  if (!Array.isArray(list)) throw refused(name, list, "an array", true);
  list.forEach((one: unknown, index) => having(`${name}[${index}]`, one, methods));
  return list as readonly T[];
}

/** An object that has these methods. */
export function having(name: string, value: unknown, methods: readonly string[]): void {
  const there = typeof value === "object" && value !== null && methods.every(method => typeof (value as Record<string, unknown>)[method] === "function");
  if (!there) throw refused(name, value, `an object with ${methods.map(method => `${method}()`).join(" and ")}`, true);
}

/** A reply that ends without a reason to end: as good as cut. */
export function endedEarly(): SteadfastError {
  const message = "the reply ended without a reason: what came of it is not all. Of a server that ends whole replies so, say endsWithoutReason: true";
  return new SteadfastError(message, { code: "incomplete" });
}

export function yesOrNo(name: string, value: unknown): void {
  if (typeof value !== "boolean") throw refused(name, value, "true or false", true);
}

/** Says once of each object that it tries again by itself, inside what is guarded. */
export class InnerRetries {
  readonly #told = new WeakSet<object>();

  constructor(private readonly inner: Inner, private readonly advice: string) {}

  found(who: object, retries: unknown): void {
    if (typeof retries !== "number" || !(retries > 0) || this.#told.has(who)) return;
    this.#told.add(who);
    const attempts = retries + 1;
    this.inner.tell({
      what: "inner_retries", why: { attempts },
      text: `Each attempt may really be ${attempts}: something inside it retries too, and retries multiply. Switch that off: ${this.advice}.`,
    });
  }
}
