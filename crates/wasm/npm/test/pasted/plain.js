import { agent } from "steadfast";

/** On your model, the functions behind your tools, and whoever approves. */
export const assistant = (model, tools, approver) => agent({
  model,
  tools: {
    "multiply": { run: tools["multiply"], guard: {
      timeout: 10_000,
      retry: { attempts: 3, base: 50, cap: 20_000, factor: 2, jitter: "full" },
    } },
    "send_email": { run: tools["send_email"], risky: true, guard: {
      timeout: 10_000,
      retry: false,
    } },
  },
  approver,
  approvalExpiresAfter: 600_000,
  maxSteps: 8,
  guard: {
    timeout: 4_000,
    deadline: 30_000,
    retry: {
      attempts: 4,
      base: 500,
      cap: 20_000,
      factor: 2,
      jitter: "full",
    },
    breaker: {
      consecutive: 3,
      window: { rate: 0.5, calls: 20, ms: 60_000, minimum: 10 },
      openFor: 30_000,
      openForMax: 300_000,
      probes: 1,
      successes: 1,
    },
  },
});

// Set in Rust alone; in JavaScript the defaults hold:
//   retry budget: 0.2 of all calls, 20 in any case
//   progress detector: 1 repeats, 3 same errors, 6 turns without news
//   longest pause that a server may ask for: 300_000 ms
//   no throttle of retries
