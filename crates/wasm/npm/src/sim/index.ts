// `steadfast/sim`: time and faults in hand, for tests of one's own agent and for a look at what the engine does.

export { VirtualClock } from "./clock.js";
export { faultyFetch } from "./fetch.js";
export type { Delivered, FaultyFetch, FetchFault, FetchReply, FetchStep } from "./fetch.js";
export { faultyModel } from "./model.js";
export type { FaultyModel, ModelStep } from "./model.js";
export type { SimulatedPolicy } from "./policy.js";
export { scenarios } from "./scenarios.js";
export type { FaultName, Scenario, ScenarioName } from "./scenarios.js";
export type { ScriptOptions } from "./script.js";
export { simulate } from "./simulate.js";
export type { SimulateOptions, SimulateResult } from "./simulate.js";
