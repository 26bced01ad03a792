// The generated pages of the API: no warning, every entry, every export.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { installed, project, run } from "./project.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const home = project("pages");
const inside = join(home, "node_modules/steadfast");
const { exports } = JSON.parse(readFileSync(join(inside, "package.json"), "utf8"));
const options = JSON.parse(readFileSync(join(here, "typedoc.json"), "utf8"));

test("the pages are built without a warning, and have every export of every entry", () => {
  const out = join(home, "pages");
  run(here, process.execPath, installed("typedoc/bin/typedoc"), "--out", out, "--logLevel", "Warn");
  assert.deepEqual([options.treatWarningsAsErrors, options.treatValidationWarningsAsErrors], [true, true]);
  const kinds = ["functions", "classes", "variables"];
  const isThere = (module, name) => kinds.some(kind => existsSync(join(out, kind, `${module}.${name}.html`)));
  for (const entry of Object.values(entries())) {
    const names = exported(entry);
    assert.notEqual(names.length, 0, entry);
    // What entries share has its page where it was met first.
    assert.deepEqual(names.filter(name => !Object.keys(entries()).some(module => isThere(module, name))), [], entry);
  }
});

test("the pages are those of every entry", () => {
  assert.deepEqual(Object.values(entries()).sort(), Object.keys(exports).filter(entry => !/\.(wasm|json)$/.test(entry)).sort());
});

/** Each entry by what its pages' names begin with. */
function entries() {
  return Object.fromEntries(options.entryPoints.map(path => {
    const [, folder = "", name] = /src\/(integrations\/)?([\w-]+)(?:\/index)?\.ts$/.exec(path);
    return [`${folder.replace("/", "_")}${name}`, name === "index" ? "." : `./${name}`];
  }));
}

/** The names that an entry exports, read and not run: some entries want an SDK beside them. */
function exported(entry) {
  const code = readFileSync(join(inside, exports[entry].require.default), "utf8");
  return [...code.matchAll(/\bexports\.(\w+)=/g)].map(([, name]) => name);
}
