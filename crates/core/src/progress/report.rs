//! What passes between the detector and the loop: calls, their results, and judgements with their reasons and words.

use alloc::string::String;
use core::fmt;

/// A tool call the model asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// The tool.
    pub tool: &'a str,
    /// Its arguments in canonical form: equal arguments are equal texts.
    pub args: &'a str,
}

/// A tool call that ran, and what came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen<'a> {
    /// The tool.
    pub tool: &'a str,
    /// The arguments as the model asked for them.
    pub args: &'a str,
    /// What the model is told came of it.
    pub result: &'a str,
    /// Whether that is an error.
    pub failed: bool,
}

/// What the loop does about a repetition, from the mildest to the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Rung {
    /// The calls run, and the model is told that it repeats itself.
    Hint,
    /// The calls do not run; each gets a synthetic result that quotes the earlier one.
    Synthetic,
    /// The calls do not run; the model is asked one last time, without tools.
    LastTurn,
    /// The run ends, degraded.
    Stop,
}

impl Rung {
    /// Its name, as traces and JavaScript spell it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hint => "hint",
            Self::Synthetic => "synthetic",
            Self::LastTurn => "last_turn",
            Self::Stop => "stop",
        }
    }

    /// Whether the calls of the turn run.
    #[must_use]
    pub const fn runs(self) -> bool {
        matches!(self, Self::Hint)
    }

    /// The rung so many repetitions above the first one that counts. Only the last turn leads to the stop.
    pub(super) const fn above_hint(repetitions: u32) -> Self {
        match repetitions {
            0 => Self::Hint,
            1 => Self::Synthetic,
            _ => Self::LastTurn,
        }
    }

    /// The next rung of the ladder.
    pub(super) const fn next(from: Option<Self>) -> Self {
        match from {
            None => Self::Hint,
            Some(Self::Hint) => Self::Synthetic,
            Some(Self::Synthetic) => Self::LastTurn,
            Some(Self::LastTurn | Self::Stop) => Self::Stop,
        }
    }
}

/// What the detector says of a turn before it runs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Judgement {
    /// What to do about it; nothing for a turn without repetition.
    pub rung: Option<Rung>,
    /// Why.
    pub rule: Option<Repetition>,
}

impl Judgement {
    /// Whether the calls of the turn run.
    #[must_use]
    pub fn runs(&self) -> bool {
        self.rung.is_none_or(Rung::runs)
    }
}

/// How a run repeats itself.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(tag = "rule", rename_all = "snake_case"))]
pub enum Repetition {
    /// The turn before asked for the same calls.
    Identical {
        /// How often they were asked for again.
        repeats: u32,
    },
    /// The last few turns repeat, calls and results alike.
    Cycle {
        /// How many turns make one round.
        length: u32,
        /// How often it was begun again.
        repeats: u32,
    },
    /// A tool fails the same way whatever it is asked.
    SameError {
        /// The tool.
        tool: String,
        /// In how many turns in a row.
        repeats: u32,
    },
    /// Nothing comes that was not known before, though the calls differ.
    NothingNew {
        /// In how many turns in a row.
        turns: u32,
    },
}

impl fmt::Display for Repetition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let so_far = |repeats: u32| if repeats > 1 { " and brought nothing new" } else { "" };
        match self {
            Self::Identical { repeats } => {
                let time = Ordinal::after(*repeats);
                write!(f, "the same call came with the same arguments for the {time} time in a row{}", so_far(*repeats))
            }
            Self::Cycle { length, repeats } => {
                let time = Ordinal::after(*repeats);
                write!(f, "the same {length} turns came in the same order for the {time} time{}", so_far(*repeats))
            }
            Self::SameError { tool, repeats } => {
                write!(f, "{tool} failed with the same error in {repeats} turns in a row")
            }
            Self::NothingNew { turns } => {
                write!(f, "{turns} turns in a row brought no result that was not known before")
            }
        }
    }
}

impl Repetition {
    /// What the model is told on [`Rung::Hint`], beside the results of its calls.
    #[must_use]
    pub fn hint(&self) -> String {
        alloc::format!(
            "You repeat yourself: {self}. Use the results you have: try something else, or answer with what you know."
        )
    }

    /// What the model is told on [`Rung::LastTurn`], where it has no tools any more.
    #[must_use]
    pub fn last_turn(&self) -> String {
        alloc::format!(
            "You repeat yourself: {self}. No tool runs any more. Answer now with what you know, and say what is missing."
        )
    }
}

/// "2nd", "3rd", "11th".
struct Ordinal(u64);

impl Ordinal {
    /// The time that follows the first by so many repeats.
    fn after(repeats: u32) -> Self {
        Self(u64::from(repeats) + 1)
    }
}

impl fmt::Display for Ordinal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ending = match (self.0 % 10, self.0 % 100) {
            (_, 11..=13) => "th",
            (1, _) => "st",
            (2, _) => "nd",
            (3, _) => "rd",
            _ => "th",
        };
        write!(f, "{}{ending}", self.0)
    }
}
