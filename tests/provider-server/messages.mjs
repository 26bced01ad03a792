// Anthropic's messages: blocks of content; a stream is cut unless `message_stop` came.

import { argumentsText, event, parts } from "./reply.mjs";

const STOP = { end: "end_turn", tools: "tool_use", length: "max_tokens", refused: "refusal" };

/** @type {import("./reply.mjs").Format} */
export const messages = {
  path: "/v1/messages",
  requestIdHeader: "request-id",

  plain(reply, context) {
    return { ...envelope(context), content: blocks(reply), stop_reason: stop(reply), usage: asUsage(reply) };
  },

  streamed(reply, context) {
    const events = [];
    const emit = (data, about = {}) => events.push(event(data, { event: data.type, ...about }));
    emit({ type: "message_start", message: { ...envelope(context), usage: { ...asUsage(reply), output_tokens: 1 } } });
    emit({ type: "ping" });
    blocks(reply).forEach((block, index) => {
      const isText = block.type === "text";
      emit({ type: "content_block_start", index, content_block: isText ? { ...block, text: "" } : { ...block, input: {} } });
      const call = reply.toolCalls.find(({ id }) => id === block.id);
      for (const part of parts(isText ? block.text : argumentsText(call))) {
        const delta = isText ? { type: "text_delta", text: part } : { type: "input_json_delta", partial_json: part };
        emit({ type: "content_block_delta", index, delta });
      }
      emit({ type: "content_block_stop", index });
    });
    const usage = { output_tokens: reply.usage.outputTokens };
    emit({ type: "message_delta", delta: { stop_reason: stop(reply), stop_sequence: null }, usage }, { ends: true });
    emit({ type: "message_stop" }, { ends: true });
    return events;
  },

  failed({ message, kind, detail }, { id }) {
    const error = { type: kind, message };
    if (detail !== undefined) error.details = { error_code: detail };
    return { type: "error", error, request_id: `req_${id}` };
  },

  // The status is gone by then: an overloaded service that answers 529 elsewhere only says its type here.
  failedInStream(failure, context) {
    return event(this.failed(failure, context), { event: "error" });
  },
};

function envelope({ id, body }) {
  return {
    id: `msg_${id}`, type: "message", role: "assistant", model: body.model ?? "test-model",
    content: [], stop_reason: null, stop_sequence: null,
  };
}

function blocks(reply) {
  const written = reply.text === "" ? [] : [{ type: "text", text: reply.text, citations: null }];
  return [...written, ...reply.toolCalls.map(call => ({
    type: "tool_use", id: call.id, name: call.name, input: call.arguments,
  }))];
}

function stop({ stop: why }) {
  return why === null ? null : STOP[why];
}

function asUsage({ usage: { inputTokens, outputTokens } }) {
  return {
    input_tokens: inputTokens, output_tokens: outputTokens,
    cache_creation_input_tokens: null, cache_read_input_tokens: null,
  };
}
