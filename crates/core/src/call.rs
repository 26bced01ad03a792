//! A guarded call: deadline, budget, fallback, retry, breaker and timeout as one machine.
//!
//! One machine rather than a stack of wrappers, so that each layer sees the others: a wait that would end after the
//! deadline is not begun but moves on to the fallback at once; an open breaker is a reason to fall back and never counts
//! as a failure of the service; a cancellation is neither success nor failure and hands its permit back.

mod adopt;
mod after;
mod asked;
mod heard;
mod shared;

pub(crate) use heard::Unheard;
pub use shared::{Endpoint, Resources, Shared};

use crate::breaker::{CircuitBreaker, Permit, PermitOutcome, Rejection};
use crate::budget::{Reservation, RetryBudget, Spend};
use crate::deadline::{Deadline, Scope};
use crate::event::Event;
use crate::failure::Failure;
use crate::fallback::Options;
use crate::id::{AttemptId, CallId, Key};
use crate::outcome::{CallError, WaitReason};
use crate::policy::CallPolicy;
use crate::retry::RetryPolicy;
use crate::rng::Seed;
use crate::time::{Duration, Instant, Limit};
use crate::trace::Trace;
use alloc::boxed::Box;
use alloc::vec::Vec;
use asked::Left;
use heard::Heard;
use shared::event_of;

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
    timeout: Option<Limit>,
    limit: Option<Limit>,
    first_output: Option<Limit>,
    idle: Option<Limit>,
    estimate: Spend,
    retry: Option<RetryPolicy>,
    seed: Seed,
    deadline: Deadline,
    longest_pause: Option<Limit>,
    options: Options,
    /// The options that were left, in order.
    left: Vec<Left>,
    now: Instant,
    began: Instant,
    phase: Phase,
    /// Attempts made in all.
    attempts: u32,
    /// Attempts made of the current option.
    tries: u32,
    /// Whether the next attempt is counted among the retries already.
    counted: bool,
    previous_wait: Option<Duration>,
    last_failure: Option<Failure>,
    abandoned: Option<u32>,
    /// What few calls need: see [`heard`].
    heard: Option<Box<Heard>>,
}

#[derive(Debug)]
enum Phase {
    New,
    Attempting(Attempting),
    BackingOff { until: Instant },
    Over(Result<u32, CallError>),
}

/// An attempt under way.
#[derive(Debug)]
struct Attempting {
    started: Instant,
    /// When it has to be over, whatever it brings.
    until: Deadline,
    /// When its next output has to be there.
    output_by: Deadline,
    permit: Option<Permit>,
    reservation: Option<Reservation>,
    /// What it really spent, as far as anybody said.
    spent: Option<Spend>,
    /// Whether the host was told to start it.
    told: bool,
    /// Whether something of it was shown, so that it cannot be taken back.
    committed: bool,
}

impl Attempting {
    /// The limit that comes first.
    fn limit(&self) -> Deadline {
        self.output_by.within(self.until)
    }
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
    /// That attempt brought a part of its output: the limit for the first one is met, and the next is due within the
    /// policy's idle time.
    Output(u32),
    /// Something of that attempt was shown to somebody: from here on it cannot be tried again, nor fallen back from.
    Commit(u32),
    /// What that attempt really spent; to be told before its outcome. Else its estimate counts. More than one attempt means
    /// that something inside it retries too: they all count.
    Spent(u32, Spend),
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
    // In WebAssembly there once: it is long, and made in two places.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    pub fn new(key: Key, policy: &CallPolicy, options: u32, seed: Seed, parent: Deadline) -> Self {
        Self {
            key,
            timeout: policy.timeout,
            limit: policy.deadline,
            first_output: policy.first_output,
            idle: policy.idle,
            estimate: policy.estimate,
            retry: policy.retry,
            seed,
            deadline: parent,
            longest_pause: policy.longest_pause,
            options: Options::new(options),
            left: Vec::new(),
            now: Instant::ORIGIN,
            began: Instant::ORIGIN,
            phase: Phase::New,
            attempts: 0,
            tries: 0,
            counted: false,
            previous_wait: None,
            last_failure: None,
            abandoned: None,
            heard: None,
        }
    }

    /// A call that is begun at once, or the reason why its only option's breaker does not let it begin: [`new`](Self::new)
    /// and [`Input::Start`] in one, for hosts that turn many callers away. A refusal is counted and traced as ever. What comes before
    /// a breaker has its word first: a call whose time is over, or that its budget does not allow, begins, and ends with that.
    pub fn start<S: Shared + ?Sized>(
        key: Key,
        policy: &CallPolicy,
        seed: Seed,
        parent: Deadline,
        now: Instant,
        shared: &mut S,
        trace: &mut Trace,
    ) -> Result<Self, Rejection> {
        // A call that a server asked to wait does that first, and one that may not even begin says so.
        let asked = shared.retry_after(0, |word| word.until(now)).flatten().is_some() || parent.has_passed(now);
        let estimate = Spend { attempts: 1, ..policy.estimate };
        let begins = asked || shared.budget(|budget, envelope| budget.allows(envelope, now, &estimate)) == Some(false);
        if !begins
            && let Some(rejection) = shared.breaker(0, |breaker| refused(breaker, now, key.call, trace)).flatten()
        {
            shared.retries(RetryBudget::call_started);
            return Err(rejection);
        }
        let mut call = Self::new(key, policy, 1, seed, parent);
        call.handle(now, Input::Start, shared, trace);
        Ok(call)
    }

    /// It ends no later than that.
    pub(crate) fn narrow(&mut self, parent: Deadline) {
        self.deadline = self.deadline.within(parent);
        if let Phase::Attempting(attempting) = &mut self.phase {
            attempting.until = attempting.until.within(parent);
        }
    }

    /// Counts its attempts on from those an earlier call under the same key made, so that no two share a number.
    #[must_use]
    pub fn after_attempts(mut self, made: u32) -> Self {
        self.attempts = made;
        self
    }

    /// The idempotency key of all its attempts.
    #[must_use]
    pub fn key(&self) -> Key {
        self.key
    }

    /// Attempts made so far.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Its number within the run.
    #[must_use]
    pub fn id(&self) -> CallId {
        self.key.call
    }

    /// Whether that attempt is the one under way, so that its outcome would count: one that the host was told to start.
    #[must_use]
    pub fn awaits(&self, attempt: u32) -> bool {
        let under_way = matches!(&self.phase, Phase::Attempting(attempting) if attempting.told);
        under_way && (attempt == self.attempts || sabotaged!(AnyAttemptWillDo))
    }

    /// Takes an input. Time counts first: an outcome that comes at the instant at which its attempt's time is up is late.
    // A call that goes well hears two inputs. Those stand here, small enough to be inlined where a host names them; all
    // others are for `hear`.
    #[expect(clippy::inline_always, reason = "what it is inlined into knows the input, which leaves a third of it")]
    #[inline(always)]
    pub fn handle<S: Shared + ?Sized>(&mut self, now: Instant, input: Input, shared: &mut S, trace: &mut Trace) {
        self.advance(now, trace);
        if let Input::Failed(attempt, failure) = &input {
            // What a server asks for is heard before time passes, which may begin another attempt.
            self.hear_late(*attempt, failure, shared);
        }
        if !(sabotaged!(LateReplyCounts) && matches!(input, Input::Succeeded(_))) {
            self.pass_time(shared, trace);
        }
        match input {
            Input::Start if matches!(self.phase, Phase::New) => self.begin(shared, trace),
            Input::Succeeded(attempt) if self.awaits(attempt) => self.attempt_succeeded(shared, trace),
            Input::Start | Input::Tick => {}
            input => self.hear(input, shared, trace),
        }
    }

    /// As [`handle`](Self::handle), for a run: it hands inputs on in many places, and none of them is worth a copy of it.
    #[inline(never)]
    pub(crate) fn receive<S: Shared + ?Sized>(
        &mut self,
        now: Instant,
        input: Input,
        shared: &mut S,
        trace: &mut Trace,
    ) {
        self.handle(now, input, shared, trace);
    }

    #[inline(never)]
    fn hear<S: Shared + ?Sized>(&mut self, input: Input, shared: &mut S, trace: &mut Trace) {
        match input {
            Input::Failed(attempt, failure) if self.awaits(attempt) => self.attempt_failed(failure, shared, trace),
            Input::Output(attempt) if self.awaits(attempt) => self.output_came(trace),
            Input::Commit(attempt) if self.awaits(attempt) => self.commit(trace),
            Input::Spent(attempt, spend) if self.awaits(attempt) => self.attempt_spent(spend, trace),
            // A part of an attempt that is over is as late as its end will be, and that is traced.
            Input::Start | Input::Tick | Input::Output(_) | Input::Commit(_) | Input::Spent(..) => {}
            Input::Succeeded(attempt) => {
                let _ = self.hear_of(attempt);
                self.record(trace, Some(attempt), || Event::LateReply { ok: true });
            }
            Input::Failed(attempt, failure) => {
                self.hear_late(attempt, &failure, shared);
                self.record(trace, Some(attempt), || Event::LateReply { ok: false });
            }
            Input::Cancel => self.cancel(shared, trace),
        }
    }

    /// What to do next. Drain it after every [`handle`](Self::handle), until it waits or is finished.
    #[inline]
    pub fn poll(&mut self) -> Output {
        let id = |attempt| AttemptId { call: self.key.call, attempt };
        if let Some(attempt) = self.abandoned.take() {
            return Output::Abandon(id(attempt));
        }
        match &mut self.phase {
            Phase::New => Output::Wait { until: None, why: WaitReason::NotStarted },
            Phase::Attempting(attempting) if !attempting.told => {
                attempting.told = true;
                let (id, option, until) = (id(self.attempts), self.options.current(), attempting.until.at());
                Output::Start(Attempt { id, option, key: self.key, until, deadline: self.deadline.at() })
            }
            Phase::Attempting(attempting) => {
                Output::Wait { until: attempting.limit().at(), why: WaitReason::AttemptUnderWay }
            }
            Phase::BackingOff { until } => {
                Output::Wait { until: Some(*until).filter(|_| !sabotaged!(WaitNeverEnds)), why: WaitReason::BackingOff }
            }
            Phase::Over(Ok(attempt)) => Output::Finished(Ok(*attempt)),
            Phase::Over(Err(error)) => Output::Finished(Err(error.clone())),
        }
    }

    /// The clock never goes back here: an earlier instant counts as the last one.
    #[inline]
    fn advance(&mut self, now: Instant, trace: &mut Trace) {
        if now < self.now {
            let by = self.now - now;
            self.record(trace, None, || Event::ClockWentBack { by });
        }
        self.now = self.now.max(now);
    }

    #[inline]
    fn pass_time<S: Shared + ?Sized>(&mut self, shared: &mut S, trace: &mut Trace) {
        if self.is_due() {
            self.time_has_come(shared, trace);
        }
    }

    /// Whether what it waits for is over by now.
    #[inline]
    fn is_due(&self) -> bool {
        match &self.phase {
            Phase::Attempting(attempting) => {
                attempting.limit().has_passed(self.now) && !sabotaged!(AttemptNeverTimesOut)
            }
            Phase::BackingOff { until } => self.now >= *until || sabotaged!(WaitEndsEarly),
            Phase::New | Phase::Over(_) => false,
        }
    }

    #[inline(never)]
    fn time_has_come<S: Shared + ?Sized>(&mut self, shared: &mut S, trace: &mut Trace) {
        match &self.phase {
            Phase::Attempting(_) => self.time_is_up(shared, trace),
            Phase::BackingOff { .. } => self.start_attempt(shared, trace),
            Phase::New | Phase::Over(_) => {}
        }
    }

    #[inline]
    fn begin<S: Shared + ?Sized>(&mut self, shared: &mut S, trace: &mut Trace) {
        self.began = self.now;
        let limit = self.limit.filter(|_| !sabotaged!(CallHasNoDeadline));
        self.deadline = Deadline::limited(self.now, limit, Scope::Call).within(self.deadline);
        shared.retries(RetryBudget::call_started);
        self.start_attempt(shared, trace);
    }

    /// Starts an attempt of the current option, or of another one whose server and breaker let it through.
    #[inline(never)]
    fn start_attempt<S: Shared + ?Sized>(&mut self, shared: &mut S, trace: &mut Trace) {
        if self.deadline.has_passed(self.now) {
            self.not_retried(shared);
            let last = self.last_failure.take();
            return self.finish(CallError::DeadlineExceeded { scope: self.deadline.scope(), last }, trace);
        }
        let (now, estimate) = (self.now, Spend { attempts: 1, ..self.estimate });
        let reservation = match shared.budget(|budget, envelope| budget.reserve(envelope, now, estimate)) {
            Some(Err(exceeded)) => {
                self.not_retried(shared);
                return self.finish(CallError::BudgetExceeded(exceeded), trace);
            }
            Some(Ok(reservation)) => Some(reservation),
            None => None,
        };
        loop {
            if let Some(word) = self.asked_to_wait(shared) {
                if self.leaves_alone(word, shared, trace) {
                    continue;
                }
                if let Some(reservation) = reservation {
                    shared.budget(|budget, _| budget.cancel(reservation));
                }
                return;
            }
            if !self.may_try_again(shared, trace) {
                if matches!(self.phase, Phase::Over(_)) {
                    if let Some(reservation) = reservation {
                        shared.budget(|budget, _| budget.cancel(reservation));
                    }
                    return;
                }
                continue;
            }
            let (now, timeout, option) = (self.now, self.timeout, self.options.current());
            let admission = shared.breaker(option, |breaker| {
                let admission = breaker.admit_for(now, || timeout.map(Limit::duration));
                self.record_changes(breaker, trace);
                admission
            });
            match admission.transpose() {
                Ok(permit) => return self.begin_attempt(permit, reservation, trace),
                Err(rejection) => {
                    if !self.turned_away(rejection, shared, trace) {
                        if let Some(reservation) = reservation {
                            shared.budget(|budget, _| budget.cancel(reservation));
                        }
                        return;
                    }
                }
            }
        }
    }

    #[inline]
    fn begin_attempt(&mut self, permit: Option<Permit>, reservation: Option<Reservation>, trace: &mut Trace) {
        let doubled = |limit: Limit| Limit::new(limit.duration().saturating_mul(2));
        let timeout = if sabotaged!(TimeoutIsDoubled) { self.timeout.and_then(doubled) } else { self.timeout };
        let until = Deadline::limited(self.now, timeout, Scope::Attempt).within(self.deadline);
        self.attempts = if sabotaged!(AttemptsShareANumber) { 1 } else { self.attempts.saturating_add(1) };
        self.tries = self.tries.saturating_add(1);
        self.counted = false;
        let output_by = Deadline::limited(self.now, self.first_output, Scope::FirstOutput);
        let (started, option, first) = (self.now, self.options.current(), output_by.within(until));
        let (spent, told, committed) = (None, false, false);
        self.phase =
            Phase::Attempting(Attempting { started, until, output_by, permit, reservation, spent, told, committed });
        self.record(trace, Some(self.attempts), || Event::AttemptStarted {
            option,
            until: first.at(),
            scope: first.scope(),
        });
    }

    /// Ends with the last option's error, or with one that says how many options there were.
    fn give_up(&mut self, error: CallError, trace: &mut Trace) {
        let options = self.options.count();
        let error = if options > 1 { CallError::AllOptionsFailed { options, last: Box::new(error) } } else { error };
        self.finish(error, trace);
    }

    #[inline(never)]
    fn finish(&mut self, error: CallError, trace: &mut Trace) {
        self.record(trace, None, || Event::CallFailed { error: error.clone() });
        self.phase = Phase::Over(Err(error));
    }

    fn cancel<S: Shared + ?Sized>(&mut self, shared: &mut S, trace: &mut Trace) {
        match &self.phase {
            Phase::Over(_) => return,
            Phase::Attempting(attempting) => {
                let after = self.now - attempting.started;
                self.give_attempt_up(attempting.told);
                self.record(trace, Some(self.attempts), || Event::AttemptAbandoned { after });
                self.settle(PermitOutcome::Cancelled, true, shared, trace);
            }
            Phase::New | Phase::BackingOff { .. } => self.not_retried(shared),
        }
        self.finish(CallError::Cancelled, trace);
    }

    /// Hands the current attempt's permit and reservation back, and tells when the attempt began. What it spent is what the
    /// host said, else what was expected where it `may_have_cost` that; the attempt itself was made in any case.
    fn settle<S: Shared + ?Sized>(
        &mut self,
        outcome: PermitOutcome,
        may_have_cost: bool,
        shared: &mut S,
        trace: &mut Trace,
    ) -> Instant {
        let (now, option) = (self.now, self.options.current());
        let Phase::Attempting(attempting) = &self.phase else { return now };
        let started = attempting.started;
        if let Some(reservation) = &attempting.reservation {
            let spent = attempting.spent.unwrap_or(if may_have_cost { self.estimate } else { Spend::NONE });
            let spent = Spend { attempts: spent.attempts.max(1), ..spent };
            shared.budget(|budget, _| budget.take_back(reservation, spent));
        }
        if let Some(permit) = &attempting.permit {
            shared.breaker(option, |breaker| {
                breaker.take_back(permit, outcome, now);
                self.record_changes(breaker, trace);
            });
        }
        if let Phase::Attempting(attempting) = &mut self.phase {
            (attempting.reservation, attempting.permit) = (None, None);
        }
        started
    }

    #[inline]
    fn record_changes(&self, breaker: &mut CircuitBreaker, trace: &mut Trace) {
        if breaker.has_changed() {
            self.record_each_change(breaker, trace);
        }
    }

    #[inline(never)]
    fn record_each_change(&self, breaker: &mut CircuitBreaker, trace: &mut Trace) {
        let option = self.options.current();
        while let Some(change) = breaker.poll_change() {
            self.record(trace, None, || event_of(option, change));
        }
    }

    #[inline]
    fn record(&self, trace: &mut Trace, attempt: Option<u32>, event: impl FnOnce() -> Event) {
        trace.record(self.now, Some(self.key.call), attempt, event);
    }
}

/// What [`Call::start`] turns away.
#[inline]
fn refused(breaker: &mut CircuitBreaker, now: Instant, call: CallId, trace: &mut Trace) -> Option<Rejection> {
    let rejection = breaker.refusal(now)?;
    if trace.is_kept() {
        record_refusal(breaker, now, call, &rejection, trace);
    }
    Some(rejection)
}

#[cold]
fn record_refusal(breaker: &mut CircuitBreaker, now: Instant, call: CallId, rejection: &Rejection, trace: &mut Trace) {
    while let Some(change) = breaker.poll_change() {
        trace.record(now, Some(call), None, || event_of(0, change));
    }
    let (option, retry_at, reason) = (0, rejection.retry_at, rejection.reason.clone());
    trace.record(now, Some(call), None, || Event::BreakerRejected { option, retry_at, reason });
    let rejection = rejection.clone();
    trace.record(now, Some(call), None, || Event::CallFailed { error: CallError::CircuitOpen(rejection) });
}

#[cfg(test)]
mod tests;
