// Effect, as its own documents use it: `ai-docs/src/06_schedule` for retries, the module page of
// `effect/persistence/CircuitBreaker` for breakers. Its breaker is marked experimental.

import { Cause, Duration, Effect, Exit, Schedule, Scope } from "effect";
import { CircuitBreaker } from "effect/persistence";
import { NotOffered } from "../adapter.mjs";
import { version } from "./versions.mjs";

const STATES = { Closed: "closed", Open: "open", HalfOpen: "half-open" };

/** @type {import("../adapter.mjs").Adapter} */
export const effect = {
  name: "Effect",
  version: version("effect"),
  remarks: {
    "5a": "its store in Redis gives the probe a lease, the one in memory does not",
    7: "its store in Redis keeps a circuit beyond the process",
    10: "as documented: \"capped at 10s before jitter\"",
  },
  words: { attempts: "times", base: "duration", cap: "duration", failures: "failures", openFor: "duration", timeout: "duration" },

  retry({ attempts, base, cap, factor, jitter, deadline, hints, retryable }) {
    // The page's "production pattern: capped exponential backoff with jitter": cap, then jitter, then a limit of times.
    const exponential = factor === undefined ? Schedule.exponential(base) : Schedule.exponential(base, factor);
    let schedule = cap === undefined ? exponential : Schedule.min([exponential, Schedule.spaced(cap)]);
    if (jitter !== "none") schedule = schedule.pipe(Schedule.jittered);
    // The breaker's page waits for what a rejection asks for in the same way.
    if (hints) schedule = schedule.pipe(Schedule.modifyDelay(({ duration, input }) =>
      Effect.succeed(Duration.max(duration, Duration.millis(input?.retryAfter ?? 0)))));
    const times = typeof attempts === "number" ? attempts - 1 : attempts; // it counts the tries after the first
    return (operation, { signal } = {}) => {
      let program = attempt(operation).pipe(Effect.retry({ schedule, times, ...(retryable ? { while: retryable } : {}) }));
      if (deadline !== undefined) program = program.pipe(Effect.timeout(deadline));
      return run(program, signal);
    };
  },

  async breaker({ failures, within, rate, openFor, timeout, counts }) {
    if (within !== undefined) throw new NotOffered("its window is one of calls, not of time");
    const scope = await Effect.runPromise(Scope.make());
    const breaker = await Effect.runPromise(
      CircuitBreaker.make({
        tripPolicy: rate
          ? CircuitBreaker.rate({ threshold: rate.share, size: rate.ofLast })
          : CircuitBreaker.consecutive(failures),
        openDuration: openFor,
      }).pipe(Effect.provide(CircuitBreaker.layerStoreMemory()), Scope.provide(scope)),
    );
    const classify = exit => (Exit.isSuccess(exit) ? CircuitBreaker.success
      : counts(Cause.squash(exit.cause)) ? CircuitBreaker.failure() : CircuitBreaker.ignored);
    return {
      // "Put Effect.retry and Effect.timeout inside it."
      call: (operation, { signal } = {}) => {
        const inside = timeout === undefined ? attempt(operation) : attempt(operation).pipe(Effect.timeout(timeout));
        return run(inside.pipe(breaker.execute({ key: "service", ...(counts ? { classify } : {}) })), signal);
      },
      state: async () => STATES[(await Effect.runPromise(breaker.state("service")))._tag],
    };
  },

  timeout(ms) {
    return (operation, { signal } = {}) => run(attempt(operation).pipe(Effect.timeout(ms)), signal);
  },
};

/** "Effect.tryPromise": a typed failure for whatever is thrown, and a signal that interruption aborts. */
function attempt(operation) {
  return Effect.tryPromise({ try: async signal => operation({ signal }), catch: error => error });
}

/** `runPromise` takes the caller's signal and interrupts with it. */
function run(program, signal) {
  return Effect.runPromise(program, signal ? { signal } : undefined);
}
