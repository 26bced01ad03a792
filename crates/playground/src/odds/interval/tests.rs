use super::*;

fn close(one: f64, other: f64, by: f64) -> bool {
    (one - other).abs() <= by
}

#[test]
fn wilson_is_as_in_the_tables_of_newcombe() {
    // Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
    for (successes, of, low, high) in
        [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)]
    {
        let Estimate { value, low: l, high: h } = share(successes, of);
        assert!(close(l, low, 5e-5) && close(h, high, 5e-5), "{successes} of {of}: {l} to {h}");
        assert!(close(value, float(successes) / float(of), 1e-12));
    }
}

#[test]
fn wilson_stays_within_0_and_1_and_mirrors() {
    for of in [1, 2, 7, 100, 10_000] {
        for successes in [0, 1, of / 3, of - 1, of] {
            let (one, other) = (share(successes, of), share(of - successes, of));
            assert!(0.0 <= one.low && one.low <= one.value && one.value <= one.high && one.high <= 1.0);
            assert!(close(one.low, 1.0 - other.high, 1e-12) && close(one.high, 1.0 - other.low, 1e-12));
        }
    }
    assert_eq!((share(0, 10_000).low, share(10_000, 10_000).high), (0.0, 1.0));
    assert_eq!(share(0, 0), Estimate { value: 0.0, low: 0.0, high: 1.0 });
}

#[test]
fn ranks_are_those_of_the_tables() {
    // The median of 100: ranks 40 and 61, as in tables of the binomial distribution (David and Nagaraja, 7.1).
    assert_eq!(quantile_ranks(500, 100), Some((40, 50, 61)));
    assert_eq!(quantile_ranks(500, 10_000), Some((4_902, 5_000, 5_099)));
    assert_eq!(quantile_ranks(950, 10_000), Some((9_457, 9_500, 9_544)));
    assert_eq!(quantile_ranks(500, 0), None);
    assert_eq!(quantile_ranks(950, 1), Some((1, 1, 1)));
}

/// The chance that between `low` and `high` of `n` values are below a quantile: exact, from the binomial distribution.
fn coverage(n: usize, q: f64, low: usize, high: usize) -> f64 {
    let mut log = float(n as u64) * (1.0 - q).ln();
    let mut sum = if low == 0 { log.exp() } else { 0.0 };
    for k in 1..high {
        log += (float((n - k + 1) as u64) / float(k as u64)).ln() + (q / (1.0 - q)).ln();
        if k >= low {
            sum += log.exp();
        }
    }
    sum
}

#[test]
fn ranks_cover_the_quantile_in_95_of_100_samples() {
    for n in [100, 137, 500, 1_000, 2_345, 10_000] {
        for per_mille in [100, 500, 900, 950] {
            let (low, _, high) = quantile_ranks(per_mille, n).unwrap();
            let covers = coverage(n, f64::from(per_mille) / 1_000.0, low, high);
            assert!((0.95..0.99).contains(&covers), "{per_mille} of {n}: {covers}");
        }
    }
}

#[test]
fn mean_and_ratio_are_as_by_hand() {
    // 2, 4, 4, 4, 5, 5, 7, 9: mean 5, squared deviations 32, s = √(32/7).
    let sums = Sums::of([2, 4, 4, 4, 5, 5, 7, 9].into_iter().map(|a| (a, 1)));
    let half = Z * (32.0_f64 / 7.0).sqrt() / 8.0_f64.sqrt();
    for Estimate { value, low, high } in [sums.mean(), sums.ratio()] {
        assert!(close(value, 5.0, 1e-12) && close(low, 5.0 - half, 1e-12) && close(high, 5.0 + half, 1e-12));
    }
    // Twice as many attempts as calls in each run: nothing to doubt.
    let exact = Sums::of([(2, 1), (6, 3), (10, 5)].into_iter()).ratio();
    assert_eq!(exact, Estimate { value: 2.0, low: 2.0, high: 2.0 });
    assert_eq!(Sums::default().mean(), Estimate::default());
    assert!(close(Sums::default().ratio().value, 1.0, 0.0));
}

#[test]
fn paired_share_is_as_by_agresti() {
    // Approval of a prime minister, 1,600 people asked twice: 794 yes yes, 150 yes no, 86 no yes, 570 no no
    // (Agresti, Categorical Data Analysis, 10.1): the difference is -0.04, with a standard error of 0.0095.
    let Estimate { value, low, high } = paired_share(86, 150, 1_600);
    assert!(close(value, -0.04, 1e-12) && close(low, -0.0587, 2e-4) && close(high, -0.0213, 2e-4), "{low} {high}");
    let same = paired_share(0, 0, 10_000);
    assert!(same.value == 0.0 && !same.excludes_zero() && same.high < 0.000_3);
    assert!(paired_share(30, 0, 10_000).excludes_zero() && !paired_share(3, 1, 10_000).excludes_zero());
}

#[test]
fn paired_ratio_sees_what_two_intervals_of_their_own_would_not() {
    // Runs differ much among each other, and each makes 1 attempt more in the second.
    let runs: Vec<_> = (1..=100_u64).map(|n| ((2 * n, n), (2 * n + 1, n))).collect();
    let difference = paired_ratio(&runs);
    assert!(close(difference.value, 100.0 / 5_050.0, 1e-12) && difference.excludes_zero(), "{difference:?}");
    assert!(!paired_ratio(&[((2, 1), (2, 1)), ((3, 1), (3, 1))]).excludes_zero());
    assert_eq!(paired_ratio(&[]), Estimate::default());
}
