// p-retry: retries, and nothing else.

import pRetry from "p-retry";
import { version } from "./versions.mjs";

/** @type {import("../adapter.mjs").Adapter} */
export const retrying = {
  name: "p-retry",
  version: version("p-retry"),
  words: { attempts: "retries", base: "minTimeout", cap: "maxTimeout" },

  retry({ attempts, base, cap, factor, jitter, deadline, hints, retryable }) {
    const options = {
      retries: typeof attempts === "number" ? attempts - 1 : attempts, // it counts the tries after the first
      minTimeout: base,
      ...(cap === undefined ? {} : { maxTimeout: cap }),
      ...(factor === undefined ? {} : { factor }),
      randomize: jitter !== "none", // "Randomizes the timeouts by multiplying with a factor between 1 and 2"
      ...(deadline === undefined ? {} : { maxRetryTime: deadline }),
      // "The onFailedAttempt function can return a promise. For example, to add a delay."
      ...(hints ? { onFailedAttempt: ({ error }) => sleep(error.retryAfter) } : {}),
      ...(retryable ? { shouldRetry: ({ error }) => retryable(error) } : {}),
    };
    return (operation, { signal } = {}) => pRetry(() => operation({ signal }), signal ? { ...options, signal } : options);
  },
};

function sleep(ms = 0) {
  return new Promise(resolve => setTimeout(resolve, ms));
}
