//! What a trace tells of the past: which call an entry belongs to, how often it was tried, and what the breakers, throttles
//! and retry budgets had counted by then.

use super::{Explainer, Policies, Subject};
use crate::backoff::Jitter;
use crate::budget::{RetryBudget, RetryThrottle};
use crate::deadline::Scope;
use crate::event::Event;
use crate::id::CallId;
use crate::policy::CallPolicy;
use crate::rng::Seed;
use crate::time::{Duration, Instant};
use crate::trace::Entry;
use alloc::vec::Vec;

/// A guarded call, as the entry of a trace finds it.
#[derive(Debug)]
pub(super) struct Guarded {
    pub(super) id: CallId,
    /// The index of the entry it began with, and its instant.
    pub(super) began: usize,
    pub(super) start: Instant,
    pub(super) subject: Subject,
    pub(super) policy: CallPolicy,
    /// The option it tries.
    pub(super) option: u32,
    /// Whether it has a breaker and a throttle: looking something up has none.
    pub(super) endpoint: bool,
}

/// What a breaker and a throttle hear of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    Ok,
    Failed,
}

impl<'a> Explainer<'a> {
    pub(super) fn entry(&self, index: usize) -> Option<&'a Entry> {
        self.trace.get(index)
    }

    pub(super) fn at(&self, index: usize) -> Instant {
        self.entry(index).map_or(Instant::ORIGIN, |entry| entry.at)
    }

    /// The entries before that one, the latest first.
    pub(super) fn before(&self, index: usize) -> impl Iterator<Item = (usize, &'a Entry)> + use<'a> {
        self.trace.iter().enumerate().take(index).rev()
    }

    /// The entries after that one.
    pub(super) fn after(&self, index: usize) -> impl Iterator<Item = (usize, &'a Entry)> + use<'a> {
        self.trace.iter().enumerate().skip(index.saturating_add(1))
    }

    /// Whether the trace up to there begins with the beginning, so that what it does not tell did not happen.
    pub(super) fn is_whole(&self, index: usize) -> bool {
        match self.policies {
            Policies::Call(_) => true,
            Policies::Run(..) => {
                let begun = |entry: &Entry| matches!(entry.event, Event::RunStarted { .. });
                let resumed =
                    |entry: &Entry| matches!(entry.event, Event::RunResumed { .. } | Event::PolicyChanged { .. });
                let past = self.trace.get(..index).unwrap_or_default();
                past.iter().any(begun) && !past.iter().any(resumed)
            }
        }
    }

    /// The call that entry belongs to.
    pub(super) fn guarded(&self, index: usize) -> Option<Guarded> {
        let id = self.entry(index)?.call?;
        let mut of_call = self.before(index + 1).filter(|(_, entry)| entry.call == Some(id));
        let (began, subject, policy, endpoint) = match self.policies {
            Policies::Run(run, tools) => of_call.find_map(|(began, entry)| {
                let spec = |name: &str| tools.iter().find(|tool| tool.name() == name);
                match &entry.event {
                    Event::ModelCalled { .. } => Some((began, Subject::Model, *run.model(), true)),
                    Event::ToolCalled { tool, .. } => {
                        Some((began, Subject::Tool(tool.clone()), spec(tool)?.policy(), true))
                    }
                    Event::ReconcileAsked { tool } => {
                        Some((began, Subject::Tool(tool.clone()), spec(tool)?.reconcile_policy(), false))
                    }
                    _ => None,
                }
            })?,
            // Calls outside of a run may all have the same number: one begins where the one before it ended.
            Policies::Call(policy) => {
                let (latest, _) = of_call.next()?;
                let over =
                    |entry: &Entry| matches!(entry.event, Event::CallFailed { .. } | Event::AttemptSucceeded { .. });
                // A late word may come within a call, or after the one before it.
                let late = |entry: &Entry| matches!(entry.event, Event::LateReply { .. });
                let own = of_call.take_while(|(_, entry)| !over(entry)).filter(|(_, entry)| !late(entry));
                let began = own.last().map_or(latest, |(began, _)| began);
                (began, Subject::Call, *policy, true)
            }
        };
        let option = self.since(began, index, id).filter_map(|(_, entry)| match entry.event {
            Event::AttemptStarted { option, .. } | Event::FellBack { to: option, .. } => Some(option),
            _ => None,
        });
        let option = option.last().unwrap_or(0);
        Some(Guarded { id, began, start: self.at(began), subject, policy, option, endpoint })
    }

    /// The entries of a call from its beginning to right before that index.
    fn since(&self, began: usize, index: usize, id: CallId) -> impl Iterator<Item = (usize, &'a Entry)> + use<'a> {
        let inside = self.trace.iter().enumerate().take(index).skip(began);
        inside.filter(move |(_, entry)| entry.call == Some(id))
    }

    /// The entries of the call's present option before that index.
    pub(super) fn of_option(&self, index: usize, call: &Guarded) -> Vec<(usize, &'a Entry)> {
        let entries: Vec<_> = self.since(call.began, index, call.id).collect();
        let switched = entries.iter().rposition(|(_, entry)| matches!(entry.event, Event::FellBack { .. }));
        entries.into_iter().skip(switched.map_or(0, |place| place + 1)).collect()
    }

    /// How many attempts of the present option were made before that index.
    pub(super) fn tries(&self, index: usize, call: &Guarded) -> u32 {
        let of = |(_, entry): &(usize, &Entry)| matches!(entry.event, Event::AttemptStarted { option, .. } if option == call.option);
        u32::try_from(self.since(call.began, index, call.id).filter(of).count()).unwrap_or(u32::MAX)
    }

    /// The entry with which the attempt of that entry began.
    pub(super) fn began_attempt(&self, index: usize) -> Option<(usize, u32)> {
        let of = self.entry(index)?;
        self.before(index + 1).find_map(|(began, entry)| match entry.event {
            Event::AttemptStarted { option, .. } if entry.call == of.call && entry.attempt == of.attempt => {
                Some((began, option))
            }
            _ => None,
        })
    }

    /// How long the wait after the last failure of the call would be, or was, where its draw is known.
    pub(super) fn wait(&self, index: usize, call: &Guarded) -> Option<Duration> {
        let backoff = call.policy.retry()?.backoff();
        let seed = self.seed.or((backoff.jitter() == Jitter::None).then_some(Seed(0)))?;
        let entries = self.of_option(index, call);
        let mut latest = entries.iter().rev();
        let (attempt, retry_after) = latest.find_map(|(_, entry)| match &entry.event {
            Event::AttemptFailed { failure, .. } => Some((entry.attempt?, failure.retry_after)),
            Event::AttemptTimedOut { .. } => Some((entry.attempt?, None)),
            _ => None,
        })?;
        let previous = entries.iter().rev().find_map(|(_, entry)| match entry.event {
            Event::BackingOff { delay, .. } => Some(delay.delay),
            _ => None,
        });
        let mut stream = seed.stream(call.id.0, attempt);
        let drawn = backoff.draw(self.tries(index, call).saturating_sub(1), previous, &mut stream);
        Some(drawn.at_least(retry_after, backoff.jitter(), &mut stream).delay)
    }

    /// What breaker and throttle heard with that entry; nothing if it counts neither way.
    fn heard(&self, index: usize, policy: &CallPolicy) -> Option<Heard> {
        match &self.entry(index)?.event {
            Event::AttemptSucceeded { .. } => Some(Heard::Ok),
            Event::AttemptFailed { failure, .. } => failure.class.counts_against_service().then_some(Heard::Failed),
            Event::AttemptTimedOut { scope: Scope::Call | Scope::Run, .. } if policy.timeout().is_some() => None,
            Event::AttemptTimedOut { .. } => Some(Heard::Failed),
            _ => None,
        }
    }

    /// Everything that was heard of an endpoint before that index: where the attempt began, where it ended, and how.
    pub(super) fn results(&self, index: usize, subject: &Subject, option: u32) -> Vec<(usize, usize, Heard)> {
        let past = self.trace.get(..index).unwrap_or_default().iter().enumerate();
        past.filter(|(_, entry)| entry.attempt.is_some())
            .filter_map(|(place, _)| {
                let call = self.guarded(place).filter(|call| call.endpoint && call.subject == *subject)?;
                let heard = self.heard(place, &call.policy)?;
                let (began, of) = self.began_attempt(place)?;
                (of == option).then_some((began, place, heard))
            })
            .collect()
    }

    /// The latest change of a breaker's state before that index.
    pub(super) fn breaker_changed(&self, index: usize, subject: &Subject, option: u32) -> Option<(usize, &'a Event)> {
        let (place, entry) = self.before(index).find(|(place, entry)| match entry.event {
            Event::BreakerOpened { option: of, .. }
            | Event::BreakerHalfOpened { option: of }
            | Event::BreakerClosed { option: of, .. }
            | Event::BreakerSet { option: of, .. } => {
                of == option && self.guarded(*place).is_some_and(|call| call.subject == *subject)
            }
            _ => false,
        })?;
        Some((place, &entry.event))
    }

    /// Whether another try after that wait is refused: by a breaker that is open for longer, by the throttle, or by the
    /// retry budget. A wait that is not known is not refused by a breaker that is closed.
    pub(super) fn refuses(&self, index: usize, call: &Guarded, wait: Option<Duration>) -> bool {
        let outlasted = match self.breaker_changed(index, &call.subject, call.option).filter(|_| call.endpoint) {
            Some((_, Event::BreakerOpened { until, .. })) => wait.is_none_or(|wait| self.at(index) + wait < *until),
            Some((_, Event::BreakerSet { .. })) => true,
            _ => false,
        };
        outlasted || self.throttled(index, call, None) || !self.has_retries(index)
    }

    /// Whether the throttle would refuse at that index, with so many tokens instead of its own.
    pub(super) fn throttled(&self, index: usize, call: &Guarded, tokens: Option<u32>) -> bool {
        let Some(policy) = call.policy.throttle().copied().filter(|_| call.endpoint) else { return false };
        let policy = tokens.map_or(Ok(policy), |tokens| policy.with_tokens(tokens));
        let Ok(mut throttle) = policy.map(RetryThrottle::new) else { return true };
        for (_, _, heard) in self.results(index, &call.subject, call.option) {
            match heard {
                Heard::Ok => throttle.succeeded(),
                Heard::Failed => throttle.failed(),
            }
        }
        !throttle.may_retry()
    }

    /// Whether the run has retries left at that index.
    pub(super) fn has_retries(&self, index: usize) -> bool {
        let Policies::Run(run, _) = self.policies else { return true };
        let Some(policy) = run.retry_budget() else { return true };
        let mut budget = RetryBudget::new(*policy);
        for (place, entry) in self.trace.get(..index).unwrap_or_default().iter().enumerate() {
            match entry.event {
                Event::ModelCalled { .. } | Event::ToolCalled { .. } | Event::ReconcileAsked { .. } => {
                    budget.call_started();
                }
                Event::BackingOff { .. } => budget.retried(),
                // Back to one that was tried before.
                Event::FellBack { to, .. } => {
                    let tried = |(_, before): (usize, &Entry)| {
                        let of = matches!(before.event, Event::AttemptStarted { option, .. } if option == to);
                        of && before.call == entry.call
                    };
                    if self.before(place).any(tried) {
                        budget.retried();
                    }
                }
                _ => {}
            }
        }
        budget.may_retry().is_ok()
    }
}
