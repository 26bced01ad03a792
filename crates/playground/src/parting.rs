//! Two runs side by side: where they part, which position of one is which of the other, and in what they differ at their ends.

use crate::ending::ending;
use crate::recording::Recording;
use steadfast::event::Event;
use steadfast::replay::same_decision;
use steadfast::time::Instant;
use steadfast_sim::{Line, What, WorldEvent};

/// Whether a line tells of what a person changed, which is no part of either run.
#[must_use]
pub fn tells_of_a_change(line: &Line) -> bool {
    match &line.what {
        What::Decision(entry) => matches!(entry.event, Event::PolicyChanged { .. }),
        What::World(event) => matches!(event, WorldEvent::FaultsChanged { .. }),
    }
}

/// The first lines that differ, by their indices here and there; of a run that ends earlier, the index after its last line.
/// Nothing for two runs that go alike as far as both are known. What merely repeats a setting is no difference.
#[must_use]
pub fn parting(here: &[Line], there: &[Line]) -> Option<(usize, usize)> {
    let (mut one, mut other) = (own(here), own(there));
    loop {
        match (one.next(), other.next()) {
            (None, None) => return None,
            (Some((_, left)), Some((_, right))) if same(left, right) => {}
            (left, right) => {
                let index = |line: Option<(usize, &Line)>, end| line.map_or(end, |(index, _)| index);
                return Some((index(left, here.len()), index(right, there.len())));
            }
        }
    }
}

/// How many lines of `there` are shown when so many are shown here: as many as both have in common, and from where they part
/// whatever has happened by that instant.
#[must_use]
pub fn twin(here: &[Line], there: &[Line], parted: Option<(usize, usize)>, position: usize, now: Instant) -> usize {
    let (parted, end) = parted.unwrap_or((here.len(), there.len()));
    if position <= parted {
        let shown = here.iter().take(position).filter(|line| !tells_of_a_change(line)).count();
        if shown == 0 {
            return 0;
        }
        return own(there).nth(shown - 1).map_or(there.len(), |(index, _)| index + 1);
    }
    end + there.get(end..).map_or(0, |later| later.partition_point(|line| line.at <= now))
}

fn own(lines: &[Line]) -> impl Iterator<Item = (usize, &Line)> {
    lines.iter().enumerate().filter(|(_, line)| !tells_of_a_change(line))
}

fn same(one: &Line, other: &Line) -> bool {
    match (&one.what, &other.what) {
        (What::Decision(entry), What::Decision(same)) => same_decision(entry, same),
        (What::World(event), What::World(same)) => one.at == other.at && event == same,
        _ => false,
    }
}

/// One thing to compare two runs by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What is compared.
    pub what: &'static str,
    /// How it is here.
    pub here: String,
    /// How it is there.
    pub there: String,
}

impl Difference {
    /// Whether it is one.
    #[must_use]
    pub fn differs(&self) -> bool {
        self.here != self.there
    }
}

/// Two runs compared at their ends.
#[must_use]
pub fn differences(here: &Recording, there: &Recording) -> Vec<Difference> {
    let facts = |run: &Recording| {
        let (lines, outcome) = (run.lines(), run.outcome());
        let end = ending(lines);
        let waits = || String::from("waits for a human");
        let (answer, stop) = match &end {
            None => (waits(), waits()),
            Some(end) if end.answer.is_empty() => ("none".into(), end.stop.into()),
            Some(end) if end.degraded => (format!("{} (degraded)", end.answer), end.stop.into()),
            Some(end) => (end.answer.clone(), end.stop.into()),
        };
        let time = match (&end, outcome.counts.ended_at) {
            (_, Some(at)) => at.to_string(),
            (Some(_), None) => "never ends".into(),
            (None, None) => waits(),
        };
        let steps = lines.iter().rev().find_map(|line| match &line.what {
            What::Decision(entry) => entry.step,
            What::World(_) => None,
        });
        let counts = outcome.counts;
        let effects = match (counts.effects, counts.harmful, counts.duplicates) {
            (0, ..) => "none".into(),
            (effects, 0, 0) => format!("{effects}"),
            (effects, harmful, 0) => format!("{effects}, {harmful} of them without a yes"),
            (effects, 0, duplicates) => format!("{effects}, {duplicates} of them twice"),
            (effects, harmful, duplicates) => {
                format!("{effects}, {harmful} of them without a yes, {duplicates} twice")
            }
        };
        let (dollars, millionths) = (outcome.spent.money / 1_000_000, outcome.spent.money % 1_000_000);
        [
            ("Answer", answer),
            ("Time", time),
            ("Attempts", counts.attempts.to_string()),
            ("Steps", steps.unwrap_or_default().to_string()),
            ("Tokens", outcome.spent.tokens.to_string()),
            ("Money", format!("${dollars}.{millionths:06}")),
            ("Effects", effects),
            ("Stop reason", stop),
        ]
    };
    let pairs = facts(here).into_iter().zip(facts(there));
    let mut all: Vec<_> = pairs.map(|((what, here), (_, there))| Difference { what, here, there }).collect();
    let (here, there) = (here.timeline(), there.timeline());
    // Of what was recorded elsewhere nobody knows them.
    if !(here.faults().is_empty() && there.faults().is_empty()) {
        all.push(Difference { what: "Faults", here: here.faults_in_words(), there: there.faults_in_words() });
    }
    all
}
