// Traps of answers that come in pieces. They need a guarded `fetch` and a server that misbehaves, both in real time.

import { fault, ok, providerServer } from "../../provider-server/server.mjs";
import { offered } from "../adapter.mjs";
import { all } from "../trap.mjs";

/** Asks for a stream and reads it to its end: what came, and how it ended. */
async function read(server, guarded) {
  let pieces = 0;
  const from = performance.now();
  const outcome = await (async () => {
    const response = await guarded(`${server.url}/v1/chat/completions`, {
      method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ model: "m", messages: [], stream: true }),
    });
    for await (const piece of response.body) pieces += piece.length > 0 ? 1 : 0;
    return "a proper end";
  })().catch(error => error.name);
  return { pieces, outcome, ms: Math.round(performance.now() - from) };
}

async function withServer(test) {
  const server = await providerServer();
  try {
    return await test(server);
  } finally {
    await server.close();
  }
}

/** @type {import("../trap.mjs").Trap[]} */
export const streaming = [
  {
    id: "25", title: "a stream breaks after its first part was shown", time: "real",
    pass: "an error and no second request; before the first part, a 503 is tried again",
    async run(adapter) {
      const guarded = offered(adapter, "fetch")({ attempts: 3, deadline: 5000 });
      return withServer(async server => {
        server.script([fault("cut_connection", { pace: 10 })]);
        const late = await read(server, guarded);
        const shown = server.attempts();
        server.reset();
        server.script([fault("http_503"), ok()]);
        const early = await read(server, guarded);
        return all([
          [shown === 1 && late.pieces > 0 && late.outcome !== "a proper end", `after ${late.pieces} parts: ${late.outcome}, ${shown} requests`],
          [server.attempts() === 2 && early.outcome === "a proper end", `after a 503: ${early.outcome}, ${server.attempts()} requests`],
        ]);
      });
    },
  },
  {
    id: "A9", title: "a stream that stalls, and one that ends without its terminal event", time: "real",
    pass: "the one ends at the deadline, the other with an error",
    async run(adapter) {
      const guarded = offered(adapter, "fetch")({ attempts: 1, deadline: 300 });
      return withServer(async server => {
        server.script([fault("hang_in_body")]);
        const stalled = await Promise.race([read(server, guarded), new Promise(resolve => setTimeout(resolve, 4000, { outcome: "still waiting", pieces: 0, ms: 4000 }))]);
        server.reset();
        server.script([fault("cut_stream")]);
        const cut = await read(server, guarded);
        return all([
          [stalled.pieces > 0 && stalled.outcome !== "still waiting" && stalled.outcome !== "a proper end", `stalled: ${stalled.outcome} after ${stalled.ms} ms`],
          [cut.pieces > 0 && cut.outcome !== "a proper end", `cut: ${cut.outcome} after ${cut.pieces} parts`],
        ]);
      });
    },
  },
];
