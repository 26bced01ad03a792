//! What is wrong with the world, and when: known from what is set, before anything happens, and from what a fork changed on the way.

use super::{Lane, Timeline};
use crate::settings::{write_rate, write_windows};
use steadfast::time::Instant;
use steadfast_sim::{Fault, FaultPlan, Occurrence, Window};

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

impl FaultBar {
    /// Whether that run has the same one.
    #[must_use]
    pub fn is_in(&self, run: &Timeline) -> bool {
        let same =
            |bar: &Self| (bar.fault, bar.from, bar.to) == (self.fault, self.from, self.to) && bar.text == self.text;
        run.faults.iter().any(same)
    }
}

impl Timeline {
    /// With the faults that are set, each plan from its instant on until the next. Where they met an attempt is marked in their rows.
    #[must_use]
    pub fn with_faults(mut self, plans: &[(Instant, &FaultPlan)]) -> Self {
        let on = Fault::ALL.into_iter().filter(|fault| plans.iter().any(|(_, plan)| plan.has(*fault)));
        for (row, fault) in on.enumerate() {
            for (from, to, occurrence) in spans(plans, fault) {
                let rate =
                    occurrence.rate().map(|_| format!(", {} %", write_rate(occurrence.rate()))).unwrap_or_default();
                let text = format!("{}{rate}", fault.title());
                let windows = occurrence.windows().iter().map(|window| (window.from(), window.to()));
                let all_the_time = occurrence.windows().is_empty().then_some((Instant::ORIGIN, Instant::MAX));
                let within = windows.chain(all_the_time).map(|(begins, ends)| (begins.max(from), ends.min(to)));
                let bars = within.filter(|(from, to)| from < to);
                self.faults.extend(bars.map(|(from, to)| FaultBar { fault, from, to, row, text: text.clone() }));
            }
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

    /// The same in words: `Flaky model; Outage, 50 %, 2-8 s`.
    #[must_use]
    pub fn faults_in_words(&self) -> String {
        let bars = self.faults.chunk_by(|one, next| (one.fault, &one.text) == (next.fault, &next.text));
        let words = bars.map(|bars| {
            let windows = bars.iter().filter_map(|bar| Window::new(bar.from, bar.to).ok()).collect::<Vec<_>>();
            let text = bars.first().map(|bar| bar.text.as_str()).unwrap_or_default();
            match windows.as_slice() {
                [all] if (all.from(), all.to()) == (Instant::ORIGIN, Instant::MAX) => text.to_owned(),
                _ => format!("{text}, {} s", write_windows(&windows)),
            }
        });
        let words = words.collect::<Vec<_>>().join("; ");
        if words.is_empty() { "none".into() } else { words }
    }
}

/// From when until when that fault is on, and how; as long as a change of something else leaves it as it is.
fn spans<'a>(plans: &[(Instant, &'a FaultPlan)], fault: Fault) -> Vec<(Instant, Instant, &'a Occurrence)> {
    let mut spans: Vec<(Instant, Instant, &Occurrence)> = Vec::new();
    for (index, (from, plan)) in plans.iter().enumerate() {
        let to = plans.get(index + 1).map_or(Instant::MAX, |(next, _)| *next);
        match (plan.of(fault), spans.last_mut()) {
            (Some(now), Some((_, until, before))) if until == from && *before == now => *until = to,
            (Some(now), _) => spans.push((*from, to, now)),
            (None, _) => {}
        }
    }
    spans
}
