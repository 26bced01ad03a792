//! The axis of virtual time: which idle gaps are folded, how long it is, and where its ticks stand.

mod fold;
#[cfg(test)]
mod tests;

pub use fold::Fold;

use core::ops::Range;
use fold::Stretch;
use steadfast::time::{Instant, Span};

/// Even a run that is over at once gets this much room, in microseconds.
const SHORTEST: u64 = 2_000_000;
/// About so many ticks read well where all of them are in sight.
const TICKS: u64 = 8;
/// Where a run is too long for that, one in so many seconds.
const SECONDS_A_TICK: u64 = 4;
/// Distances between ticks, in microseconds: halves, ones, twos and fives, up to ten minutes.
const DISTANCES: [u64; 9] =
    [250_000, 500_000, 1_000_000, 2_000_000, 5_000_000, 10_000_000, 30_000_000, 60_000_000, 600_000_000];
/// The whole axis, as a share: seven decimals are less than a pixel on the longest axis.
const WHOLE: u64 = 10_000_000;

/// An axis from 0 to the end of whatever stands on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Axis {
    stretches: Vec<Stretch>,
    /// Its length as it is drawn, in microseconds.
    length: u64,
    distance: u64,
}

impl Default for Axis {
    fn default() -> Self {
        Self::over([])
    }
}

impl Axis {
    /// The axis for what happens at these instants, of one run or of two. Between two of them that lie far apart it is folded.
    /// It reaches to the next tick, so the last bar does not touch the edge.
    #[must_use]
    pub fn over(instants: impl IntoIterator<Item = Instant>) -> Self {
        let mut instants: Vec<u64> = instants.into_iter().map(Instant::as_micros).collect();
        instants.sort_unstable();
        let (mut stretches, drawn) = fold::stretches(&instants);
        let drawn = drawn.max(SHORTEST);
        let most = TICKS.max(drawn / 1_000_000 / SECONDS_A_TICK);
        let distance = DISTANCES.into_iter().find(|distance| drawn / distance < most).unwrap_or(drawn / most);
        let end = instants.last().copied().unwrap_or_default().max(SHORTEST);
        let tail = (end / distance + 1).saturating_mul(distance) - end;
        let length = drawn.saturating_add(tail);
        if let Some(last) = stretches.last_mut() {
            last.reaches_to(length);
        }
        Self { stretches, length, distance }
    }

    /// Its length in whole seconds as it is drawn, for a drawing that wants room for each of them.
    #[must_use]
    pub fn seconds(&self) -> u64 {
        self.length.div_ceil(1_000_000)
    }

    /// How far along an instant is, from 0 to 1, as a style sheet wants it: `0.5000000`.
    #[must_use]
    pub fn at(&self, instant: Instant) -> String {
        let share = self.share(instant);
        format!("{}.{:07}", share / WHOLE, share % WHOLE)
    }

    /// The same in percent: `50.00000%`.
    #[must_use]
    pub fn percent(&self, instant: Instant) -> String {
        percent(self.share(instant))
    }

    /// How much of it lies between two instants, in percent.
    #[must_use]
    pub fn percent_between(&self, from: Instant, to: Instant) -> String {
        percent(self.share(to).saturating_sub(self.share(from)))
    }

    /// How far apart two instants are where the whole axis is so long.
    #[must_use]
    pub fn between(&self, from: Instant, to: Instant, length: u64) -> u64 {
        let drawn = |instant: Instant| self.drawn(instant.as_micros());
        scaled(drawn(to).saturating_sub(drawn(from)), length, self.length)
    }

    fn share(&self, instant: Instant) -> u64 {
        scaled(self.drawn(instant.as_micros()), WHOLE, self.length)
    }

    /// Which instant is drawn there; `millionths` of the whole axis.
    #[must_use]
    pub fn instant(&self, millionths: u64) -> Instant {
        let drawn = scaled(millionths.min(1_000_000), self.length, 1_000_000);
        let place = self.stretches.partition_point(|stretch| stretch.drawn_from <= drawn);
        let Some(stretch) = self.stretches.get(place.saturating_sub(1)) else { return Instant::ORIGIN };
        Instant::from_micros(stretch.undrawn(drawn))
    }

    fn drawn(&self, micros: u64) -> u64 {
        let place = self.stretches.partition_point(|stretch| stretch.from <= micros);
        let Some(stretch) = self.stretches.get(place.saturating_sub(1)) else { return 0 };
        stretch.drawn(micros).min(self.length)
    }

    /// The ticks in a window, each with its label. None stands inside a fold.
    pub fn ticks(&self, window: &Range<Instant>) -> impl Iterator<Item = (Instant, String)> + use<'_> {
        let (from, to) = (window.start.as_micros(), window.end.as_micros());
        let inside = self.stretches.iter().filter(move |stretch| !stretch.is_folded && stretch.overlaps(from, to));
        inside.flat_map(move |stretch| {
            let first = stretch.from.max(from).div_ceil(self.distance);
            let last = stretch.to.min(to);
            let at = move |n: u64| n.saturating_mul(self.distance);
            (first..).map(at).take_while(move |tick| *tick < last).map(|tick| {
                let tick = Instant::from_micros(tick);
                (tick, tick.to_string())
            })
        })
    }

    /// The folded gaps in a window.
    pub fn folds(&self, window: &Range<Instant>) -> impl Iterator<Item = Fold> + use<'_> {
        let (from, to) = (window.start.as_micros(), window.end.as_micros());
        let folded = self.stretches.iter().filter(move |stretch| stretch.is_folded && stretch.overlaps(from, to));
        folded.map(|stretch| {
            let (from, to) = (Instant::from_micros(stretch.from), Instant::from_micros(stretch.to));
            Fold { from, to, text: format!("{} folded", Span(to - from)) }
        })
    }
}

fn percent(share: u64) -> String {
    const ONE: u64 = WHOLE / 100;
    format!("{}.{:05}%", share / ONE, share % ONE)
}

/// `value * part / whole`, rounded down, without overflow for the hours that a run lasts and saturated beyond.
fn scaled(value: u64, part: u64, whole: u64) -> u64 {
    let product = u128::from(value) * u128::from(part);
    u64::try_from(product / u128::from(whole.max(1))).unwrap_or(u64::MAX)
}
