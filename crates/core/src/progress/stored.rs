//! What the detector remembers as part of a snapshot. What is read fits its bounds, or is refused.

use super::history::{Failing, History, QUOTE_BYTES, QUOTES_KEPT, Quote, RESULTS_KNOWN, TURNS_KEPT, Turn};
use super::report::{Repetition, Rung};
use crate::snapshot::{Reader, SnapshotError, Stored, Writer};
use alloc::vec::Vec;

impl Stored for History {
    fn store(&self, to: &mut Writer) {
        to.put(&self.turns);
        for streak in &self.streaks {
            to.put(streak);
        }
        to.put(&self.failing).put(&self.known).put(&self.stale).put(&self.quotes);
        to.put(&self.rung).put(&self.held).put(&self.ended);
    }

    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        let turns: Vec<Turn> = from.take()?;
        let mut streaks = [0; TURNS_KEPT];
        for streak in &mut streaks {
            *streak = from.take()?;
        }
        let (failing, known, stale): (_, Vec<u64>, _) = (from.take()?, from.take()?, from.take()?);
        let quotes: Vec<Quote> = from.take()?;
        let (rung, held, ended) = (from.take()?, from.take()?, from.take::<Option<Repetition>>()?);
        if turns.len() > TURNS_KEPT || known.len() > RESULTS_KNOWN || quotes.len() > QUOTES_KEPT {
            return Err(SnapshotError::Impossible { what: "a progress detector remembers more than it keeps" });
        }
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
