// A process that leaves something behind, for trap 22: `node exit-probe.mjs <library> idle|pending`. Nothing here keeps
// it alive; whether it ends, and what it says before, is up to the library.

import { adapters } from "./adapters/all.mjs";
import { unavailable } from "./world.mjs";

const [name, what] = process.argv.slice(2);
const { found } = await adapters();
const adapter = found.find(one => one.name === name);
const world = /** @type {any} */ ({ clock: undefined });

if (what === "idle") {
  const rule = { failures: 1, openFor: 60_000 };
  const [closed, open] = [await adapter.breaker(rule, world), await adapter.breaker(rule, world)];
  await closed.call(async () => "done");
  await open.call(async () => { throw unavailable(); }).catch(() => {});
} else {
  let tries = 0;
  const call = adapter.retry({ attempts: 2, base: 200, jitter: "none" }, world);
  call(async () => {
    tries += 1;
    if (tries === 1) throw unavailable();
    return "done";
  }).then(console.log);
}
