// One request and its answer, on a network that does not work as it should.

import type { Clock, Ms } from "../types.js";
import { brokenOff } from "./failures.js";
import { forever, sleep } from "./waiting.js";

/** A request that was delivered. */
export interface Delivered {
  /** When. */ readonly at: Ms;
  readonly method: string; readonly url: string; readonly headers: Headers; readonly body: string;
  /** Whether whoever sent it left before the answer was all there. */ readonly left: boolean;
}

/** What becomes of a body: its parts, so many milliseconds between them, and how it ends. */
export interface Body {
  parts: readonly Uint8Array[];
  every: Ms;
  end: "well" | "stall" | "cut";
}

export class Exchange {
  /** Aborted when the caller leaves. */
  readonly gone: AbortSignal;
  readonly #over = new AbortController();
  readonly #clock: Clock;
  readonly #caller: AbortSignal | undefined;

  constructor(clock: Clock, caller: AbortSignal | undefined) {
    this.#clock = clock;
    this.#caller = caller;
    this.gone = this.#over.signal;
    if (caller?.aborted) this.#leave();
    else caller?.addEventListener("abort", this.#leave, { once: true });
  }

  /** All has been said: the caller's signal is not listened to any more. */
  end(): void {
    this.#caller?.removeEventListener("abort", this.#leave);
  }

  wait(ms: Ms): Promise<void> {
    return ms > 0 ? sleep(this.#clock, ms, this.gone) : Promise.resolve();
  }

  stall(): Promise<never> {
    return forever(this.gone);
  }

  /** The body as a stream. Its parts come in their time, whether or not they are read; each is there until it is, also where the
   *  connection breaks behind it. */
  stream({ parts, every, end }: Body): ReadableStream<Uint8Array> {
    const began = this.#clock.now();
    let place = 0;
    const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
      const part = parts[place];
      if (part !== undefined) {
        await this.wait(began + place * every - this.#clock.now());
        place += 1;
        controller.enqueue(part);
      } else if (end === "stall") {
        await this.stall();
      } else if (end === "cut") {
        throw brokenOff("body");
      } else {
        this.end();
        controller.close();
      }
    };
    // A caller that leaves is told at once, with or without a read under way.
    return new ReadableStream<Uint8Array>({
      start: controller => void this.gone.addEventListener("abort", () => controller.error(this.gone.reason), { once: true }),
      // What fails here fails the stream: with the caller's reason, or because the connection broke.
      pull: controller => pull(controller).catch((error: unknown) => {
        this.end();
        throw error;
      }),
      cancel: reason => {
        this.end();
        this.#over.abort(reason);
      },
    }, { highWaterMark: 0 });
  }

  readonly #leave = (): void => this.#over.abort(this.#caller?.reason);
}
