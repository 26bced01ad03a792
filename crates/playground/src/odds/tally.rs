//! The runs made so far. However they are portioned and in whatever order they come, the tally of all is the same.

use super::interval::{self, Estimate, Sums};
use super::sample::Sample;

/// Runs of one policy, by ascending seed, each seed once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    samples: Vec<Sample>,
}

/// A quantile of times and the ends of its interval, in microseconds; [`Sample::NEVER`] where runs never end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quantile {
    /// The quantile.
    pub value: u64,
    /// The lower end.
    pub low: u64,
    /// The upper end.
    pub high: u64,
}

impl Tally {
    /// Of these runs.
    #[must_use]
    pub fn of(mut samples: Vec<Sample>) -> Self {
        samples.sort_unstable_by_key(|sample| sample.seed);
        samples.dedup_by_key(|sample| sample.seed);
        Self { samples }
    }

    /// Of these runs and the others.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        let ordered = self.samples.last().zip(other.samples.first()).is_none_or(|(last, first)| last.seed < first.seed);
        let mut samples = self.samples;
        samples.extend(other.samples);
        if ordered { Self { samples } } else { Self::of(samples) }
    }

    /// The runs, by ascending seed.
    #[must_use]
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// How many there are.
    #[must_use]
    pub fn runs(&self) -> u64 {
        self.samples.len() as u64
    }

    /// How many are so.
    pub fn count(&self, is_so: impl Fn(&Sample) -> bool) -> u64 {
        self.samples.iter().filter(|sample| is_so(sample)).count() as u64
    }

    /// The share that is so.
    pub fn share(&self, is_so: impl Fn(&Sample) -> bool) -> Estimate {
        interval::share(self.count(is_so), self.runs())
    }

    /// Attempts for each call, over all runs.
    #[must_use]
    pub fn attempts_per_call(&self) -> Estimate {
        Sums::of(self.samples.iter().map(|sample| (signed(sample.attempts), signed(sample.calls)))).ratio()
    }

    /// Millionths of a dollar for each run.
    #[must_use]
    pub fn money(&self) -> Estimate {
        Sums::of(self.samples.iter().map(|sample| (signed(sample.money), 1))).mean()
    }

    /// A quantile of the times at which runs end; `None` for no runs.
    #[must_use]
    pub fn time(&self, per_mille: u32) -> Option<Quantile> {
        let mut times: Vec<u64> = self.samples.iter().map(|sample| sample.ended).collect();
        times.sort_unstable();
        let (low, rank, high) = interval::quantile_ranks(per_mille, times.len())?;
        let [low, value, high] = [low, rank, high].map(|rank| times[rank - 1]);
        Some(Quantile { value, low, high })
    }

    /// The worst run: harm first, then what happened twice, then no end, then less than an answer, then long.
    #[must_use]
    pub fn worst(&self) -> Option<&Sample> {
        worst(self.samples.iter())
    }
}

/// The worst of some runs; of equals the one with the smallest seed.
pub(super) fn worst<'a>(samples: impl Iterator<Item = &'a Sample>) -> Option<&'a Sample> {
    samples.max_by_key(|sample| sample.badness())
}

/// Counts of one run fit easily.
fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
