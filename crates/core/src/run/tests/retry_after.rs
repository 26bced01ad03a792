//! A server's word on when it may be called again: it holds for whoever calls next, in this process and in the next one.

use super::*;
use crate::effect::{Effect, Reconciliation};
use crate::failure::FailureClass;
use crate::fallback::{FallbackReason, PauseReason};

/// Rate limited for so many seconds.
fn busy(seconds: u64) -> Failure {
    Failure::new(FailureClass::RateLimited, "429").with_retry_after(Duration::from_secs(seconds))
}

fn with_models(models: u32, policy: RunPolicy) -> Run {
    let mut run =
        Run::new(RunId(1), "What is 17 * 23?", policy, models, vec![ToolSpec::new("multiply")], Seed(1)).unwrap();
    run.handle(at(0), Input::Start);
    run
}

/// Which model is asked now, if any.
fn asked(run: &mut Run) -> Option<(u32, AttemptId)> {
    drain(run).into_iter().find_map(|output| match output {
        Output::Think(attempt) => Some((attempt.option, attempt.id)),
        _ => None,
    })
}

/// Answers with a wish for the tool, and that with its result: the next step begins.
fn another_step(run: &mut Run, ms: u64, id: AttemptId) {
    run.handle(at(ms), Input::ModelReplied(id, ModelReply::tool("c", "multiply", format!("[{ms}]"))));
    let (id, _) = act(run);
    run.handle(at(ms), Input::ToolReplied(id, format!("{ms}")));
}

#[test]
fn the_next_step_leaves_a_model_alone_that_asked_for_a_pause() {
    let mut run = with_models(2, policy());
    let (option, id) = asked(&mut run).unwrap();
    assert_eq!(option, 0);
    run.handle(at(100), Input::Failed(id, busy(300)));
    let (option, id) = asked(&mut run).unwrap();
    assert_eq!(option, 1, "300 s are more than a call has");
    another_step(&mut run, 5_000, id);
    let (option, id) = asked(&mut run).unwrap();
    assert_eq!(option, 1, "it is not asked again after 5 s");
    let until = at(300_100);
    let left =
        Event::FellBack { from: 0, to: 1, reason: FallbackReason::Paused { until, reason: PauseReason::ServerAsked } };
    assert!(run.trace().entries().iter().any(|entry| entry.event == left));
    another_step(&mut run, 6_000, id);
    let (option, id) = asked(&mut run).unwrap();
    assert_eq!(option, 1);
    // Not before, exactly at.
    run.handle(at(6_001), Input::ModelReplied(id, ModelReply::tool("c", "multiply", "[]")));
    let (id, _) = act(&mut run);
    run.handle(at(6_002), Input::ToolReplied(id, "6".into()));
    assert_eq!(asked(&mut run).unwrap().0, 1);
}

#[test]
fn the_pause_of_the_only_model_is_waited_out_by_the_next_step() {
    let mut run = with_models(1, policy().with_model(CallPolicy::default().with_retry(None)));
    let (_, id) = asked(&mut run).unwrap();
    // A success, and then a word that came with a failure of another call: here of the same step, tried once.
    run.handle(at(100), Input::Failed(id, busy(20)));
    assert!(run.result().is_some(), "without retries this ends the run");

    let mut run = with_models(2, policy().with_model(CallPolicy::default().with_retry(None)));
    let (_, id) = asked(&mut run).unwrap();
    run.handle(at(0), Input::Failed(id, busy(20)));
    let (option, id) = asked(&mut run).unwrap();
    assert_eq!(option, 1);
    run.handle(at(1_000), Input::ModelReplied(id, ModelReply::tool("c", "multiply", "[]")));
    let (id, _) = act(&mut run);
    run.handle(at(1_000), Input::ToolReplied(id, "391".into()));
    let (_, id) = asked(&mut run).unwrap();
    run.handle(at(1_000), Input::Failed(id, busy(10)));
    let back = drain(&mut run);
    assert!(
        matches!(back[..], [Output::Wait { until: Some(until), .. }] if until == at(20_000)),
        "option 1 was the last"
    );
    run.handle(at(20_000), Input::Tick);
    assert_eq!(asked(&mut run).unwrap().0, 0);
}

#[test]
fn of_two_pauses_the_one_that_ends_first_is_waited_out_not_before_and_exactly_at() {
    let model = CallPolicy::default().with_retry(None);
    let mut run = with_models(2, policy().with_model(model));
    let (_, id) = asked(&mut run).unwrap();
    run.handle(at(0), Input::Failed(id, busy(20)));
    let (_, id) = asked(&mut run).unwrap();
    another_step(&mut run, 1_000, id);
    // Both are told of while they are asked.
    let (option, id) = asked(&mut run).unwrap();
    assert_eq!(option, 1);
    run.handle(at(1_500), Input::ModelReplied(id, ModelReply::tool("c", "multiply", "[2]")));
    let (id, _) = act(&mut run);
    run.commons.models[1].retry_after.asked(at(10_000), FailureClass::Overloaded);
    run.handle(at(1_500), Input::ToolReplied(id, "2".into()));
    let [Output::Wait { until: Some(until), why: WaitReason::BackingOff }] = drain(&mut run)[..] else { panic!() };
    assert_eq!(until, at(10_000), "option 1 may be asked before option 0");
    run.handle(Instant::from_micros(9_999_999), Input::Tick);
    assert_eq!(asked(&mut run), None);
    run.handle(at(10_000), Input::Tick);
    assert_eq!(asked(&mut run).unwrap().0, 1);
}

#[test]
fn a_step_without_time_for_the_pause_ends_at_once_and_says_why() {
    let model = CallPolicy::default().with_deadline(Some(Duration::from_secs(30))).unwrap();
    let mut run = with_models(1, policy().with_model(model));
    let (_, id) = asked(&mut run).unwrap();
    run.handle(at(0), Input::ModelReplied(id, ModelReply::tool("c", "multiply", "[]")));
    let (id, _) = act(&mut run);
    run.commons.models[0].retry_after.asked(at(31_000), FailureClass::Overloaded);
    run.handle(at(1_000), Input::ToolReplied(id, "391".into()));
    let ended = result(&mut run);
    assert_eq!((ended.stop, ended.steps), (StopReason::ModelUnavailable, 2), "30 s from now is no time left to try in");
    let said: Vec<_> = run.trace().entries().iter().map(|entry| format!("{}", entry.event)).collect();
    let reason = "The call gives up: the call's time leaves no room for another try after overloaded: its server asked to be left alone until 31 s.";
    assert!(said.iter().any(|said| said == reason), "{said:#?}");
}

#[test]
fn a_pause_behind_a_breaker_that_is_open_for_longer_is_not_waited_for() {
    let breaker = crate::breaker::BreakerPolicy::default().with_consecutive(1);
    let model = CallPolicy::default().with_retry(None).with_breaker(Some(breaker));
    let mut run = with_models(2, policy().with_model(model));
    let (_, id) = asked(&mut run).unwrap();
    run.handle(at(0), Input::Failed(id, busy(2)));
    let (_, id) = asked(&mut run).unwrap();
    another_step(&mut run, 1_000, id);
    let (option, _) = asked(&mut run).unwrap();
    assert_eq!(option, 1);
    let asked_to_wait = |entry: &crate::trace::Entry| matches!(entry.event, Event::Paused { .. });
    assert!(!run.trace().entries().iter().any(asked_to_wait), "the breaker has the last word");
    assert!(run.trace().entries().iter().any(|entry| matches!(entry.event, Event::BreakerRejected { option: 0, .. })));
}

#[test]
fn nobody_leaves_a_pause_for_an_option_whose_breaker_is_open_for_longer() {
    let breaker = crate::breaker::BreakerPolicy::default().with_consecutive(1);
    let model = CallPolicy::default().with_retry(None).with_breaker(Some(breaker));
    let mut run = with_models(2, policy().with_model(model));
    let (_, id) = asked(&mut run).unwrap();
    run.handle(at(0), Input::ModelReplied(id, ModelReply::tool("c", "multiply", "[]")));
    let (id, _) = act(&mut run);
    run.commons.models[0].retry_after.asked(at(5_000), FailureClass::RateLimited);
    run.commons.models[1].breaker.as_mut().unwrap().force_open("maintenance", at(0));
    run.handle(at(1_000), Input::ToolReplied(id, "391".into()));
    assert!(matches!(drain(&mut run)[..], [Output::Wait { until: Some(until), .. }] if until == at(5_000)));
}

/// A run whose tool asked for a pause of 50 s, in another process 10 s later.
#[test]
fn a_pause_outlives_the_process_and_holds_for_the_next_call() {
    let tools = || vec![ToolSpec::new("fetch").with_policy(CallPolicy::for_tool().with_retry(None))];
    let mut run = Run::new(RunId(1), "Fetch.", policy(), 1, tools(), Seed(1)).unwrap();
    run.handle(at(0), Input::Start);
    wants(&mut run, 0, "fetch");
    let (id, _) = act(&mut run);
    run.handle(at(0), Input::Failed(id, busy(20)));
    let snapshot = run.snapshot();
    let elapsed = Duration::from_secs(10);
    let mut run = Run::restore(&snapshot, RunId(1), policy(), 1, tools(), at(500), elapsed).unwrap();
    run.handle(at(500), Input::Start);
    wants(&mut run, 500, "fetch");
    let until = at(10_500);
    assert!(matches!(drain(&mut run)[..], [Output::Wait { until: Some(at), .. }] if at == until));
    run.handle(until, Input::Tick);
    let _ = act(&mut run);
}

#[test]
fn whoever_keeps_the_books_is_not_asked_earlier_either_in_the_next_process() {
    let limit = CallPolicy::for_tool().with_timeout(Some(Duration::from_secs(2))).unwrap();
    let tools = || vec![ToolSpec::new("pay").with_effect(Effect::Once).with_reconcile().with_policy(limit)];
    let mut run = Run::new(RunId(1), "Pay.", policy(), 1, tools(), Seed(1)).unwrap();
    run.handle(at(0), Input::Start);
    wants(&mut run, 0, "pay");
    let _ = act(&mut run);
    run.handle(at(2_000), Input::Tick);
    let outputs = drain(&mut run);
    let Output::Reconcile { attempt, .. } = &outputs[1] else { panic!("{outputs:?}") };
    run.handle(at(2_000), Input::Failed(attempt.id, busy(15)));
    let snapshot = run.snapshot();
    let mut run = Run::restore(&snapshot, RunId(1), policy(), 1, tools(), at(0), Duration::from_secs(5)).unwrap();
    run.handle(at(0), Input::Start);
    assert!(matches!(drain(&mut run)[..], [Output::Wait { until: Some(until), .. }] if until == at(10_000)));
    run.handle(at(10_000), Input::Tick);
    let outputs = drain(&mut run);
    let Output::Reconcile { attempt, .. } = &outputs[0] else { panic!("{outputs:?}") };
    run.handle(at(10_000), Input::Reconciled(attempt.id, Reconciliation::NotDone));
    assert!(told(&run).ends_with("it did not happen."), "{}", told(&run));
}

#[test]
fn of_equal_pauses_the_preferred_option_s_is_waited_out_also_where_its_breaker_opens_then() {
    let breaker = crate::breaker::BreakerPolicy::default().with_consecutive(1);
    let model = CallPolicy::default().with_retry(None).with_breaker(Some(breaker));
    let mut run = with_models(2, policy().with_model(model));
    let (_, id) = asked(&mut run).unwrap();
    run.handle(at(0), Input::Failed(id, Failure::transient("503")));
    let (option, id) = asked(&mut run).unwrap();
    assert_eq!(option, 1);
    run.handle(at(0), Input::ModelReplied(id, ModelReply::tool("c", "multiply", "[]")));
    let (id, _) = act(&mut run);
    let until = run.commons.models[0].breaker.as_ref().unwrap().open_until().unwrap();
    for model in &mut run.commons.models {
        model.retry_after.asked(until, FailureClass::RateLimited);
    }
    run.handle(at(0), Input::ToolReplied(id, "391".into()));
    assert!(matches!(drain(&mut run)[..], [Output::Wait { until: Some(at), .. }] if at == until));
    run.handle(until, Input::Tick);
    assert_eq!(asked(&mut run).unwrap().0, 0);
}
