//! What happened, as bars and marks in virtual time.

mod name;
mod reader;

use steadfast::time::{Instant, micros};
use steadfast_sim::Line;

/// A row of the drawing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// What the world did: faults and effects.
    World,
    /// Attempts at the model, and the waits between them.
    Model,
    /// Attempts at tools, and the waits between them.
    Tools,
    /// Questions to a human.
    Human,
    /// The states of the model's breaker.
    Breaker,
}

impl Lane {
    /// All lanes, from top to bottom.
    pub const ALL: [Self; 5] = [Self::World, Self::Model, Self::Tools, Self::Human, Self::Breaker];

    /// Its label.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::World => "World",
            Self::Model => "Model",
            Self::Tools => "Tools",
            Self::Human => "Human",
            Self::Breaker => "Breaker",
        }
    }
}

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
    /// A question that nobody has answered yet.
    Asked,
    /// A question answered with yes.
    Granted,
    /// A question answered with no.
    Denied,
    /// A question that nobody answered in time.
    Expired,
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
            Self::Asked => "asked",
            Self::Granted => "granted",
            Self::Denied => "denied",
            Self::Expired => "expired",
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half-open",
            Self::Fault => "fault",
            Self::Effect => "effect",
        }
    }

    /// Whether it is a moment rather than a stretch of time.
    #[must_use]
    pub const fn is_instant(self) -> bool {
        matches!(self, Self::Fault | Self::Effect)
    }
}

/// A bar or a mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its row.
    pub lane: Lane,
    /// What it is.
    pub shape: Shape,
    /// When it began.
    pub from: Instant,
    /// When it ended or will end; `None` while nobody knows.
    pub to: Option<Instant>,
    /// Of a wait: the longest and the shortest it could have been drawn.
    pub ceiling: Option<Instant>,
    /// What is written on it.
    pub text: String,
    /// Its full name, with its times.
    pub name: String,
    /// The line of the journal that says most about it.
    pub line: usize,
}

/// One turn of the agent loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Band {
    /// Which turn, from 1.
    pub step: u32,
    /// When it began.
    pub from: Instant,
    /// When the next one began; `None` for the last.
    pub to: Option<Instant>,
}

/// Everything to draw, in the order in which it began.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Timeline {
    /// Bars and marks.
    pub items: Vec<Item>,
    /// Turns of the loop.
    pub bands: Vec<Band>,
}

/// Reads it out of what has happened.
#[must_use]
pub fn timeline(shown: &[Line]) -> Timeline {
    reader::read(shown)
}

/// Seconds with two decimals, rounded: what a name has room for.
fn seconds(instant: Instant) -> String {
    let hundredths = (micros(instant - Instant::ORIGIN) + 5_000) / 10_000;
    format!("{}.{:02} s", hundredths / 100, hundredths % 100)
}

#[cfg(test)]
mod tests;
