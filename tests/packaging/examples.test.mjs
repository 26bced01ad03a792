// The package's examples, as somebody runs them who copied them out of it.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { fault, ok, providerServer } from "../provider-server/server.mjs";
import { NODES, project } from "./project.mjs";

const home = project("examples");
const inside = join(home, "node_modules/steadfast");
cpSync(join(inside, "examples"), home, { recursive: true });
symlinkSync(fileURLToPath(new URL("../sdks/node_modules/openai", import.meta.url)), join(home, "node_modules/openai"));
const entries = Object.keys(JSON.parse(readFileSync(join(inside, "package.json"), "utf8")).exports);

const started = new Set();
after(() => started.forEach(child => child.kill()));

/** Starts an example; `ended` has what it printed and how it ended. */
function start(file, { cwd = home, node = process.execPath, words = [], env = {} } = {}) {
  const child = spawn(node, [...words, file], { cwd, env: { ...process.env, NODE_TEST_CONTEXT: undefined, ...env } });
  started.add(child);
  const printed = { out: "", err: "" };
  child.stdout.on("data", text => { printed.out += text; });
  child.stderr.on("data", text => { printed.err += text; });
  const ended = new Promise(end => child.on("close", code => end({ code, ...printed })));
  return { child, ended, firstLine: () => new Promise(line => child.stdout.once("data", text => line(String(text).trim()))) };
}

test("every example is tested here", () => {
  const tested = ["approval-over-a-form", "hardened-agent.mjs", "openai-under-a-guard.mjs", "testing-your-agent.mjs"];
  assert.deepEqual(readdirSync(join(inside, "examples")).sort(), tested);
});

test("the hardened agent has at most 30 lines, and answers through an outage, a hang and an approval", async () => {
  assert(readFileSync(join(home, "hardened-agent.mjs"), "utf8").trimEnd().split("\n").length <= 30);
  const { code, out, err } = await start("hardened-agent.mjs").ended;
  assert.deepEqual([code, err], [0, ""]);
  const lines = out.split("\n");
  assert.deepEqual(lines.slice(0, 2), [
    'may send_mail run with {"text":"sunny in Paris","to":"ada@example.org"}? yes',
    "Paris: sunny in Paris. The mail is sent to ada@example.org. { steps: 3, stop: 'answered' }",
  ]);
  for (const sentence of ["Option 0 is left for option 1: both attempts failed.", "The attempt failed after", "the attempt is abandoned.", "A human said yes to exactly this call"]) {
    assert(out.includes(sentence), sentence);
  }
});

test("OpenAI's SDK answers through a 500 and a 429 that asks for a pause", async () => {
  const server = await providerServer();
  server.script([fault("http_500"), fault("rate_limited", { retryAfter: "1" }), ok("17 * 23 = 391.")]);
  const env = { OPENAI_BASE_URL: `${server.url}/v1`, OPENAI_API_KEY: "test" };
  const { code, out, err } = await start("openai-under-a-guard.mjs", { node: NODES.v22, env }).ended;
  assert.deepEqual([code, out], [0, "17 * 23 = 391.\n"], err);
  assert.equal(server.attempts(), 3);
  const [, second, third] = server.requests.map(({ at }) => at);
  assert(third - second >= 1_000, "the server's word was heeded");
  assert.match(err, /server_error/);

  // And what trying again cannot help is told at once.
  server.reset();
  server.script([fault("unauthorized")]);
  const refused = await start("openai-under-a-guard.mjs", { node: NODES.v22, env }).ended;
  assert.deepEqual([refused.code, server.attempts()], [1, 1]);
  assert.match(refused.out, /^AuthenticationError: 401/);
  await server.close();
});

test("an approval over a form: suspended in one process, resumed from others, paid once", async () => {
  const cwd = mkdtempSync(join(home, "form-"));
  cpSync(join(home, "approval-over-a-form"), cwd, { recursive: true });
  const asked = await start("ask.mjs", { cwd }).ended;
  assert.deepEqual([asked.code, asked.out], [0, 'Waiting for a yes: pay({"amount":120,"to":"Ada"}). pay is risky, so a human decides\n'], asked.err);
  const before = readFileSync(join(cwd, "run.snapshot.json"), "utf8");
  const [{ id, digest }] = JSON.parse(before).pending;
  const yes = async (form, fields) => {
    const response = await fetch(form, { method: "POST", body: new URLSearchParams({ id, digest, yes: "1", ...fields }) });
    return { status: response.status, text: await response.text() };
  };

  const forms = [start("form.mjs", { cwd }), start("form.mjs", { cwd })];
  const [form, other] = await Promise.all(forms.map(({ firstLine }) => firstLine()));
  assert.match(await (await fetch(form)).text(), /May <b>pay<\/b> run with <code>\{&#34;amount&#34;:120,&#34;to&#34;:&#34;Ada&#34;\}<\/code>\?/);

  // A yes to something else counts for nothing.
  assert.match((await yes(form, { digest: "of another page" })).text, /waits for a human/);
  // Two processes, two humans, one snapshot, and one of them says it twice.
  const answers = await Promise.all([yes(form), yes(other), yes(form)]);
  assert.deepEqual(answers.map(({ status }) => status), [200, 200, 200]);
  assert.equal(readFileSync(join(cwd, "payments.txt"), "utf8"), "120 to Ada\n");
  assert.match((await yes(other)).text, /Done: 120 paid to Ada/);
  assert.equal(readFileSync(join(cwd, "payments.txt"), "utf8"), "120 to Ada\n");
  for (const { child } of forms) child.kill();
});

test("a no over the form reaches the model, and nothing is paid", async () => {
  const cwd = mkdtempSync(join(home, "form-"));
  cpSync(join(home, "approval-over-a-form"), cwd, { recursive: true });
  await start("ask.mjs", { cwd }).ended;
  const { child, firstLine } = start("form.mjs", { cwd });
  const form = await firstLine();
  const [{ id }] = JSON.parse(readFileSync(join(cwd, "run.snapshot.json"), "utf8")).pending;
  const response = await fetch(form, { method: "POST", body: new URLSearchParams({ id, yes: "0", message: "<too much>" }) });
  assert.match(await response.text(), /&#60;too much&#62;/);
  assert.throws(() => readFileSync(join(cwd, "payments.txt")), { code: "ENOENT" });
  child.kill();
});

test("the tests of one's own agent pass", { skip: !entries.includes("./sim") && "steadfast/sim is not in this package" }, async () => {
  const { code, out } = await start("testing-your-agent.mjs", { words: ["--test"] }).ended;
  assert.equal(code, 0, out);
  assert.match(out, /^# pass 4$/m);
});
