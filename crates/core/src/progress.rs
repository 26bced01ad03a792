//! The progress detector: an agent that asks for what it has already seen is told so, then refused, then stopped.
//!
//! ```text
//!   turn      1     2      3           4           5
//!   wants     X     X      X           X           anything
//!             runs  hint   synthetic   last turn   stop
//!
//!   turn      1     2     3     4      5           6           7           8
//!   wants     A     B     A     B      A           B           A           anything
//!             runs  runs  runs  hint   synthetic   synthetic   last turn   stop
//! ```

mod fingerprint;
mod history;
mod policy;
mod report;
mod stored;

pub use policy::ProgressPolicy;
pub use report::{Judgement, Repetition, Rung, Seen, Wanted};

use alloc::string::String;
use fingerprint::{of_call, of_tool, of_wanted};
pub(crate) use history::History;

/// The longest cycle there is a memory for.
const LONGEST_CYCLE: u32 = 4;

/// Watches the turns of one run for repetition without news.
///
/// How to drive it: when the model has asked for tools, [`judge`](Self::judge) what it wants before anything runs. If the
/// judgement [runs](Judgement::runs), run the calls and hand their results to [`observe`](Self::observe); on
/// [`Rung::Hint`] also tell the model [`Repetition::hint`], unless the turn brought something new after all. On
/// [`Rung::Synthetic`] give each call [`synthetic`](Self::synthetic) as its result and observe nothing. On
/// [`Rung::LastTurn`] do the same and ask the model without tools ([`Repetition::last_turn`]). On [`Rung::Stop`] end.
///
/// | rule | the hint | synthetic | the last turn |
/// |---|---|---|---|
/// | the same turn again | 1st repeat | 2nd repeat | 3rd repeat |
/// | a cycle of 2 to 4 turns | when its 2nd round is completed | 3rd round | 4th round |
/// | the same error from the same tool | after 3 turns with it | after 4 | after 5 |
/// | nothing that was not known | after 6 such turns | after 7 | after 8 |
///
/// A turn that did not run counts as one that brought the same again. Whatever the model wants after the last turn is a
/// stop. No judgement is more than one rung above the one before, and a new result climbs down to none. Calls of one turn
/// have no order, and naming one twice says no more than once.
///
/// Time and memory are O(1) in the length of the run: the last 4 turns and the last 64 results as fingerprints, and the
/// beginnings of the last 32 results for quotes.
///
/// ```
/// use steadfast::progress::{ProgressDetector, ProgressPolicy, Rung, Seen, Wanted};
///
/// let mut detector = ProgressDetector::new(ProgressPolicy::default());
/// let wanted = Wanted { tool: "get_weather", args: r#"{"city":"Oslo"}"# };
/// let seen = Seen { tool: wanted.tool, args: wanted.args, result: "-3 degrees", failed: false };
///
/// assert_eq!(detector.judge(&[wanted]).rung, None);
/// assert!(detector.observe(&[seen])); // something new
/// assert_eq!(detector.judge(&[wanted]).rung, Some(Rung::Hint));
/// assert!(!detector.observe(&[seen]));
///
/// let judgement = detector.judge(&[wanted]);
/// assert_eq!(judgement.rung, Some(Rung::Synthetic));
/// assert_eq!(
///     detector.synthetic(&wanted, &judgement.rule.unwrap()),
///     "get_weather was not run again: the same call came with the same arguments for the 3rd time in a row and \
///      brought nothing new. Its result with these arguments was: -3 degrees"
/// );
/// assert_eq!(detector.judge(&[wanted]).rung, Some(Rung::LastTurn));
/// assert_eq!(detector.judge(&[wanted]).rung, Some(Rung::Stop));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgressDetector {
    policy: ProgressPolicy,
    history: History,
}

impl ProgressDetector {
    /// A detector that has seen nothing.
    #[must_use]
    pub fn new(policy: ProgressPolicy) -> Self {
        Self { policy, history: History::default() }
    }

    /// Its settings.
    #[must_use]
    pub fn policy(&self) -> &ProgressPolicy {
        &self.policy
    }

    /// What to do about the calls the model wants. A turn without calls is none.
    pub fn judge(&mut self, wanted: &[Wanted<'_>]) -> Judgement {
        if wanted.is_empty() {
            return Judgement::default();
        }
        if let Some(rule) = self.history.ended.clone() {
            (self.history.rung, self.history.held) = (Some(Rung::Stop), true);
            return Judgement { rung: Some(Rung::Stop), rule: Some(rule) };
        }
        self.history.held = false;
        if wanted.iter().all(|call| self.policy.is_polling(call.tool)) {
            return Judgement::default();
        }
        let calls = of_wanted(wanted);
        let Some((highest, rule)) = self.worst(calls, wanted) else {
            self.history.rung = None;
            return Judgement::default();
        };
        let rung = highest.min(Rung::next(self.history.rung));
        self.history.rung = Some(rung);
        if !rung.runs() {
            self.history.hold(calls, wanted);
        }
        if rung == Rung::LastTurn {
            self.history.ended = Some(rule.clone());
        }
        Judgement { rung: Some(rung), rule: Some(rule) }
    }

    /// What came of the calls of a turn that ran, and whether anything of it is new. Nothing changes for a turn that was
    /// judged not to run, or that has no calls.
    pub fn observe(&mut self, turn: &[Seen<'_>]) -> bool {
        !turn.is_empty() && !self.history.held && self.history.learn(turn, &self.policy)
    }

    /// The result of a call that does not run: that it does not, why, and what it or at least its tool said before.
    #[must_use]
    pub fn synthetic(&self, wanted: &Wanted<'_>, why: &Repetition) -> String {
        let (name, call, tool) = (wanted.tool, of_call(wanted.tool, wanted.args), of_tool(wanted.tool));
        let mut latest = self.history.quotes.iter().rev();
        if let Some(same) = latest.clone().find(|quote| quote.call == call) {
            return alloc::format!(
                "{name} was not run again: {why}. Its result with these arguments was: {}",
                same.text
            );
        }
        match latest.find(|quote| quote.tool == tool) {
            Some(last) => alloc::format!("{name} was not run: {why}. Its last result was: {}", last.text),
            None => alloc::format!("{name} was not run: {why}."),
        }
    }

    /// The rule that asks for the highest rung; of equals the more exact one, which stands first.
    fn worst(&self, calls: u64, wanted: &[Wanted<'_>]) -> Option<(Rung, Repetition)> {
        let rounds = (1..=self.policy.longest_cycle()).map(|length| self.round(calls, length));
        let found = rounds.chain([self.same_error(wanted), self.nothing_new()]).flatten();
        found.reduce(|worst, other| if other.0 > worst.0 { other } else { worst })
    }

    /// The same turn again, or the same few turns.
    fn round(&self, calls: u64, length: u32) -> Option<(Rung, Repetition)> {
        let matching = self.history.matching(calls, length);
        let (completed, repeats) = (matching / length, matching.div_ceil(length));
        let rung = (completed >= self.policy.repeats()).then(|| Rung::above_hint(repeats - self.policy.repeats()))?;
        let rule = if length == 1 { Repetition::Identical { repeats } } else { Repetition::Cycle { length, repeats } };
        Some((rung, rule))
    }

    /// All that is wanted are tools that fail the same way again and again.
    fn same_error(&self, wanted: &[Wanted<'_>]) -> Option<(Rung, Repetition)> {
        let enough = self.policy.errors();
        let failing = wanted.iter().filter(|call| !self.policy.is_polling(call.tool)).map(|call| {
            let counts = self.history.failing.iter().filter(|failing| failing.tool == call.tool);
            counts.max_by_key(|failing| failing.repeats)
        });
        let least = failing.min_by_key(|failing| failing.map_or(0, |failing| failing.repeats))??;
        if enough == 0 || least.repeats < enough {
            return None;
        }
        let rung = Rung::above_hint((least.repeats - enough).saturating_add(least.held));
        Some((rung, Repetition::SameError { tool: least.tool.clone(), repeats: least.repeats }))
    }

    /// Turn after turn without news.
    fn nothing_new(&self) -> Option<(Rung, Repetition)> {
        let (turns, enough) = (self.history.stale, self.policy.nothing_new());
        let rung = (enough > 0 && turns >= enough).then(|| Rung::above_hint(turns - enough))?;
        Some((rung, Repetition::NothingNew { turns }))
    }

    /// What it remembers, for a snapshot.
    pub(crate) fn history(&self) -> &History {
        &self.history
    }

    /// What it remembers, for one of other settings.
    pub(crate) fn into_history(self) -> History {
        self.history
    }

    /// A detector that remembers what another one did.
    pub(crate) fn restore(policy: ProgressPolicy, history: History) -> Self {
        Self { policy, history }
    }
}

#[cfg(test)]
mod stream_tests;
#[cfg(test)]
mod tests;
