//! How the times at which runs end are spread: bars of one width, and one for runs that never end.

use super::sample::Sample;
use super::tally::{Tally, worst};

/// More bars than this are too narrow to press.
const MOST_BARS: u64 = 20;
/// Widths of bars that read well, in microseconds; beyond them, multiples of the last.
const WIDTHS: [u64; 16] = [
    10_000,
    20_000,
    50_000,
    100_000,
    200_000,
    250_000,
    500_000,
    1_000_000,
    2_000_000,
    5_000_000,
    10_000_000,
    20_000_000,
    30_000_000,
    60_000_000,
    120_000_000,
    300_000_000,
];

/// Runs that end within a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bar {
    /// From when, in microseconds; [`Sample::NEVER`] for runs that never end.
    pub from: u64,
    /// Until before when.
    pub to: u64,
    /// How many.
    pub runs: u64,
    /// How many of them are a success.
    pub successes: u64,
    /// The seed of the worst of them, if there are any.
    pub seed: Option<u64>,
}

/// The bars of each tally, the same for all: from the first to the last that has runs, without a gap, and one for runs that
/// never end if there are any.
#[must_use]
pub fn histogram(tallies: &[Tally]) -> Vec<Vec<Bar>> {
    let ends = || tallies.iter().flat_map(Tally::samples).map(|sample| sample.ended);
    let finite = || ends().filter(|ended| *ended != Sample::NEVER);
    let mut edges = Vec::new();
    if let (Some(least), Some(most)) = (finite().min(), finite().max()) {
        let width = width(least, most);
        let firsts = (least / width..=most / width).map(|number| number * width);
        edges.extend(firsts.map(|from| (from, from.saturating_add(width))));
    }
    if ends().any(|ended| ended == Sample::NEVER) {
        edges.push((Sample::NEVER, Sample::NEVER));
    }
    tallies.iter().map(|tally| edges.iter().map(|(from, to)| bar(tally, *from, *to)).collect()).collect()
}

fn width(least: u64, most: u64) -> u64 {
    let fits = |width: &u64| most / width - least / width < MOST_BARS;
    let widest = WIDTHS[WIDTHS.len() - 1];
    // One more than it takes, because bars begin at multiples.
    WIDTHS.into_iter().find(fits).unwrap_or_else(|| widest * ((most - least) / (widest * (MOST_BARS - 1)) + 1))
}

fn bar(tally: &Tally, from: u64, to: u64) -> Bar {
    let inside = |sample: &&Sample| sample.ended == from || (from..to).contains(&sample.ended);
    let within = || tally.samples().iter().filter(inside);
    Bar {
        from,
        to,
        runs: within().count() as u64,
        successes: within().filter(|sample| sample.is_success()).count() as u64,
        seed: worst(within()).map(|sample| sample.seed),
    }
}
