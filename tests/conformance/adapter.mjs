// What a library has to offer to meet the traps. An adapter leaves out what its library has not, or throws `NotOffered`
// where an option has no counterpart; such a trap's cell says "not offered", with the reason. Adapters use each library
// at its best and as its own documentation does, and cite in a comment the options they chose.

/** Thrown by an adapter: the library has nothing for this. */
export class NotOffered extends Error {
  name = "NotOffered";
}

/**
 * The capability of that name, or the sentence that there is none.
 * @template {keyof Adapter} K
 * @param {Adapter} adapter
 * @param {K} capability
 * @returns {NonNullable<Adapter[K]>}
 */
export function offered(adapter, capability) {
  const found = adapter[capability];
  if (found === undefined) throw new NotOffered(`no ${WORDS[capability] ?? capability}`);
  return /** @type {any} */ (typeof found === "function" ? found.bind(adapter) : found);
}

const WORDS = {
  restore: "snapshot of a breaker", fetch: "guarded fetch", agent: "agent", approvalGate: "approvals", budget: "budget",
  nested: "limit that two layers share", classify: "judgment of providers' failures", timeout: "timeout",
};

/**
 * @typedef {import("./world.mjs").World} World
 *
 * @typedef {object} Adapter
 * @property {string} name as in the table
 * @property {string} version
 * @property {number} [openForAtLeast] the share of the open time that has surely to pass, if the library varies it. Default 1
 * @property {Record<string, string>} [remarks] what is fair to say beside the library's result in a trap, by the trap's id
 * @property {Record<string, string>} [words] the library's name for an option of ours, where it differs
 * @property {(options: RetryOptions, world: World) => Call} [retry]
 * @property {(options: BreakerOptions, world: World) => Breaker | Promise<Breaker>} [breaker]
 * @property {(snapshot: unknown, options: BreakerOptions, world: World) => Breaker} [restore]
 * @property {(ms: number, world: World) => Call} [timeout] a limit for each call, made once and used by all
 * @property {(options: { attempts: number, outer: number, inner: number }, world: World) => Call} [nested] two layers of
 *   retries that may make so many attempts together
 * @property {(error: unknown) => { class: string, transient: boolean, retryAfter?: number }} [classify]
 * @property {(options: { attempts: number, deadline: number }) => typeof fetch} [fetch] in real time
 * @property {Function} [agent] the contract's, as are the next two
 * @property {Function} [approvalGate]
 * @property {new (limits: object) => any} [budget]
 *
 * @typedef {(context: { signal?: AbortSignal }) => unknown} Operation
 * @typedef {(operation: Operation, options?: { signal?: AbortSignal }) => Promise<unknown>} Call
 *
 * @typedef {object} RetryOptions
 * @property {any} attempts in all, the first included
 * @property {any} base milliseconds before the second try
 * @property {any} [cap] no wait is longer
 * @property {any} [factor] default 2
 * @property {"none" | "recommended" | "best"} jitter `recommended`: what the library uses or advises by itself; `best`:
 *   whichever of those it has meets the traps best
 * @property {number} [deadline] milliseconds for everything together
 * @property {boolean} [hints] a failure may carry `retryAfter`, in milliseconds: what the server asked for
 * @property {(error: unknown) => boolean} [retryable]
 *
 * @typedef {object} BreakerOptions
 * @property {any} [failures] opens when so many calls failed and none succeeded
 * @property {number} [within] only failures of the last so many milliseconds count for that
 * @property {{ share: number, ofLast: number }} [rate] opens when such a share of the last calls failed
 * @property {any} openFor milliseconds until it may try again
 * @property {number} [timeout] of each call; none without it
 * @property {(error: unknown) => boolean} [counts] whether an error counts as a failure
 *
 * @typedef {object} Breaker
 * @property {Call} call
 * @property {() => string | Promise<string>} state closed, open or half-open
 * @property {(listener: (state: string) => void) => void} [onState]
 * @property {() => unknown} [snapshot]
 */
