//! For the npm package: a module that makes the agent.

use super::{CodeLine, Writer, apart, decimal, quoted};
use steadfast::backoff::Jitter;
use steadfast::breaker::BreakerPolicy;
use steadfast::effect::Effect;
use steadfast::explain::Subject;
use steadfast::policy::{CallPolicy, RunPolicy};
use steadfast::retry::RetryPolicy;
use steadfast::run::ToolSpec;
use steadfast::time::{Duration, micros};

pub(super) fn code(policy: &RunPolicy, tools: &[ToolSpec]) -> Vec<CodeLine> {
    let mut writer = Writer::default();
    let (model, run) = (policy.model(), Subject::Run);
    let limits = policy.budget();
    let has_budget = limits != steadfast::budget::Limits::none() || policy.deadline().is_some();
    writer.plain(if has_budget {
        "import { agent, Budget } from \"steadfast\";"
    } else {
        "import { agent } from \"steadfast\";"
    });
    writer.plain("");
    writer.plain("/** On your model, the functions behind your tools, and whoever approves. */");
    let lookups = if tools.iter().any(ToolSpec::reconciles) { ", reconcile" } else { "" };
    writer.plain(&format!("export const assistant = (model, tools, approver{lookups}) => agent({{"));
    writer.plain("  model,");
    writer.says(&run, &["tools"], "  tools: {".into());
    for tool in tools {
        self::tool(&mut writer, tool);
    }
    writer.plain("  },");
    if policy.approval().has_approver() {
        writer.says(&run, &["approver"], "  approver,".into());
    }
    let expires = policy.approval().expires_after();
    writer.says(&run, &["approval.expires_after"], format!("  approvalExpiresAfter: {},", millis(expires)));
    writer.says(&run, &["max_steps"], format!("  maxSteps: {},", apart(policy.max_steps().into())));
    writer.plain("  guard: {");
    guard(&mut writer, &Subject::Model, model);
    writer.plain("  },");
    if has_budget {
        writer.says(&run, &["budget"], "  budget: new Budget({".into());
        let deadline = limits.deadline().into_iter().chain(policy.deadline()).min();
        for (names, name, value) in [
            (&["budget.deadline", "run.deadline"][..], "deadline", deadline.map(millis)),
            (&["budget.attempts"][..], "attempts", limits.attempts().map(apart)),
            (&["budget.steps"][..], "steps", limits.steps().map(apart)),
            (&["budget.tokens"][..], "tokens", limits.tokens().map(apart)),
            (&["budget.money"][..], "money", limits.money().map(money)),
        ] {
            if let Some(value) = value {
                writer.says(&run, names, format!("    {name}: {value},"));
            }
        }
        writer.plain("  }),");
    }
    if policy.safe_message() != RunPolicy::SAFE_MESSAGE {
        writer.plain(&format!("  safeMessage: {},", quoted(policy.safe_message())));
    }
    writer.plain("});");
    built_in(&mut writer, policy);
    writer.lines
}

/// What only Rust can set. It is not left out: it may be what decided.
fn built_in(writer: &mut Writer, policy: &RunPolicy) {
    let run = Subject::Run;
    writer.plain("");
    writer.plain("// Set in Rust alone; in JavaScript the defaults hold:");
    let retries = policy.retry_budget().map_or("no retry budget".into(), |budget| {
        format!("retry budget: {} of all calls, {} in any case", decimal(budget.per_mille().into()), budget.at_least())
    });
    writer.says(&run, &["retry_budget"], format!("//   {retries}"));
    let progress = policy.progress().map_or("no progress detector".into(), |progress| {
        let (repeats, errors) = (progress.repeats(), progress.errors());
        format!(
            "progress detector: {repeats} repeats, {errors} same errors, {} turns without news",
            progress.nothing_new()
        )
    });
    writer.says(&run, &["progress"], format!("//   {progress}"));
    let pause = policy.model().longest_pause().map_or("any pause is waited out".into(), |pause| {
        format!("longest pause that a server may ask for: {} ms", millis(pause))
    });
    writer.says(&Subject::Model, &["longest_pause"], format!("//   {pause}"));
    let throttle = policy.model().throttle().map_or("no throttle of retries".into(), |throttle| {
        format!(
            "throttle: {} tokens, a success gives {} back",
            throttle.tokens(),
            decimal(throttle.ratio_thousandths().into())
        )
    });
    writer.says(&Subject::Model, &["throttle"], format!("//   {throttle}"));
    for (name, limit) in [("first_output", policy.model().first_output()), ("idle", policy.model().idle())] {
        if let Some(limit) = limit {
            let text = format!("//   {} of the model's streams: {} ms", name.replace('_', " "), millis(limit));
            writer.says(&Subject::Model, &[name], text);
        }
    }
}

fn tool(writer: &mut Writer, tool: &ToolSpec) {
    let name = quoted(tool.name());
    let of = Subject::Tool(tool.name().to_owned());
    let risky = if tool.is_risky() { ", risky: true" } else { "" };
    let by_default = if tool.is_risky() { Effect::Once } else { Effect::None };
    let effect = if tool.effect() == by_default {
        String::new()
    } else {
        format!(", effect: {}", quoted(tool.effect().as_str()))
    };
    let reconcile = if tool.reconciles() { format!(", reconcile: reconcile[{name}]") } else { String::new() };
    writer.says(
        &of,
        &["", "risky", "effect", "reconcile"],
        format!("    {name}: {{ run: tools[{name}]{risky}{effect}{reconcile}, guard: {{"),
    );
    let own = tool.policy();
    writer.says(&of, &["timeout"], format!("      timeout: {},", own.timeout().map_or("Infinity".into(), millis)));
    if let Some(deadline) = own.deadline() {
        writer.says(&of, &["deadline"], format!("      deadline: {},", millis(deadline)));
    }
    let text =
        own.retry().map_or("      retry: false,".into(), |retry| format!("      retry: {},", self::retry(retry)));
    writer.says(&of, &["retry", "backoff"], text);
    if own.breaker().is_none() {
        writer.says(&of, &["breaker"], "      breaker: false,".into());
    } else if let Some(breaker) = own.breaker().filter(|breaker| **breaker != BreakerPolicy::default()) {
        self::breaker(writer, &of, breaker, "      ");
    }
    writer.plain("    } },");
}

fn guard(writer: &mut Writer, of: &Subject, policy: &CallPolicy) {
    writer.says(of, &["timeout"], format!("    timeout: {},", policy.timeout().map_or("Infinity".into(), millis)));
    if let Some(deadline) = policy.deadline() {
        writer.says(of, &["deadline"], format!("    deadline: {},", millis(deadline)));
    }
    match policy.retry() {
        None => writer.says(of, &["retry", "backoff"], "    retry: false,".into()),
        Some(retry) => {
            let backoff = retry.backoff();
            writer.says(of, &["retry", "backoff"], "    retry: {".into());
            writer.says(of, &["retry.attempts"], format!("      attempts: {},", apart(retry.attempts().into())));
            writer.says(of, &["backoff.base"], format!("      base: {},", millis(backoff.base())));
            writer.says(of, &["backoff.cap"], format!("      cap: {},", millis(backoff.cap())));
            let factor = decimal(backoff.factor_thousandths().into());
            writer.says(of, &["backoff.factor"], format!("      factor: {factor},"));
            writer.says(of, &["backoff.jitter"], format!("      jitter: {},", quoted(jitter(backoff.jitter()))));
            writer.plain("    },");
        }
    }
    match policy.breaker() {
        None => writer.says(of, &["breaker"], "    breaker: false,".into()),
        Some(breaker) => self::breaker(writer, of, breaker, "    "),
    }
}

fn breaker(writer: &mut Writer, of: &Subject, breaker: &BreakerPolicy, indent: &str) {
    writer.says(of, &["breaker"], format!("{indent}breaker: {{"));
    let line = |name: &str, value: String| format!("{indent}  {name}: {value},");
    writer.says(of, &["breaker.consecutive"], line("consecutive", apart(breaker.consecutive().into())));
    let window = breaker.window().map_or("null".into(), |window| {
        let (rate, calls) = (decimal(window.per_mille().into()), apart(window.calls().into()));
        format!("{{ rate: {rate}, calls: {calls}, ms: {}, minimum: {} }}", millis(window.span()), window.minimum())
    });
    writer.says(of, &["breaker.window"], line("window", window));
    if let Some(slow) = breaker.slow() {
        let value = format!("{{ ms: {}, rate: {} }}", millis(slow.limit()), decimal(slow.per_mille().into()));
        writer.says(of, &["breaker.slow"], line("slow", value));
    }
    writer.says(of, &["breaker.open_for"], line("openFor", millis(breaker.open_for())));
    writer.says(of, &["breaker.open_for_max"], line("openForMax", millis(breaker.open_for_max())));
    writer.says(of, &["breaker.probes"], line("probes", apart(breaker.probes().into())));
    writer.says(of, &["breaker.successes"], line("successes", apart(breaker.successes().into())));
    if let Some(lease) = breaker.lease() {
        writer.says(of, &["breaker.lease"], line("lease", millis(lease)));
    }
    writer.plain(&format!("{indent}}},"));
}

fn retry(retry: &RetryPolicy) -> String {
    let backoff = retry.backoff();
    format!(
        "{{ attempts: {}, base: {}, cap: {}, factor: {}, jitter: {} }}",
        apart(retry.attempts().into()),
        millis(backoff.base()),
        millis(backoff.cap()),
        decimal(backoff.factor_thousandths().into()),
        quoted(jitter(backoff.jitter()))
    )
}

fn jitter(jitter: Jitter) -> &'static str {
    match jitter {
        Jitter::Full => "full",
        Jitter::Equal => "equal",
        Jitter::Decorrelated => "decorrelated",
        Jitter::None => "none",
    }
}

/// JavaScript counts milliseconds.
fn millis(duration: Duration) -> String {
    let micros = micros(duration);
    match micros % 1_000 {
        0 => apart(micros / 1_000),
        rest => format!("{}.{}", apart(micros / 1_000), format!("{rest:03}").trim_end_matches('0')),
    }
}

/// And money in whole units.
fn money(millionths: u64) -> String {
    let text = format!("{}.{:06}", millionths / 1_000_000, millionths % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
