// The server by itself, with nothing but `fetch`; Node 20 runs these, and no SDK is needed.

import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { fault, faultNames, ok, providerServer } from "./server.mjs";

const server = await providerServer();
beforeEach(() => server.reset());
after(() => server.close());

function post(path, body = {}, headers = {}) {
  return fetch(`${server.url}${path}`, { method: "POST", body: JSON.stringify(body), headers });
}

test("behaviours come in order, then the default; every request is written down", async () => {
  server.script([fault("http_500"), fault("rate_limited", { retryAfter: "1.5" })]);
  const seen = [];
  for (let left = 3; left > 0; left -= 1) {
    const response = await post("/v1/chat/completions", { model: "m" });
    seen.push([response.status, response.headers.get("retry-after")]);
  }
  assert.deepEqual(seen, [[500, null], [429, "1.5"], [200, null]]);
  assert.deepEqual(server.requests.map(request => request.behaviour), ["http_500", "rate_limited", "ok"]);
  assert.equal(server.attempts("chat"), 3);
  assert.equal(server.attempts("messages"), 0);
  assert(server.requests[0].at <= server.requests[1].at);
});

test("a route's own script comes first for its requests", async () => {
  server.script([fault("http_503")], "messages").script([fault("http_500")]);
  assert.equal((await post("/v1/chat/completions")).status, 500);
  assert.equal((await post("/v1/messages")).status, 503);
  assert.equal((await post("/v1/messages")).status, 200);
});

test("an effect happens once for each key, whoever loses its acknowledgement", async () => {
  server.script([fault("lost_acknowledgement"), ok(), ok()], "effects");
  const send = key => post("/effects/send_email", { to: "ada@example.org" }, key && { "idempotency-key": key });
  await assert.rejects(send("a"), TypeError);
  assert.deepEqual(await (await send("a")).json(), { done: "send_email", number: 1 });
  assert.deepEqual(await (await send()).json(), { done: "send_email", number: 2 });
  assert.deepEqual(server.effects.map(({ what, key, body }) => [what, key, body.to]), [
    ["send_email", "a", "ada@example.org"], ["send_email", undefined, "ada@example.org"],
  ]);
});

test("delivered twice without a key, it happens twice; with one, once", async () => {
  server.script([fault("delivered_twice"), fault("delivered_twice")], "effects");
  await post("/effects/pay");
  await post("/effects/pay", {}, { "idempotency-key": "k" });
  assert.deepEqual(server.effects.map(effect => effect.key), [undefined, undefined, "k"]);
});

test("a delay is kept", async () => {
  server.script([ok("late", { delay: 60 })]);
  const before = performance.now();
  await post("/v1/messages");
  assert(performance.now() - before >= 55);
});

test("a stream is cut where it is asked to be", async () => {
  server.script([fault("cut_stream", { after: 2 })]);
  const text = await (await post("/v1/chat/completions", { stream: true })).text();
  assert.equal(text.split("\n\n").length - 1, 2);
});

test("closing ends what hangs", async () => {
  const other = await providerServer();
  other.script([fault("hang_before_headers"), fault("hang_in_body")]);
  const silent = fetch(`${other.url}/v1/messages`, { method: "POST", body: "{}" });
  const cut = fetch(`${other.url}/v1/messages`, { method: "POST", body: '{"stream":true}' }).then(response => response.text());
  const ends = [assert.rejects(silent, TypeError), assert.rejects(cut, TypeError)];
  while (other.attempts() < 2) await new Promise(resolve => setTimeout(resolve, 5));
  await other.close();
  await Promise.all(ends);
});

test("a mistake in a test gets a sentence", async () => {
  assert.throws(() => fault("http_5000"), /no fault "http_5000"; there are: .*http_500/);
  assert.throws(() => fault("quota", { code: "poor" }), /no quota code "poor"/);
  assert.equal((await post("/v1/completions")).status, 404);
  assert.equal((await fetch(`${server.url}/v1/messages`)).status, 405);
  assert.equal((await fetch(`${server.url}/v1/messages`, { method: "POST", body: "{" })).status, 400);
  assert.equal(faultNames.length, new Set(faultNames).size);
});
