//! Every sentence the engine can say, in one golden file that a person can read aloud.

use std::fmt::Write;
use std::fs;

use serde_json::Value;
use steadfast::approval::{DecisionRejected, Digest};
use steadfast::backoff::Delay;
use steadfast::breaker::{ChangeReason, RejectReason, Rejection};
use steadfast::budget::{BudgetExceeded, Resource, RetryBudgetSpent};
use steadfast::deadline::Scope;
use steadfast::effect::{Effect, EffectState, Reconciliation};
use steadfast::event::{BlockReason, Event};
use steadfast::failure::{Failure, FailureClass};
use steadfast::fallback::{FallbackReason, PauseReason, RetryRefusal};
use steadfast::id::{ApprovalId, CallId, RunId};
use steadfast::outcome::{CallError, StopReason};
use steadfast::progress::{Repetition, Rung};
use steadfast::rng::Seed;
use steadfast::sentence::OfCall;
use steadfast::time::{Duration, Instant};
use steadfast::trace::Entry;
use steadfast_boundary::decision;
use steadfast_tests::project;

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn at(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

fn text(said: &str) -> String {
    said.to_owned()
}

fn overloaded() -> Failure {
    Failure::new(FailureClass::Overloaded, "503")
}

fn exceeded() -> BudgetExceeded {
    BudgetExceeded { what: Resource::Attempts, limit: 10, left: 0, asked: 1 }
}

fn refusals() -> [RetryRefusal; 2] {
    [spent(7, 3), RetryRefusal::Throttle { tokens_thousandths: 4_900 }]
}

/// The run's retries are spent.
fn spent(calls: u64, allowed: u64) -> RetryRefusal {
    RetryRefusal::RetryBudget(RetryBudgetSpent { retries: allowed, allowed, calls })
}

fn delay(floor: u64, ceiling: u64, retry_after: Option<Duration>) -> Delay {
    Delay { delay: ms(488), floor: ms(floor), ceiling: ms(ceiling), retry_after }
}

fn of_runs() -> Vec<Event> {
    let started = |deadline| Event::RunStarted { run: RunId(1), seed: Seed(7), max_steps: 8, deadline };
    let replied = |said: &str, tools: &[&str]| Event::ModelReplied {
        text: text(said),
        tools: tools.iter().map(|tool| text(tool)).collect(),
    };
    let mail = || text("send_email");
    let mut events = vec![
        started(None),
        started(Some(at(60_000))),
        Event::RunStarted { run: RunId(1), seed: Seed(7), max_steps: 1, deadline: None },
        Event::StepStarted { step: 2, of: 8 },
        Event::ModelCalled { messages: 1, options: 1 },
        Event::ModelCalled { messages: 3, options: 2 },
        replied("391.", &[]),
        replied("", &["multiply"]),
        replied("", &["look", "multiply", "send_email"]),
        Event::ToolCalled { tool: mail(), args: text("{}"), effect: Effect::Once },
        Event::ToolReplied { tool: mail(), output: text("sent") },
        Event::ToolUnknown { tool: text("telepathy") },
        Event::EffectUnknown { tool: mail(), failure: Failure::new(FailureClass::Timeout, "no answer within 10 s") },
        Event::ReconcileAsked { tool: mail() },
        Event::Reconciled { tool: mail(), found: Reconciliation::Done { output: text("sent") } },
        Event::Reconciled { tool: mail(), found: Reconciliation::NotDone },
        Event::Reconciled { tool: mail(), found: Reconciliation::Unknown },
        Event::EffectSettled { tool: mail(), state: EffectState::Done },
        Event::EffectSettled { tool: mail(), state: EffectState::Failed },
        Event::EffectRepeated { tool: mail(), times: 3 },
        Event::EffectRepeated { tool: mail(), times: 2 },
        Event::EffectTaken { tool: mail(), state: EffectState::Done },
        Event::EffectTaken { tool: mail(), state: EffectState::Unknown },
        Event::EffectTaken { tool: mail(), state: EffectState::Failed },
        Event::EffectTaken { tool: mail(), state: EffectState::Blocked },
        Event::RunSuspended { pending: vec![ApprovalId(1)], steps: 2 },
        Event::RunSuspended { pending: vec![ApprovalId(1), ApprovalId(2)], steps: 2 },
        Event::RunResumed { run: RunId(7), step: 2, pending: vec![] },
        Event::RunResumed { run: RunId(7), step: 2, pending: vec![ApprovalId(1)] },
        Event::PolicyChanged { reason: "retry.attempts 2 instead of 4".into() },
        Event::BudgetSpent { exceeded: exceeded() },
        Event::RepetitionSeen { rung: Rung::Hint, rule: Repetition::Identical { repeats: 1 } },
        Event::RepetitionSeen { rung: Rung::Synthetic, rule: Repetition::Cycle { length: 2, repeats: 2 } },
        Event::RepetitionSeen {
            rung: Rung::LastTurn,
            rule: Repetition::SameError { tool: text("multiply"), repeats: 5 },
        },
        Event::RepetitionSeen { rung: Rung::Stop, rule: Repetition::NothingNew { turns: 8 } },
        Event::Observed { results: 1 },
        Event::Observed { results: 2 },
        Event::StepLimitReached { limit: 1 },
        Event::StepLimitReached { limit: 8 },
        Event::ClockWentBack { by: ms(600) },
    ];
    let blocks = [
        BlockReason::NobodyToAsk,
        BlockReason::Denied,
        BlockReason::Expired,
        BlockReason::RunEnded,
        BlockReason::DecidedElsewhere,
    ];
    events.extend(blocks.map(|reason| Event::ToolBlocked { tool: mail(), reason }));
    let stops = [
        (StopReason::Answered, false),
        (StopReason::StepLimit, true),
        (StopReason::NoProgress, true),
        (StopReason::Budget, true),
        (StopReason::ModelUnavailable, true),
        (StopReason::Deadline, true),
        (StopReason::Cancelled, true),
    ];
    events.extend(stops.map(|(stop, degraded)| Event::RunFinished {
        stop,
        degraded,
        steps: 2,
        blocked: Vec::new(),
        answer: text("391."),
    }));
    events
}

fn of_attempts() -> Vec<Event> {
    let started = |option, until, scope| Event::AttemptStarted { option, until, scope };
    let failed = |failure| Event::AttemptFailed { failure, after: ms(300) };
    let waits = |delay| Event::BackingOff { next: 2, of: 3, until: at(788), delay };
    vec![
        started(0, None, Scope::Attempt),
        started(0, Some(at(4_000)), Scope::Attempt),
        started(1, Some(at(9_000)), Scope::Call),
        started(0, Some(at(9_000)), Scope::Run),
        started(0, Some(at(2_000)), Scope::FirstOutput),
        Event::FirstOutput { after: ms(300) },
        Event::Committed { after: ms(310) },
        Event::AttemptTimedOut { scope: Scope::FirstOutput, after: ms(2_000) },
        Event::AttemptTimedOut { scope: Scope::Idle, after: ms(2_600) },
        Event::InnerRetries { attempts: 3 },
        Event::RetryRefused { reason: refusals()[0] },
        Event::RetryRefused { reason: refusals()[1] },
        Event::RetryRefused { reason: spent(1, 1) },
        Event::RetryRefused { reason: spent(1, 0) },
        Event::AttemptSucceeded { after: ms(817) },
        failed(overloaded()),
        failed(Failure::new(FailureClass::RateLimited, "429").with_retry_after(ms(2_000))),
        failed(Failure::new(FailureClass::InvalidRequest, "400")),
        failed(Failure::new(FailureClass::RateLimited, "429 spent").with_transient(false).with_retry_after(ms(9))),
        failed(Failure::new(FailureClass::Bug, "")),
        Event::AttemptTimedOut { scope: Scope::Attempt, after: ms(4_000) },
        Event::AttemptTimedOut { scope: Scope::Call, after: ms(4_000) },
        Event::AttemptAbandoned { after: ms(90) },
        waits(delay(0, 500, None)),
        waits(delay(488, 488, None)),
        waits(delay(0, 500, Some(ms(480)))),
        Event::LateReply { ok: true },
        Event::LateReply { ok: false },
    ]
}

fn of_calls() -> Vec<Event> {
    let fell = |reason| Event::FellBack { from: 0, to: 1, reason };
    let gave_up = |error| Event::CallFailed { error };
    let late = |last| CallError::DeadlineExceeded { scope: Scope::Call, last };
    let exhausted = |attempts| CallError::RetriesExhausted { attempts, last: overloaded() };
    let open = |retry_at| CallError::CircuitOpen(Rejection { retry_at, reason: RejectReason::Open });
    vec![
        fell(FallbackReason::AttemptsUsedUp { attempts: 1 }),
        fell(FallbackReason::AttemptsUsedUp { attempts: 2 }),
        fell(FallbackReason::AttemptsUsedUp { attempts: 3 }),
        fell(FallbackReason::NotTransient { class: FailureClass::Auth }),
        fell(FallbackReason::RetriesRefused { reason: refusals()[0] }),
        fell(FallbackReason::RetriesRefused { reason: refusals()[1] }),
        fell(FallbackReason::BreakerOpen { retry_at: at(31_000) }),
        fell(FallbackReason::BreakerOpen { retry_at: Instant::MAX }),
        Event::Paused { option: 0, until: at(40_000), reason: PauseReason::ServerAsked },
        Event::Paused { option: 0, until: at(40_000), reason: PauseReason::BacksOff },
        Event::Paused { option: 0, until: at(40_000), reason: PauseReason::BreakerOpen },
        fell(FallbackReason::Paused { until: at(40_000), reason: PauseReason::ServerAsked }),
        fell(FallbackReason::Paused { until: at(40_000), reason: PauseReason::BacksOff }),
        gave_up(CallError::PauseTooLong { wait: ms(3_600_000), limit: ms(300_000), last: overloaded() }),
        fell(FallbackReason::WaitBeyondDeadline { wait: ms(40_000), remaining: ms(30_000) }),
        gave_up(CallError::NotTransient { failure: Failure::new(FailureClass::InvalidRequest, "400") }),
        gave_up(exhausted(1)),
        gave_up(exhausted(2)),
        gave_up(exhausted(3)),
        gave_up(late(None)),
        gave_up(late(Some(overloaded()))),
        gave_up(open(at(31_000))),
        gave_up(open(Instant::MAX)),
        gave_up(CallError::CircuitOpen(Rejection {
            retry_at: Instant::MAX,
            reason: RejectReason::ForcedOpen { reason: text("maintenance") },
        })),
        gave_up(CallError::AllOptionsFailed { options: 2, last: Box::new(exhausted(3)) }),
        gave_up(CallError::AllOptionsFailed { options: 3, last: Box::new(exhausted(3)) }),
        gave_up(CallError::BudgetExceeded(exceeded())),
        gave_up(CallError::AfterCommit { failure: overloaded() }),
        gave_up(CallError::Cancelled),
    ]
}

fn of_breakers() -> Vec<Event> {
    let opened = |reason| Event::BreakerOpened { option: 0, until: at(31_000), reason };
    let closed = |reason| Event::BreakerClosed { option: 0, reason };
    let rejected = |retry_at, reason| Event::BreakerRejected { option: 0, retry_at, reason };
    let by_hand = || ChangeReason::ByHand { reason: text("maintenance") };
    vec![
        opened(ChangeReason::Consecutive { failures: 1 }),
        opened(ChangeReason::Consecutive { failures: 5 }),
        opened(ChangeReason::Window { failed: 1, calls: 1 }),
        opened(ChangeReason::Window { failed: 10, calls: 20 }),
        opened(ChangeReason::Slow { slow: 1, calls: 1 }),
        opened(ChangeReason::Slow { slow: 1, calls: 20 }),
        opened(ChangeReason::Slow { slow: 10, calls: 20 }),
        Event::BreakerOpened { option: 0, until: Instant::MAX, reason: ChangeReason::Consecutive { failures: 5 } },
        opened(ChangeReason::ProbeFailed),
        opened(ChangeReason::LeaseEnded),
        Event::BreakerHalfOpened { option: 0 },
        closed(ChangeReason::ProbesSucceeded { successes: 1 }),
        closed(ChangeReason::ProbesSucceeded { successes: 3 }),
        closed(ChangeReason::OpenTimeOver),
        Event::BreakerSet { option: 0, state: "forced-open", reason: by_hand() },
        rejected(at(31_000), RejectReason::Open),
        rejected(at(9_000), RejectReason::ProbesUnderWay { probes: 1 }),
        rejected(at(9_000), RejectReason::ProbesUnderWay { probes: 2 }),
        rejected(Instant::MAX, RejectReason::ForcedOpen { reason: text("maintenance") }),
    ]
}

fn of_approvals() -> Vec<Event> {
    let (id, digest) = (ApprovalId(1), Digest([0xa5; 32]));
    let mut events = vec![
        Event::ApprovalAsked {
            id,
            tool: text("send_email"),
            args: text(r#"{"to":"ana@example.com"}"#),
            digest,
            expires_at: at(602_324),
            again: false,
        },
        Event::ApprovalAsked {
            id,
            tool: text("send_email"),
            args: text("{}"),
            digest,
            expires_at: at(602_324),
            again: true,
        },
        Event::ApprovalAsked {
            id,
            tool: text("send_email"),
            args: text("{}"),
            digest,
            expires_at: Instant::MAX,
            again: false,
        },
        Event::ApprovalGranted { id, edited: false, digest },
        Event::ApprovalGranted { id, edited: true, digest },
        Event::ApprovalDenied { id, message: String::new() },
        Event::ApprovalDenied { id, message: text("wrong person") },
        Event::ApprovalExpired { id },
        Event::ApprovalWithdrawn { id },
    ];
    let ignored = [
        DecisionRejected::Unknown,
        DecisionRejected::AlreadyDecided,
        DecisionRejected::Expired,
        DecisionRejected::OtherCall,
        DecisionRejected::OtherArguments,
        DecisionRejected::Suspended,
    ];
    events.extend(ignored.map(|reason| Event::DecisionIgnored { id, reason }));
    events
}

/// A line with everything that a line can have.
fn line(event: Event) -> Entry {
    Entry { at: Instant::from_micros(1_500_250), step: Some(2), call: Some(CallId(3)), attempt: Some(1), event }
}

/// With every number as a float: one writes `0.0` where the other writes `0`, the same number to JavaScript.
fn same(value: Value) -> Value {
    match value {
        Value::Number(number) => number.as_f64().into(),
        Value::Array(items) => items.into_iter().map(same).collect(),
        Value::Object(members) => members.into_iter().map(|(key, value)| (key, same(value))).collect(),
        other => other,
    }
}

#[test]
fn what_a_guarded_call_decides_is_told_without_a_run_as_with_one() {
    for event in of_attempts().into_iter().chain(of_calls()).chain(of_breakers()) {
        assert_eq!(OfCall(&event).to_string(), event.to_string());
        let entry = line(event);
        // What JavaScript reads as `Infinity`, and Rust's reader of JSON as out of its range.
        let told = decision::text(&entry).replace("1e999", "1.8446744073709552e16");
        let told: Value = serde_json::from_str(&told).unwrap();
        assert_eq!(same(told), same(serde_json::to_value(&entry).unwrap()));
    }
    for event in of_runs().into_iter().chain(of_approvals()) {
        if !matches!(event, Event::ClockWentBack { .. }) {
            assert_eq!((OfCall(&event).to_string(), decision::text(&line(event))), (String::new(), String::new()));
        }
    }
}

#[test]
fn every_sentence_is_what_it_was() {
    let groups = [
        ("Runs", of_runs()),
        ("Attempts", of_attempts()),
        ("Calls", of_calls()),
        ("Breakers", of_breakers()),
        ("Approvals", of_approvals()),
    ];
    let mut now = String::new();
    for (title, events) in groups {
        writeln!(now, "{title}").unwrap();
        for event in events {
            writeln!(now, "  {event}").unwrap();
        }
        now.push('\n');
    }
    let path = project().join("tests/golden/sentences.txt");
    if std::env::var_os("STEADFAST_BLESS").is_some() {
        fs::write(&path, &now).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), now, "if it is meant to be so, bless it: see tests/golden.rs");
}
