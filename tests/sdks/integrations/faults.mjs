// What every integration has to make of the same faults: each adapter asks one question of the server and says what came of it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { AllOptionsFailed, CircuitOpen, DeadlineExceeded, guard, RetriesExhausted } from "steadfast";
import { fault, ok, quotaCodes } from "../../provider-server/server.mjs";

/** Quick retries, a timeout that a local server keeps, and nothing that one test leaves to the next. */
export const policy = (own = {}) => ({ timeout: 5000, breaker: false, ...own, retry: own.retry ?? { base: 1, attempts: 3 } });

/** The failure behind whatever a framework wraps it in, which has this property. */
export function inside(error, has) {
  const seen = new Set();
  for (let one = error; typeof one === "object" && one !== null && !seen.has(one); one = one.cause ?? one.lastError) {
    seen.add(one);
    if (has(one)) return one;
  }
  return undefined;
}
const is = type => one => one instanceof type;

/** How long after the first request the second came. */
const pause = server => server.requests[1].at - server.requests[0].at;

/** Which requests were left before their answer was whole: the server learns of it a little later. */
export async function abandoned(server, expected) {
  const seen = () => server.requests.map(one => one.abandoned);
  for (let left = 100; left > 0 && String(seen()) !== String(expected); left -= 1) await new Promise(resolve => setTimeout(resolve, 20));
  assert.deepEqual(seen(), expected);
}

export async function rejection(promise) {
  return promise.then(value => assert.fail(`it took a fault for a success: ${JSON.stringify(value)}`), error => error);
}

/**
 * @param {string} name
 * @param {import("../../provider-server/server.mjs").ProviderServer} server
 * @param {(guard: object, options?: { fallback?: boolean }) => Promise<string>} ask
 *   `fallback`: with another model of the same server, named "spare"
 * @param {{ html?: boolean }} [sees] whether the SDK lets anybody see that a page came where a reply should be
 */
export function faultTests(name, server, ask, { html = true } = {}) {
  test(`${name}: 500s, then an answer`, async () => {
    server.script([fault("http_500"), fault("http_503"), ok("It is sunny.")]);
    assert.equal(await ask(guard(policy())), "It is sunny.");
    assert.equal(server.attempts(), 3);
  });

  test(`${name}: 500s without end are tried three times, and say so`, async () => {
    server.otherwise = fault("http_500");
    const exhausted = inside(await rejection(ask(guard(policy()))), is(RetriesExhausted));
    assert.equal(exhausted?.attempts, 3);
    assert.equal(server.attempts(), 3);
  });

  test(`${name}: a Retry-After is never undercut`, async () => {
    server.script([fault("rate_limited", { retryAfter: "0.3" }), ok("It is sunny.")]);
    assert.equal(await ask(guard(policy())), "It is sunny.");
    assert.equal(server.attempts(), 2);
    assert(pause(server) >= 300, `waited ${pause(server)} ms`);
  });

  test(`${name}: a Retry-After beyond the deadline ends the call at once`, async () => {
    server.otherwise = fault("rate_limited", { retryAfter: "120" });
    const before = performance.now();
    await rejection(ask(guard(policy({ deadline: 5000 }))));
    assert(performance.now() - before < 2500);
    assert.equal(server.attempts(), 1);
  });

  test(`${name}: a quota that is used up is asked for once, whatever its code`, async () => {
    for (const code of [...quotaCodes.openai, ...quotaCodes.anthropic]) {
      server.reset();
      server.otherwise = fault("quota", { code });
      await rejection(ask(guard(policy())));
      assert.equal(server.attempts(), 1, code);
    }
  });

  test(`${name}: a wrong key and too long a context are asked for once`, async () => {
    for (const what of ["unauthorized", "context_too_long"]) {
      server.reset();
      server.otherwise = fault(what);
      await rejection(ask(guard(policy())));
      assert.equal(server.attempts(), 1, what);
    }
  });

  test(`${name}: a server that hangs is left at the timeout, which it sees, and the fallback answers`, async () => {
    server.script([fault("hang_before_headers"), fault("hang_before_headers"), ok("From the spare.")]);
    assert.equal(await ask(guard(policy({ timeout: 500, retry: { attempts: 2, base: 1 } })), { fallback: true }), "From the spare.");
    assert.deepEqual(server.requests.map(({ body }) => body.model), ["test", "test", "spare"]);
    await abandoned(server, [true, true, false]);
  });

  test(`${name}: all options failing says how each did`, async () => {
    server.otherwise = fault("http_503");
    const all = inside(await rejection(ask(guard(policy({ retry: false })), { fallback: true })), is(AllOptionsFailed));
    assert.equal(all?.errors.length, 2);
    assert.equal(server.attempts(), 2);
  });

  test(`${name}: a connection that goes${html ? ", and HTML with status 200, are" : " is"} tried again`, async () => {
    const faults = [fault("connection_reset"), ...(html ? [fault("html_200")] : [])];
    server.script([...faults, ok("It is sunny.")]);
    assert.equal(await ask(guard(policy())), "It is sunny.");
    assert.equal(server.attempts(), faults.length + 1);
  });

  test(`${name}: an open breaker turns the call away without a request`, async () => {
    server.otherwise = fault("http_503");
    const one = guard(policy({ breaker: { consecutive: 3 } }));
    await rejection(ask(one));
    assert.deepEqual([one.breaker.state, server.attempts()], ["open", 3]);
    assert(inside(await rejection(ask(one)), is(CircuitOpen)));
    assert.equal(server.attempts(), 3);
  });

  test(`${name}: the deadline is for the whole call`, async () => {
    server.otherwise = fault("hang_before_headers");
    const before = performance.now();
    const late = inside(await rejection(ask(guard(policy({ timeout: 250, deadline: 400, retry: { attempts: 10, base: 1 } })))), is(DeadlineExceeded));
    assert.equal(late?.scope, "call");
    assert(performance.now() - before < 4000);
  });
}
