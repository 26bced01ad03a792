//! Whole agent runs in virtual time, on one core: engine, scripted model, tool and faults together.

use criterion::{BenchmarkId, Criterion, Throughput};
use steadfast_benches::simulated_run;

pub(crate) fn measure(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("simulated runs");
    group.throughput(Throughput::Elements(1));
    for (name, trace) in [("untraced", false), ("traced", true)] {
        group.bench_function(BenchmarkId::new("flaky", name), |bencher| {
            let mut seeds = 0..;
            bencher.iter(|| simulated_run(seeds.next().unwrap_or_default(), trace));
        });
    }
    group.finish();
}
