// Traps of long lives: snapshots, what many calls leave behind, and the end of the process.

import { execFile } from "node:child_process";
import { getEventListeners, setMaxListeners } from "node:events";
import { fileURLToPath } from "node:url";
import { NotOffered, offered } from "../adapter.mjs";
import { all } from "../trap.mjs";
import { unavailable } from "../world.mjs";

const probe = fileURLToPath(new URL("../exit-probe.mjs", import.meta.url));

/** Runs the probe in a process of its own: how it ended, after how long, and what it said. */
function ended(adapter, what) {
  return new Promise(resolve => {
    const from = performance.now();
    execFile(process.execPath, [probe, adapter.name, what], { timeout: 6000 }, (error, stdout) => {
      resolve({ killed: error?.killed === true, code: error?.code ?? 0, said: stdout.trim(), ms: Math.round(performance.now() - from) });
    });
  });
}

/** @type {import("../trap.mjs").Trap[]} */
export const lasting = [
  {
    id: "7", title: "a breaker ten minutes old opens for five; its snapshot is restored a minute later",
    pass: "still refuses, and lets a call through once the five minutes are over",
    async run(adapter, world) {
      const options = { failures: 3, openFor: 300_000 };
      const restore = offered(adapter, "restore");
      const breaker = await offered(adapter, "breaker")(options, world);
      await breaker.call(async () => "done");
      await world.idle(600_000);
      const opened = world.now();
      for (let left = 3; left > 0; left -= 1) await breaker.call(async () => { throw unavailable(); }).catch(() => {});
      const snapshot = breaker.snapshot();
      await world.idle(60_000);
      const other = restore(snapshot, options, world);
      let ranAt;
      for (let minute = 1; minute <= 15 && ranAt === undefined; minute += 1) {
        world.watch(() => other.call(async () => { ranAt = world.now() - opened; }));
        await world.settle();
        await world.idle(60_000);
      }
      const earliest = 300_000 * (adapter.openForAtLeast ?? 1);
      return {
        pass: ranAt >= earliest && ranAt <= 360_000,
        seen: ranAt === undefined ? "refuses for a quarter of an hour" : `lets a call through ${ranAt / 60_000} min after it opened`,
      };
    },
  },
  {
    id: "19", title: "what 5,000 calls, and 200 that fail once, leave on one signal and in the timers",
    pass: "nothing",
    async run(adapter, world) {
      const seen = [];
      const ways = {
        retry: () => adapter.retry({ attempts: 3, base: 5, jitter: "none" }, world),
        timeout: () => adapter.timeout(1000, world),
        breaker: async () => (await adapter.breaker({ failures: 1000, openFor: 1000 }, world)).call,
      };
      for (const [way, make] of Object.entries(ways)) {
        if (adapter[way] === undefined) continue;
        const { signal } = new AbortController();
        setMaxListeners(0, signal);
        const call = await make();
        await world.settle();
        const before = world.timers();
        for (let left = 5000; left > 0; left -= 1) await call(async () => "done", { signal });
        for (let left = 200; left > 0; left -= 1) {
          let failed = false;
          world.watch(() => call(async () => { if (!failed) { failed = true; throw unavailable(); } }, { signal }));
        }
        await world.advance(100);
        const [listeners, timers] = [getEventListeners(signal, "abort").length, world.timers() - before];
        seen.push([listeners === 0 && timers <= 0, `${way}: ${listeners} listeners, ${Math.max(0, timers)} timers`]);
      }
      return all(seen);
    },
  },
  {
    id: "22", title: "the process can end while only idle breakers exist; a pending retry is not lost", time: "real",
    pass: "the one ends by itself, the other says its result first",
    async run(adapter) {
      const seen = [];
      if (adapter.breaker) {
        const { killed, code } = await ended(adapter, "idle");
        seen.push([!killed && code === 0, `with a closed and an open breaker it ${killed ? "does not end" : "ends"}`]);
      }
      if (adapter.retry) {
        const { killed, code, said } = await ended(adapter, "pending");
        seen.push([!killed && code === 0 && said === "done", `with a retry pending it ${said === "done" ? "waits for it" : "loses it"}`]);
      }
      if (seen.length === 0) throw new NotOffered("neither breaker nor retry");
      return all(seen);
    },
  },
];
