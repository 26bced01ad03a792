// `guard().fetch` under the real `openai` and `@anthropic-ai/sdk`: every fault that the server plays, and what comes of it.

import assert from "node:assert/strict";
import { after, beforeEach, describe, test } from "node:test";
import { Budget, CircuitOpen, classify, DeadlineExceeded, guard } from "steadfast";
import { fault, httpDateIn, ok, providerServer, quotaCodes } from "../../provider-server/server.mjs";
import { anthropicFor, openaiFor } from "../clients.mjs";
import { abandoned, inside, policy, rejection } from "./faults.mjs";

const server = await providerServer();
beforeEach(() => server.reset());
after(() => server.close());

const LONG = "It is sunny in Paris, and it will stay so until the evening.";
const question = { model: "test", messages: [{ role: "user", content: "Is it sunny?" }] };
const input = { model: "test", input: "Is it sunny?" };

/** By route: how to ask, and how to read what comes, whole and streamed. */
const routes = {
  chat: {
    client: options => openaiFor(server, options),
    whole: async client => (await client.chat.completions.create(question)).choices[0].message.content,
    stream: client => client.chat.completions.create({ ...question, stream: true }),
    delta: event => event.choices[0]?.delta.content ?? "",
  },
  responses: {
    client: options => openaiFor(server, options),
    whole: async client => (await client.responses.create(input)).output_text,
    stream: client => client.responses.create({ ...input, stream: true }),
    delta: event => (event.type === "response.output_text.delta" ? event.delta : ""),
  },
  messages: {
    client: options => anthropicFor(server, options),
    whole: async client => (await client.messages.create({ ...question, max_tokens: 100 })).content[0].text,
    stream: client => client.messages.create({ ...question, max_tokens: 100, stream: true }),
    delta: event => (event.type === "content_block_delta" ? event.delta.text : ""),
  },
};

/** Reads a stream to its end: what was seen of it, and the error if that was it. */
async function read(route, client) {
  let text = "";
  try {
    for await (const event of await routes[route].stream(client)) text += routes[route].delta(event);
    return { text };
  } catch (error) {
    return { text, error };
  }
}

for (const [route, { client, whole }] of Object.entries(routes)) {
  const by = (one, options) => client({ fetch: one.fetch, ...options });
  /** The answer either way, through one guard. */
  const ways = [
    ["whole", one => whole(by(one))],
    ["streamed", async one => {
      const { text, error } = await read(route, by(one));
      if (error) throw error;
      return text;
    }],
  ];

  describe(`fetch under ${route}`, () => {
    for (const [way, ask] of ways) {
      test(`${way}: what may pass is tried again`, async () => {
        for (const what of ["http_408", "http_409", "rate_limited", "slow_down", "http_500", "http_502", "http_503", "http_504", "overloaded", "connection_reset", "html_200"]) {
          server.reset();
          server.script([fault(what), fault(what), ok("It is sunny.")]);
          assert.equal(await ask(guard(policy())), "It is sunny.", what);
          assert.equal(server.attempts(), 3, what);
        }
      });

      test(`${way}: what cannot pass is asked for once, and is the SDK's own error`, async () => {
        for (const [what, status] of [["bad_request", 400], ["unauthorized", 401], ["billing", 402], ["forbidden", 403], ["not_found", 404], ["body_too_large", 413], ["context_too_long", 400]]) {
          server.reset();
          server.otherwise = fault(what);
          assert.equal((await rejection(ask(guard(policy())))).status, status, what);
          assert.equal(server.attempts(), 1, what);
        }
      });

      test(`${way}: a quota that is used up is asked for once, in every code and wherever it stands`, async () => {
        const codes = route === "messages" ? quotaCodes.anthropic : quotaCodes.openai;
        for (const options of codes.flatMap(code => [{ code }, ...(route === "messages" ? [] : [{ code, in: "type" }])])) {
          server.reset();
          server.otherwise = fault("quota", options);
          assert.equal((await rejection(ask(guard(policy())))).status, 429);
          assert.equal(server.attempts(), 1, JSON.stringify(options));
        }
      });

      test(`${way}: a Retry-After is never undercut: seconds, fractions, milliseconds, a date`, async () => {
        for (const [options, least] of [[{ retryAfter: "1" }, 1000], [{ retryAfter: "0.25" }, 250], [{ retryAfterMs: 150 }, 150], [{ retryAfter: httpDateIn(1) }, 900]]) {
          server.reset();
          server.script([fault("rate_limited", options), ok("It is sunny.")]);
          assert.equal(await ask(guard(policy())), "It is sunny.");
          const [first, second] = server.requests;
          assert(second.at - first.at >= least, `${least} asked for, waited ${second.at - first.at} ms`);
          assert.equal(server.attempts(), 2);
        }
      });

      test(`${way}: a Retry-After of 120 s beyond the deadline ends the call at once`, async () => {
        server.otherwise = fault("rate_limited", { retryAfter: "120" });
        const before = performance.now();
        assert.equal((await rejection(ask(guard(policy({ deadline: 5000 }))))).status, 429);
        assert(performance.now() - before < 2500);
        assert.equal(server.attempts(), 1);
      });

      test(`${way}: x-should-retry has the last word`, async () => {
        server.script([fault("http_500", { shouldRetry: false })]);
        assert.equal((await rejection(ask(guard(policy())))).status, 500);
        assert.equal(server.attempts(), 1);
        server.reset();
        server.script([fault("bad_request", { shouldRetry: true }), ok("It is sunny.")]);
        assert.equal(await ask(guard(policy())), "It is sunny.");
      });

      test(`${way}: a server that hangs before its answer is left, and the next try answers`, async () => {
        server.script([fault("hang_before_headers"), ok("It is sunny.")]);
        assert.equal(await ask(guard(policy({ timeout: 400 }))), "It is sunny.");
        await abandoned(server, [true, false]);
        server.otherwise = fault("hang_before_headers");
        const late = await rejection(ask(guard(policy({ timeout: 200, deadline: 500 }))));
        // Anthropic's SDK makes an error of its own of whatever says "timeout", and keeps nothing of it.
        if (route === "messages") assert.equal(late.constructor.name, "APIConnectionTimeoutError");
        else assert(inside(late, error => error instanceof DeadlineExceeded));
      });

      test(`${way}: an open breaker turns the call away without a request`, async () => {
        server.otherwise = fault("overloaded");
        const one = guard(policy({ breaker: { consecutive: 3 } }));
        await rejection(ask(one));
        assert.deepEqual([one.breaker.state, server.attempts()], ["open", 3]);
        assert(inside(await rejection(ask(one)), error => error instanceof CircuitOpen));
        assert.equal(server.attempts(), 3);
      });

      test(`${way}: a lost acknowledgement is tried again, for a model's answer is no effect`, async () => {
        server.script([fault("lost_acknowledgement"), ok("It is sunny.")]);
        assert.equal(await ask(guard(policy())), "It is sunny.");
        assert.deepEqual([server.attempts(), server.effects.length], [2, 2]);
      });
    }

    test("whole: a body that hangs or breaks off inside is tried again", async () => {
      for (const what of ["hang_in_body", "cut_connection", "cut_stream"]) {
        server.reset();
        server.script([fault(what), ok("It is sunny.")]);
        assert.equal(await whole(by(guard(policy({ timeout: 400 })))), "It is sunny.", what);
        assert.equal(server.attempts(), 2, what);
      }
    });

    test("streamed: what fails before the first event is asked for again", async () => {
      for (const what of ["cut_connection", "hang_in_body", "error_in_stream"]) {
        server.reset();
        server.script([fault(what, { after: 0 }), ok("It is sunny.")]);
        assert.deepEqual(await read(route, by(guard(policy({ timeout: 400 })))), { text: "It is sunny." }, what);
        assert.equal(server.attempts(), 2, what);
      }
    });

    test("streamed: what fails later is an error to whoever reads, and is not asked for again", async () => {
      for (const what of ["cut_connection", "hang_in_body", "error_in_stream", "cut_stream"]) {
        server.reset();
        server.script([fault(what, { pace: 5 }), ok("Never seen.")]);
        const { text, error } = await read(route, by(guard(policy({ timeout: 400 }))));
        assert(text.length > 0 && LONG.startsWith(text), `${what}: ${text}`);
        assert(error, what);
        assert.equal(server.attempts(), 1, what);
      }
    });

    test("streamed: an error inside counts against the server's health", async () => {
      server.otherwise = fault("error_in_stream");
      const one = guard(policy({ retry: false, breaker: { consecutive: 2 } }));
      for (let left = 2; left > 0; left -= 1) assert((await read(route, by(one))).error);
      assert.equal(one.breaker.state, "open");
    });

    test("malformed tool arguments are the model's word, and pass through as they are", async () => {
      server.otherwise = fault("malformed_arguments");
      await whole(by(guard(policy()))).catch(() => {});
      assert.equal(server.attempts(), 1);
    });

    test("the SDK's own retries, left on, are found out and counted", async () => {
      const one = guard(policy({ retry: false }));
      const told = [];
      one.on("decision", ({ what, why, text }) => { if (what === "inner_retries") told.push([why.attempts, text]); });
      server.otherwise = fault("http_503", { retryAfterMs: 1 });
      await rejection(whole(by(one, { maxRetries: 2 })));
      assert.equal(server.attempts(), 3);
      assert.deepEqual(told.map(([attempts]) => attempts), [2, 3]);
      assert.match(told[1][1], /^This attempt was really 3: .* Switch that off\.$/);
    });

    test("the SDK's own retries, left on, take their attempts out of the budget", async () => {
      const budget = new Budget({ attempts: 4 });
      server.otherwise = fault("http_503", { retryAfterMs: 1 });
      await rejection(whole(by(guard(policy({ budget })), { maxRetries: 5 })));
      assert.equal(server.attempts(), 4);
    });

    test("the caller's abort ends the request", async () => {
      server.script([fault("hang_before_headers")]);
      const caller = new AbortController();
      setTimeout(() => caller.abort(), 50);
      const one = by(guard(policy()));
      const asking = route === "messages" ? one.messages.create({ ...question, max_tokens: 100 }, { signal: caller.signal })
        : route === "chat" ? one.chat.completions.create(question, { signal: caller.signal }) : one.responses.create(input, { signal: caller.signal });
      assert.equal((await rejection(asking)).constructor.name, "APIUserAbortError");
      await abandoned(server, [true]);
    });
  });

  test(`classify of what the SDK throws by ${route}, without a guard`, async () => {
    const plain = client({ timeout: 400 });
    for (const [what, expected, options] of [
      ["bad_request", "invalid_request"], ["unauthorized", "auth"], ["billing", "quota_exhausted"], ["forbidden", "permission"],
      ["not_found", "invalid_request"], ["http_408", "timeout"], ["http_409", "overloaded"], ["body_too_large", "too_large"],
      ["rate_limited", "rate_limited"], ["slow_down", "rate_limited"], ["http_500", "server_error"], ["http_502", "server_error"],
      ["http_503", "overloaded"], ["http_504", "timeout"], ["overloaded", "overloaded"], ["context_too_long", "too_large"],
      ["hang_before_headers", "timeout"], ["connection_reset", "incomplete"], ["lost_acknowledgement", "incomplete"], ["cut_connection", "incomplete"],
      ...(route === "messages" ? quotaCodes.anthropic : quotaCodes.openai).map(code => ["quota", "quota_exhausted", { code }]),
      ...(route === "messages" ? [] : quotaCodes.openai.map(code => ["quota", "quota_exhausted", { code, in: "type" }])),
    ]) {
      server.script([fault(what, options)]);
      const verdict = classify(await rejection(whole(plain)));
      assert.deepEqual([what, options, verdict.class], [what, options, expected]);
    }
    for (const [options, retryAfter] of [[{ retryAfter: "2" }, 2000], [{ retryAfter: "1.5" }, 1500], [{ retryAfter: "120" }, 120_000], [{ retryAfterMs: 250 }, 250], [{}, undefined]]) {
      server.script([fault("rate_limited", options)]);
      assert.deepEqual(classify(await rejection(whole(plain))), { class: "rate_limited", transient: true, ...(retryAfter && { retryAfter }) });
    }
    server.script([fault("error_in_stream")]);
    assert.equal(classify((await read(route, plain)).error).class, "overloaded");
    server.script([fault("error_in_stream", { failure: "rate_limited" })]);
    assert.equal(classify((await read(route, plain)).error).class, "rate_limited");
  });
}
