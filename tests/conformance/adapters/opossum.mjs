// opossum, a breaker with a timeout and a fallback. It has no retries.

import CircuitBreaker from "opossum";
import { NotOffered } from "../adapter.mjs";
import { version } from "./versions.mjs";

/** @type {import("../adapter.mjs").Adapter} */
export const opossum = {
  name: "opossum",
  version: version("opossum"),
  remarks: { 8: "only if the operation heeds the breaker's shared signal, as the readme shows; without it the other call ends as it would have" },
  words: { failures: "volumeThreshold", openFor: "resetTimeout", timeout: "timeout" },

  breaker(options) {
    return breakerOf(settings(options), options.counts);
  },

  restore(snapshot, options) {
    // Readme, "Priming the circuit": `toJSON()` of one breaker gives `state` and `status` of the next.
    const { state, status } = JSON.parse(/** @type {string} */ (snapshot));
    return breakerOf({ ...settings(options), state, status }, options.counts);
  },

  timeout(ms) {
    // Its way to tell a call that its time is up is one AbortController for all of a breaker's calls: readme,
    // "AbortController support", with `autoRenewAbortController`, which the readme recommends for reuse.
    const breaker = new CircuitBreaker(run, {
      timeout: ms, volumeThreshold: 1000, autoRenewAbortController: true, enableSnapshots: false,
    });
    return operation => breaker.fire(operation, { signal: breaker.getSignal() });
  },
};

/** The action of every breaker here: `fire` hands its arguments through. */
function run(operation, context) {
  return operation(context);
}

function settings({ failures, within, rate, openFor, timeout }) {
  if (rate) throw new NotOffered("its window is one of time, not of calls");
  return {
    timeout: timeout ?? false, // "Timeout can be disabled by setting this to `false`"
    resetTimeout: openFor,
    // "the minimum number of requests within the rolling statistical window that must exist before the circuit can open"
    volumeThreshold: failures,
    errorThresholdPercentage: 50,
    ...(within === undefined ? {} : { rollingCountTimeout: within }),
    enableSnapshots: false, // "Disable this as an optimization if you don't listen to the 'snapshot' event"
  };
}

function breakerOf(options, counts) {
  const breaker = new CircuitBreaker(run, counts ? { ...options, errorFilter: error => !counts(error) } : options);
  return {
    call: (operation, { signal } = {}) => breaker.fire(operation, { signal }), // it knows no signal of a single call
    state: () => (breaker.closed ? "closed" : breaker.halfOpen ? "half-open" : "open"),
    onState: listener => {
      breaker.on("open", () => listener("open"));
      breaker.on("halfOpen", () => listener("half-open"));
      breaker.on("close", () => listener("closed"));
    },
    snapshot: () => JSON.stringify(breaker.toJSON()),
  };
}
