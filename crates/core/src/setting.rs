//! What a constructor says of a setting it cannot accept.

use crate::time::{Duration, Span};
use alloc::string::String;
use core::fmt;

/// A setting outside its meaning: which one, what it was, and what is allowed. Constructors check once; afterwards a
/// policy is known to be good.
///
/// ```
/// use steadfast::retry::RetryPolicy;
///
/// let error = RetryPolicy::default().with_attempts(0).unwrap_err();
/// assert_eq!(error.to_string(), "retry.attempts is 0; allowed: 1 or more (1 means: no second try)");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidSetting {
    /// The setting's full name, such as `retry.attempts`.
    pub name: &'static str,
    /// The value that was given.
    pub value: Value,
    /// What would have been allowed.
    pub allowed: &'static str,
}

/// A value that was given. As it came, for it is put into words only where somebody reads them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Value {
    /// A number.
    Count(u64),
    /// A length of time.
    Span(Duration),
    /// Anything else, in words.
    Text(String),
}

impl InvalidSetting {
    pub(crate) fn new(name: &'static str, value: impl Into<Value>, allowed: &'static str) -> Self {
        Self { name, value: value.into(), allowed }
    }
}

impl From<u32> for Value {
    fn from(count: u32) -> Self {
        Self::Count(count.into())
    }
}

impl From<u64> for Value {
    fn from(count: u64) -> Self {
        Self::Count(count)
    }
}

impl From<Duration> for Value {
    fn from(span: Duration) -> Self {
        Self::Span(span)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => count.fmt(f),
            // Less than the engine counts, which would read as nothing at all.
            Self::Span(span) if !span.is_zero() && span.as_micros() == 0 => f.write_str("less than 1 µs"),
            Self::Span(span) => Span(*span).fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl fmt::Display for InvalidSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {}; allowed: {}", self.name, self.value, self.allowed)
    }
}

impl core::error::Error for InvalidSetting {}
