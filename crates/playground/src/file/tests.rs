use super::*;
use crate::{Action, update};

const LINKS: [&str; 4] = [
    "v=1&scenario=flaky&at=9",
    "v=1&scenario=risky&decisions=d&at=99",
    "v=1&scenario=naive&at=3",
    "v=1&scenario=looping&seed=18446744073709551615&at=0",
];

fn state(link: &str) -> State {
    let mut state = State::default();
    update(&mut state, Action::OpenLink(link.into()));
    state
}

fn run_of(text: &str) -> Kept {
    match read(text.as_bytes()) {
        Ok(Opened::Run(kept)) => *kept,
        other => panic!("{other:?}"),
    }
}

fn problem(bytes: &[u8]) -> String {
    read(bytes).map(|_| ()).unwrap_err()
}

#[test]
fn a_run_that_is_kept_is_opened_as_it_was() {
    for link in LINKS {
        let state = state(link);
        let file = write(&state);
        let kept = run_of(&file);
        assert_eq!(kept.linked, link::read(&link::write(&state)).0);
        assert_eq!(kept.differs_from(state.lines()), None);
        let mut opened = State::default();
        update(&mut opened, Action::OpenFile(file.clone().into_bytes()));
        assert_eq!(link::write(&opened), link::write(&state));
        assert_eq!((opened.lines(), opened.notice()), (state.lines(), None));
        assert_eq!(write(&opened), file);
    }
}

#[test]
fn a_run_that_is_no_longer_the_same_opens_and_says_where_it_differs() {
    let file = write(&state("v=1&scenario=flaky&at=9"));
    // The same settings gave another trace, in another version.
    let Ok(Opened::Run(mut kept)) = read(file.as_bytes()) else { panic!() };
    kept.trace[4] = kept.trace[4].replace("376.81 ms", "377 ms");
    let changed = file.replace("376.81 ms: ", "377 ms: ").replace("after 376.81 ms", "after 377 ms");
    let honest = changed.replace(&hash(&run_of(&file).trace).to_string(), &hash(&trace_of(&changed)).to_string());
    let mut state = State::default();
    update(&mut state, Action::OpenFile(honest.into_bytes()));
    let notice = state.notice().unwrap();
    assert!(notice.starts_with("This run is no longer what it was when the file was made. Event 5 was: "), "{notice}");
    assert!(notice.contains("377 ms") && notice.contains("376.81 ms"), "{notice}");
    assert_eq!(state.position(), 9);
}

/// The lines of a file whose hash may be wrong.
fn trace_of(file: &str) -> Vec<String> {
    let Some(Json::List(lines)) = json::parse(file).unwrap().get("trace").cloned() else { panic!() };
    let text = |line| if let Json::Text(text) = line { text } else { panic!() };
    lines.into_iter().map(text).collect()
}

#[test]
fn what_is_no_run_is_refused_with_a_sentence_and_changes_nothing() {
    let mut state = state("v=1&scenario=risky&at=12");
    let before = (link::write(&state), state.version());
    let whole = write(&state);
    let neither = "it is neither a run of this page nor a recording.";
    let cases: [(Vec<u8>, &str); 13] = [
        (Vec::new(), "it ends in the middle."),
        (b"hello".to_vec(), neither),
        (vec![0xff, 0xd8, 0xff, 0xe0], neither),
        (b"{\"a\": 1}".to_vec(), neither),
        (b"[1, 2]".to_vec(), neither),
        (whole.as_bytes()[..whole.len() / 2].to_vec(), "it ends in the middle."),
        (
            whole.replace("\"version\": 1", "\"version\": 2").into_bytes(),
            "its version is 2, and this page reads version 1.",
        ),
        (whole.replace("\"version\": 1", "\"version\": \"1\"").into_bytes(), "it does not say its version."),
        (
            whole.replace("\"steadfast\": \"run\"", "\"steadfast\": \"<b>\"").into_bytes(),
            "it holds \"<b>\", and this page reads a run or a recording.",
        ),
        (
            whole.replace("faults=risky", "faults=other").into_bytes(),
            "what it says was set is nothing that this page knows.",
        ),
        (
            whole.replace("The run starts", "The run begins").into_bytes(),
            "its trace is not the one that its hash is of: it was changed or cut.",
        ),
        (
            b"steadfast and more".to_vec(),
            "this snapshot has layout 97 and this version reads layout 1: restore it with the version that wrote it.",
        ),
        (b"c3RlYWRmYXN0!".to_vec(), "its recording is not whole: it was cut or changed."),
    ];
    for (bytes, expected) in cases {
        let message = format!("This file could not be opened: {expected} Nothing has changed.");
        assert_eq!(problem(&bytes), message, "{}", String::from_utf8_lossy(&bytes));
        update(&mut state, Action::OpenFile(bytes));
        assert_eq!(state.notice(), Some(message.as_str()));
        assert_eq!((link::write(&state), state.version()), before);
    }
    assert!(problem(&vec![b' '; LARGEST + 1]).contains("more than 16 million bytes"));
}

#[test]
fn no_bytes_make_it_panic() {
    let whole = write(&state("v=1&scenario=risky&at=12")).into_bytes();
    // Each byte becomes another, at many places: what comes of it is a run or a sentence.
    for at in (0..whole.len()).step_by(7) {
        for byte in [0, b'"', b'\\', b'[', 0xff] {
            let mut bytes = whole.clone();
            bytes[at] = byte;
            if let Err(message) = read(&bytes) {
                assert!(message.ends_with("Nothing has changed.") && message.len() < 400, "{message}");
            }
        }
    }
}

#[test]
fn strange_texts_in_a_sentence_are_cut_short() {
    let file = format!("{{\"steadfast\": \"{}\"}}", "x".repeat(10_000));
    assert!(problem(file.as_bytes()).len() < 300);
}

#[test]
fn what_is_written_is_no_markup_and_comes_back_as_it_was() {
    for text in ["", "a\"b\\c", "\0\u{1f}\n\t", "<script>alert(1)</script>", "\u{2028}😀é"] {
        let mut quoted = String::new();
        quote(text, &mut quoted);
        assert_eq!(json::parse(&quoted), Ok(Json::Text(text.into())), "{quoted}");
        assert!(!quoted.contains(['<', '\n', '\u{2028}']), "{quoted}");
    }
}
