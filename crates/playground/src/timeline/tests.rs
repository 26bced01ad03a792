use super::*;
use crate::{Action, State, update};
use steadfast_sim::{Scenario, Setup, simulate};

fn names(setup: &Setup) -> Vec<String> {
    timeline(simulate(setup).journal.lines()).items.into_iter().map(|item| item.name).collect()
}

#[test]
fn flaky_run_reads_as_a_story() {
    assert_eq!(
        names(&Scenario::Flaky.setup(7)),
        [
            "Breaker closed, since 0.00 s",
            "Attempt 1, failed server_error, 0.00 s to 0.38 s, call 1",
            "Fault \"Flaky model\" meets attempt 1, at 0.00 s, call 1",
            "Wait of 382.085 ms before attempt 2 of 4, 0.38 s to 0.76 s, call 1",
            "Attempt 2, failed rate_limited, 0.76 s to 1.15 s, call 1",
            "Fault \"Flaky model\" meets attempt 2, at 0.76 s, call 1",
            "Wait of 2.105 s before attempt 3 of 4, 1.15 s to 3.26 s, call 1",
            "Attempt 3, succeeded, 3.26 s to 4.08 s, call 1",
            "multiply, attempt 1, succeeded, 4.08 s to 4.12 s, call 2",
            "Attempt 1, succeeded, 4.12 s to 5.26 s, call 3",
        ]
    );
}

#[test]
fn timeout_and_open_breaker_are_named() {
    let hung = names(&Scenario::Hung.setup(7));
    assert_eq!(hung[1], "Attempt 1, timed out, 0.00 s to 4.00 s, call 1");
    let down = names(&Scenario::Down.setup(7));
    assert_eq!(down[0], "Breaker closed, 0.00 s to 1.21 s");
    assert_eq!(down.last().unwrap(), "Breaker open, 1.21 s to 31.03 s");
}

#[test]
fn hung_attempt_of_the_naive_agent_never_ends() {
    let outcome = simulate(&Setup { protection: false, ..Scenario::Hung.setup(7) });
    let item = timeline(outcome.journal.lines()).items.remove(0);
    assert_eq!((item.shape, item.to), (Shape::Hung, None));
    assert_eq!(item.name, "Attempt 1, never answers, from 0.00 s on, call 1");
}

#[test]
fn question_is_open_until_a_human_decides() {
    let mut state = State::default();
    update(&mut state, Action::OpenLink("v=1&scenario=risky&at=9999".into()));
    let human = |state: &State| {
        let items = timeline(state.shown()).items;
        items.into_iter().find(|item| item.lane == Lane::Human).map(|item| (item.shape, item.name)).unwrap()
    };
    assert_eq!(human(&state), (Shape::Asked, "Approval of send_email, asked, since 2.32 s".into()));
    update(&mut state, Action::Approve);
    assert_eq!(human(&state), (Shape::Granted, "Approval of send_email, granted, 2.32 s to 4.32 s".into()));
}

#[test]
fn nothing_is_drawn_that_has_not_begun() {
    let outcome = simulate(&Scenario::Flaky.setup(7));
    let lines = outcome.journal.lines();
    for position in 0..=lines.len() {
        let now = lines[..position].last().map_or(Instant::ORIGIN, |line| line.at);
        for item in timeline(&lines[..position]).items {
            assert!(item.from <= now, "{position}: {}", item.name);
        }
    }
}

#[test]
fn wait_knows_its_ceiling() {
    let outcome = simulate(&Scenario::Flaky.setup(7));
    let items = timeline(outcome.journal.lines()).items;
    let wait = items.iter().find(|item| item.shape == Shape::Wait).unwrap();
    let ceiling = wait.ceiling.unwrap() - wait.from;
    assert_eq!(ceiling, steadfast::time::Duration::from_millis(500));
}

#[test]
fn turns_of_the_loop_follow_each_other() {
    let outcome = simulate(&Scenario::Flaky.setup(7));
    let bands = timeline(outcome.journal.lines()).bands;
    assert_eq!(bands.iter().map(|band| band.step).collect::<Vec<_>>(), [1, 2]);
    assert_eq!((bands[0].to, bands[1].to), (Some(bands[1].from), None));
}
