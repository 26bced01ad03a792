// What the package weighs, compressed, as its users load it: `node size.js`. Ends with 1 where something is too heavy.

import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

/** A bundle of whatever a user imports, minified as bundlers do, without the module. */
async function bundle(text) {
  const { outputFiles } = await build({
    stdin: { contents: text, resolveDir: import.meta.dirname ?? "." }, bundle: true, minify: true, format: "esm", write: false,
  });
  return outputFiles[0].contents;
}

/** Every name of an entry but these. */
async function others(entry, ...left) {
  const names = Object.keys(await import(entry)).filter(name => !left.includes(name));
  return bundle(`export { ${names.join(", ")} } from "${entry}";`);
}

// In bytes. The module is to come to 40,000 and the driver to 8,000; these are what they are held to until then.
const parts = [
  ["the WebAssembly", readFileSync("dist/steadfast.wasm"), 52_500],
  ["the WebAssembly of the agent", readFileSync("dist/steadfast-agent.wasm"), 100_900],
  ["the driver, without the agent's", await others("steadfast/slim", "agent", "initAgent", "initAgentSync"), 15_800],
  ["the driver, all of it", await bundle('export * from "steadfast/slim";'), 23_000],
  ["a bundle that uses only retry, its module inside", await bundle('export { retry } from "steadfast";'), 62_000],
  ["a bundle that uses only retry, from slim", await bundle('export { retry, init } from "steadfast/slim";'), 8_400],
  ["a bundle that uses only guard, its module inside", await bundle('export { guard } from "steadfast";'), 67_900],
  ["a bundle that uses only guard, from slim", await bundle('export { guard, init } from "steadfast/slim";'), 14_100],
  ["the WebAssembly of steadfast/sim", readFileSync("generated/simulator/module.wasm"), 104_400],
  ["a bundle that uses only time and faults in hand", await bundle('export { VirtualClock, faultyFetch, faultyModel } from "steadfast/sim";'), 8_300],
];

let heavy = false;
for (const [what, bytes, limit] of parts) {
  const compressed = gzipSync(bytes, { level: 9 }).length;
  heavy ||= compressed > limit;
  console.log(`${String(bytes.length).padStart(8)} ${String(compressed).padStart(7)} gzip, ${limit} allowed  ${what}`);
}
process.exit(heavy ? 1 : 0);
