//! Forks: for every scenario, seed and position the past stays as it was, byte for byte; what is not changed goes the same way;
//! and a fork is a run like any other, which can be forked.

use steadfast::breaker::BreakerPolicy;
use steadfast::event::Event;
use steadfast::policy::{CallPolicy, RunPolicy};
use steadfast::time::Duration;
use steadfast_sim::{
    Altered, Change, Fault, Faults, Human, Journal, Line, Outcome, Scenario, Setup, What, WorldEvent, default_policy,
    simulate, tools,
};

/// Few, for each is forked at every line under every pattern.
const SEEDS: u64 = 2;

fn worlds() -> impl Iterator<Item = Setup> {
    let scenarios = Scenario::ALL.into_iter().flat_map(|scenario| (0..SEEDS).map(move |seed| scenario.setup(seed)));
    scenarios.map(|setup| Setup { human: Human::Approves, ..setup })
}

fn model(change: impl FnOnce(CallPolicy) -> CallPolicy) -> RunPolicy {
    default_policy().with_model(change(*default_policy().model()))
}

/// One setting of each pattern, far from what it was.
fn policies() -> Vec<(&'static str, RunPolicy)> {
    let retry =
        |attempts| model(|call| call.with_retry(call.retry().map(|retry| retry.with_attempts(attempts).unwrap())));
    let breaker = BreakerPolicy::default().with_consecutive(1);
    vec![
        ("attempts", retry(1)),
        ("timeout", model(|call| call.with_timeout(Some(Duration::from_millis(300))).unwrap())),
        ("call deadline", model(|call| call.with_deadline(Some(Duration::from_millis(900))).unwrap())),
        ("breaker", model(|call| call.with_breaker(Some(breaker)))),
        ("no breaker", model(|call| call.with_breaker(None))),
        ("deadline", default_policy().with_deadline(Some(Duration::from_secs(2))).unwrap()),
        ("steps", default_policy().with_max_steps(1).unwrap()),
        ("detector", default_policy().with_progress(None)),
    ]
}

fn with(setup: &Setup, at: usize, what: Altered) -> Setup {
    let mut changes = setup.changes.clone();
    changes.push(Change { at, what, reason: "a test".into() });
    Setup { changes, ..setup.clone() }
}

fn policy(policy: &RunPolicy) -> Altered {
    Altered::Policy { policy: Box::new(policy.clone()), tools: tools(), human: Human::Approves }
}

fn tells(line: &Line) -> bool {
    match &line.what {
        What::Decision(entry) => matches!(entry.event, Event::PolicyChanged { .. }),
        What::World(event) => matches!(event, WorldEvent::FaultsChanged { .. }),
    }
}

fn without_changes(journal: &Journal) -> Vec<Line> {
    journal.lines().iter().filter(|line| !tells(line)).cloned().collect()
}

fn is_over(lines: &[Line]) -> bool {
    lines.iter().any(|line| match &line.what {
        What::Decision(entry) => matches!(entry.event, Event::RunFinished { .. }),
        What::World(event) => matches!(event, WorldEvent::Crashed { .. } | WorldEvent::HungForever {}),
    })
}

/// The past is the same, one line more tells of the change, and time goes on.
fn is_fork(before: &Outcome, after: &Outcome, at: usize, what: &str) {
    let (before, after) = (before.journal.lines(), after.journal.lines());
    assert_eq!(after[..at], before[..at], "{what}: the first {at} lines");
    let told: Vec<_> =
        (0..after.len()).filter(|index| tells(&after[*index]) && before.get(*index) != Some(&after[*index])).collect();
    assert!(told == [at] || told.is_empty() && before == after, "{what} at {at}: {told:?}");
    assert!(told.is_empty() || !is_over(&before[..at]), "{what} at {at}: what is over is changed");
    assert!(after.is_sorted_by_key(|line| line.at), "{what} at {at}: time goes back");
}

#[test]
fn a_fork_has_the_past_of_the_run_it_is_of_at_every_position_under_every_pattern() {
    for setup in worlds() {
        let before = simulate(&setup);
        for at in 0..=before.journal.lines().len() {
            for (name, other) in policies() {
                let after = simulate(&with(&setup, at, policy(&other)));
                is_fork(&before, &after, at, &format!("{name}, seed {}", setup.seed));
            }
            for fault in Fault::ALL {
                let faults = setup.faults.clone().switched(fault, !setup.faults.has(fault));
                let after = simulate(&with(&setup, at, Altered::Faults(faults)));
                is_fork(&before, &after, at, &format!("{fault:?}, seed {}", setup.seed));
            }
        }
    }
}

#[test]
fn a_fork_that_changes_nothing_goes_the_same_way() {
    for setup in worlds() {
        let before = simulate(&setup);
        for at in 0..=before.journal.lines().len() {
            for what in [policy(&setup.policy), Altered::Faults(setup.faults.clone())] {
                let after = simulate(&with(&setup, at, what));
                assert_eq!(without_changes(&after.journal), before.journal.lines(), "seed {} at {at}", setup.seed);
                assert_eq!(after.result, before.result);
                assert_eq!(after.spent, before.spent);
            }
        }
    }
}

#[test]
fn a_change_at_the_beginning_is_the_run_under_those_settings() {
    for setup in worlds().filter(|setup| setup.protection) {
        for (name, other) in policies() {
            let forked = simulate(&with(&setup, 0, policy(&other)));
            let plain = simulate(&Setup { policy: other, ..setup.clone() });
            assert_eq!(without_changes(&forked.journal), plain.journal.lines(), "{name}, seed {}", setup.seed);
        }
    }
}

#[test]
fn a_fork_can_be_forked_and_back_at_once_is_no_change() {
    for setup in worlds().filter(|setup| setup.protection && setup.seed < 1) {
        let before = simulate(&setup);
        for at in (0..before.journal.lines().len()).step_by(3) {
            for (name, other) in policies() {
                let once = with(&setup, at, policy(&other));
                let fork = simulate(&once);
                for again in ((at + 1)..=fork.journal.lines().len()).step_by(2) {
                    let twice =
                        simulate(&with(&once, again, Altered::Faults(Faults::NONE.with(Fault::Outage, true).into())));
                    is_fork(&fork, &twice, again, &format!("{name}, then an outage, seed {}", setup.seed));
                }
                let back = simulate(&with(&once, at + 1, policy(&setup.policy)));
                // The limits of what is under way are those of the first policy again, and a breaker that was there still is.
                if name != "no breaker" && name != "detector" {
                    assert_eq!(
                        without_changes(&back.journal),
                        before.journal.lines(),
                        "{name} at {at}, seed {}",
                        setup.seed
                    );
                }
            }
        }
    }
}

#[test]
fn a_decision_within_the_answer_to_one_input_goes_by_the_new_policy() {
    let setup = Scenario::Flaky.setup(7);
    let before = simulate(&setup);
    let waits =
        |line: &Line| matches!(&line.what, What::Decision(entry) if matches!(entry.event, Event::BackingOff { .. }));
    let at = before.journal.lines().iter().position(waits).unwrap();
    let (_, once) = policies().swap_remove(0);
    let after = simulate(&with(&setup, at, policy(&once)));
    let next = &after.journal.lines()[at + 1];
    assert_eq!(next.at, before.journal.lines()[at].at);
    assert!(matches!(&next.what, What::Decision(entry) if matches!(entry.event, Event::CallFailed { .. })), "{next}");
}

#[test]
fn an_attempt_that_just_began_meets_the_faults_that_begin_with_it_and_a_reply_on_its_way_still_comes() {
    let setup = Setup { faults: Faults::NONE.into(), ..Scenario::Flaky.setup(7) };
    let before = simulate(&setup);
    let starts = |line: &Line| matches!(&line.what, What::Decision(entry) if matches!(entry.event, Event::AttemptStarted { .. }));
    let began = before.journal.lines().iter().position(starts).unwrap() + 1;
    let outage = Altered::Faults(Faults::NONE.with(Fault::Outage, true).into());
    let line = |journal: &Journal, index: usize| journal.lines()[index].to_string();
    let at_once = simulate(&with(&setup, began, outage.clone()));
    assert!(line(&at_once.journal, began + 1).contains("Fault \"Outage\""), "{}", at_once.journal);
    let later = simulate(&with(&setup, began + 1, outage));
    assert!(line(&later.journal, began).contains("The attempt succeeded"), "{}", later.journal);
    assert!(!later.journal.to_string().contains("17 * 23 = 391"), "{}", later.journal);
}

#[test]
fn a_fork_that_nobody_writes_down_goes_the_same_way() {
    let setup = Scenario::Flaky.setup(7);
    for at in 0..simulate(&setup).journal.lines().len() {
        let fork = with(&setup, at, policy(&policies().swap_remove(0).1));
        let (told, untold) = (simulate(&fork), simulate(&Setup { trace: false, ..fork }));
        assert_eq!(told.result, untold.result);
        assert!(untold.journal.lines().is_empty());
    }
}
