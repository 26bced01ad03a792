//! Recorded runs, told again to the same policy and to others.

use super::*;
use crate::approval::{ApprovalGate, Decision};
use crate::event::Event;
use crate::failure::Failure;
use crate::id::RunId;
use crate::outcome::StopReason;
use crate::policy::{CallPolicy, RunPolicy};
use crate::retry::RetryPolicy;
use crate::rng::Seed;
use crate::run::{Input, ModelReply, Output, ToolSpec};
use crate::snapshot::SnapshotError;
use crate::time::{Duration, Instant};
use alloc::format;
use alloc::string::ToString;
use alloc::vec;

fn at(ms: u64) -> Instant {
    Instant::from_millis(ms)
}

fn policy(attempts: u32, timeout: u64) -> RunPolicy {
    let retry = RetryPolicy::default().with_attempts(attempts).unwrap();
    let model = CallPolicy::default().with_retry(Some(retry));
    let model = model.with_timeout(Some(Duration::from_millis(timeout))).unwrap().with_breaker(None);
    let gate = ApprovalGate::default().with_approver(true).with_expires_after(Duration::from_secs(60)).unwrap();
    RunPolicy::default().with_model(model).with_approval(gate)
}

fn fresh(policy: RunPolicy) -> Run {
    Run::new(RunId(1), "Tell Ana.", policy, 1, vec![ToolSpec::new("mail").risky()], Seed(3)).unwrap()
}

/// Two failures, an answer that comes after 3 s, a mail, a yes after 20 s; the host wakes 7 ms late.
fn recorded() -> Run {
    let mut run = fresh(policy(3, 4_000)).with_recording();
    let mut now = at(5);
    let (mut thought, mut failures) = (0, 0);
    run.handle(now, Input::Start);
    loop {
        let (after, input) = match run.poll() {
            Output::Think(attempt) if failures < 2 => {
                failures += 1;
                (100, Input::Failed(attempt.id, Failure::transient("503")))
            }
            Output::Think(attempt) => {
                thought += 1;
                let reply =
                    if thought == 1 { ModelReply::tool("c", "mail", "{}") } else { ModelReply::answer("Sent.") };
                (3_000, Input::ModelReplied(attempt.id, reply))
            }
            Output::Act { attempt, .. } => (50, Input::ToolReplied(attempt.id, "sent".into())),
            Output::Ask(request) => (20_000, Input::Decided(request.id, Decision::Approve)),
            Output::Wait { until: Some(until), .. } => {
                now = until + Duration::from_millis(7);
                (0, Input::Tick)
            }
            Output::Finished => return run,
            other => panic!("{other:?}"),
        };
        now = now + Duration::from_millis(after);
        run.handle(now, input);
    }
}

fn what_if(policy_of_other: RunPolicy) -> (Run, WhatIf) {
    let run = recorded();
    let recording = Recording::from_bytes(&Recording::of(&run).unwrap().to_bytes()).unwrap();
    let other = recording.what_if(fresh(policy(3, 4_000)), fresh(policy_of_other)).unwrap();
    (run, other)
}

#[test]
fn the_same_policy_gives_the_same_trace_told_again_or_asked_what_if() {
    let run = recorded();
    assert_eq!(run.result().unwrap().answer, "Sent.");
    let recording = Recording::of(&run).unwrap();
    assert_eq!(recording.replay(fresh(policy(3, 4_000))).unwrap().trace(), run.trace());
    let (run, same) = what_if(policy(3, 4_000));
    assert_eq!((same.first_difference, &same.beyond), (None, &None));
    assert_eq!(same.run.trace(), run.trace());
}

#[test]
fn settings_that_decide_nothing_make_no_difference() {
    let (_, other) = what_if(policy(3, 4_000).with_max_steps(5).unwrap());
    assert_eq!((other.first_difference, other.beyond), (None, None));
    assert_eq!(other.run.result().unwrap().answer, "Sent.");
}

#[test]
fn with_fewer_attempts_the_run_would_have_ended_degraded() {
    let (run, other) = what_if(policy(2, 4_000));
    let differs = other.first_difference.unwrap();
    assert!(matches!(run.trace().entries()[differs].event, Event::BackingOff { next: 3, .. }));
    assert!(matches!(other.run.trace().entries()[differs].event, Event::CallFailed { .. }));
    assert_eq!(other.run.result().unwrap().stop, StopReason::ModelUnavailable);
    assert_eq!(other.beyond, None);
}

#[test]
fn with_a_shorter_timeout_an_answer_would_have_been_late_and_nobody_knows_what_a_fourth_attempt_brings() {
    let (run, other) = what_if(policy(4, 2_000));
    let differs = other.first_difference.unwrap();
    assert!(matches!(run.trace().entries()[differs].event, Event::AttemptSucceeded { .. }));
    assert!(matches!(other.run.trace().entries()[differs].event, Event::AttemptTimedOut { .. }));
    let beyond = other.beyond.unwrap();
    assert_eq!(beyond.what, "another attempt at the model in step 1");
}

#[test]
fn an_approval_that_expires_sooner_would_have_been_a_no() {
    let gate = ApprovalGate::default().with_approver(true).with_expires_after(Duration::from_secs(10)).unwrap();
    let (_, other) = what_if(policy(3, 4_000).with_approval(gate));
    let differs = other.first_difference.unwrap();
    assert!(matches!(other.run.trace().entries()[differs].event, Event::ApprovalExpired { .. }));
    assert_eq!(other.run.result().unwrap().blocked, ["mail"]);
    assert!(other.beyond.is_none(), "the model says in its second step what it said then");
}

#[test]
fn a_recording_of_another_run_or_for_a_run_that_began_is_refused() {
    let run = recorded();
    let recording = Recording::of(&run).unwrap();
    let other = Run::new(RunId(2), "task", policy(3, 4_000), 1, vec![], Seed(3)).unwrap();
    assert_eq!(recording.replay(other).unwrap_err(), ReplayError::OtherRun { recorded: RunId(1) });
    assert_eq!(recording.replay(run).unwrap_err(), ReplayError::AlreadyBegun);
    assert!(Recording::of(&fresh(policy(1, 1))).is_none());
}

#[test]
fn a_cut_or_changed_recording_is_refused() {
    let bytes = Recording::of(&recorded()).unwrap().to_bytes();
    for length in 0..bytes.len() {
        assert!(Recording::from_bytes(&bytes[..length]).is_err(), "cut to {length}");
    }
    let mut flipped = bytes;
    flipped[40] ^= 1;
    assert_eq!(Recording::from_bytes(&flipped), Err(SnapshotError::Damaged));
}

#[test]
fn a_recording_is_replayed_with_a_run_that_began_alike_or_says_what_differs() {
    let recording = Recording::from_bytes(&Recording::of(&recorded()).unwrap().to_bytes()).unwrap();
    let with = |task: &str, system: &str, tool: &str, seed: u64| {
        let tools = vec![ToolSpec::new(tool).risky()];
        let run = Run::new(RunId(1), task, policy(3, 4_000), 1, tools, Seed(seed)).unwrap();
        if system.is_empty() { run } else { run.with_system(system) }
    };
    let conversation = "another conversation: give it the task and the system message of the recorded one";
    for (task, system, tool, seed, differs, said) in [
        ("Tell Bob.", "", "mail", 3, Part::Messages, conversation),
        ("Tell Ana.", "Be brief.", "mail", 3, Part::Messages, conversation),
        ("Tell Ana.", "", "mail", 4, Part::Seed, "another seed: give it that of the recorded one"),
        ("Tell Ana.", "", "post", 3, Part::Tools, "other tools: give it those of the recorded one, in their order"),
    ] {
        let other = || with(task, system, tool, seed);
        let refused = ReplayError::OtherBeginning { differs };
        assert_eq!(recording.replay(other()).unwrap_err(), refused);
        assert_eq!(recording.what_if(other(), fresh(policy(1, 4_000))).unwrap_err(), refused);
        assert_eq!(recording.what_if(fresh(policy(3, 4_000)), other()).unwrap_err(), refused);
        assert_eq!(refused.to_string(), format!("the run to replay it with has {said}"));
    }
    assert!(
        recording.what_if(fresh(policy(3, 4_000)), fresh(policy(1, 9_000))).is_ok(),
        "another policy is what it is for"
    );
}

#[test]
fn how_many_models_there_are_is_recorded_and_may_be_asked_about() {
    let recording = Recording::of(&recorded()).unwrap();
    let two = || {
        let tools = vec![ToolSpec::new("mail").risky()];
        Run::new(RunId(1), "Tell Ana.", policy(2, 4_000), 2, tools, Seed(3)).unwrap()
    };
    let refused = ReplayError::OtherBeginning { differs: Part::Models };
    assert_eq!(recording.replay(two()).unwrap_err(), refused);
    assert_eq!(recording.what_if(two(), two()).unwrap_err(), refused);
    assert_eq!(
        refused.to_string(),
        "the run to replay it with has another number of models: give it as many as the recorded one"
    );
    // That there would have been a fallback decides nothing before it is come to.
    let other = recording.what_if(fresh(policy(3, 4_000)), two()).unwrap();
    let differs = other.first_difference.unwrap();
    assert!(matches!(other.run.trace().entries()[differs].event, Event::FellBack { .. }));
    assert_eq!(other.beyond.unwrap().what, "another attempt at fallback 1 of the model in step 1");
}

#[test]
fn a_restored_run_is_replayed_from_the_same_snapshot_at_the_same_instant() {
    let mut run = fresh(policy(3, 4_000));
    run.handle(at(5), Input::Suspend);
    run.handle(at(5), Input::Start);
    let Output::Think(attempt) = run.poll() else { panic!() };
    run.handle(at(7), Input::ModelReplied(attempt.id, ModelReply::tool("b", "none of its tools", "{}")));
    let thinking = run.snapshot();
    let Output::Think(attempt) = run.poll() else { panic!() };
    run.handle(at(9), Input::ModelReplied(attempt.id, ModelReply::tool("c", "mail", "{}")));
    let waiting = run.snapshot();
    let restored = |snapshot: &[u8], policy: RunPolicy, now: u64| {
        let tools = vec![ToolSpec::new("mail").risky()];
        Run::restore(snapshot, RunId(1), policy, 1, tools, at(now), Duration::ZERO).unwrap()
    };
    for snapshot in [thinking, waiting] {
        let same = || restored(&snapshot, policy(3, 4_000), 50);
        let mut again = same().with_recording();
        again.handle(at(50), Input::Start);
        again.handle(at(60), Input::Cancel);
        let recording = Recording::of(&again).unwrap();
        assert_eq!(recording.replay(same()).unwrap().trace(), again.trace());
        let fewer = policy(1, 900).with_max_steps(1).unwrap();
        assert!(recording.what_if(same(), restored(&snapshot, fewer, 50)).is_ok(), "settings may differ");
        let later = recording.replay(restored(&snapshot, policy(3, 4_000), 51)).unwrap_err();
        assert_eq!(later, ReplayError::OtherBeginning { differs: Part::Snapshot });
        assert_eq!(
            later.to_string(),
            "the run to replay it with has another past: restore it from the same snapshot, at the same instant"
        );
        let new = recording.replay(fresh(policy(3, 4_000))).unwrap_err();
        assert_eq!(new, ReplayError::OtherBeginning { differs: Part::Messages }, "the first of several");
    }
}

#[test]
fn a_past_is_another_one_also_where_only_a_server_s_word_or_a_budget_differs() {
    let mut run = fresh(policy(3, 4_000));
    run.handle(at(5), Input::Start);
    let before = run.snapshot();
    let Output::Think(attempt) = run.poll() else { panic!() };
    let busy = Failure::new(crate::failure::FailureClass::RateLimited, "429");
    run.handle(at(5), Input::Failed(attempt.id, busy.with_retry_after(Duration::from_secs(60))));
    let after = run.snapshot();
    let restored = |snapshot: &[u8]| {
        let tools = vec![ToolSpec::new("mail").risky()];
        Run::restore(snapshot, RunId(1), policy(3, 4_000), 1, tools, at(5), Duration::ZERO).unwrap()
    };
    let mut again = restored(&after).with_recording();
    again.handle(at(5), Input::Start);
    let recording = Recording::of(&again).unwrap();
    assert!(recording.replay(restored(&after)).is_ok());
    let refused = ReplayError::OtherBeginning { differs: Part::Snapshot };
    assert_eq!(recording.replay(restored(&before)).unwrap_err(), refused);
}

#[test]
fn what_a_run_was_told_of_a_budget_around_it_is_told_again() {
    let mut run = fresh(policy(3, 4_000)).with_recording();
    let left = crate::budget::Left { attempts: Some(0), ..crate::budget::Left::default() };
    run.handle(at(5), Input::Narrowed(left));
    run.handle(at(5), Input::Start);
    assert_eq!(run.result().unwrap().stop, StopReason::Budget);
    let recording = Recording::from_bytes(&Recording::of(&run).unwrap().to_bytes()).unwrap();
    assert_eq!(recording.replay(fresh(policy(3, 4_000))).unwrap().trace(), run.trace());
    let other = recording.what_if(fresh(policy(3, 4_000)), fresh(policy(1, 4_000))).unwrap();
    assert_eq!((other.run.result().unwrap().stop, other.first_difference), (StopReason::Budget, None));
}

#[test]
fn of_a_run_that_was_told_something_nothing_is_recorded() {
    let mut told = fresh(policy(3, 4_000));
    told.handle(at(0), Input::Start);
    assert!(Recording::of(&told.with_recording()).is_none());
    let mut twice = fresh(policy(3, 4_000)).with_recording();
    twice.handle(at(0), Input::Start);
    assert_eq!(Recording::of(&twice.with_recording()).unwrap().inputs().len(), 1);
}

#[test]
fn a_run_that_was_told_anything_has_begun_and_one_that_claims_is_another() {
    let recording = Recording::of(&recorded()).unwrap();
    let mut told = fresh(policy(3, 4_000));
    told.handle(at(0), Input::Suspend);
    assert_eq!(recording.replay(told).unwrap_err(), ReplayError::AlreadyBegun);
    let claiming = recording.replay(fresh(policy(3, 4_000)).with_claims()).unwrap_err();
    assert_eq!(claiming, ReplayError::OtherBeginning { differs: Part::Claims });
    assert_eq!(
        claiming.to_string(),
        "the run to replay it with has another way with its effects: have both claim them, or neither"
    );
}

#[test]
fn each_model_answers_as_it_did_and_no_other_for_it() {
    let models = |attempts: u32| Run::new(RunId(1), "Tell Ana.", policy(attempts, 4_000), 2, vec![], Seed(3)).unwrap();
    let mut run = models(1).with_recording();
    run.handle(at(0), Input::Start);
    let Output::Think(first) = run.poll() else { panic!() };
    run.handle(at(100), Input::Failed(first.id, Failure::transient("503")));
    let Output::Think(second) = run.poll() else { panic!() };
    assert_eq!(second.option, 1);
    run.handle(at(300), Input::ModelReplied(second.id, ModelReply::answer("Said by the fallback.")));
    let recording = Recording::of(&run).unwrap();
    // A second attempt at the first model was never made: what the fallback said is not its answer.
    let other = recording.what_if(models(1), models(2)).unwrap();
    assert_eq!(other.run.result(), None);
    assert_eq!(other.beyond.unwrap().what, "another attempt at the model in step 1");
}

/// Everything that hosts do and no policy asks for: words for nobody, words told twice, a clock that goes back, a look at the time
/// in between, a yes to something else than was shown, and two calls alike whose answers come the other way round.
fn untidy(cut: bool) -> Run {
    let mut run = fresh(policy(3, 4_000)).with_recording();
    let polled = |run: &mut Run| {
        let mut outputs = vec![];
        loop {
            match run.poll() {
                Output::Wait { .. } | Output::Finished => return outputs,
                output => outputs.push(output),
            }
        }
    };
    let stranger = crate::id::AttemptId { call: crate::id::CallId(77), attempt: 1 };
    run.handle(at(5), Input::Start);
    let Output::Think(first) = polled(&mut run)[0].clone() else { panic!() };
    run.handle(at(9), Input::ToolReplied(stranger, "for nobody".into()));
    run.handle(at(7), Input::Tick);
    run.handle(at(30), Input::Output(first.id));
    let mut reply = ModelReply::tool("c", "mail", "{}");
    reply.tool_calls.push(reply.tool_calls[0].clone());
    reply.tool_calls[1].id = "d".into();
    run.handle(at(60), Input::ModelReplied(first.id, reply.clone()));
    run.handle(at(61), Input::ModelReplied(first.id, reply));
    let outputs = polled(&mut run);
    let [Output::Ask(one), Output::Ask(other)] = &outputs[..] else { panic!("{outputs:?}") };
    run.handle(at(70), Input::DecidedOn(one.id, crate::approval::Digest([9; 32]), Decision::Approve));
    run.handle(at(80), Input::DecidedOn(other.id, other.digest, Decision::Approve));
    let Output::Act { attempt, .. } = polled(&mut run)[0].clone() else { panic!() };
    run.handle(at(90), Input::ToolReplied(attempt.id, "sent".into()));
    if cut {
        return run;
    }
    run.handle(at(95), Input::Decided(one.id, Decision::Deny { message: "Once is enough.".into() }));
    let Output::Think(second) = polled(&mut run)[0].clone() else { panic!() };
    run.handle(at(120), Input::Failed(first.id, Failure::transient("late")));
    run.handle(at(150), Input::ModelReplied(second.id, ModelReply::answer("Sent.")));
    run.handle(at(160), Input::Tick);
    run.handle(at(170), Input::ToolReplied(attempt.id, "sent".into()));
    run
}

#[test]
fn up_to_the_first_difference_everything_is_told_as_it_was() {
    for cut in [false, true] {
        let run = untidy(cut);
        let recording = Recording::of(&run).unwrap();
        let tools = |most| policy(3, most).with_max_steps(5).unwrap();
        for same in [policy(3, 4_000), tools(4_000), tools(9_000), policy(2, 4_000), policy(3, 56)] {
            let other = recording.what_if(fresh(policy(3, 4_000)), fresh(same)).unwrap();
            assert_eq!(other.first_difference, None, "{}{}", run.trace(), other.run.trace());
            assert_eq!(other.run.trace().entries().len(), run.trace().entries().len());
            assert_eq!(other.beyond.is_some(), cut, "of a run that was not over nobody knows the end");
        }
        let other = recording.what_if(fresh(policy(3, 4_000)), fresh(policy(3, 54))).unwrap();
        let differs = other.first_difference.unwrap();
        assert!(matches!(other.run.trace().entries()[differs].event, Event::AttemptTimedOut { .. }));
        assert_eq!(other.run.trace().entries()[differs].at, at(59));
    }
}

#[test]
fn what_was_under_way_at_the_first_difference_ends_as_it_did_and_when_it_did() {
    let gate = |ms| ApprovalGate::default().with_approver(true).with_expires_after(Duration::from_millis(ms)).unwrap();
    let recording = Recording::of(&untidy(false)).unwrap();
    // The first question would have expired at 84 ms, the mail that the second one allowed is answered at 90 ms as it was.
    let other = recording.what_if(fresh(policy(3, 4_000)), fresh(policy(3, 4_000).with_approval(gate(24)))).unwrap();
    let entries = other.run.trace().entries();
    let differs = other.first_difference.unwrap();
    assert!(matches!(entries[differs].event, Event::ApprovalExpired { .. }) && entries[differs].at == at(84));
    let replied = entries.iter().find(|entry| matches!(entry.event, Event::ToolReplied { .. })).unwrap();
    assert_eq!(replied.at, at(90));
    assert_eq!((other.run.result().unwrap().answer.as_str(), other.beyond), ("Sent.", None));
}

#[test]
fn a_yes_to_another_call_than_was_shown_is_none_whatever_else_differs() {
    let recorded = |matches: bool| {
        let mut run = fresh(policy(3, 4_000)).with_recording();
        run.handle(at(0), Input::Start);
        let Output::Think(attempt) = run.poll() else { panic!() };
        run.handle(at(10), Input::Failed(attempt.id, Failure::transient("503")));
        let Output::Wait { until: Some(until), .. } = run.poll() else { panic!() };
        run.handle(until, Input::Tick);
        let Output::Think(attempt) = run.poll() else { panic!() };
        run.handle(until, Input::ModelReplied(attempt.id, ModelReply::tool("c", "mail", "{}")));
        let Output::Ask(request) = run.poll() else { panic!() };
        let digest = if matches { request.digest } else { crate::approval::Digest([9; 32]) };
        run.handle(until, Input::DecidedOn(request.id, digest, Decision::Approve));
        if let Output::Act { attempt, .. } = run.poll() {
            run.handle(until, Input::ToolReplied(attempt.id, "sent".into()));
        }
        run.handle(until + Duration::from_secs(100), Input::Tick);
        Recording::of(&run).unwrap()
    };
    // Another seed of waits: it differs before anybody is asked, and is asked all the same.
    let sooner = |policy: RunPolicy| {
        let backoff = crate::backoff::Backoff::new(Duration::from_millis(1), Duration::from_millis(1)).unwrap();
        let model = *policy.model();
        let retry = model.retry().unwrap().with_backoff(backoff);
        policy.with_model(model.with_retry(Some(retry)))
    };
    // And under another hash every digest is another one, which says nothing of what was shown.
    let hashed = |policy: RunPolicy| {
        let other = RunPolicy::with_hash(|parts| {
            let crate::approval::Digest(bytes) = crate::approval::sha256(parts);
            crate::approval::Digest(bytes.map(|byte| !byte))
        });
        other.with_model(*policy.model()).with_approval(policy.approval())
    };
    for matches in [true, false] {
        let recording = recorded(matches);
        for other in [sooner(policy(3, 4_000)), hashed(policy(3, 4_000)), hashed(sooner(policy(3, 4_000)))] {
            let other = recording.what_if(fresh(policy(3, 4_000)), fresh(other)).unwrap();
            assert!(other.first_difference.is_some());
            let granted = |event: &Event| matches!(event, Event::ApprovalGranted { .. });
            let asked = |event: &Event| matches!(event, Event::ApprovalAsked { .. });
            let entries = other.run.trace().entries();
            assert!(entries.iter().any(|entry| asked(&entry.event)));
            assert_eq!(entries.iter().any(|entry| granted(&entry.event)), matches, "{}", other.run.trace());
        }
    }
}
