//! The checkers: they see what the agent is told and what it does, and hold it to what must stay true.
//!
//! They keep books of their own and trust no state of the engine's. From its trace they take only what a breaker said, since
//! nobody else can know.

use super::plan::Plan;
use super::{Rule, Violation, Watched};
use std::collections::{BTreeMap, BTreeSet};
use steadfast::approval::{ApprovalRequest, Decision};
use steadfast::call::Attempt;
use steadfast::event::Event;
use steadfast::failure::FailureClass;
use steadfast::id::{ApprovalId, AttemptId, CallId, Key, RunId};
use steadfast::policy::{CallPolicy, RunPolicy};
use steadfast::run::{Input, Role, Run};
use steadfast::time::{Duration, Instant};
use steadfast::trace::Trace;

/// Before the name of a tool: looking up whether it happened.
const LOOKING_UP: &str = "whether ";

#[derive(Clone)]
pub(super) struct Checker {
    seed: u64,
    policy: RunPolicy,
    models: u32,
    tools: BTreeMap<String, (CallPolicy, bool, bool)>,
    looking_up: BTreeMap<String, CallPolicy>,
    began: Option<Instant>,
    now: Instant,
    cancelled: bool,
    attempts: BTreeMap<CallId, Vec<(u32, Instant)>>,
    /// The attempt of each call whose outcome still counts, and until when.
    under_way: BTreeMap<CallId, (u32, Instant)>,
    earliest: BTreeMap<CallId, (u32, Instant)>,
    asked: BTreeMap<ApprovalId, ApprovalRequest>,
    /// Leaves to run a risky tool that are not used up yet: of which call, which tool, with which arguments.
    leaves: Vec<(CallId, String, String)>,
    decided: BTreeSet<ApprovalId>,
    /// How many attempts each call had made when it began anew: after a yes to running it again, or in another process.
    begun_anew: BTreeMap<CallId, usize>,
    /// Calls of which something was shown.
    committed: BTreeSet<CallId>,
    logical_calls: u64,
    physical_attempts: u64,
    retries: u64,
    /// How often each call of a tool that must not happen twice ran, and how often a human said that it may run again: over
    /// all the resumes of the run.
    ran: BTreeMap<CallId, u32>,
    again: BTreeMap<CallId, u32>,
    effects: u64,
    violations: Vec<Violation>,
    /// What earlier processes and resumes of the run decided.
    traces: Vec<Trace>,
}

impl Checker {
    pub(super) fn new(seed: u64, plan: &Plan) -> Self {
        let tools = plan
            .tools
            .iter()
            .map(|tool| (tool.name().to_owned(), (tool.policy(), tool.is_risky(), tool.effect().may_repeat())));
        Self {
            seed,
            policy: plan.policy.clone(),
            models: plan.models,
            tools: tools.collect(),
            looking_up: plan.tools.iter().map(|tool| (tool.name().to_owned(), tool.reconcile_policy())).collect(),
            began: None,
            now: Instant::ORIGIN,
            cancelled: false,
            attempts: BTreeMap::new(),
            under_way: BTreeMap::new(),
            earliest: BTreeMap::new(),
            asked: BTreeMap::new(),
            leaves: Vec::new(),
            decided: BTreeSet::new(),
            begun_anew: BTreeMap::new(),
            committed: BTreeSet::new(),
            logical_calls: 0,
            physical_attempts: 0,
            retries: 0,
            ran: BTreeMap::new(),
            again: BTreeMap::new(),
            effects: 0,
            violations: Vec::new(),
            traces: Vec::new(),
        }
    }

    pub(super) fn violated(&mut self, rule: Rule, seen: String) {
        self.violations.push(Violation { seed: self.seed, rule, seen });
    }

    /// Tells the agent something, and keeps in mind what that means.
    pub(super) fn tell(&mut self, run: &mut Run, now: Instant, input: Input) {
        self.now = self.now.max(now);
        match &input {
            Input::Start => self.began = self.began.or(Some(self.now)),
            Input::Cancel => self.cancelled = true,
            Input::ModelReplied(id, _) | Input::ToolReplied(id, _) | Input::Reconciled(id, _) => {
                self.outcome_counts(*id);
            }
            Input::Failed(id, failure) => {
                let asked = failure.retry_after.filter(|_| failure.class != FailureClass::Cancelled);
                if let (true, Some(wait)) = (self.outcome_counts(*id), asked) {
                    let option = self.attempts[&id.call].last().map_or(0, |(option, _)| *option);
                    self.earliest.insert(id.call, (option, self.now + wait));
                }
            }
            // To a run that has ended, or is suspended, nobody says yes.
            Input::Decided(..) | Input::DecidedOn(..) if run.result().is_some() => {}
            Input::Decided(id, decision) => self.decide(*id, decision),
            Input::DecidedOn(id, digest, decision) => {
                if self.asked.get(id).is_some_and(|request| request.digest == *digest) {
                    self.decide(*id, decision);
                }
            }
            Input::Commit(id) => {
                let counts = self.under_way.get(&id.call);
                if counts.is_some_and(|(number, until)| *number == id.attempt && self.now < *until) {
                    self.committed.insert(id.call);
                }
            }
            Input::Tick | Input::Output(_) | Input::Spent(..) | Input::Claimed(..) | Input::Suspend => {}
        }
        let seen = run.trace().entries().len();
        run.handle(now, input);
        // Of a run that suspends nobody is asked aloud: what it would ask is in its trace.
        for entry in &run.trace().entries()[seen..] {
            if matches!(
                entry.event,
                Event::ModelCalled { .. } | Event::ToolCalled { .. } | Event::ReconcileAsked { .. }
            ) {
                self.logical_calls += 1;
            }
            // What was silent for too long is over before its time is up.
            if let (Event::AttemptTimedOut { .. }, Some(call)) = (&entry.event, entry.call) {
                self.under_way.remove(&call);
            }
            if let Event::ApprovalAsked { id, tool, args, digest, expires_at, again } = &entry.event {
                let key = Key { run: RunId(self.seed), call: entry.call.unwrap_or_default() };
                let (tool, args, why) = (tool.clone(), args.clone(), String::new());
                let (id, digest, expires_at, again) = (*id, *digest, *expires_at, *again);
                let asked_at = entry.at;
                let request = ApprovalRequest { id, key, tool, args, digest, asked_at, expires_at, again, why };
                self.asked.insert(id, request);
            }
        }
    }

    /// Whether this outcome is the first of its attempt, and in time.
    fn outcome_counts(&mut self, id: AttemptId) -> bool {
        let counts =
            self.under_way.get(&id.call).is_some_and(|(number, until)| *number == id.attempt && self.now < *until);
        if counts {
            self.under_way.remove(&id.call);
        }
        counts
    }

    /// A yes in time, to a question that was asked and not decided, is a leave to run that call once.
    fn decide(&mut self, id: ApprovalId, decision: &Decision) {
        let Some(request) = self.asked.get(&id) else { return };
        if self.now >= request.expires_at || !self.decided.insert(id) {
            return;
        }
        match decision {
            Decision::Approve => self.leaves.push((request.key.call, request.tool.clone(), request.args.clone())),
            Decision::ApproveEdited { args } => {
                self.leaves.push((request.key.call, request.tool.clone(), args.clone()));
            }
            Decision::Deny { .. } => return,
        }
        if request.again {
            self.committed.remove(&request.key.call);
            let made = self.attempts.get(&request.key.call).map_or(0, Vec::len);
            self.begun_anew.insert(request.key.call, made);
            *self.again.entry(request.key.call).or_default() += 1;
        }
    }

    /// The latest time the agent was told.
    pub(super) fn now(&self) -> Instant {
        self.now
    }

    /// The agent goes on in another process: what was under way is lost, and its attempts are counted anew.
    pub(super) fn restarted(&mut self, before: &Run) {
        self.traces.push(before.trace().clone());
        self.begin_anew();
    }

    fn begin_anew(&mut self) {
        self.under_way.clear();
        self.earliest.clear();
        self.committed.clear();
        self.begun_anew = self.attempts.iter().map(|(call, made)| (*call, made.len())).collect();
    }

    /// The books for a resume of the run that was watched so far.
    pub(super) fn of_resume(&self, pending: &[ApprovalRequest]) -> Self {
        let (violations, traces) = (Vec::new(), Vec::new());
        let mut own = Self { violations, traces, effects: 0, cancelled: false, ..self.clone() };
        own.begin_anew();
        own.asked.extend(pending.iter().map(|request| (request.id, request.clone())));
        own
    }

    /// What happened in a resume happened.
    pub(super) fn take_over(&mut self, resume: Self, run: &Run) {
        self.traces.push(run.trace().clone());
        self.traces.extend(resume.traces);
        (self.ran, self.again) = (resume.ran, resume.again);
        self.effects += resume.effects;
        self.violations.extend(resume.violations);
    }

    /// What a human is shown is what the trace says.
    pub(super) fn asked(&mut self, request: &ApprovalRequest) {
        let known = self.asked.get(&request.id).is_some_and(|known| {
            (known.key, &known.tool, &known.args, known.digest)
                == (request.key, &request.tool, &request.args, request.digest)
        });
        if !known {
            self.violated(Rule::EffectsWithinApprovals, format!("a human is shown {request:?}"));
        }
    }

    /// An attempt begins.
    pub(super) fn attempted(&mut self, attempt: Attempt, tool: Option<(&str, &str)>) {
        // The time as the agent was told it: what a bad clock hides, it cannot know.
        let now = self.now;
        let (call, option) = (attempt.id.call, attempt.option);
        let began = self.began.unwrap_or(now);
        if self.cancelled {
            self.violated(Rule::NothingAfterTheEnd, format!("{:?} begins after the cancellation", attempt.id));
        }
        if self.policy.deadline().is_some_and(|limit| now >= began + limit) {
            self.violated(
                Rule::NothingAfterTheEnd,
                format!("{:?} begins at {now}, after the run's deadline", attempt.id),
            );
        }
        if let Some((asked_by, earliest)) = self.earliest.remove(&call)
            && asked_by == option
            && now < earliest
        {
            self.violated(Rule::WaitsAsAsked, format!("{:?} begins at {now}, not after {earliest}", attempt.id));
        }
        self.under_way.insert(call, (attempt.id.attempt, attempt.until.unwrap_or(Instant::MAX)));
        let made = self.attempts.entry(call).or_default();
        made.push((option, now));
        let anew = self.begun_anew.get(&call).copied().unwrap_or(0);
        let (in_all, of_option) = (made.len(), made[anew..].iter().filter(|(other, _)| *other == option).count());
        let first = made[anew].1;
        if self.committed.contains(&call) {
            self.violated(Rule::NothingAfterTheEnd, format!("{:?} begins after something was shown", attempt.id));
        }
        self.spent(attempt, of_option > 1);
        let policy =
            tool.and_then(|(name, _)| self.tools.get(name)).map_or(*self.policy.model(), |(policy, ..)| *policy);
        let allowed = policy.retry().map_or(1, steadfast::retry::RetryPolicy::attempts) as usize;
        let options = if tool.is_some() { 1 } else { self.models };
        if of_option > allowed || option >= options || attempt.id.attempt as usize != in_all {
            let seen = format!("{:?} of option {option}: {of_option} of {allowed} allowed", attempt.id);
            self.violated(Rule::WithinLimits, seen);
        }
        if policy.deadline().is_some_and(|limit| now >= first + limit) && now > first {
            self.violated(Rule::NothingAfterTheEnd, format!("{:?} begins after the call's deadline", attempt.id));
        }
        if let Some((name, args)) = tool {
            self.acted(call, name, args);
        }
    }

    /// One attempt more, within the budget of the run and the share of its retries.
    fn spent(&mut self, attempt: Attempt, retry: bool) {
        self.physical_attempts += 1;
        self.retries += u64::from(retry);
        if self.policy.budget().attempts().is_some_and(|limit| self.physical_attempts > limit) {
            self.violated(Rule::WithinLimits, format!("{:?} is attempt {}", attempt.id, self.physical_attempts));
        }
        if let Some(share) = self.policy.retry_budget().filter(|_| retry) {
            let allowed = share.at_least().max(self.logical_calls * u64::from(share.per_mille()) / 1_000);
            if self.retries > allowed {
                let seen = format!("retry {} of {} calls, {allowed} allowed", self.retries, self.logical_calls);
                self.violated(Rule::WithinLimits, seen);
            }
        }
    }

    /// Somebody looks up what happened: that changes nothing, but it is not done after the end either.
    pub(super) fn looked_up(&mut self, attempt: Attempt) {
        let made = self.attempts.entry(attempt.id.call).or_default();
        made.push((attempt.option, self.now));
        let retry = made.len() > self.begun_anew.get(&attempt.id.call).copied().unwrap_or(0) + 1;
        self.spent(attempt, retry);
        if self.cancelled {
            self.violated(Rule::NothingAfterTheEnd, format!("{:?} begins after the cancellation", attempt.id));
        }
    }

    fn acted(&mut self, call: CallId, name: &str, args: &str) {
        let Some((_, risky, may_repeat)) = self.tools.get(name).copied() else {
            return self.violated(Rule::EffectsWithinApprovals, format!("{name} runs, which nobody has"));
        };
        if !may_repeat {
            let ran = self.ran.entry(call).or_default();
            *ran += 1;
            let (ran, allowed) = (*ran, 1 + self.again.get(&call).copied().unwrap_or(0));
            if ran > allowed {
                let seen = format!("{name} must not happen twice: {call:?} runs {ran} times, {allowed} allowed");
                self.violated(Rule::EffectsWithinApprovals, seen);
            }
        }
        if risky {
            self.effects += 1;
            let leave = self.leaves.iter().position(|(of, tool, exact)| *of == call && tool == name && exact == args);
            match leave {
                Some(leave) => drop(self.leaves.swap_remove(leave)),
                None => self.violated(Rule::EffectsWithinApprovals, format!("{name} runs with {args} without a yes")),
            }
        }
    }

    /// Looks back over the whole run.
    pub(super) fn look_back(&mut self, run: &Run) {
        self.check_result(run);
        self.check_conversation(run);
        self.check_breakers_and_waits(run);
    }

    /// What there is to report.
    pub(super) fn watched(mut self, run: &Run) -> Watched {
        self.look_back(run);
        let stop = run.result().map_or("none", |result| result.stop.as_str());
        let attempts = self.attempts.values().map(|made| made.len() as u64).sum();
        let Self { effects, violations, mut traces, .. } = self;
        traces.insert(0, run.trace().clone());
        Watched { stop, attempts, effects, violations, traces }
    }

    fn check_result(&mut self, run: &Run) {
        let Some(result) = run.result() else { return };
        if result.answer.trim().is_empty() || result.steps > self.policy.max_steps() {
            self.violated(Rule::EndsWithAnAnswer, format!("{result:?}"));
        }
        let is_end = |event: &Event| matches!(event, Event::RunFinished { .. } | Event::RunSuspended { .. });
        let ended = run.trace().entries().iter().filter(|entry| is_end(&entry.event)).count();
        if ended != 1 {
            self.violated(Rule::EndsWithAnAnswer, format!("the trace ends {ended} times"));
        }
    }

    /// Wherever the model was asked again, every call it had wanted has its one result.
    fn check_conversation(&mut self, run: &Run) {
        let messages = run.messages();
        let last_asked = messages.iter().rposition(|message| message.role == Role::Assistant).unwrap_or(0);
        for (index, message) in messages.iter().enumerate() {
            for wanted in &message.tool_calls {
                let results = messages.iter().filter(|message| message.tool_call_id.as_ref() == Some(&wanted.id));
                let results = results.count();
                if results > 1 || (results == 0 && index != last_asked) {
                    self.violated(Rule::OneResultEach, format!("{} has {results} results", wanted.id));
                }
            }
        }
    }

    fn check_breakers_and_waits(&mut self, run: &Run) {
        let mut subjects: BTreeMap<CallId, String> = BTreeMap::new();
        let mut open: BTreeMap<(String, u32), Instant> = BTreeMap::new();
        for entry in run.trace().entries() {
            let call = entry.call.unwrap_or_default();
            let subject = subjects.get(&call).cloned().unwrap_or_default();
            match &entry.event {
                Event::ModelCalled { .. } => drop(subjects.insert(call, "the model".into())),
                Event::ToolCalled { tool, .. } => drop(subjects.insert(call, tool.clone())),
                Event::ReconcileAsked { tool } => drop(subjects.insert(call, format!("{LOOKING_UP}{tool}"))),
                Event::BreakerOpened { option, until, .. } => drop(open.insert((subject, *option), *until)),
                Event::BreakerClosed { option, .. } => drop(open.remove(&(subject, *option))),
                Event::AttemptStarted { option, .. } => {
                    if let Some(until) = open.get(&(subject.clone(), *option)).filter(|until| entry.at < **until) {
                        let seen = format!("{subject} is tried at {}, open until {until}", entry.at);
                        self.violated(Rule::NothingWhileOpen, seen);
                    }
                }
                Event::BackingOff { delay, until, .. } => {
                    let looked_up = subject.strip_prefix(LOOKING_UP).and_then(|tool| self.looking_up.get(tool));
                    let acted = self.tools.get(&subject).map(|(policy, ..)| policy);
                    let policy = looked_up.or(acted).copied().unwrap_or(*self.policy.model());
                    let cap = policy.retry().map_or(Duration::ZERO, |retry| retry.backoff().cap());
                    let own = if delay.retry_after.is_some() { delay.ceiling } else { delay.delay };
                    if own > cap || *until - entry.at != delay.delay {
                        self.violated(Rule::WaitsAsAsked, format!("{delay:?} with a cap of {cap:?}"));
                    }
                }
                _ => {}
            }
        }
    }
}
