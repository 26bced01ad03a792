//! The breaker: a call that passes and succeeds, and a call that is refused.

use core::hint::black_box;
use criterion::{BenchmarkId, Criterion};
use failsafe::CircuitBreaker as _;
use std::time::Instant;
use steadfast_benches::{ClosedBreaker, OpenBreaker};

use crate::peers;

pub(crate) fn measure(criterion: &mut Criterion) {
    closed(criterion);
    open(criterion);
}

fn closed(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("breaker");
    group.bench_function(id("closed", "steadfast"), |bencher| {
        let mut closed = ClosedBreaker::after(100);
        bencher.iter(|| black_box(&mut closed).call());
    });
    group.bench_function(id("closed", "recloser"), |bencher| {
        let recloser = peers::closed_recloser();
        bencher.iter(|| black_box(&recloser).call(peers::operation).is_ok());
    });
    group.bench_function(id("closed", "failsafe"), |bencher| {
        let failsafe = peers::closed_failsafe();
        bencher.iter(|| black_box(&failsafe).call(peers::operation).is_ok());
    });
    group.bench_function(id("closed", "failsafe_default"), |bencher| {
        let failsafe = peers::closed_failsafe_by_default();
        bencher.iter(|| black_box(&failsafe).call(peers::operation).is_ok());
    });
    group.bench_function(id("closed", "tower_resilience"), |bencher| {
        let mut tower = peers::closed_tower();
        bencher.iter_custom(|requests| peers::time_requests(&mut tower, requests, Result::is_ok));
    });
    group.bench_function(id("closed", "bare_service"), |bencher| {
        let mut bare = peers::bare_service();
        bencher.iter_custom(|requests| peers::time_requests(&mut bare, requests, Result::is_ok));
    });
    // Most of the others read a clock themselves; a host of ours reads its own, so here it does.
    group.bench_function(id("closed", "steadfast_with_clock"), |bencher| {
        let (mut closed, origin) = (ClosedBreaker::after(100), Instant::now());
        bencher.iter(|| black_box(&mut closed).call_at(now(origin)));
    });
    group.finish();
}

fn open(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("breaker");
    group.bench_function(id("open", "steadfast"), |bencher| {
        let mut open = OpenBreaker::default();
        bencher.iter(|| black_box(&mut open).call());
    });
    group.bench_function(id("open", "recloser"), |bencher| {
        let recloser = peers::open_recloser();
        bencher.iter(|| black_box(&recloser).call(peers::operation).is_err());
    });
    group.bench_function(id("open", "failsafe"), |bencher| {
        let failsafe = peers::open_failsafe();
        bencher.iter(|| black_box(&failsafe).call(peers::operation).is_err());
    });
    group.bench_function(id("open", "tower_resilience"), |bencher| {
        let mut tower = peers::open_tower();
        bencher.iter_custom(|requests| peers::time_requests(&mut tower, requests, Result::is_err));
    });
    group.bench_function(id("open", "steadfast_with_clock"), |bencher| {
        let (mut open, origin) = (OpenBreaker::default(), Instant::now());
        bencher.iter(|| black_box(&mut open).call_at(now(origin)));
    });
    group.finish();
}

fn id(what: &str, whose: &str) -> BenchmarkId {
    BenchmarkId::new(what, whose)
}

/// The host's clock on the engine's scale.
fn now(origin: Instant) -> steadfast::time::Instant {
    steadfast::time::Instant::ORIGIN + origin.elapsed()
}
