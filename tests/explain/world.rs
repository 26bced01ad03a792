//! A world for whole runs, drawn from a seed: what an attempt meets depends on its call and its number alone, so that a run
//! under other settings meets the same luck as long as it goes the same way.

use std::collections::VecDeque;

use steadfast::approval::{ApprovalGate, Decision};
use steadfast::backoff::{Backoff, Jitter};
use steadfast::breaker::{BreakerPolicy, SlowPolicy, WindowPolicy};
use steadfast::budget::{Limits, RetryBudgetPolicy, Spend, ThrottlePolicy};
use steadfast::effect::{Effect, Reconciliation};
use steadfast::failure::{Failure, FailureClass};
use steadfast::id::{AttemptId, RunId};
use steadfast::policy::{CallPolicy, RunPolicy};
use steadfast::progress::ProgressPolicy;
use steadfast::retry::RetryPolicy;
use steadfast::rng::{Seed, Stream};
use steadfast::run::{Input, ModelReply, Output, Role, Run, ToolCall, ToolSpec};
use steadfast::setting::InvalidSetting;
use steadfast::time::{Duration, Instant};
use steadfast::trace::Entry;

/// Everything that decides a run.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) policy: RunPolicy,
    pub(crate) tools: Vec<ToolSpec>,
    models: u32,
    /// In a thousand: how often an attempt fails, how often the model answers, and how often it asks the same again.
    fails: u32,
    answers: u32,
    loops: u32,
    /// Whether attempts report what they spent, and bring their output in parts.
    reports: bool,
    streams: bool,
    cancel_at: Option<Duration>,
}

const TOOLS: [&str; 4] = ["look", "store", "mail", "pay"];

fn number(stream: &mut Stream, most: u32) -> u32 {
    u32::try_from(stream.up_to(most.into())).unwrap()
}

fn millis(stream: &mut Stream, least: u64, most: u64) -> Duration {
    Duration::from_micros(least * 1_000 + stream.up_to((most - least) * 1_000))
}

impl Plan {
    pub(crate) fn of(seed: u64) -> Self {
        Self::drawn(seed, &mut Seed(seed).derive(11).stream(0, 0)).unwrap()
    }

    fn drawn(seed: u64, stream: &mut Stream) -> Result<Self, InvalidSetting> {
        let gate =
            ApprovalGate::default().with_approver(stream.happens(800)).with_expires_after(millis(stream, 1, 12_000))?;
        let retries =
            RetryBudgetPolicy::default().with_per_mille(number(stream, 1_000))?.with_at_least(stream.up_to(6));
        let progress = ProgressPolicy::default()
            .with_repeats(1 + number(stream, 1))?
            .with_errors([0, 2, 3][number(stream, 2) as usize])?
            .with_nothing_new([0, 2, 4][number(stream, 2) as usize])?;
        let policy = RunPolicy::default()
            .with_max_steps(1 + number(stream, 7))?
            .with_deadline(stream.happens(300).then(|| millis(stream, 1, 60_000)))?
            .with_model(call_policy(stream)?)
            .with_approval(gate)
            .with_budget(limits(stream)?)
            .with_retry_budget(stream.happens(400).then_some(retries))
            .with_progress(stream.happens(800).then_some(progress));
        let [look, store, mail, pay] = TOOLS.map(ToolSpec::new);
        let tools = vec![
            look.with_policy(call_policy(stream)?),
            store.with_effect(Effect::Idempotent).with_policy(call_policy(stream)?),
            mail.risky().with_policy(call_policy(stream)?),
            pay.with_reconcile().risky().with_policy(call_policy(stream)?),
        ];
        Ok(Self {
            seed,
            policy,
            tools,
            models: 1 + number(stream, 1),
            fails: number(stream, 800),
            answers: number(stream, 200),
            loops: if stream.happens(400) { 800 } else { 0 },
            reports: stream.happens(200),
            streams: stream.happens(300),
            cancel_at: stream.happens(100).then(|| millis(stream, 0, 40_000)),
        })
    }

    /// The same world, with other settings. A caller who got an answer before losing patience loses none: that they would
    /// have is not in the trace.
    pub(crate) fn under(self, policy: RunPolicy, tools: Vec<ToolSpec>, cancelled: bool) -> Self {
        let cancel_at = self.cancel_at.filter(|_| cancelled);
        Self { policy, tools, cancel_at, ..self }
    }

    /// What the run leaves behind, also of what comes after its end.
    pub(crate) fn run(&self) -> Vec<Entry> {
        let (policy, tools) = (self.policy.clone(), self.tools.clone());
        let mut run = Run::new(RunId(self.seed), "task", policy, self.models, tools, Seed(self.seed)).unwrap();
        let mut world = World { plan: self, now: Instant::ORIGIN, coming: VecDeque::new() };
        if let Some(after) = self.cancel_at {
            world.later(after, Input::Cancel);
        }
        run.handle(world.now, Input::Start);
        for _ in 0..10_000 {
            match run.poll() {
                Output::Wait { until, .. } => match (world.coming.front().map(|(at, _)| *at), until) {
                    (Some(next), until) if until.is_none_or(|until| next <= until) => world.next(&mut run),
                    (_, Some(until)) => {
                        world.now = world.now.max(until);
                        run.handle(world.now, Input::Tick);
                    }
                    (..) => break,
                },
                Output::Finished if world.coming.is_empty() => break,
                Output::Finished => world.next(&mut run),
                output => world.answer(output, &run),
            }
        }
        run.trace().entries().to_vec()
    }
}

struct World<'a> {
    plan: &'a Plan,
    now: Instant,
    coming: VecDeque<(Instant, Input)>,
}

impl World<'_> {
    fn later(&mut self, after: Duration, input: Input) {
        let at = self.now + after;
        let place = self.coming.partition_point(|(before, _)| *before <= at);
        self.coming.insert(place, (at, input));
    }

    fn next(&mut self, run: &mut Run) {
        if let Some((at, input)) = self.coming.pop_front() {
            self.now = self.now.max(at);
            run.handle(self.now, input);
        }
    }

    fn luck(&self, what: u64, of: u64, number: u32) -> Stream {
        Seed(self.plan.seed).derive(20 + what).stream(of, number)
    }

    fn answer(&mut self, output: Output, run: &Run) {
        match output {
            Output::Think(attempt) => {
                let turn = run.messages().iter().filter(|message| message.role == Role::Assistant).count();
                let mut reply = self.reply(u32::try_from(turn).unwrap());
                if self.plan.reports {
                    let tokens = self.luck(1, attempt.id.call.0, attempt.id.attempt).up_to(3_000);
                    reply.usage = Some(Spend { tokens, ..Spend::NONE });
                }
                self.attempt(attempt.id, Input::ModelReplied(attempt.id, reply));
            }
            Output::Act { attempt, tool, .. } => {
                let text = format!("{tool} {}", self.luck(2, attempt.id.call.0, 0).up_to(1));
                self.attempt(attempt.id, Input::ToolReplied(attempt.id, text));
            }
            Output::Reconcile { attempt, .. } => {
                let found = match self.luck(3, attempt.id.call.0, 0).up_to(2) {
                    0 => Reconciliation::Done { output: "done".into() },
                    1 => Reconciliation::NotDone,
                    _ => Reconciliation::Unknown,
                };
                self.attempt(attempt.id, Input::Reconciled(attempt.id, found));
            }
            Output::Ask(request) => {
                let mut luck = self.luck(4, request.id.0, 0);
                let decision = match luck.up_to(2) {
                    0 => Decision::Deny { message: "no".into() },
                    _ => Decision::Approve,
                };
                if luck.happens(800) {
                    self.later(millis(&mut luck, 1, 15_000), Input::Decided(request.id, decision));
                }
            }
            _ => {}
        }
    }

    /// An attempt succeeds with that, fails, or is never heard of again.
    fn attempt(&mut self, id: AttemptId, success: Input) {
        let mut luck = self.luck(5, id.call.0, id.attempt);
        let after = millis(&mut luck, 1, 9_000);
        if self.plan.streams {
            self.later(after / 2, Input::Output(id));
        }
        if luck.happens(50) {
            return;
        }
        if !luck.happens(self.plan.fails) {
            return self.later(after, success);
        }
        let class = [
            FailureClass::Overloaded,
            FailureClass::ServerError,
            FailureClass::RateLimited,
            FailureClass::ConnectFailed,
            FailureClass::InvalidRequest,
        ][number(&mut luck, 4) as usize];
        let mut failure = Failure::new(class, "no");
        if class == FailureClass::RateLimited && luck.happens(500) {
            failure = failure.with_retry_after(millis(&mut luck, 0, 4_000));
        }
        self.later(after, Input::Failed(id, failure));
    }

    fn reply(&self, turn: u32) -> ModelReply {
        let mut luck = self.luck(6, turn.into(), 0);
        if luck.happens(self.plan.answers) {
            return ModelReply::answer("391");
        }
        let loops = luck.happens(self.plan.loops);
        let turn = if loops { 0 } else { turn };
        let mut luck = self.luck(7, turn.into(), 0);
        let tool_calls = (0..=luck.up_to(3))
            .map(|call| ToolCall {
                id: format!("{turn}-{call}"),
                // The same tool several times at once, now and then: they share a breaker.
                tool: ["look", "look", "look", "store", "mail", "pay", "none"][number(&mut luck, 6) as usize].into(),
                args: format!("{{\"at\":{}}}", if loops { 0 } else { turn * 10 + number(&mut luck, 1) }),
                risky: None,
            })
            .collect();
        ModelReply { text: String::new(), tool_calls, usage: None }
    }
}

fn limits(stream: &mut Stream) -> Result<Limits, InvalidSetting> {
    let mut limits = Limits::none();
    if stream.happens(200) {
        limits = limits.with_attempts(1 + stream.up_to(12))?;
    }
    if stream.happens(100) {
        limits = limits.with_tokens(1 + stream.up_to(20_000))?;
    }
    if stream.happens(100) {
        limits = limits.with_money(1 + stream.up_to(30_000))?;
    }
    if stream.happens(150) {
        limits = limits.with_steps(1 + stream.up_to(5))?;
    }
    if stream.happens(100) {
        limits = limits.with_deadline(millis(stream, 1, 60_000))?;
    }
    Ok(limits)
}

fn call_policy(stream: &mut Stream) -> Result<CallPolicy, InvalidSetting> {
    let base = millis(stream, 0, 1_500);
    let backoff = Backoff::new(base, base + millis(stream, 0, 10_000))?
        .with_factor_thousandths(1_000 + number(stream, 3_000))?
        .with_jitter([Jitter::Full, Jitter::Equal, Jitter::Decorrelated, Jitter::None][number(stream, 3) as usize]);
    let retry = RetryPolicy::default().with_attempts(1 + number(stream, 3))?.with_backoff(backoff);
    let first = millis(stream, 1, 2_000);
    let calls = 2 + number(stream, 8);
    let minimum = 1 + number(stream, calls - 1);
    let window = WindowPolicy::new(1 + number(stream, 999), calls, millis(stream, 1_000, 60_000), minimum)?;
    let slow = SlowPolicy::new(millis(stream, 500, 9_000), 1 + number(stream, 999))?;
    let breaker = BreakerPolicy::default()
        .with_consecutive(number(stream, 4))
        .with_window(stream.happens(500).then_some(window))
        .with_slow(stream.happens(150).then_some(slow))
        .with_open_for(first, first + millis(stream, 0, 4_000))?
        .with_probes(1 + number(stream, 1), 1 + number(stream, 1))?;
    let throttle = ThrottlePolicy::default().with_tokens(1 + number(stream, 9))?.with_ratio(1 + number(stream, 999))?;
    let estimate = Spend { tokens: stream.up_to(3_000), money: stream.up_to(5_000), ..Spend::NONE };
    let deadline = stream.happens(400).then(|| millis(stream, 1, 20_000));
    let first_output = stream.happens(150).then(|| millis(stream, 1, 6_000));
    let idle = stream.happens(150).then(|| millis(stream, 1, 4_000));
    let timeout = stream.happens(950).then(|| millis(stream, 500, 9_000));
    let longest_pause = stream.happens(200).then(|| millis(stream, 100, 4_000));
    Ok(CallPolicy::unguarded()
        .with_timeout(timeout)?
        .with_stream(first_output, idle)?
        .with_deadline(deadline)?
        .with_longest_pause(longest_pause)?
        .with_estimate(estimate)
        .with_throttle(stream.happens(300).then_some(throttle))
        .with_retry(stream.happens(900).then_some(retry))
        .with_breaker(stream.happens(800).then_some(breaker)))
}
