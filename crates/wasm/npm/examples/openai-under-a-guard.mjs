// The SDK of OpenAI, and of whoever speaks its format, under a guard: `npm i openai`, then
//
//   OPENAI_API_KEY=... node openai-under-a-guard.mjs "Why is the sky blue?"     (OPENAI_BASE_URL for another server)

import { guard } from "steadfast";
import OpenAI from "openai";

const model = guard({
  timeout: 30_000, // for each attempt, also where an answer begins and then hangs
  deadline: 120_000, // for the whole call
  retry: { attempts: 4 },
});
model.on("decision", ({ text }) => console.error(text));

// The SDK's own retries are off: two that retry multiply.
const client = new OpenAI({ fetch: model.fetch, maxRetries: 0, logLevel: "off" });

try {
  const reply = await client.chat.completions.create({
    model: process.env.OPENAI_MODEL ?? "gpt-5-mini", messages: [{ role: "user", content: process.argv[2] ?? "What is 17 * 23?" }],
  });
  console.log(reply.choices[0].message.content);
} catch (error) {
  console.log(`${error.constructor.name}: ${error.message}`);
  process.exitCode = 1;
}
