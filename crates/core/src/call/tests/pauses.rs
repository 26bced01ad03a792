//! Pauses: what servers ask for, over several options, also where breakers are open.

use super::*;

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
