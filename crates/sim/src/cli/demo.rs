//! `steadfast demo`.

use super::{Printed, story};
use clap::Args;
use serde::Serialize;
use steadfast_sim::{Human, Outcome, Scenario, Setup, SimulatedResult, simulate};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Only this scenario (flaky, hung, down, looping, risky, naive); may be given several times. Default: all of them.
    #[arg(long, value_name = "NAME")]
    scenario: Vec<Scenario>,
    /// All the luck there is. The same seed gives the same run, decision for decision.
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = super::seed, allow_negative_numbers = true)]
    seed: u64,
    /// A human says yes to risky tools. Without --approve or --deny there is nobody to ask, and they are blocked.
    #[arg(long, conflicts_with = "deny")]
    approve: bool,
    /// A human says no to risky tools.
    #[arg(long)]
    deny: bool,
    /// Print one JSON array of results instead of the story.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Row<'a> {
    scenario: &'static str,
    seed: u64,
    #[serde(flatten)]
    result: &'a SimulatedResult,
    trace_hash: String,
}

impl Options {
    fn setups(&self) -> impl Iterator<Item = (Scenario, Setup)> {
        let human = match (self.approve, self.deny) {
            (true, _) => Human::Approves,
            (_, true) => Human::Denies,
            _ => Human::Nobody,
        };
        let scenarios: &[Scenario] = if self.scenario.is_empty() { &Scenario::ALL } else { &self.scenario };
        scenarios.iter().map(move |scenario| {
            let mut setup = scenario.setup(self.seed);
            setup.human = human.clone();
            (*scenario, setup)
        })
    }
}

pub(super) fn run(options: &Options) -> Printed {
    Printed { text: if options.json { json(options) } else { story(options) }, failed: false }
}

fn json(options: &Options) -> String {
    let outcomes: Vec<(Scenario, Outcome)> =
        options.setups().map(|(scenario, setup)| (scenario, simulate(&setup))).collect();
    let rows: Vec<Row<'_>> = outcomes
        .iter()
        .filter_map(|(scenario, outcome)| {
            let (result, trace_hash) = (outcome.result.as_ref()?, outcome.journal.hash());
            Some(Row { scenario: scenario.as_str(), seed: options.seed, result, trace_hash })
        })
        .collect();
    // Plain data in memory: there is nothing in it that JSON could not hold.
    serde_json::to_string_pretty(&rows).unwrap_or_default() + "\n"
}

fn story(options: &Options) -> String {
    let mut text = story::opening(options.seed);
    for (scenario, setup) in options.setups() {
        text += &story::of(scenario, &setup);
    }
    text += &story::closing();
    text
}
