//! A breaker as bytes, and back.

use super::policy::{BreakerPolicy, WindowPolicy};
use super::rare::{Mode, Rare};
use super::report::Stats;
use super::{CircuitBreaker, rules};
use crate::rng::Seed;
use crate::snapshot::{Kind, Reader, SnapshotError, Stored, Writer};
use crate::time::{Duration, Instant, micros};
use alloc::sync::Arc;
use alloc::vec::Vec;

const CLOSED: u8 = 0;
const OPEN: u8 = 1;
const HALF_OPEN: u8 = 2;
const FORCED_OPEN: u8 = 3;
const DISABLED: u8 = 4;

impl CircuitBreaker {
    /// What it is at `now`, as bytes for [`restore`](Self::restore). Not part of it: its settings and its seed, which come
    /// from the host's configuration; permits, which belong to calls of this process; changes that nobody polled.
    ///
    /// ```
    /// use core::time::Duration;
    /// use steadfast::breaker::{BreakerPolicy, CircuitBreaker, State};
    /// use steadfast::rng::Seed;
    /// use steadfast::time::Instant;
    /// # use steadfast::breaker::PermitOutcome;
    ///
    /// let policy = BreakerPolicy::default().with_consecutive(1).with_open_for(Duration::from_secs(30), Duration::from_secs(30))?;
    /// let mut breaker = CircuitBreaker::new(policy, Seed(1));
    /// # let now = Instant::from_millis(500_000);
    /// # let permit = breaker.admit(now, None).unwrap();
    /// # breaker.settle(permit, PermitOutcome::Failed, now);
    /// // ... it opened just now, and the process ends.
    /// let left = breaker.open_until().unwrap() - now;
    /// let bytes = breaker.snapshot(now);
    ///
    /// // Five seconds later another process goes on, with a clock of its own.
    /// let (now, away) = (Instant::from_millis(20), Duration::from_secs(5));
    /// let mut restored = CircuitBreaker::restore(&bytes, policy, Seed(1), now, away)?;
    /// assert_eq!(restored.open_until(), Some(now + (left - away)));
    /// assert!(restored.admit(now, None).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn snapshot(&self, now: Instant) -> Vec<u8> {
        let seen = self.seen_at(now);
        let mut to = Writer::new(Kind::Breaker, seen.now);
        to.put(&seen.generation());
        to.put(&seen.rare.as_ref().map_or(0, |rare| rare.opened_in_row));
        to.put(&seen.stats());
        match seen.rare.as_ref().map(|rare| (&rare.mode, rare)) {
            None => seen.store_closed(&Rare::default(), &mut to),
            Some((Mode::Closed, rare)) => seen.store_closed(rare, &mut to),
            Some((Mode::Open { until }, _)) => {
                to.put(&OPEN).put(until);
            }
            Some((Mode::HalfOpen { successes, .. }, _)) => {
                to.put(&HALF_OPEN).put(successes);
            }
            Some((Mode::ForcedOpen { reason }, _)) => {
                to.put(&FORCED_OPEN).text(reason);
            }
            Some((Mode::Disabled { reason }, _)) => {
                to.put(&DISABLED).text(reason);
            }
        }
        to.finish()
    }

    /// The breaker that `bytes` are the [`snapshot`](Self::snapshot) of, as it is at `now` after having been away for
    /// `elapsed` (zero if nobody knows): results have aged and the open time has run on meanwhile.
    ///
    /// Permits from before are late. A half-open breaker comes back without its probes, which went with their process. The
    /// settings may be others than before: what is more than they allow, results or open time, is dropped. Fails on
    /// anything but whole bytes of a breaker's snapshot.
    pub fn restore(
        bytes: &[u8],
        policy: impl Into<Arc<BreakerPolicy>>,
        seed: Seed,
        now: Instant,
        elapsed: Duration,
    ) -> Result<Self, SnapshotError> {
        let mut from = Reader::new(Kind::Breaker, bytes, now, elapsed)?;
        let mut breaker = Self { now, ..Self::new(policy, seed) };
        // Far from any generation that the process before may have begun after this snapshot.
        let generation = (from.take::<u64>()? | u64::from(u32::MAX)).wrapping_add(1);
        let (opened_in_row, stats) = (from.take()?, from.take()?);
        let mode = match from.take()? {
            CLOSED => {
                breaker.load_closed(&mut from)?;
                Mode::Closed
            }
            OPEN => {
                let most = Duration::from_micros(micros(breaker.policy().open_for_max).max(1));
                Mode::Open { until: from.take::<Instant>()?.min(now + most) }
            }
            HALF_OPEN => Mode::HalfOpen { probes: Vec::new(), successes: from.take()? },
            FORCED_OPEN => Mode::ForcedOpen { reason: from.take()? },
            DISABLED => Mode::Disabled { reason: from.take()? },
            _ => return Err(SnapshotError::Impossible { what: "its state is none that a breaker can be in" }),
        };
        from.finish()?;
        breaker.plain &= matches!(mode, Mode::Closed);
        let rare = breaker.rare_mut();
        (rare.mode, rare.generation, rare.opened_in_row, rare.stats) = (mode, generation, opened_in_row, stats);
        Ok(breaker)
    }

    fn store_closed(&self, rare: &Rare, to: &mut Writer) {
        let policy = rules(self.policy.as_ref());
        // Of what no longer counts, ages may have come round once more: the clock can leap from before its origin to its end.
        let counting = |rule: Option<WindowPolicy>| {
            move |(age, bad)| rule.is_some_and(|rule| age < rule.span_us).then_some(Aged { age, bad })
        };
        let results = rare.window.ages(self.now).chain(self.recent.ages(self.now));
        let results: Vec<_> = results.filter_map(counting(policy.window)).collect();
        let durations: Vec<_> = rare.watch.window.ages(self.now).filter_map(counting(policy.slow_window())).collect();
        to.put(&CLOSED).put(&self.consecutive).put(&results).put(&durations);
    }

    fn load_closed(&mut self, from: &mut Reader<'_>) -> Result<(), SnapshotError> {
        self.consecutive = from.take()?;
        let (results, durations) = (Aged::load_all(from)?, Aged::load_all(from)?);
        let policy = *rules(self.policy.as_ref());
        if let Some(rule) = &policy.window {
            for (at, failed) in still_counting(&results, rule, from) {
                if self.recent.is_used() {
                    self.recent.record(at, failed);
                } else {
                    self.rare_mut().window.record(at, failed, rule);
                }
            }
        }
        if let Some(rule) = &policy.slow_window() {
            for (at, slow) in still_counting(&durations, rule, from) {
                self.rare_mut().watch.window.record(at, slow, rule);
            }
        }
        Ok(())
    }
}

/// A result of a window.
struct Aged {
    /// How long before the snapshot it came, in microseconds.
    age: u64,
    bad: bool,
}

impl Aged {
    fn load_all(from: &mut Reader<'_>) -> Result<Vec<Self>, SnapshotError> {
        let all: Vec<Self> = from.take()?;
        let in_order = all.is_sorted_by(|older, newer| older.age >= newer.age);
        if in_order { Ok(all) } else { Err(SnapshotError::Impossible { what: "its results are not in order" }) }
    }
}

/// The results young enough for `rule`, with their instants. Those may lie before the origin of the clock, as numbers that
/// have wrapped: windows look only at differences.
fn still_counting(all: &[Aged], rule: &WindowPolicy, from: &Reader<'_>) -> impl Iterator<Item = (u64, bool)> {
    let (now, elapsed, span) = (from.now().as_micros(), micros(from.elapsed()), rule.span_us);
    all.iter().filter_map(move |result| {
        let age = result.age.saturating_add(elapsed);
        (age < span).then_some((now.wrapping_sub(age), result.bad))
    })
}

impl Stored for Aged {
    fn store(&self, to: &mut Writer) {
        to.put(&self.age).put(&self.bad);
    }
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        Ok(Self { age: from.take()?, bad: from.take()? })
    }
}

impl Stored for Stats {
    fn store(&self, to: &mut Writer) {
        let Self { successes, failures, rejected, late, ignored, opened, slow } = self;
        for count in [successes, failures, rejected, late, ignored, opened, slow] {
            to.put(count);
        }
    }
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        let mut counts = [0; 7];
        for count in &mut counts {
            *count = from.take()?;
        }
        let [successes, failures, rejected, late, ignored, opened, slow] = counts;
        Ok(Self { successes, failures, rejected, late, ignored, opened, slow })
    }
}

#[cfg(test)]
mod tests;
