// What a call costs under each library while all is well, and while a breaker is open: same process, same operation, rounds in
// turn, the best of each. Time of the processor, the collector's included: how busy the machine is shows least in that.
//
//   cargo xtask npm && node tests/conformance/speed.mjs [--check] [--write]
//
// STEADFAST may name the package's entry file. Bars are ratios, for a machine's speed is its own; `--check` ends with 1 where
// one is missed by more than a quarter, which is what a busy machine blurs; `--write` puts the table into docs/performance.md.

import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import {
  ConsecutiveBreaker, ExponentialBackoff, SamplingBreaker, TimeoutStrategy, circuitBreaker, handleAll, retry as cockatielRetry, timeout, wrap,
} from "cockatiel";
import CircuitBreakerOfOpossum from "opossum";
import pRetry from "p-retry";

const { values: { check, write } } = parseArgs({ options: { check: { type: "boolean" }, write: { type: "boolean" } } });
const entry = process.env.STEADFAST ?? createRequire(import.meta.url).resolve("../../crates/wasm/npm/dist/esm/index.js");
const { CircuitBreaker, callWithDeadline, guard, retry } = await import(pathToFileURL(entry).href);

const ROUNDS = 9;
const operation = async () => 1;
const failing = async () => { throw Object.assign(new Error("503"), { status: 503 }); };

/** Opened, for an hour. */
async function opened(breaker, call) {
  await call(failing).catch(() => {});
  return () => call(operation).catch(() => {});
}

const steady = { row: new CircuitBreaker({ consecutive: 5, window: null }), window: new CircuitBreaker(), open: new CircuitBreaker({ consecutive: 1, openFor: 3_600_000, openForMax: 3_600_000 }) };
const whole = guard({ timeout: 60_000 });
const heard = guard({ timeout: 60_000 });
let decisions = 0;
heard.on("decision", () => { decisions += 1; });
const openGuard = guard({ breaker: { consecutive: 1, openFor: 3_600_000, openForMax: 3_600_000 }, retry: false });

const over = breaker => circuitBreaker(handleAll, { halfOpenAfter: 3_600_000, breaker });
const backoff = { maxAttempts: 2, backoff: new ExponentialBackoff() };
const theirs = {
  row: over(new ConsecutiveBreaker(5)), window: over(new SamplingBreaker({ threshold: 0.5, duration: 60_000 })),
  open: over(new ConsecutiveBreaker(1)), retry: cockatielRetry(handleAll, backoff),
  whole: wrap(cockatielRetry(handleAll, backoff), over(new ConsecutiveBreaker(5)), timeout(60_000, TimeoutStrategy.Aggressive)),
};
const opossum = new CircuitBreakerOfOpossum(operation, { timeout: false });

/** What is measured, and how often in a round. */
const cases = {
  "nothing: a bare await": [operation, 100_000],
  "Steadfast: retry": [() => retry(operation), 50_000],
  "cockatiel: retry": [() => theirs.retry.execute(operation), 50_000],
  "Steadfast: breaker over failures in a row": [() => steady.row.call(operation), 50_000],
  "cockatiel: breaker over failures in a row": [() => theirs.row.execute(operation), 50_000],
  "Steadfast: breaker over a window of time": [() => steady.window.call(operation), 50_000],
  "cockatiel: breaker over a window of time": [() => theirs.window.execute(operation), 50_000],
  "opossum: breaker over a window of time": [() => opossum.fire(), 50_000],
  "Steadfast: deadline": [() => callWithDeadline(operation, 60_000), 20_000],
  "Steadfast: guard with retry, breaker and timeout": [() => whole.call(operation), 50_000],
  "Steadfast: the same, with a listener": [() => heard.call(operation), 50_000],
  "Steadfast: an open breaker": [await opened(steady.open, call => steady.open.call(call)), 20_000],
  "Steadfast: a guard with an open breaker": [await opened(openGuard, call => openGuard.call(call)), 20_000],
  "cockatiel: an open breaker": [await opened(theirs.open, call => theirs.open.execute(call)), 10_000],
  // Last, those that leave so much garbage that the next one would pay for it.
  "p-retry": [() => pRetry(operation, { retries: 2 }), 20_000],
  "cockatiel: wrap(retry, circuitBreaker, timeout)": [() => theirs.whole.execute(operation), 5000],
};

const best = new Map(Object.keys(cases).map(name => [name, Infinity]));
for (let round = 0; round <= ROUNDS; round += 1) {
  for (const [name, [call, times]] of Object.entries(cases)) {
    const from = process.cpuUsage();
    for (let left = times; left > 0; left -= 1) await call();
    const { user, system } = process.cpuUsage(from);
    const nanoseconds = ((user + system) / times) * 1000;
    // The first round is for the compiler.
    if (round > 0) best.set(name, Math.min(best.get(name), nanoseconds));
  }
}

const ratio = (one, other) => best.get(other) / best.get(one);
const guarded = "Steadfast: guard with retry, breaker and timeout";
const bars = [
  ["the guard is 20 times faster than cockatiel's wrap", ratio(guarded, "cockatiel: wrap(retry, circuitBreaker, timeout)"), 20],
  ["a breaker over failures in a row is not slower than cockatiel's", ratio("Steadfast: breaker over failures in a row", "cockatiel: breaker over failures in a row"), 1],
  ["one over a window of time is not slower than cockatiel's", ratio("Steadfast: breaker over a window of time", "cockatiel: breaker over a window of time"), 1],
  ["one over a window of time is not slower than opossum's", ratio("Steadfast: breaker over a window of time", "opossum: breaker over a window of time"), 1],
  ["a retry is not slower than cockatiel's", ratio("Steadfast: retry", "cockatiel: retry"), 1],
  ["a retry is not slower than p-retry's", ratio("Steadfast: retry", "p-retry"), 1],
  ["an open breaker refuses 10 times faster than cockatiel's", ratio("Steadfast: an open breaker", "cockatiel: an open breaker"), 10],
  ["a listener costs at most 3 times as much", 3 * ratio("Steadfast: the same, with a listener", guarded), 1],
];

console.log(`Node ${process.version}, nanoseconds a call\n`);
for (const [name, nanoseconds] of best) console.log(`${String(Math.round(nanoseconds)).padStart(8)}  ${name}`);
console.log("\nbar: what it is of what it has to be\n");
for (const [name, is, wanted] of bars) console.log(`${is.toFixed(2).padStart(8)} of ${wanted}  ${name}${is < wanted ? "  <-- missed" : ""}`);
if (write) {
  const [page, begin, end] = [new URL("../../docs/performance.md", import.meta.url), "<!-- speed.mjs writes from here -->", "<!-- speed.mjs, to here -->"];
  const text = readFileSync(page, "utf8");
  const table = [
    `Measured by \`node tests/conformance/speed.mjs --write\`, the best of ${ROUNDS} rounds, in processor time, with Node ${process.version}: every row in one process.`,
    "",
    "| a call that succeeds at once, or is refused | nanoseconds |", "|---|---:|",
    ...[...best].map(([name, nanoseconds]) => `| ${name} | ${Math.round(nanoseconds).toLocaleString("en")} |`),
    "",
    "| what is to hold | theirs / ours | at least |", "|---|---:|---:|",
    ...bars.map(([name, is, wanted]) => `| ${name} | ${is.toFixed(2)} | ${wanted} |`),
  ].join("\n");
  writeFileSync(page, `${text.slice(0, text.indexOf(begin) + begin.length)}\n${table}\n${text.slice(text.indexOf(end))}`);
}
process.exit(check && bars.some(([, is, wanted]) => is < wanted * 0.75) ? 1 : 0);
