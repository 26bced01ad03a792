import assert from "node:assert/strict";
import { test } from "node:test";
import { classify, fallback, guard, retry, TransientError } from "steadfast";

const limited = retryAfter => ({ class: "rate_limited", transient: true, retryAfter });
/** Whether it rejects with this very thing, which nobody may look at, not even `assert`. */
const endsWith = (promise, thrown) => promise.then(() => false, error => error === thrown);

test("an HTTP client's error is read by its response", () => {
  class ClientHeaders { get(name) { return name.toLowerCase() === "retry-after" ? "3" : undefined; } }
  for (const headers of [new ClientHeaders(), new Headers({ "Retry-After": "3" }), { "Retry-After": "3" }, { "retry-after": 3 }, [["Retry-After", "3"]], new Map([["Retry-After", ["3"]]])]) {
    assert.deepEqual(classify(Object.assign(new Error("Request failed"), { code: "ERR_BAD_REQUEST", response: { status: 429, headers } })), limited(3000));
    assert.deepEqual(classify({ status: 429, headers }), limited(3000));
  }
  assert.deepEqual(classify({ response: { status: 429, data: { error: { code: "insufficient_quota" } } } }), { class: "quota_exhausted", transient: false });
});

test("a moment to come back at is by the clock of the server that named it", () => {
  const headers = { Date: "Sun, 06 Nov 1994 08:49:37 GMT", "Retry-After": "Sun, 06 Nov 1994 08:49:47 GMT" };
  assert.deepEqual(classify({ status: 429, headers }), limited(10_000));
  assert.deepEqual(classify({ status: 429, headers: { "retry-after": headers["Retry-After"] } }), { class: "rate_limited", transient: true });
});

test("what refuses to say what it is is a bug, and the call that threw it ends", async () => {
  const { proxy: revoked, revoke } = Proxy.revocable(new TransientError("x"), {});
  revoke();
  const refuse = () => { throw new Error("none of your business"); };
  for (const thrown of [revoked, new Proxy({}, { getPrototypeOf: refuse }), new Proxy({}, { getPrototypeOf: refuse, get: refuse, has: refuse, ownKeys: refuse })]) {
    assert.deepEqual(classify(thrown), { class: "bug", transient: false });
    assert.deepEqual(classify({ status: 429, headers: thrown, response: thrown }), { class: "rate_limited", transient: true });
    let times = 0;
    const failing = () => { times += 1; throw thrown; };
    assert(await endsWith(retry(failing), thrown));
    assert(await endsWith(guard().call(failing), thrown));
    assert.equal(await fallback([failing, failing]).catch(({ errors }) => errors.filter(error => error === thrown).length), 2);
    assert.equal(times, 4);
    await assert.rejects(retry(() => thrown), error => error instanceof Error);
  }
});

test("a guarded fetch that ends with what refuses to say what it is ends", async t => {
  const { proxy: revoked, revoke } = Proxy.revocable({}, {});
  revoke();
  t.mock.method(globalThis, "fetch", () => Promise.reject(revoked));
  assert(await endsWith(guard().fetch("http://localhost/"), revoked));
});
