//! The policy as numbers: microseconds, whole numbers, per mille; `-1` for what is switched off.

use steadfast::backoff::{Backoff, Jitter};
use steadfast::breaker::{BreakerPolicy, SlowPolicy, WindowPolicy};
use steadfast::policy::{CallPolicy, RunPolicy};
use steadfast::retry::RetryPolicy;
use steadfast::setting::InvalidSetting;
use steadfast::time::Duration;

/// Where things stand among the numbers.
mod at {
    pub(super) const MAX_STEPS: usize = 0;
    pub(super) const APPROVAL_EXPIRES_AFTER: usize = 1;
    pub(super) const TIMEOUT: usize = 2;
    pub(super) const DEADLINE: usize = 3;
    /// Attempts (-1 for no retries), base, cap, factor in thousandths, jitter.
    pub(super) const RETRY: usize = 4;
    /// Whether there is one, and its twelve numbers, in the order of the npm package's `breakerNumbers`.
    pub(super) const BREAKER: usize = 9;
}

/// `policy` with these settings.
pub(crate) fn policy(policy: RunPolicy, numbers: &[f64], safe_message: &str) -> Result<RunPolicy, InvalidSetting> {
    let numbers = Numbers(numbers);
    let mut policy = policy.with_max_steps(numbers.whole(at::MAX_STEPS))?;
    if let Some(limit) = numbers.duration(at::APPROVAL_EXPIRES_AFTER) {
        let gate = policy.approval().with_expires_after(limit)?;
        policy = policy.with_approval(gate);
    }
    if !safe_message.is_empty() {
        policy = policy.with_safe_message(safe_message)?;
    }
    let model = model(*policy.model(), numbers)?;
    Ok(policy.with_model(model))
}

fn model(policy: CallPolicy, numbers: Numbers) -> Result<CallPolicy, InvalidSetting> {
    let retry = if numbers.is_there(at::RETRY) { Some(retry(numbers)?) } else { None };
    let breaker = if numbers.is_there(at::BREAKER) { Some(breaker(numbers)?) } else { None };
    policy
        .with_timeout(numbers.duration(at::TIMEOUT))?
        .with_deadline(numbers.duration(at::DEADLINE))
        .map(|policy| policy.with_retry(retry).with_breaker(breaker))
}

fn retry(numbers: Numbers) -> Result<RetryPolicy, InvalidSetting> {
    let after = |offset| at::RETRY + offset;
    let jitter = match numbers.whole(after(4)) {
        0 => Jitter::Full,
        1 => Jitter::Equal,
        2 => Jitter::Decorrelated,
        _ => Jitter::None,
    };
    let (base, cap) = (numbers.duration(after(1)), numbers.duration(after(2)));
    let backoff = Backoff::new(base.unwrap_or_default(), cap.unwrap_or_default())?
        .with_factor_thousandths(numbers.whole(after(3)))?
        .with_jitter(jitter);
    Ok(RetryPolicy::default().with_attempts(numbers.whole(after(0)))?.with_backoff(backoff))
}

fn breaker(numbers: Numbers) -> Result<BreakerPolicy, InvalidSetting> {
    let after = |offset| at::BREAKER + 1 + offset;
    let window = match numbers.duration(after(3)) {
        Some(span) => {
            let (rate, calls, minimum) = (numbers.whole(after(1)), numbers.whole(after(2)), numbers.whole(after(4)));
            Some(WindowPolicy::new(rate, calls, span, minimum)?)
        }
        None => None,
    };
    let slow = match numbers.duration(after(5)) {
        Some(limit) => Some(SlowPolicy::new(limit, numbers.whole(after(6)))?),
        None => None,
    };
    let (first, most) = (numbers.duration(after(7)), numbers.duration(after(8)));
    let policy = BreakerPolicy::default()
        .with_consecutive(numbers.whole(after(0)))
        .with_window(window)
        .with_slow(slow)
        .with_open_for(first.unwrap_or_default(), most.unwrap_or_default())?
        .with_probes(numbers.whole(after(9)), numbers.whole(after(10)))?;
    numbers.duration(after(11)).map_or(Ok(policy), |lease| policy.with_lease(lease))
}

#[derive(Clone, Copy)]
struct Numbers<'a>(&'a [f64]);

impl Numbers<'_> {
    fn number(self, index: usize) -> f64 {
        self.0.get(index).copied().unwrap_or(-1.0)
    }

    fn is_there(self, index: usize) -> bool {
        self.number(index) >= 0.0
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast of a float saturates")]
    fn whole(self, index: usize) -> u32 {
        self.number(index) as u32
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast of a float saturates")]
    fn duration(self, index: usize) -> Option<Duration> {
        self.is_there(index).then(|| Duration::from_micros(self.number(index) as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::policy;
    use steadfast_sim::default_policy;

    /// The simulation's own policy, as the npm package says it.
    const STANDING: [f64; 22] = [
        8.0, 600e6, 4e6, 30e6, 4.0, 500e3, 20e6, 2000.0, 0.0, 1.0, 3.0, 500.0, 20.0, 60e6, 10.0, -1.0, -1.0, 30e6,
        300e6, 1.0, 1.0, -1.0,
    ];

    #[test]
    fn the_numbers_of_the_standing_policy_change_nothing() {
        let (standing, read) = (default_policy(), policy(default_policy(), &STANDING, "").unwrap());
        assert_eq!(format!("{read:?}"), format!("{standing:?}"));
    }

    #[test]
    fn what_the_engine_refuses_is_named() {
        let mut numbers = STANDING;
        numbers[0] = 0.0;
        assert!(policy(default_policy(), &numbers, "").unwrap_err().to_string().contains("max_steps"));
    }
}
