// Driving one guarded call: the machine says when to start, to wait and to give up; here that is done.

import { Abortable } from "./abortable.js";
import { isA, judgeBy, messageOf, Refused } from "./classify.js";
import { machines, read } from "./engine.js";
import { AllOptionsFailed, BudgetExceeded, DeadlineExceeded, RetriesExhausted } from "./errors.js";
import { refusal, rejectedSoon } from "./refusal.js";
import { follow, unfollow } from "./signals.js";
import type { Due, Timers } from "./timers.js";
import type { AttemptContext, CallOptions, Ms, Operation, TraceEntry, Verdict } from "./types.js";

/** What a step came to; see the machines' `came`. */
const ABANDON = 1;
const START = 2;
const DONE = 4;
const FAILED = 8;
const REFUSED = 16;
const EVENTS = 32;
/** What else a call can be told. */
const TICK = 0;
export const OUTPUT = 1;
export const COMMIT = 2;
const CANCEL = 3;
const FORCED_OPEN = 2;
/** Why a call has no value. */
const FINAL = 0;
const EXHAUSTED = 1;
const TOO_LATE = 2;
const OPEN = 3;
const SPENT = 4;
const SHOWN = 5;
const CANCELLED = 6;

export const RESOURCES = ["time", "attempts", "steps", "tokens", "money"] as const;
const SCOPES = ["attempt", "attempt", "attempt", "call", "run"] as const;
/** What a failure says of itself is for people, and kept short. */
const LONGEST_MESSAGE = 500;

/** Almost a promise, but none of this realm's own. */
function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (typeof value === "object" || typeof value === "function") && value !== null && !(value instanceof Promise) && "then" in value;
}

/** What a call needs of its guard. */
export interface Host {
  readonly handle: number;
  readonly timers: Timers;
  readonly classify: ((error: unknown) => Verdict | undefined) | undefined;
  /** Whether it tries again at all: else a failure is handed on as it is. */
  readonly retries: boolean;
  /** Somebody listens, and there are decisions. They are kept in `trace` too. */
  tell(trace: TraceEntry[]): void;
  /** Somebody listens to the breaker. */
  readonly watched: boolean;
  forcedReason(): string;
  keyOf(call: number): string;
}

/** Makes a guarded call. `whole` is told of the end, and may look at the call while it runs. */
export function run<T>(
  host: Host,
  operations: Operation<T> | Operation<T>[],
  options: CallOptions | undefined,
  over?: (flight: Flight<T>) => void,
): Promise<T> {
  const signal = options?.signal;
  if (signal?.aborted) {
    over?.(undefined as never);
    return rejectedSoon(signal.reason);
  }
  const now = host.timers.now();
  const flags = machines.call_start(host.handle, typeof operations === "function" ? 1 : operations.length, now);
  if (flags & REFUSED) {
    const [retryAt, why, probes] = [read(0), read(1), read(2)];
    const trace: TraceEntry[] = [];
    if (flags & EVENTS || host.watched) host.tell(trace);
    return rejectedSoon(traced(refusal(retryAt, why, probes, why === FORCED_OPEN ? host.forcedReason() : ""), trace));
  }
  const flight = new Flight(host, operations, signal, options?.key, over);
  return new Promise((resolve, reject) => {
    flight.begin(resolve, reject, flags, now);
  });
}

/** An error of ours, with what was decided in its call, if somebody listened. */
function traced<E>(error: E, trace: TraceEntry[]): E {
  if (trace.length > 0) (error as { trace?: TraceEntry[] }).trace = trace;
  return error;
}

/** The call that an attempt belongs to, for operations of this package. */
export let flightOf: (context: Context) => Flight<unknown>;

/** An attempt, as its operation sees it. */
export class Context extends Abortable implements AttemptContext {
  #flight: Flight<unknown>;

  static {
    flightOf = context => context.#flight;
  }

  constructor(flight: Flight<unknown>, readonly attempt: number, readonly option: number) {
    super();
    this.#flight = flight;
  }

  get remaining(): Ms {
    return this.#flight.remaining();
  }
  get key(): string {
    return this.#flight.key();
  }
}

/** One call under way. */
export class Flight<T> implements Due {
  at = Infinity;
  place = -1;
  #host: Host;
  #operations: Operation<T> | Operation<T>[];
  #signal: AbortSignal | undefined;
  #key: string | undefined;
  #over: ((flight: Flight<T>) => void) | undefined;
  #resolve!: (value: T | PromiseLike<T>) => void;
  #reject!: (error: unknown) => void;
  #machine = -1;
  #number = 0;
  #deadline = Infinity;
  #context: Context | undefined;
  #ended = false;
  /** What was decided in it, as far as anybody listened. */
  #trace: TraceEntry[] | undefined;
  /** The last failure. */
  #failure: unknown;
  /** That of each option, where there are several. */
  #failures: unknown[] = [];

  constructor(
    host: Host,
    operations: Operation<T> | Operation<T>[],
    signal: AbortSignal | undefined,
    key: string | undefined,
    over: ((flight: Flight<T>) => void) | undefined,
  ) {
    this.#host = host;
    this.#operations = operations;
    this.#signal = signal;
    this.#key = key;
    this.#over = over;
  }

  begin(resolve: (value: T | PromiseLike<T>) => void, reject: (error: unknown) => void, flags: number, now: number): void {
    this.#resolve = resolve;
    this.#reject = reject;
    this.#machine = read(5);
    this.#number = read(6);
    if (this.#signal !== undefined) follow(this.#signal, this);
    this.#follow(flags, now, undefined);
  }

  /** The number of the attempt under way, or of the last one. */
  get attempt(): number {
    return this.#context?.attempt ?? 0;
  }
  get ended(): boolean {
    return this.#ended;
  }
  remaining(): Ms {
    return this.#deadline === Infinity ? Infinity : Math.max(0, this.#deadline - this.#host.timers.now()) / 1000;
  }
  key(): string {
    return this.#key ?? this.#host.keyOf(this.#number);
  }

  /** Time has passed. */
  due(now: number): void {
    this.#follow(machines.call_told(this.#machine, 0, now, TICK), now, undefined);
  }

  /** The caller takes it back. */
  cancel(reason?: unknown): void {
    if (this.#ended) return;
    this.#failure = reason;
    const now = this.#host.timers.now();
    this.#follow(machines.call_told(this.#machine, this.attempt, now, CANCEL), now, undefined);
  }

  /** A part of an attempt's output came, or was shown. */
  tell(attempt: number, what: number): void {
    if (this.#ended) return;
    const now = this.#host.timers.now();
    this.#follow(machines.call_told(this.#machine, attempt, now, what), now, undefined);
  }

  /** An attempt really was so many. */
  spent(attempt: number, attempts: number): void {
    if (this.#ended) return;
    const now = this.#host.timers.now();
    this.#follow(machines.call_spent(this.#machine, attempt, now, attempts), now, undefined);
  }

  succeeded(attempt: number, value: T): void {
    if (this.#ended) return;
    const now = this.#host.timers.now();
    this.#follow(machines.call_succeeded(this.#machine, attempt, now), now, value);
  }

  failed(attempt: number, error: unknown): void {
    if (this.#ended) return;
    const { verdict, failure, message } = isA(error, Refused)
      ? { verdict: error.verdict, failure: error.response, message: `${error.response.status} ${error.response.statusText}`.trim() }
      : { verdict: judgeBy(this.#host.classify, error), failure: error, message: messageOf(error).slice(0, LONGEST_MESSAGE) };
    // A classifier may have taken the call back.
    if (this.#ended) return;
    if (attempt === this.attempt) this.#note(failure);
    const now = this.#host.timers.now();
    const { class: place, transient, retryAfter } = verdict;
    this.#follow(machines.call_failed(this.#machine, attempt, now, place, transient, retryAfter, message), now, undefined);
  }

  #kept(): TraceEntry[] {
    return (this.#trace ??= []);
  }

  #note(error: unknown): void {
    this.#failure = error;
    this.#failures[this.#context?.option ?? 0] = error;
  }

  /** Does what the machine said. Its numbers are read before anybody else's code runs. */
  #follow(flags: number, now: number, value: T | undefined): void {
    const host = this.#host;
    if (flags & (DONE | FAILED)) {
      const error = flags & FAILED ? this.#error(flags, now) : undefined;
      this.#ended = true;
      host.timers.remove(this);
      if (this.#signal !== undefined) unfollow(this.#signal, this);
      if (flags & EVENTS || host.watched) host.tell(this.#kept());
      if (flags & DONE) this.#resolve(value as T);
      else this.#reject(error === this.#failure ? error : traced(error, this.#kept()));
      this.#over?.(this);
      return;
    }
    const at = read(0);
    const [attempt, option, deadline] = flags & START ? [read(1), read(2), read(3)] : [0, 0, Infinity];
    if (flags & ABANDON) this.#abandon(new DeadlineExceeded("the attempt's time is up", "attempt"));
    if (flags & EVENTS || host.watched) host.tell(this.#kept());
    if (flags & START) {
      this.#deadline = deadline;
      this.#start(attempt, option);
      // Done at once, or started anew by something that the operation did.
      if (this.#ended || this.attempt !== attempt) return;
    }
    host.timers.set(this, at, now);
  }

  #abandon(reason: unknown): void {
    if (this.#context === undefined) return;
    this.#note(reason);
    Abortable.end(this.#context, reason);
  }

  #start(attempt: number, option: number): void {
    const operation = typeof this.#operations === "function" ? this.#operations : this.#operations[option]!;
    const context = (this.#context = new Context(this as Flight<unknown>, attempt, option));
    let result: T | PromiseLike<T>;
    try {
      result = operation(context);
      if (isThenable(result)) result = Promise.resolve(result);
    } catch (error) {
      result = Promise.reject(error);
    }
    if (result instanceof Promise) result.then(value => this.succeeded(attempt, value), error => this.failed(attempt, error));
    else this.succeeded(attempt, result as T);
  }

  /** The machine's word on why there is no value, as an error. */
  #error(flags: number, now: number): unknown {
    const sentence = machines.call_error(this.#machine);
    const [one, two, three, several, kind] = [read(0), read(1), read(2), read(3), read(4)];
    const { retries } = this.#host;
    const timedOut = (flags & ABANDON) !== 0 && kind !== CANCELLED;
    if (timedOut) this.#note(new DeadlineExceeded(sentence, now >= this.#deadline ? "call" : "attempt"));
    const failure = this.#failure;
    const cause = failure === undefined ? {} : { cause: failure };
    let error = failure;
    if (kind === EXHAUSTED && retries) error = new RetriesExhausted(sentence, one, cause);
    else if (kind === TOO_LATE) error = new DeadlineExceeded(sentence, SCOPES[one] ?? "call", timedOut ? {} : cause);
    else if (kind === OPEN) error = refusal(one, two, three, two === FORCED_OPEN ? this.#host.forcedReason() : "");
    else if (kind === SPENT) error = this.attempt > 0 ? new RetriesExhausted(sentence, this.attempt, cause) : new BudgetExceeded(sentence, RESOURCES[one] ?? "time");
    if (flags & ABANDON && this.#context !== undefined) Abortable.end(this.#context, error);
    if (several === 0) return error;
    const failures = this.#failures;
    const last = (this.#operations as Operation<T>[]).length - 1;
    if (kind !== FINAL && kind !== SHOWN) failures[last] = error;
    for (let option = 0; option < last; option += 1) {
      if (failures[option] !== undefined) continue;
      // One that was never tried: its breaker was open, or its server is to be left alone.
      const until = machines.guard_open_until(this.#host.handle, option, now);
      failures[option] = until > now ? refusal(until, 0, 0) : error;
    }
    return new AllOptionsFailed(sentence, failures);
  }
}
