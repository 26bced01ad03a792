// Time in hand: a trap lives in a world of its own, where timers, Date and performance.now() are the test's, and
// Math.random() begins anew, so that two runs see the same numbers. The libraries run unchanged.
//
// Microtasks and setImmediate stay the host's, so promises settle as they always do.

import FakeTimers from "@sinonjs/fake-timers";

const immediately = globalThis.setImmediate;
/** Several turns of the event loop: enough for what libraries put on it, promise chains included. */
const TURNS = 4;

export class World {
  #clock;
  #random = Math.random;
  /** What nobody caught while this world was there. @type {unknown[]} */ uncaught = [];
  #note = error => void this.uncaught.push(error);

  constructor() {
    this.#clock = FakeTimers.install({
      now: Date.UTC(2026, 0, 1),
      toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date", "performance"],
      shouldClearNativeTimers: true, // sockets of traps in real time may close during a later one
    });
    Math.random = seeded(1);
    for (const event of ["uncaughtException", "unhandledRejection"]) process.on(event, this.#note);
  }

  /** Gives the host its own time back. */
  end() {
    this.#clock.uninstall();
    Math.random = this.#random;
    for (const event of ["uncaughtException", "unhandledRejection"]) process.off(event, this.#note);
  }

  /** Milliseconds on the monotonic clock, from 0. */
  now() {
    return Math.round(performance.now());
  }

  /** The clock in the form Steadfast takes one, written as any host would. */
  clock = {
    now: () => performance.now(),
    schedule: (at, wake) => {
      const timer = setTimeout(wake, Math.max(0, at - performance.now()));
      return () => clearTimeout(timer);
    },
  };

  /** Time passes, timer by timer, and everybody gets to react to each. */
  async advance(ms) {
    await this.settle();
    await this.#clock.tickAsync(ms).catch(this.#note); // what a timer throws, the host would not have caught either
    await this.settle();
  }

  /** Time passes and nothing is going on, so that nobody has to be waited for. */
  async idle(ms) {
    await this.settle();
    try {
      this.#clock.tick(ms);
    } catch (error) {
      this.#note(error);
    }
    await this.settle();
  }

  /** The machine sleeps: on waking, each timer that was due fires once, late. */
  async sleep(ms) {
    await this.settle();
    this.#clock.jump(ms);
    await this.settle();
  }

  /** Somebody sets the wall clock; the monotonic one, and timers, do not care. */
  setWallClock(by) {
    this.#clock.setSystemTime(Date.now() + by);
  }

  /** From here on every timer fires a millisecond early. Node's do by up to 0.83 ms; this clock's grain is one. */
  hurryTimers() {
    const exact = globalThis.setTimeout;
    globalThis.setTimeout = (wake, ms, ...rest) => exact(wake, ms >= 2 ? ms - 1 : ms, ...rest);
  }

  /** Timers still armed. */
  timers() {
    return this.#clock.countTimers();
  }

  async settle() {
    for (let turn = 0; turn < TURNS; turn += 1) await new Promise(resolve => immediately(resolve));
  }

  /**
   * Follows a promise: what became of it, and when.
   * @param {() => unknown} begin may throw synchronously, which is noted as such
   */
  watch(begin) {
    const watched = { state: "pending", at: NaN, value: undefined, error: undefined, threw: false };
    const end = (state, fields) => Object.assign(watched, { state, at: this.now(), ...fields });
    try {
      Promise.resolve(begin()).then(value => end("resolved", { value }), error => end("rejected", { error }));
    } catch (error) {
      end("rejected", { error, threw: true });
    }
    return watched;
  }

  /** Lets time pass until the promise settles, an hour of it at most. */
  async until(promise, step = 1000) {
    const watched = this.watch(() => promise);
    for (let passed = 0; watched.state === "pending" && passed < 3_600_000; passed += step) await this.advance(step);
    if (watched.state === "pending") throw new Error("still pending after an hour");
    if (watched.state === "rejected") throw watched.error;
    return watched.value;
  }
}

/** mulberry32, a published generator of 32 bits of state. */
function seeded(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A failure that trying again can help: what a busy service answers. */
export function unavailable(fields = {}) {
  return Object.assign(new Error("503 Service Unavailable"), { status: 503, ...fields });
}

/** An operation that ends when the test says so. */
export function held() {
  const one = { started: 0, signal: /** @type {AbortSignal | undefined} */ (undefined), succeed() {}, fail() {} };
  const operation = context => {
    one.started += 1;
    one.signal = context?.signal;
    return new Promise((resolve, reject) => {
      one.succeed = (value = "done") => resolve(value);
      one.fail = (error = unavailable()) => reject(error);
    });
  };
  return { ...one, operation, get started() { return one.started; }, get signal() { return one.signal; },
    succeed: value => one.succeed(value), fail: error => one.fail(error) };
}
