//! The circuit breaker: stops asking a service that keeps failing, and finds out by single probes when it is back.
//!
//! ```text
//!            too many failures                 open time over: the next caller is a probe
//!   closed ---------------------> open ------------------------------------------------> half open
//!     ^                             ^                a probe failed, or its lease ended      |  |
//!     |                             +---------------------------------------------------------+  |
//!     +------------------------------------------------------------------------ probes succeeded +
//! ```

mod adopt;
mod policy;
mod rare;
mod report;
mod result;
mod slow;
mod stored;
mod turn;
mod window;

pub use policy::{BreakerPolicy, WindowPolicy};
pub use report::{Change, ChangeReason, PermitOutcome, RejectReason, Rejection, State, Stats};
pub use slow::SlowPolicy;

use crate::rng::Seed;
use crate::time::{Duration, Instant};
use alloc::boxed::Box;
use alloc::sync::Arc;
use rare::{Mode, Probe, Rare};
use window::{Recent, same_era};

/// A circuit breaker, shared by all calls to one service.
///
/// How to drive it: before each attempt ask [`admit`](Self::admit); with the permit it gives, make the attempt, and hand
/// the permit back with [`settle`](Self::settle), whatever came of it. A rejected caller learns when to come back; nobody
/// is parked. [`poll_change`](Self::poll_change) tells what state changes there were, each with its reason. Everything is
/// O(1) in the length of history.
///
/// It takes 128 bytes at most, and while nothing but successes and failures has happened to a breaker with the default
/// settings, nothing on the heap. Other settings lie there once; breakers can share them (see [`new`](Self::new)).
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
    /// None for the default settings, which need no room.
    policy: Option<Arc<BreakerPolicy>>,
    seed: Seed,
    now: Instant,
    rare: Option<Box<Rare>>,
    /// Since the counts in `rare` were last added up.
    successes: u32,
    failures: u32,
    consecutive: u32,
    /// The results of a window that fits in here.
    recent: Recent,
    /// Closed, without a rule over slow calls: nothing happens by the clock alone.
    plain: bool,
}

/// Leave to make one attempt. Hand it back with [`CircuitBreaker::settle`].
#[derive(Debug, PartialEq, Eq)]
#[must_use = "an attempt without its permit settled is a probe that never returns"]
pub struct Permit {
    generation: u64,
    /// Which probe it is, or which call in flight where slow ones are watched for.
    id: u64,
    started: Instant,
    lease_until: Instant,
}

impl Permit {
    /// Until when a probe is expected to be settled; [`Instant::MAX`] for any other attempt.
    #[must_use]
    pub fn lease_until(&self) -> Instant {
        self.lease_until
    }
}

/// The settings behind what a breaker keeps of them.
#[inline]
fn rules(policy: Option<&Arc<BreakerPolicy>>) -> &BreakerPolicy {
    policy.map_or(&BreakerPolicy::DEFAULT, Arc::as_ref)
}

impl CircuitBreaker {
    /// A closed breaker. `seed` decides the jitter of its open times.
    ///
    /// `policy` is a [`BreakerPolicy`], or one in an [`Arc`] for breakers that share it:
    ///
    /// ```
    /// use std::sync::Arc;
    /// use steadfast::breaker::{BreakerPolicy, CircuitBreaker};
    /// use steadfast::rng::Seed;
    ///
    /// let policy = Arc::new(BreakerPolicy::default().with_consecutive(3));
    /// let breakers: Vec<_> = (0..1_000).map(|tool| CircuitBreaker::new(policy.clone(), Seed(7).derive(tool))).collect();
    /// assert_eq!(breakers[999].policy().consecutive(), 3);
    /// ```
    #[must_use]
    pub fn new(policy: impl Into<Arc<BreakerPolicy>>, seed: Seed) -> Self {
        let policy = Some(policy.into()).filter(|policy| **policy != BreakerPolicy::DEFAULT);
        let rules = rules(policy.as_ref());
        let (plain, recent, now) = (rules.slow.is_none(), Recent::new(rules.window.as_ref()), Instant::ORIGIN);
        Self { policy, seed, now, rare: None, successes: 0, failures: 0, consecutive: 0, recent, plain }
    }

    /// The state it was last in. An open breaker whose time is over is half open from the next [`admit`](Self::admit).
    #[must_use]
    pub fn state(&self) -> State {
        self.rare.as_ref().map_or(State::Closed, |rare| rare.mode.state())
    }

    /// Until when it certainly lets nothing through: [`Instant::MAX`] if it was forced open, `None` if something may pass.
    #[must_use]
    pub fn open_until(&self) -> Option<Instant> {
        match self.rare.as_ref()?.mode {
            Mode::Open { until } => Some(until),
            Mode::ForcedOpen { .. } => Some(Instant::MAX),
            Mode::Closed | Mode::HalfOpen { .. } | Mode::Disabled { .. } => None,
        }
    }

    /// Why it was forced open, if it was.
    #[must_use]
    pub fn forced_reason(&self) -> Option<&str> {
        match &self.rare.as_ref()?.mode {
            Mode::ForcedOpen { reason } => Some(reason),
            Mode::Closed | Mode::Open { .. } | Mode::HalfOpen { .. } | Mode::Disabled { .. } => None,
        }
    }

    /// Why it was disabled, if it was.
    #[must_use]
    pub fn disabled_reason(&self) -> Option<&str> {
        match &self.rare.as_ref()?.mode {
            Mode::Disabled { reason } => Some(reason),
            Mode::Closed | Mode::Open { .. } | Mode::HalfOpen { .. } | Mode::ForcedOpen { .. } => None,
        }
    }

    /// When an attempt could begin at the earliest, if not now: the instant that [`admit`](Self::admit) would name in its refusal now,
    /// and `None` where it would refuse nobody. What is looked at is not counted as a refusal.
    ///
    /// Before that instant nobody passes unless a probe is heard of, or somebody sets the breaker by hand; at it somebody does. Where
    /// probes are under way it is the end of the first lease, at which a probe that nobody has heard of opens the breaker again.
    #[must_use]
    pub fn blocked_until(&self, now: Instant) -> Option<Instant> {
        let (rare, policy, now) = (self.rare.as_ref()?, self.policy(), self.now.max(now));
        if let Mode::Open { until } = rare.mode {
            return Some(until).filter(|until| *until > now);
        }
        if !rare.is_due(policy, now) {
            return rare.mode.shut_until(policy, now);
        }
        self.seen_at(now).rare.as_ref()?.mode.shut_until(policy, now)
    }

    /// What it comes to by `now`, while it stays as it is. Of its changes there is nobody to tell.
    #[inline(never)]
    fn seen_at(&self, now: Instant) -> Self {
        let Self { policy, recent, .. } = self;
        let rare = self.rare.as_ref().map(|rare| Box::new(rare.untold()));
        let mut seen = Self { policy: policy.clone(), rare, recent: recent.clone(), ..*self };
        seen.advance(now);
        seen
    }

    /// Counts since construction.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let mut stats = self.rare.as_ref().map_or_else(Stats::default, |rare| rare.stats);
        stats.successes = stats.successes.saturating_add(u64::from(self.successes));
        stats.failures = stats.failures.saturating_add(u64::from(self.failures));
        stats
    }

    /// Its settings.
    #[must_use]
    pub fn policy(&self) -> &BreakerPolicy {
        rules(self.policy.as_ref())
    }

    /// Leave to make an attempt, or the reason why not. `attempt_timeout` is the lease of a probe where the policy names
    /// none. With a rule over slow calls a probe's lease is at most the limit of that.
    #[inline]
    pub fn admit(&mut self, now: Instant, attempt_timeout: Option<Duration>) -> Result<Permit, Rejection> {
        self.admit_for(now, || attempt_timeout)
    }

    /// As [`admit`](Self::admit), where the timeout is only asked for if there is a probe.
    #[expect(
        clippy::inline_always,
        reason = "a permit stays in registers then; by way of memory it takes twice as long"
    )]
    #[inline(always)]
    pub(crate) fn admit_for(
        &mut self,
        now: Instant,
        attempt_timeout: impl FnOnce() -> Option<Duration>,
    ) -> Result<Permit, Rejection> {
        if self.plain && same_era(self.now, now) {
            self.now = self.now.max(now);
            return Ok(self.permit());
        }
        match self.turned_away(now) {
            Some(_) if self.admits_everything() => Ok(self.permit()),
            Some(retry_at) => Err(self.rejection(retry_at)),
            None if self.plain => Ok(self.permit()),
            None => Ok(self.permit_with_care(attempt_timeout())),
        }
    }

    /// Why an attempt could not begin now, counted as a refusal; `None` if it could. For hosts that turn callers away before
    /// they do anything for them.
    #[inline]
    pub fn refusal(&mut self, now: Instant) -> Option<Rejection> {
        if self.plain {
            return None;
        }
        let retry_at = self.turned_away(now)?;
        Some(self.rejection(retry_at))
    }

    /// Takes a permit back, with what came of it.
    #[inline]
    #[expect(clippy::needless_pass_by_value, reason = "a permit is settled once: settling takes it away")]
    pub fn settle(&mut self, permit: Permit, outcome: PermitOutcome, now: Instant) {
        self.take_back(&permit, outcome, now);
    }

    /// As [`settle`](Self::settle), for whoever forgets the permit where it lies.
    #[inline]
    pub(crate) fn take_back(&mut self, permit: &Permit, outcome: PermitOutcome, now: Instant) {
        let plain = self.plain && same_era(self.now, now) && permit.generation == self.generation();
        if plain && outcome == PermitOutcome::Ok {
            self.now = self.now.max(now);
            self.succeed();
        } else {
            self.settle_with_care(permit, outcome, now);
        }
    }

    /// Whether there is a change that was not yet told.
    #[inline]
    pub(crate) fn has_changed(&self) -> bool {
        self.rare.as_ref().is_some_and(|rare| !rare.changes.is_empty())
    }

    /// The next change of state that was not yet told, oldest first. A host that never asks loses the oldest beyond eight.
    #[inline]
    pub fn poll_change(&mut self) -> Option<Change> {
        self.rare.as_mut()?.changes.pop_front()
    }

    /// Whether no attempt can begin now, which is counted as a refusal: until when. An instant comes back in a register, a
    /// whole [`Rejection`] would in memory.
    #[inline(never)]
    fn turned_away(&mut self, now: Instant) -> Option<Instant> {
        self.advance(now);
        let rare = self.rare.as_mut()?;
        let retry_at = rare.mode.shut_until(rules(self.policy.as_ref()), self.now)?;
        rare.stats.rejected = rare.stats.rejected.saturating_add(1);
        Some(retry_at)
    }

    #[inline]
    fn rejection(&self, retry_at: Instant) -> Rejection {
        let reason = match &self.rare {
            Some(rare) if !matches!(rare.mode, Mode::Open { .. }) => rare.mode.reject_reason(self.policy()),
            _ => RejectReason::Open,
        };
        Rejection { retry_at, reason }
    }

    /// Whether it was broken on purpose.
    fn admits_everything(&self) -> bool {
        match self.state() {
            State::Open => sabotaged!(OpenBreakerAdmits),
            State::HalfOpen => sabotaged!(HalfOpenBreakerAdmitsAll),
            State::Closed | State::ForcedOpen | State::Disabled => false,
        }
    }

    #[inline(never)]
    fn permit_with_care(&mut self, attempt_timeout: Option<Duration>) -> Permit {
        let (mut permit, now) = (self.permit(), self.now);
        let (policy, rare) = (rules(self.policy.as_ref()), self.rare.get_or_insert_default());
        match &mut rare.mode {
            Mode::Closed => permit.id = rare.watch.begin(now),
            Mode::HalfOpen { probes, .. } => {
                let lease = policy.lease.or(attempt_timeout).unwrap_or(policy.open_for);
                let slow = policy.slow.map(|rule| rule.limit()).filter(|limit| *limit < lease);
                permit.lease_until = now + slow.unwrap_or(lease);
                permit.id = rare.next_probe;
                rare.next_probe = rare.next_probe.wrapping_add(1);
                probes.push(Probe { id: permit.id, lease_until: permit.lease_until, slow: slow.is_some() });
            }
            Mode::Disabled { .. } | Mode::Open { .. } | Mode::ForcedOpen { .. } => {}
        }
        permit
    }

    #[inline]
    fn permit(&self) -> Permit {
        Permit { generation: self.generation(), id: 0, started: self.now, lease_until: Instant::MAX }
    }

    #[inline]
    fn generation(&self) -> u64 {
        self.rare.as_ref().map_or(0, |rare| rare.generation)
    }

    fn rare_mut(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }
}

#[cfg(test)]
mod tests;
