// What the compiler refuses, so that nobody learns of it later. Nothing here runs.

import { agent, type CircuitBreaker, type Guard, guard } from "../../src/index.js";

const model = () => ({ text: "" });
/** With a breaker, as it is for compilers that do not tell `undefined` from what is not there. */
declare const one: Guard & { breaker: CircuitBreaker };
// @ts-expect-error: a guard is no policy.
guard(one);
// @ts-expect-error: neither an agent's
agent({ model, guard: one });
// @ts-expect-error: nor a tool's.
agent({ model, tools: { look: { run: model, guard: one } } });
guard({ timeout: 5 });
agent({ model, guard: { timeout: 5 }, tools: { look: { run: model, guard: { timeout: 5 } } } });
