//! The guarded call: a whole decision with everything on, a refusal, and retries alone beside a retry library.

use backon::{BlockingRetryable, ExponentialBuilder};
use core::hint::black_box;
use criterion::{BenchmarkId, Criterion};
use steadfast_benches::{GuardedCall, RejectedCall, RetriedCall};

pub(crate) fn measure(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("guarded call");
    group.bench_function(BenchmarkId::new("success", "steadfast"), |bencher| {
        let mut guarded = GuardedCall::default();
        bencher.iter(|| black_box(&mut guarded).call());
    });
    group.bench_function(BenchmarkId::new("rejection", "steadfast"), |bencher| {
        let mut rejected = RejectedCall::default();
        bencher.iter(|| black_box(&mut rejected).call());
    });
    for (what, failures) in [("retry_first_try", 0), ("retry_third_try", 2)] {
        group.bench_function(BenchmarkId::new(what, "steadfast"), |bencher| {
            let mut retried = RetriedCall::default();
            bencher.iter(|| black_box(&mut retried).call(failures));
        });
        group.bench_function(BenchmarkId::new(what, "backon"), |bencher| {
            bencher.iter(|| with_backon(failures));
        });
    }
    group.finish();
}

/// As our retries: exponential, with jitter, two more tries, each wait over at once.
fn with_backon(failures: u32) -> Result<u32, u32> {
    let mut attempt = 0;
    let operation = || {
        attempt += 1;
        if attempt <= black_box(failures) { Err(attempt) } else { Ok(attempt) }
    };
    let policy = black_box(ExponentialBuilder::default().with_jitter().with_max_times(2));
    operation
        .retry(policy)
        .sleep(|wait| {
            black_box(wait);
        })
        .call()
}
