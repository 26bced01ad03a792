//! The axis of virtual time: how long it is, and where its ticks stand.

use steadfast::time::Instant;

/// Even a run that is over at once gets this much room, in microseconds.
const SHORTEST: u64 = 2_000_000;
/// About so many ticks read well.
const TICKS: u64 = 8;
/// Distances between ticks, in microseconds: halves, ones, twos and fives, up to ten minutes.
const DISTANCES: [u64; 9] =
    [250_000, 500_000, 1_000_000, 2_000_000, 5_000_000, 10_000_000, 30_000_000, 60_000_000, 600_000_000];

/// An axis from 0 to the end of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Axis {
    end: u64,
    distance: u64,
}

impl Axis {
    /// The axis for a run that ends then. It reaches to the next tick, so the last bar does not touch the edge.
    #[must_use]
    pub fn to(end: Instant) -> Self {
        let end = end.as_micros().max(SHORTEST);
        let distance = DISTANCES.into_iter().find(|distance| end / distance < TICKS).unwrap_or(end / TICKS);
        Self { end: (end / distance + 1).saturating_mul(distance), distance }
    }

    /// Its length in whole seconds, for a drawing that wants room for each of them.
    #[must_use]
    pub fn seconds(self) -> u64 {
        self.end.div_ceil(1_000_000)
    }

    /// How far along an instant is, from 0 to 1, as a style sheet wants it: `0.50000`.
    #[must_use]
    pub fn at(self, instant: Instant) -> String {
        // In steps of at least a hundred-thousandth of the axis, so that no product overflows.
        let unit = (self.end / 100_000_000).max(1);
        let share = instant.as_micros().min(self.end) / unit * 100_000 / (self.end / unit);
        let share = share.min(100_000);
        format!("{}.{:05}", share / 100_000, share % 100_000)
    }

    /// The ticks, each with its label.
    #[must_use]
    pub fn ticks(self) -> Vec<(Instant, String)> {
        let count = self.end / self.distance;
        let tick = |n| Instant::from_micros(self.distance.saturating_mul(n));
        (0..count).map(|n| (tick(n), tick(n).to_string())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_about_eight() {
        let labels =
            |ms| Axis::to(Instant::from_millis(ms)).ticks().into_iter().map(|(_, label)| label).collect::<Vec<_>>();
        assert_eq!(labels(0), ["0 s", "0.5 s", "1 s", "1.5 s", "2 s"]);
        assert_eq!(labels(5_261), ["0 s", "1 s", "2 s", "3 s", "4 s", "5 s"]);
        assert_eq!(labels(24_893), ["0 s", "5 s", "10 s", "15 s", "20 s"]);
    }

    #[test]
    fn places_are_shares_of_the_axis_and_never_beyond_it() {
        let axis = Axis::to(Instant::from_millis(5_261));
        assert_eq!(axis.at(Instant::ORIGIN), "0.00000");
        assert_eq!(axis.at(Instant::from_millis(3_000)), "0.50000");
        assert_eq!(axis.at(Instant::MAX), "1.00000");
        assert_eq!(Axis::to(Instant::MAX).at(Instant::MAX), "1.00000");
    }
}
