//! The guarded call: all layers in one decision.

use crate::open_for_an_hour;
use core::hint::black_box;
use steadfast::budget::{Budget, Limits, RetryBudget, RetryBudgetPolicy};
use steadfast::call::{Call, Endpoint, Input, Output, Resources};
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

/// Everything on, a budget of the run besides: 20 s for the call, three attempts of at most 8 s each, and a breaker, all but the two limits as the
/// defaults have it.
#[must_use]
pub fn guard() -> CallPolicy {
    let limits = CallPolicy::default().with_timeout(Some(Duration::from_secs(8)));
    limits.and_then(|policy| policy.with_deadline(Some(Duration::from_secs(20)))).unwrap_or_default()
}

/// What the calls of a run share: two endpoints with breaker and throttle, the share of retries, and a budget with limits
/// of attempts, tokens and money.
#[derive(Debug)]
struct OfTheRun {
    endpoints: [Endpoint; 2],
    retries: RetryBudget,
    budget: Budget,
}

impl OfTheRun {
    fn new(policy: &CallPolicy) -> Self {
        let plenty = Limits::none().with_attempts(u64::MAX / 4).and_then(|limits| limits.with_tokens(u64::MAX / 4));
        let plenty = plenty.and_then(|limits| limits.with_money(u64::MAX / 4)).unwrap_or_default();
        Self {
            endpoints: [Endpoint::new(policy, Seed(1)), Endpoint::new(policy, Seed(2))],
            retries: RetryBudget::new(RetryBudgetPolicy::default()),
            budget: Budget::new(plenty, Instant::ORIGIN),
        }
    }

    #[inline]
    fn resources(&mut self) -> Resources<'_> {
        let envelope = self.budget.root();
        let budget = Some((&mut self.budget, envelope));
        Resources { endpoints: &mut self.endpoints, retries: Some(&mut self.retries), budget }
    }
}

/// Calls that succeed, each guarded by everything, with a second option to fall back on.
#[derive(Debug)]
pub struct GuardedCall {
    policy: CallPolicy,
    run: OfTheRun,
    trace: Trace,
    now: Instant,
    calls: u64,
}

impl Default for GuardedCall {
    fn default() -> Self {
        let policy = guard();
        Self { run: OfTheRun::new(&policy), policy, trace: Trace::off(), now: Instant::ORIGIN, calls: 0 }
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
        call.handle(start, Input::Start, &mut self.run.resources(), &mut self.trace);
        let output = call.poll();
        let Output::Start(attempt) = black_box(&output) else { return false };
        call.handle(end, Input::Succeeded(attempt.id.attempt), &mut self.run.resources(), &mut self.trace);
        matches!(black_box(&call.poll()), Output::Finished(Ok(1)))
    }
}

/// Calls that are turned away because the breaker of their only option is open.
#[derive(Debug)]
pub struct RejectedCall {
    policy: CallPolicy,
    run: OfTheRun,
    trace: Trace,
}

impl Default for RejectedCall {
    fn default() -> Self {
        let policy = guard();
        let mut run = OfTheRun::new(&policy);
        run.endpoints[0].breaker = Some(open_for_an_hour());
        Self { policy, run, trace: Trace::off() }
    }
}

impl RejectedCall {
    /// One call that does not come to be. Answers whether it was refused.
    #[inline]
    pub fn call(&mut self) -> bool {
        let now = black_box(Instant::from_millis(1));
        let (policy, mut shared) = (black_box(&self.policy), self.run.resources());
        let call = Call::start(Key::default(), policy, Seed(7), Deadline::NEVER, now, &mut shared, &mut self.trace);
        black_box(&call).is_err()
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
            match black_box(&call.poll()) {
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
                    self.now = (*until)?;
                    call.handle(self.now, Input::Tick, &mut (), &mut self.trace);
                }
                Output::Finished(result) => return result.as_ref().ok().copied(),
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
