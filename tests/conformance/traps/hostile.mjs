// Traps that the library's own user sets: functions that throw where nobody expects it, and options without meaning.

import { NotOffered, offered } from "../adapter.mjs";
import { all } from "../trap.mjs";
import { unavailable } from "../world.mjs";

const RETRY = { attempts: 3, base: 100, cap: 1000, factor: 2, jitter: "none" };
const BREAKER = { failures: 3, openFor: 1000 };
/** What no option of these means. */
const SENSELESS = [NaN, -1, "3"];
/** What may be refused, and may mean "very many". */
const VAST = [Infinity, 2 ** 53];

/** @type {import("../trap.mjs").Trap[]} */
export const hostile = [
  {
    id: "17", title: "an operation, a listener or a classifier throws synchronously, or calls back into the guard",
    pass: "every call gets its own outcome, nothing is uncaught, and the breaker still comes back",
    async run(adapter, world) {
      const seen = [];
      const outcome = async (name, begin, wanted) => {
        const watched = world.watch(begin);
        await world.advance(10_000);
        const state = watched.threw ? "thrown synchronously" : watched.state;
        seen.push([state === wanted, `${name}: ${state}`]);
      };
      const call = adapter.breaker ? (await adapter.breaker({ failures: 100, openFor: 1000 }, world)).call : offered(adapter, "retry")(RETRY, world);
      await outcome("a throwing operation", () => call(() => { throw unavailable(); }), "rejected");
      await outcome("one that returns nothing", () => call(() => undefined), "resolved");
      await outcome("one that calls through the same guard", () => call(() => call(async () => "inner")), "resolved");
      if (adapter.breaker) seen.push(await throwingListener(adapter, world), await throwingClassifier(adapter, world));
      else await outcome("a throwing classifier", () => adapter.retry({ ...RETRY, retryable: () => { throw new Error("classifier"); } }, world)(async () => { throw unavailable(); }), "rejected");
      seen.push([world.uncaught.length === 0, `${world.uncaught.length} errors uncaught`]);
      return all(seen);
    },
  },
  {
    id: "20", title: "options of NaN, -1 and \"3\"; of Infinity and 2^53",
    pass: "an error that names the option; of the last two, else what they say",
    async run(adapter, world) {
      const bad = [];
      let asked = 0;
      const note = async (option, value, test) => {
        asked += 1;
        const complaint = await test(value, SENSELESS.includes(value)).catch(error => {
          if (error instanceof NotOffered) throw error;
          return named(error, option, adapter) ? undefined : `"${String(error.message).slice(0, 40)}" does not name it`;
        });
        if (complaint !== undefined) bad.push(`${option} ${typeof value === "string" ? `"${value}"` : value === 2 ** 53 ? "2^53" : value}: ${complaint}`);
      };
      for (const value of [...SENSELESS, ...VAST]) {
        if (adapter.retry) for (const option of ["attempts", "base", "cap", "factor"]) await note(option, value, given => retriedWith(adapter, world, option, given));
        if (adapter.breaker) for (const option of ["failures", "openFor"]) await note(option, value, given => brokenWith(adapter, world, option, given));
        if (adapter.timeout) await note("timeout", value, given => timedOutWith(adapter, world, given));
      }
      return { pass: bad.length === 0, seen: `${asked - bad.length} of ${asked} are well${bad.length > 0 ? `; ${bad.join("; ")}` : ""}` };
    },
  },
];

async function throwingListener(adapter, world) {
  const breaker = await adapter.breaker({ failures: 2, openFor: 1000 }, world);
  if (breaker.onState === undefined) return [true, "no listeners"];
  breaker.onState(() => { throw new Error("listener"); });
  const calls = [0, 1].map(() => world.watch(() => breaker.call(async () => { throw unavailable(); })));
  await world.settle();
  const own = calls.filter(call => call.error?.status === 503).length;
  const state = await breaker.state();
  return [own === 2 && state === "open", `under a throwing listener ${own} of 2 calls get their own error, then ${state}`];
}

async function throwingClassifier(adapter, world) {
  let armed = false;
  const counts = () => {
    if (armed) throw new Error("classifier");
    return true;
  };
  const breaker = await adapter.breaker({ failures: 1, openFor: 1000, counts }, world);
  world.watch(() => breaker.call(async () => { throw unavailable(); }));
  await world.advance(1100);
  armed = true;
  world.watch(() => breaker.call(async () => { throw unavailable(); }));
  await world.advance(5000);
  armed = false;
  let ran = false;
  world.watch(() => breaker.call(async () => { ran = true; }));
  await world.settle();
  return [ran, `after a classifier threw over the probe, the next call ${ran ? "runs" : "never runs"}`];
}

/** Is it the library's own word about that option, rather than the operation's failure or an accident further in? */
function named(error, option, adapter) {
  const words = [option, adapter.words?.[option] ?? option];
  return error?.status !== 503 && words.some(word => new RegExp(`\\b${word}\\b`, "i").test(String(error?.message)));
}

async function retriedWith(adapter, world, option, value) {
  const at = [];
  const call = adapter.retry({ ...RETRY, [option]: value }, world);
  const watched = world.watch(() => call(async () => {
    at.push(world.now());
    if (at.length < 8) throw unavailable();
  }));
  await world.advance(60_000);
  if (watched.state === "rejected" && watched.error?.status !== 503) throw watched.error;
  if (SENSELESS.includes(value)) return `taken, ${at.length} tries`;
  const [first, second] = [at[1] - at[0], at[2] - at[1]];
  if (option === "attempts") return at.length === 8 ? undefined : `${at.length} tries`;
  if (option === "cap") return first === 100 && second === 200 ? undefined : `waits of ${first} and ${second} ms`;
  return first >= 100 || at.length === 1 ? undefined : `tried again after ${first} ms`;
}

async function brokenWith(adapter, world, option, value) {
  const breaker = await adapter.breaker({ ...BREAKER, [option]: value }, world);
  let ran = 0;
  const failing = () => breaker.call(async () => { ran += 1; throw unavailable(); });
  for (let left = 5; left > 0; left -= 1) {
    const watched = world.watch(failing);
    await world.settle();
    if (watched.error !== undefined && named(watched.error, option, adapter)) throw watched.error;
  }
  if (SENSELESS.includes(value)) return `taken, ${await breaker.state()} after 5 failures`;
  if (option === "failures") return ran === 5 ? undefined : `open after ${ran} failures`;
  const before = ran;
  await world.advance(500);
  world.watch(failing);
  await world.settle();
  return ran === before ? undefined : "lets a call through after 500 ms";
}

async function timedOutWith(adapter, world, value) {
  const from = world.now();
  const watched = world.watch(() => adapter.timeout(value, world)(() => new Promise(resolve => setTimeout(resolve, 100, "done"))));
  await world.advance(1000);
  if (watched.state === "rejected" && named(watched.error, "timeout", adapter) && watched.at === from) throw watched.error;
  if (SENSELESS.includes(value)) return `taken, ${watched.state}`;
  return watched.state === "resolved" ? undefined : `a call of 100 ms is ${watched.state}`;
}
