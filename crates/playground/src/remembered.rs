//! What a fault was like that is switched off: switched on again, it is so once more.

use crate::state::State;
use steadfast_sim::{Fault, Occurrence};

impl State {
    /// Keeps how often and when each fault meddles that is on now.
    pub(crate) fn remember_faults(&mut self) {
        for (fault, occurrence) in self.settings.faults.iter() {
            self.remembered = core::mem::take(&mut self.remembered).with(fault, Some(occurrence.clone()));
        }
    }

    /// How often and when a fault meddles, or would if it were switched on.
    pub(crate) fn known(&self, fault: Fault) -> Occurrence {
        self.settings.faults.of(fault).or_else(|| self.remembered.of(fault)).cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use crate::{Action, Change, Field, State, parse_windows, update};
    use steadfast_sim::{Fault, Occurrence};

    const OUTAGE: Action = Action::ToggleFault(Fault::Outage);

    /// With an outage half of the time within two windows.
    fn state() -> State {
        let mut state = State::default();
        update(&mut state, Action::TypeFaultRate(Fault::Outage, "50".into()));
        update(&mut state, Action::TypeFaultWindows(Fault::Outage, "0-2, 5-".into()));
        state
    }

    fn outage(state: &State) -> Option<&Occurrence> {
        state.settings().faults.of(Fault::Outage)
    }

    #[test]
    fn a_fault_that_is_switched_off_and_on_again_is_what_it_was() {
        let mut state = state();
        let before = state.settings().clone();
        update(&mut state, OUTAGE);
        assert_eq!(outage(&state), None);
        update(&mut state, Action::ToggleFault(Fault::HungCall));
        update(&mut state, Action::ToggleFault(Fault::HungCall));
        update(&mut state, OUTAGE);
        assert_eq!(state.settings(), &before);
    }

    #[test]
    fn what_is_typed_for_a_fault_that_is_off_leaves_the_rest_of_it_as_it_was() {
        let mut state = state();
        update(&mut state, OUTAGE);
        update(&mut state, Action::TypeFaultRate(Fault::Outage, "90".into()));
        let windows = parse_windows("0-2, 5-").unwrap();
        assert_eq!(outage(&state).map(|outage| (outage.rate(), outage.windows())), Some((Some(900), &windows[..])));
    }

    #[test]
    fn reset_forgets_it_and_so_does_the_field_itself() {
        let mut reset = state();
        for action in [OUTAGE, Action::Reset, OUTAGE] {
            update(&mut reset, action);
        }
        assert_eq!(outage(&reset), Some(&Occurrence::default()));
        let mut fields = state();
        for action in [Field::Rate(Fault::Outage).reset(), Field::Windows(Fault::Outage).reset(), OUTAGE, OUTAGE] {
            update(&mut fields, action);
        }
        assert_eq!(outage(&fields), Some(&Occurrence::default()));
    }

    #[test]
    fn a_link_knows_nothing_of_what_was_off() {
        let mut state = state();
        for action in [OUTAGE, Action::OpenLink("v=2&at=3".into()), OUTAGE] {
            update(&mut state, action);
        }
        assert_eq!(outage(&state), Some(&Occurrence::default()));
    }

    #[test]
    fn a_fork_switches_it_on_as_it_was_too() {
        let mut state = state();
        let set = outage(&state).cloned();
        update(&mut state, OUTAGE);
        update(&mut state, Action::Seek(5));
        update(&mut state, Action::OpenFork);
        let form = crate::page(&state).fork.unwrap();
        let labels: Vec<_> = form.groups.iter().flat_map(|(_, choices)| choices).map(|choice| &choice.label).collect();
        assert!(labels.contains(&&"Outage on, 50 %, 0-2, 5- s".to_owned()), "{labels:?}");
        update(&mut state, Action::Fork { at: 5, change: Change::Fault(Fault::Outage, true) });
        assert_eq!(outage(&state).cloned(), set);
        update(&mut state, Action::Fork { at: 5, change: Change::Fault(Fault::FlakyModel, false) });
        update(&mut state, Action::SelectBranch(0));
        update(&mut state, OUTAGE);
        assert_eq!(outage(&state).cloned(), set, "also where another branch had it");
    }
}
