//! Limits of an envelope.

use super::report::Resource;
use crate::setting::InvalidSetting;
use crate::time::{Duration, micros};

/// What an envelope allows at most. What has no limit of its own is limited by the envelopes around it, if at all.
///
/// | setting | default | unit | source |
/// |---|---|---|---|
/// | `deadline` | none | time from the opening of the envelope | our own: only the host knows how long its user waits |
/// | `attempts` | none | physical attempts, retries and fallbacks included | our own: retries have [`RetryBudget`](super::RetryBudget) |
/// | `steps` | none | turns of agent loops, those of sub-agents included | our own: a run has its step limit |
/// | `tokens` | none | tokens as the provider counts them | our own: windows and prices differ by model |
/// | `money` | none | millionths of whatever currency the host counts in | our own: prices differ by host |
///
/// ```
/// use core::time::Duration;
/// use steadfast::budget::Limits;
///
/// let limits = Limits::none().with_deadline(Duration::from_secs(60))?.with_attempts(20)?.with_money(250_000)?;
/// assert_eq!(limits.attempts(), Some(20));
/// assert_eq!(limits.tokens(), None);
///
/// let error = limits.with_steps(0).unwrap_err();
/// assert_eq!(error.to_string(), "budget.steps is 0; allowed: 1 or more");
/// # Ok::<(), steadfast::setting::InvalidSetting>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Limits {
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::time::serialize_optional_duration"))]
    pub(super) deadline: Option<Duration>,
    pub(super) attempts: Option<u64>,
    pub(super) steps: Option<u64>,
    pub(super) tokens: Option<u64>,
    pub(super) money: Option<u64>,
}

impl Limits {
    /// No limit at all: whatever is spent is only counted.
    #[must_use]
    pub const fn none() -> Self {
        Self { deadline: None, attempts: None, steps: None, tokens: None, money: None }
    }

    /// Nothing is begun `deadline` after the opening of the envelope or later; 1 µs or more.
    pub fn with_deadline(mut self, deadline: Duration) -> Result<Self, InvalidSetting> {
        if micros(deadline) == 0 {
            return Err(InvalidSetting::new(Resource::Time.setting(), deadline, "1 µs or more"));
        }
        self.deadline = Some(deadline);
        Ok(self)
    }

    /// At most so many physical attempts, 1 or more.
    pub fn with_attempts(mut self, attempts: u64) -> Result<Self, InvalidSetting> {
        self.attempts = some(attempts, Resource::Attempts)?;
        Ok(self)
    }

    /// At most so many steps, 1 or more.
    pub fn with_steps(mut self, steps: u64) -> Result<Self, InvalidSetting> {
        self.steps = some(steps, Resource::Steps)?;
        Ok(self)
    }

    /// At most so many tokens, 1 or more.
    pub fn with_tokens(mut self, tokens: u64) -> Result<Self, InvalidSetting> {
        self.tokens = some(tokens, Resource::Tokens)?;
        Ok(self)
    }

    /// At most so many millionths of the host's currency, 1 or more.
    pub fn with_money(mut self, money: u64) -> Result<Self, InvalidSetting> {
        self.money = some(money, Resource::Money)?;
        Ok(self)
    }

    /// How long after its opening the envelope is over.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        self.deadline
    }

    /// Physical attempts.
    #[must_use]
    pub fn attempts(&self) -> Option<u64> {
        self.attempts
    }

    /// Steps.
    #[must_use]
    pub fn steps(&self) -> Option<u64> {
        self.steps
    }

    /// Tokens.
    #[must_use]
    pub fn tokens(&self) -> Option<u64> {
        self.tokens
    }

    /// Millionths of the host's currency.
    #[must_use]
    pub fn money(&self) -> Option<u64> {
        self.money
    }

    /// The limit of one resource; time in microseconds.
    pub(super) fn of(&self, resource: Resource) -> Option<u64> {
        match resource {
            Resource::Time => self.deadline.map(micros),
            Resource::Attempts => self.attempts,
            Resource::Steps => self.steps,
            Resource::Tokens => self.tokens,
            Resource::Money => self.money,
        }
    }

    /// The stricter of both for each resource that is counted, with `deadline` from now.
    pub(super) fn narrowed(self, around: &Self, deadline: Option<Duration>) -> Self {
        let least = |resource| [self.of(resource), around.of(resource)].into_iter().flatten().min();
        Self {
            deadline,
            attempts: least(Resource::Attempts),
            steps: least(Resource::Steps),
            tokens: least(Resource::Tokens),
            money: least(Resource::Money),
        }
    }
}

/// A limit of nothing would refuse everything for ever.
fn some(limit: u64, resource: Resource) -> Result<Option<u64>, InvalidSetting> {
    if limit == 0 { Err(InvalidSetting::new(resource.setting(), limit, "1 or more")) } else { Ok(Some(limit)) }
}
