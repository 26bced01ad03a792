use super::*;
use crate::{Action, State, is_decision, update};
use steadfast_sim::{Human, Outcome, Scenario, Setup, default_policy, simulate, tools};

fn recorded(setup: &Setup) -> Recording {
    let outcome: Outcome = simulate(setup);
    let gate = setup.policy.approval().with_approver(setup.human != Human::Nobody);
    let policy = setup.protection.then(|| setup.policy.clone().with_approval(gate));
    Recording::of(outcome, policy, tools())
}

#[test]
fn every_decision_is_explained_and_nothing_else_is() {
    let mut explained = 0;
    for scenario in Scenario::ALL {
        for human in [Human::Nobody, Human::Approves, Human::Denies, Human::Silent] {
            for seed in 0..60 {
                let setup = Setup { human: human.clone(), ..scenario.setup(seed) };
                let recording = recorded(&setup);
                for (line, told) in recording.lines().iter().enumerate() {
                    let has_reason =
                        recording.explain(line).is_some_and(|why| !why.rule.is_empty() && !why.text.is_empty());
                    assert_eq!(
                        has_reason,
                        is_decision(told),
                        "{scenario}, {human:?}, seed {seed}, line {line}: {told}"
                    );
                    explained += usize::from(has_reason);
                }
            }
        }
    }
    assert!(explained > 5_000, "{explained}");
}

#[test]
fn naive_agent_is_told_that_nothing_limits_its_attempts() {
    let recording = recorded(&Setup { protection: false, ..Scenario::Hung.setup(7) });
    let started = recording.lines().iter().position(|line| line.to_string().contains("An attempt starts")).unwrap();
    let why = why(&recording, started).unwrap();
    assert_eq!(why.because, "No timeout and no deadline is set, so nothing limits how long this attempt takes.");
}

#[test]
fn rule_numbers_setting_and_nearest_change_are_told() {
    let recording = recorded(&Setup { human: Human::Nobody, policy: default_policy(), ..Scenario::Flaky.setup(7) });
    let waits = recording.lines().iter().position(|line| line.to_string().contains("Waits 382.085 ms")).unwrap();
    let why = why(&recording, waits).unwrap();
    assert_eq!(why.rule, "own delay");
    assert!(why.because.contains("382.085 ms by chance between 0 ms and 500 ms"), "{}", why.because);
    assert!(!why.numbers.is_empty());
    let otherwise = why.otherwise.unwrap();
    assert_eq!((otherwise.change.as_str(), otherwise.would.is_empty()), ("retry.attempts 1 instead of 4", false));
}

#[test]
fn what_was_merely_told_has_its_pattern_and_no_rule() {
    let mut state = State::default();
    update(&mut state, Action::Step);
    let why = why(state.recording(), 0).unwrap();
    assert_eq!((why.pattern.name, why.rule.as_str(), why.because.as_str()), ("Agent run", "", ""));
}
