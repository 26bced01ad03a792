// Time in hand.

import { SteadfastError } from "../errors.js";
import { callable, micros, refused, whole } from "../options.js";
import type { Clock, Ms } from "../types.js";
import { settled } from "./waiting.js";

/** More timers than any test means to wait for; waiting for them takes about a second. */
const MANY = 100_000;
/** Some promises of the host, those of streams for example, need a few turns to settle. */
const TURNS = 10;

interface Timer { at: number; wake: () => void }

/** A clock that stands still until it is told to move on: hours pass in no time, and a test is the same each time.
 *
 *  It begins at 0 ms and goes in whole microseconds. Timers fire in the order of their instants, those of one instant in the
 *  order in which they were scheduled; after each, promises settle before the next, as they do under real time. What does not wait on
 *  this clock (a real server, the host's `setTimeout`) is not waited for.
 *
 *  @example
 *  ```js
 *  import { guard } from "steadfast";
 *  import { VirtualClock } from "steadfast/sim";
 *
 *  const clock = new VirtualClock();
 *  const model = guard({ timeout: 60_000, retry: { attempts: 2, base: 1000, jitter: "none" }, clock });
 *  const call = model.call(({ attempt }) => (attempt === 1 ? new Promise(() => {}) : "here I am"));
 *  await clock.advance(60_999);
 *  console.log(clock.now(), clock.armed); // 60999 1
 *  console.log(await clock.until(call), clock.now()); // here I am 61000
 *  ```
 */
export class VirtualClock implements Clock {
  #now = 0;
  /** The earliest first; of equals, the one scheduled first. */
  #timers: Timer[] = [];
  /** One after the other: time that two callers want to pass passes twice. */
  #turn: Promise<unknown> = Promise.resolve();

  /** The instant it is, in milliseconds. */
  now(): Ms {
    return this.#now / 1000;
  }

  /** How many timers are armed. A guard keeps one for all its calls; none is left when they are over. */
  get armed(): number {
    return this.#timers.length;
  }

  /** Calls `wake` at `at`, or the next time that the clock moves if `at` is past; never at `Infinity`. The returned function
   *  takes it back. */
  schedule(at: Ms, wake: () => void): () => void {
    if (typeof at !== "number" || Number.isNaN(at)) throw refused("at", at, "an instant in milliseconds", typeof at !== "number");
    callable("wake", wake);
    const timer = { at: Math.max(notBefore(at), this.#now), wake };
    if (at !== Infinity) this.#timers.splice(this.#place(timer.at), 0, timer);
    return () => {
      const place = this.#timers.indexOf(timer);
      if (place >= 0) this.#timers.splice(place, 1);
    };
  }

  /** Lets `ms` milliseconds pass. Rejects with what a timer throws, and stands at that timer's instant. */
  advance(ms: Ms): Promise<void> {
    const span = micros("ms", ms, 0);
    return this.#next(async () => {
      const until = this.#now + span;
      await settled();
      while (this.#timers.length > 0 && this.#timers[0]!.at <= until) await this.#fire();
      this.#now = until;
    });
  }

  /** Lets time pass until nothing is armed any more. Rejects with a SteadfastError (`code: "endless"`) after `limit` timers. */
  runAll(limit = MANY): Promise<void> {
    whole("limit", limit, 1);
    return this.#next(async () => {
      await settled();
      for (let fired = 0; this.#timers.length > 0; fired += 1) {
        this.#refuseEndless(fired, limit);
        await this.#fire();
      }
    });
  }

  /** Lets time pass until `promise` settles, and settles like it. Rejects with a SteadfastError if it never will: when nothing is
   *  armed any more (`code: "stuck"`), or after 100,000 timers (`code: "endless"`). */
  until<T>(promise: PromiseLike<T>): Promise<T> {
    let over = false;
    const end = (): void => void (over = true);
    const watched = Promise.resolve(promise);
    watched.then(end, end);
    return this.#next(async () => {
      for (let fired = 0, idle = 0; ; ) {
        await settled();
        if (over) return watched;
        if (this.#timers.length > 0) {
          this.#refuseEndless(fired, MANY);
          [fired, idle] = [fired + 1, 0];
          await this.#fire();
        } else if ((idle += 1) > TURNS) {
          throw new SteadfastError(
            `The promise is pending at ${this.now()} ms and nothing is armed on this clock: it waits for something else, or for ever.`,
            { code: "stuck" },
          );
        }
      }
    });
  }

  #next<T>(move: () => Promise<T>): Promise<T> {
    const moved = this.#turn.then(move);
    this.#turn = moved.catch(() => {});
    return moved;
  }

  async #fire(): Promise<void> {
    const { at, wake } = this.#timers.shift()!;
    this.#now = Math.max(this.#now, at);
    wake();
    await settled();
  }

  #refuseEndless(fired: number, limit: number): void {
    if (fired < limit) return;
    throw new SteadfastError(
      `After ${limit} timers ${this.armed} are still armed at ${this.now()} ms, the next for ${this.#timers[0]!.at / 1000} ms: something arms a `
      + "new one again and again. Stop it, or let a certain time pass with advance(ms).",
      { code: "endless" },
    );
  }

  /** Behind everything that is due at or before that instant. */
  #place(at: number): number {
    let [low, high] = [0, this.#timers.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#timers[middle]!.at <= at) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The first microsecond that is not before `ms`. */
function notBefore(ms: Ms): number {
  const near = Math.round(ms * 1000);
  return near / 1000 >= ms ? near : near + 1;
}
