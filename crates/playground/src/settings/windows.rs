//! Rates and windows of faults, as people type them.

use super::unit::Unit;
use steadfast::setting::{InvalidSetting, Value};
use steadfast::time::Instant;
use steadfast_sim::{Occurrence, Window};

/// The latest instant that is typed: 24 h, in microseconds.
const LATEST: u64 = 86_400_000_000;

/// A rate as text: `25`, or nothing where the fault does as its description says.
#[must_use]
pub fn write_rate(rate: Option<u32>) -> String {
    rate.map(|rate| Unit::Percent.write(Some(rate.into()))).unwrap_or_default()
}

/// A rate in per cent; nothing typed means none.
pub fn parse_rate(text: &str) -> Result<Option<u32>, InvalidSetting> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let rate = Unit::Percent.read("fault.rate", text)?;
    Ok(rate.and_then(|rate| u32::try_from(rate).ok()))
}

/// Windows as text, in seconds: `2-8, 12-`. One that has no end lasts to the end of the run.
#[must_use]
pub fn write_windows(windows: &[Window]) -> String {
    let seconds = |at: Instant| Unit::seconds(at.as_micros());
    let window = |window: &Window| match window.to() {
        Instant::MAX => format!("{}-", seconds(window.from())),
        to => format!("{}-{}", seconds(window.from()), seconds(to)),
    };
    windows.iter().map(window).collect::<Vec<_>>().join(", ")
}

/// Windows in seconds; nothing typed means all the time.
///
/// ```
/// use steadfast_playground::{parse_windows, write_windows};
///
/// let windows = parse_windows("12-, 2-8").unwrap();
/// assert_eq!(write_windows(&windows), "2-8, 12-");
/// assert_eq!(parse_windows("8-2").unwrap_err().to_string(), "fault.window is 8 s to 2 s; allowed: an end after the beginning");
/// ```
pub fn parse_windows(text: &str) -> Result<Vec<Window>, InvalidSetting> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let refused = |what: &str| InvalidSetting {
        name: "fault.window",
        value: Value::Text(format!("\"{}\"", what.chars().take(24).collect::<String>())),
        allowed: "seconds from and to, as in 2-8, 12-",
    };
    let window = |text: &str| {
        let (from, to) = text.split_once(['-', '–']).ok_or_else(|| refused(text))?;
        let instant = |digits: &str| {
            let us = Unit::read_seconds(digits.trim()).filter(|us| *us <= LATEST);
            us.map(Instant::from_micros).ok_or_else(|| refused(text))
        };
        let to = if to.trim().is_empty() { Instant::MAX } else { instant(to)? };
        Window::new(instant(from)?, to)
    };
    let windows = text.split(',').map(window).collect::<Result<Vec<_>, _>>()?;
    // In order, and those that touch are one.
    Ok(Occurrence::default().with_windows(windows)?.windows().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_per_cent_or_nothing() {
        for (text, rate) in
            [("", None), (" ", None), ("25", Some(250)), ("0", Some(0)), ("33.3 %", Some(333)), ("100", Some(1_000))]
        {
            assert_eq!(parse_rate(text), Ok(rate), "{text:?}");
        }
        for text in ["-1", "101", "often", "1e2"] {
            assert_eq!(parse_rate(text).unwrap_err().name, "fault.rate", "{text:?}");
        }
        assert_eq!((write_rate(None), write_rate(Some(333))), (String::new(), "33.3".into()));
    }

    #[test]
    fn windows_read_as_they_are_written() {
        for text in ["", "2-8", "2-8, 12-", "0-0.000001", "0.25-1.5, 3-4, 5-6"] {
            assert_eq!(write_windows(&parse_windows(text).unwrap()), text);
        }
        for text in ["-", "2", "8-2", "2-8,", "a-b", "2--8", "-5", "1-2,3-4,5-6,7-8", "0-86400.1", "1e1-20"] {
            assert_eq!(parse_windows(text).unwrap_err().name, "fault.window", "{text:?}");
        }
    }
}
