//! Guarded calls under any schedule: several at once, with breakers, throttles and budgets in common.

use crate::bytes::Bytes;
use crate::settings;
use steadfast::breaker::State;
use steadfast::budget::{Budget, Envelope, RetryBudget, Spend};
use steadfast::call::{Call, Endpoint, Input, Output, Resources};
use steadfast::deadline::{Deadline, Scope};
use steadfast::failure::{Failure, FailureClass};
use steadfast::id::{CallId, Key, RunId};
use steadfast::outcome::CallError;
use steadfast::policy::CallPolicy;
use steadfast::rng::Seed;
use steadfast::time::Instant;
use steadfast::trace::Trace;

/// What one input can lead to at most: an attempt given up, another started, and the wait for it.
const OUTPUTS: usize = 8;
/// How often a host comes back at an instant that is already there: settings of next to no time make it do so once for
/// each attempt of each option.
const AT_ONCE: usize = 64;

/// The target.
pub fn check(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    let mut world = World::new(&mut bytes);
    while !bytes.is_empty() {
        world.step(&mut bytes);
    }
    world.end();
}

struct World {
    policy: CallPolicy,
    options: u32,
    seed: Seed,
    endpoints: Vec<Endpoint>,
    retries: Option<RetryBudget>,
    budget: Option<(Budget, Envelope)>,
    calls: Vec<Guarded>,
    trace: Trace,
    now: Instant,
    /// Attempts that were begun, of all calls.
    begun: u64,
}

struct Guarded {
    call: Call,
    /// The latest time it was told.
    now: Instant,
    attempt: u32,
    /// How many attempts each option had.
    tries: Vec<u32>,
    succeeded: Option<u32>,
    ended: Option<Result<u32, CallError>>,
}

impl World {
    fn new(bytes: &mut Bytes<'_>) -> Self {
        let (policy, options) = (settings::call(bytes), u32::from(bytes.up_to(3)));
        let seed = Seed(bytes.number());
        let endpoints = (0..u64::from(options.max(1))).map(|option| Endpoint::new(&policy, seed.derive(option)));
        let endpoints = endpoints.take(usize::from(bytes.pick(&[4_u8, 1, 0]))).collect();
        let retries = settings::retry_budget(bytes).map(RetryBudget::new);
        let budget = bytes.yes().then(|| {
            let mut budget = Budget::new(settings::limits(bytes), Instant::ORIGIN);
            let child = budget.child(budget.root(), settings::limits(bytes), Instant::ORIGIN);
            let envelope = child.unwrap_or(budget.root());
            (budget, envelope)
        });
        let (calls, trace, now) = (Vec::new(), Trace::on(), Instant::ORIGIN);
        Self { policy, options, seed, endpoints, retries, budget, calls, trace, now, begun: 0 }
    }

    fn step(&mut self, bytes: &mut Bytes<'_>) {
        let what = bytes.byte();
        self.now = bytes.instant_after(self.now);
        let index = usize::from(what >> 5) % self.calls.len().max(1);
        match what % 32 {
            0 | 1 => return self.begin(bytes),
            2 => return self.by_hand(bytes),
            3 => return self.close_envelope(),
            _ => {}
        }
        let Some(guarded) = self.calls.get(index) else { return };
        let attempt = match bytes.byte() % 8 {
            0 => bytes.small_number(),
            1 => guarded.attempt.saturating_sub(1),
            _ => guarded.attempt,
        };
        let input = match what % 32 {
            4..=6 => Input::Start,
            7..=10 => Input::Tick,
            11..=15 => Input::Succeeded(attempt),
            16..=23 => Input::Failed(attempt, failure(bytes)),
            24..=26 => Input::Output(attempt),
            27 | 28 => Input::Commit(attempt),
            29 | 30 => Input::Spent(attempt, settings::spend(bytes)),
            _ => Input::Cancel,
        };
        self.tell(index, self.now, input);
    }

    fn begin(&mut self, bytes: &mut Bytes<'_>) {
        if self.calls.len() >= 4 {
            return;
        }
        let key = Key { run: RunId(1), call: CallId(self.calls.len() as u64 + 1) };
        let parent = Deadline::after(self.now, bytes.limit(), Scope::Run);
        let mut call = Call::new(key, &self.policy, self.options, self.seed, parent);
        let mut attempt = 0;
        if bytes.yes() {
            attempt = u32::from(bytes.byte());
            call = call.after_attempts(attempt);
        }
        let tries = vec![0; self.options.max(1) as usize];
        self.calls.push(Guarded { call, now: Instant::ORIGIN, attempt, tries, succeeded: None, ended: None });
    }

    fn by_hand(&mut self, bytes: &mut Bytes<'_>) {
        let (how, index) = (bytes.up_to(3), usize::from(bytes.up_to(3)));
        let Some(breaker) = self.endpoints.get_mut(index).and_then(|endpoint| endpoint.breaker.as_mut()) else {
            return;
        };
        match how {
            0 => breaker.force_open("by hand", self.now),
            1 => breaker.disable("by hand", self.now),
            2 => breaker.reset(self.now),
            _ => breaker.advance(self.now),
        }
    }

    fn close_envelope(&mut self) {
        if let Some((budget, envelope)) = &mut self.budget {
            // Closed already, or the root: both are answers.
            let _ = budget.close(*envelope);
        }
    }

    fn tell(&mut self, index: usize, now: Instant, input: Input) {
        let succeeds = match input {
            Input::Succeeded(attempt) => Some(attempt),
            _ => None,
        };
        self.calls[index].now = self.calls[index].now.max(now);
        let due = self.hand_over(index, now, input, succeeds);
        let mut due = due;
        for again in 0.. {
            let guarded = &self.calls[index];
            // At the end of time everything is due, and nothing later.
            if due.is_none_or(|due| due > guarded.now) || guarded.now == Instant::MAX {
                break;
            }
            assert!(again < AT_ONCE, "it waits for an instant that is there already");
            due = self.hand_over(index, self.calls[index].now, Input::Tick, None);
        }
    }

    /// One input and what follows from it; answers what it waits for.
    fn hand_over(&mut self, index: usize, now: Instant, input: Input, succeeds: Option<u32>) -> Option<Instant> {
        let Self { endpoints, retries, budget, calls, trace, begun, .. } = self;
        let guarded = &mut calls[index];
        let counts = succeeds.filter(|attempt| guarded.call.awaits(*attempt));
        let shared = &mut Resources {
            endpoints,
            retries: retries.as_mut(),
            budget: budget.as_mut().map(|(budget, envelope)| (budget, *envelope)),
        };
        guarded.call.handle(now, input, shared, trace);
        for _ in 0..OUTPUTS {
            match guarded.call.poll() {
                Output::Start(attempt) => {
                    *begun += 1;
                    assert!(guarded.ended.is_none(), "nothing begins after the end");
                    assert_eq!(attempt.key, guarded.call.key());
                    assert_eq!(attempt.id.attempt, guarded.attempt + 1, "each attempt has its number: {}", self.trace);
                    guarded.attempt = attempt.id.attempt;
                    assert!(attempt.deadline.is_none_or(|deadline| guarded.now < deadline), "{attempt:?}");
                    assert!(attempt.until <= attempt.deadline || attempt.deadline.is_none());
                    let tries = &mut guarded.tries[attempt.option as usize];
                    *tries += 1;
                    assert!(*tries <= self.policy.retry().map_or(1, steadfast::retry::RetryPolicy::attempts));
                    let state = endpoints.get(attempt.option as usize).and_then(|endpoint| endpoint.breaker.as_ref());
                    let state = state.map(steadfast::breaker::CircuitBreaker::state);
                    assert!(!matches!(state, Some(State::Open | State::ForcedOpen)), "{attempt:?}");
                }
                Output::Abandon(id) => assert_eq!(id.attempt, guarded.attempt),
                Output::Wait { until, .. } => {
                    assert!(guarded.ended.is_none(), "what is over stays over");
                    return until;
                }
                Output::Finished(result) => {
                    if let Ok(attempt) = result {
                        guarded.succeeded = guarded.succeeded.or(counts);
                        assert_eq!(Some(attempt), guarded.succeeded);
                    }
                    assert!(guarded.ended.as_ref().is_none_or(|ended| *ended == result), "what is over stays over");
                    guarded.ended = Some(result);
                    return None;
                }
            }
        }
        panic!("outputs without end");
    }

    fn end(mut self) {
        for index in 0..self.calls.len() {
            self.tell(index, self.now, Input::Cancel);
            assert!(self.calls[index].ended.is_some(), "a cancelled call is over");
        }
        if let Some((budget, envelope)) = &self.budget {
            let (root, limits) = (budget.root(), budget.left(budget.root(), self.now));
            assert_eq!((budget.reserved(root), budget.reserved(*envelope)), (Spend::NONE, Spend::NONE));
            assert!(limits.attempts.is_none() || budget.spent(root).attempts >= self.begun);
        }
        let entries = self.trace.entries();
        assert!(entries.iter().all(|entry| !entry.to_string().is_empty()));
    }
}

/// How an attempt fails.
pub fn failure(bytes: &mut Bytes<'_>) -> Failure {
    let failure = Failure::new(bytes.pick(&FailureClass::ALL), bytes.text());
    match bytes.up_to(3) {
        0 | 1 => failure,
        2 => failure.with_retry_after(bytes.duration()),
        _ => failure.with_transient(bytes.yes()),
    }
}
