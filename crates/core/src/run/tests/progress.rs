//! A run that repeats itself is told so, refused, asked one last time, and stopped.

use super::*;
use crate::progress::ProgressPolicy;

fn looping(policy: RunPolicy) -> Run {
    started(policy.with_max_steps(20).unwrap())
}

/// One turn: the model wants this, and what runs is answered. Answers whether it ran.
fn turn(run: &mut Run, args: &str, result: &str) -> bool {
    let id = think(run);
    run.handle(at(1), Input::ModelReplied(id, ModelReply::tool("c", "multiply", args)));
    let outputs = match run.outputs.front() {
        Some(Output::Act { .. }) => drain(run),
        _ => return false,
    };
    let Output::Act { attempt, .. } = &outputs[0] else { panic!("{outputs:?}") };
    run.handle(at(2), Input::ToolReplied(attempt.id, result.into()));
    true
}

#[test]
fn a_loop_is_stopped_within_three_repeats_and_its_tool_runs_twice() {
    let mut run = looping(policy());
    assert!(turn(&mut run, "[17,23]", "391"), "the first time");
    assert_eq!(told(&run), "391");
    assert!(turn(&mut run, "[17,23]", "391"), "the first repeat runs");
    assert!(told(&run).starts_with("391\n\nYou repeat yourself"), "with a hint: {}", told(&run));
    assert!(!turn(&mut run, "[17,23]", ""), "the second does not");
    assert!(told(&run).starts_with("multiply was not run again") && told(&run).ends_with("391"), "{}", told(&run));
    assert!(run.offers_tools());
    assert!(!turn(&mut run, "[17,23]", ""), "nor does the third");
    assert!(told(&run).contains("No tool runs any more"), "{}", told(&run));
    assert!(!run.offers_tools(), "the last turn is without tools");
    wants(&mut run, 9, "send_email");
    let result = result(&mut run);
    assert_eq!((result.stop, result.degraded, result.steps), (StopReason::NoProgress, true, 5));
    assert_eq!(run.ledger().entries().len(), 2);
}

#[test]
fn an_answer_in_the_last_turn_is_the_model_s() {
    let mut run = looping(policy());
    for _ in 0..4 {
        turn(&mut run, "[17,23]", "391");
    }
    let id = think(&mut run);
    run.handle(at(5), Input::ModelReplied(id, ModelReply::answer("391")));
    let result = result(&mut run);
    assert_eq!((result.stop, result.degraded, result.answer.as_str()), (StopReason::Answered, false, "391"));
}

#[test]
fn a_repeat_that_brings_news_gets_no_hint() {
    let mut run = looping(policy());
    for result in ["1 %", "50 %", "100 %"] {
        assert!(turn(&mut run, "{}", result));
        assert_eq!(told(&run), result);
    }
}

#[test]
fn an_honest_task_of_fourteen_steps_passes_under_the_default_detector() {
    let mut run = looping(policy());
    for step in 0..13 {
        // It reads one file again after the others were written.
        let args = if step == 9 { 2 } else { step };
        assert!(turn(&mut run, &format!("[{args}]"), &format!("contents of {args}")));
        assert_eq!(told(&run), format!("contents of {args}"));
    }
    let id = think(&mut run);
    run.handle(at(5), Input::ModelReplied(id, ModelReply::answer("Done.")));
    let result = result(&mut run);
    assert_eq!((result.stop, result.steps), (StopReason::Answered, 14));
}

#[test]
fn a_human_who_said_no_is_not_asked_for_ever() {
    let mut run = looping(asking());
    let mut questions = 0;
    wants(&mut run, 1, "send_email");
    loop {
        match run.poll() {
            Output::Ask(request) => {
                questions += 1;
                run.handle(at(2), Input::Decided(request.id, Decision::Deny { message: String::new() }));
            }
            Output::Think(attempt) => {
                run.handle(at(3), Input::ModelReplied(attempt.id, ModelReply::tool("c1", "send_email", "{}")));
            }
            Output::Finished => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((questions, run.result().unwrap().stop), (2, StopReason::NoProgress));
}

#[test]
fn tools_that_poll_may_ask_the_same_again() {
    let polling = ProgressPolicy::default().with_polling(["multiply"]).unwrap();
    let mut run = looping(policy().with_progress(Some(polling)));
    for _ in 0..10 {
        assert!(turn(&mut run, "{}", "pending"));
        assert_eq!(told(&run), "pending");
    }
}

#[test]
fn what_was_seen_before_a_suspension_counts_after_it() {
    let mut run = looping(policy());
    turn(&mut run, "[1]", "one");
    turn(&mut run, "[1]", "one");
    let tools = vec![ToolSpec::new("multiply"), ToolSpec::new("send_email").risky()];
    let snapshot = run.snapshot();
    let policy = policy().with_max_steps(20).unwrap();
    let mut restored = Run::restore(&snapshot, RunId(1), policy, 1, tools, at(0), Duration::ZERO).unwrap();
    restored.handle(at(0), Input::Start);
    assert!(!turn(&mut restored, "[1]", ""), "the second repeat does not run here either");
    assert!(told(&restored).ends_with("one"), "{}", told(&restored));
}
