//! What a constructor says of a setting it cannot accept.

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
    pub value: String,
    /// What would have been allowed.
    pub allowed: &'static str,
}

impl InvalidSetting {
    pub(crate) fn new(name: &'static str, value: impl fmt::Display, allowed: &'static str) -> Self {
        Self { name, value: alloc::format!("{value}"), allowed }
    }
}

impl fmt::Display for InvalidSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {}; allowed: {}", self.name, self.value, self.allowed)
    }
}

impl core::error::Error for InvalidSetting {}
