//! An agent run: think, act, observe, until there is an answer or a limit says stop.
//!
//! Think is a guarded model call; act is guarded tool calls, all that the model asked for at once; observe hands their
//! results to the model. Risky tools wait for a human. A run always ends, and always with an answer: where it cannot be the
//! model's it is the policy's safe message, and the result says `degraded`.

mod action;
mod message;

pub use message::{Message, ModelReply, Role, ToolCall, ToolSpec};

use crate::approval::{Approval, ApprovalRequest, Decision, DecisionRejected, Outcome, Verdict};
use crate::breaker::CircuitBreaker;
use crate::call::{self, Attempt, Call};
use crate::deadline::{Deadline, Scope};
use crate::event::{BlockReason, Event};
use crate::failure::{Failure, FailureClass};
use crate::id::{ApprovalId, AttemptId, CallId, Key, RunId};
use crate::outcome::{CallError, StopReason, WaitReason};
use crate::policy::RunPolicy;
use crate::rng::Seed;
use crate::setting::InvalidSetting;
use crate::step_limit::StepLimiter;
use crate::time::Instant;
use crate::trace::Trace;
use action::{Action, Stage, block_of, report_block, report_failure};
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;

/// An agent run.
///
/// How to drive it: create it, tell it [`Input::Start`], and from then on whatever happens: replies and failures of
/// attempts, a human's decisions, a cancellation, or with [`Input::Tick`] just that time has passed. After every `handle`,
/// drain [`poll`](Self::poll) until it answers [`Output::Wait`] or [`Output::Finished`]. An answer that comes late, twice or for something
/// that was never asked is traced and changes nothing.
///
/// ```
/// use steadfast::id::RunId;
/// use steadfast::policy::RunPolicy;
/// use steadfast::rng::Seed;
/// use steadfast::run::{Input, ModelReply, Output, Run, ToolSpec};
/// use steadfast::time::Instant;
///
/// let tools = vec![ToolSpec::new("multiply")];
/// let mut run = Run::new(RunId(1), "What is 17 * 23?", RunPolicy::default(), 1, tools, Seed(7))?;
/// run.handle(Instant::ORIGIN, Input::Start);
/// loop {
///     let at = Instant::from_millis(5); // a host says what time it is
///     match run.poll() {
///         Output::Think(attempt) => {
///             let seen_result = run.messages().iter().any(|message| message.content == "391");
///             let reply = if seen_result { ModelReply::answer("391") } else { ModelReply::tool("a", "multiply", "[17,23]") };
///             run.handle(at, Input::ModelReplied(attempt.id, reply));
///         }
///         Output::Act { attempt, .. } => run.handle(at, Input::ToolReplied(attempt.id, "391".into())),
///         Output::Finished => break,
///         other => unreachable!("nothing here waits or asks: {other:?}"),
///     }
/// }
/// let result = run.result().unwrap();
/// assert_eq!((result.answer.as_str(), result.steps, result.degraded), ("391", 2, false));
/// # Ok::<(), steadfast::setting::InvalidSetting>(())
/// ```
#[derive(Debug)]
pub struct Run {
    id: RunId,
    seed: Seed,
    policy: RunPolicy,
    models: u32,
    tools: Vec<ToolSpec>,
    model_breakers: Vec<CircuitBreaker>,
    tool_breakers: Vec<Vec<CircuitBreaker>>,
    steps: StepLimiter,
    deadline: Deadline,
    messages: Vec<Message>,
    blocked: Vec<String>,
    /// Tools that must not happen twice and happened, and those that may have.
    happened: Vec<String>,
    may_have_happened: Vec<String>,
    calls: u64,
    approvals: u64,
    now: Instant,
    stage: Phase,
    outputs: VecDeque<Output>,
    trace: Trace,
}

#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "a run has one phase; a box would only add an allocation to each step")]
enum Phase {
    New,
    Thinking { call: Call, reply: Option<ModelReply> },
    Acting(Vec<Action>),
    Over(RunResult),
}

/// What a host tells a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Begin.
    Start,
    /// Time has passed.
    Tick,
    /// The model answered that attempt.
    ModelReplied(AttemptId, ModelReply),
    /// The tool answered that attempt, with text for the model.
    ToolReplied(AttemptId, String),
    /// That attempt failed, the model's or a tool's.
    Failed(AttemptId, Failure),
    /// A human decided.
    Decided(ApprovalId, Decision),
    /// The caller takes it back.
    Cancel,
}

/// What a run tells its host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Ask the model ([`Attempt::option`] says which) with [`Run::messages`].
    Think(Attempt),
    /// Call this tool with these arguments.
    Act {
        /// What the outcome is reported under, and the idempotency key to hand on.
        attempt: Attempt,
        /// The tool.
        tool: String,
        /// Its arguments.
        args: String,
    },
    /// Ask a human.
    Ask(ApprovalRequest),
    /// That question needs no answer any more.
    Withdraw(ApprovalId),
    /// Give that attempt up; whatever it still brings is late.
    Abandon(AttemptId),
    /// Nothing to do before that instant, or before an event if there is none.
    Wait {
        /// When to come back.
        until: Option<Instant>,
        /// What for.
        why: WaitReason,
    },
    /// It is over: see [`Run::result`].
    Finished,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct RunResult {
    /// The answer: the model's, or the safe message of a degraded run, followed by what was done all the same by tools
    /// of effect [`Once`](crate::effect::Effect::Once).
    pub answer: String,
    /// Turns of the loop that were begun.
    pub steps: u32,
    /// Tools that were asked for and did not run: denied, expired, or waiting for a yes that nobody gave.
    pub blocked: Vec<String>,
    /// Whether the answer is the safe message because the model gave none.
    pub degraded: bool,
    /// Why it ended.
    pub stop: StopReason,
}

impl Run {
    /// A run on `task` with so many models to choose from, in order of preference, and these tools.
    ///
    /// Fails if there is no model, or if two tools share a name.
    pub fn new(
        id: RunId,
        task: &str,
        policy: RunPolicy,
        models: u32,
        tools: Vec<ToolSpec>,
        seed: Seed,
    ) -> Result<Self, InvalidSetting> {
        if models == 0 {
            return Err(InvalidSetting::new("model", models, "1 or more models"));
        }
        for (index, tool) in tools.iter().enumerate() {
            if tool.name().is_empty() {
                return Err(InvalidSetting::new("tools", "a tool without a name", "a name for each tool"));
            }
            if tools[..index].iter().any(|earlier| earlier.name() == tool.name()) {
                return Err(InvalidSetting::new("tools", tool.name(), "each name once"));
            }
        }
        let breaker = |policy: Option<&crate::breaker::BreakerPolicy>, index: u64| {
            policy.map(|policy| CircuitBreaker::new(*policy, seed.derive(index)))
        };
        let model_breakers =
            (0..u64::from(models)).filter_map(|index| breaker(policy.model().breaker(), index)).collect();
        let tool_breakers = (u64::from(models)..)
            .zip(&tools)
            .map(|(index, tool)| breaker(tool.policy().breaker(), index).into_iter().collect())
            .collect();
        Ok(Self {
            id,
            seed,
            models,
            model_breakers,
            tool_breakers,
            steps: StepLimiter::new(policy.max_steps())?,
            deadline: Deadline::NEVER,
            messages: alloc::vec![Message::new(Role::User, task)],
            blocked: Vec::new(),
            happened: Vec::new(),
            may_have_happened: Vec::new(),
            calls: 0,
            approvals: 0,
            now: Instant::ORIGIN,
            stage: Phase::New,
            outputs: VecDeque::new(),
            trace: Trace::on(),
            policy,
            tools,
        })
    }

    /// With a system message before the task.
    #[must_use]
    pub fn with_system(mut self, system: &str) -> Self {
        self.messages.insert(0, Message::new(Role::System, system));
        self
    }

    /// With this trace instead of one that keeps everything.
    #[must_use]
    pub fn with_trace(mut self, trace: Trace) -> Self {
        self.trace = trace;
        self
    }

    /// The conversation so far: what a model is asked with.
    #[must_use]
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// Every decision so far.
    #[must_use]
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    /// How it ended, once it has.
    #[must_use]
    pub fn result(&self) -> Option<&RunResult> {
        match &self.stage {
            Phase::Over(result) => Some(result),
            _ => None,
        }
    }

    /// The breaker of that model, if the policy has one.
    #[must_use]
    pub fn model_breaker(&self, option: u32) -> Option<&CircuitBreaker> {
        self.model_breakers.get(option as usize)
    }

    /// Takes an input. Time counts first: what comes at the instant of its limit is late.
    pub fn handle(&mut self, now: Instant, input: Input) {
        if now < self.now {
            let by = self.now - now;
            self.record(None, || Event::ClockWentBack { by });
        }
        self.now = self.now.max(now);
        self.pass_time();
        match input {
            Input::Start => self.start(),
            Input::Tick => {}
            Input::ModelReplied(id, reply) => self.model_replied(id, reply),
            Input::ToolReplied(id, output) => self.tool_replied(id, output),
            Input::Failed(id, failure) => self.failed(id, failure),
            Input::Decided(id, decision) => self.decided(id, decision),
            Input::Cancel => self.stop(StopReason::Cancelled),
        }
        self.proceed();
    }

    /// What to do next. Drain it after every [`handle`](Self::handle), until it waits or is finished.
    pub fn poll(&mut self) -> Output {
        if let Some(output) = self.outputs.pop_front() {
            return output;
        }
        let wait = match &mut self.stage {
            Phase::New => (None, WaitReason::NotStarted),
            Phase::Thinking { call, .. } => wait_of(call),
            Phase::Acting(actions) => actions
                .iter_mut()
                .filter_map(|action| match &mut action.stage {
                    Stage::Asking(approval) => Some((Some(approval.request().expires_at), WaitReason::Approval)),
                    Stage::Running { call, .. } => Some(wait_of(call)),
                    Stage::Settled(_) => None,
                })
                .min_by_key(|(until, _)| until.unwrap_or(Instant::MAX))
                .unwrap_or((None, WaitReason::NotStarted)),
            Phase::Over(_) => return Output::Finished,
        };
        let until = wait.0.into_iter().chain(self.deadline.at()).min();
        Output::Wait { until, why: wait.1 }
    }

    fn start(&mut self) {
        if !matches!(self.stage, Phase::New) {
            return;
        }
        self.deadline = Deadline::after(self.now, self.policy.deadline(), Scope::Run);
        let (run, seed, max_steps, deadline) = (self.id, self.seed, self.policy.max_steps(), self.deadline.at());
        self.record(None, || Event::RunStarted { run, seed, max_steps, deadline });
        self.begin_step();
    }

    fn begin_step(&mut self) {
        let Ok(step) = self.steps.take() else {
            let limit = self.steps.limit();
            self.record(None, || Event::StepLimitReached { limit });
            return self.finish(StopReason::StepLimit, None);
        };
        let of = self.steps.limit();
        self.trace.begin_step(step);
        self.record(None, || Event::StepStarted { step, of });
        let key = self.next_key();
        let (messages, options) = (u32::try_from(self.messages.len()).unwrap_or(u32::MAX), self.models);
        self.record(Some(key.call), || Event::ModelCalled { messages, options });
        let mut call = Call::new(key, self.policy.model(), self.models, self.seed, self.deadline);
        call.handle(self.now, call::Input::Start, &mut *self.model_breakers, &mut self.trace);
        self.stage = Phase::Thinking { call, reply: None };
    }

    fn next_key(&mut self) -> Key {
        self.calls += 1;
        Key { run: self.id, call: CallId(self.calls) }
    }

    fn pass_time(&mut self) {
        let (now, trace) = (self.now, &mut self.trace);
        match &mut self.stage {
            Phase::New | Phase::Over(_) => return,
            Phase::Thinking { call, .. } => call.handle(now, call::Input::Tick, &mut *self.model_breakers, trace),
            Phase::Acting(actions) => {
                for action in actions {
                    match &mut action.stage {
                        Stage::Asking(approval) => {
                            if approval.expire(now) {
                                let id = approval.request().id;
                                trace.record(now, None, None, || Event::ApprovalExpired { id });
                                self.outputs.push_back(Output::Withdraw(id));
                            }
                        }
                        Stage::Running { call, .. } => {
                            call.handle(now, call::Input::Tick, &mut *self.tool_breakers[action.tool], trace);
                        }
                        Stage::Settled(_) => {}
                    }
                }
            }
        }
        if self.deadline.has_passed(now) {
            self.stop(StopReason::Deadline);
        }
    }

    fn model_replied(&mut self, id: AttemptId, answer: ModelReply) {
        let (now, trace) = (self.now, &mut self.trace);
        match &mut self.stage {
            Phase::Thinking { call, reply } if call.id() == id.call => {
                let input = if answer.text.trim().is_empty() && answer.tool_calls.is_empty() {
                    let message = "the model answered with neither text nor tools";
                    call::Input::Failed(id.attempt, Failure::new(FailureClass::MalformedOutput, message))
                } else {
                    call::Input::Succeeded(id.attempt)
                };
                if call.awaits(id.attempt) {
                    *reply = Some(answer);
                }
                call.handle(now, input, &mut *self.model_breakers, trace);
            }
            _ => trace.record(now, Some(id.call), Some(id.attempt), || Event::LateReply { ok: true }),
        }
    }

    fn tool_replied(&mut self, id: AttemptId, text: String) {
        let now = self.now;
        if let Some((tool, call, output)) = running(&mut self.stage, id.call) {
            if call.awaits(id.attempt) {
                *output = Some(text);
            }
            let breakers = &mut *self.tool_breakers[tool];
            call.handle(now, call::Input::Succeeded(id.attempt), breakers, &mut self.trace);
        } else {
            self.trace.record(now, Some(id.call), Some(id.attempt), || Event::LateReply { ok: true });
        }
    }

    fn failed(&mut self, id: AttemptId, failure: Failure) {
        let input = call::Input::Failed(id.attempt, failure);
        let now = self.now;
        if let Phase::Thinking { call, .. } = &mut self.stage
            && call.id() == id.call
        {
            call.handle(now, input, &mut *self.model_breakers, &mut self.trace);
        } else if let Some((tool, call, _)) = running(&mut self.stage, id.call) {
            call.handle(now, input, &mut *self.tool_breakers[tool], &mut self.trace);
        } else {
            self.trace.record(now, Some(id.call), Some(id.attempt), || Event::LateReply { ok: false });
        }
    }

    fn decided(&mut self, id: ApprovalId, decision: Decision) {
        let now = self.now;
        let asked_before = (1..=self.approvals).contains(&id.0);
        let approval = match &mut self.stage {
            Phase::Acting(actions) => actions.iter_mut().find_map(|action| match &mut action.stage {
                Stage::Asking(approval) if approval.request().id == id => Some(approval),
                _ => None,
            }),
            _ => None,
        };
        let unknown = if asked_before { DecisionRejected::AlreadyDecided } else { DecisionRejected::Unknown };
        let event = match approval.map_or(Err(unknown), |approval| approval.decide(now, decision)) {
            Ok(Outcome::Approved { edited, digest, .. }) => {
                Event::ApprovalGranted { id, edited: *edited, digest: *digest }
            }
            Ok(Outcome::Denied { message }) => Event::ApprovalDenied { id, message: message.clone() },
            Ok(Outcome::Expired) => Event::ApprovalExpired { id },
            Err(reason) => Event::DecisionIgnored { id, reason },
        };
        self.trace.record(now, None, None, || event);
    }

    /// Moves on as far as it goes without waiting for anything.
    fn proceed(&mut self) {
        loop {
            match core::mem::replace(&mut self.stage, Phase::New) {
                Phase::Thinking { mut call, reply } => match drain(&mut call, &mut self.outputs, Output::Think) {
                    None => return self.stage = Phase::Thinking { call, reply },
                    Some(Ok(_)) => self.thought(reply.unwrap_or_default()),
                    Some(Err(error)) => self.model_failed(&error),
                },
                Phase::Acting(mut actions) => {
                    for action in &mut actions {
                        self.advance(action);
                    }
                    if !actions.iter().all(Action::settled) {
                        return self.stage = Phase::Acting(actions);
                    }
                    self.observe(actions);
                }
                other => return self.stage = other,
            }
        }
    }

    fn thought(&mut self, reply: ModelReply) {
        let (text, tools) = (reply.text.clone(), reply.tool_calls.iter().map(|call| call.tool.clone()).collect());
        self.record(Some(CallId(self.calls)), || Event::ModelReplied { text, tools });
        let mut message = Message::new(Role::Assistant, reply.text.clone());
        message.tool_calls.clone_from(&reply.tool_calls);
        self.messages.push(message);
        if reply.tool_calls.is_empty() {
            return self.finish(StopReason::Answered, Some(reply.text));
        }
        let actions = reply.tool_calls.into_iter().map(|call| self.act(call)).collect();
        self.stage = Phase::Acting(actions);
    }

    fn model_failed(&mut self, error: &CallError) {
        let stop = match error {
            CallError::Cancelled => StopReason::Cancelled,
            CallError::DeadlineExceeded { scope: Scope::Run, .. } => StopReason::Deadline,
            _ => StopReason::ModelUnavailable,
        };
        self.finish(stop, None);
    }

    /// Begins one tool call: at once, after a human's yes, or not at all.
    fn act(&mut self, wanted: ToolCall) -> Action {
        let Some(tool) = self.tools.iter().position(|tool| tool.name() == wanted.tool) else {
            let name = wanted.tool.clone();
            self.record(None, || Event::ToolUnknown { tool: name });
            let known: Vec<_> = self.tools.iter().map(ToolSpec::name).collect();
            let text = alloc::format!("There is no tool {}. The tools are: {}.", wanted.tool, known.join(", "));
            return Action { call: wanted, tool: 0, stage: Stage::Settled(text) };
        };
        let risky = wanted.risky.unwrap_or(self.tools[tool].is_risky());
        let stage = match self.policy.approval().check(risky) {
            Verdict::Run => {
                let key = self.next_key();
                self.run_tool(tool, key, wanted.args.clone())
            }
            Verdict::Ask => self.ask(&wanted),
            Verdict::Deny => self.block(&wanted.tool, BlockReason::NobodyToAsk, ""),
        };
        Action { call: wanted, tool, stage }
    }

    fn ask(&mut self, wanted: &ToolCall) -> Stage {
        self.approvals += 1;
        let (id, key) = (ApprovalId(self.approvals), self.next_key());
        let gate = self.policy.approval();
        let approval = Approval::ask(id, key, &wanted.tool, &wanted.args, self.now, gate, self.policy.hash());
        let request = approval.request().clone();
        self.record(Some(key.call), || Event::ApprovalAsked {
            id,
            tool: request.tool.clone(),
            args: request.args.clone(),
            digest: request.digest,
            expires_at: request.expires_at,
        });
        self.outputs.push_back(Output::Ask(approval.request().clone()));
        Stage::Asking(approval)
    }

    fn run_tool(&mut self, tool: usize, key: Key, args: String) -> Stage {
        let spec = &self.tools[tool];
        let mut call = Call::new(key, &spec.policy(), 1, self.seed, self.deadline);
        let event = || Event::ToolCalled { tool: spec.name().into(), args: args.clone(), effect: spec.effect() };
        self.trace.record(self.now, Some(key.call), None, event);
        call.handle(self.now, call::Input::Start, &mut *self.tool_breakers[tool], &mut self.trace);
        Stage::Running { call, args, output: None }
    }

    fn block(&mut self, tool: &str, reason: BlockReason, message: &str) -> Stage {
        note(&mut self.blocked, tool);
        self.record(None, || Event::ToolBlocked { tool: tool.into(), reason });
        Stage::Settled(report_block(tool, reason, message))
    }

    /// Moves one tool call on as far as it goes without waiting for anything.
    fn advance(&mut self, action: &mut Action) {
        if let Stage::Asking(approval) = &action.stage
            && let Some(outcome) = approval.outcome().cloned()
        {
            action.stage = match (&outcome, block_of(&outcome)) {
                (Outcome::Approved { args, .. }, _) => self.run_tool(action.tool, approval.key(), args.clone()),
                (_, Some((reason, message))) => self.block(&action.call.tool, reason, message),
                (_, None) => return,
            };
        }
        if let Stage::Running { call, args, output } = &mut action.stage {
            let name = &action.call.tool;
            let act = |attempt| Output::Act { attempt, tool: name.clone(), args: args.clone() };
            let Some(result) = drain(call, &mut self.outputs, act) else { return };
            let (id, tool) = (call.id(), name.clone());
            let text = if result.is_ok() { output.take().unwrap_or_default() } else { String::new() };
            action.stage = Stage::Settled(match result {
                Ok(_) => {
                    if !self.tools[action.tool].effect().may_repeat() {
                        note(&mut self.happened, &tool);
                    }
                    let output = text.clone();
                    self.record(Some(id), || Event::ToolReplied { tool, output });
                    text
                }
                Err(error) => {
                    let (text, unknown) = report_failure(&self.tools[action.tool], &error);
                    if let Some(failure) = unknown {
                        note(&mut self.may_have_happened, &tool);
                        self.record(Some(id), || Event::EffectUnknown { tool, failure });
                    }
                    text
                }
            });
        }
    }

    fn observe(&mut self, actions: Vec<Action>) {
        let results = u32::try_from(actions.len()).unwrap_or(u32::MAX);
        self.record(None, || Event::Observed { results });
        for action in actions {
            let Stage::Settled(text) = action.stage else { continue };
            let mut message = Message::new(Role::Tool, text);
            message.tool_call_id = Some(action.call.id);
            self.messages.push(message);
        }
        self.begin_step();
    }

    /// Ends the run from outside its loop: everything under way is given up, every open question withdrawn.
    fn stop(&mut self, stop: StopReason) {
        let mut stage = core::mem::replace(&mut self.stage, Phase::New);
        let cancel = call::Input::Cancel;
        match &mut stage {
            Phase::Over(_) => return self.stage = stage,
            Phase::New => {}
            Phase::Thinking { call, .. } => {
                call.handle(self.now, cancel, &mut *self.model_breakers, &mut self.trace);
                let _ = drain(call, &mut self.outputs, Output::Think);
            }
            Phase::Acting(actions) => {
                for action in actions {
                    match &mut action.stage {
                        Stage::Running { call, .. } => {
                            let breakers = &mut *self.tool_breakers[action.tool];
                            call.handle(self.now, cancel.clone(), breakers, &mut self.trace);
                            let nothing_starts = |attempt: Attempt| Output::Abandon(attempt.id);
                            let ended = drain(call, &mut self.outputs, nothing_starts);
                            let report = |error| report_failure(&self.tools[action.tool], &error).1;
                            if let Some(failure) = ended.and_then(Result::err).and_then(report) {
                                let (id, tool) = (call.id(), action.call.tool.clone());
                                note(&mut self.may_have_happened, &tool);
                                self.record(Some(id), || Event::EffectUnknown { tool, failure });
                            }
                        }
                        Stage::Asking(approval) if approval.outcome().is_none() => {
                            let id = approval.request().id;
                            self.record(None, || Event::ApprovalWithdrawn { id });
                            self.outputs.push_back(Output::Withdraw(id));
                            let _ = self.block(&action.call.tool, BlockReason::RunEnded, "");
                        }
                        Stage::Asking(_) | Stage::Settled(_) => {}
                    }
                }
            }
        }
        self.finish(stop, None);
    }

    fn finish(&mut self, stop: StopReason, answer: Option<String>) {
        let degraded = answer.is_none();
        let answer = answer.unwrap_or_else(|| self.honest_safe_message());
        let result = RunResult { answer, steps: self.steps.used(), blocked: self.blocked.clone(), degraded, stop };
        let ended = result.clone();
        self.record(None, || Event::RunFinished {
            stop,
            degraded,
            steps: ended.steps,
            blocked: ended.blocked,
            answer: ended.answer,
        });
        self.stage = Phase::Over(result);
    }

    /// The safe message, with what cannot be taken back: whoever reads it must not think that nothing was done.
    fn honest_safe_message(&self) -> String {
        let mut message: String = self.policy.safe_message().into();
        for (words, tools) in
            [("Before that, this was done", &self.happened), ("This may have been done", &self.may_have_happened)]
        {
            if !tools.is_empty() {
                message = alloc::format!("{message} {words}: {}.", tools.join(", "));
            }
        }
        message
    }

    fn record(&mut self, call: Option<CallId>, event: impl FnOnce() -> Event) {
        self.trace.record(self.now, call, None, event);
    }
}

/// Adds a name to a list that has each once.
fn note(names: &mut Vec<String>, name: &str) {
    if !names.iter().any(|noted| noted == name) {
        names.push(name.into());
    }
}

/// Hands on what a call wants done, and tells how it ended if it has.
fn drain(
    call: &mut Call,
    outputs: &mut VecDeque<Output>,
    start: impl Fn(Attempt) -> Output,
) -> Option<Result<u32, CallError>> {
    loop {
        match call.poll() {
            call::Output::Start(attempt) => outputs.push_back(start(attempt)),
            call::Output::Abandon(id) => outputs.push_back(Output::Abandon(id)),
            call::Output::Wait { .. } => return None,
            call::Output::Finished(result) => return Some(result),
        }
    }
}

/// What a drained call waits for.
fn wait_of(call: &mut Call) -> (Option<Instant>, WaitReason) {
    match call.poll() {
        call::Output::Wait { until, why } => (until, why),
        _ => (None, WaitReason::NotStarted),
    }
}

/// The tool call of that number, if it is under way: which tool, its call, and where its output goes.
fn running(stage: &mut Phase, id: CallId) -> Option<(usize, &mut Call, &mut Option<String>)> {
    let Phase::Acting(actions) = stage else { return None };
    actions.iter_mut().find_map(|action| match &mut action.stage {
        Stage::Running { call, output, .. } if call.id() == id => Some((action.tool, call, output)),
        _ => None,
    })
}

#[cfg(test)]
mod tests;
