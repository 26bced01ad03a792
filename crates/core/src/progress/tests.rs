//! Timelines of the detector: one line a turn, with what the model wants, what comes of it, and the judgement before.

use super::*;
use crate::snapshot::{Kind, Reader, SnapshotError, Writer};
use crate::time::{Duration, Instant};
use alloc::string::ToString;
use alloc::vec::Vec;

/// One turn: `tool args -> result`, `tool args !> error`, and `+` between several calls.
fn calls(turn: &str) -> Vec<Seen<'_>> {
    let one = |call| {
        let split = |by| str::split_once(call, by);
        let (wanted, result, failed) = match (split(" -> "), split(" !> ")) {
            (Some((wanted, result)), _) => (wanted, result, false),
            (None, Some((wanted, error))) => (wanted, error, true),
            (None, None) => panic!("{call:?} has no result"),
        };
        let (tool, args) = wanted.split_once(' ').unwrap_or((wanted, ""));
        Seen { tool, args, result, failed }
    };
    turn.split(" + ").map(one).collect()
}

fn wanted<'a>(turn: &[Seen<'a>]) -> Vec<Wanted<'a>> {
    turn.iter().map(|seen| Wanted { tool: seen.tool, args: seen.args }).collect()
}

/// Judges a turn, and observes it if it runs.
fn take(detector: &mut ProgressDetector, turn: &str) -> Judgement {
    let seen = calls(turn);
    let judgement = detector.judge(&wanted(&seen));
    if judgement.runs() {
        detector.observe(&seen);
    }
    judgement
}

fn name(judgement: &Judgement) -> &'static str {
    judgement.rung.map_or("-", Rung::as_str)
}

fn new() -> ProgressDetector {
    ProgressDetector::new(ProgressPolicy::default())
}

#[track_caller]
fn timeline(detector: &mut ProgressDetector, turns: &[(&str, &str)]) {
    for (number, (turn, expected)) in turns.iter().enumerate() {
        assert_eq!(name(&take(detector, turn)), *expected, "turn {}: {turn:.100}", number + 1);
    }
}

#[test]
fn the_same_call_for_ever_runs_twice_and_is_stopped_at_its_third_repeat() {
    let mut detector = new();
    let rules: Vec<_> = (0..6).map(|_| take(&mut detector, "weather oslo -> rain")).collect();
    let identical = |rung, repeats| Judgement { rung: Some(rung), rule: Some(Repetition::Identical { repeats }) };
    assert_eq!(
        rules,
        [
            Judgement::default(),
            identical(Rung::Hint, 1),
            identical(Rung::Synthetic, 2),
            identical(Rung::LastTurn, 3),
            identical(Rung::Stop, 3),
            identical(Rung::Stop, 3),
        ]
    );
}

#[test]
fn after_the_last_turn_any_tool_is_a_stop() {
    let mut detector = new();
    timeline(
        &mut detector,
        &[
            ("weather oslo -> rain", "-"),
            ("weather oslo -> rain", "hint"),
            ("weather oslo -> rain", "synthetic"),
            ("weather oslo -> rain", "last_turn"),
            ("something else -> news", "stop"),
            ("and another -> more news", "stop"),
        ],
    );
}

#[test]
fn a_different_result_starts_the_count_of_identical_calls_anew() {
    timeline(
        &mut new(),
        &[
            ("queue -> 9 left", "-"),
            ("queue -> 8 left", "hint"),
            ("queue -> 7 left", "hint"),
            ("queue -> 7 left", "hint"),
            ("queue -> 7 left", "synthetic"),
            ("queue -> 7 left", "last_turn"),
        ],
    );
}

#[test]
fn news_from_something_else_climbs_down_to_none() {
    timeline(
        &mut new(),
        &[
            ("weather oslo -> rain", "-"),
            ("weather oslo -> rain", "hint"),
            ("weather oslo -> rain", "synthetic"),
            ("weather rome -> sun", "-"),
            ("weather bonn -> fog", "-"),
            ("weather bonn -> fog", "hint"),
            ("weather bonn -> fog", "synthetic"),
        ],
    );
}

#[test]
fn a_cycle_of_two_runs_twice_and_is_stopped_at_its_third_repeat() {
    let mut detector = new();
    timeline(
        &mut detector,
        &[("a -> 1", "-"), ("b -> 2", "-"), ("a -> 1", "-"), ("b -> 2", "hint"), ("a -> 1", "synthetic")],
    );
    let third = take(&mut detector, "b -> 2");
    assert_eq!((name(&third), third.rule), ("synthetic", Some(Repetition::Cycle { length: 2, repeats: 2 })));
    let fourth = take(&mut detector, "a -> 1");
    assert_eq!((name(&fourth), fourth.rule), ("last_turn", Some(Repetition::Cycle { length: 2, repeats: 3 })));
    timeline(&mut detector, &[("b -> 2", "stop")]);
}

#[test]
fn cycles_of_three_and_four_run_twice_and_are_stopped_at_their_third_repeat() {
    for length in [3, 4] {
        let mut detector = new();
        let cycle = ["a -> 1", "b -> 2", "c -> 3", "d -> 4"];
        let rungs: Vec<_> =
            cycle[..length].iter().cycle().take(3 * length + 2).map(|turn| name(&take(&mut detector, turn))).collect();
        let mut expected = alloc::vec!["-"; 2 * length - 1];
        expected.push("hint");
        expected.extend(alloc::vec!["synthetic"; length]);
        expected.extend(["last_turn", "stop"]);
        assert_eq!(rungs, expected, "a cycle of {length}");
    }
}

#[test]
fn a_cycle_with_a_different_result_in_it_is_none() {
    timeline(
        &mut new(),
        &[
            ("read -> 1", "-"),
            ("test -> 3 red", "-"),
            ("read -> 1", "-"),
            ("test -> 2 red", "hint"),
            ("read -> 1", "-"),
            ("test -> 1 red", "hint"),
            ("read -> 1", "-"),
        ],
    );
}

#[test]
fn two_results_by_turns_of_the_same_call_are_a_cycle() {
    timeline(
        &mut new(),
        &[
            ("blink -> on", "-"),
            ("blink -> off", "hint"),
            ("blink -> on", "hint"),
            ("blink -> off", "hint"),
            ("blink -> on", "synthetic"),
            ("blink -> off", "synthetic"),
            ("blink -> on", "last_turn"),
        ],
    );
}

#[test]
fn the_same_error_with_other_arguments_counts_from_the_third_in_a_row() {
    let mut detector = new();
    timeline(&mut detector, &[("sql a !> locked", "-"), ("sql b !> locked", "-"), ("sql c !> locked", "-")]);
    let same = |repeats| Some(Repetition::SameError { tool: "sql".into(), repeats });
    let judged: Vec<_> = ["d", "e", "f", "g"]
        .map(|args| take(&mut detector, &alloc::format!("sql {args} !> locked")))
        .into_iter()
        .map(|judgement| (name(&judgement), judgement.rule))
        .collect();
    assert_eq!(judged, [("hint", same(3)), ("synthetic", same(4)), ("last_turn", same(4)), ("stop", same(4))]);
}

#[test]
fn another_error_or_another_tool_is_not_the_same_error() {
    timeline(
        &mut new(),
        &[
            ("sql a !> locked", "-"),
            ("sql b !> locked", "-"),
            ("sql c !> no such table", "-"),
            ("sql d !> locked", "-"),
            ("sql e !> locked", "-"),
            ("sql f !> locked", "-"),
            ("docs locks -> wait for the writer", "-"),
            ("sql g !> locked", "-"),
            ("sql h !> locked", "-"),
            ("sql i !> locked", "-"),
            ("sql j !> locked", "hint"),
        ],
    );
}

#[test]
fn a_tool_that_fails_beside_one_that_brings_news_is_progress() {
    let mut detector = new();
    for page in 0..40 {
        let turn = alloc::format!("read {page} -> page {page} + sql {page} !> locked");
        assert_eq!(name(&take(&mut detector, &turn)), "-", "page {page}");
    }
}

#[test]
fn news_beside_an_error_starts_the_count_of_the_error_anew() {
    timeline(
        &mut new(),
        &[
            ("sql a !> locked", "-"),
            ("sql b !> locked", "-"),
            ("sql c !> locked + read 1 -> page 1", "-"),
            ("sql d !> locked", "-"),
            ("sql e !> locked", "-"),
            ("sql f !> locked", "hint"),
        ],
    );
}

#[test]
fn a_failing_tool_beside_another_one_is_let_through_and_climbs_one_rung_later() {
    timeline(
        &mut new(),
        &[
            ("read 1 -> page 1", "-"),
            ("sql a !> locked", "-"),
            ("sql b !> locked", "-"),
            ("sql c !> locked", "-"),
            ("sql d !> locked + read 1 -> page 1", "-"),
            ("sql e !> locked", "hint"),
            ("sql f !> locked", "synthetic"),
        ],
    );
}

#[test]
fn another_tool_ends_the_row_of_errors_whether_it_runs_or_not() {
    let mut detector = new();
    for args in ["a", "b", "c", "d"] {
        take(&mut detector, &alloc::format!("sql {args} !> locked"));
    }
    timeline(
        &mut detector,
        &[("sql e !> locked", "synthetic"), ("docs -> wait", "-"), ("sql f !> locked", "-"), ("sql g !> locked", "-")],
    );
    timeline(
        &mut ProgressDetector::new(ProgressPolicy::default().with_nothing_new(0).unwrap()),
        &[
            ("docs -> wait", "-"),
            ("sql a !> locked", "-"),
            ("sql b !> locked", "-"),
            ("sql c !> locked", "-"),
            ("docs -> wait", "-"),
            ("sql a !> locked", "-"),
            ("sql b !> locked", "-"),
            ("sql c !> locked", "hint"),
            ("docs -> wait", "synthetic"),
            ("sql z !> locked", "-"),
        ],
    );
}

#[test]
fn polling_neither_makes_nor_breaks_a_row_of_errors_or_of_nothing_new() {
    let policy = ProgressPolicy::default().with_polling(["status"]).unwrap();
    timeline(
        &mut ProgressDetector::new(policy.clone()),
        &[
            ("status !> locked", "-"),
            ("sql a !> locked", "-"),
            ("status !> locked", "-"),
            ("sql b !> locked", "-"),
            ("status !> locked", "-"),
            ("sql c !> locked", "-"),
            ("status !> locked", "-"),
            ("sql d !> locked + status !> locked", "hint"),
        ],
    );
    let mut detector = ProgressDetector::new(policy);
    for _ in 0..50 {
        take(&mut detector, "status -> building");
    }
    timeline(&mut detector, &[("read -> 1", "-"), ("status -> building", "-"), ("read 2 -> 1", "-")]);
    assert_eq!(detector.history().stale, 1);
}

#[test]
fn a_turn_that_did_not_run_counts_as_the_same_again_unless_it_brings_news_later() {
    // The second "a" of the period did not run; what it brings when it runs at last is known, or is not.
    let before = [("a -> 1", "-"), ("a -> 1", "hint"), ("a -> 1", "synthetic"), ("b -> 2", "-")];
    let mut known = new();
    timeline(&mut known, &before);
    timeline(&mut known, &[("a -> 1", "-"), ("b -> 2", "hint"), ("a -> 1", "synthetic")]);
    let mut news = new();
    timeline(&mut news, &before);
    timeline(&mut news, &[("a -> 9", "-"), ("b -> 2", "-"), ("a -> 9", "hint"), ("b -> 2", "synthetic")]);
}

#[test]
fn of_equal_rungs_the_more_exact_reason_is_given() {
    let mut detector = new();
    let [.., fourth] = ["a !> x"; 4].map(|turn| take(&mut detector, turn));
    assert_eq!(fourth.rule, Some(Repetition::Identical { repeats: 3 }));
    let policy = ProgressPolicy::default().with_errors(2).unwrap().with_repeats(2).unwrap();
    let mut detector = ProgressDetector::new(policy);
    let [.., third] = ["sql !> locked"; 3].map(|turn| take(&mut detector, turn));
    assert_eq!(third, Judgement { rung: Some(Rung::Hint), rule: Some(Repetition::Identical { repeats: 2 }) });
}

#[test]
fn the_ladder_is_climbed_from_its_foot_after_a_turn_without_repetition() {
    let mut detector = ProgressDetector::new(ProgressPolicy::default().with_polling(["status"]).unwrap());
    // A hint, then known results without repetition, then a cycle whose hint a turn of polling swallowed.
    timeline(
        &mut detector,
        &[
            ("status -> on", "-"),
            ("a -> 1", "-"),
            ("a -> 1", "hint"),
            ("status -> on", "-"),
            ("a -> 1", "-"),
            ("status -> on", "-"),
            ("a -> 1", "hint"),
            ("status -> on", "-"),
            ("a -> 1", "synthetic"),
        ],
    );
}

#[test]
fn turns_that_bring_only_what_is_known_count_though_their_calls_differ() {
    let mut detector = new();
    timeline(
        &mut detector,
        &[
            ("search a -> nothing found", "-"),
            ("search b -> nothing found", "-"),
            ("search c -> nothing found", "-"),
            ("search d -> nothing found", "-"),
            ("search e -> nothing found", "-"),
            ("search f -> nothing found", "-"),
            ("search g -> nothing found", "-"),
            ("search h -> nothing found", "hint"),
        ],
    );
    let held = take(&mut detector, "search i -> nothing found");
    assert_eq!((name(&held), held.rule), ("synthetic", Some(Repetition::NothingNew { turns: 7 })));
    timeline(&mut detector, &[("search j -> nothing found", "last_turn"), ("search k -> at last", "stop")]);
}

#[test]
fn what_one_tool_said_is_news_from_another() {
    let mut detector = new();
    for tool in 0..20 {
        assert_eq!(name(&take(&mut detector, &alloc::format!("tool{tool} -> ok"))), "-");
    }
}

#[test]
fn news_after_the_hint_for_nothing_new_climbs_down() {
    let mut detector = new();
    for query in 0..7 {
        take(&mut detector, &alloc::format!("search {query} -> nothing found"));
    }
    timeline(&mut detector, &[("search x -> found", "hint"), ("search y -> nothing found", "-")]);
}

#[test]
fn polling_never_counts_and_may_stand_between_repetitions() {
    let polling = ProgressPolicy::default().with_polling(["status"]).unwrap();
    let mut detector = ProgressDetector::new(polling.clone());
    for _ in 0..100 {
        assert_eq!(name(&take(&mut detector, "status -> building")), "-");
    }
    timeline(
        &mut ProgressDetector::new(polling),
        &[
            ("build -> queued", "-"),
            ("status -> building", "-"),
            ("build -> queued", "-"),
            ("status -> building", "-"),
            ("build -> queued", "hint"),
            ("status -> building", "-"),
            ("build -> queued", "synthetic"),
            ("status -> building", "-"),
            ("build -> queued", "last_turn"),
            ("status -> building", "stop"),
        ],
    );
}

#[test]
fn a_turn_of_polling_and_something_else_counts() {
    let mut detector = ProgressDetector::new(ProgressPolicy::default().with_polling(["status"]).unwrap());
    timeline(
        &mut detector,
        &[
            ("status -> building + weather -> rain", "-"),
            ("status -> building + weather -> rain", "hint"),
            ("status -> done + weather -> rain", "synthetic"),
        ],
    );
}

#[test]
fn calls_of_a_turn_have_no_order_and_no_number() {
    timeline(
        &mut new(),
        &[
            ("a 1 -> x + b 2 -> y", "-"),
            ("b 2 -> y + a 1 -> x", "hint"),
            ("a 1 -> x + b 2 -> y + a 1 -> x", "synthetic"),
            ("b 2 -> y + a 1 -> x", "last_turn"),
        ],
    );
    timeline(&mut new(), &[("a 1 -> x + b 2 -> y", "-"), ("a 1 -> x", "-"), ("a 2 -> x + b 1 -> y", "-")]);
}

#[test]
fn an_honest_task_of_fourteen_steps_meets_no_rung() {
    let mut detector = new();
    for step in 0..14 {
        assert_eq!(name(&take(&mut detector, &alloc::format!("step {step} -> result {step}"))), "-", "step {step}");
    }
    timeline(
        &mut new(),
        &[
            ("list src -> a.rs b.rs c.rs", "-"),
            ("read a.rs -> fn a", "-"),
            ("edit b.rs -> ok", "-"),
            ("read a.rs -> fn a", "-"),
            ("test -> 2 red", "-"),
            ("read b.rs -> fn b", "-"),
            ("edit c.rs -> ok", "-"),
            ("edit a.rs -> ok", "-"),
            ("test -> 1 red", "-"),
            ("read c.rs -> fn c", "-"),
            ("edit c.rs (again) -> ok", "-"),
            ("test -> all green", "-"),
            ("commit -> 1a2b", "-"),
            ("push -> done", "-"),
        ],
    );
}

#[test]
fn reading_the_same_again_at_once_is_a_hint_and_no_more() {
    timeline(&mut new(), &[("read a -> 1", "-"), ("read a -> 1", "hint"), ("read b -> 2", "-"), ("read c -> 3", "-")]);
}

#[test]
fn an_honest_pager_meets_no_rung() {
    let mut detector = new();
    for page in 0..200 {
        let turn = alloc::format!("list page {page} -> rows {page}0 to {page}9");
        assert_eq!(name(&take(&mut detector, &turn)), "-", "page {page}");
    }
}

#[test]
fn a_retry_with_other_arguments_after_one_error_or_two_meets_no_rung() {
    timeline(
        &mut new(),
        &[
            ("sql selct !> syntax error", "-"),
            ("sql select !> syntax error", "-"),
            ("sql select 1 -> 1", "-"),
            ("sql select 2 !> syntax error", "-"),
            ("sql select 3 -> 3", "-"),
        ],
    );
}

#[test]
fn news_is_told_so_that_a_hint_can_be_spared() {
    let mut detector = new();
    let turns = ["queue -> 9", "queue -> 8", "queue -> 8", "queue -> 9", "queue 2 -> 9"];
    let news = turns.map(|turn| detector.observe(&calls(turn)));
    assert_eq!(news, [true, true, false, false, false]);
}

#[test]
fn a_turn_that_does_not_run_or_has_no_calls_is_not_observed() {
    let mut detector = new();
    timeline(&mut detector, &[("a -> 1", "-"), ("a -> 1", "hint"), ("a -> 1", "synthetic")]);
    let before = detector.clone();
    assert!(!detector.observe(&calls("a -> a was not run again")));
    assert!(!detector.observe(&[]));
    assert_eq!(detector.judge(&[]), Judgement::default());
    assert_eq!(detector, before);
    timeline(&mut detector, &[("a -> 1", "last_turn")]);
}

#[test]
fn settings_move_the_first_rung() {
    let later = ProgressPolicy::default().with_repeats(3).unwrap();
    let rungs = |policy: &ProgressPolicy, turns: &[&str], count| -> Vec<_> {
        let mut detector = ProgressDetector::new(policy.clone());
        turns.iter().cycle().take(count).map(|turn| name(&take(&mut detector, turn))).collect()
    };
    assert_eq!(rungs(&later, &["a -> 1"], 7), ["-", "-", "-", "hint", "synthetic", "last_turn", "stop"]);
    let off = later.with_longest_cycle(1).unwrap().with_nothing_new(0).unwrap().with_errors(0).unwrap();
    assert_eq!(rungs(&off, &["a -> 1", "b !> 2"], 100), ["-"; 100]);
    let errors = off.clone().with_errors(2).unwrap();
    assert_eq!(rungs(&errors, &["a 1 !> e", "a 2 !> e"], 5), ["-", "-", "hint", "synthetic", "last_turn"]);
    let stale = off.with_nothing_new(2).unwrap();
    assert_eq!(rungs(&stale, &["a 1 -> e", "a 2 -> e"], 6), ["-", "-", "-", "hint", "synthetic", "last_turn"]);
}

#[test]
fn extremes_are_judged_like_anything_else() {
    let never = ProgressPolicy::default().with_repeats(u32::MAX).unwrap().with_errors(u32::MAX).unwrap();
    let mut detector = ProgressDetector::new(never.with_nothing_new(u32::MAX).unwrap());
    for _ in 0..1_000 {
        assert_eq!(name(&take(&mut detector, " !> ")), "-");
    }
    let mut counted = detector.history().clone();
    (counted.stale, counted.streaks) = (u32::MAX, [u32::MAX; 4]);
    let mut detector = ProgressDetector::restore(ProgressPolicy::default(), counted);
    timeline(&mut detector, &[(" -> ", "hint"), (" !> ", "synthetic")]);

    let long = "x".repeat(100_000 / crate::rng::STEP);
    let wide: Vec<_> =
        (0..1_000 / crate::rng::FEWER).map(|number| alloc::format!("tool{number} {number} -> {number}")).collect();
    for turn in [alloc::format!("read {long} -> {long}"), wide.join(" + ")] {
        let turn = turn.as_str();
        timeline(&mut new(), &[(turn, "-"), (turn, "hint"), (turn, "synthetic"), (turn, "last_turn"), (turn, "stop")]);
    }
}

#[test]
fn memory_stays_bounded_however_long_the_run_is() {
    let mut detector = new();
    let long = "€".repeat(1_000 / crate::rng::STEP);
    for step in 0..300 {
        take(&mut detector, &alloc::format!("step {step} -> {step} {long}"));
    }
    let history = detector.history();
    let counts = [history.turns.len(), history.known.len(), history.quotes.len(), history.failing.len()];
    assert_eq!(counts, [4, 64, 32, 0]);
    assert!(history.quotes.iter().all(|quote| quote.text.len() <= 400));
}

#[test]
fn a_synthetic_result_says_that_nothing_ran_and_quotes_what_there_is() {
    let mut detector = new();
    take(&mut detector, "sql a !> locked");
    take(&mut detector, "sql b -> 7 rows");
    let why = Repetition::SameError { tool: "sql".into(), repeats: 4 };
    let say = |tool, args| detector.synthetic(&Wanted { tool, args }, &why);
    let reason = "sql failed with the same error in 4 turns in a row";
    let expected = alloc::format!("sql was not run again: {reason}. Its result with these arguments was: locked");
    assert_eq!(say("sql", "a"), expected);
    assert_eq!(say("sql", "c"), alloc::format!("sql was not run: {reason}. Its last result was: 7 rows"));
    assert_eq!(say("docs", ""), alloc::format!("docs was not run: {reason}."));
}

#[test]
fn a_cycle_can_be_quoted_until_its_last_turn() {
    let mut detector = new();
    let cycle = ["a -> one", "b -> two", "c -> three", "d -> four"];
    for turn in cycle.iter().cycle().take(13) {
        take(&mut detector, turn);
    }
    let quotes = [("a", "one"), ("b", "two"), ("c", "three"), ("d", "four")];
    for (tool, result) in quotes {
        let text = detector.synthetic(&Wanted { tool, args: "" }, &Repetition::Cycle { length: 4, repeats: 3 });
        assert!(text.ends_with(&alloc::format!("Its result with these arguments was: {result}")), "{text}");
    }
}

#[test]
fn reasons_read_as_parts_of_sentences() {
    let said = [
        Repetition::Identical { repeats: 1 },
        Repetition::Identical { repeats: 2 },
        Repetition::Identical { repeats: 10 },
        Repetition::Identical { repeats: u32::MAX },
        Repetition::Cycle { length: 2, repeats: 1 },
        Repetition::Cycle { length: 3, repeats: 20 },
        Repetition::SameError { tool: "sql".into(), repeats: 3 },
        Repetition::NothingNew { turns: 6 },
    ]
    .map(|rule| rule.to_string());
    assert_eq!(
        said,
        [
            "the same call came with the same arguments for the 2nd time in a row",
            "the same call came with the same arguments for the 3rd time in a row and brought nothing new",
            "the same call came with the same arguments for the 11th time in a row and brought nothing new",
            "the same call came with the same arguments for the 4294967296th time in a row and brought nothing new",
            "the same 2 turns came in the same order for the 2nd time",
            "the same 3 turns came in the same order for the 21st time and brought nothing new",
            "sql failed with the same error in 3 turns in a row",
            "6 turns in a row brought no result that was not known before",
        ]
    );
    let rule = Repetition::NothingNew { turns: 6 };
    assert_eq!(
        rule.hint(),
        "You repeat yourself: 6 turns in a row brought no result that was not known before. Use the results you have: \
         try something else, or answer with what you know."
    );
    assert_eq!(
        rule.last_turn(),
        "You repeat yourself: 6 turns in a row brought no result that was not known before. No tool runs any more. \
         Answer now with what you know, and say what is missing."
    );
}

#[cfg(feature = "serde")]
#[test]
fn a_judgement_is_data() {
    let rule = Some(Repetition::SameError { tool: "sql".into(), repeats: 3 });
    let data = serde_json::to_string(&Judgement { rung: Some(Rung::LastTurn), rule }).unwrap();
    assert_eq!(data, r#"{"rung":"last_turn","rule":{"rule":"same_error","tool":"sql","repeats":3}}"#);
}

#[test]
fn settings_outside_their_meaning_are_refused_by_name() {
    let policy = ProgressPolicy::default;
    let refused = [
        policy().with_repeats(0),
        policy().with_longest_cycle(0),
        policy().with_longest_cycle(5),
        policy().with_errors(1),
        policy().with_nothing_new(1),
        policy().with_polling(["status", ""]),
    ]
    .map(|error| error.unwrap_err().name);
    assert_eq!(
        refused,
        [
            "progress.repeats",
            "progress.longest_cycle",
            "progress.longest_cycle",
            "progress.errors",
            "progress.nothing_new",
            "progress.polling"
        ]
    );
}

fn stored(history: &History) -> Vec<u8> {
    let mut writer = Writer::new(Kind::Run, Instant::ORIGIN);
    writer.put(history);
    writer.finish()
}

fn restored(bytes: &[u8]) -> Result<History, SnapshotError> {
    let mut reader = Reader::new(Kind::Run, bytes, Instant::ORIGIN, Duration::ZERO)?;
    let history = reader.take()?;
    reader.finish().map(|()| history)
}

#[test]
fn a_restored_detector_judges_as_if_it_had_never_been_away() {
    let turns = [
        "a -> 1",
        "sql 1 !> locked + b -> 2",
        "a -> 1",
        "sql 1 !> locked + b -> 2",
        "a -> 1",
        "sql 2 !> locked",
        "sql 3 !> locked",
        "sql 4 !> locked",
        "sql 5 !> locked",
        "sql 6 !> locked",
        "a -> 1",
    ];
    let (mut stayed, mut moved) = (new(), new());
    for turn in turns {
        let seen = calls(turn);
        let judgement = stayed.judge(&wanted(&seen));
        assert_eq!(moved.judge(&wanted(&seen)), judgement, "{turn}");
        moved = ProgressDetector::restore(ProgressPolicy::default(), restored(&stored(moved.history())).unwrap());
        if judgement.runs() {
            assert_eq!(stayed.observe(&seen), moved.observe(&seen));
        }
        moved = ProgressDetector::restore(ProgressPolicy::default(), restored(&stored(moved.history())).unwrap());
        assert_eq!(moved, stayed, "{turn}");
    }
    assert_eq!(stayed.judge(&wanted(&calls("a -> 1"))).rung, Some(Rung::Stop));
}

#[test]
fn a_history_that_cannot_be_is_refused() {
    let mut detector = new();
    take(&mut detector, "a -> 1");
    let history = detector.history();
    let mut turns = history.clone();
    turns.turns.extend([turns.turns[0]; 4]);
    let mut known = history.clone();
    known.known.extend([0; 64]);
    let mut quote = history.clone();
    quote.quotes[0].text = "x".repeat(401);
    let mut reason = history.clone();
    reason.rung = Some(Rung::LastTurn);
    let mut place = history.clone();
    place.ended = Some(Repetition::Identical { repeats: 3 });
    for impossible in [turns, known, quote, reason, place] {
        let error = restored(&stored(&impossible)).unwrap_err();
        assert!(matches!(error, SnapshotError::Impossible { .. }), "{error}");
    }
    assert_eq!(restored(&stored(history)).as_ref(), Ok(history));
}
