//! The asynchronous functions beyond what the lab knew: shared breakers, parallel tools, cancellation, early timers.

use std::cell::{Cell, RefCell};
use std::future::{Future, pending, ready};
use std::pin::Pin;

use steadfast::approval::{ApprovalGate, ApprovalRequest, Decision};
use steadfast::breaker::{BreakerPolicy, CircuitBreaker, State};
use steadfast::budget::{Budget, Limits, RetryBudget, RetryBudgetPolicy, Spend};
use steadfast::call::Attempt;
use steadfast::call::{Endpoint, Resources};
use steadfast::clock::{Clock, Timer};
use steadfast::drive::{self, Activity, Host, Pending, call, call_streaming, call_with_deadline, retry};
use steadfast::effect::{Claim, Claimed, Effect, EffectState, LedgerEntry};
use steadfast::event::Event;
use steadfast::failure::{Failure, FailureClass};
use steadfast::id::{Key, RunId};
use steadfast::outcome::{CallError, StopReason};
use steadfast::policy::{CallPolicy, RunPolicy};
use steadfast::retry::RetryPolicy;
use steadfast::rng::Seed;
use steadfast::run::{Message, ModelReply, Role, Run, ToolCall, ToolSpec};
use steadfast::time::{Duration, Instant};
use steadfast::trace::Trace;
use steadfast_sim::VirtualClock;

#[test]
fn calls_that_share_a_breaker_learn_from_each_other() {
    let clock = VirtualClock::new();
    let policy = CallPolicy::unguarded();
    let breaker = CircuitBreaker::new(BreakerPolicy::default().with_consecutive(2), Seed(1));
    let shared = [RefCell::new(breaker)];
    let tries = Cell::new(0);
    let attempt = |seed| {
        let (shared, tries, clock) = (&shared, &tries, &clock);
        async move {
            let mut breakers = &shared[..];
            call(clock, &policy, 1, Seed(seed), &mut breakers, &mut Trace::off(), |_| {
                tries.set(tries.get() + 1);
                ready(Err::<(), _>(Failure::transient("503")))
            })
            .await
        }
    };
    let results: Vec<_> = (0..4).map(|seed| clock.block_on(attempt(seed)).unwrap_err()).collect();
    assert!(matches!(results[1], CallError::RetriesExhausted { .. }), "{results:?}");
    assert!(matches!(results[2..], [CallError::CircuitOpen(_), CallError::CircuitOpen(_)]), "{results:?}");
    assert_eq!((tries.get(), shared[0].borrow().state()), (2, State::Open));
}

/// A clock whose timers fire a little early, as those of some hosts do.
struct Hasty(VirtualClock, Cell<u32>);

impl Clock for Hasty {
    fn now(&self) -> Instant {
        self.0.now()
    }
}

impl Timer for Hasty {
    async fn sleep_until(&self, at: Instant) {
        self.1.set(self.1.get() + 1);
        let early = Instant::from_micros(at.as_micros().saturating_sub(830));
        if self.now() < early {
            self.0.sleep_until(early).await;
        } else {
            self.0.sleep_until(at).await;
        }
    }
}

#[test]
fn nothing_happens_before_its_instant_although_the_host_s_timers_fire_early() {
    let hasty = &Hasty(VirtualClock::new(), Cell::new(0));
    let result = hasty.0.block_on(call_with_deadline(hasty, Duration::from_secs(2), |_| pending::<Result<(), _>>()));
    assert_eq!(result.unwrap_err().class, FailureClass::Timeout);
    assert_eq!(hasty.now(), Instant::from_millis(2_000));
    assert_eq!(hasty.1.get(), 2, "it was woken early once and slept again");
}

#[test]
fn a_deadline_of_zero_is_an_error_that_is_not_tried_again() {
    let clock = &VirtualClock::new();
    let tries = Cell::new(0);
    let result = clock.block_on(retry(clock, RetryPolicy::default(), Seed(1), |_| {
        tries.set(tries.get() + 1);
        call_with_deadline(clock, Duration::ZERO, |_| ready(Ok(())))
    }));
    let error = result.unwrap_err().to_string();
    assert!(error.contains("deadline is 0 ms; allowed: more than 0 ms"), "{error}");
    assert_eq!(tries.get(), 1);
}

/// A host whose model first wants two tools at once; each tool takes a second.
struct Busy {
    clock: VirtualClock,
    cancel_at: Option<Instant>,
    dropped: Cell<u32>,
}

struct CountsDrop<'a>(&'a Cell<u32>);

impl Drop for CountsDrop<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

impl Host for Busy {
    fn think(&self, _: Attempt, messages: &[Message]) -> Pending<'_, ModelReply> {
        let results: Vec<_> = messages.iter().filter(|message| message.role == Role::Tool).collect();
        let wish = |id: &str| ToolCall { id: id.into(), tool: "work".into(), args: id.into(), risky: None };
        Box::pin(ready(Ok(match results[..] {
            [] => ModelReply { text: String::new(), tool_calls: vec![wish("a"), wish("b")], usage: None },
            [first, second, ..] => ModelReply::answer(format!("{} {}", first.content, second.content)),
            [_] => ModelReply::answer("a result is missing"),
        })))
    }

    fn act(&self, _: Attempt, _: &str, args: &str) -> Pending<'_, String> {
        let (guard, args) = (CountsDrop(&self.dropped), args.to_owned());
        Box::pin(async move {
            self.clock.sleep_until(self.clock.now() + Duration::from_secs(1)).await;
            drop(guard);
            Ok(args)
        })
    }

    fn approve(&self, _: &ApprovalRequest) -> Pin<Box<dyn Future<Output = Decision> + '_>> {
        Box::pin(pending())
    }

    fn cancelled(&self) -> Pin<Box<dyn Future<Output = ()> + '_>> {
        match self.cancel_at {
            Some(at) => Box::pin(self.clock.sleep_until(at)),
            None => Box::pin(pending()),
        }
    }
}

fn busy(cancel_at: Option<Instant>) -> (Busy, steadfast::run::RunResult) {
    let busy = Busy { clock: VirtualClock::new(), cancel_at, dropped: Cell::new(0) };
    let gate = ApprovalGate::default().with_approver(true);
    let tools = vec![ToolSpec::new("work")];
    let policy = RunPolicy::default().with_approval(gate);
    let mut run = Run::new(RunId(1), "work", policy, 1, tools, Seed(1)).unwrap();
    let result = busy.clock.block_on(drive::run(&busy.clock, &busy, &mut run));
    (busy, result)
}

#[test]
fn tools_asked_for_together_run_together() {
    let (busy, result) = busy(None);
    assert_eq!(result.answer, "a b");
    assert_eq!(busy.clock.now(), Instant::from_millis(1_000), "two tools of a second each took a second");
}

#[test]
fn a_cancelled_run_drops_what_is_under_way_at_once() {
    let (busy, result) = busy(Some(Instant::from_millis(400)));
    assert_eq!((result.stop, result.degraded), (StopReason::Cancelled, true));
    assert_eq!((busy.clock.now(), busy.dropped.get()), (Instant::from_millis(400), 2));
}

#[test]
fn every_attempt_of_a_call_has_its_one_key_and_every_call_its_own() {
    let clock = &VirtualClock::new();
    let keys = RefCell::new(Vec::<Key>::new());
    let failing = |attempt: Attempt| {
        keys.borrow_mut().push(attempt.key);
        ready(Err::<(), _>(Failure::transient("503")))
    };
    for seed in [7, 8] {
        let _ = clock.block_on(retry(clock, RetryPolicy::default(), Seed(seed), failing));
        let policy = CallPolicy::default().with_breaker(None);
        let _ = clock.block_on(call(clock, &policy, 1, Seed(seed + 10), &mut (), &mut Trace::off(), failing));
    }
    let keys = keys.into_inner();
    let mut distinct = keys.clone();
    distinct.dedup();
    assert_eq!((keys.len(), distinct.len()), (12, 4), "{keys:?}");
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), 4, "{keys:?}");
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn streams() -> CallPolicy {
    CallPolicy::unguarded().with_stream(Some(seconds(5)), Some(seconds(5))).unwrap()
}

/// Parts three seconds apart, then silence for so long.
async fn parts(clock: &VirtualClock, activity: &Activity, attempt: Attempt, count: u32, silence: Duration) {
    for _ in 0..count {
        clock.sleep_until(clock.now() + seconds(3)).await;
        activity.output(attempt.id);
    }
    clock.sleep_until(clock.now() + silence).await;
}

#[test]
fn parts_of_an_output_are_passed_on_and_silence_is_given_up() {
    for (silence, told, expected) in
        [(4, true, Ok(21)), (9, true, Err(FailureClass::Stalled)), (4, false, Err(FailureClass::Timeout))]
    {
        let (clock, activity, nobody) = (&VirtualClock::new(), &Activity::default(), &Activity::default());
        let mut trace = Trace::on();
        let (policy, heard) = (streams(), if told { activity } else { nobody });
        let answer = clock.block_on(call_streaming(
            clock,
            &policy,
            1,
            Seed(1),
            &mut (),
            &mut trace,
            heard,
            |attempt| async move {
                parts(clock, activity, attempt, 7, seconds(silence)).await;
                Ok(21)
            },
        ));
        assert_eq!(answer.map_err(|error| error.class()), expected, "{trace}");
        let first = trace.entries().iter().any(|entry| matches!(entry.event, Event::FirstOutput { .. }));
        assert_eq!(first, told);
    }
}

#[test]
fn what_an_attempt_tells_right_before_its_end_is_heard_before_it() {
    let (clock, activity) = (&VirtualClock::new(), &Activity::default());
    let mut budget = Budget::new(Limits::none(), Instant::ORIGIN);
    let mut endpoints = [Endpoint::new(&CallPolicy::unguarded(), Seed(1))];
    let envelope = budget.root();
    let mut shared = Resources { endpoints: &mut endpoints, retries: None, budget: Some((&mut budget, envelope)) };
    let policy = CallPolicy::default();
    let answer = clock.block_on(call_streaming(
        clock,
        &policy,
        1,
        Seed(1),
        &mut shared,
        &mut Trace::off(),
        activity,
        |attempt| async move {
            activity.output(attempt.id);
            activity.commit(attempt.id);
            activity.spent(attempt.id, Spend { tokens: 70, ..Spend::NONE });
            Err::<(), _>(Failure::transient("503"))
        },
    ));
    assert!(matches!(answer, Err(CallError::AfterCommit { .. })), "it was shown: it is not tried again: {answer:?}");
    assert_eq!(budget.spent(envelope), Spend { attempts: 1, tokens: 70, ..Spend::NONE });
}

/// A future until that instant, dropped there.
fn dropped_at<F: Future>(clock: &VirtualClock, at: Duration, future: F) -> Option<F::Output> {
    let mut future = Box::pin(future);
    let mut sleep = Box::pin(clock.sleep_until(clock.now() + at));
    clock.block_on(std::future::poll_fn(|context| {
        if let std::task::Poll::Ready(output) = future.as_mut().poll(context) {
            return std::task::Poll::Ready(Some(output));
        }
        sleep.as_mut().poll(context).map(|()| None)
    }))
}

#[test]
fn a_call_whose_future_is_dropped_is_cancelled_and_holds_nothing_any_more() {
    let policy = CallPolicy::default().with_estimate(Spend { tokens: 100, ..Spend::NONE });
    // In the middle of an attempt, and in the wait after one.
    for fails in [false, true] {
        let clock = &VirtualClock::new();
        let limits = Limits::none().with_tokens(1_000).unwrap();
        let (mut budget, mut trace) = (Budget::new(limits, Instant::ORIGIN), Trace::on());
        let mut endpoints = [Endpoint::new(&policy, Seed(1))];
        let mut retries = RetryBudget::new(RetryBudgetPolicy::default());
        let root = budget.root();
        let mut shared =
            Resources { endpoints: &mut endpoints, retries: Some(&mut retries), budget: Some((&mut budget, root)) };
        let attempts = Cell::new(0);
        let attempt = |_| {
            attempts.set(attempts.get() + 1);
            let refused = Failure::new(FailureClass::ConnectFailed, "no route");
            async move { if fails { Err::<(), _>(refused) } else { pending().await } }
        };
        let dropped = dropped_at(
            clock,
            Duration::from_micros(1),
            call(clock, &policy, 1, Seed(3), &mut shared, &mut trace, attempt),
        );
        assert_eq!((dropped, attempts.get()), (None, 1));
        let last = trace.entries().last().map(|entry| entry.event.clone());
        assert_eq!(last, Some(Event::CallFailed { error: CallError::Cancelled }), "{trace}");
        assert_eq!(budget.reserved(root), Spend::NONE, "nothing is held");
        let tokens = if fails { 0 } else { 100 };
        assert_eq!(
            budget.spent(root),
            Spend { attempts: 1, tokens, ..Spend::NONE },
            "what never got there cost nothing"
        );
        assert_eq!((retries.calls(), retries.attempts()), (1, 1), "a retry that was planned is not made");
        assert_eq!(endpoints[0].breaker.as_ref().unwrap().stats().successes, 0);
    }
}

#[test]
fn a_probe_whose_future_is_dropped_makes_way_for_another() {
    let clock = &VirtualClock::new();
    let breaker = BreakerPolicy::default().with_consecutive(1);
    let policy = CallPolicy::unguarded().with_breaker(Some(breaker));
    let (mut breakers, mut off) = ([CircuitBreaker::new(breaker, Seed(1))], Trace::off());
    let failed = call(clock, &policy, 1, Seed(1), &mut breakers[..], &mut off, |_| {
        ready(Err::<(), _>(Failure::transient("503")))
    });
    assert!(clock.block_on(failed).is_err());
    let until = breakers[0].open_until().unwrap();
    clock.block_on(clock.sleep_until(until));
    let hung = call(clock, &policy, 1, Seed(1), &mut breakers[..], &mut off, |_| pending::<Result<(), _>>());
    assert_eq!(dropped_at(clock, Duration::from_millis(5), hung), None);
    assert_eq!((breakers[0].state(), breakers[0].blocked_until(clock.now())), (State::HalfOpen, None));
}

/// A host whose model asks for a mail, which hangs once it has told a part of its output.
struct Mailing {
    clock: VirtualClock,
    activity: Activity,
    keys: RefCell<Vec<Key>>,
    written: RefCell<Vec<LedgerEntry>>,
    fails: Cell<u32>,
}

impl Host for Mailing {
    fn think(&self, attempt: Attempt, messages: &[Message]) -> Pending<'_, ModelReply> {
        let told = messages.iter().any(|message| message.role == Role::Tool);
        Box::pin(async move {
            parts(&self.clock, &self.activity, attempt, 4, Duration::ZERO).await;
            self.activity.spent(attempt.id, Spend { tokens: 30, ..Spend::NONE });
            Ok(if told { ModelReply::answer("Sent.") } else { ModelReply::tool("a", "mail", "{}") })
        })
    }

    fn act(&self, attempt: Attempt, _: &str, _: &str) -> Pending<'_, String> {
        self.keys.borrow_mut().push(attempt.key);
        if self.fails.get() > 0 {
            self.fails.set(self.fails.get() - 1);
            return Box::pin(ready(Err(Failure::transient("503"))));
        }
        Box::pin(pending())
    }

    fn approve(&self, _: &ApprovalRequest) -> Pin<Box<dyn Future<Output = Decision> + '_>> {
        Box::pin(ready(Decision::Approve))
    }

    fn claim(&self, _: Claim) -> Pin<Box<dyn Future<Output = Claimed> + '_>> {
        Box::pin(ready(Claimed::Granted))
    }

    fn record(&self, entry: LedgerEntry) {
        self.written.borrow_mut().push(entry);
    }

    fn activity(&self) -> Option<&Activity> {
        Some(&self.activity)
    }
}

#[test]
fn a_run_whose_future_is_dropped_is_cancelled_and_says_what_may_have_been_done() {
    for (effect, fails) in [(Effect::Once, 0), (Effect::Idempotent, 2)] {
        let mailing = Mailing {
            clock: VirtualClock::new(),
            activity: Activity::default(),
            keys: RefCell::new(Vec::new()),
            written: RefCell::new(Vec::new()),
            fails: Cell::new(fails),
        };
        let policy =
            RunPolicy::default().with_model(streams()).with_approval(ApprovalGate::default().with_approver(true));
        let tools = vec![ToolSpec::new("mail").risky().with_effect(effect)];
        let mut run = Run::new(RunId(5), "Tell Ana.", policy, 1, tools, Seed(1)).unwrap().with_claims();
        let dropped = dropped_at(&mailing.clock, seconds(30), drive::run(&mailing.clock, &mailing, &mut run));
        assert_eq!(dropped, None);
        let result = run.result().expect("it is over");
        assert_eq!((result.stop, result.degraded), (StopReason::Cancelled, true));
        let said = result.answer.ends_with("This may have been done: mail.");
        assert_eq!(said, effect == Effect::Once, "{}", result.answer);
        let abandoned = |event: &Event| matches!(event, Event::AttemptAbandoned { .. });
        assert!(run.trace().entries().iter().any(|entry| abandoned(&entry.event)), "{}", run.trace());
        let attempts = 2 + u64::from(fails);
        assert_eq!(
            run.spent(),
            Spend { attempts, steps: 1, tokens: 30, ..Spend::NONE },
            "its parts and its usage were heard"
        );
        let keys = mailing.keys.take();
        assert_eq!(
            keys,
            vec![run.ledger().entries()[0].key; keys.len()],
            "the key reaches the tool, the same each time"
        );
        assert_eq!(keys.len(), 1 + fails as usize);
        let written = mailing.written.take().last().map(|entry| entry.state);
        assert_eq!(
            written,
            (effect == Effect::Once).then_some(EffectState::Unknown),
            "whoever shares the ledger is told"
        );
    }
}
