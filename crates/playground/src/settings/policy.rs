//! The settings of an agent: a value for each of the table, and the engine's policies made of them.

use super::table::Key;
use super::unit::Unit;
use steadfast::approval::ApprovalGate;
use steadfast::backoff::{Backoff, Jitter};
use steadfast::breaker::{BreakerPolicy, SlowPolicy, WindowPolicy};
use steadfast::budget::{Limits, RetryBudgetPolicy, Spend, ThrottlePolicy};
use steadfast::effect::Effect;
use steadfast::explain;
use steadfast::policy::{CallPolicy, RunPolicy};
use steadfast::progress::ProgressPolicy;
use steadfast::retry::RetryPolicy;
use steadfast::run::ToolSpec;
use steadfast::setting::InvalidSetting;
use steadfast::time::Duration;

/// What every setting of an agent is. What the engine would refuse is never in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy([Option<u64>; Key::ALL.len()]);

impl Default for Policy {
    /// Every setting as its table says, which is [`steadfast_sim::default_policy`].
    fn default() -> Self {
        Self(Key::ALL.map(Key::default_value))
    }
}

/// The engine's policies for one agent.
#[derive(Debug, Clone)]
pub(super) struct Made {
    pub(super) policy: RunPolicy,
    pub(super) tools: Vec<ToolSpec>,
    pub(super) models: u32,
}

impl Policy {
    /// A setting's value, in the smallest part of its unit; none where it is switched off.
    #[must_use]
    pub fn value(&self, key: Key) -> Option<u64> {
        self.0[key as usize]
    }

    /// The same as text.
    #[must_use]
    pub fn text(&self, key: Key) -> String {
        key.unit().write(self.value(key))
    }

    /// Whether a switch is on.
    #[must_use]
    pub fn is_on(&self, key: Key) -> bool {
        self.value(key) != Some(0)
    }

    /// Whether it differs from its default.
    #[must_use]
    pub fn is_changed(&self, key: Key) -> bool {
        self.value(key) != key.default_value()
    }

    /// The settings that differ from their defaults.
    pub fn changed(&self) -> impl Iterator<Item = Key> {
        Key::ALL.into_iter().filter(|key| self.is_changed(*key))
    }

    /// Sets it to what somebody typed. What is refused changes nothing.
    ///
    /// ```
    /// use steadfast_playground::{Key, Policy};
    ///
    /// let mut policy = Policy::default();
    /// policy.set(Key::Timeout, "8 s").unwrap();
    /// assert_eq!(policy.text(Key::Timeout), "8000");
    /// let refused = policy.set(Key::BackoffBase, "30 s").unwrap_err();
    /// assert_eq!(refused.to_string(), "backoff.base is 30 s; allowed: at most backoff.cap");
    /// assert_eq!(policy.text(Key::BackoffBase), "500");
    /// ```
    pub fn set(&mut self, key: Key, text: &str) -> Result<(), InvalidSetting> {
        *self = self.with([(key, key.unit().read(key.name(), text)?)])?;
        Ok(())
    }

    /// Back to its default, which may be refused beside the others as they are.
    pub fn reset(&mut self, key: Key) -> Result<(), InvalidSetting> {
        *self = self.with([(key, key.default_value())])?;
        Ok(())
    }

    /// With these values, together: none of them is judged before all are there.
    pub(crate) fn with(&self, values: impl IntoIterator<Item = (Key, Option<u64>)>) -> Result<Self, InvalidSetting> {
        let mut changed = self.clone();
        for (key, value) in values {
            changed.0[key as usize] = value;
        }
        changed.made().map(|_| changed)
    }

    /// With what an explanation says a setting would have to be.
    pub(super) fn with_explained(&self, key: Key, to: &explain::Value) -> Result<Self, InvalidSetting> {
        let is_switch = key.unit() == Unit::Switch;
        let value = match to {
            explain::Value::Nothing if is_switch => Some(0),
            explain::Value::Text(word) if is_switch => Some(u64::from(word != "no")),
            explain::Value::Duration(duration) => u64::try_from(duration.as_micros()).ok(),
            explain::Value::Number(number) => Some(*number),
            explain::Value::PerMille(share) => Some(u64::from(*share)),
            explain::Value::Thousandths(number) => Some(u64::from(*number)),
            explain::Value::Instant(instant) => Some(instant.as_micros()),
            explain::Value::Nothing => None,
            explain::Value::Text(word) => key.unit().read(key.name(), word)?,
        };
        // What it takes may be beyond what is typed on this page.
        let text = key.unit().write(value);
        self.with([(key, key.unit().read(key.name(), &text)?)])
    }

    fn number(&self, key: Key) -> u32 {
        u32::try_from(self.value(key).unwrap_or_default()).unwrap_or(u32::MAX)
    }

    fn duration(&self, key: Key) -> Option<Duration> {
        self.value(key).map(Duration::from_micros)
    }

    fn time(&self, key: Key) -> Duration {
        self.duration(key).unwrap_or_default()
    }

    /// The engine's policies. Every value goes through its constructor, also of what is switched off: switched on it must hold.
    pub(super) fn made(&self) -> Result<Made, InvalidSetting> {
        let budget_of_retries = RetryBudgetPolicy::default()
            .with_per_mille(self.number(Key::RetryBudgetRate))?
            .with_at_least(self.number(Key::RetryBudgetAtLeast).into());
        let polling = (self.number(Key::ProgressPolling) == 1).then_some("multiply");
        let progress = ProgressPolicy::default()
            .with_repeats(self.number(Key::ProgressRepeats))?
            .with_longest_cycle(self.number(Key::ProgressCycle))?
            .with_errors(self.number(Key::ProgressErrors))?
            .with_nothing_new(self.number(Key::ProgressNothingNew))?
            .with_polling(polling)?;
        let gate = ApprovalGate::default()
            .with_approver(self.is_on(Key::Approver))
            .with_expires_after(self.time(Key::ApprovalExpiresAfter))?;
        let policy = RunPolicy::default()
            .with_max_steps(self.number(Key::MaxSteps))?
            .with_deadline(self.duration(Key::RunDeadline))?
            .with_model(self.model()?)
            .with_approval(gate)
            .with_budget(self.limits()?)
            .with_retry_budget(self.is_on(Key::RetryBudget).then_some(budget_of_retries))
            .with_progress(self.is_on(Key::Progress).then_some(progress));
        let models = self.number(Key::Models);
        if models == 0 {
            return Err(InvalidSetting { name: "model", value: models.into(), allowed: "1 or more models" });
        }
        Ok(Made { policy, tools: self.tools()?, models })
    }

    fn model(&self) -> Result<CallPolicy, InvalidSetting> {
        let jitters = [Jitter::Full, Jitter::Equal, Jitter::Decorrelated, Jitter::None];
        let jitter = jitters.get(self.number(Key::BackoffJitter) as usize).copied().unwrap_or_default();
        let backoff = Backoff::new(self.time(Key::BackoffBase), self.time(Key::BackoffCap))?
            .with_factor_thousandths(self.number(Key::BackoffFactor))?
            .with_jitter(jitter);
        let retry = RetryPolicy::default().with_attempts(self.number(Key::RetryAttempts))?.with_backoff(backoff);
        let throttle = ThrottlePolicy::default()
            .with_tokens(self.number(Key::ThrottleTokens))?
            .with_ratio(self.number(Key::ThrottleRatio))?;
        let (tokens, money) = (self.value(Key::EstimateTokens), self.value(Key::EstimateMoney));
        let estimate = Spend { tokens: tokens.unwrap_or_default(), money: money.unwrap_or_default(), ..Spend::NONE };
        CallPolicy::default()
            .with_timeout(self.duration(Key::Timeout))?
            .with_deadline(self.duration(Key::Deadline))?
            .with_stream(self.duration(Key::FirstOutput), self.duration(Key::Idle))?
            .with_longest_pause(self.duration(Key::LongestPause))
            .map(|policy| {
                policy
                    .with_estimate(estimate)
                    .with_retry(self.is_on(Key::Retry).then_some(retry))
                    .with_throttle(self.is_on(Key::Throttle).then_some(throttle))
            })
            .and_then(|policy| Ok(policy.with_breaker(Some(self.breaker()?).filter(|_| self.is_on(Key::Breaker)))))
    }

    fn breaker(&self) -> Result<BreakerPolicy, InvalidSetting> {
        let window = WindowPolicy::new(
            self.number(Key::BreakerWindowRate),
            self.number(Key::BreakerWindowCalls),
            self.time(Key::BreakerWindowMs),
            self.number(Key::BreakerWindowMinimum),
        )?;
        let slow = SlowPolicy::new(self.time(Key::BreakerSlowMs), self.number(Key::BreakerSlowRate))?;
        let breaker = BreakerPolicy::default()
            .with_consecutive(self.number(Key::BreakerConsecutive))
            .with_window(self.is_on(Key::BreakerWindow).then_some(window))
            .with_slow(self.is_on(Key::BreakerSlow).then_some(slow))
            .with_open_for(self.time(Key::BreakerOpenFor), self.time(Key::BreakerOpenForMax))?
            .with_probes(self.number(Key::BreakerProbes), self.number(Key::BreakerSuccesses))?;
        match self.duration(Key::BreakerLease) {
            Some(lease) => breaker.with_lease(lease),
            None => Ok(breaker),
        }
    }

    fn limits(&self) -> Result<Limits, InvalidSetting> {
        let mut limits = Limits::none();
        if let Some(deadline) = self.duration(Key::BudgetDeadline) {
            limits = limits.with_deadline(deadline)?;
        }
        if let Some(attempts) = self.value(Key::BudgetAttempts) {
            limits = limits.with_attempts(attempts)?;
        }
        if let Some(steps) = self.value(Key::BudgetSteps) {
            limits = limits.with_steps(steps)?;
        }
        if let Some(tokens) = self.value(Key::BudgetTokens) {
            limits = limits.with_tokens(tokens)?;
        }
        if let Some(money) = self.value(Key::BudgetMoney) {
            limits = limits.with_money(money)?;
        }
        Ok(limits)
    }

    fn tools(&self) -> Result<Vec<ToolSpec>, InvalidSetting> {
        let call = |timeout: Key, attempts: Key| {
            let policy = CallPolicy::for_tool();
            let retry = policy.retry().copied().unwrap_or_default().with_attempts(self.number(attempts))?;
            policy.with_retry(Some(retry)).with_timeout(self.duration(timeout))
        };
        let multiply = ToolSpec::new("multiply").with_policy(call(Key::MultiplyTimeout, Key::MultiplyAttempts)?);
        let mut mail = ToolSpec::new("send_email").with_policy(call(Key::MailTimeout, Key::MailAttempts)?);
        if self.is_on(Key::MailRisky) {
            mail = mail.risky();
        }
        if self.is_on(Key::MailReconcile) {
            mail = mail.with_reconcile();
        }
        let effects = [Effect::None, Effect::Idempotent, Effect::Once];
        let effect = effects.get(self.number(Key::MailEffect) as usize).copied().unwrap_or(Effect::Once);
        Ok(vec![multiply, mail.with_effect(effect)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use steadfast_sim::default_policy;

    #[test]
    fn defaults_are_the_simulation_s() {
        let Made { policy, tools, models } = Policy::default().made().unwrap();
        let gate = default_policy().approval().with_approver(true);
        assert_eq!(format!("{policy:?}"), format!("{:?}", default_policy().with_approval(gate)));
        assert_eq!((tools, models), (steadfast_sim::tools(), 1));
    }

    #[test]
    fn every_setting_does_something_to_the_policies() {
        let texts = |policy: &Policy| format!("{:?}", policy.made().unwrap());
        // With the slow rule and the throttle on, so that what stands under them shows.
        let base = Policy::default().with([(Key::BreakerSlow, Some(1)), (Key::Throttle, Some(1))]).unwrap();
        for key in Key::ALL {
            let others = match key.unit().choices() {
                [] => ["0.5", "2", "3", "150", "1500", "60000", "90000"].map(String::from).to_vec(),
                words => words.iter().map(|word| (*word).to_owned()).collect(),
            };
            let differs = others.iter().any(|text| {
                let mut other = base.clone();
                other.set(key, text).is_ok() && texts(&other) != texts(&base)
            });
            assert!(differs, "{key:?}");
        }
    }

    #[test]
    fn what_the_engine_refuses_changes_nothing_and_is_told_in_its_own_words() {
        for (key, text, told) in [
            (Key::RetryAttempts, "0", "retry.attempts is 0; allowed: 1 or more (1 means: no second try)"),
            (Key::Timeout, "0", "timeout is 0 ms; allowed: more than 0 ms, or none"),
            (Key::BackoffCap, "1", "backoff.base is 500 ms; allowed: at most backoff.cap"),
            (Key::BreakerWindowMinimum, "21", "breaker.window.minimum is 21; allowed: 1 to breaker.window.calls"),
            (Key::ProgressErrors, "1", "progress.errors is 1; allowed: 0 (off), or 2 or more"),
            (Key::MaxSteps, "many", "max_steps is \"many\"; allowed: a whole number up to 1000"),
            (Key::Models, "0", "model is 0; allowed: 1 or more models"),
            (Key::BudgetTokens, "0", "budget.tokens is 0; allowed: 1 or more"),
        ] {
            let mut policy = Policy::default();
            assert_eq!(policy.set(key, text).unwrap_err().to_string(), told);
            assert_eq!(policy, Policy::default());
        }
    }

    #[test]
    fn what_explanations_say_can_be_set() {
        let policy = Policy::default();
        let to = |key, value| policy.with_explained(key, &value).map(|policy| policy.text(key));
        assert_eq!(to(Key::Timeout, explain::Value::Duration(Duration::from_micros(4_500_001))), Ok("4500.001".into()));
        assert_eq!(to(Key::RetryAttempts, explain::Value::Number(5)), Ok("5".into()));
        assert_eq!(to(Key::BreakerWindowRate, explain::Value::PerMille(333)), Ok("33.3".into()));
        assert_eq!(to(Key::Approver, explain::Value::Text("somebody".into())), Ok("on".into()));
        assert_eq!(to(Key::Approver, explain::Value::Nothing), Ok("off".into()));
        assert!(to(Key::RetryAttempts, explain::Value::Number(u64::MAX)).is_err());
    }
}
