//! Golden traces: what every scenario looks like, for a person to read in `tests/golden`, and the hashes that WebAssembly
//! must arrive at as well. `STEADFAST_BLESS=1 cargo test -p steadfast-tests` writes them anew.

use std::fmt::Write;
use std::fs;

use steadfast_sim::{Human, Scenario, Setup, simulate};
use steadfast_tests::project;

/// The seeds whose hashes are kept; the last one does not fit into a double.
const SEEDS: [u64; 3] = [1, 7, u64::MAX];

fn holds(file: &str, now: &str) {
    let path = project().join("tests/golden").join(file);
    if std::env::var_os("STEADFAST_BLESS").is_some() {
        fs::write(&path, now).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    let difference = kept.lines().zip(now.lines()).find(|(kept, now)| kept != now);
    assert!(
        kept == now,
        "{file} is not what it was. First difference:\n  kept {:?}\n  now  {:?}\nIf it is meant to be so: \
         STEADFAST_BLESS=1 cargo test -p steadfast-tests",
        difference.map(|(kept, _)| kept),
        difference.map(|(_, now)| now)
    );
}

/// The whole story of one run, as a person reads it.
fn story(setup: &Setup) -> String {
    let outcome = simulate(setup);
    let result = outcome.result.unwrap();
    format!(
        "{}\nanswer    {}\nsteps     {}\nblocked   {}\ndegraded  {}\nstop      {}\n",
        outcome.journal,
        result.answer,
        result.steps,
        result.blocked.join(", "),
        result.degraded,
        result.stop.as_str()
    )
    .lines()
    .map(|line| line.trim_end().to_owned() + "\n")
    .collect()
}

#[test]
fn every_scenario_goes_as_it_went() {
    for scenario in Scenario::ALL {
        holds(&format!("{scenario}.txt"), &story(&scenario.setup(7)));
    }
}

#[test]
fn a_human_s_yes_and_no_go_as_they_went() {
    for (file, human) in [
        ("risky-approved.txt", Human::Approves),
        ("risky-denied.txt", Human::Denies),
        ("risky-unanswered.txt", Human::Silent),
    ] {
        holds(file, &story(&Setup { human, ..Scenario::Risky.setup(7) }));
    }
}

#[test]
fn hashes_are_what_they_were() {
    let mut hashes = String::new();
    for scenario in Scenario::ALL {
        for seed in SEEDS {
            writeln!(hashes, "{scenario} {seed} {}", simulate(&scenario.setup(seed)).journal.hash()).unwrap();
        }
    }
    holds("hashes.txt", &hashes);
}
