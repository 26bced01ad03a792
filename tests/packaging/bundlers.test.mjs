// Under the bundlers: what they build runs in a real Chromium and in Node, and whoever wants `retry` alone gets no agent.

import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import esbuild from "esbuild";
import { build as viteBuild, createServer } from "vite";
import webpack from "webpack";
import { chromium, serve } from "./chromium.mjs";
import { expected } from "./proof.mjs";
import { project, run } from "./project.mjs";

const names = "agent, CircuitBreaker, guard, retry, TransientError";
const prove = `import { proof } from "./proof.mjs"; globalThis.outcome = proof({ ${names} });`;
const html = script => `<!doctype html><link rel="icon" href="data:,"><script type="module" src="${script}"></script>`;
const slim = (machines, runs) => `
  import { init, initAgent, ${names} } from "steadfast/slim";
  ${machines}
  ${runs}
  await init(machines);
  await initAgent(runs);
  ${prove}`;

const home = project("bundlers", {
  "whole.js": `import { ${names} } from "steadfast"; ${prove}`,
  "slim-vite.js": slim('import machines from "steadfast/steadfast.wasm?url";', 'import runs from "steadfast/steadfast-agent.wasm?url";'),
  "slim-import.js": slim('import machines from "steadfast/steadfast.wasm";', 'import runs from "steadfast/steadfast-agent.wasm";'),
  "slim-webpack.js": slim(
    'const machines = new URL("steadfast/steadfast.wasm", import.meta.url);', 'const runs = new URL("steadfast/steadfast-agent.wasm", import.meta.url);'),
  "worker.js": `import { ${names} } from "steadfast"; import { proof } from "./proof.mjs"; postMessage(await proof({ ${names} }));`,
  "in-worker.js": `globalThis.outcome = new Promise(tell => {
    new Worker(new URL("./worker.js", import.meta.url), { type: "module" }).onmessage = ({ data }) => tell(data);
  });`,
  "whole.html": html("/whole.js"),
  "slim.html": html("/slim-vite.js"),
  "in-worker.html": html("/in-worker.js"),
  "retry.js": 'import { retry } from "steadfast"; console.log(await retry(({ attempt }) => attempt));',
  "node.js": `import { ${names} } from "steadfast"; ${prove} console.log(JSON.stringify(await outcome));`,
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

const vite = (outDir, input, more = {}) => viteBuild({
  root: home, configFile: false, logLevel: "warn", base: "./", worker: { format: "es" },
  build: { outDir, emptyOutDir: false, target: "es2022", chunkSizeWarningLimit: 1_000, rollupOptions: { input, ...more } },
});
const packed = options => new Promise((done, fail) => {
  webpack({ mode: "production", context: home, performance: { hints: false }, ...options }, (error, stats) => {
    if (error || stats.hasErrors() || stats.hasWarnings()) fail(error ?? new Error(stats.toString()));
    else done();
  });
});

test("what Vite builds of it runs in Chromium: whole, slim, and in a worker", async () => {
  await vite("by-vite", ["whole.html", "slim.html", "in-worker.html"].map(name => join(home, name)));
  for (const name of ["whole", "slim", "in-worker"]) assert.deepEqual(await running.outcome(`${server.url}/by-vite/${name}.html`), expected, name);
});

test("Vite's server for development hands it to Chromium: whole, slim, and in a worker", async () => {
  const development = await createServer({ root: home, configFile: false, logLevel: "warn", server: { host: "127.0.0.1", port: 0 } });
  await development.listen();
  try {
    const { port } = development.httpServer.address();
    for (const name of ["whole", "slim", "in-worker"]) assert.deepEqual(await running.outcome(`http://127.0.0.1:${port}/${name}.html`), expected, name);
  } finally {
    await development.close();
  }
});

test("what esbuild builds of it runs in Chromium and in Node", async () => {
  const options = { absWorkingDir: home, bundle: true, minify: true, format: "esm", target: "es2022", loader: { ".wasm": "binary" }, logLevel: "warning" };
  await esbuild.build({ ...options, entryPoints: ["whole.js", "slim-import.js"], outdir: "by-esbuild" });
  for (const name of ["whole", "slim-import"]) {
    writeFileSync(join(home, `by-esbuild/${name}.html`), html(`./${name}.js`));
    assert.deepEqual(await running.outcome(`${server.url}/by-esbuild/${name}.html`), expected, name);
  }
  await esbuild.build({ ...options, entryPoints: ["node.js"], platform: "node", outfile: "by-esbuild/node.mjs" });
  assert.deepEqual(JSON.parse(run(home, process.execPath, "by-esbuild/node.mjs")), expected);
});

test("what webpack builds of it runs in Chromium and in Node", async () => {
  const path = join(home, "by-webpack");
  await packed({ entry: { whole: "./whole.js", slim: "./slim-webpack.js", worker: "./in-worker.js" }, output: { path, publicPath: "/by-webpack/" } });
  for (const name of ["whole", "slim", "worker"]) {
    writeFileSync(join(path, `${name}.html`), html(`./${name}.js`));
    assert.deepEqual(await running.outcome(`${server.url}/by-webpack/${name}.html`), expected, name);
  }
  await packed({ entry: "./node.js", target: "node20", output: { path, filename: "node.cjs" } });
  assert.deepEqual(JSON.parse(run(home, process.execPath, "by-webpack/node.cjs")), expected);
});

test("a bundle that uses only retry has the agent neither as its module nor as its driver, and is no larger than it has to be", async () => {
  const alone = join(home, "retry.js");
  await esbuild.build({ absWorkingDir: home, bundle: true, minify: true, format: "esm", entryPoints: ["retry.js"], outfile: "retry/by-esbuild.js" });
  await vite("retry", alone, { output: { entryFileNames: "by-vite.js" } });
  await packed({ entry: alone, output: { path: join(home, "retry"), filename: "by-webpack.js" } });

  // The modules stand in the default entry as text, the agent's is the longer one; what stands in the middle of it stands there only.
  const whole = readFileSync(join(home, "node_modules/steadfast/dist/esm/index.js"), "utf8");
  const texts = [...whole.matchAll(/"([^"]{50000,})"/g)].map(([, text]) => text).sort((one, other) => one.length - other.length);
  const [machines, runs] = texts.map(text => text.slice(text.length / 2, text.length / 2 + 400));
  assert(texts.length === 2 && !texts[0].includes(runs), "this would find the agent's module");
  assert.deepEqual(readdirSync(join(home, "retry")).sort(), ["by-esbuild.js", "by-vite.js", "by-webpack.js"]);
  const bundles = new Map(readdirSync(join(home, "retry")).map(name => [name, readFileSync(join(home, "retry", name), "utf8")]));
  const weight = name => gzipSync(bundles.get(name), { level: 9 }).length;
  for (const [name, bundle] of bundles) {
    console.log(`${name}: ${bundle.length} bytes, ${weight(name)} gzip`);
    assert(bundle.includes(machines), `${name} has the machines`);
    assert(!bundle.includes(runs), `${name} has the agent's module`);
    assert(!bundle.includes("steadfast/slim has no agent yet"), `${name} has the agent's driver`);
    // size.js holds esbuild's to a limit.
    assert(weight(name) <= weight("by-esbuild.js") * 1.02, `${name} is larger than it has to be`);
    writeFileSync(join(home, "run.mjs"), bundle);
    assert.equal(run(home, process.execPath, "run.mjs"), "1\n", name);
  }
});
