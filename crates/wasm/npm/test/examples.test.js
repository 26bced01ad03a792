import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { promisify } from "node:util";

const home = new URL("..", import.meta.url);
const node = promisify(execFile);

/** The examples in a source's documentation, each with the name of what it is an example of. */
function examples(source) {
  return [...source.matchAll(/^\/\*\*\n?[^]*?\*\/\n(?:export|declare) (?:async )?\w+ (\w+)/gm)].flatMap(([comment, name]) => {
    const text = comment.replaceAll(/^ \* ?/gm, "").replaceAll(/^ (?=\S|$)/gm, "");
    return [...text.matchAll(/```js\n([^]*?)```/g)].map(([, code]) => ({ name, code }));
  });
}

/** What an example says that it prints: the comments behind its prints, or below them. */
const promised = code => [...code.matchAll(/console\.log.*?;(?: \})? \/\/ (.*)$|^\s*\/\/ (.*)$/gm)].map(([, behind, below]) => behind ?? below);

async function printsWhatItSays(code) {
  const { stdout } = await node(process.execPath, ["--input-type=module", "-e", code], { cwd: home });
  assert.deepEqual(stdout.trimEnd().split("\n"), promised(code));
}

const sources = readdirSync(new URL("src", home), { recursive: true }).filter(file => file.endsWith(".ts")).sort();
const found = sources.flatMap(file => examples(readFileSync(new URL(`src/${file}`, home), "utf8")));
for (const { name, code } of found) test(`the example of ${name} prints what it says`, () => printsWhatItSays(code));

test("every export has an example", async () => {
  const named = new Set(found.map(({ name }) => name));
  for (const entry of ["steadfast", "steadfast/slim", "steadfast/sim"]) {
    assert.deepEqual(Object.keys(await import(entry)).filter(name => !named.has(name)), [], entry);
  }
});
