//! Timelines of the breaker: what may happen, when, and what may not.

use super::rare::CHANGES_KEPT;
use super::*;
use alloc::vec::Vec;

mod blocked;
mod slow;

fn at(ms: u64) -> Instant {
    Instant::from_millis(ms)
}

/// Opens after 3 failures in a row, for 5 to 10 s.
fn breaker() -> CircuitBreaker {
    let policy = BreakerPolicy::default()
        .with_consecutive(3)
        .with_window(None)
        .with_open_for(Duration::from_secs(10), Duration::from_secs(40))
        .unwrap()
        .with_lease(Duration::from_secs(2))
        .unwrap();
    CircuitBreaker::new(policy, Seed(1))
}

fn attempt(breaker: &mut CircuitBreaker, ms: u64, outcome: PermitOutcome) {
    let permit = breaker.admit(at(ms), None).expect("admitted");
    breaker.settle(permit, outcome, at(ms));
}

/// Opens it at `ms` and tells until when.
fn open(breaker: &mut CircuitBreaker, ms: u64) -> Instant {
    for _ in 0..3 {
        attempt(breaker, ms, PermitOutcome::Failed);
    }
    assert_eq!(breaker.state(), State::Open);
    breaker.admit(at(ms), None).unwrap_err().retry_at
}

#[test]
fn opens_after_so_many_failures_in_a_row_and_not_before() {
    let mut breaker = breaker();
    attempt(&mut breaker, 0, PermitOutcome::Failed);
    attempt(&mut breaker, 1, PermitOutcome::Failed);
    attempt(&mut breaker, 2, PermitOutcome::Ok);
    attempt(&mut breaker, 3, PermitOutcome::Failed);
    attempt(&mut breaker, 4, PermitOutcome::Failed);
    assert_eq!(breaker.state(), State::Closed);
    attempt(&mut breaker, 5, PermitOutcome::Failed);
    assert_eq!(breaker.state(), State::Open);
    let change = breaker.poll_change().unwrap();
    assert_eq!((change.from, change.to, change.at), (State::Closed, State::Open, at(5)));
    assert_eq!(change.reason, ChangeReason::Consecutive { failures: 3 });
    assert!(change.until.is_some() && change.until == breaker.open_until());
    assert_eq!(breaker.poll_change(), None);
    breaker.reset(at(6));
    assert_eq!(breaker.poll_change().unwrap().until, None);
}

#[test]
fn lets_nothing_through_before_its_open_time_is_over_and_one_probe_exactly_then() {
    let mut breaker = breaker();
    let until = open(&mut breaker, 100);
    assert!((at(5_100)..=at(10_100)).contains(&until), "equal jitter of 10 s: {until}");
    let before = Instant::from_micros(until.as_micros() - 1);
    assert_eq!(breaker.admit(before, None).unwrap_err(), Rejection { retry_at: until, reason: RejectReason::Open });
    let probe = breaker.admit(until, None).unwrap();
    assert_eq!(breaker.state(), State::HalfOpen);
    let second = breaker.admit(until, None).unwrap_err();
    assert_eq!(second.reason, RejectReason::ProbesUnderWay { probes: 1 });
    assert_eq!(second.retry_at, probe.lease_until());
    breaker.settle(probe, PermitOutcome::Ok, until + Duration::from_millis(1));
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn breakers_that_open_together_do_not_all_come_back_together() {
    let untils = (0..200).map(|seed| {
        let mut breaker = CircuitBreaker::new(*breaker().policy(), Seed(seed));
        open(&mut breaker, 0)
    });
    let untils: Vec<_> = untils.collect();
    let (first, last) = (*untils.iter().min().unwrap(), *untils.iter().max().unwrap());
    assert!((at(5_000)..at(5_100)).contains(&first) && (at(9_900)..=at(10_000)).contains(&last), "{first} to {last}");
}

#[test]
fn a_refusal_is_told_to_callers_who_only_ask_and_counted() {
    let mut breaker = breaker();
    assert_eq!(breaker.refusal(at(0)), None);
    let until = open(&mut breaker, 0);
    assert_eq!(breaker.stats().rejected, 1);
    let before = Instant::from_micros(until.as_micros() - 1);
    assert_eq!(breaker.refusal(before), Some(Rejection { retry_at: until, reason: RejectReason::Open }));
    assert_eq!((breaker.stats().rejected, breaker.state()), (2, State::Open));
    assert_eq!(breaker.refusal(until), None);
    assert_eq!((breaker.stats().rejected, breaker.state()), (2, State::HalfOpen));
}

#[test]
fn a_failed_probe_opens_it_again_for_twice_as_long() {
    let mut breaker = breaker();
    let mut longest = 10_000;
    let mut until = open(&mut breaker, 0);
    for _ in 0..4 {
        let opened = until;
        let probe = breaker.admit(until, None).unwrap();
        breaker.settle(probe, PermitOutcome::Failed, opened);
        longest = (longest * 2).min(40_000);
        until = breaker.admit(opened, None).unwrap_err().retry_at;
        let open_for = (until - opened).as_millis();
        assert!((longest / 2..=longest).contains(&open_for), "{open_for} of at most {longest}");
    }
    let probe = breaker.admit(until, None).unwrap();
    breaker.settle(probe, PermitOutcome::Ok, until);
    let again = open(&mut breaker, until.as_micros() / 1_000 + 1);
    assert!((again - until).as_millis() <= 10_001, "closing starts the growth anew");
}

#[test]
fn hung_probe_releases_its_permit_when_the_lease_ends() {
    let mut breaker = breaker();
    let until = open(&mut breaker, 0);
    let probe = breaker.admit(until, None).unwrap();
    let lease_end = until + Duration::from_secs(2);
    let just_before = Instant::from_micros(lease_end.as_micros() - 1);
    assert!(matches!(breaker.admit(just_before, None).unwrap_err().reason, RejectReason::ProbesUnderWay { .. }));
    let reopened = breaker.admit(lease_end, None).unwrap_err();
    assert_eq!(reopened.reason, RejectReason::Open);
    breaker.settle(probe, PermitOutcome::Ok, lease_end);
    assert_eq!(breaker.state(), State::Open, "the probe's late success closes nothing");
    assert_eq!(breaker.stats().late, 1);
    assert!(breaker.admit(reopened.retry_at, None).is_ok());
}

#[test]
fn a_call_from_before_the_outage_neither_opens_nor_closes_anything() {
    for outcome in [PermitOutcome::Ok, PermitOutcome::Failed] {
        let mut breaker = breaker();
        let old = breaker.admit(at(0), None).unwrap();
        let until = open(&mut breaker, 10);
        let probe = breaker.admit(until, None).unwrap();
        breaker.settle(old, outcome, until);
        assert_eq!(breaker.state(), State::HalfOpen, "{outcome:?}");
        breaker.settle(probe, PermitOutcome::Ok, until);
        assert_eq!(breaker.state(), State::Closed);
        assert_eq!(breaker.stats().late, 1);
    }
}

#[test]
fn a_success_from_before_a_reset_is_late_also_to_a_closed_breaker() {
    let mut breaker = breaker();
    let old = breaker.admit(at(0), None).unwrap();
    breaker.reset(at(1));
    breaker.settle(old, PermitOutcome::Ok, at(1));
    assert_eq!((breaker.stats().late, breaker.stats().successes), (1, 0));
}

#[test]
fn a_cancelled_or_ignored_probe_hands_its_permit_back_and_counts_neither_way() {
    for outcome in [PermitOutcome::Cancelled, PermitOutcome::Ignored] {
        let mut breaker = breaker();
        let until = open(&mut breaker, 0);
        let probe = breaker.admit(until, None).unwrap();
        breaker.settle(probe, outcome, until);
        assert_eq!(breaker.state(), State::HalfOpen);
        assert!(breaker.admit(until, None).is_ok(), "another probe may go");
    }
}

#[test]
fn several_probes_and_several_successes_to_close() {
    let policy = BreakerPolicy::default().with_consecutive(1).with_probes(2, 3).unwrap();
    let mut breaker = CircuitBreaker::new(policy, Seed(1));
    attempt(&mut breaker, 0, PermitOutcome::Failed);
    let until = breaker.admit(at(0), None).unwrap_err().retry_at;
    let (first, second) = (breaker.admit(until, None).unwrap(), breaker.admit(until, None).unwrap());
    assert!(breaker.admit(until, None).is_err());
    breaker.settle(first, PermitOutcome::Ok, until);
    breaker.settle(second, PermitOutcome::Ok, until);
    assert_eq!(breaker.state(), State::HalfOpen);
    let third = breaker.admit(until, None).unwrap();
    breaker.settle(third, PermitOutcome::Ok, until);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn four_failures_an_idle_hour_and_one_failure_do_not_open_a_window_of_a_minute() {
    let policy = BreakerPolicy::default().with_consecutive(0);
    let mut breaker = CircuitBreaker::new(policy, Seed(1));
    for _ in 0..4 {
        attempt(&mut breaker, 0, PermitOutcome::Failed);
    }
    attempt(&mut breaker, 3_600_000, PermitOutcome::Failed);
    assert_eq!(breaker.state(), State::Closed);
    for _ in 0..4 {
        attempt(&mut breaker, 3_600_001, PermitOutcome::Failed);
    }
    assert_eq!(breaker.poll_change().unwrap().reason, ChangeReason::Window { failed: 5, calls: 5 });
}

#[test]
fn without_any_rule_it_counts_and_opens_by_hand_alone() {
    let policy = BreakerPolicy::default().with_consecutive(0).with_window(None).with_slow(None);
    let mut breaker = CircuitBreaker::new(policy, Seed(1));
    for ms in 0..100 {
        attempt(&mut breaker, ms, PermitOutcome::Failed);
    }
    assert_eq!((breaker.state(), breaker.stats().failures, breaker.poll_change()), (State::Closed, 100, None));
    assert_eq!(breaker.forced_reason(), None);
    breaker.force_open("maintenance", at(100));
    assert_eq!(breaker.forced_reason(), Some("maintenance"));
    assert!(breaker.admit(at(100), None).is_err());
}

#[test]
fn failures_before_an_idle_stretch_of_any_length_do_not_open_it() {
    // Also of the lengths after which stamps of 31 bits begin anew.
    for idle in [60_000_000, 1 << 29, 1 << 30, 1 << 31, 1 << 32, 1 << 40] {
        let mut breaker = CircuitBreaker::new(BreakerPolicy::default().with_consecutive(0), Seed(1));
        for _ in 0..4 {
            attempt(&mut breaker, 0, PermitOutcome::Failed);
        }
        let now = Instant::from_micros(idle);
        let permit = breaker.admit(now, None).unwrap();
        breaker.settle(permit, PermitOutcome::Failed, now);
        assert_eq!(breaker.state(), State::Closed, "after {idle} microseconds");
    }
}

#[test]
fn by_hand_it_opens_lets_all_through_and_resets_each_with_its_reason() {
    let mut breaker = breaker();
    breaker.force_open("maintenance", at(0));
    let rejection = breaker.admit(at(9_999_999), None).unwrap_err();
    assert_eq!(rejection.retry_at, Instant::MAX);
    assert_eq!(rejection.reason, RejectReason::ForcedOpen { reason: "maintenance".into() });
    assert_eq!((breaker.forced_reason(), breaker.disabled_reason()), (Some("maintenance"), None));
    breaker.disable("load test", at(10));
    for _ in 0..9 {
        attempt(&mut breaker, 11, PermitOutcome::Failed);
    }
    assert_eq!((breaker.state(), breaker.stats().failures), (State::Disabled, 9));
    assert_eq!((breaker.disabled_reason(), breaker.forced_reason()), (Some("load test"), None));
    breaker.reset(at(12));
    assert_eq!(breaker.state(), State::Closed);
    let reasons: Vec<_> = core::iter::from_fn(|| breaker.poll_change()).map(|change| change.to).collect();
    assert_eq!(reasons, [State::ForcedOpen, State::Disabled, State::Closed]);
}

#[test]
fn a_clock_that_goes_back_does_not_close_or_lengthen_anything() {
    let mut breaker = breaker();
    let until = open(&mut breaker, 60_000);
    assert_eq!(breaker.admit(at(0), None).unwrap_err().retry_at, until);
    assert!(breaker.admit(until, None).is_ok());
}

#[test]
fn changes_nobody_polls_do_not_pile_up() {
    let mut breaker = breaker();
    for ms in 0..1_000 {
        breaker.reset(at(ms));
    }
    assert_eq!(core::iter::from_fn(|| breaker.poll_change()).count(), CHANGES_KEPT);
}

#[test]
fn a_breaker_takes_128_bytes_and_nothing_on_the_heap_while_it_only_counts() {
    assert!(size_of::<CircuitBreaker>() <= 128, "{} bytes", size_of::<CircuitBreaker>());
    let mut breaker = CircuitBreaker::new(BreakerPolicy::default(), Seed(1));
    for call in 0..10_000 {
        // The clock comes to other eras, too.
        let outcome = if call % 3 == 0 { PermitOutcome::Failed } else { PermitOutcome::Ok };
        attempt(&mut breaker, call * call, outcome);
    }
    assert_eq!((breaker.stats().successes, breaker.stats().failures), (6_666, 3_334));
    assert!(breaker.policy.is_none() && breaker.rare.is_none());
    let own = Arc::new(BreakerPolicy::default().with_consecutive(9));
    let breakers = [1, 2].map(|seed| CircuitBreaker::new(own.clone(), Seed(seed)));
    assert!(breakers.iter().all(|breaker| breaker.rare.is_none()));
    assert_eq!(Arc::strong_count(&own), 3, "the settings lie there once");
}

#[test]
fn counts_go_on_beyond_what_lies_in_the_breaker() {
    let mut breaker = breaker();
    (breaker.successes, breaker.failures) = (u32::MAX - 1, u32::MAX);
    for _ in 0..3 {
        attempt(&mut breaker, 0, PermitOutcome::Ok);
    }
    attempt(&mut breaker, 0, PermitOutcome::Failed);
    assert_eq!((breaker.stats().successes, breaker.stats().failures), ((1 << 32) + 1, 1 << 32));
}

#[test]
fn either_count_goes_on_alone() {
    for (outcome, counts) in [(PermitOutcome::Slow, (u32::MAX, 0)), (PermitOutcome::Failed, (0, u32::MAX))] {
        let mut breaker = breaker();
        (breaker.successes, breaker.failures) = counts;
        attempt(&mut breaker, 0, outcome);
        let stats = breaker.stats();
        assert_eq!((stats.successes + stats.failures, stats.successes * stats.failures), (1 << 32, 0), "{outcome:?}");
    }
}

#[test]
fn a_large_window_counts_by_the_same_rule() {
    let large = WindowPolicy::new(500, 100, Duration::from_secs(3_600), 100).unwrap();
    let mut breaker = CircuitBreaker::new(BreakerPolicy::default().with_window(Some(large)), Seed(1));
    for call in 0..200_u64 {
        assert_eq!(breaker.state(), State::Closed, "{call}");
        let outcome = if call % 2 == 1 && call > 51 { PermitOutcome::Failed } else { PermitOutcome::Ok };
        attempt(&mut breaker, call * 1_000, outcome);
        if call == 151 {
            break;
        }
    }
    assert_eq!(breaker.poll_change().unwrap().reason, ChangeReason::Window { failed: 50, calls: 100 });
}

#[test]
fn a_policy_tells_its_settings() {
    let (first, most, lease) = (Duration::from_secs(7), Duration::from_secs(9), Duration::from_secs(2));
    let window = WindowPolicy::new(300, 9, Duration::from_secs(8), 6).unwrap();
    let slow = SlowPolicy::new(Duration::from_secs(8), 900).unwrap();
    let policy = BreakerPolicy::default().with_consecutive(4).with_window(Some(window)).with_slow(Some(slow));
    let policy = policy.with_open_for(first, most).unwrap().with_probes(3, 2).unwrap().with_lease(lease).unwrap();
    assert_eq!((policy.consecutive(), policy.window(), policy.slow()), (4, Some(window), Some(slow)));
    assert_eq!((policy.open_for(), policy.open_for_max(), policy.lease()), (first, most, Some(lease)));
    assert_eq!((policy.probes(), policy.successes()), (3, 2));
    assert_eq!((window.per_mille(), window.calls(), window.minimum()), (300, 9, 6));
    assert_eq!(window.span(), Duration::from_secs(8));
    assert!(policy.with_open_for(most, most).is_ok(), "it need not grow");
}

#[cfg(feature = "serde")]
#[test]
fn settings_as_data_have_milliseconds() {
    let slow = SlowPolicy::new(Duration::from_secs(8), 900).unwrap();
    let data = |policy: BreakerPolicy| serde_json::to_string(&policy).unwrap();
    let with = data(BreakerPolicy::default().with_slow(Some(slow)));
    assert!(with.contains(r#""window":{"per_mille":500,"calls":20,"span":60000.0,"minimum":5}"#), "{with}");
    assert!(with.contains(r#""slow":{"limit":8000.0,"per_mille":900}"#), "{with}");
    assert!(data(BreakerPolicy::default()).contains(r#""slow":null"#));
}

#[test]
fn states_are_named_as_in_javascript() {
    let names = [State::Closed, State::Open, State::HalfOpen, State::ForcedOpen, State::Disabled].map(State::as_str);
    assert_eq!(names, ["closed", "open", "half-open", "forced-open", "disabled"]);
}

#[test]
fn the_widest_window_is_half_of_all_time() {
    let widest = WindowPolicy::new(500, 2, Duration::MAX, 2).unwrap();
    assert_eq!(widest.span_us, 9_223_372_036_854_775_808);
}

#[test]
fn settings_outside_their_meaning_are_refused_by_name() {
    let policy = BreakerPolicy::default();
    let second = Duration::from_secs(1);
    let refused = [
        policy.with_open_for(Duration::ZERO, second).unwrap_err().name,
        policy.with_open_for(second * 2, second).unwrap_err().name,
        policy.with_probes(0, 1).unwrap_err().name,
        policy.with_probes(1, 0).unwrap_err().name,
        policy.with_lease(Duration::ZERO).unwrap_err().name,
        WindowPolicy::new(0, 1, second, 1).unwrap_err().name,
        WindowPolicy::new(1, 0, second, 1).unwrap_err().name,
        WindowPolicy::new(1, 2, Duration::ZERO, 1).unwrap_err().name,
        WindowPolicy::new(1, 2, second, 3).unwrap_err().name,
    ];
    assert_eq!(
        refused,
        [
            "breaker.open_for",
            "breaker.open_for",
            "breaker.probes",
            "breaker.successes",
            "breaker.lease",
            "breaker.window.rate",
            "breaker.window.calls",
            "breaker.window.ms",
            "breaker.window.minimum"
        ]
    );
}

#[test]
fn a_look_at_when_an_attempt_could_begin_is_right_to_the_microsecond_and_counts_nothing() {
    let mut breaker = breaker();
    assert_eq!(breaker.blocked_until(at(0)), None);
    breaker.force_open("maintenance", at(0));
    assert_eq!([at(1), Instant::MAX].map(|now| breaker.blocked_until(now)), [Some(Instant::MAX); 2], "for good");
    breaker.reset(at(1));
    let until = open(&mut breaker, 2);
    let rejected = breaker.stats().rejected;
    let before = Instant::from_micros(until.as_micros() - 1);
    assert_eq!([before, until].map(|now| breaker.blocked_until(now)), [Some(until), None]);
    let probe = breaker.admit(until, Some(Duration::from_secs(1))).unwrap();
    assert_eq!(breaker.blocked_until(until), Some(probe.lease_until), "its only probe is under way");
    assert_eq!(breaker.stats().rejected, rejected);
}
