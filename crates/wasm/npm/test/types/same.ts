// Ours against the contract, name for name. The compiler is the test: nothing here runs.

import type * as contract from "./contract.js";
import type * as ours from "../../src/index.js";

/** Both ways, so that nothing is missing and nothing is asked for besides. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
/** What we give has to be what was promised; classes have private parts, so they are looked at from outside. */
type Gives<Ours extends Promised, Promised> = Ours;
type Holds<T extends true> = T;

export type Values = [
  Holds<Same<ours.FailureClass, contract.FailureClass>>, Holds<Same<ours.Verdict, contract.Verdict>>,
  Holds<Same<ours.Clock, contract.Clock>>, Holds<Same<ours.Shared, contract.Shared>>,
  Holds<Same<ours.AttemptContext, contract.AttemptContext>>, Holds<Same<ours.CallOptions, contract.CallOptions>>,
  Holds<Same<ours.Operation<string>, contract.Operation<string>>>, Holds<Same<ours.Jitter, contract.Jitter>>,
  Holds<Same<ours.RetryPolicy, contract.RetryPolicy>>, Holds<Same<ours.BreakerPolicy, contract.BreakerPolicy>>,
  Holds<Same<ours.BreakerState, contract.BreakerState>>, Holds<Same<ours.ApprovalRequest, contract.ApprovalRequest>>,
  Holds<Same<ours.Decision, contract.Decision>>, Holds<Same<ours.Approver, contract.Approver>>,
  Holds<Same<ours.TraceEntry, contract.TraceEntry>>, Holds<Same<ours.Ms, contract.Ms>>,
  Holds<Same<keyof ours.GuardPolicy, keyof contract.GuardPolicy>>, Holds<Same<keyof ours.Guard, keyof contract.Guard>>,
];

export type Instances = [
  Gives<ours.SteadfastError, contract.SteadfastError>, Gives<ours.TransientError, contract.TransientError>,
  Gives<ours.DeadlineExceeded, contract.DeadlineExceeded>, Gives<ours.RetriesExhausted, contract.RetriesExhausted>,
  Gives<ours.CircuitOpen, contract.CircuitOpen>, Gives<ours.AllOptionsFailed, contract.AllOptionsFailed>,
  Gives<ours.StepLimitExceeded, contract.StepLimitExceeded>, Gives<ours.ApprovalDenied, contract.ApprovalDenied>,
  Gives<ours.BudgetExceeded, contract.BudgetExceeded>, Gives<ours.CircuitBreaker, contract.CircuitBreaker>,
  Gives<ours.StepLimiter, contract.StepLimiter>, Gives<ours.Budget, contract.Budget>, Gives<ours.Guard, contract.Guard>,
];

export type Functions = [
  Gives<typeof ours.classify, typeof contract.classify>, Gives<typeof ours.retry, typeof contract.retry>,
  Gives<typeof ours.callWithDeadline, typeof contract.callWithDeadline>, Gives<typeof ours.fallback, typeof contract.fallback>,
  Gives<typeof ours.approvalGate, typeof contract.approvalGate>,
  Gives<typeof ours.CircuitBreaker, typeof contract.CircuitBreaker>, Gives<typeof ours.StepLimiter, typeof contract.StepLimiter>,
  Gives<typeof ours.Budget, typeof contract.Budget>, Gives<typeof ours.TransientError, typeof contract.TransientError>,
];

/** Options may hold a breaker or a budget, whose private parts are each their own: their names are compared, and the rest by value. */
type Shareable = "guard" | "budget";
type Besides<T> = Omit<T, Shareable>;

export type OfAgents = [
  Holds<Same<ours.Message, contract.Message>>, Holds<Same<ours.ToolCall, contract.ToolCall>>, Holds<Same<ours.ModelReply, contract.ModelReply>>,
  Holds<Same<ours.StopReason, contract.StopReason>>, Holds<Same<ours.RunResult, contract.RunResult>>, Holds<Same<ours.Agent, contract.Agent>>,
  Holds<Same<keyof ours.RunResult, keyof contract.RunResult>>, Holds<Same<keyof ours.Agent, keyof contract.Agent>>,
  Holds<Same<keyof ours.Tool, keyof contract.Tool>>, Holds<Same<Besides<ours.Tool>, Besides<contract.Tool>>>,
  // What processes share that resume the same snapshot is ours to add, and so is who keeps recordings.
  Holds<Same<Exclude<keyof ours.AgentOptions, "ledger" | "recorder">, keyof contract.AgentOptions>>,
  Holds<Same<Omit<Besides<ours.AgentOptions>, "model" | "tools">, Omit<Besides<contract.AgentOptions>, "model" | "tools">>>,
  // Whoever writes a model by the contract has one of ours.
  Gives<contract.Model, ours.Model>, Holds<Same<ReturnType<typeof ours.agent>, ReturnType<typeof contract.agent>>>,
  Holds<Same<Parameters<typeof ours.agent>["length"], Parameters<typeof contract.agent>["length"]>>,
];

/** No name of the contract is missing. */
type Missing = Exclude<keyof typeof contract, keyof typeof ours>;
export type Complete = Holds<Same<Missing, never>>;
