//! Links of version 1: a scenario by name, faults without rates and windows, and no settings but the protection.
//!
//! ```text
//! v=1&scenario=custom&faults=flaky,risky&protection=on&seed=7&decisions=a,d&at=23
//! ```
//!
//! A short link such as `v=1&scenario=risky` is enough, and keys of later versions are passed over.

use super::decoded::{Pairs, list, short};
use super::{NO_FAULTS, protection, seed};
use crate::settings::Settings;
use steadfast_sim::{Fault, Faults, Scenario};

pub(super) const VERSION: &str = "1";
/// The name of a combination that is none of the scenarios.
const CUSTOM: &str = "custom";

pub(super) fn settings(pairs: &Pairs<'_>) -> Result<Settings, String> {
    let mut settings = Settings::default();
    match pairs.value("scenario")?.as_deref() {
        None | Some(CUSTOM) => {}
        Some(name) => {
            let unknown = |_| format!("there is no scenario \"{}\"", short(name));
            settings = Settings::of(name.parse::<Scenario>().map_err(unknown)?, settings.seed);
        }
    }
    if let Some(names) = pairs.value("faults")? {
        settings.faults = faults(&names)?.into();
    }
    if let Some(protection) = protection(pairs)? {
        settings.protection = protection;
    }
    if let Some(seed) = seed(pairs)? {
        settings.seed = seed;
    }
    Ok(settings)
}

fn faults(names: &str) -> Result<Faults, String> {
    if names == NO_FAULTS {
        return Ok(Faults::NONE);
    }
    list(names).try_fold(Faults::NONE, |faults, name| {
        let known = Fault::parse(name).ok_or_else(|| format!("there is no fault \"{}\"", short(name)))?;
        Ok(faults.with(known, true))
    })
}
