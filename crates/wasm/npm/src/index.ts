// The default entry: importing is enough. The module is inline and is made when the first machine is needed.

import { text } from "../generated/module.js";
import { provide } from "./engine.js";

provide(() => new WebAssembly.Module(Uint8Array.from(atob(text), character => character.charCodeAt(0))));

export * from "./core.js";
