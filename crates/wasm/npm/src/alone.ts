// The context of an attempt without a machine of its own: the only one through a breaker, the first of a retry.

import { Abortable } from "./abortable.js";
import { freshRun, keyOf } from "./key.js";
import type { AttemptContext } from "./types.js";

export class Alone extends Abortable implements AttemptContext {
  #key: string | undefined;

  constructor(key: string | undefined) {
    super();
    this.#key = key;
  }
  get attempt(): number {
    return 1;
  }
  get option(): number {
    return 0;
  }
  get remaining(): number {
    return Infinity;
  }
  get key(): string {
    return (this.#key ??= keyOf(freshRun(), 1));
  }

  /** The key, if anybody has seen it. */
  static keyOf(context: Alone): string | undefined {
    return context.#key;
  }
}
