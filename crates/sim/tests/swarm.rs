//! The swarm, as it is called from a terminal and by the tests.

use std::process::{Command, Output};
use steadfast_sim::swarm::swarm;

fn steadfast(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_steadfast")).args(arguments).output().unwrap()
}

#[test]
fn fifty_thousand_hostile_worlds_break_nothing() {
    let report = swarm(100_000, 50_000);
    assert_eq!((report.runs, report.violated), (50_000, 0), "{:#?}", report.violations);
}

#[test]
fn json_has_runs_speed_violations_and_stops() {
    let output = steadfast(&["swarm", "--runs", "500", "--seed", "3", "--json"]);
    assert!(output.status.success());
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["runs"], &report["violated"]), (&500.into(), &0.into()));
    assert!(report["runs_per_second"].as_u64().unwrap() > 0);
    let stops: u64 = report["stops"].as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum();
    assert_eq!(stops, 500);
}

#[test]
fn a_seed_is_replayed_as_a_story() {
    let replay = |seed| steadfast(&["swarm", "--replay", "--seed", seed]);
    let story = String::from_utf8(replay("12").stdout).unwrap();
    assert!(story.contains("The run starts") && story.contains("The run ends"), "{story}");
    assert_eq!(replay("12").stdout, replay("12").stdout);
    assert_ne!(replay("12").stdout, replay("13").stdout);
    assert_eq!(steadfast(&["swarm", "--replay", "--runs", "5"]).status.code(), Some(2));
}
