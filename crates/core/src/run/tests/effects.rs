//! Effects of unknown outcome: looked up, asked about, told plainly; and settled by a late word.

use super::*;
use crate::effect::{Effect, EffectState, Reconciliation};
use crate::failure::FailureClass;

fn mailing(mail: ToolSpec, approver: bool) -> Run {
    let policy = policy().with_approval(ApprovalGate::default().with_approver(approver));
    let limit = CallPolicy::for_tool().with_timeout(Some(Duration::from_secs(2))).unwrap();
    let mail = mail.with_effect(Effect::Once).with_policy(limit);
    let mut run = Run::new(RunId(1), "Tell Ana.", policy, 1, vec![mail], Seed(1)).unwrap();
    run.handle(at(0), Input::Start);
    wants(&mut run, 0, "send_email");
    run
}

/// The mail was sent, and nobody knows whether it arrived.
fn timed_out(mail: ToolSpec, approver: bool) -> (Run, AttemptId, Vec<Output>) {
    let mut run = mailing(mail, approver);
    let (id, _) = act(&mut run);
    run.handle(at(2_000), Input::Tick);
    let mut outputs = drain(&mut run);
    assert_eq!(outputs.remove(0), Output::Abandon(id));
    (run, id, outputs)
}

fn state(run: &Run) -> EffectState {
    run.ledger().entries()[0].state
}

#[test]
fn every_tool_call_is_intended_then_started_then_done() {
    let mut run = started(asking());
    wants(&mut run, 0, "send_email");
    let request = ask(&mut run);
    assert_eq!(state(&run), EffectState::Intended);
    run.handle(at(1), Input::Decided(request.id, Decision::ApproveEdited { args: "[2]".into() }));
    let (id, _) = act(&mut run);
    assert_eq!((state(&run), run.ledger().entries()[0].args.as_str()), (EffectState::Started, "[2]"));
    run.handle(at(2), Input::ToolReplied(id, "sent".into()));
    assert_eq!((state(&run), run.ledger().entries()[0].output.as_str()), (EffectState::Done, "sent"));
}

#[test]
fn a_denied_call_is_blocked_and_a_refused_connection_failed() {
    let mut denied = started(asking());
    wants(&mut denied, 0, "send_email");
    let request = ask(&mut denied);
    denied.handle(at(1), Input::Decided(request.id, Decision::Deny { message: String::new() }));
    assert_eq!(state(&denied), EffectState::Blocked);

    let mut refused = mailing(ToolSpec::new("send_email"), true);
    let (id, _) = act(&mut refused);
    refused.handle(at(1), Input::Failed(id, Failure::new(FailureClass::ConnectFailed, "refused")));
    assert_eq!(state(&refused), EffectState::Failed);
    assert!(matches!(drain(&mut refused)[..], [Output::Think(_), Output::Wait { .. }]), "nobody is asked about it");
}

#[test]
fn without_anybody_to_ask_the_model_is_told_plainly_of_an_unknown_outcome() {
    let (run, _, outputs) = timed_out(ToolSpec::new("send_email"), false);
    assert!(matches!(outputs[..], [Output::Think(_), Output::Wait { .. }]), "{outputs:?}");
    assert!(told(&run).contains("It may have happened. Do not call it again"), "{}", told(&run));
    assert_eq!(state(&run), EffectState::Unknown);
}

#[test]
fn an_unknown_outcome_is_looked_up_before_anybody_is_asked() {
    for (found, text, settled) in [
        (Reconciliation::Done { output: "sent at noon".into() }, "sent at noon", EffectState::Done),
        (Reconciliation::Done { output: String::new() }, "send_email was done.", EffectState::Done),
        (Reconciliation::NotDone, "it did not happen.", EffectState::Failed),
    ] {
        let (mut run, id, outputs) = timed_out(ToolSpec::new("send_email").with_reconcile(), true);
        let [Output::Reconcile { attempt, key, .. }, Output::Wait { .. }] = &outputs[..] else {
            panic!("{outputs:?}");
        };
        assert_eq!(key.call, id.call, "it is asked about by the key that went to the tool");
        run.handle(at(2_100), Input::Reconciled(attempt.id, found));
        assert!(matches!(drain(&mut run)[..], [Output::Think(_), Output::Wait { .. }]));
        assert!(told(&run).ends_with(text), "{}", told(&run));
        assert_eq!(state(&run), settled);
    }
}

#[test]
fn what_a_look_up_says_of_its_output_and_its_cost_is_heard() {
    let (mut run, _, outputs) = timed_out(ToolSpec::new("send_email").with_reconcile(), true);
    let Output::Reconcile { attempt, .. } = &outputs[0] else { panic!("{outputs:?}") };
    run.handle(at(2_040), Input::Output(attempt.id));
    run.handle(at(2_050), Input::Spent(attempt.id, Spend { tokens: 700, ..Spend::NONE }));
    run.handle(at(2_100), Input::Reconciled(attempt.id, Reconciliation::NotDone));
    let first_output = Event::FirstOutput { after: Duration::from_millis(40) };
    assert!(run.trace().entries().iter().any(|entry| entry.event == first_output));
    assert_eq!(run.spent().tokens, 700);
}

#[test]
fn what_nobody_can_tell_a_human_decides_and_a_yes_runs_it_again_under_the_same_key() {
    let (mut run, first, outputs) = timed_out(ToolSpec::new("send_email").with_reconcile(), true);
    let Output::Reconcile { attempt, .. } = &outputs[0] else { panic!("{outputs:?}") };
    run.handle(at(2_100), Input::Reconciled(attempt.id, Reconciliation::Unknown));
    let request = ask(&mut run);
    assert!(request.again && request.why.contains("may have happened already"), "{}", request.why);
    run.handle(at(2_200), Input::Decided(request.id, Decision::Approve));
    let (second, _) = act(&mut run);
    assert_eq!((second.call, second.attempt), (first.call, 2), "no two attempts share a name");
    run.handle(at(2_400), Input::ToolReplied(second, "sent".into()));
    assert_eq!((told(&run), state(&run)), ("sent", EffectState::Done));
}

#[test]
fn a_late_success_of_the_first_try_gives_up_the_second_and_counts() {
    let (mut run, first, outputs) = timed_out(ToolSpec::new("send_email"), true);
    let Output::Ask(request) = &outputs[0] else { panic!("{outputs:?}") };
    run.handle(at(2_200), Input::Decided(request.id, Decision::Approve));
    let (second, _) = act(&mut run);
    let stranger = AttemptId { attempt: 7, ..first };
    run.handle(at(2_250), Input::ToolReplied(stranger, "x".into()));
    assert!(matches!(drain(&mut run)[..], [Output::Wait { .. }]), "nobody made a seventh try");
    run.handle(at(2_300), Input::ToolReplied(first, "sent at noon".into()));
    let outputs = drain(&mut run);
    assert!(matches!(outputs[..], [Output::Abandon(id), Output::Think(_), Output::Wait { .. }] if id == second));
    assert_eq!((told(&run), state(&run)), ("sent at noon", EffectState::Done));
    run.handle(at(2_400), Input::Failed(second, Failure::new(FailureClass::ConnectFailed, "refused")));
    assert_eq!(state(&run), EffectState::Done, "what is done stays done");
}

#[test]
fn a_success_at_the_instant_of_the_limit_settles_what_must_not_happen_twice() {
    let mut run = mailing(ToolSpec::new("send_email"), true);
    let (id, _) = act(&mut run);
    run.handle(at(2_000), Input::ToolReplied(id, "sent".into()));
    let outputs = drain(&mut run);
    assert!(matches!(outputs[..], [Output::Abandon(_), Output::Think(_), Output::Wait { .. }]), "{outputs:?}");
    assert_eq!((told(&run), state(&run)), ("sent", EffectState::Done));
}

#[test]
fn a_late_success_of_a_tool_that_may_repeat_changes_nothing() {
    let limit = CallPolicy::for_tool().with_timeout(Some(Duration::from_secs(2))).unwrap();
    let look = ToolSpec::new("send_email").with_policy(limit);
    let mut run = Run::new(RunId(1), "Look.", policy(), 1, vec![look], Seed(1)).unwrap();
    run.handle(at(0), Input::Start);
    wants(&mut run, 0, "send_email");
    let (first, _) = act(&mut run);
    run.handle(at(2_000), Input::Tick);
    let Output::Wait { until: Some(until), .. } = drain(&mut run)[1] else { panic!() };
    run.handle(until, Input::Tick);
    let (second, _) = act(&mut run);
    run.handle(until, Input::ToolReplied(first, "late".into()));
    assert!(matches!(drain(&mut run)[..], [Output::Wait { .. }]));
    run.handle(until, Input::ToolReplied(second, "seen".into()));
    assert_eq!(told(&run), "seen");
}

#[test]
fn a_server_that_asked_for_a_pause_gets_it_even_after_a_yes() {
    let mut run = mailing(ToolSpec::new("send_email"), true);
    let (id, _) = act(&mut run);
    let busy = Failure::new(FailureClass::ServerError, "503").with_retry_after(Duration::from_secs(10));
    run.handle(at(100), Input::Failed(id, busy));
    let request = ask(&mut run);
    run.handle(at(200), Input::Decided(request.id, Decision::Approve));
    assert!(matches!(drain(&mut run)[..], [Output::Wait { until: Some(until), .. }] if until == at(10_100)));
    run.handle(Instant::from_micros(10_099_999), Input::Tick);
    assert!(matches!(drain(&mut run)[..], [Output::Wait { .. }]), "not before");
    run.handle(at(10_100), Input::Tick);
    assert_eq!(act(&mut run).0.attempt, 2);
}

#[test]
fn a_pause_that_there_is_no_time_for_is_not_cut_short_by_a_yes() {
    let deadline = Some(Duration::from_secs(30));
    let mut run = started(asking().with_deadline(deadline).unwrap());
    wants(&mut run, 0, "send_email");
    let request = ask(&mut run);
    run.handle(at(0), Input::Decided(request.id, Decision::Approve));
    let (id, _) = act(&mut run);
    let busy = Failure::new(FailureClass::ServerError, "503").with_retry_after(Duration::from_secs(40));
    run.handle(at(100), Input::Failed(id, busy));
    let request = ask(&mut run);
    run.handle(at(200), Input::Decided(request.id, Decision::Approve));
    assert!(matches!(drain(&mut run)[..], [Output::Think(_), Output::Wait { .. }]), "there is no time for the pause");
    assert!(told(&run).contains("It may have happened. Do not call it again"), "{}", told(&run));
}

#[test]
fn whoever_always_says_yes_to_what_never_gets_through_is_asked_twice_and_no_more() {
    let mut run = started(asking());
    wants(&mut run, 0, "send_email");
    let mut questions = 0;
    while let [Output::Ask(request), Output::Wait { .. }] = &drain(&mut run)[..] {
        questions += 1;
        run.handle(at(questions), Input::Decided(request.id, Decision::Approve));
        let (id, _) = act(&mut run);
        run.handle(at(questions), Input::Failed(id, Failure::new(FailureClass::Timeout, "no answer")));
    }
    assert_eq!((questions, state(&run)), (2, EffectState::Unknown));
    assert!(told(&run).contains("It may have happened. Do not call it again"), "{}", told(&run));
}

#[test]
fn a_late_word_settles_the_ledger_and_the_question_about_it() {
    let (mut run, id, outputs) = timed_out(ToolSpec::new("send_email"), true);
    let Output::Ask(request) = &outputs[0] else { panic!("{outputs:?}") };
    run.handle(at(3_000), Input::ToolReplied(id, "sent".into()));
    let outputs = drain(&mut run);
    assert_eq!(outputs[0], Output::Withdraw(request.id));
    assert!(matches!(outputs[1], Output::Think(_)), "{outputs:?}");
    assert_eq!((told(&run), state(&run)), ("sent", EffectState::Done));
    run.handle(at(3_001), Input::Decided(request.id, Decision::Approve));
    assert!(matches!(drain(&mut run)[..], [Output::Wait { .. }]), "the question is gone");
}

#[test]
fn a_late_word_stops_the_looking_up_and_reaches_the_ledger_even_after_the_end() {
    let (mut run, id, outputs) = timed_out(ToolSpec::new("send_email").with_reconcile(), true);
    let Output::Reconcile { attempt, .. } = &outputs[0] else { panic!("{outputs:?}") };
    run.handle(at(3_000), Input::ToolReplied(id, "sent".into()));
    assert_eq!(drain(&mut run)[0], Output::Abandon(attempt.id));
    assert_eq!(told(&run), "sent");

    let (mut ended, id, _) = timed_out(ToolSpec::new("send_email"), false);
    ended.handle(at(3_000), Input::Cancel);
    ended.handle(at(3_001), Input::ToolReplied(id, "sent".into()));
    assert_eq!(state(&ended), EffectState::Done);
    let (mut ended, id, _) = timed_out(ToolSpec::new("send_email"), false);
    ended.handle(at(3_000), Input::Failed(id, Failure::new(FailureClass::Timeout, "still nothing")));
    assert_eq!(state(&ended), EffectState::Unknown, "a word that knows no more settles nothing");
    ended.handle(at(3_001), Input::Failed(id, Failure::new(FailureClass::ConnectFailed, "never got there")));
    assert_eq!(state(&ended), EffectState::Failed);
}

#[test]
fn a_second_try_that_fails_leaves_open_whether_the_first_one_happened() {
    let (mut run, _, outputs) = timed_out(ToolSpec::new("send_email"), true);
    let Output::Ask(request) = &outputs[0] else { panic!("{outputs:?}") };
    run.handle(at(2_100), Input::Decided(request.id, Decision::Approve));
    let (id, _) = act(&mut run);
    run.handle(at(2_200), Input::Failed(id, Failure::new(FailureClass::ConnectFailed, "refused")));
    assert_eq!(state(&run), EffectState::Unknown, "the refused connection was the second");
    assert!(matches!(drain(&mut run)[..], [Output::Think(_), Output::Wait { .. }]), "nobody is asked a third time");
    assert!(told(&run).contains("It may have happened. Do not call it again"), "{}", told(&run));
}

#[test]
fn what_was_never_sent_did_not_happen() {
    let policy = policy().with_approval(ApprovalGate::default().with_approver(true));
    let breaker = crate::breaker::BreakerPolicy::default().with_consecutive(1);
    let mail = ToolSpec::new("send_email")
        .with_effect(Effect::Once)
        .with_policy(CallPolicy::for_tool().with_breaker(Some(breaker)));
    let mut run = Run::new(RunId(1), "Tell Ana.", policy, 1, vec![mail], Seed(1)).unwrap();
    run.handle(at(0), Input::Start);
    wants(&mut run, 0, "send_email");
    let (id, _) = act(&mut run);
    run.handle(at(1), Input::Failed(id, Failure::new(FailureClass::ConnectFailed, "refused")));
    let id = think(&mut run);
    run.handle(at(2), Input::ModelReplied(id, ModelReply::tool("c2", "send_email", "[2]")));
    assert!(matches!(drain(&mut run)[..], [Output::Think(_), Output::Wait { .. }]), "the breaker is open");
    let states: Vec<_> = run.ledger().entries().iter().map(|entry| entry.state).collect();
    assert_eq!(states, [EffectState::Failed, EffectState::Failed]);
}

#[test]
fn a_word_on_a_try_that_was_never_made_settles_nothing() {
    let (mut run, id, outputs) = timed_out(ToolSpec::new("send_email"), true);
    assert!(matches!(outputs[0], Output::Ask(_)));
    let stranger = AttemptId { attempt: 7, ..id };
    run.handle(at(3_000), Input::ToolReplied(stranger, "x".into()));
    run.handle(at(3_001), Input::Failed(stranger, Failure::new(FailureClass::ConnectFailed, "x")));
    assert!(matches!(drain(&mut run)[..], [Output::Wait { why: WaitReason::Approval, .. }]), "the question stays open");
    assert_eq!(state(&run), EffectState::Unknown);
}

#[test]
fn what_expired_or_was_never_tried_is_blocked_when_the_run_ends_too() {
    let mut run = started(asking().with_deadline(Some(Duration::from_secs(100))).unwrap());
    wants(&mut run, 0, "send_email");
    let request = ask(&mut run);
    assert_eq!(request.expires_at, at(60_000));
    run.handle(at(200_000), Input::Tick); // the host slept through both
    let result = run.result().unwrap();
    assert_eq!((result.stop, result.blocked.as_slice()), (StopReason::Deadline, &["send_email".to_string()][..]));
    assert_eq!(state(&run), EffectState::Blocked);
}

/// The model, which was asked before, answers with a wish for that tool.
fn wants_next(run: &mut Run, now: u64, tool: &str, args: &str) {
    drain(run);
    let Phase::Thinking { call, .. } = &run.stage else { panic!("it does not think: {run:?}") };
    let id = AttemptId { call: call.id(), attempt: call.attempts() };
    run.handle(at(now), Input::ModelReplied(id, ModelReply::tool("b", tool, args)));
}

#[test]
fn what_happened_after_all_does_not_run_again_for_a_model_that_was_told_that_it_may_have() {
    let (mut run, first, _) = timed_out(ToolSpec::new("send_email"), false);
    run.handle(at(2_500), Input::ToolReplied(first, "sent at noon".into()));
    wants_next(&mut run, 3_000, "send_email", "{}");
    let outputs = drain(&mut run);
    assert!(matches!(outputs[..], [Output::Think(_), Output::Wait { .. }]), "nothing runs: {outputs:?}");
    assert_eq!(told(&run), "send_email does not run again, for it has happened after all: sent at noon");
    assert_eq!(run.ledger().entries().len(), 1);
    // Now it knows, and asks for a second mail.
    wants_next(&mut run, 4_000, "send_email", "{}");
    let (second, _) = act(&mut run);
    assert_ne!(second.call, first.call);
}

#[test]
fn the_model_is_told_with_its_next_results_what_came_to_light_since() {
    let limit = CallPolicy::for_tool().with_timeout(Some(Duration::from_secs(2))).unwrap();
    let mail = ToolSpec::new("send_email").with_effect(Effect::Once).with_policy(limit);
    let look = ToolSpec::new("look");
    for (late_ok, word) in [
        (true, "seen\n\nKnown since: send_email with {} happened after all: sent at noon"),
        (false, "seen\n\nKnown since: send_email with {} did not happen: connect_failed: refused."),
    ] {
        let mut run = Run::new(RunId(1), "Tell Ana.", policy(), 1, vec![mail.clone(), look.clone()], Seed(1)).unwrap();
        run.handle(at(0), Input::Start);
        wants(&mut run, 0, "send_email");
        let (first, _) = act(&mut run);
        run.handle(at(2_000), Input::Tick);
        drain(&mut run);
        let refused = Input::Failed(first, Failure::new(FailureClass::ConnectFailed, "refused"));
        let late = if late_ok { Input::ToolReplied(first, "sent at noon".into()) } else { refused };
        run.handle(at(2_500), late);
        for (now, expected) in [(3_000, word), (4_000, "seen")] {
            wants_next(&mut run, now, "look", &format!("[{now}]"));
            let (id, _) = act(&mut run);
            run.handle(at(now), Input::ToolReplied(id, "seen".into()));
            assert_eq!(told(&run), expected);
        }
    }
}

/// The mail may have happened, a human said no to running it again, and the model asks for it once more.
fn held_back() -> (Run, AttemptId, ApprovalRequest) {
    let (mut run, first, outputs) = timed_out(ToolSpec::new("send_email"), true);
    let Output::Ask(request) = &outputs[0] else { panic!("{outputs:?}") };
    run.handle(at(2_100), Input::Decided(request.id, Decision::Deny { message: String::new() }));
    wants(&mut run, 2_200, "send_email");
    let question = ask(&mut run);
    assert!(question.again && question.key.call != first.call);
    (run, first, question)
}

#[test]
fn a_late_success_withdraws_the_question_about_a_second_call_for_the_same() {
    let (mut run, first, question) = held_back();
    run.handle(at(2_300), Input::ToolReplied(first, "sent at noon".into()));
    let outputs = drain(&mut run);
    let withdrawn = |id| Output::Withdraw(id);
    assert!(matches!(&outputs[..], [out, Output::Think(_), Output::Wait { .. }] if *out == withdrawn(question.id)));
    assert_eq!(told(&run), "send_email does not run again, for it has happened after all: sent at noon");
    run.handle(at(2_400), Input::Decided(question.id, Decision::Approve));
    assert!(matches!(drain(&mut run)[..], [Output::Wait { .. }]), "a yes comes too late");
    assert_eq!(run.result(), None);
}

#[test]
fn a_late_word_that_it_did_not_happen_makes_a_second_call_a_wish_like_any_other() {
    let (mut run, first, question) = held_back();
    run.handle(at(2_300), Input::Failed(first, Failure::new(FailureClass::ConnectFailed, "refused")));
    let outputs = drain(&mut run);
    let [Output::Withdraw(id), Output::Act { attempt, .. }, Output::Wait { .. }] = &outputs[..] else {
        panic!("{outputs:?}");
    };
    assert_eq!((*id, attempt.key), (question.id, question.key), "it is not risky, so nobody is asked");
    assert!(run.trace().entries().iter().all(|entry| !matches!(entry.event, Event::ToolBlocked { .. })));
}

#[test]
fn a_yes_that_was_given_before_the_late_word_came_still_counts_for_a_resume_that_heard_of_it() {
    let (mut run, first, question) = held_back();
    run.handle(at(2_250), Input::Suspend);
    run.handle(at(2_300), Input::ToolReplied(first, "sent at noon".into()));
    let snapshot = run.snapshot();
    let policy = policy().with_approval(ApprovalGate::default().with_approver(true));
    let mail = ToolSpec::new("send_email").with_effect(Effect::Once);
    let mut resumed =
        Run::restore(&snapshot, RunId(1), policy, 1, vec![mail], at(9_000), Duration::from_secs(1)).unwrap();
    resumed.handle(at(9_000), Input::Start);
    resumed.handle(at(9_000), Input::Decided(question.id, Decision::Approve));
    let outputs = drain(&mut resumed);
    assert!(outputs.iter().all(|output| !matches!(output, Output::Claim(_) | Output::Act { .. })), "{outputs:?}");
    assert_eq!(told(&resumed), "send_email does not run again, for it has happened after all: sent at noon");
}

#[test]
fn what_may_have_happened_does_not_run_again_with_other_arguments() {
    let (mut run, _, outputs) = timed_out(ToolSpec::new("send_email"), true);
    let Output::Ask(request) = &outputs[0] else { panic!("{outputs:?}") };
    let edited = |args: &str| Input::Decided(request.id, Decision::ApproveEdited { args: args.into() });
    run.handle(at(2_100), edited("[2]"));
    assert!(
        matches!(drain(&mut run)[..], [Output::Wait { why: WaitReason::Approval, .. }]),
        "the question is still open"
    );
    let ignored = Event::DecisionIgnored { id: request.id, reason: crate::approval::DecisionRejected::OtherArguments };
    assert_eq!(run.trace().entries().last().unwrap().event, ignored);
    assert_eq!(run.ledger().entries()[0].args, "{}");
    run.handle(at(2_200), edited("{}"));
    let (_, args) = act(&mut run);
    assert_eq!(args, "{}", "the same arguments are no edit");
}

#[test]
fn an_edit_to_what_may_have_happened_is_asked_about_once_more() {
    let limit = CallPolicy::for_tool().with_timeout(Some(Duration::from_secs(2))).unwrap();
    let mail = ToolSpec::new("send_email").risky().with_policy(limit);
    let policy = policy().with_approval(ApprovalGate::default().with_approver(true));
    let mut run = Run::new(RunId(1), "Tell Ana.", policy, 1, vec![mail], Seed(1)).unwrap();
    run.handle(at(0), Input::Start);
    wants(&mut run, 0, "send_email");
    let question = ask(&mut run);
    run.handle(at(0), Input::Decided(question.id, Decision::Approve));
    act(&mut run);
    run.handle(at(2_000), Input::Tick);
    let [Output::Abandon(_), Output::Ask(question), Output::Wait { .. }] = &drain(&mut run)[..] else { panic!() };
    run.handle(at(2_000), Input::Decided(question.id, Decision::Deny { message: String::new() }));
    wants_next(&mut run, 2_100, "send_email", "[2]");
    let question = ask(&mut run);
    assert_eq!((question.again, question.args.as_str()), (false, "[2]"));
    run.handle(at(2_200), Input::Decided(question.id, Decision::ApproveEdited { args: "{}".into() }));
    let question = ask(&mut run);
    assert_eq!((question.again, question.args.as_str()), (true, "{}"), "{}", question.why);
    run.handle(at(2_300), Input::Decided(question.id, Decision::Approve));
    let (_, args) = act(&mut run);
    assert_eq!(args, "{}");
}

#[test]
fn two_tries_that_both_happened_are_told_to_the_model_and_to_whoever_reads_the_answer() {
    let (mut run, first, outputs) = timed_out(ToolSpec::new("send_email"), true);
    let Output::Ask(request) = &outputs[0] else { panic!("{outputs:?}") };
    run.handle(at(2_200), Input::Decided(request.id, Decision::Approve));
    let (second, _) = act(&mut run);
    run.handle(at(2_300), Input::ToolReplied(second, "sent".into()));
    drain(&mut run);
    for now in [2_400, 2_500] {
        run.handle(at(now), Input::ToolReplied(first, "sent at noon".into()));
    }
    let repeated = Event::EffectRepeated { tool: "send_email".into(), times: 2 };
    let seen = run.trace().entries().iter().filter(|entry| entry.event == repeated).count();
    assert_eq!(seen, 1, "the same word twice is one");
    let mut other = Run::restore(
        &run.snapshot(),
        RunId(1),
        policy(),
        1,
        vec![ToolSpec::new("send_email"), ToolSpec::new("look")],
        at(2_600),
        Duration::ZERO,
    )
    .unwrap();
    other.handle(at(2_600), Input::Start);
    wants(&mut other, 2_600, "look");
    let (id, _) = act(&mut other);
    other.handle(at(2_700), Input::ToolReplied(id, "seen".into()));
    assert_eq!(told(&other), "seen\n\nKnown since: send_email with {} happened 2 times.");
    run.handle(at(2_800), Input::Cancel);
    let answer = &run.result().unwrap().answer;
    assert!(answer.ends_with("this was done: send_email. This was done more than once: send_email."), "{answer}");
}

#[test]
fn a_late_success_overrules_a_look_up_that_found_nothing() {
    let (mut run, first, outputs) = timed_out(ToolSpec::new("send_email").with_reconcile(), false);
    let Output::Reconcile { attempt, .. } = &outputs[0] else { panic!("{outputs:?}") };
    run.handle(at(2_100), Input::Reconciled(attempt.id, Reconciliation::NotDone));
    assert_eq!(state(&run), EffectState::Failed);
    run.handle(at(2_500), Input::ToolReplied(first, "sent at noon".into()));
    assert_eq!(state(&run), EffectState::Done);
    wants_next(&mut run, 3_000, "send_email", "{}");
    assert_eq!(told(&run), "send_email does not run again, for it has happened after all: sent at noon");
}

#[test]
fn two_wishes_of_one_turn_for_what_happened_after_all_are_both_answered() {
    let (mut run, first, _) = timed_out(ToolSpec::new("send_email"), false);
    run.handle(at(2_500), Input::ToolReplied(first, "sent at noon".into()));
    drain(&mut run);
    let Phase::Thinking { call, .. } = &run.stage else { panic!() };
    let id = AttemptId { call: call.id(), attempt: 1 };
    let mut reply = ModelReply::tool("b", "send_email", "{}");
    reply.tool_calls.push(ToolCall { id: "c".into(), ..reply.tool_calls[0].clone() });
    run.handle(at(3_000), Input::ModelReplied(id, reply));
    let outputs = drain(&mut run);
    assert!(matches!(outputs[..], [Output::Think(_), Output::Wait { .. }]), "nothing runs: {outputs:?}");
}

/// The mail was sent twice, the second time after a human's yes, and nobody heard of either.
fn timed_out_twice() -> (Run, AttemptId, AttemptId) {
    let (mut run, first, outputs) = timed_out(ToolSpec::new("send_email"), true);
    let Output::Ask(request) = &outputs[0] else { panic!("{outputs:?}") };
    run.handle(at(2_000), Input::Decided(request.id, Decision::Approve));
    let (second, _) = act(&mut run);
    run.handle(at(4_000), Input::Tick);
    assert_eq!(state(&run), EffectState::Unknown);
    (run, first, second)
}

#[test]
fn of_two_tries_nobody_heard_of_one_that_failed_settles_nothing() {
    let (mut run, first, _) = timed_out_twice();
    run.handle(at(4_100), Input::Failed(first, Failure::new(FailureClass::ConnectFailed, "refused")));
    assert_eq!(state(&run), EffectState::Unknown);
}

#[test]
fn of_two_tries_that_happened_after_all_the_model_learns_how_many_as_they_come_to_light() {
    let (mut run, first, second) = timed_out_twice();
    run.handle(at(4_100), Input::ToolReplied(first, "sent at noon".into()));
    assert_eq!(run.ledger().entries()[0].output, "sent at noon");
    let mut early = Run::restore(
        &run.snapshot(),
        RunId(1),
        policy(),
        1,
        vec![ToolSpec::new("send_email").with_effect(Effect::Once)],
        at(4_100),
        Duration::ZERO,
    )
    .unwrap();
    early.handle(at(4_100), Input::Start);
    wants_next(&mut early, 4_200, "send_email", "{}");
    assert_eq!(told(&early), "send_email does not run again, for it has happened after all: sent at noon");
    early.handle(at(4_300), Input::Cancel);
    assert!(!early.result().unwrap().answer.contains("more than once"), "of one it is known");

    run.handle(at(4_200), Input::ToolReplied(second, "sent".into()));
    wants_next(&mut run, 4_300, "send_email", "{}");
    assert_eq!(told(&run), "send_email does not run again, for it happened 2 times: sent at noon");
}

#[test]
fn a_call_that_is_held_back_stays_so_while_another_like_it_is_in_doubt() {
    let (mut run, first, question) = held_back();
    run.handle(at(2_250), Input::Decided(question.id, Decision::Approve));
    let (second, _) = act(&mut run);
    run.handle(at(4_300), Input::Tick);
    wants_next(&mut run, 4_400, "send_email", "{}");
    let third = ask(&mut run);
    assert!(third.again);
    run.handle(at(4_500), Input::Failed(first, Failure::new(FailureClass::ConnectFailed, "refused")));
    assert!(matches!(drain(&mut run)[..], [Output::Wait { why: WaitReason::Approval, .. }]), "the second is in doubt");
    run.handle(at(4_600), Input::Failed(second, Failure::new(FailureClass::ConnectFailed, "refused")));
    let outputs = drain(&mut run);
    assert!(matches!(outputs[..], [Output::Withdraw(id), Output::Act { .. }, Output::Wait { .. }] if id == third.id));
}

#[test]
fn of_what_happened_once_and_in_time_nothing_is_kept() {
    let mut run = mailing(ToolSpec::new("send_email"), false);
    let (id, _) = act(&mut run);
    run.handle(at(100), Input::ToolReplied(id, "sent".into()));
    assert_eq!(run.aftermath, Aftermath::default());
}

#[test]
fn a_late_success_is_said_to_be_for_nothing_under_way_and_to_count_where_it_settles_an_effect() {
    let nothing_waits = "A success came for an attempt that is not under way.";
    for (effect, expected) in [
        (Effect::Once, &[nothing_waits, "A late word: send_email happened after all."][..]),
        (Effect::None, &[nothing_waits][..]),
    ] {
        let limit = CallPolicy::for_tool().with_timeout(Some(Duration::from_secs(2))).unwrap().with_retry(None);
        let tools = vec![ToolSpec::new("send_email").with_effect(effect).with_policy(limit)];
        let mut run = Run::new(RunId(1), "Tell Ana.", policy(), 1, tools, Seed(1)).unwrap();
        run.handle(at(0), Input::Start);
        wants(&mut run, 0, "send_email");
        let (id, _) = act(&mut run);
        run.handle(at(2_000), Input::Tick);
        run.handle(at(2_500), Input::ToolReplied(id, "sent".into()));
        let entries = run.trace().entries();
        let late = entries.iter().position(|entry| matches!(entry.event, Event::LateReply { .. })).unwrap();
        let said: Vec<_> = entries[late..].iter().map(|entry| entry.event.to_string()).collect();
        assert_eq!(said, expected);
    }
}
