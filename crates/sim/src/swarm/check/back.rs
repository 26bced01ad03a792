//! Looking back over a run: what its breakers said, and how it waited.

use super::{Checker, LOOKING_UP};
use crate::swarm::Rule;
use std::collections::{BTreeMap, BTreeSet};
use steadfast::backoff::Delay;
use steadfast::breaker::BreakerPolicy;
use steadfast::event::Event;
use steadfast::id::CallId;
use steadfast::policy::CallPolicy;
use steadfast::run::Run;
use steadfast::time::{Duration, Instant};
use steadfast::trace::Entry;

/// What the trace says of breakers and waits, up to some entry of it.
#[derive(Default)]
struct Seen {
    subjects: BTreeMap<CallId, String>,
    open: BTreeMap<(String, u32), Instant>,
    /// The probes under way of each breaker that is half open.
    probes: BTreeMap<(String, u32), BTreeSet<CallId>>,
    waits: BTreeMap<CallId, Instant>,
}

impl Checker {
    pub(super) fn check_breakers_and_waits(&mut self, run: &Run) {
        let mut seen = Seen::default();
        for entry in run.trace().entries() {
            let call = entry.call.unwrap_or_default();
            let subject = seen.subjects.get(&call).cloned().unwrap_or_default();
            match &entry.event {
                Event::ModelCalled { .. } => drop(seen.subjects.insert(call, "the model".into())),
                Event::ToolCalled { tool, .. } => drop(seen.subjects.insert(call, tool.clone())),
                Event::ReconcileAsked { tool } => drop(seen.subjects.insert(call, format!("{LOOKING_UP}{tool}"))),
                Event::BreakerOpened { option, until, .. } => {
                    seen.probes.remove(&(subject.clone(), *option));
                    seen.open.insert((subject, *option), *until);
                }
                Event::BreakerHalfOpened { option } => {
                    drop(seen.probes.insert((subject, *option), BTreeSet::new()));
                }
                Event::BreakerClosed { option, .. } => {
                    seen.probes.remove(&(subject.clone(), *option));
                    seen.open.remove(&(subject, *option));
                }
                Event::AttemptStarted { option, .. } => self.check_start(&mut seen, entry, subject, *option),
                Event::AttemptSucceeded { .. }
                | Event::AttemptFailed { .. }
                | Event::AttemptTimedOut { .. }
                | Event::AttemptAbandoned { .. } => {
                    for probes in seen.probes.values_mut() {
                        probes.remove(&call);
                    }
                }
                Event::Paused { until, .. } => drop(seen.waits.insert(call, *until)),
                Event::FellBack { .. } => drop(seen.waits.remove(&call)),
                Event::BackingOff { delay, until, .. } => {
                    seen.waits.insert(call, *until);
                    self.check_delay(entry.at, *until, delay, &subject);
                }
                _ => {}
            }
        }
    }

    fn check_start(&mut self, seen: &mut Seen, entry: &Entry, subject: String, option: u32) {
        let call = entry.call.unwrap_or_default();
        if let Some(until) = seen.waits.remove(&call).filter(|until| entry.at < *until) {
            self.violated(
                Rule::WaitsAsAsked,
                format!("{call:?} begins at {}, and was to wait until {until}", entry.at),
            );
        }
        let most = self.policy_of(&subject).breaker().map_or(u32::MAX, BreakerPolicy::probes) as usize;
        let breaker = (subject, option);
        if let Some(until) = seen.open.get(&breaker).filter(|until| entry.at < **until) {
            let seen = format!("{} is tried at {}, open until {until}", breaker.0, entry.at);
            self.violated(Rule::NothingWhileOpen, seen);
        }
        if let Some(probes) = seen.probes.get_mut(&breaker)
            && probes.insert(call)
            && probes.len() > most
        {
            let seen = format!("{} is tried {} times at once, half open", breaker.0, probes.len());
            self.violated(Rule::NothingWhileOpen, seen);
        }
    }

    fn check_delay(&mut self, at: Instant, until: Instant, delay: &Delay, subject: &str) {
        let cap = self.policy_of(subject).retry().map_or(Duration::ZERO, |retry| retry.backoff().cap());
        let own = if delay.retry_after.is_some() { delay.ceiling } else { delay.delay.max(delay.ceiling) };
        if own > cap || until - at != delay.delay {
            self.violated(Rule::WaitsAsAsked, format!("{delay:?} with a cap of {cap:?}"));
        }
        if delay.retry_after.is_none() && delay.ceiling == cap {
            self.at_the_cap.drawn(delay);
        }
    }

    fn policy_of(&self, subject: &str) -> CallPolicy {
        let looked_up = subject.strip_prefix(LOOKING_UP).and_then(|tool| self.looking_up.get(tool));
        let acted = self.tools.get(subject).map(|(policy, ..)| policy);
        looked_up.or(acted).copied().unwrap_or(*self.policy.model())
    }
}
