import { spawnSync } from "node:child_process";
import { test } from "node:test";
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const at = path => fileURLToPath(new URL(path, import.meta.url));
const compiler = at("../../../crates/wasm/npm/node_modules/typescript/bin/tsc");

test("a guarded tool of OpenAI's Agents SDK has the types of its parameters", () => {
  const how = ["--noEmit", "--strict", "--skipLibCheck", "--target", "es2022", "--module", "nodenext"];
  const { stdout, status } = spawnSync(process.execPath, [compiler, ...how, at("types/openai-agents.ts")], { encoding: "utf8" });
  assert.deepEqual([stdout, status], ["", 0]);
});
