//! Guarded calls: one machine for each, and what they share by their guard.

use crate::breaker::{Breaker, put_rejection};
use crate::hall::{Common, Hall, hall};
use steadfast::breaker::{BreakerPolicy, CircuitBreaker};
use steadfast::budget::{Budget, Envelope, RetryBudget, Spend};
use steadfast::call::{Call, Input, Output, Shared};
use steadfast::deadline::Deadline;
use steadfast::failure::{Failure, FailureClass};
use steadfast::id::{CallId, Key, RunId};
use steadfast::outcome::CallError;
use steadfast::policy::CallPolicy;
use steadfast::retry_after::RetryAfter;
use steadfast::rng::Seed;
use steadfast::setting::InvalidSetting;
use steadfast::time::{Duration, Instant};
use steadfast::trace::Trace;
use steadfast_boundary::opening::opened;
use steadfast_boundary::registers::{count_of, handle, instant, micros_of, put, unsigned};
use steadfast_boundary::settings::{breaker_policy, call_policy, seed};
use steadfast_boundary::slab::Slab;
use wasm_bindgen::prelude::wasm_bindgen;

/// What a step came to: any of these together.
mod came {
    /// An attempt is to be given up: its number is in register 4.
    pub(super) const ABANDON: u32 = 1;
    /// An attempt is to be started: its number and option are in registers 1 and 2.
    pub(super) const START: u32 = 2;
    /// The call is over and well.
    pub(super) const DONE: u32 = 4;
    /// The call is over, and [`call_error`](super::call_error) says why.
    pub(super) const FAILED: u32 = 8;
    /// The breaker let it not begin: the refusal is in registers 0 to 2, and there is no call.
    pub(super) const REFUSED: u32 = 16;
    /// Somebody listens, and there are events.
    pub(super) const EVENTS: u32 = 32;
}

/// What the calls of one guard share.
pub(crate) struct Guard {
    policy: CallPolicy,
    seed: Seed,
    calls: u64,
    breaker: Option<u32>,
    envelope: Option<u32>,
    word: RetryAfter,
    /// The endpoints of the fallbacks, from the first on.
    fallbacks: Vec<Fallback>,
    fallback_breaker: Option<BreakerPolicy>,
    listening: bool,
}

struct Fallback {
    breaker: Option<CircuitBreaker>,
    word: RetryAfter,
}

/// A call under way.
pub(crate) struct Running {
    call: Call,
    guard: u32,
    error: Option<CallError>,
}

/// What a call shares, borrowed for one step of it.
struct Around<'a> {
    word: &'a mut RetryAfter,
    fallbacks: &'a mut [Fallback],
    breaker: Option<&'a mut CircuitBreaker>,
    budget: Option<(&'a mut Budget, Envelope)>,
}

impl Shared for Around<'_> {
    fn breaker<R>(&mut self, option: u32, act: impl FnOnce(&mut CircuitBreaker) -> R) -> Option<R> {
        match option {
            0 => self.breaker.as_deref_mut().map(act),
            later => self.fallbacks.get_mut(later as usize - 1)?.breaker.as_mut().map(act),
        }
    }

    fn retry_after<R>(&mut self, option: u32, act: impl FnOnce(&mut RetryAfter) -> R) -> Option<R> {
        match option {
            0 => Some(act(self.word)),
            later => self.fallbacks.get_mut(later as usize - 1).map(|fallback| act(&mut fallback.word)),
        }
    }

    fn retries<R>(&mut self, _act: impl FnOnce(&mut RetryBudget) -> R) -> Option<R> {
        None
    }

    fn budget<R>(&mut self, act: impl FnOnce(&mut Budget, Envelope) -> R) -> Option<R> {
        self.budget.as_mut().map(|(budget, envelope)| act(budget, *envelope))
    }
}

/// A guard with the settings in the registers. From register 0: timeout, deadline, first output, idle, attempts (-1 for no
/// retries), base, cap, factor in thousandths, jitter, breaker, envelope; then, from 11 on, the breaker policy of fallbacks
/// (-1 for none).
#[wasm_bindgen]
#[must_use]
pub fn guard_open(seed_high: u32, seed_low: u32) -> i32 {
    let seed = seed(seed_high, seed_low);
    hall(|hall| {
        let number = guard(seed).map(|guard| hall.common.guards.insert(guard));
        opened(number)
    })
}

fn guard(seed: Seed) -> Result<Guard, InvalidSetting> {
    Ok(Guard {
        policy: call_policy()?,
        seed,
        calls: 0,
        breaker: handle(9),
        envelope: handle(10),
        word: RetryAfter::default(),
        fallbacks: Vec::new(),
        fallback_breaker: breaker_policy(11)?,
        listening: false,
    })
}

/// The guard is not wanted any more.
#[wasm_bindgen]
pub fn guard_close(guard: u32) {
    hall(|hall| hall.common.guards.remove(guard));
}

/// Somebody wants to hear of its decisions, or nobody any more.
#[wasm_bindgen]
pub fn guard_listen(guard: u32, listening: bool) {
    hall(|hall| {
        if let Some(guard) = hall.common.guards.get_mut(guard) {
            guard.listening = listening;
        }
    });
}

/// Begins a call with so many options. Its number goes into register 5, its place among the guard's calls into 6.
#[wasm_bindgen]
#[must_use]
pub fn call_start(guard: u32, options: u32, now: f64) -> u32 {
    hall(|hall| {
        let Some(own) = hall.common.guards.get_mut(guard) else { return came::FAILED };
        own.prepare(options);
        own.calls += 1;
        let (id, now) = (own.calls, instant(now));
        let key = Key { run: RunId(0), call: CallId(id) };
        put(6, count_of(Some(id)));
        let calls = &mut hall.calls;
        let begun = with_shared(&mut hall.common, guard, |(policy, seed), around, trace| {
            let parent =
                around.budget.as_ref().map_or(Deadline::NEVER, |(budget, envelope)| budget.deadline(*envelope));
            let call = if options > 1 {
                Call::new(key, policy, options, seed, parent)
            } else {
                match Call::start(key, policy, seed, parent, now, around, trace) {
                    Ok(call) => call,
                    Err(rejection) => {
                        put_rejection(&rejection);
                        return None;
                    }
                }
            };
            Some(calls.insert(Running { call, guard, error: None }))
        });
        match begun {
            None => came::FAILED,
            Some((None, heard)) => came::REFUSED | heard,
            Some((Some(number), heard)) => {
                put(5, f64::from(number));
                heard | if options > 1 { tell(hall, number, now, Input::Start) } else { drain(&mut hall.calls, number) }
            }
        }
    })
}

/// That attempt succeeded.
#[wasm_bindgen]
#[must_use]
pub fn call_succeeded(call: u32, attempt: u32, now: f64) -> u32 {
    step(call, now, Input::Succeeded(attempt))
}

/// That attempt failed: in a class (by its place in the list of classes), for a time or for good, with what the server
/// asked for in microseconds or -1, and a message for people.
#[wasm_bindgen]
#[must_use]
pub fn call_failed(
    call: u32,
    attempt: u32,
    now: f64,
    class: u32,
    transient: bool,
    retry_after: f64,
    message: &str,
) -> u32 {
    let class = FailureClass::ALL.get(class as usize).copied().unwrap_or(FailureClass::Bug);
    let mut failure = Failure::new(class, message).with_transient(transient);
    if retry_after >= 0.0 {
        failure = failure.with_retry_after(Duration::from_micros(unsigned(retry_after)));
    }
    step(call, now, Input::Failed(attempt, failure))
}

/// Something else happened: 0 time passed, 1 a part of an attempt's output came, 2 it was shown, 3 the caller took it back.
#[wasm_bindgen]
#[must_use]
pub fn call_told(call: u32, attempt: u32, now: f64, what: u32) -> u32 {
    let input = match what {
        0 => Input::Tick,
        1 => Input::Output(attempt),
        2 => Input::Commit(attempt),
        _ => Input::Cancel,
    };
    step(call, now, input)
}

/// An attempt really was so many: something inside it retries too.
#[wasm_bindgen]
#[must_use]
pub fn call_spent(call: u32, attempt: u32, now: f64, attempts: u32) -> u32 {
    step(call, now, Input::Spent(attempt, Spend { attempts: u64::from(attempts), ..Spend::NONE }))
}

/// Why the call has no value: its sentence, with what it is in registers 0 to 3. The call is gone then.
#[wasm_bindgen]
#[must_use]
pub fn call_error(call: u32) -> String {
    hall(|hall| {
        let text = hall.calls.get(call).map(why).unwrap_or_default();
        hall.calls.remove(call);
        text
    })
}

fn why(running: &Running) -> String {
    let (attempts, Some(error)) = (running.call.attempts(), &running.error) else { return String::new() };
    let innermost = match error {
        CallError::AllOptionsFailed { last, .. } => last.as_ref(),
        other => other,
    };
    put(3, f64::from(u32::from(!core::ptr::eq(innermost, error))));
    let (kind, detail) = match innermost {
        CallError::NotTransient { .. } => (0, 0),
        CallError::RetriesExhausted { attempts, .. } => (1, *attempts),
        // A server that wants to be left alone for longer than anybody waits: no other try, and the last failure says why.
        CallError::PauseTooLong { .. } => (1, attempts),
        CallError::DeadlineExceeded { scope, .. } => (2, *scope as u32),
        CallError::CircuitOpen(rejection) => {
            put_rejection(rejection);
            return put_kind(3, None, error);
        }
        CallError::BudgetExceeded(exceeded) => (4, exceeded.what as u32),
        CallError::AfterCommit { .. } => (5, 0),
        CallError::AllOptionsFailed { .. } | CallError::Cancelled => (6, 0),
    };
    put_kind(kind, Some(detail), error)
}

fn put_kind(kind: u32, detail: Option<u32>, error: &CallError) -> String {
    put(4, f64::from(kind));
    if let Some(detail) = detail {
        put(0, f64::from(detail));
    }
    error.to_string()
}

/// Until when the breaker of that option surely lets nothing through; the instant itself if something may pass.
#[wasm_bindgen]
#[must_use]
pub fn guard_open_until(guard: u32, option: u32, now: f64) -> f64 {
    let found = hall(|hall| {
        with_shared(&mut hall.common, guard, |_, around, _| around.breaker(option, |breaker| breaker.open_until()))
    });
    found.and_then(|(until, _)| until.flatten()).map_or(now, |until| micros_of(Some(until)))
}

impl Guard {
    /// Makes the endpoints that so many options need.
    fn prepare(&mut self, options: u32) {
        while self.fallbacks.len() + 1 < options as usize {
            let seed = self.seed.derive(self.fallbacks.len() as u64 + 1);
            let breaker = self.fallback_breaker.map(|policy| CircuitBreaker::new(policy, seed));
            self.fallbacks.push(Fallback { breaker, word: RetryAfter::default() });
        }
    }
}

fn step(call: u32, now: f64, input: Input) -> u32 {
    hall(|hall| tell(hall, call, instant(now), input))
}

/// Tells a call something, and answers what that came to.
#[inline(never)]
fn tell(hall: &mut Hall, call: u32, now: Instant, input: Input) -> u32 {
    let Some(running) = hall.calls.get_mut(call) else { return 0 };
    let told = with_shared(&mut hall.common, running.guard, |_, around, trace| {
        running.call.handle(now, input, around, trace);
    });
    told.map_or(0, |((), heard)| heard) | drain(&mut hall.calls, call)
}

/// Whatever the call has to say, until it waits or is over. One that is well is gone then.
fn drain(calls: &mut Slab<Running>, number: u32) -> u32 {
    let Some(running) = calls.get_mut(number) else { return 0 };
    let mut flags = 0;
    loop {
        match running.call.poll() {
            Output::Abandon(id) => {
                put(4, f64::from(id.attempt));
                flags |= came::ABANDON;
            }
            Output::Start(attempt) => {
                put(1, f64::from(attempt.id.attempt));
                put(2, f64::from(attempt.option));
                put(3, micros_of(attempt.deadline));
                flags |= came::START;
            }
            Output::Wait { until, .. } => {
                put(0, micros_of(until));
                return flags;
            }
            Output::Finished(Ok(_)) => {
                calls.remove(number);
                return flags | came::DONE;
            }
            Output::Finished(Err(error)) => {
                running.error = Some(error);
                return flags | came::FAILED;
            }
        }
    }
}

/// Lets `act` use what the calls of a guard share, and takes up what it decides if anybody wants to hear it.
#[inline]
fn with_shared<R>(
    common: &mut Common,
    guard: u32,
    act: impl FnOnce((&CallPolicy, Seed), &mut Around<'_>, &mut Trace) -> R,
) -> Option<(R, u32)> {
    let Common { guards, breakers, budgets, envelopes, events } = common;
    let Guard { policy, seed, breaker, envelope, word, fallbacks, listening, .. } = guards.get_mut(guard)?;
    let mut own = breaker.and_then(|handle| breakers.get_mut(handle));
    let watched = own.as_ref().is_some_and(|own| own.listening);
    let envelope = envelope.and_then(|handle| envelopes.get(handle).copied());
    let budget = envelope.and_then(|(budget, envelope)| Some((budgets.get_mut(budget)?, envelope)));
    let before = own.as_ref().filter(|_| watched).map(|own| own.machine.state());
    let mut trace = if *listening || watched { Trace::on() } else { Trace::off() };
    let breaker = own.as_deref_mut().map(|own: &mut Breaker| &mut own.machine);
    let result = act((policy, *seed), &mut Around { word, fallbacks, breaker, budget }, &mut trace);
    let mut heard = 0;
    if let (Some(own), Some(before)) = (own, before) {
        trace.entries().iter().fold(before, |state, entry| own.overhear(state, entry));
    }
    if *listening && !trace.entries().is_empty() {
        events.extend(trace.into_entries());
        heard = came::EVENTS;
    }
    Some((result, heard))
}
