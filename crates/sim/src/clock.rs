//! A clock that stands still until somebody waits for it: an hour of backing off takes no time at all.

use std::cell::RefCell;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use steadfast::clock::{Clock, Timer};
use steadfast::time::{Duration, Instant};

/// Virtual time, and a small executor that moves it on.
///
/// ```
/// use core::time::Duration;
/// use steadfast::clock::{Clock, Timer};
/// use steadfast::time::Instant;
/// use steadfast_sim::VirtualClock;
///
/// let clock = VirtualClock::new();
/// let woken_at = clock.block_on(async {
///     clock.sleep_until(clock.now() + Duration::from_secs(3_600)).await;
///     clock.now()
/// });
/// assert_eq!(woken_at, Instant::from_millis(3_600_000));
/// ```
#[derive(Debug, Default)]
pub struct VirtualClock {
    state: RefCell<State>,
}

#[derive(Debug, Default)]
struct State {
    now: Instant,
    sleepers: Vec<(Instant, Waker)>,
}

impl VirtualClock {
    /// A clock at its origin.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Moves time on by hand, waking whoever is due.
    pub fn advance(&self, by: Duration) {
        let to = self.now() + by;
        self.move_to(to);
    }

    /// Runs a future to its end. Whenever it waits for nothing but time, time moves to the next instant somebody waits
    /// for.
    ///
    /// # Panics
    ///
    /// If the future waits for something that never comes: nobody sleeps and nothing can wake it.
    pub fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.run_until_stuck(future).expect("the future waits for something that never comes")
    }

    /// As [`block_on`](Self::block_on), but answers `None` for a future that waits for ever.
    pub fn run_until_stuck<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        let mut future = pin!(future);
        let flag = Arc::new(Flag(AtomicBool::new(false)));
        let waker = Waker::from(Arc::clone(&flag));
        let mut context = Context::from_waker(&waker);
        loop {
            flag.0.store(false, Ordering::Relaxed);
            if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
                return Some(value);
            }
            if !flag.0.load(Ordering::Relaxed) {
                let next = self.state.borrow().sleepers.iter().map(|(at, _)| *at).min()?;
                self.move_to(next);
            }
        }
    }

    fn move_to(&self, to: Instant) {
        let due: Vec<_> = {
            let mut state = self.state.borrow_mut();
            state.now = state.now.max(to);
            let now = state.now;
            state.sleepers.extract_if(.., |(at, _)| *at <= now).collect()
        };
        for (_, waker) in due {
            waker.wake();
        }
    }
}

#[derive(Debug)]
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Instant {
        self.state.borrow().now
    }
}

impl Timer for VirtualClock {
    async fn sleep_until(&self, at: Instant) {
        std::future::poll_fn(|context| {
            let mut state = self.state.borrow_mut();
            if state.now >= at {
                return Poll::Ready(());
            }
            if !state.sleepers.iter().any(|(due, waker)| *due == at && waker.will_wake(context.waker())) {
                state.sleepers.push((at, context.waker().clone()));
            }
            Poll::Pending
        })
        .await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_future_that_waits_for_ever_is_noticed() {
        assert_eq!(VirtualClock::new().run_until_stuck(std::future::pending::<()>()), None);
    }

    #[test]
    fn time_stands_still_unless_somebody_waits() {
        let clock = VirtualClock::new();
        clock.block_on(async {});
        assert_eq!(clock.now(), Instant::ORIGIN);
        clock.advance(Duration::from_secs(5));
        assert_eq!(clock.now(), Instant::from_millis(5_000));
    }
}
