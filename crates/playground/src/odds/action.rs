//! What can happen to the odds.

use super::plan::{Approver, OddsPlan, RUNS, Side};
use super::results::{Results, guilty};
use super::sample::Batch;
use super::tally::Tally;
use super::{Odds, Stage, rivals};
use crate::answer::Answer;
use crate::state::State;
use std::sync::Arc;

/// A run that is opened is asked no more often than this.
const MOST_QUESTIONS: usize = 64;

/// Something a person did about the odds, or that came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OddsAction {
    /// Choose who answers in runs that nobody watches.
    SetApprover(Approver),
    /// Choose whom to compare with, from 1; 0 for nobody.
    SetRival(usize),
    /// Find out, by workers.
    Start,
    /// Find out, on the page itself.
    StartHere,
    /// These runs are made; of another order than the one under way they change nothing.
    Progress(Vec<Batch>),
    /// Whoever was to make the runs cannot: why, as a sentence.
    Broke(String),
    /// Stop, and forget what was found out so far.
    Cancel,
    /// Show that run: which side of the comparison, from 0, and its seed.
    OpenSeed(usize, u64),
}

/// What comes of it. Total: any action in any state.
pub(crate) fn update(state: &mut State, action: OddsAction) {
    match action {
        OddsAction::SetApprover(approver) => state.odds.approver = approver,
        OddsAction::SetRival(rival) => state.odds.rival = if rival > rivals(state).len() { 0 } else { rival },
        OddsAction::Start => start(state, false),
        OddsAction::StartHere => start(state, true),
        OddsAction::Progress(batches) => batches.into_iter().for_each(|batch| state.odds.take(batch)),
        OddsAction::Broke(why) => {
            if state.odds.running().is_some() {
                state.odds.stage = Stage::Broken(why);
            }
        }
        OddsAction::Cancel => state.odds.stage = Stage::Idle,
        OddsAction::OpenSeed(side, seed) => open(state, side, seed),
    }
}

fn start(state: &mut State, here: bool) {
    let present = Side { name: "Present settings".into(), settings: state.settings().clone() };
    let rival = state.odds.rival.checked_sub(1).and_then(|index| rivals(state).into_iter().nth(index));
    let sides: Vec<Side> = core::iter::once(present).chain(rival).collect();
    let odds = &mut state.odds;
    odds.jobs += 1;
    let tallies = vec![Tally::default(); sides.len()];
    let plan = OddsPlan { job: odds.jobs, sides, approver: odds.approver, runs: RUNS };
    odds.stage = Stage::Running { plan, tallies, here };
}

impl Odds {
    fn take(&mut self, batch: Batch) {
        let Stage::Running { plan, tallies, .. } = &mut self.stage else { return };
        let Some(tally) = tallies.get_mut(batch.side).filter(|_| batch.job == plan.job) else { return };
        let wanted = |seed: u64| seed < plan.runs;
        let samples = batch.samples.into_iter().filter(|sample| wanted(sample.seed)).collect();
        *tally = core::mem::take(tally).merge(Tally::of(samples));
        if tallies.iter().map(Tally::runs).sum::<u64>() == plan.total() {
            self.found = Some(Arc::new(Results::of(plan.clone(), core::mem::take(tallies))));
            self.stage = Stage::Idle;
        }
    }
}

/// Shows a run as the odds had it: the same settings, luck and answers, at the line that made it what it is.
fn open(state: &mut State, side: usize, seed: u64) {
    let Some(found) = state.odds.found.clone() else { return };
    let Some((settings, sample)) = found.run(side, seed) else { return };
    let answers = match found.plan.approver {
        Approver::Approves => vec![Answer::Approve; MOST_QUESTIONS],
        Approver::Denies => vec![Answer::Deny(String::new()); MOST_QUESTIONS],
        Approver::Silent => vec![Answer::Expire; MOST_QUESTIONS],
    };
    state.begin(settings, answers);
    let position = guilty(state.lines(), &sample).map_or(0, |line| line + 1);
    state.go_to(position);
}
