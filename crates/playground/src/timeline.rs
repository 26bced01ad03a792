//! What happened in a run, as bars, marks and dots in virtual time.
//!
//! A run is read once. Each [`Piece`] knows with which line of the journal it appears and with which it becomes what it
//! stays; what is drawn at a position, within a window of time, is looked up.

mod faults;
mod item;
mod lane;
mod piece;
mod reader;
#[cfg(test)]
mod tests;

pub use faults::FaultBar;
pub use item::{Item, Shape};
pub use lane::Lane;

use core::ops::Range;
use piece::Piece;
use steadfast::policy::RunPolicy;
use steadfast::time::Instant;
use steadfast_sim::Journal;

/// One turn of the agent loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Band {
    /// Which turn, from 1.
    pub step: u32,
    /// When it began.
    pub from: Instant,
    /// When the next one began; `None` for the last that is shown.
    pub to: Option<Instant>,
    /// The line it began with.
    pub line: usize,
}

/// A result that the model's breaker counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dot {
    /// When it came.
    pub at: Instant,
    /// Whether it was a success.
    pub is_success: bool,
    /// The line that tells it.
    pub line: usize,
}

/// A run, to be drawn.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Timeline {
    pieces: Vec<Piece>,
    bands: Vec<Band>,
    dots: Vec<Dot>,
    faults: Vec<FaultBar>,
    rows: [usize; Lane::ALL.len()],
}

impl Timeline {
    /// Reads it out of the journal of a run under that policy.
    #[must_use]
    pub fn of(journal: &Journal, policy: Option<&RunPolicy>) -> Self {
        reader::read(journal, policy)
    }

    /// Bars and marks of the first so many lines, within a window, in the order in which they began.
    #[must_use]
    pub fn items(&self, position: usize, window: &Range<Instant>) -> Vec<Item> {
        let begun = self.pieces.iter().enumerate().take_while(|(_, piece)| piece.appears < position);
        let inside = begun.filter(|(_, piece)| piece.from <= window.end && piece.reaches(position) >= window.start);
        inside.map(|(index, piece)| piece.at(index, position)).collect()
    }

    /// How many bars and marks the first so many lines make.
    #[must_use]
    pub fn count(&self, position: usize) -> usize {
        self.pieces.partition_point(|piece| piece.appears < position)
    }

    /// The bar or mark of that number, as the first so many lines make it.
    #[must_use]
    pub fn item(&self, index: usize, position: usize) -> Option<Item> {
        let piece = self.pieces.get(index).filter(|piece| piece.appears < position)?;
        Some(piece.at(index, position))
    }

    /// Turns of the loop, likewise.
    pub fn bands(&self, position: usize, window: &Range<Instant>) -> impl Iterator<Item = Band> + use<'_> {
        let (from, to) = (window.start, window.end);
        let begun = self.bands.iter().enumerate().take_while(move |(_, band)| band.line < position);
        begun.filter_map(move |(index, band)| {
            let next = self.bands.get(index + 1).filter(|next| next.line < position).map(|next| next.from);
            (band.from <= to && next.is_none_or(|next| next >= from)).then_some(Band { to: next, ..*band })
        })
    }

    /// What the model's breaker counted, likewise.
    pub fn dots(&self, position: usize, window: &Range<Instant>) -> impl Iterator<Item = Dot> + use<'_> {
        let (from, to) = (window.start, window.end);
        let first = self.dots.partition_point(|dot| dot.at < from);
        self.dots[first..].iter().copied().take_while(move |dot| dot.at <= to && dot.line < position)
    }

    /// How many things a lane has to show at once, at most; at least 1.
    #[must_use]
    pub fn rows(&self, lane: Lane) -> usize {
        self.rows[lane as usize].max(1)
    }

    /// The row of a lane's row among those of all lanes.
    #[must_use]
    pub fn row_of(&self, lane: Lane, row: usize) -> usize {
        let above = Lane::ALL.into_iter().take_while(|above| *above != lane);
        above.map(|above| self.rows(above)).sum::<usize>() + row
    }
}

/// Seconds with two decimals, rounded: what a name has room for.
fn seconds(instant: Instant) -> String {
    let hundredths = (instant.as_micros() + 5_000) / 10_000;
    format!("{}.{:02} s", hundredths / 100, hundredths % 100)
}
