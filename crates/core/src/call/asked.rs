//! Pauses: an option that cannot be tried yet, because its server asked to be left alone or its breaker is open. Another option
//! is tried, or the call waits for whichever is free first, or there is no time for that.

use super::{Call, Phase, Shared};
use crate::backoff::Delay;
use crate::breaker::Rejection;
use crate::budget::RetryBudget;
use crate::event::Event;
use crate::failure::{Failure, FailureClass};
use crate::fallback::{FallbackReason, PauseReason};
use crate::outcome::CallError;
use crate::retry_after::Word;
use crate::time::{Duration, Instant, Limit};
use crate::trace::Trace;

/// An option that was left for another one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Left {
    option: u32,
    /// How often it was tried.
    tries: u32,
    /// Whether it was left for a pause only, so that it has tries left: then the call may come back to it.
    paused: bool,
}

/// An option that may be tried sometime.
#[derive(Debug, Clone, Copy)]
struct Free {
    option: u32,
    at: Instant,
    /// Whether it is its server's word that it waits for, and not its breaker.
    asked: bool,
}

impl Free {
    /// Whether it may be tried. What is shut for good is so at the end of time, too.
    fn is_free(self, now: Instant) -> bool {
        self.at <= now && self.at < Instant::MAX
    }
}

impl Call {
    /// What the server of the current option asked for, if that is not over. Where its breaker is open for longer, the
    /// breaker's word counts: nobody waits before a closed door.
    pub(super) fn asked_to_wait<S: Shared + ?Sized>(&self, shared: &mut S) -> Option<Word> {
        let option = self.options.current();
        let word = self.word(option, shared)?;
        Some(word).filter(|word| self.blocked_until(option, shared).is_none_or(|open| open <= word.until))
    }

    /// The current option is to be left alone. Answers whether another one is tried instead; else the call waits for whichever
    /// is free first, or is over.
    pub(super) fn leaves_alone<S: Shared + ?Sized>(&mut self, word: Word, shared: &mut S, trace: &mut Trace) -> bool {
        let reason = FallbackReason::Paused { until: word.until, reason: word.reason };
        match self.soonest(shared).filter(|other| other.at < word.until) {
            // Each in its turn, so that the trace says of each why it is not tried.
            Some(other) if other.option > self.options.reached() => self.fall_back(reason, shared, trace),
            Some(other) if other.is_free(self.now) => self.come_back(other.option, reason, shared, trace),
            Some(other) => {
                self.come_back(other.option, reason, shared, trace);
                self.pause(other, Some(word), shared, trace)
            }
            None => {
                let current = Free { option: self.options.current(), at: word.until, asked: true };
                self.pause(current, Some(word), shared, trace)
            }
        }
    }

    /// The breaker of the current option lets nothing through. Answers whether another one is tried instead. For a breaker alone
    /// no call waits; one that waits for a server's pause in any case takes whichever is free first.
    pub(super) fn turned_away<S: Shared + ?Sized>(
        &mut self,
        rejection: Rejection,
        shared: &mut S,
        trace: &mut Trace,
    ) -> bool {
        let (option, retry_at) = (self.options.current(), rejection.retry_at);
        let event = || Event::BreakerRejected { option, retry_at, reason: rejection.reason.clone() };
        self.record(trace, None, event);
        let reason = FallbackReason::BreakerOpen { retry_at };
        if self.options.reached() + 1 < self.options.count() || sabotaged!(OneOptionTooMany) {
            if self.fall_back(reason, shared, trace) {
                return true;
            }
        } else if let Some(other) = self.soonest(shared) {
            if other.is_free(self.now) {
                return self.come_back(other.option, reason, shared, trace);
            }
            let word = self.waits_for(shared);
            if (other.asked || word.is_some()) && other.at < retry_at {
                self.come_back(other.option, reason, shared, trace);
                return self.pause(other, word, shared, trace);
            }
            // Nobody waits for what never comes.
            if word.is_some() && retry_at < Instant::MAX {
                return self.pause(Free { option, at: retry_at, asked: false }, word, shared, trace);
            }
        }
        self.not_retried(shared);
        self.give_up(CallError::CircuitOpen(rejection), trace);
        false
    }

    /// Until when a server asked for a pause, if that is longer than the policy would ever wait by itself and another option
    /// could be had sooner.
    pub(super) fn asked_too_much<S: Shared + ?Sized>(&self, delay: &Delay, shared: &mut S) -> Option<Instant> {
        let cap = self.retry.as_ref().map_or(Duration::MAX, |retry| retry.backoff().cap());
        let cap = self.longest_pause.map_or(cap, |longest| longest.duration().min(cap));
        let until = self.now + delay.retry_after.filter(|asked| *asked > cap)?;
        self.soonest(shared).is_some_and(|other| other.at < until).then_some(until)
    }

    /// A pause that is longer than a call waits at most, as the error of the call.
    pub(super) fn too_long(&self, wait: Duration, last: &Failure) -> Option<CallError> {
        let limit = self.longest_pause.map(Limit::duration).filter(|limit| wait > *limit)?;
        Some(CallError::PauseTooLong { wait, limit, last: last.clone() })
    }

    /// Moves to the next option, if there is one: in the order of preference, and after the last to one that was left for a
    /// pause only, if that is over or is its server's.
    pub(super) fn fall_back<S: Shared + ?Sized>(
        &mut self,
        reason: FallbackReason,
        shared: &mut S,
        trace: &mut Trace,
    ) -> bool {
        let (from, left) = (self.options.current(), self.as_left(&reason));
        let Some(to) = self.options.advance() else {
            let back = self.soonest(shared).filter(|other| other.asked || other.is_free(self.now));
            return back.is_some_and(|other| self.come_back(other.option, reason, shared, trace));
        };
        self.left.push(left);
        self.record(trace, None, || Event::FellBack { from, to, reason });
        self.not_retried(shared);
        (self.tries, self.previous_wait) = (0, None);
        true
    }

    /// An option that was tried, and that a call stayed with or came back to after a pause, is tried again: that is a retry like any
    /// other. Where there are none left, it is another option's turn, or the call is over.
    pub(super) fn may_try_again<S: Shared + ?Sized>(&mut self, shared: &mut S, trace: &mut Trace) -> bool {
        let option = self.options.current();
        if self.tries == 0 || self.counted || self.blocked_until(option, shared).is_some() {
            return true;
        }
        let Some(reason) = Self::refusal_of(option, shared) else {
            shared.retries(RetryBudget::retried);
            self.counted = true;
            return true;
        };
        self.record(trace, None, || Event::RetryRefused { reason });
        if !self.fall_back(FallbackReason::RetriesRefused { reason }, shared, trace) {
            let last = self.last_failure.take();
            let last = last.unwrap_or_else(|| Failure::new(FailureClass::Overloaded, "it had asked for a pause"));
            self.give_up(CallError::RetriesExhausted { attempts: self.tries, last }, trace);
        }
        false
    }

    /// The option it tries.
    pub(crate) fn option(&self) -> u32 {
        self.options.current()
    }

    /// How far the wait before the next try of the current option goes, as a word on that option: for a snapshot.
    pub(crate) fn own_wait(&self) -> Option<Word> {
        let (Phase::BackingOff { until }, Some(failure)) = (&self.phase, &self.last_failure) else { return None };
        // What its server asked for is kept already.
        let own = failure.retry_after.is_none();
        own.then_some(Word { until: *until, class: failure.class, reason: PauseReason::BacksOff })
    }

    /// Back to an option that was left.
    fn come_back<S: Shared + ?Sized>(
        &mut self,
        option: u32,
        reason: FallbackReason,
        shared: &mut S,
        trace: &mut Trace,
    ) -> bool {
        let (from, left) = (self.options.current(), self.as_left(&reason));
        let Some(back) = self.left.iter_mut().find(|left| left.option == option && left.paused) else { return false };
        back.paused = false;
        (self.tries, self.previous_wait) = (back.tries, None);
        self.not_retried(shared);
        self.left.push(left);
        self.options.come_back_to(option);
        self.record(trace, None, || Event::FellBack { from, to: option, reason });
        true
    }

    fn as_left(&self, reason: &FallbackReason) -> Left {
        // Whatever is left for these would be tried otherwise: it has tries left.
        let paused = matches!(reason, FallbackReason::Paused { .. } | FallbackReason::BreakerOpen { .. });
        Left { option: self.options.current(), tries: self.tries, paused }
    }

    /// Waits for that option, which is the current one, if there is time for it. `asked` is the pause that it is instead of, where
    /// it is shorter than that.
    fn pause<S: Shared + ?Sized>(
        &mut self,
        free: Free,
        asked: Option<Word>,
        shared: &mut S,
        trace: &mut Trace,
    ) -> bool {
        let Free { option, at: until, .. } = free;
        let word = self.word(option, shared);
        let wait = until - self.now;
        let last = word.or(asked).map(|word| word.failure(self.now).with_retry_after(wait));
        // What it waits for by itself, or for its own backoff, is no pause that a server asks for.
        let longest = word.filter(|_| free.asked).or(asked).filter(|word| word.reason == PauseReason::ServerAsked);
        if self.deadline.remaining(self.now).is_some_and(|remaining| wait >= remaining) {
            self.not_retried(shared);
            self.give_up(CallError::DeadlineExceeded { scope: self.deadline.scope(), last }, trace);
        } else if let Some((word, limit)) = longest.zip(self.longest_pause).filter(|(_, limit)| wait > limit.duration())
        {
            // What a server asks for is what is said of it, also where a breaker's time would be shorter than that.
            let (asked, last) = ((word.until - self.now).max(wait), word.failure(self.now));
            self.not_retried(shared);
            self.give_up(CallError::PauseTooLong { wait: asked, limit: limit.duration(), last }, trace);
        } else {
            let reason = word.filter(|_| free.asked).map_or(PauseReason::BreakerOpen, |word| word.reason);
            self.record(trace, None, || Event::Paused { option, until, reason });
            self.phase = Phase::BackingOff { until };
        }
        false
    }

    /// The option that could be tried first, of those after the current one and those that were left for a pause; of equals
    /// the preferred one.
    fn soonest<S: Shared + ?Sized>(&self, shared: &mut S) -> Option<Free> {
        let mut soonest: Option<Free> = None;
        for option in 0..self.options.count() {
            let left = self.left.iter().find(|left| left.option == option && left.paused);
            let tries = if option > self.options.reached() { Some(0) } else { left.map(|left| left.tries) };
            let may = tries.is_some_and(|tries| tries == 0 || Self::refusal_of(option, shared).is_none());
            if !may || option == self.options.current() {
                continue;
            }
            let free = self.free(option, shared);
            if soonest.is_none_or(|before| free.at < before.at) {
                soonest = Some(free);
            }
        }
        soonest
    }

    /// What a server asked for whose option was left for that.
    fn waits_for<S: Shared + ?Sized>(&self, shared: &mut S) -> Option<Word> {
        let mut paused = self.left.iter().filter(|left| left.paused);
        paused.find_map(|left| {
            let may = left.tries == 0 || Self::refusal_of(left.option, shared).is_none();
            self.word(left.option, shared).filter(|_| may && self.free(left.option, shared).asked)
        })
    }

    /// When that option could be tried: where its breaker is open for longer than its server asked for, once that opens.
    fn free<S: Shared + ?Sized>(&self, option: u32, shared: &mut S) -> Free {
        let word = self.word(option, shared).map(|word| word.until);
        let open = self.blocked_until(option, shared);
        let asked = word.is_some() && open <= word;
        Free { option, at: word.max(open).unwrap_or(self.now), asked }
    }

    fn blocked_until<S: Shared + ?Sized>(&self, option: u32, shared: &mut S) -> Option<Instant> {
        shared.breaker(option, |breaker| breaker.blocked_until(self.now)).flatten()
    }
}
