use super::*;
use crate::{Action, Change, State, update};
use steadfast_sim::{Fault, Scenario, Setup, simulate};

const ALWAYS: Range<Instant> = Instant::ORIGIN..Instant::MAX;

fn read(setup: &Setup) -> (Timeline, usize) {
    let journal = simulate(setup).journal;
    (Timeline::of(&journal, setup.protection.then_some(&setup.policy)), journal.lines().len())
}

fn items(setup: &Setup) -> Vec<Item> {
    let (timeline, length) = read(setup);
    timeline.items(length, &ALWAYS)
}

/// Names of bars and marks, but for what was spent.
fn names(setup: &Setup) -> Vec<String> {
    items(setup).into_iter().filter(|item| item.lane != Lane::Cost).map(|item| item.name).collect()
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
    assert_eq!(down.last().unwrap(), "Breaker open, 3 failures in a row, 1.21 s to 31.03 s");
}

#[test]
fn hung_attempt_of_the_naive_agent_never_ends() {
    let item = items(&Setup { protection: false, ..Scenario::Hung.setup(7) }).remove(0);
    assert_eq!((item.shape, item.to), (Shape::Hung, None));
    assert_eq!(item.name, "Attempt 1, never answers, from 0.00 s on, call 1");
}

#[test]
fn question_is_open_until_a_human_decides() {
    let mut state = State::default();
    update(&mut state, Action::OpenLink("v=1&scenario=risky&at=9999".into()));
    let human = |state: &State| {
        let items = state.recording().timeline().items(state.position(), &ALWAYS);
        items.into_iter().find(|item| item.name.starts_with("Approval")).map(|item| (item.shape, item.name)).unwrap()
    };
    assert_eq!(human(&state), (Shape::Asked, "Approval of send_email, asked, since 2.32 s".into()));
    update(&mut state, Action::Approve);
    assert_eq!(human(&state), (Shape::Granted, "Approval of send_email, granted, 2.32 s to 4.32 s".into()));
}

#[test]
fn nothing_is_drawn_that_has_not_begun() {
    let setup = Scenario::Flaky.setup(7);
    let (outcome, (timeline, length)) = (simulate(&setup), read(&setup));
    for position in 0..=length {
        let now = outcome.journal.lines()[..position].last().map_or(Instant::ORIGIN, |line| line.at);
        for item in timeline.items(position, &ALWAYS) {
            assert!(item.from <= now && item.line < position, "{position}: {}", item.name);
        }
        assert_eq!(timeline.count(position), timeline.items(position, &ALWAYS).len());
    }
}

#[test]
fn wait_knows_between_what_it_was_drawn() {
    let items = items(&Scenario::Flaky.setup(7));
    let wait = items.iter().find(|item| item.shape == Shape::Wait).unwrap();
    let (floor, ceiling) = wait.drawn.unwrap();
    assert_eq!(floor, wait.from);
    assert_eq!(ceiling - wait.from, steadfast::time::Duration::from_millis(500));
}

#[test]
fn turns_of_the_loop_follow_each_other() {
    let (timeline, length) = read(&Scenario::Flaky.setup(7));
    let bands: Vec<_> = timeline.bands(length, &ALWAYS).collect();
    assert_eq!(bands.iter().map(|band| band.step).collect::<Vec<_>>(), [1, 2]);
    assert_eq!((bands[0].to, bands[1].to), (Some(bands[1].from), None));
}

#[test]
fn only_what_is_in_the_window_is_told() {
    let (timeline, length) = read(&Scenario::Flaky.setup(7));
    let window = Instant::from_millis(1_200)..Instant::from_millis(3_000);
    let names: Vec<_> = timeline.items(length, &window).into_iter().map(|item| item.name).collect();
    assert_eq!(
        names,
        ["Breaker closed, since 0.00 s", "Wait of 2.105 s before attempt 3 of 4, 1.15 s to 3.26 s, call 1"]
    );
    assert_eq!(timeline.dots(length, &window).count(), 0);
    assert_eq!(timeline.bands(length, &window).count(), 1);
}

#[test]
fn a_window_and_the_rest_are_everything_once() {
    let (timeline, length) = read(&Scenario::Looping.setup(7));
    let whole = timeline.items(length, &ALWAYS);
    for millis in (0..6_000).step_by(50) {
        let at = Instant::from_millis(millis);
        let (before, after) =
            (timeline.items(length, &(Instant::ORIGIN..at)), timeline.items(length, &(at..Instant::MAX)));
        assert!(whole.iter().all(|item| before.contains(item) || after.contains(item)), "{millis} ms");
    }
}

#[test]
fn breaker_has_a_dot_for_each_result_it_counts() {
    let (timeline, length) = read(&Scenario::Flaky.setup(7));
    let dots: Vec<_> = timeline.dots(length, &ALWAYS).map(|dot| dot.is_success).collect();
    assert_eq!(dots, [false, false, true, true], "what tools answer is not the model's");
}

#[test]
fn cost_goes_up_a_step_with_each_answer() {
    let costs: Vec<_> = items(&Scenario::Flaky.setup(7)).into_iter().filter(|item| item.lane == Lane::Cost).collect();
    assert_eq!(costs.len(), 2);
    assert_eq!(costs[0].to, Some(costs[1].from));
    assert!(costs[0].percent < costs[1].percent && costs[1].percent == Some(100));
    assert!(costs[1].name.contains(" so far, since 5.26 s"), "{}", costs[1].name);
}

#[test]
fn step_that_ran_nothing_says_so_among_the_tools() {
    let repeats: Vec<_> =
        items(&Scenario::Looping.setup(7)).into_iter().filter(|item| item.shape == Shape::Repeats).collect();
    assert_eq!(repeats.len(), 4);
    assert!(
        repeats[1].name.starts_with("The agent repeats itself, and its calls do not run, at "),
        "{}",
        repeats[1].name
    );
    let blocked = names(&Scenario::Risky.setup(7));
    assert!(blocked.iter().any(|name| name.starts_with("send_email does not run, at ")), "{blocked:?}");
}

#[test]
fn what_happens_at_once_stands_in_rows_of_its_own() {
    for scenario in Scenario::ALL {
        let setup = scenario.setup(7);
        let (timeline, length) = read(&setup);
        let lasting = timeline.items(length, &ALWAYS).into_iter().filter(|item| !item.shape.is_instant());
        let lasting: Vec<_> = lasting.filter(|item| matches!(item.lane, Lane::Model | Lane::Tools)).collect();
        for (index, a) in lasting.iter().enumerate() {
            for b in &lasting[index + 1..] {
                let overlap = a.from < b.to.unwrap_or(Instant::MAX) && b.from < a.to.unwrap_or(Instant::MAX);
                assert!(a.lane != b.lane || a.row != b.row || !overlap, "{} and {}", a.name, b.name);
                assert!(a.row < timeline.rows(a.lane));
            }
        }
    }
}

/// The bars of what is wrong with the world, in seconds.
fn faults(state: &State) -> String {
    state.recording().timeline().faults_in_words()
}

#[test]
fn a_fault_that_a_fork_switches_has_its_bar_from_there_on_or_until_there() {
    let mut state = State::default();
    update(&mut state, Action::OpenLink("v=2&faults=flaky,down:0@0-200_300-&at=9".into()));
    assert_eq!(faults(&state), "Flaky model; Outage, 0 %, 0-0.2, 0.3- s");
    let at = |state: &State, line: usize| state.lines()[line].at;
    let line = state.lines().iter().position(|line| line.at > Instant::from_millis(1_100)).unwrap();
    update(&mut state, Action::Fork { at: line, change: Change::Fault(Fault::Outage, false) });
    let off = at(&state, line);
    let seconds = |at: Instant| crate::Unit::seconds(at.as_micros());
    assert_eq!(faults(&state), format!("Flaky model; Outage, 0 %, 0-0.2, 0.3-{} s", seconds(off)));
    update(&mut state, Action::Fork { at: line + 1, change: Change::Fault(Fault::HungCall, true) });
    let on = at(&state, line + 1);
    assert_eq!(
        faults(&state),
        format!("Flaky model; Hung call, {}- s; Outage, 0 %, 0-0.2, 0.3-{} s", seconds(on), seconds(off))
    );
    update(&mut state, Action::Fork { at: line + 2, change: Change::Setting(crate::Key::RetryAttempts, "9".into()) });
    assert!(faults(&state).starts_with("Flaky model; Hung call, "), "what is not changed goes on as one");
}
