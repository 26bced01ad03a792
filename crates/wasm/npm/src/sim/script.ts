// A script: what is done call by call.

import { SteadfastError } from "../errors.js";
import { clockOf, object, refused } from "../options.js";
import type { Clock } from "../types.js";
import { host } from "./waiting.js";

/** How a script is played. */
export interface ScriptOptions {
  /** Whose time delays take. Default: the host's. */ clock?: Clock;
  /** What comes after the last step: the last one again and again, or an error. Default "repeat". */
  end?: "repeat" | "throw";
}

/** The steps of a script, checked, and where it is in them. */
export class Script<Step> {
  readonly clock: Clock;
  /** How many steps were asked for. */
  calls = 0;
  #steps: readonly Step[];
  #end: "repeat" | "throw";

  constructor(what: string, script: Step | readonly Step[], options: ScriptOptions | undefined, check: (name: string, step: Step) => void) {
    const steps = Array.isArray(script) ? (script as readonly Step[]) : [script as Step];
    if (steps.length === 0) throw new TypeError("script is empty; allowed: one step or more");
    if (Array.isArray(script)) steps.forEach((step, index) => check(`script[${index}]`, step));
    else check("script", script as Step);
    const { clock, end = "repeat" } = object(what, options, ["clock", "end"]);
    if (end !== "repeat" && end !== "throw") throw refused("end", end, '"repeat" or "throw"', true);
    this.clock = clockOf(clock) ?? host;
    // A copy: whatever becomes of the caller's array, this is what was checked.
    this.#steps = [...steps];
    this.#end = end;
  }

  next(): Step {
    const index = this.calls;
    this.calls += 1;
    if (index >= this.#steps.length && this.#end === "throw") {
      throw new SteadfastError(`The script has ${this.#steps.length} steps, and this is call ${this.calls}.`, { code: "script_ended" });
    }
    return this.#steps[Math.min(index, this.#steps.length - 1)]!;
  }
}
