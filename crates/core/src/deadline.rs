//! Deadlines: until when something may take, and whose limit that is.
//!
//! A timeout is for one attempt; a deadline is for everything until the end of a call or a run: attempts, waits and
//! fallbacks. Three attempts of 10 s each are not a deadline of 10 s. A child's deadline never outlives its parent's.

use crate::time::{Duration, Instant, Limit};

/// Whose limit a deadline is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Scope {
    /// One attempt's timeout.
    Attempt,
    /// The time within which an attempt's first output has to come.
    FirstOutput,
    /// The time within which its next output has to come.
    Idle,
    /// A call's deadline.
    Call,
    /// A run's deadline.
    Run,
}

impl Scope {
    /// Its name, as traces and JavaScript spell it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Attempt => "attempt",
            Self::FirstOutput => "first_output",
            Self::Idle => "idle",
            Self::Call => "call",
            Self::Run => "run",
        }
    }
}

/// An instant by which something must be over, and whose limit it is.
///
/// ```
/// use steadfast::deadline::{Deadline, Scope};
/// use steadfast::time::{Duration, Instant};
///
/// let now = Instant::from_millis(1_000);
/// let run = Deadline::after(now, Some(Duration::from_secs(5)), Scope::Run);
/// let call = Deadline::after(now, Some(Duration::from_secs(60)), Scope::Call).within(run);
/// assert_eq!(call, run); // the run ends first
/// assert!(!call.has_passed(Instant::from_millis(5_999)));
/// assert!(call.has_passed(Instant::from_millis(6_000)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Deadline {
    at: Instant,
    scope: Scope,
}

impl Deadline {
    /// No deadline at all.
    pub const NEVER: Self = Self { at: Instant::MAX, scope: Scope::Run };

    /// `limit` from `now`; without a limit, never.
    #[must_use]
    pub fn after(now: Instant, limit: Option<Duration>, scope: Scope) -> Self {
        limit.map_or(Self::NEVER, |limit| Self { at: now + limit, scope })
    }

    /// As [`after`](Self::after), of a policy's limit.
    #[inline]
    pub(crate) fn limited(now: Instant, limit: Option<Limit>, scope: Scope) -> Self {
        limit.map_or(Self::NEVER, |limit| Self { at: now + limit, scope })
    }

    /// At that instant.
    #[must_use]
    pub const fn until(at: Instant, scope: Scope) -> Self {
        Self { at, scope }
    }

    /// The earlier of this and its parent's; the parent's where they fall together.
    #[must_use]
    pub fn within(self, parent: Self) -> Self {
        if self.at < parent.at { self } else { parent }
    }

    /// When it is; `None` for never.
    #[must_use]
    pub fn at(self) -> Option<Instant> {
        (self.at < Instant::MAX).then_some(self.at)
    }

    /// Whose limit it is.
    #[must_use]
    pub fn scope(self) -> Scope {
        self.scope
    }

    /// Whether it is over: at the instant itself, it is.
    #[must_use]
    pub fn has_passed(self, now: Instant) -> bool {
        self.at().is_some_and(|at| now >= at)
    }

    /// What is left; `None` without a deadline.
    #[must_use]
    pub fn remaining(self, now: Instant) -> Option<Duration> {
        self.at().map(|at| at - now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_is_not_due_even_at_the_end_of_time() {
        assert!(!Deadline::NEVER.has_passed(Instant::MAX));
        assert_eq!(Deadline::NEVER.remaining(Instant::ORIGIN), None);
        assert_eq!(Deadline::after(Instant::ORIGIN, Some(Duration::MAX), Scope::Call).at(), None);
    }

    #[test]
    fn a_child_never_outlives_its_parent_and_may_end_before_it() {
        let now = Instant::from_millis(10);
        let limit = |ms, scope| Deadline::after(now, Some(Duration::from_millis(ms)), scope);
        assert_eq!(limit(5, Scope::Call).within(limit(9, Scope::Run)).scope(), Scope::Call);
        assert_eq!(limit(9, Scope::Call).within(limit(9, Scope::Run)).scope(), Scope::Run);
        assert_eq!(limit(9, Scope::Call).within(Deadline::NEVER).remaining(now), Some(Duration::from_millis(9)));
    }
}
