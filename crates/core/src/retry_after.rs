//! Retry-After: a server's word on when it may be called again.
//!
//! It is kept for the endpoint and not only for the call that was told: whoever calls next, be it the next step of the agent
//! or another process that goes on from a snapshot, heeds it as well.

use crate::failure::{Failure, FailureClass};
use crate::fallback::PauseReason;
use crate::snapshot::{Reader, SnapshotError, Stored, Writer};
use crate::time::Instant;

/// Until when an endpoint is to be left alone.
///
/// ```
/// use steadfast::failure::FailureClass;
/// use steadfast::retry_after::RetryAfter;
/// use steadfast::time::Instant;
///
/// let mut word = RetryAfter::default();
/// word.asked(Instant::from_millis(2_000), FailureClass::RateLimited);
/// word.asked(Instant::from_millis(500), FailureClass::Overloaded); // the later one holds
/// assert_eq!(word.until(Instant::from_millis(1_999)), Some(Instant::from_millis(2_000)));
/// assert_eq!(word.until(Instant::from_millis(2_000)), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RetryAfter {
    word: Option<Word>,
}

/// That an endpoint is to be left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) until: Instant,
    /// The class of the failure it came with.
    pub(crate) class: FailureClass,
    pub(crate) reason: PauseReason,
}

impl RetryAfter {
    /// It asked to be left alone until then, with a failure of that class. Of several words the one that asks for more holds.
    pub fn asked(&mut self, until: Instant, class: FailureClass) {
        self.add(Word { until, class, reason: PauseReason::ServerAsked });
    }

    /// When it may be called again; nothing if that is now.
    #[must_use]
    pub fn until(&self, now: Instant) -> Option<Instant> {
        self.at(now).map(|word| word.until)
    }

    pub(crate) fn add(&mut self, word: Word) {
        if self.word.is_none_or(|before| before.until < word.until) {
            self.word = Some(word);
        }
    }

    /// The word that holds now.
    #[inline]
    pub(crate) fn at(&self, now: Instant) -> Option<Word> {
        self.word.filter(|word| word.until > now)
    }
}

impl Word {
    /// The word as a failure: for a call that has no time to wait for it.
    pub(crate) fn failure(&self, now: Instant) -> Failure {
        let until = self.until;
        let message = match self.reason {
            PauseReason::ServerAsked => alloc::format!("its server asked to be left alone until {until}"),
            PauseReason::BacksOff | PauseReason::BreakerOpen => alloc::format!("it is left alone until {until}"),
        };
        Failure::new(self.class, message).with_retry_after(until - now)
    }
}

impl Stored for Word {
    fn store(&self, to: &mut Writer) {
        to.put(&self.until).put(&self.class).put(&(self.reason == PauseReason::ServerAsked));
    }
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        let (until, class) = (from.take()?, from.take()?);
        let reason = if from.take()? { PauseReason::ServerAsked } else { PauseReason::BacksOff };
        Ok(Self { until, class, reason })
    }
}

impl Stored for RetryAfter {
    fn store(&self, to: &mut Writer) {
        to.put(&self.word);
    }
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        Ok(Self { word: from.take()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_asked_for_anything() {
        assert_eq!(RetryAfter::default().until(Instant::ORIGIN), None);
        assert_eq!(RetryAfter::default().at(Instant::ORIGIN), None);
    }

    #[test]
    fn of_several_words_the_one_that_asks_for_more_holds_and_of_equal_ones_the_first() {
        let at = Instant::from_millis;
        let mut word = RetryAfter::default();
        word.asked(at(2_000), FailureClass::RateLimited);
        word.asked(at(500), FailureClass::Overloaded);
        word.asked(at(2_000), FailureClass::Overloaded);
        assert_eq!(word.at(at(0)).unwrap().class, FailureClass::RateLimited);
        assert_eq!((word.until(at(1_999)), word.until(at(2_000))), (Some(at(2_000)), None));
        word.asked(at(3_000), FailureClass::Overloaded);
        assert_eq!(word.at(at(0)).unwrap().class, FailureClass::Overloaded);
        assert_eq!(word.until(at(2_000)), Some(at(3_000)));
    }

    #[test]
    fn the_word_as_a_failure_says_until_when_how_long_and_whose_it_is() {
        let (until, now) = (Instant::from_millis(2_000), Instant::from_millis(500));
        let said = |reason| Word { until, class: FailureClass::Overloaded, reason }.failure(now);
        let failure = said(PauseReason::ServerAsked);
        let wait = crate::time::Duration::from_millis(1_500);
        assert_eq!((failure.class, failure.retry_after), (FailureClass::Overloaded, Some(wait)));
        assert_eq!(failure.message, "its server asked to be left alone until 2 s");
        assert_eq!(said(PauseReason::BacksOff).message, "it is left alone until 2 s");
    }
}
