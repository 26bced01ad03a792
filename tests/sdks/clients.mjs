// The real SDKs, pinned beside this file: `npm ci --prefix tests/sdks`, then run what imports this with Node 22:
//
//   tests/sdks/node_modules/.bin/node --test tests/provider-server/
//
// Their own retries are off, so that what a test counts is what it asked for.

import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";

export { Anthropic, OpenAI };

/** @param {{ url: string }} server @param {import("openai").ClientOptions} [options] */
export function openaiFor(server, options = {}) {
  return new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "test", maxRetries: 0, logLevel: "off", ...options });
}

/** @param {{ url: string }} server @param {import("@anthropic-ai/sdk").ClientOptions} [options] */
export function anthropicFor(server, options = {}) {
  return new Anthropic({ baseURL: server.url, apiKey: "test", maxRetries: 0, logLevel: "off", ...options });
}
