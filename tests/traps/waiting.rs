//! Between attempts: aborted waits, jitter, caps, growth, layers that multiply, output that was shown.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::future::ready;

use steadfast::backoff::{Backoff, Jitter};
use steadfast::budget::{RetryBudget, RetryBudgetPolicy};
use steadfast::call::{Call, Endpoint, Input, Output, Resources};
use steadfast::clock::{Clock, Timer};
use steadfast::deadline::Deadline;
use steadfast::drive::retry;
use steadfast::failure::{Failure, FailureClass};
use steadfast::id::Key;
use steadfast::policy::{CallPolicy, RunPolicy};
use steadfast::retry::RetryPolicy;
use steadfast::rng::Seed;
use steadfast::run::{self, ModelReply};
use steadfast::time::Instant;
use steadfast::trace::Trace;
use steadfast_sim::VirtualClock;

use crate::timeline::{Agent, Calls, lasting, ms, us};
use crate::timers::{TokioTimer, first};

/// Three attempts, waits of exactly 600 and 1,200 ms.
fn patient() -> RetryPolicy {
    let backoff = Backoff::new(lasting(600), lasting(20_000)).unwrap().with_jitter(Jitter::None);
    RetryPolicy::default().with_backoff(backoff)
}

fn retrying(retry: RetryPolicy) -> CallPolicy {
    CallPolicy::unguarded().with_retry(Some(retry))
}

/// The waits of a call all of whose attempts fail at once, in microseconds.
fn waits(backoff: Backoff, attempts: u32, seed: Seed, call: usize) -> Vec<u64> {
    let mut calls =
        Calls::new(&retrying(RetryPolicy::default().with_backoff(backoff).with_attempts(attempts).unwrap()));
    calls.seed = seed;
    for _ in 0..call {
        calls.start(ms(0));
    }
    calls.start(ms(0));
    let mut now = ms(0);
    for attempt in 1..attempts {
        calls.fail(now, call, attempt);
        let Output::Wait { until: Some(until), .. } = calls.started[call].poll() else { panic!("{}", calls.trace) };
        now = until;
        calls.tick(now, call);
    }
    calls.waits()
}

#[test]
fn trap_01_abort_50_ms_into_a_600_ms_backoff() {
    let mut calls = Calls::new(&retrying(patient()));
    assert_eq!(calls.start(ms(0)), "start 1, wait");
    assert_eq!(calls.fail(ms(0), 0, 1), "until 600");
    assert_eq!(calls.tick(us(49_999), 0), "until 600");
    assert_eq!(calls.tell(ms(50), 0, Input::Cancel), "the caller cancelled it");
    for at in [us(599_999), ms(600), us(600_001), ms(1_800), ms(3_600_000)] {
        assert_eq!(calls.tick(at, 0), "the caller cancelled it", "at {at}");
    }
    assert_eq!(calls.started[0].attempts(), 1);
}

#[test]
fn trap_01_a_run_aborted_in_a_backoff_of_its_model() {
    let policy = RunPolicy::default().with_model(retrying(patient()));
    let mut agent = Agent::new(policy, vec![]);
    assert_eq!(agent.start(ms(0)), "think, wait");
    let failure = Failure::transient("503");
    assert_eq!(agent.tell(ms(0), run::Input::Failed(agent.thinking[0], failure)), "until 600");
    assert_eq!(agent.tell(ms(50), run::Input::Cancel), "finished: cancelled");
    assert_eq!(agent.tick(ms(600)), "finished: cancelled");
}

#[test]
fn trap_01_a_retry_dropped_in_its_backoff_settles_then_and_calls_nothing_more() {
    let clock = VirtualClock::new();
    let tries = Cell::new(0);
    let retrying = retry(&clock, patient(), Seed(1), |_| {
        tries.set(tries.get() + 1);
        ready(Err::<(), _>(Failure::transient("503")))
    });
    assert_eq!(clock.block_on(first(retrying, clock.sleep_until(ms(50)))), Err(()));
    assert_eq!((clock.now(), tries.get()), (ms(50), 1));
    clock.block_on(clock.sleep_until(ms(5_000)));
    assert_eq!(tries.get(), 1);
}

#[test]
fn trap_01_the_same_on_tokio_in_real_time() {
    let (settled, tries) = TokioTimer::block_on(async |timer| {
        let tries = Cell::new(0);
        let retrying = retry(timer, patient(), Seed(1), |_| {
            tries.set(tries.get() + 1);
            ready(Err::<(), _>(Failure::transient("503")))
        });
        assert_eq!(first(retrying, timer.sleep_until(ms(50))).await, Err(()));
        let settled = timer.now();
        timer.sleep_until(ms(700)).await;
        (settled, tries.get())
    });
    assert!((ms(50)..ms(600)).contains(&settled), "{settled}");
    assert_eq!(tries, 1);
}

#[test]
fn trap_09_jitter_at_the_cap() {
    for jitter in [Jitter::Full, Jitter::Equal, Jitter::Decorrelated] {
        let waits = waits(Backoff::default().with_jitter(jitter), 211, Seed(1), 0);
        let at_the_cap = &waits[10..];
        let different: BTreeSet<_> = at_the_cap.iter().collect();
        assert_eq!((at_the_cap.len(), different.len()), (200, 200), "{jitter:?}");
        assert!(at_the_cap.iter().all(|wait| *wait < 20_000_000), "{jitter:?}: none is exactly the cap");
        let (least, most) = (at_the_cap.iter().min().unwrap(), at_the_cap.iter().max().unwrap());
        let floor = if jitter == Jitter::Equal { 10_000_000 } else { 0 };
        assert!((floor..floor + 2_000_000).contains(least), "{jitter:?}: from {least}");
        assert!(*most > 15_000_000, "{jitter:?}: up to {most}");
    }
}

#[test]
fn trap_10_delay_at_most_the_cap() {
    // Doubling jumps over the cap: 300, 600, 1,200, 2,400.
    let backoff = Backoff::new(lasting(300), lasting(2_000)).unwrap();
    for jitter in [Jitter::Full, Jitter::Equal, Jitter::Decorrelated, Jitter::None] {
        let mut longest = 0;
        for seed in 0..50 {
            let waits = waits(backoff.with_jitter(jitter), 20, Seed(seed), 0);
            longest = waits.into_iter().max().unwrap().max(longest);
        }
        assert!((1_900_000..=2_000_000).contains(&longest), "{jitter:?}: {longest}");
    }
}

#[test]
fn trap_11_two_callers_jitter_alike() {
    let backoff = Backoff::default().with_factor_thousandths(1_000).unwrap();
    let first = waits(backoff, 4, Seed(1), 0);
    assert_eq!(first, waits(backoff, 4, Seed(1), 0), "a replay draws the same");
    let three: BTreeSet<_> = first.iter().collect();
    assert_eq!(three.len(), 3, "the waits of one call differ: {first:?}");
    let calls: BTreeSet<_> = (0..100).flat_map(|call| waits(backoff, 4, Seed(1), call)).collect();
    assert_eq!(calls.len(), 300, "calls of one run");
    let sessions: BTreeSet<_> = (0..100).flat_map(|seed| waits(backoff, 4, Seed(seed), 0)).collect();
    assert_eq!(sessions.len(), 300, "runs of one program");
}

#[test]
fn trap_13_the_exponent_option_does_something() {
    for (thousandths, expected) in [
        (1_000, [500_000, 500_000, 500_000, 500_000]),
        (1_500, [500_000, 750_000, 1_125_000, 1_687_500]),
        (2_000, [500_000, 1_000_000, 2_000_000, 4_000_000]),
        (3_000, [500_000, 1_500_000, 4_500_000, 13_500_000]),
    ] {
        let backoff = Backoff::default().with_jitter(Jitter::None).with_factor_thousandths(thousandths).unwrap();
        assert_eq!(waits(backoff, 5, Seed(1), 0), expected, "{thousandths}");
    }
}

/// An operation of so many layers, each of which retries what the one below it fails with. Answers how often the lowest
/// was really called.
fn layered(layers: u32, policy: &CallPolicy, shared: &mut Resources<'_>, now: &mut Instant) -> u32 {
    let Some(below) = layers.checked_sub(1) else { return 1 };
    let mut call = Call::new(Key::default(), policy, 1, Seed(1), Deadline::NEVER);
    let mut reached = 0;
    call.handle(*now, Input::Start, shared, &mut Trace::off());
    loop {
        match call.poll() {
            Output::Start(attempt) => {
                reached += layered(below, policy, shared, now);
                let failed = Input::Failed(attempt.id.attempt, Failure::transient("503"));
                call.handle(*now, failed, shared, &mut Trace::off());
            }
            Output::Wait { until, .. } => {
                *now = until.unwrap();
                call.handle(*now, Input::Tick, shared, &mut Trace::off());
            }
            Output::Finished(_) => return reached,
            Output::Abandon(_) => {}
        }
    }
}

#[test]
fn trap_24_retries_at_two_layers_multiply() {
    let policy = retrying(patient());
    for (layers, multiplied, shared_by_all) in [(1, 3, 3), (2, 9, 4), (3, 27, 4)] {
        let mut none = Resources { endpoints: &mut [], retries: None, budget: None };
        assert_eq!(layered(layers, &policy, &mut none, &mut ms(0)), multiplied, "without a budget in common");
        let mut retries = RetryBudget::new(RetryBudgetPolicy::default());
        let mut endpoints = Vec::<Endpoint>::new();
        let mut one = Resources { endpoints: &mut endpoints, retries: Some(&mut retries), budget: None };
        assert_eq!(layered(layers, &policy, &mut one, &mut ms(0)), shared_by_all, "{layers} layers");
        assert!(retries.attempts() <= retries.calls() + 3, "at most three retries in all");
    }
}

#[test]
fn trap_24_the_amplification_of_a_run_is_counted() {
    let mut agent = Agent::new(RunPolicy::default().with_model(retrying(patient())), vec![]);
    agent.start(ms(0));
    agent.tell(ms(0), run::Input::Failed(agent.thinking[0], Failure::transient("503")));
    agent.tick(ms(600));
    agent.tell(ms(600), run::Input::Failed(agent.thinking[1], Failure::transient("503")));
    assert_eq!(agent.tick(ms(1_800)), "think, wait");
    let answer = ModelReply::answer("Done.");
    assert_eq!(agent.tell(ms(1_900), agent.replies(answer)), "finished: answered");
    assert_eq!((agent.run.calls(), agent.run.amplification_thousandths()), (1, 3_000));
}

#[test]
fn trap_25_a_retry_after_output_was_already_shown() {
    let policy = retrying(patient());
    let cut = || Input::Failed(1, Failure::new(FailureClass::Incomplete, "cut off"));
    let mut not_shown = Calls::within(&policy, 2, Deadline::NEVER);
    not_shown.start(ms(0));
    not_shown.tell(ms(100), 0, Input::Output(1));
    assert_eq!(not_shown.tell(ms(200), 0, cut()), "until 800", "what nobody saw is tried again");

    let mut shown = Calls::within(&policy, 2, Deadline::NEVER);
    shown.start(ms(0));
    shown.tell(ms(100), 0, Input::Output(1));
    assert_eq!(shown.tell(ms(100), 0, Input::Commit(1)), "wait");
    let end = "incomplete: cut off, after something had been shown; it cannot be tried again";
    assert_eq!(shown.tell(ms(200), 0, cut()), end, "neither again nor with the fallback");
    for at in [us(799_999), ms(800), ms(9_000)] {
        assert_eq!(shown.tick(at, 0), end, "at {at}");
    }
    assert_eq!(shown.started[0].attempts(), 1);
}

#[test]
fn trap_25_a_run_whose_model_falls_silent_after_its_first_words_does_not_ask_again() {
    let model = retrying(patient()).with_stream(None, Some(lasting(500))).unwrap();
    let mut agent = Agent::new(RunPolicy::default().with_model(model), vec![]);
    agent.start(ms(0));
    assert_eq!(agent.tell(ms(100), run::Input::Output(agent.thinking[0])), "until 600");
    assert_eq!(agent.tell(ms(100), run::Input::Commit(agent.thinking[0])), "until 600");
    assert_eq!(agent.tick(us(599_999)), "until 600");
    assert_eq!(agent.tick(ms(600)), "abandon 1.1, finished: model_unavailable");
    assert_eq!(agent.thinking.len(), 1);
}
