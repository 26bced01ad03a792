//! What becomes an item: a bar or a mark through its whole life.

use super::{Item, Lane, Shape, seconds};
use steadfast::time::Instant;

/// A bar or a mark, from the line it appears with to the line that makes it what it stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) lane: Lane,
    pub(super) row: usize,
    pub(super) from: Instant,
    /// The line it appears with.
    pub(super) appears: usize,
    pub(super) drawn: Option<(Instant, Instant)>,
    pub(super) percent: Option<u8>,
    pub(super) call: Option<u64>,
    pub(super) first: Stage,
    /// What it is once that line is shown as well.
    pub(super) later: Option<Stage>,
}

/// What a piece is for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stage {
    /// The line that makes it so.
    pub(super) line: usize,
    pub(super) shape: Shape,
    pub(super) to: Option<Instant>,
    pub(super) text: String,
    /// What it is called before its times: `Attempt 2, failed rate_limited`.
    pub(super) subject: String,
}

impl Piece {
    fn stage(&self, position: usize) -> &Stage {
        self.later.as_ref().filter(|later| later.line < position).unwrap_or(&self.first)
    }

    /// How far it reaches as the first so many lines have it. Who knows no end yet may reach anywhere.
    pub(super) fn reaches(&self, position: usize) -> Instant {
        let stage = self.stage(position);
        let to = if stage.shape.is_instant() { self.from } else { stage.to.unwrap_or(Instant::MAX) };
        self.drawn.map_or(to, |(_, ceiling)| to.max(ceiling))
    }

    pub(super) fn at(&self, index: usize, position: usize) -> Item {
        let Stage { line, shape, to, text, subject } = self.stage(position).clone();
        let Self { lane, row, from, drawn, percent, .. } = *self;
        let name = self.name(shape, to, &subject);
        Item { index, lane, row, shape, from, to, drawn, percent, text, name, line }
    }

    fn name(&self, shape: Shape, to: Option<Instant>, subject: &str) -> String {
        let from = seconds(self.from);
        let when = match (shape, to) {
            (shape, _) if shape.is_instant() => format!("at {from}"),
            (Shape::Hung, _) => format!("from {from} on"),
            (_, Some(to)) if to < Instant::MAX => format!("{from} to {}", seconds(to)),
            (_, _) => format!("since {from}"),
        };
        match self.call {
            Some(call) => format!("{subject}, {when}, call {call}"),
            None => format!("{subject}, {when}"),
        }
    }
}
