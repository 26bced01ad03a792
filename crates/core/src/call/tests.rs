//! Timelines of a guarded call: one line an instant, including those at which nothing may happen.

use super::*;
use crate::backoff::{Backoff, Jitter};
use crate::breaker::BreakerPolicy;
use crate::failure::FailureClass;
use crate::id::RunId;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

const KEY: Key = Key { run: RunId(1), call: CallId(1) };

/// A call and its surroundings, told and read in milliseconds.
struct Line {
    call: Call,
    breakers: Vec<CircuitBreaker>,
    trace: Trace,
}

impl Line {
    fn new(policy: &CallPolicy, options: u32) -> Self {
        Self::within(policy, options, Deadline::NEVER)
    }

    fn within(policy: &CallPolicy, options: u32, parent: Deadline) -> Self {
        let breakers = policy.breaker().map_or(vec![], |breaker| {
            (0..options).map(|option| CircuitBreaker::new(*breaker, Seed(u64::from(option)))).collect()
        });
        let call = Call::new(KEY, policy, options, Seed(1), parent);
        Self { call, breakers, trace: Trace::on() }
    }

    fn handle(&mut self, ms: u64, input: Input) -> String {
        self.handle_us(ms * 1_000, input)
    }

    /// Handles and drains: what the call wants done, in a word each.
    fn handle_us(&mut self, us: u64, input: Input) -> String {
        self.call.handle(Instant::from_micros(us), input, self.breakers.as_mut_slice(), &mut self.trace);
        let mut said = Vec::new();
        loop {
            match self.call.poll() {
                Output::Start(attempt) => {
                    said.push(format!("start {} of option {}", attempt.id.attempt, attempt.option));
                }
                Output::Abandon(id) => said.push(format!("abandon {}", id.attempt)),
                Output::Wait { until: None, .. } => said.push("wait".into()),
                Output::Wait { until: Some(until), .. } => said.push(format!("until {}", until.as_micros() / 1_000)),
                Output::Finished(result) => said.push(match result {
                    Ok(attempt) => format!("ok by {attempt}"),
                    Err(error) => format!("{error}"),
                }),
            }
            if !matches!(said.last().map(String::as_str), Some(said) if said.starts_with("start") || said.starts_with("abandon"))
            {
                return said.join(", ");
            }
        }
    }

    fn fail(&mut self, ms: u64, attempt: u32) -> String {
        self.handle(ms, Input::Failed(attempt, Failure::transient("503")))
    }
}

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Three attempts, waits of exactly 500 and 1,000 ms, nothing else.
fn retrying() -> CallPolicy {
    let backoff = Backoff::default().with_jitter(Jitter::None);
    CallPolicy::unguarded().with_retry(Some(RetryPolicy::default().with_backoff(backoff)))
}

#[test]
fn retry_recovers_on_attempt_3_with_delays_of_half_a_second_and_a_second() {
    let mut line = Line::new(&retrying(), 1);
    assert_eq!(line.handle(0, Input::Start), "start 1 of option 0, wait");
    assert_eq!(line.fail(100, 1), "until 600");
    assert_eq!(line.handle_us(599_999, Input::Tick), "until 600", "not before its instant");
    assert_eq!(line.handle(600, Input::Tick), "start 2 of option 0, wait");
    assert_eq!(line.fail(700, 2), "until 1700");
    assert_eq!(line.handle(1_700, Input::Tick), "start 3 of option 0, wait");
    assert_eq!(line.handle(1_800, Input::Succeeded(3)), "ok by 3");
}

#[test]
fn retry_gives_up_with_the_last_failure_when_attempts_run_out() {
    let mut line = Line::new(&retrying(), 1);
    line.handle(0, Input::Start);
    line.fail(0, 1);
    line.handle(500, Input::Tick);
    line.fail(500, 2);
    line.handle(1_500, Input::Tick);
    let last = Failure::new(FailureClass::Overloaded, "529 the last one");
    assert_eq!(
        line.handle(1_600, Input::Failed(3, last)),
        "all 3 attempts failed, the last with overloaded: 529 the last one"
    );
    assert_eq!(line.handle(9_999, Input::Tick), "all 3 attempts failed, the last with overloaded: 529 the last one");
}

#[test]
fn a_permanent_failure_is_not_tried_again() {
    let mut line = Line::new(&retrying(), 1);
    line.handle(0, Input::Start);
    let said = line.handle(5, Input::Failed(1, Failure::new(FailureClass::InvalidRequest, "400")));
    assert_eq!(said, "invalid_request: 400; another try cannot mend that");
    let mut line = Line::new(&retrying().with_retry(None), 1);
    line.handle(0, Input::Start);
    let said = line.handle(5, Input::Failed(1, Failure::new(FailureClass::InvalidRequest, "400")));
    assert_eq!(said, "invalid_request: 400; another try cannot mend that", "also without retries that is the reason");
}

#[test]
fn a_hung_attempt_is_cut_by_its_timeout_and_tried_afresh() {
    let policy = retrying().with_timeout(Some(ms(2_000))).unwrap();
    let mut line = Line::new(&policy, 1);
    assert_eq!(line.handle(0, Input::Start), "start 1 of option 0, until 2000");
    assert_eq!(line.handle_us(1_999_999, Input::Tick), "until 2000");
    assert_eq!(line.handle(2_000, Input::Tick), "abandon 1, until 2500");
    assert_eq!(line.handle(2_100, Input::Succeeded(1)), "until 2500", "what comes late changes nothing");
    assert_eq!(line.handle(2_500, Input::Tick), "start 2 of option 0, until 4500");
    assert_eq!(line.handle(2_600, Input::Succeeded(1)), "until 4500", "nor does it count for another attempt");
    assert_eq!(line.handle(3_000, Input::Succeeded(2)), "ok by 2");
}

#[test]
fn an_answer_at_the_instant_of_the_timeout_is_late() {
    let policy = CallPolicy::unguarded().with_timeout(Some(ms(2_000))).unwrap();
    let mut in_time = Line::new(&policy, 1);
    in_time.handle(0, Input::Start);
    assert_eq!(in_time.handle_us(1_999_999, Input::Succeeded(1)), "ok by 1");
    let mut late = Line::new(&policy, 1);
    late.handle(0, Input::Start);
    assert_eq!(
        late.handle(2_000, Input::Succeeded(1)),
        "abandon 1, the only attempt failed: timeout: no answer within 2 s"
    );
}

#[test]
fn a_deadline_is_for_everything_and_nothing_is_attempted_after_it() {
    let policy = retrying().with_timeout(Some(ms(2_000))).unwrap().with_deadline(Some(ms(4_000))).unwrap();
    let mut line = Line::new(&policy, 1);
    line.handle(0, Input::Start);
    assert_eq!(line.handle(2_000, Input::Tick), "abandon 1, until 2500");
    assert_eq!(line.handle(2_500, Input::Tick), "start 2 of option 0, until 4000", "cut short by the deadline");
    assert_eq!(
        line.handle(4_000, Input::Tick),
        "abandon 2, the call's time leaves no room for another try after timeout: no answer within 1.5 s"
    );
}

#[test]
fn a_machine_that_slept_through_a_wait_and_the_deadline_makes_no_further_attempt() {
    let policy = retrying().with_deadline(Some(ms(2_000))).unwrap();
    let mut line = Line::new(&policy, 2);
    line.handle(0, Input::Start);
    assert_eq!(line.fail(100, 1), "until 600");
    let said = line.handle(2_000, Input::Tick);
    assert_eq!(said, "the call's time leaves no room for another try after server_error: 503");
}

#[test]
fn a_call_never_outlives_the_run_it_belongs_to() {
    let parent = Deadline::after(Instant::ORIGIN, Some(ms(1_000)), Scope::Run);
    let mut line = Line::within(&CallPolicy::unguarded().with_deadline(Some(ms(60_000))).unwrap(), 1, parent);
    assert_eq!(line.handle(400, Input::Start), "start 1 of option 0, until 1000");
    let said = line.handle(1_000, Input::Tick);
    assert!(said.starts_with("abandon 1, the run's time"), "{said}");
}

#[test]
fn a_server_that_asks_for_40_s_of_30_left_means_the_fallback_now() {
    let policy = retrying().with_deadline(Some(ms(30_000))).unwrap();
    let mut line = Line::new(&policy, 2);
    line.handle(0, Input::Start);
    let busy = Failure::new(FailureClass::RateLimited, "429").with_retry_after(Duration::from_secs(40));
    assert_eq!(line.handle(10, Input::Failed(1, busy.clone())), "start 2 of option 1, until 30000");
    assert_eq!(
        line.handle(20, Input::Failed(2, busy)),
        "both options failed, the last because the call's time leaves no room for another try after rate_limited: 429"
    );
}

#[test]
fn no_wait_is_shorter_than_the_server_asked_for() {
    let mut line = Line::new(&retrying(), 1);
    line.handle(0, Input::Start);
    let busy = Failure::new(FailureClass::RateLimited, "429").with_retry_after(Duration::from_secs(7));
    assert_eq!(line.handle(100, Input::Failed(1, busy)), "until 7100");
    assert_eq!(line.handle_us(7_099_999, Input::Tick), "until 7100");
    assert_eq!(line.handle(7_100, Input::Tick), "start 2 of option 0, wait");
}

#[test]
fn fallback_uses_the_next_option_with_attempts_of_its_own() {
    let mut line = Line::new(&retrying(), 2);
    line.handle(0, Input::Start);
    line.fail(0, 1);
    line.handle(500, Input::Tick);
    line.fail(500, 2);
    line.handle(1_500, Input::Tick);
    assert_eq!(line.fail(1_500, 3), "start 4 of option 1, wait");
    assert_eq!(line.fail(1_600, 4), "until 2100", "the second option begins its waits anew");
    line.handle(2_100, Input::Tick);
    assert_eq!(line.handle(2_200, Input::Succeeded(5)), "ok by 5");
}

#[test]
fn a_cancellation_is_never_fallen_back_from() {
    let mut by_caller = Line::new(&retrying(), 2);
    by_caller.handle(0, Input::Start);
    assert_eq!(by_caller.handle(50, Input::Cancel), "abandon 1, the caller cancelled it");
    let mut by_operation = Line::new(&retrying(), 2);
    by_operation.handle(0, Input::Start);
    let cancelled = Failure::new(FailureClass::Cancelled, "aborted");
    assert_eq!(by_operation.handle(50, Input::Failed(1, cancelled)), "the caller cancelled it");
}

#[test]
fn abort_50_ms_into_a_600_ms_backoff_ends_the_call_then_and_no_attempt_follows() {
    let mut line = Line::new(&retrying(), 1);
    line.handle(0, Input::Start);
    line.fail(0, 1);
    assert_eq!(line.handle(50, Input::Cancel), "the caller cancelled it");
    assert_eq!(line.handle(600, Input::Tick), "the caller cancelled it");
}

/// As [`retrying`], with a breaker that opens after 2 failures in a row.
fn breaking() -> CallPolicy {
    retrying().with_breaker(Some(BreakerPolicy::default().with_consecutive(2)))
}

#[test]
fn an_open_breaker_is_a_reason_to_fall_back_and_not_to_wait() {
    let mut line = Line::new(&breaking(), 2);
    line.handle(0, Input::Start);
    line.fail(0, 1);
    line.handle(500, Input::Tick);
    assert_eq!(line.fail(500, 2), "start 3 of option 1, wait");
    assert_eq!(line.call.attempts(), 3, "numbered through the whole call");
    let what = |event: &Event| match event {
        Event::BreakerOpened { option, .. } => Some(("opened", *option)),
        Event::BreakerRejected { option, .. } => Some(("rejected", *option)),
        Event::FellBack { to, .. } => Some(("fell back", *to)),
        _ => None,
    };
    let said: Vec<_> = line.trace.entries().iter().filter_map(|entry| what(&entry.event)).collect();
    assert_eq!(said, [("opened", 0), ("rejected", 0), ("fell back", 1)]);
    let stats = line.breakers[0].stats();
    assert_eq!((stats.failures, stats.rejected, stats.opened), (2, 1, 1), "a rejection is no failure");
}

#[test]
fn a_call_without_fallback_learns_when_to_come_back() {
    let mut line = Line::new(&breaking(), 1);
    line.handle(0, Input::Start);
    line.fail(0, 1);
    line.handle(500, Input::Tick);
    let said = line.fail(500, 2);
    let until = line.breakers[0].open_until().unwrap();
    assert_eq!(said, format!("the circuit breaker is open until {until}"));
}

#[test]
fn what_is_no_fault_of_the_service_does_not_open_its_breaker() {
    let mut line = Line::new(&breaking(), 1);
    for class in [FailureClass::InvalidRequest, FailureClass::Auth, FailureClass::QuotaExhausted, FailureClass::Bug] {
        line.call = Call::new(KEY, &breaking(), 1, Seed(1), Deadline::NEVER);
        line.handle(0, Input::Start);
        line.handle(1, Input::Failed(1, Failure::new(class, "")));
    }
    let stats = line.breakers[0].stats();
    assert_eq!((stats.failures, stats.ignored, stats.opened), (0, 4, 0));
}

#[test]
fn a_cancelled_probe_hands_its_permit_back() {
    let mut line = Line::new(&breaking(), 1);
    line.handle(0, Input::Start);
    line.fail(0, 1);
    line.handle(500, Input::Tick);
    line.fail(500, 2);
    let until = line.breakers[0].open_until().unwrap().as_micros();
    for _ in 0..2 {
        line.call = Call::new(KEY, &breaking(), 1, Seed(1), Deadline::NEVER);
        assert_eq!(line.handle_us(until, Input::Start), "start 1 of option 0, wait", "the probe is let through");
        line.handle_us(until, Input::Cancel);
    }
}

#[test]
fn an_attempt_cut_short_by_the_deadline_says_nothing_of_the_service() {
    let breaker = Some(BreakerPolicy::default());
    let policy = CallPolicy::unguarded().with_breaker(breaker).with_deadline(Some(ms(1_000))).unwrap();
    let mut short = Line::new(&policy.with_timeout(Some(ms(5_000))).unwrap(), 1);
    short.handle(0, Input::Start);
    short.handle(1_000, Input::Tick);
    assert_eq!((short.breakers[0].stats().failures, short.breakers[0].stats().ignored), (0, 1));
    let mut whole = Line::new(&policy, 1);
    whole.handle(0, Input::Start);
    whole.handle(1_000, Input::Tick);
    assert_eq!(whole.breakers[0].stats().failures, 1, "without a timeout the deadline is all the time there is");
}

#[test]
fn unknown_and_repeated_outcomes_are_traced_and_change_nothing() {
    let mut line = Line::new(&retrying(), 1);
    line.handle(0, Input::Start);
    assert_eq!(line.handle(1, Input::Succeeded(9)), "wait");
    assert_eq!(line.handle(2, Input::Start), "wait");
    assert_eq!(line.handle(3, Input::Succeeded(1)), "ok by 1");
    assert_eq!(line.fail(4, 1), "ok by 1");
    assert_eq!(line.handle(5, Input::Cancel), "ok by 1");
    let late = line.trace.entries().iter().filter(|entry| matches!(entry.event, Event::LateReply { .. }));
    assert_eq!(late.count(), 2);
}

#[test]
fn an_outcome_of_an_attempt_that_nobody_was_told_to_start_changes_nothing() {
    let mut line = Line::new(&retrying(), 1);
    line.handle(0, Input::Start);
    assert_eq!(line.fail(1, 1), "until 501");
    // At 501 the second attempt begins; its number was never given out.
    assert_eq!(line.handle(501, Input::Succeeded(2)), "start 2 of option 0, wait");
    assert_eq!(line.handle(502, Input::Succeeded(2)), "ok by 2");
}

#[test]
fn a_clock_that_goes_back_is_traced_and_shortens_nothing() {
    let mut line = Line::new(&retrying(), 1);
    line.handle(1_000, Input::Start);
    assert_eq!(line.fail(1_000, 1), "until 1500");
    assert_eq!(line.handle(200, Input::Tick), "until 1500");
    let back = Event::ClockWentBack { by: Duration::from_millis(800) };
    assert!(line.trace.entries().iter().any(|entry| entry.event == back));
}

#[test]
fn a_machine_that_slept_for_an_hour_goes_on_where_time_is_now() {
    let policy = retrying().with_timeout(Some(ms(2_000))).unwrap().with_deadline(Some(ms(10_000))).unwrap();
    let mut line = Line::new(&policy, 2);
    line.handle(0, Input::Start);
    let said = line.handle(3_600_000, Input::Tick);
    assert!(said.starts_with("abandon 1, the call's time"), "{said}");
}

#[test]
fn a_wait_that_ends_when_the_breaker_lets_through_is_begun_and_a_shorter_one_is_not() {
    let breaker = BreakerPolicy::default().with_consecutive(1);
    let mut first = Line::new(&retrying().with_breaker(Some(breaker)), 1);
    first.handle(0, Input::Start);
    first.fail(100, 1);
    let open_for = first.breakers[0].open_until().unwrap() - Instant::from_millis(100);
    for (wait, waits) in [(open_for, true), (open_for.saturating_sub(Duration::from_micros(1)), false)] {
        let backoff = Backoff::new(wait, wait).unwrap().with_jitter(Jitter::None);
        let retry = RetryPolicy::default().with_backoff(backoff);
        let mut line = Line::new(&retrying().with_breaker(Some(breaker)).with_retry(Some(retry)), 1);
        line.handle(0, Input::Start);
        let said = line.fail(100, 1);
        assert_eq!(said.starts_with("until "), waits, "{said}");
        assert_eq!(said.starts_with("the circuit breaker is open until "), !waits, "{said}");
        let opens = (Instant::from_millis(100) + open_for).as_micros();
        let probes = line.handle_us(opens, Input::Tick);
        assert_eq!(probes.starts_with("start 2 of option 0"), waits, "{probes}");
    }
}

#[test]
fn two_calls_under_one_seed_do_not_jitter_alike() {
    let policy = CallPolicy::unguarded().with_retry(Some(RetryPolicy::default()));
    let wait = |call| {
        let key = Key { run: RunId(1), call: CallId(call) };
        let mut line = Line::new(&policy, 1);
        line.call = Call::new(key, &policy, 1, Seed(1), Deadline::NEVER);
        line.handle(0, Input::Start);
        line.fail(0, 1)
    };
    let waits: alloc::collections::BTreeSet<_> = (0..50).map(wait).collect();
    assert!(waits.len() > 40, "{} different waits of 50", waits.len());
}

mod pauses;
mod start;
mod streams;

fn asks(seconds: u64) -> Failure {
    Failure::new(FailureClass::RateLimited, "429").with_retry_after(Duration::from_secs(seconds))
}

#[test]
fn a_failure_says_how_long_its_attempt_had_taken() {
    let mut line = Line::new(&retrying(), 1);
    line.handle(100, Input::Start);
    line.fail(300, 1);
    let failed = |entry: &crate::trace::Entry| match &entry.event {
        Event::AttemptFailed { after, .. } => Some(*after),
        _ => None,
    };
    assert_eq!(line.trace.entries().iter().find_map(failed), Some(ms(200)));
}

#[test]
fn a_pause_beyond_the_cap_is_left_for_another_option_and_waited_out_where_there_is_none() {
    let said = |options, seconds| {
        let mut line = Line::new(&retrying(), options);
        line.handle(0, Input::Start);
        line.handle(0, Input::Failed(1, asks(seconds)))
    };
    assert_eq!(said(2, 20), "until 20000", "as long as it would ever wait by itself");
    assert_eq!(said(2, 21), "start 2 of option 1, wait");
    assert_eq!(said(1, 21), "until 21000");
}

#[test]
fn a_wait_that_ends_as_the_breaker_lets_a_probe_through_is_begun() {
    let breaker = BreakerPolicy::default().with_consecutive(1);
    let mut twin = CircuitBreaker::new(breaker, Seed(0));
    let permit = twin.admit(Instant::ORIGIN, None).unwrap();
    twin.settle(permit, PermitOutcome::Failed, Instant::ORIGIN);
    let until = twin.open_until().unwrap();
    let retry_after = until - Instant::ORIGIN;
    for (wait, waits) in [(retry_after, true), (retry_after.saturating_sub(Duration::from_micros(1)), false)] {
        let mut line = Line::new(&retrying().with_breaker(Some(breaker)), 1);
        line.handle(0, Input::Start);
        let failure = Failure::new(FailureClass::RateLimited, "429").with_retry_after(wait);
        let said = line.handle(0, Input::Failed(1, failure));
        assert_eq!(said.starts_with("until"), waits, "{said}");
    }
}

#[test]
fn breakers_in_cells_are_shared_too() {
    let breakers =
        [core::cell::RefCell::new(CircuitBreaker::new(BreakerPolicy::default().with_consecutive(1), Seed(1)))];
    let mut shared = &breakers[..];
    let mut call = Call::new(KEY, &retrying().with_retry(None), 1, Seed(1), Deadline::NEVER);
    let mut trace = Trace::off();
    call.handle(Instant::ORIGIN, Input::Start, &mut shared, &mut trace);
    let Output::Start(_) = call.poll() else { panic!() };
    call.handle(Instant::ORIGIN, Input::Failed(1, Failure::transient("503")), &mut shared, &mut trace);
    assert_eq!(breakers[0].borrow().stats().opened, 1);
}
