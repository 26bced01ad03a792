// An agent whose model fails, whose tool hangs and whose mail needs a yes. Put your own model and tools in.
import { agent, TransientError } from "steadfast";

let calls = 0;
const scripted = messages => { // yours sends `messages` to a provider and gives back { text } or { toolCalls }
  if (++calls === 1) throw Object.assign(new Error("overloaded"), { status: 529 });
  const results = messages.filter(({ role }) => role === "tool").map(({ content }) => content);
  if (results.length === 0) return { toolCalls: [{ id: "a", tool: "weather", args: { city: "Paris" } }] };
  if (results.length === 1) return { toolCalls: [{ id: "b", tool: "send_mail", args: { to: "ada@example.org", text: results[0] } }] };
  return { text: `Paris: ${results[0]}. The mail is ${results[1]}.` };
};
const down = () => { throw new TransientError("no capacity"); };

const tools = {
  weather: { // an effect of "none" is tried again; this one hangs at first, and is given up after half a second
    run: ({ city }, { attempt, signal }) => (attempt === 1 ? new Promise((_, fail) => { signal.onabort = fail; }) : `sunny in ${city}`),
    guard: { timeout: 500 },
  },
  send_mail: { risky: true, run: ({ to }) => `sent to ${to}` },
};
const approver = ({ tool, args }) => { console.log(`may ${tool} run with ${JSON.stringify(args)}? yes`); return true; };

const careful = agent({
  model: [down, scripted], tools, approver, maxSteps: 6, // the second model is asked where the first one fails
  guard: { timeout: 30_000, deadline: 120_000, retry: { attempts: 2, base: 100 } },
});
const { answer, steps, stop, trace } = await careful.run("How is the weather in Paris? Mail it to Ada.");
console.log(answer, { steps, stop });
for (const { at, text } of trace) console.log(`${((at - trace[0].at) / 1000).toFixed(2)} s  ${text}`);
