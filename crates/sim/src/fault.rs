//! Faults: what can be wrong with the world, and under which names. How often and when is what a [`FaultPlan`] says, and what
//! each does to an attempt is in `fault/fate.rs`.

mod fate;
mod plan;

pub(crate) use fate::{Fate, Reply};
pub use plan::{FaultPlan, MOST_WINDOWS, Occurrence, Window};

/// Something that can be wrong with the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// The model fails twice at the first call, and later each attempt with a chance of 40 %, but never three times in a row.
    FlakyModel,
    /// The first attempt of the first model call is told to come back later, and each later attempt with a chance of 25 %.
    RateLimit,
    /// The first attempt of the first model call never answers, nor with a chance of 25 % the first of each later one.
    HungCall,
    /// The first attempt of the first model call begins its answer and never ends it, and with a chance of 25 % the first of
    /// each later one.
    StalledStream,
    /// The model cannot be reached at all.
    Outage,
    /// The model asks for the same tool call again and again.
    RunawayLoop,
    /// The model wants to send an e-mail.
    RiskyTool,
    /// The model's first tool call breaks off in the middle of its arguments, and each later one with a chance of 25 %.
    MalformedArguments,
    /// An e-mail goes out and no word of it comes back, the first time; each later time with a chance of 25 %.
    LostAcknowledgement,
}

impl Fault {
    /// All faults, in the order in which they are shown.
    pub const ALL: [Self; 9] = [
        Self::FlakyModel,
        Self::RateLimit,
        Self::HungCall,
        Self::StalledStream,
        Self::Outage,
        Self::RunawayLoop,
        Self::RiskyTool,
        Self::MalformedArguments,
        Self::LostAcknowledgement,
    ];

    /// Its name for links and commands.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FlakyModel => "flaky",
            Self::RateLimit => "limited",
            Self::HungCall => "hung",
            Self::StalledStream => "stalled",
            Self::Outage => "down",
            Self::RunawayLoop => "looping",
            Self::RiskyTool => "risky",
            Self::MalformedArguments => "malformed",
            Self::LostAcknowledgement => "lost",
        }
    }

    /// The fault of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fault| fault.as_str() == name)
    }

    /// Its name for people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::FlakyModel => "Flaky model",
            Self::RateLimit => "Rate limit",
            Self::HungCall => "Hung call",
            Self::StalledStream => "Stalled stream",
            Self::Outage => "Outage",
            Self::RunawayLoop => "Runaway loop",
            Self::RiskyTool => "Risky tool",
            Self::MalformedArguments => "Malformed arguments",
            Self::LostAcknowledgement => "Lost acknowledgement",
        }
    }

    /// What it does where no rate is set, in one sentence with its numbers.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::FlakyModel => {
                "The model fails twice at first, later 40 % of the time, but never three times in a row."
            }
            Self::RateLimit => {
                "The model's first attempt is told to come back in 3 s (429 with Retry-After); later ones, 25 % of the time."
            }
            Self::HungCall => {
                "The model's first attempt never answers; a later call's first attempt, 25 % of the time."
            }
            Self::StalledStream => {
                "The model's first answer begins and never ends; a later call's first attempt, 25 % of the time."
            }
            Self::Outage => "The model cannot be reached at all.",
            Self::RunawayLoop => "The model asks for the same tool call again and again.",
            Self::RiskyTool => "The model wants to send an e-mail.",
            Self::MalformedArguments => {
                "The model's first tool call breaks off in the middle of its arguments; later ones, 25 % of the time."
            }
            Self::LostAcknowledgement => {
                "The model wants to send an e-mail. It goes out, and the word of it never comes back."
            }
        }
    }

    /// What a rate of it is the chance of.
    #[must_use]
    pub const fn chance_of(self) -> &'static str {
        match self {
            Self::FlakyModel => "An attempt at the model fails",
            Self::RateLimit => "An attempt at the model is told to come back in 3 s",
            Self::HungCall => "An attempt at the model never answers",
            Self::StalledStream => "An answer of the model begins and never ends",
            Self::Outage => "An attempt at the model is refused",
            Self::RunawayLoop => "The model asks for what it knows already",
            Self::RiskyTool => "The model wants to send an e-mail",
            Self::MalformedArguments => "A tool call breaks off in the middle of its arguments",
            Self::LostAcknowledgement => "An e-mail goes out and no word of it comes back",
        }
    }
}

/// A set of faults, each of them as its description says. More is said by a [`FaultPlan`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Faults(u16);

impl Faults {
    /// No fault.
    pub const NONE: Self = Self(0);

    /// Whether that fault is in the set.
    #[must_use]
    pub const fn has(self, fault: Fault) -> bool {
        self.0 & (1 << fault as u16) != 0
    }

    /// With that fault, or without it.
    #[must_use]
    pub const fn with(self, fault: Fault, on: bool) -> Self {
        let bit = 1 << fault as u16;
        Self(if on { self.0 | bit } else { self.0 & !bit })
    }

    /// The faults in it.
    pub fn iter(self) -> impl Iterator<Item = Fault> {
        Fault::ALL.into_iter().filter(move |fault| self.has(*fault))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_combine_and_can_be_taken_back() {
        let all = Fault::ALL.into_iter().fold(Faults::NONE, |faults, fault| faults.with(fault, true));
        assert_eq!(all.iter().collect::<Vec<_>>(), Fault::ALL);
        assert!(!all.with(Fault::Outage, false).has(Fault::Outage));
        assert_eq!(Faults::NONE.iter().count(), 0);
    }

    #[test]
    fn every_fault_is_found_by_its_name() {
        for fault in Fault::ALL {
            assert_eq!(Fault::parse(fault.as_str()), Some(fault));
        }
        assert_eq!(Fault::parse("gremlins"), None);
    }
}
