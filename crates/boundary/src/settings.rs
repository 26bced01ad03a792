//! Settings from the registers. The driver has checked them; what it let through and the engine refuses is told with the
//! engine's own sentence.

use crate::registers::{duration, number, unsigned, whole};
use steadfast::backoff::{Backoff, Jitter};
use steadfast::breaker::{BreakerPolicy, SlowPolicy, WindowPolicy};
use steadfast::budget::{Left, Limits};
use steadfast::policy::CallPolicy;
use steadfast::retry::RetryPolicy;
use steadfast::rng::Seed;
use steadfast::setting::InvalidSetting;

/// A call's settings but for its breaker, from register 0: timeout, deadline, first output, idle, attempts (-1 for no
/// retries), base, cap, factor in thousandths, jitter.
pub fn call_policy() -> Result<CallPolicy, InvalidSetting> {
    let policy = CallPolicy::unguarded()
        .with_longest_pause(CallPolicy::default().longest_pause())?
        .with_timeout(duration(0))?
        .with_deadline(duration(1))?
        .with_stream(duration(2), duration(3))?;
    let (Some(base), Some(cap)) = (duration(5), duration(6)) else { return Ok(policy) };
    if number(4) < 0.0 {
        return Ok(policy);
    }
    let jitter = match whole(8) {
        0 => Jitter::Full,
        1 => Jitter::Equal,
        2 => Jitter::Decorrelated,
        _ => Jitter::None,
    };
    let backoff = Backoff::new(base, cap)?.with_factor_thousandths(whole(7))?.with_jitter(jitter);
    Ok(policy.with_retry(Some(RetryPolicy::default().with_attempts(whole(4))?.with_backoff(backoff))))
}

/// A breaker's policy from `first` on, twelve registers; none where the first of them is absent.
pub fn breaker_policy(first: usize) -> Result<Option<BreakerPolicy>, InvalidSetting> {
    if number(first) < 0.0 {
        return Ok(None);
    }
    let at = |offset: usize| first + offset;
    let window = match duration(at(3)) {
        Some(span) => Some(WindowPolicy::new(whole(at(1)), whole(at(2)), span, whole(at(4)))?),
        None => None,
    };
    let slow = match duration(at(5)) {
        Some(limit) => Some(SlowPolicy::new(limit, whole(at(6)))?),
        None => None,
    };
    let (open_for, open_for_max) = (duration(at(7)).unwrap_or_default(), duration(at(8)).unwrap_or_default());
    let policy = BreakerPolicy::default()
        .with_consecutive(whole(first))
        .with_window(window)
        .with_slow(slow)
        .with_open_for(open_for, open_for_max)?
        .with_probes(whole(at(9)), whole(at(10)))?;
    duration(at(11)).map_or(Ok(policy), |lease| policy.with_lease(lease)).map(Some)
}

/// The limits in registers 0 to 4, each or -1: time, attempts, steps, tokens, money.
pub fn limits() -> Result<Limits, InvalidSetting> {
    let mut limits = Limits::none();
    if let Some(deadline) = duration(0) {
        limits = limits.with_deadline(deadline)?;
    }
    // By way of a table rather than one after the other: less than half of the code.
    let counted = [Limits::with_attempts, Limits::with_steps, Limits::with_tokens, Limits::with_money];
    for (index, with) in (1..).zip(counted) {
        if let Some(count) = count(index) {
            limits = with(limits, count)?;
        }
    }
    Ok(limits)
}

/// What is left, in the same registers.
#[must_use]
pub fn left() -> Left {
    Left { time: duration(0), attempts: count(1), steps: count(2), tokens: count(3), money: count(4) }
}

fn count(index: usize) -> Option<u64> {
    Some(number(index)).filter(|count| *count >= 0.0).map(unsigned)
}

/// A seed from its two halves.
#[must_use]
pub fn seed(high: u32, low: u32) -> Seed {
    Seed(u64::from(high) << 32 | u64::from(low))
}
