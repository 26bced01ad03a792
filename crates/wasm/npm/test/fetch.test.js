import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, beforeEach, test } from "node:test";
import { CircuitOpen, DeadlineExceeded, guard } from "steadfast";

/** What the server does with one request after the other, and the requests it got. */
let script = [];
let requests = [];
let server, url;

before(async () => {
  server = createServer(async (request, response) => {
    let body = "";
    for await (const part of request) body += part;
    requests.push({ headers: request.headers, body });
    await (script.shift() ?? well)(response);
  });
  await new Promise(resolve => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${server.address().port}/`;
});
after(() => { server.closeAllConnections(); server.close(); });
beforeEach(() => { script = []; requests = []; });

const well = response => response.writeHead(200, { "content-type": "application/json" }).end('{"text":"well"}');
const answer = (status, body = "", headers = {}) => response => response.writeHead(status, headers).end(body);
const json = { "content-type": "application/json" };
const sse = { "content-type": "text/event-stream" };
const chunk = (text, reason = null) => `data: {"object":"chat.completion.chunk","choices":[{"delta":{"content":"${text}"},"finish_reason":${JSON.stringify(reason)}}]}\n\n`;

const guarded = (policy = {}) => guard({ timeout: 5000, breaker: false, ...policy, retry: policy.retry ?? { base: 1, attempts: 3 } }).fetch;

/** Reads a body to its end: what came, and the error if that was it. */
async function read(response) {
  let text = "";
  try {
    for await (const part of response.body) text += Buffer.from(part).toString();
    return { text };
  } catch (error) {
    return { text, error };
  }
}

test("a 503 is tried again, and the answer is as it came: status, headers, URL, body", async () => {
  script = [answer(503), answer(201, '{"n":1}', { ...json, "x-own": "yes" })];
  const response = await guarded()(url, { method: "POST", body: "question", headers: { "x-mine": "1" } });
  assert(response instanceof Response);
  assert.deepEqual([response.status, response.headers.get("x-own"), response.url, response.redirected, await response.json()], [201, "yes", url, false, { n: 1 }]);
  assert.deepEqual(requests.map(({ body, headers }) => [body, headers["x-mine"]]), [["question", "1"], ["question", "1"]]);
});

test("what is refused in the end is handed on, with its body", async () => {
  const busy = answer(429, '{"error":{"code":"rate_limit_exceeded"}}', json);
  script = [busy, busy, busy];
  const response = await guarded()(url);
  assert.deepEqual([response.status, await response.json(), requests.length], [429, { error: { code: "rate_limit_exceeded" } }, 3]);
});

test("what another try cannot mend is asked once: a wrong key, a quota that is used up", async () => {
  for (const [status, body] of [[401, "{}"], [429, '{"error":{"code":"insufficient_quota"}}']]) {
    script = [answer(status, body, json)];
    requests = [];
    assert.deepEqual([(await guarded()(url)).status, requests.length], [status, 1]);
  }
});

test("a page with status 200 where JSON should be, and JSON that breaks off, are tried again", async () => {
  script = [
    answer(200, "<!doctype html><title>Sign in</title>", { "content-type": "text/html" }),
    response => { response.writeHead(200, { ...json, "content-length": 100 }).write('{"text":'); setTimeout(() => response.destroy(), 20); },
  ];
  assert.deepEqual([await (await guarded()(url, { headers: { accept: "application/json" } })).json(), requests.length], [{ text: "well" }, 3]);
});

test("an answer with a good status that is no provider's error was carried out, and is not asked for again, whatever it says of errors", async () => {
  for (const body of [
    '{"order":17,"placed":true,"error":"the receipt could not be mailed"}', '{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"x"}}',
    '{"order":17,"error":{"type":"mail_failed","message":"x"}}', '{"error":"x"}', '{"error":{}}', '{"error":[]}', '[{"error":"x"}]', '[]', "null", "",
  ]) {
    script = [answer(200, body, json)];
    requests = [];
    const response = await guarded()(url, { method: "POST", body: "{}", headers: json });
    assert.deepEqual([await response.text(), requests.length], [body, 1]);
  }
});

test("a provider's error with a good status, and JSON without its end, are asked for again", async () => {
  for (const body of [
    '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"r"}', '{"error":{"code":502,"message":"x"},"user_id":"u"}',
    '{"error":{"message":"x","type":"server_error","param":null,"code":null}}', '[{"error":{"code":503,"message":"x","status":"UNAVAILABLE"}}]',
    '{"object":"response","status":"failed","error":{"code":"server_error","message":"x"},"output":[]}', '{"a":', '{"a":"\\"}', '[{"a":1}',
  ]) {
    script = [answer(200, body, json)];
    requests = [];
    const response = await guarded()(url, { method: "POST", body: "{}", headers: json });
    assert.deepEqual([await response.text(), requests.length], ['{"text":"well"}', 2], body);
  }
});

test("an empty answer where JSON should be is asked for again where that orders nothing, and of models", async () => {
  for (const [path, method, times] of [["", "GET", 2], ["v1/chat/completions?a=b", "POST", 2], ["orders", "POST", 1]]) {
    script = [answer(200, "", json)];
    requests = [];
    await guarded()(url + path, { method });
    assert.equal(requests.length, times, path);
  }
});

test("a page is what was asked for unless JSON was", async () => {
  const page = answer(200, "<!doctype html><title>News</title>", { "content-type": "text/html" });
  const accept = accept => ({ headers: { accept } });
  const post = { method: "POST", body: "{}", headers: json };
  for (const [path, init, times] of [
    ["", {}, 1], ["", accept("application/json, text/html;q=0.9"), 1], ["", { method: "POST", body: "a=b" }, 1], ["v1/messages", {}, 3], ["", accept("application/json"), 3], ["", post, 3],
  ]) {
    script = [page, page, page];
    requests = [];
    const response = await guarded()(url + path, init);
    assert.deepEqual([await response.text(), requests.length], ["<!doctype html><title>News</title>", times]);
  }
});

test("what breaks off before it was handed on is asked for again, whatever it is", async () => {
  const cut = headers => response => { response.writeHead(200, headers).write("part"); setTimeout(() => response.destroy(), 20); };
  for (const headers of [
    { "content-type": "text/plain", "content-length": 100 }, { "content-type": "application/octet-stream", "content-length": 100 }, { "content-length": 100 },
    { "content-type": "image/png" }, { "content-type": "application/xml" },
  ]) {
    script = [cut(headers)];
    requests = [];
    assert.deepEqual([await (await guarded()(url)).json(), requests.length], [{ text: "well" }, 2]);
  }
});

test("text of no known length is a stream, and so is what is too long", async () => {
  for (const [headers, length] of [[{ "content-type": "text/plain" }, 4], [{ "content-type": "application/octet-stream", "content-length": 17_000_000 }, 4], [{ "content-type": "image/png" }, 17_000_000]]) {
    let end;
    script = [response => { response.writeHead(200, headers).write("x".repeat(length)); end = response; }];
    requests = [];
    const response = await guarded()(url);
    end.destroy();
    const { error } = await read(response);
    assert.deepEqual([error.message, requests.length], ["terminated", 1]);
  }
});

test("a request object is sent anew each time, a stream only once", async () => {
  script = [answer(500)];
  assert.equal((await guarded()(new Request(url, { method: "PUT", body: "again" }))).status, 200);
  assert.deepEqual(requests.map(({ body }) => body), ["again", "again"]);
  script = [answer(500)];
  requests = [];
  const body = new ReadableStream({ start(controller) { controller.enqueue(new TextEncoder().encode("once")); controller.close(); } });
  assert.deepEqual([(await guarded()(url, { method: "POST", body, duplex: "half" })).status, requests.length], [500, 1]);
});

test("a stream that ends as its format says is whole", async () => {
  script = [answer(200, `${chunk("a")}${chunk("b", "stop")}data: [DONE]\n\n`, sse)];
  const { text, error } = await read(await guarded()(url));
  assert.deepEqual([text.endsWith("[DONE]\n\n"), error], [true, undefined]);
});

test("a stream without its last event is an error to whoever reads it, and is not asked for again", async () => {
  script = [answer(200, chunk("a"), sse)];
  const { text, error } = await read(await guarded()(url));
  assert.deepEqual([text, error.code, requests.length], [chunk("a"), "incomplete", 1]);
});

test("what came before a stream broke is read, however late somebody begins to", async () => {
  script = [response => { response.writeHead(200, sse).write(chunk("a")); setTimeout(() => response.destroy(), 20); }];
  const response = await guarded()(url);
  await new Promise(resolve => setTimeout(resolve, 100));
  const { text, error } = await read(response);
  assert.deepEqual([text, error.message], [chunk("a"), "terminated"]);
});

test("a stream of a format that nobody knows may end as it likes", async () => {
  script = [answer(200, "data: tick\n\n", sse)];
  assert.deepEqual(await read(await guarded()(url)), { text: "data: tick\n\n" });
});

test("a stream that begins with an error was not shown, and is asked for again", async () => {
  script = [answer(200, 'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n', sse), answer(200, `${chunk("a", "stop")}data: [DONE]\n\n`, sse)];
  const { error } = await read(await guarded()(url));
  assert.deepEqual([error, requests.length], [undefined, 2]);
});

test("a server that is silent before its answer is left; one that is silent within it is an error to whoever reads", async () => {
  script = [() => {}];
  assert.equal((await guarded({ timeout: 100 })(url)).status, 200);
  script = [response => response.writeHead(200, sse).write(chunk("a"))];
  requests = [];
  const { text, error } = await read(await guarded({ timeout: 100 })(url));
  assert.deepEqual([text, error instanceof DeadlineExceeded, requests.length], [chunk("a"), true, 1]);
});

test("the deadline is for the body too", async () => {
  script = [response => { response.writeHead(200, sse); const timer = setInterval(() => response.write(chunk("a")), 20); response.on("close", () => clearInterval(timer)); }];
  const { error } = await read(await guarded({ timeout: 5000, deadline: 200 })(url));
  assert.deepEqual([error instanceof DeadlineExceeded, error.scope], [true, "call"]);
});

test("taken back before the answer or within it, the reason is the caller's", async () => {
  for (const behaviour of [() => {}, response => response.writeHead(200, sse).write(chunk("a"))]) {
    script = [behaviour];
    const caller = new AbortController();
    setTimeout(() => caller.abort(new Error("mine")), 100);
    const response = await guarded()(url, { signal: caller.signal }).catch(error => ({ error }));
    const { error } = response.error ? response : await read(response);
    assert.equal(error.message, "mine");
  }
  await assert.rejects(guarded()(url, { signal: AbortSignal.abort(new Error("before")) }), { message: "before" });
});

test("whoever stops reading ends the request, and that is nobody's failure", async () => {
  const closed = new Promise(resolve => { script = [response => { response.writeHead(200, sse).write(chunk("a")); response.on("close", resolve); }]; });
  const one = guard({ retry: false, breaker: { consecutive: 1 } });
  const reader = (await one.fetch(url)).body.getReader();
  await reader.read();
  await reader.cancel();
  await closed;
  assert.deepEqual([one.breaker.state, one.breaker.stats.ignored, one.breaker.stats.failures], ["closed", 1, 0]);
});

test("a stream that is cut counts against the server's health, and an open breaker refuses", async () => {
  script = [answer(200, chunk("a"), sse)];
  const one = guard({ retry: false, breaker: { consecutive: 1 } });
  await read(await one.fetch(url));
  assert.equal(one.breaker.state, "open");
  await assert.rejects(one.fetch(url), CircuitOpen);
  assert.equal(requests.length, 1);
});

test("an SDK that tries again by itself is found out", async () => {
  const one = guard();
  const told = [];
  one.on("decision", ({ what, why, text }) => { if (what === "inner_retries") told.push([why, text]); });
  await one.fetch(url, { headers: { "x-stainless-retry-count": "0" } });
  await one.fetch(url, { headers: { "x-stainless-retry-count": "2" } });
  assert.deepEqual(told, [[{ attempts: 3 }, "This attempt was really 3: something inside it retries too, and retries multiply. Switch that off."]]);
});

test("a classifier of one's own sees the answer", async () => {
  const seen = [];
  script = [answer(418), answer(418), answer(418)];
  const fetching = guard({ breaker: false, retry: { base: 1 }, classify: refused => { seen.push(refused.status); return { class: "overloaded", transient: true }; } }).fetch;
  assert.deepEqual([(await fetching(url)).status, seen], [418, [418, 418, 418]]);
});
