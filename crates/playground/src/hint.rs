//! What a person could do next to learn something.

use crate::ending::EndingKind;
use crate::state::State;
use steadfast_sim::Fault;

/// A sentence on what to try next, where there is something to say.
#[must_use]
pub fn hint(state: &State) -> Option<&'static str> {
    if state.incident().is_some() {
        let anew = "Switch on \"By the settings here\": the same world, decided by the settings on this page.";
        return (!state.is_what_if()).then_some(anew);
    }
    let settings = state.settings();
    if state.position() == 0 {
        return Some("Press Step to see one decision at a time, or Play to watch the run.");
    }
    let end = state.recording().ending(state.position())?;
    Some(match (settings.protection, end.kind) {
        _ if settings.faults.is_empty() => "Nothing was wrong with the world this time. Switch on a fault.",
        (false, EndingKind::Answered) if settings.faults.has(Fault::RiskyTool) => {
            "The mail went out and nobody was asked. Switch Protection on and run it again."
        }
        (false, EndingKind::Answered) => "Lucky. Try another seed.",
        (false, _) => "Switch Protection on: the same faults and the same luck end differently.",
        (true, EndingKind::Degraded) => {
            "No answer could be had, and the agent says so. Switch Protection off to see the alternative."
        }
        (true, _) if !end.blocked.is_empty() => {
            "The answer came without the mail. Press Reset and approve it this time."
        }
        (true, _) => "It held. Now switch Protection off: the same faults, the same luck, no engine.",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Action, update};

    fn at_end(link: &str) -> Option<&'static str> {
        let mut state = State::default();
        update(&mut state, Action::OpenLink(link.into()));
        update(&mut state, Action::Seek(usize::MAX));
        hint(&state)
    }

    #[test]
    fn hint_leads_on_to_the_other_agent() {
        assert!(at_end("v=1&scenario=flaky").unwrap().starts_with("It held. Now switch Protection off"));
        assert!(at_end("v=1&scenario=naive").unwrap().starts_with("Switch Protection on"));
        assert!(at_end("v=1&scenario=risky&protection=off").unwrap().starts_with("The mail went out"));
        assert!(at_end("v=1&scenario=down").unwrap().starts_with("No answer could be had"));
        assert!(at_end("v=1&faults=none").unwrap().starts_with("Nothing was wrong"));
    }

    #[test]
    fn nothing_is_said_in_the_middle_of_a_run() {
        let mut state = State::default();
        assert!(hint(&state).is_some());
        update(&mut state, Action::Step);
        assert_eq!(hint(&state), None);
    }
}
