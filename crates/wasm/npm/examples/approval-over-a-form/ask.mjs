// The first process: runs until only a human can move it on, writes the run into a file, and ends.
//
//   node ask.mjs && node form.mjs

import { writeFile } from "node:fs/promises";
import { clerk, SNAPSHOT } from "./agent.mjs";

const { stop, answer, snapshot, pending } = await clerk.run("Pay Ada's invoice.", { suspend: true });
if (stop !== "suspended") console.log(answer);
else {
  await writeFile(SNAPSHOT, JSON.stringify({ snapshot, pending }));
  for (const { tool, args, why } of pending) console.log(`Waiting for a yes: ${tool}(${JSON.stringify(args)}). ${why}`);
}
