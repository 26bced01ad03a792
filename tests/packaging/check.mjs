// Ships what was tested: packs the npm package, and has the tests of this folder install it in fresh projects and use it there.
//
//   cargo xtask test --only package            builds it before, and sees to it that everything is here
//   node tests/packaging/check.mjs [test ...]  of these tests only: node, types, bundlers, browser, runtimes, manifest, ...
//
// No network is needed: the package has no dependencies, and what it is tried with stands in this folder's lock file.

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { complain } from "./missing.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const home = join(here, "../../crates/wasm/npm");
complain();

const tests = readdirSync(here).filter(name => name.endsWith(".test.mjs"));
const asked = process.argv.slice(2).map(name => `${name}.test.mjs`);
const unknown = asked.find(name => !tests.includes(name));
if (unknown !== undefined) {
  console.error(`There is no ${unknown} here; there are ${tests.join(", ")}.`);
  process.exit(2);
}

const away = mkdtempSync(join(tmpdir(), "steadfast-packaging-"));
let status = 1;
try {
  const packed = execFileSync("npm", ["pack", "--json", "--pack-destination", away], { cwd: home, encoding: "utf8", shell: process.platform === "win32" });
  const [{ filename }] = JSON.parse(packed);
  const environment = { ...process.env, STEADFAST_ARCHIVE: join(away, filename), STEADFAST_PROJECTS: away };
  ({ status } = spawnSync(process.execPath, ["--test", "--test-reporter=spec", ...(asked.length > 0 ? asked : tests)], { cwd: here, stdio: "inherit", env: environment }));
} finally {
  rmSync(away, { recursive: true, force: true });
}
process.exit(status ?? 1);
