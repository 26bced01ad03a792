use super::*;
use crate::{Action, Change, State, update};
use steadfast_sim::Fault;

/// Everything in sight of the run of a link, on an axis of so many thousandths of a rem.
fn items(link: &str, length: u64) -> Vec<Drawing> {
    let mut state = State::default();
    update(&mut state, Action::OpenLink(link.into()));
    let window = Instant::ORIGIN..Instant::MAX;
    let canvas = Canvas { axis: state.axis(), length, window: &window, now: state.now() };
    canvas.items(state.recording().timeline(), state.position(), None)
}

fn named(items: &[Drawing], name: &str) -> Drawing {
    items.iter().find(|item| item.name.starts_with(name)).cloned().unwrap()
}

#[test]
fn a_bar_stands_where_its_time_is() {
    let items = items("v=1&scenario=hung&at=99", 100_000);
    let attempt = named(&items, "Attempt 1, timed out");
    assert_eq!((attempt.class, attempt.shape), ("bar", "timed-out"));
    assert_eq!(attempt.style, "left:0.00000%;width:57.14285%;--row:1", "four of seven seconds");
}

#[test]
fn what_is_under_way_ends_where_the_present_is_and_what_hangs_never() {
    let attempt = named(&items("v=1&scenario=flaky&at=24", 100_000), "Breaker closed");
    assert_eq!(attempt.style, "left:0.00000%;width:87.68918%;--row:2");
    let attempt = named(&items("v=1&scenario=hung&protection=off&at=99", 100_000), "Attempt 1, never answers");
    assert_eq!(attempt.style, "left:0.00000%;width:100.00000%;--row:1");
}

#[test]
fn what_is_written_needs_room() {
    let room = |length| {
        let attempt = named(&items("v=1&scenario=hung&at=99", length), "Attempt 1, timed out");
        (attempt.room, attempt.text)
    };
    // It takes four sevenths of the axis.
    assert_eq!(room(0), ("none", String::new()), "nobody knows how much there is");
    assert_eq!(room(1_837), ("none", String::new()));
    assert_eq!(room(1_838), ("icon", String::new()));
    assert_eq!(room(4_199), ("icon", String::new()));
    assert_eq!(room(4_200), ("text", "1".into()));
}

#[test]
fn a_wait_says_between_what_it_was_drawn() {
    let wait = named(&items("v=1&scenario=flaky&at=99", 60_000), "Wait of 382.085 ms");
    assert!(wait.style.ends_with(";--row:1;--shortest:0.000rem;--range:5.000rem"), "{}", wait.style);
    assert_eq!(wait.class, "bar drawn");
}

#[test]
fn a_mark_is_as_wide_as_every_other() {
    let mark = named(&items("v=1&scenario=flaky&at=99", 60_000), "Fault \"Flaky model\"");
    assert_eq!((mark.class, mark.room, mark.text.as_str()), ("bar mark-bar", "none", ""));
    assert!(!mark.style.contains("width"), "{}", mark.style);
}

#[test]
fn one_that_is_asked_for_is_drawn_wherever_it_is() {
    let mut state = State::default();
    update(&mut state, Action::OpenLink("v=1&scenario=looping&at=99".into()));
    let window = Instant::from_millis(6_000)..Instant::from_millis(6_500);
    let canvas = Canvas { axis: state.axis(), length: 60_000, window: &window, now: state.now() };
    let run = state.recording().timeline();
    let indices = |also| canvas.items(run, state.position(), also).iter().map(|item| item.index).collect::<Vec<_>>();
    let plain = indices(None);
    assert!(!plain.contains(&1), "{plain:?}");
    let also = indices(Some(1));
    assert_eq!(also.iter().filter(|index| **index != 1).copied().collect::<Vec<_>>(), plain);
    assert!(also.contains(&1) && also.is_sorted(), "{also:?}");
    assert_eq!(indices(plain.last().copied()), plain, "and only once");
    assert_eq!(indices(Some(9_999)), plain, "if there is one");
}

#[test]
fn the_scale_names_turns_that_have_room() {
    let mut state = State::default();
    update(&mut state, Action::OpenLink("v=1&scenario=flaky&at=99".into()));
    let window = Instant::ORIGIN..Instant::MAX;
    let bands = |length| {
        let canvas = Canvas { axis: state.axis(), length, window: &window, now: state.now() };
        let [.., bands, _] = canvas.scale(state.recording().timeline(), state.position(), None);
        bands.into_iter().map(|band| band.text).collect::<Vec<_>>()
    };
    assert_eq!(bands(30_000), ["Step 1", "Step 2"]);
    assert_eq!(bands(5_000), ["Step 1", ""]);
}

#[test]
fn faults_of_two_runs_stand_beside_each_other_and_what_differs_is_marked() {
    let mut state = State::default();
    update(&mut state, Action::OpenLink("v=2&faults=flaky,down:0@2000-4000&at=6".into()));
    update(&mut state, Action::Fork { at: 6, change: Change::Fault(Fault::Outage, false) });
    update(&mut state, Action::Fork { at: 9, change: Change::Fault(Fault::HungCall, true) });
    let window = Instant::ORIGIN..Instant::MAX;
    let page = crate::page(&state);
    let canvas = Canvas { axis: state.axis(), length: 30_000, window: &window, now: state.now() };
    let drawn = |run: &Timeline, beside| {
        let faults = canvas.faults(run, beside).into_iter();
        faults.map(|bar| (bar.class, bar.text, bar.style.rsplit_once(':').unwrap().1.to_owned())).collect::<Vec<_>>()
    };
    let bar = |class, text: &str, row: &str| (class, text.to_owned(), row.to_owned());
    let (here, there) = (state.recording().timeline(), page.beside.as_ref().unwrap().recording.timeline());
    let whole = state.branches()[0].run.timeline();
    let (flaky, hung) = (bar("fault-bar", "Flaky model", "0"), bar("fault-bar differs", "Hung call", "1"));
    assert_eq!(drawn(here, Some(there)), [flaky.clone(), hung]);
    assert_eq!(drawn(there, Some(here)), core::slice::from_ref(&flaky));
    assert_eq!(drawn(whole, Some(here)), [flaky.clone(), bar("fault-bar differs", "Outage, 0 %", "1")]);
    assert_eq!(drawn(whole, Some(whole)), [flaky, bar("fault-bar", "Outage, 0 %", "1")]);
}
