// The types against the contract: `types/` compiles, and no name of it is missing, types included.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const at = path => fileURLToPath(new URL(path, import.meta.url));

test("what is promised is what there is, in form", () => {
  const { stdout, status } = spawnSync(process.execPath, [at("../node_modules/typescript/bin/tsc"), "-p", at("types")], { encoding: "utf8" });
  assert.deepEqual([status, stdout], [0, ""]);
});

test("no name of the contract is missing", () => {
  const exported = file => {
    const program = ts.createProgram([file], { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler, types: [] });
    const checker = program.getTypeChecker();
    return checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(file))).map(({ name }) => name);
  };
  const ours = exported(at("../dist/esm/types/index.d.ts"));
  const promised = exported(at("types/contract.d.ts"));
  assert(promised.length > 40);
  assert.deepEqual(promised.filter(name => !ours.includes(name)), []);
});
