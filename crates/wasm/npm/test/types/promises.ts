// What a user may write, as the contract says.

import { Budget, CircuitBreaker, classify, guard, retry, type GuardPolicy, type Verdict } from "../../src/index.js";

const breaker: CircuitBreaker = new CircuitBreaker({ window: null, slow: { ms: 1, rate: 1 } });
const policy: GuardPolicy = { breaker, budget: new Budget({ tokens: 1 }).child({}), retry: false };
export const text: Promise<string> = guard({ ...policy, seed: "7" }).call(async ({ signal, key }) => `${signal.aborted} ${key}`);
export const number: Promise<number> = retry(() => 1, { classify: (): Verdict | undefined => undefined });
export const either: Promise<string | number> = guard().call<string | number>(() => 1, { fallbacks: [() => "two"] });
export const transient: boolean = classify(new Error()).transient;

// @ts-expect-error an option that there is not
guard({ timout: 1 });
// @ts-expect-error a number
retry(() => 1, { attempts: "3" });
