// The simulated world in WebAssembly: a module of its own, made when the first scenario is played.

import { text } from "../../generated/simulator/module.js";
import * as bindings from "../../generated/simulator/simulator_bg.js";
import { moduleFrom } from "../bytes.js";
import { instantiated } from "../engine.js";

let memory: WebAssembly.Memory | undefined;

export function simulator(): typeof bindings {
  memory ??= instantiated(moduleFrom(text), "./simulator_bg.js", bindings.__wbg_set_wasm, bindings as unknown as WebAssembly.ModuleImports);
  return bindings;
}
