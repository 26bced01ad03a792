// A run that waits for humans, and the process that takes it up again: `node resumes.js <folder> <decisions as JSON>`.

import { appendFileSync, closeSync, openSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { agent } from "steadfast";
import { last } from "./agents.js";

/** What the model of these runs wants, all at once: something safe, and three mails that need a yes each. */
export const WISHES = [
  { id: "a", tool: "look", args: { at: "orders" } },
  ...["ada", "bob", "cyd"].map(to => ({ id: to, tool: "send", args: { to } })),
];

/** An agent that asks once and then says what it heard, one line a call; `sent` has what was sent. */
export function office({ sent = [], looked = [], ...more } = {}) {
  const model = messages => (last(messages).role === "user"
    ? { toolCalls: WISHES }
    : { text: messages.filter(({ role }) => role === "tool").map(({ toolCallId, content }) => `${toolCallId}: ${content}`).join("\n") });
  const tools = {
    look: { run: ({ at }) => (looked.push(at), `saw ${at}`) },
    send: { risky: true, run: ({ to }) => (sent.push(to), `sent to ${to}`) },
  };
  return { sent, looked, office: agent({ model, tools, ...more }) };
}

/** A ledger that processes share: one file for each effect, which only one of them can make. */
export function fileLedger(folder, { slow = 0 } = {}) {
  const path = key => `${folder}/${key}.effect`;
  return {
    async claim(effect, again) {
      await sleep(slow);
      try {
        const file = openSync(path(effect.key), "wx");
        writeFileSync(file, JSON.stringify({ ...effect, tries: effect.tries + 1 }));
        closeSync(file);
        return { granted: true };
      } catch {
        const text = readFileSync(path(effect.key), "utf8");
        const known = text === "" ? { state: "started", output: "" } : JSON.parse(text);
        return again && known.state === "unknown" && known.tries <= effect.tries ? { granted: true } : { granted: false, ...known };
      }
    },
    async record(effect) {
      await sleep(slow);
      writeFileSync(path(effect.key), JSON.stringify(effect));
    },
  };
}

/** What the effects of a folder came to. */
export function effectsIn(folder) {
  return readdirSync(folder).filter(name => name.endsWith(".effect")).map(name => JSON.parse(readFileSync(`${folder}/${name}`, "utf8")));
}

const [, program, folder, decisions] = process.argv;
if (program?.endsWith("resumes.js") && decisions !== undefined) {
  const sent = { push: to => appendFileSync(`${folder}/sent`, `${to}\n`) };
  const { office: resuming } = office({ sent, ledger: fileLedger(folder, { slow: 20 }) });
  const { answer, stop, blocked } = await resuming.resume(readFileSync(`${folder}/snapshot`, "utf8"), JSON.parse(decisions));
  console.log(JSON.stringify({ answer, stop, blocked }));
}
