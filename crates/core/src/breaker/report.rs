//! What passes between a breaker and its callers: states, outcomes, refusals and changes, each with its reason.

use crate::time::Instant;
use alloc::string::String;

/// The state of a breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum State {
    /// All calls pass.
    Closed,
    /// No call passes until its time is over.
    Open,
    /// Single probes pass.
    HalfOpen,
    /// No call passes until somebody says so.
    ForcedOpen,
    /// All calls pass, whatever happens.
    Disabled,
}

impl State {
    /// Its name, as traces and JavaScript spell it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half-open",
            Self::ForcedOpen => "forced-open",
            Self::Disabled => "disabled",
        }
    }
}

/// What came of a permitted attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PermitOutcome {
    /// The service answered.
    Ok,
    /// The service answered, and the caller judges that it took too long. As good as [`Ok`](Self::Ok), except to the rule
    /// over slow calls ([`BreakerPolicy::with_slow`](super::BreakerPolicy::with_slow)), which counts it as slow however
    /// long it took.
    Slow,
    /// The service failed.
    Failed,
    /// The attempt says nothing of the service's health: a bad request, a wrong key.
    Ignored,
    /// The caller took it back before it could say anything.
    Cancelled,
}

/// A refusal: when to come back, and why not now.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Rejection {
    /// The earliest instant at which an attempt can pass; [`Instant::MAX`] for a breaker that was forced open.
    pub retry_at: Instant,
    /// Why.
    pub reason: RejectReason,
}

/// Why a breaker refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(tag = "rule", rename_all = "snake_case"))]
pub enum RejectReason {
    /// It is open.
    Open,
    /// It is half open, and its probes are under way.
    ProbesUnderWay {
        /// How many.
        probes: u32,
    },
    /// Somebody forced it open.
    ForcedOpen {
        /// Their reason.
        reason: String,
    },
}

/// A change of state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The state before.
    pub from: State,
    /// The state after.
    pub to: State,
    /// Why.
    pub reason: ChangeReason,
    /// When.
    pub at: Instant,
    /// Open: until when.
    pub until: Option<Instant>,
}

/// Why a breaker changed its state.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(tag = "rule", rename_all = "snake_case"))]
pub enum ChangeReason {
    /// So many failures in a row.
    Consecutive {
        /// How many.
        failures: u32,
    },
    /// So many failures among the recent calls.
    Window {
        /// How many failed.
        failed: u32,
        /// Of how many.
        calls: u32,
    },
    /// So many slow calls among the recent ones.
    Slow {
        /// How many were slow.
        slow: u32,
        /// Of how many.
        calls: u32,
    },
    /// A probe failed, or was slow where the rule over slow calls is on.
    ProbeFailed,
    /// A probe was not heard of until its lease ended.
    LeaseEnded,
    /// The open time is over.
    OpenTimeOver,
    /// Enough probes succeeded.
    ProbesSucceeded {
        /// How many.
        successes: u32,
    },
    /// Somebody said so.
    ByHand {
        /// Their reason.
        reason: String,
    },
}

/// Counts since construction; a restored breaker goes on counting where it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Stats {
    /// Attempts that succeeded.
    pub successes: u64,
    /// Attempts that failed, ended leases and slow probes included.
    pub failures: u64,
    /// Callers refused.
    pub rejected: u64,
    /// Results that came back to a state already left.
    pub late: u64,
    /// Attempts that counted neither way: ignored and cancelled.
    pub ignored: u64,
    /// How often it opened.
    pub opened: u64,
    /// Attempts that were slow, each besides what else it came to.
    pub slow: u64,
}
