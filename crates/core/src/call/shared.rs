//! What a call shares with other calls, and what a breaker's changes look like in a trace.

use crate::breaker::{Change, CircuitBreaker, State};
use crate::budget::{Budget, Envelope, RetryBudget, RetryThrottle};
use crate::event::Event;
use crate::policy::CallPolicy;
use crate::retry_after::RetryAfter;
use crate::rng::Seed;
use crate::time::Instant;
use core::cell::RefCell;

/// What a call shares with others: the breaker, the throttle and the server's word of each of its options, the retry budget
/// of its run, and the budget of the whole tree of work. Whatever is not there does not limit.
pub trait Shared {
    /// Lets `act` use the breaker of that option, if it has one.
    fn breaker<R>(&mut self, option: u32, act: impl FnOnce(&mut CircuitBreaker) -> R) -> Option<R>;

    /// Lets `act` use the throttle of that option, if it has one.
    fn throttle<R>(&mut self, _option: u32, _act: impl FnOnce(&mut RetryThrottle) -> R) -> Option<R> {
        None
    }

    /// Lets `act` use what the server of that option asked for, if anybody keeps it: else it holds within one call.
    fn retry_after<R>(&mut self, _option: u32, _act: impl FnOnce(&mut RetryAfter) -> R) -> Option<R> {
        None
    }

    /// Lets `act` use the retry budget, if there is one.
    fn retries<R>(&mut self, _act: impl FnOnce(&mut RetryBudget) -> R) -> Option<R> {
        None
    }

    /// Lets `act` use the budget, if there is one, in the envelope this call spends from.
    fn budget<R>(&mut self, _act: impl FnOnce(&mut Budget, Envelope) -> R) -> Option<R> {
        None
    }
}

/// One thing that calls go to, a model or a tool: what protects it, as its policy says.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Its breaker.
    pub breaker: Option<CircuitBreaker>,
    /// Its retry throttle.
    pub throttle: Option<RetryThrottle>,
    /// What its server asked for.
    pub retry_after: RetryAfter,
}

impl Endpoint {
    /// The breaker and the throttle that a policy asks for. `seed` decides the jitter of the breaker.
    #[must_use]
    pub fn new(policy: &CallPolicy, seed: Seed) -> Self {
        Self {
            breaker: policy.breaker().map(|policy| CircuitBreaker::new(*policy, seed)),
            throttle: policy.throttle().map(|policy| RetryThrottle::new(*policy)),
            retry_after: RetryAfter::default(),
        }
    }

    /// Only what its server asks for is kept.
    pub(crate) fn unguarded() -> Self {
        Self { breaker: None, throttle: None, retry_after: RetryAfter::default() }
    }
}

/// Endpoints within a run or a tree of work, with its budgets.
///
/// ```
/// use steadfast::budget::{Budget, Limits, RetryBudget, RetryBudgetPolicy};
/// use steadfast::call::{Call, Endpoint, Input, Output, Resources};
/// use steadfast::deadline::Deadline;
/// use steadfast::id::Key;
/// use steadfast::outcome::CallError;
/// use steadfast::policy::CallPolicy;
/// use steadfast::rng::Seed;
/// use steadfast::time::Instant;
/// use steadfast::trace::Trace;
///
/// let policy = CallPolicy::default();
/// let mut endpoints = [Endpoint::new(&policy, Seed(1))];
/// let mut retries = RetryBudget::new(RetryBudgetPolicy::default());
/// let mut budget = Budget::new(Limits::none().with_attempts(1)?, Instant::ORIGIN);
/// let envelope = budget.root();
/// let mut shared = Resources { endpoints: &mut endpoints, retries: Some(&mut retries), budget: Some((&mut budget, envelope)) };
///
/// let call = |shared: &mut Resources<'_>| {
///     let mut call = Call::new(Key::default(), &policy, 1, Seed(7), Deadline::NEVER);
///     call.handle(Instant::ORIGIN, Input::Start, shared, &mut Trace::off());
///     call.poll()
/// };
/// assert!(matches!(call(&mut shared), Output::Start(_)));
/// assert!(matches!(call(&mut shared), Output::Finished(Err(CallError::BudgetExceeded(_)))));
/// # Ok::<(), steadfast::setting::InvalidSetting>(())
/// ```
#[derive(Debug)]
pub struct Resources<'a> {
    /// One for each option.
    pub endpoints: &'a mut [Endpoint],
    /// The retry budget of the run.
    pub retries: Option<&'a mut RetryBudget>,
    /// The budget of the whole tree of work, and the envelope that is spent from.
    pub budget: Option<(&'a mut Budget, Envelope)>,
}

impl Shared for Resources<'_> {
    fn breaker<R>(&mut self, option: u32, act: impl FnOnce(&mut CircuitBreaker) -> R) -> Option<R> {
        self.endpoints.get_mut(option as usize)?.breaker.as_mut().map(act)
    }

    fn throttle<R>(&mut self, option: u32, act: impl FnOnce(&mut RetryThrottle) -> R) -> Option<R> {
        self.endpoints.get_mut(option as usize)?.throttle.as_mut().map(act)
    }

    fn retry_after<R>(&mut self, option: u32, act: impl FnOnce(&mut RetryAfter) -> R) -> Option<R> {
        self.endpoints.get_mut(option as usize).map(|endpoint| act(&mut endpoint.retry_after))
    }

    fn retries<R>(&mut self, act: impl FnOnce(&mut RetryBudget) -> R) -> Option<R> {
        self.retries.as_deref_mut().map(act)
    }

    fn budget<R>(&mut self, act: impl FnOnce(&mut Budget, Envelope) -> R) -> Option<R> {
        self.budget.as_mut().map(|(budget, envelope)| act(budget, *envelope))
    }
}

impl Shared for () {
    fn breaker<R>(&mut self, _: u32, _: impl FnOnce(&mut CircuitBreaker) -> R) -> Option<R> {
        None
    }
}

impl Shared for [CircuitBreaker] {
    fn breaker<R>(&mut self, option: u32, act: impl FnOnce(&mut CircuitBreaker) -> R) -> Option<R> {
        self.get_mut(option as usize).map(act)
    }
}

impl Shared for &[RefCell<CircuitBreaker>] {
    fn breaker<R>(&mut self, option: u32, act: impl FnOnce(&mut CircuitBreaker) -> R) -> Option<R> {
        self.get(option as usize).and_then(|shared| shared.try_borrow_mut().ok()).map(|mut breaker| act(&mut breaker))
    }
}

/// A change of state as an event.
pub(super) fn event_of(option: u32, change: Change) -> Event {
    let reason = change.reason;
    match (change.to, change.until) {
        (State::Open, until) => Event::BreakerOpened { option, until: until.unwrap_or(Instant::MAX), reason },
        (State::HalfOpen, _) => Event::BreakerHalfOpened { option },
        (State::Closed, _) => Event::BreakerClosed { option, reason },
        (state @ (State::ForcedOpen | State::Disabled), _) => {
            Event::BreakerSet { option, state: state.as_str(), reason }
        }
    }
}
