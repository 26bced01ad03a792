//! What a person sets: what is wrong with the world, every setting of the agent, whether it is protected, and the seed.

mod policy;
mod preset;
mod table;
mod unit;
mod windows;

pub use policy::Policy;
pub use preset::Preset;
pub use table::{Group, Key};
pub use unit::{Most, Unit};
pub use windows::{parse_rate, parse_windows, write_rate, write_windows};

use steadfast::explain::Nearest;
use steadfast::policy::{CallPolicy, RunPolicy};
use steadfast::setting::InvalidSetting;
use steadfast_sim::{Fault, FaultPlan, Faults, Human, Occurrence, Scenario, Setup};

/// What a run is made from, but for a human's decisions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// What is wrong with the world.
    pub faults: FaultPlan,
    /// Every setting of the agent.
    pub policy: Policy,
    /// Whether the agent runs on the engine; else it is the naive one.
    pub protection: bool,
    /// All the luck there is.
    pub seed: u64,
}

impl Default for Settings {
    /// What a first visit shows: a flaky model and a protected agent, so that something goes wrong within a few steps and
    /// ends well.
    fn default() -> Self {
        let faults = Faults::NONE.with(Fault::FlakyModel, true).into();
        Self { faults, policy: Policy::default(), protection: true, seed: 7 }
    }
}

impl Settings {
    /// Ready to simulate, with that human. Where the agent has no approver, nobody is asked.
    #[must_use]
    pub fn setup(&self, human: Human) -> Setup {
        let human = if self.policy.is_on(Key::Approver) { human } else { Human::Nobody };
        let setup = Setup {
            faults: self.faults.clone(),
            protection: self.protection,
            human,
            seed: self.seed,
            ..Setup::default()
        };
        match self.policy.made() {
            Ok(made) => Setup { policy: made.policy, tools: made.tools, models: made.models, ..setup },
            // What is refused never gets into a policy.
            Err(_) => setup,
        }
    }

    /// The scenario with these faults and this agent, if it has a name.
    #[must_use]
    pub fn scenario(&self) -> Option<Scenario> {
        Scenario::ALL.into_iter().find(|scenario| Self::of(*scenario, self.seed) == *self)
    }

    /// What the engine decides by: the settings of the agent, or nothing at all where it is not protected.
    #[must_use]
    pub fn engine(&self) -> RunPolicy {
        if self.protection {
            self.setup(Human::Nobody).policy
        } else {
            RunPolicy::default().with_model(CallPolicy::unguarded())
        }
    }

    /// The settings of a scenario, with that seed.
    #[must_use]
    pub fn of(scenario: Scenario, seed: u64) -> Self {
        let (faults, protection) = (scenario.faults().into(), scenario != Scenario::Naive);
        Self { faults, policy: Policy::default(), protection, seed }
    }

    /// With the change that an explanation says would have decided otherwise.
    pub fn with_nearest(&self, nearest: &Nearest) -> Result<Self, InvalidSetting> {
        let setting = &nearest.setting;
        let Some(key) = Key::named(&setting.of, setting.name) else {
            let value = setting.value.to_string().into();
            return Err(InvalidSetting { name: setting.name, value, allowed: "a setting that this page has" });
        };
        Ok(Self { policy: self.policy.with_explained(key, &nearest.to)?, ..self.clone() })
    }

    /// What is otherwise here than there, a phrase each: `retry.attempts 2 instead of 4`.
    #[must_use]
    pub fn changes_from(&self, other: &Self) -> Vec<String> {
        let mut changes = Vec::new();
        if self.protection != other.protection {
            changes.push(if self.protection { "protection on".into() } else { "protection off".into() });
        }
        let keys = Key::ALL.into_iter().filter(|key| self.policy.value(*key) != other.policy.value(*key));
        changes.extend(keys.map(|key| {
            let sign = key.unit().sign();
            let told = |policy: &Policy| match policy.value(key) {
                Some(_) if !sign.is_empty() => format!("{} {sign}", policy.text(key)),
                _ => policy.text(key),
            };
            format!("{} {} instead of {}", key.path(), told(&self.policy), told(&other.policy))
        }));
        for fault in Fault::ALL {
            match (self.faults.of(fault), other.faults.of(fault)) {
                (mine, its) if mine == its => {}
                (None, _) => changes.push(format!("{} off", fault.title())),
                (Some(mine), _) => changes.push(told(fault, mine)),
            }
        }
        if self.seed != other.seed {
            changes.push(format!("seed {} instead of {}", self.seed, other.seed));
        }
        changes
    }
}

/// That a fault is on, how often and when: `Outage on, 50 %, 2-8 s`.
pub(crate) fn told(fault: Fault, occurrence: &Occurrence) -> String {
    let rate = occurrence.rate().map(|_| format!(", {} %", write_rate(occurrence.rate()))).unwrap_or_default();
    let windows = write_windows(occurrence.windows());
    let when = if windows.is_empty() { windows } else { format!(", {windows} s") };
    format!("{} on{rate}{when}", fault.title())
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
mod tests;
