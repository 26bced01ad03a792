// The ledger of effects, where the caller keeps it. It may fail; then nothing is granted, and whoever keeps it learns of it.

import { shown } from "../options.js";
import type { Effect, EffectLedger } from "./types.js";

/** What a ledger said to a claim. */
export interface Grant { granted: boolean; state: string; output: string }

/** Whatever is not clearly a yes grants nothing. Never rejects. */
export async function claimed(ledger: EffectLedger, effect: Effect, again: boolean): Promise<Grant> {
  try {
    const answer: unknown = await ledger.claim(effect, again);
    const { granted, state, output }: { granted?: unknown; state: unknown; output: unknown } = { state: "", output: "", ...(answer as object | undefined) };
    if (typeof granted === "boolean") return { granted, state: String(state), output: String(output) };
    const said = typeof answer === "object" && answer !== null ? `an object whose granted is ${shown(granted)}` : shown(answer);
    console.error(`steadfast: the ledger's claim of ${effect.tool} (${effect.key}) returned ${said}, and it does not run; allowed: { granted: true }, or { granted: false, state, output }`);
    return { granted: false, state: "unknown", output: "whether it may run could not be found out: the ledger's answer made no sense" };
  } catch (error) {
    console.error(`steadfast: the ledger could not say whether ${effect.tool} (${effect.key}) may run`, error);
    return { granted: false, state: "unknown", output: "whether another resume of this run started it could not be found out" };
  }
}

/** Never rejects: it happened all the same. */
export async function recorded(ledger: EffectLedger, effect: Effect): Promise<void> {
  try {
    await ledger.record(effect);
  } catch (error) {
    console.error(`steadfast: the ledger did not record that ${effect.tool} (${effect.key}) is ${effect.state}`, error);
  }
}
