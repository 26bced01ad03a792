// A clock in hand, and what tests say again and again.

export { VirtualClock as TestClock } from "steadfast/sim";

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
