// JSON in canonical form (RFC 8785): equal values are equal texts, so that a digest means the same everywhere. Numbers and
// strings are as ECMAScript prints them, which is what the standard asks for; only the members have to be put in order.

import { messageOf } from "./classify.js";

/** The canonical text of what a value is as JSON; nothing is `null`. Throws for what JSON cannot hold: a cycle, a BigInt, and a number
 *  that it would turn into `null`. */
export function canonical(value: unknown): string {
  const text = JSON.stringify(value, (_, member: unknown) => {
    if (typeof member === "number" && !Number.isFinite(member)) throw new RangeError(`${member} is not a JSON number`);
    return member;
  });
  return text === undefined ? "null" : ordered(JSON.parse(text));
}

/** The canonical text of what has to be JSON; throws a `TypeError` that names it. */
export function jsonOf(name: string, value: unknown): string {
  if (typeof value === "function" || typeof value === "symbol") throw new TypeError(`${name} is not JSON: it is nothing that JSON can say`);
  try {
    return canonical(value);
  } catch (error) {
    throw new TypeError(`${name} is not JSON: ${messageOf(error)}`);
  }
}

function ordered(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(ordered).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${ordered(member)}`).join(",")}}`;
}
