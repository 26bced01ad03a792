// Builds the package from the machines that Cargo has built: `node build.js <steadfast_machines.wasm>`. Called by
// `cargo xtask npm`, which puts wasm-bindgen and wasm-opt on the path and installs what package-lock.json names.
//
// wasm-bindgen makes the bindings, wasm-opt a small module, TypeScript the declarations and JavaScript, Rollup the entries.
// A step whose inputs are what they were is left out.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { transformSync } from "esbuild";

const home = fileURLToPath(new URL(".", import.meta.url));
const built = process.argv[2];
process.chdir(home);

/** What every host has since 2022. */
const FEATURES = ["bulk-memory", "nontrapping-float-to-int", "sign-ext", "mutable-globals", "multivalue", "reference-types"];

/** Runs a step unless the files it is made from are those of its last run. */
function step(name, inputs, make) {
  const hash = createHash("sha256");
  for (const input of inputs) hash.update(input).update("\0").update(readFileSync(input)).update("\0");
  const [stamp, now] = [join("build", `${name}.stamp`), hash.digest("hex")];
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === now) return;
  console.log(`${name} ...`);
  rmSync(stamp, { force: true });
  make();
  mkdirSync("build", { recursive: true });
  writeFileSync(stamp, now);
}

function program(name, ...args) {
  execFileSync(name, args, { stdio: "inherit", shell: process.platform === "win32" });
}

function tool(name, ...args) {
  execFileSync(process.execPath, [join("node_modules", name), ...args], { stdio: "inherit" });
}

function machines() {
  rmSync("generated", { recursive: true, force: true });
  mkdirSync("generated");
  program("wasm-bindgen", "--target", "bundler", "--out-name", "machines", "--out-dir", "generated",
    "--remove-name-section", "--remove-producers-section", built);
  program("wasm-opt", "-Oz", ...FEATURES.map(feature => `--enable-${feature}`), "generated/machines_bg.wasm", "-o", "generated/steadfast.wasm");
  // The bindings are what we instantiate with ourselves; their declarations lack the function for that.
  const declared = readFileSync("generated/machines.d.ts", "utf8");
  writeFileSync("generated/machines_bg.d.ts", `${declared}\nexport function __wbg_set_wasm(exports: unknown): void;\n`);
  writeFileSync("generated/module.js", `export const text = "${readFileSync("generated/steadfast.wasm").toString("base64")}";\n`);
  writeFileSync("generated/module.d.ts", "export const text: string;\n");
}

function entries() {
  for (const made of ["dist", "build/js", "build/types"]) rmSync(made, { recursive: true, force: true });
  tool("typescript/bin/tsc", "-p", "tsconfig.json");
  cpSync("generated", "build/js/generated", { recursive: true, filter: path => !/\.(wasm|ts)$/.test(path) });
  tool("rollup/dist/bin/rollup", "-c", "rollup.config.js", "--silent");
  for (const format of ["esm", "cjs"]) {
    // Comments and blanks go, names stay: a stack is still to be read.
    for (const name of readdirSync(`dist/${format}`).filter(name => name.endsWith(".js"))) {
      const { code } = transformSync(readFileSync(`dist/${format}/${name}`, "utf8"), { minifyWhitespace: true, minifySyntax: true, target: "es2022" });
      writeFileSync(`dist/${format}/${name}`, code);
    }
  }
  for (const format of ["esm", "cjs"]) cpSync("build/types/src", `dist/${format}/types`, { recursive: true });
  writeFileSync("dist/cjs/package.json", '{ "type": "commonjs" }\n');
  copyFileSync("generated/steadfast.wasm", "dist/steadfast.wasm");
  for (const licence of ["LICENSE-MIT", "LICENSE-APACHE"]) copyFileSync(join("../../..", licence), licence);
}

const sources = readdirSync("src", { recursive: true }).filter(name => name.endsWith(".ts")).map(name => join("src", name));
step("machines", [built, "build.js"], machines);
step("entries", ["generated/steadfast.wasm", "generated/machines_bg.js", "build.js", "tsconfig.json", "rollup.config.js", "package-lock.json", ...sources.sort()], entries);
