// What a model says, before any provider's format: a text, tool calls, a reason to stop, and what it cost.

/**
 * @typedef {object} ToolCall
 * @property {string} [id] made up if missing
 * @property {string} name
 * @property {unknown} arguments an object; or a string, which goes out as it stands, JSON or not
 *
 * @typedef {"end" | "tools" | "length" | "refused"} Stop
 *
 * @typedef {object} Reply
 * @property {string} [text]
 * @property {ToolCall[]} [toolCalls]
 * @property {{ inputTokens: number, outputTokens: number }} [usage]
 * @property {Stop | null} [stop] `null`: the reply ends without a reason, as some local servers' replies do
 *
 * @typedef {object} CompleteReply
 * @property {string} text
 * @property {Required<ToolCall>[]} toolCalls
 * @property {{ inputTokens: number, outputTokens: number }} usage
 * @property {Stop | null} stop
 *
 * @typedef {object} ServerSentEvent
 * @property {string} [event]
 * @property {string} data
 * @property {boolean} [ends] it belongs to the proper end of a stream: without it, the stream was cut
 *
 * @typedef {object} Failure how one failure looks in each provider's words
 * @property {number} status
 * @property {string} message
 * @property {string | null} type in OpenAI's format
 * @property {string | null} code in OpenAI's format
 * @property {string} kind `error.type` in Anthropic's format
 * @property {string} [detail] `error.details.error_code` in Anthropic's format
 *
 * @typedef {object} Context what a format may need of the request it answers
 * @property {string} id of the request, unique in this server
 * @property {Record<string, any>} body
 *
 * @typedef {object} Format
 * @property {string} path
 * @property {string} requestIdHeader
 * @property {(reply: CompleteReply, context: Context) => object} plain
 * @property {(reply: CompleteReply, context: Context) => ServerSentEvent[]} streamed
 * @property {(failure: Failure, context: Context) => object} failed
 * @property {(failure: Failure, context: Context) => ServerSentEvent} failedInStream
 */

/**
 * Fills in what a script left out.
 * @param {Reply | string} reply
 * @param {string} requestId
 * @returns {CompleteReply}
 */
export function complete(reply, requestId) {
  const { text = "", toolCalls = [], usage, stop } = typeof reply === "string" ? { text: reply } : reply;
  return {
    text,
    toolCalls: toolCalls.map((call, index) => ({ ...call, id: call.id ?? `call_${requestId}_${index}` })),
    usage: usage ?? { inputTokens: 12, outputTokens: 7 },
    stop: stop === undefined ? (toolCalls.length > 0 ? "tools" : "end") : stop,
  };
}

/**
 * The arguments of a call as they go over the wire.
 * @param {ToolCall} call
 */
export function argumentsText(call) {
  return typeof call.arguments === "string" ? call.arguments : JSON.stringify(call.arguments);
}

/**
 * Cuts a text into a few parts, so that a stream has an inside. Together they are the text, and none is empty.
 * @param {string} text
 * @returns {string[]}
 */
export function parts(text) {
  const length = Math.max(1, Math.ceil(text.length / 4));
  const cut = [];
  for (let from = 0; from < text.length; from += length) cut.push(text.slice(from, from + length));
  return cut;
}

/**
 * @param {object} data
 * @param {{ event?: string, ends?: boolean }} [about]
 * @returns {ServerSentEvent}
 */
export function event(data, about = {}) {
  return { ...about, data: JSON.stringify(data) };
}
