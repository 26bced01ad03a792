// Traps of timeouts, early timers, and clocks that do not run evenly.

import { offered } from "../adapter.mjs";
import { all } from "../trap.mjs";
import { held, unavailable } from "../world.mjs";

/** @type {import("../trap.mjs").Trap[]} */
export const timing = [
  {
    id: "8", title: "one call times out while another is well",
    pass: "the other one ends as it would have, its signal untouched",
    async run(adapter, world) {
      const call = offered(adapter, "timeout")(50, world);
      let signal;
      const sick = world.watch(() => call(held().operation));
      await world.advance(40);
      // Heeds its signal as `fetch` does.
      const well = world.watch(() => call(context => new Promise((resolve, reject) => {
        signal = context.signal;
        signal?.addEventListener("abort", () => reject(new Error("aborted")), { once: true });
        setTimeout(resolve, 30, "done");
      })));
      await world.advance(20);
      const touched = signal?.aborted ?? false;
      await world.advance(1000);
      return all([
        [sick.state === "rejected" && sick.at === 50, `the sick one ends at ${sick.at} ms`],
        [well.state === "resolved" && !touched, `the other is ${well.state} at ${well.at} ms${touched ? ", its signal aborted" : ""}`],
      ]);
    },
  },
  {
    id: "14a", title: "a function that ignores its signal, under a timeout of 50 ms",
    pass: "the caller hears at 50 ms",
    async run(adapter, world) {
      const call = offered(adapter, "timeout")(50, world);
      const deaf = held();
      const watched = world.watch(() => call(deaf.operation));
      await world.advance(500);
      return { pass: deaf.started === 1 && watched.state === "rejected" && watched.at === 50, seen: watched.state === "pending" ? "still pending at 500 ms" : `${watched.state} at ${watched.at} ms` };
    },
  },
  {
    id: "14b", title: "a function that ignores its signal, cancelled by its caller at 50 ms",
    pass: "the caller hears at once, from a retry",
    async run(adapter, world) {
      const caller = new AbortController();
      const call = offered(adapter, "retry")({ attempts: 3, base: 100, jitter: "none" }, world);
      const deaf = held();
      const watched = world.watch(() => call(deaf.operation, { signal: caller.signal }));
      await world.advance(50);
      caller.abort();
      await world.advance(500);
      return { pass: deaf.started === 1 && watched.state === "rejected" && watched.at === 50, seen: watched.state === "pending" ? "still pending at 550 ms" : `${watched.state} at ${watched.at} ms` };
    },
  },
  {
    id: "15", title: "timers fire a millisecond early",
    pass: "no second try before 100 ms, no probe before the breaker's time",
    async run(adapter, world) {
      world.hurryTimers();
      const seen = [];
      if (adapter.retry) {
        const at = [];
        const call = adapter.retry({ attempts: 2, base: 100, jitter: "none" }, world);
        world.watch(() => call(async () => { at.push(world.now()); throw unavailable(); }));
        await world.advance(1000);
        seen.push([at[1] - at[0] >= 100, `the second try comes after ${at[1] - at[0]} ms`]);
      }
      if (adapter.breaker) {
        const breaker = await adapter.breaker({ failures: 1, openFor: 1000 }, world);
        await breaker.call(async () => { throw unavailable(); }).catch(() => {});
        const earliest = 1000 * (adapter.openForAtLeast ?? 1);
        await world.advance(earliest - 1);
        let ran = false;
        world.watch(() => breaker.call(async () => { ran = true; }));
        await world.settle();
        seen.push([!ran, `a millisecond before its time the breaker ${ran ? "lets a call through" : "refuses"}`]);
      }
      return all(seen);
    },
  },
  {
    id: "16a", title: "the wall clock is set an hour forward, or back, while the breaker is open for 10 s",
    pass: "it lets a call through after 10 s, and not before",
    async run(adapter, world) {
      const after = async by => {
        const breaker = await offered(adapter, "breaker")({ failures: 1, openFor: 10_000 }, world);
        await breaker.call(async () => { throw unavailable(); }).catch(() => {});
        world.setWallClock(by);
        const from = world.now();
        for (let second = 0; second <= 60; second += 1) {
          let ran = false;
          world.watch(() => breaker.call(async () => { ran = true; }));
          await world.settle();
          if (ran) return world.now() - from;
          await world.advance(1000);
        }
        return Infinity;
      };
      const [forward, back] = [await after(3_600_000), await after(-3_600_000)];
      const earliest = 10_000 * (adapter.openForAtLeast ?? 1);
      const word = ms => (ms === Infinity ? "not within a minute" : `after ${ms / 1000} s`);
      return all([
        [forward >= earliest && forward <= 11_000, `forward: ${word(forward)}`], [back >= earliest && back <= 11_000, `back: ${word(back)}`],
      ]);
    },
  },
  {
    id: "16b", title: "the machine sleeps for an hour, 0.5 s into a wait of 1 s, with 10 s for the whole call",
    pass: "on waking nothing is tried: the deadline is long past",
    async run(adapter, world) {
      let calls = 0;
      const call = offered(adapter, "retry")({ attempts: 5, base: 1000, jitter: "none", deadline: 10_000 }, world);
      const watched = world.watch(() => call(async () => { calls += 1; throw unavailable(); }));
      await world.advance(500);
      const before = calls;
      await world.sleep(3_600_000);
      await world.advance(60_000);
      return { pass: before === 1 && calls === 1 && watched.state === "rejected", seen: `${calls - before} more tries after waking, then ${watched.state}` };
    },
  },
  {
    id: "16c", title: "a hidden tab, whose timers come once a minute",
    pass: "a call that would take two waits of 1 s under a deadline of 10 s tries nothing after it",
    async run(adapter, world) {
      const at = [];
      const call = offered(adapter, "retry")({ attempts: 5, base: 1000, factor: 1, jitter: "none", deadline: 10_000 }, world);
      const watched = world.watch(() => call(async () => { at.push(world.now()); throw unavailable(); }));
      for (let minute = 0; minute < 5; minute += 1) await world.sleep(60_000);
      const late = at.filter(instant => instant > 10_000);
      return { pass: at.length > 0 && late.length === 0 && watched.state === "rejected", seen: `${late.length} tries after the deadline${late.length > 0 ? `, at ${late.map(instant => `${instant / 1000} s`).join(", ")}` : ""}` };
    },
  },
];
