//! What a person entered: what is set, what was typed and refused, and what stands beside each field.

use crate::action::Action;
use crate::settings::{Group, Settings, write_rate, write_windows};
use crate::state::{Field, State};
use steadfast_sim::{Occurrence, Scenario};

/// Something that was typed and refused, where, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Where.
    pub field: Field,
    /// As it was typed.
    pub text: String,
    /// Why, in a sentence.
    pub message: String,
}

/// What is set, and what was typed and is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entered {
    /// What is set.
    pub settings: Settings,
    /// What was refused, the last of each field.
    pub refused: Vec<Refused>,
}

impl Entered {
    /// What is entered in a state.
    #[must_use]
    pub fn of(state: &State) -> Self {
        Self { settings: state.settings.clone(), refused: state.refused.clone() }
    }

    /// What is wrong with what was typed last into a field.
    #[must_use]
    pub fn error(&self, field: Field) -> Option<&str> {
        self.refusal(field).map(|refused| refused.message.as_str())
    }

    /// What stands in a field: what was typed, also if it was refused, else what is set.
    #[must_use]
    pub fn text(&self, field: Field) -> String {
        let occurrence = |fault| self.settings.faults.of(fault);
        match (self.refusal(field), field) {
            (Some(refused), _) => refused.text.clone(),
            (None, Field::Seed) => self.settings.seed.to_string(),
            (None, Field::Rate(fault)) => write_rate(occurrence(fault).and_then(Occurrence::rate)),
            (None, Field::Windows(fault)) => {
                occurrence(fault).map(|fault| write_windows(fault.windows())).unwrap_or_default()
            }
            (None, Field::Policy(key)) => self.settings.policy.text(key),
        }
    }

    /// What stands below a field: what is wrong, or what it is for and what it is by itself.
    #[must_use]
    pub fn about(&self, field: Field) -> String {
        match (self.error(field), field) {
            (Some(error), _) => error.to_owned(),
            (None, Field::Seed) => "The same seed gives the same run, to the last decision.".into(),
            (None, Field::Rate(fault)) => format!("How often: {}. Empty: as described.", lower(fault.chance_of())),
            (None, Field::Windows(_)) => "From and to, as in 2-8, 12-. Empty: all the time.".into(),
            (None, Field::Policy(key)) => {
                let sign = key.unit().sign();
                let default = key.unit().write(key.default_value());
                let sign =
                    if key.default_value().is_some() && !sign.is_empty() { format!(" {sign}") } else { String::new() };
                format!("{} Default: {default}{sign}.", key.about())
            }
        }
    }

    /// Whether something else than the default stands in a field.
    #[must_use]
    pub fn is_changed(&self, field: Field) -> bool {
        let set = match field {
            Field::Seed => false,
            Field::Rate(fault) => self.settings.faults.of(fault).is_some_and(|fault| fault.rate().is_some()),
            Field::Windows(fault) => self.settings.faults.of(fault).is_some_and(|fault| !fault.windows().is_empty()),
            Field::Policy(key) => self.settings.policy.is_changed(key),
        };
        set || self.error(field).is_some()
    }

    /// How many settings of a group are not what they are by default.
    #[must_use]
    pub fn changed_in(&self, group: Group) -> usize {
        group.keys().filter(|key| self.is_changed(Field::Policy(*key))).count()
    }

    /// What this run is about, in a sentence or two.
    #[must_use]
    pub fn story(&self) -> String {
        let settings = &self.settings;
        if let Some(scenario) = settings.scenario() {
            return Scenario::story(scenario).into();
        }
        let agent = if let Some(preset) = settings.preset() {
            preset.about().to_owned()
        } else {
            let other = settings.policy.changed().count();
            let are = if other == 1 { "is" } else { "are" };
            format!("An agent of your own: {other} of its settings {are} not the default.")
        };
        let names: Vec<_> = settings.faults.iter().map(|(fault, _)| lower(fault.title())).collect();
        match names.as_slice() {
            [] => format!("A world without faults. {agent}"),
            [one] => format!("A world with one fault: {one}. {agent}"),
            [others @ .., last] => format!("A world with {} and {last}. {agent}", others.join(", ")),
        }
    }

    fn refusal(&self, field: Field) -> Option<&Refused> {
        self.refused.iter().find(|refused| refused.field == field)
    }
}

impl Field {
    /// The action of typing that into it.
    #[must_use]
    pub fn typed(self, text: String) -> Action {
        match self {
            Self::Seed => Action::TypeSeed(text),
            Self::Rate(fault) => Action::TypeFaultRate(fault, text),
            Self::Windows(fault) => Action::TypeFaultWindows(fault, text),
            Self::Policy(key) => Action::TypeSetting(key, text),
        }
    }

    /// The action of taking it back to what it is by itself; a seed is drawn anew elsewhere.
    #[must_use]
    pub fn reset(self) -> Action {
        match self {
            Self::Seed => Action::SetSeed(Settings::default().seed),
            Self::Rate(fault) => Action::SetFaultRate(fault, None),
            Self::Windows(fault) => Action::SetFaultWindows(fault, Vec::new()),
            Self::Policy(key) => Action::ResetSetting(key),
        }
    }
}

/// In the middle of a sentence.
fn lower(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| core::iter::once(first.to_ascii_lowercase()).chain(letters).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Key, Preset, update};
    use steadfast_sim::Fault;

    fn after(actions: impl IntoIterator<Item = Action>) -> Entered {
        let mut state = State::default();
        actions.into_iter().for_each(|action| update(&mut state, action));
        Entered::of(&state)
    }

    #[test]
    fn what_is_refused_stays_as_it_was_typed_until_it_is_taken_back() {
        let timeout = Field::Policy(Key::Timeout);
        let mut state = State::default();
        update(&mut state, Action::Seek(5));
        update(&mut state, timeout.typed("soon".into()));
        let entered = Entered::of(&state);
        assert_eq!((entered.text(timeout).as_str(), entered.is_changed(timeout)), ("soon", true));
        let told = "timeout is \"soon\"; allowed: a number of ms, up to 86400000 (24 h), or none.";
        assert_eq!((entered.error(timeout), entered.about(timeout)), (Some(told), told.into()));
        assert_eq!((state.settings(), state.position()), (&Settings::default(), 5), "nothing but the message");
        update(&mut state, timeout.reset());
        let entered = Entered::of(&state);
        assert_eq!((entered.text(timeout).as_str(), entered.error(timeout)), ("4000", None));
        assert_eq!(state.position(), 5, "nothing was changed, so the run goes on");
    }

    #[test]
    fn each_field_says_what_it_is_for_and_what_it_is_by_itself() {
        let entered = after([]);
        let about = |field| entered.about(field);
        assert_eq!(
            about(Field::Policy(Key::Timeout)),
            "What takes longer is abandoned, so that a fresh attempt can begin. Default: 4000 ms."
        );
        assert_eq!(
            about(Field::Policy(Key::Idle)),
            "How long each further part of a streamed answer may take. Default: none."
        );
        assert_eq!(
            about(Field::Rate(Fault::Outage)),
            "How often: an attempt at the model is refused. Empty: as described."
        );
        for key in Key::ALL {
            assert!(!entered.is_changed(Field::Policy(key)) && entered.error(Field::Policy(key)).is_none(), "{key:?}");
        }
    }

    #[test]
    fn faults_have_a_rate_and_windows_that_can_be_typed_and_taken_back() {
        let (rate, windows) = (Field::Rate(Fault::Outage), Field::Windows(Fault::Outage));
        let entered = after([rate.typed("80".into()), windows.typed("2-8, 12-".into())]);
        assert!(entered.settings.faults.has(Fault::Outage), "what is given a rate is switched on");
        assert_eq!((entered.text(rate).as_str(), entered.text(windows).as_str()), ("80", "2-8, 12-"));
        assert!(entered.is_changed(rate) && entered.is_changed(windows));
        let back = after([rate.typed("80".into()), windows.typed("8-2".into()), windows.reset(), rate.reset()]);
        assert_eq!((back.text(rate), back.text(windows), back.error(windows)), (String::new(), String::new(), None));
    }

    #[test]
    fn groups_count_what_is_changed_in_them() {
        let entered =
            after([Field::Policy(Key::Timeout).typed("8 s".into()), Field::Policy(Key::Idle).typed("x".into())]);
        assert_eq!((entered.changed_in(Group::Timeout), entered.changed_in(Group::Retry)), (2, 0));
    }

    #[test]
    fn the_story_tells_of_the_world_and_of_the_agent() {
        assert_eq!(after([]).story(), Scenario::Flaky.story());
        let combined = after([Action::ToggleFault(Fault::Outage), Action::UsePreset(Preset::Hardened)]).story();
        assert_eq!(combined, format!("A world with flaky model and outage. {}", Preset::Hardened.about()));
        let own =
            after([Action::ToggleFault(Fault::FlakyModel), Field::Policy(Key::Timeout).typed("1".into())]).story();
        assert_eq!(own, "A world without faults. An agent of your own: 1 of its settings is not the default.");
    }
}
