//! For the crate: two functions, the settings of the run and its tools.

use super::{CodeLine, Writer, apart, quoted};
use steadfast::backoff::{Backoff, Jitter};
use steadfast::budget::{Limits, Spend};
use steadfast::effect::Effect;
use steadfast::explain::Subject;
use steadfast::policy::{CallPolicy, RunPolicy};
use steadfast::run::ToolSpec;
use steadfast::time::{Duration, micros};

const USES: [&str; 12] = [
    "use core::time::Duration;",
    "use steadfast::approval::ApprovalGate;",
    "use steadfast::backoff::{Backoff, Jitter};",
    "use steadfast::breaker::{BreakerPolicy, SlowPolicy, WindowPolicy};",
    "use steadfast::budget::{Limits, RetryBudgetPolicy, Spend, ThrottlePolicy};",
    "use steadfast::effect::Effect;",
    "use steadfast::policy::{CallPolicy, RunPolicy};",
    "use steadfast::progress::ProgressPolicy;",
    "use steadfast::retry::RetryPolicy;",
    "use steadfast::run::ToolSpec;",
    "use steadfast::setting::InvalidSetting;",
    "",
];

pub(super) fn code(policy: &RunPolicy, tools: &[ToolSpec]) -> Vec<CodeLine> {
    let mut body = Writer::default();
    body.plain("/// What the run may do, and how often.");
    body.plain("pub fn policy() -> Result<RunPolicy, InvalidSetting> {");
    body.plain("    let model = CallPolicy::default()");
    call(&mut body, &Subject::Model, policy.model(), "        ");
    body.plain("    Ok(RunPolicy::default()");
    run(&mut body, policy);
    body.plain("        .with_model(model))");
    body.plain("}");
    body.plain("");
    body.plain("/// What it may do it with.");
    body.plain("pub fn tools() -> Result<Vec<ToolSpec>, InvalidSetting> {");
    for (number, tool) in tools.iter().enumerate() {
        body.plain(&format!("    let tool_{number} = CallPolicy::default()"));
        call(&mut body, &Subject::Tool(tool.name().to_owned()), &tool.policy(), "        ");
    }
    body.says(&Subject::Run, &["tools"], "    Ok(vec![".into());
    for (number, tool) in tools.iter().enumerate() {
        self::tool(&mut body, number, tool);
    }
    body.plain("    ])");
    body.plain("}");
    // Only what is used below, so that it compiles without a warning.
    let text = super::text(&body.lines);
    let mut writer = Writer::default();
    for line in USES {
        if let Some(line) = used(line, &text) {
            writer.plain(&line);
        }
    }
    writer.lines.extend(body.lines);
    writer.lines
}

/// A line of imports with only the names that stand in the text; none if there are none.
fn used(line: &str, text: &str) -> Option<String> {
    let Some((path, names)) = line.trim_end_matches(';').rsplit_once("::") else { return Some(line.to_owned()) };
    let names: Vec<&str> = names.trim_matches(['{', '}']).split(", ").filter(|name| mentions(text, name)).collect();
    match names.as_slice() {
        [] => None,
        [name] => Some(format!("{path}::{name};")),
        names => Some(format!("{path}::{{{}}};", names.join(", "))),
    }
}

/// Whether a name stands in the text by itself, rather than within a longer one.
fn mentions(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| {
        let is_letter =
            |letter: Option<char>| letter.is_some_and(|letter| letter.is_ascii_alphanumeric() || letter == '_');
        !is_letter(text[..at].chars().next_back()) && !is_letter(text[at + name.len()..].chars().next())
    })
}

fn run(body: &mut Writer, policy: &RunPolicy) {
    let of = &Subject::Run;
    body.says(of, &["max_steps"], format!("        .with_max_steps({})?", apart(policy.max_steps().into())));
    if let Some(deadline) = policy.deadline() {
        body.says(of, &["run.deadline"], format!("        .with_deadline(Some({}))?", span(deadline)));
    }
    let gate = policy.approval();
    let text = format!(
        "        .with_approval(ApprovalGate::default().with_approver({}).with_expires_after({})?)",
        gate.has_approver(),
        span(gate.expires_after())
    );
    body.says(of, &["approval", "approver"], text);
    let limits = policy.budget();
    if limits != Limits::none() {
        body.says(of, &["budget"], "        .with_budget(Limits::none()".into());
        if let Some(deadline) = limits.deadline() {
            body.says(of, &["budget.deadline"], format!("            .with_deadline({})?", span(deadline)));
        }
        for (name, method, limit) in [
            ("budget.attempts", "attempts", limits.attempts()),
            ("budget.steps", "steps", limits.steps()),
            ("budget.tokens", "tokens", limits.tokens()),
            ("budget.money", "money", limits.money()),
        ] {
            if let Some(limit) = limit {
                body.says(of, &[name], format!("            .with_{method}({})?", apart(limit)));
            }
        }
        body.plain("        )");
    }
    let retries = policy.retry_budget().map_or("None".into(), |budget| {
        let (rate, least) = (budget.per_mille(), apart(budget.at_least()));
        format!("Some(RetryBudgetPolicy::default().with_per_mille({rate})?.with_at_least({least}))")
    });
    body.says(of, &["retry_budget"], format!("        .with_retry_budget({retries})"));
    let progress = policy.progress().map_or("None".into(), |progress| {
        let polling = progress.polling().iter().map(|tool| quoted(tool)).collect::<Vec<_>>().join(", ");
        let polling = if polling.is_empty() { String::new() } else { format!(".with_polling([{polling}])?") };
        format!(
            "Some(ProgressPolicy::default().with_repeats({})?.with_longest_cycle({})?.with_errors({})?.with_nothing_new({})?{polling})",
            progress.repeats(),
            progress.longest_cycle(),
            progress.errors(),
            progress.nothing_new()
        )
    });
    body.says(of, &["progress"], format!("        .with_progress({progress})"));
    if policy.safe_message() != RunPolicy::SAFE_MESSAGE {
        body.plain(&format!("        .with_safe_message({})?", quoted(policy.safe_message())));
    }
}

/// The methods of a call's policy; the last ends the statement.
fn call(body: &mut Writer, of: &Subject, policy: &CallPolicy, indent: &str) {
    let limit = |limit: Option<Duration>| limit.map_or("None".into(), |limit| format!("Some({})", span(limit)));
    body.says(of, &["timeout"], format!("{indent}.with_timeout({})?", limit(policy.timeout())));
    body.says(of, &["deadline"], format!("{indent}.with_deadline({})?", limit(policy.deadline())));
    if policy.first_output().is_some() || policy.idle().is_some() {
        let text = format!("{indent}.with_stream({}, {})?", limit(policy.first_output()), limit(policy.idle()));
        body.says(of, &["first_output", "idle"], text);
    }
    match policy.retry() {
        None => body.says(of, &["retry", "backoff"], format!("{indent}.with_retry(None)")),
        Some(retry) => {
            body.says(of, &["retry"], format!("{indent}.with_retry(Some(RetryPolicy::default()"));
            let attempts = apart(retry.attempts().into());
            body.says(of, &["retry.attempts"], format!("{indent}    .with_attempts({attempts})?"));
            body.says(of, &["backoff"], format!("{indent}    .with_backoff({})))", backoff(retry.backoff())));
        }
    }
    match policy.breaker() {
        None => body.says(of, &["breaker"], format!("{indent}.with_breaker(None)")),
        Some(breaker) => {
            body.says(of, &["breaker"], format!("{indent}.with_breaker(Some(BreakerPolicy::default()"));
            let consecutive = apart(breaker.consecutive().into());
            body.says(of, &["breaker.consecutive"], format!("{indent}    .with_consecutive({consecutive})"));
            let window = breaker.window().map_or("None".into(), |window| {
                let (rate, calls) = (apart(window.per_mille().into()), apart(window.calls().into()));
                format!(
                    "Some(WindowPolicy::new({rate}, {calls}, {}, {})?)",
                    span(window.span()),
                    apart(window.minimum().into())
                )
            });
            body.says(of, &["breaker.window"], format!("{indent}    .with_window({window})"));
            if let Some(slow) = breaker.slow() {
                let value = format!("SlowPolicy::new({}, {})?", span(slow.limit()), apart(slow.per_mille().into()));
                body.says(of, &["breaker.slow"], format!("{indent}    .with_slow(Some({value}))"));
            }
            let open = format!("{}, {}", span(breaker.open_for()), span(breaker.open_for_max()));
            body.says(of, &["breaker.open_for"], format!("{indent}    .with_open_for({open})?"));
            if let Some(lease) = breaker.lease() {
                body.says(of, &["breaker.lease"], format!("{indent}    .with_lease({})?", span(lease)));
            }
            let probes = format!("{}, {}", apart(breaker.probes().into()), apart(breaker.successes().into()));
            let names = ["breaker.probes", "breaker.successes"];
            body.says(of, &names, format!("{indent}    .with_probes({probes})?))"));
        }
    }
    let estimate = policy.estimate();
    if estimate != Spend::NONE {
        let (tokens, money) = (apart(estimate.tokens), apart(estimate.money));
        body.plain(&format!("{indent}.with_estimate(Spend {{ tokens: {tokens}, money: {money}, ..Spend::NONE }})"));
    }
    let throttle = policy.throttle().map_or("None".into(), |throttle| {
        let (tokens, ratio) = (apart(throttle.tokens().into()), apart(throttle.ratio_thousandths().into()));
        format!("Some(ThrottlePolicy::default().with_tokens({tokens})?.with_ratio({ratio})?)")
    });
    body.says(of, &["throttle"], format!("{indent}.with_throttle({throttle})"));
    body.says(of, &["longest_pause"], format!("{indent}.with_longest_pause({})?;", limit(policy.longest_pause())));
}

fn tool(body: &mut Writer, number: usize, tool: &ToolSpec) {
    let risky = if tool.is_risky() { ".risky()" } else { "" };
    let by_default = if tool.is_risky() { Effect::Once } else { Effect::None };
    let effect = match tool.effect() {
        effect if effect == by_default => "",
        Effect::None => ".with_effect(Effect::None)",
        Effect::Idempotent => ".with_effect(Effect::Idempotent)",
        Effect::Once => ".with_effect(Effect::Once)",
    };
    let reconcile = if tool.reconciles() { ".with_reconcile()" } else { "" };
    let name = quoted(tool.name());
    let text = format!("        ToolSpec::new({name}){risky}{effect}{reconcile}.with_policy(tool_{number}),");
    body.says(&Subject::Tool(tool.name().to_owned()), &["risky", "effect", "reconcile"], text);
}

fn backoff(backoff: &Backoff) -> String {
    let jitter = match backoff.jitter() {
        Jitter::Full => "Full",
        Jitter::Equal => "Equal",
        Jitter::Decorrelated => "Decorrelated",
        Jitter::None => "None",
    };
    format!(
        "Backoff::new({}, {})?.with_factor_thousandths({})?.with_jitter(Jitter::{jitter})",
        span(backoff.base()),
        span(backoff.cap()),
        apart(backoff.factor_thousandths().into())
    )
}

fn span(duration: Duration) -> String {
    let micros = micros(duration);
    match micros {
        _ if micros.is_multiple_of(1_000_000) => format!("Duration::from_secs({})", apart(micros / 1_000_000)),
        _ if micros.is_multiple_of(1_000) => format!("Duration::from_millis({})", apart(micros / 1_000)),
        _ => format!("Duration::from_micros({})", apart(micros)),
    }
}
