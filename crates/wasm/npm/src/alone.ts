// The context of an attempt without a machine of its own: the only one through a breaker, the first of a retry.

import { freshRun, keyOf } from "./key.js";
import type { AttemptContext } from "./types.js";

/** What few operations ask for. */
interface Asked { key?: string; controller?: AbortController; ended?: { reason: unknown } }

export class Alone implements AttemptContext {
  #key: string | undefined;
  #asked: Asked | undefined;

  constructor(key: string | undefined) {
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
  get signal(): AbortSignal {
    const asked = (this.#asked ??= {});
    if (asked.controller === undefined) {
      asked.controller = new AbortController();
      if (asked.ended !== undefined) asked.controller.abort(asked.ended.reason);
    }
    return asked.controller.signal;
  }

  /** The key, if anybody has seen it. */
  static keyOf(context: Alone): string | undefined {
    return context.#key;
  }
  /** The attempt is given up: whoever listens to its signal hears why. */
  static end(context: Alone, reason: unknown): void {
    const asked = (context.#asked ??= {});
    asked.ended = { reason };
    asked.controller?.abort(reason);
  }
}
