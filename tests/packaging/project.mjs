// Projects of users: an empty folder far from this one, with the packed package installed.

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const { STEADFAST_ARCHIVE: archive, STEADFAST_PROJECTS: away } = process.env;
if (archive === undefined || away === undefined) throw new Error("Run these by: node tests/packaging/check.mjs");

export { archive };
/** What is installed for these tests. */
export const installed = path => join(here, "node_modules", path);
/** The Node that runs this, 20 in the project's own tests, and the next one that is supported for long. */
export const NODES = { [process.version]: process.execPath, v22: installed("node/bin/node") };

/** Makes a project of these files, and installs the package there from its archive alone. */
export function project(name, files = {}) {
  const home = mkdtempSync(join(away, `${name}-`));
  const written = { "package.json": JSON.stringify({ private: true, type: "module" }), ...files };
  for (const [path, text] of Object.entries(written)) {
    mkdirSync(dirname(join(home, path)), { recursive: true });
    writeFileSync(join(home, path), text);
  }
  cpSync(join(here, "proof.mjs"), join(home, "proof.mjs"));
  run(home, "npm", "install", archive, "--offline", "--no-audit", "--no-fund");
  return home;
}

/** Runs a program there and gives what it prints. It has to end by itself. */
export function run(home, program, ...words) {
  return execFileSync(program, words, {
    cwd: home, encoding: "utf8", timeout: 120_000, stdio: ["ignore", "pipe", "pipe"], shell: process.platform === "win32",
    env: { ...process.env, NODE_OPTIONS: undefined, NODE_TEST_CONTEXT: undefined, DENO_DIR: join(away, "deno"), DENO_NO_UPDATE_CHECK: "1" },
  });
}
