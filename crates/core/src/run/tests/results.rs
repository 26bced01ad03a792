//! However a run ends, no call that the model asked for is left without its one result.

use super::*;
use crate::budget::Limits;
use crate::progress::ProgressPolicy;
use alloc::string::String;

fn call(id: &str, tool: &str) -> ToolCall {
    ToolCall { id: id.into(), tool: tool.into(), args: id.into(), risky: None }
}

fn replies(run: &mut Run, ms: u64, calls: &[(&str, &str)]) -> Vec<Output> {
    let id = think(run);
    let tool_calls = calls.iter().map(|(id, tool)| call(id, tool)).collect();
    run.handle(at(ms), Input::ModelReplied(id, ModelReply { text: String::new(), tool_calls, usage: None }));
    drain(run)
}

/// What each call that was asked for has as its result, in the order of the messages.
fn results(run: &Run) -> Vec<String> {
    let messages = run.messages();
    for (index, message) in messages.iter().enumerate() {
        for wanted in &message.tool_calls {
            let of_call = |message: &&Message| message.tool_call_id.as_ref() == Some(&wanted.id);
            assert_eq!(messages[index..].iter().filter(of_call).count(), 1, "{}: {messages:#?}", wanted.id);
        }
    }
    let said = |message: &Message| format!("{}: {}", message.tool_call_id.as_ref().unwrap(), message.content);
    messages.iter().filter(|message| message.role == Role::Tool).map(said).collect()
}

#[test]
fn cancelled_while_it_acts() {
    let mut run = started(asking());
    replies(&mut run, 1, &[("a", "multiply"), ("b", "send_email"), ("c", "nope")]);
    run.handle(at(2), Input::Cancel);
    assert_eq!(run.result().unwrap().stop, StopReason::Cancelled);
    assert_eq!(
        results(&run),
        [
            "a: multiply did not finish: the run ended first.",
            "b: send_email did not run: the run ended before anybody answered.",
            "c: There is no tool nope. The tools are: multiply, send_email."
        ]
    );
}

#[test]
fn cancelled_while_a_mail_is_under_way_and_while_it_is_looked_up_or_asked_about() {
    let mut run = started(asking());
    let outputs = replies(&mut run, 1, &[("a", "send_email")]);
    let Output::Ask(request) = &outputs[0] else { panic!("{outputs:?}") };
    run.handle(at(2), Input::Decided(request.id, Decision::Approve));
    let (id, _) = act(&mut run);
    run.handle(at(3), Input::Cancel);
    let unknown = |why: &str| {
        format!(
            "a: send_email was called and its outcome is unknown ({why}). It may have happened. Do not call it again; say so."
        )
    };
    assert_eq!(results(&run), [unknown("the run ended first")]);
    run.handle(at(4), Input::ToolReplied(id, "sent".into()));
    assert_eq!(results(&run), [unknown("the run ended first")], "what is over stays over");

    for reconciles in [true, false] {
        let mail = ToolSpec::new("send_email").risky();
        let mail = if reconciles { mail.with_reconcile() } else { mail };
        let mut run = Run::new(RunId(1), "task", asking(), 1, vec![ToolSpec::new("multiply"), mail], Seed(1)).unwrap();
        run.handle(at(0), Input::Start);
        let outputs = replies(&mut run, 1, &[("a", "send_email")]);
        let Output::Ask(request) = &outputs[0] else { panic!("{outputs:?}") };
        run.handle(at(2), Input::Decided(request.id, Decision::Approve));
        let (id, _) = act(&mut run);
        run.handle(at(3), Input::Failed(id, Failure::transient("503")));
        let outputs = drain(&mut run);
        let looks = matches!(outputs[0], Output::Reconcile { .. });
        assert_eq!(looks, reconciles, "{outputs:?}");
        run.handle(at(4), Input::Cancel);
        let [said] = &results(&run)[..] else { panic!() };
        assert!(said.starts_with("a: send_email was called and its outcome is unknown ("), "{said}");
        assert!(said.contains("503"), "{said}");
    }
}

#[test]
fn out_of_time_while_it_waits_for_a_human_and_for_the_shared_ledger() {
    let claiming = |policy: RunPolicy| {
        let tools = vec![ToolSpec::new("pay").with_effect(crate::effect::Effect::Once)];
        let mut run = Run::new(RunId(1), "task", policy, 1, tools, Seed(1)).unwrap().with_claims();
        run.handle(at(0), Input::Start);
        run
    };
    let mut run = claiming(policy().with_deadline(Some(Duration::from_secs(5))).unwrap());
    let outputs = replies(&mut run, 1, &[("a", "pay")]);
    assert!(matches!(outputs[0], Output::Claim(_)), "{outputs:?}");
    run.handle(at(5_000), Input::Tick);
    assert_eq!(results(&run), ["a: pay did not run: the run ended before anybody answered."]);

    let mut run = started(asking().with_deadline(Some(Duration::from_secs(5))).unwrap());
    replies(&mut run, 1, &[("a", "send_email")]);
    run.handle(at(5_000), Input::Tick);
    assert_eq!(run.result().unwrap().stop, StopReason::Deadline);
    assert_eq!(results(&run), ["a: send_email did not run: the run ended before anybody answered."]);
}

#[test]
fn stopped_because_it_repeats_itself() {
    let progress = ProgressPolicy::default().with_repeats(1).unwrap();
    let mut run = started(policy().with_progress(Some(progress)));
    for ms in 1..20 {
        if run.result().is_some() {
            break;
        }
        let id = think(&mut run);
        let name = format!("c{ms}");
        let tool_calls = vec![ToolCall { args: "{}".into(), ..call(&name, "multiply") }];
        run.handle(at(ms), Input::ModelReplied(id, ModelReply { text: String::new(), tool_calls, usage: None }));
        while let Some(id) = run.outputs.iter().find_map(|output| match output {
            Output::Act { attempt, .. } => Some(attempt.id),
            _ => None,
        }) {
            drain(&mut run);
            run.handle(at(ms), Input::ToolReplied(id, "391".into()));
        }
    }
    assert_eq!(run.result().unwrap().stop, StopReason::NoProgress);
    let results = results(&run);
    assert!(results.last().unwrap().contains("multiply"), "{results:?}");
}

#[test]
fn ended_by_its_budget_its_steps_or_its_model() {
    let limits = Limits::none().with_attempts(2).unwrap();
    for policy in [policy().with_max_steps(1).unwrap(), policy().with_budget(limits)] {
        let mut run = started(policy);
        let outputs = replies(&mut run, 1, &[("a", "multiply")]);
        let Output::Act { attempt, .. } = &outputs[0] else { panic!("{outputs:?}") };
        run.handle(at(2), Input::ToolReplied(attempt.id, "391".into()));
        assert!(run.result().is_some());
        assert_eq!(results(&run), ["a: 391"]);
    }
}

#[test]
fn suspended_it_waits_for_them_and_cancelled_after_that_it_has_them() {
    let mut run = started(asking());
    run.handle(at(0), Input::Suspend);
    replies(&mut run, 1, &[("a", "send_email"), ("b", "nope")]);
    assert_eq!(run.result().unwrap().stop, StopReason::Suspended);
    let results_so_far = run.messages().iter().filter(|message| message.role == Role::Tool).count();
    assert_eq!(results_so_far, 0, "they come when it goes on");
    let tools = vec![ToolSpec::new("multiply"), ToolSpec::new("send_email").risky()];
    let snapshot = run.snapshot();
    let restored = || Run::restore(&snapshot, RunId(1), asking(), 1, tools.clone(), at(0), Duration::ZERO).unwrap();
    for starts in [true, false] {
        let mut run = restored();
        if starts {
            run.handle(at(0), Input::Start);
        }
        run.handle(at(1), Input::Cancel);
        assert_eq!(run.result().unwrap().stop, StopReason::Cancelled);
        assert_eq!(results(&run)[0], "a: send_email did not run: the run ended before anybody answered.");
    }
    let mut run = restored();
    run.handle(at(0), Input::Start);
    let (id, key) = (run.pending()[0].id, run.pending()[0].key);
    run.handle(at(1), Input::Decided(id, Decision::Deny { message: String::new() }));
    run.handle(at(1), Input::Claimed(key, crate::effect::Claimed::Granted));
    assert_eq!(results(&run).len(), 2);
}

#[test]
fn interrupted_and_cancelled_before_it_goes_on() {
    let mut run = started(policy());
    replies(&mut run, 1, &[("a", "multiply")]);
    let tools = vec![ToolSpec::new("multiply"), ToolSpec::new("send_email").risky()];
    let mut run = Run::restore(&run.snapshot(), RunId(1), policy(), 1, tools, at(0), Duration::ZERO).unwrap();
    run.handle(at(1), Input::Cancel);
    let [said] = &results(&run)[..] else { panic!() };
    assert!(said.starts_with("a: multiply was called and its outcome is unknown (its process ended)."), "{said}");
}
