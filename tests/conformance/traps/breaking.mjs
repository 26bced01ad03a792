// Traps of the circuit breaker.

import { offered } from "../adapter.mjs";
import { all } from "../trap.mjs";
import { held, unavailable } from "../world.mjs";

const OPEN_FOR = 10_000;
const rule = { failures: 5, openFor: OPEN_FOR };

async function fails(breaker, world, times) {
  for (let left = times; left > 0; left -= 1) world.watch(() => breaker.call(async () => { throw unavailable(); }));
  await world.settle();
}

/** What becomes of a call that would succeed: did it run, and how did it end? */
async function tried(breaker, world) {
  let ran = false;
  const watched = world.watch(() => breaker.call(async () => { ran = true; return "done"; }));
  await world.settle();
  return { ran, watched };
}

/** Opens the breaker and lets its time pass. */
async function dueForAProbe(breaker, world) {
  await fails(breaker, world, 5);
  await world.advance(OPEN_FOR + 1);
}

/** @type {import("../trap.mjs").Trap[]} */
export const breaking = [
  {
    id: "2", title: "4 failures, an idle hour, 1 failure, with a window of 5 s",
    pass: "stays closed; four more failures at once open it",
    async run(adapter, world) {
      const breaker = await offered(adapter, "breaker")({ failures: 5, within: 5000, openFor: OPEN_FOR }, world);
      await fails(breaker, world, 4);
      await world.idle(3_600_000);
      await fails(breaker, world, 1);
      const after = await breaker.state();
      // The same five within their window have to open it, or it would pass by never opening.
      await fails(breaker, world, 4);
      return all([[after === "closed", `${after} after the fifth`], [await breaker.state() === "open", `${await breaker.state()} after four more at once`]]);
    },
  },
  {
    id: "3", title: "a call from before the outage fails while the probe runs",
    pass: "the probe goes on counting, and its success closes",
    async run(adapter, world) {
      const breaker = await offered(adapter, "breaker")(rule, world);
      const [old, probe] = [held(), held()];
      world.watch(() => breaker.call(old.operation));
      await dueForAProbe(breaker, world);
      world.watch(() => breaker.call(probe.operation));
      await world.settle();
      old.fail();
      await world.settle();
      const during = await breaker.state();
      probe.succeed();
      await world.settle();
      const after = await breaker.state();
      return { pass: probe.started === 1 && during === "half-open" && after === "closed", seen: `${during} after the old failure, ${after} after the probe's success` };
    },
  },
  {
    id: "4", title: "a call from before the outage succeeds when a probe is due, or runs",
    pass: "does not close: still only one call is let through",
    async run(adapter, world) {
      const letThrough = async whileItRuns => {
        const breaker = await offered(adapter, "breaker")(rule, world);
        const [old, probe] = [held(), held()];
        world.watch(() => breaker.call(old.operation));
        await dueForAProbe(breaker, world);
        if (!whileItRuns) old.succeed();
        await world.settle();
        world.watch(() => breaker.call(probe.operation));
        await world.settle();
        if (whileItRuns) old.succeed();
        await world.settle();
        const { ran } = await tried(breaker, world);
        return probe.started === 1 ? probe.started + (ran ? 1 : 0) : NaN;
      };
      const [due, running] = [await letThrough(false), await letThrough(true)];
      return all([
        [due === 1, `when one is due, ${due} of 2 calls run`], [running === 1, `while one runs, ${running} of 2`],
      ]);
    },
  },
  {
    id: "5a", title: "a probe that never returns, the breaker by itself",
    pass: "within ten times the open time another call is let through, and nobody hangs",
    async run(adapter, world) {
      const breaker = await offered(adapter, "breaker")(rule, world);
      return afterALostProbe(breaker, world);
    },
  },
  {
    id: "5b", title: "a probe that never returns, under a timeout of 1 s",
    pass: "within ten times the open time another call is let through, and nobody hangs",
    async run(adapter, world) {
      const breaker = await offered(adapter, "breaker")({ ...rule, timeout: 1000 }, world);
      return afterALostProbe(breaker, world);
    },
  },
  {
    id: "6", title: "closing after the probe, with 500 callers meanwhile",
    pass: "they were told at once, and none is let loose at the probe's success",
    async run(adapter, world) {
      const breaker = await offered(adapter, "breaker")(rule, world);
      const probe = held();
      await dueForAProbe(breaker, world);
      world.watch(() => breaker.call(probe.operation));
      await world.settle();
      let ran = 0;
      const callers = Array.from({ length: 500 }, () => world.watch(() => breaker.call(async () => { ran += 1; })));
      await world.settle();
      const parked = callers.filter(caller => caller.state === "pending").length;
      probe.succeed();
      await world.settle();
      return { pass: probe.started === 1 && await breaker.state() === "closed" && parked === 0 && ran === 0, seen: `${parked} of 500 were kept waiting, ${ran} ran at once when it closed` };
    },
  },
  {
    id: "12", title: "the window of calls slides: 1,000 successes, then only failures",
    pass: "at half of the last 100, the 50th or 51st failure opens it",
    async run(adapter, world) {
      const breaker = await offered(adapter, "breaker")({ rate: { share: 0.5, ofLast: 100 }, openFor: OPEN_FOR }, world);
      for (let left = 1000; left > 0; left -= 1) await breaker.call(async () => "done");
      let failures = 0;
      while (await breaker.state() === "closed" && failures < 1000) {
        failures += 1;
        await breaker.call(async () => { throw unavailable(); }).catch(() => {});
      }
      return { pass: failures >= 49 && failures <= 51, seen: `opens at the failure number ${failures}` };
    },
  },
  {
    id: "18", title: "the probe is cancelled by its caller",
    pass: "neither closes nor reopens: the next call is the probe",
    async run(adapter, world) {
      // A library that judges errors may be told that a cancellation is no failure: either way will do.
      const plain = await cancelled(adapter, world, {});
      if (plain.pass) return plain;
      const told = await cancelled(adapter, world, { counts: error => error?.name !== "AbortError" });
      return { pass: told.pass, seen: `${plain.seen}; told not to count it: ${told.seen}` };
    },
  },
];

async function cancelled(adapter, world, options) {
  const breaker = await offered(adapter, "breaker")({ ...rule, ...options }, world);
  const caller = new AbortController();
  await dueForAProbe(breaker, world);
  // Heeds its signal as `fetch` does.
  const probe = world.watch(() => breaker.call(() => new Promise((_, reject) => {
    caller.signal.addEventListener("abort", () => reject(caller.signal.reason), { once: true });
  }), { signal: caller.signal }));
  await world.settle();
  caller.abort();
  await world.settle();
  const state = await breaker.state();
  const next = await tried(breaker, world);
  return {
    pass: probe.state === "rejected" && state !== "closed" && next.ran,
    seen: `${state} after the cancellation; the next call ${next.ran ? "runs" : "is refused"}`,
  };
}

async function afterALostProbe(breaker, world) {
  await dueForAProbe(breaker, world);
  world.watch(() => breaker.call(held().operation));
  await world.settle();
  const callers = [];
  for (let round = 1; round <= 10; round += 1) {
    await world.advance(OPEN_FOR);
    const { ran, watched } = await tried(breaker, world);
    callers.push(watched);
    const hanging = callers.filter(caller => caller.state === "pending").length;
    if (ran) return { pass: hanging === 0, seen: `the next call runs ${round * OPEN_FOR / 1000} s later; ${hanging} callers hang` };
  }
  const hanging = callers.filter(caller => caller.state === "pending").length;
  return { pass: false, seen: `100 s later nothing has run: ${hanging} of 10 callers hang, ${10 - hanging} are refused` };
}
