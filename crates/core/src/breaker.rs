//! The circuit breaker: stops asking a service that keeps failing, and finds out by single probes when it is back.
//!
//! ```text
//!            too many failures                 open time over: the next caller is a probe
//!   closed ---------------------> open ------------------------------------------------> half open
//!     ^                             ^                a probe failed, or its lease ended      |  |
//!     |                             +---------------------------------------------------------+  |
//!     +------------------------------------------------------------------------ probes succeeded +
//! ```

mod policy;
mod report;
mod window;

pub use policy::{BreakerPolicy, WindowPolicy};
pub use report::{Change, ChangeReason, PermitOutcome, RejectReason, Rejection, State, Stats};

use crate::rng::Seed;
use crate::time::{Duration, Instant, micros};
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;
use window::Window;

/// A circuit breaker, shared by all calls to one service.
///
/// How to drive it: before each attempt ask [`admit`](Self::admit); with the permit it gives, make the attempt, and hand
/// the permit back with [`settle`](Self::settle), whatever came of it. A rejected caller learns when to come back; nobody
/// is parked. [`poll_change`](Self::poll_change) tells what state changes there were, each with its reason. Everything is
/// O(1) in the length of history.
///
/// Each state change begins a new generation. A permit of an older one counts only as `late`, so a call from before an
/// outage neither closes nor opens anything. A probe has a lease: if it is not settled in time it counts as failed.
///
/// ```
/// use core::time::Duration;
/// use steadfast::breaker::{BreakerPolicy, CircuitBreaker, PermitOutcome, State};
/// use steadfast::rng::Seed;
/// use steadfast::time::Instant;
///
/// let mut breaker = CircuitBreaker::new(BreakerPolicy::default().with_consecutive(2), Seed(1));
/// let now = Instant::from_millis(10);
/// for _ in 0..2 {
///     let permit = breaker.admit(now, None).unwrap();
///     breaker.settle(permit, PermitOutcome::Failed, now);
/// }
/// let rejected = breaker.admit(now, None).unwrap_err();
/// assert_eq!(breaker.state(), State::Open);
///
/// let probe = breaker.admit(rejected.retry_at, None).unwrap();
/// breaker.settle(probe, PermitOutcome::Ok, rejected.retry_at + Duration::from_millis(300));
/// assert_eq!(breaker.state(), State::Closed);
/// ```
#[derive(Debug, Clone)]
pub struct CircuitBreaker {
    policy: BreakerPolicy,
    seed: Seed,
    mode: Mode,
    now: Instant,
    generation: u64,
    next_permit: u64,
    consecutive: u32,
    window: Option<Window>,
    opened_in_row: u32,
    stats: Stats,
    changes: VecDeque<Change>,
}

#[derive(Debug, Clone)]
enum Mode {
    Closed,
    Open { until: Instant },
    HalfOpen { probes: Vec<Probe>, successes: u32 },
    ForcedOpen { reason: String },
    Disabled,
}

#[derive(Debug, Clone, Copy)]
struct Probe {
    id: u64,
    lease_until: Instant,
}

/// Leave to make one attempt. Hand it back with [`CircuitBreaker::settle`].
#[derive(Debug, PartialEq, Eq)]
#[must_use = "an attempt without its permit settled is a probe that never returns"]
pub struct Permit {
    generation: u64,
    id: u64,
    lease_until: Instant,
}

impl Permit {
    /// Until when a probe is expected to be settled; [`Instant::MAX`] for any other attempt.
    #[must_use]
    pub fn lease_until(&self) -> Instant {
        self.lease_until
    }
}

/// How many undelivered changes are kept for a host that never polls them.
const CHANGES_KEPT: usize = 8;

impl CircuitBreaker {
    /// A closed breaker. `seed` decides the jitter of its open times.
    #[must_use]
    pub fn new(policy: BreakerPolicy, seed: Seed) -> Self {
        Self {
            policy,
            seed,
            mode: Mode::Closed,
            now: Instant::ORIGIN,
            generation: 0,
            next_permit: 0,
            consecutive: 0,
            window: policy.window.map(Window::new),
            opened_in_row: 0,
            stats: Stats::default(),
            changes: VecDeque::new(),
        }
    }

    /// The state it was last in. An open breaker whose time is over is half open from the next [`admit`](Self::admit).
    #[must_use]
    pub fn state(&self) -> State {
        match self.mode {
            Mode::Closed => State::Closed,
            Mode::Open { .. } => State::Open,
            Mode::HalfOpen { .. } => State::HalfOpen,
            Mode::ForcedOpen { .. } => State::ForcedOpen,
            Mode::Disabled => State::Disabled,
        }
    }

    /// Until when it certainly lets nothing through: [`Instant::MAX`] if it was forced open, `None` if something may pass.
    #[must_use]
    pub fn open_until(&self) -> Option<Instant> {
        match self.mode {
            Mode::Open { until } => Some(until),
            Mode::ForcedOpen { .. } => Some(Instant::MAX),
            Mode::Closed | Mode::HalfOpen { .. } | Mode::Disabled => None,
        }
    }

    /// Counts since construction.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.stats
    }

    /// Its settings.
    #[must_use]
    pub fn policy(&self) -> &BreakerPolicy {
        &self.policy
    }

    /// Leave to make an attempt, or the reason why not. `attempt_timeout` is the lease of a probe where the policy names
    /// none.
    pub fn admit(&mut self, now: Instant, attempt_timeout: Option<Duration>) -> Result<Permit, Rejection> {
        self.advance(now);
        let mut permit = Permit { generation: self.generation, id: self.next_permit, lease_until: Instant::MAX };
        let refusal = match &mut self.mode {
            Mode::Closed | Mode::Disabled => None,
            Mode::Open { until } => Some(Rejection { retry_at: *until, reason: RejectReason::Open }),
            Mode::HalfOpen { probes, .. } if probes.len() < self.policy.probes as usize => {
                let lease = self.policy.lease.or(attempt_timeout).unwrap_or(self.policy.open_for);
                permit.lease_until = self.now + lease;
                probes.push(Probe { id: permit.id, lease_until: permit.lease_until });
                None
            }
            Mode::HalfOpen { probes, .. } => Some(Rejection {
                retry_at: probes.iter().map(|probe| probe.lease_until).min().unwrap_or(self.now),
                reason: RejectReason::ProbesUnderWay { probes: self.policy.probes },
            }),
            Mode::ForcedOpen { reason } => {
                Some(Rejection { retry_at: Instant::MAX, reason: RejectReason::ForcedOpen { reason: reason.clone() } })
            }
        };
        if let Some(rejection) = refusal {
            self.stats.rejected = self.stats.rejected.saturating_add(1);
            return Err(rejection);
        }
        self.next_permit = self.next_permit.wrapping_add(1);
        Ok(permit)
    }

    /// Takes a permit back, with what came of it.
    #[expect(clippy::needless_pass_by_value, reason = "a permit is settled once: settling takes it away")]
    pub fn settle(&mut self, permit: Permit, outcome: PermitOutcome, now: Instant) {
        self.advance(now);
        if permit.generation != self.generation {
            self.stats.late = self.stats.late.saturating_add(1);
            return;
        }
        match outcome {
            PermitOutcome::Ok => self.stats.successes = self.stats.successes.saturating_add(1),
            PermitOutcome::Failed => self.stats.failures = self.stats.failures.saturating_add(1),
            PermitOutcome::Ignored | PermitOutcome::Cancelled => {
                self.stats.ignored = self.stats.ignored.saturating_add(1);
            }
        }
        match &mut self.mode {
            Mode::Closed => self.count(outcome),
            Mode::HalfOpen { probes, successes } => {
                probes.retain(|probe| probe.id != permit.id);
                match outcome {
                    PermitOutcome::Ok => {
                        *successes += 1;
                        let successes = *successes;
                        if successes >= self.policy.successes {
                            self.close(ChangeReason::ProbesSucceeded { successes });
                        }
                    }
                    PermitOutcome::Failed => self.open(self.now, ChangeReason::ProbeFailed),
                    PermitOutcome::Ignored | PermitOutcome::Cancelled => {}
                }
            }
            Mode::Open { .. } | Mode::ForcedOpen { .. } | Mode::Disabled => {}
        }
    }

    /// The next change of state that was not yet told, oldest first. A host that never asks loses the oldest beyond eight.
    pub fn poll_change(&mut self) -> Option<Change> {
        self.changes.pop_front()
    }

    /// Lets nothing through until [`reset`](Self::reset).
    pub fn force_open(&mut self, reason: impl Into<String>, now: Instant) {
        self.advance(now);
        let reason = reason.into();
        self.enter(Mode::ForcedOpen { reason: reason.clone() }, self.now, ChangeReason::ByHand { reason });
    }

    /// Lets everything through until [`reset`](Self::reset).
    pub fn disable(&mut self, reason: impl Into<String>, now: Instant) {
        self.advance(now);
        self.enter(Mode::Disabled, self.now, ChangeReason::ByHand { reason: reason.into() });
    }

    /// Closes it and forgets its history.
    pub fn reset(&mut self, now: Instant) {
        self.advance(now);
        self.close(ChangeReason::ByHand { reason: "reset".into() });
    }

    /// Lets time pass. The clock never goes back here: an earlier instant counts as the last one.
    fn advance(&mut self, now: Instant) {
        self.now = self.now.max(now);
        if let Mode::HalfOpen { probes, .. } = &self.mode {
            let ended = probes.iter().map(|probe| probe.lease_until).filter(|until| self.now >= *until).min();
            if let Some(at) = ended {
                self.stats.failures = self.stats.failures.saturating_add(1);
                self.open(at, ChangeReason::LeaseEnded);
            }
        }
        if let Mode::Open { until } = self.mode
            && self.now >= until
        {
            self.enter(Mode::HalfOpen { probes: Vec::new(), successes: 0 }, until, ChangeReason::OpenTimeOver);
        }
    }

    /// A result in the closed state.
    fn count(&mut self, outcome: PermitOutcome) {
        let failed = match outcome {
            PermitOutcome::Ok => false,
            PermitOutcome::Failed => true,
            PermitOutcome::Ignored | PermitOutcome::Cancelled => return,
        };
        self.consecutive = if failed { self.consecutive.saturating_add(1) } else { 0 };
        if let Some(window) = &mut self.window {
            window.record(self.now, failed);
        }
        if !failed {
            return;
        }
        if self.policy.consecutive > 0 && self.consecutive >= self.policy.consecutive {
            self.open(self.now, ChangeReason::Consecutive { failures: self.consecutive });
        } else if let Some((failed, calls)) = self.window.as_ref().and_then(Window::verdict) {
            self.open(self.now, ChangeReason::Window { failed, calls });
        }
    }

    /// Opens for `open_for * 2^(n-1)`, at most `open_for_max`, the n-th time in a row, with equal jitter.
    fn open(&mut self, at: Instant, reason: ChangeReason) {
        self.opened_in_row = self.opened_in_row.saturating_add(1);
        self.stats.opened = self.stats.opened.saturating_add(1);
        let doubled = 1_u64.checked_shl(self.opened_in_row - 1).unwrap_or(u64::MAX);
        let ceiling = micros(self.policy.open_for).saturating_mul(doubled).min(micros(self.policy.open_for_max));
        let mut stream = self.seed.stream(self.stats.opened, self.opened_in_row);
        let open_for = ceiling / 2 + stream.up_to(ceiling - ceiling / 2);
        let until = at + Duration::from_micros(open_for.max(1));
        self.enter(Mode::Open { until }, at, reason);
    }

    fn close(&mut self, reason: ChangeReason) {
        self.opened_in_row = 0;
        self.enter(Mode::Closed, self.now, reason);
    }

    /// Every change of state begins a new generation with a clean record.
    fn enter(&mut self, mode: Mode, at: Instant, reason: ChangeReason) {
        let from = self.state();
        self.mode = mode;
        self.generation = self.generation.wrapping_add(1);
        self.consecutive = 0;
        if let Some(window) = &mut self.window {
            window.clear();
        }
        let until = match self.mode {
            Mode::Open { until } => Some(until),
            _ => None,
        };
        if self.changes.len() == CHANGES_KEPT {
            self.changes.pop_front();
        }
        self.changes.push_back(Change { from, to: self.state(), reason, at, until });
    }
}

#[cfg(test)]
mod tests;
