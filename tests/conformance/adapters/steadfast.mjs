// Steadfast, by its contract: the names and meanings of `api.d.ts`, and nothing beside them. The clock is the world's.

import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";

const home = fileURLToPath(new URL("../../../crates/wasm/npm/", import.meta.url));
/** As `cargo xtask npm` builds it. */
const built = `${home}dist/esm/index.js`;

/**
 * The adapter, or why there is none yet. `STEADFAST` may name the package's entry file; without it, it is the one that is built in
 * this project, or else the package is imported by its name.
 * @returns {Promise<{ adapter?: import("../adapter.mjs").Adapter, missing?: string }>}
 */
export async function loadSteadfast() {
  let module;
  try {
    const entry = process.env.STEADFAST || (existsSync(built) ? built : undefined);
    module = await import(entry === undefined ? "steadfast" : pathToFileURL(entry).href);
  } catch (error) {
    return { missing: `the package "steadfast" cannot be imported: ${error.message.split("\n")[0]}` };
  }
  const lacking = ["retry", "callWithDeadline", "CircuitBreaker", "guard", "Budget", "approvalGate", "classify"]
    .filter(name => typeof module[name] !== "function");
  if (lacking.length > 0) return { missing: `the package "steadfast" has not the names of the contract yet: ${lacking.join(", ")}` };
  return { adapter: adapterOf(module, versionOf()) };
}

function versionOf() {
  try {
    return JSON.parse(readFileSync(`${home}package.json`, "utf8")).version;
  } catch {
    return "unreleased";
  }
}

/** @returns {import("../adapter.mjs").Adapter} */
function adapterOf({ Budget, CircuitBreaker, agent, approvalGate, callWithDeadline, classify, guard }, version) {
  return {
    name: "Steadfast",
    version,
    openForAtLeast: 0.5, // BreakerPolicy.openFor: "equal jitter"
    words: { failures: "consecutive", timeout: "ms" },

    retry({ attempts, base, cap, factor, jitter, deadline, hints, retryable }, { clock }) {
      const one = guard({
        retry: drop({ attempts, base, cap, factor, jitter: jitter === "none" ? "none" : "full" }),
        breaker: false,
        ...drop({ deadline, classify: judge(hints, retryable) }),
        clock,
      });
      // What the other libraries reject with: the last failure itself.
      return (operation, options) => one.call(operation, options).catch(error => { throw error.code === "retries_exhausted" ? error.cause : error; });
    },

    breaker(options, { clock }) {
      return face(new CircuitBreaker({ ...rules(options), clock }), options, clock);
    },

    restore(snapshot, options, { clock }) {
      return face(CircuitBreaker.restore(/** @type {string} */ (snapshot), { ...rules(options), clock }), options, clock);
    },

    timeout(ms, { clock }) {
      return (operation, options = {}) => callWithDeadline(operation, ms, { ...options, clock });
    },

    nested({ attempts, outer, inner }, { clock }) {
      const budget = new Budget({ attempts, clock });
      const layer = (tries, spends) => guard({ retry: { attempts: tries, base: 10 }, breaker: false, budget: spends, clock });
      const [outside, inside] = [layer(outer, budget), layer(inner, budget.child({}))];
      return operation => outside.call(() => inside.call(operation));
    },

    fetch: ({ attempts, deadline }) => guard({ retry: { attempts, base: 5 }, deadline, breaker: false }).fetch,
    classify,
    agent,
    approvalGate,
    budget: Budget,
  };

  function face(breaker, { timeout, counts }, clock) {
    const classifier = counts && (error => (counts(error) ? undefined : { class: "cancelled", transient: false }));
    const one = guard({ breaker, retry: false, clock, ...drop({ timeout, classify: classifier }) });
    return {
      call: (operation, options) => (timeout === undefined && !counts ? breaker.call(operation, options) : one.call(operation, options)),
      state: () => (breaker.state === "forced-open" ? "open" : breaker.state),
      onState: listener => breaker.on("state", change => listener(change.to)),
      snapshot: () => breaker.snapshot(),
    };
  }
}

function rules({ failures, within, rate, openFor }) {
  if (rate) return { consecutive: 0, window: { rate: rate.share, calls: rate.ofLast, ms: 3_600_000, minimum: rate.ofLast }, openFor };
  if (within === undefined) return { consecutive: failures, window: null, openFor };
  return { consecutive: 0, window: { rate: 0.5, calls: 20, ms: within, minimum: failures }, openFor };
}

/** The hint travels in the verdict; what must not be retried says so there too. */
function judge(hints, retryable) {
  if (!hints && !retryable) return undefined;
  return error => {
    if (retryable && !retryable(error)) return { class: "invalid_request", transient: false };
    return hints && error.retryAfter !== undefined ? { class: "rate_limited", transient: true, retryAfter: error.retryAfter } : undefined;
  };
}

function drop(fields) {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
