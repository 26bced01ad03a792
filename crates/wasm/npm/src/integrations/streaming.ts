// A model's stream under a guard. Until the first part with content nobody has seen anything, and what fails is tried again;
// from there on it cannot be taken back, and what fails is told to whoever reads.

import { type Context, COMMIT, flightOf, OUTPUT, run, type Host } from "../call.js";
import { SteadfastError } from "../errors.js";
import { Shown } from "../shown.js";
import type { AttemptContext, CallOptions } from "../types.js";

/** How many parts are read ahead of whoever reads them. */
const AHEAD_PARTS = 10_000;

/** What a part is to the call. */
export type Place =
  /** Says nothing yet: kept until something does, and kept from whoever reads until then. */ | "opening"
  | "content"
  /** To act on only once the stream has come to its proper end: a tool call. It waits, and so does what follows it. */ | "held"
  /** The proper end. */ | "last";

/** A stream that a model has begun, and what came with it. */
export interface Begun<P, R> { parts: AsyncIterator<P>; rest: R }

export interface Reading<P> {
  /** Says of each part of one attempt what it is; throws what a part says has failed. */
  places(): (part: P) => Place;
  /** What is read instead of an exception once something was shown. */
  failed?(error: unknown): P[];
}

/** Resolves with the first content; `openings` are the model and its fallbacks. */
export function guardedStream<P, R>(
  host: Host,
  openings: ((context: AttemptContext) => PromiseLike<Begun<P, R>>)[],
  reading: Reading<P>,
  options: CallOptions,
): Promise<{ parts: ReadableStream<P>; rest: R }> {
  return new Promise((resolve, reject) => begin(new Stream<P, R>(reading, { resolve, reject }), host, openings, options));
}

/** Here nothing holds what the caller got: a stream that nobody reads goes with its last holder. */
function begin<P, R>(stream: Stream<P, R>, host: Host, openings: ((context: AttemptContext) => PromiseLike<Begun<P, R>>)[], options: CallOptions): void {
  const operations = openings.map(open => (context: AttemptContext) => stream.attempt(open, context as Context));
  run(host, operations.length === 1 ? operations[0]! : operations, options).catch(error => stream.fail(error));
}

interface Waiting<P, R> { resolve(begun: { parts: ReadableStream<P>; rest: R }): void; reject(error: unknown): void }

class Stream<P, R> {
  /** What somebody reads, once there is something to read. */
  #shown: Shown<P> | undefined;

  constructor(private readonly reading: Reading<P>, private waiting: Waiting<P, R> | undefined) {}

  #take(): Waiting<P, R> | undefined {
    const { waiting } = this;
    this.waiting = undefined;
    return waiting;
  }

  fail(error: unknown): void {
    const shown = this.#shown;
    if (shown === undefined) return this.#take()?.reject(error);
    if (this.reading.failed === undefined) shown.fail(error);
    else {
      for (const part of this.reading.failed(error)) shown.push(part);
      shown.end();
    }
  }

  async attempt(open: (context: AttemptContext) => PromiseLike<Begun<P, R>>, context: Context): Promise<void> {
    const flight = flightOf(context);
    const { attempt, signal } = context;
    const { parts, rest } = await open(context);
    const leave = () => void parts.return?.()?.then(undefined, () => {});
    if (signal.aborted) return leave();
    signal.addEventListener("abort", leave, { once: true });
    flight.tell(attempt, OUTPUT);
    const placeOf = this.reading.places();
    const waiting: P[] = [];
    let holding = false;
    const show = (): Shown<P> => {
      if (this.#shown === undefined) {
        this.#shown = new Shown<P>(() => { flight.cancel(); leave(); }, AHEAD_PARTS, () => 1);
        this.#take()?.resolve({ parts: this.#shown.open(), rest });
      }
      for (const part of waiting.splice(0)) this.#shown.push(part);
      return this.#shown;
    };
    try {
      for (;;) {
        const { done, value } = await parts.next();
        if (signal.aborted) return;
        if (done) break;
        const place = placeOf(value);
        flight.tell(attempt, OUTPUT);
        if (signal.aborted) return;
        waiting.push(value);
        if (place === "last") {
          show().end();
          void drained(parts);
          return;
        }
        holding ||= place === "held";
        if (holding || (place === "opening" && this.#shown === undefined)) continue;
        // Told first: whoever reads may react at once.
        flight.tell(attempt, COMMIT);
        await show().room();
      }
    } finally {
      signal.removeEventListener("abort", leave);
    }
    throw new SteadfastError("the stream ended without its last event: what came of it is not all", { code: "incomplete" });
  }
}

/** Reads on to where the source ends by itself, for it may have something to clean up; what goes wrong there changes nothing. */
async function drained<P>(parts: AsyncIterator<P>): Promise<void> {
  try {
    while (!(await parts.next()).done);
  } catch {
    // All of it was there.
  }
}

/** The parts of a stream, in every host that has streams. */
export function partsOf<P>(stream: ReadableStream<P>): AsyncIterator<P> {
  const reader = stream.getReader();
  return {
    next: async () => {
      const { done, value } = await reader.read();
      return done ? { done: true, value: undefined } : { done: false, value };
    },
    return: async () => {
      await reader.cancel();
      return { done: true, value: undefined };
    },
  };
}
