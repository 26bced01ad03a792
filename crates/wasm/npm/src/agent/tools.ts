// Tools as a caller describes them, checked once and opened as part of their agent.

import { callable, refused, withKeys } from "../options.js";
import { type Calls, callsOf } from "./calls.js";
import { openedRun, runs, writeRun } from "./engine.js";
import type { Tool } from "./types.js";

const TOOL_OPTIONS = ["description", "parameters", "run", "risky", "effect", "reconcile", "guard"];
const EFFECTS = ["none", "idempotent", "once"] as const;
/** Local tools fail and recover faster than services. */
const BASE_MS = 50;

/** A tool as its agent's runs use it. */
export class OwnTool {
  constructor(readonly name: string, readonly tool: Tool, readonly calls: Calls) {}

  /** Whether a call with these arguments needs a human's yes: 0 no, 1 yes, -1 as the tool is. Only a clear `false` is a no: a function
   *  that fails, or that answers anything else, has not shown that the call is safe. */
  risk(args: unknown): number {
    const { risky } = this.tool;
    if (typeof risky !== "function") return -1;
    try {
      return risky.call(this.tool, args) === false ? 0 : 1;
    } catch {
      return 1;
    }
  }

  /** Whether a text for arguments is what a provider sent, and JSON. */
  get takesJson(): boolean {
    const { parameters } = this.tool;
    return parameters !== undefined && (parameters as { type?: unknown }).type !== "string";
  }

  /** Whether its schema asks for any. */
  get needsArguments(): boolean {
    const required = (this.tool.parameters as { required?: unknown } | undefined)?.required;
    return Array.isArray(required) && required.length > 0;
  }
}

/** The tools by their names; throws for what is none. */
export function toolsOf(tools: Record<string, Tool> | undefined, clock: Parameters<typeof callsOf>[2]): OwnTool[] {
  if (tools === undefined) return [];
  if (typeof tools !== "object" || tools === null || Array.isArray(tools) || tools instanceof Map) {
    throw refused("tools", tools, "an object of tools by their names", true);
  }
  return Object.entries(tools).map(([name, tool]) => {
    if (name.trim() === "") throw refused("the name of a tool", name, "a word", true);
    return new OwnTool(name, checked(`tools.${name}`, tool), callsOf(`tools.${name}.guard`, tool.guard, clock, BASE_MS));
  });
}

function checked(name: string, tool: Tool): Tool {
  if (tool === undefined) throw refused(name, tool, "a tool: { run, ... }", true);
  const { description, parameters, run, risky, effect, reconcile } = withKeys(name, tool, TOOL_OPTIONS);
  callable(`${name}.run`, run);
  if (description !== undefined && typeof description !== "string") throw refused(`${name}.description`, description, "a string", true);
  if (parameters !== undefined && (typeof parameters !== "object" || parameters === null)) {
    throw refused(`${name}.parameters`, parameters, "an object: the JSON Schema of the arguments", true);
  }
  if (risky !== undefined && typeof risky !== "boolean" && typeof risky !== "function") {
    throw refused(`${name}.risky`, risky, "true, false or a function of the arguments", true);
  }
  if (effect !== undefined && !EFFECTS.includes(effect)) throw refused(`${name}.effect`, effect, EFFECTS.join(", "), true);
  if (reconcile !== undefined) callable(`${name}.reconcile`, reconcile);
  return tool;
}

/** Opens a tool as part of an agent. */
export function openTool(agent: number, { name, tool, calls }: OwnTool): void {
  const risky = tool.risky !== undefined && tool.risky !== false;
  const effect = EFFECTS.indexOf(tool.effect ?? (risky ? "once" : "none"));
  writeRun(calls.numbers);
  openedRun(runs.agent_tool(agent, name, risky, effect, tool.reconcile !== undefined));
}
