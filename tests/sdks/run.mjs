// The package as it is built, put among the real SDKs as an installation would, and its integrations tried there:
//
//   npm ci --prefix tests/sdks
//   node tests/sdks/run.mjs [test files]
//
// The newest SDKs want Node 22; theirs comes with them.

import { spawnSync } from "node:child_process";
import { cpSync, readdirSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const at = path => fileURLToPath(new URL(path, import.meta.url));
const home = at("../../crates/wasm/npm/");
const installed = at("node_modules/steadfast/");

rmSync(installed, { recursive: true, force: true });
for (const part of ["package.json", "dist"]) cpSync(`${home}${part}`, `${installed}${part}`, { recursive: true });

const tests = process.argv.length > 2
  ? process.argv.slice(2)
  : readdirSync(at("integrations")).filter(name => name.endsWith(".test.mjs")).sort().map(name => at(`integrations/${name}`));
// Most of the time is waiting for what was asked to be waited for.
const { status } = spawnSync(at("node_modules/.bin/node"), ["--test", "--test-concurrency=3", ...tests], { stdio: "inherit" });
process.exit(status ?? 1);
