// The agent that asks before it pays, as both processes make it: the same tools, and one ledger on disk that both of them keep.

import { randomUUID } from "node:crypto";
import { appendFileSync, mkdirSync } from "node:fs";
import { link, readFile, rename, unlink, writeFile } from "node:fs/promises";
import { agent } from "steadfast";

export const SNAPSHOT = "run.snapshot.json";
mkdirSync("ledger", { recursive: true });

/** Yours asks a provider; this one knows what it wants. */
function model(messages) {
  const { role, content } = messages.at(-1);
  return role === "tool" ? { text: `Done: ${content}` } : { toolCalls: [{ id: "a", tool: "pay", args: { to: "Ada", amount: 120 } }] };
}

const tools = {
  pay: {
    description: "Pays an invoice.", risky: true, effect: "once",
    run: ({ to, amount }, { key }) => {
      appendFileSync("payments.txt", `${amount} to ${to}\n`); // a real service is handed `key` as its idempotency key
      return `${amount} paid to ${to}`;
    },
    // Asked where nobody knows whether it happened, after a crash say. A real service is asked by `key`.
    reconcile: () => "unknown",
  },
};

/** One file for each effect. A database does this with a unique key. */
const place = key => `ledger/${encodeURIComponent(key)}.json`;
async function drafted(effect) {
  const draft = `${place(effect.key)}.${randomUUID()}`;
  await writeFile(draft, JSON.stringify(effect));
  return draft;
}
const ledger = {
  async claim(effect, again) {
    const draft = await drafted(effect);
    try {
      await link(draft, place(effect.key)); // there can be one of that name: whoever is second fails
      return { granted: true };
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
      const known = JSON.parse(await readFile(place(effect.key), "utf8"));
      const renewed = again && known.state === "unknown" && known.tries <= effect.tries
        && await link(draft, `${place(effect.key)}.again-${known.tries}`).then(() => true, () => false);
      return renewed ? { granted: true } : { granted: false, state: known.state, output: known.output };
    } finally {
      await unlink(draft);
    }
  },
  async record(effect) {
    const known = await readFile(place(effect.key), "utf8").then(JSON.parse, () => undefined);
    if (known?.state === "done") return; // what is done stays done
    await rename(await drafted(effect), place(effect.key));
  },
};

export const clerk = agent({ model, tools, ledger, approvalExpiresAfter: 24 * 3_600_000 });
