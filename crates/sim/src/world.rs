//! The world: it answers what an agent asks, moves time on, and writes the journal. One loop drives everything.

use crate::fault::{Fate, Faults};
use crate::human::{Answer, Human};
use crate::journal::{Journal, WorldEvent};
use crate::script;
use crate::simulate::{Ending, SimulatedResult};
use std::collections::VecDeque;
use steadfast::approval::ApprovalRequest;
use steadfast::call::Attempt;
use steadfast::effect::{Ledger, Reconciliation};
use steadfast::id::Key;
use steadfast::rng::Seed;
use steadfast::run::{Input, Message, Output, Run, RunResult};
use steadfast::time::{Duration, Instant, Span};
use steadfast::trace::Trace;

/// How many steps a watcher follows an agent that has no cap of its own.
const PATIENCE: u32 = 25;

/// How long it takes to look up whether a mail was sent.
const LOOKING_UP: Duration = Duration::from_millis(200);

/// What the world can drive: the engine's run, or the naive agent.
pub(crate) trait Agent {
    fn handle(&mut self, now: Instant, input: Input);
    fn poll(&mut self) -> Output;
    fn messages(&self) -> &[Message];
    fn trace(&self) -> &Trace;
    fn result(&self) -> Option<&RunResult>;
    /// How it ended without a result, and how many steps it had made.
    fn wreck(&self) -> Option<(String, u32)>;
    /// Whether the watcher's patience is over.
    fn steps_without_cap(&self) -> Option<u32>;
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
    fn steps_without_cap(&self) -> Option<u32> {
        None
    }
}

/// What is on its way.
enum Coming {
    Reply(Input),
    Effect { tool: String, args: String, key: String },
}

pub(crate) struct World<'a> {
    faults: Faults,
    human: &'a Human,
    seed: Seed,
    now: Instant,
    /// The earliest first; of equals, the one scheduled first.
    coming: VecDeque<(Instant, Coming)>,
    questions: usize,
    pending: Option<ApprovalRequest>,
    /// The keys of effects that happened.
    happened: Vec<String>,
    ledger: Ledger,
    seen: usize,
    journal: Journal,
    /// Whether somebody wants the journal.
    told: bool,
}

impl<'a> World<'a> {
    pub(crate) fn new(faults: Faults, human: &'a Human, seed: Seed, told: bool) -> Self {
        Self {
            faults,
            human,
            seed,
            now: Instant::ORIGIN,
            coming: VecDeque::new(),
            questions: 0,
            pending: None,
            happened: Vec::new(),
            ledger: Ledger::default(),
            seen: 0,
            journal: Journal::default(),
            told,
        }
    }

    /// Drives an agent to its end, or to a question that nobody has decided yet.
    pub(crate) fn watch(
        mut self,
        agent: &mut dyn Agent,
    ) -> (Option<SimulatedResult>, Option<ApprovalRequest>, Journal) {
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
                Output::Wait { until, .. } => {
                    if self.pending.is_some() && self.coming.is_empty() {
                        break None;
                    }
                    if agent.steps_without_cap().is_some_and(|steps| steps > PATIENCE) {
                        self.note(|| WorldEvent::StillLooping { steps: PATIENCE });
                        break Some(no_answer(PATIENCE, Ending::Runaway));
                    }
                    if !self.wait(agent, until) {
                        self.note(|| WorldEvent::HungForever {});
                        break Some(no_answer(agent.steps_without_cap().unwrap_or_default(), Ending::Hung));
                    }
                }
            }
        };
        if ending.is_some() {
            self.let_effects_happen();
        }
        (ending, self.pending, self.journal)
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
        agent.handle(self.now, input);
        let entries = agent.trace().entries();
        for entry in &entries[self.seen..] {
            self.journal.decision(entry.clone());
        }
        self.seen = entries.len();
    }

    fn think(&mut self, attempt: Attempt, messages: &[Message]) {
        let (fate, fault) = self.faults.of_model(&attempt, self.seed);
        if let Some(fault) = fault {
            self.note(|| {
                let effect = match &fate {
                    Fate::Fails(after, failure) => format!("this attempt will fail after {}, {failure}", Span(*after)),
                    Fate::Hangs => "this attempt will never answer".into(),
                    Fate::Answers(after) => format!("this attempt will answer after {}", Span(*after)),
                };
                let (call, attempt) = (attempt.id.call.0, attempt.id.attempt);
                WorldEvent::FaultInjected { fault, call, attempt, effect }
            });
        }
        match fate {
            Fate::Answers(after) => {
                let reply = Input::ModelReplied(attempt.id, script::model(messages, self.faults));
                self.schedule(self.now + after, Coming::Reply(reply));
            }
            Fate::Fails(after, failure) => {
                self.schedule(self.now + after, Coming::Reply(Input::Failed(attempt.id, failure)));
            }
            Fate::Hangs => {}
        }
    }

    fn act(&mut self, attempt: Attempt, tool: &str, args: &str) {
        let (after, result) = script::tool(tool, args);
        if tool == "send_email" {
            // The mail is out before its sender knows.
            let key = attempt.key.to_string();
            let effect = Coming::Effect { tool: tool.into(), args: args.into(), key };
            self.schedule(self.now + after / 2, effect);
        }
        let reply = match result {
            Ok(output) => Input::ToolReplied(attempt.id, output),
            Err(failure) => Input::Failed(attempt.id, failure),
        };
        self.schedule(self.now + after, Coming::Reply(reply));
    }

    /// Whoever keeps the mail server's books can tell.
    fn look_up(&mut self, attempt: Attempt, key: Key) {
        let found = if self.happened.contains(&key.to_string()) {
            Reconciliation::Done { output: String::new() }
        } else {
            Reconciliation::NotDone
        };
        self.schedule(self.now + LOOKING_UP, Coming::Reply(Input::Reconciled(attempt.id, found)));
    }

    fn ask(&mut self, request: ApprovalRequest) {
        match self.human.answer(self.questions) {
            Answer::After(after, decision) => {
                self.schedule(self.now + after, Coming::Reply(Input::Decided(request.id, decision)));
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
        if let Coming::Effect { tool, args, key } = coming {
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

fn no_answer(steps: u32, stop: Ending) -> SimulatedResult {
    SimulatedResult { answer: String::new(), steps, blocked: Vec::new(), degraded: true, stop }
}
