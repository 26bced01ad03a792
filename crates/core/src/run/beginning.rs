//! What a run began with, for replays: each part as a checksum, so that a recording can tell which one differs; and whole, for
//! incidents.

use super::message::{Message, ToolSpec};
use super::{Phase, Run};
use crate::snapshot::{Kind, Reader, SnapshotError, Stored, Writer};
use crate::time::{Duration, Instant};
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
    /// Whether it claims its effects first.
    pub(crate) claims: bool,
    /// Its snapshot, and when it was restored; of a new run, nothing.
    pub(crate) past: u64,
}

/// What a new run that records began with, beside its settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) messages: Vec<Message>,
    /// What other runs had left of its models and tools, as bytes.
    pub(crate) commons: Vec<u8>,
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
            claims: self.claims,
            past: self.past,
        }
    }
}

impl Run {
    /// Keeps what it begins with, now that it is told something for the first time. A restored run comes from its snapshot.
    pub(super) fn keep_origin(&mut self, now: Instant) {
        self.began = self.beginning();
        if self.past == 0 {
            self.origin = Some(Origin { messages: self.messages.clone(), commons: self.commons_as_bytes(now) });
        }
    }

    /// What it began with, if it was new and records.
    pub(crate) fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }

    /// A new run that begins like one that was told something first at that instant.
    pub(crate) fn with_origin(mut self, origin: &Origin, now: Instant) -> Result<Self, SnapshotError> {
        self.messages.clone_from(&origin.messages);
        if self.commons_as_bytes(now) != origin.commons {
            let mut from = Reader::new(Kind::Incident, &origin.commons, now, Duration::ZERO)?;
            self.commons.load(&self.tools.iter().map(ToolSpec::name), self.seed, &mut from)?;
            from.finish()?;
        }
        Ok(self)
    }

    fn commons_as_bytes(&self, now: Instant) -> Vec<u8> {
        let mut to = Writer::new(Kind::Incident, now);
        self.commons.store(self.tools.iter().map(ToolSpec::name), &Phase::New, &mut to);
        to.finish()
    }
}

impl Stored for Origin {
    fn store(&self, to: &mut Writer) {
        to.put(&self.messages).put(&self.commons);
    }
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        Ok(Self { messages: from.take()?, commons: from.take()? })
    }
}

/// What a restored run comes from: everything that its snapshot says, and when it said it.
pub(super) fn past_of(snapshot: &[u8], now: Instant, elapsed: Duration) -> u64 {
    checksum(|to| _ = to.put(&snapshot.to_vec()).put(&now.as_micros()).put(&elapsed))
}

fn checksum(write: impl FnOnce(&mut Writer)) -> u64 {
    let mut to = Writer::new(Kind::Recording, Instant::ORIGIN);
    write(&mut to);
    to.checksum()
}

impl Stored for Beginning {
    fn store(&self, to: &mut Writer) {
        to.put(&self.messages).put(&self.seed).put(&self.tools).put(&self.models).put(&self.claims).put(&self.past);
    }
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        Ok(Self {
            messages: from.take()?,
            seed: from.take()?,
            tools: from.take()?,
            models: from.take()?,
            claims: from.take()?,
            past: from.take()?,
        })
    }
}
