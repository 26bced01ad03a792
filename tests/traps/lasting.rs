//! What lasts: snapshots of breakers, a million calls, idle machines.

use std::cell::{Cell, RefCell};
use std::future::{pending, poll_fn};
use std::task::Poll;

use steadfast::backoff::{Backoff, Jitter};
use steadfast::breaker::{BreakerPolicy, CircuitBreaker, PermitOutcome, RejectReason, State};
use steadfast::budget::{Budget, Limits, RetryBudget, RetryBudgetPolicy, Spend};
use steadfast::call::{Call, Endpoint, Input, Output, Resources};
use steadfast::clock::Clock;
use steadfast::deadline::Deadline;
use steadfast::drive;
use steadfast::failure::Failure;
use steadfast::id::Key;
use steadfast::outcome::{CallError, WaitReason};
use steadfast::policy::CallPolicy;
use steadfast::retry::RetryPolicy;
use steadfast::rng::Seed;
use steadfast::time::{Duration, Instant};
use steadfast::trace::Trace;

use crate::timeline::{Calls, before, lasting, ms};
use crate::timers::{Hasty, TokioTimer, one};

/// Opens at the first failure, for 100 to 200 s.
fn opening() -> BreakerPolicy {
    let policy = BreakerPolicy::default().with_consecutive(1);
    policy.with_open_for(lasting(200_000), lasting(200_000)).unwrap().with_lease(lasting(2_000)).unwrap()
}

fn opened(at: Instant) -> (CircuitBreaker, Instant) {
    let mut breaker = CircuitBreaker::new(opening(), Seed(1));
    let permit = breaker.admit(at, None).unwrap();
    breaker.settle(permit, PermitOutcome::Failed, at);
    let until = breaker.open_until().unwrap();
    assert!((at + lasting(100_000)..=at + lasting(200_000)).contains(&until));
    (breaker, until)
}

#[test]
fn trap_07_snapshot_restore_a_minute_later() {
    let (breaker, until) = opened(ms(1_000));
    let snapshot = breaker.snapshot(ms(5_000));
    let rest = until - ms(5_000);
    for (elapsed, left) in [
        (Duration::ZERO, rest),
        (lasting(60_000), until - ms(65_000)),
        (before(until) - ms(5_000), Duration::from_micros(1)),
        (rest, Duration::ZERO),
        (rest + lasting(3_600_000), Duration::ZERO),
    ] {
        for now in [ms(0), ms(5_000), ms(9_000_000)] {
            let restored = CircuitBreaker::restore(&snapshot, opening(), Seed(1), now, elapsed);
            let mut breaker = restored.unwrap_or_else(|error| panic!("away for {elapsed:?}: {error}"));
            let opens = now + left;
            if !left.is_zero() {
                assert_eq!(breaker.state(), State::Open, "away for {elapsed:?}");
                for at in [now, before(opens)] {
                    let refused = breaker.admit(at, None).map(|_| ()).unwrap_err();
                    assert_eq!((refused.reason, refused.retry_at), (RejectReason::Open, opens), "away for {elapsed:?}");
                }
            }
            let probe = breaker.admit(opens, None).unwrap();
            assert_eq!(breaker.state(), State::HalfOpen);
            assert!(breaker.admit(opens, None).is_err(), "one probe and no second");
            breaker.settle(probe, PermitOutcome::Ok, opens);
            assert_eq!(breaker.state(), State::Closed);
        }
    }
}

/// One call after the other through everything that calls share: most succeed, some fail first, some are taken back.
fn many(calls: u64, from: u64, policy: &CallPolicy, shared: &mut Resources<'_>) {
    for n in from..from + calls {
        let now = ms(n * 2_000);
        let mut call = Call::new(Key::default(), policy, 1, Seed(n), Deadline::NEVER);
        call.handle(now, Input::Start, shared, &mut Trace::off());
        assert!(matches!(call.poll(), Output::Start(_)));
        match n % 10 {
            0 => call.handle(now, Input::Failed(1, Failure::transient("503")), shared, &mut Trace::off()),
            1 => call.handle(now, Input::Cancel, shared, &mut Trace::off()),
            _ => call.handle(now, Input::Succeeded(1), shared, &mut Trace::off()),
        }
        if let Output::Wait { until: Some(until), .. } = call.poll() {
            call.handle(until, Input::Tick, shared, &mut Trace::off());
            assert!(matches!(call.poll(), Output::Start(_)));
            call.handle(until, Input::Succeeded(2), shared, &mut Trace::off());
        }
    }
}

#[test]
fn trap_19_nothing_that_calls_share_grows_in_a_million_calls() {
    let policy = CallPolicy::default();
    let mut endpoints = [Endpoint::new(&policy, Seed(1))];
    let mut retries = RetryBudget::new(RetryBudgetPolicy::default());
    let mut budget = Budget::new(Limits::none(), ms(0));
    let envelope = budget.root();
    let mut size_after = |calls, from| {
        let budget_of_all = Some((&mut budget, envelope));
        let mut shared = Resources { endpoints: &mut endpoints, retries: Some(&mut retries), budget: budget_of_all };
        many(calls, from, &policy, &mut shared);
        // All that they own, written out: what grows would be there.
        format!("{shared:?}").len()
    };
    let early = size_after(1_000, 0);
    let late = size_after(999_000, 1_000);
    assert!(late < early + 200, "{early} characters after a thousand calls, {late} after a million: only digits grow");
    let spent = budget.spent(envelope).attempts;
    assert_eq!(
        (retries.calls(), spent),
        (1_000_000, retries.attempts()),
        "every attempt was counted, and none is held"
    );
    assert_eq!(budget.reserved(envelope), Spend::NONE);
}

#[test]
fn trap_19_a_breaker_whose_changes_nobody_asks_for_does_not_keep_them_all() {
    let mut breaker = CircuitBreaker::new(opening(), Seed(1));
    let mut now = ms(0);
    let mut size_after = |cycles| {
        for _ in 0..cycles {
            let failing = breaker.admit(now, None).unwrap();
            breaker.settle(failing, PermitOutcome::Failed, now);
            now = breaker.open_until().unwrap();
            let probe = breaker.admit(now, None).unwrap();
            breaker.settle(probe, PermitOutcome::Ok, now);
        }
        format!("{breaker:?}").len()
    };
    let (early, late) = (size_after(100), size_after(100_000));
    assert!(late < early + 200, "{early} characters after a hundred outages, {late} after a hundred thousand");
}

#[test]
fn trap_19_no_timer_is_left_after_many_driven_calls() {
    let hasty = &Hasty::default();
    let policy = CallPolicy::default().with_deadline(Some(lasting(90_000))).unwrap();
    hasty.clock.block_on(async {
        for seed in 0..100_000 {
            let polled = &Cell::new(false);
            let later = |_| {
                poll_fn(|context| {
                    context.waker().wake_by_ref();
                    if polled.replace(true) { Poll::Ready(Ok(())) } else { Poll::Pending }
                })
            };
            drive::call(hasty, &policy, 1, Seed(seed), &mut (), &mut Trace::off(), later).await.unwrap();
        }
    });
    assert_eq!((hasty.armed.get(), hasty.held(), hasty.now()), (100_000, 0, ms(0)));
}

#[test]
fn trap_22_idle_machines_hold_no_timer_and_a_pending_retry_is_not_lost() {
    let mut fresh = Call::new(Key::default(), &CallPolicy::default(), 1, Seed(1), Deadline::NEVER);
    assert_eq!(fresh.poll(), Output::Wait { until: None, why: WaitReason::NotStarted });

    let exact = Backoff::default().with_jitter(Jitter::None);
    let retry = RetryPolicy::default().with_backoff(exact).with_attempts(2).unwrap();
    let policy = CallPolicy::unguarded().with_retry(Some(retry)).with_breaker(Some(opening().with_consecutive(2)));
    let mut calls = Calls::new(&policy);
    calls.start(ms(0));
    assert_eq!(calls.fail(ms(0), 0, 1), "until 500", "a pending retry says when to come back for it");
    assert_eq!(calls.tick(ms(500), 0), "start 2, wait", "and an attempt without limit waits for an event alone");
    let ended = calls.fail(ms(500), 0, 2);
    assert_eq!((ended.as_str(), calls.state()), ("both attempts failed, the last with server_error: 503", State::Open));
    // The breaker is open now, and nothing waits: there is no output to come back for.
    assert_eq!(calls.tick(ms(500), 0), ended);
}

#[test]
fn trap_22_an_executor_is_done_although_a_breaker_is_open() {
    let (breaker, _) = opened(ms(0));
    let shared = [RefCell::new(breaker)];
    let ended = TokioTimer::block_on(async |timer| {
        let refused = one(timer, &shared, |_| pending::<Result<(), _>>()).await;
        assert!(matches!(refused, Err(CallError::CircuitOpen(_))), "{refused:?}");
        timer.now()
    });
    assert!(ended < ms(1_000), "{ended}: nobody waits for the 100 s until the breaker may be probed");
    let hasty = Hasty::default();
    let refused = hasty.clock.block_on(one(&hasty, &shared, |_| pending::<Result<(), _>>()));
    assert!(matches!(refused, Err(CallError::CircuitOpen(_))), "{refused:?}");
    assert_eq!((hasty.armed.get(), shared[0].borrow().state()), (0, State::Open), "no timer was ever armed");
}
