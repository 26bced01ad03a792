// Builds the package from the modules that Cargo has built: `node build.js <steadfast_machines.wasm> <steadfast_runs.wasm>
// <steadfast_simulator.wasm>`. Called by `cargo xtask npm`, which puts wasm-bindgen and wasm-opt on the path and installs what package-lock.json names.
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
process.chdir(home);

/** What every host has since 2022. */
const FEATURES = ["bulk-memory", "nontrapping-float-to-int", "sign-ext", "mutable-globals", "multivalue", "reference-types"];

/** For the size that counts, the compressed one. Rust keeps nothing in the first kilobyte, where its stack ends; control flow made anew is
 *  shorter; and a function that is called once is larger compressed where it is called. */
const SMALL = ["--low-memory-unused", "--flatten", "--rereloop", "--one-caller-inline-max-function-size=35", "-Oz", "-Oz"];

/** The modules: whoever needs no agent does not load its runs. Without a `file` it is there as text only. */
const MODULES = {
  machines: { built: process.argv[2], file: "steadfast.wasm" },
  runs: { built: process.argv[3], file: "steadfast-agent.wasm" },
  simulator: { built: process.argv[4] },
};

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

/** Makes one module: `generated/<name>/`, with its bindings and itself as text. */
function bind(name, wasm, small) {
  const folder = join("generated", name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  program("wasm-bindgen", "--target", "bundler", "--out-name", name, "--out-dir", folder,
    "--remove-name-section", "--remove-producers-section", wasm);
  program("wasm-opt", ...SMALL, ...FEATURES.map(feature => `--enable-${feature}`), join(folder, `${name}_bg.wasm`), "-o", join(folder, "module.wasm"));
  // The bindings are what we instantiate with ourselves; their declarations lack the function for that.
  const declared = readFileSync(join(folder, `${name}.d.ts`), "utf8");
  writeFileSync(join(folder, `${name}_bg.d.ts`), `${declared}\nexport function __wbg_set_wasm(exports: unknown): void;\n`);
  if (small) writeFileSync(join(folder, `${name}_bg.js`), bindings(declared, join(folder, "module.wasm")));
  writeFileSync(join(folder, "module.js"), `export const text = "${packed(readFileSync(join(folder, "module.wasm")))}";\n`);
  writeFileSync(join(folder, "module.d.ts"), "export const text: string;\n");
}

/** Bytes as text, the most frequent as one character each: `src/bytes.ts` reads it. */
function packed(bytes) {
  const counts = new Array(256).fill(0);
  for (const byte of bytes) counts[byte] += 1;
  const often = [...counts.keys()].sort((one, other) => counts[other] - counts[one]);
  const characters = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)).filter(character => !'"<\\'.includes(character));
  const pair = (place, from) => characters[from + Math.floor(place / 92)] + characters[place % 92];
  const written = often.map((_, place) => (place < 90 ? characters[place] : pair(place - 90, 90)));
  const by = new Map(often.map((byte, place) => [byte, written[place]]));
  return [...often.map(byte => pair(byte, 0)), ...Array.from(bytes, byte => by.get(byte))].join("");
}

/** Bindings a third of the size of those that wasm-bindgen writes: most functions take and give numbers, and are what the module exports; the
 *  rest share one way to hand over a text. */
function bindings(declared, wasm) {
  const asked = WebAssembly.Module.imports(new WebAssembly.Module(readFileSync(wasm))).map(({ name }) => name);
  if (asked.join() !== "__wbindgen_init_externref_table") throw new Error(`${wasm} asks for more than its bindings have: ${asked.join(", ")}`);
  const functions = [...declared.matchAll(/^export function (\w+)\((.*)\): (.+);$/gm)].map(([, name, given, returned]) => ({
    name, texts: /: (string|Uint8Array)/.test(`${given}: ${returned}`), returns: ["string", "Uint8Array"].indexOf(returned) + 1,
  }));
  const plain = functions.filter(({ texts }) => !texts).map(({ name }) => name);
  const others = functions.filter(({ texts }) => texts);
  return [
    'import { textsOf } from "../../src/texts.js";',
    `export let ${functions.map(({ name }) => name).join(", ")};`,
    "export function __wbg_set_wasm(exports) {",
    `  ({ ${plain.join(", ")} } = exports);`,
    "  const text = textsOf(exports);",
    ...others.map(({ name, returns }) => `  ${name} = text(exports.${name}, ${returns});`),
    "}", "",
  ].join("\n");
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
  for (const [name, { file }] of Object.entries(MODULES)) if (file !== undefined) copyFileSync(join("generated", name, "module.wasm"), join("dist", file));
  for (const licence of ["LICENSE-MIT", "LICENSE-APACHE"]) copyFileSync(join("../../..", licence), licence);
}

const sources = readdirSync("src", { recursive: true }).filter(name => name.endsWith(".ts")).map(name => join("src", name));
const generated = Object.keys(MODULES).flatMap(name => ["module.wasm", `${name}_bg.js`].map(file => join("generated", name, file)));
for (const [name, { built, file }] of Object.entries(MODULES)) step(name, [built, "build.js"], () => bind(name, built, file !== undefined));
step("entries", [...generated, "build.js", "tsconfig.json", "rollup.config.js", "package-lock.json", ...sources.sort()], entries);
