//! The scripted human.

use steadfast::approval::Decision;
use steadfast::time::Duration;

/// Who approves, if anybody does.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Human {
    /// There is nobody to ask: risky calls are blocked.
    #[default]
    Nobody,
    /// Says yes to everything.
    Approves,
    /// Says no to everything.
    Denies,
    /// Is asked and never answers.
    Silent,
    /// Has met the first questions like this, in order; at the next one the simulation stops and waits.
    Decided(Vec<Reaction>),
}

/// What a human does about a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reaction {
    /// Decides.
    Decides(Decision),
    /// Lets it expire.
    StaysSilent,
}

/// How long a human takes to answer, in virtual time.
pub(crate) const THINKS_FOR: Duration = Duration::from_secs(2);

/// What a human says to a question.
pub(crate) enum Answer {
    After(Duration, Decision),
    Never,
    NotYet,
}

impl Human {
    pub(crate) fn is_there(&self) -> bool {
        !matches!(self, Self::Nobody)
    }

    /// The answer to the `index`-th question, from 0.
    pub(crate) fn answer(&self, index: usize) -> Answer {
        match self {
            Self::Nobody | Self::Silent => Answer::Never,
            Self::Approves => Answer::After(THINKS_FOR, Decision::Approve),
            Self::Denies => Answer::After(THINKS_FOR, Decision::Deny { message: String::new() }),
            Self::Decided(decisions) => match decisions.get(index) {
                Some(Reaction::Decides(decision)) => Answer::After(THINKS_FOR, decision.clone()),
                Some(Reaction::StaysSilent) => Answer::Never,
                None => Answer::NotYet,
            },
        }
    }
}
