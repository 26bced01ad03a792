//! Attempts: how long they may take, when they are given up, and how long to wait before the next.

use super::{Explainer, Explanation, Nearest, Policies, Setting, Subject, Value, words};
use crate::backoff::{Delay, Jitter};
use crate::deadline::Scope;
use crate::effect::EffectState;
use crate::event::Event;
use crate::outcome::StopReason;
use crate::time::{Duration, Instant};
use alloc::string::String;

impl Explainer<'_> {
    pub(super) fn attempt_started(&self, index: usize, until: Option<Instant>, scope: Scope) -> Option<Explanation> {
        let call = self.guarded(index)?;
        let limits = self.limits(&call, Some(index));
        let Some(until) = until else {
            let text = if limits.is_empty() { words::NO_LIMIT } else { words::ENDLESS };
            return Some(Explanation::new("no_limit", text).by(limits.into_iter().next().map(|limit| limit.setting)));
        };
        let first = Self::first(&limits, scope);
        let at = self.at(index);
        let text = words::first_limit(scope, &call.subject, first, &limits, at, until);
        let numbers = limits.iter().map(|limit| (limit.setting.name, Value::Duration(limit.at - at)));
        let setting = first.map(|first| first.setting.clone());
        let explanation = Explanation::new("first_limit", text).by(setting).number("until", until.into());
        Some(Explanation { numbers: explanation.numbers.into_iter().chain(numbers).collect(), ..explanation })
    }

    pub(super) fn attempt_timed_out(&self, index: usize, scope: Scope, after: Duration) -> Option<Explanation> {
        let call = self.guarded(index)?;
        let (began, _) = self.began_attempt(index)?;
        let mut limits = self.limits(&call, Some(began));
        let of = self.entry(index)?;
        let mut inside = self.after(began).take_while(|(place, _)| *place < index);
        let streams = inside.any(|(_, entry)| {
            entry.call == of.call && entry.attempt == of.attempt && matches!(entry.event, Event::FirstOutput { .. })
        });
        if streams {
            limits.retain(|limit| limit.scope != Scope::FirstOutput);
        }
        let setting = match scope {
            Scope::Idle => call.policy.idle().map(|idle| call.subject.setting("idle", Value::Duration(idle))),
            scope => Self::first(&limits, scope).map(|limit| limit.setting.clone()),
        };
        let late = self.late_word(index);
        let deadlines = matches!(scope, Scope::Attempt | Scope::Call | Scope::Run);
        // Had parts come after it was given up, one of them may have been overdue: they are not in the trace.
        let knowable = deadlines && call.policy.idle().is_none();
        let otherwise = late.filter(|_| knowable).and_then(|(place, ok)| {
            if self.is_cancelled_between(index, place, Some(&call)) {
                return None;
            }
            let took = self.at(place) - self.at(began);
            self.later(index, &limits, scope, self.at(place), words::reply_in_time(took, ok))
        });
        let came = late.map(|(place, ok)| (self.at(place) - self.at(began), ok));
        let text = words::timed_out(scope, &call.subject, setting.as_ref(), after, came);
        let mut explanation = Explanation::new(rule_of(scope), text).by(setting).number("after", after.into());
        if let Some((took, _)) = came {
            explanation = explanation.number("reply_after", took.into());
        }
        Some(explanation.otherwise(otherwise))
    }

    /// What still came of the attempt of that entry, and whether it was a success.
    fn late_word(&self, index: usize) -> Option<(usize, bool)> {
        let of = self.entry(index)?;
        let mut later = self.after(index).filter(|(_, entry)| entry.call == of.call && entry.attempt == of.attempt);
        // Outside of a run another call may have the same number: its attempt is another one.
        later.find(|(_, entry)| matches!(entry.event, Event::LateReply { .. } | Event::AttemptStarted { .. })).and_then(
            |(place, entry)| match entry.event {
                Event::LateReply { ok } => Some((place, ok)),
                _ => None,
            },
        )
    }

    pub(super) fn attempt_abandoned(&self, index: usize, after: Duration) -> Explanation {
        let (setting, text) = match self.ends_by_deadline(index) {
            Some(deadline) => (Some(deadline), words::abandoned_at_the_end(after)),
            None => (None, words::abandoned(after)),
        };
        Explanation::new("nobody_waits", text).by(setting).number("after", after.into())
    }

    /// The deadline of the run, if the run ends by it at the instant of that entry.
    pub(super) fn ends_by_deadline(&self, index: usize) -> Option<Setting> {
        let at = self.at(index);
        let mut now = self.after(index).take_while(|(_, entry)| entry.at == at);
        let ends = now.any(|(_, entry)| matches!(entry.event, Event::RunFinished { stop: StopReason::Deadline, .. }));
        if ends { self.run_deadline() } else { None }
    }

    /// The deadline of the run.
    pub(super) fn run_deadline(&self) -> Option<Setting> {
        Self::first(&self.run_limits(), Scope::Run).map(|limit| limit.setting.clone())
    }

    pub(super) fn late_reply(&self, index: usize) -> Explanation {
        let of = self.entry(index).map(|entry| (entry.call, entry.attempt));
        let over = self.before(index).find(|(_, entry)| {
            let same = Some((entry.call, entry.attempt)) == of;
            let ended = matches!(
                entry.event,
                Event::AttemptTimedOut { .. }
                    | Event::AttemptAbandoned { .. }
                    | Event::AttemptFailed { .. }
                    | Event::AttemptSucceeded { .. }
            );
            same && ended
        });
        let Some((place, entry)) = over else { return Explanation::new("unasked", words::UNASKED) };
        let late = words::late(entry.at, self.at(index) - entry.at);
        let text = self.late_effect(index).map_or_else(|| late.clone(), |word| alloc::format!("{late} {word}"));
        Explanation::new("late", text)
            .number("ended_by_entry", Value::Number(place as u64))
            .number("late_by", (self.at(index) - entry.at).into())
    }

    /// What the late reply of that entry tells of an effect, where that counts: it is traced right after it.
    fn late_effect(&self, index: usize) -> Option<String> {
        let late = self.entry(index)?;
        let at_once = self.after(index).take_while(|(_, entry)| entry.at == late.at);
        let mut of_call = at_once.map(|(_, entry)| entry).filter(|entry| entry.call == late.call);
        of_call.by_ref().take_while(|entry| !matches!(entry.event, Event::LateReply { .. })).find_map(|entry| {
            match &entry.event {
                Event::EffectSettled { tool, state: EffectState::Done } => Some(words::late_word(tool, "happened")),
                Event::EffectSettled { tool, .. } => Some(words::late_word(tool, "did not happen")),
                Event::EffectRepeated { tool, .. } => Some(words::late_word(tool, "happened more than once")),
                _ => None,
            }
        })
    }

    pub(super) fn backing_off(&self, index: usize, next: u32, of: u32, delay: Delay) -> Option<Explanation> {
        let call = self.guarded(index)?;
        let backoff = *call.policy.retry()?.backoff();
        let (name, value) = match backoff.jitter() {
            _ if delay.retry_after.is_some() => ("", Value::Nothing),
            Jitter::Decorrelated if delay.ceiling < backoff.cap() => ("backoff.base", backoff.base().into()),
            _ if delay.ceiling >= backoff.cap() => ("backoff.cap", backoff.cap().into()),
            _ => ("backoff.base", backoff.base().into()),
        };
        let setting = (!name.is_empty()).then(|| call.subject.setting(name, value));
        let rule = if delay.retry_after.is_some() { "server_asked" } else { "own_delay" };
        let mut explanation = Explanation::new(rule, words::backing_off(next, of, delay, &backoff))
            .by(setting)
            .number("attempt", next.into())
            .number("wait_index", (next - 2).into())
            .number("base", backoff.base().into())
            .number("factor", Value::Thousandths(backoff.factor_thousandths()))
            .number("cap", backoff.cap().into())
            .number("floor", delay.floor.into())
            .number("ceiling", delay.ceiling.into())
            .number("wait", delay.delay.into());
        if let Some(asked) = delay.retry_after {
            explanation = explanation.number("retry_after", asked.into());
        }
        Some(explanation.otherwise(self.fewer_attempts(index, next - 1, of)))
    }

    /// With so many attempts this one would have been the last, if no other failure had met that limit before.
    fn fewer_attempts(&self, index: usize, attempts: u32, of: u32) -> Option<Nearest> {
        let call = self.guarded(index)?;
        let own = self.before(index).find(|(_, entry)| entry.call == Some(call.id) && entry.attempt.is_some())?.0;
        let met = self.before(own).any(|(place, entry)| {
            let failed = matches!(entry.event, Event::AttemptFailed { .. } | Event::AttemptTimedOut { .. });
            let other = || self.guarded(place).filter(|other| other.subject == call.subject);
            failed && other().is_some_and(|other| (attempts..of).contains(&self.tries(place, &other)))
        });
        let setting = call.subject.setting("retry.attempts", of.into());
        (!met && self.is_whole(index)).then(|| setting.changed(attempts.into(), words::last_attempt(attempts)))
    }

    /// A limit around calls outside of any run is not known.
    pub(super) fn knows_runs(&self) -> bool {
        matches!(self.policies, Policies::Run(..))
    }

    /// The gate and the progress detector belong to the run.
    pub(super) fn of_run(name: &'static str, value: Value) -> Setting {
        Subject::Run.setting(name, value)
    }
}

fn rule_of(scope: Scope) -> &'static str {
    match scope {
        Scope::Attempt => "timeout",
        Scope::FirstOutput => "first_output",
        Scope::Idle => "idle",
        Scope::Call => "call_deadline",
        Scope::Run => "run_deadline",
    }
}
