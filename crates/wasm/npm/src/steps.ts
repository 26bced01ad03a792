// The step limit.

import { StepLimitExceeded } from "./errors.js";
import { whole } from "./options.js";

/** Hands out step numbers from 1, and throws past its limit. */
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
  get used(): number {
    return this.#used;
  }
  get remaining(): number {
    return this.#limit - this.#used;
  }
}
