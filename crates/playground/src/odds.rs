//! The odds: what becomes of an agent over ten thousand seeds, alone or beside another policy, and a way into each of them.
//!
//! Nothing here knows of workers. Whoever has some hands the lines of [`OddsPlan::chunks`] to them, lets each be made into a
//! [`Batch`], and tells of batches as they come; whoever has none makes them itself. The order in which they come and how many
//! hands made them changes nothing: a [`Tally`] keeps every run under its seed, and all that is shown is worked out from
//! the whole of it, exactly.
//!
//! ```
//! use steadfast_playground::odds::{Batch, OddsAction, PORTION};
//! use steadfast_playground::{Action, State, update};
//!
//! let mut state = State::default();
//! update(&mut state, Action::Odds(OddsAction::Start));
//! let plan = state.odds().running().cloned().unwrap();
//! let batches = plan.chunks(PORTION).map(|chunk| Batch::of(&chunk)).collect();
//! update(&mut state, Action::Odds(OddsAction::Progress(batches)));
//! let results = state.odds().results().unwrap();
//! assert_eq!(results.summary, "10,000 runs: 100.00 % succeed; half end within 4.49 s, 95 of 100 within 7.37 s.");
//! ```

mod action;
mod compare;
mod histogram;
pub mod interval;
mod plan;
mod results;
mod sample;
mod tally;
mod words;

pub use action::OddsAction;
pub(crate) use action::update;
pub use compare::{Pairs, Shift};
pub use histogram::{Bar, histogram};
pub use plan::{Approver, Chunk, OddsPlan, PORTION, RUNS, SLICE, Side};
pub use results::{BarDrawn, Figure, Results, RowDrawn, SideDrawn};
pub use sample::{Batch, Sample};
pub use tally::{Quantile, Tally};

use crate::branch::Branch;
use crate::settings::Preset;
use crate::state::State;
use std::sync::Arc;

/// What is known of the odds, and what is being found out.
#[derive(Debug, Clone, Default)]
pub struct Odds {
    approver: Approver,
    /// Which of the [`rivals`] to compare with, from 1; 0 for none.
    rival: usize,
    jobs: u64,
    stage: Stage,
    /// What was found out last.
    found: Option<Arc<Results>>,
}

#[derive(Debug, Clone, Default)]
enum Stage {
    /// Nothing is under way.
    #[default]
    Idle,
    Running {
        plan: OddsPlan,
        tallies: Vec<Tally>,
        /// Whether the page makes the runs by itself.
        here: bool,
    },
    /// Whoever was to make the runs could not; why, as a sentence.
    Broken(String),
}

impl Odds {
    /// What is under way.
    #[must_use]
    pub fn running(&self) -> Option<&OddsPlan> {
        match &self.stage {
            Stage::Running { plan, .. } => Some(plan),
            _ => None,
        }
    }

    /// Whether the page is to make the runs by itself.
    #[must_use]
    pub fn runs_here(&self) -> bool {
        matches!(self.stage, Stage::Running { here: true, .. })
    }

    /// What was found out.
    #[must_use]
    pub fn results(&self) -> Option<&Results> {
        self.found.as_deref()
    }
}

/// What the settings can be compared with: the same faults under each agent that has a name, and the settings of each branch
/// where there are some, both from the start of a run.
#[must_use]
pub fn rivals(state: &State) -> Vec<Side> {
    let preset = |preset: Preset| {
        let mut settings = state.settings().clone();
        preset.apply(&mut settings);
        settings
    };
    let branches = branches(state).iter().map(|branch| branch.settings().clone());
    let settings = Preset::ALL.into_iter().map(preset).chain(branches);
    rival_names(state).into_iter().zip(settings).map(|(name, settings)| Side { name, settings }).collect()
}

fn rival_names(state: &State) -> Vec<String> {
    let presets = Preset::ALL.into_iter().map(|preset| preset.title().to_owned());
    presets.chain(branches(state).iter().map(|branch| format!("Branch: {}", branch.name()))).collect()
}

/// The run and its branches, where there are any.
fn branches(state: &State) -> &[Branch] {
    if state.branches().len() > 1 { state.branches() } else { &[] }
}

/// Everything that is drawn of the odds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OddsDrawn {
    /// How many of how many runs are made, while some are under way.
    pub progress: Option<(u64, u64)>,
    /// The same in words, or empty.
    pub progress_text: String,
    /// Who answers.
    pub approver: Approver,
    /// Which rival is chosen, from 1; 0 for none.
    pub rival: usize,
    /// What the rivals are called.
    pub rivals: Vec<String>,
    /// Why the runs could not be made.
    pub problem: Option<String>,
    /// Whether what was found out is of other settings than the present ones.
    pub is_stale: bool,
    /// What was found out.
    pub results: Option<Arc<Results>>,
}

/// What is drawn of the odds in a state.
#[must_use]
pub fn odds(state: &State) -> OddsDrawn {
    let odds = state.odds();
    let progress = match &odds.stage {
        Stage::Running { plan, tallies, .. } => Some((tallies.iter().map(Tally::runs).sum(), plan.total())),
        _ => None,
    };
    OddsDrawn {
        progress,
        progress_text: progress
            .map_or_else(String::new, |(done, of)| format!("{} of {} runs", words::grouped(done), words::grouped(of))),
        approver: odds.approver,
        rival: odds.rival,
        rivals: rival_names(state),
        problem: match &odds.stage {
            Stage::Broken(why) => Some(why.clone()),
            _ => None,
        },
        is_stale: odds.found.as_ref().is_some_and(|found| !found.plan.is_of(state.settings(), odds.approver)),
        results: odds.found.clone(),
    }
}

#[cfg(test)]
mod tests;
