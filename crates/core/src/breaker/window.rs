//! The last calls of the last while, and how many of them failed. Exact both ways: it slides by count and by the clock.

use super::policy::WindowPolicy;
use crate::time::{Instant, micros};
use alloc::collections::VecDeque;

#[derive(Debug, Clone)]
pub(super) struct Window {
    policy: WindowPolicy,
    /// The policy's span in microseconds: comparing those is a subtraction, comparing durations a division.
    span: u64,
    results: VecDeque<(Instant, bool)>,
    failed: u32,
}

impl Window {
    pub(super) fn new(policy: WindowPolicy) -> Self {
        Self { policy, span: micros(policy.span), results: VecDeque::with_capacity(policy.calls as usize), failed: 0 }
    }

    /// Adds a result and forgets those that fell out. Each result is added and forgotten once: O(1) a call.
    pub(super) fn record(&mut self, now: Instant, failed: bool) {
        if self.results.len() == self.policy.calls as usize {
            self.forget_oldest();
        }
        while self.results.front().is_some_and(|(at, _)| now.as_micros().saturating_sub(at.as_micros()) >= self.span) {
            self.forget_oldest();
        }
        self.results.push_back((now, failed));
        self.failed += u32::from(failed);
    }

    fn forget_oldest(&mut self) {
        if let Some((_, failed)) = self.results.pop_front() {
            self.failed -= u32::from(failed);
        }
    }

    pub(super) fn clear(&mut self) {
        self.results.clear();
        self.failed = 0;
    }

    /// `(failed, calls)` if that is enough to open.
    pub(super) fn verdict(&self) -> Option<(u32, u32)> {
        let calls = u32::try_from(self.results.len()).unwrap_or(u32::MAX);
        let enough = calls >= self.policy.minimum;
        let bad = u64::from(self.failed) * 1_000 >= u64::from(self.policy.per_mille) * u64::from(calls);
        (enough && bad).then_some((self.failed, calls))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Duration;

    fn window(calls: u32, minimum: u32) -> Window {
        Window::new(WindowPolicy::new(500, calls, Duration::from_secs(5), minimum).unwrap())
    }

    #[test]
    fn the_count_slides() {
        let mut window = window(4, 4);
        for _ in 0..1_000 {
            window.record(Instant::ORIGIN, false);
        }
        window.record(Instant::ORIGIN, true);
        assert_eq!(window.verdict(), None);
        window.record(Instant::ORIGIN, true);
        assert_eq!(window.verdict(), Some((2, 4)));
    }

    #[test]
    fn results_expire_by_the_clock_at_their_instant_and_not_before() {
        let mut kept = window(9, 2);
        kept.record(Instant::ORIGIN, true);
        kept.record(Instant::from_micros(4_999_999), true);
        assert_eq!(kept.verdict(), Some((2, 2)));
        let mut expired = window(9, 2);
        expired.record(Instant::ORIGIN, true);
        expired.record(Instant::from_micros(5_000_000), true);
        assert_eq!(expired.verdict(), None);
    }
}
