// What a caller may say. Everything is checked once, where it is said; what is refused is named with its value and with
// what would have been allowed.

import type { BreakerPolicy, CallOptions, Clock, Jitter, Operation, RetryPolicy } from "./types.js";

/** The longest time that microseconds count exactly: 285 years. */
const LONGEST_MS = 9_007_199_254_740;
const MOST_U32 = 4_294_967_295;
const JITTERS: Jitter[] = ["full", "equal", "decorrelated", "none"];
/** Absent, in the registers. */
const NONE = -1;

/** A value as a sentence shows it. */
export function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}...` : value);
  if (typeof value === "function") return "a function";
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "an array" : "an object";
  return typeof value === "bigint" ? `${value}n` : String(value);
}

/** What an object is by its class; `undefined` for a plain one, also one with defaults in its prototype. */
function classOf(value: object): string | undefined {
  const tag = (value as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag];
  for (let from = Object.getPrototypeOf(value) as object | null; from !== null; from = Object.getPrototypeOf(from) as object | null) {
    const isRoot = Object.getPrototypeOf(from) === null;
    if (!isRoot && Object.hasOwn(from, "constructor")) return typeof tag === "string" ? tag : String((from.constructor as { name?: unknown } | undefined)?.name);
  }
  return undefined;
}

/** The error for what should be an instance of a class of this package. */
export function refusedInstance(name: string, value: unknown, wanted: string): Error {
  const another = typeof value === "object" && value !== null && classOf(value) === wanted;
  if (!another) return refused(name, value, `a ${wanted}`, true);
  return new TypeError(`${name} is a ${wanted} of another copy of steadfast; allowed: one of this copy (CommonJS and ES modules each have their own)`);
}

/** The error for a value outside its meaning: of its type, or of its range. */
export function refused(name: string, value: unknown, allowed: string, wrongType = typeof value !== "number"): Error {
  return new (wrongType ? TypeError : RangeError)(`${name} is ${shown(value)}; allowed: ${allowed}`);
}

/** A plain object with no other keys than these; `undefined` is an empty one. */
export function object<T extends object>(name: string, value: T | undefined, keys: readonly string[]): T {
  if (value !== undefined) plain(name, value, keys);
  return withKeys(name, value, keys);
}

function plain(name: string, value: object, keys: readonly string[]): void {
  const kind = typeof value === "object" && value !== null && !Array.isArray(value) ? classOf(value) : undefined;
  if (kind === "CircuitBreaker" && keys === BREAKER_OPTIONS) throw refusedInstance(name, value, kind);
  // Its options would be read from where it has none, and what was meant would silently not happen.
  if (kind !== undefined) throw new TypeError(`${name} is a ${kind}; allowed: ${kind === "Guard" ? "the policy that guard() takes" : "a plain object"} { ${keys.join(", ")} }`);
}

/** An object of whatever class with no other keys than these. */
export function withKeys<T extends object>(name: string, value: T | undefined, keys: readonly string[]): T {
  if (value === undefined) return {} as T;
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw refused(name, value, "an object", true);
  for (const key in value) {
    if (!keys.includes(key)) throw new TypeError(`${name} has no option ${shown(key)}; its options: ${keys.join(", ")}`);
  }
  return value;
}

/** A whole number. */
export function whole(name: string, value: unknown, least: number, most = MOST_U32): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) return value;
  throw refused(name, value, most === Infinity ? `a whole number, ${least} or more` : `a whole number from ${least} to ${most}`);
}

/** A duration in microseconds. `endless` is what `Infinity` stands for, where it has a meaning. */
export function micros(name: string, value: unknown, least: number, endless?: number): number {
  if (value === Infinity && endless !== undefined) return endless;
  if (typeof value === "number" && value >= least && value <= LONGEST_MS) {
    const rounded = Math.round(value * 1000);
    if (rounded >= least * 1000) return rounded;
  }
  throw refused(name, value, `milliseconds, ${least === 0 ? "0 or more" : "more than 0"}, at most ${LONGEST_MS}${endless === undefined ? "" : ", or Infinity for none"}`);
}

/** A limit in microseconds, or none. */
export function limit(name: string, value: unknown): number {
  return value === undefined ? NONE : micros(name, value, 0.001, NONE);
}

export function callable(name: string, value: unknown): void {
  if (typeof value !== "function") throw refused(name, value, "a function", true);
}

export function operation(name: string, value: unknown): asserts value is Operation<unknown> {
  callable(name, value);
}

export function clockOf(clock: Clock | undefined): Clock | undefined {
  if (clock === undefined) return undefined;
  if (typeof clock?.now !== "function" || typeof clock.schedule !== "function") {
    throw refused("clock", clock, "an object with now() and schedule(at, wake)", true);
  }
  const now: unknown = clock.now();
  if (typeof now !== "number" || !Number.isFinite(now)) throw refused("clock.now()", now, "the instant it is, in milliseconds", true);
  return clock;
}

/** A seed as two halves of 32 bits; without one, chance begins anew. */
export function seedOf(seed: string | number | undefined): [high: number, low: number] {
  if (seed === undefined) return [Math.random() * 2 ** 32, Math.random() * 2 ** 32];
  const allowed = "a whole number up to 2^53, or a decimal string up to 18446744073709551615";
  if (typeof seed === "number") {
    if (!Number.isSafeInteger(seed) || seed < 0) throw refused("seed", seed, allowed);
    return [Math.floor(seed / 2 ** 32), seed % 2 ** 32];
  }
  if (typeof seed !== "string" || !/^\d{1,20}$/.test(seed)) throw refused("seed", seed, allowed, true);
  const all = BigInt(seed);
  if (all >> 64n !== 0n) throw refused("seed", seed, allowed, false);
  return [Number(all >> 32n), Number(all & 0xffff_ffffn)];
}

export const CALL_OPTIONS = ["signal", "key"];

/** Options of one call. */
export function callOptions(options: CallOptions): CallOptions {
  const { signal, key } = options;
  if (signal !== undefined && !(typeof signal === "object" && signal !== null && typeof signal.addEventListener === "function")) {
    throw refused("signal", signal, "an AbortSignal", true);
  }
  if (key !== undefined && (typeof key !== "string" || key === "")) throw refused("key", key, "a string that is not empty", true);
  return options;
}

export const RETRY_OPTIONS = ["attempts", "base", "cap", "factor", "jitter", "classify"];

/** A retry policy as five numbers: attempts, base, cap, factor, jitter. `false` is none. */
export function retryNumbers(retry: RetryPolicy | false): number[] {
  if (retry === false) return [NONE, NONE, NONE, NONE, NONE];
  const { attempts = 3, cap = 20_000, factor = 2, jitter = "full", classify } = retry;
  const tries = attempts === Infinity ? MOST_U32 : whole("retry.attempts", attempts, 1);
  const longest = micros("retry.cap", cap, 0, LONGEST_MS * 1000);
  const base = retry.base === undefined ? Math.min(500_000, longest) : micros("retry.base", retry.base, 0);
  if (base > longest) throw refused("retry.base", retry.base, `at most retry.cap, which is ${shown(cap)}`);
  if (typeof factor !== "number" || !(factor >= 1 && factor <= 1000)) throw refused("retry.factor", factor, "a number from 1 to 1000");
  const place = JITTERS.indexOf(jitter);
  if (place < 0) throw refused("retry.jitter", jitter, JITTERS.join(", "), true);
  if (classify !== undefined) callable("retry.classify", classify);
  return [tries, base, longest, Math.round(factor * 1000), place];
}

export const BREAKER_OPTIONS = ["consecutive", "window", "slow", "openFor", "openForMax", "probes", "successes", "lease"];
const WINDOW = ["rate", "calls", "ms", "minimum"];
const SLOW = ["ms", "rate"];

/** A breaker policy as twelve numbers. */
export function breakerNumbers(policy: BreakerPolicy): number[] {
  const { consecutive = 5, openFor = 30_000, probes = 1, successes = 1, lease, window: rule, slow } = policy;
  const window = rule === null ? undefined : object("breaker.window", rule, WINDOW);
  const { rate = 0.5, calls = 20, ms = 60_000 } = window ?? {};
  const first = micros("breaker.openFor", openFor, 0.001);
  const most = policy.openForMax === undefined ? Math.max(first, 300_000_000) : micros("breaker.openForMax", policy.openForMax, 0.001);
  if (first > most) throw refused("breaker.openFor", openFor, `at most breaker.openForMax, which is ${shown(policy.openForMax)}`);
  const recent = whole("breaker.window.calls", calls, 1, 10_000);
  const slowCalls = slow === undefined || slow === null ? undefined : object("breaker.slow", slow, SLOW);
  return [
    whole("breaker.consecutive", consecutive, 0),
    perMille("breaker.window.rate", rate),
    recent,
    window === undefined ? NONE : micros("breaker.window.ms", ms, 0.001),
    whole("breaker.window.minimum", window?.minimum ?? Math.min(5, recent), 1, recent),
    slowCalls === undefined ? NONE : micros("breaker.slow.ms", slowCalls.ms, 0.001),
    slowCalls === undefined ? NONE : perMille("breaker.slow.rate", slowCalls.rate),
    first,
    most,
    whole("breaker.probes", probes, 1),
    whole("breaker.successes", successes, 1),
    lease === undefined ? NONE : micros("breaker.lease", lease, 0.001),
  ];
}

function perMille(name: string, rate: unknown): number {
  if (typeof rate === "number" && rate >= 0.001 && rate <= 1) return Math.round(rate * 1000);
  throw refused(name, rate, "a share from 0.001 to 1");
}

