//! The recorded world: it answers what is asked again as it was answered then.

use super::{Beyond, ReplayError, Turn, WhatIf, first_difference, same_decision};
use crate::approval::{ApprovalRequest, Digest};
use crate::call::Attempt;
use crate::effect::Claim;
use crate::event::Event;
use crate::id::{ApprovalId, AttemptId, Key};
use crate::run::{Input, Output, Run};
use crate::time::{Duration, Instant};
use crate::trace::Entry;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

/// Two runs under different policies number their calls differently; what is asked for says what is alike.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    /// The model, in that step: which of them.
    Model(u32, u32),
    /// A tool with these arguments.
    Tool(String, String),
    /// Whether a tool with these arguments happened.
    Happened(String, String),
    /// A human, on a tool with these arguments.
    Human(String, String),
    /// The shared ledger, on a tool.
    Ledger(String),
}

/// Under what an answer is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Name {
    Attempt(AttemptId),
    Question(ApprovalId),
    Claim(Key),
}

/// What was asked for once, and all that came of it, each after how long.
#[derive(Debug)]
struct Answer {
    asked: Instant,
    /// Of a question: the digest of the call that was shown.
    shown: Option<Digest>,
    came: Vec<(Duration, Told)>,
}

/// An input of the recorded run, and which one it was: of two at the same instant the earlier one stays the earlier one.
#[derive(Debug, Clone)]
struct Told {
    place: usize,
    input: Input,
}

/// What the recorded run did after one input.
#[derive(Debug)]
struct Step {
    outputs: Vec<Output>,
    /// How many entries its trace had by then.
    entries: usize,
}

#[derive(Debug, Default)]
pub(super) struct World {
    answers: BTreeMap<Subject, Vec<Answer>>,
    /// Where what is reported under a name belongs.
    names: BTreeMap<Name, (Subject, usize)>,
    /// When the host woke that had been asked to wake at that instant: hosts are late.
    woke: BTreeMap<Instant, Instant>,
    /// One for each input.
    steps: Vec<Step>,
}

impl World {
    /// Learns from the recorded run, before it is told the next input.
    pub(super) fn learn(&mut self, now: Instant, input: &Input) {
        if let (Some(until), Input::Tick) = (self.steps.last().and_then(Step::waits_until), input)
            && now >= until
        {
            self.woke.entry(until).or_insert(now);
        }
        if let Some(name) = name_of(input)
            && let Some((subject, index)) = self.names.get(&name)
            && let Some(answer) = self.answers.get_mut(subject).and_then(|answers| answers.get_mut(*index))
        {
            let after = now - answer.asked;
            answer.came.push((after, Told { place: self.steps.len(), input: input.clone() }));
        }
    }

    /// Sees what the recorded run does after an input.
    pub(super) fn see(&mut self, run: &Run, outputs: Vec<Output>) {
        for output in &outputs {
            let Some((subject, name)) = asked(run, output) else { continue };
            let answers = self.answers.entry(subject.clone()).or_default();
            self.names.insert(name, (subject, answers.len()));
            answers.push(Answer { asked: run.now(), shown: shown(output), came: Vec::new() });
        }
        self.steps.push(Step { outputs, entries: run.trace().entries().len() });
    }
}

impl Step {
    fn waits_until(&self) -> Option<Instant> {
        waits_until(&self.outputs)
    }

    /// Whether a run did after an input what the recorded one did.
    fn is_done_alike(&self, run: &Run, entries: usize, outputs: &[Output], recorded: &[Entry]) -> bool {
        let recorded = recorded.get(entries..self.entries).unwrap_or_default();
        let new = run.trace().entries().get(entries..).unwrap_or_default();
        let alike = |(one, other): (&Output, &Output)| match (one, other) {
            (Output::Wait { .. }, Output::Wait { .. }) => true,
            (Output::Record(one), Output::Record(other)) => (one.key, one.state) == (other.key, other.state),
            (one, other) => match (asked(run, one), asked(run, other)) {
                (None, None) => one == other,
                (one_asked, other_asked) => one_asked == other_asked && shown(one) == shown(other),
            },
        };
        recorded.len() == new.len()
            && recorded.iter().zip(new).all(|(one, other)| same_decision(one, other))
            && self.outputs.len() == outputs.len()
            && self.outputs.iter().zip(outputs).all(alike)
    }
}

impl World {
    /// What becomes of another run in this world, beside the recorded one.
    pub(super) fn what_if(
        &self,
        other: Run,
        original: &Run,
        told: &[(Instant, Input)],
        turn: Option<Turn>,
    ) -> Result<WhatIf, ReplayError> {
        let recorded = original.trace().entries();
        let (run, beyond) = self.drive(other, recorded, told, turn)?;
        let entries = run.trace().entries();
        let changed = entries.iter().position(|entry| matches!(entry.event, Event::PolicyChanged { .. }));
        // Until the settings change it is the recorded run, and what tells of the change is in neither.
        let (same, from) = changed.map_or((0, 0), |at| (at, at + 1));
        let later = (recorded.get(same..).unwrap_or_default(), entries.get(from..).unwrap_or_default());
        // Where the recording ends, both traces end: that is no difference.
        let first_difference = first_difference(later.0, later.1, beyond.is_some()).map(|at| same + at);
        Ok(WhatIf { run, first_difference, beyond })
    }

    /// Drives another run in this world. As long as it does what the recorded one did it is told what that was told, word for word
    /// and at the same instants. From there on each of its wishes is answered as its like was, after as long a time, until it ends and
    /// all that still comes has come, or until it asks for something that was never asked for. So it is after a turn.
    fn drive(
        &self,
        mut run: Run,
        recorded: &[Entry],
        told: &[(Instant, Input)],
        mut turn: Option<Turn>,
    ) -> Result<(Run, Option<Beyond>), ReplayError> {
        let mut asked_for: BTreeMap<Subject, usize> = BTreeMap::new();
        let mut names: BTreeSet<Name> = BTreeSet::new();
        let mut outputs = Vec::new();
        let mut place = 0_usize;
        for ((at, input), step) in told.iter().zip(&self.steps) {
            let entries = run.trace().entries().len();
            if let Some(turn) = turn.take_if(|turn| turn.entries <= entries) {
                turn.make(&mut run)?;
                break;
            }
            let until = waits_until(&outputs);
            let before = place.checked_sub(1).and_then(|before| self.steps.get(before)).and_then(Step::waits_until);
            if until.is_some_and(|until| until < *at) && until != before {
                // It would have been woken before that.
                break;
            }
            run.handle(*at, input.clone());
            outputs = drain(&mut run);
            place += 1;
            if !step.is_done_alike(&run, entries, &outputs, recorded) {
                let coming = still_coming(told, place, &names);
                return Ok(self.go_on(run, outputs, asked_for, coming));
            }
            for (subject, name) in outputs.iter().filter_map(|output| asked(&run, output)) {
                *asked_for.entry(subject).or_default() += 1;
                names.insert(name);
            }
        }
        if place < told.len() {
            let coming = still_coming(told, place, &names);
            return Ok(self.go_on(run, Vec::new(), asked_for, coming));
        }
        if let Some(turn) = turn {
            turn.make(&mut run)?;
            return Ok(self.go_on(run, Vec::new(), asked_for, Coming::default()));
        }
        let beyond = run.result().is_none().then(Beyond::the_end);
        Ok((run, beyond))
    }

    /// From the first difference on. `outputs` are those that nobody has looked at, `coming` what is on its way already.
    fn go_on(
        &self,
        mut run: Run,
        outputs: Vec<Output>,
        mut asked_for: BTreeMap<Subject, usize>,
        mut coming: Coming,
    ) -> (Run, Option<Beyond>) {
        let mut outputs = VecDeque::from(outputs);
        loop {
            let output = outputs.pop_front().unwrap_or_else(|| run.poll());
            let wake = match &output {
                Output::Wait { until, .. } => until.map(|until| self.woke.get(&until).copied().unwrap_or(until)),
                Output::Finished => None,
                output => {
                    let Some((subject, name)) = asked(&run, output) else { continue };
                    let index = asked_for.entry(subject.clone()).or_default();
                    let Some(answer) = self.answers.get(&subject).and_then(|answers| answers.get(*index)) else {
                        return (run, Some(Beyond { what: alloc::format!("{subject}") }));
                    };
                    *index += 1;
                    for (after, Told { place, input }) in &answer.came {
                        let input = renamed(input.clone(), name, answer.shown, shown(output));
                        coming.add(run.now() + *after, *place, input);
                    }
                    continue;
                }
            };
            match (coming.next_at(), wake) {
                (Some(at), wake) if wake.is_none_or(|wake| at <= wake) => {
                    if let Some(input) = coming.take() {
                        run.handle(at, input);
                    }
                }
                (_, Some(wake)) => run.handle(wake, Input::Tick),
                _ if output == Output::Finished => return (run, None),
                _ => return (run, Some(Beyond::the_end())),
            }
        }
    }
}

impl Turn {
    fn make(self, run: &mut Run) -> Result<(), ReplayError> {
        let Self { policy, tools, reason, .. } = self;
        let changed = run.set_policy(policy, tools, &reason);
        changed.map_err(|invalid| ReplayError::Impossible { what: invalid.to_string() })
    }
}

impl Beyond {
    fn the_end() -> Self {
        Self { what: "something that had not come when the recording ended".into() }
    }
}

/// All that a run says after an input, up to what it waits for or its end.
pub(super) fn drain(run: &mut Run) -> Vec<Output> {
    let mut outputs = Vec::new();
    loop {
        let output = run.poll();
        let last = matches!(output, Output::Wait { .. } | Output::Finished);
        outputs.push(output);
        if last {
            return outputs;
        }
    }
}

fn waits_until(outputs: &[Output]) -> Option<Instant> {
    match outputs.last() {
        Some(Output::Wait { until, .. }) => *until,
        _ => None,
    }
}

/// What is told later of what was asked for under these names, and by the host of its own accord.
fn still_coming(told: &[(Instant, Input)], from: usize, names: &BTreeSet<Name>) -> Coming {
    let mut coming = Coming::default();
    for (place, (at, input)) in told.iter().enumerate().skip(from) {
        let comes = match name_of(input) {
            Some(name) => names.contains(&name),
            None => !matches!(input, Input::Tick),
        };
        if comes {
            coming.add(*at, place, input.clone());
        }
    }
    coming
}

/// The digest of the call that a question shows.
fn shown(output: &Output) -> Option<Digest> {
    match output {
        Output::Ask(request) => Some(request.digest),
        _ => None,
    }
}

/// What is on its way, the earliest first; of equals, the one that the recorded run was told first.
#[derive(Debug, Default)]
struct Coming {
    inputs: BTreeMap<(Instant, usize, u64), Input>,
    added: u64,
}

impl Coming {
    fn add(&mut self, at: Instant, place: usize, input: Input) {
        self.added += 1;
        self.inputs.insert((at, place, self.added), input);
    }

    fn next_at(&self) -> Option<Instant> {
        self.inputs.first_key_value().map(|((at, ..), _)| *at)
    }

    fn take(&mut self) -> Option<Input> {
        self.inputs.pop_first().map(|(_, input)| input)
    }
}

/// What a run asks for, and under what the answer is reported.
fn asked(run: &Run, output: &Output) -> Option<(Subject, Name)> {
    let of_attempt = |attempt: &Attempt| Name::Attempt(attempt.id);
    Some(match output {
        Output::Think(attempt) => (Subject::Model(run.steps(), attempt.option), of_attempt(attempt)),
        Output::Act { attempt, tool, args } => (Subject::Tool(tool.clone(), args.clone()), of_attempt(attempt)),
        Output::Reconcile { attempt, tool, args, .. } => {
            (Subject::Happened(tool.clone(), args.clone()), of_attempt(attempt))
        }
        Output::Ask(ApprovalRequest { id, tool, args, .. }) => {
            (Subject::Human(tool.clone(), args.clone()), Name::Question(*id))
        }
        Output::Claim(Claim { entry, .. }) => (Subject::Ledger(entry.tool.clone()), Name::Claim(entry.key)),
        Output::Record(_) | Output::Withdraw(_) | Output::Abandon(_) | Output::Wait { .. } | Output::Finished => {
            return None;
        }
    })
}

/// Under what an input reports.
fn name_of(input: &Input) -> Option<Name> {
    Some(match input {
        Input::ModelReplied(id, _)
        | Input::ToolReplied(id, _)
        | Input::Failed(id, _)
        | Input::Output(id)
        | Input::Commit(id)
        | Input::Spent(id, _)
        | Input::Reconciled(id, _) => Name::Attempt(*id),
        Input::Decided(id, _) | Input::DecidedOn(id, ..) => Name::Question(*id),
        Input::Claimed(key, _) => Name::Claim(*key),
        Input::Start | Input::Tick | Input::Narrowed(_) | Input::Suspend | Input::Cancel => return None,
    })
}

/// The same input, reporting under another name. A decision on the call that was shown `then` is one on what is shown `now`, for the
/// subject has the arguments in it; one on any other call stays one on that.
fn renamed(input: Input, name: Name, then: Option<Digest>, now: Option<Digest>) -> Input {
    match (input, name) {
        (Input::ModelReplied(_, reply), Name::Attempt(id)) => Input::ModelReplied(id, reply),
        (Input::ToolReplied(_, output), Name::Attempt(id)) => Input::ToolReplied(id, output),
        (Input::Failed(_, failure), Name::Attempt(id)) => Input::Failed(id, failure),
        (Input::Output(_), Name::Attempt(id)) => Input::Output(id),
        (Input::Commit(_), Name::Attempt(id)) => Input::Commit(id),
        (Input::Spent(_, spend), Name::Attempt(id)) => Input::Spent(id, spend),
        (Input::Reconciled(_, found), Name::Attempt(id)) => Input::Reconciled(id, found),
        (Input::Decided(_, decision), Name::Question(id)) => Input::Decided(id, decision),
        (Input::DecidedOn(_, digest, decision), Name::Question(id)) => {
            let digest = now.filter(|_| then == Some(digest)).unwrap_or(digest);
            Input::DecidedOn(id, digest, decision)
        }
        (Input::Claimed(_, claimed), Name::Claim(key)) => Input::Claimed(key, claimed),
        (input, _) => input,
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Model(step, 0) => write!(f, "another attempt at the model in step {step}"),
            Self::Model(step, option) => write!(f, "another attempt at fallback {option} of the model in step {step}"),
            Self::Tool(tool, args) => write!(f, "another attempt at {tool} with {args}"),
            Self::Happened(tool, args) => write!(f, "looking up again whether {tool} with {args} happened"),
            Self::Human(tool, args) => write!(f, "another question about {tool} with {args}"),
            Self::Ledger(tool) => write!(f, "another claim of {tool}"),
        }
    }
}
