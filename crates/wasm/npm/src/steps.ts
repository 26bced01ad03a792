// The step limit.

import { StepLimitExceeded } from "./errors.js";
import { whole } from "./options.js";

/** Hands out step numbers from 1, and throws past its limit: a loop that takes one each time cannot run for ever.
 *
 *  @example
 *  ```js
 *  import { StepLimiter } from "steadfast";
 *
 *  const steps = new StepLimiter(2);
 *  console.log(steps.take(), steps.take(), steps.remaining); // 1 2 0
 *  try { steps.take(); } catch (error) { console.log(error.code, error.message); } // step_limit_exceeded the limit of 2 steps is reached
 *  ```
 */
export class StepLimiter {
  readonly #limit: number;
  #used = 0;

  constructor(limit: number) {
    this.#limit = whole("limit", limit, 1);
  }
  /** The step's number from 1; throws StepLimitExceeded past the limit. */
  take(): number {
    if (this.#used >= this.#limit) throw new StepLimitExceeded(this.#limit);
    return (this.#used += 1);
  }
  /** How many were taken. */
  get used(): number {
    return this.#used;
  }
  /** How many are left. */
  get remaining(): number {
    return this.#limit - this.#used;
  }
}
