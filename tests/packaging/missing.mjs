// What has to be here before anything can be packed and tried, and what to do where it is not.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { browser } from "./chromium.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Files without which there is nothing to do, what they are, and how to get them. */
const needed = [
  ["crates/wasm/npm/dist/esm/index.js", "the package is not built", "cargo xtask npm"],
  ["crates/wasm/npm/LICENSE-MIT", "the package is not built with its licences", "cargo xtask npm"],
  ["tests/packaging/node_modules/vite/package.json", "the bundlers and runtimes are not installed", "npm ci --prefix tests/packaging"],
  ["tests/packaging/node_modules/node/bin/node", "Node 22 is not installed: its package puts it in its place by a script", "npm ci --prefix tests/packaging"],
  ["tests/sdks/node_modules/openai/package.json", "the SDKs that the examples use are not installed", "npm ci --prefix tests/sdks"],
  ["tests/conformance/node_modules/cockatiel/package.json", "the libraries that the README compares with are not installed", "npm ci --prefix tests/conformance"],
  ["node_modules/playwright-core/package.json", "Playwright, which drives the browser, is not installed", "npm ci --ignore-scripts"],
];

/** Ends with a sentence for each thing that is missing. */
export function complain() {
  const missing = needed.filter(([file]) => !existsSync(join(root, file))).map(([, what, remedy]) => `${what}. Run: ${remedy}`);
  if (browser === undefined) missing.push(process.env.CHROME === undefined
    ? "there is no Chromium or Chrome. Install one, or name its program in the variable CHROME."
    : `CHROME names ${process.env.CHROME}, which is not there. Correct it or unset it.`);
  if (missing.length === 0) return;
  console.error(missing.map(sentence => sentence[0].toUpperCase() + sentence.slice(1)).join("\n"));
  console.error("`cargo xtask test --only package` sees to all of it.");
  process.exit(2);
}
