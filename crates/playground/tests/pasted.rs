//! The code that the page offers to paste is code: the Rust of it is compiled here and makes the very settings it was written
//! from; the JavaScript of it is run by the npm package's own tests (`test/pasted.test.js`).
//!
//! `STEADFAST_BLESS=1 cargo test -p steadfast-playground --test pasted` writes the files anew.

use core::time::Duration;
use std::path::PathBuf;

use steadfast::approval::ApprovalGate;
use steadfast::backoff::{Backoff, Jitter};
use steadfast::breaker::{BreakerPolicy, SlowPolicy};
use steadfast::budget::{Limits, RetryBudgetPolicy, Spend};
use steadfast::effect::Effect;
use steadfast::policy::{CallPolicy, RunPolicy};
use steadfast::progress::ProgressPolicy;
use steadfast::retry::RetryPolicy;
use steadfast::run::ToolSpec;
use steadfast::setting::InvalidSetting;
use steadfast_playground::code::{Language, code, text};

/// The settings of simulated agents.
#[allow(unreachable_pub, reason = "as it is pasted")]
mod plain {
    include!("pasted/plain.rs");
}

/// Every setting other than it is by default.
#[allow(unreachable_pub, reason = "as it is pasted")]
mod strange {
    include!("pasted/strange.rs");
}

fn strange() -> Result<(RunPolicy, Vec<ToolSpec>), InvalidSetting> {
    let (ms, secs) = (Duration::from_millis, Duration::from_secs);
    let backoff =
        Backoff::new(Duration::from_micros(1_500), secs(9))?.with_factor_thousandths(1_750)?.with_jitter(Jitter::Equal);
    let breaker = BreakerPolicy::default()
        .with_consecutive(0)
        .with_window(None)
        .with_slow(Some(SlowPolicy::new(ms(2_500), 333)?))
        .with_open_for(secs(7), secs(70))?
        .with_lease(ms(1_234))?
        .with_probes(3, 2)?;
    let model = CallPolicy::default()
        .with_timeout(None)?
        .with_deadline(Some(secs(45)))?
        .with_stream(Some(secs(3)), Some(secs(1)))?
        .with_retry(Some(RetryPolicy::default().with_attempts(1_000)?.with_backoff(backoff)))
        .with_breaker(Some(breaker))
        .with_estimate(Spend { tokens: 900, money: 4_000, ..Spend::NONE })
        .with_throttle(None)
        .with_longest_pause(None)?;
    let limits = Limits::none()
        .with_deadline(secs(90))?
        .with_attempts(40)?
        .with_steps(30)?
        .with_tokens(1_234_567)?
        .with_money(2_500_000)?;
    let policy = RunPolicy::default()
        .with_max_steps(1_450)?
        .with_deadline(Some(secs(120)))?
        .with_model(model)
        .with_approval(ApprovalGate::default().with_approver(true).with_expires_after(ms(15_500))?)
        .with_budget(limits)
        .with_retry_budget(Some(RetryBudgetPolicy::default().with_per_mille(50)?.with_at_least(0)))
        .with_progress(Some(ProgressPolicy::default().with_repeats(4)?.with_polling(["status"])?))
        .with_safe_message("Sorry, \"no\".")?;
    let tools = vec![
        ToolSpec::new("status").with_policy(CallPolicy::unguarded()),
        ToolSpec::new("pay").risky().with_reconcile().with_policy(CallPolicy::for_tool().with_timeout(Some(secs(8)))?),
        ToolSpec::new("file \"x\"").with_effect(Effect::Idempotent),
    ];
    Ok((policy, tools))
}

fn plain() -> (RunPolicy, Vec<ToolSpec>) {
    let policy = steadfast_sim::default_policy();
    let gate = policy.approval().with_approver(true);
    (policy.with_approval(gate), steadfast_sim::tools())
}

/// What two sets of tools have to agree in.
fn told(tools: &[ToolSpec]) -> Vec<(String, bool, Effect, bool, CallPolicy)> {
    let told =
        |tool: &ToolSpec| (tool.name().to_owned(), tool.is_risky(), tool.effect(), tool.reconciles(), tool.policy());
    tools.iter().map(told).collect()
}

#[test]
fn pasted_rust_makes_the_settings_it_was_written_from() {
    let written =
        [(plain::policy(), plain::tools(), plain()), (strange::policy(), strange::tools(), strange().unwrap())];
    for (policy, tools, (of_policy, of_tools)) in written {
        assert_eq!(format!("{:?}", policy.unwrap()), format!("{of_policy:?}"));
        assert_eq!(told(&tools.unwrap()), told(&of_tools));
    }
}

#[test]
fn files_are_what_the_page_shows() {
    let home = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let bless = std::env::var_os("STEADFAST_BLESS").is_some();
    for (name, (policy, tools)) in [("plain", plain()), ("strange", strange().unwrap())] {
        for (language, file) in [
            (Language::Rust, home.join(format!("tests/pasted/{name}.rs"))),
            (Language::JavaScript, home.join(format!("../wasm/npm/test/pasted/{name}.js"))),
        ] {
            let shown = text(&code(language, &policy, &tools));
            if bless {
                std::fs::write(&file, &shown).unwrap();
            }
            assert_eq!(
                std::fs::read_to_string(&file).unwrap(),
                shown,
                "{}; STEADFAST_BLESS=1 writes it",
                file.display()
            );
        }
    }
}
