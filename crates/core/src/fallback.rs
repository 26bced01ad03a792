//! Fallback: which option is next, and why the one before was left.
//!
//! Options are tried in the order of preference. Whatever ends one option moves on to the next, with two exceptions: a
//! cancellation is never fallen back from, and after the deadline nothing is tried. One that was left only because its server
//! asked for a pause, or because its breaker was open, is come back to where it is free first.

use crate::budget::RetryBudgetSpent;
use crate::failure::FailureClass;
use crate::time::{Duration, Instant};

/// Why an option was left for the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(tag = "rule", rename_all = "snake_case"))]
pub enum FallbackReason {
    /// It failed as often as the policy allows.
    AttemptsUsedUp {
        /// How many attempts it had.
        attempts: u32,
    },
    /// It failed in a way that another try cannot mend.
    NotTransient {
        /// How it failed.
        class: FailureClass,
    },
    /// Another try would help, but whoever shares with this call allows none.
    RetriesRefused {
        /// Why.
        reason: RetryRefusal,
    },
    /// Its circuit breaker is open. This is no failure of the service and counts as none.
    BreakerOpen {
        /// When the breaker lets a probe through.
        retry_at: Instant,
    },
    /// It is to be left alone for a while, and another option is free sooner.
    Paused {
        /// Until when.
        until: Instant,
        /// Why.
        reason: PauseReason,
    },
    /// The next try could only begin after the deadline.
    WaitBeyondDeadline {
        /// How long the wait would be.
        #[cfg_attr(feature = "serde", serde(serialize_with = "crate::time::serialize_duration"))]
        wait: Duration,
        /// How much time is left.
        #[cfg_attr(feature = "serde", serde(serialize_with = "crate::time::serialize_duration"))]
        remaining: Duration,
    },
}

/// Why an option is left alone for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum PauseReason {
    /// Its server asked for it.
    ServerAsked,
    /// A call waited before its next try when its process ended, and that wait goes on.
    BacksOff,
    /// Its breaker is open.
    BreakerOpen,
}

/// Why another try is not allowed although it might help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(tag = "rule", rename_all = "snake_case"))]
pub enum RetryRefusal {
    /// The run's retries are spent.
    RetryBudget(RetryBudgetSpent),
    /// Most of what goes to this endpoint fails: half of its tokens or more are gone.
    Throttle {
        /// The tokens that are left, in thousandths.
        tokens_thousandths: u32,
    },
}

/// The options of one call, in order of preference, and which of them is being tried.
///
/// ```
/// use steadfast::fallback::Options;
///
/// let mut options = Options::new(2);
/// assert_eq!(options.current(), 0);
/// assert_eq!(options.advance(), Some(1));
/// assert_eq!(options.advance(), None);
/// assert_eq!(options.current(), 1);
/// options.come_back_to(0); // its pause is over
/// assert_eq!((options.current(), options.reached(), options.advance()), (0, 1, None));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    count: u32,
    current: u32,
    reached: u32,
}

impl Options {
    /// `count` options; a call has at least one, so 0 means 1.
    #[must_use]
    pub const fn new(count: u32) -> Self {
        Self { count: if count == 0 { 1 } else { count }, current: 0, reached: 0 }
    }

    /// How many there are.
    #[must_use]
    pub const fn count(self) -> u32 {
        self.count
    }

    /// Which one is being tried, from 0.
    #[must_use]
    pub const fn current(self) -> u32 {
        self.current
    }

    /// The last one that was come to, in the order of preference.
    #[must_use]
    pub const fn reached(self) -> u32 {
        self.reached
    }

    /// Moves to the next option that was not come to yet and names it, or stays and answers `None`.
    pub fn advance(&mut self) -> Option<u32> {
        if self.reached + 1 >= self.count && !(sabotaged!(OneOptionTooMany) && self.reached < self.count) {
            return None;
        }
        self.reached += 1;
        self.current = self.reached;
        Some(self.current)
    }

    /// Moves back to an option that was left for a pause. One that was not come to yet is none.
    pub fn come_back_to(&mut self, option: u32) {
        if option <= self.reached {
            self.current = option;
        }
    }
}
