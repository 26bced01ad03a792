// What a model and its tools say to a run: a reply in, results as text. What does not have the shape of a reply is a failure of the
// model, and says what is wrong with it.

import { canonical, jsonOf } from "../canonical.js";
import { messageOf } from "../classify.js";
import { shown } from "../options.js";
import type { OwnTool } from "./tools.js";

/** A tool call as the machine takes it. `risky`: 0 no, 1 yes, -1 as the tool is. */
export interface WantedCall { id: string; tool: string; args: string; risky: number; /** Why it cannot run as it is. */ malformed?: string }
export interface Reply { text: string; calls: WantedCall[]; tokens: number | undefined; /** Why its tokens are not. */ uncounted: string | undefined }

/** The reply is none. */
export class MalformedReply {
  constructor(readonly message: string) {}
}

/** A fresh value from a text: whoever gets it may change it, and nobody else sees that. A text that is no JSON stays a text. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** What a tool returned, as text for the model: a string as it is, nothing as an empty text, anything else as JSON. */
export function textForModel(value: unknown): string {
  if (typeof value === "string") return value;
  try {
    return JSON.stringify(value) ?? "";
  } catch (error) {
    // It ran: that its result cannot be told does not undo what it did.
    return `It ran, but its result cannot be told as JSON: ${messageOf(error)}`;
  }
}

/** Reads a reply; throws a `MalformedReply`. `key` names calls that the model gave no id. */
export function replyOf(value: unknown, key: string, tool: (name: string) => OwnTool | undefined): Reply {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new MalformedReply(`the model returned ${shown(value)}, not an object { text?, toolCalls? }`);
  }
  const text = member(value, "text") ?? "";
  if (typeof text !== "string") throw new MalformedReply(`the reply's text is ${shown(text)}, not a string`);
  const calls = member(value, "toolCalls") ?? [];
  if (!Array.isArray(calls)) throw new MalformedReply(`the reply's toolCalls is ${shown(calls)}, not an array`);
  const wanted = calls.map((call, index) => callOf(call, index, key, tool));
  return { text, calls: onceEach(wanted), ...tokensOf(member(value, "usage")) };
}

/** A call that a reply names twice, with its id and its arguments, is one. */
function onceEach(calls: WantedCall[]): WantedCall[] {
  const names = calls.map(({ id, tool, args }) => JSON.stringify([id, tool, args]));
  return calls.filter((_, index) => names.indexOf(names[index]!) === index);
}

function callOf(value: unknown, index: number, key: string, find: (name: string) => OwnTool | undefined): WantedCall {
  const where = `toolCalls[${index}]`;
  if (typeof value !== "object" || value === null) throw new MalformedReply(`${where} is ${shown(value)}, not an object { id, tool, args }`);
  const tool = member(value, "tool");
  if (typeof tool !== "string" || tool === "") throw new MalformedReply(`${where}.tool is ${shown(tool)}, not the name of a tool`);
  const id = member(value, "id") ?? "";
  if (typeof id !== "string") throw new MalformedReply(`${where}.id is ${shown(id)}, not a string`);
  const args = property(value, "args");
  const own = find(tool);
  const call = (text: string, risky: number): WantedCall => ({ id: id === "" ? `${key}-${index}` : id, tool, args: text, risky });
  const risk = (text: string) => (own === undefined ? -1 : own.risk(JSON.parse(text)));
  // Nothing is made up in their place, and nobody is asked about it: it does not run, and the model hears why.
  const malformed = (text: string, why: string) => ({ ...call(text, 0), malformed: `its arguments are ${why}: ask again with whole ones` });
  // No text at all is how providers say that there are no arguments.
  if (args === undefined || (args === "" && own?.takesJson === true)) {
    return own?.needsArguments === true ? malformed("null", "missing") : call("{}", risk("{}"));
  }
  if (typeof args === "string" && own?.takesJson === true) {
    try {
      const text = canonical(JSON.parse(args));
      return call(text, risk(text));
    } catch (error) {
      return malformed(JSON.stringify(args), `no JSON (${messageOf(error)})`);
    }
  }
  const text = asMalformed(() => jsonOf(`${where}.args`, args));
  return call(text, risk(text));
}

function asMalformed<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new MalformedReply(messageOf(error));
  }
}

/** What it cost, if the model says so in a way that can be counted. */
function tokensOf(usage: unknown): Pick<Reply, "tokens" | "uncounted"> {
  if (usage === undefined) return { tokens: undefined, uncounted: undefined };
  if (typeof usage !== "object" || usage === null) return { tokens: undefined, uncounted: `usage is ${shown(usage)}` };
  let tokens = 0;
  for (const name of ["inputTokens", "outputTokens"]) {
    const count = member(usage, name) ?? 0;
    if (typeof count !== "number" || count < 0 || !Number.isFinite(count)) return { tokens: undefined, uncounted: `usage.${name} is ${shown(count)}` };
    tokens += count;
  }
  return { tokens: Math.round(tokens), uncounted: undefined };
}

/** A property of a reply, where `null` says as much as nothing. */
function member(from: object, name: string): unknown {
  return property(from, name) ?? undefined;
}

function property(from: object, name: string): unknown {
  try {
    return (from as Record<string, unknown>)[name];
  } catch (error) {
    throw new MalformedReply(`reading ${name} of the reply failed: ${messageOf(error)}`);
  }
}
