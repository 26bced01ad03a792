use core::time::Duration;
use steadfast::approval::ApprovalGate;
use steadfast::backoff::{Backoff, Jitter};
use steadfast::breaker::{BreakerPolicy, SlowPolicy, WindowPolicy};
use steadfast::budget::{Limits, RetryBudgetPolicy, Spend, ThrottlePolicy};
use steadfast::effect::Effect;
use steadfast::policy::{CallPolicy, RunPolicy};
use steadfast::progress::ProgressPolicy;
use steadfast::retry::RetryPolicy;
use steadfast::run::ToolSpec;
use steadfast::setting::InvalidSetting;

/// What the run may do, and how often.
pub fn policy() -> Result<RunPolicy, InvalidSetting> {
    let model = CallPolicy::default()
        .with_timeout(None)?
        .with_deadline(Some(Duration::from_secs(45)))?
        .with_stream(Some(Duration::from_secs(3)), Some(Duration::from_secs(1)))?
        .with_retry(Some(RetryPolicy::default()
            .with_attempts(1_000)?
            .with_backoff(Backoff::new(Duration::from_micros(1_500), Duration::from_secs(9))?.with_factor_thousandths(1_750)?.with_jitter(Jitter::Equal))))
        .with_breaker(Some(BreakerPolicy::default()
            .with_consecutive(0)
            .with_window(None)
            .with_slow(Some(SlowPolicy::new(Duration::from_millis(2_500), 333)?))
            .with_open_for(Duration::from_secs(7), Duration::from_secs(70))?
            .with_lease(Duration::from_millis(1_234))?
            .with_probes(3, 2)?))
        .with_estimate(Spend { tokens: 900, money: 4_000, ..Spend::NONE })
        .with_throttle(None)
        .with_longest_pause(None)?;
    Ok(RunPolicy::default()
        .with_max_steps(1_450)?
        .with_deadline(Some(Duration::from_secs(120)))?
        .with_approval(ApprovalGate::default().with_approver(true).with_expires_after(Duration::from_millis(15_500))?)
        .with_budget(Limits::none()
            .with_deadline(Duration::from_secs(90))?
            .with_attempts(40)?
            .with_steps(30)?
            .with_tokens(1_234_567)?
            .with_money(2_500_000)?
        )
        .with_retry_budget(Some(RetryBudgetPolicy::default().with_per_mille(50)?.with_at_least(0)))
        .with_progress(Some(ProgressPolicy::default().with_repeats(4)?.with_longest_cycle(4)?.with_errors(3)?.with_nothing_new(6)?.with_polling(["status"])?))
        .with_safe_message("Sorry, \"no\".")?
        .with_model(model))
}

/// What it may do it with.
pub fn tools() -> Result<Vec<ToolSpec>, InvalidSetting> {
    let tool_0 = CallPolicy::default()
        .with_timeout(None)?
        .with_deadline(None)?
        .with_retry(None)
        .with_breaker(None)
        .with_throttle(None)
        .with_longest_pause(None)?;
    let tool_1 = CallPolicy::default()
        .with_timeout(Some(Duration::from_secs(8)))?
        .with_deadline(None)?
        .with_retry(None)
        .with_breaker(Some(BreakerPolicy::default()
            .with_consecutive(5)
            .with_window(Some(WindowPolicy::new(500, 20, Duration::from_secs(60), 5)?))
            .with_open_for(Duration::from_secs(30), Duration::from_secs(300))?
            .with_probes(1, 1)?))
        .with_throttle(Some(ThrottlePolicy::default().with_tokens(10)?.with_ratio(100)?))
        .with_longest_pause(Some(Duration::from_secs(300)))?;
    let tool_2 = CallPolicy::default()
        .with_timeout(Some(Duration::from_secs(60)))?
        .with_deadline(None)?
        .with_retry(Some(RetryPolicy::default()
            .with_attempts(3)?
            .with_backoff(Backoff::new(Duration::from_millis(50), Duration::from_secs(20))?.with_factor_thousandths(2_000)?.with_jitter(Jitter::Full))))
        .with_breaker(Some(BreakerPolicy::default()
            .with_consecutive(5)
            .with_window(Some(WindowPolicy::new(500, 20, Duration::from_secs(60), 5)?))
            .with_open_for(Duration::from_secs(30), Duration::from_secs(300))?
            .with_probes(1, 1)?))
        .with_throttle(Some(ThrottlePolicy::default().with_tokens(10)?.with_ratio(100)?))
        .with_longest_pause(Some(Duration::from_secs(300)))?;
    Ok(vec![
        ToolSpec::new("status").with_policy(tool_0),
        ToolSpec::new("pay").risky().with_reconcile().with_policy(tool_1),
        ToolSpec::new("file \"x\"").with_effect(Effect::Idempotent).with_policy(tool_2),
    ])
}
