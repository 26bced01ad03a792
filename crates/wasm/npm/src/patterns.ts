// One pattern at a time.

import { Alone } from "./alone.js";
import { provided } from "./engine.js";
import { once } from "./once.js";
import { CALL_OPTIONS, callable, callOptions, clockOf, limit, object, refused, RETRY_OPTIONS, retryNumbers, seedOf } from "./options.js";
import type { CallOptions, Ms, Operation, RetryPolicy, Shared } from "./types.js";

const SHARED = ["clock", "seed", ...CALL_OPTIONS];

/** Tries again what failed in a way that another try can mend: 3 tries in all, after waits of up to 500 ms and then 1 s, drawn at random.
 *  Rejects with `RetriesExhausted` when all failed, and with what was thrown, as it is, where another try cannot help.
 *
 *  @example
 *  ```js
 *  import { retry, TransientError } from "steadfast";
 *
 *  const answer = await retry(({ attempt }) => {
 *    if (attempt < 3) throw new TransientError("busy");
 *    return `at try ${attempt}`;
 *  }, { base: 10 });
 *  console.log(answer); // at try 3
 *  ```
 */
export function retry<T>(operation: Operation<T>, policy?: RetryPolicy & Shared & CallOptions): Promise<T> {
  callable("operation", operation);
  provided();
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
  let promise: Promise<T>;
  try {
    const result = operation(context);
    promise = result instanceof Promise ? (result as Promise<T>) : Promise.resolve(result as T);
  } catch (error) {
    promise = Promise.reject(error);
  }
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
  return once(operation, { retry: policy, classify, clock, seed }, policy);
}

/** Rejects with DeadlineExceeded (transient) at `ms`, whether or not the operation heeds its signal.
 *
 *  @example
 *  ```js
 *  import { callWithDeadline } from "steadfast";
 *
 *  const late = await callWithDeadline(({ signal }) => new Promise(() => {}), 20).catch(error => error);
 *  console.log(late.name, late.scope); // DeadlineExceeded call
 *  ```
 */
export function callWithDeadline<T>(operation: Operation<T>, ms: Ms, options: Shared & CallOptions = {}): Promise<T> {
  callable("operation", operation);
  if (ms === undefined) throw refused("ms", ms, "milliseconds, more than 0", true);
  const deadline = limit("ms", ms);
  callOptions(object("options", options, SHARED));
  return once(operation, { deadline, clock: clockOf(options.clock), seed: options.seed }, options);
}

/** Tries the options in order; cancellation is never fallen back from. Rejects with `AllOptionsFailed`, which has how each of them failed.
 *
 *  @example
 *  ```js
 *  import { fallback } from "steadfast";
 *
 *  const down = () => { throw Object.assign(new Error("no capacity"), { status: 529 }); };
 *  console.log(await fallback([down, ({ option }) => `option ${option}`])); // option 1
 *  const failed = await fallback([down, down]).catch(error => error);
 *  console.log(failed.name, failed.errors.length); // AllOptionsFailed 2
 *  ```
 */
export function fallback<T>(options: Operation<T>[], shared: Shared & CallOptions = {}): Promise<T> {
  if (!Array.isArray(options)) throw refused("options", options, "an array of functions, one at least", true);
  if (options.length === 0) throw new TypeError("options is an empty array; allowed: an array of functions, one at least");
  options.forEach((option, index) => callable(`options[${index}]`, option));
  callOptions(object("shared", shared, SHARED));
  return once([...options], { clock: clockOf(shared.clock), seed: shared.seed }, shared);
}

