//! What a run began with, for replays: each part as a checksum, so that a recording can tell which one differs.

use super::Run;
use crate::snapshot::{Kind, Reader, SnapshotError, Stored, Writer};
use crate::time::Instant;
use alloc::string::String;
use alloc::vec::Vec;

/// The same for runs that differ in their settings alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Beginning {
    pub(crate) messages: u64,
    pub(crate) seed: u64,
    /// The names of its tools: what they do to the world, and whether they are risky, are settings.
    pub(crate) tools: u64,
    pub(crate) models: u32,
    /// What its snapshot brought with it, and when it was restored; of a new run, nothing.
    pub(crate) state: u64,
}

impl Run {
    /// What it began with.
    pub(crate) fn began(&self) -> Beginning {
        match &self.recorded {
            Some(recorded) if !recorded.is_empty() => self.began,
            _ => self.beginning(),
        }
    }

    /// What it begins with, if it is told something now for the first time.
    pub(super) fn beginning(&self) -> Beginning {
        let names: Vec<String> = self.tools.iter().map(|tool| tool.name().into()).collect();
        Beginning {
            messages: checksum(|to| _ = to.put(&self.messages)),
            seed: self.seed.0,
            tools: checksum(|to| _ = to.put(&names)),
            models: self.models,
            state: checksum(|to| {
                // Not its steps, of which there are no more than its policy allows.
                to.put(&self.now.as_micros()).put(&self.deadline.at()).put(&self.calls).put(&self.approvals);
                to.put(&self.blocked).put(&self.ledger.entries().to_vec()).put(&self.aftermath);
                to.put(&self.hint).put(&self.last_turn);
                self.store_stage(to);
            }),
        }
    }
}

fn checksum(write: impl FnOnce(&mut Writer)) -> u64 {
    let mut to = Writer::new(Kind::Recording, Instant::ORIGIN);
    write(&mut to);
    to.checksum()
}

impl Stored for Beginning {
    fn store(&self, to: &mut Writer) {
        to.put(&self.messages).put(&self.seed).put(&self.tools).put(&self.models).put(&self.state);
    }
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        Ok(Self {
            messages: from.take()?,
            seed: from.take()?,
            tools: from.take()?,
            models: from.take()?,
            state: from.take()?,
        })
    }
}
