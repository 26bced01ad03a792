//! The other libraries, each used as its own documentation and benchmarks use it.

use core::convert::Infallible;
use core::future::{Ready, poll_fn, ready};
use core::hint::black_box;
use core::task::{Context, Poll};
use core::time::Duration;
use std::time::Instant;

use failsafe::CircuitBreaker as _;
use failsafe::failure_policy::ConsecutiveFailures;
use failsafe::{StateMachine, backoff, failure_policy};
use recloser::Recloser;
use tokio::runtime::{Builder, Runtime};
use tower_resilience_circuitbreaker::{CircuitBreaker, CircuitBreakerLayer, DefaultClassifier};
use tower_service::Service;

/// Longer than any measurement.
const HOUR: Duration = Duration::from_secs(3_600);

/// The guarded operation: it answers at once, with what the optimiser cannot know.
pub(crate) fn operation() -> Result<u64, u64> {
    black_box(Ok(7))
}

/// A closed one, as its builder makes it: 50 % of the last 100 calls.
pub(crate) fn closed_recloser() -> Recloser {
    Recloser::custom().open_wait(HOUR).build()
}

/// One that opened a moment ago.
pub(crate) fn open_recloser() -> Recloser {
    let recloser = Recloser::custom().closed_len(1).open_wait(HOUR).build();
    while !matches!(recloser.call(|| Err::<u64, u64>(7)), Err(recloser::Error::Rejected)) {}
    recloser
}

/// Five failures in a row: its cheapest policy, and the only one of ours that it can have alone.
pub(crate) fn closed_failsafe() -> StateMachine<ConsecutiveFailures<backoff::Constant>, ()> {
    let policy = failure_policy::consecutive_failures(5, backoff::constant(HOUR));
    failsafe::Config::new().failure_policy(policy).build()
}

/// As `Config::new` makes it: five in a row or a success rate over time, which together are nearest to our default.
pub(crate) fn closed_failsafe_by_default() -> impl failsafe::CircuitBreaker {
    failsafe::Config::new().build()
}

/// One that opened a moment ago.
pub(crate) fn open_failsafe() -> impl failsafe::CircuitBreaker {
    let breaker = closed_failsafe();
    while breaker.call(|| Err::<u64, u64>(7)).is_err() && breaker.is_call_permitted() {}
    breaker
}

/// The service behind the breaker: always ready, answers at once, allocates nothing.
#[derive(Clone)]
pub(crate) struct Inner;

impl Service<u64> for Inner {
    type Response = u64;
    type Error = Infallible;
    type Future = Ready<Result<u64, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: u64) -> Self::Future {
        ready(Ok(black_box(request)))
    }
}

/// The service alone: what a service costs before anything guards it.
pub(crate) fn bare_service() -> Inner {
    Inner
}

/// A closed one, as its builder makes it: 50 % of the last 100 calls.
pub(crate) fn closed_tower() -> CircuitBreaker<Inner, DefaultClassifier> {
    tower(&runtime(), false)
}

/// One that was forced open: the shortest way to refuse that it has.
pub(crate) fn open_tower() -> CircuitBreaker<Inner, DefaultClassifier> {
    tower(&runtime(), true)
}

fn tower(runtime: &Runtime, open: bool) -> CircuitBreaker<Inner, DefaultClassifier> {
    let layer = CircuitBreakerLayer::builder().wait_duration_in_open(HOUR).build().expect("its own defaults are valid");
    let breaker = layer.layer_fn(bare_service());
    if open {
        runtime.block_on(breaker.force_open());
    }
    breaker
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().build().expect("a runtime of one thread needs nothing from outside")
}

/// How long so many requests take, one after the other, within one entry into the runtime.
pub(crate) fn time_requests<S>(
    service: &mut S,
    requests: u64,
    as_expected: fn(&Result<u64, S::Error>) -> bool,
) -> Duration
where
    S: Service<u64, Response = u64>,
{
    runtime().block_on(async {
        let start = Instant::now();
        for number in 0..requests {
            assert!(poll_fn(|context| service.poll_ready(context)).await.is_ok());
            let response = service.call(black_box(number)).await;
            assert!(as_expected(&response));
        }
        start.elapsed()
    })
}
