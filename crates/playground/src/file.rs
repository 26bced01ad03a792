//! Files: a run to keep, to send, and to open again; and what was recorded elsewhere.
//!
//! ```text
//! {
//!   "steadfast": "run",
//!   "version": 1,
//!   "run": "v=2&faults=risky&decisions=a&at=5",
//!   "hash": "SHA-256 over the lines of the trace, each with a line feed behind it",
//!   "trace": ["         0 s  The run starts: at most 8 steps, no deadline.", ...]
//! }
//! ```
//!
//! A recording has `"steadfast": "recording"`, and as `recording` what a recorder was handed. If other settings were tried on it, they
//! are its `run`, and `from` says after how many of its lines.
//!
//! `run` is what a [link] says, and may be of any length: whatever a link holds a file does, and what a link has no room for. The trace is not needed to open it: it is there for
//! people, and to see that the run is still the same. Reading is total: whatever cannot be understood is a sentence that says what is
//! wrong.

use crate::json::{self, Json};
use crate::link::{self, Linked};
use crate::settings::Settings;
use crate::state::State;
use steadfast::approval::{Digest, sha256};
use steadfast::replay::Incident;
use steadfast_sim::Line;

/// The largest file that is read: a run of ten thousand lines is a tenth of it.
pub const LARGEST: usize = 16_000_000;
const VERSION: &str = "1";
/// How snapshots and recordings begin, as bytes and as text.
const BYTES: &[u8] = b"steadfast";
const BYTES_AS_TEXT: &str = "c3RlYWRmYXN0";

/// What a file holds.
#[derive(Debug, Clone)]
pub enum Opened {
    /// A run that this page simulates.
    Run(Box<Kept>),
    /// A run that was recorded elsewhere.
    Incident(Box<Incident>, Option<Box<Tried>>),
}

/// What was tried on a recorded run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// These settings.
    pub settings: Settings,
    /// After so many of its lines.
    pub from: usize,
}

/// A run as it was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// What is set, answered and shown.
    pub linked: Linked,
    /// The lines it had when it was kept.
    trace: Vec<String>,
}

impl Kept {
    /// What to tell a person if the run is no longer what it was when it was kept.
    #[must_use]
    pub fn differs_from(&self, lines: &[Line]) -> Option<String> {
        let now: Vec<String> = lines.iter().map(ToString::to_string).collect();
        let differs = (0..now.len().max(self.trace.len())).find(|at| now.get(*at) != self.trace.get(*at))?;
        let said = |trace: &[String]| trace.get(differs).map_or("the end".into(), |line| short(line.trim()));
        let (was, is) = (said(&self.trace), said(&now));
        let number = differs + 1;
        Some(format!("This run is no longer what it was when the file was made. Event {number} was: {was} It is: {is}"))
    }
}

/// A run as a file.
#[must_use]
pub fn write(state: &State) -> String {
    if let Some(replayed) = state.incident() {
        let recording = to_base64(&replayed.incident().to_bytes());
        let tried = state.what_if.map(|from| {
            let mut text = format!(",\n  \"from\": {from},\n  \"run\": ");
            quote(&link::write_settings(state.settings()), &mut text);
            text
        });
        let tried = tried.unwrap_or_default();
        return format!(
            "{{\n  \"steadfast\": \"recording\",\n  \"version\": {VERSION},\n  \"recording\": \"{recording}\"{tried}\n}}\n"
        );
    }
    let trace: Vec<String> = state.lines().iter().map(ToString::to_string).collect();
    let mut text = String::from("{\n  \"steadfast\": \"run\",\n  \"version\": ");
    text.push_str(VERSION);
    for (name, value) in [("run", link::write_whole(state)), ("hash", hash(&trace).to_string())] {
        text.push_str(",\n  \"");
        text.push_str(name);
        text.push_str("\": ");
        quote(&value, &mut text);
    }
    text.push_str(",\n  \"trace\": [");
    for (index, line) in trace.iter().enumerate() {
        text.push_str(if index == 0 { "\n    " } else { ",\n    " });
        quote(line, &mut text);
    }
    text.push_str("\n  ]\n}\n");
    text
}

/// What is in a file, or what is wrong with it.
pub fn read(bytes: &[u8]) -> Result<Opened, String> {
    if bytes.len() > LARGEST { Err(too_large()) } else { parse(bytes).map_err(|problem| failed(&problem)) }
}

/// What to say of a file that is larger than any that is read.
#[must_use]
pub fn too_large() -> String {
    failed(&format!("it has more than {} million bytes.", LARGEST / 1_000_000))
}

/// What to say of a file that a browser does not give.
#[must_use]
pub fn unreadable() -> String {
    failed("the browser cannot read it.")
}

fn failed(problem: &str) -> String {
    format!("This file could not be opened: {problem} Nothing has changed.")
}

fn parse(bytes: &[u8]) -> Result<Opened, String> {
    if bytes.starts_with(BYTES) {
        return incident(bytes, None);
    }
    let text =
        core::str::from_utf8(bytes).map_err(|_| "it is neither a run of this page nor a recording.".to_owned())?;
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.starts_with(BYTES_AS_TEXT) {
        return incident(&from_base64(text)?, None);
    }
    let json = json::parse(text).map_err(|error| {
        let what =
            if error.is_cut { "it ends in the middle." } else { "it is neither a run of this page nor a recording." };
        what.to_owned()
    })?;
    match (json.text("steadfast"), json.text("recording"), &json) {
        (Some("run"), ..) => kept(&json).map(|kept| Opened::Run(Box::new(kept))),
        (Some("recording") | None, Some(recording), _) => incident(&from_base64(recording)?, tried(&json)?),
        // What a recorder was handed, as JSON.
        (None, _, Json::Text(text)) if text.starts_with(BYTES_AS_TEXT) => incident(&from_base64(text)?, None),
        (None | Some("recording"), ..) => Err("it is neither a run of this page nor a recording.".into()),
        (Some(other), ..) => Err(format!("it holds \"{}\", and this page reads a run or a recording.", short(other))),
    }
}

fn kept(json: &Json) -> Result<Kept, String> {
    match json.get("version") {
        Some(Json::Number(version)) if version == VERSION => {}
        Some(Json::Number(version)) => {
            return Err(format!("its version is {}, and this page reads version {VERSION}.", short(version)));
        }
        _ => return Err("it does not say its version.".into()),
    }
    let run = json.text("run").ok_or("it does not say what was set.")?;
    if run.trim().is_empty() {
        return Err("it does not say what was set.".into());
    }
    let linked = link::read_whole(run).map_err(|_| "what it says was set is nothing that this page knows.")?;
    let Some(Json::List(lines)) = json.get("trace") else { return Err("it has no trace.".into()) };
    let line = |line: &Json| match line {
        Json::Text(line) => Ok(line.clone()),
        _ => Err("its trace is no list of lines.".to_owned()),
    };
    let trace = lines.iter().map(line).collect::<Result<Vec<_>, _>>()?;
    if json.text("hash") != Some(&hash(&trace).to_string()) {
        return Err("its trace is not the one that its hash is of: it was changed or cut.".into());
    }
    Ok(Kept { linked, trace })
}

fn incident(bytes: &[u8], tried: Option<Box<Tried>>) -> Result<Opened, String> {
    let incident = Incident::from_bytes(bytes, sha256).map_err(|error| format!("{error}."))?;
    Ok(Opened::Incident(Box::new(incident), tried))
}

/// What a file says was tried on its recording.
fn tried(json: &Json) -> Result<Option<Box<Tried>>, String> {
    let Some(run) = json.text("run") else { return Ok(None) };
    let unknown = || String::from("what it says was tried is nothing that this page knows.");
    let settings = link::read_settings(run).map_err(|_| unknown())?;
    let Some(Json::Number(from)) = json.get("from") else { return Err(unknown()) };
    Ok(Some(Box::new(Tried { settings, from: from.parse().map_err(|_| unknown())? })))
}

/// Adds a text as JSON, in a way that means nothing else wherever it is pasted.
fn quote(text: &str, to: &mut String) {
    to.push('"');
    for letter in text.chars() {
        match letter {
            '<' => to.push_str("\\u003c"),
            '\u{2028}' => to.push_str("\\u2028"),
            '\u{2029}' => to.push_str("\\u2029"),
            _ => json::escape(letter, to),
        }
    }
    to.push('"');
}

fn hash(trace: &[String]) -> Digest {
    let parts: Vec<&[u8]> = trace.iter().flat_map(|line| [line.as_bytes(), b"\n"]).collect();
    sha256(&parts)
}

fn to_base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let number = (0..3).fold(0, |number, at| number << 8 | usize::from(three.get(at).copied().unwrap_or(0)));
        let digit = |place: usize| char::from(DIGITS[number >> (18 - 6 * place) & 63]);
        text.extend((0..4).map(|place| if place <= three.len() { digit(place) } else { '=' }));
    }
    text
}

fn from_base64(text: &str) -> Result<Vec<u8>, String> {
    let strange = || "its recording is not whole: it was cut or changed.".to_owned();
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => Ok(byte - b'A'),
        b'a'..=b'z' => Ok(byte - b'a' + 26),
        b'0'..=b'9' => Ok(byte - b'0' + 52),
        b'+' => Ok(62),
        b'/' => Ok(63),
        _ => Err(strange()),
    };
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut number, mut bits) = (0_u32, 0);
    for byte in text.trim_end_matches('=').bytes().filter(|byte| !byte.is_ascii_whitespace()) {
        number = number << 6 | u32::from(digit(byte)?);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((number >> bits & 0xff) as u8);
        }
    }
    Ok(bytes)
}

/// As much of a strange text as a sentence can hold.
fn short(text: &str) -> String {
    let mut short: String = text.chars().take(120).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests;
