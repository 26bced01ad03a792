//! Idle gaps: between two things that lie far apart nothing happens, and the axis is folded there.

use super::scaled;
use steadfast::time::Instant;

/// A gap longer than this is folded, in microseconds: more than the longest timeout of the model, so that what an attempt
/// or a wait takes is usually drawn to scale.
const LONGEST: u64 = 12_000_000;
/// How much room a folded gap gets, in microseconds.
const FOLDED: u64 = 3_000_000;

/// A gap that is folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fold {
    /// From when.
    pub from: Instant,
    /// Until when.
    pub to: Instant,
    /// How long it is, in words.
    pub text: String,
}

/// A part of the axis with a scale of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) drawn_from: u64,
    pub(super) drawn_to: u64,
    pub(super) is_folded: bool,
}

impl Stretch {
    pub(super) fn drawn(&self, micros: u64) -> u64 {
        let inside = micros.min(self.to).saturating_sub(self.from);
        self.drawn_from + scaled(inside, self.drawn_to - self.drawn_from, self.to - self.from)
    }

    pub(super) fn undrawn(&self, drawn: u64) -> u64 {
        let inside = drawn.min(self.drawn_to).saturating_sub(self.drawn_from);
        self.from.saturating_add(scaled(inside, self.to - self.from, self.drawn_to - self.drawn_from))
    }

    pub(super) fn overlaps(&self, from: u64, to: u64) -> bool {
        self.from <= to && from <= self.to
    }

    /// Makes the last stretch as long as the axis is.
    pub(super) fn reaches_to(&mut self, length: u64) {
        self.to = self.to.saturating_add(length.saturating_sub(self.drawn_to));
        self.drawn_to = length;
    }
}

/// The stretches between these instants, which are in order, and how long they are drawn. The last one is open: not folded.
pub(super) fn stretches(instants: &[u64]) -> (Vec<Stretch>, u64) {
    let mut stretches = Vec::new();
    let (mut begun, mut last, mut drawn) = (0, 0, 0_u64);
    for &at in instants {
        if at - last > LONGEST {
            let plain = drawn + (last - begun);
            if last > begun {
                stretches.push(Stretch { from: begun, to: last, drawn_from: drawn, drawn_to: plain, is_folded: false });
            }
            drawn = plain + FOLDED;
            stretches.push(Stretch { from: last, to: at, drawn_from: plain, drawn_to: drawn, is_folded: true });
            begun = at;
        }
        last = at;
    }
    let end = drawn.saturating_add(last - begun);
    stretches.push(Stretch { from: begun, to: last, drawn_from: drawn, drawn_to: end, is_folded: false });
    (stretches, end)
}
