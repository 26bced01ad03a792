//! The last calls of the last while, and how many of them were bad. Exact both ways: they slide by count and by the clock.
//!
//! A window of up to 20 calls and 9 minutes, such as the default one, is [`Recent`] and lies in the breaker itself; a larger
//! one is a [`Window`] on the heap. Both know instants only by how far apart they are, so results from before a restart,
//! whose instants may lie before the origin of the new clock, are as exact as any.

use super::policy::WindowPolicy;
use crate::time::Instant;
use alloc::collections::VecDeque;

/// How many results fit into a breaker.
const ROOM: u8 = 20;
/// An era is 2^29 microseconds, almost nine minutes.
const ERA: u32 = 29;
/// A result's stamp has the low 31 bits of its microsecond...
const INSTANT: u32 = u32::MAX >> 1;
/// ...and this one if it was a failure.
const FAILED: u32 = !INSTANT;

/// Whether two instants are of one era: while they are, stamps need no looking after.
#[inline]
pub(super) fn same_era(one: Instant, other: Instant) -> bool {
    (one.as_micros() ^ other.as_micros()) >> ERA == 0
}

/// The results of a window that fits into a breaker.
///
/// Whether a result is too old is looked at only when somebody asks, that is after a failure: a success writes its stamp and
/// is done. An age is told from 31 bits, so none may reach 2^31 microseconds. Whenever the clock comes to another era, what
/// is older than an era is forgotten: by the next time the rest is less than three eras old.
#[derive(Debug, Clone)]
pub(super) struct Recent {
    /// As bytes, which need no alignment: the breaker has no room for padding.
    stamps: [[u8; 4]; ROOM as usize],
    /// Where the next one goes.
    next: u8,
    len: u8,
    /// The calls of its rule; 0 if there is none, or if its window does not fit in here.
    most: u8,
}

impl Recent {
    pub(super) fn new(rule: Option<&WindowPolicy>) -> Self {
        let fits = |rule: &&WindowPolicy| rule.calls <= u32::from(ROOM) && rule.span_us <= 1 << ERA;
        let most = rule.filter(fits).and_then(|rule| u8::try_from(rule.calls).ok()).unwrap_or(0);
        Self { stamps: [[0; 4]; ROOM as usize], next: 0, len: 0, most }
    }

    /// Whether there is a rule whose results it has room for.
    #[inline]
    pub(super) fn is_used(&self) -> bool {
        self.most > 0
    }

    /// Adds a result, in the place of the oldest where that is one too many.
    #[inline]
    pub(super) fn record(&mut self, at: u64, failed: bool) {
        if let Some(stamp) = self.stamps.get_mut(usize::from(self.next)) {
            *stamp = (low(at) | if failed { FAILED } else { 0 }).to_le_bytes();
        }
        self.next = if self.next + 1 == ROOM { 0 } else { self.next + 1 };
        self.len = (self.len + 1).min(self.most);
    }

    /// The clock goes from `before` to `now`.
    #[inline]
    pub(super) fn pass(&mut self, before: Instant, now: Instant, rule: &WindowPolicy) {
        match (now.as_micros() >> ERA) - (before.as_micros() >> ERA) {
            0 => {}
            1 => self.forget_older_than(rule.span_us, now.as_micros()),
            _ => self.clear(),
        }
    }

    pub(super) fn clear(&mut self) {
        self.len = 0;
    }

    /// `(bad, calls)` if that is enough to open. Looks through at most 20 results, however long the history.
    pub(super) fn verdict(&mut self, now: u64, rule: &WindowPolicy) -> Option<(u32, u32)> {
        self.forget_older_than(rule.span_us, now);
        let failed = (1..=self.len).map(|back| u32::from(self.stamp(back) & FAILED != 0)).sum();
        rule.verdict(failed, u32::from(self.len))
    }

    /// How long ago each result was, oldest first, and whether it was a failure. Some may be older than the rule looks back.
    pub(super) fn ages(&self, now: Instant) -> impl Iterator<Item = (u64, bool)> {
        (1..=self.len).rev().map(move |back| {
            let stamp = self.stamp(back);
            (age(stamp, now.as_micros()), stamp & FAILED != 0)
        })
    }

    fn forget_older_than(&mut self, span_us: u64, now: u64) {
        while self.len > 0 && age(self.stamp(self.len), now) >= span_us {
            self.len -= 1;
        }
    }

    /// The stamp of so many results ago.
    fn stamp(&self, back: u8) -> u32 {
        let (next, back) = (usize::from(self.next), usize::from(back));
        let place = if next >= back { next - back } else { next + usize::from(ROOM) - back };
        self.stamps.get(place).map_or(0, |stamp| u32::from_le_bytes(*stamp))
    }
}

/// The low bits of an instant.
#[expect(clippy::cast_possible_truncation, reason = "that is what it is for")]
fn low(at: u64) -> u32 {
    at as u32 & INSTANT
}

fn age(stamp: u32, now: u64) -> u64 {
    u64::from(low(now).wrapping_sub(stamp) & INSTANT)
}

/// The results of a window of any size. It grows with what happens, up to the calls of its rule.
#[derive(Debug, Clone, Default)]
pub(super) struct Window {
    results: VecDeque<(u64, bool)>,
    bad: u32,
}

impl Window {
    /// Adds a result and forgets those that fell out. Each result is added and forgotten once: O(1) a call.
    pub(super) fn record(&mut self, at: u64, bad: bool, rule: &WindowPolicy) {
        if self.results.len() >= rule.calls as usize {
            self.forget_oldest();
        }
        while self.results.front().is_some_and(|(oldest, _)| at.wrapping_sub(*oldest) >= rule.span_us) {
            self.forget_oldest();
        }
        self.results.push_back((at, bad));
        self.bad += u32::from(bad);
    }

    fn forget_oldest(&mut self) {
        if let Some((_, bad)) = self.results.pop_front() {
            self.bad -= u32::from(bad);
        }
    }

    pub(super) fn clear(&mut self) {
        self.results.clear();
        self.bad = 0;
    }

    pub(super) fn verdict(&self, rule: &WindowPolicy) -> Option<(u32, u32)> {
        rule.verdict(self.bad, u32::try_from(self.results.len()).unwrap_or(u32::MAX))
    }

    /// How long ago each result was, oldest first, and whether it was bad.
    pub(super) fn ages(&self, now: Instant) -> impl Iterator<Item = (u64, bool)> {
        self.results.iter().map(move |(at, bad)| (now.as_micros().wrapping_sub(*at), *bad))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;
    use crate::time::Duration;
    use alloc::vec::Vec;

    fn rule(calls: u32, span: Duration, minimum: u32) -> WindowPolicy {
        WindowPolicy::new(500, calls, span, minimum).unwrap()
    }

    #[test]
    fn the_count_slides() {
        let rule = rule(4, Duration::from_secs(5), 4);
        let (mut recent, mut window) = (Recent::new(Some(&rule)), Window::default());
        for (failed, expected) in [(false, None), (true, None), (true, Some((2, 4)))] {
            for _ in 0..if failed { 1 } else { 1_000 } {
                recent.record(0, failed);
                window.record(0, failed, &rule);
            }
            assert_eq!((recent.verdict(0, &rule), window.verdict(&rule)), (expected, expected));
        }
    }

    #[test]
    fn results_expire_by_the_clock_at_their_instant_and_not_before() {
        let rule = rule(9, Duration::from_secs(5), 2);
        for (second, expected) in [(4_999_999, Some((2, 2))), (5_000_000, None)] {
            let (mut recent, mut window) = (Recent::new(Some(&rule)), Window::default());
            for at in [0, second] {
                recent.record(at, true);
                window.record(at, true, &rule);
            }
            assert_eq!((recent.verdict(second, &rule), window.verdict(&rule)), (expected, expected));
        }
    }

    /// What is plainly right: everything that ever happened, looked through each time.
    fn kept(all: &[(u64, bool)], now: u64, rule: &WindowPolicy) -> Vec<(u64, bool)> {
        let newest = all.iter().skip(all.len().saturating_sub(rule.calls as usize));
        newest.map(|(at, failed)| (now - at, *failed)).filter(|(age, _)| *age < rule.span_us).collect()
    }

    #[test]
    fn the_window_in_the_breaker_is_exact_over_years_of_leaps_great_and_small() {
        const LEAPS: [u64; 8] = [0, 1, 1_000, 60_000_000, (1 << 29) - 1, 1 << 29, 1 << 31, 1 << 40];
        for seed in 0..200 / crate::rng::FEWER {
            let mut luck = Seed(seed).stream(1, 1);
            let span = [1, 60_000_000, (1 << 29) - 1, 1 << 29][usize::try_from(seed % 4).unwrap()];
            let rule = rule(1 + u32::try_from(luck.up_to(19)).unwrap(), Duration::from_micros(span), 1);
            let (mut recent, mut all) = (Recent::new(Some(&rule)), Vec::new());
            assert!(recent.is_used());
            let mut now = luck.up_to(1 << 40);
            for _ in 0..500 {
                let before = Instant::from_micros(now);
                let leap = LEAPS[usize::try_from(luck.up_to(7)).unwrap()];
                now += luck.up_to(leap).max(leap * luck.up_to(1));
                recent.pass(before, Instant::from_micros(now), &rule);
                if luck.happens(600) {
                    all.push((now, luck.happens(500)));
                    recent.record(now, all[all.len() - 1].1);
                }
                let expected = kept(&all, now, &rule);
                let young = recent.ages(Instant::from_micros(now)).filter(|(age, _)| *age < span);
                assert_eq!(young.collect::<Vec<_>>(), expected, "seed {seed}");
                // Seldom, so that most results are looked at only when they are old.
                if luck.happens(50) {
                    let failed = expected.iter().filter(|(_, failed)| *failed).count();
                    let counts = [failed, expected.len()].map(|count| u32::try_from(count).unwrap());
                    assert_eq!(recent.verdict(now, &rule), rule.verdict(counts[0], counts[1]), "seed {seed}");
                }
            }
        }
    }

    #[test]
    fn only_windows_whose_stamps_are_exact_lie_in_the_breaker() {
        let fits = |rule| Recent::new(Some(&rule)).is_used();
        assert!(fits(WindowPolicy::DEFAULT) && !Recent::new(None).is_used());
        assert!(!fits(rule(21, Duration::from_secs(60), 5)));
        assert!(!fits(rule(20, Duration::from_micros((1 << 29) + 1), 5)));
    }

    #[test]
    fn an_era_ends_just_before_two_to_the_twenty_ninth_microsecond() {
        let same = |one, other| same_era(Instant::from_micros(one), Instant::from_micros(other));
        assert!(same(0, (1 << 29) - 1) && same(1 << 29, (1 << 30) - 1));
        assert!(!same((1 << 29) - 1, 1 << 29) && !same(1 << 30, (1 << 30) - 1) && !same(0, 1 << 60));
    }
}
