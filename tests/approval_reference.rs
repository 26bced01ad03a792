//! Approvals, suspensions and resumes against a simple model of them: all short histories of a turn with two risky calls, and
//! long random ones in which several resumes of several snapshots go on side by side.
//!
//! The model has a list of what was asked, a list of what was claimed and a list of what happened. It knows of no digests,
//! claims or calls under guard: it says what a human's word means.

use std::collections::BTreeMap;
use steadfast::approval::{ApprovalGate, ApprovalRequest, Decision, Digest};
use steadfast::effect::{EffectState, Ledger};
use steadfast::failure::{Failure, FailureClass};
use steadfast::id::{ApprovalId, AttemptId, CallId, Key, RunId};
use steadfast::policy::{CallPolicy, RunPolicy};
use steadfast::rng::{Seed, Stream};
use steadfast::run::{Input, ModelReply, Output, Role, Run, ToolCall, ToolSpec};
use steadfast::time::{Duration, Instant};

/// Two tools that need a yes and must not happen twice. The model's own call is number 1, so theirs are 2 and 3.
const TOOLS: [&str; 2] = ["mail", "pay"];
const EXPIRES_AFTER: u64 = 60_000_000;

/// How a tool call ended, as the model is told.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Told {
    Output(String),
    Failed,
    /// It may have happened.
    Unknown,
    Denied,
    Expired,
    /// Another resume was first, and did not run it.
    Elsewhere,
}

impl Told {
    fn of(text: &str) -> Self {
        // What came to light of earlier calls stands beside the last result.
        let text = text.split("\n\nKnown since: ").next().unwrap();
        let says = |words: &str| text.contains(words);
        match () {
            () if says("outcome is unknown") => Self::Unknown,
            () if says("did not run: a human said no") => Self::Denied,
            () if says("did not run: nobody answered in time") => Self::Expired,
            () if says("did not run: another resume") => Self::Elsewhere,
            () if says(" failed: ") => Self::Failed,
            () => Self::Output(text.into()),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Stage {
    Asked(Question),
    Running { attempt: u32 },
    Settled(Told),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Question {
    id: u64,
    call: usize,
    args: String,
    again: bool,
    expires_at: u64,
}

impl Question {
    fn of(request: &ApprovalRequest) -> Self {
        let ApprovalRequest { id, key, args, again, expires_at, .. } = request.clone();
        let call = usize::try_from(key.call.0).unwrap() - 2;
        assert_eq!(request.tool, TOOLS[call]);
        assert_eq!(request.digest, digest(call, &args), "what is shown is what a yes is bound to");
        Self { id: id.0, call, args, again, expires_at: expires_at.as_micros() }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Where {
    Acting,
    Suspended,
    /// The model is told.
    Over,
}

/// A run, or a resume of one, as the model of it sees it.
#[derive(Debug, Clone)]
struct Agent {
    resumed: bool,
    suspends: bool,
    place: Where,
    stages: [Stage; 2],
    /// The arguments that each call runs with, if it does.
    args: [String; 2],
    attempts: [u32; 2],
    known: [EffectState; 2],
    questions: u64,
    /// What was asked aloud, and which questions were withdrawn.
    aloud: Vec<Question>,
    withdrawn: Vec<u64>,
}

/// What happened: which run did it, which call, with which arguments.
type Happened = (usize, usize, String);

#[derive(Debug, Default)]
struct Model {
    agents: Vec<Agent>,
    /// Of each call that was claimed: where it stands, and what came of it.
    claimed: BTreeMap<usize, (EffectState, String)>,
    /// Of each call that was claimed: how often it had been tried, as far as its claims knew.
    tries: [u32; 2],
    /// Of each call that was claimed: with which arguments.
    ran_with: [String; 2],
    happened: Vec<Happened>,
    /// Of each call, how often a human said yes to it in all.
    yeses: [usize; 2],
    snapshots: Vec<Agent>,
}

/// What a human says.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Word {
    Yes,
    Edited,
    No,
}

/// How a tool's attempt ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Replied,
    /// Nobody knows whether it happened.
    NoWord,
    /// It certainly did not happen.
    Refused,
}

/// What happens next, to one of the runs there are.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    /// To a question by its number; with what the human was shown, where they say.
    Decide(u64, Option<(usize, String)>, Word),
    End(usize, u32, End),
    Wait(u64),
    Suspend,
    /// From one of the snapshots there are.
    Resume(usize),
}

impl Agent {
    /// Whether a late word tells more than was known: a success of what was taken for failed, and anything of what was unknown.
    fn is_news(&self, call: usize, end: End) -> bool {
        match (self.known[call], end) {
            (_, End::NoWord) => false,
            (EffectState::Unknown, _) | (EffectState::Failed, End::Replied) => true,
            _ => false,
        }
    }
}

impl Model {
    fn new() -> Self {
        let question = |call: usize| Question {
            id: call as u64 + 1,
            call,
            args: asked_for(call),
            again: false,
            expires_at: EXPIRES_AFTER,
        };
        let agent = Agent {
            resumed: false,
            suspends: false,
            place: Where::Acting,
            stages: [0, 1].map(|call| Stage::Asked(question(call))),
            args: [0, 1].map(asked_for),
            attempts: [0; 2],
            known: [EffectState::Intended; 2],
            questions: 2,
            aloud: vec![question(0), question(1)],
            withdrawn: Vec::new(),
        };
        Self { agents: vec![agent], ..Self::default() }
    }

    fn step(&mut self, at: usize, now: u64, step: &Step) {
        if let Step::Resume(snapshot) = step {
            let (suspends, place) = (false, Where::Acting);
            let (aloud, withdrawn) = (Vec::new(), Vec::new());
            let before = self.snapshots[*snapshot].clone();
            self.agents.push(Agent { resumed: true, suspends, place, aloud, withdrawn, ..before });
            let at = self.agents.len() - 1;
            self.expire(at, now);
            let open: Vec<_> = self.agents[at].open().cloned().collect();
            self.agents[at].aloud = open;
            return self.go_on(at);
        }
        self.expire(at, now);
        match step {
            Step::Decide(id, shown, word) => self.decide(at, *id, shown.as_ref(), word),
            Step::End(call, attempt, end) => self.ended(at, now, *call, *attempt, *end),
            Step::Suspend => self.agents[at].suspends = true,
            Step::Wait(_) | Step::Resume(_) => {}
        }
        self.go_on(at);
    }

    /// Silence is a no, from its instant on.
    fn expire(&mut self, at: usize, now: u64) {
        if self.agents[at].place != Where::Acting {
            return;
        }
        let over: Vec<_> = self.agents[at].open().filter(|question| now >= question.expires_at).cloned().collect();
        for question in over {
            self.agents[at].withdrawn.push(question.id);
            self.refuse(at, &question, Told::Expired);
        }
    }

    fn decide(&mut self, at: usize, id: u64, shown: Option<&(usize, String)>, word: &Word) {
        let agent = &self.agents[at];
        let Some(question) = agent.open().find(|question| question.id == id).cloned() else { return };
        let other = shown.is_some_and(|(call, args)| (*call, args) != (question.call, &question.args));
        if agent.place != Where::Acting || other {
            return;
        }
        match word {
            Word::No => self.refuse(at, &question, Told::Denied),
            Word::Yes => self.run(at, &question, question.args.clone()),
            // What may have happened runs again as it was, or not at all.
            Word::Edited if question.again && edited(question.call) != question.args => {}
            Word::Edited => self.run(at, &question, edited(question.call)),
        }
    }

    /// A yes: it runs, unless another resume was first.
    fn run(&mut self, at: usize, question: &Question, args: String) {
        let call = question.call;
        self.yeses[call] += 1;
        let claimed = self.claimed.get(&call).cloned();
        let agent = &mut self.agents[at];
        if agent.resumed {
            match claimed {
                Some((state, _))
                    if question.again && state == EffectState::Unknown && self.tries[call] <= agent.attempts[call] => {}
                Some(first) => return agent.learn(call, with_what(first, &self.ran_with[call], &args)),
                None => {}
            }
            self.claimed.insert(call, (EffectState::Started, String::new()));
            self.ran_with[call].clone_from(&args);
            self.tries[call] = agent.attempts[call] + 1;
        }
        agent.attempts[call] += 1;
        agent.known[call] = EffectState::Started;
        agent.args[call].clone_from(&args);
        agent.stages[call] = Stage::Running { attempt: agent.attempts[call] };
        self.happened.push((at, call, args));
    }

    /// A no, or silence: it does not run, and in no other resume either, unless another was first.
    fn refuse(&mut self, at: usize, question: &Question, told: Told) {
        let call = question.call;
        let agent = &mut self.agents[at];
        if question.again {
            agent.stages[call] = Stage::Settled(Told::Unknown);
            return;
        }
        if agent.resumed {
            if let Some(first) = self.claimed.get(&call).cloned() {
                return agent.learn(call, with_what(first, &self.ran_with[call], &asked_for(call)));
            }
            self.ran_with[call] = asked_for(call);
            let word = if told == Told::Denied { "no" } else { "" };
            self.claimed.insert(call, (EffectState::Blocked, word.into()));
        }
        agent.known[call] = EffectState::Blocked;
        agent.stages[call] = Stage::Settled(told);
    }

    fn ended(&mut self, at: usize, now: u64, call: usize, attempt: u32, end: End) {
        let agent = &mut self.agents[at];
        if attempt > agent.attempts[call] {
            // Nobody made that try.
            return;
        }
        // Where it was tried before, a try that was refused says nothing of the others.
        let end = if end == End::Refused && agent.attempts[call] > 1 { End::NoWord } else { end };
        let output = output(call, attempt);
        let (state, told) = match end {
            End::Replied => (EffectState::Done, Told::Output(output.clone())),
            End::Refused => (EffectState::Failed, Told::Failed),
            End::NoWord => (EffectState::Unknown, Told::Unknown),
        };
        let open = agent.open().find(|question| question.call == call).cloned();
        match (&agent.stages[call], open) {
            // A try before the one under way happened after all: that one is given up.
            (Stage::Running { attempt: now }, _) if *now != attempt && end == End::Replied => {
                agent.stages[call] = Stage::Settled(told);
            }
            (Stage::Running { attempt: now }, _) if *now != attempt => return,
            (Stage::Running { .. }, _) if end == End::NoWord && agent.attempts[call] == 1 => {
                // A human is asked, once, whether it may run again.
                agent.questions += 1;
                let (id, args) = (agent.questions, agent.args[call].clone());
                let question = Question { id, call, args, again: true, expires_at: now + EXPIRES_AFTER };
                if !agent.suspends {
                    agent.aloud.push(question.clone());
                }
                agent.stages[call] = Stage::Asked(question);
            }
            (Stage::Running { .. }, _) => agent.stages[call] = Stage::Settled(told),
            // A late word on what nobody knew.
            (_, _) if !agent.is_news(call, end) => return,
            (_, Some(question)) if agent.place != Where::Over => {
                // Of one that is suspended it was withdrawn then.
                if agent.place == Where::Acting {
                    agent.withdrawn.push(question.id);
                }
                agent.stages[call] = Stage::Settled(told);
            }
            // The turn goes on, so the model has not been told yet.
            (Stage::Settled(_), None) if agent.place != Where::Over => agent.stages[call] = Stage::Settled(told),
            _ => {}
        }
        agent.known[call] = state;
        let done = self.claimed.get(&call).is_some_and(|(state, _)| *state == EffectState::Done);
        if agent.resumed && (!done || state == EffectState::Done) {
            self.claimed.insert(call, (state, if end == End::Replied { output } else { String::new() }));
            self.ran_with[call].clone_from(&agent.args[call]);
            self.tries[call] = agent.attempts[call];
        }
    }

    fn go_on(&mut self, at: usize) {
        let agent = &mut self.agents[at];
        let settled = |stage: &Stage| matches!(stage, Stage::Settled(_));
        if agent.place != Where::Acting {
        } else if agent.stages.iter().all(settled) {
            agent.place = Where::Over;
        } else if agent.suspends && !agent.stages.iter().any(|stage| matches!(stage, Stage::Running { .. })) {
            agent.place = Where::Suspended;
            let open: Vec<_> = agent.open().map(|question| question.id).collect();
            agent.withdrawn.extend(open);
            self.snapshots.push(agent.clone());
        }
    }
}

impl Agent {
    fn open(&self) -> impl Iterator<Item = &Question> {
        self.stages.iter().filter_map(|stage| if let Stage::Asked(question) = stage { Some(question) } else { None })
    }

    /// Another resume was first: this is what became of it there.
    fn learn(&mut self, call: usize, (state, output): (EffectState, String)) {
        let (known, told) = match state {
            EffectState::Done => (state, Told::Output(output)),
            EffectState::Failed => (state, Told::Failed),
            EffectState::Blocked => (state, Told::Elsewhere),
            _ => (EffectState::Unknown, Told::Unknown),
        };
        self.known[call] = known;
        self.stages[call] = Stage::Settled(told);
    }
}

/// What was done with other arguments says with which.
fn with_what((state, output): (EffectState, String), ran: &str, own: &str) -> (EffectState, String) {
    if state != EffectState::Done || ran == own {
        return (state, output);
    }
    (state, format!("another resume of this run did it with other arguments, {ran}: {output}"))
}

fn asked_for(call: usize) -> String {
    ["{\"to\":\"ana\"}", "{\"sum\":1}"][call].into()
}

fn edited(call: usize) -> String {
    ["{\"to\":\"bob\"}", "{\"sum\":2}"][call].into()
}

fn output(call: usize, attempt: u32) -> String {
    format!("{} {attempt} done", TOOLS[call])
}

fn key(call: usize) -> Key {
    Key { run: RunId(1), call: CallId(call as u64 + 2) }
}

/// FNV-1a: enough for tests that do not attack it, and fast.
fn hash(parts: &[&[u8]]) -> Digest {
    let mut sum = 0xcbf2_9ce4_8422_2325_u64;
    let mut digest = [0; 32];
    for (index, byte) in parts.iter().flat_map(|part| part.iter()).enumerate() {
        sum = (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        digest[index % 32] ^= sum.to_le_bytes()[5];
    }
    Digest(digest)
}

fn digest(call: usize, args: &str) -> Digest {
    Digest::of_call(hash, key(call), TOOLS[call], args)
}

fn policy() -> RunPolicy {
    let gate = ApprovalGate::default().with_approver(true);
    let gate = gate.with_expires_after(Duration::from_micros(EXPIRES_AFTER)).unwrap();
    RunPolicy::with_hash(hash).with_approval(gate).with_model(CallPolicy::unguarded())
}

fn tools() -> Vec<ToolSpec> {
    TOOLS.map(|tool| ToolSpec::new(tool).risky().with_policy(CallPolicy::unguarded())).into()
}

/// The engine, with what its host saw of each run.
struct Real {
    runs: Vec<(Run, Vec<Question>, Vec<u64>)>,
    ledger: Ledger,
    happened: Vec<Happened>,
    snapshots: Vec<(Vec<u8>, u64)>,
}

impl Real {
    fn new() -> Self {
        let mut run = Run::new(RunId(1), "Tell Ana and pay.", policy(), 1, tools(), Seed(1)).unwrap();
        run.handle(Instant::ORIGIN, Input::Start);
        let Output::Think(attempt) = run.poll() else { panic!("it thinks first") };
        let wish = |call: usize| {
            let (id, tool) = (format!("c{call}"), TOOLS[call].into());
            ToolCall { id, tool, args: asked_for(call), risky: None }
        };
        let reply = ModelReply { tool_calls: vec![wish(0), wish(1)], ..ModelReply::default() };
        run.handle(Instant::ORIGIN, Input::ModelReplied(attempt.id, reply));
        let runs = vec![(run, Vec::new(), Vec::new())];
        let mut real = Self { runs, ledger: Ledger::default(), happened: Vec::new(), snapshots: Vec::new() };
        real.drain(0, 55_113);
        real
    }

    fn step(&mut self, at: usize, now: u64, step: &Step) {
        let (mut at, instant) = (at, Instant::from_micros(now));
        let input = match step {
            Step::Decide(id, shown, word) => {
                let call = shown.as_ref().map_or(0, |(call, _)| *call);
                let decision = match word {
                    Word::Yes => Decision::Approve,
                    // To whichever call the question is about.
                    Word::Edited => Decision::ApproveEdited { args: edited(self.call_of(at, *id).unwrap_or(call)) },
                    Word::No => Decision::Deny { message: "no".into() },
                };
                match shown {
                    None => Input::Decided(ApprovalId(*id), decision),
                    Some((call, args)) => Input::DecidedOn(ApprovalId(*id), digest(*call, args), decision),
                }
            }
            Step::End(call, attempt, end) => {
                let id = AttemptId { call: key(*call).call, attempt: *attempt };
                match end {
                    End::Replied => Input::ToolReplied(id, output(*call, *attempt)),
                    End::NoWord => Input::Failed(id, Failure::new(FailureClass::Timeout, "no word")),
                    End::Refused => Input::Failed(id, Failure::new(FailureClass::ToolFailed, "refused")),
                }
            }
            Step::Wait(_) => Input::Tick,
            Step::Suspend => Input::Suspend,
            Step::Resume(snapshot) => {
                let (bytes, since) = &self.snapshots[*snapshot];
                let away = Duration::from_micros(now - since);
                let run = Run::restore(bytes, RunId(1), policy(), 1, tools(), instant, away).unwrap();
                self.runs.push((run, Vec::new(), Vec::new()));
                at = self.runs.len() - 1;
                Input::Start
            }
        };
        let was_over = self.runs[at].0.result().is_some();
        self.runs[at].0.handle(instant, input);
        self.drain(at, now);
        if !was_over && self.runs[at].0.result().is_some() {
            self.snapshots.push((self.runs[at].0.snapshot(), now));
        }
    }

    fn call_of(&self, at: usize, id: u64) -> Option<usize> {
        self.runs[at].1.iter().find(|question| question.id == id).map(|question| question.call)
    }

    fn drain(&mut self, at: usize, now: u64) {
        let (run, aloud, withdrawn) = &mut self.runs[at];
        loop {
            match run.poll() {
                Output::Act { attempt, tool, args } => {
                    let call = usize::try_from(attempt.id.call.0).unwrap() - 2;
                    assert_eq!((tool.as_str(), attempt.key), (TOOLS[call], key(call)));
                    self.happened.push((at, call, args));
                }
                Output::Ask(request) => aloud.push(Question::of(&request)),
                Output::Withdraw(id) => withdrawn.push(id.0),
                Output::Claim(claim) => {
                    let key = claim.entry.key;
                    let claimed = self.ledger.claim(claim);
                    run.handle(Instant::from_micros(now), Input::Claimed(key, claimed));
                }
                Output::Record(entry) => self.ledger.write(entry),
                Output::Think(_) | Output::Abandon(_) => {}
                Output::Wait { .. } | Output::Finished => return,
                other @ Output::Reconcile { .. } => panic!("nobody asked for {other:?}"),
            }
        }
    }
}

/// Both side by side.
struct Pair {
    real: Real,
    model: Model,
    now: u64,
    history: Vec<(usize, u64, Step)>,
    /// How many steps from the beginning were looked at before, in another history that began like this one.
    known: usize,
}

impl Pair {
    fn new() -> Self {
        let pair = Self { real: Real::new(), model: Model::new(), now: 0, history: Vec::new(), known: 0 };
        pair.agree();
        pair
    }

    fn step(&mut self, at: usize, step: Step) {
        if let Step::Wait(until) = step {
            self.now = self.now.max(until);
        }
        let overdue = self.model.agents[at].open().any(|question| self.now >= question.expires_at);
        if overdue && matches!(step, Step::End(..)) {
            // The model claims at once what the engine claims after the input: so the silence before the tool's word.
            self.step(at, Step::Wait(self.now));
        }
        self.real.step(at, self.now, &step);
        self.model.step(at, self.now, &step);
        self.history.push((at, self.now, step));
        if self.history.len() > self.known {
            self.agree();
        }
    }

    fn agree(&self) {
        let history = &self.history;
        assert_eq!(self.real.happened, self.model.happened, "what happens: {history:?}");
        for call in 0..2 {
            let happened = self.model.happened.iter().filter(|(_, of, _)| *of == call).count();
            assert!(happened <= self.model.yeses[call], "effects within approvals: {history:?}");
            let known = self.model.claimed.get(&call).map(|(state, _)| *state);
            assert_eq!(self.real.ledger.entry(key(call)).map(|entry| entry.state), known, "claims: {history:?}");
        }
        assert_eq!(self.real.snapshots.len(), self.model.snapshots.len(), "{history:?}");
        for (at, ((run, aloud, withdrawn), agent)) in self.real.runs.iter().zip(&self.model.agents).enumerate() {
            assert_eq!(aloud, &agent.aloud, "what {at} asks: {history:?}");
            let mut gone = [withdrawn.clone(), agent.withdrawn.clone()];
            for ids in &mut gone {
                ids.sort_unstable();
            }
            assert_eq!(gone[0], gone[1], "what {at} withdraws: {history:?}");
            let states = [0, 1].map(|call| run.ledger().entry(key(call)).unwrap().state);
            assert_eq!(states, agent.known, "what {at} knows: {history:?}");
            let results = run.messages().iter().filter(|message| message.role == Role::Tool);
            let told: Vec<_> = results.map(|result| (result.tool_call_id.clone(), Told::of(&result.content))).collect();
            let expected = agent.stages.iter().enumerate().filter_map(|(call, stage)| match stage {
                Stage::Settled(told) if agent.place == Where::Over => Some((Some(format!("c{call}")), told.clone())),
                _ => None,
            });
            assert_eq!(told, expected.collect::<Vec<_>>(), "what the model of {at} is told: {history:?}");
            let pending = run.result().map(|result| result.pending.iter().map(Question::of).collect::<Vec<_>>());
            let open = (agent.place == Where::Suspended).then(|| agent.open().cloned().collect());
            assert_eq!(pending, open, "what stays open in {at}: {history:?}");
        }
    }

    /// The number of the last question about that call, in that run.
    fn question(&self, at: usize, call: usize) -> u64 {
        let agent = &self.model.agents[at];
        let of = |question: &&Question| question.call == call;
        let last = agent.aloud.iter().rev().find(of).or_else(|| agent.open().find(of));
        last.map_or(call as u64 + 1, |question| question.id)
    }

    fn next_expiry(&self, at: usize) -> Option<u64> {
        let agent = &self.model.agents[at];
        let expiry = agent.open().map(|question| question.expires_at).min();
        expiry.filter(|expiry| agent.place == Where::Acting && *expiry > self.now + 1)
    }

    /// Everything worth doing next with that run.
    fn choices(&self, at: usize) -> Vec<Step> {
        let mut choices = vec![Step::Suspend, Step::Decide(99, None, Word::Yes)];
        for call in 0..2 {
            let id = self.question(at, call);
            let stage = &self.model.agents[at].stages[call];
            let shown = if let Stage::Asked(question) = stage { question.args.clone() } else { asked_for(call) };
            let (right, wrong) = (Some((call, shown)), Some((call, "{}".into())));
            choices.extend([Word::Yes, Word::Edited, Word::No].map(|word| Step::Decide(id, None, word)));
            choices.push(Step::Decide(id, right, Word::Yes));
            choices.push(Step::Decide(id, wrong, Word::Yes));
            let attempt = self.model.agents[at].attempts[call];
            if attempt > 0 {
                choices.extend([End::Replied, End::NoWord].map(|end| Step::End(call, attempt, end)));
            }
        }
        if let Some(expiry) = self.next_expiry(at) {
            choices.extend([Step::Wait(expiry - 1), Step::Wait(expiry)]);
        }
        if let Some(last) = self.model.snapshots.len().checked_sub(1) {
            choices.push(Step::Resume(last));
        }
        choices
    }
}

/// Every history of so many steps, with the latest run; answers how many there were.
fn exhaust(begun: &[Step], steps: usize) -> u64 {
    let mut digits = vec![0; steps];
    let (mut histories, mut known) = (0, 0);
    loop {
        let mut pair = Pair { known, ..Pair::new() };
        for step in begun {
            pair.step(pair.model.agents.len() - 1, step.clone());
        }
        let mut choices = Vec::with_capacity(steps);
        for digit in &digits {
            let at = pair.model.agents.len() - 1;
            let mut next = pair.choices(at);
            choices.push(next.len());
            pair.step(at, next.swap_remove(*digit));
        }
        histories += 1;
        let Some(last) = (0..steps).rev().find(|place| digits[*place] + 1 < choices[*place]) else { return histories };
        known = begun.len() + last;
        digits[last] += 1;
        digits[last + 1..].fill(0);
    }
}

#[test]
fn every_short_history_goes_as_the_model_says() {
    assert_eq!(exhaust(&[], 4), 43_388);
}

#[test]
fn every_short_history_of_resumes_goes_as_the_model_says() {
    let (yes, no_word) = (Step::Decide(1, None, Word::Yes), Step::End(0, 1, End::NoWord));
    let resumed = [Step::Suspend, Step::Resume(0)];
    assert_eq!(exhaust(&resumed, 4), 55_113);
    // One resume does not know what became of its mail when the next begins.
    let unknown = [Step::Suspend, Step::Resume(0), yes.clone(), no_word.clone(), Step::Resume(0)];
    assert_eq!(exhaust(&unknown, 3), 3_319);
    // Nobody knows what became of the mail when the run is suspended: a yes runs it again, in one resume.
    let again = [yes, no_word, Step::Suspend, Step::Resume(0)];
    assert_eq!(exhaust(&again, 3), 4_861);
}

#[test]
fn long_random_histories_with_resumes_side_by_side_go_as_the_model_says() {
    for seed in 0..1_000 {
        random(Seed(seed).stream(9, 9));
    }
}

fn random(mut luck: Stream) {
    let mut pair = Pair::new();
    for _ in 0..40 {
        let mut pick = |of: usize| usize::try_from(luck.up_to(of as u64 - 1)).unwrap();
        let agents = pair.model.agents.len();
        // Mostly one of the latest runs.
        let at = agents - 1 - pick(agents.min(3));
        let step = match pick(10) {
            0 if !pair.model.snapshots.is_empty() => Step::Resume(pick(pair.model.snapshots.len())),
            1 => Step::Decide(1 + pick(6) as u64, None, [Word::Yes, Word::No][pick(2)].clone()),
            2 | 3 => Step::End(
                pick(2),
                1 + u32::try_from(pick(3)).unwrap(),
                [End::Replied, End::NoWord, End::Refused][pick(3)],
            ),
            4 => Step::Wait(pair.now + pick(20_000_000) as u64),
            _ => {
                let mut choices = pair.choices(at);
                choices.swap_remove(pick(choices.len()))
            }
        };
        pair.step(at, step);
    }
}
