//! How a breaker changes its state: by the clock, by results, and by hand.

use super::rare::Mode;
use super::report::{Change, ChangeReason};
use super::slow::SlowPolicy;
use super::window::same_era;
use super::{CircuitBreaker, rules};
use crate::time::{Duration, Instant, micros};
use alloc::string::String;
use alloc::vec::Vec;

impl CircuitBreaker {
    /// Lets time pass: calls in flight become slow, leases end, open times are over. [`admit`](Self::admit) and
    /// [`settle`](Self::settle) begin with it; a host that only watches calls it by itself. The clock never goes back here:
    /// an earlier instant counts as the last one.
    #[inline]
    pub fn advance(&mut self, now: Instant) {
        let before = self.now;
        self.now = before.max(now);
        if !same_era(before, self.now) {
            self.end_era(before);
        }
        if !self.plain {
            self.see_slow_calls();
            self.end_leases();
            self.end_open_time();
        }
    }

    #[inline(never)]
    fn end_era(&mut self, before: Instant) {
        if let Some(window) = &rules(self.policy.as_ref()).window {
            self.recent.pass(before, self.now, window);
        }
    }

    /// Counts the calls in flight that have become slow, each at its instant.
    #[inline]
    fn see_slow_calls(&mut self) {
        if let Some(rule) = rules(self.policy.as_ref()).slow {
            self.see_calls_slower_than(rule);
        }
    }

    #[inline(never)]
    fn see_calls_slower_than(&mut self, rule: SlowPolicy) {
        while let Some(at) = self.rare.as_mut().and_then(|rare| rare.watch.next_slow(rule, self.now)) {
            self.count_slow();
            if let Some(reason) = self.count_duration(at, true) {
                self.open(at, reason);
            }
        }
    }

    #[inline]
    fn end_leases(&mut self) {
        if self.rare.as_ref().is_some_and(|rare| matches!(rare.mode, Mode::HalfOpen { .. })) {
            self.end_first_lease();
        }
    }

    #[inline(never)]
    fn end_first_lease(&mut self) {
        let Some(rare) = &mut self.rare else { return };
        let Mode::HalfOpen { probes, .. } = &rare.mode else { return };
        let ended = probes.iter().filter(|probe| self.now >= probe.lease_until);
        if let Some(probe) = ended.min_by_key(|probe| probe.lease_until).copied() {
            rare.stats.failures = rare.stats.failures.saturating_add(1);
            rare.stats.slow = rare.stats.slow.saturating_add(u64::from(probe.slow));
            let reason = if probe.slow { ChangeReason::ProbeFailed } else { ChangeReason::LeaseEnded };
            self.open(probe.lease_until, reason);
        }
    }

    #[inline]
    fn end_open_time(&mut self) {
        if let Some(rare) = &self.rare
            && let Mode::Open { until } = rare.mode
            && self.now >= until
        {
            self.half_open(until);
        }
    }

    #[inline(never)]
    fn half_open(&mut self, at: Instant) {
        self.enter(Mode::HalfOpen { probes: Vec::new(), successes: 0 }, at, ChangeReason::OpenTimeOver);
    }

    /// Lets nothing through until [`reset`](Self::reset).
    pub fn force_open(&mut self, reason: impl Into<String>, now: Instant) {
        self.advance(now);
        let reason = reason.into();
        self.enter(Mode::ForcedOpen { reason: reason.clone() }, self.now, ChangeReason::ByHand { reason });
    }

    /// Lets everything through until [`reset`](Self::reset).
    pub fn disable(&mut self, reason: impl Into<String>, now: Instant) {
        self.advance(now);
        let reason = reason.into();
        self.enter(Mode::Disabled { reason: reason.clone() }, self.now, ChangeReason::ByHand { reason });
    }

    /// Closes it and forgets its history.
    pub fn reset(&mut self, now: Instant) {
        self.advance(now);
        self.close(ChangeReason::ByHand { reason: "reset".into() });
    }

    /// Opens for `open_for * 2^(n-1)`, at most `open_for_max`, the n-th time in a row, with equal jitter.
    #[inline(never)]
    pub(super) fn open(&mut self, at: Instant, reason: ChangeReason) {
        let (first, most) = (micros(self.policy().open_for), micros(self.policy().open_for_max));
        let seed = self.seed;
        let rare = self.rare_mut();
        rare.opened_in_row = rare.opened_in_row.saturating_add(1);
        rare.stats.opened = rare.stats.opened.saturating_add(1);
        let doubled = 1_u64.checked_shl(rare.opened_in_row - 1).unwrap_or(u64::MAX);
        let ceiling = first.saturating_mul(doubled).min(most);
        let mut stream = seed.stream(rare.stats.opened, rare.opened_in_row);
        let open_for = ceiling / 2 + stream.up_to(ceiling - ceiling / 2);
        let until = at + Duration::from_micros(open_for.max(1));
        self.enter(Mode::Open { until }, at, reason);
    }

    pub(super) fn close(&mut self, reason: ChangeReason) {
        self.rare_mut().opened_in_row = 0;
        self.enter(Mode::Closed, self.now, reason);
    }

    /// Every change of state begins a new generation with a clean record.
    fn enter(&mut self, mode: Mode, at: Instant, reason: ChangeReason) {
        self.consecutive = 0;
        self.recent.clear();
        self.plain = matches!(mode, Mode::Closed) && rules(self.policy.as_ref()).slow.is_none();
        let rare = self.rare_mut();
        let from = rare.mode.state();
        rare.mode = mode;
        rare.generation = rare.generation.wrapping_add(1);
        rare.window.clear();
        rare.watch.clear();
        let until = match rare.mode {
            Mode::Open { until } => Some(until),
            _ => None,
        };
        rare.tell(Change { from, to: rare.mode.state(), reason, at, until });
    }
}
