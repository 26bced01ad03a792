// The machines in WebAssembly: how they come to be there, and the registers through which numbers cross.

import * as machines from "../generated/machines/machines_bg.js";
import { SteadfastError } from "./errors.js";

export { machines };

let inline: (() => WebAssembly.Module) | undefined;
let memory: WebAssembly.Memory | undefined;
let cells = new Float64Array(0);

/** The default entry says where its module is to be had; it is made when the first machine is needed. */
export function provide(module: () => WebAssembly.Module): void {
  inline ??= module;
}

/** Makes the machines from a module. A second time changes nothing. */
export function install(module: WebAssembly.Module): void {
  refuseAnother(module, "./machines_bg.js", "init");
  memory ??= instantiated(module, "./machines_bg.js", machines.__wbg_set_wasm);
}

/** The modules by the bindings that they ask for. */
const FILES: Record<string, string> = { "./machines_bg.js": "steadfast.wasm", "./runs_bg.js": "steadfast-agent.wasm" };

/** Throws for a module whose bindings are others than these. */
export function refuseAnother(module: WebAssembly.Module, name: string, init: string): void {
  const given = WebAssembly.Module.imports(module).map(({ module: from }) => from);
  if (given.includes(name)) return;
  const what = Object.keys(FILES).find(known => given.includes(known));
  throw new TypeError(`${init} was given ${what === undefined ? "a module that is none of steadfast's" : FILES[what]!}; allowed: ${FILES[name]!}`);
}

/** No values of JavaScript's pass, and no table of them is needed. */
const NO_IMPORTS: WebAssembly.ModuleImports = { __wbindgen_init_externref_table: () => {} };

/** Makes an instance, and has its bindings use it. */
export function instantiated(module: WebAssembly.Module, name: string, use: (exports: unknown) => void, imports = NO_IMPORTS): WebAssembly.Memory {
  const { exports } = new WebAssembly.Instance(module, { [name]: imports });
  use(exports);
  (exports["__wbindgen_start"] as (() => void) | undefined)?.();
  return exports["memory"] as WebAssembly.Memory;
}

/** Throws where they are not to be had: before anything has happened, and not at the first failure. */
export function provided(): void {
  if (memory === undefined && inline === undefined) {
    throw new SteadfastError(
      "steadfast/slim has no engine yet: await init(url, bytes or module) before anything else, or import from \"steadfast\", which brings its own.",
      { code: "not_initialized" },
    );
  }
}

/** Sees to it that the machines are there. Whatever opens one begins with this. */
export function ready(): void {
  if (memory !== undefined) return;
  provided();
  install(inline!());
}

/** The registers; they move when the memory grows. */
function registers(): Float64Array {
  if (cells.length === 0 && memory !== undefined) cells = new Float64Array(memory.buffer, machines.registers(), 24);
  return cells;
}

/** The number in a register. Read what is needed before anybody else's code runs: the next machine writes there too. */
export function read(index: number): number {
  return registers()[index]!;
}

export function write(values: readonly number[], from = 0): void {
  registers().set(values, from);
}

/** The number of what was opened. The driver has checked before, so nobody should ever see this fail. */
export function opened(number: number): number {
  if (number < 0) throw new RangeError(machines.complaint());
  return number;
}
