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

test("slim's retry does not begin without its module", () => {
  const begin = 'import { retry } from "steadfast/slim"; let tries = 0;';
  assert.equal(run(`${begin} try { await retry(() => { tries += 1; }); } catch (error) { console.log(error.code, tries); }`, esm), "not_initialized 0");
});

test("a module that is handed to the wrong door is named", () => {
  const begin = 'import { initSync, initAgentSync } from "steadfast/slim"; import { readFileSync } from "node:fs"; const said = begin => { try { begin(); } catch (error) { console.log(error.name, error.message); } }; const bytes = name => readFileSync(`dist/${name}`);';
  assert.deepEqual(run(`${begin} said(() => initSync(bytes("steadfast-agent.wasm"))); said(() => initAgentSync(bytes("steadfast.wasm"))); said(() => initSync(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])));`, esm).split("\n"), [
    "TypeError init was given steadfast-agent.wasm; allowed: steadfast.wasm",
    "TypeError initAgent was given steadfast.wasm; allowed: steadfast-agent.wasm",
    "TypeError init was given a module that is none of steadfast's; allowed: steadfast.wasm",
  ]);
});

test("slim has an agent once it is told where that module is", () => {
  const begin = 'import { initSync, initAgent, initAgentSync, agent } from "steadfast/slim"; import { readFileSync } from "node:fs"; initSync(readFileSync("dist/steadfast.wasm")); const bytes = readFileSync("dist/steadfast-agent.wasm"); const model = () => ({ text: "ready" });';
  const use = "console.log((await agent({ model }).run('x')).answer);";
  assert.equal(run(`${begin} try { agent({ model }); } catch (error) { console.log(error.code, error.message); }`, esm),
    'not_initialized steadfast/slim has no agent yet: await initAgent(url, bytes or module) of steadfast-agent.wasm before agent(), or import it from "steadfast", which brings its own.');
  assert.equal(run(`${begin} await initAgent(new WebAssembly.Module(bytes)); ${use}`, esm), "ready");
  assert.equal(run(`${begin} initAgentSync(bytes); await initAgent(bytes); ${use}`, esm), "ready");
});

test("both entries are one package: one engine, one set of classes", () => {
  assert.equal(run('import * as whole from "steadfast"; import * as slim from "steadfast/slim"; console.log(whole.CircuitBreaker === slim.CircuitBreaker, await slim.guard().call(() => 1));', esm), "true 1");
});

test("every name of the contract is there, and no other", () => {
  const names = [
    "AllOptionsFailed", "ApprovalDenied", "Budget", "BudgetExceeded", "CircuitBreaker", "CircuitOpen", "DeadlineExceeded", "RetriesExhausted",
    "SteadfastError", "StepLimitExceeded", "StepLimiter", "TransientError", "agent", "approvalGate", "callWithDeadline", "classify", "fallback", "guard", "retry",
  ];
  assert.deepEqual(Object.keys(createRequire(import.meta.url)("steadfast")).sort(), names);
});

test("steadfast/sim is there for both, and brings its own world along when a scenario is played", () => {
  const names = ["VirtualClock", "faultyFetch", "faultyModel", "scenarios", "simulate"];
  assert.deepEqual(Object.keys(createRequire(import.meta.url)("steadfast/sim")).sort(), names);
  const made = "let made = 0; const { Module } = WebAssembly; WebAssembly.Module = class extends Module { constructor(bytes) { super(bytes); made += 1; } };";
  const use = "const before = made; console.log(before, sim.simulate({ scenario: 'hung' }).hash.slice(0, 8), made, new sim.VirtualClock().now());";
  assert.equal(run(`${made} const sim = await import("steadfast/sim"); ${use}`, esm), "0 69c72eed 1 0");
  assert.equal(run(`${made} const sim = require("steadfast/sim"); ${use}`), "0 69c72eed 1 0");
});

test("the types are the contract's", () => {
  execFileSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "test/types"], { cwd: new URL("..", import.meta.url), stdio: "inherit" });
});
