//! The journal of a simulated run: the agent's decisions and what the world did, in one order.

use crate::fault::Fault;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::fmt;
use steadfast::budget::Spend;
use steadfast::time::Instant;
use steadfast::trace::Entry;

/// Everything that happened, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Journal {
    lines: Vec<Line>,
    bills: Vec<(usize, Spend)>,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// When.
    pub at: Instant,
    /// What.
    pub what: What,
}

/// Who did it: the agent or the world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A decision of the agent, from its trace.
    Decision(Entry),
    /// Something the world did.
    World(WorldEvent),
}

/// What the world did. The agent does not see these; whoever watches does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "what", content = "why", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields carry the names of what they are; each variant says what happened")]
pub enum WorldEvent {
    /// A fault meddles with the attempt that just began.
    FaultInjected {
        #[serde(serialize_with = "fault_name")]
        fault: Fault,
        call: u64,
        attempt: u32,
        effect: String,
    },
    /// From here on other faults meddle.
    FaultsChanged { reason: String },
    /// A tool took effect in the world.
    EffectHappened { tool: String, args: String, key: String },
    /// An unprotected agent ended with an error.
    Crashed { error: String },
    /// An unprotected agent waits for something that will never come.
    HungForever {},
    /// An unprotected agent is still going round when the watcher leaves.
    StillLooping { steps: u32 },
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands the field over by reference")]
fn fault_name<S: serde::Serializer>(fault: &Fault, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(fault.as_str())
}

impl Journal {
    /// What happened, in order.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// What the model's provider charged: each sum with the index of the line that it came with. No part of the hash, as no
    /// decision depends on it unless a budget is set, and then the decision is a line.
    #[must_use]
    pub fn bills(&self) -> &[(usize, Spend)] {
        &self.bills
    }

    /// The agent's decisions, in order.
    pub fn decisions(&self) -> impl Iterator<Item = &Entry> {
        self.lines.iter().filter_map(|line| match &line.what {
            What::Decision(entry) => Some(entry),
            What::World(_) => None,
        })
    }

    pub(crate) fn bill(&mut self, line: usize, spend: Spend) {
        self.bills.push((line, spend));
    }

    pub(crate) fn world(&mut self, at: Instant, event: WorldEvent) {
        self.lines.push(Line { at, what: What::World(event) });
    }

    /// Puts a line between two others; each bill stays with its line.
    pub(crate) fn put(&mut self, index: usize, line: Line) {
        let index = index.min(self.lines.len());
        self.lines.insert(index, line);
        for (of, _) in self.bills.iter_mut().filter(|(of, _)| *of >= index) {
            *of += 1;
        }
    }

    pub(crate) fn decision(&mut self, entry: Entry) {
        self.lines.push(Line { at: entry.at, what: What::Decision(entry) });
    }

    /// SHA-256 over every line as JSON, in hexadecimal digits. Equal hashes: equal traces, byte for byte.
    #[must_use]
    pub fn hash(&self) -> String {
        let mut hash = Sha256::new();
        for line in &self.lines {
            // Writing plain data into memory cannot fail.
            let json = serde_json::to_vec(line).unwrap_or_default();
            hash.update(&json);
            hash.update(b"\n");
        }
        steadfast::approval::Digest(hash.finalize().into()).to_string()
    }
}

impl Serialize for Line {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct WorldLine<'a> {
            at: Instant,
            #[serde(flatten)]
            event: &'a WorldEvent,
            text: String,
        }
        match &self.what {
            What::Decision(entry) => entry.serialize(serializer),
            What::World(event) => WorldLine { at: self.at, event, text: event.to_string() }.serialize(serializer),
        }
    }
}

impl Serialize for Journal {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.lines)
    }
}

impl fmt::Display for WorldEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FaultInjected { fault, effect, .. } => write!(f, "Fault \"{}\": {effect}.", fault.title()),
            Self::FaultsChanged { reason } => {
                write!(f, "The faults change here, and meddle with what follows: {reason}.")
            }
            Self::EffectHappened { tool, args, .. } => write!(f, "In the world: {tool} took effect, with {args}."),
            Self::Crashed { error } => write!(f, "The agent crashes: {error}. No answer."),
            Self::HungForever {} => f.write_str("The agent waits for an answer that will never come. No answer."),
            Self::StillLooping { steps } => {
                write!(f, "After {steps} steps the agent is still going round; the watcher leaves. No answer.")
            }
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            What::Decision(entry) => entry.fmt(f),
            What::World(event) => write!(f, "{:>10}  {event}", self.at.to_string()),
        }
    }
}

impl fmt::Display for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}
