//! What the evidence comes to, and which piece of it decided.

use alloc::string::String;
use core::fmt;
use core::time::Duration;
use steadfast::failure::{Failure, FailureClass};
use steadfast::time::Span;

/// What a failed call comes to. Its `Display` is a sentence:
///
/// ```
/// use steadfast_providers::{Evidence, classify};
///
/// let evidence = Evidence::new().status(529).headers(&[("retry-after", "2")]);
/// assert_eq!(
///     classify(&evidence, 0).to_string(),
///     "overloaded, worth another try after 2 s (retry-after): the HTTP status is 529"
/// );
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// What kind of failure it is.
    pub class: FailureClass,
    /// Whether trying again can help: the class's answer, unless the server said otherwise.
    pub transient: bool,
    /// How long the server asks callers to stay away; at most [`LONGEST_WAIT`](crate::LONGEST_WAIT).
    pub retry_after: Option<Duration>,
    /// What decided: the header if the server said whether to try again, else what the class was read from.
    pub reason: Reason,
    /// What the class was read from.
    pub class_reason: Reason,
    /// Which header asked for the wait.
    pub hint: Option<Hint>,
}

impl Verdict {
    /// As the failure of an attempt, for the engine.
    #[must_use]
    pub fn failure(self, message: impl Into<String>) -> Failure {
        let failure = Failure::new(self.class, message).with_transient(self.transient);
        self.retry_after.into_iter().fold(failure, Failure::with_retry_after)
    }
}

/// Which piece of evidence decided. Words are those of this crate's tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// The server said in `x-should-retry` whether to try again.
    ShouldRetryHeader(bool),
    /// The provider's code for it.
    Code(&'static str),
    /// The provider's type for it.
    Type(&'static str),
    /// The HTTP status.
    Status(u16),
    /// An HTTP status that the body tells as a code.
    StatusInBody(u16),
    /// A page where JSON was to be expected, with a status that says that all is well.
    Markup(u16),
    /// A code, a name or a fixed sentence of the transport.
    Transport(&'static str),
    /// The transport failed and does not say how: so the browsers. The request may have arrived.
    Network(&'static str),
    /// A phrase of the message: the weakest evidence there is.
    Message(&'static str),
    /// An error in the body by words that are not known here.
    ErrorInBody,
    /// An answer with that status was good for nothing, and nothing says why.
    Unusable(u16),
    /// Nothing says what it was.
    Nothing,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ShouldRetryHeader(true) => f.write_str("the server says to try again (x-should-retry)"),
            Self::ShouldRetryHeader(false) => f.write_str("the server says not to try again (x-should-retry)"),
            Self::Code(word) => write!(f, "the provider's code is {word}"),
            Self::Type(word) => write!(f, "the provider's type is {word}"),
            Self::Status(status) => write!(f, "the HTTP status is {status}"),
            Self::StatusInBody(status) => write!(f, "the body says {status}"),
            Self::Markup(status) => write!(f, "the HTTP status is {status}, but the body is a page"),
            Self::Transport(word) => write!(f, "the transport says {word}"),
            Self::Network(word) => write!(f, "the transport says no more than \"{word}\""),
            Self::Message(phrase) => write!(f, "the message speaks of \"{phrase}\", and nothing else says more"),
            Self::ErrorInBody => f.write_str("the body is an error of an unknown kind"),
            Self::Unusable(status) => write!(f, "the answer with status {status} was of no use"),
            Self::Nothing => f.write_str("nothing says what kind of failure it is"),
        }
    }
}

/// Which header asked for a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Hint {
    /// `retry-after-ms`
    RetryAfterMs,
    /// `retry-after`
    RetryAfter,
    /// `x-ratelimit-reset-requests` or `x-ratelimit-reset-tokens`
    RateLimitReset,
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RetryAfterMs => "retry-after-ms",
            Self::RetryAfter => "retry-after",
            Self::RateLimitReset => "x-ratelimit-reset",
        })
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}worth another try", self.class, if self.transient { "" } else { "not " })?;
        if let (Some(wait), Some(hint), true) = (self.retry_after, self.hint, self.transient) {
            write!(f, " after {} ({hint})", Span(wait))?;
        }
        write!(f, ": {}", self.reason)?;
        if self.reason != self.class_reason && self.class_reason != Reason::Nothing {
            write!(f, "; {}", self.class_reason)?;
        }
        Ok(())
    }
}
