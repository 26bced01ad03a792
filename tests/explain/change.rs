//! One setting changed, everything else as it was.

use steadfast::approval::ApprovalGate;
use steadfast::backoff::Backoff;
use steadfast::breaker::{BreakerPolicy, SlowPolicy, WindowPolicy};
use steadfast::budget::Limits;
use steadfast::explain::{Subject, Value};
use steadfast::policy::{CallPolicy, RunPolicy};
use steadfast::run::ToolSpec;
use steadfast::time::Duration;

/// The policy and the tools with that setting changed.
pub(crate) fn changed(
    policy: &RunPolicy,
    tools: &[ToolSpec],
    name: &str,
    of: &Subject,
    to: &Value,
) -> (RunPolicy, Vec<ToolSpec>) {
    let (policy, mut tools) = (policy.clone(), tools.to_vec());
    match of {
        Subject::Model => {
            let model = of_call(policy.model(), name, to);
            (policy.with_model(model), tools)
        }
        Subject::Tool(tool) => {
            let spec = tools.iter_mut().find(|spec| spec.name() == tool).unwrap();
            *spec = spec.clone().with_policy(of_call(&spec.reconcile_policy(), name, to));
            (policy, tools)
        }
        Subject::Run => (of_run(policy, name, to), tools),
        Subject::Call => panic!("there is no call outside of a run here"),
    }
}

fn span(to: &Value) -> Duration {
    let Value::Duration(duration) = to else { panic!("{to:?} is no time span") };
    *duration
}

fn count(to: &Value) -> u64 {
    let Value::Number(number) = to else { panic!("{to:?} is no number") };
    *number
}

fn whole(to: &Value) -> u32 {
    count(to).try_into().unwrap()
}

fn share(to: &Value) -> u32 {
    let Value::PerMille(share) = to else { panic!("{to:?} is no share") };
    *share
}

fn of_call(policy: &CallPolicy, name: &str, to: &Value) -> CallPolicy {
    let breaker =
        |change: &dyn Fn(BreakerPolicy) -> BreakerPolicy| policy.with_breaker(Some(change(*policy.breaker().unwrap())));
    let window = |rate: Option<u32>, minimum: Option<u32>| {
        breaker(&|breaker| {
            let old = breaker.window().unwrap();
            let (rate, minimum) = (rate.unwrap_or(old.per_mille()), minimum.unwrap_or(old.minimum()));
            breaker.with_window(Some(WindowPolicy::new(rate, old.calls(), old.span(), minimum).unwrap()))
        })
    };
    match name {
        "timeout" => policy.with_timeout(Some(span(to))).unwrap(),
        "deadline" => policy.with_deadline(Some(span(to))).unwrap(),
        "retry.attempts" => policy.with_retry(Some(policy.retry().unwrap().with_attempts(whole(to)).unwrap())),
        "longest_pause" => policy.with_longest_pause(Some(span(to))).unwrap(),
        "backoff.cap" => {
            let (retry, old) = (*policy.retry().unwrap(), *policy.retry().unwrap().backoff());
            let new = Backoff::new(old.base(), span(to)).unwrap().with_jitter(old.jitter());
            policy.with_retry(Some(retry.with_backoff(new.with_factor_thousandths(old.factor_thousandths()).unwrap())))
        }
        "throttle.tokens" => policy.with_throttle(Some(policy.throttle().unwrap().with_tokens(whole(to)).unwrap())),
        "breaker.consecutive" => breaker(&|breaker| breaker.with_consecutive(whole(to))),
        "breaker.window.rate" => window(Some(share(to)), None),
        "breaker.window.minimum" => window(None, Some(whole(to))),
        "breaker.slow.rate" => breaker(&|breaker| {
            let limit = breaker.slow().unwrap().limit();
            breaker.with_slow(Some(SlowPolicy::new(limit, share(to)).unwrap()))
        }),
        "breaker.probes" => breaker(&|breaker| breaker.with_probes(whole(to), breaker.successes()).unwrap()),
        "breaker.successes" => breaker(&|breaker| breaker.with_probes(breaker.probes(), whole(to)).unwrap()),
        name => panic!("calls have no setting {name}"),
    }
}

fn of_run(policy: RunPolicy, name: &str, to: &Value) -> RunPolicy {
    let (budget, gate): (Limits, ApprovalGate) = (policy.budget(), policy.approval());
    let retries = policy.retry_budget().copied();
    let progress = policy.progress().cloned();
    match name {
        "run.deadline" => policy.with_deadline(Some(span(to))).unwrap(),
        "max_steps" => policy.with_max_steps(whole(to)).unwrap(),
        "budget.deadline" => policy.with_budget(budget.with_deadline(span(to)).unwrap()),
        "budget.attempts" => policy.with_budget(budget.with_attempts(count(to)).unwrap()),
        "budget.steps" => policy.with_budget(budget.with_steps(count(to)).unwrap()),
        "budget.tokens" => policy.with_budget(budget.with_tokens(count(to)).unwrap()),
        "budget.money" => policy.with_budget(budget.with_money(count(to)).unwrap()),
        "retry_budget.rate" => policy.with_retry_budget(Some(retries.unwrap().with_per_mille(share(to)).unwrap())),
        "retry_budget.at_least" => policy.with_retry_budget(Some(retries.unwrap().with_at_least(count(to)))),
        "progress.repeats" => policy.with_progress(Some(progress.unwrap().with_repeats(whole(to)).unwrap())),
        "progress.errors" => policy.with_progress(Some(progress.unwrap().with_errors(whole(to)).unwrap())),
        "progress.nothing_new" => policy.with_progress(Some(progress.unwrap().with_nothing_new(whole(to)).unwrap())),
        "approval.expires_after" => policy.with_approval(gate.with_expires_after(span(to)).unwrap()),
        "approver" => policy.with_approval(gate.with_approver(true)),
        name => panic!("runs have no setting {name}"),
    }
}
