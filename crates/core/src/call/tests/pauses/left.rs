//! Options that were left: which one a call comes back to, and what its trace says of that.

use super::*;

/// What was traced since the start, or since the last look.
fn said(line: &mut Pausing) -> Vec<String> {
    let entries = core::mem::replace(&mut line.trace, Trace::on());
    entries.entries().iter().map(|entry| format!("{}", entry.event)).collect()
}

/// When the breaker of that option lets an attempt through, in milliseconds.
fn opens(line: &Pausing, option: usize) -> u64 {
    line.endpoints[option].breaker.as_ref().unwrap().open_until().unwrap().as_micros() / 1_000
}

/// Nothing may be tried again at that option.
fn throttled(line: &mut Pausing, option: usize) {
    let throttle = line.endpoints[option].throttle.insert(RetryThrottle::new(ThrottlePolicy::default()));
    while throttle.may_retry() {
        throttle.failed();
    }
}

#[test]
fn an_option_that_was_left_and_is_free_is_come_back_to_without_a_look_at_one_that_is_not() {
    let mut line = Pausing::new(&retrying().with_breaker(Some(BreakerPolicy::default())), 3);
    opened(&mut line, 0, 30_000);
    line.asked(1, 40_000);
    line.asked(2, 60_000);
    let opens = opens(&line, 0);
    // At option 1 it is known that option 0 is free first; option 2 is not come to.
    assert_eq!(line.handle(0, Input::Start), format!("until {opens}"));
    said(&mut line);
    // Others are told meanwhile that option 0 is to be left alone for longer.
    line.asked(0, 100_000);
    assert_eq!(line.handle(45_000, Input::Tick), "start 1 of option 1");
    let said = said(&mut line);
    assert_eq!(said[0], "Option 0 is left for option 1: its server asked to be left alone until 100 s.");
    assert_eq!(said[1], "An attempt starts with fallback 1; nothing limits how long it takes.");
    assert_eq!(line.handle(45_100, Input::Succeeded(1)), "ok by 1");
}

#[test]
fn an_option_whose_breaker_is_open_is_waited_for_and_not_tried_first() {
    let mut line = Pausing::new(&retrying().with_breaker(Some(BreakerPolicy::default())), 2);
    opened(&mut line, 0, 20_000);
    line.asked(1, 30_000);
    let first = opens(&line, 0);
    assert_eq!(line.handle(0, Input::Start), format!("until {first}"));
    said(&mut line);
    // Meanwhile others learn that option 0 is to be left alone, and open the breaker of option 1.
    line.asked(0, 90_000);
    opened(&mut line, 1, 40_000);
    let second = opens(&line, 1);
    assert_eq!(line.handle(first + 1, Input::Tick), format!("until {second}"));
    let said = said(&mut line);
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].starts_with("Option 0 is left for option 1: its server asked to be left alone"), "{said:?}");
    assert!(said[1].ends_with("when the breaker of option 1 lets an attempt through."), "{said:?}");
}

#[test]
fn a_call_that_was_told_to_wait_after_a_try_takes_a_breaker_that_lets_through_sooner() {
    let mut line = Pausing::new(&retrying().with_breaker(Some(BreakerPolicy::default())), 2);
    opened(&mut line, 1, 25_000);
    let first = opens(&line, 1);
    line.handle(0, Input::Start);
    assert_eq!(line.busy(100, 1, 60_000), format!("until {first}"));
}

#[test]
fn an_option_that_was_never_tried_is_waited_for_also_where_no_retry_is_left() {
    let mut line = Pausing::new(&retrying().with_breaker(Some(BreakerPolicy::default())), 2);
    line.asked(0, 60_000);
    throttled(&mut line, 0);
    opened(&mut line, 1, 90_000);
    assert_eq!(line.handle(0, Input::Start), "until 60000");
    // Nor is the breaker of the other, where that is sooner.
    let mut line = Pausing::new(&retrying().with_breaker(Some(BreakerPolicy::default())), 2);
    line.asked(0, 60_000);
    throttled(&mut line, 0);
    opened(&mut line, 1, 25_000);
    let first = opens(&line, 1);
    assert_eq!(line.handle(0, Input::Start), format!("until {first}"));
}

#[test]
fn nobody_waits_for_a_server_whose_breaker_is_open_for_longer_than_it_asked() {
    let mut line = Pausing::new(&retrying().with_breaker(Some(BreakerPolicy::default())), 2);
    line.asked(0, 10_000);
    opened(&mut line, 0, 20_000);
    opened(&mut line, 1, 3_600_000);
    let said = line.handle(0, Input::Start);
    assert!(said.starts_with("both options failed, the last because the circuit breaker is open"), "{said}");
}

#[test]
fn what_each_server_asks_for_is_kept_apart_within_a_call() {
    let (mut call, mut trace) = alone(&retrying(), 2);
    let mut tell = |at: u64, input| {
        call.handle(Instant::from_millis(at), input, &mut (), &mut trace);
        call.poll()
    };
    let busy = |pause| Failure::new(FailureClass::RateLimited, "429").with_retry_after(ms(pause));
    tell(0, Input::Start);
    assert!(matches!(tell(0, Input::Failed(1, busy(60_000))), Output::Start(Attempt { option: 1, .. })));
    let waits = tell(0, Input::Failed(2, busy(90_000)));
    assert!(matches!(waits, Output::Wait { until: Some(until), .. } if until == Instant::from_millis(60_000)));
    assert!(matches!(tell(60_000, Input::Tick), Output::Start(Attempt { option: 0, .. })));
}

#[test]
fn what_its_caller_takes_back_asks_nobody_to_wait() {
    let mut line = Pausing::new(&retrying(), 1);
    line.handle(0, Input::Start);
    let taken_back = Failure::new(FailureClass::Cancelled, "never mind").with_retry_after(ms(60_000));
    line.handle(100, Input::Failed(1, taken_back));
    line.another();
    assert_eq!(line.handle(200, Input::Start), "start 1 of option 0");
}

#[test]
fn of_pauses_that_end_together_the_preferred_option_s_is_waited_out_and_nothing_is_left() {
    let mut line = Pausing::new(&retrying(), 2);
    line.asked(0, 30_000);
    line.asked(1, 30_000);
    assert_eq!(line.handle(0, Input::Start), "until 30000");
    assert_eq!(said(&mut line), ["Waits until 30 s: the server of option 0 asked to be left alone until then."]);
    assert_eq!(line.handle(30_000, Input::Tick), "start 1 of option 0");
    // The same where it is asked for with a failure, and is more than the policy waits by itself.
    let mut line = Pausing::new(&retrying(), 2);
    line.asked(1, 30_000);
    line.handle(0, Input::Start);
    assert_eq!(line.busy(0, 1, 30_000), "until 30000");
    assert_eq!(line.handle(30_000, Input::Tick), "start 2 of option 0");
}

/// A call that was told to wait by both options, and is to come back to option 0 after 30 s.
fn told_twice() -> Pausing {
    let mut line = Pausing::new(&retrying(), 2);
    line.handle(0, Input::Start);
    assert_eq!(line.busy(0, 1, 30_000), "start 2 of option 1");
    assert_eq!(line.busy(0, 2, 3_600_000), "until 30000");
    said(&mut line);
    line
}

#[test]
fn another_try_of_an_option_that_is_come_back_to_is_a_retry_like_any_other() {
    let mut line = told_twice();
    let mut retries = RetryBudget::new(RetryBudgetPolicy::default());
    let mut shared = Resources { endpoints: &mut line.endpoints, retries: Some(&mut retries), budget: None };
    line.call.handle(Instant::from_millis(30_000), Input::Tick, &mut shared, &mut line.trace);
    assert!(matches!(line.call.poll(), Output::Start(Attempt { option: 0, .. })));
    assert_eq!(retries.counts().1, 1);
}

#[test]
fn an_option_that_may_not_be_tried_again_is_left_for_one_that_may_or_the_call_ends() {
    let mut line = told_twice();
    throttled(&mut line, 0);
    assert_eq!(line.handle(30_000, Input::Tick), "until 3600000");
    let heard = said(&mut line);
    assert!(heard[0].starts_with("There is no other try"), "{heard:?}");
    assert!(heard[1].starts_with("Option 0 is left for option 1"), "{heard:?}");
    assert_eq!(line.handle(3_600_000, Input::Tick), "start 3 of option 1");

    let mut line = told_twice();
    throttled(&mut line, 0);
    throttled(&mut line, 1);
    let ended = line.handle(30_000, Input::Tick);
    assert!(ended.starts_with("both options failed, the last because the only attempt failed"), "{ended}");
}

#[test]
fn whichever_option_is_come_back_to_the_others_may_be_too() {
    let mut line = Pausing::new(&retrying(), 3);
    line.handle(0, Input::Start);
    assert_eq!(line.busy(0, 1, 60_000), "start 2 of option 1");
    assert_eq!(line.busy(0, 2, 30_000), "start 3 of option 2");
    assert_eq!(line.busy(0, 3, 90_000), "until 30000");
    assert_eq!(line.handle(30_000, Input::Tick), "start 4 of option 1");
    let wrong = |attempt| Input::Failed(attempt, Failure::new(FailureClass::InvalidRequest, "400"));
    assert_eq!(line.handle(30_100, wrong(4)), "until 60000");
    assert_eq!(line.handle(60_000, Input::Tick), "start 5 of option 0");
    assert_eq!(line.handle(60_100, wrong(5)), "until 90000");
    assert_eq!(line.handle(90_000, Input::Tick), "start 6 of option 2");
    let ended = line.handle(90_100, wrong(6));
    assert!(ended.starts_with("all 3 options failed"), "{ended}");
}

#[test]
fn of_options_that_are_free_together_the_preferred_one_is_come_back_to() {
    let mut line = Pausing::new(&retrying(), 3);
    line.handle(0, Input::Start);
    assert_eq!(line.busy(0, 1, 40_000), "start 2 of option 1");
    assert_eq!(line.busy(0, 2, 40_000), "start 3 of option 2");
    assert_eq!(line.busy(0, 3, 90_000), "until 40000");
    assert_eq!(line.handle(40_000, Input::Tick), "start 4 of option 0");
}
