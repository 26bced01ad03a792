//! The trace: every decision in order, each with its instant and its reason.

use crate::event::Event;
use crate::id::CallId;
use crate::time::Instant;
use alloc::vec::Vec;
use core::fmt;

/// One line of a trace.
///
/// As data it is the contract's `TraceEntry`: `{ at, what, why, text, step?, call?, attempt? }`, `at` in milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub at: Instant,
    /// In which step of the run.
    pub step: Option<u32>,
    /// In which call.
    pub call: Option<CallId>,
    /// In which attempt of the call.
    pub attempt: Option<u32>,
    /// What was decided, and why.
    pub event: Event,
}

/// A trace, or the decision not to keep one.
///
/// ```
/// use steadfast::event::Event;
/// use steadfast::time::Instant;
/// use steadfast::trace::Trace;
///
/// let mut trace = Trace::on();
/// trace.record(Instant::from_millis(1_500), None, None, || Event::StepLimitReached { limit: 8 });
/// assert_eq!(trace.to_string(), "     1.5 s  The cap of 8 steps is reached: the loop is stopped.\n");
///
/// let mut off = Trace::off();
/// off.record(Instant::ORIGIN, None, None, || unreachable!("an event nobody keeps is not even built"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trace {
    entries: Option<Vec<Entry>>,
    step: Option<u32>,
}

impl Trace {
    /// A trace that keeps everything.
    #[must_use]
    pub fn on() -> Self {
        Self { entries: Some(Vec::new()), step: None }
    }

    /// A trace that keeps nothing and costs nothing.
    #[must_use]
    pub fn off() -> Self {
        Self::default()
    }

    /// What was recorded, in order.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        self.entries.as_deref().unwrap_or_default()
    }

    /// Whether anything is recorded.
    pub(crate) fn is_kept(&self) -> bool {
        self.entries.is_some()
    }

    /// What was recorded, in order, for whoever takes it over.
    #[must_use]
    pub fn into_entries(self) -> Vec<Entry> {
        self.entries.unwrap_or_default()
    }

    /// Adds an entry; the event is only built if somebody keeps it.
    #[inline]
    pub fn record(&mut self, at: Instant, call: Option<CallId>, attempt: Option<u32>, event: impl FnOnce() -> Event) {
        if self.is_kept() {
            self.keep(at, call, attempt, event);
        }
    }

    /// Apart from the look whether anybody keeps it: the optimiser may leave it out of line, and builds for size get smaller.
    #[inline]
    fn keep(&mut self, at: Instant, call: Option<CallId>, attempt: Option<u32>, event: impl FnOnce() -> Event) {
        if let Some(entries) = &mut self.entries {
            entries.push(Entry { at, step: self.step, call, attempt, event: event() });
        }
    }

    /// The step that the following entries belong to.
    pub fn begin_step(&mut self, step: u32) {
        self.step = Some(step);
    }
}

impl fmt::Display for Entry {
    /// One line: the instant, where in the run, and the sentence.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>10}  ", alloc::format!("{}", self.at))?;
        if let (Some(call), Some(attempt)) = (self.call, self.attempt) {
            write!(f, "call {} attempt {attempt}: ", call.0)?;
        } else if let Some(call) = self.call {
            write!(f, "call {}: ", call.0)?;
        }
        write!(f, "{}", self.event)
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.entries().iter().try_for_each(|entry| writeln!(f, "{entry}"))
    }
}

#[cfg(feature = "serde")]
mod as_data {
    use super::{Entry, Trace};
    use alloc::string::ToString;
    use serde::ser::{Serialize, Serializer};

    /// The order of the fields is part of what makes two traces equal byte for byte.
    #[derive(serde::Serialize)]
    struct Line<'a> {
        at: crate::time::Instant,
        #[serde(flatten)]
        event: &'a crate::event::Event,
        text: alloc::string::String,
        #[serde(skip_serializing_if = "Option::is_none")]
        step: Option<u32>,
        #[serde(skip_serializing_if = "Option::is_none")]
        call: Option<alloc::string::String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        attempt: Option<u32>,
    }

    impl Serialize for Entry {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            Line {
                at: self.at,
                event: &self.event,
                text: self.event.to_string(),
                step: self.step,
                call: self.call.map(|call| call.0.to_string()),
                attempt: self.attempt,
            }
            .serialize(serializer)
        }
    }

    impl Serialize for Trace {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq(self.entries())
        }
    }
}

#[cfg(all(test, feature = "serde"))]
mod tests {
    use super::*;

    #[test]
    fn an_entry_has_the_shape_of_the_contract() {
        let mut trace = Trace::on();
        trace.begin_step(2);
        trace.record(Instant::from_micros(1_500_250), Some(CallId(3)), Some(1), || Event::AttemptSucceeded {
            after: crate::time::Duration::from_millis(300),
        });
        assert_eq!(
            serde_json::to_string(&trace).unwrap(),
            concat!(
                r#"[{"at":1500.25,"what":"attempt_succeeded","why":{"after":300.0},"#,
                r#""text":"The attempt succeeded after 300 ms.","step":2,"call":"3","attempt":1}]"#
            )
        );
    }
}
