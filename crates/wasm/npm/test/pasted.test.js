// The code that the playground offers to paste, as it is written: `pasted/` holds what the page shows, and a test of the playground
// keeps it so.
import assert from "node:assert/strict";
import { test } from "node:test";
import { call, entries } from "./support/agents.js";
import { assistant as plain } from "./pasted/plain.js";
import { assistant as strange } from "./pasted/strange.js";

const of = (result, what) => entries(result, what).map(({ why }) => why);

test("pasted settings of a simulated agent are taken and hold", async () => {
  const asked = [];
  const tools = { multiply: ({ a, b }) => a * b, send_email: () => "sent" };
  const wants = [call("multiply", { a: 17, b: 23 }), call("send_email", { to: "ana@example.com" }), { text: "391, and told." }];
  const model = messages => wants[messages.filter(({ role }) => role === "assistant").length];
  const result = await plain(model, tools, ({ tool, expiresAt }) => { asked.push([tool, expiresAt]); return true; }).run("What is 17 * 23? Mail it.");
  assert.deepEqual([result.answer, result.degraded, asked.length, asked[0][0]], ["391, and told.", false, 1, "send_email"]);
  assert.deepEqual(of(result, "step_started").map(({ of: most }) => most), [8, 8, 8]);
  // The model's timeout is 4 s; that of the tools 10 s.
  const limits = entries(result, "attempt_started").map(({ at, why }) => Math.round(why.until - at));
  assert.deepEqual(limits, [4_000, 10_000, 4_000, 10_000, 4_000]);
  assert.deepEqual(Math.round(asked[0][1] - entries(result, "approval_asked")[0].at), 600_000);
});

test("pasted settings of which none is the default are taken and hold", async () => {
  const model = () => ({ text: "done", usage: { inputTokens: 10, outputTokens: 1 } });
  const tools = { status: () => "up", pay: () => "paid", 'file "x"': () => "filed" };
  const result = await strange(model, tools, () => false, { pay: () => "unknown" }).run("Pay.");
  assert.deepEqual([result.answer, result.degraded], ["done", false]);
  assert.deepEqual(of(result, "step_started").map(({ of: most }) => most), [1_450]);
  const [{ at, why }] = entries(result, "attempt_started");
  // Without a timeout the call's deadline of 45 s is the limit.
  assert.deepEqual([Math.round(why.until - at), why.scope], [45_000, "call"]);
});

test("pasted safe message answers a run that may not think at all", async () => {
  const stuck = () => call("status", {});
  const tools = { status: () => "up", pay: () => "paid", 'file "x"': () => "filed" };
  const result = await strange(stuck, tools, () => false, { pay: () => "unknown" }).run("Loop.");
  assert.deepEqual([result.answer, result.degraded], ['Sorry, "no".', true]);
});
