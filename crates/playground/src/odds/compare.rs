//! Two policies over the same seeds: what differs in a seed differs by the policy alone, so each difference is told by pairs.

use super::interval::{self, Estimate, Sums};
use super::sample::Sample;
use super::tally::Tally;

/// The runs of two policies, by their seeds.
#[derive(Debug)]
pub struct Pairs<'a> {
    pairs: Vec<(&'a Sample, &'a Sample)>,
}

/// A difference of times in microseconds. Beyond all finite ones: a run that ends where the other never does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shift {
    /// The median over all seeds.
    pub value: i64,
    /// The lower end of its interval.
    pub low: i64,
    /// The upper end.
    pub high: i64,
}

impl<'a> Pairs<'a> {
    /// The seeds that both have.
    #[must_use]
    pub fn of(first: &'a Tally, second: &'a Tally) -> Self {
        let mut others = second.samples().iter().peekable();
        let pairs = first.samples().iter().filter_map(|one| {
            while others.next_if(|other| other.seed < one.seed).is_some() {}
            others.next_if(|other| other.seed == one.seed).map(|other| (one, other))
        });
        Self { pairs: pairs.collect() }
    }

    /// How many there are.
    #[must_use]
    pub fn runs(&self) -> u64 {
        self.pairs.len() as u64
    }

    /// By how much a share is larger in the second.
    pub fn share(&self, is_so: impl Fn(&Sample) -> bool) -> Estimate {
        let count = |so: (bool, bool)| self.pairs.iter().filter(|(a, b)| (is_so(a), is_so(b)) == so).count() as u64;
        interval::paired_share(count((false, true)), count((true, false)), self.runs())
    }

    /// By how many attempts a call takes more in the second.
    #[must_use]
    pub fn attempts_per_call(&self) -> Estimate {
        let counts = |sample: &Sample| (sample.attempts, sample.calls);
        let runs: Vec<_> = self.pairs.iter().map(|(one, other)| (counts(one), counts(other))).collect();
        interval::paired_ratio(&runs)
    }

    /// By how many millionths of a dollar a run costs more in the second.
    #[must_use]
    pub fn money(&self) -> Estimate {
        Sums::of(self.pairs.iter().map(|(one, other)| (difference(one.money, other.money), 1))).mean()
    }

    /// By how much later the second ends: the median over all seeds.
    #[must_use]
    pub fn time(&self) -> Option<Shift> {
        let mut shifts: Vec<i64> = self.pairs.iter().map(|(one, other)| difference(one.ended, other.ended)).collect();
        shifts.sort_unstable();
        let (low, rank, high) = interval::quantile_ranks(500, shifts.len())?;
        let [low, value, high] = [low, rank, high].map(|rank| shifts[rank - 1]);
        Some(Shift { value, low, high })
    }
}

fn difference(one: u64, other: u64) -> i64 {
    // A run that never ends is later than any other by more than any two others differ.
    i64::try_from(i128::from(other) - i128::from(one)).unwrap_or(if other > one { i64::MAX } else { i64::MIN })
}
