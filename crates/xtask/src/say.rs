//! What `xtask` prints: headlines, notes, the reason it stopped.
//!
//! Everything goes through here so that two rules hold everywhere: a closed pipe (`cargo xtask help | head`) is no
//! panic, and colour appears only on a terminal and never with `NO_COLOR`.

use core::time::Duration;
use std::io::{self, IsTerminal, Write};

use crate::stop::Stop;

const BOLD: &str = "\x1b[1m";
const RED: &str = "\x1b[1;31m";
const PLAIN: &str = "\x1b[0m";

/// One line as it is.
pub(crate) fn line(text: &str) {
    if cfg!(test) {
        // The test harness only keeps back what this macro prints.
        println!("{text}");
        return;
    }
    write_line(&mut io::stdout(), text);
}

/// The start of something that takes a while.
pub(crate) fn headline(text: &str) {
    let coloured = is_coloured(io::stdout().is_terminal());
    line(&format!("\n{}", painted(&format!("==> {text}"), BOLD, coloured)));
}

/// Why the command ends now. Silent when another program has said it already.
pub(crate) fn stop(stop: &Stop) {
    if let Stop::Code(_) = stop {
        return;
    }
    let coloured = is_coloured(io::stderr().is_terminal());
    let text = match stop {
        Stop::Interrupted => stop.to_string(),
        _ => format!("{} {stop}", painted("error:", RED, coloured)),
    };
    write_line(&mut io::stderr(), &text);
}

/// A duration as a person says it: `0.4 s`, `12 s`, `3 min 05 s`.
pub(crate) fn duration(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    match seconds {
        0..10 => format!("{seconds}.{} s", elapsed.subsec_millis() / 100),
        10..60 => format!("{seconds} s"),
        _ => format!("{} min {:02} s", seconds / 60, seconds % 60),
    }
}

fn is_coloured(is_terminal: bool) -> bool {
    is_terminal && !no_color()
}

/// `NO_COLOR` counts when it is set and not empty (no-color.org).
pub(crate) fn no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

fn painted(text: &str, colour: &str, coloured: bool) -> String {
    if coloured { format!("{colour}{text}{PLAIN}") } else { text.to_owned() }
}

fn write_line(stream: &mut impl Write, text: &str) {
    // The reader of a pipe may be gone; then there is nobody to tell, and nothing of the work depends on it.
    let _ = writeln!(stream, "{text}");
    let _ = stream.flush();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_a_person_says_them() {
        assert_eq!(duration(Duration::from_millis(449)), "0.4 s");
        assert_eq!(duration(Duration::from_millis(9_999)), "9.9 s");
        assert_eq!(duration(Duration::from_secs(12)), "12 s");
        assert_eq!(duration(Duration::from_secs(185)), "3 min 05 s");
    }

    #[test]
    fn paint_is_only_there_when_asked_for() {
        assert_eq!(painted("error:", RED, false), "error:");
        assert_eq!(painted("error:", RED, true), "\x1b[1;31merror:\x1b[0m");
    }
}
