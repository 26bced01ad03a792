// Traps of retries and the waits between them.

import { NotOffered, offered } from "../adapter.mjs";
import { all } from "../trap.mjs";
import { unavailable } from "../world.mjs";

/** The instants at which a call that always fails was tried. */
async function tries(adapter, world, options, operation = () => { throw unavailable(); }) {
  const at = [];
  const call = offered(adapter, "retry")(options, world);
  const watched = world.watch(() => call(async context => {
    at.push(world.now());
    return operation(context);
  }));
  return { at, watched };
}

function waits(at) {
  return at.slice(1).map((instant, index) => instant - at[index]);
}

/** The last waits of many sessions, long after the cap was reached. */
async function waitsAtTheCap(adapter, world, jitter) {
  const sessions = [];
  for (let left = 40; left > 0; left -= 1) {
    sessions.push(await tries(adapter, world, { attempts: 11, base: 1000, cap: 8000, jitter }));
  }
  await world.advance(11 * 10_000);
  return sessions.flatMap(({ at }) => waits(at).slice(-5));
}

async function spread(adapter, world, jitter) {
  const seen = await waitsAtTheCap(adapter, world, jitter);
  const counts = new Map();
  for (const wait of seen) counts.set(wait, (counts.get(wait) ?? 0) + 1);
  const [value, count] = [...counts].sort(([, one], [, other]) => other - one)[0] ?? [NaN, 0];
  const share = Math.round((100 * count) / seen.length);
  return { pass: seen.length === 200 && share <= 10, seen: `${share} % of ${seen.length} waits are ${value} ms; ${counts.size} different ones` };
}

async function meanThirdWait(adapter, world, factor) {
  const sessions = [];
  for (let left = 50; left > 0; left -= 1) {
    sessions.push(await tries(adapter, world, { attempts: 4, base: 100, cap: 60_000, factor, jitter: "recommended" }));
  }
  await world.advance(60_000);
  return Math.round(sessions.reduce((sum, { at }) => sum + at[3] - at[2], 0) / sessions.length);
}

/** @type {import("../trap.mjs").Trap[]} */
export const waiting = [
  {
    id: "1", title: "abort 50 ms into a backoff of 600 ms",
    pass: "settles at once, and nothing is tried any more",
    async run(adapter, world) {
      const caller = new AbortController();
      let calls = 0;
      const call = offered(adapter, "retry")({ attempts: 3, base: 600, jitter: "none" }, world);
      const watched = world.watch(() => call(async () => { calls += 1; throw unavailable(); }, { signal: caller.signal }));
      await world.advance(50);
      const before = calls;
      caller.abort();
      await world.advance(10_000);
      return all([
        [watched.state === "rejected" && watched.at <= 51, `settles at ${watched.at} ms`],
        [before === 1 && calls === 1, `${calls} calls in all`],
      ]);
    },
  },
  {
    id: "9a", title: "jitter at the cap, as the library comes or advises",
    pass: "no value makes up more than a tenth of 200 waits at the cap",
    run: (adapter, world) => spread(adapter, world, "recommended"),
  },
  {
    id: "9b", title: "jitter at the cap, the best kind the library has",
    pass: "no value makes up more than a tenth of 200 waits at the cap",
    run: (adapter, world) => spread(adapter, world, "best"),
  },
  {
    id: "10", title: "no wait above its cap",
    pass: "200 waits at a cap of 8,000 ms are at most that",
    async run(adapter, world) {
      const seen = await waitsAtTheCap(adapter, world, "recommended");
      const longest = Math.max(...seen);
      return { pass: seen.length === 200 && longest <= 8000, seen: `the longest of ${seen.length} is ${longest} ms` };
    },
  },
  {
    id: "11", title: "two callers jitter alike",
    pass: "two calls begun at one instant wait differently",
    async run(adapter, world) {
      const options = { attempts: 5, base: 1000, cap: 60_000, jitter: /** @type {const} */ ("recommended") };
      const one = await tries(adapter, world, options);
      const other = await tries(adapter, world, options);
      await world.advance(300_000);
      const seen = [waits(one.at).join(", "), waits(other.at).join(", ")];
      return { pass: one.at.length === 5 && seen[0] !== seen[1], seen: `${seen[0]} and ${seen[1]} ms` };
    },
  },
  {
    id: "13", title: "the option for the factor does something",
    pass: "without jitter, 3 on 100 ms gives 100, 300, 900; with it, 4 gives longer waits than 2",
    async run(adapter, world) {
      const { at } = await tries(adapter, world, { attempts: 4, base: 100, cap: 60_000, factor: 3, jitter: "none" });
      await world.advance(10_000);
      const plain = waits(at).join(", ");
      const [by2, by4] = [await meanThirdWait(adapter, world, 2), await meanThirdWait(adapter, world, 4)];
      return all([
        [plain === "100, 300, 900", `without jitter ${plain} ms`], [by4 > 2 * by2, `with it a third wait is ${by2} ms for 2 and ${by4} ms for 4 on average`],
      ]);
    },
  },
  {
    id: "21", title: "counters at their limit: 1,100 tries, where 2 to that power is no number any more",
    pass: "no wait is above its cap of 1,000 ms, none of the last 100 is next to nothing when unjittered",
    async run(adapter, world) {
      const { at, watched } = await tries(adapter, world, { attempts: 1100, base: 500, cap: 1000, jitter: "none" });
      await world.advance(1_200_000);
      const all = waits(at);
      const last = all.slice(-100);
      return {
        pass: at.length === 1100 && watched.state === "rejected" && Math.max(...all) <= 1000 && Math.min(...last) >= 900,
        seen: `${at.length} tries, waits of ${Math.min(...all)} to ${Math.max(...all)} ms, the last 100 of ${Math.min(...last)} to ${Math.max(...last)} ms`,
      };
    },
  },
  {
    id: "24", title: "retries at two layers multiply",
    pass: "3 times 3 tries, allowed 5 together, are 3 to 5",
    async run(adapter, world) {
      let calls = 0;
      const failing = async () => { calls += 1; throw unavailable(); };
      if (adapter.nested === undefined) {
        const [outer, inner] = [0, 1].map(() => offered(adapter, "retry")({ attempts: 3, base: 10, jitter: "none" }, world));
        world.watch(() => outer(() => inner(failing)));
        await world.advance(10_000);
        throw new NotOffered(`no limit that two layers share: 3 times 3 tries are ${calls}`);
      }
      const watched = world.watch(() => offered(adapter, "nested")({ attempts: 5, outer: 3, inner: 3 }, world)(failing));
      await world.advance(600_000);
      return { pass: calls >= 3 && calls <= 5 && watched.state === "rejected", seen: `${calls} calls, then ${watched.state}` };
    },
  },
  {
    id: "A8", title: "what a server asked to wait for: 2 s, and 120 s under a deadline of 10 s",
    pass: "never earlier than asked; what lies beyond the deadline is not waited for at all",
    async run(adapter, world) {
      const options = { attempts: 3, base: 100, jitter: /** @type {const} */ ("none"), hints: true };
      const short = await tries(adapter, world, options, () => { throw unavailable({ status: 429, retryAfter: 2000 }); });
      await world.advance(60_000);
      const from = world.now();
      const long = await tries(adapter, world, { ...options, deadline: 10_000 }, () => { throw unavailable({ status: 429, retryAfter: 120_000 }); });
      await world.advance(600_000);
      const waited = waits(short.at);
      return all([
        [waited.length === 2 && waited.every(wait => wait >= 2000), `asked for 2,000 ms, waits ${waited.join(" and ")} ms`],
        [long.at.length === 1 && long.watched.at - from <= 100, `asked for 120 s, gives up after ${long.watched.at - from} ms and ${long.at.length} tries`],
      ]);
    },
  },
];
