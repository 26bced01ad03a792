//! Settings from bytes. What a constructor refuses stays as it was.

use crate::bytes::Bytes;
use steadfast::approval::{ApprovalGate, Digest};
use steadfast::backoff::{Backoff, Jitter};
use steadfast::breaker::{BreakerPolicy, SlowPolicy, WindowPolicy};
use steadfast::budget::{Left, Limits, RetryBudgetPolicy, Spend, ThrottlePolicy};
use steadfast::effect::Effect;
use steadfast::policy::{CallPolicy, RunPolicy};
use steadfast::progress::ProgressPolicy;
use steadfast::retry::RetryPolicy;
use steadfast::run::ToolSpec;

/// The tools of every run here.
pub const TOOLS: [&str; 4] = ["search", "note", "mail", "pay"];

/// A breaker's.
pub fn breaker(bytes: &mut Bytes<'_>) -> BreakerPolicy {
    let mut policy = BreakerPolicy::default();
    if bytes.yes() {
        policy = policy.with_consecutive(bytes.pick(&[1, 2, 3, 0, u32::MAX]));
    }
    match bytes.up_to(3) {
        0 => {}
        1 => policy = policy.with_window(None),
        _ => {
            let (rate, calls) = (bytes.pick(&[500, 1, 1_000, 333]), bytes.pick(&[1, 2, 5, 20, 21, 64, 10_000]));
            let window = WindowPolicy::new(rate, calls, bytes.duration(), u32::from(bytes.byte()));
            policy = window.map_or(policy, |window| policy.with_window(Some(window)));
        }
    }
    if bytes.yes() {
        let slow = SlowPolicy::new(bytes.duration(), bytes.pick(&[500, 1, 1_000]));
        policy = policy.with_slow(slow.ok());
    }
    if bytes.yes() {
        policy = policy.with_open_for(bytes.duration(), bytes.duration()).unwrap_or(policy);
    }
    if bytes.yes() {
        policy = policy.with_probes(bytes.pick(&[1, 2, 3, u32::MAX]), bytes.pick(&[1, 2, 3])).unwrap_or(policy);
    }
    bytes.limit().and_then(|lease| policy.with_lease(lease).ok()).unwrap_or(policy)
}

fn retry(bytes: &mut Bytes<'_>) -> Option<RetryPolicy> {
    let attempts = bytes.up_to(5);
    let backoff = if bytes.yes() {
        let jitter = bytes.pick(&[Jitter::Full, Jitter::Equal, Jitter::Decorrelated, Jitter::None]);
        let backoff = Backoff::new(bytes.duration(), bytes.duration()).unwrap_or_default().with_jitter(jitter);
        backoff.with_factor_thousandths(bytes.pick(&[2_000, 1_000, 1_001, u32::MAX])).unwrap_or(backoff)
    } else {
        Backoff::default()
    };
    RetryPolicy::default().with_attempts(attempts.into()).ok().map(|retry| retry.with_backoff(backoff))
}

/// What is left of a budget around a run.
pub fn left(bytes: &mut Bytes<'_>) -> Left {
    let spend = spend(bytes);
    let limited = |count| (bytes.byte() % 2 == 0).then_some(count);
    let [attempts, steps, tokens, money] = [spend.attempts, spend.steps, spend.tokens, spend.money].map(limited);
    Left { time: bytes.limit(), attempts, steps, tokens, money }
}

/// An amount to spend.
pub fn spend(bytes: &mut Bytes<'_>) -> Spend {
    Spend { attempts: bytes.number(), steps: bytes.number(), tokens: bytes.number(), money: bytes.number() }
}

/// An endpoint's.
pub fn call(bytes: &mut Bytes<'_>) -> CallPolicy {
    let mut policy = CallPolicy::default();
    if !bytes.yes() {
        return policy;
    }
    policy = policy.with_timeout(bytes.limit()).unwrap_or(policy);
    policy = policy.with_deadline(bytes.limit()).unwrap_or(policy);
    policy = policy.with_stream(bytes.limit(), bytes.limit()).unwrap_or(policy);
    policy = policy.with_retry(retry(bytes));
    policy = policy.with_breaker(bytes.yes().then(|| breaker(bytes)));
    let throttle = ThrottlePolicy::default();
    policy = match bytes.up_to(2) {
        0 => policy.with_throttle(None),
        1 => policy,
        _ => {
            let throttle = throttle.with_tokens(bytes.small_number()).unwrap_or(throttle);
            policy.with_throttle(Some(throttle.with_ratio(bytes.small_number()).unwrap_or(throttle)))
        }
    };
    if bytes.yes() { policy.with_estimate(spend(bytes)) } else { policy }
}

/// A budget's.
pub fn limits(bytes: &mut Bytes<'_>) -> Limits {
    let mut limits = Limits::none();
    if bytes.yes() {
        limits = limits.with_deadline(bytes.duration()).unwrap_or(limits);
        limits = limits.with_attempts(bytes.number()).unwrap_or(limits);
        limits = limits.with_steps(bytes.number()).unwrap_or(limits);
        limits = limits.with_tokens(bytes.number()).unwrap_or(limits);
        limits = limits.with_money(bytes.number()).unwrap_or(limits);
    }
    limits
}

/// Of the share of retries.
pub fn retry_budget(bytes: &mut Bytes<'_>) -> Option<RetryBudgetPolicy> {
    let policy = RetryBudgetPolicy::default();
    match bytes.up_to(2) {
        0 => Some(policy),
        1 => None,
        _ => Some(policy.with_per_mille(bytes.small_number()).unwrap_or(policy).with_at_least(bytes.number())),
    }
}

fn progress(bytes: &mut Bytes<'_>) -> Option<ProgressPolicy> {
    let mut policy = ProgressPolicy::default();
    match bytes.up_to(2) {
        0 => return Some(policy),
        1 => return None,
        _ => {}
    }
    policy = policy.clone().with_repeats(bytes.small_number()).unwrap_or(policy);
    policy = policy.clone().with_longest_cycle(bytes.small_number()).unwrap_or(policy);
    policy = policy.clone().with_errors(bytes.small_number()).unwrap_or(policy);
    policy = policy.clone().with_nothing_new(bytes.small_number()).unwrap_or(policy);
    Some(if bytes.yes() { policy.clone().with_polling([TOOLS[0]]).unwrap_or(policy) } else { policy })
}

/// A sum in the place of a hash: what a fuzzer writes by hand can fit it.
fn sum(parts: &[&[u8]]) -> Digest {
    let sum = parts.iter().flat_map(|part| part.iter()).fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
    Digest([sum & 1; 32])
}

/// A run's.
pub fn run(bytes: &mut Bytes<'_>) -> RunPolicy {
    let policy = RunPolicy::with_hash(sum);
    if !bytes.yes() {
        return policy.with_approval(ApprovalGate::default().with_approver(true));
    }
    let gate = ApprovalGate::default().with_approver(bytes.yes());
    let gate = bytes.limit().and_then(|limit| gate.with_expires_after(limit).ok()).unwrap_or(gate);
    let policy = policy.clone().with_max_steps(u32::from(bytes.up_to(12))).unwrap_or(policy);
    let policy = policy.clone().with_deadline(bytes.limit()).unwrap_or(policy);
    let policy = policy.with_approval(gate).with_model(call(bytes)).with_budget(limits(bytes));
    policy.with_retry_budget(retry_budget(bytes)).with_progress(progress(bytes))
}

/// The tools of a run: one of each effect, and a risky one.
pub fn tools(bytes: &mut Bytes<'_>) -> Vec<ToolSpec> {
    let effects = [Effect::None, Effect::Idempotent, Effect::Once, Effect::Once];
    let tools = TOOLS.into_iter().zip(effects).map(|(name, effect)| {
        let tool = if name == "pay" { ToolSpec::new(name).risky() } else { ToolSpec::new(name).with_effect(effect) };
        let tool = if bytes.yes() { tool.with_reconcile() } else { tool };
        tool.with_policy(if bytes.yes() { call(bytes) } else { CallPolicy::for_tool() })
    });
    tools.collect()
}
