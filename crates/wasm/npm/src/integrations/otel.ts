// `steadfast/otel`: a guard's decisions as spans and events of OpenTelemetry (`@opentelemetry/api` 1.x), named by its conventions
// for generative AI, v0.1.0, where these have a name.

import { type Attributes, context, type Span, SpanKind, SpanStatusCode, trace, type Tracer } from "@opentelemetry/api";
import type { Guard } from "../guard.js";
import { object, refused } from "../options.js";
import type { TraceEntry } from "../types.js";

/** What the names are taken from. */
const SCHEMA = "https://opentelemetry.io/schemas/gen-ai/0.1.0";
const OPTIONS = ["tracer", "operation", "provider", "model", "attributes"];

/** Where spans go, and what they carry. */
export interface TracingOptions {
  /** Default: the one of the registered provider, by the name "steadfast". */
  tracer?: Tracer;
  /** `gen_ai.operation.name`. Default "chat". */
  operation?: string;
  /** `gen_ai.provider.name`, such as "openai" or "anthropic". */
  provider: string;
  /** `gen_ai.request.model`. */
  model?: string;
  /** More of them, for the span of each call. */
  attributes?: Attributes;
}

/**
 * A span for each call of a guard, a child for each of its attempts, and an event for every other decision: waits, fallbacks,
 * the breaker's changes, the first output. A call's span is a child of what was active when the call began. Returns what ends it.
 *
 * Calls: `chat {model}` (CLIENT) with `gen_ai.*` and, when it fails, `error.type`. Attempts: `attempt`, with
 * `steadfast.attempt.number` and `steadfast.attempt.option`. Events: `steadfast.{decision}` with its sentence as
 * `steadfast.text` and its reason as `steadfast.why.*`.
 *
 * @example
 * import { guard } from "steadfast";
 * import { traceDecisions } from "steadfast/otel";
 *
 * const model = guard({ timeout: 20_000, deadline: 60_000 });
 * const stop = traceDecisions(model, { provider: "openai", model: "gpt-5" });
 */
export function traceDecisions(guard: Guard, options: TracingOptions): () => void {
  if (typeof guard !== "object" || guard === null || typeof guard.on !== "function") throw refused("guard", guard, "a guard", true);
  const { tracer = trace.getTracerProvider().getTracer("steadfast", undefined, { schemaUrl: SCHEMA }), operation = "chat", provider, model, attributes } =
    object("options", options, OPTIONS);
  if (typeof tracer?.startSpan !== "function") throw refused("tracer", tracer, "a Tracer", true);
  for (const [name, value] of Object.entries({ operation, provider, ...(model !== undefined && { model }) })) {
    if (typeof value !== "string" || value === "") throw refused(name, value, "a string that is not empty", true);
  }
  if (attributes !== undefined) object("attributes", attributes, Object.keys(attributes ?? {}));
  const calls = new Map<string, Call>();
  const begin = () => new Call(tracer, model === undefined ? operation : `${operation} ${model}`, {
    ...attributes, "gen_ai.operation.name": operation, "gen_ai.provider.name": provider, ...(model !== undefined && { "gen_ai.request.model": model }),
  });
  const stop = guard.on("decision", entry => {
    if (entry.call === undefined) {
      trace.getActiveSpan()?.addEvent(`steadfast.${entry.what}`, reasons(entry));
      return;
    }
    let call = calls.get(entry.call);
    if (call === undefined) calls.set(entry.call, (call = begin()));
    if (call.follow(entry)) calls.delete(entry.call);
  });
  return () => {
    stop();
    for (const call of calls.values()) call.end();
    calls.clear();
  };
}

/** The spans of one call. */
class Call {
  #span: Span;
  #attempt: Span | undefined;
  #number: number | undefined;

  constructor(private readonly tracer: Tracer, name: string, attributes: Attributes) {
    this.#span = tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes });
  }

  /** Whether that was its end. */
  follow(entry: TraceEntry): boolean {
    const { what, why, text, attempt } = entry;
    switch (what) {
      case "attempt_started":
        this.#number = attempt;
        this.#attempt = this.tracer.startSpan(
          "attempt",
          { kind: SpanKind.INTERNAL, attributes: { "steadfast.attempt.number": attempt ?? 0, "steadfast.attempt.option": Number(why["option"] ?? 0) } },
          trace.setSpan(context.active(), this.#span),
        );
        return false;
      case "attempt_succeeded":
        this.end();
        return true;
      case "attempt_failed":
        this.#failed((why["failure"] as { class?: string } | undefined)?.class ?? "_OTHER", text);
        return false;
      case "attempt_timed_out":
        this.#failed("timeout", text);
        return false;
      case "attempt_abandoned":
        this.#failed("cancelled", text);
        return false;
      case "call_failed":
        this.#span.setAttribute("error.type", failureOf(why["error"]));
        this.#span.setStatus({ code: SpanStatusCode.ERROR, message: text });
        this.end();
        return true;
      default:
        // What an attempt came to know is its own; what was decided between two of them is the call's.
        ((attempt === this.#number && this.#attempt) || this.#span).addEvent(`steadfast.${what}`, reasons(entry));
        return false;
    }
  }

  #failed(type: string, message: string): void {
    this.#attempt?.setAttribute("error.type", type);
    this.#attempt?.setStatus({ code: SpanStatusCode.ERROR, message });
    this.#attempt?.end();
    this.#attempt = undefined;
  }

  end(): void {
    this.#attempt?.end();
    this.#attempt = undefined;
    this.#span.end();
  }
}

/** The class of the failure where there is one behind it, else the engine's own word. */
function failureOf(error: unknown): string {
  const { error: name, failure, last } = (error ?? {}) as { error?: string; failure?: { class?: string }; last?: { class?: string } };
  return failure?.class ?? last?.class ?? name ?? "_OTHER";
}

function reasons({ why, text }: TraceEntry): Attributes {
  const attributes: Attributes = { "steadfast.text": text };
  for (const [name, value] of Object.entries(why)) {
    attributes[`steadfast.why.${name}`] = typeof value === "object" ? JSON.stringify(value) : (value as string | number | boolean);
  }
  return attributes;
}
