//! The checkers: they see what the agent is told and what it does, and hold it to what must stay true.
//!
//! They keep books of their own and trust no state of the engine's. From its trace they take only what a breaker said, since
//! nobody else can know.

mod back;
mod bill;
mod late;
mod wishes;

use super::plan::Plan;
use super::{AtTheCap, Rule, Violation, Watched};
use bill::Bill;
use late::LateSuccesses;
use std::collections::{BTreeMap, BTreeSet};
use steadfast::approval::{ApprovalRequest, Decision};
use steadfast::call::Attempt;
use steadfast::effect::Reconciliation;
use steadfast::event::Event;
use steadfast::failure::FailureClass;
use steadfast::id::{ApprovalId, AttemptId, CallId, Key, RunId};
use steadfast::outcome::StopReason;
use steadfast::policy::{CallPolicy, RunPolicy};
use steadfast::run::{Input, Role, Run, ToolCall};
use steadfast::time::{Duration, Instant};
use steadfast::trace::Trace;
use wishes::Wishes;

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
    /// The attempt of each call whose outcome still counts.
    under_way: BTreeMap<CallId, UnderWay>,
    /// What each call goes to, and when a server asked to be called again at the earliest.
    endpoints: BTreeMap<CallId, String>,
    earliest: BTreeMap<(String, u32), Asked>,
    asked: BTreeMap<ApprovalId, ApprovalRequest>,
    /// Leaves to run a risky tool that are not used up yet: of which call, which tool, with which arguments.
    leaves: Vec<(CallId, String, String)>,
    decided: BTreeSet<ApprovalId>,
    /// How many attempts each call had made when it began anew: after a yes to running it again, or in another process.
    begun_anew: BTreeMap<CallId, usize>,
    /// Calls of which something was shown.
    committed: BTreeSet<CallId>,
    wishes: Wishes,
    late: LateSuccesses,
    bill: Bill,
    /// The calls by which the model was asked, and how often the run began anew, which asks it again in the same step.
    thoughts: BTreeSet<CallId>,
    begun_again: usize,
    logical_calls: u64,
    physical_attempts: u64,
    retries: u64,
    /// How often each call of a tool that must not happen twice ran, and how often a human said that it may run again: over
    /// all the resumes of the run.
    ran: BTreeMap<CallId, u32>,
    again: BTreeMap<CallId, u32>,
    effects: u64,
    at_the_cap: AtTheCap,
    violations: Vec<Violation>,
    /// What earlier processes and resumes of the run decided.
    traces: Vec<Trace>,
}

/// What a server asked for. An attempt that begins at the very instant of the word was decided before it was heard.
#[derive(Clone, Copy, Default)]
struct Asked {
    at: Instant,
    until: Instant,
}

#[derive(Clone)]
struct UnderWay {
    attempt: u32,
    /// When it has to be over, and when its next output has to be there.
    until: Instant,
    output_by: Instant,
    idle: Option<Duration>,
}

impl UnderWay {
    fn limit(&self) -> Instant {
        self.until.min(self.output_by)
    }
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
            endpoints: BTreeMap::new(),
            earliest: BTreeMap::new(),
            asked: BTreeMap::new(),
            leaves: Vec::new(),
            decided: BTreeSet::new(),
            begun_anew: BTreeMap::new(),
            committed: BTreeSet::new(),
            wishes: Wishes::default(),
            late: LateSuccesses::default(),
            bill: Bill::default(),
            thoughts: BTreeSet::new(),
            begun_again: 0,
            logical_calls: 0,
            physical_attempts: 0,
            retries: 0,
            ran: BTreeMap::new(),
            again: BTreeMap::new(),
            effects: 0,
            at_the_cap: AtTheCap::default(),
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
        self.time_is_up();
        match &input {
            Input::Start => self.began = self.began.or(Some(self.now)),
            Input::Cancel => self.cancelled = true,
            Input::ModelReplied(id, reply) => {
                if self.outcome_counts(*id, true) {
                    self.wishes.are(&reply.tool_calls);
                }
            }
            Input::ToolReplied(id, output) => {
                let counts = self.outcome_counts(*id, true);
                let asked = self.asked.values().map(|request| request.key.call);
                let last = self.attempts.keys().copied().chain(asked).max().unwrap_or_default();
                self.late.came(*id, counts, output, run.messages().len(), last);
            }
            Input::Reconciled(id, found) => {
                if self.outcome_counts(*id, true) && matches!(found, Reconciliation::Done { .. }) {
                    self.late.found(*id);
                }
            }
            Input::Failed(id, failure) => {
                let asked = failure.retry_after.filter(|_| failure.class != FailureClass::Cancelled);
                let counts = self.outcome_counts(*id, failure.class.may_have_taken_effect());
                if let (true, Some(wait)) = (counts, asked) {
                    let option = self.attempts[&id.call].last().map_or(0, |(option, _)| *option);
                    let endpoint = self.endpoints.get(&id.call).cloned().unwrap_or_default();
                    let earliest = self.earliest.entry((endpoint, option)).or_default();
                    if self.now + wait > earliest.until {
                        *earliest = Asked { at: self.now, until: self.now + wait };
                    }
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
                if self.is_under_way(*id) {
                    self.committed.insert(id.call);
                }
            }
            Input::Output(id) if self.is_under_way(*id) => {
                if let Some(attempt) = self.under_way.get_mut(&id.call) {
                    attempt.output_by = attempt.idle.map_or(Instant::MAX, |idle| self.now + idle);
                }
            }
            Input::Spent(id, spend) if self.is_under_way(*id) => self.bill.told(id.call, *spend),
            Input::Tick
            | Input::Output(_)
            | Input::Spent(..)
            | Input::Claimed(..)
            | Input::Narrowed(_)
            | Input::Suspend => {}
        }
        let seen = run.trace().entries().len();
        run.handle(now, input);
        self.late.read(run.messages());
        self.read(run, seen);
    }

    /// What has not ended by its limit counts for nothing any more, and for what it was expected to cost.
    fn time_is_up(&mut self) {
        let now = self.now;
        let bill = &mut self.bill;
        self.under_way.retain(|call, attempt| {
            let over = now >= attempt.limit();
            if over {
                bill.ended(*call, true);
            }
            !over
        });
    }

    /// Reads what the agent did not say aloud in its trace.
    fn read(&mut self, run: &Run, seen: usize) {
        // Of a run that suspends nobody is asked aloud: what it would ask is in its trace.
        for entry in run.trace().entries().get(seen..).unwrap_or_default() {
            if matches!(
                entry.event,
                Event::ModelCalled { .. } | Event::ToolCalled { .. } | Event::ReconcileAsked { .. }
            ) {
                self.logical_calls += 1;
            }
            // What is looked up is given up where a late word tells.
            if let (Event::AttemptAbandoned { .. }, Some(call)) = (&entry.event, entry.call) {
                self.under_way.remove(&call);
                self.bill.ended(call, true);
            }
            if let Event::ApprovalAsked { id, tool, args, digest, expires_at, again } = &entry.event {
                let key = Key { run: RunId(self.seed), call: entry.call.unwrap_or_default() };
                let (tool, args, why) = (tool.clone(), args.clone(), String::new());
                let (id, digest, expires_at, again) = (*id, *digest, *expires_at, *again);
                let asked_at = entry.at;
                self.questioned(key.call, &tool, &args, again);
                let request = ApprovalRequest { id, key, tool, args, digest, asked_at, expires_at, again, why };
                self.asked.insert(id, request);
            }
        }
    }

    /// Whether this outcome is the first of its attempt, and in time.
    fn outcome_counts(&mut self, id: AttemptId, may_have_cost: bool) -> bool {
        let counts = self.is_under_way(id);
        if counts {
            self.under_way.remove(&id.call);
            self.bill.ended(id.call, may_have_cost);
        }
        counts
    }

    fn is_under_way(&self, id: AttemptId) -> bool {
        self.under_way.get(&id.call).is_some_and(|attempt| attempt.attempt == id.attempt)
    }

    /// A human is to decide on a call. Unless it ran before, that is what the model asked for.
    fn questioned(&mut self, call: CallId, tool: &str, args: &str, again: bool) {
        let tools = &self.tools;
        let risky = |wish: &ToolCall| wish.risky.unwrap_or(tools.get(&wish.tool).is_some_and(|(_, risky, _)| *risky));
        if again {
            // What the model asks for again after it may have happened is a wish too, under a key of its own.
            let _ = self.wishes.grant(call, tool, args, |_| true);
        } else if self.wishes.grant(call, tool, args, |wish| risky(wish)).is_none() {
            let seen = format!("a human is asked about {tool} with {args}, and the model asked for something else");
            self.violated(Rule::NothingUnasked, seen);
        }
    }

    /// A yes in time, to a question that was asked and not decided, is a leave to run that call once.
    fn decide(&mut self, id: ApprovalId, decision: &Decision) {
        let Some(request) = self.asked.get(&id) else { return };
        // What may have happened runs again as it was, or not at all.
        if request.again && matches!(decision, Decision::ApproveEdited { args } if *args != request.args) {
            return;
        }
        let expires_at = request.expires_at.min(request.asked_at + self.policy.approval().expires_after());
        if self.now >= expires_at || !self.decided.insert(id) {
            return;
        }
        match decision {
            Decision::Approve => self.leaves.push((request.key.call, request.tool.clone(), request.args.clone())),
            Decision::ApproveEdited { args } => {
                self.leaves.push((request.key.call, request.tool.clone(), args.clone()));
            }
            Decision::Deny { .. } => return,
        }
        if request.again && self.ran.contains_key(&request.key.call) {
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
        self.committed.clear();
        self.bill.lost();
        self.begun_again += 1;
        self.begun_anew = self.attempts.iter().map(|(call, made)| (*call, made.len())).collect();
    }

    /// The books for a resume of the run that was watched so far.
    pub(super) fn of_resume(&self, pending: &[ApprovalRequest]) -> Self {
        let (violations, traces) = (Vec::new(), Vec::new());
        let at_the_cap = AtTheCap::default();
        let mut own = Self { violations, traces, at_the_cap, effects: 0, cancelled: false, ..self.clone() };
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
        self.at_the_cap.add(resume.at_the_cap);
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

    /// The model is asked.
    pub(super) fn thinks(&mut self, attempt: Attempt) {
        let policy = *self.policy.model();
        self.begins(attempt, "the model", &policy, self.models);
        self.thoughts.insert(attempt.id.call);
        let (steps, limits) = (self.thoughts.len().saturating_sub(self.begun_again) as u64, self.policy.budget());
        if steps > limits.steps().unwrap_or(u64::MAX).min(u64::from(self.policy.max_steps())) {
            self.violated(Rule::WithinLimits, format!("{:?} is of step {steps} at least", attempt.id));
        }
    }

    /// A tool is called.
    pub(super) fn acts(&mut self, attempt: Attempt, name: &str, args: &str) {
        let Some((policy, risky, may_repeat)) = self.tools.get(name).copied() else {
            return self.violated(Rule::NothingUnasked, format!("{name} runs, which nobody has"));
        };
        self.begins(attempt, name, &policy, 1);
        let call = attempt.id.call;
        if !may_repeat {
            let again = self.asked.values().any(|request| request.key.call == call && request.again);
            if let Some(first) = self.late.before(call, name, args).filter(|_| !again) {
                let seen = format!("{name} runs with {args}, and nobody was told that {first:?} did it");
                self.violated(Rule::EffectsWithinApprovals, seen);
            }
            self.late.ran(attempt.id, name, args);
            let ran = self.ran.entry(call).or_default();
            *ran += 1;
            let (ran, allowed) = (*ran, 1 + self.again.get(&call).copied().unwrap_or(0));
            if ran > allowed {
                let seen = format!("{name} must not happen twice: {call:?} runs {ran} times, {allowed} allowed");
                self.violated(Rule::EffectsWithinApprovals, seen);
            }
        }
        self.effects += u64::from(risky);
        // Where two wishes are alike but for their risk, the one that needs no yes runs without one.
        let safe = |wish: &ToolCall| !wish.risky.unwrap_or(risky);
        let wish = self.wishes.grant(call, name, args, safe).or_else(|| self.wishes.grant(call, name, args, |_| true));
        let edited = self.asked.values().any(|request| request.key.call == call);
        let Some(wish) = wish.filter(|wish| wish.tool == name && (edited || wish.args == args)) else {
            return self.violated(Rule::NothingUnasked, format!("{call:?}, {name}, runs with {args}"));
        };
        // What may be repeated needs a yes before its first attempt only.
        let first = self.attempts.get(&call).is_none_or(|made| made.len() == 1);
        if wish.risky.unwrap_or(risky) && (first || !may_repeat) {
            let leave = self.leaves.iter().position(|(of, tool, exact)| *of == call && tool == name && exact == args);
            match leave {
                Some(leave) => drop(self.leaves.swap_remove(leave)),
                None => self.violated(Rule::EffectsWithinApprovals, format!("{name} runs with {args} without a yes")),
            }
        }
    }

    /// Somebody looks up what happened: that changes nothing, but it keeps to the limits like anything else.
    pub(super) fn looks_up(&mut self, attempt: Attempt, of: Key, name: &str) {
        self.late.looks_up(attempt.id, of.call);
        let policy = self.looking_up.get(name).copied().unwrap_or(*self.policy.model());
        self.begins(attempt, &format!("{LOOKING_UP}{name}"), &policy, 1);
    }

    /// An attempt begins, at the time as the agent was told it: what a bad clock hides, it cannot know.
    fn begins(&mut self, attempt: Attempt, endpoint: &str, policy: &CallPolicy, options: u32) {
        let (now, call, option) = (self.now, attempt.id.call, attempt.option);
        let start = self.began.unwrap_or(now);
        if self.cancelled {
            self.violated(Rule::NothingAfterTheEnd, format!("{:?} begins after the cancellation", attempt.id));
        }
        let limits = [self.policy.deadline(), self.policy.budget().deadline()];
        if limits.into_iter().flatten().any(|limit| now >= start + limit) {
            let seen = format!("{:?} begins at {now}, after the run's deadline", attempt.id);
            self.violated(Rule::NothingAfterTheEnd, seen);
        }
        self.endpoints.insert(call, endpoint.into());
        if let Some(earliest) =
            self.earliest.get(&(endpoint.into(), option)).copied().filter(|asked| asked.at < now && now < asked.until)
        {
            self.violated(
                Rule::WaitsAsAsked,
                format!("{:?} begins at {now}, not after {}", attempt.id, earliest.until),
            );
        }
        if self.committed.contains(&call) {
            self.violated(Rule::NothingAfterTheEnd, format!("{:?} begins after something was shown", attempt.id));
        }
        let until = attempt.until.unwrap_or(Instant::MAX);
        let output_by = policy.first_output().map_or(Instant::MAX, |limit| now + limit);
        let attempt_under_way = UnderWay { attempt: attempt.id.attempt, until, output_by, idle: policy.idle() };
        self.under_way.insert(call, attempt_under_way);
        let made = self.attempts.entry(call).or_default();
        made.push((option, now));
        let begun = self.begun_anew.get(&call).copied().unwrap_or(0);
        let (in_all, of_option) = (made.len(), made[begun..].iter().filter(|(other, _)| *other == option).count());
        let first = made[begun].1;
        let allowed = policy.retry().map_or(1, steadfast::retry::RetryPolicy::attempts) as usize;
        if of_option > allowed || option >= options || attempt.id.attempt as usize != in_all {
            let seen = format!("{:?} of option {option}: {of_option} of {allowed} allowed", attempt.id);
            self.violated(Rule::WithinLimits, seen);
        }
        if policy.timeout().is_some_and(|limit| until > now + limit) {
            self.violated(Rule::WithinLimits, format!("{:?} has until {until}", attempt.id));
        }
        if policy.deadline().is_some_and(|limit| now >= first + limit) && now > first {
            self.violated(Rule::NothingAfterTheEnd, format!("{:?} begins after the call's deadline", attempt.id));
        }
        self.spends(attempt, policy, of_option > 1);
    }

    /// One attempt more, within the budget of the run and the share of its retries.
    fn spends(&mut self, attempt: Attempt, policy: &CallPolicy, retry: bool) {
        self.physical_attempts += 1;
        self.retries += u64::from(retry);
        if self.policy.budget().attempts().is_some_and(|limit| self.physical_attempts > limit) {
            self.violated(Rule::WithinLimits, format!("{:?} is attempt {}", attempt.id, self.physical_attempts));
        }
        if let Some(seen) = self.bill.begins(attempt.id.call, policy.estimate(), self.policy.budget()) {
            self.violated(Rule::WithinLimits, format!("{:?} begins with {seen}", attempt.id));
        }
        if let Some(share) = self.policy.retry_budget().filter(|_| retry) {
            let allowed = share.at_least().max(self.logical_calls * u64::from(share.per_mille()) / 1_000);
            if self.retries > allowed {
                let seen = format!("retry {} of {} calls, {allowed} allowed", self.retries, self.logical_calls);
                self.violated(Rule::WithinLimits, seen);
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
        let Self { effects, at_the_cap, violations, mut traces, .. } = self;
        traces.insert(0, run.trace().clone());
        Watched { stop, attempts, effects, at_the_cap, violations, traces }
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

    /// Every call that the model wanted has its one result, however the run ended. Of a suspended one those of its last turn
    /// come when it goes on.
    fn check_conversation(&mut self, run: &Run) {
        let messages = run.messages();
        let suspended = run.result().is_none_or(|result| result.stop == StopReason::Suspended);
        let last_asked = messages.iter().rposition(|message| message.role == Role::Assistant).unwrap_or(0);
        for (index, message) in messages.iter().enumerate() {
            for wanted in &message.tool_calls {
                let results = messages.iter().filter(|message| message.tool_call_id.as_ref() == Some(&wanted.id));
                let results = results.count();
                if results > 1 || (results == 0 && !(suspended && index == last_asked)) {
                    self.violated(Rule::OneResultEach, format!("{} has {results} results", wanted.id));
                }
            }
        }
    }
}
