use super::*;
use crate::{Settings, ending, row};

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
    assert_eq!(state.settings().faults.faults().iter().collect::<Vec<_>>(), expected);
}

#[test]
fn typed_seed_is_taken_once_it_is_one() {
    let mut state = after([Action::TypeSeed("12".into())]);
    assert_eq!((state.settings().seed, state.error(Field::Seed)), (12, None));
    update(&mut state, Action::TypeSeed("12x".into()));
    assert_eq!(state.settings().seed, 12);
    assert_eq!(state.error(Field::Seed), Some("A seed is a whole number from 0 to 18446744073709551615."));
    update(&mut state, Action::TypeSeed("13".into()));
    assert_eq!((state.settings().seed, state.error(Field::Seed)), (13, None));
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
    update(&mut state, Action::Deny(String::new()));
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
    update(&mut state, Action::Deny(String::new()));
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
    let mut state = after([Action::SetSpeed(Speed::default().next(true))]);
    let version = state.version();
    update(&mut state, Action::OpenLink("#v=1&scenario=risky&seed=9&at=4".into()));
    assert_eq!(*state.settings(), Settings::of(steadfast_sim::Scenario::Risky, 9));
    assert_eq!((state.position(), state.speed(), state.notice()), (4, Speed::default().next(true), None));
    assert_ne!(state.version(), version);
    update(&mut state, Action::OpenLink("#v=9".into()));
    assert_eq!(
        state.notice(),
        Some(
            "This link could not be followed: its version is \"9\", and this page reads versions 1 and 2. You see the start page instead."
        )
    );
    update(&mut state, Action::DismissNotice);
    assert_eq!(state.notice(), None);
}

fn asked() -> State {
    let mut state = risky();
    update(&mut state, Action::Seek(usize::MAX));
    state
}

const TO_BO: &str = r#"{"body":"391","to":"bo@example.com"}"#;

#[test]
fn approved_edit_runs_as_edited_in_canonical_form_and_the_digests_prove_it() {
    let mut state = asked();
    update(&mut state, Action::TypeEdit("{ \"to\": \"bo@example.com\",\n".into()));
    let draft = state.asking().unwrap().draft.unwrap();
    assert_eq!(draft.read, Err("Line 2, column 1: a name in double quotes is missing here.".into()));
    assert_eq!(state.asking().unwrap().edit(), None);
    update(&mut state, Action::TypeEdit("{ \"to\": \"bo@example.com\",\n  \"body\": \"391\" }".into()));
    let asking = state.asking().unwrap();
    assert_eq!(asking.edit(), Some(TO_BO));
    let (_, promised) = asking.draft.clone().unwrap().read.unwrap();
    update(&mut state, Action::ApproveEdited(asking.edit().unwrap().into()));
    assert_eq!(state.answers(), [Answer::Edit(TO_BO.into())]);
    update(&mut state, Action::Seek(usize::MAX));
    let question = crate::questions(state.shown()).pop().unwrap();
    assert_eq!(question.shown, asking.request.digest);
    assert_eq!(question.approved, Some((promised, true)));
    assert_eq!(question.ran, Some((TO_BO.into(), promised)));
    assert_eq!((question.holds(), question.effects), (Some(true), (1, 0)));
    assert_eq!(question.verdict(), "You changed the arguments, and what you approved is what ran.");
    let answer = format!("17 * 23 = 391. A mail is sent, as a human wanted it: {TO_BO}");
    assert_eq!(ending(state.shown()).unwrap().answer, answer, "the model hears what went out");
}

#[test]
fn an_edit_that_is_no_json_is_no_answer() {
    let mut state = asked();
    let position = state.position();
    update(&mut state, Action::ApproveEdited("{".into()));
    assert_eq!((state.position(), state.answers()), (position, [].as_slice()));
    assert!(state.asking().unwrap().draft.unwrap().read.is_err(), "it is said in place");
}

#[test]
fn a_no_takes_its_message_to_the_model() {
    let mut state = asked();
    update(&mut state, Action::Deny("  ask Bo first ".into()));
    assert_eq!(last_sentence(&state), "A human said no: ask Bo first");
    update(&mut state, Action::Seek(usize::MAX));
    assert!(ending(state.shown()).unwrap().answer.contains("They said: ask Bo first"), "{:?}", ending(state.shown()));
    assert_eq!(crate::questions(state.shown())[0].verdict(), "Nobody said yes, and nothing ran.");
}

#[test]
fn a_question_that_nobody_answers_expires_in_virtual_time() {
    let mut state = asked();
    let until = state.asked().unwrap().expires_at;
    update(&mut state, Action::LetExpire);
    assert_eq!((state.instant(), state.answers()), (until, [Answer::Expire].as_slice()));
    update(&mut state, Action::Seek(usize::MAX));
    assert_eq!(ending(state.shown()).unwrap().blocked, ["send_email"]);
}

#[test]
fn what_was_shown_is_what_ran() {
    let mut state = asked();
    let shown = state.asked().unwrap().digest;
    assert_eq!(crate::page(&state).proofs, [], "nothing is proved before anything is decided");
    update(&mut state, Action::Approve);
    assert_eq!(crate::page(&state).proofs[0].holds(), None, "it has not run yet");
    update(&mut state, Action::Seek(usize::MAX));
    let proof = crate::page(&state).proofs.remove(0);
    assert_eq!((proof.shown, proof.approved, proof.holds()), (shown, Some((shown, false)), Some(true)));
    assert_eq!(proof.ran.unwrap().1, shown, "worked out from what the tool was called with");
}

#[test]
fn every_answer_comes_back_by_a_link() {
    for action in [
        Action::Approve,
        Action::ApproveEdited(TO_BO.into()),
        Action::Deny(String::new()),
        Action::Deny("nö, 50 % & \"why\"?".into()),
        Action::LetExpire,
    ] {
        let mut state = asked();
        update(&mut state, action.clone());
        update(&mut state, Action::Seek(usize::MAX));
        let link = link::write(&state);
        let again = after([Action::OpenLink(link.clone())]);
        assert_eq!((again.answers(), again.shown()), (state.answers(), state.shown()), "{link}");
    }
}

#[test]
fn what_is_typed_is_forgotten_with_its_question() {
    let mut state = asked();
    update(&mut state, Action::TypeEdit("{}".into()));
    update(&mut state, Action::StepBack);
    update(&mut state, Action::Step);
    assert_eq!(state.asking().unwrap().draft, None);
    assert_eq!(state.asking().unwrap().since_last, None, "it is the first call of that tool");
}

#[test]
fn steps_go_by_event_by_decision_and_by_turn() {
    let mut state = State::default();
    let mut stops = |stride: Stride| {
        update(&mut state, Action::ToStart);
        let mut stops = Vec::new();
        while !state.is_at_end() {
            update(&mut state, Action::StepBy(stride));
            stops.push(state.position());
        }
        stops
    };
    assert_eq!(stops(Stride::Turn), [2, 20, 25], "the two turns, and the end");
    let decisions = stops(Stride::Decision);
    assert_eq!(decisions.first(), Some(&4), "an attempt starts, with its timeout");
    assert!(decisions.len() < 15 && decisions.last() == Some(&25));
    assert_eq!(stops(Stride::Event).len(), 25);
}

#[test]
fn step_back_undoes_a_step_whatever_its_stride() {
    for link in
        ["v=1&scenario=flaky", "v=1&scenario=looping", "v=1&scenario=down", "v=1&scenario=looping&protection=off"]
    {
        for stride in Stride::ALL {
            let mut state = after([Action::OpenLink(link.into()), Action::SetStride(stride)]);
            let mut passed = vec![0];
            while !state.is_at_end() {
                update(&mut state, Action::Step);
                passed.push(state.position());
            }
            while let Some(position) = passed.pop() {
                assert_eq!(state.position(), position, "{link} by {}", stride.as_str());
                update(&mut state, Action::StepBack);
            }
            assert_eq!(state.position(), 0);
        }
    }
}

#[test]
fn to_start_keeps_the_answers_and_reset_takes_them_back() {
    let mut state = risky();
    update(&mut state, Action::Seek(usize::MAX));
    update(&mut state, Action::Approve);
    update(&mut state, Action::ToStart);
    assert_eq!((state.position(), state.answers()), (0, [Answer::Approve].as_slice()));
    update(&mut state, Action::Reset);
    assert_eq!((state.position(), state.answers()), (0, [].as_slice()));
}

#[test]
fn any_actions_in_any_state_keep_what_must_hold() {
    // All short sequences of what buttons do, and long ones drawn from a seed.
    let mut dice = steadfast::rng::Seed(11).stream(0, 1);
    for run in 0..150 {
        let mut state = State::default();
        for _ in 0..60 {
            let action = drawn(&mut dice);
            let (before, said) = (state.clone(), format!("{action:?}"));
            update(&mut state, action);
            assert!(state.position() <= state.length(), "run {run}: {said}");
            assert!(state.looked_at().is_none_or(|line| line < state.position()), "run {run}: {said}");
            assert!(!state.is_playing() || !state.is_at_end(), "run {run}: {said}");
            assert!(state.now() >= state.instant(), "run {run}: {said}");
            let page = crate::page(&state);
            assert_eq!(page.why.is_some(), state.position() > 0, "run {run}: {said}");
            // Stepping by one event and back is as if nothing had been done.
            let mut there = before.clone();
            update(&mut there, Action::StepBy(Stride::Event));
            if there.position() > before.position() {
                update(&mut there, Action::StepBackBy(Stride::Event));
                assert_eq!((there.position(), there.lines()), (before.position(), before.lines()), "run {run}: {said}");
            }
        }
    }
}

fn drawn(dice: &mut steadfast::rng::Stream) -> Action {
    #[expect(clippy::cast_possible_truncation, reason = "a small number")]
    let mut up_to = |most: u64| dice.up_to(most) as usize;
    match up_to(19) {
        0 => Action::ToggleFault(Fault::ALL[up_to(Fault::ALL.len() as u64 - 1)]),
        1 => Action::SetProtection(up_to(3) > 0),
        2 => Action::SetSeed(up_to(9) as u64),
        3 => Action::TypeSeed(["7", "", "x"][up_to(2)].into()),
        4 | 5 => Action::StepBy(Stride::ALL[up_to(2)]),
        6 => Action::StepBackBy(Stride::ALL[up_to(2)]),
        7 => Action::Seek([0, 5, 17, usize::MAX][up_to(3)]),
        8 => Action::Play,
        9 => Action::Pause,
        10 | 11 => Action::Tick(Duration::from_millis(up_to(400) as u64)),
        12 => Action::SetSpeed(Speed::ALL[up_to(9)]),
        13 => Action::Approve,
        14 => [Action::Deny("no".into()), Action::LetExpire, Action::ApproveEdited("{}".into())][up_to(2)].clone(),
        15 => Action::Select([None, Some(0), Some(3), Some(usize::MAX)][up_to(3)]),
        16 => Action::OpenLink(
            ["v=1&scenario=risky&at=17", "v=9", "", "v=1&scenario=hung&protection=off&at=9"][up_to(3)].into(),
        ),
        17 => Action::SetStride(Stride::ALL[up_to(2)]),
        18 => Action::ToStart,
        _ => Action::Step,
    }
}
