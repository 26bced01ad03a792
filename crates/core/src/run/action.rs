//! One tool call within a step: from the model's wish to its result.

use super::message::{ToolCall, ToolSpec};
use crate::approval::{Approval, Outcome};
use crate::call::Call;
use crate::effect::EffectOutcome;
use crate::event::BlockReason;
use crate::failure::Failure;
use crate::outcome::CallError;
use alloc::string::String;

/// A tool call and where it stands.
#[derive(Debug)]
pub(super) struct Action {
    pub(super) call: ToolCall,
    /// Which of the run's tools it is.
    pub(super) tool: usize,
    pub(super) stage: Stage,
}

#[derive(Debug)]
pub(super) enum Stage {
    /// A human is asked.
    Asking(Approval),
    /// It is under way; the output is there once an attempt brought it.
    Running { call: Call, args: String, output: Option<String> },
    /// It has its result, as the model will read it.
    Settled(String),
}

impl Action {
    pub(super) fn settled(&self) -> bool {
        matches!(self.stage, Stage::Settled(_))
    }
}

/// What the model is told of a tool that failed. It is told plainly when the effect may have happened.
pub(super) fn report_failure(tool: &ToolSpec, error: &CallError) -> (String, Option<Failure>) {
    let name = tool.name();
    let class = error.class();
    let never_sent = matches!(error, CallError::CircuitOpen(_));
    if !tool.effect().may_repeat() && !never_sent && tool.effect().after(class) == EffectOutcome::Unknown {
        let text = alloc::format!(
            "{name} was called and its outcome is unknown ({error}). It may have happened. Do not call it again; say so."
        );
        return (text, Some(Failure::from(error.clone())));
    }
    (alloc::format!("{name} failed: {error}."), None)
}

/// What the model is told of a tool that does not run.
pub(super) fn report_block(tool: &str, reason: BlockReason, message: &str) -> String {
    let word = if message.is_empty() { String::new() } else { alloc::format!(" They said: {message}") };
    alloc::format!("{tool} did not run: {reason}.{word}")
}

/// Why an approval that ended this way blocks its tool, and the human's word on it.
pub(super) fn block_of(outcome: &Outcome) -> Option<(BlockReason, &str)> {
    match outcome {
        Outcome::Approved { .. } => None,
        Outcome::Denied { message } => Some((BlockReason::Denied, message)),
        Outcome::Expired => Some((BlockReason::Expired, "")),
    }
}
