//! Keys that stand for actions while the timeline has the focus, and only there; whoever does not want them switches them off.

use crate::action::Action;
use crate::state::State;
use crate::stride::Stride;

/// The keys, and what each does, in words.
pub const SHORTCUTS: [(&str, &str); 8] = [
    ("j", "back"),
    ("l", "step"),
    ("k", "play or pause"),
    ("n", "next decision"),
    ("b", "decision before"),
    ("s", "to start"),
    ("[", "slower"),
    ("]", "faster"),
];

/// What a key does now; nothing if it stands for nothing, or if keys are switched off.
#[must_use]
pub fn shortcut(state: &State, key: &str) -> Option<Action> {
    if !state.has_shortcuts() {
        return None;
    }
    Some(match key {
        "j" => Action::StepBack,
        "l" => Action::Step,
        "k" if state.is_playing() => Action::Pause,
        "k" => Action::Play,
        "n" => Action::StepBy(Stride::Decision),
        "b" => Action::StepBackBy(Stride::Decision),
        "s" => Action::ToStart,
        "[" => Action::SetSpeed(state.speed().next(false)),
        "]" => Action::SetSpeed(state.speed().next(true)),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::update;

    #[test]
    fn every_key_does_something_until_they_are_switched_off() {
        let mut state = State::default();
        for (key, about) in SHORTCUTS {
            assert!(shortcut(&state, key).is_some() && !about.is_empty(), "{key}");
        }
        assert_eq!(shortcut(&state, "x"), None);
        update(&mut state, Action::SetShortcuts(false));
        assert!(SHORTCUTS.iter().all(|(key, _)| shortcut(&state, key).is_none()));
    }

    #[test]
    fn one_key_plays_and_pauses() {
        let mut state = State::default();
        for expected in [Action::Play, Action::Pause, Action::Play] {
            let action = shortcut(&state, "k").unwrap();
            assert_eq!(action, expected);
            update(&mut state, action);
        }
    }
}
