//! Aftermath: what late words bring to light after the model was told that an effect may have happened.

use super::Run;
use super::action::{Action, Stage, report_done};
use super::commons::Place;
use super::turn::drain;
use super::{Output, Phase, RunEnd};
use crate::call;
use crate::effect::{Effect, EffectState};
use crate::event::Event;
use crate::id::{AttemptId, Key};
use crate::snapshot::{Reader, SnapshotError, Stored, Writer};
use alloc::string::String;
use alloc::vec::Vec;

/// What the ledger knows and the model does not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Aftermath {
    /// Effects that were settled, or found to have happened again, since the model was told of them.
    untold: Vec<Key>,
    /// Those of them that a result of this turn tells of. Until the model has read it, it does not know.
    answered: Vec<Key>,
    /// Of effects that were tried more than once: which tries are known to have happened.
    happened: Vec<(Key, u32)>,
}

impl Aftermath {
    /// That try happened. Answers whether another one of the same effect had.
    fn happens(&mut self, key: Key, attempt: u32) -> bool {
        if self.happened.contains(&(key, attempt)) {
            return false;
        }
        self.happened.push((key, attempt));
        self.times(key) > 1
    }

    /// How many tries of an effect that was tried more than once are known to have happened.
    fn times(&self, key: Key) -> usize {
        self.happened.iter().filter(|(of, _)| *of == key).count()
    }

    /// The model does not know it yet.
    fn add(&mut self, key: Key) {
        self.answered.retain(|answered| *answered != key);
        if !self.untold.contains(&key) {
            self.untold.push(key);
        }
    }

    /// A result of this turn tells of it.
    pub(super) fn answered(&mut self, key: Key) {
        self.answered.push(key);
    }

    /// The effects that are known to have happened more than once, each once.
    pub(super) fn repeated(&self) -> Vec<Key> {
        let mut keys: Vec<Key> = self.happened.iter().map(|(key, _)| *key).collect();
        keys.dedup();
        keys.retain(|key| self.times(*key) > 1);
        keys.sort_unstable();
        keys.dedup();
        keys
    }
}

impl Run {
    /// A try of an effect that must not happen twice succeeded.
    pub(super) fn note_success(&mut self, key: Key, attempt: u32) {
        let again = self.ledger.entry(key).filter(|entry| entry.effect == Effect::Once && entry.tries > 1);
        let Some(tool) = again.map(|entry| entry.tool.clone()) else { return };
        if self.aftermath.happens(key, attempt) {
            let times = u32::try_from(self.aftermath.times(key)).unwrap_or(u32::MAX);
            self.aftermath.add(key);
            self.record(Some(key.call), || Event::EffectRepeated { tool, times });
        }
    }

    /// A word on an effect from an attempt that had been given up. It settles one that was unknown, and a success one that was
    /// taken for failed: in the ledger, in its own call if that still waits for somebody to tell, and in others that were held
    /// back because of it.
    pub(super) fn settle_late(&mut self, id: AttemptId, key: Key, state: EffectState, output: &str) {
        let Some(entry) = self.ledger.entry(key) else { return };
        if entry.state == EffectState::Done && state == EffectState::Done {
            return self.note_success(key, id.attempt);
        }
        // Whoever started it is gone, and what became of it is as good as unknown.
        let before = match (entry.state, &self.stage) {
            (EffectState::Started, Phase::Restored(_)) => EffectState::Unknown,
            (state, _) => state,
        };
        let settles = match (before, state) {
            // Of several tries that nobody heard of, the one that failed did not happen: the others may have.
            (EffectState::Unknown, EffectState::Failed) => entry.tries == 1,
            (EffectState::Unknown, _) => true,
            // It was looked up too early, or its failure was said too soon.
            (EffectState::Failed, EffectState::Done) => entry.effect == Effect::Once,
            _ => false,
        };
        if !settles {
            return;
        }
        let tool = entry.tool.clone();
        if state == EffectState::Done {
            self.note_success(key, id.attempt);
        }
        self.enter(key, state, output);
        self.record(Some(key.call), || Event::EffectSettled { tool, state });
        let mut told = false;
        match core::mem::replace(&mut self.stage, Phase::New) {
            Phase::Acting(mut actions) => {
                for action in &mut actions {
                    told |= self.settle_action(action, key, true);
                }
                self.stage = Phase::Acting(actions);
            }
            Phase::Restored(Some(mut actions)) => {
                for action in &mut actions {
                    told |= self.settle_action(action, key, false);
                }
                self.stage = Phase::Restored(Some(actions));
            }
            // What a human was asked before it was suspended is answered by this.
            Phase::Over(RunEnd { suspended: Some(mut actions), .. }) => {
                for action in &mut actions {
                    told |= self.settle_action(action, key, false);
                }
                self.stay_suspended(actions);
            }
            other => self.stage = other,
        }
        if !told && !sabotaged!(LateWordIsNotTold) {
            self.aftermath.add(key);
        }
    }

    /// What a settled effect means for one tool call of this step. Answers whether the model learns of it by that call's result.
    /// `asked`: whether somebody is there with the question, who needs not answer any more.
    fn settle_action(&mut self, action: &mut Action, settled: Key, asked: bool) -> bool {
        let Some(entry) = self.ledger.entry(settled) else { return false };
        let its_own = action.key == Some(settled);
        let held_back =
            action.is_held_back() && action.call.tool == entry.tool && action.asked_args() == Some(&entry.args);
        if !its_own && !held_back {
            return false;
        }
        let (happened, output) = (entry.state == EffectState::Done, entry.output.clone());
        if held_back && !happened && self.ledger.unsettled(&entry.tool, &entry.args).is_some() {
            return false;
        }
        let text = if happened { output } else { alloc::format!("{} failed: {output}.", action.call.tool) };
        match core::mem::replace(&mut action.stage, Stage::Settled(text)) {
            Stage::Asking { approval, .. } => {
                let id = approval.request().id;
                self.trace.record(self.now, None, None, || Event::ApprovalWithdrawn { id });
                if asked {
                    self.outputs.push_back(Output::Withdraw(id));
                }
                if held_back {
                    self.let_go(action, approval.key(), settled, &approval.request().args.clone());
                }
            }
            Stage::Reconciling { mut call, .. } => {
                let shared = &mut self.commons.of_looking_up(action.tool);
                call.handle(self.now, call::Input::Cancel, shared, &mut self.trace);
                let _ = drain(&mut call, &mut self.outputs, |attempt| Output::Abandon(attempt.id));
                self.remember(Place::Books(action.tool), &call);
            }
            // The shared ledger was asked whether it may run again: whatever it answers is late.
            _ => {}
        }
        true
    }

    /// A call that was held back by a doubt about an earlier one: that happened, so it need not run; or it did not, so it is a
    /// wish like any other.
    fn let_go(&mut self, action: &mut Action, key: Key, settled: Key, args: &str) {
        let Some(entry) = self.ledger.entry(settled) else { return };
        if entry.state == EffectState::Done {
            let text = report_done(&entry.tool, &entry.output, self.aftermath.times(settled));
            self.ledger.set(key, EffectState::Blocked, &text);
            // Its result is that of the earlier one.
            (action.key, action.stage) = (Some(settled), Stage::Settled(text));
        } else {
            action.stage = self.gate(&action.call, action.tool, key, args);
        }
    }

    /// A success of an earlier try while a human's yes has it tried again: what is under way is given up, and the one that
    /// happened counts. Of a tool that may repeat it changes nothing: there the try under way is as good.
    pub(super) fn settle_earlier(&mut self, id: AttemptId, output: &str) {
        let Some(key) = self.late_effect(id) else { return };
        let Some(entry) = self.ledger.entry(key).filter(|entry| entry.effect == Effect::Once) else { return };
        let tool = entry.tool.clone();
        let Phase::Acting(actions) = &mut self.stage else { return };
        let same = |action: &&mut Action| matches!(&action.stage, Stage::Running { call, .. } if call.key() == key);
        let Some(action) = actions.iter_mut().find(same) else { return };
        let stage = core::mem::replace(&mut action.stage, Stage::Settled(output.into()));
        let Stage::Running { mut call, .. } = stage else { return };
        call.handle(self.now, call::Input::Cancel, &mut self.commons.of_tool(action.tool), &mut self.trace);
        let _ = drain(&mut call, &mut self.outputs, |attempt| Output::Abandon(attempt.id));
        let place = Place::Tool(action.tool);
        self.remember(place, &call);
        self.note_success(key, id.attempt);
        self.enter(key, EffectState::Done, output);
        self.record(Some(key.call), || Event::EffectSettled { tool, state: EffectState::Done });
    }

    /// What happened after all of a call that the model was told may have happened, if it does not know that yet.
    pub(super) fn happened_after_all(&mut self, tool: &str, args: &str) -> Option<(Key, String)> {
        let done = self
            .aftermath
            .untold
            .iter()
            .rev()
            .filter_map(|key| self.ledger.entry(*key))
            .find(|entry| entry.state == EffectState::Done && entry.tool == tool && entry.args == args);
        let (key, text) =
            done.map(|entry| (entry.key, report_done(tool, &entry.output, self.aftermath.times(entry.key))))?;
        self.aftermath.answered(key);
        Some((key, text))
    }

    /// What came to light since the model was told otherwise, as it will read it.
    pub(super) fn tell_aftermath(&mut self) -> Vec<String> {
        let mut untold = core::mem::take(&mut self.aftermath.untold);
        let answered = core::mem::take(&mut self.aftermath.answered);
        untold.retain(|key| !answered.contains(key));
        let entries = untold.iter().filter_map(|key| self.ledger.entry(*key));
        let tell = |entry: &crate::effect::LedgerEntry| {
            let (tool, args, output) = (&entry.tool, &entry.args, &entry.output);
            match (self.aftermath.times(entry.key), entry.state) {
                (times @ 2.., _) => alloc::format!("Known since: {tool} with {args} happened {times} times."),
                (_, EffectState::Done) => {
                    alloc::format!("Known since: {tool} with {args} happened after all: {output}")
                }
                _ => alloc::format!("Known since: {tool} with {args} did not happen: {output}."),
            }
        };
        entries.map(tell).collect()
    }
}

impl Stored for Aftermath {
    fn store(&self, to: &mut Writer) {
        to.put(&self.untold).put(&self.answered).put(&self.happened);
    }
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        Ok(Self { untold: from.take()?, answered: from.take()?, happened: from.take()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_result_tells_of_is_told_until_more_comes_to_light() {
        let [first, second] = [1, 2].map(|call| Key { call: crate::id::CallId(call), ..Key::default() });
        let mut aftermath = Aftermath::default();
        aftermath.add(first);
        aftermath.answered(first);
        aftermath.add(second);
        assert_eq!((&*aftermath.untold, &*aftermath.answered), (&[first, second][..], &[first][..]));
        aftermath.add(first);
        assert_eq!((&*aftermath.untold, &*aftermath.answered), (&[first, second][..], &[][..]));
    }

    #[test]
    fn an_effect_is_repeated_once_two_of_its_tries_are_known_to_have_happened() {
        let mut aftermath = Aftermath::default();
        let key = Key::default();
        assert_eq!([1, 1, 2].map(|attempt| aftermath.happens(key, attempt)), [false, false, true]);
        assert_eq!((aftermath.times(key), aftermath.repeated()), (2, alloc::vec![key]));
        assert!(aftermath.happens(key, 3));
        assert_eq!((aftermath.times(key), aftermath.repeated()), (3, alloc::vec![key]));
    }
}
