//! What many runs say of all runs: shares, quantiles, means and differences, each with its 95 % interval.
//!
//! Counting is exact, in whole numbers; only what is estimated from counts is a float, since nothing is decided by it.
//!
//! | what | formula | source |
//! |---|---|---|
//! | a share | Wilson's score interval, `(p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n)` | Wilson, JASA 22 (1927); recommended by Brown, Cai and DasGupta, Statistical Science 16 (2001) |
//! | a quantile | the values of rank `⌊nq - z √(nq(1-q))⌋` and `⌈nq + z √(nq(1-q))⌉ + 1`, whatever the distribution | David and Nagaraja, Order Statistics (2003), 7.1 |
//! | a mean | `m ± z s / √n` | central limit theorem |
//! | a ratio of sums | `R = Σa / Σc ± z √(Σ(a - Rc)² / n(n-1)) / c̄` | Cochran, Sampling Techniques (1977), 2.11 |
//! | a difference of two shares, same seeds | `(c - b) / n` with half a run more in each of the four cells | Agresti and Min, Statistics in Medicine 24 (2005) |
//! | a difference of two means or ratios, same seeds | the mean of what each seed differs by | as for a mean and a ratio |

/// Two-sided, 95 %: the 0.975 quantile of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// An estimate, and between what it lies with 95 % confidence.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Estimate {
    /// The estimate.
    pub value: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Estimate {
    fn around(value: f64, half: f64) -> Self {
        Self { value, low: value - half, high: value + half }
    }

    /// Whether nothing is within the interval: of a difference, that there is one.
    #[must_use]
    pub fn excludes_zero(&self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }
}

/// How many of how many, as a share from 0 to 1; all of nothing is unknown.
#[must_use]
pub fn share(successes: u64, of: u64) -> Estimate {
    if of == 0 {
        return Estimate { value: 0.0, low: 0.0, high: 1.0 };
    }
    let (n, p) = (float(of), float(successes) / float(of));
    let scale = 1.0 + Z * Z / n;
    let centre = (p + Z * Z / (2.0 * n)) / scale;
    let half = Z / scale * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    // Where none or all succeeded, the formula means 0 and 1, and floats miss them by a little.
    let low = if successes == 0 { 0.0 } else { (centre - half).max(0.0) };
    let high = if successes == of { 1.0 } else { (centre + half).min(1.0) };
    Estimate { value: p, low, high }
}

/// Ranks, from 1, of a quantile among `of` sorted values, and of the ends of its interval; `None` for no values. The quantile
/// is the smallest value that at least that share of values does not exceed.
#[must_use]
pub fn quantile_ranks(per_mille: u32, of: usize) -> Option<(usize, usize, usize)> {
    if of == 0 {
        return None;
    }
    let (n, q) = (float(of as u64), f64::from(per_mille) / 1_000.0);
    let half = Z * (n * q * (1.0 - q)).sqrt();
    let rank = (of as u64 * u64::from(per_mille)).div_ceil(1_000);
    let within = |rank: u64| usize::try_from(rank).unwrap_or(of).clamp(1, of);
    let (low, high) = ((n * q - half).max(0.0), n * q + half);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "ranks: whole, and at least 0")]
    let (low, high) = (low as u64, (high.ceil() as u64) + 1);
    Some((within(low), within(rank), within(high)))
}

/// Sums over values that belong together in pairs, each pair one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sums {
    n: u64,
    a: i128,
    c: i128,
    aa: i128,
    ac: i128,
    cc: i128,
}

impl Sums {
    /// Of all these pairs.
    #[must_use]
    pub fn of(pairs: impl Iterator<Item = (i64, i64)>) -> Self {
        pairs.fold(Self::default(), |sums, (a, c)| {
            let (a, c) = (i128::from(a), i128::from(c));
            Self {
                n: sums.n + 1,
                a: sums.a + a,
                c: sums.c + c,
                aa: sums.aa + a * a,
                ac: sums.ac + a * c,
                cc: sums.cc + c * c,
            }
        })
    }

    /// The mean of the first values.
    #[must_use]
    pub fn mean(&self) -> Estimate {
        if self.n == 0 {
            return Estimate::default();
        }
        let n = float(self.n);
        Estimate::around(wide(self.a) / n, standard_error(wide(self.aa * i128::from(self.n) - self.a * self.a) / n, n))
    }

    /// The sum of the first values to that of the second; 1 where there is nothing to compare.
    #[must_use]
    pub fn ratio(&self) -> Estimate {
        if self.c == 0 {
            return Estimate { value: 1.0, low: 1.0, high: 1.0 };
        }
        let (n, ratio) = (float(self.n), wide(self.a) / wide(self.c));
        let squares = wide(self.aa) - 2.0 * ratio * wide(self.ac) + ratio * ratio * wide(self.cc);
        let mean = wide(self.c) / n;
        Estimate::around(ratio, standard_error(squares, n) / mean)
    }
}

/// `z` times the standard error of a mean, from the sum of squared deviations.
fn standard_error(squares: f64, n: f64) -> f64 {
    if n < 2.0 { 0.0 } else { Z * (squares.max(0.0) / (n * (n - 1.0))).sqrt() }
}

/// By how much the second of two shares is larger, told by runs of the same seeds: in `gained` of `of` only the second was so,
/// in `lost` only the first.
#[must_use]
pub fn paired_share(gained: u64, lost: u64, of: u64) -> Estimate {
    if of == 0 {
        return Estimate { value: 0.0, low: -1.0, high: 1.0 };
    }
    let (b, c, n) = (float(lost) + 0.5, float(gained) + 0.5, float(of) + 2.0);
    let adjusted = (c - b) / n;
    let half = Z * ((b + c - (c - b) * (c - b) / n).max(0.0)).sqrt() / n;
    let value = (float(gained) - float(lost)) / float(of);
    Estimate { value, low: (adjusted - half).max(-1.0), high: (adjusted + half).min(1.0) }
}

/// What makes up a run's part of a ratio: what is counted, and for how many.
pub type Part = (u64, u64);

/// By how much the second of two ratios is larger, told by runs of the same seeds: of each run `(a, c)` of the first and of the
/// second. What each run moves its ratio by, to first order, is averaged.
#[must_use]
pub fn paired_ratio(runs: &[(Part, Part)]) -> Estimate {
    let sums = |of: fn(&(Part, Part)) -> Part| {
        runs.iter().map(of).fold((0.0, 0.0), |(a, c), (of_a, of_c)| (a + float(of_a), c + float(of_c)))
    };
    let (first, second) = (sums(|run| run.0), sums(|run| run.1));
    if first.1 == 0.0 || second.1 == 0.0 {
        return Estimate::default();
    }
    let n = float(runs.len() as u64);
    let (one, other) = (first.0 / first.1, second.0 / second.1);
    let moved = |(a, c): Part, ratio: f64, all: f64| (float(a) - ratio * float(c)) * n / all;
    let by = |run: &(Part, Part)| moved(run.1, other, second.1) - moved(run.0, one, first.1);
    // They sum up to nothing, so their squares are the squared deviations.
    let squares: f64 = runs.iter().map(|run| by(run) * by(run)).sum();
    Estimate::around(other - one, standard_error(squares, n))
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
fn float(count: u64) -> f64 {
    count as f64
}

#[expect(clippy::cast_precision_loss, reason = "sums, of which an estimate needs no more than 53 bits")]
fn wide(sum: i128) -> f64 {
    sum as f64
}

#[cfg(test)]
mod tests;
