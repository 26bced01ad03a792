//! How the run ended, once it has.

use steadfast::event::Event;
use steadfast_sim::{Ending as Stop, Line, What, WorldEvent};

/// How good an end is, honestly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndingKind {
    /// With the model's answer.
    Answered,
    /// With an answer, but less than was asked for.
    Degraded,
    /// With an error.
    Crashed,
    /// Not at all: it waits for ever.
    Hung,
    /// Not at all: it goes round for ever.
    Runaway,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// How good that is.
    pub kind: EndingKind,
    /// The answer; empty where there is none.
    pub answer: String,
    /// Turns of the loop that were begun.
    pub steps: u32,
    /// Tools that were asked for and did not run.
    pub blocked: Vec<String>,
    /// Whether the answer is less than what was asked for.
    pub degraded: bool,
    /// Why it ended, as traces spell it.
    pub stop: &'static str,
    /// The same for people.
    pub why: String,
}

/// Reads it out of what has happened.
#[must_use]
pub fn ending(shown: &[Line]) -> Option<Ending> {
    // Begun steps, counted from the journal: the naive agent never sums up.
    let steps = || shown.iter().rev().find_map(|line| step(&line.what)).unwrap_or_default();
    let without_answer = |kind, stop: Stop, steps, why: &str| Ending {
        kind,
        answer: String::new(),
        steps,
        blocked: Vec::new(),
        degraded: true,
        stop: stop.as_str(),
        why: why.into(),
    };
    shown.iter().rev().find_map(|line| match &line.what {
        What::Decision(entry) => match &entry.event {
            Event::RunFinished { stop, degraded, steps, blocked, answer } => Some(Ending {
                kind: if *degraded { EndingKind::Degraded } else { EndingKind::Answered },
                answer: answer.clone(),
                steps: *steps,
                blocked: blocked.clone(),
                degraded: *degraded,
                stop: stop.as_str(),
                why: sentence(&stop.to_string()),
            }),
            _ => None,
        },
        What::World(WorldEvent::Crashed { error }) => {
            let why = format!("It crashed: {error}.");
            Some(without_answer(EndingKind::Crashed, Stop::Crashed, steps(), &why))
        }
        What::World(WorldEvent::HungForever {}) => {
            let why = "It waits for an answer that will never come.";
            Some(without_answer(EndingKind::Hung, Stop::Hung, steps(), why))
        }
        What::World(WorldEvent::StillLooping { steps }) => {
            let why = "It would go round for ever; the watcher left.";
            Some(without_answer(EndingKind::Runaway, Stop::Runaway, *steps, why))
        }
        What::World(_) => None,
    })
}

fn step(what: &What) -> Option<u32> {
    match what {
        What::Decision(entry) => entry.step,
        What::World(_) => None,
    }
}

/// With a capital and a full stop. The reasons are English: all of Unicode's capitals would only make the page heavier.
fn sentence(words: &str) -> String {
    let mut sentence = format!("{words}.");
    if let Some(first) = sentence.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    sentence
}

#[cfg(test)]
mod tests {
    use super::*;
    use steadfast_sim::{Fault, Faults, Human, Setup, simulate};

    #[test]
    fn end_read_from_the_journal_is_the_simulations_own() {
        // One in three combinations of faults, with and without protection, whatever the human says.
        for bits in (0..512_u32).step_by(3) {
            let on = |index: usize| bits & (1 << index) != 0;
            let faults =
                Fault::ALL.into_iter().enumerate().fold(Faults::NONE, |set, (i, fault)| set.with(fault, on(i)));
            for protection in [true, false] {
                for human in [Human::Nobody, Human::Approves, Human::Denies, Human::Decided(Vec::new())] {
                    let outcome = simulate(&Setup { faults: faults.into(), protection, human, ..Setup::default() });
                    let read = ending(outcome.journal.lines())
                        .map(|end| (end.answer, end.steps, end.blocked, end.degraded, end.stop));
                    let own =
                        outcome.result.map(|end| (end.answer, end.steps, end.blocked, end.degraded, end.stop.as_str()));
                    assert_eq!(read, own, "faults {bits:09b}, protection {protection}");
                }
            }
        }
    }

    #[test]
    fn there_is_no_end_before_the_end() {
        let outcome = simulate(&Setup::default());
        let lines = outcome.journal.lines();
        assert_eq!(ending(&lines[..lines.len() - 1]), None);
        let end = ending(lines).unwrap();
        assert_eq!((end.kind, end.why.as_str()), (EndingKind::Answered, "The model answered."));
    }
}
