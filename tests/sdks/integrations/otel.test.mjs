// `steadfast/otel` under the real OpenTelemetry SDK, with the real `openai` behind the guard.

import assert from "node:assert/strict";
import { after, afterEach, beforeEach, test } from "node:test";
import { context, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { guard } from "steadfast";
import { traceDecisions } from "steadfast/otel";
import { fault, ok, providerServer } from "../../provider-server/server.mjs";
import { openaiFor } from "../clients.mjs";
import { policy, rejection } from "./faults.mjs";

const exporter = new InMemorySpanExporter();
const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
trace.setGlobalTracerProvider(provider);
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());

const server = await providerServer();
beforeEach(() => server.reset());
afterEach(() => exporter.reset());
after(() => server.close());

const about = { provider: "openai", model: "gpt-test" };
const chat = { model: "gpt-test", messages: [{ role: "user", content: "Is it sunny?" }] };

/** A guard that is traced, and `openai` under its `fetch`. */
function traced(own) {
  const one = guard(policy(own));
  return { one, stop: traceDecisions(one, about), client: openaiFor(server, { fetch: one.fetch }) };
}

/** What was exported: of each span what a test looks at. */
function spans() {
  return exporter.getFinishedSpans().map(span => ({
    name: span.name, kind: span.kind, status: span.status.code, attributes: span.attributes, events: span.events.map(({ name }) => name),
    parent: span.parentSpanContext?.spanId, id: span.spanContext().spanId, scope: span.instrumentationScope,
  }));
}
const calls = () => spans().filter(({ kind }) => kind === SpanKind.CLIENT);
const attempts = call => spans().filter(({ parent }) => parent === call.id);

test("otel: one span for a call, a child for each attempt, and the wait between as an event", async () => {
  const { client } = traced();
  server.script([fault("http_500"), ok("It is sunny.")]);
  await client.chat.completions.create(chat);
  const [call, ...others] = calls();
  assert.deepEqual(others, []);
  assert.deepEqual([call.name, call.status, call.events], ["chat gpt-test", SpanStatusCode.UNSET, ["steadfast.backing_off"]]);
  assert.deepEqual(call.attributes, { "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-test" });
  assert.deepEqual([call.scope.name, call.scope.schemaUrl], ["steadfast", "https://opentelemetry.io/schemas/gen-ai/0.1.0"]);
  assert.deepEqual(attempts(call).map(({ name, kind, status, events, attributes }) => [name, kind, status, events, attributes]), [
    ["attempt", SpanKind.INTERNAL, SpanStatusCode.ERROR, ["steadfast.first_output"], { "steadfast.attempt.number": 1, "steadfast.attempt.option": 0, "error.type": "server_error" }],
    ["attempt", SpanKind.INTERNAL, SpanStatusCode.UNSET, ["steadfast.first_output"], { "steadfast.attempt.number": 2, "steadfast.attempt.option": 0 }],
  ]);
});

test("otel: an event tells the reason, as a value and as a sentence", async () => {
  const { client } = traced();
  server.script([fault("rate_limited", { retryAfter: "0.1" }), ok()]);
  await client.chat.completions.create(chat);
  const [event] = exporter.getFinishedSpans().find(({ kind }) => kind === SpanKind.CLIENT).events;
  assert.equal(event.name, "steadfast.backing_off");
  assert.deepEqual([event.attributes["steadfast.why.next"], event.attributes["steadfast.why.of"]], [2, 3]);
  assert.match(event.attributes["steadfast.text"], /before attempt 2 of 3/);
  assert.equal(typeof JSON.parse(event.attributes["steadfast.why.delay"]), "object");
});

test("otel: a call that fails has the failure's class and its sentence", async () => {
  const { client, one } = traced();
  server.otherwise = fault("quota");
  await rejection(client.chat.completions.create(chat));
  server.otherwise = fault("http_503");
  await rejection(one.call(() => Promise.reject(Object.assign(new Error("down"), { status: 503 }))));
  assert.deepEqual(calls().map(({ status, attributes }) => [status, attributes["error.type"]]), [
    [SpanStatusCode.ERROR, "quota_exhausted"], [SpanStatusCode.ERROR, "overloaded"],
  ]);
  assert.deepEqual(calls().map(call => attempts(call).length), [1, 3]);
});

test("otel: a timeout and a fallback: the child tells its option", async () => {
  const { one } = traced({ timeout: 50, retry: false });
  assert.equal(await one.call(() => new Promise(() => {}), { fallbacks: [() => "spare"] }), "spare");
  const [call] = calls();
  assert.deepEqual(call.events, ["steadfast.fell_back"]);
  assert.deepEqual(attempts(call).map(({ attributes }) => [attributes["steadfast.attempt.option"], attributes["error.type"]]), [[0, "timeout"], [1, undefined]]);
});

test("otel: an open breaker: a call without attempts", async () => {
  const { one } = traced({ retry: false, breaker: { consecutive: 1 } });
  await rejection(one.call(() => Promise.reject(Object.assign(new Error("down"), { status: 503 }))));
  await rejection(one.call(() => "never"));
  const [opening, rejected] = calls();
  assert(opening.events.includes("steadfast.breaker_opened"), opening.events);
  assert.deepEqual([rejected.events, rejected.attributes["error.type"], attempts(rejected)], [["steadfast.breaker_rejected"], "circuit_open", []]);
});

test("otel: the caller who leaves, and a call's parent", async () => {
  const { one } = traced();
  const caller = new AbortController();
  const tracer = trace.getTracer("test");
  await tracer.startActiveSpan("work", async span => {
    const calling = one.call(() => new Promise(() => {}), { signal: caller.signal });
    caller.abort(new Error("mine"));
    await rejection(calling);
    span.end();
  });
  const [call] = calls();
  const work = spans().find(({ name }) => name === "work");
  assert.deepEqual([call.parent, call.attributes["error.type"], attempts(call)[0].attributes["error.type"]], [work.id, "cancelled", "cancelled"]);
});

test("otel: many calls at once, by call and by fetch, stay apart", async () => {
  const { one, client } = traced();
  server.script([fault("http_500"), ok(), ok()]);
  await Promise.all([client.chat.completions.create(chat), one.call(() => new Promise(resolve => setTimeout(resolve, 30))), client.chat.completions.create(chat), one.call(() => 1)]);
  assert.deepEqual(calls().map(call => attempts(call).length).sort(), [1, 1, 1, 2]);
  assert.equal(spans().length, 9);
});

test("otel: an SDK's own retries are an event of whatever is active", async () => {
  const one = guard(policy({ retry: false }));
  traceDecisions(one, about);
  const client = openaiFor(server, { fetch: one.fetch, maxRetries: 1 });
  server.script([fault("http_500", { retryAfterMs: 1 }), ok()]);
  await trace.getTracer("test").startActiveSpan("work", async span => {
    await client.chat.completions.create(chat);
    span.end();
  });
  assert.deepEqual(spans().find(({ name }) => name === "work").events, ["steadfast.inner_retries"]);
});

test("otel: a stop ends what is open, and nothing follows", async () => {
  const { one, stop } = traced();
  const pending = one.call(() => new Promise(resolve => setTimeout(resolve, 30)));
  stop();
  assert.equal(spans().length, 2);
  await pending;
  await one.call(() => 1);
  assert.equal(spans().length, 2);
});

test("otel: names of one's own, and a tracer of one's own", async () => {
  const one = guard();
  traceDecisions(one, { provider: "example", operation: "execute_tool", attributes: { "gen_ai.tool.name": "search" }, tracer: provider.getTracer("mine") });
  await one.call(() => 1);
  const [{ name, attributes, scope }] = calls();
  assert.deepEqual([name, attributes["gen_ai.tool.name"], attributes["gen_ai.operation.name"], scope.name], ["execute_tool", "search", "execute_tool", "mine"]);
});

test("otel: what makes no sense is refused when it is said", () => {
  for (const [make, message] of [
    [() => traceDecisions({}, about), /^guard is an object; allowed: a guard/],
    [() => traceDecisions(guard(), {}), /^provider is undefined; allowed: a string that is not empty/],
    [() => traceDecisions(guard(), { ...about, model: "" }), /^model is ""; allowed/],
    [() => traceDecisions(guard(), { ...about, tracer: {} }), /^tracer is an object; allowed: a Tracer/],
    [() => traceDecisions(guard(), { ...about, system: "openai" }), /^options has no option "system"/],
  ]) assert.throws(make, error => error instanceof TypeError && message.test(error.message), String(message));
});
