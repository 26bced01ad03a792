//! `steadfast swarm`.

use super::Printed;
use clap::Args;
use serde::Serialize;
use std::fmt::Write;
use std::time::Duration;
use steadfast_sim::swarm::{Report, replay, swarm};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// How many runs.
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = super::runs, allow_negative_numbers = true)]
    runs: u64,
    /// The seed of the first run; the others follow it.
    #[arg(long, value_name = "S", default_value_t = 0, value_parser = super::seed, allow_negative_numbers = true)]
    seed: u64,
    /// Print one JSON object instead of a table.
    #[arg(long)]
    json: bool,
    /// Tell the whole story of the run of --seed instead, every decision with its reason.
    #[arg(long, conflicts_with_all = ["runs", "json"])]
    replay: bool,
}

#[derive(Serialize)]
struct Measured<'a> {
    #[serde(flatten)]
    report: &'a Report,
    runs_per_second: u64,
}

pub(super) fn run(options: &Options) -> Printed {
    if options.replay {
        return told(options.seed);
    }
    // The only clock in this crate that is real: it measures the swarm, and decides nothing in it.
    #[expect(clippy::disallowed_types, reason = "measures real time, outside of every decision")]
    let started = std::time::Instant::now();
    let report = swarm(options.seed, options.runs);
    let text = if options.json { json(&report, started.elapsed()) } else { table(&report, started.elapsed()) };
    Printed { text, failed: report.violated > 0 }
}

fn per_second(report: &Report, took: Duration) -> u64 {
    let runs = u128::from(report.runs) * 1_000_000 / took.as_micros().max(1);
    u64::try_from(runs).unwrap_or(u64::MAX)
}

fn json(report: &Report, took: Duration) -> String {
    let measured = Measured { report, runs_per_second: per_second(report, took) };
    // Plain data in memory: there is nothing in it that JSON could not hold.
    serde_json::to_string_pretty(&measured).unwrap_or_default() + "\n"
}

fn table(report: &Report, took: Duration) -> String {
    let mut text = format!("{} runs, {} a second\n\n", report.runs, per_second(report, took));
    for (stop, count) in &report.stops {
        let _ = writeln!(text, "  {stop:<18} {count:>9}");
    }
    let _ = write!(text, "\n  {:<18} {:>9}\n  {:<18} {:>9}\n", "attempts", report.attempts, "effects", report.effects);
    let _ = writeln!(text, "  {:<18} {:>9}", "violations", report.violated);
    for violation in &report.violations {
        let _ = writeln!(text, "\n{violation}\n  replay it: steadfast swarm --replay --seed {}", violation.seed);
    }
    text
}

fn told(seed: u64) -> Printed {
    let (journal, violations) = replay(seed);
    let mut text = journal.to_string();
    for violation in &violations {
        let _ = writeln!(text, "{violation}");
    }
    Printed { text, failed: !violations.is_empty() }
}
