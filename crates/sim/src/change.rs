//! Changes in the middle of a run: what the past was stays, and from some line on the policy or the faults are others.

use crate::fault::FaultPlan;
use crate::human::Human;
use crate::journal::{Journal, Line, What, WorldEvent};
use crate::simulate::Outcome;
use core::ops::Range;
use steadfast::policy::RunPolicy;
use steadfast::run::ToolSpec;
use steadfast::time::Instant;
use steadfast::trace::Entry;

/// From some line of the journal on, something is otherwise. All draws are keyed by seed, call and attempt, so the luck
/// stays the same.
///
/// The first [`at`](Self::at) lines are those of the run without the change, to the byte; the next one tells of it; all
/// others follow from it. A change of the faults meets whatever the world decides after that line. A change of the
/// policy meets whatever the engine decides after it, within the same answer to the same input too, unless under that policy
/// a line before it would have read otherwise: then it is in force from the next input on. What the new policy means for
/// what is under way, [`Run::set_policy`](steadfast::run::Run::set_policy) says.
///
/// A run that is over by then, and an agent without a policy, are not changed, and no line tells of it.
#[derive(Debug, Clone)]
pub struct Change {
    /// How many lines of the journal stay, those that tell of earlier changes included.
    pub at: usize,
    /// What is otherwise.
    pub what: Altered,
    /// The same in a few words, for the line that tells of it: "retry.attempts 2 instead of 4".
    pub reason: String,
}

/// What is otherwise from some line on.
#[derive(Debug, Clone)]
pub enum Altered {
    /// The agent's policy, its tools' settings, and who approves; as in a [`Setup`](crate::Setup), whether there is somebody to ask
    /// is decided by `human`. The tools are those that it has, in their order.
    Policy {
        /// The agent's settings.
        policy: Box<RunPolicy>,
        /// Its tools.
        tools: Vec<ToolSpec>,
        /// Who approves; decisions are counted from the first question of the run.
        human: Human,
    },
    /// What is wrong with the world. The task stays what the agent was told.
    Faults(FaultPlan),
}

/// A change with its place among the world's own lines and inputs.
#[derive(Debug, Clone)]
pub(crate) struct Planned {
    /// Which of the changes it is: two may have the same place.
    pub(crate) number: usize,
    /// How many of the lines come before it that are not about changes.
    pub(crate) at: usize,
    /// Before which input it is made, counted from 0; none for after so many lines.
    pub(crate) input: Option<usize>,
    pub(crate) what: Altered,
    pub(crate) reason: String,
}

/// A run as it was simulated, without the lines that tell of changes.
#[derive(Debug)]
pub(crate) struct Played {
    pub(crate) outcome: Outcome,
    /// The lines that each input led the agent to.
    pub(crate) spans: Vec<Range<usize>>,
    /// What tells of the changes that were made: which change, after how many lines, and the line.
    pub(crate) told: Vec<(usize, usize, What)>,
}

impl Played {
    /// The outcome, with all lines.
    pub(crate) fn finish(mut self) -> Outcome {
        let mut outcome = self.outcome;
        self.told.sort_by_key(|(number, ..)| *number);
        for (earlier, (_, at, what)) in self.told.into_iter().enumerate() {
            outcome.journal.insert(at + earlier, what);
        }
        outcome
    }
}

/// Simulates a run with its changes: each is first made within the answer to the input that led to its line, and if that would
/// have made another past, after it.
pub(crate) fn simulate(changes: &[Change], play: impl Fn(&[Planned]) -> Played) -> Played {
    let mut plans: Vec<Planned> = Vec::new();
    let mut played = play(&plans);
    for (number, change) in changes.iter().enumerate() {
        let earliest = plans.last().map_or(0, |plan| plan.at);
        let at = change.at.saturating_sub(played.told.len()).max(earliest).min(played.outcome.journal.lines().len());
        let planned = |input| Planned { number, at, input, what: change.what.clone(), reason: change.reason.clone() };
        // Not before an earlier change, which may have to wait for the end of that answer.
        let waits = plans.iter().filter(|plan| plan.input.is_none()).map(|plan| plan.at).max().unwrap_or(0);
        let within = played.spans.iter().position(|span| waits <= span.start && span.start < at && at < span.end);
        if let (Some(input), Altered::Policy { .. }) = (within, &change.what) {
            plans.push(planned(Some(input)));
            let other = play(&plans);
            if other.outcome.journal.starts_like(&played.outcome.journal, at) {
                played = other;
                continue;
            }
            plans.pop();
        }
        plans.push(planned(None));
        played = play(&plans);
    }
    played
}

impl Journal {
    fn starts_like(&self, other: &Self, lines: usize) -> bool {
        self.lines().get(..lines).is_some_and(|own| other.lines().get(..lines) == Some(own))
    }

    /// Puts what tells of a change between two lines, at the instant of the earlier one.
    fn insert(&mut self, index: usize, what: What) {
        let at =
            index.checked_sub(1).and_then(|before| self.lines().get(before)).map_or(Instant::ORIGIN, |line| line.at);
        let what = match what {
            What::Decision(entry) => What::Decision(Entry { at, ..entry }),
            world @ What::World(_) => world,
        };
        self.put(index, Line { at, what });
    }
}

pub(crate) fn faults_changed(reason: &str) -> What {
    What::World(WorldEvent::FaultsChanged { reason: reason.into() })
}
