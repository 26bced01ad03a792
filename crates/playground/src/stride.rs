//! How far a step goes: to the next event, the next decision, or the next turn of the loop.

use steadfast_sim::{Line, What};

/// A unit of stepping, both ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stride {
    /// One line of the journal.
    #[default]
    Event,
    /// To where the agent decides something next; what it was merely told, what it asked and what the world did are passed over.
    Decision,
    /// To where the next turn of the agent loop begins.
    Turn,
}

impl Stride {
    /// All of them, shortest first.
    pub const ALL: [Self; 3] = [Self::Event, Self::Decision, Self::Turn];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Decision => "decision",
            Self::Turn => "turn",
        }
    }
}

/// Whether something is decided there, rather than told, asked or answered.
#[must_use]
pub fn is_decision(line: &Line) -> bool {
    match &line.what {
        What::Decision(entry) => entry.event.is_decision(),
        What::World(_) => false,
    }
}

/// The positions at which a stride may end, in order: right after each decision, or after the beginning of each turn.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stops {
    decisions: Vec<usize>,
    turns: Vec<usize>,
}

impl Stops {
    pub(crate) fn of(lines: &[Line]) -> Self {
        let decisions = (1..).zip(lines).filter(|(_, line)| is_decision(line)).map(|(position, _)| position).collect();
        let mut turns = Vec::new();
        let mut turn = None;
        for (position, line) in (1..).zip(lines) {
            if let What::Decision(entry) = &line.what
                && entry.step > turn
            {
                turn = entry.step;
                turns.push(position);
            }
        }
        Self { decisions, turns }
    }

    /// Where a step ahead from there leads, if not beyond the last stop.
    pub(crate) fn after(&self, position: usize, stride: Stride) -> Option<usize> {
        match self.stops(stride) {
            None => position.checked_add(1),
            Some(stops) => stops.get(stops.partition_point(|stop| *stop <= position)).copied(),
        }
    }

    /// Where a step back from there leads; before the first stop, to the beginning.
    pub(crate) fn before(&self, position: usize, stride: Stride) -> usize {
        match self.stops(stride) {
            None => position.saturating_sub(1),
            Some(stops) => {
                let place = stops.partition_point(|stop| *stop < position);
                place.checked_sub(1).and_then(|place| stops.get(place).copied()).unwrap_or(0)
            }
        }
    }

    fn stops(&self, stride: Stride) -> Option<&[usize]> {
        match stride {
            Stride::Event => None,
            Stride::Decision => Some(&self.decisions),
            Stride::Turn => Some(&self.turns),
        }
    }
}
