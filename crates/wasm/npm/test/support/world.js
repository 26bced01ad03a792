// A clock in hand, and what tests say again and again.

/** Time passes when a test says so; whoever waits gets to react at each instant. */
export class TestClock {
  #now = 0;
  #due = [];

  now() {
    return this.#now;
  }
  schedule(at, wake) {
    const one = { at, wake };
    this.#due.push(one);
    return () => void (this.#due = this.#due.filter(other => other !== one));
  }
  /** How many timers are armed. */
  get armed() {
    return this.#due.length;
  }
  async advance(ms) {
    const until = this.#now + ms;
    await settle();
    for (;;) {
      const next = this.#due.filter(({ at }) => at <= until).sort((one, other) => one.at - other.at)[0];
      if (next === undefined) break;
      this.#due = this.#due.filter(other => other !== next);
      this.#now = Math.max(this.#now, next.at);
      next.wake();
      await settle();
    }
    this.#now = until;
    await settle();
  }
}

/** Lets promises settle. */
export function settle() {
  return new Promise(resolve => setImmediate(resolve));
}

/** What became of a promise, so far. */
export function watch(promise) {
  const watched = { state: "pending", value: undefined, error: undefined };
  promise.then(value => Object.assign(watched, { state: "resolved", value }), error => Object.assign(watched, { state: "rejected", error }));
  return watched;
}

/** A failure that trying again can help. */
export function unavailable(fields = {}) {
  return Object.assign(new Error("503 Service Unavailable"), { status: 503, ...fields });
}

/** An operation that is never done. */
export const never = () => new Promise(() => {});
