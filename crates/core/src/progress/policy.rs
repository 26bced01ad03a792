//! Settings of the progress detector.

use super::LONGEST_CYCLE;
use crate::setting::InvalidSetting;
use alloc::string::String;
use alloc::vec::Vec;

/// Settings of the progress detector: how much repetition it takes for the first rung, the hint. Each repetition beyond
/// that climbs one rung more. To do without the detector, do not make one.
///
/// | setting | default | source |
/// |---|---|---|
/// | `repeats` | the 1st repeat of the same turn, or of the same cycle | our own: a third result of the same call is worth no money |
/// | `longest_cycle` | 4 turns | our own; a cycle that fits twice into the default cap of 8 steps |
/// | `errors` | the same error from the same tool in 3 turns in a row | our own: two are an honest retry |
/// | `nothing_new` | 6 turns in a row without a result not known before | our own: more than the longest cycle, fewer than the default cap of 8 steps |
/// | `polling` | no tools | only whoever built the tools knows which ones wait for the world |
///
/// ```
/// use steadfast::progress::ProgressPolicy;
///
/// let policy = ProgressPolicy::default().with_errors(2)?.with_polling(["get_status"])?;
/// assert_eq!((policy.repeats(), policy.errors()), (1, 2));
/// assert!(policy.is_polling("get_status"));
///
/// let error = policy.with_longest_cycle(5).unwrap_err();
/// assert_eq!(error.to_string(), "progress.longest_cycle is 5; allowed: 1 to 4 turns (1 means: only the same turn again)");
/// # Ok::<(), steadfast::setting::InvalidSetting>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ProgressPolicy {
    repeats: u32,
    longest_cycle: u32,
    errors: u32,
    nothing_new: u32,
    polling: Vec<String>,
}

impl Default for ProgressPolicy {
    fn default() -> Self {
        Self { repeats: 1, longest_cycle: 4, errors: 3, nothing_new: 6, polling: Vec::new() }
    }
}

impl ProgressPolicy {
    /// Hints at so many repeats of the same turn or cycle; 1 or more.
    pub fn with_repeats(mut self, repeats: u32) -> Result<Self, InvalidSetting> {
        if repeats == 0 {
            return Err(InvalidSetting::new("progress.repeats", repeats, "1 or more"));
        }
        self.repeats = repeats;
        Ok(self)
    }

    /// Looks for cycles of up to so many turns, 1 to 4; 1 leaves only the same turn again.
    pub fn with_longest_cycle(mut self, turns: u32) -> Result<Self, InvalidSetting> {
        if !(1..=LONGEST_CYCLE).contains(&turns) {
            let allowed = "1 to 4 turns (1 means: only the same turn again)";
            return Err(InvalidSetting::new("progress.longest_cycle", turns, allowed));
        }
        self.longest_cycle = turns;
        Ok(self)
    }

    /// Hints once the same tool failed with the same error in so many turns in a row, 2 or more; 0 switches this rule
    /// off.
    pub fn with_errors(mut self, turns: u32) -> Result<Self, InvalidSetting> {
        if turns == 1 {
            return Err(InvalidSetting::new("progress.errors", turns, "0 (off), or 2 or more"));
        }
        self.errors = turns;
        Ok(self)
    }

    /// Hints once so many turns in a row brought only results known before, 2 or more; 0 switches this rule off. Agents
    /// whose tools say no more than "ok", whatever they did, need a higher number, or none.
    pub fn with_nothing_new(mut self, turns: u32) -> Result<Self, InvalidSetting> {
        if turns == 1 {
            return Err(InvalidSetting::new("progress.nothing_new", turns, "0 (off), or 2 or more"));
        }
        self.nothing_new = turns;
        Ok(self)
    }

    /// The tools that may honestly be asked the same again until the world has changed. A turn of only such tools never
    /// counts as repetition; the step cap bounds it all the same. Fails on an empty name; and a run that has no tool of one of these
    /// names is [refused](crate::run::Run::new), for a name that is misspelt would let no tool poll.
    pub fn with_polling<T: Into<String>>(mut self, tools: impl IntoIterator<Item = T>) -> Result<Self, InvalidSetting> {
        self.polling = tools.into_iter().map(Into::into).collect();
        if self.polling.iter().any(String::is_empty) {
            return Err(InvalidSetting::new("progress.polling", "an empty name", "names of tools"));
        }
        self.polling.sort_unstable();
        self.polling.dedup();
        Ok(self)
    }

    /// Repeats of the same turn or cycle at which it hints.
    #[must_use]
    pub fn repeats(&self) -> u32 {
        self.repeats
    }

    /// The longest cycle it looks for, in turns.
    #[must_use]
    pub fn longest_cycle(&self) -> u32 {
        self.longest_cycle
    }

    /// Turns in a row with the same error at which it hints; 0 if that rule is off.
    #[must_use]
    pub fn errors(&self) -> u32 {
        self.errors
    }

    /// Turns in a row without anything new at which it hints; 0 if that rule is off.
    #[must_use]
    pub fn nothing_new(&self) -> u32 {
        self.nothing_new
    }

    /// The tools that poll, in alphabetical order.
    #[must_use]
    pub fn polling(&self) -> &[String] {
        &self.polling
    }

    /// Whether this tool polls.
    #[must_use]
    pub fn is_polling(&self, tool: &str) -> bool {
        self.polling.binary_search_by(|name| name.as_str().cmp(tool)).is_ok()
    }
}
