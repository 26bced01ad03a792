//! The guarded call: all layers in one decision.

use crate::open_for_an_hour;
use core::hint::black_box;
use steadfast::breaker::CircuitBreaker;
use steadfast::call::{Call, Input, Output};
use steadfast::deadline::Deadline;
use steadfast::failure::{Failure, FailureClass};
use steadfast::id::{CallId, Key, RunId};
use steadfast::policy::CallPolicy;
use steadfast::rng::Seed;
use steadfast::time::{Duration, Instant};
use steadfast::trace::Trace;

/// Between two calls.
const PACE: Duration = Duration::from_millis(10);
/// How long the operation takes.
const ANSWERS_AFTER: Duration = Duration::from_millis(5);

/// Everything on: 20 s for the call, three attempts of at most 8 s each, and a breaker, all but the two limits as the
/// defaults have it.
#[must_use]
pub fn guard() -> CallPolicy {
    let limits = CallPolicy::default().with_timeout(Some(Duration::from_secs(8)));
    limits.and_then(|policy| policy.with_deadline(Some(Duration::from_secs(20)))).unwrap_or_default()
}

/// Calls that succeed, each guarded by everything, with a second option to fall back on.
#[derive(Debug)]
pub struct GuardedCall {
    policy: CallPolicy,
    breakers: [CircuitBreaker; 2],
    trace: Trace,
    now: Instant,
    calls: u64,
}

impl Default for GuardedCall {
    fn default() -> Self {
        let policy = guard();
        let breaker = |seed| CircuitBreaker::new(policy.breaker().copied().unwrap_or_default(), Seed(seed));
        Self { policy, breakers: [breaker(1), breaker(2)], trace: Trace::off(), now: Instant::ORIGIN, calls: 0 }
    }
}

impl GuardedCall {
    /// One call from its making to its end. Answers whether it succeeded.
    #[inline]
    pub fn call(&mut self) -> bool {
        self.now = self.now + PACE;
        self.calls += 1;
        let key = Key { run: RunId(1), call: CallId(self.calls) };
        let (start, end) = (black_box(self.now), black_box(self.now + ANSWERS_AFTER));
        let mut call = Call::new(key, black_box(&self.policy), black_box(2), Seed(7), Deadline::NEVER);
        call.handle(start, Input::Start, self.breakers.as_mut_slice(), &mut self.trace);
        let Output::Start(attempt) = black_box(call.poll()) else { return false };
        call.handle(end, Input::Succeeded(attempt.id.attempt), self.breakers.as_mut_slice(), &mut self.trace);
        black_box(call.poll()) == Output::Finished(Ok(1))
    }
}

/// Calls that are refused because the breaker of their only option is open.
#[derive(Debug)]
pub struct RejectedCall {
    policy: CallPolicy,
    breakers: [CircuitBreaker; 1],
    trace: Trace,
}

impl Default for RejectedCall {
    fn default() -> Self {
        Self { policy: guard(), breakers: [open_for_an_hour()], trace: Trace::off() }
    }
}

impl RejectedCall {
    /// One call from its making to its end. Answers whether it was refused.
    #[inline]
    pub fn call(&mut self) -> bool {
        let mut call = Call::new(Key::default(), black_box(&self.policy), black_box(1), Seed(7), Deadline::NEVER);
        let now = black_box(Instant::from_millis(1));
        call.handle(now, Input::Start, self.breakers.as_mut_slice(), &mut self.trace);
        matches!(black_box(call.poll()), Output::Finished(Err(_)))
    }
}

/// Calls with retries and nothing else: what a retry library does.
#[derive(Debug)]
pub struct RetriedCall {
    policy: CallPolicy,
    trace: Trace,
    now: Instant,
    calls: u64,
}

impl Default for RetriedCall {
    fn default() -> Self {
        let policy = CallPolicy::unguarded().with_retry(CallPolicy::default().retry().copied());
        Self { policy, trace: Trace::off(), now: Instant::ORIGIN, calls: 0 }
    }
}

impl RetriedCall {
    /// One call whose operation fails so often before it succeeds; waits take no time, since the clock is ours. Answers
    /// how many attempts it took.
    #[inline]
    pub fn call(&mut self, failures: u32) -> Option<u32> {
        self.calls += 1;
        let key = Key { run: RunId(1), call: CallId(self.calls) };
        let mut call = Call::new(key, black_box(&self.policy), black_box(1), Seed(7), Deadline::NEVER);
        call.handle(self.now, Input::Start, &mut (), &mut self.trace);
        loop {
            match black_box(call.poll()) {
                Output::Start(attempt) => {
                    let number = attempt.id.attempt;
                    let input = if number <= black_box(failures) {
                        // Without a message: what an error says is the operation's to build, here as there.
                        Input::Failed(number, Failure::new(FailureClass::ServerError, ""))
                    } else {
                        Input::Succeeded(number)
                    };
                    call.handle(self.now, input, &mut (), &mut self.trace);
                }
                Output::Wait { until, .. } => {
                    self.now = until?;
                    call.handle(self.now, Input::Tick, &mut (), &mut self.trace);
                }
                Output::Finished(result) => return result.ok(),
                Output::Abandon(_) => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_end_as_they_should_however_often_they_are_made() {
        let (mut guarded, mut rejected, mut retried) =
            (GuardedCall::default(), RejectedCall::default(), RetriedCall::default());
        assert!((0..10_000).all(|_| guarded.call()));
        assert!((0..10_000).all(|_| rejected.call()));
        assert_eq!([0, 1, 2, 3].map(|failures| retried.call(failures)), [Some(1), Some(2), Some(3), None]);
    }

    #[test]
    fn every_layer_is_on() {
        let policy = guard();
        assert_eq!(policy.timeout(), Some(Duration::from_secs(8)));
        assert_eq!(policy.deadline(), Some(Duration::from_secs(20)));
        assert!(policy.retry().is_some() && policy.breaker().is_some());
    }
}
