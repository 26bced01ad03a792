//! The swarm: many runs in worlds drawn from seeds, each watched by checkers that hold what must stay true.
//!
//! A seed decides everything: the policy, the tools, what the model says, what fails and how, when replies come late, twice
//! or never, what the human answers, and when the clock misbehaves. A violation names its seed, and the seed replays it.

mod chaos;
mod check;
mod plan;

use crate::Journal;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;
use steadfast::backoff::Delay;
use steadfast::time::Duration;
use steadfast::trace::Trace;

/// What must stay true, and did not: the rule, and what was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// The seed of the run.
    pub seed: u64,
    /// The rule.
    pub rule: Rule,
    /// What was seen.
    pub seen: String,
}

/// What must stay true of every run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Every run ends, within its limits, with an answer.
    EndsWithAnAnswer,
    /// A risky tool runs at most once for each yes, and with exactly the arguments of the yes; however often a run is
    /// resumed, what must not happen twice does not, unless a human said that it may run again.
    EffectsWithinApprovals,
    /// Nothing is attempted after the deadline, after a cancellation or after the end.
    NothingAfterTheEnd,
    /// Nothing is attempted beyond the attempts, steps and spend allowed, nor with more time than its timeout.
    WithinLimits,
    /// Nothing is attempted while the breaker is open, and no more than its probes while it is half open.
    NothingWhileOpen,
    /// No wait is shorter than a server asked for or than was drawn, no draw is above its cap, and draws still vary there.
    WaitsAsAsked,
    /// Nothing runs that the model did not ask for, and nothing more often than it did.
    NothingUnasked,
    /// Every tool call the model asked for gets exactly one result.
    OneResultEach,
    /// The same seed gives the same trace.
    SameTwice,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seed {}: {:?}: {}", self.seed, self.rule, self.seen)
    }
}

/// What a swarm found.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Report {
    /// Runs made.
    pub runs: u64,
    /// How often each stop reason came.
    pub stops: BTreeMap<&'static str, u64>,
    /// Attempts made in all.
    pub attempts: u64,
    /// Risky tools that took effect.
    pub effects: u64,
    /// What did not stay true; at most [`Report::VIOLATIONS_KEPT`] of them.
    pub violations: Vec<Violation>,
    /// How many violations there were.
    pub violated: u64,
}

impl Report {
    /// How many violations are kept with their details.
    pub const VIOLATIONS_KEPT: usize = 20;
}

/// One run of the swarm.
#[derive(Debug)]
pub(crate) struct Watched {
    pub(crate) stop: &'static str,
    pub(crate) attempts: u64,
    pub(crate) effects: u64,
    pub(crate) at_the_cap: AtTheCap,
    pub(crate) violations: Vec<Violation>,
    pub(crate) traces: Vec<Trace>,
}

/// The draws of waits with jitter whose ceiling was the cap. One alone may well be the cap, so they are looked at together.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct AtTheCap {
    draws: u64,
    alike: u64,
}

impl AtTheCap {
    /// So many draws tell whether they vary.
    const ENOUGH: u64 = 20;
    /// A range of less holds too few waits to tell.
    const RANGE: Duration = Duration::from_millis(1);

    pub(crate) fn drawn(&mut self, delay: &Delay) {
        if delay.ceiling >= delay.floor + Self::RANGE {
            self.draws += 1;
            self.alike += u64::from(delay.delay == delay.ceiling);
        }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.draws += other.draws;
        self.alike += other.alike;
    }

    fn vary(self) -> bool {
        self.draws < Self::ENOUGH || self.alike * 2 < self.draws
    }
}

/// Makes `runs` runs, with the seeds from `first` on.
#[must_use]
pub fn swarm(first: u64, runs: u64) -> Report {
    let (mut report, mut at_the_cap) = (Report::default(), AtTheCap::default());
    for seed in (0..runs).map(|index| first.wrapping_add(index)) {
        let mut watched = chaos::watch(seed);
        // Twice now and then: the same bytes, or chance has crept in.
        if seed % 16 == 0 && chaos::watch(seed).traces != watched.traces {
            let seen = "two runs of this seed differ".into();
            watched.violations.push(Violation { seed, rule: Rule::SameTwice, seen });
        }
        at_the_cap.add(watched.at_the_cap);
        if !at_the_cap.vary() {
            let seen = format!("of the waits drawn up to here many are alike: {at_the_cap:?}");
            watched.violations.push(Violation { seed, rule: Rule::WaitsAsAsked, seen });
            at_the_cap = AtTheCap::default();
        }
        report.runs += 1;
        report.attempts += watched.attempts;
        report.effects += watched.effects;
        *report.stops.entry(watched.stop).or_default() += 1;
        report.violated += watched.violations.len() as u64;
        let room = Report::VIOLATIONS_KEPT.saturating_sub(report.violations.len());
        report.violations.extend(watched.violations.into_iter().take(room));
    }
    report
}

/// The whole story of one run of the swarm, to look at what a violation names.
#[must_use]
pub fn replay(seed: u64) -> (Journal, Vec<Violation>) {
    let watched = chaos::watch(seed);
    let mut journal = Journal::default();
    for entry in watched.traces.iter().flat_map(Trace::entries) {
        journal.decision(entry.clone());
    }
    (journal, watched.violations)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_of_hostile_worlds_break_nothing() {
        let report = swarm(0, 5_000);
        assert!(report.violations.is_empty(), "{:#?}", report.violations);
        assert_eq!(report.runs, 5_000);
        for stop in [
            "answered",
            "step_limit",
            "model_unavailable",
            "deadline",
            "cancelled",
            "suspended",
            "budget",
            "no_progress",
        ] {
            assert!(report.stops[stop] > 50, "{stop} is hardly ever reached: {:?}", report.stops);
        }
        assert!(report.effects > 500, "{} effects", report.effects);
    }

    #[test]
    fn a_swarm_finds_the_same_twice() {
        assert_eq!(swarm(1_000, 200), swarm(1_000, 200));
    }
}
