// OpenAI's chat completions, which most other providers and local servers speak too.

import { argumentsText, event, parts } from "./reply.mjs";

const FINISH = { end: "stop", tools: "tool_calls", length: "length", refused: "content_filter" };

/** @type {import("./reply.mjs").Format} */
export const chatCompletions = {
  path: "/v1/chat/completions",
  requestIdHeader: "x-request-id",

  plain(reply, context) {
    const message = { role: "assistant", content: reply.text || null, refusal: null };
    if (reply.toolCalls.length > 0) message.tool_calls = reply.toolCalls.map(asToolCall);
    return {
      ...envelope("chat.completion", context),
      choices: [{ index: 0, message, logprobs: null, finish_reason: finish(reply) }],
      usage: asUsage(reply),
    };
  },

  streamed(reply, context) {
    const chunk = (delta, finish_reason = null) => ({
      ...envelope("chat.completion.chunk", context),
      choices: [{ index: 0, delta, logprobs: null, finish_reason }],
    });
    const events = [event(chunk({ role: "assistant", content: "" }))];
    for (const content of parts(reply.text)) events.push(event(chunk({ content })));
    reply.toolCalls.forEach((call, index) => {
      const { id, type, function: { name } } = asToolCall(call);
      events.push(event(chunk({ tool_calls: [{ index, id, type, function: { name, arguments: "" } }] })));
      for (const part of parts(argumentsText(call))) {
        events.push(event(chunk({ tool_calls: [{ index, function: { arguments: part } }] })));
      }
    });
    events.push(event(chunk({}, finish(reply)), { ends: true }));
    if (context.body.stream_options?.include_usage) {
      const last = { ...envelope("chat.completion.chunk", context), choices: [], usage: asUsage(reply) };
      events.push(event(last, { ends: true }));
    }
    return [...events, { data: "[DONE]", ends: true }];
  },

  failed({ message, type, code }) {
    return { error: { message, type, param: null, code } };
  },

  // The status is gone by then: the headers of a success went out before.
  failedInStream(failure, context) {
    return event(this.failed(failure, context));
  },
};

function envelope(object, { id, body }) {
  return { id: `chatcmpl-${id}`, object, created: Math.floor(Date.now() / 1000), model: body.model ?? "test-model" };
}

function finish({ stop }) {
  return stop === null ? null : FINISH[stop];
}

function asToolCall(call) {
  return { id: call.id, type: "function", function: { name: call.name, arguments: argumentsText(call) } };
}

function asUsage({ usage: { inputTokens, outputTokens } }) {
  return { prompt_tokens: inputTokens, completion_tokens: outputTokens, total_tokens: inputTokens + outputTokens };
}
