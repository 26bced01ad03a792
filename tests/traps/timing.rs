//! Time: deadlines of others, operations that do not stop, early timers, clocks that go back, leap or come rarely.

use std::cell::Cell;
use std::future::pending;

use steadfast::approval::{ApprovalGate, DecisionRejected};
use steadfast::backoff::{Backoff, Jitter};
use steadfast::breaker::{BreakerPolicy, State};
use steadfast::call::Input;
use steadfast::clock::{Clock, Timer};
use steadfast::deadline::{Deadline, Scope};
use steadfast::drive::{call, call_with_deadline, retry};
use steadfast::event::Event;
use steadfast::failure::{Failure, FailureClass};
use steadfast::policy::{CallPolicy, RunPolicy};
use steadfast::retry::RetryPolicy;
use steadfast::rng::Seed;
use steadfast::run::ToolSpec;
use steadfast::trace::Trace;
use steadfast_sim::VirtualClock;

use crate::timeline::{Agent, Calls, before, lasting, ms, us};
use crate::timers::{CountsDrop, Hasty, TokioTimer, first};

/// Three attempts, waits of exactly 500 and 1,000 ms.
fn retrying() -> CallPolicy {
    CallPolicy::unguarded().with_retry(Some(exact()))
}

fn exact() -> RetryPolicy {
    RetryPolicy::default().with_backoff(Backoff::default().with_jitter(Jitter::None))
}

fn limited(millis: u64) -> CallPolicy {
    CallPolicy::unguarded().with_timeout(Some(lasting(millis))).unwrap()
}

#[test]
fn trap_08_one_call_times_out_and_its_sibling_under_the_same_deadline_goes_on() {
    let mut calls = Calls::within(&limited(2_000), 1, Deadline::until(ms(3_500), Scope::Run));
    assert_eq!(calls.start(ms(0)), "start 1, until 2000");
    assert_eq!(calls.start(ms(1_000)), "start 1, until 3000");
    assert_eq!(calls.start(ms(2_500)), "start 1, until 3500");
    assert_eq!(calls.tick(us(1_999_999), 0), "until 2000");
    assert_eq!(calls.tick(ms(2_000), 0), "abandon 1, the only attempt failed: timeout: no answer within 2 s");
    assert_eq!(calls.tick(ms(2_000), 1), "until 3000", "the sibling is not abandoned");
    assert_eq!(calls.tell(us(2_999_999), 1, Input::Succeeded(1)), "ok by 1");
    assert_eq!(calls.tick(us(3_499_999), 2), "until 3500");
    assert_eq!(
        calls.tick(ms(3_500), 2),
        "abandon 1, the run's time leaves no room for another try after timeout: no answer within 1 s"
    );
}

#[test]
fn trap_08_one_tool_of_a_step_times_out_and_the_other_one_answers() {
    let slow = ToolSpec::new("slow").with_policy(limited(2_000));
    let policy = RunPolicy::default().with_model(CallPolicy::unguarded());
    let mut agent = Agent::new(policy, vec![slow, ToolSpec::new("fine").with_policy(limited(5_000))]);
    agent.start(ms(0));
    let both = agent.wants(&[("a", "slow", "1"), ("b", "fine", "2")]);
    assert_eq!(agent.tell(ms(0), both), "act slow 1, act fine 2, until 2000");
    assert_eq!(agent.tick(us(1_999_999)), "until 2000");
    assert_eq!(agent.tick(ms(2_000)), "abandon 2.1, until 5000");
    assert_eq!(agent.tell(us(4_999_999), agent.acted(1, "well")), "think, wait");
    assert_eq!(agent.told(), ["a: slow failed: the only attempt failed: timeout: no answer within 2 s.", "b: well"]);
}

/// It is told nothing and asks nothing.
async fn deaf(clock: &VirtualClock, dropped: &Cell<u32>) -> Result<(), Failure> {
    let _guard = CountsDrop(dropped);
    loop {
        clock.sleep_until(clock.now() + lasting(150)).await;
    }
}

#[test]
fn trap_14_an_operation_that_ignores_being_told_to_stop() {
    let (clock, dropped) = (VirtualClock::new(), Cell::new(0));
    let result = clock.block_on(call_with_deadline(&clock, lasting(2_000), |_| deaf(&clock, &dropped)));
    assert_eq!(result.unwrap_err().class, FailureClass::Timeout);
    assert_eq!((clock.now(), dropped.get()), (ms(2_000), 1), "given up in time, and stopped");
}

#[test]
fn trap_14_what_is_given_up_is_dropped_then_and_not_when_the_next_attempt_begins() {
    let (clock, dropped) = (VirtualClock::new(), Cell::new(0));
    let policy = retrying().with_timeout(Some(lasting(2_000))).unwrap();
    let (mut trace, mut nothing) = (Trace::off(), ());
    let call = call(&clock, &policy, 1, Seed(1), &mut nothing, &mut trace, |_| deaf(&clock, &dropped));
    let seen = async {
        let mut seen = Vec::new();
        for at in [1_999, 2_001, 2_499, 4_499, 4_501] {
            clock.sleep_until(ms(at)).await;
            seen.push(dropped.get());
        }
        seen
    };
    assert_eq!(clock.block_on(first(call, seen)), Err(vec![0, 1, 1, 1, 2]));
}

#[test]
fn trap_14_a_machine_goes_on_although_its_host_never_stops_the_attempt() {
    let mut calls = Calls::new(&retrying().with_timeout(Some(lasting(2_000))).unwrap());
    assert_eq!(calls.start(ms(0)), "start 1, until 2000");
    assert_eq!(calls.tick(ms(2_000), 0), "abandon 1, until 2500");
    assert_eq!(calls.tick(ms(2_500), 0), "start 2, until 4500");
    assert_eq!(calls.tell(ms(3_000), 0, Input::Succeeded(1)), "until 4500", "what it brings all the same is late");
    assert_eq!(calls.tell(ms(3_100), 0, Input::Succeeded(2)), "ok by 2");
}

#[test]
fn trap_14_the_same_on_tokio_in_real_time() {
    let settled = TokioTimer::block_on(async |timer| {
        let result = call_with_deadline(timer, lasting(40), |_| pending::<Result<(), _>>()).await;
        assert_eq!(result.unwrap_err().class, FailureClass::Timeout);
        timer.now()
    });
    assert!((ms(40)..ms(400)).contains(&settled), "{settled}: in time, and by far not at ten times the limit");
}

/// What waits, until when, and what it says just then: each asked 0.83 ms early, a microsecond early, and in time.
#[test]
fn trap_15_host_timers_fire_early() {
    let mut backoff = Calls::new(&retrying());
    backoff.start(ms(0));
    backoff.fail(ms(0), 0, 1);
    let mut timeout = Calls::new(&limited(2_000));
    timeout.start(ms(0));
    let mut first_output = Calls::new(&CallPolicy::unguarded().with_stream(Some(lasting(700)), None).unwrap());
    first_output.start(ms(0));
    let mut idle = Calls::new(&CallPolicy::unguarded().with_stream(None, Some(lasting(300))).unwrap());
    idle.start(ms(0));
    idle.tell(ms(100), 0, Input::Output(1));
    let mut deadline = Calls::new(&CallPolicy::unguarded().with_deadline(Some(lasting(9_000))).unwrap());
    deadline.start(ms(0));
    for (calls, at, waits, done) in [
        (&mut backoff, ms(500), "until 500", "start 2, wait"),
        (&mut timeout, ms(2_000), "until 2000", "abandon 1, the only attempt failed: timeout: no answer within 2 s"),
        (
            &mut first_output,
            ms(700),
            "until 700",
            "abandon 1, the only attempt failed: timeout: no output within 700 ms",
        ),
        (
            &mut idle,
            ms(400),
            "until 400",
            "abandon 1, the only attempt failed: stalled: no further output within 300 ms",
        ),
        (
            &mut deadline,
            ms(9_000),
            "until 9000",
            "abandon 1, the call's time leaves no room for another try after timeout: no answer within 9 s",
        ),
    ] {
        assert_eq!(calls.tick(us(at.as_micros() - 830), 0), waits);
        assert_eq!(calls.tick(before(at), 0), waits);
        assert_eq!(calls.tick(at, 0), done);
    }
}

#[test]
fn trap_15_a_driven_retry_on_timers_that_fire_early() {
    let hasty = &Hasty::default();
    let started = Cell::new(Vec::new());
    let result = hasty.clock.block_on(retry(hasty, exact(), Seed(1), |_| {
        let mut instants = started.take();
        instants.push(hasty.now());
        started.set(instants);
        std::future::ready(Err::<(), _>(Failure::transient("503")))
    }));
    assert!(result.is_err());
    assert_eq!(started.take(), [ms(0), ms(500), ms(1_500)]);
    assert_eq!(hasty.armed.get(), 4, "in each of two waits it was woken early once and slept again");
}

#[test]
fn trap_16_the_clock_goes_back() {
    let mut calls = Calls::new(&retrying());
    calls.start(ms(1_000));
    assert_eq!(calls.fail(ms(1_000), 0, 1), "until 1500");
    assert_eq!(calls.tick(ms(400), 0), "until 1500");
    assert_eq!(calls.tick(ms(0), 0), "until 1500");
    assert_eq!(calls.tick(us(1_499_999), 0), "until 1500");
    assert_eq!(calls.tick(ms(1_500), 0), "start 2, wait");
    assert_eq!(calls.fail(ms(200), 0, 2), "until 2500", "it fails at the last instant known, not before it began");
    let back: Vec<_> = calls
        .trace
        .entries()
        .iter()
        .filter_map(|entry| if let Event::ClockWentBack { by } = entry.event { Some(by) } else { None })
        .collect();
    assert_eq!(back, [lasting(600), lasting(1_000), lasting(1_300)]);
}

#[test]
fn trap_16_the_clock_leaps_an_hour_while_the_machine_sleeps() {
    let hour = ms(3_600_000);
    let mut asleep_in_backoff = Calls::new(&retrying());
    asleep_in_backoff.start(ms(0));
    asleep_in_backoff.fail(ms(0), 0, 1);
    assert_eq!(asleep_in_backoff.tick(hour, 0), "start 2, wait", "one attempt, not all that were missed");
    assert_eq!(asleep_in_backoff.fail(hour, 0, 2), "until 3601000", "and the next wait is counted from now");

    let policy = retrying().with_timeout(Some(lasting(2_000))).unwrap();
    let mut asleep_in_attempt = Calls::within(&policy, 1, Deadline::until(ms(10_000), Scope::Run));
    asleep_in_attempt.start(ms(0));
    let said = asleep_in_attempt.tick(hour, 0);
    assert!(said.starts_with("abandon 1, the run's time"), "nothing is attempted after the deadline: {said}");

    let breaker = BreakerPolicy::default().with_consecutive(1).with_lease(lasting(2_000)).unwrap();
    let mut open = Calls::new(&CallPolicy::unguarded().with_breaker(Some(breaker)));
    open.start(ms(0));
    open.fail(ms(0), 0, 1);
    assert_eq!(open.start(hour), "start 1, wait", "one probe");
    let refused = open.start(hour);
    assert_eq!((refused.as_str(), open.state()), ("the circuit breaker is open until 3602 s", State::HalfOpen));
}

#[test]
fn trap_16_a_breaker_whose_clock_goes_back_stays_open_for_its_time() {
    let breaker = BreakerPolicy::default().with_consecutive(1);
    let mut calls = Calls::new(&CallPolicy::unguarded().with_breaker(Some(breaker)));
    calls.start(ms(100_000));
    calls.fail(ms(100_000), 0, 1);
    let until = calls.breaker().open_until().unwrap();
    assert!((ms(115_000)..=ms(130_000)).contains(&until), "{until}");
    for at in [ms(0), ms(50_000), before(until)] {
        assert!(calls.start(at).starts_with("the circuit breaker is open until"), "at {at}");
    }
    assert_eq!(calls.start(until), "start 1, wait");
}

#[test]
fn trap_16_the_timers_of_a_hidden_tab_come_once_a_minute() {
    let minute = |n: u64| ms(60_000 * n);
    let mut calls = Calls::new(&retrying());
    calls.start(ms(0));
    assert_eq!(calls.fail(ms(200), 0, 1), "until 700");
    assert_eq!(calls.tick(minute(1), 0), "start 2, wait");
    assert_eq!(calls.fail(minute(1), 0, 2), "until 61000");
    assert_eq!(calls.tick(minute(2), 0), "start 3, wait");
    assert_eq!(calls.tell(minute(3), 0, Input::Succeeded(3)), "ok by 3");
}

#[test]
fn trap_16_a_yes_that_comes_with_the_first_instant_after_a_sleep_is_judged_by_that_instant() {
    let gate = ApprovalGate::default().with_approver(true).with_expires_after(lasting(60_000)).unwrap();
    let policy = RunPolicy::default().with_model(CallPolicy::unguarded()).with_approval(gate);
    for (at, said) in [(us(59_999_999), "act send_email {}, until 119999.999"), (ms(60_000), "withdraw 1, think, wait")]
    {
        let mut agent = Agent::new(policy.clone(), vec![ToolSpec::new("send_email").risky()]);
        agent.start(ms(0));
        assert_eq!(agent.tell(ms(0), agent.wants(&[("a", "send_email", "{}")])), "ask send_email {}, until 60000");
        assert_eq!(agent.tell(at, agent.yes(0)), said);
        let late = Event::DecisionIgnored { id: agent.asked[0].id, reason: DecisionRejected::Expired };
        assert_eq!(agent.traced(|event| *event == late), usize::from(at == ms(60_000)));
    }
}
