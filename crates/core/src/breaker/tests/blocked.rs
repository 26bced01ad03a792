//! When an attempt could begin: what is said of it beforehand is what [`CircuitBreaker::admit`] then does.

use super::*;
use crate::breaker::{SlowPolicy, WindowPolicy};
use crate::rng::Stream;

const ONE: Duration = Duration::from_micros(1);

fn just_before(at: Instant) -> Instant {
    Instant::from_micros(at.as_micros() - 1)
}

/// What `admit` would do, without doing it.
fn refusal(breaker: &CircuitBreaker, now: Instant) -> Option<Rejection> {
    breaker.clone().admit(now, None).err()
}

/// Blocked means refused, until that very instant; by then it is open to somebody, unless a probe was not heard of.
fn agrees(breaker: &CircuitBreaker, probes: &[Permit], now: Instant) {
    let (said, does) = (breaker.blocked_until(now), refusal(breaker, now));
    assert_eq!(said, does.as_ref().map(|rejection| rejection.retry_at), "at {now}: {breaker:?}");
    let (Some(until), Some(rejection)) = (said, does) else { return };
    if let RejectReason::ForcedOpen { .. } = rejection.reason {
        assert_eq!((until, refusal(breaker, Instant::MAX).is_some()), (Instant::MAX, true), "nobody says when");
        return;
    }
    assert!(until > now, "{until} at {now}: {breaker:?}");
    let before = breaker.blocked_until(just_before(until));
    assert_eq!(before, Some(until), "it does not change its mind: {breaker:?}");
    assert!(refusal(breaker, just_before(until)).is_some(), "just before {until}: {breaker:?}");
    if rejection.reason == RejectReason::Open {
        assert_eq!(refusal(breaker, until), None, "at {until}: {breaker:?}");
        return;
    }
    // Had every probe been heard of by then, somebody passes. A lease that ends unheard opens the breaker anew.
    let mut heard = breaker.clone();
    for probe in probes.iter().filter(|probe| probe.generation == breaker.generation()) {
        heard.take_back(probe, PermitOutcome::Ok, just_before(until));
    }
    assert_eq!(refusal(&heard, until), None, "at {until}: {heard:?}");
    let unheard = refusal(breaker, until).map(|rejection| (rejection.reason, rejection.retry_at > until));
    assert_eq!(unheard, Some((RejectReason::Open, true)), "at {until}: {breaker:?}");
}

fn drawn(stream: &mut Stream) -> CircuitBreaker {
    let ms = |stream: &mut Stream, most| Duration::from_millis(1 + stream.up_to(most));
    let window = WindowPolicy::new(500, 4, ms(stream, 300), 2).unwrap();
    let (first, lease) = (ms(stream, 50), ms(stream, 60));
    let slow = SlowPolicy::new(ms(stream, 30), 500).unwrap();
    let policy = BreakerPolicy::default()
        .with_consecutive(u32::try_from(1 + stream.up_to(2)).unwrap())
        .with_window(stream.happens(500).then_some(window))
        .with_slow(stream.happens(500).then_some(slow))
        .with_open_for(first, first * 4)
        .unwrap()
        .with_probes(u32::try_from(1 + stream.up_to(1)).unwrap(), u32::try_from(1 + stream.up_to(1)).unwrap())
        .unwrap();
    let policy = if stream.happens(700) { policy.with_lease(lease).unwrap() } else { policy };
    CircuitBreaker::new(policy, Seed(stream.up_to(1_000)))
}

#[test]
fn what_is_said_of_a_breaker_is_what_it_does_in_every_state_at_every_instant() {
    let mut seen = [0_u32; 5];
    for seed in 0..400 {
        let stream = &mut Seed(seed).stream(0, 0);
        let mut breaker = drawn(stream);
        let (mut now, mut permits) = (at(1_000), Vec::new());
        for _ in 0..60 {
            now = now + Duration::from_micros([0, 1, 7_000, 40_000][usize::try_from(stream.up_to(3)).unwrap()]);
            agrees(&breaker, &permits, now);
            // Whoever looks sees what would come of the clock alone, too: at that instant, and around it.
            for later in [ONE, Duration::from_millis(20), Duration::from_millis(90), Duration::from_secs(3_600)] {
                agrees(&breaker, &permits, now + later);
            }
            seen[breaker.state() as usize] += 1;
            match stream.up_to(20) {
                0 => breaker.force_open("test", now),
                1 => breaker.disable("test", now),
                2 => breaker.reset(now),
                3 => breaker.advance(now),
                4..=11 => permits.extend(breaker.admit(now, None).ok()),
                _ if !permits.is_empty() => {
                    let place = usize::try_from(stream.up_to(permits.len() as u64 - 1)).unwrap();
                    let outcome =
                        [PermitOutcome::Failed, PermitOutcome::Failed, PermitOutcome::Ok, PermitOutcome::Ignored];
                    let outcome = outcome[usize::try_from(stream.up_to(3)).unwrap()];
                    breaker.settle(permits.swap_remove(place), outcome, now);
                }
                _ => {}
            }
        }
    }
    assert!(seen.iter().all(|times| *times > 100), "{seen:?}");
}

#[test]
fn a_probe_whose_lease_is_over_has_opened_it_again_also_for_who_only_looks() {
    let mut breaker = breaker();
    let until = open(&mut breaker, 100);
    let probe = breaker.admit(until, None).unwrap();
    let ends = probe.lease_until();
    assert_eq!(breaker.blocked_until(just_before(ends)), Some(ends));
    let anew = breaker.blocked_until(ends).expect("it is open again");
    assert!(anew > ends);
    assert_eq!(breaker.admit(ends, None).unwrap_err().retry_at, anew);
    assert_eq!(breaker.blocked_until(anew), None);
    assert!(breaker.admit(anew, None).is_ok());
}

#[test]
fn calls_that_have_become_slow_in_flight_have_opened_it_also_for_who_only_looks() {
    let slow = SlowPolicy::new(Duration::from_millis(10), 1_000).unwrap();
    let window = WindowPolicy::new(1_000, 2, Duration::from_secs(60), 1).unwrap();
    let policy = BreakerPolicy::default().with_window(Some(window)).with_slow(Some(slow));
    let mut breaker = CircuitBreaker::new(policy, Seed(1));
    let _in_flight = breaker.admit(at(0), None).unwrap();
    assert_eq!(breaker.blocked_until(Instant::from_micros(9_999)), None);
    let until = breaker.blocked_until(at(10)).expect("its only call is slow");
    assert_eq!(breaker.admit(at(10), None).unwrap_err().retry_at, until);
}

#[test]
fn an_open_time_that_ends_with_time_itself_ends() {
    let policy = BreakerPolicy::default().with_consecutive(1).with_open_for(Duration::MAX, Duration::MAX).unwrap();
    let mut breaker = CircuitBreaker::new(policy, Seed(1));
    let permit = breaker.admit(Instant::MAX, None).unwrap();
    breaker.settle(permit, PermitOutcome::Failed, Instant::MAX);
    assert_eq!((breaker.open_until(), breaker.blocked_until(Instant::MAX)), (Some(Instant::MAX), None));
    assert!(breaker.admit(Instant::MAX, None).is_ok());
}

#[test]
fn who_looks_with_a_clock_that_went_back_sees_what_is() {
    let mut breaker = breaker();
    let until = open(&mut breaker, 100);
    let _probe = breaker.admit(until, None).unwrap();
    breaker.advance(until + Duration::from_secs(2));
    let anew = breaker.open_until();
    assert_eq!(breaker.blocked_until(at(0)), anew, "its lease ended before its clock went back");
}
