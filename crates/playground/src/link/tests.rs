use super::*;
use crate::{Action, Preset, Speed, State, update};
use steadfast::rng::{Seed, Stream};
use steadfast::time::Duration;
use steadfast_sim::{Faults, Scenario};

fn open(link: &str) -> State {
    let mut state = State::default();
    update(&mut state, Action::OpenLink(link.into()));
    state
}

/// The page does not even open it.
#[test]
fn no_link_leads_to_a_first_visit() {
    let (opened, first) = (open(""), State::default());
    assert_eq!((write(&opened), opened.settings()), (write(&first), first.settings()));
    assert_eq!((opened.lines(), opened.notice()), (first.lines(), first.notice()));
}

#[test]
fn link_says_what_differs_from_a_first_visit_and_nothing_else() {
    assert_eq!(write(&State::default()), "v=2&at=0");
    let mut state = State::default();
    for action in [Action::ToggleFault(Fault::RiskyTool), Action::Seek(usize::MAX), Action::Approve] {
        update(&mut state, action);
    }
    assert_eq!(write(&state), "v=2&faults=flaky,risky&decisions=a&at=26");
    assert_eq!(write(&open("v=1&faults=none")), "v=2&faults=none&at=0");
    assert_eq!(write(&open("v=1&scenario=naive")), "v=2&protection=off&at=0");
    let mut state = State::default();
    for action in [
        Action::TypeFaultRate(Fault::Outage, "80".into()),
        Action::TypeFaultWindows(Fault::Outage, "2-8, 12-".into()),
        Action::TypeSetting(Key::Timeout, "8 s".into()),
        Action::TypeSetting(Key::RunDeadline, "60000".into()),
        Action::SetSeed(9),
    ] {
        update(&mut state, action);
    }
    assert_eq!(write(&state), "v=2&faults=flaky,down:800@2000-8000_12000-&policy=to8000,rd60000&seed=9&at=0");
    let (linked, notice) = read(&write(&state));
    assert_eq!((&linked.settings, notice), (state.settings(), None));
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
    let escaped = "v=2&faults=flaky%2Cdown%3A800%402000-8000&policy=to8000%2cra5";
    assert_eq!(read(escaped), read("v=2&faults=flaky,down:800@2000-8000&policy=to8000,ra5"));
    assert_eq!(read(escaped).1, None);
}

#[test]
fn faults_named_in_a_link_win_over_its_scenario() {
    let (linked, notice) = read("v=1&scenario=risky&faults=down");
    assert_eq!(notice, None);
    assert_eq!(linked.settings.faults, Faults::NONE.with(Fault::Outage, true).into());
}

#[test]
fn corrupt_link_shows_the_start_page_and_says_why() {
    for (link, problem) in [
        ("hello", "it does not say its version"),
        ("scenario=risky", "it does not say its version"),
        ("v=3", "its version is \"3\", and this page reads versions 1 and 2"),
        ("v=2&scenario=flaky", "this page does not know its \"scenario\""),
        ("v=2&faults=down:1001", "fault.rate is 1001; allowed: 0 to 1,000 in a thousand"),
        ("v=2&faults=down:often", "\"often\" is no rate"),
        ("v=2&faults=down@8-2", "\"8-2\" is no window"),
        ("v=2&faults=down@soon-", "\"soon-\" is no window"),
        ("v=2&faults=down@1-2_3-4_5-6_7-8", "fault.window is 4 windows; allowed: 3 windows at most"),
        ("v=2&policy=qq1", "there is no setting \"qq\""),
        ("v=2&policy=é", "there is no setting \"é\""),
        ("v=2&policy=", "there is no setting \"\""),
        ("v=2&policy=ra0", "retry.attempts is 0; allowed: 1 or more (1 means: no second try)"),
        ("v=2&policy=bb30000", "backoff.base is 30 s; allowed: at most backoff.cap"),
        ("v=2&policy=to<b>", "timeout is \"<b>\"; allowed: a number of ms, up to 86400000 (24 h), or none"),
        ("v=1&v=1", "it says \"v\" twice"),
        ("v=1&scenario=rain", "there is no scenario \"rain\""),
        ("v=1&faults=flaky,,risky", "there is no fault \"\""),
        ("v=1&faults=", "there is no fault \"\""),
        ("v=1&protection=maybe", "protection is on or off, not \"maybe\""),
        ("v=1&seed=-1", "\"-1\" is no seed"),
        ("v=1&seed=99999999999999999999999", "\"99999999999999999999999\" is no seed"),
        ("v=1&decisions=z", "a decision is a, d, e or x, not \"z\""),
        ("v=1&decisions=e~!7b", "arguments that were edited are not JSON in canonical form"),
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
            assert_eq!(linked.settings, *state.settings(), "seed {seed}");
            assert_eq!(copy.shown(), state.shown(), "seed {seed}: {link}");
            assert_eq!(copy.asked(), state.asked(), "seed {seed}: {link}");
        }
    }
}

/// Random text, and valid links with a byte changed: reading never panics, and a link that is refused says so.
#[test]
fn reading_garbage_never_panics() {
    let first = "v=1&scenario=custom&faults=flaky,risky&protection=on&seed=7&decisions=a,d&at=23";
    let second = "v=2&faults=flaky,down:800@2000-8000_12000-&policy=to8000,ra5,bjequal&protection=off&seed=9&decisions=a,d&at=23";
    let valid = [first, second];
    let mut dice = Seed(2).stream(1, 1);
    let alphabet: Vec<char> = "v=12&scenariofaultsdkptjq,:@_-#?%2Cé\u{202e}\0 \n9".chars().collect();
    for _ in 0..5_000 {
        let length = pick(&mut dice, 60);
        let text: String = (0..length).map(|_| alphabet[pick(&mut dice, alphabet.len())]).collect();
        let _ = read(&text);
        let mut changed: Vec<char> = valid[pick(&mut dice, 2)].chars().collect();
        let place = pick(&mut dice, changed.len());
        changed[place] = alphabet[pick(&mut dice, alphabet.len())];
        let (linked, notice) = read(&changed.into_iter().collect::<String>());
        assert!(notice.is_none() || linked == Linked::default());
    }
}

/// Settings of every kind: what is written reads as itself, also as a difference from others, and a link holds it.
#[test]
fn whatever_is_set_reads_as_it_was_written() {
    let mut longest = 0;
    for seed in 0..600 {
        let mut dice = Seed(seed).stream(2, 1);
        let (base, settings) = (any_settings(&mut dice), any_settings(&mut dice));
        assert_eq!(read_settings(&write_settings(&settings)).as_ref(), Ok(&settings), "seed {seed}");
        let difference = write_difference(&base, &settings);
        assert_eq!(read_difference(&base, &difference).as_ref(), Ok(&settings), "seed {seed}: {difference}");
        let state = State::new(settings, vec![Answer::Approve; 4]);
        longest = longest.max(write(&state).len());
    }
    assert!((400..=MAX_LENGTH).contains(&longest), "{longest}");
}

/// Whatever is set gives a run that ends or asks, however strange it is.
#[test]
fn any_settings_can_be_simulated() {
    for seed in 0..200 {
        let settings = any_settings(&mut Seed(seed).stream(3, 1));
        let outcome = steadfast_sim::simulate(&settings.setup(steadfast_sim::Human::Approves));
        assert!(outcome.result.is_some(), "{settings:?}");
    }
}

/// The most that can be set at once still fits.
#[test]
fn the_longest_link_fits() {
    let mut settings = Settings { seed: u64::MAX, protection: false, ..Settings::default() };
    for fault in Fault::ALL {
        let windows = ["1.111-9999.999", "10000.111-19999.999", "20000.111-86399.999"].join(",");
        let occurrence = Occurrence::default().with_rate(Some(999)).unwrap();
        let occurrence = occurrence.with_windows(crate::parse_windows(&windows).unwrap()).unwrap();
        settings.faults = settings.faults.with(fault, Some(occurrence));
    }
    for key in Key::ALL {
        let texts = [
            "86399999.999",
            "86399999",
            "999999",
            "999.999999",
            "999",
            "99.9",
            "99.999",
            "99",
            "1.001",
            "0.999",
            "4",
            "3",
            "decorrelated",
            "idempotent",
            "multiply",
            "on",
            "off",
        ];
        let longest = texts.iter().find(|text| {
            let mut policy = settings.policy.clone();
            policy.set(key, text).is_ok() && policy.is_changed(key) && {
                settings.policy = policy;
                true
            }
        });
        assert!(longest.is_some(), "{key:?}");
    }
    let link = write(&State::new(settings, vec![Answer::Deny(String::new()); 8]));
    assert!(link.len() < MAX_LENGTH - 200, "{} characters", link.len());
}

fn any_settings(dice: &mut Stream) -> Settings {
    let mut settings = Settings { seed: dice.up_to(u64::MAX), protection: dice.happens(900), ..Settings::default() };
    for fault in Fault::ALL {
        let occurrence = dice.happens(400).then(|| any_occurrence(dice));
        settings.faults = settings.faults.with(fault, occurrence);
    }
    for _ in 0..pick(dice, 120) {
        let (key, text) = (Key::ALL[pick(dice, Key::ALL.len())], any_text(dice));
        let _ = settings.policy.set(key, &text);
    }
    settings
}

fn any_occurrence(dice: &mut Stream) -> Occurrence {
    let rate = dice.happens(500).then(|| u32::try_from(dice.up_to(1_000)).unwrap());
    let windows = (0..pick(dice, 4)).map(|_| {
        let from = dice.up_to(40_000_000);
        let to = if dice.happens(200) { Instant::MAX } else { Instant::from_micros(from + 1 + dice.up_to(20_000_000)) };
        Window::new(Instant::from_micros(from), to).unwrap()
    });
    Occurrence::default().with_rate(rate).unwrap().with_windows(windows.collect()).unwrap()
}

/// Something that may be typed into any field.
fn any_text(dice: &mut Stream) -> String {
    let texts =
        ["none", "on", "off", "full", "equal", "decorrelated", "once", "idempotent", "multiply", "0", "-1", "", "é"];
    match pick(dice, 4) {
        0 => texts[pick(dice, texts.len())].into(),
        1 => dice.up_to(12).to_string(),
        2 => format!("{}.{:03}", dice.up_to(40), dice.up_to(999)),
        _ => dice.up_to(100_000).to_string(),
    }
}

fn pick(dice: &mut Stream, below: usize) -> usize {
    usize::try_from(dice.up_to(below as u64 - 1)).unwrap()
}

fn any_action(dice: &mut Stream) -> Action {
    let fault = Fault::ALL[pick(dice, Fault::ALL.len())];
    let key = Key::ALL[pick(dice, Key::ALL.len())];
    match pick(dice, 22) {
        0 => Action::ToggleFault(fault),
        16 => Action::TypeSetting(key, any_text(dice)),
        17 => Action::TypeFaultRate(fault, any_text(dice)),
        18 => Action::TypeFaultWindows(fault, ["", "1-3", "2-", "3-1", "x"][pick(dice, 5)].into()),
        19 => Action::SetFaultRate(fault, Some(u32::try_from(dice.up_to(1_100)).unwrap())),
        20 => Action::ResetSetting(key),
        21 => Action::UsePreset(Preset::ALL[pick(dice, 6)]),
        1 => Action::SetProtection(pick(dice, 4) > 0),
        2 => Action::SetSeed(dice.up_to(u64::MAX)),
        3 => Action::TypeSeed(["", "x", "12", "99999999999999999999999"][pick(dice, 4)].into()),
        4 | 5 => Action::Seek(pick(dice, 80)),
        6 => Action::Seek(usize::MAX),
        7 => Action::StepBack,
        8 => Action::Play,
        9 | 10 => Action::Tick(Duration::from_millis(dice.up_to(400))),
        11 => Action::Approve,
        12 => match pick(dice, 3) {
            0 => Action::Deny(["", "not today, ~&#%!_"][pick(dice, 2)].into()),
            1 => Action::ApproveEdited(r#"{"to": "bö", "n": 1.50}"#.into()),
            _ => Action::LetExpire,
        },
        13 => Action::Select(Some(pick(dice, 100))),
        14 => [Action::Pause, Action::Reset, Action::DismissNotice, Action::Select(None)][pick(dice, 4)].clone(),
        15 => Action::SetSpeed(Speed::ALL[pick(dice, 4)]),
        _ => Action::Step,
    }
}
