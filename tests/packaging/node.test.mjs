// In Node, as ES modules and as CommonJS, whole and slim.

import assert from "node:assert/strict";
import { test } from "node:test";
import { expected } from "./proof.mjs";
import { NODES, project, run } from "./project.mjs";

const print = 'proof(steadfast).then(result => console.log(JSON.stringify(result)));';
const programs = {
  "whole.mjs": `
    import * as steadfast from "steadfast";
    import { proof } from "./proof.mjs";
    ${print}`,
  "slim.mjs": `
    import { readFileSync } from "node:fs";
    import * as steadfast from "steadfast/slim";
    import { proof } from "./proof.mjs";
    const bytes = name => readFileSync(new URL(import.meta.resolve(\`steadfast/\${name}.wasm\`)));
    await steadfast.init(bytes("steadfast"));
    await steadfast.initAgent(bytes("steadfast-agent"));
    ${print}`,
  "whole.cjs": `
    const steadfast = require("steadfast");
    import("./proof.mjs").then(({ proof }) => ${print.slice(0, -1)});`,
  "slim.cjs": `
    const { readFileSync } = require("node:fs");
    const steadfast = require("steadfast/slim");
    const bytes = name => readFileSync(require.resolve(\`steadfast/\${name}.wasm\`));
    steadfast.initSync(bytes("steadfast"));
    steadfast.initAgentSync(bytes("steadfast-agent"));
    import("./proof.mjs").then(({ proof }) => ${print.slice(0, -1)});`,
};
const home = project("node", programs);

for (const [version, node] of Object.entries(NODES)) {
  for (const name of Object.keys(programs)) {
    test(`Node ${version} runs ${name}, and ends by itself`, () => {
      const before = Date.now();
      assert.deepEqual(JSON.parse(run(home, node, name)), expected);
      // Timeouts (60 s for an attempt, ten minutes for an approval) must not keep the process waiting.
      assert(Date.now() - before < 15_000, "the process was kept alive");
    });
  }
}

test("the Node beside the one that runs this is 22", () => assert.match(run(home, NODES.v22, "--version"), /^v22\./));
