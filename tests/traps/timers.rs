//! Timers as hosts have them: early and counted ones, and tokio's in real time; and calls driven on them.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use steadfast::breaker::CircuitBreaker;
use steadfast::call::Attempt;
use steadfast::clock::{Clock, Timer};
use steadfast::drive;
use steadfast::failure::Failure;
use steadfast::outcome::CallError;
use steadfast::policy::CallPolicy;
use steadfast::rng::Seed;
use steadfast::time::Instant;
use steadfast::trace::Trace;
use steadfast_sim::VirtualClock;

use crate::timeline::us;

/// Whichever completes first; the other is dropped.
pub(crate) async fn first<A, B>(one: impl Future<Output = A>, other: impl Future<Output = B>) -> Result<A, B> {
    let (mut one, mut other) = (pin!(one), pin!(other));
    poll_fn(|context| match one.as_mut().poll(context) {
        Poll::Ready(value) => Poll::Ready(Ok(value)),
        Poll::Pending => other.as_mut().poll(context).map(Err),
    })
    .await
}

/// Counts how often what it is part of is dropped.
pub(crate) struct CountsDrop<'a>(pub(crate) &'a Cell<u32>);

impl Drop for CountsDrop<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

/// A clock whose timers fire up to 0.83 ms early, as Node's do, and that counts the timers that are held.
#[derive(Default)]
pub(crate) struct Hasty {
    pub(crate) clock: VirtualClock,
    pub(crate) armed: Cell<u32>,
    pub(crate) dropped: Cell<u32>,
}

impl Hasty {
    pub(crate) fn held(&self) -> u32 {
        self.armed.get() - self.dropped.get()
    }
}

impl Clock for Hasty {
    fn now(&self) -> Instant {
        self.clock.now()
    }
}

impl Timer for Hasty {
    async fn sleep_until(&self, at: Instant) {
        self.armed.set(self.armed.get() + 1);
        let _held = CountsDrop(&self.dropped);
        let early = us(at.as_micros().saturating_sub(830));
        self.clock.sleep_until(if self.now() < early { early } else { at }).await;
    }
}

/// Tokio's clock, counted from its creation.
pub(crate) struct TokioTimer(tokio::time::Instant);

impl TokioTimer {
    /// Runs what `test` makes of a timer on an executor of one thread.
    pub(crate) fn block_on<T>(test: impl AsyncFnOnce(&Self) -> T) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async { test(&Self(tokio::time::Instant::now())).await })
    }
}

impl Clock for TokioTimer {
    fn now(&self) -> Instant {
        Instant::ORIGIN + self.0.elapsed()
    }
}

impl Timer for TokioTimer {
    async fn sleep_until(&self, at: Instant) {
        tokio::time::sleep_until(self.0 + (at - Instant::ORIGIN)).await;
    }
}

/// One attempt through breakers that several futures share.
pub(crate) async fn one<T, F: Future<Output = Result<T, Failure>>>(
    timer: &impl Timer,
    shared: &[RefCell<CircuitBreaker>],
    operation: impl FnMut(Attempt) -> F,
) -> Result<T, CallError> {
    drive::call(timer, &CallPolicy::unguarded(), 1, Seed(1), &mut &*shared, &mut Trace::off(), operation).await
}
