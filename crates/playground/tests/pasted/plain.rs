use core::time::Duration;
use steadfast::approval::ApprovalGate;
use steadfast::backoff::{Backoff, Jitter};
use steadfast::breaker::{BreakerPolicy, WindowPolicy};
use steadfast::budget::{RetryBudgetPolicy, ThrottlePolicy};
use steadfast::policy::{CallPolicy, RunPolicy};
use steadfast::progress::ProgressPolicy;
use steadfast::retry::RetryPolicy;
use steadfast::run::ToolSpec;
use steadfast::setting::InvalidSetting;

/// What the run may do, and how often.
pub fn policy() -> Result<RunPolicy, InvalidSetting> {
    let model = CallPolicy::default()
        .with_timeout(Some(Duration::from_secs(4)))?
        .with_deadline(Some(Duration::from_secs(30)))?
        .with_retry(Some(RetryPolicy::default()
            .with_attempts(4)?
            .with_backoff(Backoff::new(Duration::from_millis(500), Duration::from_secs(20))?.with_factor_thousandths(2_000)?.with_jitter(Jitter::Full))))
        .with_breaker(Some(BreakerPolicy::default()
            .with_consecutive(3)
            .with_window(Some(WindowPolicy::new(500, 20, Duration::from_secs(60), 10)?))
            .with_open_for(Duration::from_secs(30), Duration::from_secs(300))?
            .with_probes(1, 1)?))
        .with_throttle(None)
        .with_longest_pause(Some(Duration::from_secs(300)))?;
    Ok(RunPolicy::default()
        .with_max_steps(8)?
        .with_approval(ApprovalGate::default().with_approver(true).with_expires_after(Duration::from_secs(600))?)
        .with_retry_budget(Some(RetryBudgetPolicy::default().with_per_mille(200)?.with_at_least(20)))
        .with_progress(Some(ProgressPolicy::default().with_repeats(1)?.with_longest_cycle(4)?.with_errors(3)?.with_nothing_new(6)?))
        .with_model(model))
}

/// What it may do it with.
pub fn tools() -> Result<Vec<ToolSpec>, InvalidSetting> {
    let tool_0 = CallPolicy::default()
        .with_timeout(Some(Duration::from_secs(10)))?
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
    let tool_1 = CallPolicy::default()
        .with_timeout(Some(Duration::from_secs(10)))?
        .with_deadline(None)?
        .with_retry(None)
        .with_breaker(Some(BreakerPolicy::default()
            .with_consecutive(5)
            .with_window(Some(WindowPolicy::new(500, 20, Duration::from_secs(60), 5)?))
            .with_open_for(Duration::from_secs(30), Duration::from_secs(300))?
            .with_probes(1, 1)?))
        .with_throttle(Some(ThrottlePolicy::default().with_tokens(10)?.with_ratio(100)?))
        .with_longest_pause(Some(Duration::from_secs(300)))?;
    Ok(vec![
        ToolSpec::new("multiply").with_policy(tool_0),
        ToolSpec::new("send_email").risky().with_policy(tool_1),
    ])
}
