// The agent: think, act, observe, until there is an answer or a limit says stop; and an answer in any case.

import { SteadfastError } from "../errors.js";
import { callOptions, object, refused } from "../options.js";
import { jsonOf } from "../canonical.js";
import { Definition } from "./definition.js";
import { runs } from "./engine.js";
import { AgentRun } from "./run.js";
import { bytesOf } from "./snapshot.js";
import type { Agent, AgentOptions, RunOptions, RunResult } from "./types.js";

const RUN_OPTIONS = ["signal", "suspend"];

/** Makes an agent. Throws at once if an option makes no sense. */
export function agentOf(options: AgentOptions): Agent {
  const definition = new Definition(options);
  return {
    run: async (task, runOptions) => run(definition, task, optionsOf(runOptions)),
    resume: async (snapshot, decisions, runOptions) => resume(definition, snapshot, decisions, optionsOf(runOptions)),
  };
}

function optionsOf(options: RunOptions | undefined): RunOptions {
  const checked = object("options", options, RUN_OPTIONS);
  callOptions(checked.signal === undefined ? {} : { signal: checked.signal });
  const { suspend } = checked;
  if (suspend !== undefined && typeof suspend !== "boolean") throw refused("suspend", suspend, "true or false", true);
  return checked;
}

function run(agent: Definition, task: string, { signal, suspend = false }: RunOptions): Promise<RunResult> {
  if (typeof task !== "string") throw refused("task", task, "a string", true);
  // The keys of its effects begin with this number: it has to differ between processes, so it comes from no seed.
  const [high, low] = crypto.getRandomValues(new Uint32Array(2)) as unknown as [number, number];
  const asks = suspend || agent.approver !== undefined;
  const machine = runs.run_open(agent.machine, high, low, task, agent.system, asks, agent.recorder !== undefined);
  if (machine < 0) throw new RangeError(runs.complaint());
  return new AgentRun(agent, machine, signal, !suspend).begin(suspend);
}

function resume(agent: Definition, snapshot: string, decisions: unknown, { signal, suspend }: RunOptions): Promise<RunResult> {
  const { bytes, away } = bytesOf("snapshot", snapshot, agent.instant());
  if (typeof decisions !== "object" || decisions === null || Array.isArray(decisions) || decisions instanceof Map) {
    throw refused("decisions", decisions, "an object of decisions by request id: { \"1\": { approve: true } }", true);
  }
  for (const [id, decision] of Object.entries(decisions)) if (decision !== undefined) decided(`decisions["${id}"]`, decision);
  // Where nobody is there to ask, what is left open stays open.
  const suspends = suspend === true || agent.approver === undefined;
  const machine = runs.run_restore(agent.machine, bytes, agent.timers.now(), away, true);
  if (machine < 0) throw new SteadfastError(runs.complaint(), { code: "bad_snapshot" });
  return new AgentRun(agent, machine, signal, !suspends).begin(suspends, decisions as Record<string, unknown>);
}

/** Of an approver, what is not clearly a yes is a no: it has to be taken as it comes. A decision that makes no sense can still be
 *  handed back, before it uses the question up. */
function decided(name: string, decision: unknown): void {
  const allowed = "{ approve: true } or { approve: false }";
  if (typeof decision === "boolean") return;
  if (typeof decision !== "object" || decision === null) throw refused(name, decision, allowed, true);
  const { approve, args } = decision as { approve?: unknown; args?: unknown };
  if (typeof approve !== "boolean") throw refused(`${name}.approve`, approve, "true or false", true);
  if (approve && args !== undefined) jsonOf(`${name}.args`, args);
}
