//! The end of an option and of a call: no other try, no other option, no budget.

use super::history::Guarded;
use super::nearest::Raise;
use super::{Explainer, Explanation, Nearest, Policies, Setting, Value, words};
use crate::budget::{BudgetExceeded, Resource, RetryBudgetSpent};
use crate::deadline::Scope;
use crate::event::Event;
use crate::failure::{Failure, FailureClass};
use crate::fallback::{FallbackReason, PauseReason, RetryRefusal};
use crate::outcome::CallError;
use crate::time::{Duration, Instant};
use crate::trace::Entry;

impl Explainer<'_> {
    pub(super) fn fell_back(&self, index: usize, reason: FallbackReason) -> Option<Explanation> {
        let call = self.guarded(index)?;
        Some(match reason {
            FallbackReason::AttemptsUsedUp { attempts } => self.attempts_used_up(index, &call, attempts),
            FallbackReason::NotTransient { class } => not_transient(class),
            FallbackReason::RetriesRefused { reason } => self.refusal(index, &call, reason).otherwise(None),
            FallbackReason::BreakerOpen { retry_at } => Self::circuit_open(&call, retry_at),
            FallbackReason::Paused { until, reason } => self.left_for_a_pause(index, &call, until, reason),
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
            CallError::DeadlineExceeded { scope, last } => self.out_of_time(index, &call, *scope, last.as_ref()),
            CallError::PauseTooLong { wait, limit, .. } => self.pause_too_long(index, &call, *wait, *limit),
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

    pub(super) fn paused(&self, index: usize, until: Instant, reason: PauseReason) -> Option<Explanation> {
        let (call, wait) = (self.guarded(index)?, until - self.at(index));
        let rule = match reason {
            PauseReason::ServerAsked => "retry_after",
            PauseReason::BacksOff => "backs_off",
            PauseReason::BreakerOpen => "breaker_open",
        };
        let breaker = call.policy.breaker().filter(|_| reason == PauseReason::BreakerOpen);
        let setting = breaker.map(|policy| super::breaker::open_for(&call.subject, policy));
        let explanation = Explanation::new(rule, words::paused(reason, wait)).by(setting);
        Some(explanation.number("wait", wait.into()).number("until", Value::Instant(until)))
    }

    /// An option that was left because another one may be tried sooner. Right after its own failure that is for pauses only
    /// which are longer than the call would wait by itself.
    fn left_for_a_pause(&self, index: usize, call: &Guarded, until: Instant, reason: PauseReason) -> Explanation {
        let wait = until - self.at(index);
        let failed = matches!(self.latest(index, call), Some(Event::AttemptFailed { .. }));
        let setting = Self::longest_waits(call).into_iter().min_by_key(|(limit, _)| *limit).filter(|_| failed);
        let limit = setting.as_ref().map(|(limit, _)| *limit);
        let nearest = setting
            .as_ref()
            .filter(|_| self.would_sit_out(index, call, wait))
            .map(|(_, setting)| setting.changed(wait.into(), words::would_be_waited_out(wait)));
        Explanation::new("retry_after", words::left_for_a_pause(reason, wait, limit))
            .by(setting.map(|(_, setting)| setting))
            .number("wait", wait.into())
            .number("until", Value::Instant(until))
            .otherwise(nearest)
    }

    fn pause_too_long(&self, index: usize, call: &Guarded, wait: Duration, limit: Duration) -> Explanation {
        let setting = call.subject.setting("longest_pause", limit.into());
        let would = !self.has_just_failed(index, call) || self.would_sit_out(index, call, wait);
        let certain = would && self.is_whole(index) && self.is_first(index, &setting);
        let nearest = certain.then(|| setting.changed(wait.into(), words::would_be_waited_out(wait)));
        Explanation::new("longest_pause", words::pause_too_long(wait, limit))
            .by(setting)
            .number("wait", wait.into())
            .number("limit", limit.into())
            .otherwise(nearest)
    }

    /// How long a server may ask a call to wait between two tries while another option is free, each with its setting.
    fn longest_waits(call: &Guarded) -> alloc::vec::Vec<(Duration, Setting)> {
        let cap = call.policy.retry().map(|retry| ("backoff.cap", retry.backoff().cap()));
        let longest = call.policy.longest_pause().map(|limit| ("longest_pause", limit));
        let named = |(name, limit): (&'static str, Duration)| (limit, call.subject.setting(name, limit.into()));
        cap.into_iter().chain(longest).map(named).collect()
    }

    /// Whether a pause after a failure would have been waited out, had nothing limited its length.
    fn would_sit_out(&self, index: usize, call: &Guarded, wait: Duration) -> bool {
        let others = Self::longest_waits(call).into_iter().filter(|(limit, _)| *limit < wait).count();
        let at_the_cap = call.policy.retry().is_some_and(|retry| {
            let cap = retry.backoff().cap();
            self.before(index).any(|(place, entry)| match entry.event {
                Event::BackingOff { delay, .. } => {
                    delay.ceiling >= cap && self.guarded(place).is_some_and(|other| other.subject == call.subject)
                }
                _ => false,
            })
        });
        let again = call.policy.retry().is_some_and(|retry| self.tries(index, call) < retry.attempts());
        let own = self.wait(index, call);
        again
            && others == 1
            && !at_the_cap
            && self.is_whole(index)
            && self.ends_after(index, call, own)
            && !self.refuses(index, call, own)
            && !self.before(index).any(|(_, entry)| matches!(entry.event, Event::FellBack { .. }))
    }

    /// Whether a wait that begins there would end before every limit.
    fn ends_after(&self, index: usize, call: &Guarded, wait: Option<Duration>) -> bool {
        let ends = self.limits(call, None).iter().map(|limit| limit.at).min();
        ends.is_none_or(|ends| wait.is_some_and(|wait| self.at(index) + wait < ends))
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
        let wait = self.wait(index, call);
        self.ends_after(index, call, wait) && !self.refuses(index, call, wait) && self.sits_out(index, call)
    }

    /// Whether what the server asked for with the latest failure is no longer than the call would wait.
    fn sits_out(&self, index: usize, call: &Guarded) -> bool {
        let asked = self.of_option(index, call).iter().rev().find_map(|(_, entry)| match &entry.event {
            Event::AttemptFailed { failure, .. } => Some(failure.retry_after),
            Event::AttemptTimedOut { .. } => Some(None),
            _ => None,
        });
        asked.flatten().is_none_or(|asked| Self::longest_waits(call).iter().all(|(limit, _)| asked <= *limit))
    }

    /// Whose deadline a call has.
    fn deadline_scope(&self, call: &Guarded) -> Scope {
        let limits = self.limits(call, None);
        let at = |scope| Self::first(&limits, scope).map_or(Instant::MAX, |limit| limit.at);
        if at(Scope::Call) < at(Scope::Run) { Scope::Call } else { Scope::Run }
    }

    fn out_of_time(&self, index: usize, call: &Guarded, scope: Scope, last: Option<&Failure>) -> Explanation {
        let failed = last.is_some();
        let limits = self.limits(call, None);
        let deadline = Self::first(&limits, scope).cloned();
        let (setting, now) = (deadline.as_ref().map(|deadline| deadline.setting.clone()), self.at(index));
        let over = deadline.as_ref().is_some_and(|deadline| now >= deadline.at);
        match self.latest(index, call) {
            Some(Event::AttemptTimedOut { .. }) => {
                Explanation::new(rule_of(scope), words::out_of_time(scope)).by(setting)
            }
            // A pause that it was told of before it tried anything, or while it waited for something shorter.
            Some(
                Event::ModelCalled { .. }
                | Event::ToolCalled { .. }
                | Event::ReconcileAsked { .. }
                | Event::BackingOff { .. }
                | Event::LateReply { .. },
            ) if last.is_some_and(|last| last.retry_after.is_some()) && !over => {
                let asked = last.and_then(|last| last.retry_after);
                let wait = asked.zip(deadline).map(|(wait, deadline)| (wait, deadline.at - now));
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
        let sits_out = call.policy.longest_pause().is_none_or(|longest| wait <= longest) && self.sits_out(index, call);
        let nearest = (sits_out && !self.refuses(index, call, Some(wait)))
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
            RetryRefusal::RetryBudget(spent) => self.retries_spent(index, call, spent),
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
        let certain = self.is_whole(index)
            && self.is_first(index, setting)
            && self.has_retries(index)
            && self.is_about_a_retry(index, call);
        // 1,000 is the most a throttle can have.
        let mut more = (tokens.saturating_add(1)..=1_000).filter(|_| certain);
        let to = more.find(|to| !self.throttled(index, call, Some(*to)))?;
        Some(setting.changed(to.into(), words::RETRIED.into()))
    }

    /// Whether a refusal of that entry refused to try again after a wait what had just failed, and nothing else. Once an option was left
    /// that a call may come back to, whether it may is asked of throttle and retry budget too, and no line says so.
    fn is_about_a_retry(&self, index: usize, call: &Guarded) -> bool {
        let left = |entry: &Entry| match entry.event {
            Event::FellBack { reason, .. } => {
                matches!(reason, FallbackReason::Paused { .. } | FallbackReason::BreakerOpen { .. })
            }
            _ => false,
        };
        self.has_just_failed(index, call) && !self.before(index).any(|(_, entry)| left(entry))
    }

    /// Whether an attempt of the present option failed, and nothing was waited for since.
    fn has_just_failed(&self, index: usize, call: &Guarded) -> bool {
        let latest = self.of_option(index, call).iter().rev().find_map(|(_, entry)| match entry.event {
            Event::AttemptFailed { .. } | Event::AttemptTimedOut { .. } => Some(true),
            Event::BackingOff { .. } | Event::Paused { .. } => Some(false),
            _ => None,
        });
        latest == Some(true)
    }

    fn retries_spent(&self, index: usize, call: &Guarded, spent: RetryBudgetSpent) -> Explanation {
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
        let certain = self.is_whole(index) && self.is_first(index, &rate) && self.is_about_a_retry(index, call);
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
        let own = match what {
            Resource::Time => None,
            Resource::Attempts => limits.attempts(),
            Resource::Steps => limits.steps(),
            Resource::Tokens => limits.tokens(),
            Resource::Money => limits.money(),
        };
        // A budget around the run is no setting of it.
        let certain =
            certain && own == Some(limit) && !steps && asked > left && self.knows_runs() && self.is_whole(index);
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
