//! One simulated run, read once: what is drawn of it at any position is looked up here.

use crate::breaker::{self, BreakerNow};
use crate::conversation::{self, Said};
use crate::ending::{Ending, ending};
use crate::pace::Pace;
use crate::phase::{self, Moment};
use crate::question::{Question, questions};
use crate::spending::spending;
use crate::stride::{Stops, Stride};
use crate::timeline::Timeline;
use steadfast::budget::Spend;
use steadfast::event::Event;
use steadfast::explain::{Explainer, Explanation};
use steadfast::policy::{CallPolicy, RunPolicy};
use steadfast::run::ToolSpec;
use steadfast::time::Instant;
use steadfast::trace::Entry;
use steadfast_sim::{FaultPlan, Line, Outcome, What};

/// A run that was simulated, and everything that can be read out of it.
#[derive(Debug, Clone, Default)]
pub struct Recording {
    outcome: Outcome,
    /// Of the agent that was protected.
    policy: Option<RunPolicy>,
    tools: Vec<ToolSpec>,
    /// From which lines on it was another policy, and other settings of the tools.
    later: Vec<(usize, RunPolicy, Vec<ToolSpec>)>,
    /// The agent's decisions by themselves, and which of them each line is.
    trace: Vec<Entry>,
    entries: Vec<Option<usize>>,
    pace: Pace,
    stops: Stops,
    timeline: Timeline,
    /// As it is after so many lines.
    moments: Vec<Moment>,
    breakers: Vec<BreakerNow>,
    spending: Vec<(usize, Spend)>,
    /// The lines with which attempts began.
    attempts: Vec<usize>,
    /// The line of the first question to a human, and the one with which the run ends.
    asks: Option<usize>,
    ends: Option<usize>,
}

impl Recording {
    /// Reads a run that was made under that policy with these tools; without a policy, by the naive agent.
    #[must_use]
    pub fn of(outcome: Outcome, policy: Option<RunPolicy>, tools: Vec<ToolSpec>) -> Self {
        let lines = outcome.journal.lines();
        let trace: Vec<Entry> = outcome.journal.decisions().cloned().collect();
        let mut decisions = 0..;
        let number = |line: &Line| matches!(line.what, What::Decision(_)).then(|| decisions.next()).flatten();
        let entries = lines.iter().map(number).collect();
        Self {
            pace: Pace::of(lines),
            stops: Stops::of(lines),
            timeline: Timeline::of(&outcome.journal, policy.as_ref()),
            moments: phase::moments(lines),
            breakers: breaker::breakers(lines, policy.as_ref()),
            spending: spending(&outcome.journal),
            attempts: attempts(lines),
            asks: lines.iter().position(asks),
            ends: lines.iter().position(ends),
            outcome,
            policy,
            tools,
            later: Vec::new(),
            trace,
            entries,
        }
    }

    /// With what was wrong with the world: as it was set, and from which lines on it was another plan.
    #[must_use]
    pub fn with_faults<'a>(mut self, plan: &'a FaultPlan, later: impl Iterator<Item = (usize, &'a FaultPlan)>) -> Self {
        let later = later.filter_map(|(line, plan)| Some((self.lines().get(line)?.at, plan)));
        let plans: Vec<_> = core::iter::once((Instant::ORIGIN, plan)).chain(later).collect();
        self.timeline = core::mem::take(&mut self.timeline).with_faults(&plans);
        self
    }

    /// From that line on it was made under another policy and other settings of its tools: lines are explained by those that
    /// decided them.
    #[must_use]
    pub fn then(mut self, line: usize, policy: RunPolicy, tools: Vec<ToolSpec>) -> Self {
        self.later.push((line, policy, tools));
        self
    }

    /// The run itself.
    #[must_use]
    pub fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// All lines of its journal.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        self.outcome.journal.lines()
    }

    /// What it was made under; `None` of the naive agent.
    #[must_use]
    pub fn policy(&self) -> Option<&RunPolicy> {
        self.policy.as_ref()
    }

    /// Its bars, marks and dots.
    #[must_use]
    pub fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// Where the agent is in its loop after so many lines.
    #[must_use]
    pub fn moment(&self, position: usize) -> Moment {
        self.moments.get(position).copied().unwrap_or_default()
    }

    /// The model's breaker after so many lines.
    #[must_use]
    pub fn breaker(&self, position: usize) -> BreakerNow {
        self.breakers.get(position).copied().unwrap_or_default()
    }

    /// What was spent within so many lines.
    #[must_use]
    pub fn spent(&self, position: usize) -> Spend {
        let bills = self.spending.partition_point(|(line, _)| *line < position);
        bills.checked_sub(1).and_then(|last| self.spending.get(last)).map_or(Spend::NONE, |(_, spent)| *spent)
    }

    /// What it was made with.
    #[must_use]
    pub fn tools(&self) -> &[ToolSpec] {
        &self.tools
    }

    /// When the last of so many lines happened.
    #[must_use]
    pub fn at(&self, position: usize) -> Instant {
        position.checked_sub(1).and_then(|last| self.lines().get(last)).map_or(Instant::ORIGIN, |line| line.at)
    }

    /// How many attempts began within so many lines.
    #[must_use]
    pub fn attempts(&self, position: usize) -> usize {
        self.attempts.partition_point(|line| *line < position)
    }

    /// How it ended within so many lines, once it has.
    #[must_use]
    pub fn ending(&self, position: usize) -> Option<Ending> {
        self.ends.filter(|ends| *ends < position).and_then(|_| ending(self.first(position)))
    }

    /// The questions within so many lines, in the order in which they were asked.
    #[must_use]
    pub fn questions(&self, position: usize) -> Vec<Question> {
        // Few runs ask, and who moves through a long one should not read all of it for that.
        self.asks.filter(|asks| *asks < position).map(|_| questions(self.first(position))).unwrap_or_default()
    }

    fn first(&self, position: usize) -> &[Line] {
        &self.lines()[..position.min(self.lines().len())]
    }

    /// The last so many messages of the conversation after so many lines.
    #[must_use]
    pub fn conversation(&self, position: usize, last: usize) -> Vec<Said> {
        conversation::read(self.first(position), last)
    }

    /// Why a line says what it says; nothing for a line that decides nothing.
    #[must_use]
    pub fn explain(&self, line: usize) -> Option<Explanation> {
        let entry = (*self.entries.get(line)?)?;
        let Some(policy) = &self.policy else {
            let unguarded = RunPolicy::default().with_model(CallPolicy::unguarded());
            let tools: Vec<_> =
                self.tools.iter().map(|tool| tool.clone().with_policy(CallPolicy::unguarded())).collect();
            return Explainer::new(&unguarded, &tools, &self.trace).explain(entry);
        };
        let later = self.later.iter().rev().find(|(from, ..)| *from <= line);
        let (policy, tools) = later.map_or((policy, &self.tools), |(_, policy, tools)| (policy, tools));
        Explainer::new(policy, tools, &self.trace).explain(entry)
    }

    pub(crate) fn pace(&self) -> &Pace {
        &self.pace
    }

    /// Where a step ahead from there leads.
    pub(crate) fn after(&self, position: usize, stride: Stride) -> usize {
        let end = self.lines().len();
        self.stops.after(position, stride).map_or(end, |stop| stop.min(end))
    }

    /// Where a step back from there leads.
    pub(crate) fn before(&self, position: usize, stride: Stride) -> usize {
        self.stops.before(position, stride)
    }
}

fn asks(line: &Line) -> bool {
    matches!(&line.what, What::Decision(entry) if matches!(entry.event, Event::ApprovalAsked { .. }))
}

fn ends(line: &Line) -> bool {
    ending(core::slice::from_ref(line)).is_some()
}

fn attempts(lines: &[Line]) -> Vec<usize> {
    let begins = |line: &Line| matches!(&line.what, What::Decision(entry) if matches!(entry.event, Event::AttemptStarted { .. }));
    lines.iter().enumerate().filter(|(_, line)| begins(line)).map(|(index, _)| index).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use steadfast_sim::{Human, Scenario, Setup, default_policy, simulate};

    #[test]
    fn ends_and_questions_are_those_of_the_lines_at_every_position() {
        for scenario in Scenario::ALL {
            for protection in [true, false] {
                let setup = Setup { protection, human: Human::Approves, ..scenario.setup(7) };
                let recording = Recording::of(simulate(&setup), protection.then(default_policy), Vec::new());
                for position in 0..=recording.lines().len() {
                    let shown = &recording.lines()[..position];
                    assert_eq!(recording.ending(position), ending(shown), "{scenario} at {position}");
                    assert_eq!(recording.questions(position), questions(shown), "{scenario} at {position}");
                }
            }
        }
    }
}
