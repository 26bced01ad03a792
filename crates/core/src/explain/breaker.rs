//! Breakers: why one opened, closed, or let nothing through.

use super::history::Heard;
use super::nearest::Raise;
use super::{Explainer, Explanation, Nearest, Setting, Subject, Value, words};
use crate::breaker::{BreakerPolicy, ChangeReason, RejectReason};
use crate::time::Instant;
use alloc::vec::Vec;

impl Explainer<'_> {
    pub(super) fn breaker_opened(
        &self,
        index: usize,
        option: u32,
        until: Instant,
        reason: &ChangeReason,
    ) -> Option<Explanation> {
        let subject = self.guarded(index)?.subject;
        let policy = *self.guarded(index)?.policy.breaker()?;
        let lasts = until - self.at(index);
        let explanation = match reason {
            ChangeReason::Consecutive { failures } => {
                let setting = subject.setting("breaker.consecutive", policy.consecutive().into());
                let nearest = self.one_failure_more(index, option, *failures, &policy, &setting);
                Explanation::new("consecutive", words::opened_in_a_row(&subject, *failures))
                    .by(setting)
                    .number("failures", (*failures).into())
                    .otherwise(nearest)
            }
            ChangeReason::Window { failed, calls } => {
                let share = policy.window().map(|window| window.per_mille());
                let setting = share.map(|share| subject.setting("breaker.window.rate", Value::PerMille(share)));
                Explanation::new("window", words::opened_by_share(&subject, *failed, *calls, share))
                    .by(setting)
                    .number("failed", (*failed).into())
                    .number("calls", (*calls).into())
                    .otherwise(self.wider_window(index, *failed, *calls, &policy, &subject))
            }
            ChangeReason::Slow { slow, calls } => {
                let rule = policy.slow();
                let setting = rule.map(|rule| subject.setting("breaker.slow.rate", Value::PerMille(rule.per_mille())));
                let text = words::opened_by_slowness(&subject, *slow, *calls, rule);
                let explanation = Explanation::new("slow", text)
                    .by(setting)
                    .number("slow", (*slow).into())
                    .number("calls", (*calls).into());
                match rule {
                    Some(rule) => explanation.number("limit", rule.limit().into()),
                    None => explanation,
                }
            }
            ChangeReason::LeaseEnded => {
                let setting = match (policy.lease(), self.guarded(index)?.policy.timeout()) {
                    (Some(lease), _) => subject.setting("breaker.lease", lease.into()),
                    (None, Some(timeout)) => subject.setting("timeout", timeout.into()),
                    (None, None) => open_for(&subject, &policy),
                };
                Explanation::new("lease_ended", words::LEASE_ENDED).by(setting)
            }
            ChangeReason::ProbeFailed => Explanation::new("probe_failed", words::PROBE_FAILED),
            ChangeReason::OpenTimeOver | ChangeReason::ProbesSucceeded { .. } | ChangeReason::ByHand { .. } => {
                Explanation::new("by_hand", words::BY_HAND)
            }
        };
        let explanation = Explanation {
            text: alloc::format!("{} {}", explanation.text, words::open_time(lasts, &policy)),
            ..explanation
        };
        Some(explanation.number("open_for", policy.open_for().into()).number("open_time", lasts.into()))
    }

    /// The results a closed breaker has in its record right before that index, in order.
    fn record(&self, index: usize, subject: &Subject, option: u32) -> Vec<(Instant, Heard)> {
        let changed = self.breaker_changed(index, subject, option).map(|(place, _)| place);
        let results = self.results(index, subject, option).into_iter();
        // What began before the change comes late and counts for nothing.
        let counts = results.filter(|(began, _, _)| changed.is_none_or(|changed| *began > changed));
        counts.map(|(_, place, heard)| (self.at(place), heard)).collect()
    }

    /// One failure more in a row, unless another rule had opened it all the same.
    fn one_failure_more(
        &self,
        index: usize,
        option: u32,
        failures: u32,
        policy: &BreakerPolicy,
        setting: &Setting,
    ) -> Option<Nearest> {
        if policy.slow().is_some() || !self.is_whole(index) || !self.is_first(index, setting) {
            return None;
        }
        if let Some(window) = policy.window() {
            let now = self.at(index);
            let record = self.record(index, &setting.of, option);
            let recent = record.iter().rev().take(window.calls() as usize);
            let recent: Vec<_> = recent.take_while(|(at, _)| now - *at < window.span()).collect();
            let failed = recent.iter().filter(|(_, heard)| *heard == Heard::Failed).count() as u64;
            let calls = recent.len() as u64;
            let share = failed.saturating_mul(1_000) >= u64::from(window.per_mille()).saturating_mul(calls);
            if calls >= u64::from(window.minimum()) && share {
                return None;
            }
        }
        Some(setting.changed(failures.saturating_add(1).into(), words::stayed_closed()))
    }

    /// The least share above what was seen, or one call more before anything is judged: whichever is the smaller change
    /// in proportion to what it is now, as two settings of different units can be compared no other way.
    fn wider_window(
        &self,
        index: usize,
        failed: u32,
        calls: u32,
        policy: &BreakerPolicy,
        subject: &Subject,
    ) -> Option<Nearest> {
        let window = policy.window().filter(|_| policy.slow().is_none() && self.is_whole(index))?;
        let rate = subject.setting("breaker.window.rate", Value::PerMille(window.per_mille()));
        if !self.is_first(index, &rate) {
            return None;
        }
        let by_rate = above(failed, calls).map(|share| Raise {
            setting: rate,
            from: window.per_mille().into(),
            to: share.into(),
            value: Value::PerMille(share),
        });
        let more = calls.saturating_add(1);
        let by_minimum = (more <= window.calls()).then(|| Raise {
            setting: subject.setting("breaker.window.minimum", window.minimum().into()),
            from: window.minimum().into(),
            to: more.into(),
            value: more.into(),
        });
        Raise::smaller(by_rate, by_minimum).map(|raise| raise.setting.changed(raise.value, words::stayed_closed()))
    }

    pub(super) fn breaker_half_opened(&self, index: usize) -> Option<Explanation> {
        let call = self.guarded(index)?;
        let policy = *call.policy.breaker()?;
        Some(
            Explanation::new("open_time_over", words::half_opened(policy.probes()))
                .by(open_for(&call.subject, &policy))
                .number("probes", policy.probes().into())
                .number("successes", policy.successes().into()),
        )
    }

    pub(super) fn breaker_closed(&self, index: usize, reason: &ChangeReason) -> Option<Explanation> {
        let call = self.guarded(index)?;
        let policy = *call.policy.breaker()?;
        let ChangeReason::ProbesSucceeded { successes } = reason else {
            return Some(Explanation::new("by_hand", words::BY_HAND));
        };
        let setting = call.subject.setting("breaker.successes", policy.successes().into());
        let nearest = (self.is_whole(index) && self.is_first(index, &setting))
            .then(|| setting.changed(successes.saturating_add(1).into(), words::STAYED_HALF_OPEN.into()));
        Some(
            Explanation::new("probes_succeeded", words::closed(*successes))
                .by(setting)
                .number("successes", (*successes).into())
                .otherwise(nearest),
        )
    }

    pub(super) fn breaker_rejected(
        &self,
        index: usize,
        retry_at: Instant,
        reason: &RejectReason,
    ) -> Option<Explanation> {
        let call = self.guarded(index)?;
        let policy = *call.policy.breaker()?;
        let left = retry_at - self.at(index);
        Some(match reason {
            RejectReason::Open => Explanation::new("breaker_open", words::rejected(&call.subject, left))
                .by(open_for(&call.subject, &policy))
                .number("retry_at", retry_at.into())
                .number("left", left.into()),
            RejectReason::ProbesUnderWay { probes } => {
                let setting = call.subject.setting("breaker.probes", policy.probes().into());
                let to = probes.saturating_add(1);
                let nearest = (self.is_whole(index) && self.is_first(index, &setting))
                    .then(|| setting.changed(to.into(), words::ANOTHER_PROBE.into()));
                Explanation::new("probes_under_way", words::probes_under_way(*probes))
                    .by(setting)
                    .number("probes", (*probes).into())
                    .number("retry_at", retry_at.into())
                    .otherwise(nearest)
            }
            RejectReason::ForcedOpen { .. } => Explanation::new("forced_open", words::BY_HAND),
        })
    }
}

/// The least share in a thousand that is above so many of so many, if there is one.
fn above(bad: u32, calls: u32) -> Option<u32> {
    let share = u64::from(bad).saturating_mul(1_000).checked_div(calls.into())?.saturating_add(1);
    u32::try_from(share).ok().filter(|share| *share <= 1_000)
}

pub(super) fn open_for(subject: &Subject, policy: &BreakerPolicy) -> Setting {
    subject.setting("breaker.open_for", policy.open_for().into())
}
