// A model that does what a script says, faults included.

import type { Message, ModelReply, ToolCall } from "../agent/types.js";
import { micros, object, refused, whole } from "../options.js";
import type { AttemptContext, Clock, Ms } from "../types.js";
import { refusal, unreachable } from "./failures.js";
import { Script, type ScriptOptions } from "./script.js";
import { forever, sleep } from "./waiting.js";

/** What a model does when it is called: answer with this text, fail with this HTTP status or this error, or one of these. */
export type ModelStep =
  | string | number | Error
  /** It answers, and is slow about it. Calls left without an `id` get one: `call_1`, or `call_1_0` where there are several. */
  | { text?: string; toolCalls?: { id?: string; tool: string; args?: unknown }[]; usage?: ModelReply["usage"]; delay?: Ms }
  /** It wants one tool called. `args` may be malformed: a text that breaks off, a list, whatever models come up with. Default {}. */
  | { tool: string; args?: unknown; id?: string; delay?: Ms }
  /** It returns exactly this, whatever it is: `undefined`, a text, half a reply. */
  | { reply: unknown; delay?: Ms }
  /** It fails: with a status and perhaps a provider's code, or with a code of the network's, such as "ECONNREFUSED". */
  | { fail: number | string | Error; code?: string; retryAfter?: Ms; delay?: Ms }
  /** It never answers; "deaf" does not even heed its signal. */
  | { hang: true | "deaf" }
  /** Whatever follows from what it is told; `call` counts from 1. */
  | ((messages: readonly Message[], context: AttemptContext, call: number) => ModelStep | PromiseLike<ModelStep>);

/** A model for `agent`, and what is known of its calls. */
export interface FaultyModel {
  (messages: readonly Message[], context?: AttemptContext): Promise<ModelReply>;
  /** How often it was called. */ readonly calls: number;
  /** What it was told, call by call. */ readonly told: readonly (readonly Message[])[];
}

const KINDS: readonly [first: string, keys: readonly string[]][] = [
  ["fail", ["fail", "code", "retryAfter", "delay"]],
  ["hang", ["hang"]],
  ["reply", ["reply", "delay"]],
  ["tool", ["tool", "args", "id", "delay"]],
  ["text", ["text", "toolCalls", "usage", "delay"]],
];
const ALLOWED = "a text, a status, an Error, a function, or an object with text, toolCalls, tool, reply, fail or hang";

/** Makes a model that follows a script, one step a call, and the last step for all that come after it: `[503]` is down for good, one tool
 *  call alone goes round for ever. With `{ end: "throw" }` a call past the script is a SteadfastError (`code: "script_ended"`).
 *  Nothing of it is drawn by chance. Throws at once if a step makes no sense.
 *
 *  @example
 *  ```js
 *  import { guard } from "steadfast";
 *  import { faultyModel, VirtualClock } from "steadfast/sim";
 *
 *  const clock = new VirtualClock();
 *  const model = faultyModel([503, { hang: true }, "17 * 23 = 391."], { clock });
 *  const reply = guard({ timeout: 4_000, clock }).call(context => model([{ role: "user", content: "17 * 23?" }], context));
 *  console.log(await clock.until(reply)); // { text: '17 * 23 = 391.' }
 *  console.log(model.calls); // 3
 *  ```
 */
export function faultyModel(script: ModelStep | readonly ModelStep[], options?: ScriptOptions): FaultyModel {
  const steps = new Script<ModelStep>("faultyModel", script, options, check);
  const told: Message[][] = [];
  const model = async (messages: readonly Message[], context?: AttemptContext): Promise<ModelReply> => {
    told.push([...(messages ?? [])]);
    let step = steps.next();
    const call = steps.calls;
    while (typeof step === "function") {
      step = await step(messages, context as AttemptContext, call);
      check("script's step", step);
    }
    return play(step, call, steps.clock, context);
  };
  return Object.defineProperties(model, {
    calls: { get: () => steps.calls },
    told: { get: () => told },
  }) as unknown as FaultyModel;
}

type Step = Exclude<ModelStep, (...never: never[]) => unknown>;

async function play(step: Step, call: number, clock: Clock, context: AttemptContext | undefined): Promise<ModelReply> {
  if (typeof step === "string") return { text: step };
  if (typeof step === "number") throw refusal(step, undefined, undefined);
  if (step instanceof Error) throw step;
  const deaf = new AbortController().signal;
  if ("hang" in step) return forever(step.hang === "deaf" ? deaf : (context?.signal ?? deaf));
  if (step.delay) await sleep(clock, step.delay, context?.signal ?? deaf);
  if ("fail" in step) throw failure(step.fail, step.code, step.retryAfter);
  if ("reply" in step) return step.reply as ModelReply;
  if ("tool" in step) return { toolCalls: [named(step, `call_${call}`)] };
  const { text, toolCalls, usage } = step;
  return {
    ...(text !== undefined && { text }),
    ...(toolCalls !== undefined && { toolCalls: toolCalls.map((one, index) => named(one, `call_${call}_${index}`)) }),
    ...(usage !== undefined && { usage }),
  };
}

function named(call: { id?: string; tool: string; args?: unknown }, id: string): ToolCall {
  const { tool, args = {} } = call;
  return { id: call.id ?? id, tool, args };
}

function failure(fail: number | string | Error, code: string | undefined, retryAfter: Ms | undefined): Error {
  if (fail instanceof Error) return fail;
  return typeof fail === "string" ? unreachable(fail) : refusal(fail, code, retryAfter);
}

function check(name: string, step: ModelStep): void {
  if (typeof step === "string" || typeof step === "function" || step instanceof Error) return;
  if (typeof step === "number") return void whole(name, step, 400, 599);
  if (typeof step !== "object" || step === null || Array.isArray(step)) throw refused(name, step, ALLOWED, true);
  const kind = KINDS.find(([first]) => first in step) ?? KINDS.at(-1)!;
  const { delay, fail, code, retryAfter, hang, tool, toolCalls } = object(name, step as Record<string, unknown>, kind[1]);
  if (delay !== undefined) micros(`${name}.delay`, delay, 0);
  if (retryAfter !== undefined) micros(`${name}.retryAfter`, retryAfter, 0);
  if (typeof fail === "number") whole(`${name}.fail`, fail, 400, 599);
  else if ("fail" in step && !(fail instanceof Error)) text(`${name}.fail`, fail, "a status, a code such as \"ECONNREFUSED\", or an Error");
  if (code !== undefined) text(`${name}.code`, code, "the code that a provider gives");
  if ("hang" in step && hang !== true && hang !== "deaf") throw refused(`${name}.hang`, hang, 'true or "deaf"', true);
  if ("tool" in step) text(`${name}.tool`, tool, "a tool's name");
  if (toolCalls !== undefined && !Array.isArray(toolCalls)) throw refused(`${name}.toolCalls`, toolCalls, "an array", true);
  if (kind[0] === "text" && !("text" in step) && toolCalls === undefined) throw refused(name, step, ALLOWED, true);
}

function text(name: string, value: unknown, allowed: string): void {
  if (typeof value !== "string" || value === "") throw refused(name, value, allowed, true);
}
