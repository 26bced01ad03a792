//! Links: what a state is worth keeping of, as text for an address. A link reproduces what its sender saw, decision for
//! decision: scenario, faults, protection, seed, a human's answers and the position.
//!
//! ```text
//! v=1&scenario=custom&faults=flaky,risky&protection=on&seed=7&decisions=a,d&at=23
//! ```
//!
//! Reading is total. A short link such as `v=1&scenario=risky` is enough; keys of later versions are passed over; whatever
//! cannot be understood gives what a first visit shows, and a sentence that says so.

use crate::settings::{Settings, parse_seed};
use crate::state::{Answer, State};
use steadfast_sim::{Fault, Faults, Scenario};

/// The longest link that is read, and more than the longest that is written. Chat programs cut longer ones.
pub const MAX_LENGTH: usize = 2_000;
const VERSION: &str = "1";
/// The name of a combination that is none of the scenarios.
const CUSTOM: &str = "custom";
const NO_FAULTS: &str = "none";

/// What a link says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Linked {
    /// What is set.
    pub settings: Settings,
    /// A human's answers.
    pub answers: Vec<Answer>,
    /// How many lines are shown; more than there are means all.
    pub position: usize,
}

/// The link to a state, without `#`.
#[must_use]
pub fn write(state: &State) -> String {
    let Settings { faults, protection, seed } = state.settings();
    let scenario = state.settings().scenario().map_or(CUSTOM, Scenario::as_str);
    let mut names = faults.iter().map(Fault::as_str).collect::<Vec<_>>().join(",");
    if names.is_empty() {
        names.push_str(NO_FAULTS);
    }
    let protection = if protection { "on" } else { "off" };
    let mut decisions = String::new();
    if !state.answers().is_empty() {
        let letters = state.answers().iter().map(|answer| match answer {
            Answer::Approve => "a",
            Answer::Deny => "d",
        });
        decisions.push_str("&decisions=");
        decisions.push_str(&letters.collect::<Vec<_>>().join(","));
    }
    let at = state.position();
    format!("v={VERSION}&scenario={scenario}&faults={names}&protection={protection}&seed={seed}{decisions}&at={at}")
}

/// What a link says, with or without its `#` or `?`, and a sentence for the reader where it cannot be followed.
#[must_use]
pub fn read(link: &str) -> (Linked, Option<String>) {
    let link = link.trim_start_matches(['#', '?']).trim();
    if link.is_empty() {
        return (Linked::default(), None);
    }
    match parse(link) {
        Ok(linked) => (linked, None),
        Err(problem) => {
            let notice = format!("This link could not be followed: {problem}. You see the start page instead.");
            (Linked::default(), Some(notice))
        }
    }
}

fn parse(link: &str) -> Result<Linked, String> {
    if link.len() > MAX_LENGTH {
        return Err(format!("it is longer than {MAX_LENGTH} characters"));
    }
    let pairs: Vec<(&str, &str)> = link.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, ""))).collect();
    let value = |key: &str| -> Result<Option<&str>, String> {
        let mut values = pairs.iter().filter(|(name, _)| *name == key).map(|(_, value)| *value);
        match (values.next(), values.next()) {
            (_, Some(_)) => Err(format!("it says \"{key}\" twice")),
            (value, None) => Ok(value),
        }
    };
    match value("v")? {
        Some(VERSION) => {}
        Some(other) => {
            return Err(format!("its version is \"{}\", and this page reads version {VERSION}", short(other)));
        }
        None => return Err("it does not say its version".into()),
    }
    let mut settings = Settings::default();
    match value("scenario")? {
        None | Some(CUSTOM) => {}
        Some(name) => {
            let unknown = |_| format!("there is no scenario \"{}\"", short(name));
            settings = Settings::of(name.parse::<Scenario>().map_err(unknown)?, settings.seed);
        }
    }
    if let Some(names) = value("faults")? {
        settings.faults = faults(names)?;
    }
    match value("protection")? {
        None => {}
        Some("on") => settings.protection = true,
        Some("off") => settings.protection = false,
        Some(other) => return Err(format!("protection is on or off, not \"{}\"", short(other))),
    }
    if let Some(seed) = value("seed")? {
        settings.seed = parse_seed(seed).map_err(|_| format!("\"{}\" is no seed", short(seed)))?;
    }
    let answers = value("decisions")?.map_or_else(|| Ok(Vec::new()), decisions)?;
    let position = match value("at")? {
        None => 0,
        Some(at) => at.parse().map_err(|_| format!("\"{}\" is no position", short(at)))?,
    };
    Ok(Linked { settings, answers, position })
}

fn faults(names: &str) -> Result<Faults, String> {
    if names == NO_FAULTS {
        return Ok(Faults::NONE);
    }
    list(names).try_fold(Faults::NONE, |faults, name| {
        let known = Fault::ALL.into_iter().find(|fault| fault.as_str() == name);
        known.map(|fault| faults.with(fault, true)).ok_or_else(|| format!("there is no fault \"{}\"", short(name)))
    })
}

fn decisions(letters: &str) -> Result<Vec<Answer>, String> {
    let answer = |letter| match letter {
        "a" => Ok(Answer::Approve),
        "d" => Ok(Answer::Deny),
        other => Err(format!("a decision is a or d, not \"{}\"", short(other))),
    };
    list(letters).map(answer).collect()
}

/// The parts of a list. Chat programs write a comma as `%2C`.
fn list(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    core::iter::from_fn(move || {
        let text = rest.take()?;
        let encoded = |at: &usize| text[*at..].starts_with("%2C") || text[*at..].starts_with("%2c");
        let comma = text.char_indices().map(|(at, _)| at).find(|at| text[*at..].starts_with(',') || encoded(at));
        let Some(at) = comma else { return Some(text) };
        rest = Some(&text[at + if encoded(&at) { 3 } else { 1 }..]);
        Some(&text[..at])
    })
}

/// As much of a strange value as a sentence can hold.
fn short(text: &str) -> String {
    text.chars().take(24).collect()
}

#[cfg(test)]
mod tests;
