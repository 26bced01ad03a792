//! Retry-After: a server's word on when it may be called again.
//!
//! It is kept for the endpoint and not only for the call that was told: whoever calls next, be it the next step of the agent
//! or another process that goes on from a snapshot, heeds it as well.

use crate::failure::{Failure, FailureClass};
use crate::snapshot::{Reader, SnapshotError, Stored, Writer};
use crate::time::Instant;

/// Until when an endpoint asked to be left alone.
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
    word: Option<(Instant, FailureClass)>,
}

impl RetryAfter {
    /// It asked to be left alone until then, with a failure of that class. Of several words the one that asks for more holds.
    pub fn asked(&mut self, until: Instant, class: FailureClass) {
        if self.word.is_none_or(|(before, _)| before < until) {
            self.word = Some((until, class));
        }
    }

    /// When it may be called again; nothing if that is now.
    #[must_use]
    pub fn until(&self, now: Instant) -> Option<Instant> {
        self.word.map(|(until, _)| until).filter(|until| *until > now)
    }

    /// The word as a failure: for a call that has no time to wait for it.
    #[must_use]
    pub fn failure(&self, now: Instant) -> Option<Failure> {
        let (until, class) = self.word.filter(|(until, _)| *until > now)?;
        let message = alloc::format!("its server asked to be left alone until {until}");
        Some(Failure::new(class, message).with_retry_after(until - now))
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
        assert_eq!(RetryAfter::default().failure(Instant::ORIGIN), None);
    }

    #[test]
    fn of_several_words_the_one_that_asks_for_more_holds_and_of_equal_ones_the_first() {
        let at = Instant::from_millis;
        let mut word = RetryAfter::default();
        word.asked(at(2_000), FailureClass::RateLimited);
        word.asked(at(500), FailureClass::Overloaded);
        word.asked(at(2_000), FailureClass::Overloaded);
        assert_eq!(word.failure(at(0)).unwrap().class, FailureClass::RateLimited);
        assert_eq!((word.until(at(1_999)), word.until(at(2_000))), (Some(at(2_000)), None));
        word.asked(at(3_000), FailureClass::Overloaded);
        assert_eq!(word.failure(at(0)).unwrap().class, FailureClass::Overloaded);
        assert_eq!(word.until(at(2_000)), Some(at(3_000)));
    }

    #[test]
    fn the_word_as_a_failure_says_until_when_and_how_long() {
        let mut word = RetryAfter::default();
        word.asked(Instant::from_millis(2_000), FailureClass::Overloaded);
        let failure = word.failure(Instant::from_millis(500)).unwrap();
        assert_eq!(
            (failure.class, failure.retry_after),
            (FailureClass::Overloaded, Some(crate::time::Duration::from_millis(1_500)))
        );
        assert_eq!(failure.message, "its server asked to be left alone until 2 s");
        assert_eq!(word.failure(Instant::from_millis(2_000)), None);
    }
}
