// Ships what was tested: packs the npm package, installs it in an empty folder elsewhere, imports it and calls it.
//
//   wasm-pack build crates/wasm --release --target nodejs --mode no-install
//   node tests/packaging/check.mjs crates/wasm/pkg
//
// Needs Node 20 or later and npm, and no network: the package has no dependencies. Ends with "N passed, N failed".

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const project = fileURLToPath(new URL("../..", import.meta.url));
const built = resolve(process.argv[2] ?? join(project, "crates/wasm/pkg"));
if (!existsSync(join(built, "package.json"))) {
  console.error(`There is no package in ${built}. Build it first:`);
  console.error("  wasm-pack build crates/wasm --release --target nodejs --mode no-install");
  process.exit(2);
}
const { name } = JSON.parse(readFileSync(join(built, "package.json"), "utf8"));
const away = mkdtempSync(join(tmpdir(), "steadfast-package-"));
const home = join(away, "home");
mkdirSync(home);
writeFileSync(join(home, "package.json"), JSON.stringify({ private: true, type: "module" }));

/** Runs a script beside the installed package, as a user would, and gives what it prints. It has to end by itself. */
function run(script, file = "script.mjs") {
  writeFileSync(join(home, file), script.replaceAll("PACKAGE", name));
  return execFileSync(process.execPath, [file], { cwd: home, encoding: "utf8", timeout: 30_000, stdio: ["ignore", "pipe", "pipe"] });
}

function npm(cwd, ...args) {
  return execFileSync("npm", [...args, "--no-audit", "--no-fund", "--offline"], {
    cwd, encoding: "utf8", shell: process.platform === "win32", stdio: ["ignore", "pipe", "pipe"],
  });
}

/** The first JavaScript example of a page, exactly as it stands there. */
function example(page) {
  const path = join(project, page);
  return existsSync(path) ? /^```js\n([^]*?)^```/m.exec(readFileSync(path, "utf8"))?.[1] : undefined;
}

const [{ filename, files }] = JSON.parse(npm(away, "pack", built, "--json"));
npm(home, "install", join(away, filename));

const checks = {
  "the package holds its code, its types, its page and its licence, and no sources": () => {
    const packed = files.map(file => file.path);
    for (const file of ["package.json", "README.md", "LICENSE"]) assert(packed.includes(file), file);
    for (const kind of [".js", ".d.ts", "_bg.wasm"]) assert(packed.some(file => file.endsWith(kind)), kind);
    assert.deepEqual(packed.filter(file => /\.(rs|toml|map)$/.test(file)), []);
  },
  "its package.json says what it is": () => {
    const about = JSON.parse(readFileSync(join(home, "node_modules", name, "package.json"), "utf8"));
    assert.equal(about.license, "MIT OR Apache-2.0");
    assert.match(about.description, /AI agents/);
    assert(existsSync(join(home, "node_modules", name, about.types)));
    assert.deepEqual(about.dependencies ?? {}, {});
  },
  "its types carry the names of the contract": () => {
    const { types } = JSON.parse(readFileSync(join(home, "node_modules", name, "package.json"), "utf8"));
    const declared = readFileSync(join(home, "node_modules", name, types), "utf8");
    assert.match(declared, /^export function agent\(options: AgentOptions\): Agent;/m);
    assert.match(declared, /^export function simulate\(options: SimulateOptions\): SimulateResult;/m);
    const names = "Agent AgentOptions ApprovalRequest Approver AttemptContext BreakerPolicy Clock Decision FailureClass GuardPolicy " +
      "Message Model ModelReply RetryPolicy RunResult StopReason Tool ToolCall TraceEntry";
    for (const type of names.split(" ")) assert.match(declared, new RegExp(`^export (interface|type) ${type}\\b`, "m"), type);
  },
  "imported, it simulates with the same trace as Rust": () => {
    const golden = readFileSync(join(project, "tests/golden/hashes.txt"), "utf8").trim().split("\n").map(line => line.split(" "));
    const printed = run(`import { simulate } from "PACKAGE";
      const golden = ${JSON.stringify(golden)};
      console.log(JSON.stringify(golden.map(([scenario, seed]) => simulate({ scenario, seed }).hash)));`);
    assert.deepEqual(JSON.parse(printed), golden.map(([, , hash]) => hash));
  },
  "required, it is the same": () => {
    const printed = run(`const { simulate } = require("PACKAGE"); console.log(simulate({ scenario: "flaky" }).answer);`, "script.cjs");
    assert.equal(printed.trim(), "17 * 23 = 391.");
  },
  "an agent survives a flaky model, asks before it sends, and the process ends with it": () => {
    const before = Date.now();
    const printed = run(`import { agent } from "PACKAGE";
      let tries = 0;
      const sent = [];
      const model = async messages => {
        if (++tries <= 2) throw Object.assign(new Error("503"), { name: "TransientError" });
        const results = messages.filter(message => message.role === "tool").length;
        if (results === 0) return { toolCalls: [{ id: "a", tool: "multiply", args: { b: 23, a: 17 } }] };
        if (results === 1) return { toolCalls: [{ id: "b", tool: "send_email", args: { body: messages.at(-1).content } }] };
        return { text: messages.at(-2).content || messages.at(-1).content };
      };
      const tools = {
        multiply: { run: ({ a, b }) => a * b },
        send_email: { risky: true, run: mail => { sent.push(mail); return "sent"; } },
      };
      const approver = ({ tool, args }) => new Promise(yes => setTimeout(yes, 20, tool === "send_email" && args.body === "391"));
      const { answer, steps, blocked, degraded, stop } =
        await agent({ model, tools, approver, guard: { retry: { base: 5 } } }).run("What is 17 * 23? Mail it.");
      console.log(JSON.stringify({ answer, steps, blocked, degraded, stop, sent }));`);
    assert.deepEqual(JSON.parse(printed), {
      answer: "sent", steps: 3, blocked: [], degraded: false, stop: "answered", sent: [{ body: "391" }],
    });
    // Its timeouts (60 s for each attempt, ten minutes for the approval) must not keep Node waiting.
    assert(Date.now() - before < 10_000, "the process was kept alive");
  },
  "what fails after its time is up troubles nobody": () => {
    const printed = run(`import { agent } from "PACKAGE";
      const model = (messages, { signal }) => new Promise((_, fail) => setTimeout(fail, 60, new Error("too late")));
      const { stop } = await agent({ model, guard: { timeout: 20, retry: false } }).run("Are you there?");
      await new Promise(resolve => setTimeout(resolve, 100));
      console.log(stop);`);
    assert.equal(printed.trim(), "model_unavailable");
  },
  "misuse is a TypeError": () => {
    const printed = run(`import { agent, simulate } from "PACKAGE";
      for (const misuse of [() => agent({ model: 1 }), () => simulate({ scenario: "flakey" })])
        try { misuse(); } catch (error) { console.log(error instanceof TypeError, error.message); }`);
    assert.equal(printed.trim().split("\n").filter(line => line.startsWith("true ")).length, 2, printed);
  },
  "the example of README.md works when pasted": () => {
    const ours = readFileSync(join(project, "tests/readme/agent.mjs"), "utf8");
    assert.match(run(example("README.md") ?? ours, "readme.mjs"), /\b391\b/);
  },
  "the example of the package's own page works when pasted": () => {
    assert.match(run(example("crates/wasm/README.md"), "page.mjs"), /\b391\b/);
  },
};

let failed = 0;
try {
  for (const [what, check] of Object.entries(checks)) {
    try {
      check();
      console.log(`ok    ${what}`);
    } catch (error) {
      failed += 1;
      console.log(`FAIL  ${what}\n${error.stderr || error.message || error}`);
    }
  }
} finally {
  rmSync(away, { recursive: true, force: true });
}
console.log(`${Object.keys(checks).length - failed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
