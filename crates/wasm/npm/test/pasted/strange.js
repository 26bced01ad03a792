import { agent, Budget } from "steadfast";

/** On your model, the functions behind your tools, and whoever approves. */
export const assistant = (model, tools, approver, reconcile) => agent({
  model,
  tools: {
    "status": { run: tools["status"], guard: {
      timeout: Infinity,
      retry: false,
      breaker: false,
    } },
    "pay": { run: tools["pay"], risky: true, reconcile: reconcile["pay"], guard: {
      timeout: 8_000,
      retry: false,
    } },
    "file \"x\"": { run: tools["file \"x\""], effect: "idempotent", guard: {
      timeout: 60_000,
      retry: { attempts: 3, base: 50, cap: 20_000, factor: 2, jitter: "full" },
    } },
  },
  approver,
  approvalExpiresAfter: 15_500,
  maxSteps: 1_450,
  guard: {
    timeout: Infinity,
    deadline: 45_000,
    retry: {
      attempts: 1_000,
      base: 1.5,
      cap: 9_000,
      factor: 1.75,
      jitter: "equal",
    },
    breaker: {
      consecutive: 0,
      window: null,
      slow: { ms: 2_500, rate: 0.333 },
      openFor: 7_000,
      openForMax: 70_000,
      probes: 3,
      successes: 2,
      lease: 1_234,
    },
  },
  budget: new Budget({
    deadline: 90_000,
    attempts: 40,
    steps: 30,
    tokens: 1_234_567,
    money: 2.5,
  }),
  safeMessage: "Sorry, \"no\".",
});

// Set in Rust alone; in JavaScript the defaults hold:
//   retry budget: 0.05 of all calls, 0 in any case
//   progress detector: 4 repeats, 3 same errors, 6 turns without news
//   any pause is waited out
//   no throttle of retries
//   first output of the model's streams: 3_000 ms
//   idle of the model's streams: 1_000 ms
