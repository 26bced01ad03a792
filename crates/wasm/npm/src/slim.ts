// The entry without the WebAssembly: the host says where it is to be had.

import { installRuns } from "./agent/engine.js";
import { install } from "./engine.js";
import { refused } from "./options.js";

export { agentOf as agent } from "./agent/agent.js";
export * from "./core.js";

/** `WebAssembly.Module`, wherever the compiler knows it: Node's own types do not.
 *  @inline */
type Module = typeof globalThis extends { WebAssembly: { Module: { prototype: infer Known } } } ? Known : object;
/** @inline */
type Bytes = ArrayBuffer | ArrayBufferView;
/** @inline */
type Source = string | URL | Bytes | Module | Response;

/** Takes the module of `steadfast/steadfast.wasm` from a URL, as bytes, or compiled. To be awaited before anything else.
 *
 *  @example
 *  ```js
 *  import { readFile } from "node:fs/promises";
 *  import { guard, init } from "steadfast/slim";
 *
 *  await init(await readFile(new URL(import.meta.resolve("steadfast/steadfast.wasm"))));
 *  console.log(await guard().call(() => "ready")); // ready
 *  ```
 */
export async function init(source: Source | PromiseLike<Response>): Promise<void> {
  install(await moduleOf(await source));
}

/** The same of `steadfast/steadfast-agent.wasm`: to be awaited, besides, before an agent is made.
 *
 *  @example
 *  ```js
 *  import { readFile } from "node:fs/promises";
 *  import { agent, init, initAgent } from "steadfast/slim";
 *
 *  const module = async name => readFile(new URL(import.meta.resolve(`steadfast/${name}`)));
 *  await init(await module("steadfast.wasm"));
 *  await initAgent(await module("steadfast-agent.wasm"));
 *  console.log((await agent({ model: () => ({ text: "ready" }) }).run("Are you?")).answer); // ready
 *  ```
 */
export async function initAgent(source: Source | PromiseLike<Response>): Promise<void> {
  installRuns(await moduleOf(await source));
}

/** The same at once, from bytes or a compiled module.
 *
 *  @example
 *  ```js
 *  import { readFileSync } from "node:fs";
 *  import { initSync, StepLimiter } from "steadfast/slim";
 *
 *  initSync(readFileSync(new URL(import.meta.resolve("steadfast/steadfast.wasm"))));
 *  console.log(new StepLimiter(8).take()); // 1
 *  ```
 */
export function initSync(source: Bytes | Module): void {
  install(compiled(source));
}
/** The same of the agent's module.
 *
 *  @example
 *  ```js
 *  import { readFileSync } from "node:fs";
 *  import { agent, initAgentSync, initSync } from "steadfast/slim";
 *
 *  const module = name => readFileSync(new URL(import.meta.resolve(`steadfast/${name}`)));
 *  initSync(module("steadfast.wasm"));
 *  initAgentSync(module("steadfast-agent.wasm"));
 *  console.log((await agent({ model: () => ({ text: "ready" }) }).run("Are you?")).answer); // ready
 *  ```
 */
export function initAgentSync(source: Bytes | Module): void {
  installRuns(compiled(source));
}

function compiled(source: Bytes | Module): WebAssembly.Module {
  return source instanceof WebAssembly.Module ? source : new WebAssembly.Module(source as BufferSource);
}

async function moduleOf(source: Source): Promise<WebAssembly.Module> {
  if (source instanceof WebAssembly.Module) return source;
  if (typeof source === "string" || source instanceof URL) return moduleOf(await fetch(source));
  if (typeof Response === "function" && source instanceof Response) {
    if (!source.ok) throw new TypeError(`init: ${source.url} answers ${source.status}; allowed: where steadfast.wasm is served`);
    return WebAssembly.compile(await source.arrayBuffer());
  }
  if (source instanceof ArrayBuffer || ArrayBuffer.isView(source)) return WebAssembly.compile(source as BufferSource);
  throw refused("init's source", source, "a URL, bytes, a Response or a WebAssembly.Module", true);
}
