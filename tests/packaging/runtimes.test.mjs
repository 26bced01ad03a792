// In Deno and in Bun, which take the package as npm installs it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { expected } from "./proof.mjs";
import { installed, project, run } from "./project.mjs";

const print = "console.log(JSON.stringify(await proof(steadfast)));";
const home = project("runtimes", {
  "whole.mjs": `import * as steadfast from "steadfast"; import { proof } from "./proof.mjs"; ${print}`,
  "slim.mjs": `
    import { readFile } from "node:fs/promises";
    import * as steadfast from "steadfast/slim";
    import { proof } from "./proof.mjs";
    const bytes = name => readFile(new URL(import.meta.resolve(\`steadfast/\${name}.wasm\`)));
    await steadfast.init(await bytes("steadfast"));
    await steadfast.initAgent(await bytes("steadfast-agent"));
    ${print}`,
});
const runtimes = {
  Deno: [installed(".bin/deno"), "run", "--cached-only", "--no-prompt", "--allow-read=."],
  Bun: [installed(".bin/bun"), "run"],
};

for (const [name, [program, ...words]] of Object.entries(runtimes)) {
  for (const script of ["whole.mjs", "slim.mjs"]) {
    test(`${name} runs ${script}`, () => assert.deepEqual(JSON.parse(run(home, program, ...words, script)), expected));
  }
}
