import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { CircuitOpen, classify, DeadlineExceeded, guard } from "steadfast";
import { faultyFetch, VirtualClock } from "steadfast/sim";
import { never, watch } from "./support/world.js";

const url = "https://example.org/v1/chat";
const hosts = globalThis.fetch;
afterEach(() => { globalThis.fetch = hosts; });

const chunk = (text, reason = null) => ({ object: "chat.completion.chunk", choices: [{ delta: { content: text }, finish_reason: reason }] });
const whole = { events: [chunk("a"), chunk("b", "stop"), "[DONE]"] };
const data = (...events) => events.map(event => `data: ${typeof event === "string" ? event : JSON.stringify(event)}\n\n`).join("");

/** A network that does what the script says, and a guard in front of it, in virtual time. */
function world(script, policy = {}) {
  const clock = new VirtualClock();
  const network = (globalThis.fetch = faultyFetch(script, { clock }));
  const one = guard({ timeout: 5000, breaker: false, retry: { base: 1000, jitter: "none", ...policy.retry }, ...policy.guard, clock });
  return { clock, network, one, get: init => one.fetch(url, init) };
}

/** What came of a body: its text, and the error if that was its end. */
async function read(response) {
  let text = "";
  try {
    for await (const part of response.body) text += Buffer.from(part).toString();
    return { text };
  } catch (error) {
    return { text, error };
  }
}

test("statuses and headers are the answer's, as of a real one", async () => {
  const { clock, network, get } = world([503, { status: 201, headers: { "x-own": "yes" }, json: { n: 1 } }]);
  const response = await clock.until(get({ method: "POST", body: "question", headers: { "x-mine": "1" } }));
  assert(response instanceof Response && response.body instanceof ReadableStream);
  assert.deepEqual([response.status, response.headers.get("x-own"), response.headers.get("content-type"), response.url], [201, "yes", "application/json", url]);
  assert.deepEqual([await response.json(), network.calls, clock.now()], [{ n: 1 }, 2, 1000]);
  assert.deepEqual(network.delivered.map(({ at, method, body, headers, left }) => [at, method, body, headers.get("x-mine"), left]),
    [[0, "POST", "question", "1", false], [1000, "POST", "question", "1", false]]);
});

test("Retry-After is heeded: not before, exactly at", async () => {
  const { clock, network, get } = world([{ status: 429, headers: { "retry-after": "7" } }, { json: {} }]);
  const watched = watch(get());
  await clock.advance(6999.999);
  assert.equal(network.calls, 1);
  await clock.until(watch(get()).state && clock.advance(0.001));
  await clock.runAll();
  assert.equal(watched.value.status, 200);
});

test("a connection refused is tried again, and its error is undici's", async () => {
  const { clock, network, get } = world([{ refuse: "ECONNREFUSED" }, { refuse: "ENOTFOUND", delay: 30 }, { json: {} }]);
  assert.equal((await clock.until(get())).status, 200);
  assert.deepEqual([network.calls, network.delivered.length, clock.now()], [3, 1, 3030]);
  const error = await faultyFetch({ refuse: "ECONNREFUSED" })(url).catch(error => error);
  assert.deepEqual([error.name, error.message, error.cause.code, classify(error)], ["TypeError", "fetch failed", "ECONNREFUSED", { class: "connect_failed", transient: true }]);
});

test("a delay within the timeout is waited for, one beyond it is left", async () => {
  const { clock, network, get } = world([{ json: "late", delay: 5000 }, { json: "in time", delay: 4999 }]);
  assert.deepEqual([await (await clock.until(get())).json(), clock.now()], ["in time", 10_999]);
  assert.deepEqual(network.delivered.map(({ left }) => left), [true, false]);
});

test("a server that stalls before its answer is left and asked again", async () => {
  const { clock, network, get } = world([{ stall: "headers" }, whole]);
  const { text, error } = await read(await clock.until(get()));
  assert.deepEqual([text, error, clock.now(), network.delivered[0].left], [data(...whole.events), undefined, 6000, true]);
});

test("a server that stalls within its answer is an error to whoever reads, when the time between two parts is up", async () => {
  const { clock, network, get } = world({ events: [chunk("a"), chunk("b")], every: 4000, stall: "body" });
  const { text, error } = await clock.until(read(await clock.until(get())));
  assert.deepEqual([text, error instanceof DeadlineExceeded, clock.now(), network.calls], [data(chunk("a"), chunk("b")), true, 9000, 1]);
});

test("a connection that breaks before its answer is tried again; its request was delivered", async () => {
  const { clock, network, get } = world([{ cut: "headers", delay: 20 }, { json: {} }]);
  assert.equal((await clock.until(get())).status, 200);
  assert.deepEqual(network.delivered.map(({ at }) => at), [0, 1020]);
  const error = await faultyFetch({ cut: "headers" })(url).catch(error => error);
  assert.deepEqual([error.message, error.cause.code], ["fetch failed", "UND_ERR_SOCKET"]);
});

test("a stream that is cut is read as far as it came, and then is an error; JSON that is cut is asked for again", async () => {
  const streamed = world({ events: [chunk("a"), chunk("b")], cut: "body" });
  const { text, error } = await streamed.clock.until(read(await streamed.clock.until(streamed.get())));
  assert.deepEqual([text, error.message, error.cause.code, streamed.network.calls], [data(chunk("a"), chunk("b")), "terminated", "UND_ERR_SOCKET", 1]);
  const json = { "content-type": "application/json" };
  const { clock, network, get } = world([{ headers: json, body: '{"text":', cut: "body" }, { json: { text: "well" } }]);
  assert.deepEqual([await (await clock.until(get())).json(), network.calls], [{ text: "well" }, 2]);
});

test("a stream without its last event is not whole", async () => {
  const { clock, get } = world({ events: [chunk("a")] });
  const { text, error } = await read(await clock.until(get()));
  assert.deepEqual([text, error.code], [data(chunk("a")), "incomplete"]);
});

test("an error inside a stream: at its beginning it is asked for again, later it is read by whoever reads", async () => {
  const overloaded = { type: "error", error: { type: "overloaded_error", message: "Overloaded" } };
  const first = world([{ events: [overloaded] }, whole]);
  assert.deepEqual([(await read(await first.clock.until(first.get()))).text, first.network.calls], [data(...whole.events), 2]);
  const later = world({ events: [{ type: "message_start" }, overloaded] }, { guard: { retry: false, breaker: { consecutive: 1 } } });
  const { text } = await read(await later.clock.until(later.get()));
  assert.equal(text, `event: message_start\n${data({ type: "message_start" })}event: error\n${data(overloaded)}`);
  await assert.rejects(later.clock.until(later.get()), CircuitOpen);
});

test("a page with status 200 where JSON should be is tried again", async () => {
  const { clock, network, get } = world([{ html: "<!doctype html><title>Sign in</title>" }, { json: {} }]);
  assert.deepEqual([(await clock.until(get({ headers: { accept: "application/json" } }))).headers.get("content-type"), network.calls], ["application/json", 2]);
});

test("a request delivered twice happens twice, and is answered once", async () => {
  let effects = 0;
  const { clock, network, get } = world(request => { effects += 1; return { json: { method: request.method }, duplicate: "request" }; });
  assert.deepEqual(await (await clock.until(get({ method: "PUT", body: "order" }))).json(), { method: "PUT" });
  assert.deepEqual([effects, network.calls, network.delivered.map(({ body }) => body)], [2, 1, ["order", "order"]]);
});

test("parts delivered twice come twice", async () => {
  const { clock, get } = world({ body: ["a", "b"], duplicate: "body" });
  assert.equal((await read(await clock.until(get()))).text, "aabb");
});

test("parts come in their time, whether or not they are read", async () => {
  const clock = new VirtualClock();
  const response = await faultyFetch({ body: ["a", "b", new Uint8Array([99])], every: 100 }, { clock })(url);
  const reader = response.body.getReader();
  const part = async () => Buffer.from((await clock.until(reader.read())).value).toString();
  assert.deepEqual([await part(), clock.now(), await part(), clock.now()], ["a", 0, "b", 100]);
  await clock.advance(500);
  assert.deepEqual([await part(), clock.now(), (await reader.read()).done], ["c", 600, true]);
});

test("it heeds its signal at every moment, with the caller's reason", async () => {
  const clock = new VirtualClock();
  for (const fault of [{ delay: 100 }, { stall: "headers" }, { body: ["a"], stall: "body" }, { body: ["a", "b"], every: 100 }, never]) {
    const caller = new AbortController();
    const network = faultyFetch(fault, { clock });
    const reading = watch(network(url, { signal: caller.signal }).then(read));
    await clock.advance(50);
    caller.abort(new Error("mine"));
    await clock.advance(0);
    const error = reading.error ?? reading.value?.error;
    assert.deepEqual([error?.message, clock.armed, network.delivered[0].left], ["mine", 0, true], JSON.stringify(fault) ?? "a function that never answers");
  }
  const network = faultyFetch(200);
  await assert.rejects(network(url, { signal: AbortSignal.abort(new Error("before")) }), { message: "before" });
  await assert.rejects(network(new Request(url, { signal: AbortSignal.abort(new Error("its own")) })), { message: "its own" });
  assert.equal(network.calls, 0);
});

test("a stream that was left gives nothing more, read or unread", async () => {
  const caller = new AbortController();
  const reader = (await faultyFetch({ body: ["a", "b"] })(url, { signal: caller.signal })).body.getReader();
  await reader.read();
  caller.abort(new Error("mine"));
  await assert.rejects(reader.read(), { message: "mine" });
});

test("what came before a connection broke is there, however late somebody reads it", async () => {
  const response = await faultyFetch({ body: ["a", "b"], cut: "body" })(url);
  await new Promise(setImmediate);
  const { text, error } = await read(response);
  assert.deepEqual([text, error.message], ["ab", "terminated"]);
});

test("whoever stops reading has left", async () => {
  const { clock, network, get } = world({ events: [chunk("a")], stall: "body" });
  const reader = (await clock.until(get())).body.getReader();
  await clock.until(reader.read());
  await reader.cancel();
  assert.equal(network.delivered[0].left, true);
});

test("without a clock it takes the host's time", async () => {
  const began = performance.now();
  const response = await faultyFetch({ body: ["a", "b"], delay: 30, every: 30 })(url);
  assert.equal(await response.text(), "ab");
  assert(performance.now() - began >= 59, `${performance.now() - began}`);
});

test("the last step goes on, or the script's end is an error; a function may answer as it likes", async () => {
  const network = faultyFetch([500, 204], { end: "throw" });
  const empty = [await network(url), await network(url)][1];
  assert.deepEqual([empty.status, empty.body], [204, null]);
  await assert.rejects(network(url), { code: "script_ended", message: "The script has 2 steps, and this is call 3." });
  const own = faultyFetch(async (request, call) => new Response(`${await request.text()} ${call}`));
  assert.equal(await (await own(url, { method: "POST", body: "hello" })).text(), "hello 1");
  assert.equal((await faultyFetch(() => 404)(url)).statusText, "Not Found");
});

test("what makes no sense throws at once", () => {
  const refused = (script, message) => assert.throws(() => faultyFetch(script), { message });
  refused([], "script is empty; allowed: one step or more");
  refused("text", 'script is "text"; allowed: a status, an object or a function');
  refused([100], "script[0] is 100; allowed: a whole number from 200 to 599");
  refused([200, { staus: 1 }], 'script[1] has no option "staus"; its options: body, json, html, events, status, headers, delay, every, stall, cut, refuse, duplicate');
  refused({ delay: NaN }, "script.delay is NaN; allowed: milliseconds, 0 or more, at most 9007199254740");
  refused({ stall: true }, 'script.stall is true; allowed: "headers" or "body"');
  refused({ stall: "body", cut: "body" }, "script has both stall and cut; allowed: one of them");
  refused({ duplicate: 2 }, 'script.duplicate is 2; allowed: "request" or "body"');
  refused({ json: 1, html: "" }, "script has json and html; allowed: one of them");
  refused({ status: 204, body: "text" }, "script has body; allowed: none with status 204, which has no body");
  refused({ body: [1] }, "script.body is an array; allowed: text, bytes, or an array of them");
  refused({ events: {} }, "script.events is an object; allowed: an array");
  refused({ refuse: true }, 'script.refuse is true; allowed: a code such as "ECONNREFUSED"');
  assert.throws(() => faultyFetch({ headers: { "a b": "c" } }), { name: "TypeError", message: /^script\.headers: / });
});
