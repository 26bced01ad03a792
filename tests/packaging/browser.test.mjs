// In a real Chromium without a bundler, as a page and in a web worker.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { chromium, serve } from "./chromium.mjs";
import { expected } from "./proof.mjs";
import { project } from "./project.mjs";

const PACKAGE = "/node_modules/steadfast/dist";
const slim = `
  import * as steadfast from "${PACKAGE}/esm/slim.js";
  import { proof } from "./proof.mjs";
  await Promise.all([steadfast.init("${PACKAGE}/steadfast.wasm"), steadfast.initAgent(fetch("${PACKAGE}/steadfast-agent.wasm"))]);`;
const page = script => `<!doctype html><link rel="icon" href="data:,"><script type="module">${script}</script>`;

const home = project("browser", {
  "whole.html": `<!doctype html><link rel="icon" href="data:,">
    <script type="importmap">{ "imports": { "steadfast": "${PACKAGE}/esm/index.js" } }</script>
    <script type="module">
      import * as steadfast from "steadfast";
      import { proof } from "./proof.mjs";
      globalThis.outcome = proof(steadfast);
    </script>`,
  "slim.html": page(`${slim} globalThis.outcome = proof(steadfast);`),
  "worker.html": page("globalThis.outcome = new Promise((tell, fail) => Object.assign(new Worker('./worker.js', { type: 'module' }), { onmessage: ({ data }) => tell(data), onerror: ({ message }) => fail(new Error(message)) }));"),
  "worker.js": `import * as steadfast from "${PACKAGE}/esm/index.js"; import { proof } from "./proof.mjs"; postMessage(await proof(steadfast));`,
  "slim-worker.html": page("globalThis.outcome = new Promise((tell, fail) => Object.assign(new Worker('./slim-worker.js', { type: 'module' }), { onmessage: ({ data }) => tell(data), onerror: ({ message }) => fail(new Error(message)) }));"),
  "slim-worker.js": `${slim} postMessage(await proof(steadfast));`,
});

let server, running;
before(async () => {
  server = await serve(home);
  running = await chromium();
});
after(async () => {
  await running?.close();
  await server?.close();
});

for (const [what, file] of Object.entries({
  "a page imports it by an import map": "whole.html",
  "a page fetches slim's modules from its server": "slim.html",
  "a web worker imports it": "worker.html",
  "a web worker fetches slim's modules": "slim-worker.html",
})) {
  test(`in Chromium ${what}`, async () => assert.deepEqual(await running.outcome(`${server.url}/${file}`), expected));
}
