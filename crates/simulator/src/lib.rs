//! The simulated world as WebAssembly, for `steadfast/sim` of the npm package: a scenario in, its journal out as JSON, with
//! the hash that the terminal program prints for it.
//!
//! The driver has checked what it says; what the engine refuses all the same comes back as a sentence rather than as JSON.

mod human;
mod report;
mod settings;

use steadfast_sim::{Fault, Faults, Scenario};
use wasm_bindgen::prelude::wasm_bindgen;

/// Plays a scenario to its end, or to the question that nobody has decided yet.
///
/// `faults` are names with commas between them, in place of the scenario's own; `None` leaves those. `numbers` are the
/// policy's (see `settings`), `safe_message` its sentence, or empty for the one that stands. `human` says who approves (see
/// `human`).
#[wasm_bindgen]
#[must_use]
pub fn simulate(
    scenario: &str,
    seed_high: u32,
    seed_low: u32,
    faults: Option<String>,
    numbers: &[f64],
    safe_message: &str,
    human: &str,
) -> String {
    let scenario: Scenario = match scenario.parse() {
        Ok(scenario) => scenario,
        Err(unknown) => return format!("{unknown}"),
    };
    let mut setup = scenario.setup(u64::from(seed_high) << 32 | u64::from(seed_low));
    if let Some(names) = faults {
        setup.faults = named(&names).into();
    }
    setup.policy = match settings::policy(setup.policy, numbers, safe_message) {
        Ok(policy) => policy,
        Err(invalid) => return invalid.to_string(),
    };
    setup.human = human::read(human);
    report::text(&steadfast_sim::simulate(&setup))
}

fn named(names: &str) -> Faults {
    names.split(',').filter_map(Fault::parse).fold(Faults::NONE, |faults, fault| faults.with(fault, true))
}

#[cfg(test)]
mod tests {
    use super::named;
    use steadfast_sim::{Fault, Faults};

    #[test]
    fn faults_are_found_by_their_names_and_no_name_is_no_fault() {
        assert_eq!(named(""), Faults::NONE);
        assert_eq!(named("hung,risky").iter().collect::<Vec<_>>(), [Fault::HungCall, Fault::RiskyTool]);
    }
}
