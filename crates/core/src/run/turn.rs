//! The turn of the loop: think, act, observe, and what each leads to.

use super::action::{Action, Stage, block_of, report_block};
use super::end::note;
use super::message::{Message, ModelReply, Role, ToolCall, ToolSpec};
use super::{Output, Phase, Run};
use crate::approval::{Approval, Outcome, Verdict};
use crate::call::{self, Attempt, Call};
use crate::deadline::{Deadline, Scope};
use crate::event::{BlockReason, Event};
use crate::id::{ApprovalId, CallId, Key};
use crate::outcome::{CallError, StopReason};
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;

impl Run {
    pub(super) fn start(&mut self) {
        if !matches!(self.stage, Phase::New) {
            return;
        }
        self.deadline = Deadline::after(self.now, self.policy.deadline(), Scope::Run);
        let (run, seed, max_steps, deadline) = (self.id, self.seed, self.policy.max_steps(), self.deadline.at());
        self.record(None, || Event::RunStarted { run, seed, max_steps, deadline });
        self.begin_step();
    }

    pub(super) fn begin_step(&mut self) {
        let Ok(step) = self.steps.take() else {
            let limit = self.steps.limit();
            self.record(None, || Event::StepLimitReached { limit });
            return self.finish(StopReason::StepLimit, None);
        };
        let of = self.steps.limit();
        self.trace.begin_step(step);
        self.record(None, || Event::StepStarted { step, of });
        let key = self.next_key();
        let (messages, options) = (u32::try_from(self.messages.len()).unwrap_or(u32::MAX), self.models);
        self.record(Some(key.call), || Event::ModelCalled { messages, options });
        let mut call = Call::new(key, self.policy.model(), self.models, self.seed, self.deadline);
        call.handle(self.now, call::Input::Start, &mut *self.model_breakers, &mut self.trace);
        self.stage = Phase::Thinking { call, reply: None };
    }

    pub(super) fn next_key(&mut self) -> Key {
        self.calls += 1;
        Key { run: self.id, call: CallId(self.calls) }
    }

    /// Moves on as far as it goes without waiting for anything.
    pub(super) fn proceed(&mut self) {
        loop {
            match core::mem::replace(&mut self.stage, Phase::New) {
                Phase::Thinking { mut call, reply } => match drain(&mut call, &mut self.outputs, Output::Think) {
                    None => return self.stage = Phase::Thinking { call, reply },
                    Some(Ok(_)) => self.thought(reply.unwrap_or_default()),
                    Some(Err(error)) => self.model_failed(&error),
                },
                Phase::Acting(mut actions) => {
                    for action in &mut actions {
                        self.advance(action);
                    }
                    if !actions.iter().all(Action::settled) {
                        return self.stage = Phase::Acting(actions);
                    }
                    self.observe(actions);
                }
                other => return self.stage = other,
            }
        }
    }

    pub(super) fn thought(&mut self, reply: ModelReply) {
        let (text, tools) = (reply.text.clone(), reply.tool_calls.iter().map(|call| call.tool.clone()).collect());
        self.record(Some(CallId(self.calls)), || Event::ModelReplied { text, tools });
        let mut message = Message::new(Role::Assistant, reply.text.clone());
        message.tool_calls.clone_from(&reply.tool_calls);
        self.messages.push(message);
        if reply.tool_calls.is_empty() {
            return self.finish(StopReason::Answered, Some(reply.text));
        }
        let actions = reply.tool_calls.into_iter().map(|call| self.act(call)).collect();
        self.stage = Phase::Acting(actions);
    }

    pub(super) fn model_failed(&mut self, error: &CallError) {
        let stop = match error {
            CallError::Cancelled => StopReason::Cancelled,
            CallError::DeadlineExceeded { scope: Scope::Run, .. } => StopReason::Deadline,
            _ => StopReason::ModelUnavailable,
        };
        self.finish(stop, None);
    }

    /// Begins one tool call: at once, after a human's yes, or not at all.
    pub(super) fn act(&mut self, wanted: ToolCall) -> Action {
        let Some(tool) = self.tools.iter().position(|tool| tool.name() == wanted.tool) else {
            let name = wanted.tool.clone();
            self.record(None, || Event::ToolUnknown { tool: name });
            let known: Vec<_> = self.tools.iter().map(ToolSpec::name).collect();
            let text = alloc::format!("There is no tool {}. The tools are: {}.", wanted.tool, known.join(", "));
            return Action { call: wanted, tool: 0, stage: Stage::Settled(text) };
        };
        let risky = wanted.risky.unwrap_or(self.tools[tool].is_risky());
        let stage = match self.policy.approval().check(risky) {
            Verdict::Run => {
                let key = self.next_key();
                self.run_tool(tool, key, wanted.args.clone())
            }
            Verdict::Ask => self.ask(&wanted),
            Verdict::Deny => self.block(&wanted.tool, BlockReason::NobodyToAsk, ""),
        };
        Action { call: wanted, tool, stage }
    }

    pub(super) fn ask(&mut self, wanted: &ToolCall) -> Stage {
        self.approvals += 1;
        let (id, key) = (ApprovalId(self.approvals), self.next_key());
        let gate = self.policy.approval();
        let approval = Approval::ask(id, key, &wanted.tool, &wanted.args, self.now, gate, self.policy.hash());
        let request = approval.request().clone();
        self.record(Some(key.call), || Event::ApprovalAsked {
            id,
            tool: request.tool.clone(),
            args: request.args.clone(),
            digest: request.digest,
            expires_at: request.expires_at,
        });
        self.outputs.push_back(Output::Ask(approval.request().clone()));
        Stage::Asking(approval)
    }

    pub(super) fn run_tool(&mut self, tool: usize, key: Key, args: String) -> Stage {
        let spec = &self.tools[tool];
        let mut call = Call::new(key, &spec.policy(), 1, self.seed, self.deadline);
        let event = || Event::ToolCalled { tool: spec.name().into(), args: args.clone(), effect: spec.effect() };
        self.trace.record(self.now, Some(key.call), None, event);
        call.handle(self.now, call::Input::Start, &mut *self.tool_breakers[tool], &mut self.trace);
        Stage::Running { call, args, output: None }
    }

    pub(super) fn block(&mut self, tool: &str, reason: BlockReason, message: &str) -> Stage {
        note(&mut self.blocked, tool);
        self.record(None, || Event::ToolBlocked { tool: tool.into(), reason });
        Stage::Settled(report_block(tool, reason, message))
    }

    /// Moves one tool call on as far as it goes without waiting for anything.
    pub(super) fn advance(&mut self, action: &mut Action) {
        if let Stage::Asking(approval) = &action.stage
            && let Some(outcome) = approval.outcome().cloned()
        {
            action.stage = match (&outcome, block_of(&outcome)) {
                (Outcome::Approved { args, .. }, _) => self.run_tool(action.tool, approval.key(), args.clone()),
                (_, Some((reason, message))) => self.block(&action.call.tool, reason, message),
                (_, None) => return,
            };
        }
        if let Stage::Running { call, args, output } = &mut action.stage {
            let name = &action.call.tool;
            let act = |attempt| Output::Act { attempt, tool: name.clone(), args: args.clone() };
            let Some(result) = drain(call, &mut self.outputs, act) else { return };
            let (id, tool) = (call.id(), name.clone());
            let text = if result.is_ok() { output.take().unwrap_or_default() } else { String::new() };
            action.stage = Stage::Settled(match result {
                Ok(_) => {
                    if !self.tools[action.tool].effect().may_repeat() {
                        note(&mut self.happened, &tool);
                    }
                    let output = text.clone();
                    self.record(Some(id), || Event::ToolReplied { tool, output });
                    text
                }
                Err(error) => self.report(action.tool, id, &error),
            });
        }
    }

    pub(super) fn observe(&mut self, actions: Vec<Action>) {
        let results = u32::try_from(actions.len()).unwrap_or(u32::MAX);
        self.record(None, || Event::Observed { results });
        for action in actions {
            let Stage::Settled(text) = action.stage else { continue };
            let mut message = Message::new(Role::Tool, text);
            message.tool_call_id = Some(action.call.id);
            self.messages.push(message);
        }
        self.begin_step();
    }
}

/// Hands on what a call wants done, and tells how it ended if it has.
pub(super) fn drain(
    call: &mut Call,
    outputs: &mut VecDeque<Output>,
    start: impl Fn(Attempt) -> Output,
) -> Option<Result<u32, CallError>> {
    loop {
        match call.poll() {
            call::Output::Start(attempt) => outputs.push_back(start(attempt)),
            call::Output::Abandon(id) => outputs.push_back(Output::Abandon(id)),
            call::Output::Wait { .. } => return None,
            call::Output::Finished(result) => return Some(result),
        }
    }
}
