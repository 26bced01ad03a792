//! Policies: the settings of a guarded call and of a run, all patterns together.

mod stored;

use crate::approval::{ApprovalGate, HashFunction};
use crate::backoff::Backoff;
use crate::breaker::BreakerPolicy;
use crate::budget::{Limits, RetryBudgetPolicy, Spend, ThrottlePolicy};
use crate::progress::ProgressPolicy;
use crate::retry::RetryPolicy;
use crate::setting::InvalidSetting;
use crate::time::{Duration, Limit};
use alloc::string::String;

/// Settings of a guarded call. Every layer can be left out; the default leaves out none but the deadline.
///
/// | setting | default |
/// |---|---|
/// | `timeout` (each attempt) | 60 s |
/// | `deadline` (attempts, waits and fallbacks together) | none |
/// | `retry` | [`RetryPolicy::default`] |
/// | `breaker` (one for each option) | [`BreakerPolicy::default`] |
/// | `throttle` of retries (one for each option) | [`ThrottlePolicy::default`] |
/// | `first_output` and `idle` (streams: until the first part, between parts) | none |
/// | `estimate` (tokens and money of each attempt, reserved before it) | nothing |
/// | `longest_pause` (what a server asks for beyond it is not waited for) | 5 min, as long as a breaker stays open at most |
///
/// Limits are of whole microseconds, as instants are.
///
/// ```
/// use core::time::Duration;
/// use steadfast::policy::CallPolicy;
///
/// let policy = CallPolicy::default().with_timeout(Some(Duration::from_secs(8)))?.with_deadline(Some(Duration::from_secs(20)))?;
/// assert_eq!(policy.timeout(), Some(Duration::from_secs(8)));
/// # Ok::<(), steadfast::setting::InvalidSetting>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct CallPolicy {
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::time::serialize_limit"))]
    pub(crate) timeout: Option<Limit>,
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::time::serialize_limit"))]
    pub(crate) deadline: Option<Limit>,
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::time::serialize_limit"))]
    pub(crate) first_output: Option<Limit>,
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::time::serialize_limit"))]
    pub(crate) idle: Option<Limit>,
    pub(crate) retry: Option<RetryPolicy>,
    throttle: Option<ThrottlePolicy>,
    breaker: Option<BreakerPolicy>,
    pub(crate) estimate: Spend,
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::time::serialize_limit"))]
    pub(crate) longest_pause: Option<Limit>,
}

impl Default for CallPolicy {
    fn default() -> Self {
        Self {
            timeout: Limit::new(Duration::from_secs(60)),
            deadline: None,
            first_output: None,
            idle: None,
            retry: Some(RetryPolicy::default()),
            throttle: Some(ThrottlePolicy::default()),
            breaker: Some(BreakerPolicy::default()),
            estimate: Spend::NONE,
            longest_pause: Limit::new(Duration::from_secs(300)),
        }
    }
}

impl CallPolicy {
    /// Nothing at all: one attempt that may take for ever. What a call looks like before it is made reliable.
    #[must_use]
    pub const fn unguarded() -> Self {
        Self {
            timeout: None,
            deadline: None,
            first_output: None,
            idle: None,
            retry: None,
            throttle: None,
            breaker: None,
            estimate: Spend::NONE,
            longest_pause: None,
        }
    }

    /// The default of a local tool: as for any call, with retries that begin at 50 ms.
    #[must_use]
    pub fn for_tool() -> Self {
        let backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(20)).unwrap_or_default();
        Self { retry: Some(RetryPolicy::default().with_backoff(backoff)), ..Self::default() }
    }

    /// With another limit for each attempt; more than zero, or none. No attempt outlives its call or its run: a limit beyond their
    /// deadlines means the time they leave.
    pub fn with_timeout(mut self, timeout: Option<Duration>) -> Result<Self, InvalidSetting> {
        self.timeout = positive("timeout", timeout)?;
        Ok(self)
    }

    /// With another limit for the whole call; more than zero, or none.
    pub fn with_deadline(mut self, deadline: Option<Duration>) -> Result<Self, InvalidSetting> {
        self.deadline = positive("deadline", deadline)?;
        Ok(self)
    }

    /// With limits for streams: until the first part of an attempt's output, and from each part to the next; more than
    /// zero, or none. Neither lengthens an attempt: whichever limit ends first holds. The host tells of parts with [`Input::Output`](crate::call::Input::Output).
    pub fn with_stream(
        mut self,
        first_output: Option<Duration>,
        idle: Option<Duration>,
    ) -> Result<Self, InvalidSetting> {
        self.first_output = positive("first_output", first_output)?;
        self.idle = positive("idle", idle)?;
        Ok(self)
    }

    /// With what each attempt is expected to cost, reserved before it begins and counted where nobody says what it did
    /// cost. Its `attempts` and `steps` count for nothing: an attempt is one attempt.
    #[must_use]
    pub fn with_estimate(mut self, estimate: Spend) -> Self {
        self.estimate = Spend { attempts: 0, steps: 0, ..estimate };
        self
    }

    /// With another limit for the pause that a server may ask a call to wait out; more than zero, or none. What asks for more
    /// is left for another option, or ends the call at once: with [`PauseTooLong`](crate::outcome::CallError::PauseTooLong), which
    /// says when to come back. It is never called earlier than it asked for.
    pub fn with_longest_pause(mut self, limit: Option<Duration>) -> Result<Self, InvalidSetting> {
        self.longest_pause = positive("longest_pause", limit)?;
        Ok(self)
    }

    /// With another throttle of retries, or none.
    #[must_use]
    pub fn with_throttle(mut self, throttle: Option<ThrottlePolicy>) -> Self {
        self.throttle = throttle;
        self
    }

    /// With other retries, or none.
    #[must_use]
    pub fn with_retry(mut self, retry: Option<RetryPolicy>) -> Self {
        self.retry = retry;
        self
    }

    /// With another breaker, or none.
    #[must_use]
    pub fn with_breaker(mut self, breaker: Option<BreakerPolicy>) -> Self {
        self.breaker = breaker;
        self
    }

    /// How long each attempt may take.
    #[must_use]
    pub fn timeout(&self) -> Option<Duration> {
        self.timeout.map(Limit::duration)
    }

    /// How long the whole call may take.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        self.deadline.map(Limit::duration)
    }

    /// How long the first part of an attempt's output may take.
    #[must_use]
    pub fn first_output(&self) -> Option<Duration> {
        self.first_output.map(Limit::duration)
    }

    /// How long each further part may take.
    #[must_use]
    pub fn idle(&self) -> Option<Duration> {
        self.idle.map(Limit::duration)
    }

    /// What each attempt is expected to cost.
    #[must_use]
    pub fn estimate(&self) -> Spend {
        self.estimate
    }

    /// The longest pause that a server may ask a call to wait out.
    #[must_use]
    pub fn longest_pause(&self) -> Option<Duration> {
        self.longest_pause.map(Limit::duration)
    }

    /// The throttle of retries.
    #[must_use]
    pub fn throttle(&self) -> Option<&ThrottlePolicy> {
        self.throttle.as_ref()
    }

    /// The retries.
    #[must_use]
    pub fn retry(&self) -> Option<&RetryPolicy> {
        self.retry.as_ref()
    }

    /// The breaker.
    #[must_use]
    pub fn breaker(&self) -> Option<&BreakerPolicy> {
        self.breaker.as_ref()
    }
}

fn positive(name: &'static str, limit: Option<Duration>) -> Result<Option<Limit>, InvalidSetting> {
    let Some(duration) = limit else { return Ok(None) };
    let refused = || InvalidSetting::new(name, duration, "more than 0 ms, or none");
    Limit::new(duration).ok_or_else(refused).map(Some)
}

/// Settings of a run.
///
/// | setting | default | source |
/// |---|---|---|
/// | `max_steps` | 8 | between the AI SDK's 20 and OpenAI Agents' 10, as honest tasks need fewer |
/// | `deadline` | none | |
/// | `model` | [`CallPolicy::default`] | |
/// | `approval` | nobody to ask: risky calls are blocked | |
/// | `budget` | no limits: attempts, steps, tokens and money are only counted | |
/// | `retry_budget` | [`RetryBudgetPolicy::default`] | Envoy, failsafe-go |
/// | `progress` | [`ProgressPolicy::default`] | |
/// | `safe_message` | see [`RunPolicy::SAFE_MESSAGE`] | |
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct RunPolicy {
    max_steps: u32,
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::time::serialize_limit"))]
    deadline: Option<Limit>,
    model: CallPolicy,
    approval: ApprovalGate,
    budget: Limits,
    retry_budget: Option<RetryBudgetPolicy>,
    progress: Option<ProgressPolicy>,
    safe_message: String,
    #[cfg_attr(feature = "serde", serde(skip))]
    hash: HashFunction,
}

#[cfg(feature = "sha2")]
impl Default for RunPolicy {
    fn default() -> Self {
        Self::with_hash(crate::approval::sha256)
    }
}

impl RunPolicy {
    /// What a degraded run answers unless it is told otherwise.
    pub const SAFE_MESSAGE: &str = "I could not finish this reliably, so I stopped. Nothing further will be done.";

    /// The default settings, with a hash of the host's own for the digests of approvals. With the feature `sha2`,
    /// [`RunPolicy::default`] brings one.
    #[must_use]
    pub fn with_hash(hash: HashFunction) -> Self {
        Self {
            max_steps: 8,
            deadline: None,
            model: CallPolicy::default(),
            approval: ApprovalGate::default(),
            budget: Limits::none(),
            retry_budget: Some(RetryBudgetPolicy::default()),
            progress: Some(ProgressPolicy::default()),
            safe_message: Self::SAFE_MESSAGE.into(),
            hash,
        }
    }

    /// With another step cap; 1 or more.
    pub fn with_max_steps(mut self, max_steps: u32) -> Result<Self, InvalidSetting> {
        if max_steps == 0 {
            return Err(InvalidSetting::new("max_steps", max_steps, "1 or more"));
        }
        self.max_steps = max_steps;
        Ok(self)
    }

    /// With another limit for the whole run; more than zero, or none.
    pub fn with_deadline(mut self, deadline: Option<Duration>) -> Result<Self, InvalidSetting> {
        self.deadline = positive("run.deadline", deadline)?;
        Ok(self)
    }

    /// With other settings for model calls.
    #[must_use]
    pub fn with_model(mut self, model: CallPolicy) -> Self {
        self.model = model;
        self
    }

    /// With another approval gate.
    #[must_use]
    pub fn with_approval(mut self, approval: ApprovalGate) -> Self {
        self.approval = approval;
        self
    }

    /// With limits to what the whole run may spend.
    #[must_use]
    pub fn with_budget(mut self, limits: Limits) -> Self {
        self.budget = limits;
        self
    }

    /// With another share of retries in the run, or any.
    #[must_use]
    pub fn with_retry_budget(mut self, retry_budget: Option<RetryBudgetPolicy>) -> Self {
        self.retry_budget = retry_budget;
        self
    }

    /// With another progress detector, or none.
    #[must_use]
    pub fn with_progress(mut self, progress: Option<ProgressPolicy>) -> Self {
        self.progress = progress;
        self
    }

    /// With another answer for degraded runs; not empty, for a run always answers.
    pub fn with_safe_message(mut self, message: impl Into<String>) -> Result<Self, InvalidSetting> {
        self.safe_message = message.into();
        if self.safe_message.trim().is_empty() {
            return Err(InvalidSetting::new("safe_message", "blank", "a sentence: a run always answers"));
        }
        Ok(self)
    }

    /// The step cap.
    #[must_use]
    pub fn max_steps(&self) -> u32 {
        self.max_steps
    }

    /// How long the whole run may take.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        self.deadline.map(Limit::duration)
    }

    /// The settings of model calls.
    #[must_use]
    pub fn model(&self) -> &CallPolicy {
        &self.model
    }

    /// The approval gate.
    #[must_use]
    pub fn approval(&self) -> ApprovalGate {
        self.approval
    }

    /// What the whole run may spend.
    #[must_use]
    pub fn budget(&self) -> Limits {
        self.budget
    }

    /// The share of retries in the run.
    #[must_use]
    pub fn retry_budget(&self) -> Option<&RetryBudgetPolicy> {
        self.retry_budget.as_ref()
    }

    /// The progress detector.
    #[must_use]
    pub fn progress(&self) -> Option<&ProgressPolicy> {
        self.progress.as_ref()
    }

    /// What a degraded run answers.
    #[must_use]
    pub fn safe_message(&self) -> &str {
        &self.safe_message
    }

    /// The hash behind the digests of approvals.
    #[must_use]
    pub fn hash(&self) -> HashFunction {
        self.hash
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    const fn no_hash(_: &[&[u8]]) -> crate::approval::Digest {
        crate::approval::Digest([0; 32])
    }

    #[test]
    fn limits_of_zero_and_empty_answers_are_refused_by_name() {
        let call = CallPolicy::default();
        assert_eq!(call.with_timeout(Some(Duration::ZERO)).unwrap_err().name, "timeout");
        let unmeasurable = call.with_timeout(Some(Duration::from_nanos(999))).unwrap_err();
        assert_eq!(unmeasurable.to_string(), "timeout is less than 1 µs; allowed: more than 0 ms, or none");
        assert_eq!(call.with_deadline(Some(Duration::ZERO)).unwrap_err().name, "deadline");
        assert_eq!(call.with_longest_pause(Some(Duration::ZERO)).unwrap_err().name, "longest_pause");
        let run = || RunPolicy::with_hash(no_hash);
        assert_eq!(run().with_max_steps(0).unwrap_err().name, "max_steps");
        assert_eq!(run().with_deadline(Some(Duration::ZERO)).unwrap_err().name, "run.deadline");
        assert_eq!(run().with_safe_message("  ").unwrap_err().name, "safe_message");
    }

    #[test]
    fn tools_begin_their_retries_sooner_than_model_calls() {
        let first = |policy: &CallPolicy| {
            let backoff = policy.retry().unwrap().backoff();
            backoff.draw(0, None, &mut crate::rng::Seed(1).stream(1, 1)).ceiling.as_millis()
        };
        assert_eq!((first(&CallPolicy::for_tool()), first(&CallPolicy::default())), (50, 500));
    }
}
