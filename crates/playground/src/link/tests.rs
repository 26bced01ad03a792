use super::*;
use crate::{Action, Speed, update};
use steadfast::rng::{Seed, Stream};
use steadfast::time::Duration;

fn open(link: &str) -> State {
    let mut state = State::default();
    update(&mut state, Action::OpenLink(link.into()));
    state
}

#[test]
fn link_is_readable() {
    assert_eq!(write(&State::default()), "v=1&scenario=flaky&faults=flaky&protection=on&seed=7&at=0");
    let mut state = State::default();
    for action in [Action::ToggleFault(Fault::RiskyTool), Action::Seek(usize::MAX), Action::Approve] {
        update(&mut state, action);
    }
    assert_eq!(write(&state), "v=1&scenario=custom&faults=flaky,risky&protection=on&seed=7&decisions=a&at=26");
    let clear = open("v=1&faults=none");
    assert_eq!(write(&clear), "v=1&scenario=custom&faults=none&protection=on&seed=7&at=0");
    assert_eq!(write(&open("v=1&scenario=naive")), "v=1&scenario=naive&faults=flaky&protection=off&seed=7&at=0");
}

#[test]
fn short_links_and_other_spellings_are_understood() {
    let risky = Linked { settings: Settings::of(Scenario::Risky, 7), ..Linked::default() };
    for link in ["v=1&scenario=risky", "#v=1&scenario=risky", "?scenario=risky&v=1&later=x", " v=1&scenario=risky "] {
        assert_eq!(read(link), (risky.clone(), None), "{link}");
    }
    assert_eq!(read(""), (Linked::default(), None));
    assert_eq!(read("#"), (Linked::default(), None));
    assert_eq!(read("v=1&faults=flaky%2Crisky").0.settings, read("v=1&faults=flaky,risky").0.settings);
}

#[test]
fn faults_named_in_a_link_win_over_its_scenario() {
    let (linked, notice) = read("v=1&scenario=risky&faults=down");
    assert_eq!(notice, None);
    assert_eq!(linked.settings.faults, Faults::NONE.with(Fault::Outage, true));
}

#[test]
fn corrupt_link_shows_the_start_page_and_says_why() {
    for (link, problem) in [
        ("hello", "it does not say its version"),
        ("scenario=risky", "it does not say its version"),
        ("v=2", "its version is \"2\", and this page reads version 1"),
        ("v=1&v=1", "it says \"v\" twice"),
        ("v=1&scenario=rain", "there is no scenario \"rain\""),
        ("v=1&faults=flaky,,risky", "there is no fault \"\""),
        ("v=1&faults=", "there is no fault \"\""),
        ("v=1&protection=maybe", "protection is on or off, not \"maybe\""),
        ("v=1&seed=-1", "\"-1\" is no seed"),
        ("v=1&seed=99999999999999999999999", "\"99999999999999999999999\" is no seed"),
        ("v=1&decisions=x", "a decision is a or d, not \"x\""),
        ("v=1&at=end", "\"end\" is no position"),
    ] {
        let expected = format!("This link could not be followed: {problem}. You see the start page instead.");
        assert_eq!(read(link), (Linked::default(), Some(expected)), "{link}");
    }
    let long = format!("v=1&faults={}", "flaky,".repeat(400));
    assert!(read(&long).1.unwrap().contains("longer than 2000 characters"));
}

#[test]
fn position_beyond_the_end_is_the_end_and_needless_answers_are_dropped() {
    let state = open("v=1&scenario=flaky&decisions=a,d,a&at=99999");
    assert!(state.is_at_end());
    assert_eq!(state.answers(), []);
}

/// A few thousand random actions: nothing panics, and at every point the link leads back to the same view.
#[test]
fn any_sequence_of_actions_can_be_linked_to() {
    for seed in 0..40 {
        let mut dice = Seed(seed).stream(1, 1);
        let mut state = State::default();
        for _ in 0..60 {
            update(&mut state, any_action(&mut dice));
            let link = write(&state);
            assert!(link.len() <= MAX_LENGTH, "{link}");
            let (linked, notice) = read(&link);
            assert_eq!(notice, None, "{link}");
            let copy = open(&link);
            assert_eq!(write(&copy), link, "seed {seed}");
            assert_eq!(linked.settings, state.settings(), "seed {seed}");
            assert_eq!(copy.shown(), state.shown(), "seed {seed}: {link}");
            assert_eq!(copy.asked(), state.asked(), "seed {seed}: {link}");
        }
    }
}

/// Random text, and valid links with a byte changed: reading never panics, and a link that is refused says so.
#[test]
fn reading_garbage_never_panics() {
    let valid = "v=1&scenario=custom&faults=flaky,risky&protection=on&seed=7&decisions=a,d&at=23";
    let mut dice = Seed(2).stream(1, 1);
    let alphabet: Vec<char> = "v=1&scenariofaultsdkpt,#?%2Cé\u{202e}\0 \n9".chars().collect();
    for _ in 0..5_000 {
        let length = pick(&mut dice, 60);
        let text: String = (0..length).map(|_| alphabet[pick(&mut dice, alphabet.len())]).collect();
        let _ = read(&text);
        let mut changed: Vec<char> = valid.chars().collect();
        let place = pick(&mut dice, changed.len());
        changed[place] = alphabet[pick(&mut dice, alphabet.len())];
        let (linked, notice) = read(&changed.into_iter().collect::<String>());
        assert!(notice.is_none() || linked == Linked::default());
    }
}

fn pick(dice: &mut Stream, below: usize) -> usize {
    usize::try_from(dice.up_to(below as u64 - 1)).unwrap()
}

fn any_action(dice: &mut Stream) -> Action {
    match pick(dice, 16) {
        0 => Action::ToggleFault(Fault::ALL[pick(dice, 5)]),
        1 => Action::SetProtection(pick(dice, 4) > 0),
        2 => Action::SetSeed(dice.up_to(u64::MAX)),
        3 => Action::TypeSeed(["", "x", "12", "99999999999999999999999"][pick(dice, 4)].into()),
        4 | 5 => Action::Seek(pick(dice, 80)),
        6 => Action::Seek(usize::MAX),
        7 => Action::StepBack,
        8 => Action::Play,
        9 | 10 => Action::Tick(Duration::from_millis(dice.up_to(400))),
        11 => Action::Approve,
        12 => Action::Deny,
        13 => Action::Select(Some(pick(dice, 100))),
        14 => [Action::Pause, Action::Reset, Action::DismissNotice, Action::Select(None)][pick(dice, 4)].clone(),
        15 => Action::SetSpeed(Speed::ALL[pick(dice, 4)]),
        _ => Action::Step,
    }
}
