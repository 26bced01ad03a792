// `steadfast/openai-agents`: a guard around the models and tools of OpenAI's Agents SDK (`@openai/agents` 0.x).

import type { Model, ModelRequest, RunContext, ToolExecuteArgument, ToolInputParameters } from "@openai/agents";
import { run } from "../call.js";
import type { Guard } from "../guard.js";
import { object, refused } from "../options.js";
import type { AttemptContext } from "../types.js";
import { endedEarly, fallbackList, having, InnerRetries, inside, yesOrNo } from "./hosts.js";
import { guardedStream, type Place } from "./streaming.js";
import { guardedTool, toolName, type ToolPolicy } from "./tools.js";

export type { ToolPolicy } from "./tools.js";
export { ToolOutcomeUnknown } from "./tools.js";

type StreamEvent = ReturnType<Model["getStreamedResponse"]> extends AsyncIterable<infer E> ? E : never;

/** What the model does besides being guarded. */
export interface ModelOptions {
  /** What is asked where the model cannot answer, in this order. Each has a breaker of its own. */
  fallbacks?: readonly Model[];
  /** Takes a stream that ends without a reason for a whole one, as some local servers end theirs. Default false. */
  endsWithoutReason?: boolean;
}
const MODEL_OPTIONS = ["fallbacks", "endsWithoutReason"];
const METHODS = ["getResponse", "getStreamedResponse"];

/**
 * The same model under a guard: its timeouts, retries, breaker, budget and deadline, and fallback models. A stream is tried
 * again only until its first text was handed on.
 *
 * The client's own retries should be off (`new OpenAI({ maxRetries: 0 })`): they multiply. Those of a client that the model
 * shows, and those of `modelSettings.retry`, are told to the guard's listeners as `inner_retries`; those of any client are where
 * its `fetch` is the guard's. The Runner's own retries find a model that advises against them.
 *
 * @example
 * import { Agent, OpenAIResponsesModel, run } from "@openai/agents";
 * import { guard } from "steadfast";
 * import { guardModel } from "steadfast/openai-agents";
 * import OpenAI from "openai";
 *
 * const client = new OpenAI({ maxRetries: 0 });
 * const model = guardModel(new OpenAIResponsesModel(client, "gpt-5"), guard({ timeout: 20_000, deadline: 60_000 }));
 * const result = await run(new Agent({ name: "helper", model }), "Is it sunny?");
 */
export function guardModel(model: Model, guard: Guard, options: ModelOptions = {}): Model {
  having("model", model, METHODS);
  const inner = inside("guard", guard);
  const { endsWithoutReason = false, ...rest } = object("options", options, MODEL_OPTIONS);
  yesOrNo("endsWithoutReason", endsWithoutReason);
  const models = [model, ...fallbackList("fallbacks", rest.fallbacks, METHODS)];
  const settings = new InnerRetries(inner, "leave modelSettings.retry out");
  const clients = new InnerRetries(inner, "new OpenAI({ maxRetries: 0 })");
  const look = (request: ModelRequest) => {
    if (request.modelSettings.retry !== undefined) settings.found(request.modelSettings.retry, request.modelSettings.retry.maxRetries);
    for (const one of models) clients.found(one, (one as { _client?: { maxRetries?: unknown } })._client?.maxRetries);
  };
  const by = (request: ModelRequest, { signal }: AttemptContext): ModelRequest => ({ ...request, signal });
  const callOptions = ({ signal }: ModelRequest) => (signal ? { signal } : {});
  const reading = { places: () => places(endsWithoutReason) };
  return {
    ...(model.supportsPromptModelSelection !== undefined && { supportsPromptModelSelection: model.supportsPromptModelSelection }),
    getResponse(request) {
      look(request);
      const operations = models.map(one => (context: AttemptContext) => one.getResponse(by(request, context)));
      return run(inner.calls, operations.length === 1 ? operations[0]! : operations, callOptions(request));
    },
    async *getStreamedResponse(request) {
      look(request);
      const openings = models.map(one => async (context: AttemptContext) => {
        const parts = one.getStreamedResponse(by(request, context))[Symbol.asyncIterator]();
        return { parts, rest: undefined };
      });
      const { parts } = await guardedStream(inner.streams, openings, reading, callOptions(request));
      const reader = parts.getReader();
      try {
        for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) yield value as StreamEvent;
      } finally {
        // Whoever stops reading ends the request.
        void reader.cancel().catch(() => {});
      }
    },
    getRetryAdvice: () => ({ suggested: false, replaySafety: "unsafe", reason: "steadfast has decided" }),
  };
}

/** What the events of one stream are. */
function places(endsWithoutReason: boolean): (event: StreamEvent) => Place {
  // The SDK takes chat completions that break off for whole ones: their chunks tell.
  let chunks = false;
  let reason: unknown;
  return event => {
    switch (event.type) {
      case "output_text_delta":
        return event.delta === "" ? "opening" : "content";
      case "response_done":
        if (chunks && typeof reason !== "string" && !endsWithoutReason) {
          throw endedEarly();
        }
        return "last";
      case "model": {
        const { choices } = event.event as { choices?: { finish_reason?: unknown }[] };
        chunks ||= Array.isArray(choices);
        reason = choices?.find(choice => choice.finish_reason)?.finish_reason ?? reason;
        return "opening";
      }
      default:
        return "opening";
    }
  };
}

/** What `tool()` of the SDK takes, as far as it matters here. */
export interface Executable<P extends ToolInputParameters> {
  name?: string;
  parameters: P;
  /** The tool's work. It is called with what the guard lets through, once for each attempt. */
  execute: (input: ToolExecuteArgument<P>, context?: RunContext<any>, details?: Details) => unknown;
}
/** What the SDK and the guard hand to `execute` as its third argument. */
export interface Details { toolCall?: { callId?: string }; signal?: AbortSignal; idempotencyKey?: string }

/**
 * The options of a tool under a guard, to be handed to the SDK's `tool()`. What it does to the world decides what may be tried
 * again: `effect: "none"` and `"idempotent"` are, `"once"` never is. A `"once"` call that is asked for twice under one id runs
 * once, and one whose outcome is unknown, as after a timeout, is told to the model as such and does not run again with the same
 * arguments in this run unless `reconcile` says that it did not happen. A `risky` call waits for the approver.
 *
 * `execute` finds `signal` and `idempotencyKey`, the same for every attempt of one call, in its third argument. What goes wrong
 * is told to the model in its own words, unless there is an `errorFunction`.
 *
 * @example
 * import { tool } from "@openai/agents";
 * import { guard } from "steadfast";
 * import { guardTool } from "steadfast/openai-agents";
 *
 * const sendEmail = tool(guardTool(
 *   { name: "send_email", description: "Sends an e-mail.", parameters, execute: send },
 *   { effect: "once", guard: guard({ timeout: 10_000 }) },
 * ));
 */
export function guardTool<P extends ToolInputParameters, O extends object>(
  options: O & Executable<P>,
  policy?: ToolPolicy,
): O & Executable<P> {
  if (typeof options !== "object" || options === null || typeof options.execute !== "function") {
    throw refused("tool", options, "the options of tool(), with execute()", true);
  }
  const name = options.name ?? options.execute.name;
  toolName(name);
  const guarded = guardedTool(name, policy);
  const execute = (input: ToolExecuteArgument<P>, context?: RunContext<any>, details: Details = {}) => {
    // Each call may get a context of its own; what they share is the count of what the run has used.
    const shared: object | undefined = context?.usage ?? context;
    return guarded({
      args: input, id: details.toolCall?.callId, step: shared, run: shared, signal: details.signal,
      perform: (args: unknown, { signal, key }) => options.execute(args as ToolExecuteArgument<P>, context, { ...details, signal, idempotencyKey: key }),
    });
  };
  const errorFunction = (_: unknown, error: unknown) => `Error: ${error instanceof Error ? error.message : String(error)}`;
  return { errorFunction, ...options, name, execute };
}
