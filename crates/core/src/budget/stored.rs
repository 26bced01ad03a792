//! A budget as bytes.

use super::report::{Resource, Spend};
use super::{Budget, Envelope, Left, Limits, Node, ROOT, Slot, due};
use crate::snapshot::{Kind, Reader, SnapshotError, Stored, Writer};
use crate::time::{Duration, Instant};
use alloc::vec::Vec;

impl Budget {
    /// The budget as bytes. What is reserved now counts as spent, to its full estimate, in what comes back from them:
    /// whoever held the reservation is gone, and what was spent on it is not known.
    ///
    /// ```
    /// use core::time::Duration;
    /// use steadfast::budget::{Budget, Limits, Spend};
    /// use steadfast::time::Instant;
    ///
    /// let limits = Limits::none().with_deadline(Duration::from_secs(60))?.with_attempts(5)?;
    /// let mut budget = Budget::new(limits, Instant::from_millis(10));
    /// let _lost = budget.reserve(budget.root(), Instant::from_millis(10), Spend { attempts: 1, ..Spend::default() })?;
    /// let bytes = budget.snapshot(Instant::from_millis(20_010));
    ///
    /// // Another process, whose clock begins at 0, 5 s later.
    /// let restored = Budget::restore(&bytes, Instant::ORIGIN, Duration::from_secs(5))?;
    /// let left = restored.left(restored.root(), Instant::ORIGIN);
    /// assert_eq!((left.time, left.attempts), (Some(Duration::from_secs(35)), Some(4)));
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    #[must_use]
    pub fn snapshot(&self, now: Instant) -> Vec<u8> {
        let mut writer = Writer::new(Kind::Budget, self.now.max(now));
        writer.put(self);
        writer.finish()
    }

    /// The budget of these bytes, at `now`, after it was away for `elapsed`. The envelopes of its snapshot are still its
    /// envelopes; reservations from before it are not its reservations.
    pub fn restore(bytes: &[u8], now: Instant, elapsed: Duration) -> Result<Self, SnapshotError> {
        let mut reader = Reader::new(Kind::Budget, bytes, now, elapsed)?;
        let budget = reader.take()?;
        reader.finish()?;
        Ok(budget)
    }

    /// What holds of every budget: one root, around which all envelopes are, none wider than the one it is in.
    fn checked(self) -> Result<Self, SnapshotError> {
        let impossible = |what| Err(SnapshotError::Impossible { what });
        if self.at(ROOT).is_none_or(|root| root.parent.is_some()) {
            return impossible("the budget has no root");
        }
        let mut inside = alloc::vec![Spend::NONE; self.slots.len()];
        for (index, node) in
            self.slots.iter().enumerate().filter_map(|(index, slot)| Some((index, slot.node.as_ref()?)))
        {
            if node.limits.deadline.is_none() && node.deadline.at().is_some() {
                return impossible("an envelope has a deadline and no limit of time");
            }
            let Some(parent) = node.parent else {
                if index == ROOT {
                    continue;
                }
                return impossible("the budget has two roots");
            };
            let (Some(around), Some(spent)) = (self.at(parent), inside.get_mut(parent)) else {
                return impossible("an envelope is in one that is not there");
            };
            if !node.fits(around) {
                return impossible("an envelope is wider than the one it is in");
            }
            *spent = spent.plus(node.spent);
        }
        if !self.all_reach_the_root() {
            return impossible("envelopes are within each other");
        }
        let spent = self
            .slots
            .iter()
            .zip(inside)
            .all(|(slot, inside)| slot.node.as_ref().is_none_or(|node| inside.minus(node.spent) == Spend::NONE));
        if spent { Ok(self) } else { impossible("an envelope has spent less than those in it") }
    }

    /// Each envelope is looked at once, however deep it is.
    fn all_reach_the_root(&self) -> bool {
        let mut known = alloc::vec![false; self.slots.len()];
        if let Some(root) = known.get_mut(ROOT) {
            *root = true;
        }
        (0..self.slots.len()).filter(|index| self.at(*index).is_some()).all(|index| {
            let is_known = |known: &[bool], index: usize| known.get(index).copied().unwrap_or(false);
            let path: Vec<usize> =
                self.outwards(index).take(self.slots.len()).take_while(|at| !is_known(&known, *at)).collect();
            let end = path.last().map_or(Some(index), |last| self.at(*last)?.parent);
            let reaches = end.is_some_and(|end| is_known(&known, end));
            for at in path {
                if let Some(known) = known.get_mut(at) {
                    *known = reaches;
                }
            }
            reaches
        })
    }
}

impl Node {
    fn fits(&self, around: &Self) -> bool {
        let fits = |resource| match (self.limits.of(resource), around.limits.of(resource)) {
            (_, None) => true,
            (Some(own), Some(outer)) => own <= outer,
            (None, Some(_)) => false,
        };
        let at = |node: &Self| node.deadline.at().unwrap_or(Instant::MAX);
        Resource::COUNTED.into_iter().all(fits) && at(self) <= at(around)
    }
}

impl Stored for Budget {
    fn store(&self, to: &mut Writer) {
        to.put(&self.life).put(&self.slots);
    }
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        let (life, slots) = (from.take::<u64>()?, from.take()?);
        Self { now: from.now(), life: life.wrapping_add(1), slots }.checked()
    }
}

impl Stored for Slot {
    fn store(&self, to: &mut Writer) {
        to.put(&self.generation).put(&self.node);
    }
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        Ok(Self { generation: from.take()?, node: from.take()? })
    }
}

impl Stored for Node {
    /// What is reserved is stored as spent.
    fn store(&self, to: &mut Writer) {
        let deadline = self.deadline.at().unwrap_or(Instant::MAX);
        to.put(&self.parent.map(|parent| parent as u64)).put(&self.limits).put(&deadline);
        to.put(&self.spent.plus(self.reserved));
    }
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        let parent = from.take::<Option<u64>>()?.map(place).transpose()?;
        let (limits, deadline) = (from.take()?, due(from.take()?));
        Ok(Self::new(parent, limits, deadline, from.take()?))
    }
}

impl Stored for Envelope {
    fn store(&self, to: &mut Writer) {
        to.put(&(self.index as u64)).put(&self.generation);
    }
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        Ok(Self { index: place(from.take()?)?, generation: from.take()? })
    }
}

/// A place that this machine cannot even count to is not there.
fn place(index: u64) -> Result<usize, SnapshotError> {
    usize::try_from(index).map_err(|_| SnapshotError::Impossible { what: "an envelope is in one that is not there" })
}

impl Stored for Limits {
    fn store(&self, to: &mut Writer) {
        to.put(&self.deadline).put(&self.attempts).put(&self.steps).put(&self.tokens).put(&self.money);
    }
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        Ok(Self {
            deadline: from.take()?,
            attempts: from.take()?,
            steps: from.take()?,
            tokens: from.take()?,
            money: from.take()?,
        })
    }
}

impl Stored for Left {
    fn store(&self, to: &mut Writer) {
        to.put(&self.time).put(&self.attempts).put(&self.steps).put(&self.tokens).put(&self.money);
    }
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        Ok(Self {
            time: from.take()?,
            attempts: from.take()?,
            steps: from.take()?,
            tokens: from.take()?,
            money: from.take()?,
        })
    }
}

impl Stored for Spend {
    fn store(&self, to: &mut Writer) {
        to.put(&self.attempts).put(&self.steps).put(&self.tokens).put(&self.money);
    }
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        Ok(Self { attempts: from.take()?, steps: from.take()?, tokens: from.take()?, money: from.take()? })
    }
}

#[cfg(test)]
mod tests;
