//! What the detector remembers as part of a snapshot. What is read fits its bounds, or is refused.

use super::history::{Failing, History, QUOTE_BYTES, QUOTES_KEPT, Quote, RESULTS_KNOWN, TURNS_KEPT, Turn};
use super::report::{Repetition, Rung};
use crate::snapshot::{Reader, SnapshotError, Stored, Writer};
use alloc::collections::VecDeque;
use alloc::vec::Vec;

impl Stored for History {
    fn store(&self, to: &mut Writer) {
        store_all(&self.turns, to);
        for streak in &self.streaks {
            to.put(streak);
        }
        to.put(&self.failing);
        store_all(&self.known, to);
        to.put(&self.stale);
        store_all(&self.quotes, to);
        to.put(&self.rung).put(&self.held).put(&self.ended);
    }

    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        let turns = load_all(from, TURNS_KEPT)?;
        let mut streaks = [0; TURNS_KEPT];
        for streak in &mut streaks {
            *streak = from.take()?;
        }
        let (failing, known, stale) = (from.take()?, load_all(from, RESULTS_KNOWN)?, from.take()?);
        let quotes: VecDeque<Quote> = load_all(from, QUOTES_KEPT)?;
        let (rung, held, ended) = (from.take()?, from.take()?, from.take::<Option<Repetition>>()?);
        if quotes.iter().any(|quote| quote.text.len() > QUOTE_BYTES) {
            return Err(SnapshotError::Impossible { what: "a progress detector quotes more than it keeps" });
        }
        if ended.is_some() != (rung >= Some(Rung::LastTurn)) {
            return Err(SnapshotError::Impossible {
                what: "a progress detector's last turn has no reason, or no place",
            });
        }
        Ok(Self { turns, streaks, failing, known, stale, quotes, rung, held, ended })
    }
}

fn store_all<T: Stored>(queue: &VecDeque<T>, to: &mut Writer) {
    to.put(&(queue.len() as u64));
    for value in queue {
        to.put(value);
    }
}

fn load_all<T: Stored>(from: &mut Reader<'_>, most: usize) -> Result<VecDeque<T>, SnapshotError> {
    let all: Vec<T> = from.take()?;
    if all.len() > most {
        return Err(SnapshotError::Impossible { what: "a progress detector remembers more than it keeps" });
    }
    Ok(all.into())
}

impl Stored for Turn {
    fn store(&self, to: &mut Writer) {
        to.put(&self.calls).put(&self.results);
    }
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        Ok(Self { calls: from.take()?, results: from.take()? })
    }
}

impl Stored for Failing {
    fn store(&self, to: &mut Writer) {
        to.put(&self.tool).put(&self.result).put(&self.repeats).put(&self.held);
    }
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        Ok(Self { tool: from.take()?, result: from.take()?, repeats: from.take()?, held: from.take()? })
    }
}

impl Stored for Quote {
    fn store(&self, to: &mut Writer) {
        to.put(&self.call).put(&self.tool).put(&self.text);
    }
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        Ok(Self { call: from.take()?, tool: from.take()?, text: from.take()? })
    }
}

impl Stored for Rung {
    fn store(&self, to: &mut Writer) {
        to.put(&match self {
            Self::Hint => 0_u8,
            Self::Synthetic => 1,
            Self::LastTurn => 2,
            Self::Stop => 3,
        });
    }
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        match from.take::<u8>()? {
            0 => Ok(Self::Hint),
            1 => Ok(Self::Synthetic),
            2 => Ok(Self::LastTurn),
            3 => Ok(Self::Stop),
            _ => Err(SnapshotError::Damaged),
        }
    }
}

impl Stored for Repetition {
    fn store(&self, to: &mut Writer) {
        match self {
            Self::Identical { repeats } => to.put(&0_u8).put(repeats),
            Self::Cycle { length, repeats } => to.put(&1_u8).put(length).put(repeats),
            Self::SameError { tool, repeats } => to.put(&2_u8).put(tool).put(repeats),
            Self::NothingNew { turns } => to.put(&3_u8).put(turns),
        };
    }
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        match from.take::<u8>()? {
            0 => Ok(Self::Identical { repeats: from.take()? }),
            1 => Ok(Self::Cycle { length: from.take()?, repeats: from.take()? }),
            2 => Ok(Self::SameError { tool: from.take()?, repeats: from.take()? }),
            3 => Ok(Self::NothingNew { turns: from.take()? }),
            _ => Err(SnapshotError::Damaged),
        }
    }
}
