//! The end of a run: from inside the loop or from outside of it, and always with an answer.

use super::action::{Action, Claiming, Stage, block_of, report_unknown};
use super::commons::Place;
use super::turn::drain;
use super::{Output, Phase, Run, RunEnd, RunResult};
use crate::call::{self, Attempt};
use crate::effect::{EffectOutcome, EffectState};
use crate::event::{BlockReason, Event};
use crate::failure::Failure;
use crate::id::{AttemptId, Key};
use crate::outcome::{CallError, StopReason};
use alloc::string::String;
use alloc::vec::Vec;

impl Run {
    /// Ends the run from outside its loop: everything under way is given up, every open question withdrawn.
    pub(super) fn stop(&mut self, stop: StopReason) {
        let mut stage = core::mem::replace(&mut self.stage, Phase::New);
        match &mut stage {
            Phase::Over(_) if !sabotaged!(EndsTwice) => return self.stage = stage,
            Phase::New | Phase::Restored(None) | Phase::Over(_) => {}
            Phase::Thinking { call, .. } => {
                call.receive(self.now, call::Input::Cancel, &mut self.commons.of_models(), &mut self.trace);
                let _ = drain(call, &mut self.outputs, Output::Think);
                self.remember(Place::Model, call);
            }
            Phase::Acting(actions) | Phase::Restored(Some(actions)) => {
                // No provider takes a conversation in which a call has no result.
                for action in actions {
                    let result = self.stop_action(action);
                    self.tell_result(action.call.id.clone(), result);
                }
            }
        }
        self.finish(stop, None);
    }

    /// Ends a tool call with its run, and answers what the model would read of it.
    fn stop_action(&mut self, action: &mut Action) -> String {
        const ENDED: &str = "the run ended first";
        let (tool, name) = (action.tool, action.call.tool.as_str());
        match &mut action.stage {
            Stage::Running { call, attempts, unsure, .. } => {
                let (before, unsure) = (*attempts, *unsure);
                call.receive(self.now, call::Input::Cancel, &mut self.commons.of_tool(tool), &mut self.trace);
                let nothing_starts = |attempt: Attempt| Output::Abandon(attempt.id);
                let ended = drain(call, &mut self.outputs, nothing_starts);
                self.remember(Place::Tool(tool), call);
                let mut outcome = EffectOutcome::NotDone;
                if let Some(Err(error)) = ended {
                    let (key, sent) = (call.key(), call.attempts() > before);
                    outcome = self.end_call(name, key, &error, sent, unsure);
                    if sabotaged!(LooksUpAfterTheEnd) {
                        let (tool, args) = (name.into(), action.call.args.clone());
                        let id = AttemptId { call: key.call, attempt: 9 };
                        let attempt = Attempt { id, option: 0, key, until: None, deadline: None };
                        self.outputs.push_back(Output::Reconcile { attempt, key, tool, args });
                    }
                }
                match outcome {
                    EffectOutcome::Unknown => report_unknown(name, ENDED),
                    _ => alloc::format!("{name} did not finish: {ENDED}."),
                }
            }
            Stage::Reconciling { call, unsure, .. } => {
                call.receive(self.now, call::Input::Cancel, &mut self.commons.of_looking_up(tool), &mut self.trace);
                let _ = drain(call, &mut self.outputs, |attempt| Output::Abandon(attempt.id));
                self.remember(Place::Books(tool), call);
                report_unknown(name, &unsure.error)
            }
            Stage::Asking { approval, again } => {
                let (id, key) = (approval.request().id, approval.key());
                let reason = match approval.outcome() {
                    None => {
                        self.record(None, || Event::ApprovalWithdrawn { id });
                        self.outputs.push_back(Output::Withdraw(id));
                        BlockReason::RunEnded
                    }
                    Some(outcome) => block_of(outcome).map_or(BlockReason::RunEnded, |(reason, _)| reason),
                };
                match again {
                    // What was tried before may have happened: it is not among what did not run.
                    Some(unsure) if unsure.attempts > 0 => report_unknown(name, &unsure.error),
                    _ => self.block_at_the_end(name, key, reason),
                }
            }
            Stage::Interrupted { key, .. } => {
                // It was under way when its process ended, and nobody looked after it since.
                let error = "its process ended";
                let _ = self.ledger.set(*key, EffectState::Unknown, error);
                report_unknown(name, error)
            }
            Stage::Claiming(Claiming { again: Some(unsure), .. }) => report_unknown(name, &unsure.error),
            Stage::Claiming(Claiming { key, .. }) => {
                let key = *key;
                self.block_at_the_end(name, key, BlockReason::RunEnded)
            }
            Stage::Settled(text) => core::mem::take(text),
        }
    }

    fn block_at_the_end(&mut self, tool: &str, key: Key, reason: BlockReason) -> String {
        match self.block(tool, key, reason, "") {
            Stage::Settled(text) => text,
            _ => String::new(),
        }
    }

    /// A tool call that is under way when the run ends.
    fn end_call(&mut self, tool: &str, key: Key, error: &CallError, sent: bool, unsure: bool) -> EffectOutcome {
        let outcome = self.note_failure(key, error, sent, unsure);
        if outcome == EffectOutcome::Unknown {
            let (tool, failure) = (tool.into(), Failure::from(error.clone()));
            self.record(Some(key.call), || Event::EffectUnknown { tool, failure });
        }
        outcome
    }

    pub(super) fn finish(&mut self, stop: StopReason, answer: Option<String>) {
        let degraded = answer.is_none();
        let answer = answer.unwrap_or_else(|| self.honest_safe_message());
        let answer = if degraded && sabotaged!(NoAnswer) { String::new() } else { answer };
        let (steps, blocked) = (self.steps.used(), self.blocked.clone());
        let result = RunResult { answer, steps, blocked, degraded, stop, pending: Vec::new() };
        self.record(None, || {
            let RunResult { answer, blocked, .. } = result.clone();
            Event::RunFinished { stop, degraded, steps, blocked, answer }
        });
        self.stage = Phase::Over(RunEnd { result, suspended: None });
    }

    /// The safe message, with what cannot be taken back: whoever reads it must not think that nothing was done.
    pub(super) fn honest_safe_message(&self) -> String {
        self.with_what_was_done(self.policy.safe_message().into())
    }

    pub(super) fn with_what_was_done(&self, mut message: String) -> String {
        let done = self.ledger.tools_in(&[EffectState::Done]);
        let unknown = self.ledger.tools_in(&[EffectState::Started, EffectState::Unknown]);
        let repeated = self.aftermath.repeated().into_iter().filter_map(|key| self.ledger.entry(key));
        let repeated: Vec<_> = repeated.map(|entry| entry.tool.as_str()).collect();
        for (words, tools) in [
            ("Before that, this was done", done),
            ("This was done more than once", repeated),
            ("This may have been done", unknown),
        ] {
            if !tools.is_empty() {
                message = alloc::format!("{message} {words}: {}.", tools.join(", "));
            }
        }
        message
    }
}

/// Adds a name to a list that has each once.
pub(super) fn note(names: &mut Vec<String>, name: &str) {
    if !names.iter().any(|noted| noted == name) {
        names.push(name.into());
    }
}
