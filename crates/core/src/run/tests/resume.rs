//! Suspended runs: resumed any number of times, with decisions of every kind.

use super::*;
use crate::effect::{Claimed, Effect, EffectState, Ledger};
use crate::snapshot::SnapshotError;
use alloc::collections::BTreeMap;

/// Miri is a thousand times slower, and looks at every path all the same.
const STEP: usize = if cfg!(miri) { 97 } else { 1 };

fn tools() -> Vec<ToolSpec> {
    vec![ToolSpec::new("multiply"), ToolSpec::new("send_email").risky()]
}

/// A run that asked for something safe and for two mails, and was suspended.
fn suspended() -> (Vec<u8>, Vec<ApprovalRequest>) {
    let mut run = Run::new(RunId(1), "Tell Ana and Ben.", asking(), 1, tools(), Seed(1)).unwrap();
    run.handle(at(1_000), Input::Suspend);
    run.handle(at(1_000), Input::Start);
    let id = think(&mut run);
    let call = |id: &str, tool: &str| ToolCall { id: id.into(), tool: tool.into(), args: id.into(), risky: None };
    let tool_calls = vec![call("a", "multiply"), call("b", "send_email"), call("c", "send_email")];
    run.handle(at(1_100), Input::ModelReplied(id, ModelReply { text: String::new(), tool_calls, usage: None }));
    let (safe, _) = act(&mut run);
    assert!(run.result().is_none(), "what can run runs first");
    run.handle(at(1_200), Input::ToolReplied(safe, "391".into()));
    let outputs = drain(&mut run);
    assert!(matches!(outputs[..], [Output::Withdraw(_), Output::Withdraw(_), Output::Finished]), "{outputs:?}");
    let result = run.result().unwrap().clone();
    assert_eq!((result.stop, result.degraded, result.steps), (StopReason::Suspended, true, 1));
    assert_eq!(result.answer, "This waits for a human's decision on send_email (2 calls).");
    assert_eq!(result.blocked, ["send_email"]);
    (run.snapshot(), result.pending)
}

fn restored(snapshot: &[u8], now: u64, elapsed: u64) -> Result<Run, SnapshotError> {
    Run::restore(snapshot, RunId(1), asking(), 1, tools(), at(now), Duration::from_millis(elapsed))
}

/// What the host of all resumes has: a ledger, and the mails that went out.
#[derive(Default)]
struct Host {
    ledger: Ledger,
    mails: Vec<String>,
}

impl Host {
    fn resume(&mut self, snapshot: &[u8], decisions: &[(ApprovalId, Decision)]) -> RunResult {
        let mut run = restored(snapshot, 50, 5_000).unwrap();
        run.handle(at(50), Input::Start);
        for (id, decision) in decisions {
            run.handle(at(60), Input::Decided(*id, decision.clone()));
        }
        run.handle(at(70), Input::Suspend);
        loop {
            match run.poll() {
                Output::Claim(claim) => {
                    let key = claim.entry.key;
                    let claimed = self.ledger.claim(claim);
                    run.handle(at(80), Input::Claimed(key, claimed));
                }
                Output::Act { attempt, args, .. } => {
                    self.mails.push(args);
                    run.handle(at(90), Input::ToolReplied(attempt.id, "sent".into()));
                }
                Output::Record(entry) => self.ledger.write(entry),
                Output::Think(attempt) => {
                    let told: Vec<_> = run.messages()[2..].iter().map(|message| message.content.clone()).collect();
                    run.handle(at(95), Input::ModelReplied(attempt.id, ModelReply::answer(told.join(" | "))));
                }
                Output::Finished => return run.result().unwrap().clone(),
                Output::Wait { .. } => panic!("it waits for nobody"),
                _ => {}
            }
        }
    }
}

fn yes(request: &ApprovalRequest) -> (ApprovalId, Decision) {
    (request.id, Decision::Approve)
}

fn no(request: &ApprovalRequest) -> (ApprovalId, Decision) {
    (request.id, Decision::Deny { message: String::new() })
}

#[test]
fn the_same_snapshot_resumed_three_times_sends_each_mail_once() {
    let (snapshot, pending) = suspended();
    let mut host = Host::default();
    for _ in 0..3 {
        let result = host.resume(&snapshot, &[yes(&pending[0]), yes(&pending[1])]);
        assert_eq!((result.stop, result.answer.as_str()), (StopReason::Answered, "391 | sent | sent"));
    }
    assert_eq!(host.mails, ["b", "c"]);
}

#[test]
fn every_mixture_of_decisions_in_two_resumes_gives_each_effect_at_most_once() {
    let (snapshot, pending) = suspended();
    let edited = |request: &ApprovalRequest| (request.id, Decision::ApproveEdited { args: "x".into() });
    let stranger = (ApprovalId(9), Decision::Approve);
    let choices: Vec<Vec<(ApprovalId, Decision)>> = vec![
        vec![],
        vec![yes(&pending[0])],
        vec![no(&pending[0]), yes(&pending[0])],
        vec![yes(&pending[0]), no(&pending[0]), no(&pending[1])],
        vec![yes(&pending[1]), yes(&pending[1]), yes(&pending[0])],
        vec![edited(&pending[0]), no(&pending[1])],
        vec![stranger, no(&pending[0]), edited(&pending[1])],
    ];
    for first in choices.iter().step_by(if cfg!(miri) { 3 } else { 1 }) {
        for second in &choices {
            for third in choices.iter().step_by(STEP) {
                let mut host = Host::default();
                for decisions in [first, second, third] {
                    let result = host.resume(&snapshot, decisions);
                    let complete = decisions.iter().map(|(id, _)| id.0).collect::<alloc::collections::BTreeSet<_>>();
                    let open = !(complete.contains(&1) && complete.contains(&2));
                    assert_eq!(result.stop == StopReason::Suspended, open, "unanswered ones stay pending");
                }
                let mut per_call = BTreeMap::<_, u32>::new();
                for entry in host.ledger.entries().iter().filter(|entry| entry.state == EffectState::Done) {
                    *per_call.entry(entry.key).or_default() += 1;
                }
                let done: u32 = per_call.values().sum();
                assert_eq!(host.mails.len(), done as usize, "{first:?} {second:?} {third:?}");
                assert!(per_call.values().all(|times| *times == 1) && done <= 2);
            }
        }
    }
}

#[test]
fn a_no_that_comes_second_learns_that_the_mail_is_out() {
    let (snapshot, pending) = suspended();
    let mut host = Host::default();
    host.resume(&snapshot, &[yes(&pending[0]), no(&pending[1])]);
    let second = host.resume(&snapshot, &[no(&pending[0]), yes(&pending[1])]);
    assert_eq!(second.answer, "391 | sent | send_email did not run: another resume of this run was first.");
    assert_eq!((host.mails.len(), second.blocked), (1, vec!["send_email".into()]));
}

#[test]
fn a_yes_is_bound_to_the_call_that_was_shown() {
    let (snapshot, pending) = suspended();
    let mut run = restored(&snapshot, 0, 0).unwrap();
    run.handle(at(0), Input::Start);
    drain(&mut run);
    run.handle(at(1), Input::DecidedOn(pending[0].id, pending[1].digest, Decision::Approve));
    assert!(matches!(drain(&mut run)[..], [Output::Wait { why: WaitReason::Approval, .. }]), "nothing runs");
    let ignored = run.trace().entries().last().unwrap().event.clone();
    assert_eq!(ignored, Event::DecisionIgnored { id: pending[0].id, reason: DecisionRejected::OtherCall });
    run.handle(at(2), Input::DecidedOn(pending[0].id, pending[0].digest, Decision::Approve));
    assert!(matches!(drain(&mut run)[..], [Output::Claim(_), Output::Wait { .. }]));
}

#[test]
fn questions_and_deadlines_age_while_a_run_is_away_whatever_the_new_clock_says() {
    let (snapshot, pending) = suspended();
    let left = pending[0].expires_at - at(1_200);
    assert_eq!(left, Duration::from_millis(59_900));
    for (now, elapsed) in [(0, 59_899), (1_000_000, 59_899), (7, 0)] {
        let mut run = restored(&snapshot, now, elapsed).unwrap();
        run.handle(at(now), Input::Start);
        let Output::Ask(request) = &drain(&mut run)[0] else { panic!("{now} {elapsed}") };
        assert_eq!(request.expires_at, at(now) + left.saturating_sub(Duration::from_millis(elapsed)));
    }
    let mut late = restored(&snapshot, 0, 59_900).unwrap();
    late.handle(at(0), Input::Start);
    let outputs = drain(&mut late);
    assert!(outputs.iter().all(|output| !matches!(output, Output::Ask(_))), "silence became a no: {outputs:?}");
}

#[test]
fn what_was_under_way_when_the_process_ended_is_repeated_or_unknown() {
    let mut run = started(asking());
    let id = think(&mut run);
    let snapshot = run.snapshot();
    let mut thinking = restored(&snapshot, 0, 0).unwrap();
    thinking.handle(at(0), Input::Start);
    let again = think(&mut thinking);
    assert_ne!(again, id, "an answer to the first would be late");

    let call =
        |id: &str, tool: &str| ToolCall { id: id.into(), tool: tool.into(), args: id.into(), risky: Some(false) };
    let tool_calls = vec![call("a", "multiply"), call("b", "send_email")];
    run.handle(at(10), Input::ModelReplied(id, ModelReply { text: String::new(), tool_calls, usage: None }));
    drain(&mut run);
    let mut acting = restored(&run.snapshot(), 0, 0).unwrap();
    acting.handle(at(0), Input::Start);
    let outputs = drain(&mut acting);
    let [Output::Act { attempt, tool, .. }, Output::Ask(request), Output::Wait { .. }] = &outputs[..] else {
        panic!("{outputs:?}");
    };
    assert_eq!((tool.as_str(), attempt.id.attempt), ("multiply", 2));
    assert!(request.again && request.why.contains("its process ended"), "{}", request.why);
}

#[test]
fn a_claim_that_another_resume_holds_is_unknown_and_nobody_is_asked_to_run_it_again() {
    let (snapshot, pending) = suspended();
    let mut run = restored(&snapshot, 0, 0).unwrap();
    run.handle(at(0), Input::Start);
    drain(&mut run);
    run.handle(at(1), Input::Decided(pending[0].id, Decision::Approve));
    run.handle(at(1), Input::Decided(pending[1].id, Decision::Deny { message: String::new() }));
    let outputs = drain(&mut run);
    let [Output::Claim(first), Output::Claim(second), Output::Wait { why: WaitReason::Claim, .. }] = &outputs[..]
    else {
        panic!("{outputs:?}");
    };
    let taken = Claimed::Taken { state: EffectState::Started, output: String::new() };
    run.handle(at(2), Input::Claimed(first.entry.key, taken));
    run.handle(at(2), Input::Claimed(second.entry.key, Claimed::Granted));
    assert!(matches!(drain(&mut run)[..], [Output::Think(_), Output::Wait { .. }]));
    let told: Vec<_> = run.messages()[2..].iter().map(|message| message.content.as_str()).collect();
    assert!(told[1].contains("It may have happened") && told[2].contains("a human said no"), "{told:?}");
    run.handle(at(3), Input::Claimed(first.entry.key, Claimed::Granted));
    assert!(matches!(drain(&mut run)[..], [Output::Wait { .. }]), "a second word changes nothing");
}

#[test]
fn what_a_ledger_says_of_an_unknown_outcome_is_what_the_model_hears() {
    let (snapshot, pending) = suspended();
    let mut run = restored(&snapshot, 0, 0).unwrap();
    run.handle(at(0), Input::Start);
    run.handle(at(1), Input::Decided(pending[0].id, Decision::Approve));
    run.handle(at(1), Input::Decided(pending[1].id, Decision::Deny { message: String::new() }));
    let outputs = drain(&mut run);
    let claims: Vec<_> = outputs
        .iter()
        .filter_map(|output| if let Output::Claim(claim) = output { Some(claim.entry.key) } else { None })
        .collect();
    let unknown = Claimed::Taken { state: EffectState::Unknown, output: "no answer within 60 s".into() };
    run.handle(at(2), Input::Claimed(claims[0], unknown));
    run.handle(at(2), Input::Claimed(claims[1], Claimed::Granted));
    let told = &run.messages()[3].content;
    assert!(told.contains("its outcome is unknown (no answer within 60 s)"), "{told}");
}

#[test]
fn a_run_that_ended_comes_back_ended_and_one_that_never_began_begins() {
    let mut run = started(asking());
    run.handle(at(5), Input::Cancel);
    let mut ended = restored(&run.snapshot(), 0, 0).unwrap();
    assert_eq!(ended.result(), run.result());
    ended.handle(at(0), Input::Start);
    assert_eq!(drain(&mut ended), [Output::Finished]);

    let fresh = Run::new(RunId(1), "task", asking(), 1, tools(), Seed(1)).unwrap();
    let mut begun = restored(&fresh.snapshot(), 0, 0).unwrap();
    begun.handle(at(0), Input::Start);
    think(&mut begun);
}

#[test]
fn a_run_comes_back_ended_whatever_it_ended_for() {
    use StopReason::{Answered, Budget, Cancelled, Deadline, ModelUnavailable, NoProgress, StepLimit, Suspended};
    for stop in [Answered, StepLimit, NoProgress, Budget, ModelUnavailable, Deadline, Cancelled, Suspended] {
        let mut run = started(asking());
        run.finish(stop, Some("391".into()));
        let ended = restored(&run.snapshot(), 0, 0).unwrap();
        assert_eq!(ended.result().map(|result| result.stop), Some(stop));
    }
}

#[test]
fn numbers_at_their_limit_stay_there() {
    let mut run = started(asking());
    (run.calls, run.approvals) = (u64::MAX, u64::MAX);
    wants(&mut run, 1, "send_email");
    assert_eq!(ask(&mut run).id, ApprovalId(u64::MAX));
    assert_eq!(run.ledger().entries()[0].key.call, CallId(u64::MAX));
}

#[test]
fn a_run_that_was_not_told_to_go_on_waits_for_that_and_for_no_instant() {
    let mut run = started(asking().with_deadline(Some(Duration::from_secs(5))).unwrap());
    think(&mut run);
    let mut restored = restored(&run.snapshot(), 0, 60_000).unwrap();
    restored.handle(at(10), Input::Tick);
    assert_eq!(drain(&mut restored), [Output::Wait { until: None, why: WaitReason::NotStarted }]);
    restored.handle(at(10), Input::Start);
    assert_eq!(result(&mut restored).stop, StopReason::Deadline);
}

#[test]
fn snapshots_of_other_runs_without_their_tools_cut_or_changed_are_refused() {
    let (snapshot, _) = suspended();
    let restore = |bytes: &[u8], id, tools| Run::restore(bytes, id, asking(), 1, tools, at(0), Duration::ZERO);
    let error = |bytes: &[u8], id, tools| restore(bytes, id, tools).err().unwrap();
    assert_eq!(error(&snapshot, RunId(2), tools()), SnapshotError::OtherRun { found: RunId(1) });
    let missing = SnapshotError::ToolMissing { tool: "send_email".into() };
    assert_eq!(error(&snapshot, RunId(1), vec![ToolSpec::new("multiply")]), missing);
    assert!(matches!(error(b"{\"version\":1}", RunId(1), tools()), SnapshotError::NotASnapshot));
    let twice = vec![ToolSpec::new("a"), ToolSpec::new("a")];
    assert!(matches!(error(&snapshot, RunId(1), twice), SnapshotError::InvalidSetting(_)));
    for length in (0..snapshot.len()).step_by(STEP) {
        assert!(restore(&snapshot[..length], RunId(1), tools()).is_err(), "cut to {length}");
    }
    for bit in (0..snapshot.len() * 8).step_by(STEP) {
        let mut flipped = snapshot.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(restore(&flipped, RunId(1), tools()).is_err(), "bit {bit}");
    }
}

#[test]
fn a_recipient_edited_in_the_snapshot_is_refused_even_with_a_checksum_that_fits() {
    let mut run = started(asking());
    wants(&mut run, 0, "send_email");
    let request = ask(&mut run);
    assert_eq!(request.args, "{}");
    let mut bytes = run.snapshot();
    let digest = bytes.windows(32).position(|window| window == request.digest.0).unwrap();
    bytes[digest - 1] = b'!'; // the last character of the arguments
    let content = bytes.len() - 8;
    let sum = bytes[..content]
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3));
    bytes[content..].copy_from_slice(&sum.to_le_bytes());
    let error = restored(&bytes, 0, 0).err().unwrap();
    assert_eq!(error, SnapshotError::Impossible { what: "the digest of a question does not fit its call" });
}

#[test]
fn a_wait_that_a_server_asked_for_outlives_the_process() {
    let slow = || asking().with_model(CallPolicy::default().with_breaker(None));
    let busy =
        || Failure::new(crate::failure::FailureClass::RateLimited, "429").with_retry_after(Duration::from_secs(40));
    let restored = |run: &Run| {
        let mut run =
            Run::restore(&run.snapshot(), RunId(1), slow(), 1, tools(), at(0), Duration::from_secs(15)).unwrap();
        run.handle(at(0), Input::Start);
        run
    };
    let waits = |run: &mut Run| {
        let outputs = drain(run);
        let [Output::Wait { until: Some(until), .. }] = &outputs[..] else { panic!("{outputs:?}") };
        assert!((at(25_000)..=at(26_000)).contains(until), "40 s and a little, less the 15 s away: {until}");
    };
    let mut run = started(slow());
    let id = think(&mut run);
    run.handle(at(0), Input::Failed(id, busy()));
    drain(&mut run);
    waits(&mut restored(&run));

    let mut run = started(slow());
    wants(&mut run, 0, "multiply");
    let (id, _) = act(&mut run);
    run.handle(at(0), Input::Failed(id, busy()));
    drain(&mut run);
    waits(&mut restored(&run));
}

#[test]
fn a_wait_of_its_own_outlives_the_process_to_its_very_instant() {
    let backoff = crate::backoff::Backoff::default().with_jitter(crate::backoff::Jitter::None);
    let slow = CallPolicy::default().with_retry(Some(crate::retry::RetryPolicy::default().with_backoff(backoff)));
    let tools = || vec![ToolSpec::new("multiply").with_policy(slow)];
    let failure = || Failure::transient("503");
    let of_both = |thinks: bool| {
        let mut run = Run::new(RunId(1), "Multiply.", policy().with_model(slow), 1, tools(), Seed(1)).unwrap();
        run.handle(at(0), Input::Start);
        if thinks {
            let id = think(&mut run);
            run.handle(at(100), Input::Failed(id, failure()));
        } else {
            wants(&mut run, 0, "multiply");
            let (id, _) = act(&mut run);
            run.handle(at(100), Input::Failed(id, failure()));
        }
        run
    };
    for thinks in [true, false] {
        let snapshot = of_both(thinks).snapshot();
        let settings = policy().with_model(slow);
        let mut run = Run::restore(&snapshot, RunId(1), settings, 1, tools(), at(100), Duration::ZERO).unwrap();
        run.handle(at(100), Input::Start);
        let until = Some(at(600));
        assert_eq!(drain(&mut run), [Output::Wait { until, why: WaitReason::BackingOff }], "thinks: {thinks}");
        run.handle(Instant::from_micros(599_999), Input::Tick);
        assert_eq!(drain(&mut run), [Output::Wait { until, why: WaitReason::BackingOff }]);
        run.handle(at(600), Input::Tick);
        let attempt = match &drain(&mut run)[..] {
            [Output::Think(attempt) | Output::Act { attempt, .. }, Output::Wait { .. }] => attempt.id.attempt,
            other => panic!("{other:?}"),
        };
        assert_eq!(attempt, if thinks { 1 } else { 2 }, "a tool's attempts count on; the model is asked anew");
    }
}

/// A mail that timed out, and that a human says yes to sending again; under way a second time when the process ends.
#[test]
fn whoever_was_asked_once_whether_it_runs_again_is_not_asked_anew_by_another_process() {
    let mut run = Run::new(RunId(1), "Tell Ana.", asking(), 1, tools(), Seed(1)).unwrap().with_claims();
    run.handle(at(0), Input::Start);
    wants(&mut run, 0, "send_email");
    for _ in 0..2 {
        let request = ask(&mut run);
        run.handle(at(1), Input::Decided(request.id, Decision::Approve));
        let outputs = drain(&mut run);
        let Output::Claim(claim) = &outputs[0] else { panic!("{outputs:?}") };
        run.handle(at(1), Input::Claimed(claim.entry.key, Claimed::Granted));
        let (id, _) = act(&mut run);
        if id.attempt == 1 {
            run.handle(at(2), Input::Failed(id, Failure::new(crate::failure::FailureClass::Timeout, "no answer")));
            let outputs = drain(&mut run);
            let [Output::Record(_), Output::Ask(request), Output::Wait { .. }] = &outputs[..] else {
                panic!("{outputs:?}")
            };
            run.outputs.push_back(Output::Ask(request.clone()));
        }
    }
    for _ in 0..2 {
        // The second time it comes back from the snapshot of one that was not told to go on.
        run = restored(&run.snapshot(), 50, 0).unwrap();
    }
    run.handle(at(50), Input::Start);
    let outputs = drain(&mut run);
    assert!(matches!(outputs[..], [Output::Think(_), Output::Wait { .. }]), "{outputs:?}");
    assert!(told(&run).contains("It may have happened. Do not call it again"), "{}", told(&run));
}

#[test]
fn a_no_that_was_on_its_way_to_the_shared_ledger_stays_a_no_in_the_next_process() {
    let mut run = Run::new(RunId(1), "Tell Ana.", asking(), 1, tools(), Seed(1)).unwrap().with_claims();
    run.handle(at(0), Input::Start);
    wants(&mut run, 0, "send_email");
    let request = ask(&mut run);
    run.handle(at(1), Input::Decided(request.id, Decision::Deny { message: "not now".into() }));
    let mut shared = Ledger::default();
    for written_before in [false, true] {
        let mut run = restored(&run.snapshot(), 50, 0).unwrap();
        run = restored(&run.snapshot(), 50, 0).unwrap();
        run.handle(at(50), Input::Start);
        let outputs = drain(&mut run);
        let [Output::Claim(claim), Output::Wait { why: WaitReason::Claim, .. }] = &outputs[..] else {
            panic!("{outputs:?}");
        };
        let (key, claimed) = (claim.entry.key, shared.claim(claim.clone()));
        assert_eq!(claimed != Claimed::Granted, written_before);
        run.handle(at(51), Input::Claimed(key, claimed));
        let word = told(&run);
        assert!(word.starts_with("send_email did not run") && word.ends_with("They said: not now"), "{word}");
        assert_eq!(run.ledger().entries()[0].state, EffectState::Blocked);
    }
}

#[test]
fn one_yes_to_running_it_again_is_used_in_one_resume_only() {
    let mut run = started(asking());
    run.handle(at(0), Input::Suspend);
    wants(&mut run, 0, "send_email");
    let first = run.result().unwrap().pending[0].clone();
    let mut host = Host::default();
    // The first try, in a resume: nobody hears whether it arrived, and nobody is there to ask.
    let resumed = |snapshot: &[u8], request: &ApprovalRequest, host: &mut Host| {
        let mut run = Run::restore(snapshot, RunId(1), asking(), 1, tools(), at(0), Duration::ZERO).unwrap();
        run.handle(at(0), Input::Start);
        run.handle(at(0), Input::DecidedOn(request.id, request.digest, Decision::Approve));
        run.handle(at(0), Input::Suspend);
        loop {
            match run.poll() {
                Output::Claim(claim) => {
                    let key = claim.entry.key;
                    let claimed = host.ledger.claim(claim);
                    run.handle(at(1), Input::Claimed(key, claimed));
                }
                Output::Act { attempt, args, .. } => {
                    host.mails.push(args);
                    let silence = Failure::new(crate::failure::FailureClass::Timeout, "no answer");
                    run.handle(at(2), Input::Failed(attempt.id, silence));
                }
                Output::Record(entry) => host.ledger.write(entry),
                Output::Think(attempt) => {
                    run.handle(at(3), Input::ModelReplied(attempt.id, ModelReply::answer("Perhaps.")));
                }
                Output::Finished => return run,
                _ => {}
            }
        }
    };
    let unknown = resumed(&run.snapshot(), &first, &mut host);
    let again = unknown.result().unwrap().pending[0].clone();
    assert!(again.again);
    let snapshot = unknown.snapshot();
    for _ in 0..3 {
        let ended = resumed(&snapshot, &again, &mut host);
        assert_eq!(ended.result().unwrap().stop, StopReason::Answered);
    }
    assert_eq!(host.mails.len(), 2, "two yeses, two tries");
}

#[test]
fn a_late_word_while_it_is_suspended_is_heard_before_a_yes_runs_it_again() {
    let mut run = started(asking());
    wants(&mut run, 0, "send_email");
    let request = ask(&mut run);
    run.handle(at(0), Input::Decided(request.id, Decision::Approve));
    let (id, _) = act(&mut run);
    run.handle(at(0), Input::Suspend);
    run.handle(at(2_000), Input::Tick);
    let again = run.result().unwrap().pending[0].clone();
    assert!(run.result().unwrap().answer.ends_with("This may have been done: send_email."));
    drain(&mut run);
    run.handle(at(2_500), Input::ToolReplied(id, "sent".into()));
    assert_eq!(drain(&mut run), [Output::Finished]);
    let known = run.result().unwrap();
    let answer = "This waits to be resumed: nothing is left to decide. Before that, this was done: send_email.";
    assert_eq!((known.stop, &known.pending[..], &*known.answer), (StopReason::Suspended, &[][..], answer));
    let mut resumed = restored(&run.snapshot(), 0, 0).unwrap();
    resumed.handle(at(0), Input::Start);
    resumed.handle(at(1), Input::Decided(again.id, Decision::Approve));
    let outputs = drain(&mut resumed);
    let acts = outputs.iter().any(|output| matches!(output, Output::Act { .. } | Output::Claim(_)));
    assert!(!acts, "{outputs:?}");
    assert_eq!(told(&resumed), "sent");
}

#[test]
fn a_late_word_before_a_restored_run_goes_on_is_heard_and_nobody_is_asked() {
    let mut run = started(asking());
    wants(&mut run, 0, "send_email");
    let request = ask(&mut run);
    run.handle(at(0), Input::Decided(request.id, Decision::Approve));
    let (id, _) = act(&mut run);
    let mut resumed = restored(&run.snapshot(), 0, 0).unwrap();
    resumed.handle(at(0), Input::ToolReplied(id, "sent".into()));
    resumed.handle(at(0), Input::Start);
    let outputs = drain(&mut resumed);
    assert!(!outputs.iter().any(|output| matches!(output, Output::Ask(_) | Output::Act { .. })), "{outputs:?}");
    assert_eq!(told(&resumed), "sent");
}

#[test]
fn what_may_have_happened_is_not_among_what_did_not_run() {
    let mut run = started(asking());
    wants(&mut run, 0, "send_email");
    let request = ask(&mut run);
    run.handle(at(0), Input::Decided(request.id, Decision::Approve));
    act(&mut run);
    run.handle(at(0), Input::Suspend);
    run.handle(at(2_000), Input::Tick);
    let ended = run.result().unwrap();
    assert_eq!((ended.stop, &*ended.blocked, ended.pending.len()), (StopReason::Suspended, &[][..], 1));
}

#[test]
fn what_must_not_happen_twice_does_not_become_harmless_on_its_way() {
    let mut run = started(asking());
    wants(&mut run, 0, "send_email");
    let request = ask(&mut run);
    run.handle(at(0), Input::Decided(request.id, Decision::Approve));
    act(&mut run);
    let harmless = vec![ToolSpec::new("multiply"), ToolSpec::new("send_email")];
    let mut resumed =
        Run::restore(&run.snapshot(), RunId(1), policy(), 1, harmless, at(0), Duration::from_secs(1)).unwrap();
    resumed.handle(at(0), Input::Start);
    let outputs = drain(&mut resumed);
    assert!(matches!(outputs[..], [Output::Think(_), Output::Wait { .. }]), "it may have run: {outputs:?}");
    assert!(told(&resumed).contains("It may have happened"), "{}", told(&resumed));
}

#[test]
fn what_was_harmless_and_must_not_happen_twice_now_is_claimed_first() {
    let tools = |effect| vec![ToolSpec::new("send_email").risky().with_effect(effect)];
    let mut run = Run::new(RunId(1), "Tell Ana.", asking(), 1, tools(Effect::None), Seed(1)).unwrap();
    run.handle(at(0), Input::Start);
    wants(&mut run, 0, "send_email");
    let request = ask(&mut run);
    let mut resumed =
        Run::restore(&run.snapshot(), RunId(1), asking(), 1, tools(Effect::Once), at(0), Duration::ZERO).unwrap();
    resumed.handle(at(0), Input::Start);
    resumed.handle(at(0), Input::Decided(request.id, Decision::Approve));
    let outputs = drain(&mut resumed);
    assert!(outputs.iter().any(|output| matches!(output, Output::Claim(_))), "{outputs:?}");
}

#[test]
fn without_an_approver_nobody_is_asked_about_what_is_open_and_a_decision_still_counts() {
    let (snapshot, pending) = suspended();
    let mut resumed = Run::restore(&snapshot, RunId(1), policy(), 1, tools(), at(0), Duration::ZERO).unwrap();
    resumed.handle(at(0), Input::Start);
    let asked = |outputs: &[Output]| outputs.iter().filter(|output| matches!(output, Output::Ask(_))).count();
    assert_eq!(asked(&drain(&mut resumed)), 0);
    resumed.handle(at(0), Input::Decided(pending[0].id, Decision::Approve));
    let claims = drain(&mut resumed).iter().filter(|output| matches!(output, Output::Claim(_))).count();
    assert_eq!(claims, 1);
}

#[test]
fn a_decision_on_a_suspended_run_is_told_to_restore_it_first() {
    let (snapshot, pending) = suspended();
    let mut run = restored(&snapshot, 0, 0).unwrap();
    let ignored = |run: &Run| match &run.trace().entries().last().unwrap().event {
        Event::DecisionIgnored { reason, .. } => Some(*reason),
        _ => None,
    };
    // Restored, and not told to start.
    run.handle(at(0), Input::Decided(pending[0].id, Decision::Approve));
    assert_eq!(ignored(&run), Some(DecisionRejected::Suspended));
    run.handle(at(0), Input::Start);
    // Suspended anew, with both questions open.
    run.handle(at(0), Input::Suspend);
    assert_eq!(run.result().unwrap().pending, run.pending().into_iter().cloned().collect::<Vec<_>>());
    run.handle(at(1), Input::Decided(pending[0].id, Decision::Approve));
    assert_eq!(ignored(&run), Some(DecisionRejected::Suspended));
    assert_eq!(run.pending().len(), 2, "it is still open");
    run.handle(at(1), Input::Decided(ApprovalId(3), Decision::Approve));
    assert_eq!(ignored(&run), Some(DecisionRejected::Unknown));
    // Silence is a no, suspended or not: not before, exactly at.
    let expires = run.pending()[0].expires_at;
    run.handle(Instant::from_micros(expires.as_micros() - 1), Input::Decided(pending[0].id, Decision::Approve));
    assert_eq!(ignored(&run), Some(DecisionRejected::Suspended));
    run.handle(expires, Input::Decided(pending[0].id, Decision::Approve));
    assert_eq!(ignored(&run), Some(DecisionRejected::Expired));
    // In a run that goes on it counts once.
    let mut run = restored(&snapshot, 0, 0).unwrap();
    run.handle(at(0), Input::Start);
    run.handle(at(0), Input::Decided(pending[0].id, Decision::Deny { message: String::new() }));
    run.handle(at(0), Input::Decided(pending[0].id, Decision::Approve));
    assert_eq!(ignored(&run), Some(DecisionRejected::AlreadyDecided));
}

#[test]
fn endpoints_of_another_number_of_models_or_tools_are_refused_and_nothing_is_exchanged() {
    let mut run = Run::new(RunId(1), "task", asking(), 1, tools(), Seed(1)).unwrap();
    for (models, tools, said) in [
        (2, tools(), "endpoints.models is 2; allowed: as many as the run has"),
        (1, vec![ToolSpec::new("multiply")], "endpoints.tools is 1; allowed: as many as the run has"),
    ] {
        let mut others = Endpoints::new(&asking(), models, &tools, Seed(1));
        for model in &mut others.models {
            model.breaker.as_mut().unwrap().force_open("maintenance", at(0));
        }
        assert_eq!(run.swap_endpoints(&mut others).unwrap_err().to_string(), said);
        assert_eq!(run.model_breaker(0).unwrap().forced_reason(), None);
        assert_eq!(others.models.len(), models as usize);
    }
    let mut others = Endpoints::new(&asking(), 1, &tools(), Seed(1));
    others.books.pop();
    assert_eq!(run.swap_endpoints(&mut others).unwrap_err().name, "endpoints.books");
    let mut others = Endpoints::new(&asking(), 1, &tools(), Seed(1));
    others.models[0].breaker.as_mut().unwrap().force_open("maintenance", at(0));
    run.swap_endpoints(&mut others).unwrap();
    assert_eq!(run.model_breaker(0).unwrap().forced_reason(), Some("maintenance"));
}

/// A run whose tool was under way when its process ended, after `yes` from a human or without; restored where the tool is risky.
fn became_risky(yes: bool, policy: RunPolicy) -> Run {
    let harmless = || ToolSpec::new("index").with_effect(Effect::Idempotent);
    let risky = || vec![ToolSpec::new("index").risky().with_effect(Effect::Idempotent)];
    let before = if yes { risky() } else { vec![harmless()] };
    let mut run = Run::new(RunId(1), "Index it.", asking(), 1, before, Seed(1)).unwrap();
    run.handle(at(0), Input::Start);
    wants(&mut run, 0, "index");
    if yes {
        let request = ask(&mut run);
        run.handle(at(0), Input::Decided(request.id, Decision::Approve));
    }
    let _ = act(&mut run);
    let mut run = Run::restore(&run.snapshot(), RunId(1), policy, 1, risky(), at(0), Duration::ZERO).unwrap();
    run.handle(at(0), Input::Start);
    run
}

#[test]
fn what_was_under_way_and_became_risky_runs_again_only_with_a_yes() {
    let (id, _) = act(&mut became_risky(true, asking()));
    assert_eq!(id.attempt, 2, "it had its yes");

    let mut run = became_risky(false, asking());
    let request = ask(&mut run);
    assert_eq!((&*request.tool, request.again), ("index", true));
    run.handle(at(1), Input::Decided(request.id, Decision::Approve));
    assert_eq!(act(&mut run).0.attempt, 2);

    let mut run = became_risky(false, asking());
    let request = ask(&mut run);
    run.handle(at(1), Input::Decided(request.id, Decision::Deny { message: String::new() }));
    assert!(told(&run).contains("its outcome is unknown (its process ended while it was under way)"), "{}", told(&run));
    let unknown = |entry: &crate::trace::Entry| match &entry.event {
        Event::EffectUnknown { failure, .. } => Some(failure.class),
        _ => None,
    };
    let classes: Vec<_> = run.trace().entries().iter().filter_map(unknown).collect();
    assert!(!classes.is_empty() && classes.iter().all(|class| class.may_have_taken_effect()), "{classes:?}");

    // One that waited for its server, and was never begun, is asked about as any other.
    let mut run = Run::new(RunId(1), "Index it.", asking(), 1, vec![ToolSpec::new("index")], Seed(1)).unwrap();
    run.commons.tools[0].retry_after.asked(at(60_000), crate::failure::FailureClass::RateLimited);
    run.handle(at(0), Input::Start);
    wants(&mut run, 0, "index");
    let risky = vec![ToolSpec::new("index").risky().with_effect(Effect::Idempotent)];
    let mut run = Run::restore(&run.snapshot(), RunId(1), asking(), 1, risky, at(0), Duration::ZERO).unwrap();
    run.handle(at(0), Input::Start);
    assert!(!ask(&mut run).again);

    // Nobody is there to ask: the model is told.
    let mut run = became_risky(false, policy());
    let _ = think(&mut run);
    assert!(told(&run).contains("It may have happened."), "{}", told(&run));
}
