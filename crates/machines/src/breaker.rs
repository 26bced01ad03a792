//! Circuit breakers: leave to try, what came of it, and what is said of either.

use crate::hall::{Hall, hall};
use std::collections::VecDeque;
use steadfast::breaker::{BreakerPolicy, Change, CircuitBreaker, PermitOutcome, RejectReason, Rejection, State};
use steadfast::event::Event;
use steadfast::failure::FailureClass;
use steadfast::setting::InvalidSetting;
use steadfast::time::Instant;
use steadfast::trace::Entry;
use steadfast_boundary::opening::opened;
use steadfast_boundary::registers::{count_of, instant, micros_of, put};
use steadfast_boundary::settings::{breaker_policy, seed};
use wasm_bindgen::prelude::wasm_bindgen;

/// No permit: the reason stands in the registers.
const REJECTED: i32 = -1;
/// Not told without the time.
const UNDECIDED: i32 = -2;

/// A breaker, and who wants to hear of it.
pub(crate) struct Breaker {
    pub(crate) machine: CircuitBreaker,
    /// Whether somebody wants to hear of changes.
    pub(crate) listening: bool,
    /// Changes that were not yet told.
    changes: VecDeque<Told>,
}

/// A change as JavaScript hears of it.
struct Told {
    from: State,
    to: State,
    reason: String,
    at: Instant,
}

impl Breaker {
    fn new(breaker: CircuitBreaker) -> Self {
        Self { machine: breaker, listening: false, changes: VecDeque::new() }
    }

    /// Takes up the changes that the breaker has not told.
    fn hear(&mut self) {
        while let Some(Change { from, to, reason, at, .. }) = self.machine.poll_change() {
            if self.listening {
                self.changes.push_back(Told { from, to, reason: reason.to_string(), at });
            }
        }
    }

    /// Takes up a change that a call has put into its trace. `from` is the state before, and the state after is answered.
    pub(crate) fn overhear(&mut self, from: State, entry: &Entry) -> State {
        let (to, reason) = match &entry.event {
            Event::BreakerOpened { option: 0, reason, .. } => (State::Open, reason.to_string()),
            Event::BreakerHalfOpened { option: 0 } => (State::HalfOpen, "its open time is over".to_owned()),
            Event::BreakerClosed { option: 0, reason } => (State::Closed, reason.to_string()),
            _ => return from,
        };
        self.changes.push_back(Told { from, to, reason, at: entry.at });
        to
    }
}

/// The policy that stands in the first twelve registers.
fn policy() -> Result<BreakerPolicy, InvalidSetting> {
    breaker_policy(0).map(Option::unwrap_or_default)
}

/// A closed breaker with the policy in the registers.
#[wasm_bindgen]
#[must_use]
pub fn breaker_open(seed_high: u32, seed_low: u32) -> i32 {
    hall(|hall| {
        let policy = policy();
        let seed = seed(seed_high, seed_low);
        let number = policy.map(|policy| hall.common.breakers.insert(Breaker::new(CircuitBreaker::new(policy, seed))));
        opened(number)
    })
}

/// The breaker that `bytes` are the snapshot of, with the policy in the registers.
#[wasm_bindgen]
#[must_use]
pub fn breaker_restore(bytes: &[u8], seed_high: u32, seed_low: u32, now: f64, elapsed: f64) -> i32 {
    hall(|hall| {
        let policy = match policy() {
            Ok(policy) => policy,
            Err(invalid) => return opened(Err(invalid)),
        };
        let away = instant(elapsed) - Instant::ORIGIN;
        let restored = CircuitBreaker::restore(bytes, policy, seed(seed_high, seed_low), instant(now), away);
        let number = restored.map(|breaker| hall.common.breakers.insert(Breaker::new(breaker)));
        opened(number)
    })
}

/// The breaker is not wanted any more.
#[wasm_bindgen]
pub fn breaker_close(breaker: u32) {
    hall(|hall| hall.common.breakers.remove(breaker));
}

/// Leave to try where that takes no look at the clock, which costs more than the whole decision: a closed breaker without
/// a rule over slow calls. Else `-2`, and [`breaker_enter`] is to be asked.
#[wasm_bindgen]
#[must_use]
pub fn breaker_enter_closed(breaker: u32) -> i32 {
    hall(|hall| {
        let Some(Breaker { machine: breaker, .. }) = hall.common.breakers.get_mut(breaker) else { return REJECTED };
        if breaker.state() != State::Closed || breaker.policy().slow().is_some() {
            return UNDECIDED;
        }
        match breaker.admit(Instant::ORIGIN, None) {
            Ok(permit) => number_of(hall.permits.insert(permit)),
            Err(_) => UNDECIDED,
        }
    })
}

/// Leave to try: a permit's number, or `-1` and the reason in the registers.
#[wasm_bindgen]
#[must_use]
pub fn breaker_enter(breaker: u32, now: f64) -> i32 {
    hall(|hall| {
        let Some(own) = hall.common.breakers.get_mut(breaker) else { return REJECTED };
        let admitted = own.machine.admit(instant(now), None);
        own.hear();
        match admitted {
            Ok(permit) => number_of(hall.permits.insert(permit)),
            Err(rejection) => {
                put_rejection(&rejection);
                REJECTED
            }
        }
    })
}

/// Hands a permit back. `outcome`: 0 the service answered, 3 the caller took it back; from 4 on, a failure of the class whose
/// place in the list of classes is 4 less.
#[wasm_bindgen]
pub fn breaker_settle(breaker: u32, permit: u32, outcome: u32, now: f64) {
    let outcome = match outcome {
        0 => PermitOutcome::Ok,
        3 => PermitOutcome::Cancelled,
        failed => match FailureClass::ALL.get((failed as usize).wrapping_sub(4)) {
            Some(class) if class.counts_against_service() => PermitOutcome::Failed,
            _ => PermitOutcome::Ignored,
        },
    };
    hall(|hall| {
        if let (Some(permit), Some(own)) = (hall.permits.take(permit), hall.common.breakers.get_mut(breaker)) {
            own.machine.settle(permit, outcome, instant(now));
            own.hear();
        }
    });
}

/// A refusal as numbers: when to come back, why (0 open, 1 its probes are under way, 2 forced open), how many probes.
pub(crate) fn put_rejection(rejection: &Rejection) {
    let (why, probes) = match rejection.reason {
        RejectReason::Open => (0.0, 0),
        RejectReason::ProbesUnderWay { probes } => (1.0, probes),
        RejectReason::ForcedOpen { .. } => (2.0, 0),
    };
    put(0, micros_of(Some(rejection.retry_at)));
    put(1, why);
    put(2, f64::from(probes));
}

/// The reason that somebody gave who forced it open.
#[wasm_bindgen]
#[must_use]
pub fn breaker_forced_reason(breaker: u32) -> String {
    let forced = ask(breaker, |own| own.machine.forced_reason().map(str::to_owned)).flatten();
    forced.map_or_else(String::new, |reason| RejectReason::ForcedOpen { reason }.to_string())
}

/// Its state, as a number: closed, open, half open, forced open, disabled.
#[wasm_bindgen]
#[must_use]
pub fn breaker_state(breaker: u32) -> u32 {
    ask(breaker, |own| own.machine.state()).map_or(0, |state| state as u32)
}

/// Its counts, into the registers: successes, failures, rejected, late, ignored, opened.
#[wasm_bindgen]
pub fn breaker_stats(breaker: u32) {
    if let Some(stats) = ask(breaker, |own| own.machine.stats()) {
        let counts = [stats.successes, stats.failures, stats.rejected, stats.late, stats.ignored, stats.opened];
        for (index, count) in counts.into_iter().enumerate() {
            put(index, count_of(Some(count)));
        }
    }
}

/// Says by hand what it is: 0 as new, 1 forced open, 2 disabled.
#[wasm_bindgen]
pub fn breaker_set(breaker: u32, to: u32, reason: &str, now: f64) {
    let now = instant(now);
    ask(breaker, |own| {
        match to {
            1 => own.machine.force_open(reason, now),
            2 => own.machine.disable(reason, now),
            _ => own.machine.reset(now),
        }
        own.hear();
    });
}

/// Its snapshot.
#[wasm_bindgen]
#[must_use]
pub fn breaker_snapshot(breaker: u32, now: f64) -> Vec<u8> {
    ask(breaker, |own| own.machine.snapshot(instant(now))).unwrap_or_default()
}

/// Somebody wants to hear of its changes, or nobody any more.
#[wasm_bindgen]
pub fn breaker_listen(breaker: u32, listening: bool) {
    ask(breaker, |own| {
        // What happened before is nobody's to hear.
        own.hear();
        own.listening = listening;
        own.changes.clear();
    });
}

/// The next change that was not told: its reason, with the states and the instant in the registers. Empty if there is none.
#[wasm_bindgen]
#[must_use]
pub fn breaker_change(breaker: u32) -> String {
    let Some(Told { from, to, reason, at }) = ask(breaker, |own| own.changes.pop_front()).flatten() else {
        return String::new();
    };
    put(0, f64::from(from as u32));
    put(1, f64::from(to as u32));
    put(2, micros_of(Some(at)));
    reason
}

/// What a refusal says of itself, from its numbers: the whole sentence, or the reason alone.
#[wasm_bindgen]
#[must_use]
pub fn rejection_text(retry_at: f64, why: u32, probes: u32, whole: bool) -> String {
    let reason = match why {
        0 => RejectReason::Open,
        1 => RejectReason::ProbesUnderWay { probes },
        _ => RejectReason::ForcedOpen { reason: String::new() },
    };
    let retry_at = if retry_at.is_finite() { instant(retry_at) } else { Instant::MAX };
    if whole {
        steadfast::outcome::CallError::CircuitOpen(Rejection { retry_at, reason }).to_string()
    } else {
        reason.to_string()
    }
}

fn ask<R>(breaker: u32, question: impl FnOnce(&mut Breaker) -> R) -> Option<R> {
    hall(|hall: &mut Hall| hall.common.breakers.get_mut(breaker).map(question))
}

fn number_of(permit: u32) -> i32 {
    i32::try_from(permit).unwrap_or(i32::MAX)
}
