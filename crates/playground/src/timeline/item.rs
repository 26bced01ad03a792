//! What is drawn: a bar or a mark, as it is at one position.

use super::Lane;
use steadfast::time::Instant;

/// What an item is, which decides its looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// An attempt under way.
    Running,
    /// An attempt that succeeded.
    Succeeded,
    /// An attempt that failed.
    Failed,
    /// An attempt that was cut off.
    TimedOut,
    /// An attempt that nobody wanted any more.
    Abandoned,
    /// An attempt that never ends.
    Hung,
    /// A wait before another attempt.
    Wait,
    /// An answer that came too late; an instant.
    Late,
    /// A question that nobody has answered yet.
    Asked,
    /// A question answered with yes.
    Granted,
    /// A question answered with no.
    Denied,
    /// A question that nobody answered in time.
    Expired,
    /// A call that does not run; an instant.
    Blocked,
    /// The agent repeats itself; an instant.
    Repeats,
    /// The breaker lets everything through.
    Closed,
    /// The breaker lets nothing through.
    Open,
    /// The breaker lets a probe through.
    HalfOpen,
    /// The world does something bad; an instant.
    Fault,
    /// A tool changed the world; an instant.
    Effect,
    /// What was spent until the next bill.
    Spent,
}

impl Shape {
    /// Its name, for style sheets.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::TimedOut => "timed-out",
            Self::Abandoned => "abandoned",
            Self::Hung => "hung",
            Self::Wait => "wait",
            Self::Late => "late",
            Self::Asked => "asked",
            Self::Granted => "granted",
            Self::Denied => "denied",
            Self::Expired => "expired",
            Self::Blocked => "blocked",
            Self::Repeats => "repeats",
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half-open",
            Self::Fault => "fault",
            Self::Effect => "effect",
            Self::Spent => "spent",
        }
    }

    /// Whether it is a moment rather than a stretch of time.
    #[must_use]
    pub const fn is_instant(self) -> bool {
        matches!(self, Self::Fault | Self::Effect | Self::Late | Self::Blocked | Self::Repeats)
    }
}

/// A bar or a mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Which of the run, from 0.
    pub index: usize,
    /// Its lane.
    pub lane: Lane,
    /// Which row of the lane, from 0: what happens at once stands one below the other.
    pub row: usize,
    /// What it is.
    pub shape: Shape,
    /// When it began.
    pub from: Instant,
    /// When it ended or will end; `None` while nobody knows.
    pub to: Option<Instant>,
    /// Of a wait: between what it was drawn.
    pub drawn: Option<(Instant, Instant)>,
    /// Of what was spent: how much of all that the run spends, in percent.
    pub percent: Option<u8>,
    /// What is written on it.
    pub text: String,
    /// Its full name, with its times.
    pub name: String,
    /// The line of the journal that says most about it.
    pub line: usize,
}
