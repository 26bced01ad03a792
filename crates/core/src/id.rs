//! The numbers by which the engine and its host name runs, calls, attempts and approvals to each other.

use core::fmt;

/// A run, named by whoever starts it; part of every idempotency key and of every approval's digest.
///
/// As data it is a decimal string: JavaScript's numbers lose digits beyond 2^53.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct RunId(pub u64);

#[cfg(feature = "serde")]
impl serde::Serialize for RunId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// A call within a run, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct CallId(pub u64);

/// One attempt of one call: what an attempt's outcome is reported under. Attempts are counted from 1 through the whole
/// call, fallbacks included, so an answer that comes late is recognised as late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct AttemptId {
    /// The call it belongs to.
    pub call: CallId,
    /// Which attempt of the call, from 1.
    pub attempt: u32,
}

/// An approval asked for within a run, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ApprovalId(pub u64);

/// The idempotency key of a call: the same for all its attempts, and for the same call when a run is repeated.
///
/// ```
/// use steadfast::id::{CallId, Key, RunId};
///
/// assert_eq!(Key { run: RunId(0x2a), call: CallId(3) }.to_string(), "run-2a-call-3");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Key {
    /// The run.
    pub run: RunId,
    /// The call in it.
    pub call: CallId,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "run-{:x}-call-{}", self.run.0, self.call.0)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Key {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
