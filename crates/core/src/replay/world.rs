//! The recorded world: it answers what is asked again as it was answered then.

use super::Beyond;
use crate::approval::ApprovalRequest;
use crate::call::Attempt;
use crate::effect::Claim;
use crate::id::{ApprovalId, AttemptId, Key};
use crate::run::{Input, Output, Run};
use crate::time::{Duration, Instant};
use alloc::collections::BTreeMap;
use alloc::string::String;
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
#[derive(Debug, Default)]
struct Answer {
    asked: Instant,
    came: Vec<(Duration, Input)>,
}

#[derive(Debug, Default)]
pub(super) struct World {
    answers: BTreeMap<Subject, Vec<Answer>>,
    /// Where what is reported under a name belongs.
    names: BTreeMap<Name, (Subject, usize)>,
    /// When the host woke that had been asked to wake at that instant: hosts are late.
    woke: BTreeMap<Instant, Instant>,
    waits_until: Option<Instant>,
}

impl World {
    /// Learns from the recorded run, before it is told the next input.
    pub(super) fn learn(&mut self, now: Instant, input: &Input) {
        if let (Some(until), Input::Tick) = (self.waits_until, input)
            && now >= until
        {
            self.woke.entry(until).or_insert(now);
        }
        if let Some(name) = name_of(input)
            && let Some((subject, index)) = self.names.get(&name)
            && let Some(answer) = self.answers.get_mut(subject).and_then(|answers| answers.get_mut(*index))
        {
            let after = now - answer.asked;
            answer.came.push((after, input.clone()));
        }
    }

    /// Sees what the recorded run asks for.
    pub(super) fn see(&mut self, run: &Run, output: &Output) {
        self.waits_until = match output {
            Output::Wait { until, .. } => *until,
            _ => None,
        };
        let Some((subject, name)) = asked(run, output) else { return };
        let answers = self.answers.entry(subject.clone()).or_default();
        self.names.insert(name, (subject, answers.len()));
        answers.push(Answer { asked: run.now(), came: Vec::new() });
    }
}

impl World {
    /// Drives another run in this world, until it ends and all that still comes has come, or until it asks for something
    /// that was never asked for.
    pub(super) fn drive(&self, mut run: Run, told: &[(Instant, Input)]) -> (Run, Option<Beyond>) {
        let mut coming = Coming::default();
        for (at, input) in told {
            if matches!(input, Input::Start | Input::Narrowed(_) | Input::Suspend | Input::Cancel) {
                coming.add(*at, input.clone());
            }
        }
        let mut asked_for: BTreeMap<Subject, usize> = BTreeMap::new();
        loop {
            let output = run.poll();
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
                    for (after, input) in &answer.came {
                        coming.add(run.now() + *after, renamed(input.clone(), name));
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
                _ => {
                    let what = "something that had not come when the recording ended".into();
                    return (run, Some(Beyond { what }));
                }
            }
        }
    }
}

/// What is on its way, the earliest first; of equals, the one that was added first.
#[derive(Debug, Default)]
struct Coming {
    inputs: BTreeMap<(Instant, u64), Input>,
    added: u64,
}

impl Coming {
    fn add(&mut self, at: Instant, input: Input) {
        self.added += 1;
        self.inputs.insert((at, self.added), input);
    }

    fn next_at(&self) -> Option<Instant> {
        self.inputs.first_key_value().map(|((at, _), _)| *at)
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

/// The same input, reporting under another name.
fn renamed(input: Input, name: Name) -> Input {
    match (input, name) {
        (Input::ModelReplied(_, reply), Name::Attempt(id)) => Input::ModelReplied(id, reply),
        (Input::ToolReplied(_, output), Name::Attempt(id)) => Input::ToolReplied(id, output),
        (Input::Failed(_, failure), Name::Attempt(id)) => Input::Failed(id, failure),
        (Input::Output(_), Name::Attempt(id)) => Input::Output(id),
        (Input::Commit(_), Name::Attempt(id)) => Input::Commit(id),
        (Input::Spent(_, spend), Name::Attempt(id)) => Input::Spent(id, spend),
        (Input::Reconciled(_, found), Name::Attempt(id)) => Input::Reconciled(id, found),
        // What was shown then is what is shown now: the subject has the arguments in it.
        (Input::Decided(_, decision) | Input::DecidedOn(_, _, decision), Name::Question(id)) => {
            Input::Decided(id, decision)
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
