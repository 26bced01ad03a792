// `steadfast/ai-sdk`: a guard around the models and tools of the AI SDK (`ai` 7).

import type { LanguageModelMiddleware } from "ai" with { "resolution-mode": "import" };
import { run } from "../call.js";
import { SteadfastError } from "../errors.js";
import type { Guard } from "../guard.js";
import { object, refused } from "../options.js";
import type { AttemptContext } from "../types.js";
import { endedEarly, fallbackList, inside, yesOrNo } from "./hosts.js";
import { guardedStream, partsOf, type Place } from "./streaming.js";
import { guardedTool, toolName, type ToolPolicy } from "./tools.js";

export type { ToolPolicy } from "./tools.js";
export { ToolOutcomeUnknown } from "./tools.js";

type WrapGenerate = NonNullable<LanguageModelMiddleware["wrapGenerate"]>;
/** @inline */
type WrapStream = NonNullable<LanguageModelMiddleware["wrapStream"]>;
/** A language model of a provider, as the AI SDK calls it. */
export type Model = Parameters<WrapStream>[0]["model"];
type Parameter = Parameters<WrapStream>[0]["params"];
type Begun = Awaited<ReturnType<WrapStream>>;
type Part = Begun["stream"] extends ReadableStream<infer P> ? P : never;

/** What the middleware does besides guarding. */
export interface ModelOptions {
  /** What is asked where the model cannot answer, in this order. Each has a breaker of its own. */
  fallbacks?: readonly Model[];
  /** Takes a stream that ends without a reason for a whole one, as some local servers end theirs. Default false. */
  endsWithoutReason?: boolean;
}
const MODEL_OPTIONS = ["fallbacks", "endsWithoutReason"];

/**
 * A middleware that puts every call of a model under a guard: its timeouts, retries, breaker, budget and deadline, and fallback
 * models. A stream is tried again only until its first content was handed on; its tool calls are handed on with its proper end,
 * so that none of a stream that breaks off ever runs.
 *
 * The AI SDK's own retries should be off (`maxRetries: 0`, and no `streamRetries`); where `maxRetries` is left on it finds nothing
 * to do, for whatever leaves the guard says that it is not to be tried again.
 *
 * @example
 * import { generateText, wrapLanguageModel } from "ai";
 * import { guard } from "steadfast";
 * import { guardMiddleware } from "steadfast/ai-sdk";
 *
 * const model = wrapLanguageModel({
 *   model: openai("gpt-5"),
 *   middleware: guardMiddleware(guard({ timeout: 20_000, deadline: 60_000 }), { fallbacks: [anthropic("claude-sonnet-4-5")] }),
 * });
 * const { text } = await generateText({ model, prompt: "Is it sunny?", maxRetries: 0 });
 */
export function guardMiddleware(guard: Guard, options: ModelOptions = {}): LanguageModelMiddleware {
  const { calls, streams } = inside("guard", guard);
  const { endsWithoutReason = false, ...rest } = object("options", options, MODEL_OPTIONS);
  yesOrNo("endsWithoutReason", endsWithoutReason);
  const fallbacks = fallbackList("fallbacks", rest.fallbacks, ["doGenerate", "doStream"]);
  const reading = { places: () => (part: Part) => placeOf(part, endsWithoutReason), failed };
  const signalOf = ({ abortSignal }: Parameter) => (abortSignal ? { signal: abortSignal } : {});
  const by = (params: Parameter, { signal }: AttemptContext): Parameter => ({ ...params, abortSignal: signal });
  const wrapGenerate: WrapGenerate = ({ model, params }) => {
    const operations = [model, ...fallbacks].map(one => (context: AttemptContext) => one.doGenerate(by(params, context)));
    return run(calls, operations.length === 1 ? operations[0]! : operations, signalOf(params)).catch(final);
  };
  const wrapStream: WrapStream = async ({ model, params }) => {
    const openings = [model, ...fallbacks].map(one => async (context: AttemptContext) => {
      const { stream, ...rest } = await one.doStream(by(params, context));
      return { parts: partsOf(stream), rest };
    });
    const { parts, rest } = await guardedStream(streams, openings, reading, signalOf(params)).catch(final);
    return { ...rest, stream: parts };
  };
  return { specificationVersion: "v4", wrapGenerate, wrapStream };
}

/** The guard's word is the last: the AI SDK tries again what says that it may be. */
function final(error: unknown): never {
  if (typeof error === "object" && error !== null && (error as { isRetryable?: unknown }).isRetryable === true) {
    Object.defineProperty(error, "isRetryable", { value: false, enumerable: true, configurable: true, writable: true });
  }
  throw error;
}

function placeOf(part: Part, endsWithoutReason: boolean): Place {
  switch (part.type) {
    case "stream-start": case "response-metadata": case "raw": case "ping": case "custom": case "text-start": case "text-end":
    case "reasoning-start": case "reasoning-end":
      return "opening";
    case "text-delta": case "reasoning-delta":
      return part.delta === "" ? "opening" : "content";
    case "tool-call":
      // What the provider itself has done is not ours to hold back.
      return part.providerExecuted ? "content" : "held";
    case "error":
      throw part.error;
    case "finish": {
      const { unified, raw } = part.finishReason;
      if (unified === "error") throw new SteadfastError("the stream ended with an error that it does not name", { code: "incomplete" });
      if (!endsWithoutReason && raw === undefined && (unified === "interrupted" || unified === "other")) {
        throw endedEarly();
      }
      return "last";
    }
    default:
      return "content";
  }
}

/** As providers' own streams end with an error. */
function failed(error: unknown): Part[] {
  const none = undefined;
  const usage = {
    inputTokens: { total: none, noCache: none, cacheRead: none, cacheWrite: none },
    outputTokens: { total: none, text: none, reasoning: none },
  };
  return [{ type: "error", error }, { type: "finish", finishReason: { unified: "error", raw: undefined }, usage }];
}

/** A tool that runs here, whatever its schema. */
/** @inline */
interface Executable { execute?: unknown }
interface ExecuteOptions { toolCallId?: string; messages?: readonly unknown[]; abortSignal?: AbortSignal }

/**
 * The same tool under a guard. What it does to the world decides what may be tried again: `effect: "none"` and `"idempotent"`
 * are, `"once"` never is. A `"once"` call that is asked for twice under one id runs once, and one whose outcome is unknown, as
 * after a timeout, is told to the model as such and does not run again with the same arguments unless `reconcile` says that it
 * did not happen. A `risky` call waits for the approver.
 *
 * `execute` finds `abortSignal` and `idempotencyKey`, the same for every attempt of one call, in its options. Of a tool that
 * yields intermediate results only the last is handed on.
 *
 * @example
 * import { generateText, tool } from "ai";
 * import { guard } from "steadfast";
 * import { guardTool } from "steadfast/ai-sdk";
 *
 * const send_email = guardTool("send_email", tool({ description: "Sends an e-mail.", inputSchema, execute: sendEmail }), {
 *   effect: "once", guard: guard({ timeout: 10_000 }),
 * });
 * await generateText({ model, tools: { send_email }, prompt: "Tell Ada.", maxRetries: 0 });
 */
export function guardTool<T extends Executable>(name: string, tool: T, policy?: ToolPolicy): T {
  toolName(name);
  if (typeof tool !== "object" || tool === null || typeof tool.execute !== "function") {
    throw refused("tool", tool, "a tool with execute()", true);
  }
  const guarded = guardedTool(name, policy);
  const original = tool.execute as (input: unknown, options: object) => unknown;
  const execute = (input: unknown, options: ExecuteOptions = {}) => guarded({
    args: input,
    id: options.toolCallId,
    // One array for all calls of a step, and the first message for all steps of a conversation.
    step: options.messages,
    run: typeof options.messages?.[0] === "object" && options.messages[0] !== null ? options.messages[0] : undefined,
    signal: options.abortSignal,
    perform: async (args, { signal, key }) => last(await original.call(tool, args, { ...options, abortSignal: signal, idempotencyKey: key })),
  });
  // As it was made, getters and all.
  return Object.create(Object.getPrototypeOf(tool) as object | null, {
    ...Object.getOwnPropertyDescriptors(tool), execute: { value: execute, enumerable: true, configurable: true, writable: true },
  }) as T;
}

/** The last that a generator yields, or the value itself. */
async function last(result: unknown): Promise<unknown> {
  if (typeof result !== "object" || result === null || !(Symbol.asyncIterator in result)) return result;
  let value: unknown;
  for await (value of result as AsyncIterable<unknown>);
  return value;
}
