//! Failure classes: what kind of failure an attempt met.
//!
//! A class answers two separate questions. Can it succeed if tried again ([`FailureClass::is_transient`])? May the
//! operation have taken effect already ([`FailureClass::may_have_taken_effect`])? Only both together decide whether a
//! second try is safe.

use crate::snapshot::{Reader, SnapshotError, Stored, Writer};
use alloc::string::String;
use core::fmt;
use core::time::Duration;

/// What kind of failure an attempt met. A closed set, the same in Rust and JavaScript.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum FailureClass {
    /// The caller took the request back.
    Cancelled,
    /// The request never reached the service: refused, unknown host.
    ConnectFailed,
    /// No answer in the time an attempt may take.
    Timeout,
    /// An answer began and then stopped coming.
    Stalled,
    /// An answer ended without its end: a stream cut off.
    Incomplete,
    /// The service asks to be called less often (429).
    RateLimited,
    /// The service has more work than it can do (503, 529).
    Overloaded,
    /// The service failed (500, 502).
    ServerError,
    /// The account's credit or spend limit is used up. Waiting does not help.
    QuotaExhausted,
    /// The key is missing or wrong (401).
    Auth,
    /// The key may not do this (403).
    Permission,
    /// The request is larger than the service takes.
    TooLarge,
    /// The request is wrong as it stands (400).
    InvalidRequest,
    /// Refused on purpose: by a content filter, a policy or a person.
    Blocked,
    /// An answer that cannot be read, or that says nothing.
    MalformedOutput,
    /// A tool ran and reported a failure.
    ToolFailed,
    /// The model asked for a tool that does not exist.
    ToolUnknown,
    /// The operation itself is broken: an unexpected error in its own code.
    Bug,
}

impl FailureClass {
    /// Every class, in the order of their declaration.
    pub const ALL: [Self; 18] = [
        Self::Cancelled,
        Self::ConnectFailed,
        Self::Timeout,
        Self::Stalled,
        Self::Incomplete,
        Self::RateLimited,
        Self::Overloaded,
        Self::ServerError,
        Self::QuotaExhausted,
        Self::Auth,
        Self::Permission,
        Self::TooLarge,
        Self::InvalidRequest,
        Self::Blocked,
        Self::MalformedOutput,
        Self::ToolFailed,
        Self::ToolUnknown,
        Self::Bug,
    ];

    /// Whether the same request can succeed if it is tried again.
    #[must_use]
    pub const fn is_transient(self) -> bool {
        matches!(
            self,
            Self::ConnectFailed
                | Self::Timeout
                | Self::Stalled
                | Self::Incomplete
                | Self::RateLimited
                | Self::Overloaded
                | Self::ServerError
                | Self::MalformedOutput
        )
    }

    /// Whether the operation may have happened although it failed: an answer that never came says nothing about the
    /// work behind it.
    #[must_use]
    pub const fn may_have_taken_effect(self) -> bool {
        matches!(
            self,
            Self::Cancelled
                | Self::Timeout
                | Self::Stalled
                | Self::Incomplete
                | Self::ServerError
                | Self::MalformedOutput
                | Self::Bug
        )
    }

    /// Whether it speaks against the health of the service, so that a circuit breaker counts it. A wrong key, a bad
    /// request or a tool's own "no" is an answer from a service that works.
    #[must_use]
    pub const fn counts_against_service(self) -> bool {
        matches!(
            self,
            Self::ConnectFailed
                | Self::Timeout
                | Self::Stalled
                | Self::Incomplete
                | Self::RateLimited
                | Self::Overloaded
                | Self::ServerError
        )
    }

    /// Its name, as traces and JavaScript spell it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::ConnectFailed => "connect_failed",
            Self::Timeout => "timeout",
            Self::Stalled => "stalled",
            Self::Incomplete => "incomplete",
            Self::RateLimited => "rate_limited",
            Self::Overloaded => "overloaded",
            Self::ServerError => "server_error",
            Self::QuotaExhausted => "quota_exhausted",
            Self::Auth => "auth",
            Self::Permission => "permission",
            Self::TooLarge => "too_large",
            Self::InvalidRequest => "invalid_request",
            Self::Blocked => "blocked",
            Self::MalformedOutput => "malformed_output",
            Self::ToolFailed => "tool_failed",
            Self::ToolUnknown => "tool_unknown",
            Self::Bug => "bug",
        }
    }

    /// The class of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.as_str() == name)
    }
}

impl fmt::Display for FailureClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One failed attempt: its class, whether trying again can help, what the server asked for, and its message.
///
/// ```
/// use core::time::Duration;
/// use steadfast::failure::{Failure, FailureClass};
///
/// let busy = Failure::new(FailureClass::RateLimited, "429 slow down").with_retry_after(Duration::from_secs(2));
/// assert!(busy.transient);
/// assert!(!Failure::new(FailureClass::InvalidRequest, "400 no such field").transient);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Failure {
    /// What kind it is.
    pub class: FailureClass,
    /// Whether trying again can help: the class's answer, unless the server knew better.
    pub transient: bool,
    /// How long the server asked callers to stay away.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", serialize_with = "crate::time::serialize_optional_duration")
    )]
    pub retry_after: Option<Duration>,
    /// What the service or the operation said of it, for people.
    pub message: String,
}

impl Failure {
    /// A failure of that class, transient if the class is.
    #[must_use]
    pub fn new(class: FailureClass, message: impl Into<String>) -> Self {
        Self { class, transient: class.is_transient(), retry_after: None, message: message.into() }
    }

    /// The lab's `TransientError`: a failure of the service that another try may not meet.
    #[must_use]
    pub fn transient(message: impl Into<String>) -> Self {
        Self::new(FailureClass::ServerError, message)
    }

    /// With the server's word on when to come back.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// With the server's word on whether to come back at all (such as `x-should-retry`).
    #[must_use]
    pub fn with_transient(mut self, transient: bool) -> Self {
        self.transient = transient;
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.message.is_empty() {
            write!(f, "{}", self.class)
        } else {
            write!(f, "{}: {}", self.class, self.message)
        }
    }
}

impl core::error::Error for Failure {}

impl Stored for FailureClass {
    fn store(&self, to: &mut Writer) {
        to.text(self.as_str());
    }
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        Self::parse(&from.take::<String>()?).ok_or(SnapshotError::Damaged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_are_the_contract_s() {
        for class in FailureClass::ALL {
            assert_eq!(FailureClass::parse(class.as_str()), Some(class));
        }
        assert_eq!(FailureClass::parse("Timeout"), None);
    }

    #[test]
    fn quota_and_bad_requests_are_never_tried_again() {
        for class in [FailureClass::QuotaExhausted, FailureClass::InvalidRequest, FailureClass::Auth, FailureClass::Bug]
        {
            assert!(!class.is_transient(), "{class}");
        }
    }

    #[test]
    fn a_refused_connection_cannot_have_taken_effect_but_a_timeout_may_have() {
        assert!(!FailureClass::ConnectFailed.may_have_taken_effect());
        assert!(!FailureClass::RateLimited.may_have_taken_effect());
        assert!(FailureClass::Timeout.may_have_taken_effect());
    }

    #[test]
    fn what_counts_against_a_service_is_always_worth_another_try() {
        for class in FailureClass::ALL {
            assert!(!class.counts_against_service() || class.is_transient(), "{class}");
        }
    }
}
