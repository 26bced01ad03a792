//! Snapshots of the breaker: what comes back, how much of it, and what does not.

use super::super::{Change, ChangeReason, PermitOutcome, SlowPolicy, State};
use super::*;
use crate::rng::Stream;

fn at(ms: u64) -> Instant {
    Instant::from_millis(ms)
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Opens after 3 failures in a row, for 5 to 10 s, and by the default window.
fn policy() -> BreakerPolicy {
    BreakerPolicy::default().with_consecutive(3).with_open_for(ms(10_000), ms(40_000)).unwrap()
}

fn attempt(breaker: &mut CircuitBreaker, ms: u64, outcome: PermitOutcome) {
    let permit = breaker.admit(at(ms), None).expect("admitted");
    breaker.settle(permit, outcome, at(ms));
}

fn with_failures(policy: BreakerPolicy, failures: u32, ms: u64) -> CircuitBreaker {
    let mut breaker = CircuitBreaker::new(policy, Seed(1));
    for _ in 0..failures {
        attempt(&mut breaker, ms, PermitOutcome::Failed);
    }
    breaker
}

fn restored(breaker: &CircuitBreaker, then: u64, now: u64, elapsed: u64) -> CircuitBreaker {
    let bytes = breaker.snapshot(at(then));
    CircuitBreaker::restore(&bytes, *breaker.policy(), Seed(1), at(now), ms(elapsed)).unwrap()
}

#[test]
fn an_open_breaker_restored_at_once_is_open_for_the_rest_of_its_time() {
    let open = with_failures(policy(), 3, 60_000);
    let left = open.open_until().unwrap() - at(62_000);
    let mut back = restored(&open, 62_000, 5, 0);
    let until = at(5) + left;
    assert_eq!((back.state(), back.open_until()), (State::Open, Some(until)));
    assert_eq!(back.admit(Instant::from_micros(until.as_micros() - 1), None).unwrap_err().retry_at, until);
    assert!(back.admit(until, None).is_ok());
}

#[test]
fn an_open_breaker_restored_a_minute_later_lets_one_probe_through_and_not_more() {
    let open = with_failures(policy(), 3, 0);
    let mut back = restored(&open, 0, 10, 60_000);
    assert_eq!(back.state(), State::Open, "nobody has asked yet");
    let probe = back.admit(at(10), None).unwrap();
    assert!(back.admit(at(10), None).is_err());
    back.settle(probe, PermitOutcome::Failed, at(10));
    let open_for = back.open_until().unwrap() - at(10);
    assert!((ms(10_000)..=ms(20_000)).contains(&open_for), "the second time in a row: {open_for:?}");
}

#[test]
fn a_half_open_breaker_comes_back_half_open_without_its_probes() {
    let mut breaker = with_failures(policy().with_probes(1, 2).unwrap(), 3, 0);
    let until = breaker.open_until().unwrap();
    let first = breaker.admit(until, None).unwrap();
    breaker.settle(first, PermitOutcome::Ok, until);
    let lost = breaker.admit(until, None).unwrap();
    let bytes = breaker.snapshot(until);
    let mut back = CircuitBreaker::restore(&bytes, *breaker.policy(), Seed(1), until, Duration::ZERO).unwrap();
    assert_eq!(back.state(), State::HalfOpen);
    back.settle(lost, PermitOutcome::Ok, until);
    assert_eq!((back.state(), back.stats().late), (State::HalfOpen, 1));
    let second = back.admit(until, None).unwrap();
    assert!(back.admit(until, None).is_err());
    back.settle(second, PermitOutcome::Ok, until);
    assert_eq!(back.state(), State::Closed);
}

#[test]
fn permits_from_before_are_late_also_those_given_after_the_snapshot() {
    let mut breaker = CircuitBreaker::new(policy(), Seed(1));
    let before = breaker.admit(at(0), None).unwrap();
    let mut back = restored(&breaker, 0, 0, 0);
    breaker.reset(at(1));
    let after = breaker.admit(at(1), None).unwrap();
    for permit in [before, after] {
        back.settle(permit, PermitOutcome::Failed, at(2));
    }
    assert_eq!((back.stats().late, back.stats().failures), (2, 0));
}

#[test]
fn permits_are_late_also_after_several_restores() {
    let mut breaker = CircuitBreaker::new(policy(), Seed(1));
    for ms in 0..3 {
        breaker.reset(at(ms));
    }
    let old = breaker.admit(at(3), None).unwrap();
    let once = restored(&breaker, 3, 0, 0);
    let mut twice = restored(&once, 0, 0, 0);
    twice.settle(old, PermitOutcome::Failed, at(1));
    assert_eq!((twice.stats().late, twice.stats().failures), (1, 0));
}

#[test]
fn results_count_on_a_clock_that_is_years_old() {
    let by_window = policy().with_consecutive(0);
    let breaker = with_failures(by_window, 4, 1_000);
    let years_ms = 100_000_000_000;
    let mut back = restored(&breaker, 1_000, years_ms, 0);
    attempt(&mut back, years_ms + 1, PermitOutcome::Failed);
    let reason = ChangeReason::Window { failed: 5, calls: 5 };
    assert_eq!(back.poll_change().map(|change| change.reason), Some(reason));
}

#[test]
fn results_as_old_as_the_window_is_long_stay_behind() {
    let breaker = with_failures(policy().with_consecutive(0), 4, 0);
    let kept = |elapsed| restored(&breaker, 0, 0, elapsed).recent.ages(at(0)).count();
    assert_eq!((kept(59_999), kept(60_000)), (4, 0));
}

#[test]
fn failures_age_while_they_are_away_to_the_microsecond() {
    let by_window = policy().with_consecutive(0);
    // Four failures at 1 s, a fifth at 2 s on the clock before: away for so long that the four are 60 s old, or not quite.
    for (elapsed, opens) in [(Duration::from_micros(57_999_999), true), (ms(58_000), false)] {
        let breaker = with_failures(by_window, 4, 1_000);
        let bytes = breaker.snapshot(at(2_000));
        // The new clock has just begun: what is restored happened before its origin.
        let mut back = CircuitBreaker::restore(&bytes, by_window, Seed(1), at(3), elapsed).unwrap();
        let permit = back.admit(at(1_003), None).unwrap();
        back.settle(permit, PermitOutcome::Failed, at(1_003));
        assert_eq!(back.state() == State::Open, opens, "away for {elapsed:?}");
    }
}

#[test]
fn forced_open_and_disabled_come_back_with_their_reasons() {
    let mut forced = CircuitBreaker::new(policy(), Seed(1));
    forced.force_open("maintenance", at(0));
    let mut back = restored(&forced, 10, 0, 10);
    assert!(matches!(
        back.admit(at(0), None).unwrap_err().reason,
        super::super::RejectReason::ForcedOpen { reason } if reason == "maintenance"
    ));
    forced.disable("load test", at(20));
    let mut back = restored(&forced, 20, 0, 0);
    assert_eq!(
        (back.state(), back.disabled_reason(), back.forced_reason()),
        (State::Disabled, Some("load test"), None)
    );
    // And from there again, until somebody resets it.
    back = restored(&back, 30, 0, 0);
    assert_eq!(back.disabled_reason(), Some("load test"));
    back.reset(at(40));
    assert_eq!(back.disabled_reason(), None);
}

#[test]
fn results_that_no_longer_count_stay_behind_also_those_from_before_the_clock_began() {
    let slow = SlowPolicy::new(ms(10), 1_000).unwrap();
    let policy = policy().with_slow(Some(slow));
    let mut breaker = CircuitBreaker::new(policy, Seed(1));
    attempt(&mut breaker, 0, PermitOutcome::Ok);
    // Half a second before the origin of this clock, which then comes to its end.
    let mut back = restored(&breaker, 500, 0, 0);
    attempt(&mut back, 1, PermitOutcome::Ok);
    let bytes = back.snapshot(Instant::MAX);
    assert!(CircuitBreaker::restore(&bytes, policy, Seed(1), at(0), Duration::ZERO).is_ok());
    assert_eq!(back.snapshot(at(60_001)).len(), CircuitBreaker::new(policy, Seed(1)).snapshot(at(0)).len());
}

#[test]
fn other_settings_keep_the_newest_results_and_cut_the_open_time() {
    let ring = |calls, span| Some(WindowPolicy::new(1_000, calls, ms(span), calls).unwrap());
    let mut breaker = CircuitBreaker::new(policy().with_consecutive(0), Seed(1));
    for second in 0..4 {
        let outcome = if second < 2 { PermitOutcome::Ok } else { PermitOutcome::Failed };
        attempt(&mut breaker, second * 1_000, outcome);
    }
    for other in [ring(3, 60_000), ring(3, 600_000)] {
        let changed = policy().with_consecutive(0).with_window(other);
        let bytes = breaker.snapshot(at(3_000));
        let mut back = CircuitBreaker::restore(&bytes, changed, Seed(1), at(3_000), Duration::ZERO).unwrap();
        attempt(&mut back, 3_000, PermitOutcome::Failed);
        let reason = ChangeReason::Window { failed: 3, calls: 3 };
        assert_eq!(back.poll_change().map(|change| change.reason), Some(reason));
    }
    let open = with_failures(policy(), 3, 0);
    let shorter = policy().with_open_for(ms(1_000), ms(2_000)).unwrap();
    let back = CircuitBreaker::restore(&open.snapshot(at(0)), shorter, Seed(1), at(0), Duration::ZERO).unwrap();
    assert_eq!(back.open_until(), Some(at(2_000)));
}

#[test]
fn every_cut_and_every_flipped_bit_is_an_error() {
    let slow = SlowPolicy::new(ms(10), 900).unwrap();
    let mut breaker = with_failures(policy().with_slow(Some(slow)), 2, 5);
    attempt(&mut breaker, 9, PermitOutcome::Ok);
    let whole = breaker.snapshot(at(9));
    let read = |bytes: &[u8]| CircuitBreaker::restore(bytes, policy(), Seed(1), at(0), Duration::ZERO);
    assert!(read(&whole).is_ok());
    for length in (0..whole.len()).step_by(crate::rng::STEP) {
        assert!(read(&whole[..length]).is_err(), "cut to {length}");
    }
    for bit in (0..whole.len() * 8).step_by(crate::rng::STEP) {
        let mut flipped = whole.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(read(&flipped).is_err(), "bit {bit}");
    }
}

#[test]
fn what_cannot_be_is_refused_though_its_checksum_is_right() {
    let written = |mode: u8, rest: &dyn Fn(&mut Writer)| {
        let mut to = Writer::new(Kind::Breaker, at(0));
        to.put(&0_u64).put(&0_u32).put(&Stats::default()).put(&mode);
        rest(&mut to);
        CircuitBreaker::restore(&to.finish(), policy(), Seed(1), at(0), Duration::ZERO).map(|breaker| breaker.state())
    };
    let results = |ages: [u64; 2]| {
        move |to: &mut Writer| {
            let all: Vec<_> = ages.map(|age| Aged { age, bad: true }).into_iter().collect();
            to.put(&0_u32).put(&all).put(&Vec::<Aged>::new());
        }
    };
    assert_eq!(written(CLOSED, &results([2, 1])), Ok(State::Closed));
    let order = SnapshotError::Impossible { what: "its results are not in order" };
    assert_eq!(written(CLOSED, &results([1, 2])), Err(order));
    let state = SnapshotError::Impossible { what: "its state is none that a breaker can be in" };
    assert_eq!(written(5, &|_| {}), Err(state));
    let more = |to: &mut Writer| {
        to.put(&0_u8);
    };
    assert_eq!(written(DISABLED, &more), Err(SnapshotError::Damaged), "something is left over");
    let for_ever = |to: &mut Writer| {
        to.put(&Instant::MAX);
    };
    assert_eq!(written(OPEN, &for_ever), Ok(State::Open));
}

/// One call, told to breakers that ought to be the same.
fn happen(breakers: &mut [CircuitBreaker], now: Instant, luck: &mut Stream) {
    const OUTCOMES: [PermitOutcome; 6] = [
        PermitOutcome::Ok,
        PermitOutcome::Failed,
        PermitOutcome::Failed,
        PermitOutcome::Slow,
        PermitOutcome::Ignored,
        PermitOutcome::Cancelled,
    ];
    let outcome = OUTCOMES[usize::try_from(luck.up_to(5)).unwrap()];
    let later = now + Duration::from_micros(luck.up_to(12_000));
    let mut refusals = Vec::new();
    for breaker in breakers {
        match breaker.admit(now, None) {
            Ok(permit) => breaker.settle(permit, outcome, later),
            Err(rejection) => refusals.push(rejection),
        }
    }
    assert!(refusals.windows(2).all(|two| two[0] == two[1]), "{refusals:?}");
}

#[test]
fn a_breaker_goes_on_as_if_nothing_had_been_whenever_it_is_restored() {
    let slow = SlowPolicy::new(ms(10), 600).unwrap();
    let window = |calls, span| Some(WindowPolicy::new(700, calls, ms(span), 3).unwrap());
    let policies = [
        policy(),
        policy().with_consecutive(0).with_window(window(6, 40)),
        policy().with_consecutive(0).with_window(window(40, 400)),
        policy().with_window(None).with_slow(Some(slow)),
        policy().with_consecutive(4).with_window(window(9, 90)).with_slow(Some(slow)),
    ];
    let mut restored_in = [0; 3];
    for seed in 0..400 / crate::rng::FEWER {
        let mut luck = Seed(seed).stream(3, 3);
        let policy = policies[usize::try_from(seed % 5).unwrap()].with_open_for(ms(20), ms(90)).unwrap();
        let mut original = CircuitBreaker::new(policy, Seed(seed));
        let mut now = at(luck.up_to(50));
        for _ in 0..luck.up_to(60) {
            now = now + Duration::from_micros(luck.up_to(9_000));
            happen(core::slice::from_mut(&mut original), now, &mut luck);
        }
        now = now + ms(12);
        original.advance(now);
        while original.poll_change().is_some() {}
        restored_in[original.state() as usize % 3] += 1;
        let bytes = original.snapshot(now);
        let back = CircuitBreaker::restore(&bytes, policy, Seed(seed), now, Duration::ZERO).unwrap();
        let mut pair = [original, back];
        for _ in 0..100 {
            now = now + Duration::from_micros(luck.up_to(9_000));
            happen(&mut pair, now, &mut luck);
            let told: [Option<Change>; 2] = pair.each_mut().map(CircuitBreaker::poll_change);
            assert_eq!(told[0], told[1], "seed {seed}");
            let [same, other] = pair.each_ref().map(|breaker| (breaker.state(), breaker.stats(), breaker.open_until()));
            assert_eq!(same, other, "seed {seed}");
        }
    }
    assert!(cfg!(miri) || restored_in.iter().all(|times| *times > 10), "closed, open, half open: {restored_in:?}");
}
