//! What the original lab verified, by its own names, on the engine and in virtual time.

use std::cell::{Cell, RefCell};
use std::future::{Future, pending, ready};
use std::pin::Pin;
use std::time::Duration;

use steadfast::approval::{ApprovalGate, ApprovalRequest, Decision, Verdict};
use steadfast::backoff::{Backoff, Jitter};
use steadfast::call::Attempt;
use steadfast::clock::Clock;
use steadfast::drive::{self, Host, Pending, call_with_deadline, fallback, operation, retry};
use steadfast::failure::{Failure, FailureClass};
use steadfast::id::RunId;
use steadfast::outcome::{CallError, StopReason};
use steadfast::policy::{CallPolicy, RunPolicy};
use steadfast::retry::RetryPolicy;
use steadfast::rng::Seed;
use steadfast::run::{Message, ModelReply, Role, Run, RunResult, ToolSpec};
use steadfast::step_limit::StepLimiter;
use steadfast::time::Instant;
use steadfast_sim::VirtualClock;

fn without_jitter() -> RetryPolicy {
    RetryPolicy::default().with_backoff(Backoff::default().with_jitter(Jitter::None))
}

#[test]
fn retry_recovers_on_attempt_3_with_delays_of_half_a_second_and_a_second() {
    let clock = VirtualClock::new();
    let tried_at = RefCell::new(Vec::new());
    let result = clock.block_on(retry(&clock, without_jitter(), Seed(1), |attempt| {
        tried_at.borrow_mut().push(clock.now());
        async move { if attempt.id.attempt < 3 { Err(Failure::transient("503")) } else { Ok("up again") } }
    }));
    assert_eq!(result, Ok("up again"));
    assert_eq!(*tried_at.borrow(), [0, 500, 1_500].map(Instant::from_millis));
}

#[test]
fn retry_gives_up_with_the_last_failure_when_attempts_run_out() {
    let clock = VirtualClock::new();
    let result: Result<(), _> = clock.block_on(retry(&clock, without_jitter(), Seed(1), |attempt| async move {
        Err(Failure::transient(format!("failure {}", attempt.id.attempt)))
    }));
    assert_eq!(result, Err(CallError::RetriesExhausted { attempts: 3, last: Failure::transient("failure 3") }));
}

#[test]
fn retry_does_not_try_a_permanent_failure_again() {
    let clock = VirtualClock::new();
    let bad_request = Failure::new(FailureClass::InvalidRequest, "400");
    let tries = Cell::new(0);
    let result: Result<(), _> = clock.block_on(retry(&clock, without_jitter(), Seed(1), |_| {
        tries.set(tries.get() + 1);
        ready(Err(bad_request.clone()))
    }));
    assert_eq!(result, Err(CallError::NotTransient { failure: bad_request }));
    assert_eq!((tries.get(), clock.now()), (1, Instant::ORIGIN));
}

#[test]
fn call_with_deadline_gives_up_on_a_call_that_never_answers_with_a_transient_failure() {
    let clock = VirtualClock::new();
    let result = clock.block_on(call_with_deadline(&clock, Duration::from_secs(2), |_| pending::<Result<(), _>>()));
    let failure = result.unwrap_err();
    assert_eq!((failure.class, failure.transient), (FailureClass::Timeout, true));
    assert_eq!(clock.now(), Instant::from_millis(2_000));
}

#[test]
fn retry_tries_afresh_what_call_with_deadline_gave_up_on() {
    let clock = &VirtualClock::new();
    let result = clock.block_on(retry(clock, without_jitter(), Seed(1), |attempt| {
        call_with_deadline(clock, Duration::from_secs(2), move |_| async move {
            if attempt.id.attempt == 1 { pending().await } else { Ok(391) }
        })
    }));
    assert_eq!(result, Ok(391));
    assert_eq!(clock.now(), Instant::from_millis(2_500));
}

#[test]
fn dropping_a_call_stops_its_operation_and_no_attempt_follows() {
    let clock = VirtualClock::new();
    let tries = Cell::new(0);
    let call = retry(&clock, without_jitter(), Seed(1), |_| {
        tries.set(tries.get() + 1);
        ready(Err::<(), _>(Failure::transient("503")))
    });
    // 50 ms into a wait of 500 ms somebody loses patience.
    let given_up = clock.block_on(call_with_deadline(&clock, Duration::from_millis(50), {
        let call = RefCell::new(Some(call));
        move |_| {
            let call = call.borrow_mut().take();
            async move { call.unwrap().await.map_err(Failure::from) }
        }
    }));
    assert_eq!(given_up.unwrap_err().class, FailureClass::Timeout);
    clock.advance(Duration::from_secs(10));
    assert_eq!(tries.get(), 1);
}

#[test]
fn fallback_uses_the_next_option() {
    let clock = VirtualClock::new();
    let options = vec![
        operation(|_| async { Err(Failure::transient("the first is down")) }),
        operation(|_| async { Ok("the second") }),
        operation(|_| async { panic!("the third is not needed") }),
    ];
    assert_eq!(clock.block_on(fallback(&clock, options)), Ok("the second"));
}

#[test]
fn fallback_without_any_option_is_an_error_and_no_panic() {
    let clock = VirtualClock::new();
    assert_eq!(clock.block_on(fallback::<()>(&clock, vec![])), Err(CallError::Cancelled));
}

#[test]
fn step_limiter_stops_past_its_cap() {
    let mut steps = StepLimiter::new(2).unwrap();
    assert_eq!((steps.take(), steps.take()), (Ok(1), Ok(2)));
    assert_eq!(steps.take().unwrap_err().limit, 2);
}

#[test]
fn approval_gate_denies_a_risky_action_by_default_and_passes_safe_ones() {
    assert_eq!(ApprovalGate::default().check(true), Verdict::Deny);
    assert_eq!(ApprovalGate::default().check(false), Verdict::Run);
}

/// The lab's agent: asks for 17 * 23, with `multiply` and `send_email`.
struct Agent<M> {
    model: M,
    approver: Option<bool>,
    mails: Cell<u32>,
    clock: VirtualClock,
}

impl<M: Fn(Attempt, &[Message]) -> Option<Result<ModelReply, Failure>>> Host for Agent<M> {
    fn think(&self, attempt: Attempt, messages: &[Message]) -> Pending<'_, ModelReply> {
        match (self.model)(attempt, messages) {
            Some(reply) => Box::pin(ready(reply)),
            None => Box::pin(pending()),
        }
    }

    fn act(&self, _: Attempt, tool: &str, args: &str) -> Pending<'_, String> {
        Box::pin(ready(match (tool, args) {
            ("multiply", "[17,23]") => Ok((17 * 23).to_string()),
            ("send_email", _) => {
                self.mails.set(self.mails.get() + 1);
                Ok("sent".into())
            }
            _ => Err(Failure::new(FailureClass::ToolFailed, args)),
        }))
    }

    fn approve(&self, _: &ApprovalRequest) -> Pin<Box<dyn Future<Output = Decision> + '_>> {
        Box::pin(ready(match self.approver {
            Some(true) => Decision::Approve,
            _ => Decision::Deny { message: String::new() },
        }))
    }
}

impl<M: Fn(Attempt, &[Message]) -> Option<Result<ModelReply, Failure>>> Agent<M> {
    fn new(model: M) -> Self {
        Self { model, approver: None, mails: Cell::new(0), clock: VirtualClock::new() }
    }

    fn run(&self) -> RunResult {
        let gate = ApprovalGate::default().with_approver(self.approver.is_some());
        let model = CallPolicy::default().with_timeout(Some(Duration::from_secs(5))).unwrap();
        let policy = RunPolicy::default().with_approval(gate).with_model(model);
        let tools = vec![ToolSpec::new("multiply"), ToolSpec::new("send_email").risky()];
        let mut run = Run::new(RunId(1), "What is 17 * 23?", policy, 1, tools, Seed(1)).unwrap();
        let result = self.clock.block_on(drive::run(&self.clock, self, &mut run));
        assert!(!run.trace().entries().is_empty());
        result
    }
}

/// A model that multiplies and then answers with what it was told.
fn honest(messages: &[Message]) -> ModelReply {
    match messages.iter().find(|message| message.role == Role::Tool) {
        Some(result) => ModelReply::answer(&*result.content),
        None => ModelReply::tool("1", "multiply", "[17,23]"),
    }
}

/// A model that sends a mail and then answers with what it was told.
fn mailing(messages: &[Message]) -> ModelReply {
    match messages.iter().find(|message| message.role == Role::Tool) {
        Some(result) => ModelReply::answer(&*result.content),
        None => ModelReply::tool("1", "send_email", "{}"),
    }
}

#[test]
fn agent_with_a_model_that_fails_twice_still_answers_391() {
    let failures = Cell::new(0);
    let agent = Agent::new(|_, messages| {
        failures.set(failures.get() + 1);
        Some(if failures.get() <= 2 { Err(Failure::transient("503")) } else { Ok(honest(messages)) })
    });
    let expected = RunResult {
        answer: "391".into(),
        steps: 2,
        blocked: vec![],
        degraded: false,
        stop: StopReason::Answered,
        pending: vec![],
    };
    assert_eq!(agent.run(), expected);
}

#[test]
fn agent_with_a_model_that_never_has_enough_is_stopped_by_the_cap() {
    let turns = Cell::new(0);
    let result = Agent::new(|_, _| {
        turns.set(turns.get() + 1);
        Some(Ok(ModelReply::tool("1", "multiply", format!("[17,{}]", turns.get()))))
    });
    let result = result.run();
    assert_eq!((result.stop, result.steps, result.degraded), (StopReason::StepLimit, 8, true));
}

#[test]
fn agent_with_a_looping_model_is_stopped_before_the_cap() {
    let result = Agent::new(|_, _| Some(Ok(ModelReply::tool("1", "multiply", "[17,23]")))).run();
    assert_eq!((result.stop, result.steps, result.degraded), (StopReason::NoProgress, 5, true));
}

#[test]
fn agent_in_a_full_outage_degrades_to_a_safe_message() {
    let agent = Agent::new(|_, _| Some(Err(Failure::new(FailureClass::ConnectFailed, "refused"))));
    let result = agent.run();
    assert_eq!((result.stop, result.degraded), (StopReason::ModelUnavailable, true));
    assert_eq!(result.answer, RunPolicy::SAFE_MESSAGE);
}

#[test]
fn agent_s_hung_call_is_cut_by_the_timeout_and_tried_again() {
    let agent = Agent::new(|attempt, messages| {
        let hangs = attempt.id.call.0 == 1 && attempt.id.attempt == 1;
        (!hangs).then(|| Ok(honest(messages)))
    });
    assert_eq!(agent.run().answer, "391");
    assert!(agent.clock.now() >= Instant::from_millis(5_000));
}

#[test]
fn agent_s_risky_mail_is_blocked_by_default_and_sent_only_after_a_yes() {
    for (approver, mails, blocked) in [(None, 0, true), (Some(false), 0, true), (Some(true), 1, false)] {
        let mut agent = Agent::new(|_, messages| Some(Ok(mailing(messages))));
        agent.approver = approver;
        let result = agent.run();
        assert_eq!(agent.mails.get(), mails, "{approver:?}");
        assert_eq!(result.blocked == ["send_email"], blocked, "{approver:?}");
        assert_eq!(result.stop, StopReason::Answered);
    }
}
