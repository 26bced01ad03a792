// The default entry: importing is enough. The module is inline and is made when the first machine is needed.

import { text } from "../generated/module.js";
import { provide } from "./engine.js";

provide(() => new WebAssembly.Module(decoded(text)));

/** A loop: `Uint8Array.from` takes ten times as long. */
function decoded(base64: string): Uint8Array<ArrayBuffer> {
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  for (let place = 0; place < bytes.length; place += 1) bytes[place] = binary.charCodeAt(place);
  return bytes;
}

export * from "./core.js";
