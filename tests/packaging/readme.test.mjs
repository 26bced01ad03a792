// The README, taken at its word: every block of code prints what it says, every name it should tell of is there, and sizes are those
// of the package beside it.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import esbuild from "esbuild";
import { fault, ok, providerServer } from "../provider-server/server.mjs";
import { NODES, project } from "./project.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const home = project("readme");
const inside = join(home, "node_modules/steadfast");
const readme = readFileSync(join(inside, "README.md"), "utf8");
const exported = Object.keys(createRequire(join(home, "package.json"))("steadfast"));
const blocks = [...readme.matchAll(/^```js\n([^]*?)^```/gm)].map(([, code]) => code);

/** What a block stands beside: the libraries it compares with, and the SDKs, which want Node 22. */
const beside = { cockatiel: "conformance", opossum: "conformance", "p-retry": "conformance", openai: "sdks", "@anthropic-ai": "sdks" };
for (const [name, folder] of Object.entries(beside)) symlinkSync(join(root, "tests", folder, "node_modules", name), join(home, "node_modules", name));

let server;
before(async () => {
  server = await providerServer();
  server.otherwise = ok("17 * 23 = 391.");
});
after(() => server.close());

/** Runs a program as it stands, in a project of a user's. */
async function printed(code, node = process.execPath) {
  writeFileSync(join(home, "block.mjs"), code);
  const env = {
    ...process.env, NODE_TEST_CONTEXT: undefined, OPENAI_BASE_URL: `${server.url}/v1`, OPENAI_API_KEY: "test", ANTHROPIC_BASE_URL: server.url, ANTHROPIC_API_KEY: "test",
  };
  const { stdout, stderr } = await promisify(execFile)(node, ["block.mjs"], { cwd: home, env, timeout: 60_000 });
  assert.equal(stderr, "");
  return stdout;
}

/** What a block says that it prints: the comments behind its prints, and those at its end. */
function expected(code) {
  const [end] = /(?:^\/\/ .*\n)*(?![^])/m.exec(code) ?? [""];
  const behind = [...code.matchAll(/console\.log\(.*\);(?: \})* \/\/ (.*)$/gm)].map(([, text]) => text);
  return [...behind, ...end.split("\n").filter(line => line !== "").map(line => line.slice(3))];
}

for (const [index, code] of blocks.entries()) {
  const section = readme.slice(0, readme.indexOf(code)).match(/^#.*$/gm).at(-1).replace(/^#+ /, "");
  test(`block ${index + 1} (${section}) prints what it says`, async () => {
    assert.notDeepEqual(expected(code), [], "a block that says nothing proves nothing");
    const asksProviders = /from "openai"/.test(code);
    if (asksProviders) server.script([fault("http_503"), ok("17 * 23 = 391."), fault("overloaded"), ok("17 * 23 = 391.")]);
    const out = await printed(code, asksProviders ? NODES.v22 : process.execPath);
    assert.deepEqual(out.trimEnd().split("\n"), expected(code));
    if (asksProviders) assert.equal(server.attempts(), 4);
  });
}

test("the project's own page has an example that works when pasted", async () => {
  const [, code] = /^```js\n([^]*?)^```/m.exec(readFileSync(join(root, "README.md"), "utf8"));
  assert.match(await printed(code), /17 \* 23 = 391/);
});

test("it tells of every export, every error, every code, every class of failure and every way in which a run can stop", () => {
  const source = path => readFileSync(join(root, "crates/wasm/npm/src", path), "utf8");
  const told = name => assert(readme.includes(`\`${name}\``), name);
  for (const name of exported) assert(new RegExp(`\\b${name}\\b`).test(readme), name);
  for (const [, name] of source("errors.ts").matchAll(/^export class (\w+)/gm)) told(name);
  for (const file of ["errors.ts", "engine.ts", "fetch.ts", "breaker.ts", "agent/engine.ts", "agent/snapshot.ts"]) {
    for (const [, code] of source(file).matchAll(/code: "(\w+)"/g)) told(code);
  }
  const named = text => [...text.matchAll(/"(\w+)"/g)].map(([, name]) => name);
  named(/type FailureClass =([^;]*);/.exec(source("types.ts"))[1]).forEach(told);
  named(/type StopReason =([^;]*);/.exec(source("agent/types.ts"))[1]).forEach(told);
});

test("its sizes are those of this package", async () => {
  const weight = bytes => gzipSync(bytes, { level: 9 }).length / 1000;
  const bundle = async contents => {
    const built = await esbuild.build({ stdin: { contents, resolveDir: home }, bundle: true, minify: true, format: "esm", write: false });
    return weight(built.outputFiles[0].contents);
  };
  const module = name => weight(readFileSync(join(inside, `dist/${name}.wasm`)));
  const measured = {
    "`retry` from `steadfast`,": await bundle('export { retry } from "steadfast";'),
    "`retry` from `steadfast/slim`": await bundle('export { retry, init } from "steadfast/slim";'),
    "everything from `steadfast/slim`": await bundle('export * from "steadfast/slim";'),
    "`steadfast.wasm`": module("steadfast"),
    "`steadfast-agent.wasm`": module("steadfast-agent"),
  };
  for (const [what, kilobytes] of Object.entries(measured)) {
    const row = readme.split("\n").find(line => line.startsWith(`| ${what}`));
    const said = Number(/\| ([\d.]+) \|$/.exec(row)[1]);
    assert(Math.abs(said - kilobytes) <= Math.max(0.5, kilobytes / 20), `the README says ${said} kB of ${what}, and it is ${kilobytes.toFixed(1)}`);
  }
});
