// Every adapter there is, Steadfast first.

import { cockatiel } from "./cockatiel.mjs";
import { effect } from "./effect.mjs";
import { opossum } from "./opossum.mjs";
import { retrying } from "./p-retry.mjs";
import { loadSteadfast } from "./steadfast.mjs";

/** @returns {Promise<{ found: import("../adapter.mjs").Adapter[], missing?: string }>} */
export async function adapters() {
  const { adapter, missing } = await loadSteadfast();
  return { found: [...(adapter ? [adapter] : []), cockatiel, opossum, retrying, effect], missing };
}
