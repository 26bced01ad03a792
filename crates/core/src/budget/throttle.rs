//! The retry throttle of an endpoint: while most attempts fail, none is made a second time.

use crate::setting::InvalidSetting;

/// What a failure takes, and how many thousandths a token has.
const TOKEN: u32 = 1_000;

/// Settings of a [`RetryThrottle`].
///
/// | setting | default | source |
/// |---|---|---|
/// | `tokens` | 10 at most; a failure takes 1, and at half of them or below nothing is retried | gRPC proposal A6, `maxTokens` |
/// | `ratio` | a success gives back 0.1 | gRPC proposal A6, `tokenRatio` |
///
/// ```
/// use steadfast::budget::ThrottlePolicy;
///
/// let policy = ThrottlePolicy::default().with_tokens(20)?.with_ratio(500)?;
/// assert_eq!((policy.tokens(), policy.ratio_thousandths()), (20, 500));
/// # Ok::<(), steadfast::setting::InvalidSetting>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ThrottlePolicy {
    tokens: u32,
    ratio_thousandths: u32,
}

impl Default for ThrottlePolicy {
    fn default() -> Self {
        Self { tokens: 10, ratio_thousandths: 100 }
    }
}

impl ThrottlePolicy {
    /// Holds so many tokens at most, 1 to 1,000 (the bounds of gRPC proposal A6).
    pub fn with_tokens(mut self, tokens: u32) -> Result<Self, InvalidSetting> {
        if !(1..=1_000).contains(&tokens) {
            return Err(InvalidSetting::new("throttle.tokens", tokens, "1 to 1,000"));
        }
        self.tokens = tokens;
        Ok(self)
    }

    /// A success gives back so many thousandths of a token, 1 to 1,000: never more than a failure takes.
    pub fn with_ratio(mut self, thousandths: u32) -> Result<Self, InvalidSetting> {
        if !(1..=TOKEN).contains(&thousandths) {
            return Err(InvalidSetting::new("throttle.ratio", thousandths, "1 to 1,000 in a thousand"));
        }
        self.ratio_thousandths = thousandths;
        Ok(self)
    }

    /// Tokens at most.
    #[must_use]
    pub fn tokens(&self) -> u32 {
        self.tokens
    }

    /// What a success gives back, in thousandths of a token.
    #[must_use]
    pub fn ratio_thousandths(&self) -> u32 {
        self.ratio_thousandths
    }

    fn most(self) -> u32 {
        self.tokens.saturating_mul(TOKEN)
    }
}

/// Stops retries, not first attempts, against an endpoint that mostly fails; shared by all calls to it.
///
/// How to drive it: after each attempt [`failed`](Self::failed) or [`succeeded`](Self::succeeded), whatever it was an
/// attempt of; before a retry ask [`may_retry`](Self::may_retry). A failure that another try cannot mend says nothing of
/// the endpoint's load: report neither.
///
/// ```
/// use steadfast::budget::{RetryThrottle, ThrottlePolicy};
///
/// let mut throttle = RetryThrottle::new(ThrottlePolicy::default());
/// for _ in 0..5 {
///     assert!(throttle.may_retry());
///     throttle.failed();
/// }
/// assert!(!throttle.may_retry()); // 5 of 10 tokens: half
/// throttle.succeeded();
/// assert_eq!(throttle.tokens_thousandths(), 5_100);
/// assert!(throttle.may_retry());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryThrottle {
    policy: ThrottlePolicy,
    tokens_thousandths: u32,
}

impl RetryThrottle {
    /// A throttle with all its tokens.
    #[must_use]
    pub fn new(policy: ThrottlePolicy) -> Self {
        Self { policy, tokens_thousandths: policy.most() }
    }

    /// With so many tokens, at most all there are.
    #[must_use]
    pub fn with_tokens_thousandths(mut self, tokens: u32) -> Self {
        self.tokens_thousandths = tokens.min(self.policy.most());
        self
    }

    /// The same under other settings: as many tokens are missing as before.
    pub(crate) fn under(&self, policy: ThrottlePolicy) -> Self {
        let missing = self.policy.most().saturating_sub(self.tokens_thousandths);
        Self { policy, tokens_thousandths: policy.most().saturating_sub(missing) }
    }

    /// An attempt failed in a way that another might not: takes one token, as far as there is one.
    pub fn failed(&mut self) {
        self.tokens_thousandths = self.tokens_thousandths.saturating_sub(TOKEN);
    }

    /// An attempt succeeded: gives back a part of a token, up to the most.
    pub fn succeeded(&mut self) {
        let more = self.tokens_thousandths.saturating_add(self.policy.ratio_thousandths);
        self.tokens_thousandths = more.min(self.policy.most());
    }

    /// Whether more than half of the tokens are there.
    #[must_use]
    pub fn may_retry(&self) -> bool {
        self.tokens_thousandths > self.policy.most() / 2
    }

    /// The tokens that are there, in thousandths.
    #[must_use]
    pub fn tokens_thousandths(&self) -> u32 {
        self.tokens_thousandths
    }

    /// Its settings.
    #[must_use]
    pub fn policy(&self) -> &ThrottlePolicy {
        &self.policy
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn throttle(tokens: u32, ratio: u32) -> RetryThrottle {
        RetryThrottle::new(ThrottlePolicy::default().with_tokens(tokens).unwrap().with_ratio(ratio).unwrap())
    }

    #[test]
    fn retries_stop_at_half_of_the_tokens_and_come_back_just_above() {
        let mut throttle = throttle(10, 100);
        let timeline: alloc::vec::Vec<_> = (0..6)
            .map(|_| {
                throttle.failed();
                (throttle.tokens_thousandths(), throttle.may_retry())
            })
            .collect();
        let expected = [(9_000, true), (8_000, true), (7_000, true), (6_000, true), (5_000, false), (4_000, false)];
        assert_eq!(timeline, expected);
        for _ in 0..10 {
            throttle.succeeded();
        }
        assert_eq!((throttle.tokens_thousandths(), throttle.may_retry()), (5_000, false));
        throttle.succeeded();
        assert_eq!((throttle.tokens_thousandths(), throttle.may_retry()), (5_100, true));
    }

    #[test]
    fn tokens_stay_between_none_and_the_most() {
        let mut throttle = throttle(10, 100);
        throttle.succeeded();
        assert_eq!(throttle.tokens_thousandths(), 10_000);
        for _ in 0..11 {
            throttle.failed();
        }
        assert_eq!(throttle.tokens_thousandths(), 0);
    }

    #[test]
    fn the_least_and_the_most_settings_work() {
        let mut least = throttle(1, 1);
        assert!(least.may_retry());
        least.failed();
        assert_eq!((least.tokens_thousandths(), least.may_retry()), (0, false));
        for _ in 0..501 {
            least.succeeded();
        }
        assert_eq!((least.tokens_thousandths(), least.may_retry()), (501, true));

        let mut most = throttle(1_000, 1_000);
        most.failed();
        most.succeeded();
        assert_eq!(most.tokens_thousandths(), 1_000_000);
    }

    #[test]
    fn settings_outside_their_meaning_are_refused_by_name() {
        let policy = ThrottlePolicy::default();
        for refused in [policy.with_tokens(0), policy.with_tokens(1_001), policy.with_tokens(u32::MAX)] {
            assert_eq!(refused.unwrap_err().name, "throttle.tokens");
        }
        for refused in [policy.with_ratio(0), policy.with_ratio(1_001), policy.with_ratio(u32::MAX)] {
            assert_eq!(refused.unwrap_err().name, "throttle.ratio");
        }
    }

    #[test]
    fn a_throttle_tells_its_settings() {
        let throttle = throttle(20, 500);
        assert_eq!((throttle.policy().tokens(), throttle.policy().ratio_thousandths()), (20, 500));
        assert_eq!(throttle.tokens_thousandths(), 20_000);
    }
}
