//! What a run may spend, and what it did.

use super::*;
use crate::budget::{Left, Limits, RetryBudgetPolicy};

fn spend(tokens: u64) -> Spend {
    Spend { tokens, ..Spend::NONE }
}

#[test]
fn a_run_stops_before_the_attempt_that_its_budget_does_not_allow() {
    let model = CallPolicy::default().with_estimate(spend(1_000));
    let limits = Limits::none().with_tokens(2_500).unwrap();
    let mut run = started(policy().with_model(model).with_budget(limits).with_progress(None));
    for (ms, tokens) in [(1, 700), (2, 900)] {
        let id = think(&mut run);
        assert_eq!(run.left().tokens, Some(if ms == 1 { 1_500 } else { 800 }), "reserved before it begins");
        let usage = Some(spend(tokens));
        let mut reply = ModelReply::tool("c1", "multiply", "{}");
        reply.usage = usage;
        run.handle(at(ms), Input::ModelReplied(id, reply));
        let (id, _) = act(&mut run);
        run.handle(at(ms), Input::ToolReplied(id, "391".into()));
    }
    assert_eq!((run.spent().tokens, run.spent().steps, run.spent().attempts), (1_600, 3, 4));
    let result = result(&mut run);
    assert_eq!((result.stop, result.degraded, result.steps), (StopReason::Budget, true, 3));
    assert_eq!(run.left().tokens, Some(900));
}

#[test]
fn with_tokens_or_money_spent_to_the_last_no_attempt_is_made_neither_of_the_model_nor_of_a_tool() {
    for (limits, usage) in [
        (Limits::none().with_tokens(1_000).unwrap(), Spend { tokens: 1_000, ..Spend::NONE }),
        (Limits::none().with_money(70).unwrap(), Spend { money: 70, ..Spend::NONE }),
    ] {
        let mut run = started(policy().with_budget(limits));
        let id = think(&mut run);
        let mut reply = ModelReply::tool("c1", "multiply", "{}");
        reply.usage = Some(usage);
        run.handle(at(1), Input::ModelReplied(id, reply));
        let result = result(&mut run);
        assert_eq!((result.stop, run.spent().attempts), (StopReason::Budget, 1));
        assert!(told(&run).starts_with("multiply failed: "), "{}", told(&run));
        assert!(told(&run).contains(": nothing is left of "), "{}", told(&run));
    }
}

#[test]
fn a_retry_that_was_waited_for_is_not_made_once_nothing_is_left() {
    let mut run = started(policy().with_budget(Limits::none().with_tokens(1_000).unwrap()));
    let id = think(&mut run);
    run.handle(at(1), Input::Spent(id, spend(1_000)));
    run.handle(at(1), Input::Failed(id, Failure::transient("503")));
    run.handle(at(60_000), Input::Tick);
    assert_eq!(result(&mut run).stop, StopReason::Budget);
    assert_eq!(run.spent().attempts, 1);
}

#[test]
fn attempts_of_models_and_tools_count_in_one_budget_retries_too() {
    let limits = Limits::none().with_attempts(3).unwrap();
    let mut run = started(policy().with_budget(limits));
    let id = think(&mut run);
    run.handle(at(1), Input::Failed(id, Failure::transient("503")));
    run.handle(at(600), Input::Tick);
    wants(&mut run, 601, "multiply");
    let (id, _) = act(&mut run);
    run.handle(at(602), Input::ToolReplied(id, "391".into()));
    assert_eq!(result(&mut run).stop, StopReason::Budget);
    assert_eq!((run.spent().attempts, run.calls(), run.amplification_thousandths()), (3, 3, 1_000));
}

#[test]
fn a_budget_that_others_spend_from_too_ends_a_run_that_was_told_so() {
    let mut run = started(policy());
    wants(&mut run, 1, "multiply");
    let (id, _) = act(&mut run);
    run.handle(at(2), Input::Narrowed(Left { attempts: Some(0), ..Left::default() }));
    run.handle(at(2), Input::ToolReplied(id, "391".into()));
    assert_eq!(result(&mut run).stop, StopReason::Budget);
}

#[test]
fn a_retry_that_is_due_when_the_run_hears_that_nothing_is_left_is_not_made() {
    let mut run = started(policy());
    let id = think(&mut run);
    run.handle(at(1), Input::Failed(id, Failure::transient("503")));
    let Output::Wait { until: Some(until), .. } = run.poll() else { panic!() };
    run.handle(until, Input::Narrowed(Left { attempts: Some(0), ..Left::default() }));
    assert_eq!(result(&mut run).stop, StopReason::Budget);
    assert_eq!(run.spent().attempts, 1);
}

#[test]
fn a_run_that_begins_with_nothing_left_asks_nobody() {
    let mut run = Run::new(RunId(1), "task", policy(), 1, vec![], Seed(1)).unwrap();
    run.handle(at(0), Input::Narrowed(Left { attempts: Some(0), ..Left::default() }));
    run.handle(at(0), Input::Start);
    assert_eq!(result(&mut run).stop, StopReason::Budget);
    assert_eq!(run.spent(), Spend { steps: 1, ..Spend::NONE });
}

#[test]
fn a_run_that_begins_with_no_time_left_ends_by_its_deadline() {
    let mut run = Run::new(RunId(1), "task", policy(), 1, vec![], Seed(1)).unwrap();
    run.handle(at(0), Input::Narrowed(Left { time: Some(Duration::ZERO), ..Left::default() }));
    run.handle(at(0), Input::Start);
    assert_eq!(result(&mut run).stop, StopReason::Deadline);
}

#[test]
fn what_is_told_before_a_run_starts_counts_from_when_it_was_told_and_only_narrows() {
    let mut run = Run::new(RunId(1), "task", policy(), 1, vec![], Seed(1)).unwrap();
    let time = |ms| Input::Narrowed(Left { time: Some(Duration::from_millis(ms)), ..Left::default() });
    run.handle(at(0), time(10_000));
    run.handle(at(0), Input::Narrowed(Left { attempts: Some(1), ..Left::default() }));
    run.handle(at(0), Input::Narrowed(Left { attempts: Some(5), tokens: Some(9), ..Left::default() }));
    assert_eq!((run.left().attempts, run.left().tokens), (Some(1), Some(9)));
    let mut restored = Run::restore(&run.snapshot(), RunId(1), policy(), 1, vec![], at(0), Duration::ZERO).unwrap();
    for run in [&mut run, &mut restored] {
        run.handle(at(8_000), Input::Start);
        assert_eq!((run.left().attempts, run.left().time), (Some(0), Some(Duration::from_secs(2))));
        run.handle(at(10_000), Input::Tick);
        assert_eq!(run.result().unwrap().stop, StopReason::Deadline);
    }
}

#[test]
fn a_call_under_way_knows_how_much_time_a_shared_budget_has_left() {
    let mut run = with_models(2, policy().with_model(CallPolicy::default().with_breaker(None)));
    let id = think(&mut run);
    run.handle(at(0), Input::Narrowed(Left { time: Some(Duration::from_millis(105)), ..Left::default() }));
    run.handle(at(5), Input::Failed(id, Failure::transient("503")));
    let outputs = drain(&mut run);
    let Some(Output::Think(fallback)) = outputs.first() else { panic!("no time for a wait: {outputs:?}") };
    assert_eq!((fallback.option, fallback.until, fallback.deadline), (1, Some(at(105)), Some(at(105))));
    run.handle(at(105), Input::Tick);
    assert_eq!(run.result().unwrap().stop, StopReason::Deadline);
    let said: Vec<_> = run.trace().entries().iter().map(|entry| format!("{}", entry.event)).collect();
    assert!(!said.iter().any(|said| said.contains("cancelled")), "{said:#?}");
}

fn with_models(models: u32, policy: RunPolicy) -> Run {
    let mut run = Run::new(RunId(1), "task", policy, models, vec![], Seed(1)).unwrap();
    run.handle(at(0), Input::Start);
    run
}

#[test]
fn time_that_a_shared_budget_has_left_is_the_deadline_of_a_run() {
    let mut run = started(policy());
    think(&mut run);
    run.handle(at(10), Input::Narrowed(Left { time: Some(Duration::from_millis(90)), ..Left::default() }));
    assert!(matches!(drain(&mut run)[..], [Output::Wait { until: Some(until), .. }] if until == at(100)));
    run.handle(at(99), Input::Tick);
    assert!(run.result().is_none());
    run.handle(at(100), Input::Tick);
    assert_eq!(run.result().unwrap().stop, StopReason::Deadline);
}

#[test]
fn the_amplification_is_attempts_to_calls() {
    let mut run = started(policy());
    let id = think(&mut run);
    run.handle(at(1), Input::Failed(id, Failure::transient("503")));
    run.handle(at(600), Input::Tick);
    let id = think(&mut run);
    run.handle(at(601), Input::ModelReplied(id, ModelReply::answer("391")));
    assert_eq!((run.calls(), run.amplification_thousandths()), (1, 2_000));
}

#[test]
fn a_run_has_at_least_three_retries_and_then_a_fifth_of_its_calls() {
    let model = CallPolicy::default().with_breaker(None).with_throttle(None);
    let mut run = started(policy().with_model(model).with_max_steps(30).unwrap().with_progress(None));
    let mut retries = 0;
    let mut ms = 0;
    while run.result().is_none() {
        let id = think(&mut run);
        ms += 1;
        run.handle(at(ms), Input::Failed(id, Failure::transient("503")));
        match &drain(&mut run)[..] {
            [Output::Wait { until: Some(until), .. }] => {
                retries += 1;
                ms = until.as_micros().div_ceil(1_000);
                run.handle(at(ms), Input::Tick);
                let id = think(&mut run);
                run.handle(at(ms), Input::ModelReplied(id, ModelReply::tool("c", "multiply", "{}")));
                let (id, _) = act(&mut run);
                run.handle(at(ms), Input::ToolReplied(id, "391".into()));
            }
            [Output::Finished] => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((retries, run.calls()), (3, 7), "7 calls allow 3 retries, and 15 would allow no more");
    assert_eq!(run.result().unwrap().stop, StopReason::ModelUnavailable);
    let refused = run.trace().entries().iter().any(|entry| matches!(entry.event, Event::RetryRefused { .. }));
    assert!(refused, "{}", run.trace());

    let none = RetryBudgetPolicy::default().with_per_mille(0).unwrap().with_at_least(0);
    let mut run = started(policy().with_retry_budget(Some(none)));
    let id = think(&mut run);
    run.handle(at(1), Input::Failed(id, Failure::transient("503")));
    assert_eq!(result(&mut run).stop, StopReason::ModelUnavailable);
}

#[test]
fn the_budget_s_time_is_the_run_s_deadline() {
    let limits = Limits::none().with_deadline(Duration::from_secs(5)).unwrap();
    let mut run = started(policy().with_budget(limits));
    think(&mut run);
    run.handle(Instant::from_micros(4_999_999), Input::Tick);
    assert!(run.result().is_none());
    run.handle(at(5_000), Input::Tick);
    assert_eq!(run.result().unwrap().stop, StopReason::Deadline);
}

#[test]
fn a_budget_survives_its_process_and_what_was_reserved_counts_as_spent() {
    let model = CallPolicy::default().with_estimate(spend(1_000));
    let policy = || policy().with_model(model).with_budget(Limits::none().with_tokens(2_500).unwrap());
    let mut run = started(policy());
    think(&mut run);
    let tools = vec![ToolSpec::new("multiply"), ToolSpec::new("send_email").risky()];
    let mut restored = Run::restore(&run.snapshot(), RunId(1), policy(), 1, tools, at(0), Duration::ZERO).unwrap();
    assert_eq!((restored.left().tokens, restored.calls()), (Some(1_500), 1));
    restored.handle(at(0), Input::Start);
    think(&mut restored);
    assert_eq!(restored.left().tokens, Some(500));
}
