//! How calls and runs end, and what they wait for.

use crate::breaker::{RejectReason, Rejection};
use crate::budget::BudgetExceeded;
use crate::deadline::Scope;
use crate::failure::{Failure, FailureClass};
use crate::time::{Duration, Instant, Span};
use alloc::boxed::Box;
use core::fmt;

/// Why a guarded call has no value.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(tag = "error", rename_all = "snake_case"))]
pub enum CallError {
    /// It failed in a way that another try cannot mend.
    NotTransient {
        /// The failure.
        failure: Failure,
    },
    /// It failed as often as the policy allows.
    RetriesExhausted {
        /// How many attempts were made.
        attempts: u32,
        /// The last failure.
        last: Failure,
    },
    /// Its time is up, or would be before another try could begin.
    DeadlineExceeded {
        /// Whose time.
        scope: Scope,
        /// The last failure before that, if there was one.
        last: Option<Failure>,
    },
    /// Its server asked to be left alone for longer than a call waits at most.
    PauseTooLong {
        /// How long it would have had to wait.
        #[cfg_attr(feature = "serde", serde(serialize_with = "crate::time::serialize_duration"))]
        wait: Duration,
        /// How long it waits at most.
        #[cfg_attr(feature = "serde", serde(serialize_with = "crate::time::serialize_duration"))]
        limit: Duration,
        /// The failure that the server's word came with.
        last: Failure,
    },
    /// The circuit breaker lets nothing through.
    CircuitOpen(Rejection),
    /// The budget does not suffice for another attempt.
    BudgetExceeded(BudgetExceeded),
    /// It failed after something of it had been shown, so it cannot be taken back and tried again.
    AfterCommit {
        /// The failure.
        failure: Failure,
    },
    /// The option and every fallback failed.
    AllOptionsFailed {
        /// How many options there were.
        options: u32,
        /// How the last of them failed.
        last: Box<CallError>,
    },
    /// The caller took it back.
    Cancelled,
}

impl CallError {
    /// The failure class of the whole call, for whoever guards a call that contains this one.
    #[must_use]
    pub fn class(&self) -> FailureClass {
        match self {
            Self::NotTransient { failure }
            | Self::RetriesExhausted { last: failure, .. }
            | Self::PauseTooLong { last: failure, .. }
            | Self::AfterCommit { failure } => failure.class,
            Self::BudgetExceeded(_) => FailureClass::QuotaExhausted,
            Self::DeadlineExceeded { .. } => FailureClass::Timeout,
            Self::CircuitOpen(_) => FailureClass::Overloaded,
            Self::AllOptionsFailed { last, .. } => last.class(),
            Self::Cancelled => FailureClass::Cancelled,
        }
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotTransient { failure } => write!(f, "{failure}; another try cannot mend that"),
            Self::RetriesExhausted { attempts: 1, last } => write!(f, "the only attempt failed: {last}"),
            Self::RetriesExhausted { attempts: 2, last } => write!(f, "both attempts failed, the last with {last}"),
            Self::RetriesExhausted { attempts, last } => {
                write!(f, "all {attempts} attempts failed, the last with {last}")
            }
            Self::DeadlineExceeded { scope, last: None } => write!(f, "the {}'s time is up", scope.as_str()),
            Self::DeadlineExceeded { scope, last: Some(last) } => {
                write!(f, "the {}'s time leaves no room for another try after {last}", scope.as_str())
            }
            Self::PauseTooLong { wait, limit, last } => {
                write!(
                    f,
                    "its server asks for a pause of {}, and a call waits {} at most: {last}",
                    Span(*wait),
                    Span(*limit)
                )
            }
            Self::CircuitOpen(Rejection { reason: RejectReason::ForcedOpen { .. }, .. }) => {
                f.write_str("the circuit breaker was forced open")
            }
            Self::CircuitOpen(rejection) if rejection.retry_at == Instant::MAX => {
                f.write_str("the circuit breaker is open for good")
            }
            Self::CircuitOpen(rejection) => write!(f, "the circuit breaker is open until {}", rejection.retry_at),
            Self::BudgetExceeded(exceeded) => write!(f, "the budget does not suffice: {exceeded}"),
            Self::AfterCommit { failure } => {
                write!(f, "{failure}, after something had been shown; it cannot be tried again")
            }
            Self::AllOptionsFailed { options: 2, last } => write!(f, "both options failed, the last because {last}"),
            Self::AllOptionsFailed { options, last } => {
                write!(f, "all {options} options failed, the last because {last}")
            }
            Self::Cancelled => f.write_str("the caller cancelled it"),
        }
    }
}

impl core::error::Error for CallError {}

impl From<CallError> for Failure {
    /// What a call that failed is to the call around it. An outer retry may try a call again that ran out of time or of
    /// attempts: whether it should is the outer policy's decision.
    fn from(error: CallError) -> Self {
        match error {
            CallError::NotTransient { failure }
            | CallError::RetriesExhausted { last: failure, .. }
            | CallError::PauseTooLong { last: failure, .. }
            | CallError::AfterCommit { failure } => failure,
            error => Self::new(error.class(), alloc::format!("{error}")),
        }
    }
}

/// Why a run ended. Every run ends, and with an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum StopReason {
    /// The model answered.
    Answered,
    /// The step cap was reached.
    StepLimit,
    /// The model went on repeating itself.
    NoProgress,
    /// The budget did not suffice.
    Budget,
    /// No model could be had.
    ModelUnavailable,
    /// The run's deadline came.
    Deadline,
    /// The caller took it back.
    Cancelled,
    /// It waits for a human, and its snapshot with it: the one end that is not final.
    Suspended,
}

impl StopReason {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Answered,
        Self::StepLimit,
        Self::NoProgress,
        Self::Budget,
        Self::ModelUnavailable,
        Self::Deadline,
        Self::Cancelled,
        Self::Suspended,
    ];

    /// Its name, as traces and JavaScript spell it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::StepLimit => "step_limit",
            Self::NoProgress => "no_progress",
            Self::Budget => "budget",
            Self::ModelUnavailable => "model_unavailable",
            Self::Deadline => "deadline",
            Self::Cancelled => "cancelled",
            Self::Suspended => "suspended",
        }
    }
}

/// What a machine waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WaitReason {
    /// It has not been started.
    NotStarted,
    /// An attempt is under way; at the instant, its time is up.
    AttemptUnderWay,
    /// It backs off; at the instant, the next attempt begins.
    BackingOff,
    /// A human decides; at the instant, silence becomes a no.
    Approval,
    /// The ledger that resumed runs share is asked.
    Claim,
}
