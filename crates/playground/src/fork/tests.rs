use super::*;
use crate::{Action, link, update};
use steadfast::event::Event;
use steadfast_sim::{Scenario, What};

fn opened(link: &str) -> State {
    let mut state = State::default();
    update(&mut state, Action::OpenLink(link.into()));
    assert_eq!(state.notice(), None, "{link}");
    state
}

fn at_end(link: &str) -> State {
    let mut state = opened(link);
    update(&mut state, Action::Seek(usize::MAX));
    state
}

fn setting(key: &str, value: &str) -> Change {
    let key = Key::ALL.into_iter().find(|of| of.name() == key).unwrap();
    Change::Setting(key, value.into())
}

fn find(state: &State, is: impl Fn(&Event) -> bool) -> usize {
    let found = state.lines().iter().position(|line| matches!(&line.what, What::Decision(entry) if is(&entry.event)));
    found.unwrap()
}

/// Everything a person can choose to change, at that line.
fn changes(state: &State) -> Vec<Change> {
    let faults = Fault::ALL.into_iter().map(|fault| Change::Fault(fault, !state.branch().settings().faults.has(fault)));
    let answers = [Answer::Approve, Answer::Deny("no".into()), Answer::Expire, Answer::Edit(r#"{"to":"bo"}"#.into())];
    let settings = [("retry.attempts", "1"), ("timeout", "300"), ("max_steps", "1")];
    faults.chain(answers.map(Change::Answer)).chain(settings.map(|(key, value)| setting(key, value))).collect()
}

#[test]
fn every_fork_at_every_line_of_every_scenario_has_the_past_of_its_run() {
    let mut forks = 0;
    for scenario in Scenario::ALL {
        for seed in [7, 8] {
            let state = at_end(&format!("v=1&scenario={scenario}&seed={seed}&decisions=a"));
            for at in 0..=state.length() {
                for change in changes(&state) {
                    let what = format!("{scenario} with seed {seed} at {at}: {change:?}");
                    let Ok(branch) = branch(&state, at, change) else { continue };
                    forks += 1;
                    let at = branch.origin.unwrap().at;
                    assert_eq!(branch.lines()[..at], state.lines()[..at], "{what}");
                    if let Some((here, there)) = parting(state.lines(), branch.lines()) {
                        assert!(here >= at && there >= at, "{what}: they part before {here}");
                    }
                }
            }
        }
    }
    assert!(forks > 1_000, "{forks}");
}

#[test]
fn fork_of_a_fork_has_the_past_of_both_and_a_link_brings_all_of_them_back() {
    let mut state = at_end("v=1&scenario=flaky&seed=7");
    let waits = find(&state, |event| matches!(event, Event::BackingOff { .. }));
    update(&mut state, Action::Fork { at: waits, change: setting("retry.attempts", "2") });
    let second = find(&state, |event| matches!(event, Event::CallFailed { .. }));
    let first = state.lines().to_vec();
    update(&mut state, Action::Fork { at: second, change: setting("retry.attempts", "9") });
    assert_eq!(state.lines()[..second], first[..second]);
    assert_eq!((state.branches().len(), state.selected_branch(), state.beside()), (3, 2, Some(1)));
    update(&mut state, Action::RenameBranch(1, "  Bö; 50 %, \"<b>\"  ".into()));
    update(&mut state, Action::Fork { at: 2, change: Change::Fault(Fault::Outage, true) });
    assert_eq!(state.branches()[3].changes.len(), 1, "what was changed later is not in its past");
    let link = link::write(&state);
    assert!(link.len() < 300, "{link}");
    let again = opened(&link);
    assert_eq!((again.selected_branch(), again.position()), (state.selected_branch(), state.position()));
    for (one, other) in state.branches().iter().zip(again.branches()) {
        assert_eq!((one.name(), one.lines(), one.answers()), (other.name(), other.lines(), other.answers()));
    }
    assert_eq!(again.branches().len(), 4);
    assert_eq!(link::write(&again), link);
}

#[test]
fn damaged_branches_of_a_link_give_the_start_page_and_a_sentence() {
    for part in [
        "b1=",
        "b1=0",
        "b1=0;5;Name",
        "b1=0;5;;",
        "b1=0;5;;;5;faults=down",
        "b1=7;5;Name;;5;faults=down",
        "b1=0;x;Name;;5;faults=down",
        "b1=0;5;Name;q;5;faults=down",
        "b1=0;5;Name;;5;faults=what",
        "b1=0;5;!g;;5;faults=down",
        "b1=0;9999;Name;;5;faults=down",
        "b1=0;5;Name;;5;policy=zz1",
        "on=1",
        "on=x",
        "b1=0;5;Name;;5;faults=flaky",
        "b1=0;5;Name;a;5;faults=down",
        "b1=0;5;Name;;5",
        "b1=0;5;Name;;2;faults=down",
        "b1=0;5;Name;;5;seed=8",
        "b1=0;5;Name;;5;faults=down;5;faults=flaky",
        "b2=0;5;Name;;5;faults=down*seed=9",
    ] {
        let mut state = State::default();
        update(&mut state, Action::OpenLink(format!("v=2&{part}")));
        assert!(state.notice().is_some_and(|notice| notice.starts_with("This link could not be followed")), "{part}");
        assert_eq!(state.branches().len(), 1, "{part}");
    }
}

#[test]
fn position_is_the_same_moment_in_every_branch() {
    let mut state = at_end("v=1&scenario=flaky&seed=7");
    let waits = find(&state, |event| matches!(event, Event::BackingOff { .. }));
    update(&mut state, Action::Fork { at: waits, change: setting("retry.attempts", "1") });
    assert_eq!(state.position(), waits + 1, "the line that tells of the change is shown");
    update(&mut state, Action::SelectBranch(0));
    assert_eq!((state.position(), state.beside()), (waits, Some(1)));
    update(&mut state, Action::Seek(usize::MAX));
    update(&mut state, Action::SelectBranch(1));
    assert!(state.is_at_end(), "it is over by then");
    update(&mut state, Action::SelectBranch(0));
    assert!(state.position() > waits && state.position() < state.length(), "as far as time has come there");
}

#[test]
fn nearest_change_forks_so_that_this_very_line_is_the_first_that_differs() {
    let mut flips = 0;
    for link in [
        "v=1&scenario=flaky",
        "v=1&scenario=hung",
        "v=1&scenario=down",
        "v=1&scenario=looping",
        "v=1&scenario=risky&decisions=x",
    ] {
        let state = at_end(link);
        for line in 0..state.length() {
            let Some(nearest) = state.branch().run.explain(line).and_then(|explanation| explanation.otherwise) else {
                continue;
            };
            let mut forked = state.clone();
            update(&mut forked, Action::ForkWith { at: line, change: nearest.clone() });
            if state.branch().settings().with_nearest(&nearest).is_err() {
                assert!(forked.fork_error().is_some());
                continue;
            }
            let parted = parting(state.lines(), forked.lines());
            assert_eq!(
                parted.map(|(here, _)| here),
                Some(line),
                "{link} at {line}: {nearest:?} {:?}",
                forked.fork_error()
            );
            flips += 1;
        }
    }
    assert!(flips >= 5, "{flips}");
}

#[test]
fn answer_is_changed_and_its_past_is_up_to_the_answer() {
    let mut state = at_end("v=1&scenario=risky&decisions=a");
    let granted = find(&state, |event| matches!(event, Event::ApprovalGranted { .. }));
    update(&mut state, Action::Fork { at: granted + 1, change: Change::Answer(Answer::Deny("not today".into())) });
    assert_eq!(state.branches()[1].origin(), Some(Origin { of: 0, at: granted }));
    assert_eq!(parting(state.branches()[0].lines(), state.lines()), Some((granted, granted)));
    assert_eq!(state.answers(), [Answer::Deny("not today".into())]);
    update(&mut state, Action::Fork { at: granted, change: Change::Answer(Answer::Expire) });
    update(&mut state, Action::Seek(usize::MAX));
    assert!(
        state.lines().iter().any(|line| line.to_string().contains("Nobody answered in time")),
        "{:?}",
        state.lines().last()
    );
}

#[test]
fn a_yes_is_kept_for_the_same_question_only() {
    let state = at_end("v=1&scenario=risky&decisions=a");
    let steps = branch(&state, 3, setting("max_steps", "5")).unwrap();
    assert_eq!(steps.answers(), [Answer::Approve], "the same call is asked about");
    let alone = branch(&state, 1, Change::Fault(Fault::RiskyTool, false)).unwrap();
    assert_eq!(alone.answers(), [], "nobody is asked");
}

#[test]
fn there_are_three_branches_at_most_and_each_can_be_deleted_but_the_run() {
    let mut state = at_end("v=1&scenario=flaky&seed=7");
    for steps in ["2", "3", "4", "5"] {
        update(&mut state, Action::SelectBranch(0));
        update(&mut state, Action::Fork { at: 4, change: setting("max_steps", steps) });
    }
    assert_eq!(state.branches().len(), 4);
    assert_eq!(state.fork_error(), Some("There are 3 branches already. Delete one to make another."));
    update(&mut state, Action::SelectBranch(2));
    update(&mut state, Action::DeleteBranch(0));
    assert_eq!(state.branches().len(), 4, "the run itself stays");
    update(&mut state, Action::DeleteBranch(1));
    assert_eq!((state.branches().len(), state.selected_branch(), state.branches()[1].name()), (3, 1, "Branch 2"));
    update(&mut state, Action::DeleteBranch(1));
    assert_eq!((state.selected_branch(), state.beside()), (0, Some(1)));
    update(&mut state, Action::DeleteBranch(1));
    assert_eq!((state.branches().len(), state.beside()), (1, None));
}

#[test]
fn what_cannot_be_forked_is_refused_with_a_sentence_and_changes_nothing() {
    for (link, at, change, expected) in [
        ("v=1&scenario=flaky", 9_999, setting("max_steps", "2"), "The run is over here"),
        ("v=1&scenario=flaky", 3, setting("max_steps", "8"), "Nothing is otherwise"),
        ("v=1&scenario=flaky", 3, setting("max_steps", "0"), "max_steps"),
        ("v=1&scenario=flaky", 3, setting("model", "2"), "How many models"),
        ("v=1&scenario=naive", 1, setting("max_steps", "2"), "The naive agent"),
        ("v=1&scenario=flaky", 3, Change::Answer(Answer::Approve), "Nobody was asked"),
        ("v=1&scenario=risky&decisions=a", 18, Change::Answer(Answer::Approve), "That is the answer"),
    ] {
        let mut state = at_end(link);
        let before = state.lines().to_vec();
        update(&mut state, Action::Fork { at, change });
        let error = state.fork_error().unwrap_or_default().to_owned();
        assert!(error.contains(expected), "{link}: {error}");
        assert_eq!((state.lines(), state.branches().len()), (before.as_slice(), 1));
    }
}

#[test]
fn whatever_is_set_begins_a_new_run_without_branches() {
    let mut state = at_end("v=1&scenario=flaky&seed=7");
    update(&mut state, Action::Fork { at: 4, change: setting("max_steps", "2") });
    update(&mut state, Action::SetSeed(8));
    assert_eq!((state.branches().len(), state.selected_branch(), state.beside()), (1, 0, None));
    assert_eq!(state.settings().seed, 8);
}

#[test]
fn any_sequence_of_forks_and_moves_keeps_everything_in_order() {
    for seed in 0..60 {
        let mut luck = steadfast::rng::Seed(seed).stream(1, 1);
        let mut state = at_end(
            ["v=1&scenario=risky", "v=1&scenario=flaky", "v=1&scenario=naive&faults=risky"]
                [usize::try_from(seed % 3).unwrap()],
        );
        for _ in 0..40 {
            let pick = |luck: &mut steadfast::rng::Stream, most: u64| usize::try_from(luck.up_to(most)).unwrap();
            let all = changes(&state);
            let action = match luck.up_to(12) {
                0..=3 => {
                    Action::Fork { at: pick(&mut luck, 40), change: all[pick(&mut luck, all.len() as u64 - 1)].clone() }
                }
                4 | 5 => Action::SelectBranch(pick(&mut luck, 4)),
                6 => Action::DeleteBranch(pick(&mut luck, 4)),
                7 => Action::Compare(Some(pick(&mut luck, 4))),
                8 => Action::Seek(pick(&mut luck, 60)),
                9 => Action::RenameBranch(pick(&mut luck, 4), "x".repeat(pick(&mut luck, 40))),
                10 => Action::Approve,
                11 => Action::LetExpire,
                _ => Action::StepBack,
            };
            update(&mut state, action.clone());
            let branches = state.branches();
            assert!(branches.len() <= MOST + 1 && state.selected_branch() < branches.len(), "{action:?}");
            assert!(
                state.beside().is_none_or(|beside| beside < branches.len() && beside != state.selected_branch()),
                "{action:?}"
            );
            assert_eq!(state.lines(), branches[state.selected_branch()].lines(), "{action:?}");
            for branch in &branches[1..] {
                let origin = branch.origin().unwrap();
                assert!(origin.of < branches.len());
                assert_eq!(branch.lines()[..origin.at], branches[origin.of].lines()[..origin.at], "{action:?}");
                assert!(branch.name().chars().count() <= LONGEST_NAME);
            }
            let _ = crate::page(&state);
        }
        let link = link::write(&state);
        assert!(link.len() <= link::MAX_LENGTH);
        assert_eq!(link::write(&opened(&link)), link, "{link}");
    }
}
