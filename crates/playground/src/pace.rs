//! How virtual time is scaled to real time: a run takes some seconds to watch, whatever it takes in its own time.

use steadfast::time::{Duration, Instant, micros};
use steadfast_sim::Line;

/// How long each line is given to be seen at all, even among lines of the same instant.
const DWELL: Duration = Duration::from_millis(150);
/// The longest that watching waits for the next line; longer idle time is compressed.
const LONGEST_GAP: Duration = Duration::from_secs(3);
/// The longest that a run takes to watch at normal speed; beyond it everything is compressed alike.
const LONGEST_RUN: Duration = Duration::from_secs(14);

/// How fast playing is, against normal: from a tenth to a hundred times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Speed {
    hundredths: u32,
    name: &'static str,
}

impl Default for Speed {
    /// Virtual time as real time, unless it is compressed.
    fn default() -> Self {
        Self::NORMAL
    }
}

impl Speed {
    const NORMAL: Self = Self { hundredths: 100, name: "1×" };

    /// All speeds, slowest first.
    pub const ALL: [Self; 10] = [
        Self { hundredths: 10, name: "0.1×" },
        Self { hundredths: 25, name: "0.25×" },
        Self { hundredths: 50, name: "0.5×" },
        Self::NORMAL,
        Self { hundredths: 200, name: "2×" },
        Self { hundredths: 400, name: "4×" },
        Self { hundredths: 1_000, name: "10×" },
        Self { hundredths: 2_500, name: "25×" },
        Self { hundredths: 5_000, name: "50×" },
        Self { hundredths: 10_000, name: "100×" },
    ];

    /// How it reads.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.name
    }

    /// The next faster one, or the next slower one; at the end, itself.
    #[must_use]
    pub fn next(self, faster: bool) -> Self {
        let place = Self::ALL.iter().position(|speed| *speed == self).unwrap_or_default();
        let next = if faster { place + 1 } else { place.saturating_sub(1) };
        Self::ALL.get(next).copied().unwrap_or(self)
    }

    pub(crate) fn scale(self, elapsed: Duration) -> Duration {
        elapsed * self.hundredths / 100
    }
}

/// How long to wait, in real time at normal speed, before each line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Pace {
    before: Vec<Duration>,
}

impl Pace {
    pub(crate) fn of(lines: &[Line]) -> Self {
        let mut last = Instant::ORIGIN;
        let plain: Vec<Duration> = lines
            .iter()
            .map(|line| {
                let gap = line.at - last;
                last = line.at;
                DWELL + gap.min(LONGEST_GAP)
            })
            .collect();
        let total: Duration = plain.iter().sum();
        let compress = |wait: Duration| Duration::from_micros(scaled(micros(wait), micros(LONGEST_RUN), micros(total)));
        let before = if total > LONGEST_RUN { plain.into_iter().map(compress).collect() } else { plain };
        Self { before }
    }

    /// How long to wait before that line.
    pub(crate) fn before(&self, line: usize) -> Duration {
        self.before.get(line).copied().unwrap_or_default()
    }

    /// How much of the virtual time `gap` before that line has passed when so much real time has.
    pub(crate) fn share(&self, line: usize, passed: Duration, gap: Duration) -> Duration {
        let whole = micros(self.before(line));
        Duration::from_micros(scaled(micros(gap), micros(passed).min(whole), whole))
    }
}

/// `value * part / whole`; everything if there is no whole. For the hours that a run lasts nothing overflows, and beyond
/// that the picture may be wrong but nothing panics.
fn scaled(value: u64, part: u64, whole: u64) -> u64 {
    value.saturating_mul(part).checked_div(whole).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use steadfast_sim::{Scenario, Setup, simulate};

    fn seconds_to_watch(setup: &Setup) -> f32 {
        let outcome = simulate(setup);
        Pace::of(outcome.journal.lines()).before.iter().sum::<Duration>().as_secs_f32()
    }

    #[test]
    fn every_scenario_takes_some_seconds_to_watch() {
        for scenario in Scenario::ALL {
            for protection in [true, false] {
                let seconds = seconds_to_watch(&Setup { protection, ..scenario.setup(7) });
                assert!((0.5..14.1).contains(&seconds), "{scenario}, protection {protection}: {seconds} s");
            }
        }
    }

    #[test]
    fn virtual_time_moves_in_proportion_and_stops_at_the_line() {
        let pace = Pace { before: vec![Duration::from_millis(200)] };
        let gap = Duration::from_secs(4);
        assert_eq!(pace.share(0, Duration::ZERO, gap), Duration::ZERO);
        assert_eq!(pace.share(0, Duration::from_millis(50), gap), Duration::from_secs(1));
        assert_eq!(pace.share(0, Duration::from_secs(9), gap), gap);
    }
}
