//! What a server asked for, before an attempt: another option is free, or the wait is taken, or there is no time for it.

use super::{Call, Phase, Shared};
use crate::backoff::Delay;
use crate::event::Event;
use crate::fallback::FallbackReason;
use crate::outcome::CallError;
use crate::time::{Duration, Instant};
use crate::trace::Trace;

impl Call {
    /// Until when the server of the current option asked to be left alone, if that is not over. Where its breaker is open for
    /// longer, the breaker's word counts: nobody waits before a closed door.
    pub(super) fn asked_to_wait<S: Shared + ?Sized>(&self, shared: &mut S) -> Option<Instant> {
        let option = self.options.current();
        shared.retry_after(option, |word| word.until(self.now)).flatten()?;
        Some(self.free_at(option, shared)).filter(|at| *at < Instant::MAX)
    }

    /// The server of the current option wants to be left alone until then. Answers whether there is another option to try;
    /// else the call waits, or is over.
    ///
    /// Waiting is for where no other option could be had sooner: whoever has a fallback does not sit out a pause, and one
    /// whose breaker is open for longer is none.
    #[inline(never)]
    pub(super) fn leaves_alone<S: Shared + ?Sized>(
        &mut self,
        until: Instant,
        shared: &mut S,
        trace: &mut Trace,
    ) -> bool {
        let option = self.options.current();
        self.record(trace, None, || Event::AskedToWait { option, until });
        if self.is_free_before(until, shared) {
            return self.fall_back(FallbackReason::AskedToWait { until }, trace);
        }
        if self.deadline.remaining(self.now).is_none_or(|remaining| until - self.now < remaining) {
            self.phase = Phase::BackingOff { until };
            return false;
        }
        let last = shared.retry_after(option, |word| word.failure(self.now)).flatten();
        self.give_up(CallError::DeadlineExceeded { scope: self.deadline.scope(), last }, trace);
        false
    }

    /// Until when a server asked for a pause, if that is longer than the policy would ever wait by itself and another option
    /// could be had sooner.
    pub(super) fn asked_too_much<S: Shared + ?Sized>(&self, delay: &Delay, shared: &mut S) -> Option<Instant> {
        let cap = self.retry.as_ref().map_or(Duration::MAX, |retry| retry.backoff().cap());
        let until = self.now + delay.retry_after.filter(|asked| *asked > cap)?;
        self.is_free_before(until, shared).then_some(until)
    }

    /// Whether one of the options after the current one could be tried before that.
    fn is_free_before<S: Shared + ?Sized>(&self, until: Instant, shared: &mut S) -> bool {
        (self.options.current() + 1..self.options.count()).any(|later| self.free_at(later, shared) < until)
    }

    /// When that option could be tried; never where its breaker is open even then.
    fn free_at<S: Shared + ?Sized>(&self, option: u32, shared: &mut S) -> Instant {
        let asked = shared.retry_after(option, |word| word.until(self.now)).flatten().unwrap_or(self.now);
        let open_until = shared.breaker(option, |breaker| breaker.open_until()).flatten();
        if open_until.is_some_and(|until| asked < until) { Instant::MAX } else { asked }
    }
}
