// The conversation of a run, as its models get it.

import { parsed } from "./reply.js";
import type { Message } from "./types.js";

/** A message as the machine writes it. */
type Said = Omit<Message, "toolCalls"> & { toolCalls?: { id: string; tool: string; args: string }[] };

export class Conversation {
  #messages: Message[] = [];

  /** All of it, in an array of its own. `later` says what came from a place on. Each message is told, parsed and made once, for else a run's every
   *  step would cost more than the one before; and frozen, for the models of later turns get the same. */
  read(later: (from: number) => string): Message[] {
    for (const { toolCalls, ...message } of JSON.parse(later(this.#messages.length)) as Said[]) {
      const calls = toolCalls?.map(({ id, tool, args }) => ({ id, tool, args: parsed(args) }));
      this.#messages.push(frozen(calls === undefined ? message : { ...message, toolCalls: calls }));
    }
    return this.#messages.slice();
  }
}

function frozen<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  for (const member of Object.values(value)) frozen(member);
  return Object.freeze(value);
}
