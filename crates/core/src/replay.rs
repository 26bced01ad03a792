//! Replay: what a run was told, told again, to the same run or to one under another policy.
//!
//! A run that records keeps each input with its instant. Told again to a run that began alike, they give the same trace,
//! byte for byte: that is [`Recording::replay`]. Under another policy they cannot simply be told again, for another
//! policy makes other attempts. [`Recording::what_if`] tells them as they were, word for word, for as long as the run does what the
//! recorded one did; from the first difference on it answers each attempt, question and claim as its like was answered in the recording,
//! after as long a time. A human's yes stays one to what they were shown: one that was refused because it was about another call still is.
//!
//! A run can also be told what it was told up to some entry, and go on from there under other settings: [`Recording::fork`].
//!
//! A recording is told to a run that somebody has. An [`Incident`] is for somebody who has nothing: it brings the settings, the tools
//! and the conversation along, and knows the trace that must come of it.
//!
//! What a recording cannot know it does not make up. An attempt beyond those that were made ends the replay there, with
//! [`Beyond`]. Two things are assumed: what nobody had heard of when the recording ended would never have been heard of,
//! and a model says in its n-th step what it said in that step, whatever it was told before.

mod compare;
mod incident;
mod record;
mod world;

pub use compare::{first_difference, same_decision};
pub use incident::Incident;
pub use record::Recording;

use crate::run::Run;
use alloc::string::String;

/// What would have happened.
#[derive(Debug)]
pub struct WhatIf {
    /// The run under the other policy, with its trace, as far as the recording goes.
    pub run: Run,
    /// The first entry of the two traces that is another decision; `None` if they decide alike to the end.
    pub first_difference: Option<usize>,
    /// Where the recording ends before that run does.
    pub beyond: Option<Beyond>,
}

/// Other settings from some entry of a trace on. From there it is as after any difference: answers come after as long a time as they
/// took, and the host is punctual. What a budget around the run had left is not told again.
#[derive(Debug, Clone)]
pub struct Turn {
    /// So many entries stay as they are. The settings change between two inputs: where one input led to this entry and to more, after
    /// all of these.
    pub entries: usize,
    /// The policy from there on.
    pub policy: crate::policy::RunPolicy,
    /// The tools of the run, in their order, each with its settings from there on.
    pub tools: alloc::vec::Vec<crate::run::ToolSpec>,
    /// Why, for the trace.
    pub reason: String,
}

/// A run asked for something of which the recording knows nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Beyond {
    /// What it asked for, in words.
    pub what: String,
}

/// Why a recording is not replayed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReplayError {
    /// It is of another run.
    OtherRun {
        /// The run it is of.
        recorded: crate::id::RunId,
    },
    /// The run to replay it with began otherwise.
    OtherBeginning {
        /// The first thing in which it differs.
        differs: Part,
    },
    /// The run was told something already.
    AlreadyBegun,
    /// Told again, the run decides otherwise than it did.
    OtherTrace,
    /// There cannot be a run like that.
    Impossible {
        /// What is wrong with it.
        what: String,
    },
}

/// A part of what a run begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Part {
    /// The conversation: the task, or the system message before it.
    Messages,
    /// The seed.
    Seed,
    /// The names of the tools, in order.
    Tools,
    /// How many models there are.
    Models,
    /// Whether it claims its effects in a ledger that other runs share.
    Claims,
    /// The snapshot it was restored from, or the instant of that.
    Snapshot,
}

impl core::fmt::Display for ReplayError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::OtherRun { recorded } => {
                write!(f, "this is a recording of run {}: give the run to replay it with that number", recorded.0)
            }
            Self::OtherBeginning { differs } => {
                let (differs, remedy) = match differs {
                    Part::Messages => {
                        ("another conversation", "give it the task and the system message of the recorded one")
                    }
                    Part::Seed => ("another seed", "give it that of the recorded one"),
                    Part::Tools => ("other tools", "give it those of the recorded one, in their order"),
                    Part::Models => ("another number of models", "give it as many as the recorded one"),
                    Part::Claims => ("another way with its effects", "have both claim them, or neither"),
                    Part::Snapshot => ("another past", "restore it from the same snapshot, at the same instant"),
                };
                write!(f, "the run to replay it with has {differs}: {remedy}")
            }
            Self::OtherTrace => f.write_str(
                "told again, the run decides otherwise: another version recorded it, or other runs beside it changed what it knew",
            ),
            Self::Impossible { what } => write!(f, "there cannot be such a run: {what}"),
            Self::AlreadyBegun => f.write_str("the run to replay it with has begun: make a new one, or restore one"),
        }
    }
}

impl core::error::Error for ReplayError {}

#[cfg(all(test, feature = "sha2"))]
mod tests;
