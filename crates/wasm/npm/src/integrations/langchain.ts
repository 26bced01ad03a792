// `steadfast/langchain`: a guard around the models and tools of LangChain's agents (`langchain` 1.x).

import { type AgentMiddleware, createMiddleware, ToolMessage } from "langchain";
import { COMMIT, type Context, flightOf, OUTPUT, run } from "../call.js";
import type { Guard } from "../guard.js";
import { object, refused } from "../options.js";
import type { AttemptContext } from "../types.js";
import { endedEarly, fallbackList, InnerRetries, inside, yesOrNo } from "./hosts.js";
import { guardedTool, type ToolInvocation, type ToolPolicy } from "./tools.js";

export type { ToolPolicy } from "./tools.js";
export { ToolOutcomeUnknown } from "./tools.js";

/** @inline */
type WrapModelCall = NonNullable<Parameters<typeof createMiddleware>[0]["wrapModelCall"]>;
type WrapToolCall = NonNullable<Parameters<typeof createMiddleware>[0]["wrapToolCall"]>;
/** A chat model, as a request carries it. */
export type Model = Parameters<WrapModelCall>[0]["model"];
type Message = Awaited<ReturnType<Parameters<WrapModelCall>[1]>>;
type ToolResult = Awaited<ReturnType<WrapToolCall>>;

/** What the middleware does besides guarding models. */
export interface MiddlewareOptions {
  /** What every call of the model is under. Default: none, and models are left alone. */
  model?: Guard;
  /** What is asked where the model cannot answer, in this order. Each has a breaker of its own. */
  fallbacks?: readonly Model[];
  /** Somebody reads tokens as they come (`streamMode: "messages"`): after the first, nothing is tried again. Default false. */
  shown?: boolean;
  /** Takes a reply that ends without a reason for a whole one, as some local servers end theirs. Default false. */
  endsWithoutReason?: boolean;
  /** By name, what each tool does to the world and what it is under. The others run as they are. */
  tools?: Record<string, ToolPolicy>;
}
const OPTIONS = ["model", "fallbacks", "shown", "endsWithoutReason", "tools"];

/**
 * A middleware that puts an agent's model calls under a guard (timeouts, retries, breaker, budget, deadline, fallback models),
 * and its tools under what their effects allow: `effect: "none"` and `"idempotent"` are tried again, `"once"` never is. A
 * `"once"` call that is asked for twice under one id runs once, and one whose outcome is unknown, as after a timeout, is told to
 * the model as such and does not run again with the same arguments in this conversation unless `reconcile` says that it did not
 * happen. What goes wrong with a tool is told to the model.
 *
 * The models' own retries should be off (`maxRetries: 0`): they multiply. Those of a model that has some are told to the guard's
 * listeners as `inner_retries`.
 *
 * @example
 * import { createAgent } from "langchain";
 * import { guard } from "steadfast";
 * import { guardMiddleware } from "steadfast/langchain";
 *
 * const agent = createAgent({
 *   model: new ChatOpenAI({ model: "gpt-5", maxRetries: 0 }),
 *   tools: [sendEmail],
 *   middleware: [guardMiddleware({
 *     model: guard({ timeout: 20_000, deadline: 60_000 }),
 *     tools: { send_email: { effect: "once", guard: guard({ timeout: 10_000 }) } },
 *   })],
 * });
 */
export function guardMiddleware(options: MiddlewareOptions): AgentMiddleware {
  const { model, fallbacks, shown = false, endsWithoutReason = false, tools } = object("options", options, OPTIONS);
  yesOrNo("shown", shown);
  yesOrNo("endsWithoutReason", endsWithoutReason);
  const others = fallbackList("fallbacks", fallbacks, ["invoke"]);
  if (model === undefined && others.length > 0) throw refused("model", model, "a guard, where there are fallbacks", true);
  if (model === undefined && tools === undefined) throw refused("options", {}, "model or tools, or both", true);
  return createMiddleware({
    name: "steadfast",
    ...(model !== undefined && { wrapModelCall: modelCalls(model, others, shown, endsWithoutReason) }),
    ...(tools !== undefined && { wrapToolCall: toolCalls(tools) }),
  });
}

function modelCalls(guard: Guard, fallbacks: readonly Model[], shown: boolean, endsWithoutReason: boolean): WrapModelCall {
  const inner = inside("model", guard);
  const retries = new InnerRetries(inner, "maxRetries: 0 in the model");
  return (request, handler) => {
    const operations = [request.model, ...fallbacks].map(model => async (context: AttemptContext): Promise<Message> => {
      retries.found(model as object, (model as { caller?: { maxRetries?: unknown } }).caller?.maxRetries);
      const { signal } = context;
      const listener = new Listener(context as Context, shown);
      // Some models take it with what is bound along with the tools, others only with the call itself.
      const modelSettings = { ...request.modelSettings, signal, callbacks: [listener] };
      const message = await handler({ ...request, model: attempted(model as object, signal, listener) as Model, modelSettings });
      if (!endsWithoutReason && listener.streams && !hasReason(message, listener.reason)) throw endedEarly();
      return message;
    });
    const { signal } = request.runtime;
    return run(shown ? inner.streams : inner.calls, operations.length === 1 ? operations[0]! : operations, signal ? { signal } : {});
  };
}

/** Hears each token of one attempt, as a callback handler of LangChain's. */
class Listener {
  readonly name = "steadfast";
  readonly awaitHandlers = true;
  streams = false;
  reason: unknown;

  constructor(private readonly context: Context, private readonly shown: boolean) {}

  handleLLMNewToken(token: string, _at: unknown, _run: unknown, _parent: unknown, _tags: unknown, fields?: { chunk?: { generationInfo?: Said } }): void {
    const flight = flightOf(this.context);
    const { attempt } = this.context;
    this.streams = true;
    this.reason = fields?.chunk?.generationInfo?.finish_reason ?? this.reason;
    if (!this.shown) return;
    flight.tell(attempt, OUTPUT);
    if (token !== "") flight.tell(attempt, COMMIT);
  }
}

/** The same model, whose calls with tools bound hear of their attempt. */
function attempted(model: object, signal: AbortSignal, listener: Listener): object {
  const { bindTools } = model as { bindTools?: (...all: unknown[]) => object };
  if (typeof bindTools !== "function") return model;
  const value = (...all: unknown[]) => {
    const bound = bindTools.apply(model, all) as { invoke(input: unknown, config?: Config): unknown };
    const invoke = (input: unknown, config: Config = {}) => bound.invoke(input, { ...config, signal: either(config.signal, signal), callbacks: withListener(config.callbacks, listener) });
    return Object.create(bound, { invoke: { value: invoke } }) as object;
  };
  return Object.create(model, { bindTools: { value } }) as object;
}
interface Config { signal?: AbortSignal; callbacks?: Callbacks }
type Callbacks = unknown[] | { copy(handlers: unknown[]): Callbacks } | undefined;

function either(one: AbortSignal | undefined, other: AbortSignal): AbortSignal {
  return one === undefined ? other : AbortSignal.any([one, other]);
}

function withListener(callbacks: Callbacks, listener: Listener): Callbacks {
  if (callbacks === undefined) return [listener];
  return Array.isArray(callbacks) ? [...callbacks, listener] : callbacks.copy([listener]);
}

/** Models take a stream that breaks off for a whole one; the reason that never came tells. */
function hasReason(message: Message, heard: unknown): boolean {
  const { response_metadata: said, additional_kwargs: more } = message as { response_metadata?: Said; additional_kwargs?: Said };
  if (said?.model_provider === "openai") return (said.finish_reason ?? said.status ?? heard ?? "in_progress") !== "in_progress";
  if (said?.model_provider === "anthropic") return (said.stop_reason ?? more?.stop_reason ?? null) !== null;
  // Nobody knows how others end.
  return true;
}
interface Said { model_provider?: unknown; finish_reason?: unknown; stop_reason?: unknown; status?: unknown }

/** What is no failure of a tool: LangGraph's ways to leave, and arguments that no tool has seen. */
const LEAVING = ["GraphInterrupt", "NodeInterrupt", "GraphBubbleUp", "ParentCommand", "ToolInvocationError"];

function isLeaving(error: unknown): boolean {
  return error instanceof Error && LEAVING.includes(error.name);
}

function toolCalls(policies: Record<string, ToolPolicy>): WrapToolCall {
  const tools = new Map<string, (invocation: ToolInvocation) => Promise<unknown>>();
  for (const [name, policy] of Object.entries(object("tools", policies, Object.keys(policies ?? {})))) tools.set(name, guardedTool(name, policy));
  return async (request, handler) => {
    const { toolCall, tool, state, runtime } = request;
    const answer = (content: string, failed: boolean) =>
      new ToolMessage({ content, tool_call_id: toolCall.id ?? "", name: toolCall.name, ...(failed && { status: "error" as const }) });
    const guarded = tools.get(toolCall.name);
    const messages = state.messages as object[] | undefined;
    try {
      if (guarded === undefined) return await handler(request);
      const result = await guarded({
        args: toolCall.args, id: toolCall.id, step: messages?.at(-1), run: messages?.[0], signal: runtime.signal, isLeaving,
        perform: (args, context) => handler({
          ...request, toolCall: { ...toolCall, args: args as typeof toolCall.args }, tool: tool && (attemptedTool(tool, context) as typeof tool),
        }),
      });
      return typeof result === "string" ? answer(result, false) : (result as ToolResult);
    } catch (error) {
      if (isLeaving(error) || runtime.signal?.aborted) throw error;
      return answer(error instanceof Error ? error.message : String(error), true);
    }
  };
}

/** The same tool, which hears of its attempt: `signal` and `idempotencyKey` in its configuration. */
function attemptedTool(tool: object, { signal, key }: AttemptContext): object {
  const original = tool as { invoke?: (input: unknown, config?: object) => unknown };
  const invoke = (input: unknown, config?: object) => original.invoke!(input, { ...config, signal, idempotencyKey: key });
  return Object.create(tool, { invoke: { value: invoke } }) as object;
}
