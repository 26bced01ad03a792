//! The terminal program, as a person or a script calls it.

use std::process::{Command, Output, Stdio};

fn steadfast(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_steadfast")).args(arguments).env_remove("CLICOLOR_FORCE").output().unwrap()
}

fn stdout(output: &Output) -> &str {
    str::from_utf8(&output.stdout).unwrap()
}

fn rows(arguments: &[&str]) -> Vec<serde_json::Value> {
    let output = steadfast(arguments);
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn json_is_one_array_with_a_row_for_each_scenario() {
    let rows = rows(&["demo", "--json"]);
    let told: Vec<_> = rows
        .iter()
        .map(|row| {
            (row["scenario"].as_str().unwrap(), row["stop"].as_str().unwrap(), row["degraded"].as_bool().unwrap())
        })
        .collect();
    assert_eq!(
        told,
        [
            ("flaky", "answered", false),
            ("hung", "answered", false),
            ("down", "model_unavailable", true),
            ("looping", "no_progress", true),
            ("risky", "answered", false),
            ("naive", "crashed", true),
        ]
    );
    for row in &rows {
        let fields: Vec<_> = row.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(fields.len(), 8, "{fields:?}");
        assert_eq!((row["seed"].as_u64(), row["trace_hash"].as_str().unwrap().len()), (Some(7), 64));
    }
    assert_eq!(rows[0]["answer"], "17 * 23 = 391.");
    assert_eq!(rows[4]["blocked"], serde_json::json!(["send_email"]));
}

#[test]
fn a_human_decides_on_the_command_line() {
    let risky = |decision: &str| rows(&["demo", "--json", "--scenario", "risky", decision]).remove(0);
    assert_eq!(risky("--approve")["answer"], "17 * 23 = 391. The mail to ana@example.com is sent.");
    assert_eq!(risky("--approve")["blocked"], serde_json::json!([]));
    assert_eq!(risky("--deny")["blocked"], serde_json::json!(["send_email"]));
    assert_eq!(steadfast(&["demo", "--approve", "--deny"]).status.code(), Some(2));
}

#[test]
fn the_same_seed_prints_the_same_and_another_does_not() {
    let hash = |seed: &str| rows(&["demo", "--json", "--scenario", "flaky", "--seed", seed])[0]["trace_hash"].clone();
    assert_eq!(hash("5"), hash("5"));
    assert_ne!(hash("5"), hash("6"));
    assert_eq!(hash("18446744073709551615").as_str().unwrap().len(), 64);
}

#[test]
fn the_story_tells_fault_decision_reason_and_result() {
    let output = steadfast(&["demo", "--scenario", "flaky"]);
    for told in [
        "Flaky model: The model fails twice at first",
        "Waits 382.085 ms before attempt 2 of 4: drawn between 0 ms and the ceiling of 500 ms.",
        "Answer: 17 * 23 = 391.",
        "Without protection: it crashes at the first failure",
    ] {
        assert!(stdout(&output).contains(told), "{told:?} is missing in\n{}", stdout(&output));
    }
}

#[test]
fn there_is_no_colour_where_there_is_no_terminal() {
    assert!(!stdout(&steadfast(&["demo"])).contains('\u{1b}'));
}

#[test]
fn unknown_names_list_the_known_ones_and_exit_2() {
    let output = steadfast(&["demo", "--scenario", "sunny"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(said.contains("the scenarios are: flaky, hung, down, looping, risky, naive"), "{said}");
    for nonsense in [&["demo", "--seed", "-1"][..], &["demo", "--seed", "x"], &["dance"], &["demo", "--loud"]] {
        assert_eq!(steadfast(nonsense).status.code(), Some(2), "{nonsense:?}");
    }
    for seed in ["-1", "x", "18446744073709551616"] {
        let said = String::from_utf8(steadfast(&["demo", "--seed", seed]).stderr).unwrap();
        assert!(said.contains("a seed is a whole number from 0 to 18446744073709551615"), "{said}");
    }
}

#[test]
fn whatever_is_wrong_with_a_number_of_runs_is_said_in_one_sentence() {
    for runs in ["0", "-1", "x", "1.5", "1e6", "1_000", "", "18446744073709551616"] {
        let output = steadfast(&["swarm", "--runs", runs]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{runs}: {said}");
        let sentence = "a number of runs is a whole number from 1 to 18446744073709551615";
        assert!(said.contains(&format!("invalid value '{runs}' for '--runs <N>': {sentence}")), "{said}");
    }
}

#[test]
fn what_cannot_be_had_together_is_refused_rather_than_forgotten() {
    for (arguments, said) in [
        (&["swarm", "--replay", "--json"][..], "the argument '--replay' cannot be used with '--json'"),
        (&["swarm", "--replay", "--runs", "3"], "the argument '--replay' cannot be used with '--runs <N>'"),
        (&["demo", "--approve", "--deny"], "the argument '--approve' cannot be used with '--deny'"),
        (&["demo", "--seed", "1", "--seed", "2"], "the argument '--seed <N>' cannot be used multiple times"),
        (&["swarm", "extra"], "unexpected argument 'extra' found"),
    ] {
        let output = steadfast(arguments);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{arguments:?}: {error}");
        assert!(error.contains(said), "{arguments:?}: {error}");
    }
}

#[test]
fn whoever_asks_for_nothing_is_told_what_there_is_and_exits_2() {
    let output = steadfast(&[]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(said.starts_with("The reliability layer for AI agents, in a simulated world\n"), "{said}");
    let help = steadfast(&["--help"]);
    assert_eq!((help.status.code(), stdout(&help)), (Some(0), &*said));
}

#[test]
fn a_reader_who_has_read_enough_is_no_error() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_steadfast"))
        .args(["demo"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{:?}", output.status);
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}
