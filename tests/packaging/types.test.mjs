// For TypeScript, strictly and with the package's own declarations checked too, as each kind of project resolves them.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { installed, project, run } from "./project.mjs";

const usage = `
export async function use(task: string): Promise<string> {
  const model: Model = (messages, { signal, tools }) => {
    if (signal.aborted || !("multiply" in tools)) return { text: "never mind" };
    const last = messages.at(-1);
    return last?.role === "tool" ? { text: last.content } : { toolCalls: [{ id: "a", tool: "multiply", args: { a: 17, b: 23 } }] };
  };
  const breaker = new CircuitBreaker({ consecutive: 3, window: null });
  const policy: GuardPolicy = { timeout: 1_000, retry: { attempts: 2, jitter: "equal" }, breaker };
  const guarded: string = await guard(policy).call(({ attempt, remaining }) => \`\${attempt} \${remaining}\`, { fallbacks: [async () => "b"] });
  const tried: number = await retry(async ({ attempt }) => attempt, { base: 1 });
  const failed = await breaker.call<number>(() => { throw new TransientError("busy", { retryAfter: 5 }); })
    .catch((error: unknown) => (error instanceof CircuitOpen ? error.retryAt : classify(error).class));
  const run: RunResult = await agent({ model, tools: { multiply: { run: ({ a, b }: { a: number; b: number }) => a * b } } }).run(task);
  const stop: StopReason = run.stop;
  const wrapped: typeof fetch = guard().fetch;
  return [guarded, tried, failed, run.answer, stop, typeof wrapped].join(", ");
}
use("What is 17 * 23?").then(printed => console.log(printed));
`;
const whole = `
import { agent, CircuitBreaker, CircuitOpen, classify, guard, retry, TransientError } from "steadfast";
import type { GuardPolicy, Model, RunResult, StopReason } from "steadfast";${usage}`;
const slim = `
import { init, initAgent, agent, CircuitBreaker, CircuitOpen, classify, guard, retry, TransientError } from "steadfast/slim";
import type { GuardPolicy, Model, RunResult, StopReason } from "steadfast/slim";
export const begin = async (bytes: Uint8Array<ArrayBuffer>) => { await init(bytes); await initAgent(bytes); };${usage.replace(/^use\(.*$/m, "")}`;
// An option that is none, a class that is none: declarations that let anything pass would be worth nothing.
const wrong = `
import { classify, guard } from "steadfast";
// @ts-expect-error: there is no such option
guard({ timeouts: 1 });
// @ts-expect-error: a closed set
classify(new Error()).class === "flaky";`;

const strict = {
  strict: true, skipLibCheck: false, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, target: "es2022", outDir: "out",
  rootDir: ".", typeRoots: [installed("@types")],
};
const BROWSER = { lib: ["es2022", "dom"], types: [] };
const NODE = { lib: ["es2022"], types: ["node"] };
const kinds = {
  "a bundler": { files: ["whole.ts", "slim.ts", "wrong.ts"], options: { module: "esnext", moduleResolution: "bundler", ...BROWSER } },
  "Node's ES modules": { files: ["whole.mts", "slim.mts", "wrong.mts"], options: { module: "node16", moduleResolution: "node16", ...BROWSER }, runs: "whole.mjs" },
  "Node's CommonJS": { files: ["whole.cts", "slim.cts", "wrong.cts"], options: { module: "node16", moduleResolution: "node16", ...BROWSER }, runs: "whole.cjs" },
  "Node's own types, without a browser's": { files: ["whole.mts", "slim.mts"], options: { module: "node16", moduleResolution: "node16", ...NODE }, runs: "whole.mjs" },
  "the resolution of old, which knows no exports": { files: ["whole.cts", "slim.cts"], options: { module: "commonjs", moduleResolution: "node10", ...BROWSER }, runs: "whole.cjs" },
};

const home = project("types");
for (const [kind, { files, options, runs }] of Object.entries(kinds)) {
  test(`TypeScript compiles for ${kind}`, () => {
    const texts = { whole, slim, wrong };
    for (const file of files) writeFileSync(join(home, file), texts[file.split(".")[0]]);
    writeFileSync(join(home, "tsconfig.json"), JSON.stringify({ compilerOptions: { ...strict, ...options }, files }));
    try {
      run(home, process.execPath, installed("typescript/bin/tsc"), "-p", ".");
    } catch (error) {
      assert.fail(error.stdout);
    }
    if (runs) assert.equal(run(home, process.execPath, `out/${runs}`), "1 Infinity, 1, server_error, 391, answered, function\n");
  });
}
