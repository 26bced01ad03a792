// OpenAI's responses: items instead of choices, named events with a running number instead of chunks.

import { argumentsText, event, parts } from "./reply.mjs";

/** @type {import("./reply.mjs").Format} */
export const responses = {
  path: "/v1/responses",
  requestIdHeader: "x-request-id",

  plain(reply, context) {
    const cut = reply.stop === "length" || reply.stop === "refused";
    return {
      ...envelope(context, cut ? "incomplete" : "completed"),
      incomplete_details: cut ? { reason: reply.stop === "length" ? "max_output_tokens" : "content_filter" } : null,
      output: items(reply, context),
      usage: asUsage(reply),
    };
  },

  streamed(reply, context) {
    const events = [];
    const emit = (type, fields, about = {}) => {
      events.push(event({ type, sequence_number: events.length, ...fields }, { event: type, ...about }));
    };
    const begun = envelope(context, "in_progress");
    emit("response.created", { response: begun });
    emit("response.in_progress", { response: begun });
    items(reply, context).forEach((item, output_index) => {
      const at = { item_id: item.id, output_index };
      emit("response.output_item.added", { output_index, item: empty(item) });
      if (item.type === "message") {
        const [part] = item.content;
        const inside = { ...at, content_index: 0 };
        emit("response.content_part.added", { ...inside, part: { ...part, text: "" } });
        for (const delta of parts(part.text)) emit("response.output_text.delta", { ...inside, delta, logprobs: [] });
        emit("response.output_text.done", { ...inside, text: part.text, logprobs: [] });
        emit("response.content_part.done", { ...inside, part });
      } else {
        for (const delta of parts(item.arguments)) emit("response.function_call_arguments.delta", { ...at, delta });
        emit("response.function_call_arguments.done", { ...at, arguments: item.arguments });
      }
      emit("response.output_item.done", { output_index, item });
    });
    const response = this.plain(reply, context);
    emit(`response.${response.status}`, { response }, { ends: true });
    return events;
  },

  failed({ message, type, code }) {
    return { error: { message, type, param: null, code } };
  },

  // Flat, unlike the body of a failed request.
  failedInStream({ message, type, code }) {
    const data = { type: "error", sequence_number: 0, code: code ?? type, message, param: null };
    return event(data, { event: "error" });
  },
};

function envelope({ id, body }, status) {
  return {
    id: `resp_${id}`, object: "response", created_at: Math.floor(Date.now() / 1000), status,
    model: body.model ?? "test-model", output: [], error: null, incomplete_details: null, usage: null,
    instructions: body.instructions ?? null, metadata: body.metadata ?? {}, tools: body.tools ?? [],
    tool_choice: body.tool_choice ?? "auto", parallel_tool_calls: body.parallel_tool_calls ?? true,
    temperature: body.temperature ?? 1, top_p: body.top_p ?? 1, previous_response_id: body.previous_response_id ?? null,
  };
}

function items(reply, { id }) {
  const written = [];
  if (reply.text !== "" || reply.toolCalls.length === 0) {
    const content = [{ type: "output_text", text: reply.text, annotations: [], logprobs: [] }];
    written.push({ id: `msg_${id}`, type: "message", role: "assistant", status: "completed", content });
  }
  reply.toolCalls.forEach((call, index) => written.push({
    id: `fc_${id}_${index}`, type: "function_call", call_id: call.id, name: call.name,
    arguments: argumentsText(call), status: "completed",
  }));
  return written;
}

/** An item as it stands when it is announced. */
function empty(item) {
  const rest = item.type === "message" ? { content: [] } : { arguments: "" };
  return { ...item, ...rest, status: "in_progress" };
}

function asUsage({ usage: { inputTokens, outputTokens } }) {
  return {
    input_tokens: inputTokens, input_tokens_details: { cached_tokens: 0 },
    output_tokens: outputTokens, output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: inputTokens + outputTokens,
  };
}
