//! A breaker under other settings, with its history.

use super::rare::Mode;
use super::window::{Recent, Window};
use super::{BreakerPolicy, CircuitBreaker, WindowPolicy, rules};
use alloc::sync::Arc;
use alloc::vec::Vec;

impl CircuitBreaker {
    /// Goes on under other settings. What was decided stays: its state, an open time that runs, probes with their leases.
    /// What it has seen counts on, as far as the new settings look back; calls in flight are watched by a rule over slow calls only
    /// if there was one when they began.
    pub(crate) fn adopt(&mut self, policy: BreakerPolicy) {
        let before = *self.policy();
        if before == policy {
            return;
        }
        let now = self.now;
        let seen: Vec<_> = match &self.rare {
            Some(rare) => rare.window.ages(now).chain(self.recent.ages(now)).collect(),
            None => self.recent.ages(now).collect(),
        };
        self.policy = Some(Arc::new(policy)).filter(|policy| **policy != BreakerPolicy::DEFAULT);
        self.recent = Recent::new(policy.window.as_ref());
        self.plain =
            policy.slow.is_none() && matches!(self.rare.as_ref().map(|rare| &rare.mode), None | Some(Mode::Closed));
        if let Some(rare) = &mut self.rare {
            rare.window.clear();
            let durations: Vec<_> = rare.watch.window.ages(now).collect();
            if policy.slow.is_none() || before.slow.is_none() {
                rare.watch.begin_anew();
            }
            rare.watch.window.clear();
            if let Some(rule) = policy.slow_window() {
                put(&mut rare.watch.window, &durations, now.as_micros(), &rule);
            }
        } else if policy.slow.is_some() {
            self.rare_mut().watch.begin_anew();
        }
        // In any other state than closed nothing was seen that counts.
        let Some(rule) = rules(self.policy.as_ref()).window else { return };
        if self.recent.is_used() {
            for (age, failed) in young(&seen, &rule) {
                self.recent.record(now.as_micros().wrapping_sub(age), failed);
            }
        } else if !seen.is_empty() {
            put(&mut self.rare_mut().window, &seen, now.as_micros(), &rule);
        }
    }
}

/// What the rule looks back to, oldest first, as ages.
fn young(seen: &[(u64, bool)], rule: &WindowPolicy) -> impl Iterator<Item = (u64, bool)> {
    let span = rule.span_us;
    seen.iter().copied().filter(move |(age, _)| *age < span)
}

fn put(window: &mut Window, seen: &[(u64, bool)], now: u64, rule: &WindowPolicy) {
    for (age, bad) in young(seen, rule) {
        window.record(now.wrapping_sub(age), bad, rule);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::breaker::{PermitOutcome, SlowPolicy, State};
    use crate::rng::Seed;
    use crate::time::{Duration, Instant};

    fn at(ms: u64) -> Instant {
        Instant::from_millis(ms)
    }

    fn after_failures(policy: BreakerPolicy, failures: u64) -> CircuitBreaker {
        let mut breaker = CircuitBreaker::new(policy, Seed(1));
        for ms in 1..=failures {
            let permit = breaker.admit(at(ms), None).unwrap();
            breaker.settle(permit, PermitOutcome::Failed, at(ms));
        }
        breaker
    }

    fn fail(breaker: &mut CircuitBreaker, now: Instant) -> State {
        let permit = breaker.admit(now, None).unwrap();
        breaker.settle(permit, PermitOutcome::Failed, now);
        breaker.state()
    }

    /// Both windows: the one in the breaker, and the one on the heap.
    #[test]
    fn a_breaker_under_other_settings_remembers_what_it_has_seen() {
        for (before, after) in [(20, 20), (20, 30), (30, 20), (30, 40)] {
            let window = |calls| WindowPolicy::new(1_000, calls, Duration::from_secs(60), 4).unwrap();
            let of = |calls| BreakerPolicy::default().with_consecutive(0).with_window(Some(window(calls)));
            let mut breaker = after_failures(of(before).with_consecutive(9), 3);
            breaker.adopt(of(after));
            assert_eq!(breaker.policy(), &of(after));
            assert_eq!(fail(&mut breaker, at(10)), State::Open, "{before} to {after}: the fourth of four");
        }
    }

    #[test]
    fn what_a_shorter_window_does_not_look_back_to_is_forgotten() {
        let of = |ms| {
            let window = WindowPolicy::new(1_000, 20, Duration::from_millis(ms), 4).unwrap();
            BreakerPolicy::default().with_consecutive(0).with_window(Some(window))
        };
        let mut breaker = after_failures(of(60_000), 3);
        breaker.adopt(of(8));
        assert_eq!(fail(&mut breaker, at(9)), State::Closed, "the first is 8 ms old");
    }

    #[test]
    fn a_row_of_failures_that_is_long_enough_by_now_opens_at_the_next_one_and_not_before() {
        let of = |failures| BreakerPolicy::default().with_window(None).with_consecutive(failures);
        let mut breaker = after_failures(of(5), 3);
        breaker.adopt(of(2));
        assert_eq!(breaker.state(), State::Closed);
        assert_eq!(fail(&mut breaker, at(10)), State::Open);
    }

    #[test]
    fn an_open_time_that_runs_stays_as_it_was_drawn() {
        let policy = BreakerPolicy::default().with_consecutive(1);
        let mut breaker = after_failures(policy, 1);
        let until = breaker.open_until().unwrap();
        let second = Duration::from_secs(1);
        breaker.adopt(policy.with_open_for(second, second).unwrap());
        assert_eq!((breaker.state(), breaker.open_until()), (State::Open, Some(until)));
        assert!(breaker.admit(at(2_000), None).is_err());
    }

    #[test]
    fn a_call_from_before_the_rule_over_slow_calls_is_not_taken_for_one_that_it_watches() {
        let slow = SlowPolicy::new(Duration::from_millis(10), 1_000).unwrap();
        let plain = BreakerPolicy::default()
            .with_window(Some(WindowPolicy::new(1_000, 20, Duration::from_secs(60), 1).unwrap()));
        let mut breaker = CircuitBreaker::new(plain, Seed(1));
        let old = breaker.admit(at(0), None).unwrap();
        breaker.adopt(plain.with_slow(Some(slow)));
        let new = breaker.admit(at(5), None).unwrap();
        breaker.settle(old, PermitOutcome::Ok, at(6));
        breaker.advance(at(15));
        assert_eq!(breaker.stats().slow, 1, "the new one became slow, and was not settled by the old one");
        breaker.settle(new, PermitOutcome::Ok, at(16));
        breaker.adopt(plain);
        assert_eq!(breaker.policy(), &plain);
    }

    #[test]
    fn a_call_from_under_an_earlier_rule_over_slow_calls_is_not_watched_by_the_next_one() {
        let slow = SlowPolicy::new(Duration::from_millis(10), 1_000).unwrap();
        let plain = BreakerPolicy::default();
        let mut breaker = CircuitBreaker::new(plain.with_slow(Some(slow)), Seed(1));
        let _old = breaker.admit(at(0), None).unwrap();
        breaker.adopt(plain);
        breaker.adopt(plain.with_slow(Some(slow)));
        breaker.advance(at(15));
        assert_eq!(breaker.stats().slow, 0);
    }
}
