//! Timelines of the rule over slow calls.

use super::super::*;
use super::{at, attempt};
use alloc::vec::Vec;

/// Opens when half of the last calls, 4 at least, take 100 ms or more; for 5 to 10 s.
fn breaker() -> CircuitBreaker {
    let slow = SlowPolicy::new(Duration::from_millis(100), 500).unwrap();
    let policy = BreakerPolicy::default()
        .with_consecutive(3)
        .with_window(Some(WindowPolicy::new(1_000, 8, Duration::from_secs(60), 4).unwrap()))
        .with_slow(Some(slow))
        .with_open_for(Duration::from_secs(10), Duration::from_secs(40))
        .unwrap();
    CircuitBreaker::new(policy, Seed(1))
}

fn begin(breaker: &mut CircuitBreaker, times: [u64; 4]) -> [Permit; 4] {
    times.map(|ms| breaker.admit(at(ms), None).unwrap())
}

fn half_open() -> (CircuitBreaker, Instant) {
    let mut breaker = breaker();
    for _ in 0..3 {
        attempt(&mut breaker, 0, PermitOutcome::Failed);
    }
    let until = breaker.open_until().unwrap();
    breaker.advance(until);
    assert_eq!(breaker.state(), State::HalfOpen);
    (breaker, until)
}

#[test]
fn calls_in_flight_open_it_when_their_limit_comes_and_not_before() {
    let mut breaker = breaker();
    let permits = begin(&mut breaker, [0, 10, 20, 30]);
    breaker.advance(Instant::from_micros(129_999));
    assert_eq!((breaker.state(), breaker.stats().slow), (State::Closed, 3), "three are not enough to judge");
    // Seen late, dated when it was.
    breaker.advance(at(500));
    let change = breaker.poll_change().unwrap();
    assert_eq!((change.at, change.reason), (at(130), ChangeReason::Slow { slow: 4, calls: 4 }));
    assert_eq!(breaker.stats().slow, 4);
    for permit in permits {
        breaker.settle(permit, PermitOutcome::Ok, at(600));
    }
    assert_eq!((breaker.stats().late, breaker.stats().successes), (4, 0));
}

#[test]
fn a_call_counts_once_when_it_is_settled_or_when_its_limit_comes() {
    let mut breaker = breaker();
    let [first, second, third, fourth] = begin(&mut breaker, [0, 0, 50, 50]);
    for (permit, outcome) in [(third, PermitOutcome::Ok), (fourth, PermitOutcome::Failed)] {
        breaker.settle(permit, outcome, at(60));
    }
    let in_time = breaker.admit(at(60), None).unwrap();
    breaker.settle(in_time, PermitOutcome::Ok, at(60));
    breaker.settle(first, PermitOutcome::Ok, at(100));
    breaker.settle(second, PermitOutcome::Slow, at(100));
    assert_eq!(breaker.stats().slow, 2);
    assert_eq!(breaker.state(), State::Closed, "2 of 5");
    attempt(&mut breaker, 101, PermitOutcome::Slow);
    assert_eq!(breaker.poll_change().unwrap().reason, ChangeReason::Slow { slow: 3, calls: 6 });
    assert_eq!((breaker.stats().successes, breaker.stats().failures), (5, 1));
}

#[test]
fn a_call_handed_back_before_its_limit_counts_neither_way() {
    for outcome in [PermitOutcome::Ignored, PermitOutcome::Cancelled] {
        let mut breaker = breaker();
        let permits = begin(&mut breaker, [0; 4]);
        for permit in permits {
            breaker.settle(permit, outcome, Instant::from_micros(99_999));
        }
        breaker.advance(at(1_000));
        assert_eq!((breaker.state(), breaker.stats().slow, breaker.stats().ignored), (State::Closed, 0, 4));
    }
}

#[test]
fn slow_is_a_success_to_the_rules_over_failures() {
    let mut breaker = breaker();
    for outcome in [PermitOutcome::Failed, PermitOutcome::Failed, PermitOutcome::Slow, PermitOutcome::Failed] {
        attempt(&mut breaker, 0, outcome);
    }
    assert_eq!(breaker.state(), State::Closed);
    assert_eq!((breaker.stats().successes, breaker.stats().failures, breaker.stats().slow), (1, 3, 1));
}

#[test]
fn without_the_rule_slow_is_counted_and_changes_nothing() {
    let mut breaker = CircuitBreaker::new(BreakerPolicy::default().with_consecutive(1), Seed(1));
    for ms in 0..50 {
        attempt(&mut breaker, ms, PermitOutcome::Slow);
    }
    assert_eq!((breaker.state(), breaker.stats().successes, breaker.stats().slow), (State::Closed, 50, 50));
    attempt(&mut breaker, 50, PermitOutcome::Failed);
    let until = breaker.open_until().unwrap();
    let probe = breaker.admit(until, None).unwrap();
    breaker.settle(probe, PermitOutcome::Slow, until);
    assert_eq!(breaker.state(), State::Closed, "a slow probe is a good one here");
}

#[test]
fn a_slow_probe_counts_as_failed_at_the_limit_or_when_its_caller_says_so() {
    let (mut breaker, now) = half_open();
    let probe = breaker.admit(now, Some(Duration::from_secs(60))).unwrap();
    let limit = now + Duration::from_millis(100);
    assert_eq!(probe.lease_until(), limit);
    breaker.advance(Instant::from_micros(limit.as_micros() - 1));
    assert_eq!(breaker.state(), State::HalfOpen);
    breaker.settle(probe, PermitOutcome::Ok, limit);
    let told: Vec<_> = core::iter::from_fn(|| breaker.poll_change()).skip(2).collect();
    assert_eq!(
        told.iter().map(|change| (change.at, &change.reason)).collect::<Vec<_>>(),
        [(limit, &ChangeReason::ProbeFailed)]
    );
    assert_eq!((breaker.state(), breaker.stats().slow, breaker.stats().late), (State::Open, 1, 1));

    let (mut breaker, now) = half_open();
    let probe = breaker.admit(now, None).unwrap();
    breaker.settle(probe, PermitOutcome::Slow, now);
    assert_eq!((breaker.state(), breaker.stats().failures, breaker.stats().slow), (State::Open, 4, 1));

    let (mut breaker, now) = half_open();
    let probe = breaker.admit(now, Some(Duration::from_millis(30))).unwrap();
    breaker.advance(probe.lease_until());
    let reason = core::iter::from_fn(|| breaker.poll_change()).last().unwrap().reason;
    assert_eq!((reason, breaker.stats().slow), (ChangeReason::LeaseEnded, 0), "its lease was shorter");
}

#[test]
fn a_probe_whose_lease_is_no_longer_than_the_limit_is_lost_rather_than_slow() {
    for (lease, reason, slow) in [(100, ChangeReason::LeaseEnded, 0), (101, ChangeReason::ProbeFailed, 1)] {
        let (mut breaker, now) = half_open();
        let probe = breaker.admit(now, Some(Duration::from_millis(lease))).unwrap();
        assert_eq!(probe.lease_until(), now + Duration::from_millis(100));
        breaker.advance(probe.lease_until());
        let last = core::iter::from_fn(|| breaker.poll_change()).last().unwrap();
        assert_eq!((last.reason, breaker.stats().slow), (reason, slow), "a lease of {lease} ms");
    }
}

#[test]
fn slow_calls_slide_out_of_the_window_by_count_and_by_the_clock() {
    let mut breaker = breaker();
    attempt(&mut breaker, 0, PermitOutcome::Slow);
    attempt(&mut breaker, 0, PermitOutcome::Slow);
    attempt(&mut breaker, 59_999, PermitOutcome::Ok);
    attempt(&mut breaker, 60_000, PermitOutcome::Ok);
    attempt(&mut breaker, 60_000, PermitOutcome::Slow);
    assert_eq!(breaker.state(), State::Closed, "1 of 3: the first two are a minute old");
    for _ in 0..8 {
        attempt(&mut breaker, 60_001, PermitOutcome::Ok);
    }
    for _ in 0..4 {
        assert_eq!(breaker.state(), State::Closed);
        attempt(&mut breaker, 60_002, PermitOutcome::Slow);
    }
    assert_eq!(breaker.poll_change().unwrap().reason, ChangeReason::Slow { slow: 4, calls: 8 });
}

#[test]
fn without_a_window_the_default_one_says_which_calls_are_recent() {
    let slow = SlowPolicy::new(Duration::from_millis(100), 500).unwrap();
    let policy = BreakerPolicy::default().with_window(None).with_slow(Some(slow));
    let mut breaker = CircuitBreaker::new(policy, Seed(1));
    for expected in [State::Closed, State::Closed, State::Closed, State::Closed, State::Open] {
        attempt(&mut breaker, 0, PermitOutcome::Slow);
        assert_eq!(breaker.state(), expected);
    }
}

#[test]
fn a_disabled_breaker_counts_slow_calls_and_stays_as_it_is() {
    let mut breaker = breaker();
    breaker.disable("load test", at(0));
    for _ in 0..9 {
        let permit = breaker.admit(at(0), None).unwrap();
        breaker.settle(permit, PermitOutcome::Ok, at(100));
    }
    assert_eq!((breaker.state(), breaker.stats().slow), (State::Disabled, 1));
}
