//! What the past costs: the same work with little behind it and with much.

use core::hint::black_box;
use core::time::Duration;
use criterion::{BenchmarkId, Criterion};
use std::time::Instant;
use steadfast_benches::{ClosedBreaker, LongRun};

/// How many are timed in turn, so that reading the clock twice weighs nothing.
const SIDE_BY_SIDE: u64 = 16;
/// How many calls or steps of each are timed before it is made afresh: no more than the shorter history has already.
const STRETCH: u64 = 10;

pub(crate) fn measure(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("history");
    for calls in [10, 1_000_000] {
        let seasoned = ClosedBreaker::after(calls);
        // A copy has room for just what is in it, so one whose window is not full yet has to be made and not copied.
        let fresh = || if calls < 100 { ClosedBreaker::after(calls) } else { seasoned.clone() };
        group.bench_function(BenchmarkId::new("breaker", calls), |bencher| {
            bencher.iter_custom(|count| time(count, fresh, ClosedBreaker::call));
        });
    }
    for steps in [10, 10_000] {
        // Steps add to the conversation, so a long history is made once and then grown.
        let mut seasoned = LongRun::after(steps);
        group.bench_function(BenchmarkId::new("run_step", steps), |bencher| {
            bencher.iter_custom(|count| {
                if steps < 100 {
                    return time(count, || LongRun::after(steps), |long| long.as_mut().is_some_and(LongRun::step));
                }
                let start = Instant::now();
                for _ in 0..count {
                    assert!(seasoned.as_mut().is_some_and(LongRun::step));
                }
                start.elapsed()
            });
        });
    }
    group.finish();
}

/// How long `count` repetitions take, none of them on anything with more than [`STRETCH`] repetitions behind it.
fn time<T>(count: u64, mut make: impl FnMut() -> T, mut repeat: impl FnMut(&mut T) -> bool) -> Duration {
    let mut elapsed = Duration::ZERO;
    let mut left = count;
    while left > 0 {
        let mut subjects: Vec<T> = (0..SIDE_BY_SIDE).map(|_| make()).collect();
        let start = Instant::now();
        for subject in &mut subjects {
            let stretch = left.min(STRETCH);
            for _ in 0..stretch {
                assert!(repeat(black_box(subject)));
            }
            left -= stretch;
        }
        elapsed += start.elapsed();
    }
    elapsed
}
