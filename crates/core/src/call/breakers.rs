//! How a call reaches the breakers of its options, and what their changes look like in a trace.

use crate::breaker::{Change, CircuitBreaker, State};
use crate::event::Event;
use crate::time::Instant;
use core::cell::RefCell;

/// The breakers of a call's options: none, a slice with one for each option, or shared ones.
pub trait Breakers {
    /// Lets `act` use the breaker of that option, if it has one.
    fn with<R>(&mut self, option: u32, act: impl FnOnce(&mut CircuitBreaker) -> R) -> Option<R>;
}

impl Breakers for () {
    fn with<R>(&mut self, _: u32, _: impl FnOnce(&mut CircuitBreaker) -> R) -> Option<R> {
        None
    }
}

impl Breakers for [CircuitBreaker] {
    fn with<R>(&mut self, option: u32, act: impl FnOnce(&mut CircuitBreaker) -> R) -> Option<R> {
        self.get_mut(option as usize).map(act)
    }
}

impl Breakers for &[RefCell<CircuitBreaker>] {
    fn with<R>(&mut self, option: u32, act: impl FnOnce(&mut CircuitBreaker) -> R) -> Option<R> {
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
