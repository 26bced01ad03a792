// What a trap is, and how one is sprung on one library.

import { NotOffered } from "./adapter.mjs";
import { World } from "./world.mjs";

/**
 * @typedef {import("./adapter.mjs").Adapter} Adapter
 *
 * @typedef {object} Trap
 * @property {string} id its number in the facts, or `A` and a number for what goes wrong in agents
 * @property {string} title
 * @property {string} pass what has to be seen, in words
 * @property {"real"} [time] it needs the machine's own time: sockets, processes
 * @property {(adapter: Adapter, world: World) => Promise<Seen>} run
 *
 * @typedef {{ pass: boolean, seen: string }} Seen
 * @typedef {{ verdict: "pass" | "fail" | "not offered", seen: string }} Result
 */

/** Longer than any trap takes on a busy machine. */
const PATIENCE_MS = 15_000;
const later = globalThis.setTimeout;
const never = globalThis.clearTimeout;

/** @param {Trap} trap @param {Adapter} adapter @returns {Promise<Result>} */
export async function spring(trap, adapter) {
  const world = trap.time === "real" ? undefined : new World();
  let timer;
  const patience = new Promise((_, reject) => {
    timer = later(() => reject(new Error(`not done after ${PATIENCE_MS / 1000} s of the machine's time`)), PATIENCE_MS);
  });
  try {
    const { pass, seen } = await Promise.race([trap.run(adapter, world), patience]);
    return { verdict: pass ? "pass" : "fail", seen };
  } catch (error) {
    if (error instanceof NotOffered) return { verdict: "not offered", seen: error.message };
    return { verdict: "fail", seen: `the trap itself ended with ${error?.name ?? "an error"}: ${String(error?.message ?? error).split("\n")[0]}` };
  } finally {
    never(timer);
    world?.end();
  }
}

/** Several things seen, all of which have to hold. @param {[holds: boolean, seen: string][]} parts @returns {Seen} */
export function all(parts) {
  return { pass: parts.every(([holds]) => holds), seen: parts.map(([holds, seen]) => (holds ? seen : `**${seen}**`)).join("; ") };
}
