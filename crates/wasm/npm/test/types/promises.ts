// What a user may write, as the contract says.

import { agent, Budget, CircuitBreaker, classify, guard, retry, type EffectLedger, type GuardPolicy, type Model, type RunResult, type Tool, type Verdict } from "../../src/index.js";

const breaker: CircuitBreaker = new CircuitBreaker({ window: null, slow: { ms: 1, rate: 1 } });
const policy: GuardPolicy = { breaker, budget: new Budget({ tokens: 1 }).child({}), retry: false };
export const text: Promise<string> = guard({ ...policy, seed: "7" }).call(async ({ signal, key }) => `${signal.aborted} ${key}`);
export const number: Promise<number> = retry(() => 1, { classify: (): Verdict | undefined => undefined });
export const either: Promise<string | number> = guard().call<string | number>(() => 1, { fallbacks: [() => "two"] });
export const transient: boolean = classify(new Error()).transient;

const model: Model = async (messages, { signal, tools }) => {
  signal.throwIfAborted();
  return { text: `${messages.at(-1)?.content} ${Object.keys(tools).length}`, toolCalls: [], usage: { inputTokens: 1, outputTokens: 1 } };
};
const pay: Tool = {
  description: "Pays.", parameters: { type: "object", properties: { sum: { type: "number" } }, required: ["sum"] },
  run: async ({ sum }: { sum: number }, { key }) => `${sum} ${key}`,
  risky: ({ sum }: { sum: number }) => sum > 100, effect: "once", reconcile: async key => (key === "" ? "unknown" : "done"), guard: policy,
};
const ledger: EffectLedger = {
  claim: async (effect, again) => (effect.tries === 0 || again ? { granted: true } : { granted: false, state: effect.state, output: effect.output }),
  record: async () => {},
};
const helper = agent({ model: [model, () => ({ text: "second" })], tools: { pay }, system: "Be careful.", approver: ({ args, digest }) => ({ approve: args !== digest }), guard: { breaker }, budget: new Budget({ tokens: 1 }), maxSteps: 20, ledger });
export const resumed = async (): Promise<RunResult | string> => {
  const { stop, pending = [], snapshot = "", trace, answer } = await helper.run("task", { suspend: true, signal: AbortSignal.timeout(1000) });
  if (stop === "answered") return trace.map(({ text }) => text).join(answer);
  return helper.resume(snapshot, Object.fromEntries(pending.map(({ id, digest }) => [id, { approve: true, digest }])));
};

// @ts-expect-error a model, at least
agent({ tools: { pay } });
// @ts-expect-error one of three words
agent({ model, tools: { pay: { run: () => 1, effect: "twice" } } });
// @ts-expect-error what a reply is
agent({ model: () => "text" });
// @ts-expect-error decisions are yes or no
helper.resume("", { 1: { approve: "yes" } });
// @ts-expect-error an option that there is not
guard({ timout: 1 });
// @ts-expect-error a number
retry(() => 1, { attempts: "3" });
