//! What a settled permit counts for, and when that is enough to change the state.

use super::rare::Mode;
use super::report::{ChangeReason, PermitOutcome};
use super::{CircuitBreaker, Permit, rules};
use crate::time::Instant;

/// What came of a permit, once it is clear what that counts for.
#[derive(Clone, Copy)]
struct Heard {
    /// Ignored and cancelled attempts count neither way.
    counts: bool,
    failed: bool,
    slow: bool,
}

impl CircuitBreaker {
    #[inline(never)]
    pub(super) fn settle_with_care(&mut self, permit: &Permit, outcome: PermitOutcome, now: Instant) {
        self.advance(now);
        if permit.generation != self.generation() {
            let stats = &mut self.rare_mut().stats;
            stats.late = stats.late.saturating_add(1);
            return;
        }
        let mut heard = Heard {
            counts: !matches!(outcome, PermitOutcome::Ignored | PermitOutcome::Cancelled),
            failed: outcome == PermitOutcome::Failed,
            slow: outcome == PermitOutcome::Slow,
        };
        let slow_rule = self.policy().slow;
        match self.rare.as_ref().map(|rare| &rare.mode) {
            None | Some(Mode::Closed) => self.hear(permit, heard),
            Some(Mode::HalfOpen { .. }) => {
                heard.failed |= heard.slow && slow_rule.is_some();
                self.hear_probe(permit, heard);
            }
            Some(Mode::Disabled { .. }) => {
                heard.slow |= heard.counts && slow_rule.is_some_and(|rule| rule.is_slow(permit.started, self.now));
                self.tally(heard);
            }
            // No permit is given in these.
            Some(Mode::Open { .. } | Mode::ForcedOpen { .. }) => self.tally(heard),
        }
    }

    /// A success in the closed state, without a rule over slow calls.
    #[inline]
    pub(super) fn succeed(&mut self) {
        if self.successes == u32::MAX {
            self.add_up();
        }
        self.successes += 1;
        self.consecutive = 0;
        if self.recent.is_used() {
            self.recent.record(self.now.as_micros(), false);
        } else {
            self.succeed_in_large_window();
        }
    }

    /// For a window that does not fit into the breaker, if there is any.
    #[inline(never)]
    fn succeed_in_large_window(&mut self) {
        if let Some(rule) = &rules(self.policy.as_ref()).window {
            self.rare.get_or_insert_default().window.record(self.now.as_micros(), false, rule);
        }
    }

    /// A result in the closed state.
    fn hear(&mut self, permit: &Permit, heard: Heard) {
        // What became slow in flight was counted at that instant.
        let watched = self.policy().slow.is_some() && self.rare_mut().watch.settle(permit.id);
        self.tally(Heard { slow: heard.slow && (watched || self.policy().slow.is_none()), ..heard });
        if !heard.counts {
            return;
        }
        let too_slow = if watched { self.count_duration(self.now, heard.slow) } else { None };
        if let Some(reason) = self.count_result(heard.failed).or(too_slow) {
            self.open(self.now, reason);
        }
    }

    /// A probe's result.
    fn hear_probe(&mut self, permit: &Permit, heard: Heard) {
        self.tally(heard);
        let enough = self.policy().successes;
        if let Mode::HalfOpen { probes, successes } = &mut self.rare_mut().mode {
            probes.retain(|probe| probe.id != permit.id);
            if heard.failed {
                self.open(self.now, ChangeReason::ProbeFailed);
            } else if heard.counts {
                *successes = successes.saturating_add(1);
                let successes = *successes;
                if successes >= enough {
                    self.close(ChangeReason::ProbesSucceeded { successes });
                }
            }
        }
    }

    /// Counts towards the rules over failures, and tells if one of them opens it.
    fn count_result(&mut self, failed: bool) -> Option<ChangeReason> {
        self.consecutive = if failed { self.consecutive.saturating_add(1) } else { 0 };
        let (policy, now) = (rules(self.policy.as_ref()), self.now.as_micros());
        let share = match &policy.window {
            Some(rule) if self.recent.is_used() => {
                self.recent.record(now, failed);
                if failed { self.recent.verdict(now, rule) } else { None }
            }
            Some(rule) => {
                let window = &mut self.rare.get_or_insert_default().window;
                window.record(now, failed, rule);
                window.verdict(rule)
            }
            None => None,
        };
        if !failed {
            None
        } else if policy.consecutive > 0 && self.consecutive >= policy.consecutive {
            Some(ChangeReason::Consecutive { failures: self.consecutive })
        } else {
            share.map(|(failed, calls)| ChangeReason::Window { failed, calls })
        }
    }

    /// Counts towards the rule over slow calls, and tells if that opens it.
    pub(super) fn count_duration(&mut self, at: Instant, slow: bool) -> Option<ChangeReason> {
        let rule = self.policy().slow_window()?;
        let window = &mut self.rare_mut().watch.window;
        window.record(at.as_micros(), slow, &rule);
        let (slow, calls) = window.verdict(&rule).filter(|_| slow)?;
        Some(ChangeReason::Slow { slow, calls })
    }

    /// Counts into the statistics.
    fn tally(&mut self, heard: Heard) {
        if self.successes == u32::MAX || self.failures == u32::MAX {
            self.add_up();
        }
        match (heard.counts, heard.failed) {
            (true, true) => self.failures += 1,
            (true, false) => self.successes += 1,
            (false, _) => {
                let stats = &mut self.rare_mut().stats;
                stats.ignored = stats.ignored.saturating_add(1);
            }
        }
        if heard.slow {
            self.count_slow();
        }
    }

    /// Counts a slow call into the statistics.
    pub(super) fn count_slow(&mut self) {
        let stats = &mut self.rare_mut().stats;
        stats.slow = stats.slow.saturating_add(1);
    }

    /// Makes room in the counts that lie in the breaker.
    #[cold]
    #[inline(never)]
    fn add_up(&mut self) {
        let stats = self.stats();
        self.rare_mut().stats = stats;
        (self.successes, self.failures) = (0, 0);
    }
}
