// Waiting: on a clock, or for promises to settle.

import type { Clock, Ms } from "../types.js";

/** The longest wait that hosts take. */
const LONGEST_MS = 2 ** 31 - 1;

/** The host's own clock and timers. */
export const host: Clock = {
  now: () => performance.now(),
  schedule(at, wake) {
    let timer: ReturnType<typeof setTimeout>;
    const arm = (): void => {
      const left = at - performance.now();
      // Hosts' timers fire early, too.
      timer = setTimeout(() => (performance.now() < at ? arm() : wake()), Math.min(Math.max(Math.ceil(left), 0), LONGEST_MS));
    };
    arm();
    return () => clearTimeout(timer);
  },
};

/** Resolves when so much time has passed; rejects with the signal's reason if that comes first. */
export function sleep(clock: Clock, ms: Ms, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return void reject(signal.reason);
    const left = (): void => {
      cancel();
      reject(signal.reason);
    };
    const cancel = clock.schedule(clock.now() + ms, () => {
      signal.removeEventListener("abort", left);
      resolve();
    });
    signal.addEventListener("abort", left, { once: true });
  });
}

/** Never resolves; rejects with the signal's reason. */
export function forever(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

declare const setImmediate: ((callback: () => void) => unknown) | undefined;

// Taken here and now: whoever replaces the host's timers for a test does not mean these.
const immediate = typeof setImmediate === "function" ? setImmediate : undefined;
const Channel = typeof MessageChannel === "function" ? MessageChannel : undefined;
const timeout = globalThis.setTimeout;

/** Resolves when every promise that can settle by itself has done so. */
export function settled(): Promise<void> {
  return new Promise(resolve => {
    if (immediate !== undefined) immediate(resolve);
    else if (Channel !== undefined) {
      // Browsers make timers within timers wait for 4 ms; a message comes at once.
      const { port1, port2 } = new Channel();
      port1.onmessage = () => {
        port1.close();
        resolve();
      };
      port2.postMessage(0);
    } else timeout(resolve, 0);
  });
}
