//! A guarded call: deadline, fallback, retry, breaker and timeout as one machine.
//!
//! One machine rather than a stack of wrappers, so that each layer sees the others: a wait that would end after the
//! deadline is not begun but moves on to the fallback at once; an open breaker is a reason to fall back and never counts
//! as a failure of the service; a cancellation is neither success nor failure and hands its permit back.

mod breakers;

pub use breakers::Breakers;

use crate::breaker::{CircuitBreaker, Permit, PermitOutcome, Rejection};
use crate::deadline::{Deadline, Scope};
use crate::event::Event;
use crate::failure::{Failure, FailureClass};
use crate::fallback::{FallbackReason, Options};
use crate::id::{AttemptId, CallId, Key};
use crate::outcome::{CallError, WaitReason};
use crate::policy::CallPolicy;
use crate::retry::{NoRetry, RetryDecision, RetryPolicy};
use crate::rng::Seed;
use crate::time::{Duration, Instant, Span};
use crate::trace::Trace;
use alloc::boxed::Box;
use breakers::event_of;

/// A guarded call.
///
/// How to drive it: create it, tell it [`Input::Start`], and from then on whatever happens: an attempt's outcome,
/// a cancellation, or with [`Input::Tick`] just that time has passed. After every `handle`, drain [`poll`](Self::poll):
/// start what it says to start, give up what it says to abandon, until it answers [`Output::Wait`] or
/// [`Output::Finished`]. Come back with a `Tick` at the instant of the `Wait`, not before. The value of a successful attempt
/// stays with the host: the machine only says which attempt it was.
///
/// ```
/// use steadfast::call::{Call, Input, Output};
/// use steadfast::deadline::Deadline;
/// use steadfast::failure::Failure;
/// use steadfast::id::Key;
/// use steadfast::policy::CallPolicy;
/// use steadfast::rng::Seed;
/// use steadfast::time::Instant;
/// use steadfast::trace::Trace;
///
/// let (mut trace, mut no_breakers) = (Trace::on(), ());
/// let mut call = Call::new(Key::default(), &CallPolicy::default(), 1, Seed(7), Deadline::NEVER);
///
/// call.handle(Instant::ORIGIN, Input::Start, &mut no_breakers, &mut trace);
/// let Output::Start(first) = call.poll() else { panic!() };
/// call.handle(Instant::from_millis(90), Input::Failed(first.id.attempt, Failure::transient("503")), &mut no_breakers, &mut trace);
/// let Output::Wait { until: Some(until), .. } = call.poll() else { panic!() };
///
/// call.handle(until, Input::Tick, &mut no_breakers, &mut trace);
/// let Output::Start(second) = call.poll() else { panic!() };
/// call.handle(until, Input::Succeeded(second.id.attempt), &mut no_breakers, &mut trace);
/// assert_eq!(call.poll(), Output::Finished(Ok(2)));
/// ```
#[derive(Debug)]
pub struct Call {
    key: Key,
    timeout: Option<Duration>,
    limit: Option<Duration>,
    retry: Option<RetryPolicy>,
    seed: Seed,
    deadline: Deadline,
    options: Options,
    now: Instant,
    phase: Phase,
    /// Attempts made in all.
    attempts: u32,
    /// Attempts made of the current option.
    tries: u32,
    previous_wait: Option<Duration>,
    last_failure: Option<Failure>,
    abandoned: Option<u32>,
}

#[derive(Debug)]
enum Phase {
    New,
    Attempting { started: Instant, until: Deadline, permit: Option<Permit>, told: bool },
    BackingOff { until: Instant },
    Over(Result<u32, CallError>),
}

/// What a host tells a call. Attempts are named by their number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Begin.
    Start,
    /// Time has passed.
    Tick,
    /// That attempt succeeded.
    Succeeded(u32),
    /// That attempt failed.
    Failed(u32, Failure),
    /// The caller takes it back.
    Cancel,
}

/// What a call tells its host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Start this attempt.
    Start(Attempt),
    /// Give that attempt up; whatever it still brings is late.
    Abandon(AttemptId),
    /// Nothing to do before that instant, or before an event if there is none.
    Wait {
        /// When to come back.
        until: Option<Instant>,
        /// What for.
        why: WaitReason,
    },
    /// It is over: the number of the attempt that succeeded, or why none did.
    Finished(Result<u32, CallError>),
}

/// One attempt, as its operation sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// What its outcome is reported under.
    pub id: AttemptId,
    /// Which fallback option it tries, from 0.
    pub option: u32,
    /// The same for every attempt of one call: for services that take an idempotency key.
    pub key: Key,
    /// When its time is up.
    pub until: Option<Instant>,
    /// When the whole call's time is up.
    pub deadline: Option<Instant>,
}

impl Call {
    /// A call with `options` to choose from (0 means 1), that ends no later than its `parent` does.
    #[must_use]
    pub fn new(key: Key, policy: &CallPolicy, options: u32, seed: Seed, parent: Deadline) -> Self {
        Self {
            key,
            timeout: policy.timeout(),
            limit: policy.deadline(),
            retry: policy.retry().copied(),
            seed,
            deadline: parent,
            options: Options::new(options),
            now: Instant::ORIGIN,
            phase: Phase::New,
            attempts: 0,
            tries: 0,
            previous_wait: None,
            last_failure: None,
            abandoned: None,
        }
    }

    /// Its number within the run.
    #[must_use]
    pub fn id(&self) -> CallId {
        self.key.call
    }

    /// Whether that attempt is the one under way, so that its outcome would count.
    #[must_use]
    pub fn awaits(&self, attempt: u32) -> bool {
        matches!(self.phase, Phase::Attempting { .. }) && attempt == self.attempts
    }

    /// Takes an input. Time counts first: an outcome that comes at the instant at which its attempt's time is up is late.
    pub fn handle<B: Breakers + ?Sized>(&mut self, now: Instant, input: Input, breakers: &mut B, trace: &mut Trace) {
        if now < self.now {
            let by = self.now - now;
            self.record(trace, None, || Event::ClockWentBack { by });
        }
        self.now = self.now.max(now);
        self.pass_time(breakers, trace);
        match input {
            Input::Start if matches!(self.phase, Phase::New) => {
                self.deadline = Deadline::after(self.now, self.limit, Scope::Call).within(self.deadline);
                self.start_attempt(breakers, trace);
            }
            Input::Start | Input::Tick => {}
            Input::Succeeded(attempt) if self.awaits(attempt) => {
                let (now, started) = (self.now, self.settle(PermitOutcome::Ok, breakers, trace));
                self.record(trace, Some(attempt), || Event::AttemptSucceeded { after: now - started });
                self.phase = Phase::Over(Ok(attempt));
            }
            Input::Failed(attempt, failure) if self.awaits(attempt) => {
                let counts = failure.class.counts_against_service();
                let outcome = if counts { PermitOutcome::Failed } else { PermitOutcome::Ignored };
                let (now, started) = (self.now, self.started());
                let event = || Event::AttemptFailed { failure: failure.clone(), after: now - started };
                self.record(trace, Some(attempt), event);
                self.settle(outcome, breakers, trace);
                if failure.class == FailureClass::Cancelled {
                    self.finish(CallError::Cancelled, trace);
                } else {
                    self.after_failure(failure, breakers, trace);
                }
            }
            Input::Succeeded(attempt) => self.record(trace, Some(attempt), || Event::LateReply { ok: true }),
            Input::Failed(attempt, _) => self.record(trace, Some(attempt), || Event::LateReply { ok: false }),
            Input::Cancel => self.cancel(breakers, trace),
        }
    }

    /// What to do next. Drain it after every [`handle`](Self::handle), until it waits or is finished.
    pub fn poll(&mut self) -> Output {
        let id = |attempt| AttemptId { call: self.key.call, attempt };
        if let Some(attempt) = self.abandoned.take() {
            return Output::Abandon(id(attempt));
        }
        match &mut self.phase {
            Phase::New => Output::Wait { until: None, why: WaitReason::NotStarted },
            Phase::Attempting { until, told: told @ false, .. } => {
                *told = true;
                let (id, option) = (id(self.attempts), self.options.current());
                Output::Start(Attempt { id, option, key: self.key, until: until.at(), deadline: self.deadline.at() })
            }
            Phase::Attempting { until, .. } => Output::Wait { until: until.at(), why: WaitReason::AttemptUnderWay },
            Phase::BackingOff { until } => Output::Wait { until: Some(*until), why: WaitReason::BackingOff },
            Phase::Over(result) => Output::Finished(result.clone()),
        }
    }

    fn pass_time<B: Breakers + ?Sized>(&mut self, breakers: &mut B, trace: &mut Trace) {
        match &self.phase {
            Phase::Attempting { started, until, told, .. } if until.has_passed(self.now) => {
                let (after, scope) = (self.now - *started, until.scope());
                self.abandoned = told.then_some(self.attempts);
                // Cut short by a deadline it says nothing of the service, unless that was all the time it was ever given.
                let fair = scope == Scope::Attempt || self.timeout.is_none();
                let outcome = if fair { PermitOutcome::Failed } else { PermitOutcome::Ignored };
                self.record(trace, Some(self.attempts), || Event::AttemptTimedOut { scope, after });
                self.settle(outcome, breakers, trace);
                let message = alloc::format!("no answer within {}", Span(after));
                self.after_failure(Failure::new(FailureClass::Timeout, message), breakers, trace);
            }
            Phase::BackingOff { until } if self.now >= *until => self.start_attempt(breakers, trace),
            _ => {}
        }
    }

    /// Starts an attempt of the current option, or of the next one that its breaker lets through.
    fn start_attempt<B: Breakers + ?Sized>(&mut self, breakers: &mut B, trace: &mut Trace) {
        loop {
            if self.deadline.has_passed(self.now) {
                let last = self.last_failure.take();
                return self.finish(CallError::DeadlineExceeded { scope: self.deadline.scope(), last }, trace);
            }
            let (now, timeout, option) = (self.now, self.timeout, self.options.current());
            let admission = breakers.with(option, |breaker| {
                let admission = breaker.admit(now, timeout);
                self.record_changes(breaker, trace);
                admission
            });
            match admission {
                Some(Err(rejection)) => {
                    if !self.fall_back_from_open_breaker(rejection, trace) {
                        return;
                    }
                }
                Some(Ok(permit)) => return self.begin(Some(permit), trace),
                None => return self.begin(None, trace),
            }
        }
    }

    fn begin(&mut self, permit: Option<Permit>, trace: &mut Trace) {
        let until = Deadline::after(self.now, self.timeout, Scope::Attempt).within(self.deadline);
        self.attempts = self.attempts.saturating_add(1);
        self.tries = self.tries.saturating_add(1);
        self.phase = Phase::Attempting { started: self.now, until, permit, told: false };
        let option = self.options.current();
        self.record(trace, Some(self.attempts), || Event::AttemptStarted {
            option,
            until: until.at(),
            scope: until.scope(),
        });
    }

    /// Answers whether there is another option to try.
    fn fall_back_from_open_breaker(&mut self, rejection: Rejection, trace: &mut Trace) -> bool {
        let (option, retry_at) = (self.options.current(), rejection.retry_at);
        let event = || Event::BreakerRejected { option, retry_at, reason: rejection.reason.clone() };
        self.record(trace, None, event);
        if self.fall_back(FallbackReason::BreakerOpen { retry_at }, trace) {
            return true;
        }
        self.give_up(CallError::CircuitOpen(rejection), trace);
        false
    }

    fn after_failure<B: Breakers + ?Sized>(&mut self, failure: Failure, breakers: &mut B, trace: &mut Trace) {
        if self.deadline.has_passed(self.now) {
            let scope = self.deadline.scope();
            return self.finish(CallError::DeadlineExceeded { scope, last: Some(failure) }, trace);
        }
        let remaining = self.deadline.remaining(self.now);
        let mut stream = self.seed.stream(self.key.call.0, self.attempts);
        let decision = match &self.retry {
            Some(retry) => retry.decide(self.tries, &failure, self.previous_wait, remaining, &mut stream),
            None if failure.transient => RetryDecision::Stop(NoRetry::AttemptsUsedUp),
            None => RetryDecision::Stop(NoRetry::NotTransient),
        };
        let (reason, error) = match decision {
            RetryDecision::Again(delay) if self.breaker_outlasts(delay.delay, breakers) => {
                // Waiting would only end before a closed door.
                self.last_failure = Some(failure);
                return self.start_attempt(breakers, trace);
            }
            RetryDecision::Again(delay) => {
                let until = self.now + delay.delay;
                let (next, of) = (self.tries + 1, self.retry.as_ref().map_or(1, RetryPolicy::attempts));
                self.record(trace, None, || Event::BackingOff { next, of, until, delay });
                self.previous_wait = Some(delay.delay);
                self.last_failure = Some(failure);
                self.phase = Phase::BackingOff { until };
                // A wait of nothing is over at once.
                return self.pass_time(breakers, trace);
            }
            RetryDecision::Stop(NoRetry::NotTransient) => {
                (FallbackReason::NotTransient { class: failure.class }, CallError::NotTransient { failure })
            }
            RetryDecision::Stop(NoRetry::AttemptsUsedUp) => {
                let attempts = self.tries;
                (FallbackReason::AttemptsUsedUp { attempts }, CallError::RetriesExhausted { attempts, last: failure })
            }
            RetryDecision::Stop(NoRetry::WaitBeyondDeadline { wait, remaining }) => (
                FallbackReason::WaitBeyondDeadline { wait, remaining },
                CallError::DeadlineExceeded { scope: self.deadline.scope(), last: Some(failure) },
            ),
        };
        if self.fall_back(reason, trace) {
            self.start_attempt(breakers, trace);
        } else {
            self.give_up(error, trace);
        }
    }

    fn breaker_outlasts<B: Breakers + ?Sized>(&self, wait: Duration, breakers: &mut B) -> bool {
        let open_until = breakers.with(self.options.current(), |breaker| breaker.open_until()).flatten();
        open_until.is_some_and(|until| self.now + wait < until)
    }

    /// Moves to the next option, if there is one.
    fn fall_back(&mut self, reason: FallbackReason, trace: &mut Trace) -> bool {
        let from = self.options.current();
        let Some(to) = self.options.advance() else { return false };
        self.record(trace, None, || Event::FellBack { from, to, reason });
        self.tries = 0;
        self.previous_wait = None;
        true
    }

    /// Ends with the last option's error, or with one that says how many options there were.
    fn give_up(&mut self, error: CallError, trace: &mut Trace) {
        let options = self.options.count();
        let error = if options > 1 { CallError::AllOptionsFailed { options, last: Box::new(error) } } else { error };
        self.finish(error, trace);
    }

    fn finish(&mut self, error: CallError, trace: &mut Trace) {
        self.record(trace, None, || Event::CallFailed { error: error.clone() });
        self.phase = Phase::Over(Err(error));
    }

    fn cancel<B: Breakers + ?Sized>(&mut self, breakers: &mut B, trace: &mut Trace) {
        match self.phase {
            Phase::Over(_) => return,
            Phase::Attempting { started, told, .. } => {
                let after = self.now - started;
                self.abandoned = told.then_some(self.attempts);
                self.record(trace, Some(self.attempts), || Event::AttemptAbandoned { after });
                self.settle(PermitOutcome::Cancelled, breakers, trace);
            }
            Phase::New | Phase::BackingOff { .. } => {}
        }
        self.finish(CallError::Cancelled, trace);
    }

    fn started(&self) -> Instant {
        match self.phase {
            Phase::Attempting { started, .. } => started,
            _ => self.now,
        }
    }

    /// Hands the current attempt's permit back and tells when the attempt began.
    fn settle<B: Breakers + ?Sized>(&mut self, outcome: PermitOutcome, breakers: &mut B, trace: &mut Trace) -> Instant {
        let started = self.started();
        if let Phase::Attempting { permit, .. } = &mut self.phase
            && let Some(permit) = permit.take()
        {
            let now = self.now;
            breakers.with(self.options.current(), |breaker| {
                breaker.settle(permit, outcome, now);
                self.record_changes(breaker, trace);
            });
        }
        started
    }

    fn record_changes(&self, breaker: &mut CircuitBreaker, trace: &mut Trace) {
        let option = self.options.current();
        while let Some(change) = breaker.poll_change() {
            self.record(trace, None, || event_of(option, change));
        }
    }

    fn record(&self, trace: &mut Trace, attempt: Option<u32>, event: impl FnOnce() -> Event) {
        trace.record(self.now, Some(self.key.call), attempt, event);
    }
}

#[cfg(test)]
mod tests;
