//! Policies from JavaScript's options, on top of the ones they change.

use crate::misuse::invalid;
use crate::options::{Options, Switch};
use steadfast::backoff::{Backoff, Jitter};
use steadfast::breaker::{BreakerPolicy, WindowPolicy};
use steadfast::policy::{CallPolicy, RunPolicy};
use steadfast::retry::RetryPolicy;
use wasm_bindgen::JsValue;

const GUARD: &[&str] = &["timeout", "deadline", "retry", "breaker"];
const RETRY: &[&str] = &["attempts", "base", "cap", "factor", "jitter"];
const BREAKER: &[&str] = &["consecutive", "window", "openFor", "openForMax", "probes", "successes", "lease"];
const WINDOW: &[&str] = &["rate", "calls", "ms", "minimum"];
const JITTERS: &[(&str, Jitter)] =
    &[("full", Jitter::Full), ("equal", Jitter::Equal), ("decorrelated", Jitter::Decorrelated), ("none", Jitter::None)];

/// The options of a run that `agent` and `simulate` share: `maxSteps`, `guard`, `safeMessage`, `approvalExpiresAfter`.
pub(crate) fn run(options: &Options, mut policy: RunPolicy) -> Result<RunPolicy, JsValue> {
    if let Some(steps) = options.whole("maxSteps", 1, u32::MAX)? {
        policy = policy.with_max_steps(steps).map_err(invalid)?;
    }
    if let Some(message) = options.text("safeMessage")? {
        if message.trim().is_empty() {
            return Err(options.misuse("safeMessage", &message.into(), "a sentence: a run always answers"));
        }
        policy = policy.with_safe_message(message).map_err(invalid)?;
    }
    if let Some(limit) = options.duration("approvalExpiresAfter")? {
        let gate = policy.approval().with_expires_after(limit).map_err(invalid)?;
        policy = policy.with_approval(gate);
    }
    let model = guard(options, *policy.model())?;
    Ok(policy.with_model(model))
}

/// The option `guard`.
pub(crate) fn guard(options: &Options, mut policy: CallPolicy) -> Result<CallPolicy, JsValue> {
    let Some(guard) = options.inner("guard", GUARD)? else { return Ok(policy) };
    if let Some(timeout) = guard.duration("timeout")? {
        policy = policy.with_timeout(Some(timeout)).map_err(invalid)?;
    }
    if let Some(deadline) = guard.duration("deadline")? {
        policy = policy.with_deadline(Some(deadline)).map_err(invalid)?;
    }
    match guard.switch("retry", &JsValue::FALSE, RETRY)? {
        Switch::Standing => {}
        Switch::Off => policy = policy.with_retry(None),
        Switch::On(options) => {
            policy = policy.with_retry(Some(retry(&options, policy.retry().copied().unwrap_or_default())?));
        }
    }
    match guard.switch("breaker", &JsValue::FALSE, BREAKER)? {
        Switch::Standing => {}
        Switch::Off => policy = policy.with_breaker(None),
        Switch::On(options) => {
            policy = policy.with_breaker(Some(breaker(&options, policy.breaker().copied().unwrap_or_default())?));
        }
    }
    Ok(policy)
}

fn retry(options: &Options, mut policy: RetryPolicy) -> Result<RetryPolicy, JsValue> {
    if let Some(attempts) = options.whole("attempts", 1, u32::MAX)? {
        policy = policy.with_attempts(attempts).map_err(invalid)?;
    }
    let standing = *policy.backoff();
    let base = options.wait("base")?.unwrap_or(standing.base());
    let cap = options.wait("cap")?.unwrap_or(standing.cap());
    if base > cap {
        let value = JsValue::from_f64(base.as_secs_f64() * 1_000.0);
        let allowed = format!("at most {}, which is {} ms", options.path("cap"), cap.as_secs_f64() * 1_000.0);
        return Err(options.misuse("base", &value, &allowed));
    }
    let factor = options.thousandths("factor", 1.0, 1_000.0)?.unwrap_or(standing.factor_thousandths());
    let jitter = options.word("jitter", JITTERS)?.unwrap_or(standing.jitter());
    let backoff =
        Backoff::new(base, cap).and_then(|backoff| backoff.with_factor_thousandths(factor)).map_err(invalid)?;
    Ok(policy.with_backoff(backoff.with_jitter(jitter)))
}

fn breaker(options: &Options, mut policy: BreakerPolicy) -> Result<BreakerPolicy, JsValue> {
    if let Some(failures) = options.whole("consecutive", 0, u32::MAX)? {
        policy = policy.with_consecutive(failures);
    }
    match options.switch("window", &JsValue::NULL, WINDOW)? {
        Switch::Standing => {}
        Switch::Off => policy = policy.with_window(None),
        Switch::On(options) => policy = policy.with_window(Some(window(&options)?)),
    }
    let first = options.duration("openFor")?.unwrap_or(policy.open_for());
    let most = options.duration("openForMax")?.unwrap_or(policy.open_for_max());
    if first > most {
        let value = JsValue::from_f64(first.as_secs_f64() * 1_000.0);
        let allowed = format!("at most {}, which is {} ms", options.path("openForMax"), most.as_secs_f64() * 1_000.0);
        return Err(options.misuse("openFor", &value, &allowed));
    }
    let probes = options.whole("probes", 1, u32::MAX)?.unwrap_or(policy.probes());
    let successes = options.whole("successes", 1, u32::MAX)?.unwrap_or(policy.successes());
    policy = policy.with_open_for(first, most).and_then(|it| it.with_probes(probes, successes)).map_err(invalid)?;
    if let Some(lease) = options.duration("lease")? {
        policy = policy.with_lease(lease).map_err(invalid)?;
    }
    Ok(policy)
}

/// All four of its options are needed: half a rule would be somebody else's rule.
fn window(options: &Options) -> Result<WindowPolicy, JsValue> {
    let missing = |name| options.misuse(name, &JsValue::UNDEFINED, "all of rate, calls, ms and minimum");
    let rate = options.thousandths("rate", 0.001, 1.0)?.ok_or_else(|| missing("rate"))?;
    let calls = options.whole("calls", 1, 10_000)?.ok_or_else(|| missing("calls"))?;
    let span = options.duration("ms")?.ok_or_else(|| missing("ms"))?;
    let minimum = options.whole("minimum", 1, calls)?.ok_or_else(|| missing("minimum"))?;
    WindowPolicy::new(rate, calls, span, minimum).map_err(invalid)
}
