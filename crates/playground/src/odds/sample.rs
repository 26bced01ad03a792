//! What one run of many comes down to, and how a batch of them travels as plain numbers.

use super::plan::Chunk;
use core::cmp::Reverse;
use steadfast::time::Instant;
use steadfast_sim::{Ending, Outcome};

/// What one run comes down to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// Its seed.
    pub seed: u64,
    /// When it ended, in microseconds; [`Sample::NEVER`] for one that never does.
    pub ended: u64,
    /// Attempts at models and tools.
    pub attempts: u64,
    /// Calls they were made for.
    pub calls: u64,
    /// What the model's provider charged, in millionths of a dollar.
    pub money: u64,
    /// Effects that no human had agreed to.
    pub harmful: u64,
    /// Effects that had happened before.
    pub duplicates: u64,
    /// Whether it ended by itself: neither crashed nor hung nor went round for ever.
    pub ended_well: bool,
    /// Whether it ended with less than the model's answer.
    pub degraded: bool,
    /// Whether a tool that was asked for did not run.
    pub blocked: bool,
}

impl Sample {
    /// Later than any end.
    pub const NEVER: u64 = u64::MAX;

    /// Reads it out of a run that is over.
    #[must_use]
    pub fn of(seed: u64, outcome: &Outcome) -> Self {
        let result = outcome.result.as_ref();
        let ended_well = result.is_some_and(|result| matches!(result.stop, Ending::Stopped(_)));
        Self {
            seed,
            ended: outcome.counts.ended_at.map_or(Self::NEVER, Instant::as_micros),
            attempts: outcome.counts.attempts,
            calls: outcome.counts.calls,
            money: outcome.spent.money,
            harmful: outcome.counts.harmful,
            duplicates: outcome.counts.duplicates,
            ended_well,
            degraded: ended_well && result.is_some_and(|result| result.degraded),
            blocked: result.is_some_and(|result| !result.blocked.is_empty()),
        }
    }

    /// Whether there is the model's answer, nothing is missing, and no harm was done.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.ended_well && !self.degraded && !self.blocked && self.harmful == 0 && self.duplicates == 0
    }

    /// How bad it is, the worst last: harm, then what happened twice, then no end, then less than an answer, then long.
    pub(super) fn badness(&self) -> impl Ord + use<> {
        (
            (self.harmful, self.duplicates),
            (!self.ended_well, self.degraded, self.blocked),
            (self.ended, self.attempts),
            Reverse(self.seed),
        )
    }
}

/// The runs of a chunk, on their way from where they were made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Which order they belong to.
    pub job: u64,
    /// Which side of the comparison they are of, from 0.
    pub side: usize,
    /// The runs, by ascending seed.
    pub samples: Vec<Sample>,
}

/// The version of what travels between a page and its workers.
pub(super) const VERSION: u64 = 1;
const HEAD: usize = 4;
const EACH: usize = 7;
const ENDED_WELL: u64 = 1;
const DEGRADED: u64 = 2;
const BLOCKED: u64 = 4;
/// Whole numbers up to here are exact as floats.
const EXACT: f64 = 9_007_199_254_740_992.0;

impl Batch {
    /// What the chunk asks for.
    #[must_use]
    pub fn of(chunk: &Chunk) -> Self {
        Self { job: chunk.job, side: chunk.side, samples: chunk.samples().collect() }
    }

    /// As plain numbers: version, order, side and first seed, and then seven for each run.
    #[must_use]
    pub fn write(&self) -> Vec<f64> {
        let first = self.samples.first().map_or(0, |sample| sample.seed);
        let head = [VERSION, self.job, self.side as u64, first].map(number);
        let runs = self.samples.iter().flat_map(|sample| {
            let flag = |on: bool, bit: u64| if on { bit } else { 0 };
            let flags =
                flag(sample.ended_well, ENDED_WELL) | flag(sample.degraded, DEGRADED) | flag(sample.blocked, BLOCKED);
            let Sample { ended, attempts, calls, money, harmful, duplicates, .. } = *sample;
            let ended = if ended == Sample::NEVER { -1.0 } else { number(ended) };
            let counts = [attempts, calls, money, harmful, duplicates, flags].map(number);
            core::iter::once(ended).chain(counts)
        });
        head.into_iter().chain(runs).collect()
    }

    /// What was written, or what is wrong with it.
    pub fn read(numbers: &[f64]) -> Result<Self, String> {
        let (head, runs) = numbers.split_at_checked(HEAD).ok_or("a worker's answer is cut short")?;
        let [version, job, side, first] = *head else { return Err("a worker's answer is cut short".into()) };
        if whole(version) != Some(VERSION) {
            return Err("a worker is of another version than the page; a reload helps".into());
        }
        let strange = || "a worker's answer makes no sense".to_owned();
        let (job, side, first) =
            whole(job).zip(whole(side)).zip(whole(first)).map(|((a, b), c)| (a, b, c)).ok_or_else(strange)?;
        let side = usize::try_from(side).map_err(|_| strange())?;
        if runs.len() % EACH != 0 {
            return Err(strange());
        }
        let samples = runs.chunks_exact(EACH).zip(first..).map(|(run, seed)| sample(run, seed));
        let samples = samples.collect::<Option<Vec<_>>>().ok_or_else(strange)?;
        Ok(Self { job, side, samples })
    }
}

fn sample(run: &[f64], seed: u64) -> Option<Sample> {
    let &[ended, attempts, calls, money, harmful, duplicates, flags] = run else { return None };
    let flags = whole(flags)?;
    Some(Sample {
        seed,
        ended: if ended < 0.0 { Sample::NEVER } else { whole(ended)? },
        attempts: whole(attempts)?,
        calls: whole(calls)?,
        money: whole(money)?,
        harmful: whole(harmful)?,
        duplicates: whole(duplicates)?,
        ended_well: flags & ENDED_WELL != 0,
        degraded: flags & DEGRADED != 0,
        blocked: flags & BLOCKED != 0,
    })
}

#[expect(clippy::cast_precision_loss, reason = "counts and microseconds of runs, far below 2^53")]
fn number(count: u64) -> f64 {
    count as f64
}

fn whole(number: f64) -> Option<u64> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the exact whole numbers")]
    let count = (0.0..=EXACT).contains(&number).then_some(number as u64);
    // Equal to the bit, or it was no whole number.
    count.filter(|count| self::number(*count).total_cmp(&number).is_eq())
}
