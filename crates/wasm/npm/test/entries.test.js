import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";

/** A script in a process of its own: what it prints. */
function run(script, ...flags) {
  return execFileSync(process.execPath, [...flags, "-e", script], { cwd: new URL("..", import.meta.url), encoding: "utf8" }).trim();
}
const esm = "--input-type=module";

test("importing is enough, and so is requiring", () => {
  assert.equal(run('import { guard } from "steadfast"; console.log(await guard().call(() => "ready"));', esm), "ready");
  assert.equal(run('const { guard } = require("steadfast"); guard().call(() => "ready").then(console.log);'), "ready");
});

test("slim says what to do before it is told where its module is, and then does everything", () => {
  const begin = 'import { init, initSync, guard } from "steadfast/slim"; import { readFileSync } from "node:fs"; const bytes = readFileSync("dist/steadfast.wasm");';
  const use = "console.log(await guard().call(() => 'ready'));";
  assert.equal(run(`${begin} try { guard(); } catch (error) { console.log(error.code, error.message); }`, esm),
    'not_initialized steadfast/slim has no engine yet: await init(url, bytes or module) before anything else, or import from "steadfast", which brings its own.');
  for (const source of ["bytes", "new WebAssembly.Module(bytes)", "`data:application/wasm;base64,${bytes.toString('base64')}`", "new Response(bytes)"]) {
    assert.equal(run(`${begin} await init(${source}); ${use}`, esm), "ready", source);
  }
  assert.equal(run(`${begin} initSync(bytes); await init(bytes); ${use}`, esm), "ready");
  assert.match(run(`${begin} await init(7).catch(error => console.log(error.message));`, esm), /^init's source is 7; allowed: a URL, bytes/);
});

test("both entries are one package: one engine, one set of classes", () => {
  assert.equal(run('import * as whole from "steadfast"; import * as slim from "steadfast/slim"; console.log(whole.CircuitBreaker === slim.CircuitBreaker, await slim.guard().call(() => 1));', esm), "true 1");
});

test("every name of the contract is there, and no other", () => {
  const names = [
    "AllOptionsFailed", "ApprovalDenied", "Budget", "BudgetExceeded", "CircuitBreaker", "CircuitOpen", "DeadlineExceeded", "RetriesExhausted",
    "SteadfastError", "StepLimitExceeded", "StepLimiter", "TransientError", "approvalGate", "callWithDeadline", "classify", "fallback", "guard", "retry",
  ];
  assert.deepEqual(Object.keys(createRequire(import.meta.url)("steadfast")).sort(), names);
});

test("the types are the contract's", () => {
  execFileSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "test/types"], { cwd: new URL("..", import.meta.url), stdio: "inherit" });
});

test("the example of the README does what it says", () => {
  const [, example] = /^```js\n([^]*?)^```/m.exec(readFileSync(new URL("../README.md", import.meta.url), "utf8"));
  assert.equal(run(`globalThis.fetch = async () => new Response("text"); ${example.replace(/^import .*$/m, line => `\n${line}\n`)}`, esm), "true");
});
