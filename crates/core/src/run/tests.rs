//! Timelines of a run: every input by hand, every output looked at.

use super::*;
use crate::approval::{ApprovalGate, DecisionRejected, Digest};
use crate::policy::CallPolicy;
use crate::time::Duration;
use alloc::format;
use alloc::string::ToString;
use alloc::vec;

mod adopt;
mod budget;
mod effects;
mod progress;
mod results;
mod resume;
mod retry_after;

/// A hash for tests that need none of its strength.
fn weak_hash(parts: &[&[u8]]) -> Digest {
    let mut digest = [0; 32];
    for (index, byte) in parts.iter().flat_map(|part| part.iter()).enumerate() {
        digest[index % 32] ^= byte.rotate_left(u32::try_from(index % 7).unwrap());
    }
    Digest(digest)
}

fn at(ms: u64) -> Instant {
    Instant::from_millis(ms)
}

fn policy() -> RunPolicy {
    RunPolicy::with_hash(weak_hash)
}

fn asking() -> RunPolicy {
    let gate = ApprovalGate::default().with_approver(true).with_expires_after(Duration::from_secs(60)).unwrap();
    policy().with_approval(gate)
}

fn started(policy: RunPolicy) -> Run {
    let limit = CallPolicy::for_tool().with_timeout(Some(Duration::from_secs(2))).unwrap();
    let tools = vec![ToolSpec::new("multiply"), ToolSpec::new("send_email").risky().with_policy(limit)];
    let mut run = Run::new(RunId(1), "What is 17 * 23?", policy, 1, tools, Seed(1)).unwrap();
    run.handle(at(0), Input::Start);
    run
}

/// Everything the run wants done now.
fn drain(run: &mut Run) -> Vec<Output> {
    let mut outputs = Vec::new();
    loop {
        match run.poll() {
            output @ (Output::Wait { .. } | Output::Finished) => {
                outputs.push(output);
                return outputs;
            }
            output => outputs.push(output),
        }
    }
}

fn think(run: &mut Run) -> AttemptId {
    match &drain(run)[..] {
        [Output::Think(attempt), Output::Wait { .. }] => attempt.id,
        other => panic!("expected to think: {other:?}"),
    }
}

fn act(run: &mut Run) -> (AttemptId, String) {
    match &drain(run)[..] {
        [Output::Act { attempt, args, .. }, Output::Wait { .. }] => (attempt.id, args.clone()),
        other => panic!("expected to act: {other:?}"),
    }
}

fn ask(run: &mut Run) -> ApprovalRequest {
    match &drain(run)[..] {
        [Output::Ask(request), Output::Wait { .. }] => request.clone(),
        other => panic!("expected to ask: {other:?}"),
    }
}

fn wants(run: &mut Run, ms: u64, tool: &str) {
    let id = think(run);
    run.handle(at(ms), Input::ModelReplied(id, ModelReply::tool("c1", tool, "{}")));
}

fn result(run: &mut Run) -> RunResult {
    assert_eq!(drain(run), [Output::Finished]);
    run.result().unwrap().clone()
}

fn told(run: &Run) -> &str {
    run.messages().iter().rfind(|message| message.role == Role::Tool).map(|message| &*message.content).unwrap()
}

#[test]
fn thinks_acts_observes_and_answers() {
    let mut run = started(policy());
    wants(&mut run, 10, "multiply");
    let (id, args) = act(&mut run);
    assert_eq!(args, "{}");
    run.handle(at(20), Input::ToolReplied(id, "391".into()));
    assert_eq!(told(&run), "391");
    let id = think(&mut run);
    run.handle(at(30), Input::ModelReplied(id, ModelReply::answer("It is 391.")));
    let expected = RunResult {
        answer: "It is 391.".into(),
        steps: 2,
        blocked: vec![],
        degraded: false,
        stop: StopReason::Answered,
        pending: vec![],
    };
    assert_eq!(result(&mut run), expected);
}

#[test]
fn a_looping_model_is_stopped_by_the_cap() {
    let mut run = started(policy().with_max_steps(3).unwrap().with_progress(None));
    for ms in 1..=3 {
        wants(&mut run, ms, "multiply");
        let (id, _) = act(&mut run);
        run.handle(at(ms), Input::ToolReplied(id, "391".into()));
    }
    let result = result(&mut run);
    assert_eq!((result.stop, result.steps, result.degraded), (StopReason::StepLimit, 3, true));
    assert_eq!(result.answer, RunPolicy::SAFE_MESSAGE);
}

#[test]
fn a_model_that_is_down_degrades_to_the_safe_message() {
    let model = CallPolicy::default().with_retry(None);
    let mut run = started(policy().with_model(model).with_safe_message("Sorry, later.").unwrap());
    let id = think(&mut run);
    run.handle(at(1), Input::Failed(id, Failure::transient("503")));
    let result = result(&mut run);
    assert_eq!((result.stop, result.degraded), (StopReason::ModelUnavailable, true));
    assert_eq!(result.answer, "Sorry, later.");
}

#[test]
fn a_risky_tool_is_blocked_where_nobody_can_be_asked_and_the_model_is_told() {
    let mut run = started(policy());
    wants(&mut run, 1, "send_email");
    assert_eq!(told(&run), "send_email did not run: it is risky, and there is nobody to ask.");
    let id = think(&mut run);
    run.handle(at(2), Input::ModelReplied(id, ModelReply::answer("Not sent.")));
    let result = result(&mut run);
    assert_eq!(
        (result.blocked, result.degraded, result.stop),
        (vec!["send_email".into()], false, StopReason::Answered)
    );
}

#[test]
fn a_risky_tool_runs_after_a_yes_with_exactly_what_was_shown() {
    let mut run = started(asking());
    wants(&mut run, 1, "send_email");
    let request = ask(&mut run);
    assert_eq!((&*request.tool, &*request.args, request.expires_at), ("send_email", "{}", at(60_001)));
    run.handle(at(500), Input::Decided(request.id, Decision::Approve));
    let (id, args) = act(&mut run);
    assert_eq!(args, request.args);
    run.handle(at(600), Input::ToolReplied(id, "sent".into()));
    assert_eq!(told(&run), "sent");
}

#[test]
fn a_yes_with_edits_runs_the_edited_arguments_and_traces_their_own_digest() {
    let mut run = started(asking());
    wants(&mut run, 1, "send_email");
    let request = ask(&mut run);
    run.handle(at(2), Input::Decided(request.id, Decision::ApproveEdited { args: "{\"to\":\"b\"}".into() }));
    assert_eq!(act(&mut run).1, "{\"to\":\"b\"}");
    let granted = run.trace().entries().iter().find_map(|entry| match entry.event {
        Event::ApprovalGranted { edited, digest, .. } => Some((edited, digest)),
        _ => None,
    });
    let (edited, digest) = granted.unwrap();
    assert!(edited && digest != request.digest);
}

#[test]
fn a_second_yes_runs_nothing_twice() {
    let mut run = started(asking());
    wants(&mut run, 1, "send_email");
    let request = ask(&mut run);
    run.handle(at(2), Input::Decided(request.id, Decision::Approve));
    let (id, _) = act(&mut run);
    run.handle(at(3), Input::Decided(request.id, Decision::Approve));
    assert!(matches!(drain(&mut run)[..], [Output::Wait { .. }]));
    run.handle(at(4), Input::ToolReplied(id, "sent".into()));
    run.handle(at(5), Input::Decided(request.id, Decision::Approve));
    run.handle(at(6), Input::Decided(ApprovalId(99), Decision::Approve));
    let ignored: Vec<_> = run.trace().entries().iter().map(|entry| &entry.event).collect();
    let ignored = |id, reason| ignored.contains(&&Event::DecisionIgnored { id, reason });
    assert!(ignored(request.id, DecisionRejected::AlreadyDecided));
    assert!(ignored(ApprovalId(99), DecisionRejected::Unknown));
}

#[test]
fn a_no_blocks_the_tool_and_its_reason_reaches_the_model() {
    let mut run = started(asking());
    wants(&mut run, 1, "send_email");
    let request = ask(&mut run);
    run.handle(at(2), Input::Decided(request.id, Decision::Deny { message: "wrong person".into() }));
    assert_eq!(told(&run), "send_email did not run: a human said no. They said: wrong person");
    think(&mut run);
}

#[test]
fn silence_becomes_a_no_at_its_instant_and_not_before() {
    let mut run = started(asking());
    wants(&mut run, 1, "send_email");
    let request = ask(&mut run);
    run.handle(Instant::from_micros(60_000_999), Input::Tick);
    assert!(matches!(drain(&mut run)[..], [Output::Wait { until: Some(until), .. }] if until == at(60_001)));
    run.handle(at(60_001), Input::Tick);
    assert_eq!(told(&run), "send_email did not run: nobody answered in time.");
    assert_eq!(drain(&mut run)[0], Output::Withdraw(request.id));
    run.handle(at(60_002), Input::Decided(request.id, Decision::Approve));
    assert!(matches!(drain(&mut run)[..], [Output::Wait { why: WaitReason::AttemptUnderWay, .. }]), "too late: no act");
}

#[test]
fn of_a_safe_an_approved_and_a_denied_call_each_gets_its_own_result() {
    let mut run = started(asking());
    let id = think(&mut run);
    let call = |id: &str, tool: &str| ToolCall { id: id.into(), tool: tool.into(), args: id.into(), risky: None };
    let tool_calls = vec![call("a", "multiply"), call("b", "send_email"), call("c", "send_email"), call("d", "nope")];
    run.handle(at(1), Input::ModelReplied(id, ModelReply { text: String::new(), tool_calls, usage: None }));
    let outputs = drain(&mut run);
    let asked: Vec<_> = outputs.iter().filter_map(|o| if let Output::Ask(r) = o { Some(r.id) } else { None }).collect();
    let acted = |outputs: &[Output]| {
        outputs.iter().find_map(|o| if let Output::Act { attempt, .. } = o { Some(attempt.id) } else { None })
    };
    let safe = acted(&outputs).unwrap();
    run.handle(at(2), Input::Decided(asked[1], Decision::Deny { message: String::new() }));
    run.handle(at(3), Input::Decided(asked[0], Decision::Approve));
    let approved = acted(&drain(&mut run)).unwrap();
    run.handle(at(4), Input::ToolReplied(approved, "sent".into()));
    run.handle(at(5), Input::ToolReplied(safe, "391".into()));
    let results: Vec<_> =
        run.messages()[2..].iter().map(|m| format!("{}: {}", m.tool_call_id.as_ref().unwrap(), m.content)).collect();
    assert_eq!(
        results,
        [
            "a: 391",
            "b: sent",
            "c: send_email did not run: a human said no.",
            "d: There is no tool nope. The tools are: multiply, send_email."
        ]
    );
}

#[test]
fn a_mail_that_timed_out_is_not_sent_again_and_the_model_is_told_plainly() {
    let mut run = started(asking());
    wants(&mut run, 0, "send_email");
    let request = ask(&mut run);
    run.handle(at(0), Input::Decided(request.id, Decision::Approve));
    let (id, _) = act(&mut run);
    run.handle(at(2_000), Input::Tick);
    let outputs = drain(&mut run);
    let [Output::Abandon(abandoned), Output::Ask(again), Output::Wait { .. }] = &outputs[..] else {
        panic!("no second mail without a second yes: {outputs:?}");
    };
    assert_eq!((*abandoned, again.again), (id, true));
    run.handle(at(2_500), Input::Decided(again.id, Decision::Deny { message: "Ask Ana.".into() }));
    assert!(matches!(drain(&mut run)[..], [Output::Think(_), Output::Wait { .. }]));
    assert!(told(&run).ends_with("They said: Ask Ana."), "{}", told(&run));
    assert!(told(&run).contains("It may have happened. Do not call it again"), "{}", told(&run));
    assert!(run.trace().entries().iter().any(|entry| matches!(entry.event, Event::EffectUnknown { .. })));
}

#[test]
fn the_run_s_deadline_ends_everything_under_way() {
    let mut run = started(asking().with_deadline(Some(Duration::from_secs(5))).unwrap());
    wants(&mut run, 1, "send_email");
    let request = ask(&mut run);
    run.handle(Instant::from_micros(4_999_999), Input::Tick);
    assert!(matches!(drain(&mut run)[..], [Output::Wait { until: Some(until), .. }] if until == at(5_000)));
    run.handle(at(5_000), Input::Tick);
    assert_eq!(drain(&mut run), [Output::Withdraw(request.id), Output::Finished]);
    let result = run.result().unwrap();
    assert_eq!((result.stop, result.degraded), (StopReason::Deadline, true));
    assert_eq!(result.blocked, ["send_email"]);
    run.handle(at(5_001), Input::Decided(request.id, Decision::Approve));
    assert_eq!(drain(&mut run), [Output::Finished], "a yes after the end runs nothing");
}

#[test]
fn a_degraded_answer_says_what_was_done_and_what_may_have_been() {
    let mut run = started(asking());
    let id = think(&mut run);
    let call = |id: &str| ToolCall { id: id.into(), tool: "send_email".into(), args: id.into(), risky: Some(false) };
    run.handle(
        at(1),
        Input::ModelReplied(id, ModelReply { text: String::new(), tool_calls: vec![call("a")], usage: None }),
    );
    let (id, _) = act(&mut run);
    run.handle(at(2), Input::ToolReplied(id, "sent".into()));
    let id = think(&mut run);
    run.handle(
        at(3),
        Input::ModelReplied(id, ModelReply { text: String::new(), tool_calls: vec![call("b")], usage: None }),
    );
    let (id, _) = act(&mut run);
    run.handle(at(4), Input::Cancel);
    assert_eq!(drain(&mut run), [Output::Abandon(id), Output::Finished]);
    let expected = format!(
        "{} Before that, this was done: send_email. This may have been done: send_email.",
        RunPolicy::SAFE_MESSAGE
    );
    assert_eq!(run.result().unwrap().answer, expected);
}

#[test]
fn cancelling_abandons_what_is_under_way_and_still_answers() {
    let mut run = started(policy());
    let id = think(&mut run);
    run.handle(at(1), Input::Cancel);
    assert_eq!(drain(&mut run), [Output::Abandon(id), Output::Finished]);
    let result = run.result().unwrap();
    assert_eq!((result.stop, result.degraded, &*result.answer), (StopReason::Cancelled, true, RunPolicy::SAFE_MESSAGE));
}

#[test]
fn an_answer_of_nothing_is_malformed_and_tried_again() {
    let mut run = started(policy());
    let id = think(&mut run);
    run.handle(at(1), Input::ModelReplied(id, ModelReply::answer("  ")));
    let [Output::Wait { until: Some(until), why: WaitReason::BackingOff }] = drain(&mut run)[..] else { panic!() };
    run.handle(until, Input::Tick);
    let id = think(&mut run);
    assert_eq!(id.attempt, 2);
    run.handle(until, Input::ModelReplied(id, ModelReply::answer("391")));
    assert_eq!(result(&mut run).answer, "391");
}

#[test]
fn replies_for_what_was_never_asked_change_nothing() {
    let mut run = started(policy());
    let id = think(&mut run);
    let stranger = AttemptId { call: CallId(77), attempt: 1 };
    run.handle(at(1), Input::ModelReplied(stranger, ModelReply::answer("no")));
    run.handle(at(1), Input::ToolReplied(stranger, "no".into()));
    run.handle(at(1), Input::ToolReplied(id, "a tool's reply to the model's call".into()));
    run.handle(at(1), Input::Failed(stranger, Failure::transient("no")));
    run.handle(at(1), Input::Start);
    assert!(matches!(drain(&mut run)[..], [Output::Wait { .. }]));
    run.handle(at(2), Input::ModelReplied(id, ModelReply::answer("yes")));
    assert_eq!(result(&mut run).answer, "yes");
}

#[test]
fn arguments_can_make_a_safe_tool_risky_and_a_risky_one_safe() {
    let mut run = started(asking());
    let id = think(&mut run);
    let call =
        |tool: &str, risky| ToolCall { id: tool.into(), tool: tool.into(), args: String::new(), risky: Some(risky) };
    let tool_calls = vec![call("multiply", true), call("send_email", false)];
    run.handle(at(1), Input::ModelReplied(id, ModelReply { text: String::new(), tool_calls, usage: None }));
    let outputs = drain(&mut run);
    assert!(outputs.iter().any(|output| matches!(output, Output::Ask(request) if request.tool == "multiply")));
    assert!(outputs.iter().any(|output| matches!(output, Output::Act { tool, .. } if tool == "send_email")));
}

#[test]
fn a_clock_that_goes_back_is_traced() {
    let mut run = started(policy());
    run.handle(at(1_000), Input::Tick);
    run.handle(at(400), Input::Tick);
    let last = run.trace().entries().last().unwrap();
    assert_eq!(last.event.to_string(), "The host's clock went back by 600 ms; the engine stays where it was.");
    assert_eq!(last.at, at(1_000));
}

#[test]
fn a_run_without_models_or_with_two_tools_of_one_name_is_refused() {
    let tools = || vec![ToolSpec::new("a"), ToolSpec::new("a")];
    let refused = |models, tools| Run::new(RunId(1), "", policy(), models, tools, Seed(1)).unwrap_err().to_string();
    assert_eq!(refused(0, vec![]), "model is 0; allowed: 1 or more models");
    assert_eq!(refused(1, tools()), "tools is a list with two tools named a; allowed: each name once");
    assert_eq!(refused(1, vec![ToolSpec::new("")]), "tools is a tool without a name; allowed: a name for each tool");
    let refused = |policy: RunPolicy, tool: &str| {
        let error = Run::new(RunId(1), "task", policy, 1, vec![ToolSpec::new(tool)], Seed(1)).unwrap_err();
        error.to_string()
    };
    assert_eq!(refused(policy(), " "), "tools is a tool without a name; allowed: a name for each tool");
    let polling = crate::progress::ProgressPolicy::default().with_polling(["get_status"]).unwrap();
    assert_eq!(
        refused(policy().with_progress(Some(polling)), "look"),
        "progress.polling is get_status; allowed: names of the run's tools"
    );
}
