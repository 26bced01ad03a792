//! The abstract clock: what the asynchronous functions of [`crate::drive`] need of their world, free of any executor.

use crate::time::Instant;
use core::future::Future;

/// Tells the time. Hosts differ: a browser, a server and a simulation each have their own.
pub trait Clock {
    /// The time now, on a scale of the host's choosing. It should not go back; where it does, the engine stays at the
    /// last instant and says so in the trace.
    fn now(&self) -> Instant;
}

/// A clock that can also wake somebody.
pub trait Timer: Clock {
    /// Completes at or after `at`. Completing early is allowed, as some hosts' timers do: the engine looks at the clock
    /// again, and nothing happens before its instant.
    fn sleep_until(&self, at: Instant) -> impl Future<Output = ()>;
}

impl<T: Clock + ?Sized> Clock for &T {
    fn now(&self) -> Instant {
        (**self).now()
    }
}

impl<T: Timer + ?Sized> Timer for &T {
    fn sleep_until(&self, at: Instant) -> impl Future<Output = ()> {
        (**self).sleep_until(at)
    }
}
