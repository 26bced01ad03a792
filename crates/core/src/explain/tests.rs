use super::*;
use crate::approval::{DecisionRejected, Digest};
use crate::backoff::{Backoff, Delay, Jitter};
use crate::breaker::{BreakerPolicy, ChangeReason, RejectReason, WindowPolicy};
use crate::budget::{BudgetExceeded, Limits, Resource, RetryBudgetPolicy, RetryBudgetSpent, ThrottlePolicy};
use crate::deadline::Scope;
use crate::effect::{Effect, EffectState};
use crate::event::BlockReason;
use crate::failure::{Failure, FailureClass};
use crate::fallback::{FallbackReason, PauseReason, RetryRefusal};
use crate::id::{ApprovalId, CallId, RunId};
use crate::outcome::{CallError, StopReason};
use crate::progress::{Repetition, Rung};
use crate::retry::RetryPolicy;
use crate::time::{Duration, Instant};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use alloc::{format, vec};

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn at(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

fn entry(millis: u64, call: u64, attempt: u32, event: Event) -> Entry {
    let (call, attempt) = ((call > 0).then_some(CallId(call)), (attempt > 0).then_some(attempt));
    Entry { at: at(millis), step: Some(1), call, attempt, event }
}

fn run() -> RunPolicy {
    RunPolicy::with_hash(|_| Digest([0; 32])).with_retry_budget(None)
}

/// A call of one attempt after the other, at most 3, without anything else.
fn plain() -> CallPolicy {
    let backoff = Backoff::new(ms(500), ms(20_000)).unwrap().with_jitter(Jitter::None);
    CallPolicy::unguarded().with_retry(Some(RetryPolicy::default().with_backoff(backoff)))
}

fn started(millis: u64) -> Entry {
    entry(millis, 0, 0, Event::RunStarted { run: RunId(1), seed: Seed(7), max_steps: 8, deadline: None })
}

fn asked_model(millis: u64, call: u64) -> Entry {
    entry(millis, call, 0, Event::ModelCalled { messages: 1, options: 1 })
}

fn begins(millis: u64, call: u64, attempt: u32) -> Entry {
    entry(millis, call, attempt, Event::AttemptStarted { option: 0, until: None, scope: Scope::Run })
}

fn fails(millis: u64, call: u64, attempt: u32) -> Entry {
    let failure = Failure::new(FailureClass::Overloaded, "503");
    entry(millis, call, attempt, Event::AttemptFailed { failure, after: ms(1) })
}

fn waits(millis: u64, call: u64, next: u32, delay: Duration) -> Entry {
    let delay = Delay { delay, floor: delay, ceiling: delay, retry_after: None };
    entry(millis, call, 0, Event::BackingOff { next, of: 3, until: at(millis) + delay.delay, delay })
}

fn ends(millis: u64, call: u64, error: CallError) -> Entry {
    entry(millis, call, 0, Event::CallFailed { error })
}

fn exhausted(attempts: u32) -> CallError {
    CallError::RetriesExhausted { attempts, last: Failure::transient("503") }
}

/// The nearest change, as it reads: setting, from, to.
fn change(explanation: &Explanation) -> Option<String> {
    let Nearest { setting, to, .. } = explanation.otherwise.as_ref()?;
    Some(format!("{} of {}: {} -> {to}", setting.name, setting.of, setting.value))
}

fn last(explainer: &Explainer<'_>) -> Explanation {
    explainer.explain(explainer.trace.len() - 1).unwrap()
}

/// The explanation of the last entry of a run in which everything else is off.
fn of_run(policy: &RunPolicy, entries: Vec<Entry>) -> Explanation {
    let trace: Vec<_> = [started(0)].into_iter().chain(entries).collect();
    last(&Explainer::new(policy, &[], &trace))
}

fn tried_thrice() -> Vec<Entry> {
    vec![
        begins(0, 1, 1),
        fails(1, 1, 1),
        waits(1, 1, 2, ms(500)),
        begins(501, 1, 2),
        fails(502, 1, 2),
        waits(502, 1, 3, ms(1_000)),
        begins(1_502, 1, 3),
        fails(1_503, 1, 3),
    ]
}

#[test]
fn what_is_told_or_asked_decides_nothing() {
    let trace = [started(0), asked_model(0, 1), begins(0, 1, 1), fails(1, 1, 1)];
    let policy = run();
    let explainer = Explainer::new(&policy, &[], &trace);
    assert_eq!([0, 1, 3, 4].map(|index| explainer.explain(index)), [None, None, None, None]);
    assert_eq!(explainer.decisions().map(|(index, _)| index).collect::<Vec<_>>(), [2]);
}

#[test]
fn a_fourth_attempt_would_have_followed_three() {
    let mut trace = tried_thrice();
    trace.push(ends(1_503, 1, exhausted(3)));
    let explanation = last(&Explainer::of_call(&plain(), &trace));
    assert_eq!(explanation.rule, "attempts_used_up");
    assert_eq!(explanation.text, "The call may be tried 3 times, and all 3 attempts failed.");
    assert_eq!(change(&explanation).unwrap(), "retry.attempts of the call: 3 -> 4");
    assert_eq!(explanation.otherwise.unwrap().would, "Attempt 4 would have been waited for instead.");
}

#[test]
fn a_fourth_attempt_is_not_promised_where_its_wait_ends_with_the_deadline_or_the_breaker_is_open() {
    let mut trace = tried_thrice();
    trace.push(ends(1_503, 1, exhausted(3)));
    // The wait of 2 s begins at 1.503 s.
    for (deadline, promised) in [(3_503, false), (3_504, true)] {
        let policy = plain().with_deadline(Some(ms(deadline))).unwrap();
        assert_eq!(last(&Explainer::of_call(&policy, &trace)).otherwise.is_some(), promised, "{deadline}");
    }
    let policy = plain().with_breaker(Some(BreakerPolicy::default()));
    for (until, promised) in [(3_504, false), (3_503, true)] {
        let reason = ChangeReason::Consecutive { failures: 3 };
        let opened = entry(1_503, 1, 0, Event::BreakerOpened { option: 0, until: at(until), reason });
        let trace: Vec<_> = tried_thrice().into_iter().chain([opened, ends(1_503, 1, exhausted(3))]).collect();
        assert_eq!(last(&Explainer::of_call(&policy, &trace)).otherwise.is_some(), promised, "{until}");
    }
}

#[test]
fn only_the_first_of_two_decisions_by_one_setting_has_a_nearest_change() {
    let policy = run().with_model(plain().with_retry(Some(RetryPolicy::default().with_attempts(1).unwrap())));
    let gives_up = |millis, call| {
        [asked_model(millis, call), begins(millis, call, 1), fails(millis, call, 1), ends(millis, call, exhausted(1))]
    };
    let trace: Vec<_> = [started(0)].into_iter().chain(gives_up(5, 1)).chain(gives_up(9, 2)).collect();
    let explainer = Explainer::new(&policy, &[], &trace);
    assert_eq!(change(&explainer.explain(4).unwrap()).unwrap(), "retry.attempts of the model: 1 -> 2");
    assert_eq!(explainer.explain(8).unwrap().otherwise, None);
}

#[test]
fn nothing_is_promised_of_a_resumed_run() {
    let resumed = entry(0, 0, 0, Event::RunResumed { run: RunId(1), step: 1, pending: vec![] });
    let trace = [resumed, entry(9, 0, 0, Event::StepLimitReached { limit: 8 })];
    let policy = run();
    let explanation = last(&Explainer::new(&policy, &[], &trace));
    assert_eq!((explanation.rule, explanation.otherwise), ("step_limit", None));
}

#[test]
fn a_timeout_has_a_nearest_change_if_the_reply_came_late_and_to_the_microsecond() {
    let policy = plain().with_timeout(Some(ms(4_000))).unwrap();
    let mut trace =
        vec![begins(10, 1, 1), entry(4_010, 1, 1, Event::AttemptTimedOut { scope: Scope::Attempt, after: ms(4_000) })];
    let explain = |trace: &[Entry]| Explainer::of_call(&policy, trace).explain(1).unwrap();
    assert_eq!(explain(&trace).text, "The call's timeout of 4 s was over; nothing later came of this attempt.");
    assert_eq!(explain(&trace).otherwise, None);
    trace.push(entry(6_510, 1, 1, Event::LateReply { ok: true }));
    assert_eq!(explain(&trace).text, "The call's timeout of 4 s was over; its answer came after 6.5 s, too late.");
    assert_eq!(change(&explain(&trace)).unwrap(), "timeout of the call: 4 s -> 6.500001 s");
    // With a deadline before the answer it takes two changes.
    let policy = policy.with_deadline(Some(ms(6_500))).unwrap();
    assert_eq!(Explainer::of_call(&policy, &trace).explain(1).unwrap().otherwise, None);
}

#[test]
fn a_late_reply_says_what_it_still_tells_of_an_effect() {
    let tool = || String::from("send_email");
    let over = entry(2_000, 2, 1, Event::AttemptTimedOut { scope: Scope::Attempt, after: ms(2_000) });
    let late = || entry(2_500, 2, 1, Event::LateReply { ok: true });
    let settled = |state| entry(2_500, 2, 0, Event::EffectSettled { tool: tool(), state });
    let why = "The attempt was over at 2 s, 500 ms earlier: its answer comes too late for its call.";
    for (after, counts) in [
        (vec![], ""),
        (vec![settled(EffectState::Done)], " It tells that send_email happened, though, and that counts."),
        (vec![settled(EffectState::Failed)], " It tells that send_email did not happen, though, and that counts."),
        (
            vec![entry(2_500, 2, 0, Event::EffectRepeated { tool: tool(), times: 2 }), settled(EffectState::Done)],
            " It tells that send_email happened more than once, though, and that counts.",
        ),
        // What another late reply told, or one at another instant, or on another call.
        (vec![late(), settled(EffectState::Done)], ""),
        (vec![Entry { at: at(2_600), ..settled(EffectState::Done) }], ""),
        (vec![Entry { call: Some(CallId(3)), ..settled(EffectState::Done) }], ""),
    ] {
        let trace: Vec<_> = [begins(0, 2, 1), over.clone(), late()].into_iter().chain(after).collect();
        let policy = run();
        let explanation = Explainer::new(&policy, &[], &trace).explain(2).unwrap();
        assert_eq!((explanation.rule, explanation.text), ("late", format!("{why}{counts}")));
    }
}

#[test]
fn a_wait_beyond_the_deadline_says_how_much_later_that_had_to_be() {
    let policy = plain().with_deadline(Some(ms(10_000))).unwrap();
    let reason = FallbackReason::WaitBeyondDeadline { wait: ms(10_500), remaining: ms(9_999) };
    let mut trace = vec![begins(0, 1, 1), fails(1, 1, 1), entry(1, 1, 0, Event::FellBack { from: 0, to: 1, reason })];
    let explanation = last(&Explainer::of_call(&policy, &trace));
    assert_eq!(change(&explanation).unwrap(), "deadline of the call: 10 s -> 10.501001 s");
    // Where it is not said, the wait is worked out: 500 ms, of which 400 ms are left.
    let policy = plain().with_deadline(Some(ms(401))).unwrap();
    let error = CallError::DeadlineExceeded { scope: Scope::Call, last: Some(Failure::transient("503")) };
    trace[2] = ends(1, 1, error);
    let explanation = last(&Explainer::of_call(&policy, &trace));
    assert_eq!(change(&explanation).unwrap(), "deadline of the call: 401 ms -> 501.001 ms");
    assert_eq!(
        explanation.text,
        "The next try would come after a wait of 500 ms, and the call's deadline leaves 400 ms: there is no use in waiting."
    );
}

#[test]
fn a_wait_shows_its_arithmetic() {
    let trace = &tried_thrice()[..6];
    let explanation = last(&Explainer::of_call(&plain(), trace));
    assert_eq!(explanation.rule, "own_delay");
    assert_eq!(explanation.setting.as_ref().unwrap().name, "backoff.base");
    let numbers: Vec<_> = explanation.numbers.iter().map(|(name, value)| format!("{name} {value}")).collect();
    let expected =
        ["attempt 3", "wait_index 1", "base 500 ms", "factor 2", "cap 20 s", "floor 1 s", "ceiling 1 s", "wait 1 s"];
    assert_eq!(numbers, expected);
    assert_eq!(change(&explanation).unwrap(), "retry.attempts of the call: 3 -> 2");
    assert_eq!(
        explanation.text,
        "Waits begin at 500 ms and grow: before attempt 3 of 3 it is exactly 1 s, without chance."
    );
}

#[test]
fn no_setting_overrules_a_server() {
    let asked = Delay { delay: ms(2_100), floor: ms(0), ceiling: ms(500), retry_after: Some(ms(2_000)) };
    let mut trace = tried_thrice();
    trace[2] = entry(1, 1, 0, Event::BackingOff { next: 2, of: 3, until: at(2_101), delay: asked });
    let explanation = Explainer::of_call(&plain(), &trace).explain(2).unwrap();
    assert_eq!((explanation.rule, explanation.setting), ("server_asked", None));
}

#[test]
fn an_attempt_names_the_limit_that_comes_first_and_the_others() {
    let policy = plain().with_timeout(Some(ms(4_000))).unwrap().with_deadline(Some(ms(30_000))).unwrap();
    let began = Event::AttemptStarted { option: 0, until: Some(at(4_005)), scope: Scope::Attempt };
    let trace = [entry(5, 1, 1, began)];
    let explanation = last(&Explainer::of_call(&policy, &trace));
    assert_eq!(explanation.text, "The call's timeout of 4 s comes first. The call's deadline leaves 30 s.");
    assert_eq!(explanation.setting.unwrap().name, "timeout");
}

#[test]
fn a_limit_that_never_comes_is_told_apart_from_none() {
    let begins = [begins(5, 1, 1)];
    let without = last(&Explainer::of_call(&plain(), &begins));
    assert_eq!(without.text, "No timeout and no deadline is set, so nothing limits how long this attempt takes.");
    let policy = plain().with_timeout(Some(Duration::MAX)).unwrap();
    let endless = last(&Explainer::of_call(&policy, &begins));
    assert_eq!(
        endless.text,
        "The limits that are set lie beyond the end of time, so nothing limits how long this attempt takes."
    );
    assert_eq!((without.setting, endless.setting.unwrap().name), (None, "timeout"));
    let began = Event::AttemptStarted { option: 0, until: Some(at(30_005)), scope: Scope::Call };
    let policy = policy.with_deadline(Some(ms(30_000))).unwrap();
    let deadline = last(&Explainer::of_call(&policy, &[entry(5, 1, 1, began)]));
    assert_eq!(deadline.text, "The call's deadline comes first, in 30 s.");
}

#[test]
fn what_there_is_one_of_is_told_in_the_singular() {
    let policy = run();
    let of_model = |event| of_run(&policy, vec![asked_model(0, 1), begins(0, 1, 1), entry(1, 1, 0, event)]).text;
    let budget = |what, limit, left| {
        let exceeded = BudgetExceeded { what, limit, left, asked: 2 };
        of_model(Event::CallFailed { error: CallError::BudgetExceeded(exceeded) })
    };
    assert_eq!(
        budget(Resource::Attempts, 1, 1),
        "The budget allows 1 attempt; 1 is left, and this attempt asks for 2."
    );
    assert_eq!(
        budget(Resource::Money, 1, 0),
        "The budget allows 1 millionth of money; 0 are left, and this attempt asks for 2."
    );
    assert_eq!(budget(Resource::Time, 60_000_000, 0), "The budget allows 60 s, and that time is over.");
    let spent = |calls, allowed| {
        let reason = RetryRefusal::RetryBudget(RetryBudgetSpent { retries: allowed, allowed, calls });
        of_model(Event::RetryRefused { reason })
    };
    assert_eq!(spent(1, 1), "With 1 call so far, the run may make 1 retry, and 1 is made.");
    assert_eq!(spent(3, 2), "With 3 calls so far, the run may make 2 retries, and 2 are made.");
    assert_eq!(spent(1, 0), "With 1 call so far, the run may make no retry.");
    let opened = |reason| {
        let text = of_model(Event::BreakerOpened { option: 0, until: at(20_001), reason });
        text.split_inclusive(" It stays").next().unwrap().to_string()
    };
    assert_eq!(
        opened(ChangeReason::Window { failed: 1, calls: 1 }),
        "The last call of the model failed, and 50 % is enough. It stays"
    );
    assert_eq!(opened(ChangeReason::Slow { slow: 1, calls: 1 }), "The last call of the model was slow. It stays");
    assert_eq!(
        opened(ChangeReason::Slow { slow: 1, calls: 4 }),
        "1 of the last 4 calls of the model was slow. It stays"
    );
}

#[test]
fn a_breaker_that_opened_takes_one_failure_more_or_a_share_just_above() {
    let breaker = |policy: BreakerPolicy, reason: ChangeReason| {
        let trace: Vec<_> = tried_thrice()
            .into_iter()
            .chain([entry(1_503, 1, 0, Event::BreakerOpened { option: 0, until: at(5_000), reason })])
            .collect();
        change(&last(&Explainer::of_call(&plain().with_breaker(Some(policy)), &trace)))
    };
    let three = ChangeReason::Consecutive { failures: 3 };
    let alone = BreakerPolicy::default().with_consecutive(3).with_window(None);
    assert_eq!(breaker(alone, three.clone()).unwrap(), "breaker.consecutive of the call: 3 -> 4");
    // Three of three are also all of a window of three.
    let window = |rate, minimum| WindowPolicy::new(rate, 20, ms(60_000), minimum).ok();
    assert_eq!(breaker(alone.with_window(window(1_000, 3)), three.clone()), None);
    assert!(breaker(alone.with_window(window(1_000, 4)), three).is_some());

    let two_of_three = ChangeReason::Window { failed: 2, calls: 3 };
    let share = |rate, minimum| breaker(alone.with_window(window(rate, minimum)), two_of_three.clone()).unwrap();
    // 2/3 are 666.67 thousandths: 667 is the least above. From 500 that is a third more, as is 3 -> 4 of the minimum.
    assert_eq!(share(500, 1), "breaker.window.rate of the call: 50 % -> 66.7 %");
    assert_eq!(share(500, 3), "breaker.window.minimum of the call: 3 -> 4");
    assert_eq!(share(501, 3), "breaker.window.rate of the call: 50.1 % -> 66.7 %");
}

#[test]
fn what_began_before_a_breaker_closed_is_not_in_its_record() {
    let changes = |event| entry(10, 2, 0, event);
    let until = at(9);
    let mut trace = vec![
        begins(0, 1, 1),
        changes(Event::BreakerOpened { option: 0, until, reason: ChangeReason::Window { failed: 1, calls: 2 } }),
        changes(Event::BreakerClosed { option: 0, reason: ChangeReason::ProbesSucceeded { successes: 1 } }),
        fails(20, 1, 1),
    ];
    let later = tried_thrice().into_iter().map(|entry| Entry { call: Some(CallId(3)), ..entry });
    trace.extend(later.map(|entry| Entry { at: entry.at + ms(20), ..entry }));
    let reason = ChangeReason::Consecutive { failures: 3 };
    trace.push(entry(1_523, 3, 0, Event::BreakerOpened { option: 0, until: at(9_000), reason }));
    // With the failure of before there were four of four.
    let window = WindowPolicy::new(1_000, 20, ms(60_000), 4).ok();
    let breaker = BreakerPolicy::default().with_consecutive(3).with_window(window);
    let explanation = last(&Explainer::of_call(&plain().with_breaker(Some(breaker)), &trace));
    assert_eq!(change(&explanation).unwrap(), "breaker.consecutive of the call: 3 -> 4");
}

#[test]
fn probes_and_successes_have_their_settings() {
    let policy = plain().with_breaker(Some(BreakerPolicy::default()));
    let of = |event| {
        let trace = [begins(0, 1, 1), entry(5, 1, 0, event)];
        let explanation = last(&Explainer::of_call(&policy, &trace));
        (explanation.rule, explanation.setting.as_ref().map(|setting| setting.name), change(&explanation))
    };
    let one = ChangeReason::ProbesSucceeded { successes: 1 };
    let name = "breaker.successes";
    assert_eq!(
        of(Event::BreakerClosed { option: 0, reason: one }),
        ("probes_succeeded", Some(name), Some(format!("{name} of the call: 1 -> 2")))
    );
    let reason = RejectReason::ProbesUnderWay { probes: 1 };
    let name = "breaker.probes";
    assert_eq!(
        of(Event::BreakerRejected { option: 0, retry_at: at(9), reason }),
        ("probes_under_way", Some(name), Some(format!("{name} of the call: 1 -> 2")))
    );
    let open = Some("breaker.open_for");
    let event = Event::BreakerRejected { option: 0, retry_at: at(9), reason: RejectReason::Open };
    assert_eq!(of(event), ("breaker_open", open, None));
    assert_eq!(of(Event::BreakerHalfOpened { option: 0 }), ("open_time_over", open, None));
    let opened = |reason| Event::BreakerOpened { option: 0, until: at(9), reason };
    assert_eq!(of(opened(ChangeReason::ProbeFailed)), ("probe_failed", None, None));
    assert_eq!(of(opened(ChangeReason::LeaseEnded)), ("lease_ended", open, None));
    let by_hand = ChangeReason::ByHand { reason: "x".into() };
    assert_eq!(of(Event::BreakerSet { option: 0, state: "disabled", reason: by_hand }), ("by_hand", None, None));
}

#[test]
fn a_retry_budget_takes_the_smaller_change_of_share_and_minimum() {
    let refused = |per_mille, at_least, calls| {
        let policy = RetryBudgetPolicy::default().with_per_mille(per_mille).unwrap().with_at_least(at_least);
        let policy = run().with_retry_budget(Some(policy));
        let spent = RetryBudgetSpent { retries: 4, allowed: 4, calls };
        let reason = RetryRefusal::RetryBudget(spent);
        let failed = Event::AttemptFailed { failure: Failure::transient("503"), after: Duration::from_millis(1) };
        let refused = entry(1, 1, 0, Event::RetryRefused { reason });
        let trace = vec![asked_model(0, 1), begins(0, 1, 1), entry(1, 1, 1, failed), refused];
        // An option that was left for a pause might be come back to, were there a retry for it: then it is another picture.
        let left = FallbackReason::Paused { until: at(9), reason: PauseReason::ServerAsked };
        let mut other = trace.clone();
        other.insert(1, entry(0, 1, 0, Event::FellBack { from: 0, to: 1, reason: left }));
        assert_eq!(change(&of_run(&policy, other)), None);
        change(&of_run(&policy, trace)).unwrap()
    };
    // 5 of 20 calls are a quarter: 200 -> 250 is a quarter more, as is 4 -> 5.
    assert_eq!(refused(200, 4, 20), "retry_budget.at_least of the run: 4 -> 5");
    assert_eq!(refused(200, 3, 20), "retry_budget.rate of the run: 20 % -> 25 %");
    assert_eq!(refused(0, 4, 3), "retry_budget.at_least of the run: 4 -> 5");
    assert_eq!(refused(200, 0, 20), "retry_budget.rate of the run: 20 % -> 25 %");
    assert_eq!(refused(0, 0, 20), "retry_budget.at_least of the run: 0 -> 5");
}

#[test]
fn a_throttle_is_counted_again_with_more_tokens() {
    let policy = plain().with_throttle(Some(ThrottlePolicy::default().with_tokens(6).unwrap()));
    let reason = RetryRefusal::Throttle { tokens_thousandths: 3_000 };
    let trace: Vec<_> =
        tried_thrice().into_iter().chain([entry(1_503, 1, 0, Event::RetryRefused { reason })]).collect();
    let explanation = last(&Explainer::of_call(&policy, &trace));
    assert_eq!(change(&explanation).unwrap(), "throttle.tokens of the call: 6 -> 7");
    let left = FallbackReason::BreakerOpen { retry_at: at(9) };
    let mut other = trace.clone();
    other.insert(0, entry(0, 1, 0, Event::FellBack { from: 0, to: 1, reason: left }));
    assert_eq!(change(&last(&Explainer::of_call(&policy, &other))), None);
    assert_eq!(
        explanation.text,
        "Most of what goes there fails: each failure took a token, 3 of 6 are left, and without more than half of them \
         nothing is tried a second time."
    );
}

#[test]
fn a_budget_takes_what_was_missing_where_that_is_known() {
    let refused = |limits: Limits, what, limit, left, asked| {
        let error = CallError::BudgetExceeded(BudgetExceeded { what, limit, left, asked });
        change(&of_run(&run().with_budget(limits), vec![asked_model(0, 1), ends(1, 1, error)]))
    };
    let tokens = Limits::none().with_tokens(10_000).unwrap();
    assert_eq!(
        refused(tokens, Resource::Tokens, 10_000, 300, 4_000).unwrap(),
        "budget.tokens of the run: 10000 -> 13700"
    );
    assert_eq!(refused(tokens, Resource::Tokens, 10_000, 0, 4_000), None, "more may be spent than allowed");
    let both = tokens.with_money(5).unwrap();
    assert_eq!(refused(both, Resource::Tokens, 10_000, 300, 4_000), None, "money may not suffice either");
    let steps = Limits::none().with_steps(2).unwrap();
    let exceeded = BudgetExceeded { what: Resource::Steps, limit: 2, left: 0, asked: 1 };
    let explanation = of_run(&run().with_budget(steps), vec![entry(9, 0, 0, Event::BudgetSpent { exceeded })]);
    assert_eq!(change(&explanation).unwrap(), "budget.steps of the run: 2 -> 3");
    assert_eq!(explanation.text, "The budget allows 2 steps; 0 are left, and another step asks for 1.");
}

#[test]
fn a_step_cap_takes_one_step_more() {
    let explanation = of_run(&run(), vec![entry(9, 0, 0, Event::StepLimitReached { limit: 8 })]);
    assert_eq!(change(&explanation).unwrap(), "max_steps of the run: 8 -> 9");
    assert_eq!(explanation.text, "The run may make 8 steps, and all are made without a final answer.");
    let budget = run().with_budget(Limits::none().with_steps(8).unwrap());
    assert_eq!(of_run(&budget, vec![entry(9, 0, 0, Event::StepLimitReached { limit: 8 })]).otherwise, None);
}

#[test]
fn another_step_is_not_promised_where_more_may_be_spent_than_the_trace_tells() {
    let reached = || vec![entry(9, 0, 0, Event::StepLimitReached { limit: 8 })];
    for limits in [Limits::none().with_tokens(1_000_000).unwrap(), Limits::none().with_money(1_000_000).unwrap()] {
        assert_eq!(of_run(&run().with_budget(limits), reached()).otherwise, None);
    }
}

#[test]
fn a_hint_takes_one_repeat_more_and_what_follows_it_nothing() {
    let seen = |rung, rule| entry(9, 0, 0, Event::RepetitionSeen { rung, rule });
    let identical = |repeats| Repetition::Identical { repeats };
    let hint = of_run(&run(), vec![seen(Rung::Hint, identical(1))]);
    assert_eq!(change(&hint).unwrap(), "progress.repeats of the run: 1 -> 2");
    let entries = vec![seen(Rung::Hint, identical(1)), seen(Rung::Synthetic, identical(2))];
    assert_eq!(of_run(&run(), entries).otherwise, None);
    for (rule, expected) in [
        (Repetition::SameError { tool: "look".into(), repeats: 3 }, "progress.errors of the run: 3 -> 4"),
        (Repetition::NothingNew { turns: 6 }, "progress.nothing_new of the run: 6 -> 7"),
    ] {
        assert_eq!(change(&of_run(&run(), vec![seen(Rung::Hint, rule)])).unwrap(), expected);
    }
}

#[test]
fn a_question_that_expired_says_how_much_patience_the_decision_needed() {
    let id = ApprovalId(1);
    let asked = Event::ApprovalAsked {
        id,
        tool: "mail".into(),
        args: "{}".into(),
        digest: Digest([0; 32]),
        expires_at: at(605_000),
        again: false,
    };
    let mut trace = vec![started(0), entry(5_000, 1, 0, asked), entry(605_000, 0, 0, Event::ApprovalExpired { id })];
    let policy = run();
    let explain = |trace: &[Entry]| Explainer::new(&policy, &[], trace).explain(2).unwrap();
    assert_eq!(explain(&trace).otherwise, None);
    assert_eq!(explain(&trace).text, "Nobody answered within 10 min, and silence is a no.");
    let reason = DecisionRejected::AlreadyDecided;
    trace.push(entry(700_000, 0, 0, Event::DecisionIgnored { id, reason }));
    assert_eq!(change(&explain(&trace)).unwrap(), "approval.expires_after of the run: 10 min -> 695.000001 s");
}

#[test]
fn a_risky_tool_without_anybody_to_ask_is_decided_by_the_approver() {
    let reason = BlockReason::NobodyToAsk;
    let explanation = of_run(&run(), vec![entry(9, 0, 0, Event::ToolBlocked { tool: "mail".into(), reason })]);
    assert_eq!(change(&explanation).unwrap(), "approver of the run: none -> somebody");
    assert_eq!(explanation.text, "mail is risky and needs a human's yes, and there is no human to ask.");
}

#[test]
fn settings_are_those_of_the_tool_that_was_called() {
    let tools = [ToolSpec::new("look").with_policy(plain()), ToolSpec::new("mail").risky().with_policy(plain())];
    let policy = run();
    let of = |tool: &str, effect| {
        let called = Event::ToolCalled { tool: tool.into(), args: "{}".into(), effect };
        let trace = [started(0), entry(0, 1, 0, called), begins(0, 1, 1), fails(1, 1, 1), ends(1, 1, exhausted(1))];
        let explanation = last(&Explainer::new(&policy, &tools, &trace));
        let setting = explanation.setting.unwrap();
        (setting.name, setting.of.to_string(), setting.value.to_string())
    };
    assert_eq!(of("look", Effect::None), ("retry.attempts", "look".into(), "3".into()));
    assert_eq!(of("mail", Effect::Once), ("effect", "mail".into(), "once".into()));
}

#[test]
fn the_end_of_a_run_points_to_what_decided_it() {
    let finished = |stop| Event::RunFinished { stop, degraded: true, steps: 8, blocked: vec![], answer: String::new() };
    let limit = entry(9, 0, 0, Event::StepLimitReached { limit: 8 });
    let explanation = of_run(&run(), vec![limit, entry(9, 0, 0, finished(StopReason::StepLimit))]);
    assert!(explanation.numbers.contains(&("decided_by_entry", Value::Number(1))));
    assert_eq!(explanation.setting.unwrap().name, "max_steps");
    let policy = run().with_deadline(Some(ms(30_000))).unwrap();
    let explanation = of_run(&policy, vec![entry(30_000, 0, 0, finished(StopReason::Deadline))]);
    assert_eq!(explanation.text, "The run may take 30 s, and that time is over.");
    assert_eq!(explanation.setting.unwrap().name, "run.deadline");
}

#[test]
fn calls_outside_of_a_run_may_share_a_number() {
    let first = [begins(0, 1, 1), entry(5, 1, 1, Event::AttemptSucceeded { after: ms(5) })];
    let second = tried_thrice().into_iter().map(|entry| Entry { at: entry.at + ms(100), ..entry });
    let trace: Vec<_> = first.into_iter().chain(second).chain([ends(1_603, 1, exhausted(3))]).collect();
    // Counted from the second call's beginning, the wait of 2 s ends right before 3.504 s.
    let policy = plain().with_deadline(Some(ms(3_504))).unwrap();
    assert!(last(&Explainer::of_call(&policy, &trace)).otherwise.is_some());
}

#[test]
fn a_broken_trace_is_explained_as_far_as_it_goes() {
    let policy = run();
    for entry in tried_thrice().into_iter().chain([ends(9, 1, exhausted(3)), ends(9, 0, CallError::Cancelled)]) {
        let trace = [entry];
        assert_eq!(Explainer::new(&policy, &[], &trace).explain(0), None, "no call of that number began");
        let _ = Explainer::of_call(&plain(), &trace).explain(0);
    }
}

#[cfg(feature = "serde")]
#[test]
fn as_data_it_has_the_shape_of_its_documentation() {
    let explanation = of_run(&run(), vec![entry(9, 0, 0, Event::StepLimitReached { limit: 8 })]);
    assert_eq!(
        serde_json::to_string(&explanation).unwrap(),
        concat!(
            r#"{"rule":"step_limit","setting":{"name":"max_steps","of":"run","value":8},"numbers":{"steps":8},"#,
            r#""text":"The run may make 8 steps, and all are made without a final answer.","#,
            r#""otherwise":{"setting":{"name":"max_steps","of":"run","value":8},"to":9,"would":"Step 9 would have begun."}}"#
        )
    );
    let value = |value: &Value| serde_json::to_string(value).unwrap();
    assert_eq!(value(&Value::Duration(ms(1_500))), "1500.0");
    assert_eq!(value(&Value::Nothing), "null");
}
