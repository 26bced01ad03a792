//! Another policy in the middle of a run: what was decided stays, what comes after is decided by the new one.

use super::*;
use crate::breaker::BreakerPolicy;
use crate::budget::Limits;
use crate::deadline::Scope;
use crate::effect::{Effect, EffectState};
use crate::progress::ProgressPolicy;
use crate::retry::RetryPolicy;

mod held_back;

fn tools() -> Vec<ToolSpec> {
    let limit = CallPolicy::for_tool().with_timeout(Some(Duration::from_secs(2))).unwrap();
    vec![ToolSpec::new("multiply"), ToolSpec::new("send_email").risky().with_policy(limit)]
}

fn change(run: &mut Run, policy: RunPolicy) {
    run.set_policy(policy, tools(), "a test").unwrap();
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn model(change: impl FnOnce(CallPolicy) -> CallPolicy) -> RunPolicy {
    policy().with_model(change(CallPolicy::default()))
}

fn attempts(attempts: u32) -> RunPolicy {
    model(|call| call.with_retry(Some(RetryPolicy::default().with_attempts(attempts).unwrap())))
}

fn fail(run: &mut Run, id: AttemptId, ms: u64) {
    run.handle(at(ms), Input::Failed(id, Failure::transient("503")));
}

fn waits_until(run: &mut Run) -> Instant {
    match drain(run).last() {
        Some(Output::Wait { until: Some(until), .. }) => *until,
        other => panic!("expected to wait: {other:?}"),
    }
}

fn sentences(run: &Run) -> Vec<alloc::string::String> {
    run.trace().entries().iter().map(|entry| entry.event.to_string()).collect()
}

#[test]
fn the_change_is_traced_once_at_the_instant_last_told_and_nothing_else_happens() {
    let (mut changed, mut plain) = (started(policy()), started(policy()));
    let (one, other) = (think(&mut changed), think(&mut plain));
    change(&mut changed, policy());
    fail(&mut changed, one, 90);
    fail(&mut plain, other, 90);
    assert_eq!(drain(&mut changed), drain(&mut plain));
    let mut entries = changed.trace().entries().to_vec();
    let entry = entries.remove(plain.trace().entries().iter().position(|entry| entry.at == at(90)).unwrap());
    assert_eq!(entry.event, Event::PolicyChanged { reason: "a test".into() });
    assert_eq!(entry.at, at(0));
    assert_eq!(entries, plain.trace().entries(), "the same policy decides the same");
}

#[test]
fn attempts_made_count_and_the_next_failure_is_judged_by_the_new_number() {
    let mut run = started(attempts(3));
    let id = think(&mut run);
    fail(&mut run, id, 90);
    let wait = waits_until(&mut run);
    change(&mut run, attempts(1));
    assert_eq!(waits_until(&mut run), wait, "a wait that was drawn stays");
    run.handle(wait, Input::Tick);
    let id = think(&mut run);
    fail(&mut run, id, 2_000);
    assert_eq!(result(&mut run).stop, StopReason::ModelUnavailable);
    assert!(sentences(&run).iter().any(|text| text.contains("both attempts failed")), "{:?}", sentences(&run));
}

#[test]
fn a_limit_of_an_attempt_under_way_counts_from_when_that_began() {
    let timeout = |limit| model(|call| call.with_timeout(Some(seconds(limit))).unwrap());
    let mut run = started(timeout(4));
    let _ = think(&mut run);
    run.handle(at(1_000), Input::Tick);
    for (limit, until) in [(9, 9_000), (6, 6_000)] {
        change(&mut run, timeout(limit));
        assert_eq!(waits_until(&mut run), at(until));
    }
    run.handle(at(5_999), Input::Tick);
    assert!(!sentences(&run).last().unwrap().contains("times out"));
    change(&mut run, timeout(2));
    run.handle(at(5_999), Input::Tick);
    let timed_out = run.trace().entries().iter().find_map(|entry| match entry.event {
        Event::AttemptTimedOut { scope, after } => Some((entry.at, scope, after)),
        _ => None,
    });
    let after = Duration::from_millis(5_999);
    assert_eq!(timed_out, Some((at(5_999), Scope::Attempt, after)), "over by now, it is found so by the next input");
}

#[test]
fn limits_of_a_call_and_of_a_run_count_from_their_beginnings() {
    let call = |limit| model(|call| call.with_timeout(None).unwrap().with_deadline(limit).unwrap());
    let mut run = started(call(None));
    let id = think(&mut run);
    fail(&mut run, id, 100);
    let wait = waits_until(&mut run);
    run.handle(wait, Input::Tick);
    let _ = think(&mut run);
    change(&mut run, call(Some(seconds(7))));
    assert_eq!(waits_until(&mut run), at(7_000));
    change(&mut run, call(Some(seconds(7))).with_deadline(Some(seconds(5))).unwrap());
    assert_eq!(waits_until(&mut run), at(5_000));
    let budget = Limits::none().with_deadline(Duration::from_secs(3)).unwrap();
    change(&mut run, call(Some(seconds(7))).with_deadline(Some(seconds(5))).unwrap().with_budget(budget));
    assert_eq!(waits_until(&mut run), at(3_000));
    change(&mut run, call(None));
    assert!(matches!(drain(&mut run)[..], [Output::Wait { until: None, .. }]), "no limit is left");
}

#[test]
fn a_limit_between_two_parts_counts_from_the_last_one() {
    let stream = |idle| model(|call| call.with_timeout(None).unwrap().with_stream(Some(seconds(9)), idle).unwrap());
    let mut run = started(stream(Some(seconds(2))));
    let id = think(&mut run);
    change(&mut run, model(|call| call.with_timeout(None).unwrap().with_stream(Some(seconds(6)), None).unwrap()));
    assert_eq!(waits_until(&mut run), at(6_000), "the first part is still to come");
    change(&mut run, stream(Some(seconds(2))));
    run.handle(at(1_000), Input::Output(id));
    change(&mut run, stream(Some(seconds(5))));
    assert_eq!(waits_until(&mut run), at(6_000));
    change(&mut run, stream(None));
    change(&mut run, stream(Some(seconds(5))));
    assert!(matches!(drain(&mut run)[..], [Output::Wait { until: None, .. }]), "from the next part on");
    run.handle(at(3_000), Input::Output(id));
    assert_eq!(waits_until(&mut run), at(8_000));
}

#[test]
fn steps_that_were_taken_count_also_beyond_a_smaller_cap() {
    let cap = |steps| policy().with_max_steps(steps).unwrap().with_progress(None);
    let mut run = started(cap(8));
    for ms in [10, 20, 30] {
        wants(&mut run, ms, "multiply");
        let (id, _) = act(&mut run);
        run.handle(at(ms + 1), Input::ToolReplied(id, ms.to_string()));
    }
    change(&mut run, cap(2));
    assert_eq!(run.steps(), 4);
    wants(&mut run, 40, "multiply");
    let (id, _) = act(&mut run);
    run.handle(at(41), Input::ToolReplied(id, "391".into()));
    let result = result(&mut run);
    assert_eq!((result.stop, result.steps), (StopReason::StepLimit, 4));
}

#[test]
fn what_was_spent_counts_against_the_new_budget() {
    let budget = |attempts| policy().with_budget(Limits::none().with_attempts(attempts).unwrap()).with_progress(None);
    let mut run = started(budget(9));
    wants(&mut run, 10, "multiply");
    let (id, _) = act(&mut run);
    change(&mut run, budget(2));
    assert_eq!(run.left().attempts, Some(0));
    run.handle(at(20), Input::ToolReplied(id, "391".into()));
    assert_eq!(result(&mut run).stop, StopReason::Budget);
    assert_eq!(run.spent().attempts, 2);
}

#[test]
fn a_breaker_that_is_taken_away_and_put_back_has_forgotten_and_one_that_stays_has_not() {
    let breaker = |failures: Option<u32>| {
        let breaker = failures.map(|failures| BreakerPolicy::default().with_window(None).with_consecutive(failures));
        attempts(9).with_model(attempts(9).model().with_breaker(breaker))
    };
    for (between, expected) in [(Some(3), true), (None, false)] {
        let mut run = started(breaker(Some(9)));
        let id = think(&mut run);
        fail(&mut run, id, 10);
        let wait = waits_until(&mut run);
        run.handle(wait, Input::Tick);
        let id = think(&mut run);
        change(&mut run, breaker(between));
        change(&mut run, breaker(Some(2)));
        fail(&mut run, id, 3_000);
        let opened = run.trace().entries().iter().any(|entry| matches!(entry.event, Event::BreakerOpened { .. }));
        assert_eq!(opened, expected, "{between:?}");
    }
}

#[test]
fn the_detector_remembers_what_it_saw_before_the_change() {
    let repeats = |off: bool| policy().with_progress((!off).then(ProgressPolicy::default));
    let hints = |run: &Run| {
        run.trace().entries().iter().filter(|entry| matches!(entry.event, Event::RepetitionSeen { .. })).count()
    };
    for (off, expected) in [(false, 1), (true, 0)] {
        let mut run = started(repeats(false));
        for ms in [10, 20] {
            wants(&mut run, ms, "multiply");
            let (id, _) = act(&mut run);
            if ms == 10 {
                change(&mut run, repeats(off));
            }
            run.handle(at(ms + 1), Input::ToolReplied(id, "391".into()));
        }
        assert_eq!(hints(&run), expected, "switched off: {off}");
    }
}

#[test]
fn a_question_that_was_asked_stays_open_as_long_as_the_human_was_told() {
    let mut run = started(asking());
    wants(&mut run, 10, "send_email");
    let asked = ask(&mut run);
    change(&mut run, policy());
    assert_eq!(run.pending(), [&asked]);
    assert_eq!(waits_until(&mut run), asked.expires_at);
    run.handle(at(20), Input::DecidedOn(asked.id, asked.digest, Decision::Approve));
    let (id, _) = act(&mut run);
    run.handle(at(30), Input::ToolReplied(id, "sent".into()));
    wants(&mut run, 40, "send_email");
    let _ = think(&mut run);
    assert_eq!(run.result(), None);
    assert!(
        sentences(&run).iter().any(|text| text.contains("send_email")),
        "the next one is blocked: nobody is there to ask"
    );
}

#[test]
fn an_effect_under_way_becomes_what_forbids_more_and_is_not_tried_again() {
    let careless = || vec![ToolSpec::new("multiply"), ToolSpec::new("send_email")];
    let mut run = Run::new(RunId(1), "task", policy(), 1, careless(), Seed(1)).unwrap();
    run.handle(at(0), Input::Start);
    wants(&mut run, 10, "send_email");
    let (id, _) = act(&mut run);
    change(&mut run, policy());
    run.handle(at(20), Input::Failed(id, Failure::transient("503")));
    let starts = |run: &Run| {
        let of_mail = |entry: &&crate::trace::Entry| {
            matches!(entry.event, Event::AttemptStarted { .. }) && entry.call == Some(id.call)
        };
        run.trace().entries().iter().filter(of_mail).count()
    };
    assert_eq!(starts(&run), 1);
    run.handle(at(60_000), Input::Tick);
    assert_eq!(starts(&run), 1, "what must not happen twice is not tried again");
}

#[test]
fn other_tools_are_refused_and_change_nothing() {
    let mut run = started(attempts(3));
    let id = think(&mut run);
    let entries = run.trace().entries().len();
    for tools in [vec![], vec![ToolSpec::new("send_email"), ToolSpec::new("multiply")]] {
        assert_eq!(run.set_policy(attempts(1), tools, "other tools").unwrap_err().name, "tools");
    }
    let refused = |run: &mut Run, names: &[&str]| {
        let tools = names.iter().map(|name| ToolSpec::new(*name)).collect();
        run.set_policy(attempts(1), tools, "other tools").unwrap_err().to_string()
    };
    let allowed = "allowed: the tools of the run, in their order";
    for (names, said) in [
        (&[][..], "tools is no tool where multiply is due"),
        (&["multiply"], "tools is no tool where send_email is due"),
        (&["send_email", "multiply"], "tools is send_email where multiply is due"),
        (&["multiply", "mail"], "tools is mail where send_email is due"),
        (&["multiply", "send_email", "look"], "tools is look after the last one"),
    ] {
        assert_eq!(refused(&mut run, names), format!("{said}; {allowed}"));
    }
    let polling = ProgressPolicy::default().with_polling(["look"]).unwrap();
    let refused = run.set_policy(attempts(1).with_progress(Some(polling)), tools(), "a stranger").unwrap_err();
    assert_eq!(refused.to_string(), "progress.polling is look; allowed: names of the run's tools");
    assert_eq!(run.trace().entries().len(), entries);
    fail(&mut run, id, 90);
    let _ = waits_until(&mut run);
}

#[test]
fn a_run_that_is_over_stays_as_it_is() {
    let mut run = started(policy());
    let id = think(&mut run);
    run.handle(at(10), Input::ModelReplied(id, ModelReply::answer("391")));
    let before = (result(&mut run), run.trace().clone());
    change(&mut run, attempts(1));
    assert_eq!((result(&mut run), run.trace().clone()), before);
}

#[test]
fn a_run_that_has_not_begun_begins_under_the_new_policy() {
    let mut run = Run::new(RunId(1), "task", policy(), 1, tools(), Seed(1)).unwrap();
    change(&mut run, policy().with_max_steps(3).unwrap().with_deadline(Some(seconds(4))).unwrap());
    run.handle(at(500), Input::Start);
    assert!(sentences(&run)[1].starts_with("The run starts: at most 3 steps, until 4.5 s"), "{:?}", sentences(&run));
}

#[test]
fn a_restored_run_keeps_the_deadline_of_its_snapshot_and_takes_over_the_rest() {
    let mut run = started(policy().with_deadline(Some(seconds(9))).unwrap());
    let _ = think(&mut run);
    let snapshot = run.snapshot();
    let (now, away) = (at(0), Duration::ZERO);
    let mut run = Run::restore(&snapshot, RunId(1), policy(), 1, tools(), now, away).unwrap();
    change(&mut run, attempts(1).with_deadline(Some(seconds(2))).unwrap());
    run.handle(at(0), Input::Start);
    let id = think(&mut run);
    assert_eq!(waits_until(&mut run), at(9_000));
    fail(&mut run, id, 100);
    assert_eq!(result(&mut run).stop, StopReason::ModelUnavailable);
}

#[test]
fn a_recording_ends_with_the_policy_that_it_was_made_under() {
    let new = || Run::new(RunId(1), "task", policy(), 1, tools(), Seed(1)).unwrap().with_recording();
    let mut run = new();
    run.handle(at(0), Input::Start);
    assert!(run.recorded().is_some());
    change(&mut run, attempts(2));
    assert_eq!(run.recorded(), None);
    // Its trace tells of the change already, which a run made under the new policy would not.
    let mut run = new();
    change(&mut run, attempts(1));
    let mut run = run.with_recording();
    run.handle(at(0), Input::Start);
    assert_eq!(run.recorded(), None);
}
