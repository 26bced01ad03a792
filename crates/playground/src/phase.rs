//! Where in its loop the agent is.

use steadfast::event::Event;
use steadfast_sim::{Line, What, WorldEvent};

/// A part of the agent loop, or before and after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Phase {
    /// The run has not begun.
    #[default]
    Idle,
    /// The model is asked.
    Think,
    /// Tools are called, or a human is asked whether they may be.
    Act,
    /// The results go to the model.
    Observe,
    /// The run is over.
    Done,
}

/// Where the agent is: the part of the loop, and which turn of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Moment {
    /// The part of the loop.
    pub phase: Phase,
    /// The turn of the loop, from 1; 0 before the first.
    pub step: u32,
    /// How many turns there may be, if there is a cap.
    pub of: Option<u32>,
}

/// Where the agent is after each number of lines, from none to all of them.
pub(crate) fn moments(lines: &[Line]) -> Vec<Moment> {
    let mut moment = Moment::default();
    let after = |line: &Line| {
        match &line.what {
            What::Decision(entry) => {
                moment.step = entry.step.unwrap_or(moment.step);
                moment.read(&entry.event);
            }
            What::World(WorldEvent::Crashed { .. }) => moment.phase = Phase::Done,
            // Who waits for ever, or goes round for ever, is where it was.
            What::World(_) => {}
        }
        moment
    };
    [Moment::default()].into_iter().chain(lines.iter().map(after)).collect()
}

impl Moment {
    fn read(&mut self, event: &Event) {
        match event {
            Event::RunStarted { max_steps, .. } => self.of = Some(*max_steps),
            Event::StepStarted { .. } | Event::ModelCalled { .. } | Event::ModelReplied { .. } => {
                self.phase = Phase::Think;
            }
            Event::ToolCalled { .. }
            | Event::ToolUnknown { .. }
            | Event::ToolBlocked { .. }
            | Event::ApprovalAsked { .. } => self.phase = Phase::Act,
            // The naive agent hands its results on without a word; its observing is this.
            Event::ToolReplied { .. } if self.of.is_none() => self.phase = Phase::Observe,
            Event::Observed { .. } => self.phase = Phase::Observe,
            Event::RunFinished { .. } => self.phase = Phase::Done,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use steadfast_sim::{Human, Scenario, Setup, simulate};

    fn phases(setup: &Setup) -> Vec<Phase> {
        let outcome = simulate(setup);
        let mut phases: Vec<_> = moments(outcome.journal.lines()).into_iter().map(|moment| moment.phase).collect();
        phases.dedup();
        phases
    }

    #[test]
    fn loop_is_think_act_observe_until_done() {
        use Phase::{Act, Done, Idle, Observe, Think};
        assert_eq!(phases(&Scenario::Flaky.setup(7)), [Idle, Think, Act, Observe, Think, Done]);
        assert_eq!(phases(&Scenario::Down.setup(7)), [Idle, Think, Done]);
        assert_eq!(phases(&Scenario::Naive.setup(7)), [Idle, Think, Done]);
        let asks = Setup { human: Human::Decided(Vec::new()), ..Scenario::Risky.setup(7) };
        assert_eq!(phases(&asks), [Idle, Think, Act, Observe, Think, Act], "it waits for the human in act");
    }

    #[test]
    fn hung_agent_thinks_for_ever() {
        let setup = Setup { protection: false, ..Scenario::Hung.setup(7) };
        assert_eq!(phases(&setup), [Phase::Idle, Phase::Think]);
    }

    #[test]
    fn steps_are_counted_against_their_cap() {
        let outcome = simulate(&Scenario::Looping.setup(7));
        let last = *moments(outcome.journal.lines()).last().unwrap();
        assert_eq!((last.step, last.of), (5, Some(8)), "it repeats itself, and is stopped before the cap");
        let naive = simulate(&Setup { protection: false, ..Scenario::Looping.setup(7) });
        let last = *moments(naive.journal.lines()).last().unwrap();
        assert_eq!((last.step, last.of), (26, None), "the watcher left in the turn after his patience");
    }
}
