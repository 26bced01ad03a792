//! The end of an option and of a call: no other try, no other option, no budget.

use super::history::Guarded;
use super::nearest::Raise;
use super::{Explainer, Explanation, Nearest, Policies, Setting, Value, words};
use crate::budget::{BudgetExceeded, Resource, RetryBudgetSpent};
use crate::deadline::Scope;
use crate::event::Event;
use crate::failure::FailureClass;
use crate::fallback::{FallbackReason, RetryRefusal};
use crate::outcome::CallError;
use crate::time::{Duration, Instant};

impl Explainer<'_> {
    pub(super) fn fell_back(&self, index: usize, reason: FallbackReason) -> Option<Explanation> {
        let call = self.guarded(index)?;
        Some(match reason {
            FallbackReason::AttemptsUsedUp { attempts } => self.attempts_used_up(index, &call, attempts),
            FallbackReason::NotTransient { class } => not_transient(class),
            FallbackReason::RetriesRefused { reason } => self.refusal(index, &call, reason).otherwise(None),
            FallbackReason::BreakerOpen { retry_at } => Self::circuit_open(&call, retry_at),
            FallbackReason::AskedToWait { until } => self.asked_to_wait(index, until),
            FallbackReason::WaitBeyondDeadline { wait, remaining } => {
                self.wait_beyond(index, &call, self.deadline_scope(&call), Some((wait, remaining)))
            }
        })
    }

    pub(super) fn call_failed(&self, index: usize, error: &CallError) -> Option<Explanation> {
        let call = self.guarded(index)?;
        Some(match super::nearest::innermost(error) {
            CallError::NotTransient { failure } => not_transient(failure.class),
            CallError::RetriesExhausted { attempts, .. } => match self.latest(index, &call) {
                Some(Event::RetryRefused { reason }) => self.refusal(index, &call, *reason).otherwise(None),
                _ => self.attempts_used_up(index, &call, *attempts),
            },
            CallError::DeadlineExceeded { scope, last } => self.out_of_time(index, &call, *scope, last.is_some()),
            CallError::CircuitOpen(rejection) => Self::circuit_open(&call, rejection.retry_at),
            CallError::BudgetExceeded(exceeded) => self.budget_exceeded(index, *exceeded, words::budget(*exceeded)),
            CallError::AfterCommit { .. } => Explanation::new("after_commit", words::AFTER_COMMIT),
            CallError::Cancelled => {
                let deadline = self.ends_by_deadline(index);
                Explanation::new("cancelled", words::cancelled(deadline.is_some())).by(deadline)
            }
            CallError::AllOptionsFailed { .. } => return None,
        })
    }

    pub(super) fn retry_refused(&self, index: usize, reason: RetryRefusal) -> Option<Explanation> {
        Some(self.refusal(index, &self.guarded(index)?, reason))
    }

    pub(super) fn asked_to_wait(&self, index: usize, until: Instant) -> Explanation {
        let wait = until - self.at(index);
        Explanation::new("retry_after", words::asked_to_wait(wait))
            .number("wait", wait.into())
            .number("until", Value::Instant(until))
    }

    /// The entry of the call right before that one.
    fn latest(&self, index: usize, call: &Guarded) -> Option<&Event> {
        let mut before = self.before(index).take_while(|(place, _)| *place >= call.began);
        before.find(|(_, entry)| entry.call == Some(call.id)).map(|(_, entry)| &entry.event)
    }

    fn attempts_used_up(&self, index: usize, call: &Guarded, attempts: u32) -> Explanation {
        let Some(retry) = call.policy.retry() else {
            let once = match (&call.subject, self.policies) {
                (super::Subject::Tool(name), Policies::Run(_, tools)) => {
                    tools.iter().any(|tool| tool.name() == name && !tool.effect().may_repeat())
                }
                _ => false,
            };
            let (name, value) = if once { ("effect", Value::text("once")) } else { ("retry", Value::Nothing) };
            let text = words::no_retries(&call.subject, once);
            return Explanation::new("no_retries", text)
                .by(call.subject.setting(name, value))
                .number("attempts", attempts.into());
        };
        let setting = call.subject.setting("retry.attempts", retry.attempts().into());
        let to = attempts.saturating_add(1);
        let would = self.would_wait(index, call) && self.is_whole(index) && self.is_first(index, &setting);
        let nearest = would.then(|| setting.changed(to.into(), words::another_attempt(to)));
        Explanation::new("attempts_used_up", words::attempts_used_up(&call.subject, attempts))
            .by(setting)
            .number("attempts", attempts.into())
            .otherwise(nearest)
    }

    /// Whether one attempt more would have been waited for.
    fn would_wait(&self, index: usize, call: &Guarded) -> bool {
        let (wait, now) = (self.wait(index, call), self.at(index));
        let ends = self.limits(call, None).iter().map(|limit| limit.at).min();
        let in_time = ends.is_none_or(|ends| wait.is_some_and(|wait| now + wait < ends));
        in_time && !self.refuses(index, call, wait)
    }

    /// Whose deadline a call has.
    fn deadline_scope(&self, call: &Guarded) -> Scope {
        let limits = self.limits(call, None);
        let at = |scope| Self::first(&limits, scope).map_or(Instant::MAX, |limit| limit.at);
        if at(Scope::Call) < at(Scope::Run) { Scope::Call } else { Scope::Run }
    }

    fn out_of_time(&self, index: usize, call: &Guarded, scope: Scope, failed: bool) -> Explanation {
        let limits = self.limits(call, None);
        let deadline = Self::first(&limits, scope).cloned();
        let (setting, now) = (deadline.as_ref().map(|deadline| deadline.setting.clone()), self.at(index));
        let over = deadline.as_ref().is_some_and(|deadline| now >= deadline.at);
        match self.latest(index, call) {
            Some(Event::AttemptTimedOut { .. }) => {
                Explanation::new(rule_of(scope), words::out_of_time(scope)).by(setting)
            }
            Some(Event::AskedToWait { until, .. }) => {
                let wait = deadline.map(|deadline| (*until - now, deadline.at - now));
                self.wait_beyond(index, call, scope, wait)
            }
            // Whoever drives it came late.
            _ if over && failed => {
                let nearest = self.later(index, &limits, scope, now, words::time_to_begin());
                Explanation::new(rule_of(scope), words::out_of_time(scope)).by(setting).otherwise(nearest)
            }
            _ if failed => {
                let wait = self.wait(index, call).zip(deadline).map(|(wait, deadline)| (wait, deadline.at - now));
                self.wait_beyond(index, call, scope, wait)
            }
            _ => Explanation::new(rule_of(scope), words::out_of_time(scope)).by(setting),
        }
    }

    /// A wait that would end after the deadline; how long it would be is not always known.
    fn wait_beyond(
        &self,
        index: usize,
        call: &Guarded,
        scope: Scope,
        wait: Option<(Duration, Duration)>,
    ) -> Explanation {
        let limits = self.limits(call, None);
        let setting = Self::first(&limits, scope).map(|limit| limit.setting.clone());
        let explanation = Explanation::new("wait_beyond_deadline", words::wait_beyond(scope, wait)).by(setting);
        let Some((wait, remaining)) = wait else { return explanation };
        let past = self.at(index) + wait;
        let nearest = (!self.refuses(index, call, Some(wait)))
            .then(|| self.later(index, &limits, scope, past, words::time_to_wait(wait)))
            .flatten();
        explanation.number("wait", wait.into()).number("remaining", remaining.into()).otherwise(nearest)
    }

    fn circuit_open(call: &Guarded, retry_at: Instant) -> Explanation {
        let setting = call.policy.breaker().map(|policy| super::breaker::open_for(&call.subject, policy));
        let until = if retry_at < Instant::MAX { Value::Instant(retry_at) } else { Value::Nothing };
        Explanation::new("breaker_open", words::circuit_open(&call.subject)).by(setting).number("retry_at", until)
    }

    fn refusal(&self, index: usize, call: &Guarded, reason: RetryRefusal) -> Explanation {
        match reason {
            RetryRefusal::RetryBudget(spent) => self.retries_spent(index, spent),
            RetryRefusal::Throttle { tokens_thousandths } => {
                let Some(policy) = call.policy.throttle() else {
                    return Explanation::new("throttle", words::throttled(tokens_thousandths, None));
                };
                let setting = call.subject.setting("throttle.tokens", policy.tokens().into());
                Explanation::new("throttle", words::throttled(tokens_thousandths, Some(policy.tokens())))
                    .otherwise(self.more_tokens(index, call, policy.tokens(), &setting))
                    .by(setting)
                    .number("tokens_left", Value::Thousandths(tokens_thousandths))
                    .number("tokens", policy.tokens().into())
            }
        }
    }

    /// The fewest tokens with which the throttle would not have refused, counted again from the beginning.
    fn more_tokens(&self, index: usize, call: &Guarded, tokens: u32, setting: &Setting) -> Option<Nearest> {
        let certain = self.is_whole(index) && self.is_first(index, setting) && self.has_retries(index);
        // 1,000 is the most a throttle can have.
        let mut more = (tokens.saturating_add(1)..=1_000).filter(|_| certain);
        let to = more.find(|to| !self.throttled(index, call, Some(*to)))?;
        Some(setting.changed(to.into(), words::RETRIED.into()))
    }

    fn retries_spent(&self, index: usize, spent: RetryBudgetSpent) -> Explanation {
        let RetryBudgetSpent { retries, allowed, calls } = spent;
        let explanation = Explanation::new("retry_budget", words::retries_spent(spent))
            .number("retries", retries.into())
            .number("allowed", allowed.into())
            .number("calls", calls.into());
        let Policies::Run(run, _) = self.policies else { return explanation };
        let Some(policy) = run.retry_budget() else { return explanation };
        let rate = Self::of_run("retry_budget.rate", Value::PerMille(policy.per_mille()));
        let least = Self::of_run("retry_budget.at_least", policy.at_least().into());
        let needed = retries.saturating_add(1);
        let share = u128::from(needed).saturating_mul(1_000).div_ceil(u128::from(calls.max(1)));
        let share = u32::try_from(share).ok().filter(|share| *share <= 1_000 && calls > 0);
        let decided = if allowed == policy.at_least() { least.clone() } else { rate.clone() };
        let certain = self.is_whole(index) && self.is_first(index, &rate);
        let by_least = Raise { setting: least, from: policy.at_least(), to: needed, value: Value::Number(needed) };
        let by_rate = share.map(|share| Raise {
            setting: rate,
            from: policy.per_mille().into(),
            to: share.into(),
            value: Value::PerMille(share),
        });
        let nearest = Raise::smaller(Some(by_least), by_rate).filter(|_| certain);
        let nearest = nearest.map(|raise| raise.setting.changed(raise.value, words::RETRIED.into()));
        explanation.by(decided).otherwise(nearest)
    }

    /// A refusal of the budget, of an attempt or of a step.
    pub(super) fn budget_exceeded(
        &self,
        index: usize,
        exceeded: BudgetExceeded,
        text: alloc::string::String,
    ) -> Explanation {
        let BudgetExceeded { what, limit, left, asked } = exceeded;
        let value = |number| match what {
            Resource::Time => Value::Duration(Duration::from_micros(number)),
            _ => Value::Number(number),
        };
        let setting = Self::of_run(what.setting(), value(limit));
        let limits = match self.policies {
            Policies::Run(run, _) => run.budget(),
            Policies::Call(_) => crate::budget::Limits::none(),
        };
        // Of equals the first is named, so what stands after it may be used up as well; and where nothing is left, more may
        // be spent than allowed.
        let certain = match what {
            Resource::Time => false,
            Resource::Attempts | Resource::Steps => limits.tokens().is_none() && limits.money().is_none(),
            Resource::Tokens => limits.money().is_none() && left > 0,
            Resource::Money => left > 0,
        };
        let steps = what == Resource::Attempts && limits.steps().is_some() && asked == 0;
        let certain = certain && !steps && asked > left && self.knows_runs() && self.is_whole(index);
        let to = limit.saturating_add(asked - left.min(asked));
        let nearest = (certain && self.is_first(index, &setting))
            .then(|| setting.changed(value(to), words::BUDGET_SUFFICES.into()));
        Explanation::new("budget", text)
            .by(setting)
            .number("limit", value(limit))
            .number("left", value(left))
            .number("asked", value(asked))
            .otherwise(nearest)
    }
}

fn not_transient(class: FailureClass) -> Explanation {
    Explanation::new("not_transient", words::not_transient(class)).number("class", Value::text(class.as_str()))
}

fn rule_of(scope: Scope) -> &'static str {
    if scope == Scope::Run { "run_deadline" } else { "call_deadline" }
}
