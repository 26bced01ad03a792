//! What passes between a budget and those who spend: what is asked for, what is left, and why something is refused.

use super::Limits;
use crate::time::{Duration, Span};
use core::fmt;

/// What a budget limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Resource {
    /// Time until the deadline.
    Time,
    /// Physical attempts.
    Attempts,
    /// Turns of an agent loop.
    Steps,
    /// Tokens, as the provider counts them.
    Tokens,
    /// Millionths of the host's currency.
    Money,
}

impl Resource {
    /// In the order in which they are looked at: where several are used up, the first is named.
    pub(super) const ALL: [Self; 5] = [Self::Time, Self::Attempts, Self::Steps, Self::Tokens, Self::Money];
    /// Those that are spent by the piece.
    pub(super) const COUNTED: [Self; 4] = [Self::Attempts, Self::Steps, Self::Tokens, Self::Money];

    /// Its name, as traces and JavaScript spell it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Attempts => "attempts",
            Self::Steps => "steps",
            Self::Tokens => "tokens",
            Self::Money => "money",
        }
    }

    /// The setting that limits it.
    pub(crate) const fn setting(self) -> &'static str {
        match self {
            Self::Time => "budget.deadline",
            Self::Attempts => "budget.attempts",
            Self::Steps => "budget.steps",
            Self::Tokens => "budget.tokens",
            Self::Money => "budget.money",
        }
    }
}

/// An amount of everything that is spent by the piece: an estimate before the work, the truth after it.
///
/// ```
/// use steadfast::budget::Spend;
///
/// let estimate = Spend { attempts: 1, tokens: 4_000, money: 12_000, ..Spend::default() };
/// assert_eq!(estimate.steps, 0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Spend {
    /// Physical attempts.
    pub attempts: u64,
    /// Turns of an agent loop.
    pub steps: u64,
    /// Tokens.
    pub tokens: u64,
    /// Millionths of the host's currency.
    pub money: u64,
}

impl Spend {
    /// Nothing.
    pub const NONE: Self = Self { attempts: 0, steps: 0, tokens: 0, money: 0 };

    /// How much of one resource; nobody spends time by the piece.
    pub(super) fn of(self, resource: Resource) -> u64 {
        match resource {
            Resource::Time => 0,
            Resource::Attempts => self.attempts,
            Resource::Steps => self.steps,
            Resource::Tokens => self.tokens,
            Resource::Money => self.money,
        }
    }

    /// How much of one resource has to be left for it: an attempt takes some of what it may cost, also where nobody said how much.
    #[inline]
    pub(super) fn least_of(self, resource: Resource) -> u64 {
        match resource {
            Resource::Tokens | Resource::Money => u64::from(self.attempts > 0),
            Resource::Time | Resource::Attempts | Resource::Steps => 0,
        }
    }

    pub(super) fn plus(self, other: Self) -> Self {
        self.each(other, u64::saturating_add)
    }

    pub(super) fn minus(self, other: Self) -> Self {
        self.each(other, u64::saturating_sub)
    }

    pub(super) fn least(self, other: Self) -> Self {
        self.each(other, u64::min)
    }

    fn each(self, other: Self, combined: fn(u64, u64) -> u64) -> Self {
        Self {
            attempts: combined(self.attempts, other.attempts),
            steps: combined(self.steps, other.steps),
            tokens: combined(self.tokens, other.tokens),
            money: combined(self.money, other.money),
        }
    }
}

/// What an envelope still allows; `None` is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Left {
    /// Time until its deadline.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::time::serialize_optional_duration"))]
    pub time: Option<Duration>,
    /// Physical attempts.
    pub attempts: Option<u64>,
    /// Turns of an agent loop.
    pub steps: Option<u64>,
    /// Tokens.
    pub tokens: Option<u64>,
    /// Millionths of the host's currency.
    pub money: Option<u64>,
}

impl Left {
    /// All of it is used up.
    pub const NOTHING: Self =
        Self { time: Some(Duration::ZERO), attempts: Some(0), steps: Some(0), tokens: Some(0), money: Some(0) };

    /// The limits of an envelope that allows so much after so much was used.
    pub(super) fn after(self, used: Spend) -> Limits {
        let [attempts, steps, tokens, money] = [
            (self.attempts, used.attempts),
            (self.steps, used.steps),
            (self.tokens, used.tokens),
            (self.money, used.money),
        ]
        .map(|(left, used)| left.map(|left| used.saturating_add(left)));
        Limits { deadline: self.time, attempts, steps, tokens, money }
    }
}

/// A refusal: which resource does not suffice, and by how much. Nothing was reserved.
///
/// Where the envelope and those around it refuse together, it speaks of the one with the least left, the outermost of
/// these where they are equal.
///
/// ```
/// use steadfast::budget::{BudgetExceeded, Resource};
///
/// let refused = BudgetExceeded { what: Resource::Attempts, limit: 10, left: 1, asked: 3 };
/// assert_eq!(refused.to_string(), "attempts: 3 asked for, 1 left of 10; ask for less, or raise budget.attempts");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct BudgetExceeded {
    /// What does not suffice.
    pub what: Resource,
    /// What was allowed in all; of time, in microseconds. A limit of no time at all is that of a closed envelope.
    pub limit: u64,
    /// What is left of it.
    pub left: u64,
    /// What was asked for: of time, always 0; and 0 also where nobody asked for any of it, and there is none.
    pub asked: u64,
}

impl fmt::Display for BudgetExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, limit, left, asked } = *self;
        let (name, setting) = (what.as_str(), what.setting());
        match (what, limit, asked) {
            (Resource::Time, 0, _) => f.write_str("this envelope is closed; open another with Budget::child"),
            (Resource::Time, ..) => {
                let limit = Span(Duration::from_micros(limit));
                write!(f, "{name}: the limit of {limit} is over; end with what there is, or raise {setting}")
            }
            (_, _, 0) => {
                write!(f, "{name}: nothing is left of {limit}; end with what there is, or raise {setting}")
            }
            _ => write!(f, "{name}: {asked} asked for, {left} left of {limit}; ask for less, or raise {setting}"),
        }
    }
}

impl core::error::Error for BudgetExceeded {}

/// Why an envelope can be neither opened in nor closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum EnvelopeError {
    /// It was closed, or one around it was.
    Closed,
    /// It is the outermost one.
    Root,
}

impl fmt::Display for EnvelopeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "this envelope is closed; open another with Budget::child",
            Self::Root => "the outermost envelope stays open as long as its budget; drop the budget instead",
        })
    }
}

impl core::error::Error for EnvelopeError {}
