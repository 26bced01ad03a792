//! One tool call within a step: from the model's wish to its result.

use super::message::ToolCall;
use crate::approval::{Approval, Outcome};
use crate::call::Call;
use crate::effect::{Claimed, Reconciliation};
use crate::event::BlockReason;
use crate::failure::Failure;
use crate::id::Key;
use alloc::string::String;

/// A tool call and where it stands.
#[derive(Debug)]
pub(super) struct Action {
    pub(super) call: ToolCall,
    /// Its key; what was not called, because there is no such tool or because it was a repetition, has none.
    pub(super) key: Option<Key>,
    /// Which of the run's tools it is.
    pub(super) tool: usize,
    /// Whether a human said yes to it.
    pub(super) approved: bool,
    pub(super) stage: Stage,
}

#[derive(Debug)]
pub(super) enum Stage {
    /// A human is asked: whether it may run, or whether it may run again although it may have happened.
    Asking { approval: Approval, again: Option<Unsure> },
    /// The ledger that resumed runs share is asked.
    Claiming(Claiming),
    /// It is under way; the output is there once an attempt brought it.
    Running {
        call: Call,
        args: String,
        output: Option<String>,
        /// Attempts made of it before this call.
        attempts: u32,
        /// Whether one of those may have happened.
        unsure: bool,
    },
    /// Somebody looks up whether it happened.
    Reconciling { call: Call, unsure: Unsure, found: Option<Reconciliation> },
    /// It was under way when its process ended; a restored run goes on from here.
    Interrupted { key: Key, args: String, attempts: u32, twice: bool },
    /// It has its result, as the model will read it.
    Settled(String),
}

/// A tool call before the shared ledger.
#[derive(Debug)]
pub(super) struct Claiming {
    pub(super) key: Key,
    pub(super) args: String,
    /// Why it is not to run, where it is not.
    pub(super) blocked: Option<(BlockReason, String)>,
    pub(super) again: Option<Unsure>,
    /// Whether it needs a human's yes besides: its tool has become risky meanwhile.
    pub(super) asks: bool,
    pub(super) answer: Option<Claimed>,
}

/// An effect that may have happened.
#[derive(Debug, Clone)]
pub(super) struct Unsure {
    pub(super) key: Key,
    pub(super) args: String,
    /// Attempts made of it, so that another is not taken for one of them.
    pub(super) attempts: u32,
    /// A human said yes to running it again, and it ended like this again: nobody is asked a third time.
    pub(super) twice: bool,
    /// How it ended.
    pub(super) failure: Failure,
    /// The same in words.
    pub(super) error: String,
}

impl Unsure {
    pub(super) fn new(key: Key, args: String, attempts: u32, failure: Failure) -> Self {
        let error = failure.message.clone();
        Self { key, args, attempts, twice: false, failure, error }
    }
}

impl Action {
    pub(super) fn settled(&self) -> bool {
        matches!(self.stage, Stage::Settled(_))
    }

    /// Whether nothing but a human's answer is missing.
    pub(super) fn waits_for_a_human(&self) -> bool {
        matches!(&self.stage, Stage::Asking { approval, .. } if approval.outcome().is_none())
    }

    /// Whether it was never begun, and a human is asked because an earlier call like it may have happened.
    pub(super) fn is_held_back(&self) -> bool {
        matches!(&self.stage, Stage::Asking { again: Some(unsure), .. } if unsure.attempts == 0)
    }

    /// The arguments that a human is asked about.
    pub(super) fn asked_args(&self) -> Option<&String> {
        match &self.stage {
            Stage::Asking { approval, .. } => Some(&approval.request().args),
            _ => None,
        }
    }
}

/// What the model is told of an effect that happened, so many times, after it was told that it may have.
pub(super) fn report_done(tool: &str, output: &str, times: usize) -> String {
    let word = if output.is_empty() { String::new() } else { alloc::format!(": {output}") };
    let so_often = if times > 1 { alloc::format!("happened {times} times") } else { "has happened after all".into() };
    alloc::format!("{tool} does not run again, for it {so_often}{word}")
}

/// What the model is told of an effect that may have happened: plainly.
pub(super) fn report_unknown(tool: &str, error: &str) -> String {
    alloc::format!(
        "{tool} was called and its outcome is unknown ({error}). It may have happened. Do not call it again; say so."
    )
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
