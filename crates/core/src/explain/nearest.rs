//! The nearest change: which limit would have to be how much later, which of two changes is smaller, and whether a change
//! would have met an earlier decision first.

use super::history::Guarded;
use super::{Explainer, Nearest, Policies, Setting, Subject, Value};
use crate::breaker::{ChangeReason, RejectReason};
use crate::deadline::Scope;
use crate::effect::Reconciliation;
use crate::event::{BlockReason, Event};
use crate::fallback::{FallbackReason, RetryRefusal};
use crate::outcome::{CallError, StopReason};
use crate::progress::Repetition;
use crate::time::{Duration, Instant};
use alloc::string::String;
use alloc::vec::Vec;

/// One of the limits of a call: whose it is, the setting, and when it is.
#[derive(Debug, Clone)]
pub(super) struct Limit {
    pub(super) scope: Scope,
    pub(super) setting: Setting,
    from: Instant,
    pub(super) at: Instant,
}

impl Limit {
    fn new(scope: Scope, of: &Subject, name: &'static str, from: Instant, limit: Option<Duration>) -> Option<Self> {
        let limit = limit?;
        Some(Self { scope, setting: of.setting(name, Value::Duration(limit)), from, at: from + limit })
    }
}

/// One microsecond: the least by which two instants differ.
const NEXT: Duration = Duration::from_micros(1);

/// A setting of a whole number, and what it would have to be.
pub(super) struct Raise {
    pub(super) setting: Setting,
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) value: Value,
}

impl Raise {
    /// The smaller change in proportion to what it is now; the first where they are equal.
    pub(super) fn smaller(first: Option<Self>, second: Option<Self>) -> Option<Self> {
        let (Some(one), Some(other)) = (&first, &second) else { return first.or(second) };
        let by = |raise: &Self| u128::from(raise.to.saturating_sub(raise.from));
        // Each share times both old values, so that nothing is divided; from nothing, any change is out of proportion.
        let is_smaller = by(other) * u128::from(one.from) < by(one) * u128::from(other.from);
        if is_smaller { second } else { first }
    }
}

impl Explainer<'_> {
    /// The limits of a call; with the beginning of an attempt, also those of the attempt.
    pub(super) fn limits(&self, call: &Guarded, attempt: Option<usize>) -> Vec<Limit> {
        let (of, policy) = (&call.subject, &call.policy);
        let mut limits = Vec::new();
        if let Some(began) = attempt {
            let start = self.at(began);
            limits.extend(Limit::new(Scope::Attempt, of, "timeout", start, policy.timeout()));
            limits.extend(Limit::new(Scope::FirstOutput, of, "first_output", start, policy.first_output()));
        }
        limits.extend(Limit::new(Scope::Call, of, "deadline", call.start, policy.deadline()));
        limits.extend(self.run_limits());
        limits
    }

    /// The limits of the run, the one of its budget first.
    pub(super) fn run_limits(&self) -> Vec<Limit> {
        let Policies::Run(policy, _) = self.policies else { return Vec::new() };
        let began = self.trace.iter().find(|entry| matches!(entry.event, Event::RunStarted { .. }));
        let Some(start) = began.map(|entry| entry.at) else { return Vec::new() };
        let limit = |name, limit| Limit::new(Scope::Run, &Subject::Run, name, start, limit);
        let budget = limit("budget.deadline", policy.budget().deadline());
        budget.into_iter().chain(limit("run.deadline", policy.deadline())).collect()
    }

    /// The limit of that scope which comes first.
    pub(super) fn first(limits: &[Limit], scope: Scope) -> Option<&Limit> {
        limits.iter().filter(|limit| limit.scope == scope).min_by_key(|limit| limit.at)
    }

    /// The limit that decided, just late enough for something to be in time at `past`: if nothing else stands in its way.
    pub(super) fn later(
        &self,
        index: usize,
        limits: &[Limit],
        scope: Scope,
        past: Instant,
        would: String,
    ) -> Option<Nearest> {
        let deciding = Self::first(limits, scope)?;
        let mut others = limits.iter().filter(|limit| limit.setting.name != deciding.setting.name);
        let in_time = others.all(|limit| limit.at > past);
        let certain = in_time && self.is_whole(index) && past < Instant::MAX;
        let to = (past - deciding.from).saturating_add(NEXT);
        (certain && self.is_first(index, &deciding.setting))
            .then(|| deciding.setting.changed(Value::Duration(to), would))
    }

    /// Whether it is taken back between two entries, by its caller or, where somebody looks up whether an effect happened, by a late word
    /// that tells it: then nothing that came after that would have been waited for.
    pub(super) fn is_cancelled_between(&self, index: usize, until: usize, call: Option<&Guarded>) -> bool {
        self.after(index).take_while(|(place, _)| *place < until).any(|(_, entry)| match &entry.event {
            Event::RunFinished { stop: StopReason::Cancelled, .. }
            | Event::RunSuspended { .. }
            | Event::EffectSettled { .. } => true,
            Event::CallFailed { error: CallError::Cancelled } => {
                matches!(self.policies, Policies::Call(_)) && call.is_some_and(|call| entry.call == Some(call.id))
            }
            _ => false,
        })
    }

    /// Whether no decision before that index would have gone otherwise with that setting raised.
    pub(super) fn is_first(&self, index: usize, setting: &Setting) -> bool {
        !self.before(index).any(|(place, entry)| {
            let same = match setting.of {
                Subject::Run => true,
                _ => self.guarded(place).is_some_and(|call| call.subject == setting.of),
            };
            same && touches(setting.name, &entry.event)
        })
    }
}

/// Whether a decision would, or may, have gone otherwise with that setting raised.
fn touches(name: &str, event: &Event) -> bool {
    match event {
        Event::AttemptTimedOut { scope, .. } => of_scope(name, *scope),
        // The lease of a probe is the timeout, unless it has a setting of its own.
        Event::BreakerRejected { reason: RejectReason::ProbesUnderWay { .. }, .. } => {
            matches!(name, "timeout" | "breaker.probes")
        }
        Event::BreakerOpened { reason, .. } | Event::BreakerClosed { reason, .. } => match reason {
            ChangeReason::Consecutive { .. } => name == "breaker.consecutive",
            ChangeReason::Window { .. } => name.starts_with("breaker.window."),
            ChangeReason::Slow { .. } => name.starts_with("breaker.window.") || name == "breaker.slow.rate",
            ChangeReason::LeaseEnded => name == "timeout",
            ChangeReason::ProbesSucceeded { .. } => name == "breaker.successes",
            ChangeReason::ProbeFailed | ChangeReason::OpenTimeOver | ChangeReason::ByHand { .. } => false,
        },
        Event::CallFailed { error } => match innermost(error) {
            CallError::RetriesExhausted { .. } => name == "retry.attempts",
            CallError::PauseTooLong { .. } => name == "longest_pause",
            CallError::DeadlineExceeded { scope, .. } => of_scope(name, *scope),
            CallError::BudgetExceeded(exceeded) => name == exceeded.what.setting(),
            _ => false,
        },
        Event::FellBack { reason, .. } => match reason {
            FallbackReason::AttemptsUsedUp { .. } => name == "retry.attempts",
            FallbackReason::Paused { .. } => matches!(name, "backoff.cap" | "longest_pause"),
            FallbackReason::WaitBeyondDeadline { .. } => of_scope(name, Scope::Call) || of_scope(name, Scope::Run),
            _ => false,
        },
        Event::RetryRefused { reason: RetryRefusal::RetryBudget(_) } => name.starts_with("retry_budget."),
        Event::RetryRefused { reason: RetryRefusal::Throttle { .. } } => name == "throttle.tokens",
        Event::StepLimitReached { .. } => name == "max_steps",
        Event::BudgetSpent { exceeded } => name == exceeded.what.setting(),
        Event::RepetitionSeen { rule, .. } => name == repetition_setting(rule),
        Event::ApprovalExpired { .. } => name == "approval.expires_after",
        // With somebody to ask, they would be asked about these as well.
        Event::ToolBlocked { reason: BlockReason::NobodyToAsk, .. }
        | Event::EffectUnknown { .. }
        | Event::Reconciled { found: Reconciliation::Unknown, .. } => name == "approver",
        _ => false,
    }
}

fn of_scope(name: &str, scope: Scope) -> bool {
    match scope {
        Scope::Attempt => name == "timeout",
        Scope::FirstOutput => name == "first_output",
        Scope::Idle => name == "idle",
        Scope::Call => name == "deadline",
        Scope::Run => matches!(name, "run.deadline" | "budget.deadline"),
    }
}

/// The setting behind a rule of the progress detector.
pub(super) fn repetition_setting(rule: &Repetition) -> &'static str {
    match rule {
        Repetition::Identical { .. } | Repetition::Cycle { .. } => "progress.repeats",
        Repetition::SameError { .. } => "progress.errors",
        Repetition::NothingNew { .. } => "progress.nothing_new",
    }
}

/// How the last option failed.
pub(super) fn innermost(error: &CallError) -> &CallError {
    match error {
        CallError::AllOptionsFailed { last, .. } => innermost(last),
        error => error,
    }
}
