//! The retry budget of a run: what share of its calls may be tried again.

use crate::setting::InvalidSetting;
use core::fmt;

/// Settings of a [`RetryBudget`].
///
/// | setting | default | source |
/// |---|---|---|
/// | `per_mille` | 200 retries to 1,000 calls (20 %) | Envoy `retry_budget.budget_percent`; failsafe-go |
/// | `at_least` | 3 retries, however few the calls | Envoy `retry_budget.min_retry_concurrency`; failsafe-go |
///
/// They count what is under way at a time, for a server; here it is all calls of one run.
///
/// ```
/// use steadfast::budget::RetryBudgetPolicy;
///
/// let policy = RetryBudgetPolicy::default().with_per_mille(100)?.with_at_least(1);
/// assert_eq!((policy.per_mille(), policy.at_least()), (100, 1));
/// # Ok::<(), steadfast::setting::InvalidSetting>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct RetryBudgetPolicy {
    per_mille: u32,
    at_least: u64,
}

impl Default for RetryBudgetPolicy {
    fn default() -> Self {
        Self { per_mille: 200, at_least: 3 }
    }
}

impl RetryBudgetPolicy {
    /// Allows so many retries to a thousand calls, 0 to 1,000.
    pub fn with_per_mille(mut self, per_mille: u32) -> Result<Self, InvalidSetting> {
        if per_mille > 1_000 {
            return Err(InvalidSetting::new("retry_budget.rate", per_mille, "0 to 1,000 in a thousand"));
        }
        self.per_mille = per_mille;
        Ok(self)
    }

    /// Allows so many retries however few the calls are; 0 leaves it to the share alone.
    #[must_use]
    pub fn with_at_least(mut self, retries: u64) -> Self {
        self.at_least = retries;
        self
    }

    /// Retries to a thousand calls.
    #[must_use]
    pub fn per_mille(&self) -> u32 {
        self.per_mille
    }

    /// Retries that are allowed in any case.
    #[must_use]
    pub fn at_least(&self) -> u64 {
        self.at_least
    }
}

/// Counts the calls of a run and their retries, and says when there were enough of these.
///
/// How to drive it: [`call_started`](Self::call_started) once for each logical call; before any attempt of it beyond the
/// first ask [`may_retry`](Self::may_retry), and when that attempt is planned say
/// [`retried`](Self::retried), or [`not_retried`](Self::not_retried) if nothing comes of it after all.
///
/// ```
/// use steadfast::budget::{RetryBudget, RetryBudgetPolicy};
///
/// let mut retries = RetryBudget::new(RetryBudgetPolicy::default());
/// retries.call_started();
/// for _ in 0..3 {
///     assert!(retries.may_retry().is_ok());
///     retries.retried();
/// }
/// assert_eq!((retries.calls(), retries.attempts()), (1, 4));
/// let spent = retries.may_retry().unwrap_err();
/// assert_eq!(spent.to_string(), "retries: 3 of 3 spent, with calls: 1; end with what there is, or raise retry_budget.rate");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryBudget {
    policy: RetryBudgetPolicy,
    calls: u64,
    retries: u64,
}

impl RetryBudget {
    /// A budget of which nothing is spent.
    #[must_use]
    pub fn new(policy: RetryBudgetPolicy) -> Self {
        Self { policy, calls: 0, retries: 0 }
    }

    /// Calls and retries, for a snapshot.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.calls, self.retries)
    }

    pub(crate) fn with_counts(mut self, calls: u64, retries: u64) -> Self {
        (self.calls, self.retries) = (calls, retries);
        self
    }

    /// A logical call begins, with its first attempt.
    pub fn call_started(&mut self) {
        self.calls = self.calls.saturating_add(1);
    }

    /// Whether one more retry is within the budget.
    pub fn may_retry(&self) -> Result<(), RetryBudgetSpent> {
        let (retries, allowed, calls) = (self.retries, self.allowed(), self.calls);
        if retries < allowed || sabotaged!(RetriesBeyondTheirShare) {
            Ok(())
        } else {
            Err(RetryBudgetSpent { retries, allowed, calls })
        }
    }

    /// An attempt beyond the first of its call is planned: it counts from here on, so that of several that wait at once each is one.
    pub fn retried(&mut self) {
        self.retries = self.retries.saturating_add(1);
    }

    /// An attempt that was counted is not made after all.
    pub fn not_retried(&mut self) {
        self.retries = self.retries.saturating_sub(1);
    }

    /// Logical calls.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.calls
    }

    /// Physical attempts: the first of each call, and the retries.
    #[must_use]
    pub fn attempts(&self) -> u64 {
        self.calls.saturating_add(self.retries)
    }

    /// Physical attempts to a thousand logical calls, cut off: 1,000 means that nothing was retried, and so it reads
    /// before the first call.
    #[must_use]
    pub fn amplification_thousandths(&self) -> u64 {
        let attempts = u128::from(self.calls) + u128::from(self.retries);
        let thousandths = (attempts * 1_000).checked_div(u128::from(self.calls)).unwrap_or(1_000);
        u64::try_from(thousandths).unwrap_or(u64::MAX)
    }

    /// Its settings.
    #[must_use]
    pub fn policy(&self) -> &RetryBudgetPolicy {
        &self.policy
    }

    fn allowed(&self) -> u64 {
        let share = u128::from(self.calls) * u128::from(self.policy.per_mille) / 1_000;
        u64::try_from(share).unwrap_or(u64::MAX).max(self.policy.at_least)
    }
}

/// The retries of a run are spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct RetryBudgetSpent {
    /// Retries made.
    pub retries: u64,
    /// Retries allowed to as many calls.
    pub allowed: u64,
    /// Logical calls begun.
    pub calls: u64,
}

impl fmt::Display for RetryBudgetSpent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { retries, allowed, calls } = self;
        write!(
            f,
            "retries: {retries} of {allowed} spent, with calls: {calls}; end with what there is, or raise retry_budget.rate"
        )
    }
}

impl core::error::Error for RetryBudgetSpent {}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    fn after(calls: u64, retries: u64) -> RetryBudget {
        RetryBudget { policy: RetryBudgetPolicy::default(), calls, retries }
    }

    #[test]
    fn a_fifth_of_the_calls_may_be_retried_and_three_in_any_case() {
        for (calls, allowed) in [(0, 3), (1, 3), (19, 3), (20, 4), (24, 4), (25, 5), (1_000, 200)] {
            assert_eq!(after(calls, allowed - 1).may_retry(), Ok(()), "{calls} calls");
            let spent = RetryBudgetSpent { retries: allowed, allowed, calls };
            assert_eq!(after(calls, allowed).may_retry(), Err(spent));
        }
    }

    #[test]
    fn a_new_call_brings_retries_back_once_the_share_is_above_the_minimum() {
        let mut budget = after(19, 3);
        assert!(budget.may_retry().is_err());
        budget.call_started();
        assert!(budget.may_retry().is_ok());
        budget.retried();
        assert!(budget.may_retry().is_err());
    }

    #[test]
    fn neither_share_nor_minimum_means_no_retry() {
        let policy = RetryBudgetPolicy::default().with_per_mille(0).unwrap().with_at_least(0);
        let mut budget = RetryBudget::new(policy);
        budget.call_started();
        assert_eq!(budget.may_retry(), Err(RetryBudgetSpent { retries: 0, allowed: 0, calls: 1 }));
    }

    #[test]
    fn more_retries_than_calls_are_no_share() {
        assert!(RetryBudgetPolicy::default().with_per_mille(1_000).is_ok());
        let error = RetryBudgetPolicy::default().with_per_mille(1_001).unwrap_err();
        assert_eq!((error.name, error.value), ("retry_budget.rate", 1_001_u32.into()));
    }

    #[test]
    fn amplification_is_attempts_to_calls_in_thousandths() {
        for (calls, retries, expected) in [
            (0, 0, 1_000),
            (0, 5, 1_000),
            (1, 0, 1_000),
            (2, 1, 1_500),
            (3, 1, 1_333),
            (1, u64::MAX, u64::MAX),
            (u64::MAX, u64::MAX, 2_000),
        ] {
            assert_eq!(after(calls, retries).amplification_thousandths(), expected, "{retries} on {calls}");
        }
    }

    #[test]
    fn counts_stay_at_the_greatest_number() {
        let mut budget = after(u64::MAX, u64::MAX);
        budget.call_started();
        budget.retried();
        assert_eq!((budget.calls(), budget.attempts()), (u64::MAX, u64::MAX));
        assert_eq!(budget.may_retry().unwrap_err().allowed, u64::MAX / 5, "20 %, to the last digit");
    }

    #[test]
    fn counts_go_into_a_snapshot_as_they_are() {
        let counts = after(9, 2).counts();
        assert_eq!(counts, (9, 2));
        assert_eq!(after(0, 0).with_counts(counts.0, counts.1), after(9, 2));
    }

    #[test]
    fn a_refusal_says_what_to_do() {
        let sentence = "retries: 3 of 3 spent, with calls: 1; end with what there is, or raise retry_budget.rate";
        assert_eq!(after(1, 3).may_retry().unwrap_err().to_string(), sentence);
    }

    #[test]
    fn a_policy_tells_its_settings() {
        let policy = RetryBudgetPolicy::default().with_per_mille(100).unwrap().with_at_least(7);
        assert_eq!((policy.per_mille(), policy.at_least()), (100, 7));
        assert_eq!(RetryBudget::new(policy).policy(), &policy);
    }
}
