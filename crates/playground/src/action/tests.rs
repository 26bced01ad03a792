use super::*;
use crate::{Settings, ending, row};
use steadfast_sim::Faults;

fn after(actions: impl IntoIterator<Item = Action>) -> State {
    let mut state = State::default();
    for action in actions {
        update(&mut state, action);
    }
    state
}

fn risky() -> State {
    after([Action::ToggleFault(Fault::FlakyModel), Action::ToggleFault(Fault::RiskyTool)])
}

fn last_sentence(state: &State) -> String {
    row(state.shown().last().unwrap()).sentence
}

#[test]
fn first_visit_meets_a_fault_within_five_steps() {
    let state = after(vec![Action::Step; 5]);
    assert_eq!(
        last_sentence(&state),
        "Fault \"Flaky model\": this attempt will fail after 376.81 ms, server_error: 500 internal server error."
    );
}

#[test]
fn step_shows_one_line_and_step_back_takes_it_away() {
    let mut state = after(vec![Action::Step; 3]);
    assert_eq!(state.position(), 3);
    update(&mut state, Action::StepBack);
    assert_eq!(state.position(), 2);
    for _ in 0..5 {
        update(&mut state, Action::StepBack);
    }
    assert_eq!(state.position(), 0);
    update(&mut state, Action::Seek(usize::MAX));
    assert!(state.is_at_end());
    update(&mut state, Action::Step);
    assert_eq!(state.position(), state.length());
}

#[test]
fn whatever_is_set_begins_a_new_run() {
    for action in
        [Action::ToggleFault(Fault::HungCall), Action::SetProtection(false), Action::SetSeed(8), Action::Reset]
    {
        let mut state = after(vec![Action::Step; 7]);
        let version = state.version();
        update(&mut state, action.clone());
        assert_eq!((state.position(), state.is_playing()), (0, false), "{action:?}");
        assert_ne!(state.version(), version, "{action:?}");
    }
}

#[test]
fn faults_combine() {
    let state = after([Action::ToggleFault(Fault::HungCall), Action::ToggleFault(Fault::RiskyTool)]);
    let expected = [Fault::FlakyModel, Fault::HungCall, Fault::RiskyTool];
    assert_eq!(state.settings().faults.iter().collect::<Vec<_>>(), expected);
}

#[test]
fn typed_seed_is_taken_once_it_is_one() {
    let mut state = after([Action::TypeSeed("12".into())]);
    assert_eq!((state.settings().seed, state.seed_error()), (12, None));
    update(&mut state, Action::TypeSeed("12x".into()));
    assert_eq!(state.settings().seed, 12);
    assert_eq!(state.seed_error(), Some("A seed is a whole number from 0 to 18446744073709551615."));
    update(&mut state, Action::TypeSeed("13".into()));
    assert_eq!((state.settings().seed, state.seed_error()), (13, None));
}

#[test]
fn playing_shows_everything_and_stops_at_the_end() {
    let mut state = after([Action::Play]);
    let mut ticks = 0;
    while state.is_playing() {
        update(&mut state, Action::Tick(Duration::from_millis(16)));
        ticks += 1;
        assert!(ticks < 2_000, "a run takes some seconds");
    }
    assert!(state.is_at_end());
    assert_eq!(ending(state.shown()).unwrap().answer, "17 * 23 = 391.");
    update(&mut state, Action::Play);
    assert_eq!((state.position(), state.is_playing()), (0, true), "at the end, play begins again");
}

#[test]
fn virtual_time_passes_between_lines_while_playing() {
    let mut state = after(vec![Action::Step; 5]);
    let (instant, next) = (state.instant(), state.lines()[5].at);
    update(&mut state, Action::Play);
    update(&mut state, Action::Tick(Duration::from_millis(100)));
    assert!(instant < state.now() && state.now() < next, "{} {} {next}", instant, state.now());
    update(&mut state, Action::Pause);
    let paused = state.now();
    update(&mut state, Action::Tick(Duration::from_millis(100)));
    assert_eq!(state.now(), paused);
}

#[test]
fn hitch_does_not_make_the_picture_jump() {
    let mut state = after([Action::Play]);
    update(&mut state, Action::Tick(Duration::from_secs(3_600)));
    assert!(state.position() <= 2, "{}", state.position());
}

#[test]
fn question_stops_time_until_a_human_answers() {
    let mut state = risky();
    update(&mut state, Action::Play);
    for _ in 0..2_000 {
        update(&mut state, Action::Tick(Duration::from_millis(16)));
    }
    let asked = state.asked().unwrap().clone();
    assert_eq!(asked.tool, "send_email");
    assert_eq!(asked.args, r#"{"body":"17 * 23 = 391","to":"ana@example.com"}"#);
    assert!(!state.is_playing());
    for action in [Action::Play, Action::Step, Action::Tick(Duration::from_secs(1))] {
        update(&mut state, action);
        assert_eq!(state.asked(), Some(&asked), "nothing but an answer goes on");
    }
}

#[test]
fn approved_mail_goes_out_and_the_past_stays() {
    let mut state = risky();
    update(&mut state, Action::Seek(usize::MAX));
    let past = state.shown().to_vec();
    update(&mut state, Action::Approve);
    assert_eq!(state.shown()[..past.len()], past);
    assert_eq!(last_sentence(&state), "A human said yes to exactly this call (digest 180367fc).");
    update(&mut state, Action::Seek(usize::MAX));
    let end = ending(state.shown()).unwrap();
    assert_eq!(end.answer, "17 * 23 = 391. The mail to ana@example.com is sent.");
    assert!(end.blocked.is_empty());
    assert!(state.shown().iter().any(|line| row(line).sentence.contains("send_email took effect")));
}

#[test]
fn denied_mail_stays_here() {
    let mut state = risky();
    update(&mut state, Action::Seek(usize::MAX));
    update(&mut state, Action::Deny);
    assert_eq!(last_sentence(&state), "A human said no.");
    update(&mut state, Action::Seek(usize::MAX));
    assert_eq!(ending(state.shown()).unwrap().blocked, ["send_email"]);
    assert!(!state.shown().iter().any(|line| row(line).sentence.contains("took effect")));
}

#[test]
fn playing_goes_on_after_an_answer_if_it_was_playing_before() {
    let mut played = risky();
    update(&mut played, Action::Play);
    for _ in 0..2_000 {
        update(&mut played, Action::Tick(Duration::from_millis(16)));
    }
    update(&mut played, Action::Approve);
    assert!(played.is_playing());

    let mut stepped = risky();
    update(&mut stepped, Action::Seek(usize::MAX));
    update(&mut stepped, Action::Approve);
    assert!(!stepped.is_playing());
}

#[test]
fn nobody_asked_means_nothing_to_approve() {
    let mut state = after(vec![Action::Step; 3]);
    update(&mut state, Action::Approve);
    update(&mut state, Action::Deny);
    assert_eq!((state.position(), state.answers()), (3, [].as_slice()));
}

#[test]
fn naive_agent_is_asked_nothing() {
    let mut state = risky();
    update(&mut state, Action::SetProtection(false));
    update(&mut state, Action::Seek(usize::MAX));
    assert!(state.asked().is_none());
    assert_eq!(ending(state.shown()).unwrap().steps, 3);
}

#[test]
fn line_can_be_looked_at_until_the_next_step() {
    let mut state = after(vec![Action::Step; 5]);
    assert_eq!(state.looked_at(), Some(4));
    update(&mut state, Action::Select(Some(1)));
    assert_eq!(state.looked_at(), Some(1));
    update(&mut state, Action::Select(Some(99)));
    assert_eq!(state.looked_at(), Some(4), "what has not happened cannot be looked at");
    update(&mut state, Action::Select(Some(0)));
    update(&mut state, Action::Step);
    assert_eq!(state.looked_at(), Some(5));
}

#[test]
fn link_opens_what_it_says_and_keeps_the_speed() {
    let mut state = after([Action::SetSpeed(Speed::Double)]);
    let version = state.version();
    update(&mut state, Action::OpenLink("#v=1&scenario=risky&seed=9&at=4".into()));
    let faults = Faults::NONE.with(Fault::RiskyTool, true);
    assert_eq!(state.settings(), Settings { faults, protection: true, seed: 9 });
    assert_eq!((state.position(), state.speed(), state.notice()), (4, Speed::Double, None));
    assert_ne!(state.version(), version);
    update(&mut state, Action::OpenLink("#v=9".into()));
    assert_eq!(
        state.notice(),
        Some(
            "This link could not be followed: its version is \"9\", and this page reads version 1. You see the start page instead."
        )
    );
    update(&mut state, Action::DismissNotice);
    assert_eq!(state.notice(), None);
}
