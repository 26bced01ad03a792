//! The effect ledger: what became of every tool call, kept so that no effect happens twice.

use super::Effect;
use crate::id::{CallId, Key, RunId};
use crate::snapshot::{Kind, Reader, SnapshotError, Stored, Writer};
use crate::time::{Duration, Instant};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

/// Where a tool call stands.
///
/// ```text
///   intended ──> started ──> done
///       │           ├──────> failed     as far as anybody knows, it did not happen
///       └> blocked  └──────> unknown    it may have happened
/// ```
///
/// What is unknown and must not happen twice is never tried again by itself. A late word leads from there to done or failed, and
/// from failed to done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum EffectState {
    /// The model asked for it.
    Intended,
    /// It does not run: a human said no, nobody said yes, or it turned out to have happened by an earlier call.
    Blocked,
    /// It was handed to the tool.
    Started,
    /// It happened.
    Done,
    /// It did not happen, as far as anybody knows.
    Failed,
    /// It may have happened.
    Unknown,
}

impl EffectState {
    const ALL: [Self; 6] = [Self::Intended, Self::Blocked, Self::Started, Self::Done, Self::Failed, Self::Unknown];

    /// Its name, as traces and JavaScript spell it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Intended => "intended",
            Self::Blocked => "blocked",
            Self::Started => "started",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }
}

/// One tool call in a ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct LedgerEntry {
    /// The key that goes to the tool, fixed before its first try.
    pub key: Key,
    /// The tool.
    pub tool: String,
    /// Its exact arguments.
    pub args: String,
    /// What it does to the world.
    pub effect: Effect,
    /// Where it stands.
    pub state: EffectState,
    /// How often it was handed to the tool.
    pub tries: u32,
    /// What the tool answered, or how it failed.
    pub output: String,
}

/// What a resumed run asks the ledger that it shares with every other resume of the same snapshot: may this happen now?
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Claim {
    /// The entry as it is to be written: started, or blocked where it was denied.
    pub entry: LedgerEntry,
    /// A human said yes to running it again although it may have happened.
    pub again: bool,
}

/// What the shared ledger answers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(tag = "claimed", rename_all = "snake_case"))]
pub enum Claimed {
    /// Nobody else had it: it is written down.
    Granted,
    /// Another resume was first: this is what became of it there.
    Taken {
        /// Where it stands.
        state: EffectState,
        /// What the tool answered, or how it failed.
        output: String,
    },
}

/// What became of every tool call, by key.
///
/// A run keeps one of its own: [`Run::ledger`](crate::run::Run::ledger). Runs that were restored from one snapshot share another, which
/// the host holds, in memory or in a database: [`claim`](Self::claim) is its one atomic step, and whoever comes second
/// learns what the first did.
///
/// ```
/// use steadfast::effect::{Claim, Claimed, Effect, EffectState, Ledger, LedgerEntry};
/// use steadfast::id::Key;
///
/// let entry = LedgerEntry {
///     key: Key::default(),
///     tool: "send_email".into(),
///     args: "{}".into(),
///     effect: Effect::Once,
///     state: EffectState::Started,
///     tries: 1,
///     output: String::new(),
/// };
/// let mut shared = Ledger::default();
/// assert_eq!(shared.claim(Claim { entry: entry.clone(), again: false }), Claimed::Granted);
/// shared.write(LedgerEntry { state: EffectState::Done, output: "sent".into(), ..entry.clone() });
///
/// let second = shared.claim(Claim { entry, again: false });
/// assert_eq!(second, Claimed::Taken { state: EffectState::Done, output: "sent".into() });
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(transparent))]
pub struct Ledger {
    entries: Vec<LedgerEntry>,
    /// Where each key stands among them, so that finding one costs the logarithm of how many there are.
    #[cfg_attr(feature = "serde", serde(skip))]
    places: BTreeMap<Key, usize>,
    /// Those that must not happen twice and may have happened.
    #[cfg_attr(feature = "serde", serde(skip))]
    doubtful: BTreeSet<usize>,
}

impl Ledger {
    /// Every tool call, in the order in which they were first written.
    #[must_use]
    pub fn entries(&self) -> &[LedgerEntry] {
        &self.entries
    }

    /// The tool call of that key.
    #[must_use]
    pub fn entry(&self, key: Key) -> Option<&LedgerEntry> {
        self.entries.get(*self.places.get(&key)?)
    }

    /// Writes what became of a tool call. What is done stays done: a later word that knows less changes nothing.
    pub fn write(&mut self, entry: LedgerEntry) {
        let done = self.entry(entry.key).is_some_and(|known| known.state == EffectState::Done);
        if !done || entry.state == EffectState::Done {
            self.put(entry);
        }
    }

    /// Whether a resumed run may go on with that tool call. One atomic step: of many that ask, one is granted it.
    ///
    /// It is granted where the key is new and, with a human's yes to running it again, where its outcome is unknown and
    /// nobody has tried it since that yes was asked for: `tries` of the claim says how often it had been tried. Resumes
    /// whose models went different ways may come with different tools under one key: then the later one does not run. Where their
    /// arguments differ, because a human edited them or a model asked for something else, it is told with which ones it was done.
    pub fn claim(&mut self, claim: Claim) -> Claimed {
        let Claim { entry, again } = claim;
        match self.entry(entry.key).filter(|_| !sabotaged!(LedgerGrantsAll)) {
            Some(known) if known.tool != entry.tool => Claimed::Taken {
                state: EffectState::Blocked,
                output: "another resume of this run did something else in its place".into(),
            },
            Some(known) if known.args != entry.args && known.state == EffectState::Done => Claimed::Taken {
                state: EffectState::Done,
                output: alloc::format!(
                    "another resume of this run did it with other arguments, {}: {}",
                    known.args,
                    known.output
                ),
            },
            // A yes to running it again covers the tries that were known when it was asked for, and none that came since.
            Some(known) if !(again && known.state == EffectState::Unknown && known.tries <= entry.tries) => {
                Claimed::Taken { state: known.state, output: known.output.clone() }
            }
            _ => {
                let tries = entry.tries.saturating_add(u32::from(entry.state == EffectState::Started));
                self.write(LedgerEntry { tries, ..entry });
                Claimed::Granted
            }
        }
    }

    /// The ledger as bytes, for a file or a database.
    #[must_use]
    pub fn snapshot(&self) -> Vec<u8> {
        let mut writer = Writer::new(Kind::Ledger, Instant::ORIGIN);
        writer.put(&self.entries);
        writer.finish()
    }

    /// The ledger from its bytes. Calls that had been started are unknown: whoever started them is gone.
    pub fn restore(bytes: &[u8]) -> Result<Self, SnapshotError> {
        let mut reader = Reader::new(Kind::Ledger, bytes, Instant::ORIGIN, Duration::ZERO)?;
        let mut entries: Vec<LedgerEntry> = reader.take()?;
        reader.finish()?;
        for entry in &mut entries {
            if entry.state == EffectState::Started {
                entry.state = EffectState::Unknown;
            }
        }
        Ok(Self::of_entries(entries))
    }

    /// How the latest call of that tool with those arguments ended, where it must not happen twice and may have happened.
    pub(crate) fn unsettled(&self, tool: &str, args: &str) -> Option<&str> {
        let mut latest = self.doubtful.iter().rev().filter_map(|place| self.entries.get(*place));
        latest.find(|entry| entry.tool == tool && entry.args == args).map(|entry| entry.output.as_str())
    }

    /// It does at least this to the world.
    pub(crate) fn declare(&mut self, key: Key, effect: Effect) {
        self.change(key, |entry| entry.effect = entry.effect.max(effect));
    }

    /// It is handed to its tool, with the arguments that a human may have changed.
    pub(crate) fn start(&mut self, key: Key, args: &str) {
        self.change(key, |entry| {
            entry.state = EffectState::Started;
            entry.tries = entry.tries.saturating_add(1);
            if entry.args != args {
                entry.args = args.into();
            }
        });
    }

    pub(crate) fn set(&mut self, key: Key, state: EffectState, output: &str) -> Option<&LedgerEntry> {
        self.change(key, |entry| {
            entry.state = state;
            entry.output = output.into();
        })
    }

    pub(crate) fn of_entries(entries: Vec<LedgerEntry>) -> Self {
        let mut ledger = Self::default();
        for entry in entries {
            ledger.put(entry);
        }
        ledger
    }

    /// As it is, in the place of one with the same key, or as a new one.
    pub(crate) fn put(&mut self, entry: LedgerEntry) {
        let key = entry.key;
        if self.places.contains_key(&key) {
            self.change(key, |known| *known = entry);
        } else {
            self.places.insert(key, self.entries.len());
            self.entries.push(entry);
            self.change(key, |_| {});
        }
    }

    fn change(&mut self, key: Key, change: impl FnOnce(&mut LedgerEntry)) -> Option<&LedgerEntry> {
        let place = *self.places.get(&key)?;
        let entry = self.entries.get_mut(place)?;
        change(entry);
        if entry.effect == Effect::Once && entry.state == EffectState::Unknown {
            self.doubtful.insert(place);
        } else {
            self.doubtful.remove(&place);
        }
        Some(entry)
    }

    /// The tools that must not happen twice and are in that state, each once, in order.
    pub(crate) fn tools_in(&self, states: &[EffectState]) -> Vec<&str> {
        let mut tools = Vec::new();
        for entry in &self.entries {
            let there = entry.effect == Effect::Once && states.contains(&entry.state);
            if there && !tools.contains(&entry.tool.as_str()) {
                tools.push(entry.tool.as_str());
            }
        }
        tools
    }
}

impl Stored for Effect {
    fn store(&self, to: &mut Writer) {
        to.put(&(*self as u8));
    }
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        match from.take::<u8>()? {
            0 => Ok(Self::None),
            1 => Ok(Self::Idempotent),
            2 => Ok(Self::Once),
            _ => Err(SnapshotError::Damaged),
        }
    }
}

impl Stored for EffectState {
    fn store(&self, to: &mut Writer) {
        to.put(&(*self as u8));
    }
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        Self::ALL.get(usize::from(from.take::<u8>()?)).copied().ok_or(SnapshotError::Damaged)
    }
}

impl Stored for Key {
    fn store(&self, to: &mut Writer) {
        to.put(&self.run.0).put(&self.call.0);
    }
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        Ok(Self { run: RunId(from.take()?), call: CallId(from.take()?) })
    }
}

impl Stored for LedgerEntry {
    fn store(&self, to: &mut Writer) {
        to.put(&self.key)
            .text(&self.tool)
            .text(&self.args)
            .put(&self.effect)
            .put(&self.state)
            .put(&self.tries)
            .text(&self.output);
    }
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        Ok(Self {
            key: from.take()?,
            tool: from.take()?,
            args: from.take()?,
            effect: from.take()?,
            state: from.take()?,
            tries: from.take()?,
            output: from.take()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use EffectState::{Blocked, Done, Failed, Intended, Started, Unknown};

    fn entry(call: u64, state: EffectState) -> LedgerEntry {
        let key = Key { run: RunId(1), call: CallId(call) };
        LedgerEntry {
            key,
            tool: "mail".into(),
            args: "{}".into(),
            effect: Effect::Once,
            state,
            tries: 1,
            output: "out".into(),
        }
    }

    fn claim(state: EffectState, again: bool) -> Claimed {
        let mut ledger = Ledger::default();
        ledger.write(entry(1, state));
        ledger.claim(Claim { entry: entry(1, EffectState::Started), again })
    }

    #[test]
    fn states_have_the_names_of_the_contract() {
        let names = EffectState::ALL.map(EffectState::as_str);
        assert_eq!(names, ["intended", "blocked", "started", "done", "failed", "unknown"]);
    }

    #[test]
    fn of_many_claims_one_is_granted() {
        let mut ledger = Ledger::default();
        let claims: Vec<_> =
            (0..3).map(|_| ledger.claim(Claim { entry: entry(1, EffectState::Started), again: false })).collect();
        let taken = Claimed::Taken { state: EffectState::Started, output: "out".into() };
        assert_eq!(claims, [Claimed::Granted, taken.clone(), taken]);
        assert_eq!(ledger.claim(Claim { entry: entry(2, EffectState::Started), again: false }), Claimed::Granted);
    }

    #[test]
    fn only_an_unknown_outcome_is_run_again_and_only_after_a_yes_to_that() {
        for state in EffectState::ALL {
            let granted = [false, true].map(|again| claim(state, again) == Claimed::Granted);
            assert_eq!(granted, [false, state == EffectState::Unknown], "{state:?}");
        }
    }

    #[test]
    fn resumes_that_went_different_ways_do_not_run_under_one_key() {
        let mut ledger = Ledger::default();
        ledger.write(entry(1, EffectState::Done));
        let other = LedgerEntry { tool: "pay".into(), ..entry(1, EffectState::Started) };
        let claimed = ledger.claim(Claim { entry: other, again: false });
        assert!(matches!(claimed, Claimed::Taken { state: EffectState::Blocked, .. }), "{claimed:?}");
    }

    #[test]
    fn what_was_done_with_other_arguments_says_with_which() {
        let mut ledger = Ledger::default();
        ledger.write(entry(1, EffectState::Done));
        let other = LedgerEntry { args: "[1]".into(), ..entry(1, EffectState::Started) };
        let output = "another resume of this run did it with other arguments, {}: out".into();
        assert_eq!(ledger.claim(Claim { entry: other, again: false }), Claimed::Taken { state: Done, output });
    }

    #[test]
    fn only_the_latest_that_may_have_happened_is_in_doubt() {
        let mut ledger = Ledger::default();
        for (call, output) in [(1, "first"), (2, "second")] {
            ledger.write(LedgerEntry { output: output.into(), ..entry(call, Unknown) });
        }
        assert_eq!(ledger.unsettled("mail", "{}"), Some("second"));
        assert_eq!((ledger.unsettled("mail", "[]"), ledger.unsettled("pay", "{}")), (None, None));
        ledger.write(entry(2, Done));
        assert_eq!(ledger.unsettled("mail", "{}"), Some("first"));
        let restored = Ledger::restore(&ledger.snapshot()).unwrap();
        assert_eq!(restored, ledger);
        ledger.write(LedgerEntry { effect: Effect::Idempotent, ..entry(3, Unknown) });
        ledger.set(entry(1, Failed).key, Failed, "");
        assert_eq!(ledger.unsettled("mail", "{}"), None, "what may repeat is in no doubt");
    }

    #[test]
    fn a_claim_counts_as_a_try_where_it_starts_something() {
        for (state, tries) in [(Started, 2), (Blocked, 1)] {
            let mut ledger = Ledger::default();
            assert_eq!(ledger.claim(Claim { entry: entry(1, state), again: false }), Claimed::Granted);
            assert_eq!(ledger.entries()[0].tries, tries, "{state:?}");
        }
    }

    #[test]
    fn every_effect_survives_its_process() {
        let mut ledger = Ledger::default();
        for (call, effect) in (1..).zip([Effect::None, Effect::Idempotent, Effect::Once]) {
            ledger.write(LedgerEntry { effect, ..entry(call, Done) });
        }
        assert_eq!(Ledger::restore(&ledger.snapshot()).unwrap(), ledger);
    }

    #[test]
    fn what_is_done_stays_done() {
        let mut ledger = Ledger::default();
        ledger.write(entry(1, EffectState::Done));
        ledger.write(entry(1, EffectState::Unknown));
        assert_eq!(ledger.entry(entry(1, EffectState::Done).key).unwrap().state, EffectState::Done);
    }

    #[test]
    fn a_ledger_survives_its_process_and_what_was_under_way_is_unknown() {
        let mut ledger = Ledger::default();
        for (call, state) in (1..).zip(EffectState::ALL) {
            ledger.write(entry(call, state));
        }
        let restored = Ledger::restore(&ledger.snapshot()).unwrap();
        let states: Vec<_> = restored.entries().iter().map(|entry| entry.state).collect();
        assert_eq!(states, [Intended, Blocked, Unknown, Done, Failed, Unknown]);
        assert_eq!(restored.entries()[0], ledger.entries()[0]);
        let bytes = ledger.snapshot();
        for length in 0..bytes.len() {
            assert!(Ledger::restore(&bytes[..length]).is_err(), "cut to {length}");
        }
    }
}
