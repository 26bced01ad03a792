// The examples in the docs of the integrations: each compiles, strictly, against the types as they are packed, beside the SDK
// alone that it is for; and each runs as it stands, with models of the local server for its models.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { ok, providerServer } from "../../provider-server/server.mjs";

const sdks = fileURLToPath(new URL("../", import.meta.url));
const home = fileURLToPath(new URL("../../../crates/wasm/npm/", import.meta.url));
const sources = join(home, "src/integrations");
const tsc = join(home, "node_modules/typescript/bin/tsc");

/** What the examples leave to their readers: models that the server plays, and a tool's parts. */
const given = {
  "ai-sdk": `
    import { createAnthropic } from "@ai-sdk/anthropic";
    import { createOpenAI } from "@ai-sdk/openai";
    import { generateText as generate, wrapLanguageModel as wrap } from "ai";
    import { z } from "zod";
    const openai = createOpenAI({ baseURL: url, apiKey: "test" });
    const anthropic = createAnthropic({ baseURL: url, apiKey: "test" });
    const inputSchema = z.object({ to: z.string() });
    const sendEmail = async ({ to }: { to: string }) => "sent to " + to;
    void [generate, wrap, anthropic, inputSchema, sendEmail];`,
  "openai-agents": `
    import { setTracingDisabled } from "@openai/agents";
    import { z } from "zod";
    setTracingDisabled(true);
    process.env["OPENAI_API_KEY"] = "test";
    process.env["OPENAI_BASE_URL"] = url;
    const parameters = z.object({ to: z.string() });
    const send = async ({ to }: { to: string }) => "sent to " + to;
    void [parameters, send];`,
  langchain: `
    import { ChatOpenAI as Chat } from "@langchain/openai";
    import { tool } from "langchain";
    import { z } from "zod";
    class ChatOpenAI extends Chat { constructor(fields: object) { super({ ...fields, apiKey: "test", configuration: { baseURL: url } }); } }
    const sendEmail = tool(async ({ to }: { to: string }) => "sent to " + to, { name: "send_email", description: "Sends an e-mail.", schema: z.object({ to: z.string() }) });`,
  otel: "",
};
/** What is to be seen of each. */
const shown = {
  "ai-sdk": ["text", "send_email.execute"],
  "openai-agents": ["result.finalOutput", "sendEmail.name"],
  langchain: ["(await agent.invoke({ messages: [{ role: 'user', content: 'Is it sunny?' }] })).messages.at(-1)?.text"],
  otel: ["await model.call(() => 'called').finally(stop)"],
};

const examples = Object.keys(given).flatMap(entry => {
  const found = readFileSync(join(sources, `${entry}.ts`), "utf8").matchAll(/^ \* @example\n((?: \*.*\n)+?) \*\//gm);
  return [...found].map(([, text], index) => ({ entry, index, text: text.replace(/^ \* ?/gm, "") }));
});

let server, folder;
before(async () => {
  server = await providerServer();
  server.otherwise = ok("It is sunny.");
  folder = mkdtempSync(join(sdks, ".examples-"));
});
after(async () => {
  rmSync(folder, { recursive: true, force: true });
  await server.close();
});

/** An example as a module that says what it is to show. */
function moduleOf({ entry, index, text }) {
  const model = entry === "ai-sdk" && index === 1 ? 'const model = openai("test");' : "";
  return `const url: string = ${JSON.stringify(`${server.url}/v1`)};\n${given[entry]}\n${model}\n${text}\nexport const shown: unknown = ${shown[entry][index]};\n`;
}

const strict = { strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, target: "es2022", lib: ["es2023", "dom", "dom.iterable"] };

function compile(where, options, files) {
  writeFileSync(join(where, "tsconfig.json"), JSON.stringify({ compilerOptions: { ...strict, ...options }, files }));
  try {
    execFileSync(process.execPath, [tsc, "-p", where], { encoding: "utf8" });
  } catch (error) {
    assert.fail(error.stdout);
  }
}

test("every function of an integration has an example", () => {
  assert.deepEqual(examples.map(({ entry }) => entry), ["ai-sdk", "ai-sdk", "openai-agents", "openai-agents", "langchain", "otel"]);
  assert.equal(Object.values(shown).flat().length, examples.length);
  const entries = readdirSync(sources).map(name => name.slice(0, -3)).filter(name => !["hosts", "streaming", "tools"].includes(name));
  assert.deepEqual(entries.sort(), Object.keys(given).sort());
});

test("the examples compile, as ES modules of Node's and for a bundler, and run", async () => {
  const files = examples.map(({ entry, index }) => `${entry}-${index}.mts`);
  examples.forEach((example, place) => writeFileSync(join(folder, files[place]), moduleOf(example)));
  compile(folder, { module: "preserve", moduleResolution: "bundler", skipLibCheck: true, noEmit: true, types: ["node"], typeRoots: [join(home, "node_modules/@types"), join(sdks, "node_modules/@types")] }, files);
  compile(folder, { module: "node16", skipLibCheck: true, types: ["node"], typeRoots: [join(home, "node_modules/@types"), join(sdks, "node_modules/@types")] }, files);
  const seen = [];
  globalThis.AI_SDK_LOG_WARNINGS = false;
  for (const file of files) seen.push((await import(pathToFileURL(join(folder, file.replace(".mts", ".mjs"))).href)).shown);
  const [text, execute, finalOutput, name, answer, called] = seen;
  assert.deepEqual([text, typeof execute, finalOutput, name, answer, called], ["It is sunny.", "function", "It is sunny.", "send_email", "It is sunny.", "called"]);
});

test("whoever has no SDK has the types of everything else, checked to the last library", () => {
  const alone = join(folder, "alone");
  mkdirSync(join(alone, "node_modules"), { recursive: true });
  symlinkSync(join(sdks, "node_modules/steadfast"), join(alone, "node_modules/steadfast"));
  const text = 'import { guard, type Guard } from "steadfast";\nimport { init } from "steadfast/slim";\nexport const one: Guard = guard({ timeout: 1000 });\nvoid init;\n';
  for (const name of ["one.mts", "two.cts"]) writeFileSync(join(alone, name), text);
  compile(alone, { module: "node16", noEmit: true, preserveSymlinks: true, types: [] }, ["one.mts", "two.cts"]);
});

test("the types are there for CommonJS too", () => {
  const text = `
    import { guard } from "steadfast";
    import { guardMiddleware, guardTool } from "steadfast/ai-sdk";
    import { guardModel } from "steadfast/openai-agents";
    import { guardMiddleware as agents } from "steadfast/langchain";
    import { traceDecisions } from "steadfast/otel";
    export const version: string | undefined = guardMiddleware(guard()).specificationVersion;
    export const name: string = agents({ model: guard() }).name;
    // @ts-expect-error: it has no such option
    guardMiddleware(guard(), { fallback: [] });
    // @ts-expect-error: a model is no string
    guardModel("gpt-5", guard());
    // @ts-expect-error: there is no such effect
    guardTool("t", { execute: () => 1 }, { effect: "twice" });
    // @ts-expect-error: a provider is to be named
    traceDecisions(guard(), {});`;
  writeFileSync(join(folder, "common.cts"), text);
  compile(folder, { module: "node16", skipLibCheck: true, noEmit: true, types: [] }, ["common.cts"]);
});

test("each entry is there for require too, and knows the guards of the entry beside it", () => {
  const script = `
    const { guard } = require("steadfast");
    const names = entry => Object.keys(require("steadfast/" + entry)).sort();
    console.log(JSON.stringify(["ai-sdk", "openai-agents", "langchain", "otel"].map(names)));
    console.log(require("steadfast/ai-sdk").guardMiddleware(guard()).specificationVersion, typeof require("steadfast/otel").traceDecisions(guard(), { provider: "openai" }));`;
  const lines = execFileSync(process.execPath, ["-e", script], { cwd: sdks, encoding: "utf8" }).trim().split("\n");
  assert.deepEqual(JSON.parse(lines[0]), [
    ["ToolOutcomeUnknown", "guardMiddleware", "guardTool"], ["ToolOutcomeUnknown", "guardModel", "guardTool"],
    ["ToolOutcomeUnknown", "guardMiddleware"], ["traceDecisions"],
  ]);
  assert.equal(lines[1], "v4 function");
});

test("the main entry loads nothing of an integration, and an integration nothing of an SDK that is not its own", () => {
  const dist = join(sdks, "node_modules/steadfast/dist/esm");
  const imports = name => [...readFileSync(join(dist, name), "utf8").matchAll(/(?:^|[;}])(?:import|export)\b[^";]*"([^"]+)"/g)].map(([, from]) => from);
  const reached = (name, seen = new Set()) => {
    for (const from of imports(name)) {
      if (seen.has(from)) continue;
      seen.add(from);
      if (from.startsWith("./")) reached(from.slice(2), seen);
    }
    return [...seen].sort();
  };
  assert.deepEqual(reached("index.js"), ["./agent.js", "./core.js"]);
  assert.deepEqual(reached("ai-sdk.js").filter(from => !from.startsWith("./")), []);
  assert.deepEqual(reached("openai-agents.js").filter(from => !from.startsWith("./")), []);
  assert.deepEqual(reached("langchain.js").filter(from => !from.startsWith("./")), ["langchain"]);
  assert.deepEqual(reached("otel.js").filter(from => !from.startsWith("./")), ["@opentelemetry/api"]);
});
