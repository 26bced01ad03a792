//! What a person sets: the faults, whether the agent is protected, and the seed.

use steadfast_sim::{Fault, Faults, Scenario};

/// What a run is made from, but for a human's decisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// What is wrong with the world.
    pub faults: Faults,
    /// Whether the agent runs on the engine; else it is the naive one.
    pub protection: bool,
    /// All the luck there is.
    pub seed: u64,
}

impl Default for Settings {
    /// What a first visit shows: a flaky model and a protected agent, so that something goes wrong within a few steps and
    /// ends well.
    fn default() -> Self {
        Self { faults: Faults::NONE.with(Fault::FlakyModel, true), protection: true, seed: 7 }
    }
}

impl Settings {
    /// The scenario with these faults and this agent, if it has a name.
    #[must_use]
    pub fn scenario(&self) -> Option<Scenario> {
        let of_these =
            |scenario: &Scenario| scenario.faults() == self.faults && (*scenario != Scenario::Naive) == self.protection;
        Scenario::ALL.into_iter().find(of_these)
    }

    /// The settings of a scenario, with that seed.
    #[must_use]
    pub fn of(scenario: Scenario, seed: u64) -> Self {
        Self { faults: scenario.faults(), protection: scenario != Scenario::Naive, seed }
    }
}

/// The seed that a person typed.
///
/// ```
/// assert_eq!(steadfast_playground::parse_seed(" 42 "), Ok(42));
/// assert!(steadfast_playground::parse_seed("-1").unwrap_err().starts_with("A seed is a whole number"));
/// ```
pub fn parse_seed(text: &str) -> Result<u64, String> {
    let text = text.trim();
    // `parse` would take a leading plus.
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_number).ok_or_else(|| format!("A seed is a whole number from 0 to {}.", u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_is_recognised_by_its_settings() {
        for scenario in Scenario::ALL {
            assert_eq!(Settings::of(scenario, 3).scenario(), Some(scenario));
        }
        let both = Settings { faults: Settings::default().faults.with(Fault::RiskyTool, true), ..Settings::default() };
        assert_eq!(both.scenario(), None);
    }

    #[test]
    fn a_seed_is_a_whole_number() {
        assert_eq!(parse_seed("18446744073709551615"), Ok(u64::MAX));
        for text in ["", "  ", "+7", "-7", "7.5", "0x7", "seven", "18446744073709551616"] {
            assert!(parse_seed(text).is_err(), "{text:?}");
        }
    }
}
