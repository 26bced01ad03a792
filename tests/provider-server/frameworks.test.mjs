// The agent frameworks read this server too: a loop of one tool call and an answer in each, streamed where they stream.
//
//   npm ci --prefix tests/sdks
//   tests/sdks/node_modules/.bin/node --test tests/provider-server/

import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { aiSdk, langchain, openaiAgents } from "../sdks/frameworks.mjs";
import { fault, ok, providerServer } from "./server.mjs";

globalThis.AI_SDK_LOG_WARNINGS = false; // it warns that it does not know the model "test"
const server = await providerServer();
beforeEach(() => server.reset());
after(() => server.close());

const wants = ok({ toolCalls: [{ name: "multiply", arguments: { a: 17, b: 23 } }] });
const says = ok("17 * 23 = 391.");
const question = "What is 17 * 23?";

for (const [name, make] of Object.entries({ aiSdk, openaiAgents, langchain })) {
  for (const [route, ask] of Object.entries(make(server))) {
    test(`${name} by ${route}: a tool call, then an answer`, async () => {
      server.script([wants, says]);
      const { answer, multiplied } = await ask(question);
      assert.equal(answer, "17 * 23 = 391.");
      assert.deepEqual(multiplied, [[17, 23]]);
      assert.deepEqual(server.requests.map(request => request.route), [route.split(" ")[0], route.split(" ")[0]]);
    });

    test(`${name} by ${route}: a 503 is one request with its retries off`, async () => {
      server.otherwise = fault("http_503");
      await assert.rejects(ask(question));
      assert.equal(server.attempts(), 1);
    });
  }
}
