//! Effects: what a tool does to the world, and what is known of it after a failure.

mod ledger;

pub use ledger::{Claim, Claimed, EffectState, Ledger, LedgerEntry};

use crate::failure::FailureClass;
use alloc::string::String;

/// What running a tool does to the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Effect {
    /// Nothing: it only looks or computes.
    #[default]
    None,
    /// Something, and doing it twice is the same as once.
    Idempotent,
    /// Something that must not happen twice: a mail, a payment.
    Once,
}

impl Effect {
    /// Whether a failed call may simply be tried again.
    #[must_use]
    pub const fn may_repeat(self) -> bool {
        !matches!(self, Self::Once)
    }

    /// Its name, as traces and JavaScript spell it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Idempotent => "idempotent",
            Self::Once => "once",
        }
    }

    /// What is known of the effect after a call failed this way.
    ///
    /// ```
    /// use steadfast::effect::{Effect, EffectOutcome};
    /// use steadfast::failure::FailureClass;
    ///
    /// // The mail server never answered: perhaps the mail is out, perhaps not.
    /// assert_eq!(Effect::Once.after(FailureClass::Timeout), EffectOutcome::Unknown);
    /// // The connection was refused: nothing can have happened.
    /// assert_eq!(Effect::Once.after(FailureClass::ConnectFailed), EffectOutcome::NotDone);
    /// ```
    #[must_use]
    pub const fn after(self, failure: FailureClass) -> EffectOutcome {
        match self {
            Self::Idempotent | Self::Once if failure.may_have_taken_effect() => EffectOutcome::Unknown,
            Self::None | Self::Idempotent | Self::Once => EffectOutcome::NotDone,
        }
    }
}

/// What is known of an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum EffectOutcome {
    /// It happened.
    Done,
    /// It did not happen.
    NotDone,
    /// It may have happened. Where it must not happen twice, it is never tried again by itself.
    Unknown,
}

/// What asking afterwards found out about an effect of unknown outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(tag = "found", rename_all = "snake_case"))]
pub enum Reconciliation {
    /// It happened; with what the tool would have answered, for the model. May be empty.
    Done {
        /// The answer.
        output: String,
    },
    /// It did not happen.
    NotDone,
    /// It cannot be told.
    Unknown,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn effects_have_the_names_of_the_contract() {
        assert_eq!(
            [Effect::None, Effect::Idempotent, Effect::Once].map(Effect::as_str),
            ["none", "idempotent", "once"]
        );
    }
}
