//! Streams: the first output, silence between two parts, and what was shown. Budgets and throttles of a call.

use super::*;
use crate::budget::{Budget, Limits, RetryBudgetPolicy, ThrottlePolicy};

fn streaming() -> CallPolicy {
    retrying().with_timeout(Some(ms(10_000))).unwrap().with_stream(Some(ms(2_000)), Some(ms(500))).unwrap()
}

#[test]
fn an_attempt_without_a_first_output_in_time_is_tried_again() {
    let mut line = Line::new(&streaming(), 1);
    assert_eq!(line.handle(0, Input::Start), "start 1 of option 0, until 2000");
    assert_eq!(line.handle_us(1_999_999, Input::Tick), "until 2000", "not before its instant");
    assert_eq!(line.handle(2_000, Input::Tick), "abandon 1, until 2500");
    assert_eq!(line.handle(2_500, Input::Tick), "start 2 of option 0, until 4500");
}

#[test]
fn each_part_puts_off_the_next_limit_but_never_beyond_the_attempt_s_own() {
    let mut line = Line::new(&streaming(), 1);
    line.handle(0, Input::Start);
    assert_eq!(line.handle(1_900, Input::Output(1)), "until 2400");
    assert_eq!(line.handle(2_300, Input::Output(1)), "until 2800");
    for at in (2_700..9_800).step_by(400) {
        line.handle(at, Input::Output(1));
    }
    assert_eq!(line.handle(9_800, Input::Output(1)), "until 10000");
    assert_eq!(line.handle(10_000, Input::Tick), "abandon 1, until 10500");
}

#[test]
fn a_stream_that_falls_silent_is_stalled() {
    let mut line = Line::new(&streaming().with_retry(None), 1);
    line.handle(0, Input::Start);
    line.handle(100, Input::Output(1));
    assert_eq!(line.handle_us(599_999, Input::Tick), "until 600");
    let said = line.handle(600, Input::Tick);
    assert_eq!(said, "abandon 1, the only attempt failed: stalled: no further output within 500 ms");
}

#[test]
fn without_a_limit_between_parts_only_the_first_one_is_awaited() {
    let policy = retrying().with_stream(Some(ms(2_000)), None).unwrap();
    let mut line = Line::new(&policy, 1);
    assert_eq!(line.handle(0, Input::Start), "start 1 of option 0, until 2000");
    assert_eq!(line.handle(100, Input::Output(1)), "wait");
    assert_eq!(line.handle(900_000, Input::Tick), "wait");
}

#[test]
fn nothing_is_tried_again_nor_fallen_back_from_once_something_was_shown() {
    for (at, ending, said_of) in [
        (500, Input::Failed(1, Failure::transient("503")), "server_error: 503"),
        (500, Input::Failed(1, Failure::new(FailureClass::InvalidRequest, "400")), "invalid_request: 400"),
        (600, Input::Tick, "stalled: no further output within 500 ms"),
    ] {
        let mut line = Line::new(&streaming(), 2);
        line.handle(0, Input::Start);
        line.handle(100, Input::Output(1));
        line.handle(101, Input::Commit(1));
        line.handle(102, Input::Commit(1));
        let shown: Vec<_> = line
            .trace
            .entries()
            .iter()
            .filter_map(|entry| match entry.event {
                Event::Committed { after } => Some(after),
                _ => None,
            })
            .collect();
        assert_eq!(shown, [ms(101)], "said once");
        let said = line.handle(at, ending);
        let ends = format!("{said_of}, after something had been shown; it cannot be tried again");
        assert!(said.ends_with(&ends), "{said}");
        assert!(said.ends_with(&line.handle(700, Input::Tick)), "and so it stays");
    }
}

#[test]
fn a_commit_that_comes_late_commits_nothing() {
    let mut line = Line::new(&streaming(), 1);
    line.handle(0, Input::Start);
    line.handle(2_000, Input::Tick);
    line.handle(2_001, Input::Commit(1));
    assert_eq!(line.handle(2_500, Input::Tick), "start 2 of option 0, until 4500");
}

/// A call with a budget of attempts and tokens, a retry budget and a throttle.
struct Rich {
    endpoints: Vec<Endpoint>,
    retries: RetryBudget,
    budget: Budget,
    trace: Trace,
}

impl Rich {
    fn new(policy: &CallPolicy, limits: Limits, at_least: u64) -> Self {
        Self {
            endpoints: vec![Endpoint::new(policy, Seed(1)), Endpoint::new(policy, Seed(2))],
            retries: RetryBudget::new(RetryBudgetPolicy::default().with_at_least(at_least)),
            budget: Budget::new(limits, Instant::ORIGIN),
            trace: Trace::on(),
        }
    }

    fn tell(&mut self, call: &mut Call, at: u64, input: Input) -> Output {
        let envelope = self.budget.root();
        let budget = Some((&mut self.budget, envelope));
        let mut shared = Resources { endpoints: &mut self.endpoints, retries: Some(&mut self.retries), budget };
        call.handle(Instant::from_millis(at), input, &mut shared, &mut self.trace);
        call.poll()
    }

    fn tokens(&self) -> (u64, u64) {
        let root = self.budget.root();
        (self.budget.reserved(root).tokens, self.budget.spent(root).tokens)
    }
}

fn estimated(tokens: u64) -> CallPolicy {
    retrying().with_estimate(Spend { tokens, ..Spend::NONE })
}

fn call(policy: &CallPolicy, options: u32) -> Call {
    Call::new(KEY, policy, options, Seed(1), Deadline::NEVER)
}

#[test]
fn what_an_attempt_may_cost_is_reserved_before_it_and_settled_after_it() {
    let policy = estimated(1_000);
    for (told, ending, spent) in [
        (Some(300), Input::Succeeded(1), 300),
        (None, Input::Succeeded(1), 1_000),
        (Some(40), Input::Failed(1, Failure::new(FailureClass::Bug, "")), 40),
        (None, Input::Failed(1, Failure::new(FailureClass::ServerError, "").with_transient(false)), 1_000),
        (None, Input::Failed(1, Failure::new(FailureClass::ConnectFailed, "").with_transient(false)), 0),
        (None, Input::Cancel, 1_000),
    ] {
        let mut rich = Rich::new(&policy, Limits::none(), 3);
        let mut call = call(&policy, 1);
        rich.tell(&mut call, 0, Input::Start);
        assert_eq!(rich.tokens(), (1_000, 0));
        if let Some(tokens) = told {
            rich.tell(&mut call, 1, Input::Spent(1, Spend { tokens, ..Spend::NONE }));
        }
        rich.tell(&mut call, 2, ending.clone());
        assert_eq!(rich.tokens(), (0, spent), "{told:?} {ending:?}");
        assert_eq!(rich.budget.spent(rich.budget.root()).attempts, 1, "an attempt is one attempt");
    }
}

#[test]
fn nothing_is_attempted_beyond_the_budget_not_even_a_fallback() {
    let policy = retrying();
    let mut rich = Rich::new(&policy, Limits::none().with_attempts(2).unwrap(), 3);
    let mut call = call(&policy, 2);
    rich.tell(&mut call, 0, Input::Start);
    rich.tell(&mut call, 0, Input::Failed(1, Failure::new(FailureClass::InvalidRequest, "400")));
    let Output::Finished(Err(error)) = rich.tell(&mut call, 1, Input::Failed(2, Failure::transient("503"))) else {
        let Output::Finished(Err(CallError::BudgetExceeded(exceeded))) = rich.tell(&mut call, 501, Input::Tick) else {
            panic!("{}", rich.trace);
        };
        return assert_eq!((exceeded.limit, exceeded.left, exceeded.asked), (2, 0, 1));
    };
    panic!("{error}");
}

#[test]
fn an_open_breaker_costs_nothing() {
    let breaker = BreakerPolicy::default().with_consecutive(1);
    let policy = estimated(1_000).with_breaker(Some(breaker)).with_retry(None);
    let mut rich = Rich::new(&policy, Limits::none().with_attempts(2).unwrap(), 3);
    let mut first = call(&policy, 1);
    rich.tell(&mut first, 0, Input::Start);
    rich.tell(&mut first, 0, Input::Failed(1, Failure::transient("503")));
    for _ in 0..3 {
        let rejected = rich.tell(&mut call(&policy, 1), 1, Input::Start);
        assert!(matches!(rejected, Output::Finished(Err(CallError::CircuitOpen(_)))), "{rejected:?}");
    }
    assert_eq!(rich.tokens(), (0, 1_000));
}

#[test]
fn a_throttled_endpoint_gets_no_retry_and_its_fallback_is_tried() {
    let policy = retrying().with_throttle(Some(ThrottlePolicy::default()));
    let mut rich = Rich::new(&policy, Limits::none(), 100);
    for _ in 0..4 {
        rich.endpoints[0].throttle.as_mut().unwrap().failed();
    }
    let mut one = call(&policy, 2);
    rich.tell(&mut one, 0, Input::Start);
    // The fifth token: half of them are gone.
    let said = rich.tell(&mut one, 0, Input::Failed(1, Failure::transient("503")));
    assert!(matches!(said, Output::Start(Attempt { option: 1, .. })), "{said:?}");
    let words = format!("{}", rich.trace);
    assert!(words.contains("There is no other try: most of what goes there fails, 5.0 tokens"), "{words}");
    rich.tell(&mut one, 1, Input::Succeeded(2));
    assert_eq!(rich.endpoints[1].throttle.as_ref().unwrap().tokens_thousandths(), 10_000);
    // A bad request says nothing of the endpoint.
    let mut other = call(&policy, 1);
    rich.tell(&mut other, 2, Input::Start);
    rich.tell(&mut other, 2, Input::Failed(1, Failure::new(FailureClass::InvalidRequest, "400")));
    assert_eq!(rich.endpoints[0].throttle.as_ref().unwrap().tokens_thousandths(), 5_000);
}

#[test]
fn the_retries_of_many_calls_are_one_budget() {
    let policy = retrying();
    let mut rich = Rich::new(&policy, Limits::none(), 1);
    let mut first = call(&policy, 1);
    rich.tell(&mut first, 0, Input::Start);
    rich.tell(&mut first, 0, Input::Failed(1, Failure::transient("503")));
    let mut second = call(&policy, 1);
    rich.tell(&mut second, 1, Input::Start);
    let said = rich.tell(&mut second, 1, Input::Failed(1, Failure::transient("503")));
    let Output::Finished(Err(CallError::RetriesExhausted { attempts: 1, .. })) = said else { panic!("{said:?}") };
    assert_eq!((rich.retries.calls(), rich.retries.attempts()), (2, 3));
}

#[test]
fn retries_inside_an_attempt_are_counted_and_named() {
    let policy = retrying();
    let mut rich = Rich::new(&policy, Limits::none().with_attempts(4).unwrap(), 3);
    let mut one = call(&policy, 1);
    rich.tell(&mut one, 0, Input::Start);
    rich.tell(&mut one, 1, Input::Spent(1, Spend { attempts: 3, ..Spend::NONE }));
    rich.tell(&mut one, 2, Input::Succeeded(1));
    assert_eq!(rich.budget.spent(rich.budget.root()).attempts, 3);
    assert!(format!("{}", rich.trace).contains("This attempt was really 3: something inside it retries too"));
}

#[test]
fn a_call_that_is_turned_away_is_never_made_and_counts_all_the_same() {
    let policy = CallPolicy::default().with_breaker(Some(BreakerPolicy::default().with_consecutive(1)));
    let mut rich = Rich::new(&policy, Limits::none(), 3);
    let start = |rich: &mut Rich, at: u64| {
        let budget = Some((&mut rich.budget, Budget::new(Limits::none(), Instant::ORIGIN).root()));
        let mut shared = Resources { endpoints: &mut rich.endpoints, retries: Some(&mut rich.retries), budget };
        let now = Instant::from_millis(at);
        Call::start(KEY, &policy, Seed(1), Deadline::NEVER, now, &mut shared, &mut rich.trace)
    };
    let mut first = start(&mut rich, 0).unwrap();
    assert!(matches!(first.poll(), Output::Start(_)));
    rich.tell(&mut first, 1, Input::Failed(1, Failure::transient("503")));
    let retry_at = start(&mut rich, 2).unwrap_err().retry_at;
    assert_eq!(
        rich.endpoints[0].breaker.as_ref().unwrap().stats().rejected,
        2,
        "the first call's retry was turned away too"
    );
    assert_eq!(rich.retries.calls(), 2);
    let words = format!("{}", rich.trace);
    assert!(
        words.trim_end().ends_with(&format!("The call gives up: the circuit breaker is open until {retry_at}.")),
        "{words}"
    );
    let mut probe = start(&mut rich, retry_at.as_micros().div_ceil(1_000)).unwrap();
    assert!(matches!(probe.poll(), Output::Start(_)));
}

#[test]
fn parts_of_another_attempt_than_the_one_under_way_change_nothing() {
    let mut line = Line::new(&streaming(), 1);
    line.handle(0, Input::Start);
    line.handle(2_000, Input::Tick);
    assert_eq!(line.handle(2_500, Input::Tick), "start 2 of option 0, until 4500");
    assert_eq!(line.handle(2_600, Input::Output(1)), "until 4500", "the first output of the second is still due");
    line.handle(2_600, Input::Commit(1));
    line.handle(2_600, Input::Spent(1, Spend { attempts: 9, ..Spend::NONE }));
    assert!(!format!("{}", line.trace).contains("retries too"));
    assert_eq!(line.handle(4_500, Input::Tick), "abandon 2, until 5500", "it was not committed");
}

#[test]
fn an_attempt_that_was_one_is_not_said_to_retry_inside() {
    let mut line = Line::new(&streaming(), 1);
    line.handle(0, Input::Start);
    line.handle(1, Input::Spent(1, Spend { attempts: 1, ..Spend::NONE }));
    assert!(!format!("{}", line.trace).contains("retries too"));
}
