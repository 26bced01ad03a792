//! The asynchronous functions beyond what the lab knew: shared breakers, parallel tools, cancellation, early timers.

use std::cell::{Cell, RefCell};
use std::future::{Future, pending, ready};
use std::pin::Pin;

use steadfast::approval::{ApprovalGate, ApprovalRequest, Decision};
use steadfast::breaker::{BreakerPolicy, CircuitBreaker, State};
use steadfast::call::Attempt;
use steadfast::clock::{Clock, Timer};
use steadfast::drive::{self, Host, Pending, call, call_with_deadline, retry};
use steadfast::failure::{Failure, FailureClass};
use steadfast::id::RunId;
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
