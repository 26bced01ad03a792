//! What the detector remembers of a run: the last turns, the streaks they make, and what is known. Bounded, whatever the
//! length of the run.

use super::LONGEST_CYCLE;
use super::fingerprint::{of_call, of_calls, of_result, of_results, of_tool};
use super::policy::ProgressPolicy;
use super::report::{Repetition, Rung, Seen, Wanted};
use alloc::string::String;
use alloc::vec::Vec;

/// As many turns as the longest cycle has: longer streaks are counted, not looked up.
pub(super) const TURNS_KEPT: usize = LONGEST_CYCLE as usize;
/// How many different results are known at once; beyond that the oldest is forgotten, and would count as new.
pub(super) const RESULTS_KNOWN: usize = 64;
/// How many calls can be quoted: eight in each turn of the longest cycle.
pub(super) const QUOTES_KEPT: usize = 32;
/// How much of a result is quoted, in bytes: a few sentences; the model has the whole of it further up.
pub(super) const QUOTE_BYTES: usize = 400;
/// What stands where a quote was cut.
const CUT: &str = " [cut]";

/// Lists from the oldest to the latest. They are so short that moving them up is no work.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct History {
    pub(super) turns: Vec<Turn>,
    /// At `length - 1`: how many turns in a row were the same as the one `length` turns before them.
    pub(super) streaks: [u32; TURNS_KEPT],
    pub(super) failing: Vec<Failing>,
    /// Results seen, each with its tool.
    pub(super) known: Vec<u64>,
    /// Turns in a row without a result that was not known.
    pub(super) stale: u32,
    pub(super) quotes: Vec<Quote>,
    /// The rung of the last turn that could repeat anything.
    pub(super) rung: Option<Rung>,
    /// The last turn judged does not run.
    pub(super) held: bool,
    /// Why the last turn was given.
    pub(super) ended: Option<Repetition>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Turn {
    pub(super) calls: u64,
    /// Nothing for a turn that did not run: it repeats whatever the same calls brought before.
    pub(super) results: Option<u64>,
}

/// A tool that failed in the last turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failing {
    pub(super) tool: String,
    /// The error.
    pub(super) result: u64,
    /// In how many turns in a row.
    pub(super) repeats: u32,
    /// How often it was asked for again and did not run.
    pub(super) held: u32,
}

/// The beginning of what a call brought last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Quote {
    pub(super) call: u64,
    pub(super) tool: u64,
    pub(super) text: String,
}

/// Without the path that panics for an index that is not there: `Vec::remove` has one.
fn forget_oldest<T>(kept: &mut Vec<T>) {
    let mut oldest = true;
    kept.retain(|_| !core::mem::take(&mut oldest));
}

impl History {
    /// How many turns in a row, the wanted one included, are the same as the one `length` turns before them.
    pub(super) fn matching(&self, calls: u64, length: u32) -> u32 {
        match (self.back(length), self.streaks.get(length as usize - 1)) {
            (Some(turn), Some(streak)) if turn.calls == calls => streak.saturating_add(1),
            _ => 0,
        }
    }

    fn back(&self, turns: u32) -> Option<Turn> {
        self.turns.iter().nth_back((turns as usize).checked_sub(1)?).copied()
    }

    /// A turn that does not run. Nothing was learned.
    pub(super) fn hold(&mut self, calls: u64, wanted: &[Wanted<'_>]) {
        self.held = true;
        self.push(Turn { calls, results: None }, |earlier| earlier.calls == calls);
        self.stale = self.stale.saturating_add(1);
        self.failing.retain_mut(|failing| {
            failing.held = failing.held.saturating_add(1);
            wanted.iter().any(|call| call.tool == failing.tool)
        });
    }

    /// A turn that ran. The answer is whether it brought anything new.
    pub(super) fn learn(&mut self, turn: &[Seen<'_>], policy: &ProgressPolicy) -> bool {
        let results: Vec<u64> = turn.iter().map(|seen| of_result(seen.tool, seen.result)).collect();
        let (calls, outcome) = (of_calls(turn), Some(of_results(turn)));
        // A turn of more results than are known at once would forget itself, and be news to itself.
        let again = self.turns.contains(&Turn { calls, results: outcome });
        let news = !again && results.iter().any(|result| !self.known.contains(result));
        let polling = turn.iter().all(|seen| policy.is_polling(seen.tool));
        self.push(Turn { calls, results: outcome }, |earlier| {
            earlier.calls == calls && (earlier.results == outcome || earlier.results.is_none() && !news)
        });
        if news {
            self.stale = 0;
        } else if !polling {
            self.stale = self.stale.saturating_add(1);
        }
        if news || !polling {
            self.failing = self.failures(turn, &results, news);
        }
        for (seen, result) in turn.iter().zip(results) {
            self.remember(seen, result);
        }
        news
    }

    fn push(&mut self, turn: Turn, same: impl Fn(Turn) -> bool) {
        for length in 1..=LONGEST_CYCLE {
            let repeats = self.back(length).is_some_and(&same);
            if let Some(streak) = self.streaks.get_mut(length as usize - 1) {
                *streak = if repeats { streak.saturating_add(1) } else { 0 };
            }
        }
        if self.turns.len() == TURNS_KEPT {
            forget_oldest(&mut self.turns);
        }
        self.turns.push(turn);
    }

    /// What failed in this turn, and for how long it does so. Anything new in the turn starts the count anew.
    fn failures(&self, turn: &[Seen<'_>], results: &[u64], news: bool) -> Vec<Failing> {
        let mut failing: Vec<Failing> = Vec::new();
        for (seen, result) in turn.iter().zip(results) {
            let counted = failing.iter().any(|other| other.result == *result);
            if !seen.failed || counted {
                continue;
            }
            let before = self.failing.iter().find(|before| before.result == *result).filter(|_| !news);
            let (repeats, held) = before.map_or((0, 0), |before| (before.repeats, before.held));
            let repeats = repeats.saturating_add(1);
            failing.push(Failing { tool: seen.tool.into(), result: *result, repeats, held });
        }
        failing
    }

    fn remember(&mut self, seen: &Seen<'_>, result: u64) {
        if !self.known.contains(&result) {
            if self.known.len() == RESULTS_KNOWN {
                forget_oldest(&mut self.known);
            }
            self.known.push(result);
        }
        let call = of_call(seen.tool, seen.args);
        self.quotes.retain(|quote| quote.call != call);
        if self.quotes.len() == QUOTES_KEPT {
            forget_oldest(&mut self.quotes);
        }
        self.quotes.push(Quote { call, tool: of_tool(seen.tool), text: quoted(seen.result) });
    }
}

/// The beginning of a text, cut between two characters.
fn quoted(text: &str) -> String {
    if text.len() <= QUOTE_BYTES {
        return text.into();
    }
    let mut end = QUOTE_BYTES - CUT.len();
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let kept = text.get(..end).unwrap_or_default();
    alloc::format!("{kept}{CUT}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_is_cut_between_characters_and_says_so() {
        let exact = "a".repeat(QUOTE_BYTES);
        assert_eq!(quoted(&exact), exact);
        assert_eq!(quoted(&(exact.clone() + "a")), "a".repeat(394) + " [cut]");
        // Three bytes each, and 394 is no multiple of three.
        assert_eq!(quoted(&"€".repeat(200)), "€".repeat(131) + " [cut]");
        assert_eq!(quoted(""), "");
    }
}
