//! The breaker alone.

use core::hint::black_box;
use steadfast::breaker::{BreakerPolicy, CircuitBreaker, PermitOutcome};
use steadfast::rng::Seed;
use steadfast::time::{Duration, Instant};

/// Between two calls. Twenty of them, the default window's, are well within its 60 s: the window slides by count, as it
/// does under load.
const PACE: Duration = Duration::from_millis(1);

/// A closed breaker under the default policy, and what time it is.
#[derive(Debug, Clone)]
pub struct ClosedBreaker {
    breaker: CircuitBreaker,
    now: Instant,
}

impl Default for ClosedBreaker {
    fn default() -> Self {
        Self { breaker: CircuitBreaker::new(BreakerPolicy::default(), Seed(7)), now: Instant::ORIGIN }
    }
}

impl ClosedBreaker {
    /// With so many calls behind it.
    #[must_use]
    pub fn after(calls: u32) -> Self {
        let mut closed = Self::default();
        for _ in 0..calls {
            closed.call();
        }
        closed
    }

    /// One call that succeeds: admitted and settled, a millisecond after the one before.
    #[inline]
    pub fn call(&mut self) -> bool {
        self.now = self.now + PACE;
        self.call_at(self.now)
    }

    /// As [`call`](Self::call), at an instant of the caller's.
    #[inline]
    pub fn call_at(&mut self, now: Instant) -> bool {
        // The optimiser may know neither the instant nor how the call ends: a host's are news each time.
        let Ok(permit) = self.breaker.admit(black_box(now), None) else { return false };
        let outcome = if black_box(true) { PermitOutcome::Ok } else { PermitOutcome::Failed };
        self.breaker.settle(permit, outcome, black_box(now));
        true
    }
}

/// A breaker that opened a moment ago and stays open for at least half an hour.
#[must_use]
pub fn open_for_an_hour() -> CircuitBreaker {
    let hour = Duration::from_secs(3_600);
    let policy = BreakerPolicy::default().with_consecutive(1).with_open_for(hour, hour).unwrap_or_default();
    let mut breaker = CircuitBreaker::new(policy, Seed(7));
    if let Ok(permit) = breaker.admit(Instant::ORIGIN, None) {
        breaker.settle(permit, PermitOutcome::Failed, Instant::ORIGIN);
    }
    breaker
}

/// An open breaker.
#[derive(Debug, Clone)]
pub struct OpenBreaker {
    breaker: CircuitBreaker,
}

impl Default for OpenBreaker {
    fn default() -> Self {
        Self { breaker: open_for_an_hour() }
    }
}

impl OpenBreaker {
    /// One call that is refused. Answers whether it was.
    #[inline]
    pub fn call(&mut self) -> bool {
        self.call_at(Instant::from_millis(1))
    }

    /// As [`call`](Self::call), at an instant of the caller's.
    #[inline]
    pub fn call_at(&mut self, now: Instant) -> bool {
        black_box(&self.breaker.admit(black_box(now), None)).is_err()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_breaker_admits_and_an_open_one_refuses() {
        let mut closed = ClosedBreaker::after(1_000);
        assert!((0..100_000).all(|_| closed.call()));
        let mut open = OpenBreaker::default();
        assert!((0..100_000).all(|_| open.call()));
    }
}
