//! The circuit breaker under real calls: windows, outages, probes that are old, lost or cancelled, and the crowd behind it.

use std::cell::RefCell;
use std::future::{pending, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};

use steadfast::breaker::{BreakerPolicy, CircuitBreaker, PermitOutcome, State, WindowPolicy};
use steadfast::call::Input;
use steadfast::clock::Timer;
use steadfast::failure::Failure;
use steadfast::outcome::CallError;
use steadfast::policy::CallPolicy;
use steadfast::rng::Seed;
use steadfast::time::{Duration, Instant};
use steadfast_sim::VirtualClock;

use crate::timeline::{Calls, before, lasting, ms, us};
use crate::timers::{first, one};

/// Opens at 3 failures in a row, for 5 to 10 s at first; a probe is heard of within 2 s.
fn breaker() -> BreakerPolicy {
    let open_for = (lasting(10_000), lasting(40_000));
    let policy = BreakerPolicy::default().with_consecutive(3).with_window(None);
    policy.with_open_for(open_for.0, open_for.1).unwrap().with_lease(lasting(2_000)).unwrap()
}

fn guarded(breaker: BreakerPolicy) -> CallPolicy {
    CallPolicy::unguarded().with_breaker(Some(breaker))
}

/// Only the share of failures in a window opens it: half of the last 20 calls within 5 s, once 5 are in.
fn windowed(span: Duration) -> CallPolicy {
    let window = WindowPolicy::new(500, 20, span, 5).unwrap();
    guarded(BreakerPolicy::default().with_consecutive(0).with_window(Some(window)))
}

const CLOSED_DOOR: &str = "the circuit breaker is open until";

impl Calls {
    fn one_fails(&mut self, at: Instant) {
        assert!(self.start(at).starts_with("start 1"));
        self.fail(at, self.started.len() - 1, 1);
    }

    fn one_succeeds(&mut self, at: Instant) {
        assert!(self.start(at).starts_with("start 1"));
        self.tell(at, self.started.len() - 1, Input::Succeeded(1));
    }

    /// Three fail at once: answers until when it is open.
    fn outage(&mut self, at: Instant) -> Instant {
        (0..3).for_each(|_| self.one_fails(at));
        assert_eq!(self.state(), State::Open);
        self.breaker().open_until().unwrap()
    }

    fn is_refused(&mut self, at: Instant) {
        let said = self.start(at);
        assert!(said.starts_with(CLOSED_DOOR), "at {at}: {said}");
    }
}

#[test]
fn trap_02_four_failures_an_idle_hour_one_failure_with_a_window_of_5_s() {
    for (last, state) in [
        (us(4_999_999), State::Open),
        (us(5_000_000), State::Closed),
        (ms(6_000), State::Closed),
        (ms(3_600_000), State::Closed),
    ] {
        let mut calls = Calls::new(&windowed(lasting(5_000)));
        for _ in 0..4 {
            calls.one_fails(ms(0));
            assert_eq!(calls.state(), State::Closed);
        }
        calls.one_fails(last);
        assert_eq!(calls.state(), state, "the fifth at {last}");
    }
}

#[test]
fn trap_03_a_call_from_before_the_outage_fails_while_the_probe_runs() {
    let mut calls = Calls::new(&guarded(breaker()));
    assert_eq!(calls.start(ms(0)), "start 1, wait");
    let until = calls.outage(ms(10));
    calls.is_refused(before(until));
    assert_eq!(calls.start(until), "start 1, wait", "the probe");
    let probe = calls.started.len() - 1;
    assert_eq!(calls.fail(until, 0, 1), "the only attempt failed: server_error: 503");
    assert_eq!(calls.state(), State::HalfOpen, "nothing reopens");
    calls.is_refused(until);
    assert_eq!(calls.tell(until + lasting(300), probe, Input::Succeeded(1)), "ok by 1");
    assert_eq!(calls.state(), State::Closed, "the good probe counts");
    assert_eq!((calls.breaker().stats().late, calls.breaker().stats().opened), (1, 1));
}

#[test]
fn trap_04_a_call_from_before_the_outage_succeeds_in_half_open() {
    let mut calls = Calls::new(&guarded(breaker()));
    calls.start(ms(0));
    calls.start(ms(0));
    let until = calls.outage(ms(10));
    assert_eq!(calls.tell(before(until), 0, Input::Succeeded(1)), "ok by 1");
    assert_eq!(calls.state(), State::Open, "while it is open");
    assert_eq!(calls.tell(until, 1, Input::Succeeded(1)), "ok by 1");
    assert_eq!(calls.state(), State::HalfOpen, "and no closing without a probe");
    assert_eq!(calls.start(until), "start 1, wait", "this is the probe");
    calls.is_refused(until);
    let probe = calls.started.len() - 2;
    calls.tell(until, probe, Input::Succeeded(1));
    assert_eq!((calls.state(), calls.breaker().stats().late), (State::Closed, 2));
}

#[test]
fn trap_05_a_probe_that_never_returns() {
    let unnamed = BreakerPolicy::default().with_consecutive(3).with_open_for(lasting(7_000), lasting(7_000)).unwrap();
    for (policy, lease, why) in [
        (guarded(breaker()), 2_000, "the lease"),
        (guarded(unnamed).with_timeout(Some(lasting(3_000))).unwrap(), 3_000, "the attempt's timeout"),
        (guarded(unnamed), 7_000, "the open time"),
    ] {
        let mut calls = Calls::new(&policy);
        let until = calls.outage(ms(0));
        assert!(calls.start(until).starts_with("start 1"), "{why}");
        // From here on nobody ever hears of that call again: not even that time passes for it.
        let ended = until + lasting(lease);
        calls.is_refused(until);
        calls.is_refused(before(ended));
        assert_eq!(calls.state(), State::HalfOpen, "{why}");
        calls.is_refused(ended);
        assert_eq!((calls.state(), calls.breaker().stats().opened), (State::Open, 2), "{why}: it counts as failed");
        let again = calls.breaker().open_until().unwrap();
        calls.is_refused(before(again));
        assert!(calls.start(again).starts_with("start 1"), "{why}: another probe, not closed for ever");
    }
}

#[test]
fn trap_06_closing_after_the_probe() {
    let mut calls = Calls::new(&guarded(breaker()));
    let until = calls.outage(ms(0));
    let crowd = calls.started.len()..calls.started.len() + 500;
    for _ in crowd.clone() {
        // Each is told at once that it is not let through, and when to come back: nobody is parked.
        calls.is_refused(ms(1));
    }
    let started = (0..500).filter(|_| calls.start(until) == "start 1, wait").count();
    assert_eq!(started, 1, "of 500 who come back at that instant one is let through");
    let probe = crowd.end;
    assert_eq!(calls.tell(until + lasting(1), probe, Input::Succeeded(1)), "ok by 1");
    assert_eq!(calls.state(), State::Closed);
    for at in [until + lasting(1), until + lasting(60_000)] {
        for call in crowd.start..calls.started.len() {
            assert!(!calls.tick(at, call).contains("start"), "nobody is released by the closing");
        }
    }
    assert_eq!(calls.start(until + lasting(60_000)), "start 1, wait", "who comes now passes");
}

#[test]
fn trap_12_the_count_window_slides() {
    let mut calls = Calls::new(&windowed(lasting(60_000)));
    (0..1_000).for_each(|n| calls.one_succeeds(ms(n)));
    for failing in 1..=9 {
        calls.one_fails(ms(1_000));
        assert_eq!(calls.state(), State::Closed, "{failing} of the last 20");
    }
    calls.one_fails(ms(1_000));
    assert_eq!(calls.state(), State::Open, "10 of the last 20");
    calls.is_refused(ms(1_000));
}

#[test]
fn trap_17_an_operation_panics_as_a_probe() {
    let (clock, shared) = half_open();
    let probe = one(&clock, &shared, |_| -> std::future::Ready<Result<(), Failure>> { panic!("a broken operation") });
    let panicked = catch_unwind(AssertUnwindSafe(|| clock.block_on(probe)));
    assert!(panicked.is_err());
    assert_eq!(shared[0].borrow().state(), State::HalfOpen, "it says nothing of the service");
    let next = clock.block_on(one(&clock, &shared, |_| ready(Ok(7))));
    assert_eq!((next, shared[0].borrow().state()), (Ok(7), State::Closed), "and is not stuck there");
}

#[test]
fn trap_17_an_operation_calls_through_its_own_breaker() {
    let (clock, shared) = half_open();
    let outer = one(&clock, &shared, |_| async {
        let inner = one(&clock, &shared, |_| ready(Ok(()))).await;
        assert!(matches!(inner, Err(CallError::CircuitOpen(_))), "the probe is under way: {inner:?}");
        Ok(())
    });
    assert_eq!(clock.block_on(outer), Ok(()));
    assert_eq!(shared[0].borrow().state(), State::Closed);
}

#[test]
fn trap_18_the_probe_is_cancelled() {
    let mut calls = Calls::new(&guarded(breaker()));
    let until = calls.outage(ms(0));
    calls.start(until);
    let probe = calls.started.len() - 1;
    calls.is_refused(until + lasting(1));
    assert_eq!(calls.tell(until + lasting(2), probe, Input::Cancel), "abandon 1, the caller cancelled it");
    assert_eq!(calls.state(), State::HalfOpen, "neither closed nor opened");
    assert_eq!(calls.start(until + lasting(2)), "start 1, wait", "the next caller is the probe, at once");
    calls.is_refused(until + lasting(2));
    assert_eq!(calls.tell(until + lasting(3), probe, Input::Succeeded(1)), "the caller cancelled it");
    assert_eq!(calls.state(), State::HalfOpen, "what it still brings is late");
}

#[test]
fn trap_18_the_future_of_the_probe_is_dropped() {
    let (clock, shared) = half_open();
    let start = shared[0].borrow().open_until().unwrap();
    let probe = one(&clock, &shared, |_| pending::<Result<(), Failure>>());
    let dropped_at = start + lasting(100);
    assert_eq!(clock.block_on(first(probe, clock.sleep_until(dropped_at))), Err(()));
    assert_eq!(shared[0].borrow().state(), State::HalfOpen);
    let next = clock.block_on(one(&clock, &shared, |_| ready(Ok(7))));
    assert_eq!((next, shared[0].borrow().state()), (Ok(7), State::Closed), "its permit came back with it");
}

/// A breaker that several futures share, whose open time is over now.
fn half_open() -> (VirtualClock, [RefCell<CircuitBreaker>; 1]) {
    let mut one = CircuitBreaker::new(breaker(), Seed(1));
    for _ in 0..3 {
        let permit = one.admit(ms(0), None).unwrap();
        one.settle(permit, PermitOutcome::Failed, ms(0));
    }
    let clock = VirtualClock::new();
    clock.advance(one.open_until().unwrap() - ms(0));
    (clock, [RefCell::new(one)])
}
