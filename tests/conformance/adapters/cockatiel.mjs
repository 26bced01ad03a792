// cockatiel, as its readme uses it: policies from `handleAll` or `handleWhen`, put together with `wrap`.

import {
  CircuitState, ConsecutiveBreaker, CountBreaker, DelegateBackoff, ExponentialBackoff, SamplingBreaker, TimeoutStrategy,
  circuitBreaker, fullJitterGenerator, handleAll, handleWhen, noJitterGenerator, retry, timeout, wrap,
} from "cockatiel";
import { version } from "./versions.mjs";

const STATES = {
  [CircuitState.Closed]: "closed", [CircuitState.Open]: "open", [CircuitState.HalfOpen]: "half-open", [CircuitState.Isolated]: "open",
};

/** @type {import("../adapter.mjs").Adapter} */
export const cockatiel = {
  name: "cockatiel",
  version: version("cockatiel"),
  remarks: { 13: "its default generator reads the option, those for no, half and full jitter do not" },
  words: { attempts: "maxAttempts", base: "initialDelay", cap: "maxDelay", factor: "exponent", failures: "threshold", openFor: "halfOpenAfter", timeout: "duration" },

  retry({ attempts, base, cap, factor, jitter, deadline, hints, retryable }) {
    const options = {
      // The default is decorrelated, "a good default for most scenarios"; of the others, full jitter varies the most.
      ...(jitter === "none" ? { generator: noJitterGenerator } : {}),
      ...(jitter === "best" ? { generator: fullJitterGenerator } : {}),
      initialDelay: base,
      ...(cap === undefined ? {} : { maxDelay: cap }),
      ...(factor === undefined ? {} : { exponent: factor }),
    };
    const exponential = new ExponentialBackoff(options);
    const policy = retry(retryable ? handleWhen(retryable) : handleAll, {
      maxAttempts: typeof attempts === "number" ? attempts - 1 : attempts, // it counts the tries after the first
      backoff: hints ? heeding(exponential) : exponential,
    });
    // A total limit goes around the retry: readme, "wrap(...policies)".
    const whole = deadline === undefined ? policy : wrap(timeout(deadline, TimeoutStrategy.Aggressive), policy);
    return (operation, { signal } = {}) => whole.execute(operation, signal);
  },

  breaker(options) {
    return breakerOf(options);
  },

  restore(snapshot, options) {
    return breakerOf(options, JSON.parse(/** @type {string} */ (snapshot))); // readme: `initialState`
  },

  timeout(ms) {
    // Aggressive: it ends also what does not heed its signal; readme, "timeout(duration, strategy)".
    const policy = timeout(ms, TimeoutStrategy.Aggressive);
    return (operation, { signal } = {}) => policy.execute(operation, signal);
  },
};

/** Readme, "DelegateBackoff": the context carries the failure; its state carries the backoff it is built on. */
function heeding(exponential) {
  return new DelegateBackoff((context, state) => {
    const own = state ? state.next(context) : exponential.next(context);
    const asked = context.result?.error?.retryAfter ?? 0;
    return { delay: Math.max(own.duration, asked), state: own };
  });
}

function breakerOf({ failures, within, rate, openFor, timeout: ms, counts }, initialState) {
  const policy = circuitBreaker(counts ? handleWhen(counts) : handleAll, {
    halfOpenAfter: openFor,
    breaker: ruleOf({ failures, within, rate }),
    ...(initialState === undefined ? {} : { initialState }),
  });
  // The order of the readme's own example: wrap(retry, breaker, timeout).
  const whole = ms === undefined ? policy : wrap(policy, timeout(ms, TimeoutStrategy.Aggressive));
  return {
    call: (operation, { signal } = {}) => whole.execute(operation, signal),
    state: () => STATES[policy.state],
    onState: listener => policy.onStateChange(state => listener(STATES[state])),
    snapshot: () => JSON.stringify(policy.toJSON()),
  };
}

function ruleOf({ failures, within, rate }) {
  if (rate) return new CountBreaker({ threshold: rate.share, size: rate.ofLast });
  if (within === undefined) return new ConsecutiveBreaker(failures);
  // Trips once `duration * minimumRps` calls are in, that is `failures` of them.
  return new SamplingBreaker({ threshold: 0.5, duration: within, minimumRps: failures / (within / 1000) });
}
