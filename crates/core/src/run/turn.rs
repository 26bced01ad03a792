//! The turn of the loop: think, act, observe, and what each leads to.

use super::action::{Action, Stage};
use super::commons::Place;
use super::message::{Message, ModelReply, Role, ToolCall};
use super::{Output, Phase, Run};
use crate::budget::{Budget, BudgetExceeded, Resource, Spend};
use crate::call::{self, Attempt, Call};
use crate::deadline::{Deadline, Scope};
use crate::effect::EffectState;
use crate::event::Event;
use crate::id::{CallId, Key};
use crate::outcome::{CallError, StopReason};
use crate::progress::{Judgement, Repetition, Rung, Seen, Wanted};
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;

impl Run {
    pub(super) fn start(&mut self) {
        match core::mem::replace(&mut self.stage, Phase::New) {
            Phase::New => {}
            Phase::Restored(actions) => return self.go_on(actions),
            other => return self.stage = other,
        }
        self.started = Some(self.now);
        // What is left of a budget around it was perhaps told before.
        let around = self.commons.budget.left(self.commons.budget.root(), self.now);
        self.commons.budget = Budget::new(self.policy.budget(), self.now);
        self.commons.budget.narrow(self.commons.budget.root(), around, self.now);
        let of_budget = self.commons.budget.deadline(self.commons.budget.root());
        self.deadline = Deadline::after(self.now, self.policy.deadline(), Scope::Run).within(of_budget);
        if sabotaged!(RunHasNoDeadline) {
            self.deadline = of_budget;
        }
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
        let one = Spend { steps: 1, ..Spend::NONE };
        match self.commons.budget.reserve(self.commons.budget.root(), self.now, one) {
            Ok(reservation) => self.commons.budget.settle(reservation, one),
            Err(exceeded) => {
                let reason = if exceeded.what == Resource::Time { StopReason::Deadline } else { StopReason::Budget };
                self.record(None, || Event::BudgetSpent { exceeded });
                return self.finish(reason, None);
            }
        }
        self.trace.begin_step(step);
        self.record(None, || Event::StepStarted { step, of });
        self.think();
    }

    /// Asks the model, for the first time in this step or anew after a restore.
    pub(super) fn think(&mut self) {
        let key = self.next_key();
        let (messages, options) = (u32::try_from(self.messages.len()).unwrap_or(u32::MAX), self.models);
        self.record(Some(key.call), || Event::ModelCalled { messages, options });
        let mut call = Call::new(key, self.policy.model(), self.models, self.seed, self.deadline);
        call.handle(self.now, call::Input::Start, &mut self.commons.of_models(), &mut self.trace);
        self.stage = Phase::Thinking { call, reply: None };
    }

    pub(super) fn next_key(&mut self) -> Key {
        self.calls = self.calls.saturating_add(1);
        Key { run: self.id, call: CallId(self.calls) }
    }

    /// Moves on as far as it goes without waiting for anything. A call that goes on stays where it lies.
    pub(super) fn proceed(&mut self) {
        loop {
            match &mut self.stage {
                Phase::Thinking { call, reply } => {
                    let Some(ended) = drain(call, &mut self.outputs, Output::Think) else { return };
                    let reply = reply.take();
                    if let Phase::Thinking { call, .. } = core::mem::replace(&mut self.stage, Phase::New) {
                        self.remember(Place::Model, &call);
                    }
                    match ended {
                        Ok(_) => self.thought(reply.unwrap_or_default()),
                        Err(error) => self.model_failed(&error),
                    }
                }
                Phase::Acting(actions) => {
                    let mut actions = core::mem::take(actions);
                    self.stage = Phase::New;
                    for action in &mut actions {
                        self.advance(action);
                    }
                    if actions.iter().all(Action::settled) {
                        self.observe(actions);
                    } else if self.suspends
                        && actions.iter().all(|action| action.settled() || action.waits_for_a_human())
                    {
                        return self.suspend(actions);
                    } else {
                        return self.stage = Phase::Acting(actions);
                    }
                }
                Phase::New | Phase::Restored(_) | Phase::Over(_) => return,
            }
        }
    }

    pub(super) fn thought(&mut self, reply: ModelReply) {
        self.record(Some(CallId(self.calls)), || Event::ModelReplied {
            text: reply.text.clone(),
            tools: reply.tool_calls.iter().map(|call| call.tool.clone()).collect(),
        });
        let mut message = Message::new(Role::Assistant, reply.text.clone());
        message.tool_calls.clone_from(&reply.tool_calls);
        self.messages.push(message);
        if reply.tool_calls.is_empty() {
            return self.finish(StopReason::Answered, Some(reply.text));
        }
        let judgement = self.judge(&reply.tool_calls);
        if let (Some(rung), Some(rule)) = (judgement.rung, judgement.rule.clone()) {
            self.record(None, || Event::RepetitionSeen { rung, rule });
        }
        let rule = judgement.rule.unwrap_or(Repetition::Identical { repeats: 0 });
        let actions = match judgement.rung {
            Some(Rung::Stop) => {
                for action in self.repeat(reply.tool_calls, &rule, "") {
                    let Stage::Settled(text) = action.stage else { continue };
                    self.tell_result(action.call.id, text);
                }
                return self.finish(StopReason::NoProgress, None);
            }
            Some(Rung::Synthetic) => self.repeat(reply.tool_calls, &rule, ""),
            Some(Rung::LastTurn) => {
                self.last_turn = true;
                self.repeat(reply.tool_calls, &rule, &rule.last_turn())
            }
            Some(Rung::Hint) => {
                self.hint = Some(rule);
                reply.tool_calls.into_iter().map(|call| self.act(call)).collect()
            }
            None if sabotaged!(WishIsGrantedTwice) => {
                reply.tool_calls.into_iter().flat_map(|call| [call.clone(), call]).map(|call| self.act(call)).collect()
            }
            None => reply.tool_calls.into_iter().map(|call| self.act(call)).collect(),
        };
        self.stage = Phase::Acting(actions);
    }

    fn judge(&mut self, wanted: &[ToolCall]) -> Judgement {
        let wanted: Vec<_> = wanted.iter().map(|call| Wanted { tool: &call.tool, args: &call.args }).collect();
        self.progress.as_mut().map(|progress| progress.judge(&wanted)).unwrap_or_default()
    }

    /// Calls that do not run because they are repetitions: each gets a result that says so.
    fn repeat(&self, wanted: Vec<ToolCall>, rule: &Repetition, besides: &str) -> Vec<Action> {
        let synthetic = |call: &ToolCall| {
            let wanted = Wanted { tool: &call.tool, args: &call.args };
            let text = self.progress.as_ref().map(|progress| progress.synthetic(&wanted, rule)).unwrap_or_default();
            if besides.is_empty() { text } else { alloc::format!("{text}\n\n{besides}") }
        };
        let settled = |call: ToolCall| {
            let stage = Stage::Settled(synthetic(&call));
            Action { call, key: None, tool: 0, approved: false, stage }
        };
        wanted.into_iter().map(settled).collect()
    }

    pub(super) fn model_failed(&mut self, error: &CallError) {
        let stop = match error {
            CallError::Cancelled => StopReason::Cancelled,
            CallError::DeadlineExceeded { scope: Scope::Run, .. }
            | CallError::BudgetExceeded(BudgetExceeded { what: Resource::Time, .. }) => StopReason::Deadline,
            CallError::BudgetExceeded(_) => StopReason::Budget,
            _ => StopReason::ModelUnavailable,
        };
        self.finish(stop, None);
    }

    pub(super) fn observe(&mut self, actions: Vec<Action>) {
        let results = u32::try_from(actions.len()).unwrap_or(u32::MAX);
        self.record(None, || Event::Observed { results });
        let news = self.learn(&actions);
        for action in actions {
            let Stage::Settled(text) = action.stage else { continue };
            self.tell_result(action.call.id, text);
        }
        if sabotaged!(ResultIsLost) {
            self.messages.pop();
        }
        if sabotaged!(ResultComesTwice) {
            self.messages.extend(self.messages.last().cloned());
        }
        // Beside the last result, for every provider takes results, and some take nothing between them and the next turn.
        if let (Some(hint), Some(last)) = (self.hint.take().filter(|_| !news), self.messages.last_mut()) {
            last.content.push_str("\n\n");
            last.content.push_str(&hint.hint());
        }
        let aftermath = self.tell_aftermath();
        if let Some(last) = self.messages.last_mut() {
            for word in aftermath {
                last.content.push_str("\n\n");
                last.content.push_str(&word);
            }
        }
        self.begin_step();
    }

    /// Puts what became of a call that the model asked for into the conversation.
    pub(super) fn tell_result(&mut self, call: String, text: String) {
        let mut message = Message::new(Role::Tool, text);
        message.tool_call_id = Some(call);
        self.messages.push(message);
    }

    /// Tells the detector what the turn brought, and whether anything of it was new.
    fn learn(&mut self, actions: &[Action]) -> bool {
        let failed = |action: &Action| {
            let entry = action.key.and_then(|key| self.ledger.entry(key));
            entry.is_none_or(|entry| entry.state != EffectState::Done)
        };
        let seen: Vec<_> = actions
            .iter()
            .filter_map(|action| {
                let Stage::Settled(result) = &action.stage else { return None };
                Some(Seen { tool: &action.call.tool, args: &action.call.args, result, failed: failed(action) })
            })
            .collect();
        self.progress.as_mut().is_none_or(|progress| progress.observe(&seen))
    }
}

/// Hands on what a call wants done, and tells how it ended if it has.
pub(super) fn drain(
    call: &mut Call,
    outputs: &mut VecDeque<Output>,
    mut start: impl FnMut(Attempt) -> Output,
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
