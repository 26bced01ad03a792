//! Links: what a state is worth keeping of, as text for an address. A link reproduces what its sender saw, decision for
//! decision: everything that is set, a human's answers and the position.
//!
//! Version 2 says only what differs from what a first visit shows. Faults have their rates in thousandths and their windows in
//! milliseconds, settings their two letters:
//!
//! ```text
//! v=2&faults=flaky,down:800@2000-8000_12000-&policy=to8000,ra5&protection=off&seed=9&decisions=a,d&at=23
//! ```
//!
//! A link holds 2,000 characters, and what there is no room for is told ([`left_out`]); files hold links of any length.
//!
//! Version 1 had scenarios by name and no settings; its links are still followed. Reading is total: whatever cannot be
//! understood gives what a first visit shows, and a sentence that says so.

mod branches;
mod decoded;
mod first;
mod fit;

pub use branches::LinkedBranch;
pub(crate) use branches::grow;
pub use fit::{left_out, write, write_whole};

use crate::answer::Answer;
use crate::settings::{Key, Policy, Settings, Unit, parse_seed};
use decoded::{Pairs, list, short};
use steadfast::time::Instant;
use steadfast_sim::{Fault, FaultPlan, Occurrence, Window};

/// The longest link that is read, and that is written. Chat programs cut longer ones.
pub const MAX_LENGTH: usize = 2_000;
const VERSION: &str = "2";
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
    /// What was forked from it.
    pub branches: Vec<LinkedBranch>,
    /// Which of them is looked at; 0 for the run itself.
    pub selected: usize,
}

/// What differs from what a first visit shows: `faults=down&policy=to8000&seed=9`, or nothing.
#[must_use]
pub fn write_settings(settings: &Settings) -> String {
    write_difference(&Settings::default(), settings)
}

/// Settings from what [`write_settings`] wrote.
pub fn read_settings(text: &str) -> Result<Settings, String> {
    read_difference(&Settings::default(), text)
}

/// What differs from other settings, in the same way.
#[must_use]
pub fn write_difference(base: &Settings, settings: &Settings) -> String {
    let mut parts = Vec::new();
    if settings.faults != base.faults {
        parts.push(format!("faults={}", write_faults(&settings.faults)));
    }
    let keys = Key::ALL.into_iter().filter(|key| settings.policy.value(*key) != base.policy.value(*key));
    let values = keys.map(|key| format!("{}{}", key.code(), settings.policy.text(key))).collect::<Vec<_>>();
    if !values.is_empty() {
        parts.push(format!("policy={}", values.join(",")));
    }
    if settings.protection != base.protection {
        parts.push(format!("protection={}", if settings.protection { "on" } else { "off" }));
    }
    if settings.seed != base.seed {
        parts.push(format!("seed={}", settings.seed));
    }
    parts.join("&")
}

/// Settings from what [`write_difference`] wrote of them.
pub fn read_difference(base: &Settings, text: &str) -> Result<Settings, String> {
    let pairs = Pairs::of(text);
    pairs.only(&["faults", "policy", "protection", "seed"])?;
    difference(base, &pairs)
}

fn difference(base: &Settings, pairs: &Pairs<'_>) -> Result<Settings, String> {
    let mut settings = base.clone();
    if let Some(names) = pairs.value("faults")? {
        settings.faults = faults(&names)?;
    }
    if let Some(values) = pairs.value("policy")? {
        settings.policy = policy(&settings.policy, &values)?;
    }
    if let Some(protection) = protection(pairs)? {
        settings.protection = protection;
    }
    if let Some(seed) = seed(pairs)? {
        settings.seed = seed;
    }
    Ok(settings)
}

/// What a link says, with or without its `#` or `?`, and a sentence for the reader where it cannot be followed.
#[must_use]
pub fn read(link: &str) -> (Linked, Option<String>) {
    let link = link.trim_start_matches(['#', '?']).trim();
    if link.is_empty() {
        return (Linked::default(), None);
    }
    let too_long = || format!("it is longer than {MAX_LENGTH} characters");
    let linked = if link.len() > MAX_LENGTH { Err(too_long()) } else { read_whole(link) };
    linked.map_or_else(|problem| (Linked::default(), Some(refusal(&problem))), |linked| (linked, None))
}

/// What is said of a link that cannot be followed.
pub(crate) fn refusal(problem: &str) -> String {
    format!("This link could not be followed: {problem}. You see the start page instead.")
}

/// What a link of any length says, or what is wrong with it.
pub(crate) fn read_whole(link: &str) -> Result<Linked, String> {
    let pairs = Pairs::of(link);
    let settings = match pairs.value("v")?.as_deref() {
        Some(VERSION) => {
            // What this page does not know it cannot show: then it is not what the sender saw.
            pairs.only(&["v", "faults", "policy", "protection", "seed", "decisions", "at", "on", "b1", "b2", "b3"])?;
            difference(&Settings::default(), &pairs)?
        }
        Some(first::VERSION) => first::settings(&pairs)?,
        Some(other) => {
            return Err(format!("its version is \"{}\", and this page reads versions 1 and {VERSION}", short(other)));
        }
        None => return Err("it does not say its version".into()),
    };
    let answers = pairs.value("decisions")?.map_or_else(|| Ok(Vec::new()), |letters| branches::answers(&letters))?;
    let position = match pairs.value("at")? {
        None => 0,
        Some(at) => at.parse().map_err(|_| format!("\"{}\" is no position", short(&at)))?,
    };
    let branches = branches::KEYS.iter().filter_map(|key| pairs.value(key).transpose());
    let branches = branches.map(|text| branches::read(&text?)).collect::<Result<Vec<_>, String>>()?;
    let selected = match pairs.value("on")? {
        None => 0,
        Some(on) => {
            on.parse().ok().filter(|on| *on <= branches.len()).ok_or("it looks at a branch that is not there")?
        }
    };
    Ok(Linked { settings, answers, position, branches, selected })
}

fn write_faults(faults: &FaultPlan) -> String {
    let millis = |at: Instant| Unit::TIME.write(Some(at.as_micros()));
    let window = |window: &Window| match window.to() {
        Instant::MAX => format!("{}-", millis(window.from())),
        to => format!("{}-{}", millis(window.from()), millis(to)),
    };
    let names = faults.iter().map(|(fault, occurrence)| {
        let rate = occurrence.rate().map(|rate| format!(":{rate}")).unwrap_or_default();
        let windows = occurrence.windows().iter().map(window).collect::<Vec<_>>().join("_");
        let when = if windows.is_empty() { windows } else { format!("@{windows}") };
        format!("{}{rate}{when}", fault.as_str())
    });
    let names = names.collect::<Vec<_>>().join(",");
    if names.is_empty() { NO_FAULTS.into() } else { names }
}

fn faults(names: &str) -> Result<FaultPlan, String> {
    if names == NO_FAULTS {
        return Ok(FaultPlan::default());
    }
    list(names).try_fold(FaultPlan::default(), |plan, text| {
        let (rest, windows) = text.split_once('@').map_or((text, None), |(rest, windows)| (rest, Some(windows)));
        let (name, rate) = rest.split_once(':').map_or((rest, None), |(name, rate)| (name, Some(rate)));
        let fault = Fault::parse(name).ok_or_else(|| format!("there is no fault \"{}\"", short(name)))?;
        let rate = match rate {
            Some(rate) => Some(rate.parse().map_err(|_| format!("\"{}\" is no rate", short(rate)))?),
            None => None,
        };
        let windows = windows.map_or_else(|| Ok(Vec::new()), |windows| windows.split('_').map(window).collect())?;
        let occurrence = Occurrence::default().with_rate(rate).and_then(|occurrence| occurrence.with_windows(windows));
        Ok(plan.with(fault, Some(occurrence.map_err(|invalid| invalid.to_string())?)))
    })
}

fn window(text: &str) -> Result<Window, String> {
    let refused = || format!("\"{}\" is no window", short(text));
    let (from, to) = text.split_once('-').ok_or_else(refused)?;
    let instant = |text: &str| match Unit::TIME.read("fault.window", text) {
        Ok(Some(us)) => Ok(Instant::from_micros(us)),
        _ => Err(refused()),
    };
    let to = if to.is_empty() { Instant::MAX } else { instant(to)? };
    Window::new(instant(from)?, to).map_err(|_| refused())
}

fn policy(base: &Policy, values: &str) -> Result<Policy, String> {
    let value = |text: &str| {
        let (code, value) = text.split_at_checked(2).unwrap_or((text, ""));
        let key = Key::of_code(code).ok_or_else(|| format!("there is no setting \"{}\"", short(code)))?;
        let value = key.unit().read(key.name(), value).map_err(|invalid| invalid.to_string())?;
        Ok((key, value))
    };
    let values = list(values).map(value).collect::<Result<Vec<_>, String>>()?;
    base.with(values).map_err(|invalid| invalid.to_string())
}

fn protection(pairs: &Pairs<'_>) -> Result<Option<bool>, String> {
    match pairs.value("protection")?.as_deref() {
        None => Ok(None),
        Some("on") => Ok(Some(true)),
        Some("off") => Ok(Some(false)),
        Some(other) => Err(format!("protection is on or off, not \"{}\"", short(other))),
    }
}

fn seed(pairs: &Pairs<'_>) -> Result<Option<u64>, String> {
    let read = |seed: String| parse_seed(&seed).map_err(|_| format!("\"{}\" is no seed", short(&seed)));
    pairs.value("seed")?.map(read).transpose()
}

#[cfg(test)]
mod tests;
