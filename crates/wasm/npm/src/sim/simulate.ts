// Scenarios played in virtual time, by the same code as in the terminal and on the page.

import type { RunResult, StopReason } from "../agent/types.js";
import type { Decision } from "../approval.js";
import { canonical } from "../canonical.js";
import { object, refused, seedOf } from "../options.js";
import { policyOf, type SimulatedPolicy } from "./policy.js";
import { type FaultName, type ScenarioName, scenarios } from "./scenarios.js";
import { simulator } from "./simulator.js";

/** What is simulated. */
export interface SimulateOptions {
  /** Which of `scenarios`. */
  scenario: ScenarioName;
  /** All the luck there is: a whole number, or a decimal string up to 18446744073709551615. Default 7. */
  seed?: string | number;
  /** The agent's settings, on top of the simulation's own. */
  policy?: SimulatedPolicy;
  /** What is wrong with the world. Default: what the scenario says. */
  faults?: readonly FaultName[];
  /** Who approves what is risky: nobody (it is blocked), somebody who says yes or no to everything, somebody who never
   *  answers, or what is said to the first questions, in order. At the next one the simulation stops, "suspended". Default "nobody". */
  human?: "nobody" | "approves" | "denies" | "silent" | readonly (Decision | boolean)[];
}

/** What a run comes to, of which `trace` has what the world did, too: faults and effects. */
export interface SimulateResult extends Omit<RunResult, "stop" | "snapshot"> {
  /** Why it ended. An agent without protection ends in ways of its own: it crashes, hangs or runs away. */
  stop: StopReason | "crashed" | "hung" | "runaway";
  /** SHA-256 of the trace: the same in Rust, in Node and in a browser. */
  hash: string;
}

const OPTIONS = ["scenario", "seed", "policy", "faults", "human"];
const FAULTS: readonly FaultName[] = ["flaky", "hung", "down", "looping", "risky"];
const HUMANS = ["nobody", "approves", "denies", "silent"];
/** The seed of the terminal program, too. */
const SEED = 7;

/** Plays a scenario: a scripted model, tools and human, in virtual time. The same options give the same trace, and the same
 *  hash, always and everywhere. Throws at once if an option makes no sense.
 *
 *  @example
 *  ```js
 *  import { simulate } from "steadfast/sim";
 *
 *  const { answer, trace, hash } = simulate({ scenario: "flaky", seed: 7 });
 *  console.log(answer); // 17 * 23 = 391.
 *  console.log(trace.filter(({ what }) => what === "attempt_failed").length); // 2
 *  console.log(hash.slice(0, 8)); // 4255871a
 *  console.log(simulate({ scenario: "risky", human: "denies" }).blocked); // [ 'send_email' ]
 *  ```
 */
export function simulate(options: SimulateOptions): SimulateResult {
  const { scenario, seed = SEED, policy, faults, human = "nobody" } = checked(options);
  const [high, low] = seedOf(seed);
  const { numbers, safeMessage } = policyOf(policy);
  const names = faults === undefined ? undefined : faultsOf(faults).join(",");
  const report = simulator().simulate(scenario, high, low, names, new Float64Array(numbers), safeMessage, humanOf(human));
  // What the engine refuses, it says in a sentence.
  if (!report.startsWith("{")) throw new RangeError(report);
  const result = JSON.parse(report) as SimulateResult;
  if (result.pending !== undefined) result.pending = result.pending.map(request => ({ ...request, args: JSON.parse(request.args as string) as unknown }));
  return result;
}

function checked(options: SimulateOptions): SimulateOptions {
  if (options === undefined) throw refused("simulate", options, "an object with a scenario", true);
  const known = object("simulate", options, OPTIONS);
  if (typeof known.scenario !== "string" || !Object.hasOwn(scenarios, known.scenario)) {
    throw refused("scenario", known.scenario, Object.keys(scenarios).join(", "), true);
  }
  return known;
}

function faultsOf(faults: readonly FaultName[]): readonly FaultName[] {
  if (!Array.isArray(faults)) throw refused("faults", faults, `an array of ${FAULTS.join(", ")}`, true);
  faults.forEach((fault, index) => {
    if (!FAULTS.includes(fault)) throw refused(`faults[${index}]`, fault, FAULTS.join(", "), true);
  });
  return faults;
}

/** The human as crates/simulator reads it. */
function humanOf(human: NonNullable<SimulateOptions["human"]>): string {
  if (typeof human === "string" && HUMANS.includes(human)) return human;
  if (!Array.isArray(human)) throw refused("human", human, `${HUMANS.join(", ")}, or an array of decisions`, true);
  return human.map(decision).join("");
}

function decision(given: Decision | boolean, index: number): string {
  const said = typeof given === "boolean" ? { approve: given } : given;
  const { approve, args, message }: { approve?: unknown; args?: unknown; message?: unknown } = said ?? {};
  if (approve === true) return args === undefined ? "yes\0\0" : `edited\0${canonical(args)}\0`;
  if (approve === false) return `no\0${typeof message === "string" ? message.replaceAll("\0", " ") : ""}\0`;
  throw refused(`human[${index}]`, given, "true, false, { approve: true, args? } or { approve: false, message? }", true);
}
