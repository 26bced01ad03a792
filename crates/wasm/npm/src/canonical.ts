// JSON in canonical form (RFC 8785): equal values are equal texts, so that a digest means the same everywhere. Numbers and
// strings are as ECMAScript prints them, which is what the standard asks for; only the members have to be put in order.

/** The canonical text of what a value is as JSON; nothing is `null`. Throws a TypeError for what JSON cannot hold. */
export function canonical(value: unknown): string {
  const text = JSON.stringify(value);
  return text === undefined ? "null" : ordered(JSON.parse(text));
}

function ordered(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(ordered).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${ordered(member)}`).join(",")}}`;
}
