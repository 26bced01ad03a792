// The entry without the WebAssembly: the host says where it is to be had.

import { install } from "./engine.js";
import { refused } from "./options.js";

export * from "./core.js";

/** Takes the module of `steadfast/steadfast.wasm` from a URL, as bytes, or compiled. To be awaited before anything else. */
export async function init(source: string | URL | BufferSource | WebAssembly.Module | Response | PromiseLike<Response>): Promise<void> {
  install(await moduleOf(await source));
}

/** The same at once, from bytes or a compiled module. */
export function initSync(source: BufferSource | WebAssembly.Module): void {
  install(source instanceof WebAssembly.Module ? source : new WebAssembly.Module(source));
}

async function moduleOf(source: string | URL | BufferSource | WebAssembly.Module | Response): Promise<WebAssembly.Module> {
  if (source instanceof WebAssembly.Module) return source;
  if (typeof source === "string" || source instanceof URL) return moduleOf(await fetch(source));
  if (typeof Response === "function" && source instanceof Response) {
    if (!source.ok) throw new TypeError(`init: ${source.url} answers ${source.status}; allowed: where steadfast.wasm is served`);
    return WebAssembly.compile(await source.arrayBuffer());
  }
  if (source instanceof ArrayBuffer || ArrayBuffer.isView(source)) return WebAssembly.compile(source as BufferSource);
  throw refused("init's source", source, "a URL, bytes, a Response or a WebAssembly.Module", true);
}
