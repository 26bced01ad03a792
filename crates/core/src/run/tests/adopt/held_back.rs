//! What waits to run and may not any more under the new policy is held back.

use super::*;

/// Three tools: one that looks, one that may be repeated, and one that may not.
fn three(change: impl Fn(ToolSpec) -> ToolSpec) -> Vec<ToolSpec> {
    let retry = RetryPolicy::default().with_attempts(4).unwrap();
    let limits = CallPolicy::for_tool().with_retry(Some(retry)).with_breaker(None).with_throttle(None);
    let store = ToolSpec::new("store").with_effect(Effect::Idempotent).with_policy(limits);
    vec![ToolSpec::new("look").with_policy(limits), change(store), ToolSpec::new("pay").risky().with_policy(limits)]
}

fn acting(policy: RunPolicy, tool: &str) -> (Run, AttemptId) {
    let mut run = Run::new(RunId(1), "task", policy, 1, three(|tool| tool), Seed(1)).unwrap();
    run.handle(at(0), Input::Start);
    wants(&mut run, 10, tool);
    let (id, _) = act(&mut run);
    (run, id)
}

fn starts(run: &Run, id: AttemptId) -> usize {
    let of_call = |entry: &&crate::trace::Entry| {
        matches!(entry.event, Event::AttemptStarted { .. }) && entry.call == Some(id.call)
    };
    run.trace().entries().iter().filter(of_call).count()
}

#[test]
fn a_call_that_waits_to_run_again_and_has_become_risky_is_asked_about_and_runs_with_a_yes_only() {
    for yes in [true, false] {
        let (mut run, id) = acting(asking(), "store");
        run.handle(at(20), Input::Failed(id, Failure::transient("503")));
        let until = waits_until(&mut run);
        run.set_policy(asking(), three(|tool| tool.risky().with_effect(Effect::Idempotent)), "risky now").unwrap();
        let asked = ask(&mut run);
        assert_eq!((&*asked.tool, asked.again, asked.key.call), ("store", true, id.call));
        assert!(asked.why.contains("503"), "{}", asked.why);
        run.handle(until, Input::Tick);
        run.handle(at(30_000), Input::Tick);
        assert_eq!(starts(&run, id), 1, "nothing runs while nobody has said yes");
        if yes {
            run.handle(at(30_000), Input::DecidedOn(asked.id, asked.digest, Decision::Approve));
            let (again, _) = act(&mut run);
            assert_eq!((again.call, again.attempt), (id.call, 2), "the same call, and a number of its own");
            run.handle(at(30_010), Input::ToolReplied(again, "stored".into()));
            assert_eq!(told(&run), "stored");
        } else {
            run.handle(at(30_000), Input::Decided(asked.id, Decision::Deny { message: "Leave it.".into() }));
            assert!(told(&run).ends_with("They said: Leave it."), "{}", told(&run));
            assert_eq!(starts(&run, id), 1);
        }
        think(&mut run);
    }
}

#[test]
fn a_call_that_waits_to_run_again_does_not_where_nobody_is_there_to_say_yes() {
    let (mut run, id) = acting(policy(), "store");
    run.handle(at(20), Input::Failed(id, Failure::transient("503")));
    let _ = waits_until(&mut run);
    run.set_policy(policy(), three(|tool| tool.risky().with_effect(Effect::Idempotent)), "risky now").unwrap();
    think(&mut run);
    assert!(told(&run).starts_with("store was called and its outcome is unknown ("), "{}", told(&run));
    run.handle(at(60_000), Input::Tick);
    assert_eq!((starts(&run, id), run.blocked.len()), (1, 0), "it was called: it is not among what did not run");
}

#[test]
fn a_call_that_waits_to_run_again_and_must_not_happen_twice_any_more_is_unknown() {
    let once = |tool: ToolSpec| tool.with_effect(Effect::Once);
    for (policy, asks) in [(policy(), false), (asking(), true)] {
        let (mut run, id) = acting(policy.clone(), "store");
        run.handle(at(20), Input::Failed(id, Failure::transient("503")));
        let until = waits_until(&mut run);
        run.set_policy(policy, three(once), "once now").unwrap();
        let unknown = |event: &Event| matches!(event, Event::EffectUnknown { tool, .. } if tool == "store");
        assert!(run.trace().entries().iter().any(|entry| unknown(&entry.event)), "{:?}", sentences(&run));
        run.handle(until, Input::Tick);
        assert_eq!(starts(&run, id), 1);
        let outputs = drain(&mut run);
        assert_eq!(matches!(outputs[0], Output::Ask(ApprovalRequest { again: true, .. })), asks, "{outputs:?}");
        assert_eq!(matches!(outputs[0], Output::Think(_)), !asks, "{outputs:?}");
    }
    // What never got there did not happen: the model hears that it failed, and may ask again.
    let (mut run, id) = acting(policy(), "store");
    run.handle(at(20), Input::Failed(id, Failure::new(crate::failure::FailureClass::ConnectFailed, "no route")));
    let _ = waits_until(&mut run);
    run.set_policy(policy(), three(once), "once now").unwrap();
    think(&mut run);
    assert!(told(&run).starts_with("store failed: "), "{}", told(&run));
}

#[test]
fn a_call_under_way_that_has_become_risky_is_not_tried_again_by_itself_and_one_with_a_yes_is() {
    let risky = |tool: ToolSpec| tool.risky().with_effect(Effect::Idempotent);
    let (mut run, id) = acting(asking(), "store");
    run.set_policy(asking(), three(risky), "risky now").unwrap();
    run.handle(at(20), Input::Failed(id, Failure::transient("503")));
    run.handle(at(60_000), Input::Tick);
    assert_eq!(starts(&run, id), 1);
    let (mut run, id) = acting(asking(), "store");
    run.set_policy(asking(), three(risky), "risky now").unwrap();
    assert!(
        !drain(&mut run).iter().any(|output| matches!(output, Output::Ask(_))),
        "it is under way, and nobody is asked"
    );
    run.handle(at(20), Input::ToolReplied(id, "stored".into()));
    assert_eq!(told(&run), "stored");
    let mut run = Run::new(RunId(1), "task", asking(), 1, three(risky), Seed(1)).unwrap();
    run.handle(at(0), Input::Start);
    wants(&mut run, 10, "store");
    let asked = ask(&mut run);
    run.handle(at(11), Input::Decided(asked.id, Decision::Approve));
    let (id, _) = act(&mut run);
    run.handle(at(20), Input::Failed(id, Failure::transient("503")));
    let until = waits_until(&mut run);
    run.set_policy(asking(), three(risky), "the same").unwrap();
    assert_eq!(waits_until(&mut run), until);
    run.handle(until, Input::Tick);
    assert_eq!(starts(&run, id), 2, "it had its yes");
}

#[test]
fn arguments_that_the_host_called_safe_stay_safe_whatever_becomes_of_their_tool() {
    let mut run = Run::new(RunId(1), "task", asking(), 1, three(|tool| tool), Seed(1)).unwrap();
    run.handle(at(0), Input::Start);
    let id = think(&mut run);
    let call = ToolCall { id: "a".into(), tool: "store".into(), args: "{}".into(), risky: Some(false) };
    let reply = ModelReply { text: alloc::string::String::new(), tool_calls: vec![call], usage: None };
    run.handle(at(10), Input::ModelReplied(id, reply));
    let (id, _) = act(&mut run);
    run.handle(at(20), Input::Failed(id, Failure::transient("503")));
    let until = waits_until(&mut run);
    run.set_policy(asking(), three(|tool| tool.risky().with_effect(Effect::Idempotent)), "risky now").unwrap();
    run.handle(until, Input::Tick);
    assert_eq!(starts(&run, id), 2);
}

#[test]
fn a_call_that_waits_for_its_server_before_its_first_try_is_asked_about_as_if_it_were_new() {
    let busy = || Failure::new(crate::failure::FailureClass::RateLimited, "429").with_retry_after(seconds(20));
    for (policy, once) in [(asking(), false), (asking(), true), (policy(), false)] {
        let mut run = Run::new(RunId(1), "task", policy.clone(), 1, three(|tool| tool), Seed(1)).unwrap();
        run = if once { run.with_claims() } else { run };
        run.commons.of_tool(1).endpoints[0].retry_after.asked(at(20_000), busy().class);
        run.handle(at(0), Input::Start);
        wants(&mut run, 10, "store");
        assert_eq!(waits_until(&mut run), at(20_000));
        let call = run.ledger().entries()[0].key.call;
        let id = AttemptId { call, attempt: 1 };
        if once {
            // It may begin, and from now on only after it was claimed.
            run.set_policy(policy.clone(), three(|tool| tool.with_effect(Effect::Once)), "once now").unwrap();
            let outputs = drain(&mut run);
            assert!(matches!(outputs[0], Output::Claim(_)), "{outputs:?}");
            continue;
        }
        run.set_policy(policy.clone(), three(ToolSpec::risky), "risky now").unwrap();
        if policy.approval().has_approver() {
            let asked = ask(&mut run);
            assert_eq!((asked.again, asked.key.call), (false, call));
            run.handle(at(30_000), Input::Decided(asked.id, Decision::Approve));
            let (first, _) = act(&mut run);
            assert_eq!(first, id);
        } else {
            think(&mut run);
            assert_eq!(told(&run), "store did not run: it is risky, and there is nobody to ask.");
            assert_eq!((starts(&run, id), &run.blocked[..]), (0, &["store".into()][..]));
        }
    }
}

#[test]
fn what_was_to_run_when_its_process_ended_is_held_back_by_a_policy_that_is_set_before_it_goes_on() {
    let (mut run, id) = acting(policy(), "store");
    run.handle(at(20), Input::Failed(id, Failure::transient("503")));
    let snapshot = run.snapshot();
    let mut run = Run::restore(&snapshot, RunId(1), policy(), 1, three(|tool| tool), at(0), Duration::ZERO).unwrap();
    run.set_policy(policy(), three(|tool| tool.with_effect(Effect::Once)), "once now").unwrap();
    run.handle(at(0), Input::Start);
    run.handle(at(60_000), Input::Tick);
    assert_eq!(starts(&run, id), 0);
    assert!(told(&run).contains("It may have happened. Do not call it again"), "{}", told(&run));
}

#[test]
fn a_yes_of_the_shared_ledger_is_not_a_human_s() {
    let pay = |tool: ToolSpec| tool.with_effect(Effect::Once);
    for yes in [true, false] {
        let mut run = Run::new(RunId(1), "task", asking(), 1, three(pay), Seed(1)).unwrap().with_claims();
        run.handle(at(0), Input::Start);
        wants(&mut run, 10, "store");
        let outputs = drain(&mut run);
        let [Output::Claim(claim), Output::Wait { .. }] = &outputs[..] else { panic!("{outputs:?}") };
        let key = claim.entry.key;
        run.set_policy(asking(), three(ToolSpec::risky), "risky now").unwrap();
        run.handle(at(20), Input::Claimed(key, crate::effect::Claimed::Granted));
        let asked = ask(&mut run);
        let decision = if yes { Decision::Approve } else { Decision::Deny { message: alloc::string::String::new() } };
        run.handle(at(30), Input::Decided(asked.id, decision));
        if yes {
            // The ledger has granted it already, to this very run.
            let (id, _) = act(&mut run);
            assert_eq!(id.call, key.call);
        } else {
            let outputs = drain(&mut run);
            let blocked =
                |output: &Output| matches!(output, Output::Record(entry) if entry.state == EffectState::Blocked);
            assert!(outputs.iter().any(blocked), "whoever else resumes it is told: {outputs:?}");
            assert_eq!(told(&run), "store did not run: a human said no.");
        }
    }
}
