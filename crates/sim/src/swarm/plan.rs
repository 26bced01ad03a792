//! What a seed decides before a run begins.

use steadfast::approval::ApprovalGate;
use steadfast::backoff::{Backoff, Jitter};
use steadfast::breaker::BreakerPolicy;
use steadfast::budget::{Limits, RetryBudgetPolicy, Spend, ThrottlePolicy};
use steadfast::effect::Effect;
use steadfast::policy::{CallPolicy, RunPolicy};
use steadfast::progress::ProgressPolicy;
use steadfast::retry::RetryPolicy;
use steadfast::rng::{Seed, Stream};
use steadfast::run::ToolSpec;
use steadfast::setting::InvalidSetting;
use steadfast::time::Duration;

/// A world and the agent in it.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) seed: u64,
    pub(super) policy: RunPolicy,
    pub(super) models: u32,
    pub(super) tools: Vec<ToolSpec>,
    /// In a thousand: how often an attempt fails, hangs, answers twice, and answers late.
    pub(super) fails: u32,
    pub(super) hangs: u32,
    pub(super) repeats: u32,
    /// In a thousand: how often the model has enough and answers.
    pub(super) answers: u32,
    /// When the caller loses patience, if ever.
    pub(super) cancel_at: Option<Duration>,
    /// In a thousand: how often the model asks for the same as before.
    pub(super) loops: u32,
    /// In a thousand: how often an attempt brings its output in parts.
    pub(super) streams: u32,
    /// Whether nobody is there to ask, so that the run is suspended, and how often it is then resumed.
    pub(super) resumes: u32,
    /// In a thousand: how often the run's process ends between two inputs.
    pub(super) crashes: u32,
    /// Whether the clock goes back now and then, and ticks come late.
    pub(super) bad_clock: bool,
}

/// The names of the tools, whose number in the list says what they are: see [`tools`].
pub(super) const TOOLS: [&str; 4] = ["look", "store", "mail", "pay"];

impl Plan {
    /// The luck of everything that is not decided by the plan.
    pub(super) fn luck(seed: u64) -> Stream {
        Seed(seed).derive(1).stream(0, 0)
    }

    pub(super) fn of(seed: u64) -> Self {
        let mut stream = Seed(seed).derive(2).stream(0, 0);
        // Every setting drawn below is within its meaning.
        Self::drawn(seed, &mut stream).unwrap_or_else(|invalid| unreachable!("{invalid}"))
    }

    fn drawn(seed: u64, stream: &mut Stream) -> Result<Self, InvalidSetting> {
        let gate =
            ApprovalGate::default().with_approver(stream.happens(800)).with_expires_after(millis(stream, 1, 60_000))?;
        let deadline = stream.happens(400).then(|| millis(stream, 1, 90_000));
        let policy = RunPolicy::default()
            .with_max_steps(1 + number(stream, 9))?
            .with_deadline(deadline)?
            .with_model(call_policy(stream)?)
            .with_approval(gate)
            .with_budget(limits(stream)?)
            .with_retry_budget(retry_budget(stream)?)
            .with_progress(stream.happens(700).then(ProgressPolicy::default));
        // A world that fails too much shows nothing of what agents do in a world that works, above all when they go round.
        let loops = if stream.happens(200) { 950 } else { 0 };
        let rough = loops == 0 && stream.happens(600);
        let fails = number(stream, if rough { 900 } else { 60 });
        let answers = if loops > 0 { 0 } else { number(stream, 600) };
        Ok(Self {
            seed,
            policy,
            models: 1 + number(stream, 2),
            tools: tools(stream)?,
            fails,
            hangs: number(stream, if rough { 200 } else { 20 }),
            repeats: number(stream, 300),
            answers,
            loops,
            streams: number(stream, 500),
            cancel_at: stream.happens(150).then(|| millis(stream, 0, 60_000)),
            resumes: if stream.happens(250) { 1 + number(stream, 3) } else { 0 },
            crashes: if stream.happens(150) { number(stream, 150) } else { 0 },
            bad_clock: stream.happens(300),
        })
    }
}

/// `look` changes nothing, `store` is idempotent, `mail` and `pay` must not happen twice, and need a yes.
fn tools(stream: &mut Stream) -> Result<Vec<ToolSpec>, InvalidSetting> {
    let [look, store, mail, pay] = TOOLS.map(ToolSpec::new);
    Ok(vec![
        look.with_policy(call_policy(stream)?),
        store.with_effect(Effect::Idempotent).with_policy(call_policy(stream)?),
        mail.risky().with_policy(call_policy(stream)?),
        if stream.happens(500) { pay.with_reconcile() } else { pay }.risky().with_policy(call_policy(stream)?),
    ])
}

/// Mostly none, else limits that a run can meet.
fn limits(stream: &mut Stream) -> Result<Limits, InvalidSetting> {
    let mut limits = Limits::none();
    if stream.happens(200) {
        limits = limits.with_attempts(1 + stream.up_to(30))?;
    }
    if stream.happens(100) {
        limits = limits.with_tokens(1 + stream.up_to(100_000))?;
    }
    if stream.happens(100) {
        limits = limits.with_money(1 + stream.up_to(100_000))?;
    }
    if stream.happens(50) {
        limits = limits.with_steps(1 + stream.up_to(6))?;
    }
    if stream.happens(50) {
        limits = limits.with_deadline(millis(stream, 1, 90_000))?;
    }
    Ok(limits)
}

fn retry_budget(stream: &mut Stream) -> Result<Option<RetryBudgetPolicy>, InvalidSetting> {
    let policy = RetryBudgetPolicy::default().with_per_mille(number(stream, 1_000))?.with_at_least(stream.up_to(20));
    Ok(stream.happens(500).then_some(policy))
}

/// Always with a timeout: a call that may hang for ever would be the world's fault and not the engine's.
fn call_policy(stream: &mut Stream) -> Result<CallPolicy, InvalidSetting> {
    let base = millis(stream, 0, 2_000);
    let backoff = Backoff::new(base, base + millis(stream, 0, 20_000))?
        .with_factor_thousandths(1_000 + number(stream, 3_000))?
        .with_jitter([Jitter::Full, Jitter::Equal, Jitter::Decorrelated, Jitter::None][number(stream, 3) as usize]);
    let retry = RetryPolicy::default().with_attempts(1 + number(stream, 5))?.with_backoff(backoff);
    let first = millis(stream, 1, 20_000);
    let breaker = BreakerPolicy::default()
        .with_consecutive(number(stream, 6))
        .with_open_for(first, first + millis(stream, 0, 60_000))?
        .with_probes(1 + number(stream, 2), 1 + number(stream, 2))?;
    let deadline = stream.happens(400).then(|| millis(stream, 1, 40_000));
    let first_output = stream.happens(200).then(|| millis(stream, 1, 6_000));
    let idle = stream.happens(200).then(|| millis(stream, 1, 4_000));
    let estimate = Spend { tokens: stream.up_to(4_000), money: stream.up_to(8_000), ..Spend::NONE };
    CallPolicy::unguarded()
        .with_timeout(Some(millis(stream, 1, 10_000)))?
        .with_stream(first_output, idle)?
        .with_estimate(estimate)
        .with_throttle(stream.happens(500).then(ThrottlePolicy::default))
        .with_deadline(deadline)
        .map(|policy| policy.with_retry(stream.happens(800).then_some(retry)))
        .map(|policy| policy.with_breaker(stream.happens(700).then_some(breaker)))
}

/// A whole number from 0 to `most`.
pub(super) fn number(stream: &mut Stream, most: u32) -> u32 {
    u32::try_from(stream.up_to(u64::from(most))).unwrap_or(most)
}

/// A duration from `least` to `most` milliseconds, to the microsecond.
pub(super) fn millis(stream: &mut Stream, least: u64, most: u64) -> Duration {
    Duration::from_micros(least * 1_000 + stream.up_to((most - least) * 1_000))
}
