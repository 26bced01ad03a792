//! Settings and counters at their limits.

use std::panic::{AssertUnwindSafe, catch_unwind};

use steadfast::approval::ApprovalGate;
use steadfast::backoff::{Backoff, Jitter};
use steadfast::breaker::{BreakerPolicy, CircuitBreaker, PermitOutcome, WindowPolicy};
use steadfast::budget::{Budget, Limits, RetryBudgetPolicy, Spend, ThrottlePolicy};
use steadfast::call::{Call, Input};
use steadfast::deadline::Deadline;
use steadfast::failure::Failure;
use steadfast::id::{Key, RunId};
use steadfast::policy::{CallPolicy, RunPolicy};
use steadfast::progress::ProgressPolicy;
use steadfast::retry::RetryPolicy;
use steadfast::rng::Seed;
use steadfast::run::{self, ModelReply, Run, ToolSpec};
use steadfast::setting::InvalidSetting;
use steadfast::step_limit::StepLimiter;
use steadfast::time::{Duration, Instant};
use steadfast::trace::Trace;

use crate::timeline::{Agent, Calls, lasting, ms};

fn refused<T>(result: Result<T, InvalidSetting>) -> String {
    result.err().map_or_else(|| "accepted".into(), |error| error.to_string())
}

#[test]
fn trap_20_options_of_zero_are_refused_by_name() {
    let (call, breaker, run) = (CallPolicy::default(), BreakerPolicy::default(), RunPolicy::default);
    let (zero, limits) = (Duration::ZERO, Limits::none());
    let tools = |names: &[&str]| names.iter().map(|name| ToolSpec::new(*name)).collect::<Vec<_>>();
    let new = |models, names: &[&str]| Run::new(RunId(1), "", run(), models, tools(names), Seed(1));
    for (said, expected) in [
        (refused(call.with_timeout(Some(zero))), "timeout is 0 ms; allowed: more than 0 ms, or none"),
        (refused(call.with_deadline(Some(zero))), "deadline is 0 ms; allowed: more than 0 ms, or none"),
        (refused(call.with_stream(Some(zero), None)), "first_output is 0 ms; allowed: more than 0 ms, or none"),
        (refused(call.with_stream(None, Some(zero))), "idle is 0 ms; allowed: more than 0 ms, or none"),
        (
            refused(RetryPolicy::default().with_attempts(0)),
            "retry.attempts is 0; allowed: 1 or more (1 means: no second try)",
        ),
        (refused(Backoff::new(lasting(2), lasting(1))), "backoff.base is 2 ms; allowed: at most backoff.cap"),
        (
            refused(Backoff::default().with_factor_thousandths(999)),
            "backoff.factor is 999; allowed: 1,000 thousandths or more",
        ),
        (refused(breaker.with_open_for(zero, lasting(1))), "breaker.open_for is 0 ms; allowed: more than 0 ms"),
        (refused(breaker.with_probes(0, 1)), "breaker.probes is 0; allowed: 1 or more"),
        (refused(breaker.with_probes(1, 0)), "breaker.successes is 0; allowed: 1 or more"),
        (refused(breaker.with_lease(zero)), "breaker.lease is 0 ms; allowed: more than 0 ms"),
        (
            refused(WindowPolicy::new(0, 1, lasting(1), 1)),
            "breaker.window.rate is 0; allowed: 1 to 1,000 in a thousand",
        ),
        (
            refused(WindowPolicy::new(1_001, 1, lasting(1), 1)),
            "breaker.window.rate is 1001; allowed: 1 to 1,000 in a thousand",
        ),
        (refused(WindowPolicy::new(1, 0, lasting(1), 1)), "breaker.window.calls is 0; allowed: 1 to 10,000"),
        (
            refused(WindowPolicy::new(1, u32::MAX, lasting(1), 1)),
            "breaker.window.calls is 4294967295; allowed: 1 to 10,000",
        ),
        (
            refused(WindowPolicy::new(1, 1, lasting(1), 2)),
            "breaker.window.minimum is 2; allowed: 1 to breaker.window.calls",
        ),
        (refused(WindowPolicy::new(1, 1, zero, 1)), "breaker.window.ms is 0 ms; allowed: more than 0 ms"),
        (refused(ThrottlePolicy::default().with_tokens(0)), "throttle.tokens is 0; allowed: 1 to 1,000"),
        (refused(ThrottlePolicy::default().with_ratio(0)), "throttle.ratio is 0; allowed: 1 to 1,000 in a thousand"),
        (
            refused(RetryBudgetPolicy::default().with_per_mille(1_001)),
            "retry_budget.rate is 1001; allowed: 0 to 1,000 in a thousand",
        ),
        (refused(limits.with_tokens(0)), "budget.tokens is 0; allowed: 1 or more"),
        (refused(limits.with_attempts(0)), "budget.attempts is 0; allowed: 1 or more"),
        (refused(ProgressPolicy::default().with_repeats(0)), "progress.repeats is 0; allowed: 1 or more"),
        (
            refused(ApprovalGate::default().with_expires_after(zero)),
            "approval.expires_after is 0 ms; allowed: more than 0 ms",
        ),
        (refused(run().with_max_steps(0)), "max_steps is 0; allowed: 1 or more"),
        (refused(run().with_deadline(Some(zero))), "run.deadline is 0 ms; allowed: more than 0 ms, or none"),
        (refused(run().with_safe_message(" ")), "safe_message is blank; allowed: a sentence: a run always answers"),
        (refused(new(0, &[])), "model is 0; allowed: 1 or more models"),
        (refused(new(1, &[""])), "tools is a tool without a name; allowed: a name for each tool"),
        (refused(new(1, &["a", "a"])), "tools is a list with two tools named a; allowed: each name once"),
    ] {
        assert_eq!(said, expected);
    }
}

#[test]
fn trap_20_a_limit_below_the_clock_s_microsecond_is_none_at_all_and_refused_by_name() {
    let (call, breaker) = (CallPolicy::default(), BreakerPolicy::default());
    let (too_little, least) = (Duration::from_nanos(999), Duration::from_micros(1));
    let limits = |limit| {
        [
            refused(call.with_timeout(Some(limit))),
            refused(call.with_deadline(Some(limit))),
            refused(call.with_stream(Some(limit), None)),
            refused(call.with_stream(None, Some(limit))),
            refused(breaker.with_open_for(limit, lasting(1))),
            refused(breaker.with_lease(limit)),
            refused(WindowPolicy::new(1, 1, limit, 1)),
            refused(Limits::none().with_deadline(limit)),
            refused(ApprovalGate::default().with_expires_after(limit)),
            refused(RunPolicy::default().with_deadline(Some(limit))),
        ]
    };
    let names = [
        "timeout",
        "deadline",
        "first_output",
        "idle",
        "breaker.open_for",
        "breaker.lease",
        "breaker.window.ms",
        "budget.deadline",
        "approval.expires_after",
        "run.deadline",
    ];
    for (said, name) in limits(too_little).iter().zip(names) {
        assert!(said.starts_with(&format!("{name} is ")), "{name} {said}");
    }
    assert_eq!(limits(least), ["accepted"; 10]);
}

#[test]
fn trap_20_the_greatest_options_mean_what_they_say() {
    let two_to_53 = lasting(1 << 53);
    for limit in [two_to_53, Duration::MAX] {
        let never = CallPolicy::unguarded().with_timeout(Some(limit)).unwrap().with_deadline(Some(limit)).unwrap();
        let mut calls = Calls::new(&never.with_stream(Some(limit), Some(limit)).unwrap());
        calls.start(ms(0));
        calls.tell(ms(1), 0, Input::Output(1));
        let said = calls.tick(ms(1 << 52), 0);
        assert!(said == "wait" || said == format!("until {}", 1_u64 << 53), "nothing is due for ages: {said}");
        assert_eq!(calls.tell(ms(1 << 52), 0, Input::Succeeded(1)), "ok by 1");
    }
    let endless = Backoff::new(Duration::MAX, Duration::MAX).unwrap().with_jitter(Jitter::None);
    let retry = RetryPolicy::default().with_backoff(endless).with_attempts(u32::MAX).unwrap();
    let mut calls = Calls::new(&CallPolicy::unguarded().with_retry(Some(retry)));
    calls.start(ms(0));
    assert_eq!(calls.fail(ms(0), 0, 1), format!("until {}.615", u64::MAX / 1_000), "until the end of time");
    assert_eq!(calls.tick(ms(1 << 53), 0), format!("until {}.615", u64::MAX / 1_000));
}

#[test]
fn trap_21_counters_at_their_integer_limit() {
    // Waits after billions of attempts stay at the cap; a wait of nothing stays nothing.
    for (factor, base, expected) in [(u32::MAX, 1, 20_000), (1_000, 1, 1), (2_000, 0, 0), (1_001, 1, 20_000)] {
        let backoff = Backoff::new(lasting(base), lasting(20_000)).unwrap().with_jitter(Jitter::None);
        let delay = backoff.with_factor_thousandths(factor).unwrap().draw(u32::MAX, None, &mut Seed(1).stream(1, 1));
        assert_eq!(delay.delay, lasting(expected), "{factor} {base}");
    }
    // A breaker that opened more often than there are bits stays at its longest time.
    let policy = BreakerPolicy::default().with_consecutive(1).with_open_for(lasting(1), lasting(300_000)).unwrap();
    let mut breaker = CircuitBreaker::new(policy, Seed(1));
    let mut now = ms(0);
    for _ in 0..200 {
        let probe = breaker.admit(now, None).unwrap();
        breaker.settle(probe, PermitOutcome::Failed, now);
        let until = breaker.open_until().unwrap();
        assert!(until - now <= lasting(300_000));
        now = until;
    }
    assert_eq!(breaker.stats().opened, 200);
    assert!(now > ms(150_000 * 170), "{now}");
    // The last attempt there is a number for.
    let retry = RetryPolicy::default().with_attempts(u32::MAX).unwrap();
    let policy = CallPolicy::unguarded().with_retry(Some(retry));
    let mut call = Call::new(Key::default(), &policy, 1, Seed(1), Deadline::NEVER).after_attempts(u32::MAX - 1);
    call.handle(Instant::MAX, Input::Start, &mut (), &mut Trace::off());
    call.handle(Instant::MAX, Input::Failed(u32::MAX, Failure::transient("503")), &mut (), &mut Trace::off());
    call.handle(Instant::MAX, Input::Tick, &mut (), &mut Trace::off());
    assert_eq!(call.attempts(), u32::MAX);
    // Steps and money.
    let mut steps = StepLimiter::new(u32::MAX).unwrap().with_used(u32::MAX - 1);
    assert!(steps.take().is_ok() && steps.take().is_err());
    let all = Spend { attempts: u64::MAX, steps: u64::MAX, tokens: u64::MAX, money: u64::MAX };
    let mut budget = Budget::new(Limits::none(), ms(0));
    let root = budget.root();
    let reservation = budget.reserve(root, ms(0), all).unwrap();
    budget.settle(reservation, all);
    let beyond = budget.reserve(root, ms(0), all).unwrap_err();
    assert_eq!((beyond.limit, beyond.left), (u64::MAX, 0), "what cannot be counted is not spent");
    assert_eq!(budget.spent(root), all);
}

#[test]
fn trap_21_a_snapshot_forged_with_counters_at_their_limit_ends_in_an_error_or_an_answer() {
    let mut agent = Agent::new(RunPolicy::default(), vec![ToolSpec::new("multiply")]);
    agent.start(ms(0));
    agent.tell(ms(1), agent.wants(&[("a", "multiply", "[17,23]")]));
    let intact = agent.run.snapshot();
    let content = intact.len() - 8;
    for at in 0..content - 8 {
        let mut forged = intact.clone();
        forged[at..at + 8].fill(0xff);
        // FNV-1a, so that it is read although it was changed.
        let sum = forged[..content]
            .iter()
            .fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
        forged[content..].copy_from_slice(&sum.to_le_bytes());
        let resumed = catch_unwind(AssertUnwindSafe(|| resume(&forged)));
        assert!(resumed.is_ok(), "a panic, with eight bytes of 0xff at {at}");
    }
}

/// Goes on from a snapshot for a few turns, if it can be read.
fn resume(snapshot: &[u8]) {
    let tools = vec![ToolSpec::new("multiply")];
    let restored = Run::restore(snapshot, RunId(1), RunPolicy::default(), 1, tools, ms(0), Duration::ZERO);
    let Ok(mut run) = restored else { return };
    run.handle(ms(0), run::Input::Start);
    for _ in 0..20 {
        match run.poll() {
            run::Output::Think(attempt) => {
                run.handle(ms(1), run::Input::ModelReplied(attempt.id, ModelReply::tool("b", "multiply", "[]")));
            }
            run::Output::Act { attempt, .. } => run.handle(ms(2), run::Input::ToolReplied(attempt.id, "391".into())),
            run::Output::Wait { .. } | run::Output::Finished => break,
            _ => {}
        }
    }
}
