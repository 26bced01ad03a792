// The page of results: one row for each trap, one column for each library, and below it what was seen.

/**
 * @param {import("./trap.mjs").Trap[]} traps
 * @param {import("./adapter.mjs").Adapter[]} libraries
 * @param {Map<string, Map<string, import("./trap.mjs").Result>>} results
 * @param {string} [missing] why there is no column of Steadfast's
 */
export function page(traps, libraries, results, missing) {
  const verdict = (trap, library) => results.get(trap.id).get(library.name).verdict;
  const count = (library, wanted) => traps.filter(trap => verdict(trap, library) === wanted).length;
  const row = cells => `| ${cells.join(" | ")} |`;
  return `${[
    "# Conformance",
    "",
    "Every trap of the field that an agent's calls fall into, sprung on several libraries in one run by",
    "`node tests/conformance/run.mjs`. Each library is used at its best and as its own documentation does; the options chosen are",
    "cited in `tests/conformance/adapters`. Unless a trap says otherwise, time is a test's: timers, `Date`, `performance.now()` and",
    "`Math.random()` are replaced, the libraries run unchanged. \"not offered\" says that a library has nothing for it, which is no failing of a library",
    "that does not set out to. A trap stands here because some library fell into it, so the rows favour whoever knew them.",
    "",
    ...(missing ? [`Steadfast's column is missing: ${portable(missing)}.`, ""] : []),
    row(["#", "trap", ...libraries.map(({ name, version }) => `${name} ${version}`)]),
    row(["---", "---", ...libraries.map(() => "---")]),
    ...traps.map(trap => row([trap.id, trap.title, ...libraries.map(library => word(verdict(trap, library)))])),
    row(["", "pass / fail / not offered", ...libraries.map(library => ["pass", "fail", "not offered"].map(one => count(library, one)).join(" / "))]),
    "",
    "Numbers are those of the field's list of traps, `A` and a number those of what goes wrong in agents.",
    "",
    "## What was seen",
    "",
    "In bold, what did not hold.",
    "",
    ...traps.flatMap(trap => [
      `**${trap.id}. ${trap.title}.** To pass: ${trap.pass}.`,
      "",
      ...told(results.get(trap.id)),
      "",
    ]),
  ].join("\n").trimEnd()}\n`;
}

/** Failures stand out in a column without colour. */
function word(verdict) {
  return verdict === "fail" ? "**fail**" : verdict;
}

/** One line for each library; those that say the same share one. */
function told(row) {
  const lines = new Map();
  for (const [name, { verdict, seen }] of row) {
    const line = verdict === "not offered" ? `not offered: ${seen}` : `${verdict}: ${seen}`;
    lines.set(line, [...(lines.get(line) ?? []), name]);
  }
  return [...lines].map(([line, names]) => `- ${names.join(", ")}: ${portable(line)}`);
}

/** No path of this machine in a page of the project. */
function portable(text) {
  return text.replaceAll(/(?:file:\/\/)?(?:\/[\w.@-]+){2,}/g, path => path.split("/").at(-1));
}
