//! Everything that is drawn, as one value: made from the state and from nothing else, whenever another line is shown.

use std::sync::Arc;

use crate::axis::Axis;
use crate::breaker::BreakerNow;
use crate::ending::Ending;
use crate::form::{ForkForm, form};
use crate::hint::hint;
use crate::pace::Speed;
use crate::parting::{Difference, differences};
use crate::phase::Moment;
use crate::question::{Asking, Question};
use crate::recording::Recording;
use crate::row::row;
use crate::settings::Settings;
use crate::state::State;
use crate::stride::Stride;
use crate::why::{Why, why};
use steadfast::budget::Spend;
use steadfast::time::Instant;

/// What is drawn.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is drawn by itself")]
pub struct Page {
    /// What the person set.
    pub settings: Settings,
    /// What should be known about the link that was opened.
    pub notice: Option<String>,
    /// What is to be said of the recorded run that is shown.
    pub told: Option<String>,
    /// Whether it is shown as it would have been under the settings here.
    pub is_what_if: bool,
    /// Changes with every run that was simulated.
    pub version: u64,
    /// How many lines are shown.
    pub position: usize,
    /// How many there are.
    pub length: usize,
    /// When the last of them happens.
    pub end: Instant,
    /// Whether time passes.
    pub is_playing: bool,
    /// Where the agent is in its loop.
    pub moment: Moment,
    /// The run: whoever draws what is in sight of it looks it up there.
    pub recording: Arc<Recording>,
    /// What its bars and marks stand on.
    pub axis: Arc<Axis>,
    /// The model's breaker.
    pub breaker: BreakerNow,
    /// What was spent so far.
    pub spent: Spend,
    /// Whether keys stand for actions while the timeline has the focus.
    pub has_shortcuts: bool,
    /// How far a step goes.
    pub stride: Stride,
    /// How fast playing is.
    pub speed: Speed,
    /// How the run ended.
    pub ending: Option<Ending>,
    /// What to try next.
    pub hint: Option<&'static str>,
    /// Which line is explained.
    pub looked_at: Option<usize>,
    /// Whether the person chose it.
    pub is_chosen: bool,
    /// What there is to say about it.
    pub why: Option<Why>,
    /// The question a human has to answer now.
    pub asked: Option<Asking>,
    /// The questions so far, each with what was approved and what ran.
    pub proofs: Vec<Question>,
    /// The run itself and its branches.
    pub tabs: Vec<Tab>,
    /// The run that stands beside it.
    pub beside: Option<Beside>,
    /// The form of a fork, while it is open.
    pub fork: Option<ForkForm>,
    /// Whether there is a line after which the run could go otherwise.
    pub can_fork: bool,
    /// What a listener should hear: the last thing that happened; while playing, the last that matters.
    pub status: String,
    /// Whether there is anything to reset.
    pub can_reset: bool,
}

/// The run itself or a branch, for a tab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tab {
    /// Its name.
    pub name: String,
    /// What is otherwise in it.
    pub about: String,
    /// Whether it is looked at.
    pub is_selected: bool,
}

/// The run that stands beside the one that is looked at, on the same axis.
#[derive(Debug, Clone)]
pub struct Beside {
    /// Which branch it is.
    pub branch: usize,
    /// Its name.
    pub name: String,
    /// The name of the one that is looked at.
    pub name_here: String,
    /// The run.
    pub recording: Arc<Recording>,
    /// How many of its lines are shown at this moment.
    pub position: usize,
    /// Where the two part.
    pub parted: Option<Parted>,
    /// What came of each.
    pub differences: Vec<Difference>,
}

/// Where two runs part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parted {
    /// The first line that differs, here.
    pub line: usize,
    /// When that is, in the run in which it comes first.
    pub at: Instant,
    /// What happens here; nothing if this run is over.
    pub here: String,
    /// What happens there.
    pub there: String,
}

impl Beside {
    /// Where they part, as a sentence.
    #[must_use]
    pub fn words(&self) -> String {
        match &self.parted {
            None => "They have not parted: as far as both are known they go alike.".into(),
            Some(Parted { at, here, there, .. }) => {
                format!("They part at {at}. {}: {here} {}: {there}", self.name_here, self.name)
            }
        }
    }
}

fn tabs(state: &State) -> Vec<Tab> {
    let tab = |(index, branch): (usize, &crate::Branch)| Tab {
        name: branch.name().to_owned(),
        about: branch.otherwise().to_owned(),
        is_selected: index == state.selected_branch(),
    };
    state.branches().iter().enumerate().map(tab).collect()
}

fn beside(state: &State) -> Option<Beside> {
    let index = state.beside()?;
    let branch = state.branches().get(index)?;
    let parted = state.parted().map(|(here, there)| {
        let (one, other) = (state.lines().get(here), branch.lines().get(there));
        let word =
            |line: Option<&steadfast_sim::Line>| line.map_or_else(|| "it is over.".into(), |line| row(line).sentence);
        let at = one.into_iter().chain(other).map(|line| line.at).min().unwrap_or_default();
        Parted { line: here, at, here: word(one), there: word(other) }
    });
    Some(Beside {
        branch: index,
        name: branch.name().to_owned(),
        name_here: state.branch().name().to_owned(),
        recording: Arc::clone(&branch.run),
        position: state.position_beside(branch),
        parted,
        differences: differences(state.recording(), &branch.run),
    })
}

/// What is drawn of a state.
#[must_use]
pub fn page(state: &State) -> Page {
    let recording = state.recording();
    Page {
        settings: state.settings().clone(),
        notice: state.notice().map(str::to_owned),
        told: state.told().map(|(about, _)| about.to_owned()),
        is_what_if: state.is_what_if(),
        version: state.version(),
        position: state.position(),
        length: state.length(),
        end: state.end(),
        is_playing: state.is_playing(),
        moment: recording.moment(state.position()),
        recording: Arc::clone(recording),
        axis: Arc::clone(state.axis()),
        breaker: recording.breaker(state.position()),
        spent: recording.spent(state.position()),
        has_shortcuts: state.has_shortcuts(),
        stride: state.stride(),
        speed: state.speed(),
        ending: recording.ending(state.position()),
        hint: hint(state),
        looked_at: state.looked_at(),
        is_chosen: state.selected().is_some(),
        why: state.looked_at().and_then(|line| why(recording, line)),
        asked: state.asking(),
        proofs: recording.questions(state.position()).into_iter().filter(|question| question.ended.is_some()).collect(),
        tabs: tabs(state),
        beside: beside(state),
        fork: state.is_forking().then(|| form(state)),
        can_fork: !state.is_playing(),
        status: status(state),
        can_reset: state.position() > 0 || !state.answers().is_empty(),
    }
}

impl Page {
    /// Whether a line can be taken away.
    #[must_use]
    pub fn can_step_back(&self) -> bool {
        self.position > 0
    }

    /// Whether another line can be shown.
    #[must_use]
    pub fn can_step(&self) -> bool {
        self.position < self.length
    }

    /// Whether pressing play does something.
    #[must_use]
    pub fn can_play(&self) -> bool {
        !self.is_playing && self.asked.is_none()
    }
}

fn status(state: &State) -> String {
    let mut rows = state.shown().iter().rev().map(row);
    match rows.find(|row| !state.is_playing() || row.kind.is_milestone()) {
        Some(row) => format!("{}: {}", row.at, row.sentence),
        None if state.is_playing() => "Playing.".into(),
        None => "Ready: nothing has happened yet.".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Action, update};
    use steadfast::time::Duration;

    #[test]
    fn status_is_the_last_line_and_while_playing_the_last_that_matters() {
        let mut state = State::default();
        assert_eq!(page(&state).status, "Ready: nothing has happened yet.");
        update(&mut state, Action::Step);
        assert_eq!(page(&state).status, "0 s: The run starts: at most 8 steps, no deadline.");
        update(&mut state, Action::Play);
        assert_eq!(page(&state).status, "Playing.");
        while state.position() < 8 {
            update(&mut state, Action::Tick(Duration::from_millis(16)));
        }
        assert!(row(state.shown().last().unwrap()).sentence.starts_with("An attempt starts"));
        assert_eq!(
            page(&state).status,
            "0.376 s: Waits 382.085 ms before attempt 2 of 4: drawn between 0 ms and the ceiling of 500 ms."
        );
    }

    #[test]
    fn controls_say_what_they_can_do() {
        let mut state = State::default();
        let able = |state: &State| {
            let page = page(state);
            (page.can_reset, page.can_step(), page.can_play(), page.is_playing)
        };
        assert_eq!(able(&state), (false, true, true, false));
        update(&mut state, Action::Play);
        assert_eq!(able(&state), (false, true, false, true));
        update(&mut state, Action::OpenLink("v=1&scenario=risky&at=9999".into()));
        assert_eq!(able(&state), (true, false, false, false), "a question waits");
        update(&mut state, Action::Deny(String::new()));
        update(&mut state, Action::Seek(usize::MAX));
        assert_eq!(able(&state), (true, false, true, false), "at the end play begins again");
    }
}
