//! What a call has heard of the servers of its options, and what it has not heard of its own attempts.

use super::{Call, Shared};
use crate::budget::RetryBudget;
use crate::failure::{Failure, FailureClass};
use crate::retry_after::{RetryAfter, Word};
use crate::time::{Duration, Instant};
use alloc::boxed::Box;
use alloc::vec::Vec;

/// What few calls need.
#[derive(Debug, Clone, Default)]
pub(super) struct Heard {
    /// What servers asked for, where nobody else keeps it.
    words: Vec<(u32, RetryAfter)>,
    unheard: Vec<Unheard>,
}

/// An attempt that was given up, and has said nothing since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unheard {
    pub(crate) attempt: u32,
    pub(crate) option: u32,
}

impl Call {
    /// What the server of that option asked for, if that is not over.
    pub(super) fn word<S: Shared + ?Sized>(&self, option: u32, shared: &mut S) -> Option<Word> {
        let kept = shared.retry_after(option, |word| word.at(self.now));
        kept.unwrap_or_else(|| {
            let own = self.heard.as_ref()?.words.iter().find(|(of, _)| *of == option);
            own.and_then(|(_, word)| word.at(self.now))
        })
    }

    /// What a server asks for holds for whoever calls it next: it is kept with what is shared, or else here.
    pub(super) fn hear_server<S: Shared + ?Sized>(&mut self, option: u32, failure: &Failure, shared: &mut S) {
        let Some(wait) = asked_by(failure) else { return };
        if Self::tell_endpoint(self.now, option, failure, shared) {
            return;
        }
        let words = &mut self.heard.get_or_insert_with(Box::default).words;
        let place = words.iter().position(|(of, _)| *of == option).unwrap_or(words.len());
        if place == words.len() {
            words.push((option, RetryAfter::default()));
        }
        if let Some((_, word)) = words.get_mut(place) {
            word.asked(self.now + wait, failure.class);
        }
    }

    /// Tells whoever keeps it what a server asks for. Answers whether there is nothing more to keep.
    pub(crate) fn tell_endpoint<S: Shared + ?Sized>(
        now: Instant,
        option: u32,
        failure: &Failure,
        shared: &mut S,
    ) -> bool {
        let Some(wait) = asked_by(failure) else { return true };
        if sabotaged!(ServersWordIsTheCallsOwn) {
            return true;
        }
        shared.retry_after(option, |word| word.asked(now + wait, failure.class)).is_some()
    }

    /// A failure of an attempt that was given up: the first one counts, for a word that is told twice is one word.
    pub(super) fn hear_late<S: Shared + ?Sized>(&mut self, attempt: u32, failure: &Failure, shared: &mut S) {
        if let Some(Unheard { option, .. }) = self.hear_of(attempt) {
            self.hear_server(option, failure, shared);
        }
    }

    /// The same, told at that instant by a run.
    pub(crate) fn hear_late_at<S: Shared + ?Sized>(
        &mut self,
        now: Instant,
        attempt: u32,
        failure: &Failure,
        shared: &mut S,
    ) {
        self.now = self.now.max(now);
        self.hear_late(attempt, failure, shared);
    }

    /// An attempt that was given up has said something after all.
    pub(super) fn hear_of(&mut self, attempt: u32) -> Option<Unheard> {
        let unheard = &mut self.heard.as_mut()?.unheard;
        let place = unheard.iter().position(|one| one.attempt == attempt)?;
        Some(unheard.remove(place))
    }

    /// The attempt under way is given up. One that nobody was told to start has nothing to say.
    pub(super) fn give_attempt_up(&mut self, told: bool) {
        if told {
            self.abandoned = Some(self.attempts);
            let unheard = Unheard { attempt: self.attempts, option: self.options.current() };
            self.heard.get_or_insert_with(Box::default).unheard.push(unheard);
        }
    }

    /// The attempts of which something may still come, for whoever keeps them after the call.
    pub(crate) fn unheard(&self) -> &[Unheard] {
        self.heard.as_ref().map_or(&[], |heard| &heard.unheard)
    }

    /// The same, and the attempt under way: nobody hears of that either once this process has ended.
    pub(crate) fn open_attempts(&self) -> impl Iterator<Item = Unheard> {
        let (attempt, option) = (self.attempts, self.options.current());
        let under_way = self.awaits(attempt).then_some(Unheard { attempt, option });
        self.unheard().iter().copied().chain(under_way)
    }

    /// A retry that was counted is not made: it was planned, and something else came of the wait.
    pub(super) fn not_retried<S: Shared + ?Sized>(&mut self, shared: &mut S) {
        if core::mem::take(&mut self.counted) {
            shared.retries(RetryBudget::not_retried);
        }
    }

    /// Whether a retry is counted that is not made yet.
    pub(crate) fn is_about_to_retry(&self) -> bool {
        self.counted
    }
}

/// For how long a server asks with that failure to be left alone. What is taken back by the caller says nothing of it.
fn asked_by(failure: &Failure) -> Option<Duration> {
    if sabotaged!(ServerIsNotHeard) {
        return None;
    }
    failure.retry_after.filter(|_| failure.class != FailureClass::Cancelled)
}
