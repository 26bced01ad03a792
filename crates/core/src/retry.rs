//! Retry: whether a failed attempt is worth another, and after how long.

use crate::backoff::{Backoff, Delay};
use crate::failure::Failure;
use crate::rng::Stream;
use crate::setting::InvalidSetting;
use crate::time::Duration;

/// Settings of a retry.
///
/// | setting | default | source |
/// |---|---|---|
/// | `attempts` | 3 in all, the first included | AWS SDKs; Google SRE book, "Addressing Cascading Failures" |
/// | `backoff` | 500 ms doubling to 20 s, full jitter | [`Backoff`] |
///
/// ```
/// use core::time::Duration;
/// use steadfast::failure::{Failure, FailureClass};
/// use steadfast::retry::{NoRetry, RetryDecision, RetryPolicy};
/// use steadfast::rng::Seed;
///
/// let policy = RetryPolicy::default();
/// let decide = |tries, class| policy.decide(tries, &Failure::new(class, ""), None, None, &mut Seed(1).stream(1, tries));
/// assert!(matches!(decide(1, FailureClass::Overloaded), RetryDecision::Again(_)));
/// assert_eq!(decide(3, FailureClass::Overloaded), RetryDecision::Stop(NoRetry::AttemptsUsedUp));
/// assert_eq!(decide(1, FailureClass::InvalidRequest), RetryDecision::Stop(NoRetry::NotTransient));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct RetryPolicy {
    attempts: u32,
    backoff: Backoff,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { attempts: 3, backoff: Backoff::default() }
    }
}

impl RetryPolicy {
    /// With another number of attempts in all, the first included; 1 or more.
    pub fn with_attempts(mut self, attempts: u32) -> Result<Self, InvalidSetting> {
        if attempts == 0 {
            return Err(InvalidSetting::new("retry.attempts", attempts, "1 or more (1 means: no second try)"));
        }
        self.attempts = attempts;
        Ok(self)
    }

    /// With another backoff.
    #[must_use]
    pub fn with_backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// Attempts in all.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// The backoff between them.
    #[must_use]
    pub fn backoff(&self) -> &Backoff {
        &self.backoff
    }

    /// What follows a failed attempt. `tries` counts the attempts made so far, this one included; `previous` is the wait
    /// before this one, and `remaining` the time until the deadline.
    ///
    /// A wait that would end at or after the deadline is not begun: there would be no time left to try in.
    #[must_use]
    pub fn decide(
        &self,
        tries: u32,
        failure: &Failure,
        previous: Option<Duration>,
        remaining: Option<Duration>,
        stream: &mut Stream,
    ) -> RetryDecision {
        if !failure.transient {
            return RetryDecision::Stop(NoRetry::NotTransient);
        }
        if tries >= self.attempts.saturating_add(sabotaged!(OneAttemptTooMany).into()) {
            return RetryDecision::Stop(NoRetry::AttemptsUsedUp);
        }
        let drawn = self.backoff.draw(tries.saturating_sub(1), previous, stream);
        let wait = drawn.at_least(failure.retry_after, self.backoff.jitter(), stream);
        match remaining {
            Some(remaining) if wait.delay >= remaining => {
                RetryDecision::Stop(NoRetry::WaitBeyondDeadline { wait: wait.delay, remaining })
            }
            _ => RetryDecision::Again(wait),
        }
    }
}

/// What follows a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryDecision {
    /// Another attempt after this wait.
    Again(Delay),
    /// No other attempt of this option.
    Stop(NoRetry),
}

/// Why there is no other attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoRetry {
    /// Another try cannot mend this failure.
    NotTransient,
    /// All attempts are made.
    AttemptsUsedUp,
    /// The wait would last beyond the deadline.
    WaitBeyondDeadline {
        /// The wait.
        wait: Duration,
        /// The time left.
        remaining: Duration,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backoff::Jitter;
    use crate::failure::FailureClass;
    use crate::rng::Seed;

    fn decide(failure: &Failure, tries: u32, remaining_ms: Option<u64>) -> RetryDecision {
        let policy = RetryPolicy::default().with_backoff(Backoff::default().with_jitter(Jitter::None));
        policy.decide(tries, failure, None, remaining_ms.map(Duration::from_millis), &mut Seed(1).stream(1, tries))
    }

    fn wait(decision: RetryDecision) -> Option<u128> {
        match decision {
            RetryDecision::Again(delay) => Some(delay.delay.as_millis()),
            RetryDecision::Stop(_) => None,
        }
    }

    #[test]
    fn waits_half_a_second_then_a_second_then_gives_up() {
        let failure = Failure::transient("503");
        assert_eq!([1, 2, 3].map(|tries| wait(decide(&failure, tries, None))), [Some(500), Some(1_000), None]);
    }

    #[test]
    fn a_wait_that_ends_with_the_deadline_is_not_begun() {
        let failure = Failure::transient("503");
        assert_eq!(wait(decide(&failure, 1, Some(501))), Some(500));
        assert_eq!(
            decide(&failure, 1, Some(500)),
            RetryDecision::Stop(NoRetry::WaitBeyondDeadline {
                wait: Duration::from_millis(500),
                remaining: Duration::from_millis(500)
            })
        );
    }

    #[test]
    fn a_server_that_asks_for_more_time_than_there_is_gets_no_second_try() {
        let failure = Failure::new(FailureClass::RateLimited, "429").with_retry_after(Duration::from_secs(40));
        assert_eq!(wait(decide(&failure, 1, Some(60_000))), Some(40_000));
        assert_eq!(wait(decide(&failure, 1, Some(30_000))), None);
    }

    #[test]
    fn the_server_s_word_overrules_the_class() {
        assert_eq!(wait(decide(&Failure::transient("no").with_transient(false), 1, None)), None);
        assert_eq!(
            wait(decide(&Failure::new(FailureClass::InvalidRequest, "").with_transient(true), 1, None)),
            Some(500)
        );
    }

    #[test]
    fn a_retry_makes_as_many_attempts_as_it_is_told_to() {
        let failure = Failure::transient("503");
        for attempts in [1, 2, 5] {
            let policy = RetryPolicy::default().with_attempts(attempts).unwrap();
            assert_eq!(policy.attempts(), attempts);
            let decide = |tries| policy.decide(tries, &failure, None, None, &mut Seed(1).stream(1, tries));
            assert!((1..attempts).all(|tries| matches!(decide(tries), RetryDecision::Again(_))));
            assert_eq!(decide(attempts), RetryDecision::Stop(NoRetry::AttemptsUsedUp));
        }
        assert_eq!(RetryPolicy::default().attempts(), 3);
        assert_eq!(RetryPolicy::default().with_attempts(0).unwrap_err().name, "retry.attempts");
    }
}
