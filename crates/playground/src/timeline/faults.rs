//! What is wrong with the world, and when: known from what is set, before anything happens.

use super::{Lane, Timeline};
use crate::settings::write_rate;
use steadfast::time::Instant;
use steadfast_sim::{Fault, FaultPlan};

/// A while in which a fault may meddle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultBar {
    /// Which fault.
    pub fault: Fault,
    /// From when.
    pub from: Instant,
    /// Until when; [`Instant::MAX`] means to the end.
    pub to: Instant,
    /// Which row of the lane, from 0: each fault has one of its own.
    pub row: usize,
    /// What is written on it.
    pub text: String,
}

impl Timeline {
    /// With the faults that are set. Where they met an attempt is marked in their rows.
    #[must_use]
    pub fn with_faults(mut self, plan: &FaultPlan) -> Self {
        for (row, (fault, occurrence)) in plan.iter().enumerate() {
            let rate = occurrence.rate().map(|_| format!(", {} %", write_rate(occurrence.rate()))).unwrap_or_default();
            let text = format!("{}{rate}", fault.title());
            let windows = occurrence.windows().iter().map(|window| (window.from(), window.to()));
            let all_the_time = occurrence.windows().is_empty().then_some((Instant::ORIGIN, Instant::MAX));
            let bars = windows.chain(all_the_time);
            self.faults.extend(bars.map(|(from, to)| FaultBar { fault, from, to, row, text: text.clone() }));
            let marks = self.pieces.iter_mut().filter(|piece| piece.lane == Lane::Faults);
            marks.filter(|piece| piece.first.text == fault.title()).for_each(|piece| piece.row = row);
            self.rows[Lane::Faults as usize] = row + 1;
        }
        self
    }

    /// When what is wrong with the world, in the order of its rows.
    #[must_use]
    pub fn faults(&self) -> &[FaultBar] {
        &self.faults
    }
}
