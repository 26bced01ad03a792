// Every trap of the field against every library, in one run; writes docs/conformance.md.
//
//   npm ci --prefix tests/conformance
//   node tests/conformance/run.mjs [--only <library>] [--trap <id>] [--check]
//
// `--check`, and any selection, write nothing. A trap that Steadfast does not pass ends the run with 1; what the others
// do is recorded. Steadfast is the package as `cargo xtask npm` builds it here, or what STEADFAST names; where it is not
// there under its contract, the run says so and has the others' columns only.

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { adapters } from "./adapters/all.mjs";
import { spring } from "./trap.mjs";
import { page } from "./table.mjs";
import { agents } from "./traps/agents.mjs";
import { approving } from "./traps/approving.mjs";
import { breaking } from "./traps/breaking.mjs";
import { hostile } from "./traps/hostile.mjs";
import { lasting } from "./traps/lasting.mjs";
import { streaming } from "./traps/streaming.mjs";
import { timing } from "./traps/timing.mjs";
import { waiting } from "./traps/waiting.mjs";

const { values: { only, trap: wanted, check } } = parseArgs({
  options: { only: { type: "string" }, trap: { type: "string" }, check: { type: "boolean" } },
});

const { found, missing } = await adapters();
if (missing) console.log(`${missing}. Its column is left out.`);
const libraries = found.filter(({ name }) => only === undefined || name.toLowerCase() === only.toLowerCase());
const traps = [...waiting, ...breaking, ...timing, ...hostile, ...lasting, ...approving, ...agents, ...streaming]
  .sort((one, other) => order(one.id) - order(other.id))
  .filter(({ id }) => wanted === undefined || id === wanted);
if (libraries.length === 0 || traps.length === 0) {
  console.error(`Nothing to run. Libraries: ${found.map(({ name }) => name).join(", ")}.`);
  process.exit(2);
}

/** @type {Map<string, Map<string, import("./trap.mjs").Result>>} */
const results = new Map();
const from = performance.now();
for (const trap of traps) {
  const row = new Map();
  for (const adapter of libraries) {
    const sprung = await spring(trap, adapter);
    const remark = adapter.remarks?.[trap.id];
    const result = remark === undefined ? sprung : { ...sprung, seen: `${sprung.seen} (${remark})` };
    row.set(adapter.name, result);
    console.log(`${trap.id.padEnd(4)}${adapter.name.padEnd(10)} ${result.verdict.padEnd(12)} ${result.seen.replaceAll("**", "")}`);
  }
  results.set(trap.id, row);
}
console.log(`${traps.length} traps, ${libraries.length} libraries, ${((performance.now() - from) / 1000).toFixed(1)} s`);

if (!check && only === undefined && wanted === undefined) {
  writeFileSync(fileURLToPath(new URL("../../docs/conformance.md", import.meta.url)), page(traps, libraries, results, missing));
}
const failed = traps.filter(({ id }) => (results.get(id)?.get("Steadfast")?.verdict ?? "pass") !== "pass");
if (failed.length > 0) console.error(`Steadfast does not pass: ${failed.map(({ id }) => id).join(", ")}`);
process.exit(failed.length > 0 ? 1 : 0);

/** 1, 2, ... 5a, 5b, ... 25, then A1, A2, ... */
function order(id) {
  const [, agent, number, part] = /^(A?)(\d+)([a-z]?)$/.exec(id);
  return (agent ? 1000 : 0) + Number(number) + (part ? (part.charCodeAt(0) - 96) / 10 : 0);
}
