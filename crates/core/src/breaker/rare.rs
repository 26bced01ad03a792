//! What a breaker keeps only once something out of the ordinary has happened to it.

use super::policy::BreakerPolicy;
use super::report::{Change, RejectReason, State, Stats};
use super::slow::SlowWatch;
use super::window::Window;
use crate::time::Instant;
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;

/// How many undelivered changes are kept for a host that never polls them.
pub(super) const CHANGES_KEPT: usize = 8;

/// Made at the first change of state or the first result that is late, ignored or slow, and at the first call at all where
/// the policy has a rule over slow calls or a window that does not fit into the breaker.
#[derive(Debug, Clone, Default)]
pub(super) struct Rare {
    pub(super) mode: Mode,
    /// Which stretch between two changes of state it is.
    pub(super) generation: u64,
    pub(super) next_probe: u64,
    pub(super) opened_in_row: u32,
    /// Without the successes and failures that the breaker itself has counted.
    pub(super) stats: Stats,
    pub(super) changes: VecDeque<Change>,
    /// The results of a window that does not fit into the breaker.
    pub(super) window: Window,
    pub(super) watch: SlowWatch,
}

#[derive(Debug, Clone, Default)]
pub(super) enum Mode {
    #[default]
    Closed,
    Open {
        until: Instant,
    },
    HalfOpen {
        probes: Vec<Probe>,
        successes: u32,
    },
    ForcedOpen {
        reason: String,
    },
    Disabled {
        reason: String,
    },
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Probe {
    pub(super) id: u64,
    pub(super) lease_until: Instant,
    /// Whether it is slow when its lease ends, rather than lost.
    pub(super) slow: bool,
}

impl Mode {
    /// Until when no attempt can begin, if none can now.
    #[inline]
    pub(super) fn shut_until(&self, policy: &BreakerPolicy, now: Instant) -> Option<Instant> {
        match self {
            Self::Open { until } => Some(*until),
            Self::HalfOpen { probes, .. } if probes.len() >= policy.probes as usize => {
                Some(first_end(probes).unwrap_or(now))
            }
            Self::ForcedOpen { .. } => Some(Instant::MAX),
            Self::Closed | Self::HalfOpen { .. } | Self::Disabled { .. } => None,
        }
    }

    /// Why no attempt can begin, where none can.
    #[inline(never)]
    pub(super) fn reject_reason(&self, policy: &BreakerPolicy) -> RejectReason {
        match self {
            Self::HalfOpen { .. } => RejectReason::ProbesUnderWay { probes: policy.probes },
            Self::ForcedOpen { reason } => RejectReason::ForcedOpen { reason: reason.clone() },
            Self::Closed | Self::Open { .. } | Self::Disabled { .. } => RejectReason::Open,
        }
    }

    pub(super) fn state(&self) -> State {
        match self {
            Self::Closed => State::Closed,
            Self::Open { .. } => State::Open,
            Self::HalfOpen { .. } => State::HalfOpen,
            Self::ForcedOpen { .. } => State::ForcedOpen,
            Self::Disabled { .. } => State::Disabled,
        }
    }
}

impl Rare {
    /// Whether a lease has ended by now, or a call in flight has become slow, and nobody has seen to it.
    pub(super) fn is_due(&self, policy: &BreakerPolicy, now: Instant) -> bool {
        match &self.mode {
            Mode::HalfOpen { probes, .. } => first_end(probes).is_some_and(|ends| ends <= now),
            Mode::Closed => policy.slow.is_some_and(|rule| self.watch.first_slow(rule, now).is_some()),
            Mode::Open { .. } | Mode::ForcedOpen { .. } | Mode::Disabled { .. } => false,
        }
    }

    /// A copy without what is still to be told.
    pub(super) fn untold(&self) -> Self {
        let Self { mode, window, watch, .. } = self;
        let (mode, window, watch) = (mode.clone(), window.clone(), watch.clone());
        Self { mode, changes: VecDeque::new(), window, watch, ..*self }
    }

    /// Puts a change among those to be told.
    pub(super) fn tell(&mut self, change: Change) {
        if self.changes.len() == CHANGES_KEPT {
            self.changes.pop_front();
        }
        self.changes.push_back(change);
    }
}

/// When the first lease ends.
#[inline(never)]
fn first_end(probes: &[Probe]) -> Option<Instant> {
    probes.iter().map(|probe| probe.lease_until).min()
}
