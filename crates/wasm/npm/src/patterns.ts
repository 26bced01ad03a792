// One pattern at a time.

import { Alone } from "./alone.js";
import { once } from "./guard.js";
import { CALL_OPTIONS, callable, callOptions, clockOf, limit, object, refused, RETRY_OPTIONS, retryNumbers, seedOf } from "./options.js";
import type { CallOptions, Ms, Operation, RetryPolicy, Shared } from "./types.js";

const SHARED = ["clock", "seed", ...CALL_OPTIONS];

/** Tries again what failed in a way that another try can mend. */
export function retry<T>(operation: Operation<T>, policy?: RetryPolicy & Shared & CallOptions): Promise<T> {
  callable("operation", operation);
  if (policy === undefined) return afterFailure(operation, {});
  callOptions(object("retry", policy, [...RETRY_OPTIONS, ...SHARED]));
  clockOf(policy.clock);
  seedOf(policy.seed);
  retryNumbers(policy);
  return policy.signal === undefined ? afterFailure(operation, policy) : tried(operation, policy);
}

/** Where nobody can take it back, nothing is to be decided before the first failure, and no machine is there until then. */
function afterFailure<T>(operation: Operation<T>, policy: RetryPolicy & Shared & CallOptions): Promise<T> {
  const context = new Alone(policy.key);
  let result: T | PromiseLike<T>;
  try {
    result = operation(context);
  } catch (error) {
    result = Promise.reject(error);
  }
  const promise = result instanceof Promise ? (result as Promise<T>) : Promise.resolve(result as T);
  return promise.then(undefined, error => {
    let first = true;
    const next: Operation<T> = again => {
      if (!first) return operation(again);
      first = false;
      return Promise.reject(error);
    };
    const key = Alone.keyOf(context);
    return tried(next, key === undefined ? policy : { ...policy, key });
  });
}

function tried<T>(operation: Operation<T>, policy: RetryPolicy & Shared & CallOptions): Promise<T> {
  const { clock, seed, classify } = policy;
  return once(operation, { retry: policy, classify, clock: clock!, seed: seed! }, policy);
}

/** Rejects with DeadlineExceeded (transient) at `ms`, whether or not the operation heeds its signal. */
export function callWithDeadline<T>(operation: Operation<T>, ms: Ms, options: Shared & CallOptions = {}): Promise<T> {
  callable("operation", operation);
  if (ms === undefined) throw refused("ms", ms, "milliseconds, more than 0", true);
  const deadline = limit("ms", ms);
  callOptions(object("options", options, SHARED));
  return once(operation, { deadline, clock: clockOf(options.clock)!, seed: options.seed! }, options);
}

/** Tries the options in order; cancellation is never fallen back from. */
export function fallback<T>(options: Operation<T>[], shared: Shared & CallOptions = {}): Promise<T> {
  if (!Array.isArray(options) || options.length === 0) throw refused("options", options, "an array of functions, one at least", true);
  options.forEach((option, index) => callable(`options[${index}]`, option));
  callOptions(object("shared", shared, SHARED));
  return once([...options], { clock: clockOf(shared.clock)!, seed: shared.seed! }, shared);
}

