//! The end of a run: from inside the loop or from outside of it, and always with an answer.

use super::action::{Stage, report_failure};
use super::turn::drain;
use super::{Output, Phase, Run, RunResult};
use crate::call::{self, Attempt};
use crate::event::{BlockReason, Event};
use crate::id::CallId;
use crate::outcome::{CallError, StopReason};
use alloc::string::String;
use alloc::vec::Vec;

impl Run {
    /// Ends the run from outside its loop: everything under way is given up, every open question withdrawn.
    pub(super) fn stop(&mut self, stop: StopReason) {
        let mut stage = core::mem::replace(&mut self.stage, Phase::New);
        let cancel = call::Input::Cancel;
        match &mut stage {
            Phase::Over(_) => return self.stage = stage,
            Phase::New => {}
            Phase::Thinking { call, .. } => {
                call.handle(self.now, cancel, &mut *self.model_breakers, &mut self.trace);
                let _ = drain(call, &mut self.outputs, Output::Think);
            }
            Phase::Acting(actions) => {
                for action in actions {
                    match &mut action.stage {
                        Stage::Running { call, .. } => {
                            let breakers = &mut *self.tool_breakers[action.tool];
                            call.handle(self.now, cancel.clone(), breakers, &mut self.trace);
                            let nothing_starts = |attempt: Attempt| Output::Abandon(attempt.id);
                            let ended = drain(call, &mut self.outputs, nothing_starts);
                            if let Some(Err(error)) = ended {
                                self.report(action.tool, call.id(), &error);
                            }
                        }
                        Stage::Asking(approval) if approval.outcome().is_none() => {
                            let id = approval.request().id;
                            self.record(None, || Event::ApprovalWithdrawn { id });
                            self.outputs.push_back(Output::Withdraw(id));
                            let _ = self.block(&action.call.tool, BlockReason::RunEnded, "");
                        }
                        Stage::Asking(_) | Stage::Settled(_) => {}
                    }
                }
            }
        }
        self.finish(stop, None);
    }

    /// What the model is told of a failed tool call; an effect that may have happened all the same is noted.
    pub(super) fn report(&mut self, tool: usize, id: CallId, error: &CallError) -> String {
        let (text, unknown) = report_failure(&self.tools[tool], error);
        if let Some(failure) = unknown {
            let tool = String::from(self.tools[tool].name());
            note(&mut self.may_have_happened, &tool);
            self.record(Some(id), || Event::EffectUnknown { tool, failure });
        }
        text
    }

    pub(super) fn finish(&mut self, stop: StopReason, answer: Option<String>) {
        let degraded = answer.is_none();
        let answer = answer.unwrap_or_else(|| self.honest_safe_message());
        let result = RunResult { answer, steps: self.steps.used(), blocked: self.blocked.clone(), degraded, stop };
        let ended = result.clone();
        self.record(None, || Event::RunFinished {
            stop,
            degraded,
            steps: ended.steps,
            blocked: ended.blocked,
            answer: ended.answer,
        });
        self.stage = Phase::Over(result);
    }

    /// The safe message, with what cannot be taken back: whoever reads it must not think that nothing was done.
    pub(super) fn honest_safe_message(&self) -> String {
        let mut message: String = self.policy.safe_message().into();
        for (words, tools) in
            [("Before that, this was done", &self.happened), ("This may have been done", &self.may_have_happened)]
        {
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
