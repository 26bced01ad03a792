// The agent frameworks, pinned beside this file, each with one tool and its own retries off: `npm ci --prefix tests/sdks`,
// and Node 22. Every entry is a way to ask one question of a server; it tells the answer and what the tool was asked for.

import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { ChatAnthropic } from "@langchain/anthropic";
import { ChatOpenAI, ChatOpenAICompletions } from "@langchain/openai";
import { Agent, OpenAIChatCompletionsModel, OpenAIResponsesModel, Runner, setTracingDisabled, tool as agentsTool } from "@openai/agents";
import { generateText, isStepCount, streamText, tool as aiTool } from "ai";
import { createAgent, tool as langchainTool } from "langchain";
import { z } from "zod";
import { openaiFor } from "./clients.mjs";

setTracingDisabled(true);
const parameters = z.object({ a: z.number(), b: z.number() });
const description = "Multiplies two numbers.";

/** @typedef {(question: string) => Promise<{ answer: string, multiplied: [number, number][] }>} Ask */

/** A tool's body that remembers. */
function multiplier() {
  const multiplied = /** @type {[number, number][]} */ ([]);
  const multiply = ({ a, b }) => {
    multiplied.push([a, b]);
    return String(a * b);
  };
  return { multiplied, multiply };
}

/** @param {{ url: string }} server @returns {Record<string, Ask>} */
export function aiSdk(server) {
  const openai = createOpenAI({ baseURL: `${server.url}/v1`, apiKey: "test" });
  const anthropic = createAnthropic({ baseURL: `${server.url}/v1`, apiKey: "test" });
  const settings = model => {
    const { multiplied, multiply } = multiplier();
    const tools = { multiply: aiTool({ description, inputSchema: parameters, execute: multiply }) };
    return { multiplied, options: { model, tools, stopWhen: isStepCount(4), maxRetries: 0 } };
  };
  const whole = model => async prompt => {
    const { multiplied, options } = settings(model);
    return { answer: (await generateText({ ...options, prompt })).text, multiplied };
  };
  const streamed = model => async prompt => {
    const { multiplied, options } = settings(model);
    let failure;
    const result = streamText({ ...options, prompt, onError: ({ error }) => { failure = error; } });
    await result.consumeStream();
    if (failure) throw failure;
    return { answer: await result.text, multiplied };
  };
  const models = { chat: openai.chat("test"), responses: openai.responses("test"), messages: anthropic("test") };
  return Object.fromEntries(Object.entries(models).flatMap(([route, model]) => [[route, whole(model)], [`${route} streamed`, streamed(model)]]));
}

/** @param {{ url: string }} server @returns {Record<string, Ask>} */
export function openaiAgents(server) {
  const client = openaiFor(server);
  const by = (model, stream) => async question => {
    const { multiplied, multiply } = multiplier();
    const agent = new Agent({
      name: "test", instructions: "Be brief.", model,
      tools: [agentsTool({ name: "multiply", description, parameters, execute: multiply })],
    });
    const runner = new Runner();
    const result = await runner.run(agent, question, { stream });
    if (stream) await result.completed;
    return { answer: result.finalOutput, multiplied };
  };
  const models = { chat: new OpenAIChatCompletionsModel(client, "test"), responses: new OpenAIResponsesModel(client, "test") };
  return Object.fromEntries(Object.entries(models).flatMap(([route, model]) => [[route, by(model, false)], [`${route} streamed`, by(model, true)]]));
}

/** @param {{ url: string }} server @returns {Record<string, Ask>} */
export function langchain(server) {
  const by = model => async question => {
    const { multiplied, multiply } = multiplier();
    const agent = createAgent({ model, tools: [langchainTool(multiply, { name: "multiply", description, schema: parameters })] });
    const { messages } = await agent.invoke({ messages: [{ role: "user", content: question }] });
    return { answer: messages.at(-1).text, multiplied };
  };
  const settings = { model: "test", apiKey: "test", maxRetries: 0 };
  const openai = { ...settings, configuration: { baseURL: `${server.url}/v1` } };
  const streaming = { ...openai, streaming: true };
  return {
    chat: by(new ChatOpenAI({ ...openai, useResponsesApi: false })),
    "chat streamed": by(new ChatOpenAI({ ...streaming, useResponsesApi: false, completions: new Counting(streaming) })),
    responses: by(new ChatOpenAI({ ...openai, useResponsesApi: true })),
    messages: by(new ChatAnthropic({ ...settings, anthropicApiUrl: server.url })),
    "messages streamed": by(new ChatAnthropic({ ...settings, anthropicApiUrl: server.url, streaming: true })),
  };
}

/** Streamed, it estimates tokens by a table that it fetches from the network; tests have none. */
class Counting extends ChatOpenAICompletions {
  async getNumTokens(content) {
    return Math.ceil(String(content).length / 4);
  }
}
