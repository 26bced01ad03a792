// The module with the agent's runs, which is loaded by whoever makes an agent and by nobody else.

import * as runs from "../../generated/runs/runs_bg.js";
import { instantiated, refuseAnother } from "../engine.js";
import { SteadfastError } from "../errors.js";

export { runs };

let inline: (() => WebAssembly.Module) | undefined;
let memory: WebAssembly.Memory | undefined;
let cells = new Float64Array(0);

/** The default entry says where the module is to be had. */
export function provideRuns(module: () => WebAssembly.Module): void {
  inline ??= module;
}

/** Makes it from a module. A second time changes nothing. */
export function installRuns(module: WebAssembly.Module): void {
  refuseAnother(module, "./runs_bg.js", "initAgent");
  memory ??= instantiated(module, "./runs_bg.js", runs.__wbg_set_wasm);
}

/** Sees to it that it is there. */
export function readyRuns(): void {
  if (memory !== undefined) return;
  if (inline === undefined) {
    throw new SteadfastError(
      "steadfast/slim has no agent yet: await initAgent(url, bytes or module) of steadfast-agent.wasm before agent(), or import it from \"steadfast\", which brings its own.",
      { code: "not_initialized" },
    );
  }
  installRuns(inline());
}

/** Registers move when the memory grows. */
function registers(): Float64Array {
  if (cells.length === 0 && memory !== undefined) cells = new Float64Array(memory.buffer, runs.registers(), 24);
  return cells;
}

export function readRun(index: number): number {
  return registers()[index]!;
}

export function writeRun(values: readonly number[], from = 0): void {
  registers().set(values, from);
}

/** The number of what was opened, or a `RangeError` with the engine's sentence. */
export function openedRun(number: number): number {
  if (number < 0) throw new RangeError(runs.complaint());
  return number;
}
