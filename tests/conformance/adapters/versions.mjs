// Which version of a package stands in node_modules: the table names it.

import { existsSync, readFileSync } from "node:fs";

const installed = new URL("../node_modules/", import.meta.url);

/** @param {string} name */
export function version(name) {
  const about = new URL(`${name}/package.json`, installed);
  if (!existsSync(about)) throw new Error(`${name} is not installed: npm ci --prefix tests/conformance`);
  return JSON.parse(readFileSync(about, "utf8")).version;
}
