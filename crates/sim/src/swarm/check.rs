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
use steadfast::id::{ApprovalId, AttemptId, CallId};
use steadfast::policy::{CallPolicy, RunPolicy};
use steadfast::run::{Input, Role, Run};
use steadfast::time::{Duration, Instant};

pub(super) struct Checker {
    seed: u64,
    policy: RunPolicy,
    models: u32,
    tools: BTreeMap<String, (CallPolicy, bool, bool)>,
    began: Option<Instant>,
    now: Instant,
    cancelled: bool,
    attempts: BTreeMap<CallId, Vec<(u32, Instant)>>,
    /// The attempt of each call whose outcome still counts, and until when.
    under_way: BTreeMap<CallId, (u32, Instant)>,
    earliest: BTreeMap<CallId, (u32, Instant)>,
    asked: BTreeMap<ApprovalId, ApprovalRequest>,
    /// Leaves to run a risky tool that are not used up yet.
    leaves: Vec<(String, String)>,
    decided: BTreeSet<ApprovalId>,
    effects: u64,
    violations: Vec<Violation>,
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
            began: None,
            now: Instant::ORIGIN,
            cancelled: false,
            attempts: BTreeMap::new(),
            under_way: BTreeMap::new(),
            earliest: BTreeMap::new(),
            asked: BTreeMap::new(),
            leaves: Vec::new(),
            decided: BTreeSet::new(),
            effects: 0,
            violations: Vec::new(),
        }
    }

    pub(super) fn violated(&mut self, rule: Rule, seen: String) {
        self.violations.push(Violation { seed: self.seed, rule, seen });
    }

    /// Tells the agent something, and keeps in mind what that means.
    pub(super) fn tell(&mut self, run: &mut Run, now: Instant, input: Input) {
        self.now = self.now.max(now);
        match &input {
            Input::Start => self.began = Some(self.now),
            Input::Cancel => self.cancelled = true,
            Input::ModelReplied(id, _) | Input::ToolReplied(id, _) => {
                self.outcome_counts(*id);
            }
            Input::Failed(id, failure) => {
                if let (true, Some(wait)) = (self.outcome_counts(*id), failure.retry_after) {
                    let option = self.attempts[&id.call].last().map_or(0, |(option, _)| *option);
                    self.earliest.insert(id.call, (option, self.now + wait));
                }
            }
            Input::Decided(id, decision) => self.decide(*id, decision),
            Input::Tick => {}
        }
        run.handle(now, input);
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
            Decision::Approve => self.leaves.push((request.tool.clone(), request.args.clone())),
            Decision::ApproveEdited { args } => self.leaves.push((request.tool.clone(), args.clone())),
            Decision::Deny { .. } => {}
        }
    }

    pub(super) fn asked(&mut self, request: &ApprovalRequest) {
        self.asked.insert(request.id, request.clone());
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
        let (in_all, of_option) = (made.len(), made.iter().filter(|(other, _)| *other == option).count());
        let first = made[0].1;
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
            self.acted(name, args, in_all);
        }
    }

    fn acted(&mut self, name: &str, args: &str, attempt: usize) {
        let Some((_, risky, may_repeat)) = self.tools.get(name).copied() else {
            return self.violated(Rule::EffectsWithinApprovals, format!("{name} runs, which nobody has"));
        };
        if !may_repeat && attempt > 1 {
            self.violated(Rule::EffectsWithinApprovals, format!("{name} must not happen twice and is tried again"));
        }
        if risky {
            self.effects += 1;
            match self.leaves.iter().position(|(tool, exact)| tool == name && exact == args) {
                Some(leave) => drop(self.leaves.swap_remove(leave)),
                None => self.violated(Rule::EffectsWithinApprovals, format!("{name} runs with {args} without a yes")),
            }
        }
    }

    /// Looks back over the whole run.
    pub(super) fn watched(mut self, run: &Run) -> Watched {
        self.check_result(run);
        self.check_conversation(run);
        self.check_breakers_and_waits(run);
        let stop = run.result().map_or("none", |result| result.stop.as_str());
        let attempts = self.attempts.values().map(|made| made.len() as u64).sum();
        let Self { effects, violations, .. } = self;
        Watched { stop, attempts, effects, violations, trace: run.trace().clone() }
    }

    fn check_result(&mut self, run: &Run) {
        let Some(result) = run.result() else { return };
        if result.answer.trim().is_empty() || result.steps > self.policy.max_steps() {
            self.violated(Rule::EndsWithAnAnswer, format!("{result:?}"));
        }
        let ended = run.trace().entries().iter().filter(|entry| matches!(entry.event, Event::RunFinished { .. }));
        let ended = ended.count();
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
                Event::BreakerOpened { option, until, .. } => drop(open.insert((subject, *option), *until)),
                Event::BreakerClosed { option, .. } => drop(open.remove(&(subject, *option))),
                Event::AttemptStarted { option, .. } => {
                    if let Some(until) = open.get(&(subject.clone(), *option)).filter(|until| entry.at < **until) {
                        let seen = format!("{subject} is tried at {}, open until {until}", entry.at);
                        self.violated(Rule::NothingWhileOpen, seen);
                    }
                }
                Event::BackingOff { delay, until, .. } => {
                    let policy = self.tools.get(&subject).map_or(*self.policy.model(), |(policy, ..)| *policy);
                    let cap = policy.retry().map_or(Duration::ZERO, |retry| retry.backoff().cap());
                    let own = if delay.retry_after.is_some() { delay.ceiling } else { delay.delay };
                    if own > cap || delay.ceiling > cap || *until - entry.at != delay.delay {
                        self.violated(Rule::WaitsAsAsked, format!("{delay:?} with a cap of {cap:?}"));
                    }
                }
                _ => {}
            }
        }
    }
}
