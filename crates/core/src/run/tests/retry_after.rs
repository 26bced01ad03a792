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

/// A model that is retried, and has no breaker.
fn retried(timeout: u64) -> RunPolicy {
    let backoff = crate::backoff::Backoff::default().with_jitter(crate::backoff::Jitter::None);
    let retry = crate::retry::RetryPolicy::default().with_backoff(backoff);
    let model = CallPolicy::default().with_retry(Some(retry)).with_breaker(None);
    policy().with_model(model.with_timeout(Some(Duration::from_millis(timeout))).unwrap())
}

#[test]
fn a_late_word_of_any_call_before_is_heard_and_heard_once() {
    let mut run = with_models(2, retried(1_000));
    let (option, first) = asked(&mut run).unwrap();
    assert_eq!(option, 0);
    run.handle(at(1_000), Input::Tick);
    run.handle(at(1_500), Input::Tick);
    let Some(Output::Think(second)) = drain(&mut run).into_iter().find(|output| matches!(output, Output::Think(_)))
    else {
        panic!()
    };
    another_step(&mut run, 1_600, second.id);
    let (_, third) = asked(&mut run).unwrap();
    another_step(&mut run, 1_700, third);
    // Of two calls ago.
    run.handle(at(1_800), Input::Failed(first, busy(60)));
    let until = Some(at(61_800));
    assert_eq!(run.commons.models[0].retry_after.until(at(1_800)), until);
    run.handle(at(50_000), Input::Failed(first, busy(60)));
    assert_eq!(run.commons.models[0].retry_after.until(at(50_000)), until, "told twice it is one word");
}

#[test]
fn retries_that_are_planned_and_not_made_take_nothing_from_the_others() {
    let tool = CallPolicy::for_tool().with_breaker(None).with_throttle(None);
    let tools = vec![ToolSpec::new("multiply").with_policy(tool)];
    let mut run = Run::new(RunId(1), "task", retried(60_000), 1, tools, Seed(1)).unwrap();
    run.handle(at(0), Input::Start);
    let id = think(&mut run);
    let wanted = ["a", "b", "c", "d"].map(|id| ModelReply::tool(id, "multiply", id).tool_calls.remove(0));
    run.handle(at(0), Input::ModelReplied(id, ModelReply { tool_calls: wanted.to_vec(), ..ModelReply::default() }));
    let ids: Vec<_> = drain(&mut run)
        .into_iter()
        .filter_map(|output| if let Output::Act { attempt, .. } = output { Some(attempt.id) } else { None })
        .collect();
    for id in &ids[..3] {
        run.handle(at(1), Input::Failed(*id, Failure::transient("503")));
    }
    assert!(run.commons.retries.may_retry().is_err(), "three wait, and that is as many as may be made");
    let planned = run.snapshot();
    run.handle(at(1), Input::Failed(ids[3], busy(600)));
    run.handle(at(1_000), Input::Tick);
    let id = think(&mut run);
    run.handle(at(1_001), Input::Failed(id, Failure::transient("503")));
    assert_eq!((run.calls(), run.amplification_thousandths()), (6, 1_000));
    assert!(matches!(drain(&mut run)[..], [Output::Wait { .. }]), "it is tried again");
    // Nor does what was planned when a process ended count in the next.
    let restored = Run::restore(
        &planned,
        RunId(1),
        retried(60_000),
        1,
        vec![ToolSpec::new("multiply").with_policy(tool)],
        at(1),
        Duration::ZERO,
    );
    assert!(restored.unwrap().commons.retries.may_retry().is_ok());
}

#[test]
fn a_late_word_at_the_very_instant_of_the_next_try_is_heard_before_that_begins() {
    let mut run = with_models(1, retried(1_000));
    let (_, first) = asked(&mut run).unwrap();
    run.handle(at(1_000), Input::Tick);
    assert!(matches!(
        drain(&mut run)[..],
        [Output::Abandon(_), Output::Wait { until: Some(until), .. }] if until == at(1_500)
    ));
    run.handle(at(1_500), Input::Failed(first, busy(60)));
    assert!(matches!(drain(&mut run)[..], [Output::Wait { until: Some(until), .. }] if until == at(61_500)));
}

#[test]
fn retries_that_were_made_count_in_the_next_process_too() {
    let mut run = with_models(1, retried(60_000));
    let (_, first) = asked(&mut run).unwrap();
    run.handle(at(0), Input::Failed(first, Failure::transient("503")));
    run.handle(at(500), Input::Tick);
    let _ = asked(&mut run).unwrap();
    let tools = vec![ToolSpec::new("multiply")];
    let restored = Run::restore(&run.snapshot(), RunId(1), retried(60_000), 1, tools, at(500), Duration::ZERO);
    assert_eq!(restored.unwrap().commons.retries.counts(), (1, 1), "one call, tried again once");
}

#[test]
fn a_wait_before_the_next_try_outlives_the_process_for_the_option_it_is_of() {
    let mut run = with_models(2, retried(60_000));
    let (_, first) = asked(&mut run).unwrap();
    run.handle(at(0), Input::Failed(first, busy(300)));
    let (option, second) = asked(&mut run).unwrap();
    assert_eq!(option, 1);
    run.handle(at(100), Input::Failed(second, Failure::transient("503")));
    let tools = vec![ToolSpec::new("multiply")];
    let snapshot = run.snapshot();
    let mut run = Run::restore(&snapshot, RunId(1), retried(60_000), 2, tools, at(100), Duration::ZERO).unwrap();
    run.handle(at(100), Input::Start);
    assert!(matches!(drain(&mut run)[..], [Output::Wait { until: Some(until), .. }] if until == at(600)));
    let said: Vec<_> = run.trace().entries().iter().map(|entry| format!("{}", entry.event)).collect();
    let (left, waits) = (&said[said.len() - 2], &said[said.len() - 1]);
    assert_eq!(left, "Option 0 is left for option 1: its server asked to be left alone until 300 s.");
    assert_eq!(waits, "Waits until 0.6 s: the wait before the next attempt at option 1 goes on.");
    run.handle(at(600), Input::Tick);
    assert_eq!(asked(&mut run).unwrap().0, 1);
}

#[test]
fn a_late_word_of_a_process_that_ended_is_heard_in_the_next_one_and_once() {
    let limit = CallPolicy::for_tool().with_breaker(None).with_timeout(Some(Duration::from_secs(2))).unwrap();
    let tool = |name: &str| ToolSpec::new(name).with_policy(limit);
    let mut run = Run::new(RunId(1), "task", retried(1_000), 2, vec![tool("gone"), tool("fetch")], Seed(1)).unwrap();
    run.handle(at(0), Input::Start);
    // A model that was given up, in a call that is over.
    let (_, first) = asked(&mut run).unwrap();
    run.handle(at(1_000), Input::Tick);
    run.handle(at(1_500), Input::Tick);
    let (_, second) = asked(&mut run).unwrap();
    let wanted = ["gone", "fetch"].map(|tool| ModelReply::tool(tool, tool, "{}").tool_calls.remove(0));
    run.handle(
        at(1_600),
        Input::ModelReplied(second, ModelReply { tool_calls: wanted.to_vec(), ..ModelReply::default() }),
    );
    // And tools that are under way when the process ends.
    let acting = drain(&mut run);
    let [Output::Act { .. }, Output::Act { attempt: fetch, .. }, _] = &acting[..] else { panic!("{acting:?}") };
    let snapshot = run.snapshot();
    // The tools come back in another order, and one is not there any more.
    let restore = |tools| Run::restore(&snapshot, RunId(1), retried(1_000), 2, tools, at(0), Duration::ZERO);
    assert!(restore(vec![tool("fetch")]).is_err(), "a call of it is open");
    let mut run = restore(vec![tool("fetch"), tool("gone")]).unwrap();
    run.handle(at(10), Input::Failed(first, busy(60)));
    run.handle(at(20), Input::Failed(fetch.id, busy(70)));
    run.handle(at(30), Input::Failed(fetch.id, busy(80)));
    let until = |endpoint: &crate::call::Endpoint| endpoint.retry_after.until(at(30));
    assert_eq!(until(&run.commons.models[0]), Some(at(60_010)));
    assert_eq!(until(&run.commons.models[1]), None);
    assert_eq!(
        [until(&run.commons.tools[0]), until(&run.commons.tools[1])],
        [Some(at(70_020)), None],
        "told twice it is one"
    );
    run.handle(at(40), Input::Start);
    let outputs = drain(&mut run);
    assert!(
        matches!(&outputs[..], [Output::Act { tool, attempt, .. }, Output::Wait { .. }] if tool == "gone" && attempt.id.attempt == 2),
        "{outputs:?}"
    );
}

#[test]
fn a_late_word_on_what_was_looked_up_is_heard_in_the_next_process_for_whoever_keeps_the_books() {
    let limit = CallPolicy::for_tool().with_timeout(Some(Duration::from_secs(2))).unwrap();
    let tools = || vec![ToolSpec::new("pay").with_effect(Effect::Once).with_reconcile().with_policy(limit)];
    let mut run = Run::new(RunId(1), "Pay.", policy(), 1, tools(), Seed(1)).unwrap();
    run.handle(at(0), Input::Start);
    wants(&mut run, 0, "pay");
    let _ = act(&mut run);
    run.handle(at(2_000), Input::Tick);
    let outputs = drain(&mut run);
    let Output::Reconcile { attempt, .. } = &outputs[1] else { panic!("{outputs:?}") };
    let snapshot = run.snapshot();
    let mut run = Run::restore(&snapshot, RunId(1), policy(), 1, tools(), at(0), Duration::ZERO).unwrap();
    run.handle(at(0), Input::Failed(attempt.id, busy(15)));
    assert_eq!(run.commons.books[0].retry_after.until(at(0)), Some(at(15_000)));
    assert_eq!(run.commons.tools[0].retry_after.until(at(0)), None);
    // Of a tool that is not there any more nobody asks.
    let mut over = Run::restore(&snapshot, RunId(1), policy(), 1, tools(), at(0), Duration::ZERO).unwrap();
    over.handle(at(0), Input::Start);
    over.handle(at(0), Input::Cancel);
    let over = over.snapshot();
    let mut other =
        Run::restore(&over, RunId(1), policy(), 1, vec![ToolSpec::new("look")], at(0), Duration::ZERO).unwrap();
    other.handle(at(0), Input::Failed(attempt.id, busy(15)));
    assert_eq!(other.commons.books[0].retry_after.until(at(0)), None);
    assert_eq!(other.commons.tools[0].retry_after.until(at(0)), None);
}
