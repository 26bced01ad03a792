// `steadfast/sim` against the contract, and what a user may write with it. The compiler is the test: nothing here runs.

import type * as contract from "./contract.js";
import { faultyFetch, faultyModel, type ScenarioName, scenarios, simulate, type SimulateResult, VirtualClock } from "../../src/sim/index.js";
import { guard } from "../../src/index.js";

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
type Holds<T extends true> = T;
/** An agent without protection ends in ways of its own. */
type Unprotected = "crashed" | "hung" | "runaway";

export type Results = [
  Holds<Same<Exclude<SimulateResult["stop"], Unprotected>, contract.StopReason>>,
  Holds<Same<Omit<SimulateResult, "stop" | "hash">, Omit<contract.RunResult, "stop" | "snapshot">>>,
];

export const clock: contract.Clock = new VirtualClock();
export const model: contract.Model = faultyModel([503, { fail: 429, retryAfter: 10 }, { tool: "multiply", args: { a: 17 } }, "391"], { clock });
export const dynamic: contract.Model = faultyModel((messages, { attempt }, call) => ({ text: `${messages.length} ${attempt} ${call}` }));
export const network: typeof fetch = faultyFetch([{ json: {}, delay: 5 }, (request, call) => new Response(request.url, { status: 200 + call })], { end: "throw" });
export const hash: string = simulate({ scenario: "flaky", seed: "7", policy: { guard: { retry: false } }, faults: ["hung"], human: [true] }).hash;
export const story: string = scenarios.flaky.story;
export const names = Object.keys(scenarios) as ScenarioName[];
export const guarded = guard({ clock: new VirtualClock() });

// @ts-expect-error a scenario that there is not
simulate({ scenario: "flakey" });
// @ts-expect-error an option that there is not
faultyFetch({ staus: 200 });
// @ts-expect-error a place where nothing stalls
faultyFetch({ stall: "here" });
// @ts-expect-error half a step
faultyModel([{ delay: 5, tools: [] }]);
