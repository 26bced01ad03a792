//! After an attempt: what its failure, its silence or its output leads to.

use super::{Call, Phase, Shared};
use crate::backoff::Delay;
use crate::breaker::PermitOutcome;
use crate::budget::{RetryBudget, RetryThrottle, Spend};
use crate::deadline::{Deadline, Scope};
use crate::event::Event;
use crate::failure::{Failure, FailureClass};
use crate::fallback::{FallbackReason, PauseReason, RetryRefusal};
use crate::outcome::CallError;
use crate::retry::{NoRetry, RetryDecision, RetryPolicy};
use crate::time::{Duration, Instant, Limit, Span};
use crate::trace::Trace;

impl Call {
    #[inline(never)]
    pub(super) fn attempt_succeeded<S: Shared + ?Sized>(&mut self, shared: &mut S, trace: &mut Trace) {
        let (now, started) = (self.now, self.settle(PermitOutcome::Ok, true, shared, trace));
        shared.throttle(self.options.current(), RetryThrottle::succeeded);
        self.record(trace, Some(self.attempts), || Event::AttemptSucceeded { after: now - started });
        self.phase = Phase::Over(Ok(self.attempts));
    }

    pub(super) fn attempt_failed<S: Shared + ?Sized>(&mut self, failure: Failure, shared: &mut S, trace: &mut Trace) {
        let counts = failure.class.counts_against_service();
        let outcome = if counts { PermitOutcome::Failed } else { PermitOutcome::Ignored };
        let (now, started) = (self.now, self.started());
        let event = || Event::AttemptFailed { failure: failure.clone(), after: now - started };
        self.record(trace, Some(self.attempts), event);
        // What never got there cost nothing; of anything else nobody knows, so it may have cost what was expected.
        let may_have_cost = failure.class.may_have_taken_effect();
        let committed = self.is_committed();
        self.settle(outcome, may_have_cost, shared, trace);
        let option = self.options.current();
        if counts {
            shared.throttle(option, RetryThrottle::failed);
        }
        self.hear_server(option, &failure, shared);
        if failure.class == FailureClass::Cancelled {
            self.finish(CallError::Cancelled, trace);
        } else if committed {
            self.finish(CallError::AfterCommit { failure }, trace);
        } else {
            self.after_failure(failure, shared, trace);
        }
    }

    pub(super) fn attempt_spent(&mut self, spend: Spend, trace: &mut Trace) {
        if let Phase::Attempting(attempting) = &mut self.phase {
            attempting.spent = Some(spend);
        }
        if spend.attempts > 1 {
            self.record(trace, Some(self.attempts), || Event::InnerRetries { attempts: spend.attempts });
        }
    }

    /// The attempt's time is up, or its next output is overdue.
    pub(super) fn time_is_up<S: Shared + ?Sized>(&mut self, shared: &mut S, trace: &mut Trace) {
        let Phase::Attempting(attempting) = &self.phase else { return };
        let (after, scope, committed) =
            (self.now - attempting.started, attempting.limit().scope(), attempting.committed);
        let told = attempting.told;
        self.give_attempt_up(told);
        // Cut short by a deadline it says nothing of the service, unless that was all the time it was ever given.
        let fair = !matches!(scope, Scope::Call | Scope::Run) || self.timeout.is_none();
        let outcome = if fair { PermitOutcome::Failed } else { PermitOutcome::Ignored };
        self.record(trace, Some(self.attempts), || Event::AttemptTimedOut { scope, after });
        self.settle(outcome, true, shared, trace);
        if fair {
            shared.throttle(self.options.current(), RetryThrottle::failed);
        }
        let failure = match scope {
            Scope::Idle => {
                let idle = Span(self.idle.map(Limit::duration).unwrap_or_default());
                Failure::new(FailureClass::Stalled, alloc::format!("no further output within {idle}"))
            }
            Scope::FirstOutput => {
                Failure::new(FailureClass::Timeout, alloc::format!("no output within {}", Span(after)))
            }
            Scope::Attempt | Scope::Call | Scope::Run => {
                Failure::new(FailureClass::Timeout, alloc::format!("no answer within {}", Span(after)))
            }
        };
        if committed {
            self.finish(CallError::AfterCommit { failure }, trace);
        } else {
            self.after_failure(failure, shared, trace);
        }
    }

    /// A part of the output is there: the next one is due within the idle time.
    pub(super) fn output_came(&mut self, trace: &mut Trace) {
        let (now, idle, number) = (self.now, self.idle, self.attempts);
        let Phase::Attempting(attempting) = &mut self.phase else { return };
        let first = attempting.output_by.scope() != Scope::Idle;
        attempting.output_by = Deadline::limited(now, idle, Scope::Idle);
        if attempting.output_by.at().is_none() {
            attempting.output_by = Deadline::until(Instant::MAX, Scope::Idle);
        }
        let after = now - attempting.started;
        if first {
            self.record(trace, Some(number), || Event::FirstOutput { after });
        }
    }

    pub(super) fn commit(&mut self, trace: &mut Trace) {
        let Phase::Attempting(attempting) = &mut self.phase else { return };
        let again = core::mem::replace(&mut attempting.committed, !sabotaged!(CommitIsForgotten));
        let after = self.now - attempting.started;
        if !again {
            self.record(trace, Some(self.attempts), || Event::Committed { after });
        }
    }

    fn after_failure<S: Shared + ?Sized>(&mut self, failure: Failure, shared: &mut S, trace: &mut Trace) {
        if self.deadline.has_passed(self.now) {
            let scope = self.deadline.scope();
            return self.finish(CallError::DeadlineExceeded { scope, last: Some(failure) }, trace);
        }
        let remaining = self.deadline.remaining(self.now);
        let mut stream = self.seed.stream(self.key.call.0, self.attempts);
        #[cfg(feature = "sabotage")]
        if sabotaged!(ChanceFromOutside) {
            stream = self.seed.stream(crate::sabotage::count(), self.attempts);
        }
        let decision = match &self.retry {
            Some(retry) => retry.decide(self.tries, &failure, self.previous_wait, remaining, &mut stream),
            None if failure.transient => RetryDecision::Stop(NoRetry::AttemptsUsedUp),
            None => RetryDecision::Stop(NoRetry::NotTransient),
        };
        let attempts = self.tries;
        let (reason, error) = match decision {
            RetryDecision::Again(delay) => {
                if self.breaker_outlasts(delay.delay, shared) {
                    // Waiting would only end before a closed door.
                    self.last_failure = Some(failure);
                    return self.start_attempt(shared, trace);
                }
                let asked_too_much = self.asked_too_much(&delay, shared);
                let too_long = delay.retry_after.and_then(|asked| self.too_long(asked, &failure));
                let until = self.now + delay.retry_after.unwrap_or_default();
                match (asked_too_much, too_long, Self::refusal_of(self.options.current(), shared)) {
                    (None, None, None) => return self.back_off(delay, failure, shared, trace),
                    (Some(_), too_long, _) => {
                        let error = too_long.unwrap_or(CallError::RetriesExhausted { attempts, last: failure });
                        (FallbackReason::Paused { until, reason: PauseReason::ServerAsked }, error)
                    }
                    (None, Some(error), _) => {
                        (FallbackReason::Paused { until, reason: PauseReason::ServerAsked }, error)
                    }
                    (None, None, Some(refusal)) => {
                        self.record(trace, None, || Event::RetryRefused { reason: refusal });
                        let error = CallError::RetriesExhausted { attempts, last: failure };
                        (FallbackReason::RetriesRefused { reason: refusal }, error)
                    }
                }
            }
            RetryDecision::Stop(NoRetry::NotTransient) => {
                (FallbackReason::NotTransient { class: failure.class }, CallError::NotTransient { failure })
            }
            RetryDecision::Stop(NoRetry::AttemptsUsedUp) => {
                (FallbackReason::AttemptsUsedUp { attempts }, CallError::RetriesExhausted { attempts, last: failure })
            }
            RetryDecision::Stop(NoRetry::WaitBeyondDeadline { wait, remaining }) => (
                FallbackReason::WaitBeyondDeadline { wait, remaining },
                CallError::DeadlineExceeded { scope: self.deadline.scope(), last: Some(failure) },
            ),
        };
        if self.fall_back(reason, shared, trace) {
            self.start_attempt(shared, trace);
        } else {
            self.give_up(error, trace);
        }
    }

    fn back_off<S: Shared + ?Sized>(&mut self, delay: Delay, failure: Failure, shared: &mut S, trace: &mut Trace) {
        shared.retries(RetryBudget::retried);
        self.counted = true;
        let until = self.now + if sabotaged!(WaitIsHalved) { delay.delay / 2 } else { delay.delay };
        let (next, of) = (self.tries + 1, self.retry.as_ref().map_or(1, RetryPolicy::attempts));
        self.record(trace, None, || Event::BackingOff { next, of, until, delay });
        self.previous_wait = Some(delay.delay);
        self.last_failure = Some(failure);
        self.phase = Phase::BackingOff { until };
        // A wait of nothing is over at once.
        self.pass_time(shared, trace);
    }

    /// Why those who share with this call allow it no other try of that option, where they do not.
    pub(super) fn refusal_of<S: Shared + ?Sized>(option: u32, shared: &mut S) -> Option<RetryRefusal> {
        let throttled = shared.throttle(option, |throttle| {
            let tokens_thousandths = throttle.tokens_thousandths();
            (!throttle.may_retry()).then_some(RetryRefusal::Throttle { tokens_thousandths })
        });
        let spent = |retries: &mut RetryBudget| retries.may_retry().err().map(RetryRefusal::RetryBudget);
        throttled.flatten().or_else(|| shared.retries(spent).flatten())
    }

    fn breaker_outlasts<S: Shared + ?Sized>(&self, wait: Duration, shared: &mut S) -> bool {
        let open_until = shared.breaker(self.options.current(), |breaker| breaker.open_until()).flatten();
        open_until.is_some_and(|until| self.now + wait < until)
    }

    fn started(&self) -> Instant {
        match &self.phase {
            Phase::Attempting(attempting) => attempting.started,
            _ => self.now,
        }
    }

    fn is_committed(&self) -> bool {
        matches!(&self.phase, Phase::Attempting(attempting) if attempting.committed)
    }
}
