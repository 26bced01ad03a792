// The default entry: importing is enough. The modules are inline, and each is made when the first machine of it is needed.

import { text } from "../generated/machines/module.js";
import { text as runs } from "../generated/runs/module.js";
import { agentOf } from "./agent/agent.js";
import { provideRuns } from "./agent/engine.js";
import type { Agent, AgentOptions } from "./agent/types.js";
import { moduleFrom } from "./bytes.js";
import { provide } from "./engine.js";

provide(() => moduleFrom(text));

/** Makes an agent: think, act, observe, under every pattern of this package, with an answer in any case. Throws at once if an option makes no
 *  sense.
 *
 *  @example
 *  ```js
 *  import { agent } from "steadfast";
 *
 *  const model = messages => { // yours asks a provider
 *    const { role, content } = messages.at(-1);
 *    return role === "tool" ? { text: `17 * 23 = ${content}` } : { toolCalls: [{ id: "a", tool: "multiply", args: { a: 17, b: 23 } }] };
 *  };
 *  const tools = { multiply: { run: ({ a, b }) => a * b } };
 *  const { answer, steps, stop } = await agent({ model, tools }).run("What is 17 * 23?");
 *  console.log(answer, steps, stop); // 17 * 23 = 391 2 answered
 *  ```
 */
export function agent(options: AgentOptions): Agent {
  // Here and not above, so that a bundler leaves the module out where nobody makes an agent.
  provideRuns(() => moduleFrom(runs));
  return agentOf(options);
}

export * from "./core.js";
