//! Everything that is drawn, as one value: made from the state and from nothing else, whenever another line is shown.

use crate::axis::Axis;
use crate::breaker::{BreakerNow, breaker};
use crate::ending::{Ending, ending};
use crate::hint::hint;
use crate::pattern::{Pattern, pattern};
use crate::phase::{Moment, moment};
use crate::row::{Row, row};
use crate::settings::Settings;
use crate::state::State;
use crate::timeline::{Timeline, timeline};
use steadfast::approval::ApprovalRequest;
use steadfast::time::Instant;

/// What is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// What the person set.
    pub settings: Settings,
    /// What is wrong with the seed that was typed.
    pub seed_error: Option<String>,
    /// What should be known about the link that was opened.
    pub notice: Option<String>,
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
    /// Bars and marks.
    pub timeline: Timeline,
    /// What they stand on.
    pub axis: Axis,
    /// The model's breaker.
    pub breaker: BreakerNow,
    /// How the run ended.
    pub ending: Option<Ending>,
    /// What to try next.
    pub hint: Option<&'static str>,
    /// Which line is explained.
    pub looked_at: Option<usize>,
    /// Whether the person chose it.
    pub is_chosen: bool,
    /// Its row and its pattern.
    pub why: Option<(Row, Pattern)>,
    /// The question a human has to answer now.
    pub asked: Option<ApprovalRequest>,
    /// What a listener should hear: the last thing that happened; while playing, the last that matters.
    pub status: String,
    /// Whether there is anything to reset.
    pub can_reset: bool,
}

/// What is drawn of a state.
#[must_use]
pub fn page(state: &State) -> Page {
    let shown = state.shown();
    let why = state.looked_at().and_then(|line| shown.get(line));
    Page {
        settings: state.settings(),
        seed_error: state.seed_error().map(str::to_owned),
        notice: state.notice().map(str::to_owned),
        version: state.version(),
        position: state.position(),
        length: state.length(),
        end: state.end(),
        is_playing: state.is_playing(),
        moment: moment(shown),
        timeline: timeline(shown),
        axis: Axis::to(state.end()),
        breaker: breaker(shown),
        ending: ending(shown),
        hint: hint(state),
        looked_at: state.looked_at(),
        is_chosen: state.selected().is_some(),
        why: why.map(|line| (row(line), pattern(line))),
        asked: state.asked().cloned(),
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
        update(&mut state, Action::Deny);
        update(&mut state, Action::Seek(usize::MAX));
        assert_eq!(able(&state), (true, false, true, false), "at the end play begins again");
    }
}
