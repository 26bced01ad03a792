//! Scenarios: faults and an agent under a name.

use crate::fault::{Fault, Faults};
use crate::human::Human;
use crate::simulate::Setup;
use std::fmt;
use std::str::FromStr;

/// A scenario: what is wrong with the world, and whether the agent is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scenario {
    /// The model fails twice before it answers.
    Flaky,
    /// The model's first attempt never answers.
    Hung,
    /// The model cannot be reached.
    Down,
    /// The model goes in circles.
    Looping,
    /// The model wants to send an e-mail.
    Risky,
    /// The flaky world again, with an agent that has no protection at all.
    Naive,
}

impl Scenario {
    /// All scenarios, in the order in which they are told.
    pub const ALL: [Self; 6] = [Self::Flaky, Self::Hung, Self::Down, Self::Looping, Self::Risky, Self::Naive];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Flaky => "flaky",
            Self::Hung => "hung",
            Self::Down => "down",
            Self::Looping => "looping",
            Self::Risky => "risky",
            Self::Naive => "naive",
        }
    }

    /// What is wrong and what should happen, in a sentence.
    #[must_use]
    pub const fn story(self) -> &'static str {
        match self {
            Self::Flaky => "The model fails twice before it answers. Retry with backoff gets the answer all the same.",
            Self::Hung => "The model's first attempt never answers. The timeout cuts it, and a fresh attempt succeeds.",
            Self::Down => {
                "The model cannot be reached. The breaker opens, and the run ends with an honest safe message."
            }
            Self::Looping => {
                "The model asks for the same tool again and again. It is told, refused, asked one last time, and stopped."
            }
            Self::Risky => "The model wants to send an e-mail. Nothing goes out unless a human says yes.",
            Self::Naive => "The flaky world again, and an agent without any protection: the first failure is its last.",
        }
    }

    /// Its faults.
    #[must_use]
    pub const fn faults(self) -> Faults {
        let fault = match self {
            Self::Flaky | Self::Naive => Fault::FlakyModel,
            Self::Hung => Fault::HungCall,
            Self::Down => Fault::Outage,
            Self::Looping => Fault::RunawayLoop,
            Self::Risky => Fault::RiskyTool,
        };
        Faults::NONE.with(fault, true)
    }

    /// Ready to simulate, with nobody to ask for approval.
    #[must_use]
    pub fn setup(self, seed: u64) -> Setup {
        Setup {
            faults: self.faults().into(),
            protection: self != Self::Naive,
            human: Human::Nobody,
            seed,
            ..Setup::default()
        }
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// There is no scenario of that name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownScenario(pub String);

impl fmt::Display for UnknownScenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = Scenario::ALL.map(Scenario::as_str).join(", ");
        write!(f, "there is no scenario \"{}\"; the scenarios are: {known}", self.0)
    }
}

impl std::error::Error for UnknownScenario {}

impl FromStr for Scenario {
    type Err = UnknownScenario;

    fn from_str(name: &str) -> Result<Self, UnknownScenario> {
        Self::ALL.into_iter().find(|scenario| scenario.as_str() == name).ok_or_else(|| UnknownScenario(name.into()))
    }
}
