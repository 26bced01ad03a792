//! An agent run: think, act, observe, until there is an answer or a limit says stop.
//!
//! Think is a guarded model call; act is guarded tool calls, all that the model asked for at once; observe hands their
//! results to the model. Risky tools wait for a human. A run always ends, and always with an answer: where it cannot be the
//! model's it is the policy's safe message, and the result says `degraded`.

mod act;
mod action;
mod adopt;
mod aftermath;
mod beginning;
mod commons;
mod end;
mod hear;
mod message;
mod resume;
mod stored;
mod turn;
mod unheard;

pub(crate) use beginning::{Beginning, Origin};
pub use commons::Endpoints;
pub use message::{Message, ModelReply, Role, ToolCall, ToolSpec};

use crate::approval::{ApprovalRequest, Decision, Digest};
use crate::breaker::CircuitBreaker;
use crate::budget::{Left, Spend};
use crate::call::{self, Attempt, Call};
use crate::deadline::Deadline;
use crate::effect::{Claim, Claimed, Ledger, LedgerEntry, Reconciliation};
use crate::event::Event;
use crate::failure::Failure;
use crate::id::{ApprovalId, AttemptId, CallId, Key, RunId};
use crate::outcome::{StopReason, WaitReason};
use crate::policy::RunPolicy;
use crate::progress::{ProgressDetector, ProgressPolicy, Repetition};
use crate::rng::Seed;
use crate::setting::InvalidSetting;
use crate::step_limit::StepLimiter;
use crate::time::Instant;
use crate::trace::Trace;
use action::{Action, Stage};
use aftermath::Aftermath;
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;
use commons::Commons;
use unheard::Open;

/// An agent run.
///
/// How to drive it: create it, tell it [`Input::Start`], and from then on whatever happens: replies and failures of
/// attempts, a human's decisions, a cancellation, or with [`Input::Tick`] just that time has passed. After every `handle`,
/// drain [`poll`](Self::poll) until it answers [`Output::Wait`] or [`Output::Finished`]. An answer that comes late, twice or for something
/// that was never asked is traced and changes nothing but what is known of the world: whether an effect that must not happen twice
/// did, and when a server wants to be asked again.
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
#[expect(clippy::struct_excessive_bools, reason = "none of them depends on another")]
pub struct Run {
    id: RunId,
    seed: Seed,
    policy: RunPolicy,
    models: u32,
    tools: Vec<ToolSpec>,
    commons: Commons,
    progress: Option<ProgressDetector>,
    /// What to tell the model beside this turn's results, unless they bring news.
    hint: Option<Repetition>,
    /// Attempts of calls that are over, of which something may still come: a late word of a server still counts.
    unheard: Vec<Open>,
    /// Whether the model is asked without tools: its last turn.
    last_turn: bool,
    steps: StepLimiter,
    /// When its limits began to count; of a run from a snapshot they come from there.
    started: Option<Instant>,
    deadline: Deadline,
    messages: Vec<Message>,
    blocked: Vec<String>,
    ledger: Ledger,
    aftermath: Aftermath,
    /// Whether its effects are first claimed in a ledger that other runs share.
    claims: bool,
    /// What the shared ledger granted and a human is asked about all the same.
    granted: Vec<Key>,
    /// Whether it ends for now once only humans can move it on.
    suspends: bool,
    calls: u64,
    approvals: u64,
    now: Instant,
    stage: Phase,
    outputs: VecDeque<Output>,
    recorded: Option<Vec<(Instant, Input)>>,
    /// Whether it was told anything since it was made or restored.
    pub(crate) told: bool,
    /// What it was restored from; of a new run, nothing.
    past: u64,
    /// Of a run that records: what it began with.
    began: Beginning,
    origin: Option<Origin>,
    trace: Trace,
}

#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "a run has one phase; a box would only add an allocation to each step")]
enum Phase {
    New,
    /// From a snapshot, and not told to go on yet: with the tool calls of its step, if it was acting.
    Restored(Option<Vec<Action>>),
    Thinking {
        call: Call,
        reply: Option<ModelReply>,
    },
    Acting(Vec<Action>),
    /// Ended; a suspended one with the tool calls of its step.
    Over(RunEnd),
}

#[derive(Debug)]
struct RunEnd {
    result: RunResult,
    suspended: Option<Vec<Action>>,
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
    /// A part of the output of that attempt came: see [`call::Input::Output`].
    Output(AttemptId),
    /// Something of that attempt was shown to somebody: see [`call::Input::Commit`].
    Commit(AttemptId),
    /// What that attempt really spent, to be told before its outcome. Of models, [`ModelReply::usage`] says it as well.
    Spent(AttemptId, Spend),
    /// A human decided.
    Decided(ApprovalId, Decision),
    /// A human decided who was shown the call of that digest; refused if it is not the one that would run.
    DecidedOn(ApprovalId, Digest, Decision),
    /// What is left of a budget around this run, which others spend from too: from now on it may spend no more than that. To be
    /// told before it starts, and then before whatever may lead to new work.
    Narrowed(Left),
    /// What was found out about an effect of unknown outcome.
    Reconciled(AttemptId, Reconciliation),
    /// What the shared ledger says to a claim.
    Claimed(Key, Claimed),
    /// From now on, whenever nothing but humans can move the run on, it ends as suspended: nobody is there to ask.
    Suspend,
    /// The caller takes it back.
    Cancel,
}

/// What a run tells its host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Ask the model ([`Attempt::option`] says which) with [`Run::messages`], and with tools if [`Run::offers_tools`].
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
    /// Find out whether that effect happened, and report it with [`Input::Reconciled`].
    Reconcile {
        /// What the answer is reported under.
        attempt: Attempt,
        /// The key that went to the tool.
        key: Key,
        /// The tool.
        tool: String,
        /// Its arguments.
        args: String,
    },
    /// Only of a run that shares its ledger: claim this there, in one atomic step, and report with [`Input::Claimed`].
    Claim(Claim),
    /// Only of a run that shares its ledger: write this there, before anything that follows.
    Record(LedgerEntry),
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
    /// The answer: the model's; of a degraded run the safe message, or what it waits for, followed by what tools of effect
    /// [`Once`](crate::effect::Effect::Once) did or may have done all the same.
    pub answer: String,
    /// Turns of the loop that were begun.
    pub steps: u32,
    /// Tools of which a call was asked for and did not run, each once: denied, expired, nobody there to ask, waiting for a yes that
    /// nobody gave, or decided by another resume.
    pub blocked: Vec<String>,
    /// Whether the answer is not the model's: it is the safe message, or of a suspended run what it waits for.
    pub degraded: bool,
    /// Why it ended.
    pub stop: StopReason,
    /// Of a suspended run: what waits for a human.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Vec::is_empty"))]
    pub pending: Vec<ApprovalRequest>,
}

impl Run {
    /// A run on `task` with so many models to choose from, in order of preference, and these tools.
    ///
    /// Fails if there is no model, if a tool has no name or two share one, and if one that may poll is not among them.
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
            if tool.name().trim().is_empty() {
                return Err(InvalidSetting::new("tools", "a tool without a name", "a name for each tool"));
            }
            if tools.iter().take(index).any(|earlier| earlier.name() == tool.name()) {
                let twice = alloc::format!("a list with two tools named {}", tool.name());
                return Err(InvalidSetting::new("tools", twice, "each name once"));
            }
        }
        refuse_strangers(&policy, &tools)?;
        Ok(Self {
            id,
            seed,
            models,
            commons: Commons::new(&policy, models, &tools, seed),
            progress: policy.progress().cloned().map(ProgressDetector::new),
            hint: None,
            unheard: Vec::new(),
            last_turn: false,
            steps: StepLimiter::new(policy.max_steps())?,
            started: None,
            deadline: Deadline::NEVER,
            messages: alloc::vec![Message::new(Role::User, task)],
            blocked: Vec::new(),
            ledger: Ledger::default(),
            aftermath: Aftermath::default(),
            claims: false,
            granted: Vec::new(),
            suspends: false,
            calls: 0,
            approvals: 0,
            now: Instant::ORIGIN,
            stage: Phase::New,
            outputs: VecDeque::new(),
            recorded: None,
            told: false,
            past: 0,
            began: Beginning::default(),
            origin: None,
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

    /// Before an effect happens that must not happen twice it is claimed, with [`Output::Claim`], in a ledger that other
    /// runs share. Runs from a snapshot always do; a run that may be restored from a snapshot it made before it ended
    /// should too.
    #[must_use]
    pub fn with_claims(mut self) -> Self {
        self.claims = true;
        self
    }

    /// Keeps everything it is told, for a [`Recording`](crate::replay::Recording). Of a run that was told something already
    /// nothing is kept: it could not be told again.
    ///
    /// What runs share by [`swap_endpoints`](Self::swap_endpoints) is in no recording; an [`Incident`](crate::replay::Incident) has
    /// what stood there when the run began.
    #[must_use]
    pub fn with_recording(mut self) -> Self {
        if !self.told && self.recorded.is_none() && self.trace.entries().is_empty() {
            self.recorded = Some(Vec::new());
        }
        self
    }

    /// With this trace instead of one that keeps everything.
    #[must_use]
    pub fn with_trace(mut self, trace: Trace) -> Self {
        self.trace = trace;
        self
    }

    /// Its settings.
    #[must_use]
    pub fn policy(&self) -> &RunPolicy {
        &self.policy
    }

    /// Its tools, in the order in which they were given.
    #[must_use]
    pub fn tools(&self) -> &[ToolSpec] {
        &self.tools
    }

    /// The conversation so far: what a model is asked with.
    #[must_use]
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// What became of every tool call.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Its number.
    #[must_use]
    pub fn id(&self) -> RunId {
        self.id
    }

    /// The latest instant it was told.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.now
    }

    /// Turns of the loop that were begun.
    #[must_use]
    pub fn steps(&self) -> u32 {
        self.steps.used()
    }

    /// What it was told, with its instants, if it records.
    #[must_use]
    pub fn recorded(&self) -> Option<&[(Instant, Input)]> {
        self.recorded.as_deref()
    }

    /// What a human is asked and has not answered, in the order in which it was asked. Of a suspended or restored run too.
    #[must_use]
    pub fn pending(&self) -> Vec<&ApprovalRequest> {
        match &self.stage {
            Phase::Restored(Some(actions))
            | Phase::Acting(actions)
            | Phase::Over(RunEnd { suspended: Some(actions), .. }) => {
                actions.iter().filter_map(Action::question).collect()
            }
            Phase::New | Phase::Restored(None) | Phase::Thinking { .. } | Phase::Over(_) => Vec::new(),
        }
    }

    /// What was spent so far, by every physical attempt of models and tools.
    #[must_use]
    pub fn spent(&self) -> Spend {
        self.commons.spent()
    }

    /// What may still be spent.
    #[must_use]
    pub fn left(&self) -> Left {
        self.commons.budget.left(self.commons.budget.root(), self.now)
    }

    /// Logical calls of models and tools so far.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.commons.retries.calls()
    }

    /// The amplification factor in thousandths: physical attempts to a thousand logical calls. 1,000 means that nothing
    /// was tried twice, and so it reads before the first call.
    ///
    /// Retries of several layers multiply: three attempts in each of three layers are 27 (Google SRE book, "Addressing
    /// Cascading Failures"). This is what a run adds.
    #[must_use]
    pub fn amplification_thousandths(&self) -> u64 {
        let attempts = self.commons.spent().attempts.saturating_mul(1_000);
        attempts.checked_div(self.calls()).unwrap_or(1_000)
    }

    /// Whether the model is to be offered its tools. Not in the last turn of one that repeats itself: what it asks for then
    /// does not run, and ends the run.
    #[must_use]
    pub fn offers_tools(&self) -> bool {
        !self.last_turn
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
            Phase::Over(end) => Some(&end.result),
            _ => None,
        }
    }

    /// Exchanges what it knows of its models and tools for `others`: breakers, throttles, what servers asked for. So that several
    /// runs of one agent share it, a host swaps it in before each [`handle`](Self::handle) and each [`snapshot`](Self::snapshot), and out
    /// again after it.
    ///
    /// Fails if they are of another number of models or tools than this run has: then nothing is exchanged.
    ///
    /// ```
    /// use steadfast::failure::Failure;
    /// use steadfast::id::RunId;
    /// use steadfast::outcome::StopReason;
    /// use steadfast::policy::RunPolicy;
    /// use steadfast::rng::Seed;
    /// use steadfast::run::{Endpoints, Input, Output, Run};
    /// use steadfast::time::Instant;
    ///
    /// let policy = RunPolicy::default();
    /// let mut shared = Endpoints::new(&policy, 1, &[], Seed(7));
    /// shared.models[0].breaker.as_mut().unwrap().force_open("maintenance", Instant::ORIGIN);
    /// for number in 1..=2 {
    ///     let mut run = Run::new(RunId(number), "task", policy.clone(), 1, vec![], Seed(number))?;
    ///     run.swap_endpoints(&mut shared)?;
    ///     run.handle(Instant::ORIGIN, Input::Start);
    ///     run.swap_endpoints(&mut shared)?;
    ///     assert_eq!(run.poll(), Output::Finished, "nobody is asked");
    ///     assert_eq!(run.result().unwrap().stop, StopReason::ModelUnavailable);
    /// }
    /// assert_eq!(shared.models[0].breaker.as_ref().unwrap().stats().rejected, 2);
    /// # Ok::<(), steadfast::setting::InvalidSetting>(())
    /// ```
    pub fn swap_endpoints(&mut self, others: &mut Endpoints) -> Result<(), InvalidSetting> {
        self.commons.swap(others)
    }

    /// The breaker of that model, if the policy has one.
    #[must_use]
    pub fn model_breaker(&self, option: u32) -> Option<&CircuitBreaker> {
        self.commons.models.get(option as usize)?.breaker.as_ref()
    }

    /// Takes an input. Time counts first: what comes at the instant of its limit is late.
    pub fn handle(&mut self, now: Instant, input: Input) {
        if self.recorded.as_ref().is_some_and(Vec::is_empty) {
            self.keep_origin(now);
        }
        self.told = true;
        if let Some(recorded) = &mut self.recorded {
            recorded.push((now, input.clone()));
        }
        if now < self.now {
            let by = self.now - now;
            self.record(None, || Event::ClockWentBack { by });
        }
        self.now = self.now.max(now);
        if let Input::Failed(id, failure) = &input {
            // What a server asks for is heard before time passes, which may begin another attempt.
            self.hear_pause(*id, failure);
        }
        if let Input::Narrowed(left) = &input {
            // So is what may be spent no more.
            self.narrow(*left);
        }
        if !(sabotaged!(LateReplyCounts) && matches!(input, Input::ModelReplied(..))) {
            self.pass_time();
        }
        match input {
            Input::Start => self.start(),
            Input::Tick | Input::Narrowed(_) => {}
            Input::ModelReplied(id, reply) => self.model_replied(id, reply),
            Input::ToolReplied(id, output) => self.tool_replied(id, output),
            Input::Failed(id, failure) => self.failed(id, failure),
            Input::Output(id) => drop(self.heard_of(id, call::Input::Output(id.attempt))),
            Input::Commit(id) => drop(self.heard_of(id, call::Input::Commit(id.attempt))),
            Input::Spent(id, spend) => drop(self.heard_of(id, call::Input::Spent(id.attempt, spend))),
            Input::Decided(id, decision) => self.decided(id, None, decision),
            Input::DecidedOn(id, digest, decision) => self.decided(id, Some(digest), decision),
            Input::Reconciled(id, found) => self.reconciled(id, found),
            Input::Claimed(key, claimed) => self.claimed(key, claimed),
            Input::Suspend => self.suspends = true,
            Input::Cancel if sabotaged!(CancelIsNotHeard) => {}
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
            // Its deadline too looks at it only once it goes on.
            Phase::New | Phase::Restored(_) => return Output::Wait { until: None, why: WaitReason::NotStarted },
            Phase::Thinking { call, .. } => wait_of(call),
            Phase::Acting(actions) => actions
                .iter_mut()
                .filter_map(|action| match &mut action.stage {
                    Stage::Asking { approval, .. } => Some((Some(approval.request().expires_at), WaitReason::Approval)),
                    Stage::Running { call, .. } | Stage::Reconciling { call, .. } => Some(wait_of(call)),
                    Stage::Claiming(_) => Some((None, WaitReason::Claim)),
                    Stage::Interrupted { .. } | Stage::Settled(_) => None,
                })
                .min_by_key(|(until, _)| until.unwrap_or(Instant::MAX))
                .unwrap_or((None, WaitReason::NotStarted)),
            Phase::Over(_) => return Output::Finished,
        };
        let until = wait.0.into_iter().chain(self.deadline.at()).min();
        Output::Wait { until, why: wait.1 }
    }

    fn narrow(&mut self, left: Left) {
        let envelope = self.commons.budget.root();
        self.commons.budget.narrow(envelope, left, self.now);
        let deadline = self.deadline.within(self.commons.budget.deadline(envelope));
        self.deadline = deadline;
        match &mut self.stage {
            Phase::Thinking { call, .. } => call.narrow(deadline),
            Phase::Acting(actions) => {
                for action in actions {
                    if let Stage::Running { call, .. } | Stage::Reconciling { call, .. } = &mut action.stage {
                        call.narrow(deadline);
                    }
                }
            }
            Phase::New | Phase::Restored(_) | Phase::Over(_) => {}
        }
    }

    /// The tool at that place. A call has its tool's place from the list itself; what stands in for a place that is not
    /// there may do nothing.
    fn tool(&self, place: usize) -> &ToolSpec {
        static NOTHING: ToolSpec = ToolSpec::nothing();
        self.tools.get(place).unwrap_or(&NOTHING)
    }

    fn record(&mut self, call: Option<CallId>, event: impl FnOnce() -> Event) {
        self.trace.record(self.now, call, None, event);
    }
}

/// Tools that may poll are tools of the run.
fn refuse_strangers(policy: &RunPolicy, tools: &[ToolSpec]) -> Result<(), InvalidSetting> {
    let polling = policy.progress().map(ProgressPolicy::polling).unwrap_or_default();
    match polling.iter().find(|name| tools.iter().all(|tool| tool.name() != *name)) {
        Some(stranger) => Err(InvalidSetting::new("progress.polling", stranger.as_str(), "names of the run's tools")),
        None => Ok(()),
    }
}

/// What a drained call waits for.
fn wait_of(call: &mut Call) -> (Option<Instant>, WaitReason) {
    match call.poll() {
        call::Output::Wait { until, why } => (until, why),
        _ => (None, WaitReason::NotStarted),
    }
}

#[cfg(test)]
mod tests;
