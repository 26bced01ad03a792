//! The rule over slow calls: its settings, and the calls in flight, each with the instant at which it becomes slow.

use super::window::Window;
use crate::setting::InvalidSetting;
use crate::time::{Duration, Instant, micros};
use alloc::collections::VecDeque;

/// Opens at a share of slow calls among the recent ones. Off unless
/// [`BreakerPolicy::with_slow`](super::BreakerPolicy::with_slow) is given one; there is an example there.
///
/// Each call counts once, when it is settled or when its limit comes, whichever is first. At the very instant of its limit
/// a call is slow. One that is handed back as ignored or cancelled before its limit counts neither way. The share is judged
/// whenever a slow call is counted. A slow probe counts as failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct SlowPolicy {
    #[cfg_attr(feature = "serde", serde(rename = "limit", serialize_with = "crate::time::serialize_micros"))]
    limit_us: u64,
    per_mille: u32,
}

impl SlowPolicy {
    /// Calls that take `limit` or longer are slow, and `per_mille` slow ones in a thousand open the breaker. `limit` is
    /// more than zero, `per_mille` 1 to 1,000.
    pub fn new(limit: Duration, per_mille: u32) -> Result<Self, InvalidSetting> {
        if limit.is_zero() {
            return Err(InvalidSetting::new("breaker.slow.ms", limit, "more than 0 ms"));
        }
        if !(1..=1_000).contains(&per_mille) {
            return Err(InvalidSetting::new("breaker.slow.rate", per_mille, "1 to 1,000 in a thousand"));
        }
        Ok(Self { limit_us: micros(limit).max(1), per_mille })
    }

    /// How long a call may take without being slow.
    #[must_use]
    pub fn limit(&self) -> Duration {
        Duration::from_micros(self.limit_us)
    }

    /// How many slow calls in a thousand open the breaker.
    #[must_use]
    pub fn per_mille(&self) -> u32 {
        self.per_mille
    }

    pub(super) fn is_slow(&self, started: Instant, now: Instant) -> bool {
        now.as_micros().saturating_sub(started.as_micros()) >= self.limit_us
    }
}

/// The calls of the present generation, as the rule sees them.
///
/// Calls are kept in the order they began, so the next to become slow is the first. That one is always still in flight:
/// hence no more are kept than were admitted within one limit, and permits that are dropped cost nothing for longer.
#[derive(Debug, Clone, Default)]
pub(super) struct SlowWatch {
    pub(super) window: Window,
    /// When each began; none once it was settled.
    in_flight: VecDeque<Option<Instant>>,
    /// The number of the first of them.
    first: u64,
}

impl SlowWatch {
    /// Keeps a call in mind and gives it a number.
    pub(super) fn begin(&mut self, now: Instant) -> u64 {
        self.in_flight.push_back(Some(now));
        self.first.wrapping_add(self.in_flight.len() as u64 - 1)
    }

    /// Whether that call is still to be counted, which it is no more from now on.
    pub(super) fn settle(&mut self, number: u64) -> bool {
        let place = usize::try_from(number.wrapping_sub(self.first)).ok();
        let counts = place.and_then(|place| self.in_flight.get_mut(place)).is_some_and(|began| began.take().is_some());
        while let Some(None) = self.in_flight.front() {
            self.forget_first();
        }
        counts
    }

    /// Takes the first call that has become slow, with the instant at which it did.
    pub(super) fn next_slow(&mut self, rule: SlowPolicy, now: Instant) -> Option<Instant> {
        let became = self.first_slow(rule, now)?;
        self.settle(self.first);
        Some(became)
    }

    /// When the first call in flight became slow, if it has.
    pub(super) fn first_slow(&self, rule: SlowPolicy, now: Instant) -> Option<Instant> {
        let began = self.in_flight.front().copied().flatten().filter(|began| rule.is_slow(*began, now))?;
        Some(began + rule.limit())
    }

    /// Watches from here on: whoever began before has the number of no call that will be watched.
    pub(super) fn begin_anew(&mut self) {
        self.clear();
        self.first = self.first.wrapping_add(1);
    }

    pub(super) fn clear(&mut self) {
        self.first = self.first.wrapping_add(self.in_flight.len() as u64);
        self.in_flight.clear();
        self.window.clear();
    }

    fn forget_first(&mut self) {
        self.in_flight.pop_front();
        self.first = self.first.wrapping_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Instant {
        Instant::from_millis(ms)
    }

    #[test]
    fn settings_outside_their_meaning_are_refused_by_name() {
        let second = Duration::from_secs(1);
        assert_eq!(SlowPolicy::new(Duration::ZERO, 500).unwrap_err().name, "breaker.slow.ms");
        assert_eq!(SlowPolicy::new(second, 0).unwrap_err().name, "breaker.slow.rate");
        assert_eq!(SlowPolicy::new(second, 1_001).unwrap_err().name, "breaker.slow.rate");
        let (least, most) = (SlowPolicy::new(second, 1).unwrap(), SlowPolicy::new(second, 1_000).unwrap());
        assert_eq!((least.per_mille(), most.per_mille(), least.limit()), (1, 1_000, second));
    }

    #[test]
    fn calls_become_slow_each_at_its_instant_and_not_before() {
        let rule = SlowPolicy::new(Duration::from_millis(10), 500).unwrap();
        let mut watch = SlowWatch::default();
        let numbers = [0, 1, 5].map(|ms| watch.begin(at(ms)));
        assert!(watch.settle(numbers[1]));
        assert_eq!(watch.next_slow(rule, Instant::from_micros(9_999)), None);
        assert_eq!(watch.next_slow(rule, at(30)), Some(at(10)));
        assert_eq!(watch.next_slow(rule, at(30)), Some(at(15)));
        assert_eq!(watch.next_slow(rule, at(30)), None);
        assert_eq!(numbers.map(|number| watch.settle(number)), [false; 3], "each counts once");
    }

    #[test]
    fn no_more_calls_are_kept_than_began_within_one_limit() {
        let rule = SlowPolicy::new(Duration::from_millis(10), 500).unwrap();
        let mut watch = SlowWatch::default();
        for ms in 0..10_000 {
            while watch.next_slow(rule, at(ms)).is_some() {}
            let number = watch.begin(at(ms));
            // Every other one is settled at once, the rest never.
            assert!(ms % 2 == 0 || watch.settle(number));
            assert!(watch.in_flight.len() <= 10, "{} at {ms}", watch.in_flight.len());
        }
    }
}
