//! The world: it answers what an agent asks, moves time on, and writes the journal. One loop drives everything.

use crate::books::Books;
use crate::change::{Altered, Planned, Played, faults_changed};
use crate::fault::{Fate, Fault, FaultPlan, Occurrence};
use crate::human::{Answer, Human};
use crate::journal::{Journal, What, WorldEvent};
use crate::price;
use crate::script;
use crate::simulate::{Ending, Outcome, Setup, SimulatedResult};
use core::ops::Range;
use std::collections::VecDeque;
use steadfast::approval::ApprovalRequest;
use steadfast::budget::Spend;
use steadfast::call::Attempt;
use steadfast::effect::{Ledger, Reconciliation};
use steadfast::id::Key;
use steadfast::policy::RunPolicy;
use steadfast::rng::Seed;
use steadfast::run::{Input, Message, Output, Run, RunResult, ToolSpec};
use steadfast::time::{Duration, Instant, Span};
use steadfast::trace::Trace;

/// How many steps a watcher follows an agent that has no cap of its own.
const PATIENCE: u32 = 25;

/// How long it takes to look up whether a mail was sent.
const LOOKING_UP: Duration = Duration::from_millis(200);

/// How many parts the answer of a model comes in, where anybody looks at its parts.
const PARTS: u32 = 4;
/// What the world can drive: the engine's run, or the naive agent.
pub(crate) trait Agent {
    fn handle(&mut self, now: Instant, input: Input);
    fn poll(&mut self) -> Output;
    fn messages(&self) -> &[Message];
    fn trace(&self) -> &Trace;
    fn result(&self) -> Option<&RunResult>;
    /// How it ended without a result, and how many steps it had made.
    fn wreck(&self) -> Option<(String, u32)>;
    /// How many steps it has begun.
    fn steps(&self) -> u32;
    /// Whether something of its own limits them.
    fn has_cap(&self) -> bool;
    /// Goes on under another policy, if it has one and is not over.
    fn set_policy(&mut self, policy: RunPolicy, tools: Vec<ToolSpec>, reason: &str);
}

impl Agent for Run {
    fn handle(&mut self, now: Instant, input: Input) {
        self.handle(now, input);
    }
    fn poll(&mut self) -> Output {
        self.poll()
    }
    fn messages(&self) -> &[Message] {
        self.messages()
    }
    fn trace(&self) -> &Trace {
        self.trace()
    }
    fn result(&self) -> Option<&RunResult> {
        self.result()
    }
    fn wreck(&self) -> Option<(String, u32)> {
        None
    }
    fn steps(&self) -> u32 {
        self.steps()
    }
    fn has_cap(&self) -> bool {
        true
    }
    fn set_policy(&mut self, policy: RunPolicy, tools: Vec<ToolSpec>, reason: &str) {
        // What is refused is not traced: then no line tells of a change.
        let _ = self.set_policy(policy, tools, reason);
    }
}

/// What is on its way.
enum Coming {
    Reply(Input),
    Effect { tool: String, args: String, key: String, agreed: bool },
}

pub(crate) struct World {
    faults: FaultPlan,
    human: Human,
    seed: Seed,
    /// Whether the agent looks at the parts of an answer, so that a model that answers well brings it in parts too.
    streams: bool,
    now: Instant,
    /// The earliest first; of equals, the one scheduled first.
    coming: VecDeque<(Instant, Coming)>,
    questions: usize,
    pending: Option<ApprovalRequest>,
    /// The keys of effects that happened.
    happened: Vec<String>,
    ledger: Ledger,
    seen: usize,
    /// What the model's provider charged so far.
    spent: Spend,
    books: Books,
    journal: Journal,
    /// Whether somebody wants the journal.
    told: bool,
    /// Changes that are still to be made, and what tells of those that were.
    changes: Vec<Planned>,
    changed: Vec<(usize, usize, What)>,
    /// The lines that each input led the agent to.
    spans: Vec<Range<usize>>,
}

impl World {
    pub(crate) fn new(setup: &Setup, told: bool) -> Self {
        Self {
            faults: setup.faults.clone(),
            human: setup.human.clone(),
            seed: Seed(setup.seed),
            streams: setup.protection && limits_parts(&setup.policy),
            now: Instant::ORIGIN,
            coming: VecDeque::new(),
            questions: 0,
            pending: None,
            happened: Vec::new(),
            ledger: Ledger::default(),
            seen: 0,
            spent: Spend::NONE,
            books: Books::default(),
            journal: Journal::default(),
            told,
            changes: Vec::new(),
            changed: Vec::new(),
            spans: Vec::new(),
        }
    }

    /// With changes to make on the way. They are placed by the lines of the journal, so somebody has to want that.
    pub(crate) fn with_changes(mut self, changes: &[Planned]) -> Self {
        self.changes = changes.to_vec();
        self
    }

    /// Drives an agent to its end, or to a question that nobody has decided yet.
    pub(crate) fn watch(mut self, agent: &mut dyn Agent) -> Played {
        self.make_changes(agent);
        self.tell(agent, Input::Start);
        let ending = loop {
            match agent.poll() {
                Output::Think(attempt) => self.think(attempt, agent.messages()),
                Output::Act { attempt, tool, args } => self.act(attempt, &tool, &args),
                Output::Ask(request) => self.ask(request),
                Output::Reconcile { attempt, key, .. } => self.look_up(attempt, key),
                Output::Claim(claim) => {
                    let key = claim.entry.key;
                    let claimed = self.ledger.claim(claim);
                    self.schedule(self.now, Coming::Reply(Input::Claimed(key, claimed)));
                }
                Output::Record(entry) => self.ledger.write(entry),
                // Nothing is called back: what was abandoned may still come, and comes late.
                Output::Abandon(_) | Output::Withdraw(_) => {}
                Output::Finished => break self.ended(agent),
                Output::Wait { .. } if self.make_changes(agent) => {}
                Output::Wait { until, .. } => {
                    if self.pending.is_some() && self.coming.is_empty() {
                        break None;
                    }
                    if !agent.has_cap() && agent.steps() > PATIENCE {
                        self.note(|| WorldEvent::StillLooping { steps: PATIENCE });
                        break Some(no_answer(PATIENCE, Ending::Runaway));
                    }
                    if !self.wait(agent, until) {
                        self.note(|| WorldEvent::HungForever {});
                        break Some(no_answer(agent.steps(), Ending::Hung));
                    }
                }
            }
        };
        if ending.is_some() {
            self.let_effects_happen();
        }
        let (pending, spent, counts, journal) = (self.pending, self.spent, self.books.counts(), self.journal);
        let outcome = Outcome { result: ending, pending, spent, counts, journal };
        Played { outcome, spans: self.spans, told: self.changed }
    }

    /// Makes whatever is to be changed after the lines that there are, and answers whether there was anything.
    fn make_changes(&mut self, agent: &mut dyn Agent) -> bool {
        let lines = self.journal.lines().len();
        self.make(agent, |plan, _| plan.input.is_none() && plan.at <= lines)
    }

    fn make(&mut self, agent: &mut dyn Agent, is_due: impl Fn(&Planned, usize) -> bool) -> bool {
        let inputs = self.spans.len();
        let due: Vec<_> = self.changes.extract_if(.., |plan| is_due(plan, inputs)).collect();
        for Planned { number, at, what, reason, .. } in &due {
            match what {
                Altered::Policy { policy, tools, human } => {
                    let gate = policy.approval().with_approver(human.is_there());
                    agent.set_policy((**policy).clone().with_approval(gate), tools.clone(), reason);
                    self.human = human.clone();
                    self.streams = limits_parts(policy);
                    if let Some(entry) = agent.trace().entries().get(self.seen) {
                        self.changed.push((*number, *at, What::Decision(entry.clone())));
                        self.seen += 1;
                    }
                }
                Altered::Faults(faults) => self.change_faults((*number, *at), faults.clone(), reason),
            }
        }
        !due.is_empty()
    }

    fn change_faults(&mut self, (number, at): (usize, usize), faults: FaultPlan, reason: &str) {
        self.faults = faults;
        self.changed.push((number, at, faults_changed(reason)));
    }

    /// The faults that are to meddle from here on, before the world decides anything more.
    fn let_faults_change(&mut self) {
        let lines = self.journal.lines().len();
        let is_due = |plan: &mut Planned| plan.at <= lines && matches!(plan.what, Altered::Faults(_));
        let due: Vec<_> = self.changes.extract_if(.., is_due).collect();
        for Planned { number, at, what, reason, .. } in due {
            if let Altered::Faults(faults) = what {
                self.change_faults((number, at), faults, &reason);
            }
        }
    }

    /// Moves time on to whatever comes first. Answers false if nothing ever comes.
    fn wait(&mut self, agent: &mut dyn Agent, until: Option<Instant>) -> bool {
        let next = self.coming.front().map(|(at, _)| *at);
        match (next, until) {
            (None, None) => return false,
            (Some(next), until) if until.is_none_or(|until| next <= until) => {
                self.now = self.now.max(next);
                match self.coming.pop_front() {
                    Some((_, Coming::Reply(input))) => self.tell(agent, input),
                    Some((_, effect)) => self.happen(effect),
                    None => {}
                }
            }
            (_, Some(until)) => {
                self.now = self.now.max(until);
                self.tell(agent, Input::Tick);
            }
            (Some(_), None) => unreachable!("covered by the guard above"),
        }
        true
    }

    fn tell(&mut self, agent: &mut dyn Agent, input: Input) {
        let bill = match &input {
            Input::ModelReplied(_, reply) => reply.usage,
            _ => None,
        };
        let began = self.journal.lines().len();
        self.make(agent, |plan, inputs| plan.input == Some(inputs));
        agent.handle(self.now, input);
        let entries = agent.trace().entries();
        if let Some(spend) = bill {
            self.spent.tokens += spend.tokens;
            self.spent.money += spend.money;
            if self.told && entries.len() > self.seen {
                self.journal.bill(self.journal.lines().len(), spend);
            }
        }
        for entry in &entries[self.seen..] {
            self.journal.decision(entry.clone());
        }
        self.seen = entries.len();
        self.spans.push(began..self.journal.lines().len());
    }

    fn think(&mut self, attempt: Attempt, messages: &[Message]) {
        self.books.begins(&attempt);
        self.let_faults_change();
        let (fate, fault) = self.faults.of_model(&attempt, self.now, self.seed);
        if let Some(fault) = fault {
            self.inject(fault, attempt, || match &fate {
                Fate::Fails(after, failure) => format!("this attempt will fail after {}, {failure}", Span(*after)),
                Fate::Stalls(..) => "this attempt will begin its answer and never end it".into(),
                Fate::Hangs => "this attempt will never answer".into(),
                Fate::Answers(after) => format!("this attempt will answer after {}", Span(*after)),
            });
        }
        match fate {
            Fate::Answers(after) => self.answer(attempt, after, messages),
            Fate::Fails(after, failure) => {
                self.schedule(self.now + after, Coming::Reply(Input::Failed(attempt.id, failure)));
            }
            Fate::Stalls(parts, each) => self.stream(attempt, parts, each),
            Fate::Hangs => {}
        }
    }

    fn answer(&mut self, attempt: Attempt, after: Duration, messages: &[Message]) {
        let mind = self.faults.of_reply(&attempt, self.now, self.seed);
        let mut reply = script::model(messages, mind);
        reply.usage = Some(price::of(messages, &reply));
        if mind.breaks_off && !reply.tool_calls.is_empty() {
            self.inject(Fault::MalformedArguments, attempt, || {
                "the tool call of this answer will break off in the middle of its arguments".into()
            });
        }
        // Who made it no plan of their own sees it from the first line on: nothing needs saying.
        let planned = self.faults.of(Fault::RunawayLoop).is_some_and(|loops| *loops != Occurrence::default());
        if mind.loops && planned {
            self.inject(Fault::RunawayLoop, attempt, || "this answer will ask for the same tool call again".into());
        }
        if self.streams || self.faults.has(Fault::StalledStream) {
            self.stream(attempt, PARTS - 1, after / PARTS);
        }
        self.schedule(self.now + after, Coming::Reply(Input::ModelReplied(attempt.id, reply)));
    }

    /// Brings so many parts of an answer, each after so long.
    fn stream(&mut self, attempt: Attempt, parts: u32, each: Duration) {
        for part in 1..=parts {
            self.schedule(self.now + each * part, Coming::Reply(Input::Output(attempt.id)));
        }
    }

    fn inject(&mut self, fault: Fault, attempt: Attempt, effect: impl FnOnce() -> String) {
        let (call, attempt) = (attempt.id.call.0, attempt.id.attempt);
        self.note(|| WorldEvent::FaultInjected { fault, call, attempt, effect: effect() });
    }

    fn act(&mut self, attempt: Attempt, tool: &str, args: &str) {
        self.books.begins(&attempt);
        self.let_faults_change();
        let (after, result) = script::tool(tool, args);
        let sends = tool == "send_email" && result.is_ok();
        let unheard = sends && self.faults.loses_acknowledgement(&attempt, self.now, self.seed);
        if unheard {
            self.inject(Fault::LostAcknowledgement, attempt, || {
                "this e-mail will go out, and no word of it will come back".into()
            });
        }
        if sends {
            // The mail is out before its sender knows.
            let key = attempt.key.to_string();
            let agreed = self.books.agreed(attempt.key, tool, args, self.now);
            let effect = Coming::Effect { tool: tool.into(), args: args.into(), key, agreed };
            self.schedule(self.now + after / 2, effect);
        }
        let reply = match result {
            Ok(output) => Input::ToolReplied(attempt.id, output),
            Err(failure) => Input::Failed(attempt.id, failure),
        };
        if !unheard {
            self.schedule(self.now + after, Coming::Reply(reply));
        }
    }

    /// Whoever keeps the mail server's books can tell.
    fn look_up(&mut self, attempt: Attempt, key: Key) {
        self.books.begins(&attempt);
        let found = if self.happened.contains(&key.to_string()) {
            Reconciliation::Done { output: script::SENT.into() }
        } else {
            Reconciliation::NotDone
        };
        self.schedule(self.now + LOOKING_UP, Coming::Reply(Input::Reconciled(attempt.id, found)));
    }

    fn ask(&mut self, request: ApprovalRequest) {
        match self.human.answer(self.questions) {
            Answer::After(after, decision) => {
                self.books.decided(&request, &decision, self.now + after);
                self.schedule(self.now + after, Coming::Reply(Input::DecidedOn(request.id, request.digest, decision)));
            }
            Answer::Never => {}
            Answer::NotYet => self.pending = Some(request),
        }
        self.questions += 1;
    }

    fn schedule(&mut self, at: Instant, coming: Coming) {
        let place = self.coming.partition_point(|(before, _)| *before <= at);
        self.coming.insert(place, (at, coming));
    }

    /// Writes down what the world does; the event is only built if somebody wants it.
    fn note(&mut self, event: impl FnOnce() -> WorldEvent) {
        if self.told {
            self.journal.world(self.now, event());
        }
    }

    fn happen(&mut self, coming: Coming) {
        if let Coming::Effect { tool, args, key, agreed } = coming {
            self.books.happened(&tool, &args, agreed);
            self.happened.push(key.clone());
            self.note(|| WorldEvent::EffectHappened { tool, args, key });
        }
    }

    /// What was under way when the agent ended happens all the same.
    fn let_effects_happen(&mut self) {
        while let Some((at, coming)) = self.coming.pop_front() {
            if matches!(coming, Coming::Effect { .. }) {
                self.now = self.now.max(at);
                self.happen(coming);
            }
        }
    }

    fn ended(&mut self, agent: &dyn Agent) -> Option<SimulatedResult> {
        self.books.ends(self.now);
        if let Some((error, steps)) = agent.wreck() {
            self.note(|| WorldEvent::Crashed { error });
            return Some(no_answer(steps, Ending::Crashed));
        }
        let result = agent.result()?;
        Some(SimulatedResult {
            answer: result.answer.clone(),
            steps: result.steps,
            blocked: result.blocked.clone(),
            degraded: result.degraded,
            stop: Ending::Stopped(result.stop),
        })
    }
}

/// Whether anybody who runs under that policy looks at the parts of an answer.
fn limits_parts(policy: &RunPolicy) -> bool {
    policy.model().first_output().is_some() || policy.model().idle().is_some()
}

fn no_answer(steps: u32, stop: Ending) -> SimulatedResult {
    SimulatedResult { answer: String::new(), steps, blocked: Vec::new(), degraded: true, stop }
}
