// The archive and its manifest: what npm would publish, and what those say who know how manifests go wrong.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { archive, installed, project, run } from "./project.mjs";

const home = project("manifest");
const inside = join(home, "node_modules/steadfast");
const manifest = JSON.parse(readFileSync(join(inside, "package.json"), "utf8"));
const entries = Object.keys(manifest.exports).filter(entry => !/\.(wasm|json)$/.test(entry));

test("the archive holds the package and its licences, and nothing that it was made from", () => {
  const files = execFileSync("tar", ["tzf", archive], { encoding: "utf8" }).trim().split("\n").map(file => file.replace(/^package\//, ""));
  for (const file of ["package.json", "README.md", "LICENSE-MIT", "LICENSE-APACHE"]) assert(files.includes(file), file);
  assert.deepEqual(files.filter(file => !/^(dist\/.*\.(js|d\.ts|wasm)|examples\/.*|dist\/cjs\/package\.json|package\.json|README\.md|LICENSE-\w+)$/.test(file)), []);
});

test("every file that the manifest names is there", () => {
  const named = value => (typeof value === "string" ? [value] : Object.values(value).flatMap(named));
  for (const file of [manifest.main, manifest.module, manifest.types, ...manifest.sideEffects, ...named(manifest.exports), ...named(manifest.typesVersions)]) {
    assert(existsSync(join(inside, file)), file);
  }
});

test("nobody has to install anything besides", () => {
  assert.deepEqual(manifest.dependencies ?? {}, {});
  assert(Object.keys(manifest.peerDependencies ?? {}).every(name => manifest.peerDependenciesMeta?.[name]?.optional), "peers are optional");
  assert.deepEqual(["preinstall", "install", "postinstall", "prepare"].filter(name => manifest.scripts?.[name]), []);
});

test("every entry is there for the resolution of old too", () => {
  assert.deepEqual(Object.keys(manifest.typesVersions["*"]), entries.filter(entry => entry !== ".").map(entry => entry.slice(2)));
});

test("publint finds nothing to say", () => {
  const said = run(home, process.execPath, installed("publint/src/cli.js"), archive, "--strict");
  assert.match(said, /All good!/);
});

test("arethetypeswrong finds nothing to say, of any entry", () => {
  // What imports a module of WebAssembly is given (a URL, bytes, an instance) is the bundler's to say, and to declare.
  const modules = Object.keys(manifest.exports).filter(entry => entry.endsWith(".wasm")).map(entry => entry.slice(2));
  const words = [installed("@arethetypeswrong/cli/dist/index.js"), archive, "--format", "json", "--exclude-entrypoints", ...modules];
  const { stdout } = spawnSync(process.execPath, words, { cwd: home, encoding: "utf8", maxBuffer: 100_000_000 });
  const { analysis } = JSON.parse(stdout);
  assert.deepEqual(analysis.problems, []);
  for (const entry of entries) {
    const found = analysis.entrypoints[entry].resolutions;
    assert.deepEqual(Object.keys(found).filter(kind => found[kind].resolution === undefined), [], entry);
  }
});

test("npm would publish it without a word of warning", () => {
  const folder = fileURLToPath(new URL("../../crates/wasm/npm", import.meta.url));
  // What it says goes to the standard error; whether somebody is logged in is not the package's business.
  const said = execFileSync("sh", ["-c", "npm publish --dry-run --offline --loglevel warn 2>&1"], { cwd: folder, encoding: "utf8" });
  const lines = said.trim().split("\n").filter(line => !line.includes("requires you to be logged in"));
  assert.deepEqual(lines, [`+ ${manifest.name}@${manifest.version}`]);
});
