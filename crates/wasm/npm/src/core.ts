// Everything but where the WebAssembly comes from: what both entries have.

export type {
  Agent, AgentOptions, Claimed, Effect, EffectLedger, Message, Model, ModelReply, RunOptions, RunResult, StopReason, Tool, ToolCall,
} from "./agent/types.js";
export { approvalGate } from "./approval.js";
export type { ApprovalRequest, Approver, Decision } from "./approval.js";
export { CircuitBreaker } from "./breaker.js";
export { Budget } from "./budget.js";
export { classify } from "./classify.js";
export {
  AllOptionsFailed, ApprovalDenied, BudgetExceeded, CircuitOpen, DeadlineExceeded, RetriesExhausted, SteadfastError,
  StepLimitExceeded, TransientError,
} from "./errors.js";
export { guard } from "./guard.js";
export type { Guard, GuardPolicy } from "./guard.js";
export { callWithDeadline, fallback, retry } from "./patterns.js";
export { StepLimiter } from "./steps.js";
export type * from "./types.js";
