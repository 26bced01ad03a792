//! Pauses: what servers ask for, over several options, also where breakers are open.

use super::*;
use crate::budget::{RetryBudget, RetryBudgetPolicy, RetryThrottle, ThrottlePolicy};
use crate::fallback::PauseReason;

mod left;

/// A call at endpoints that are kept, told and read in milliseconds.
struct Pausing {
    policy: CallPolicy,
    endpoints: Vec<Endpoint>,
    call: Call,
    trace: Trace,
}

impl Pausing {
    fn new(policy: &CallPolicy, options: u32) -> Self {
        let endpoints = (0..u64::from(options)).map(|option| Endpoint::new(policy, Seed(option))).collect();
        let call = Call::new(KEY, policy, options, Seed(1), Deadline::NEVER);
        Self { policy: *policy, endpoints, call, trace: Trace::on() }
    }

    fn handle(&mut self, at: u64, input: Input) -> String {
        let mut shared = Resources { endpoints: &mut self.endpoints, retries: None, budget: None };
        self.call.handle(Instant::from_millis(at), input, &mut shared, &mut self.trace);
        match self.call.poll() {
            Output::Start(attempt) => format!("start {} of option {}", attempt.id.attempt, attempt.option),
            Output::Abandon(id) => format!("abandon {}", id.attempt),
            Output::Wait { until, .. } => format!("until {}", until.map_or(0, |until| until.as_micros() / 1_000)),
            Output::Finished(Ok(attempt)) => format!("ok by {attempt}"),
            Output::Finished(Err(error)) => format!("{error}"),
        }
    }

    /// Fails with a word of its server.
    fn busy(&mut self, at: u64, attempt: u32, pause: u64) -> String {
        let failure = Failure::new(FailureClass::RateLimited, "429").with_retry_after(ms(pause));
        self.handle(at, Input::Failed(attempt, failure))
    }

    /// The next call at the same endpoints.
    fn another(&mut self) {
        let options = u32::try_from(self.endpoints.len()).unwrap();
        self.call = Call::new(KEY, &self.policy, options, Seed(2), Deadline::NEVER);
    }

    fn asked(&mut self, option: usize, until: u64) {
        self.endpoints[option].retry_after.asked(Instant::from_millis(until), FailureClass::RateLimited);
    }

    fn last(&self) -> &Event {
        &self.trace.entries().last().unwrap().event
    }
}

#[test]
fn a_call_that_goes_on_from_another_counts_its_attempts_on() {
    let mut call = Call::new(KEY, &retrying(), 1, Seed(1), Deadline::NEVER).after_attempts(4);
    call.handle(Instant::ORIGIN, Input::Start, &mut (), &mut Trace::off());
    assert!(matches!(call.poll(), Output::Start(Attempt { id: AttemptId { attempt: 5, .. }, .. })));
}

#[test]
fn a_pause_without_end_is_never_cut_short() {
    let mut line = Pausing::new(&retrying(), 1);
    line.endpoints[0].retry_after.asked(Instant::MAX, FailureClass::RateLimited);
    line.handle(0, Input::Start);
    assert!(matches!(line.last(), Event::Paused { until: Instant::MAX, .. }), "{:?}", line.last());
    let bounded = retrying().with_longest_pause(Some(ms(60_000))).unwrap();
    let mut line = Pausing::new(&bounded, 1);
    line.endpoints[0].retry_after.asked(Instant::MAX, FailureClass::RateLimited);
    assert!(line.handle(0, Input::Start).contains("a call waits 60 s at most"));
}

#[test]
fn a_pause_beyond_the_longest_one_ends_the_call_at_once_and_up_to_it_is_waited_out() {
    let policy = retrying().with_longest_pause(Some(ms(60_000))).unwrap();
    for (pause, said) in [
        (60_001, "its server asks for a pause of 60.001 s, and a call waits 60 s at most: rate_limited: 429"),
        (60_000, "until 6"),
    ] {
        let mut line = Pausing::new(&policy, 1);
        line.handle(0, Input::Start);
        let heard = line.busy(0, 1, pause);
        assert!(heard.starts_with(said), "{heard}");
    }
    // Told of it before it tries anything.
    for (until, said) in [(60_001, "its server asks for a pause of 60.001 s"), (60_000, "until 60000")] {
        let mut line = Pausing::new(&policy, 1);
        line.asked(0, until);
        let heard = line.handle(0, Input::Start);
        assert!(heard.starts_with(said), "{heard}");
    }
}

#[test]
fn a_pause_beyond_the_longest_one_is_left_for_another_option() {
    let policy = retrying().with_longest_pause(Some(ms(10_000))).unwrap();
    let mut line = Pausing::new(&policy, 2);
    line.handle(0, Input::Start);
    assert_eq!(line.busy(0, 1, 11_000), "start 2 of option 1");
}

#[test]
fn the_option_whose_pause_ends_first_is_come_back_to() {
    let mut line = Pausing::new(&retrying(), 2);
    line.handle(0, Input::Start);
    assert_eq!(
        line.busy(100, 1, 30_000),
        "start 2 of option 1",
        "30 s are more than a call waits where another is free"
    );
    assert_eq!(line.busy(200, 2, 3_600_000), "until 30100");
    assert_eq!(line.handle(30_099, Input::Tick), "until 30100");
    assert_eq!(line.handle(30_100, Input::Tick), "start 3 of option 0");
    assert_eq!(line.handle(30_200, Input::Succeeded(3)), "ok by 3");
}

#[test]
fn an_option_that_is_come_back_to_has_the_tries_that_were_left_to_it() {
    let mut line = Pausing::new(&retrying(), 2);
    line.handle(0, Input::Start);
    line.busy(0, 1, 30_000);
    line.busy(0, 2, 3_600_000);
    assert_eq!(line.handle(30_000, Input::Tick), "start 3 of option 0");
    let failed = |attempt| Input::Failed(attempt, Failure::transient("503"));
    assert_eq!(line.handle(30_000, failed(3)), "until 31000");
    assert_eq!(line.handle(31_000, Input::Tick), "start 4 of option 0");
    // Its third try was its last; the other one asked for an hour.
    assert_eq!(line.handle(31_000, failed(4)), "until 3600000");
    assert_eq!(line.handle(3_600_000, Input::Tick), "start 5 of option 1");
}

#[test]
fn an_option_whose_breaker_lets_through_sooner_than_a_server_asked_is_waited_for() {
    let policy = retrying().with_breaker(Some(BreakerPolicy::default().with_consecutive(1)));
    let mut line = Pausing::new(&policy, 2);
    let broken = line.endpoints[1].breaker.as_mut().unwrap();
    let permit = broken.admit(Instant::ORIGIN, None).unwrap();
    broken.settle(permit, PermitOutcome::Failed, Instant::ORIGIN);
    let opens = broken.open_until().unwrap();
    line.asked(0, 3_600_000);
    let said = line.handle(1, Input::Start);
    assert_eq!(said, format!("until {}", opens.as_micros() / 1_000));
    assert!(matches!(line.last(), Event::Paused { option: 1, until, .. } if *until == opens), "{:?}", line.last());
    line.call.handle(
        opens,
        Input::Tick,
        &mut Resources { endpoints: &mut line.endpoints, retries: None, budget: None },
        &mut line.trace,
    );
    assert!(matches!(line.call.poll(), Output::Start(Attempt { option: 1, .. })), "a probe");
}

#[test]
fn options_that_are_shut_for_good_are_not_tried_in_turn_at_the_end_of_time() {
    let mut line = Pausing::new(&retrying().with_breaker(Some(BreakerPolicy::default())), 2);
    for endpoint in &mut line.endpoints {
        endpoint.breaker.as_mut().unwrap().force_open("maintenance", Instant::ORIGIN);
    }
    let mut shared = Resources { endpoints: &mut line.endpoints, retries: None, budget: None };
    line.call.handle(Instant::MAX, Input::Start, &mut shared, &mut line.trace);
    assert!(matches!(line.call.poll(), Output::Finished(Err(CallError::AllOptionsFailed { .. }))));
}

#[test]
fn for_an_open_breaker_alone_no_call_waits() {
    let policy = retrying().with_breaker(Some(BreakerPolicy::default().with_consecutive(1)));
    let mut line = Pausing::new(&policy, 2);
    for endpoint in &mut line.endpoints {
        let breaker = endpoint.breaker.as_mut().unwrap();
        let permit = breaker.admit(Instant::ORIGIN, None).unwrap();
        breaker.settle(permit, PermitOutcome::Failed, Instant::ORIGIN);
    }
    let said = line.handle(1, Input::Start);
    assert!(said.starts_with("both options failed, the last because the circuit breaker is open until"), "{said}");
}

#[test]
fn the_word_of_a_failure_that_comes_late_is_heard_for_the_option_it_is_of() {
    let policy = retrying().with_timeout(Some(ms(1_000))).unwrap().with_retry(None);
    let mut line = Pausing::new(&policy, 2);
    line.handle(0, Input::Start);
    assert_eq!(line.handle(1_000, Input::Tick), "abandon 1");
    line.call.poll();
    line.busy(1_100, 1, 40_000);
    line.handle(1_200, Input::Succeeded(2));
    assert_eq!(line.endpoints[0].retry_after.until(Instant::from_millis(1_200)), Some(Instant::from_millis(41_100)));
    assert_eq!(line.endpoints[1].retry_after.until(Instant::from_millis(1_200)), None);
    line.another();
    assert_eq!(line.handle(2_000, Input::Start), "start 1 of option 1");
    // An attempt that was never made says nothing.
    line.busy(2_100, 9, 90_000);
    assert_eq!(line.endpoints[1].retry_after.until(Instant::from_millis(2_200)), None);
}

#[test]
fn a_trace_says_once_why_an_option_is_left_and_what_is_waited_for() {
    let mut line = Pausing::new(&retrying(), 2);
    line.asked(0, 40_000);
    line.asked(1, 30_000);
    line.handle(0, Input::Start);
    let said: Vec<String> = line.trace.entries().iter().map(|entry| format!("{}", entry.event)).collect();
    assert_eq!(
        said,
        [
            "Option 0 is left for option 1: its server asked to be left alone until 40 s.",
            "Waits until 30 s: the server of option 1 asked to be left alone until then.",
        ]
    );
}

/// Two options and nobody who keeps anything for the next call.
fn alone(policy: &CallPolicy, options: u32) -> (Call, Trace) {
    (Call::new(KEY, policy, options, Seed(1), Deadline::NEVER), Trace::off())
}

#[test]
fn what_a_server_asks_for_holds_within_a_call_where_nobody_else_keeps_it() {
    let (mut call, mut trace) = alone(&retrying(), 2);
    let mut tell = |at: u64, input| {
        call.handle(Instant::from_millis(at), input, &mut (), &mut trace);
        call.poll()
    };
    tell(0, Input::Start);
    let busy = Failure::new(FailureClass::RateLimited, "429").with_retry_after(ms(60_000));
    assert!(matches!(tell(0, Input::Failed(1, busy)), Output::Start(Attempt { option: 1, .. })));
    let wrong = Failure::new(FailureClass::InvalidRequest, "400");
    let back = tell(10, Input::Failed(2, wrong));
    assert!(
        matches!(back, Output::Wait { until: Some(until), .. } if until == Instant::from_millis(60_000)),
        "{back:?}"
    );
    assert!(matches!(tell(59_999, Input::Tick), Output::Wait { .. }));
    assert!(matches!(tell(60_000, Input::Tick), Output::Start(Attempt { option: 0, .. })));
}

#[test]
fn a_late_word_holds_within_a_call_where_nobody_else_keeps_it() {
    let (mut call, mut trace) = alone(&retrying().with_timeout(Some(ms(1_000))).unwrap(), 1);
    let mut tell = |at: u64, input| {
        call.handle(Instant::from_millis(at), input, &mut (), &mut trace);
        call.poll()
    };
    tell(0, Input::Start);
    assert!(matches!(tell(1_000, Input::Tick), Output::Abandon(_)));
    let busy = Failure::new(FailureClass::RateLimited, "429").with_retry_after(ms(60_000));
    tell(1_100, Input::Failed(1, busy));
    let woken = tell(1_500, Input::Tick);
    assert!(
        matches!(woken, Output::Wait { until: Some(until), .. } if until == Instant::from_millis(61_100)),
        "{woken:?}"
    );
}

#[test]
fn a_word_that_is_told_twice_is_one_word() {
    let mut line = Pausing::new(&retrying().with_timeout(Some(ms(1_000))).unwrap(), 1);
    line.handle(0, Input::Start);
    assert_eq!(line.handle(1_000, Input::Tick), "abandon 1");
    assert_eq!(line.busy(1_100, 1, 40_000), "until 1500");
    line.busy(1_200, 1, 40_000);
    assert_eq!(line.handle(1_500, Input::Tick), "until 41100");
    // And one of an attempt that was heard of in time is over.
    assert_eq!(line.handle(41_100, Input::Tick), "start 2 of option 0");
    line.busy(41_200, 2, 10_000);
    assert_eq!(line.busy(50_000, 2, 10_000), "until 51200");
}

#[test]
fn a_wait_of_its_own_is_not_measured_by_the_longest_pause_of_a_server() {
    let policy = retrying().with_longest_pause(Some(ms(100))).unwrap();
    let mut line = Pausing::new(&policy, 1);
    // As it stands in a snapshot.
    let word = crate::retry_after::Word {
        until: Instant::from_millis(2_000),
        class: FailureClass::ServerError,
        reason: PauseReason::BacksOff,
    };
    line.endpoints[0].retry_after.add(word);
    assert_eq!(line.handle(0, Input::Start), "until 2000");
}

#[test]
fn a_call_that_a_server_asked_to_wait_waits_no_longer_for_a_breaker_either() {
    let policy = retrying().with_longest_pause(Some(ms(10_000))).unwrap();
    for order in [[0, 1], [1, 0]] {
        for (open_for, waits) in [(3_600, false), (8, true)] {
            let breaker = BreakerPolicy::default().with_consecutive(1);
            let open_for = Duration::from_secs(open_for);
            let breaker = breaker.with_open_for(open_for, open_for).unwrap();
            let mut line = Pausing::new(&policy.with_breaker(Some(breaker)), 2);
            let [asks, open] = order;
            line.asked(asks, 7_200_000);
            let breaker = line.endpoints[open].breaker.as_mut().unwrap();
            let permit = breaker.admit(Instant::ORIGIN, None).unwrap();
            breaker.settle(permit, PermitOutcome::Failed, Instant::ORIGIN);
            let said = line.handle(0, Input::Start);
            assert_eq!(said.starts_with("until "), waits, "{order:?} {said}");
            let too_long = "both options failed, the last because its server asks for a pause of 2 h, and a call waits 10 s at most";
            assert_eq!(said.starts_with(too_long), !waits, "{order:?} {said}");
        }
    }
}

#[test]
fn nobody_waits_for_a_breaker_that_is_forced_open_whatever_another_server_asked_for() {
    let policy = retrying().with_longest_pause(Some(ms(60_000))).unwrap().with_breaker(Some(BreakerPolicy::default()));
    let mut line = Pausing::new(&policy, 2);
    line.endpoints[1].breaker.as_mut().unwrap().force_open("maintenance", Instant::ORIGIN);
    line.handle(0, Input::Start);
    let failure = Failure::new(FailureClass::RateLimited, "429").with_retry_after(Duration::MAX);
    let said = line.handle(0, Input::Failed(1, failure));
    assert!(said.starts_with("both options failed, the last because the circuit breaker was forced open"), "{said}");
}

#[test]
fn a_call_that_is_begun_at_once_waits_and_is_refused_as_any_other() {
    let policy = retrying().with_breaker(Some(BreakerPolicy::default().with_consecutive(1)));
    let open = || {
        let mut line = Pausing::new(&policy, 1);
        let breaker = line.endpoints[0].breaker.as_mut().unwrap();
        let permit = breaker.admit(Instant::ORIGIN, None).unwrap();
        breaker.settle(permit, PermitOutcome::Failed, Instant::ORIGIN);
        let Some(until) = breaker.open_until() else { panic!() };
        // A probe that nobody hears of: its lease ends, and the breaker opens anew.
        let _ = breaker.admit(until, None).unwrap();
        while breaker.poll_change().is_some() {}
        (line, until + Duration::from_secs(60))
    };
    let start = |line: &mut Pausing, now| {
        let mut shared = Resources { endpoints: &mut line.endpoints, retries: None, budget: None };
        let begun = Call::start(KEY, &policy, Seed(1), Deadline::NEVER, now, &mut shared, &mut line.trace);
        begun.map(|mut call| call.poll())
    };
    let (mut line, now) = open();
    assert!(start(&mut line, now).is_err());
    let (mut other, _) = open();
    other.handle(now.as_micros() / 1_000, Input::Start);
    let events =
        |line: &Pausing| line.trace.entries().iter().map(|entry| format!("{}", entry.event)).collect::<Vec<_>>();
    assert_eq!(events(&line)[1..], events(&other)[1..]);
    assert!(events(&line)[0].contains("was not heard of until its lease ended"), "{:?}", events(&line));

    let (mut line, now) = open();
    let asked = now + Duration::from_secs(600);
    line.endpoints[0].retry_after.asked(asked, FailureClass::RateLimited);
    assert!(matches!(start(&mut line, now), Ok(Output::Wait { until: Some(until), .. }) if until == asked));
}

/// Opens the breaker of that option, until that instant.
fn opened(line: &mut Pausing, option: usize, until: u64) {
    let length = Duration::from_millis(until * 2);
    let policy = BreakerPolicy::default().with_consecutive(1).with_open_for(length, length).unwrap();
    let seed = (0..10_000).find(|seed| {
        let mut breaker = CircuitBreaker::new(policy, Seed(*seed));
        let permit = breaker.admit(Instant::ORIGIN, None).unwrap();
        breaker.settle(permit, PermitOutcome::Failed, Instant::ORIGIN);
        breaker.open_until().is_some_and(|open| open.as_micros() / 1_000 <= until + until / 50)
    });
    let breaker = line.endpoints[option].breaker.insert(CircuitBreaker::new(policy, Seed(seed.unwrap())));
    let permit = breaker.admit(Instant::ORIGIN, None).unwrap();
    breaker.settle(permit, PermitOutcome::Failed, Instant::ORIGIN);
}

#[test]
fn a_call_that_waits_for_a_server_takes_whatever_is_free_first_and_always_waits_or_ends() {
    let policy = retrying().with_longest_pause(Some(ms(20_000))).unwrap();
    // What the server of option 0 asked for, and until when the breakers of the others are open at least.
    for (asked, open, waits) in
        [(500, [280, 27_800], true), (15_000, [10_000, 40_000], true), (19_000, [25_000, 40_000], true)]
    {
        let mut line = Pausing::new(&policy, 3);
        line.asked(0, asked);
        opened(&mut line, 1, open[0]);
        opened(&mut line, 2, open[1]);
        let first = line.endpoints[1].breaker.as_ref().unwrap().open_until().unwrap().as_micros() / 1_000;
        let said = line.handle(0, Input::Start);
        assert_eq!(said, format!("until {}", first.min(asked)), "{asked} {open:?}");
        assert!(waits);
    }
    let mut line = Pausing::new(&policy, 3);
    line.asked(0, 30_000);
    opened(&mut line, 1, 25_000);
    opened(&mut line, 2, 40_000);
    let said = line.handle(0, Input::Start);
    assert!(said.contains("its server asks for a pause of 30 s, and a call waits 20 s at most"), "{said}");
}

#[test]
fn a_late_word_at_the_very_instant_of_the_next_try_is_heard_before_that_begins() {
    let mut line = Pausing::new(&retrying().with_timeout(Some(ms(1_000))).unwrap(), 1);
    line.handle(0, Input::Start);
    assert_eq!(line.handle(1_000, Input::Tick), "abandon 1");
    assert_eq!(line.busy(1_500, 1, 60_000), "until 61500");
}

#[test]
fn a_call_that_is_begun_at_once_says_what_new_and_start_say_of_time_and_budget() {
    let policy = retrying().with_breaker(Some(BreakerPolicy::default()));
    let mut endpoints = vec![Endpoint::new(&policy, Seed(1))];
    endpoints[0].breaker.as_mut().unwrap().force_open("maintenance", Instant::ORIGIN);
    let mut budget =
        crate::budget::Budget::new(crate::budget::Limits::none().with_attempts(1).unwrap(), Instant::ORIGIN);
    let envelope = budget.root();
    budget.spend(envelope, Spend { attempts: 1, ..Spend::NONE });
    let mut start = |parent, spends: bool| {
        let budget = Some((&mut budget, envelope)).filter(|_| spends);
        let mut shared = Resources { endpoints: &mut endpoints, retries: None, budget };
        let begun = Call::start(KEY, &policy, Seed(1), parent, Instant::ORIGIN, &mut shared, &mut Trace::off());
        begun.map(|mut call| call.poll())
    };
    assert!(start(Deadline::NEVER, false).is_err());
    let spent = start(Deadline::NEVER, true);
    assert!(matches!(spent, Ok(Output::Finished(Err(CallError::BudgetExceeded(_))))), "{spent:?}");
    let late = start(Deadline::until(Instant::ORIGIN, Scope::Run), false);
    assert!(matches!(late, Ok(Output::Finished(Err(CallError::DeadlineExceeded { .. })))), "{late:?}");
}
