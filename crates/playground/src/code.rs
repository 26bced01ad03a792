//! The settings of a run as code to paste, and which line of it decided something.

mod javascript;
mod rust;

use steadfast::explain::{Setting, Subject};
use steadfast::policy::RunPolicy;
use steadfast::run::ToolSpec;

/// A language to paste.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// For the npm package.
    #[default]
    JavaScript,
    /// For the crate.
    Rust,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::JavaScript, Self::Rust];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::JavaScript => "JavaScript",
            Self::Rust => "Rust",
        }
    }
}

/// One line of code.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CodeLine {
    /// The line, indented.
    pub text: String,
    /// The settings that stand in it.
    says: Vec<Says>,
}

/// Settings that stand in a line: that of this name, and those within it (`retry` for `retry.attempts`).
#[derive(Debug, Clone, PartialEq, Eq)]
struct Says {
    of: Subject,
    name: &'static str,
}

/// The settings of a run as code.
#[must_use]
pub fn code(language: Language, policy: &RunPolicy, tools: &[ToolSpec]) -> Vec<CodeLine> {
    match language {
        Language::JavaScript => javascript::code(policy, tools),
        Language::Rust => rust::code(policy, tools),
    }
}

/// All lines as one text.
#[must_use]
pub fn text(lines: &[CodeLine]) -> String {
    lines.iter().fold(String::new(), |text, line| text + &line.text + "\n")
}

/// The line that says a setting: of several, the one that says it most exactly.
#[must_use]
pub fn line_of(lines: &[CodeLine], setting: &Setting) -> Option<usize> {
    let exactness = |line: &CodeLine| {
        let about = line.says.iter().filter(|says| says.of == setting.of && says.is_about(setting.name));
        about.map(|says| says.name.len() + 1).max().unwrap_or_default()
    };
    let (best, line) =
        lines.iter().enumerate().map(|(index, line)| (exactness(line), index)).max_by_key(|(exactness, index)| {
            // Of equals the first.
            (*exactness, core::cmp::Reverse(*index))
        })?;
    (best > 0).then_some(line)
}

impl Says {
    fn is_about(&self, name: &str) -> bool {
        name.strip_prefix(self.name)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.') || self.name.is_empty())
    }
}

/// Lines as they are written.
#[derive(Debug, Default)]
struct Writer {
    lines: Vec<CodeLine>,
}

impl Writer {
    /// A line that says nothing about any setting.
    fn plain(&mut self, text: &str) {
        self.lines.push(CodeLine { text: text.to_owned(), says: Vec::new() });
    }

    /// A line that says these settings of somebody.
    fn says(&mut self, of: &Subject, names: &[&'static str], text: String) {
        let says = names.iter().map(|name| Says { of: of.clone(), name }).collect();
        self.lines.push(CodeLine { text, says });
    }
}

/// A number with its thousands apart, as both languages take it: `60_000`.
fn apart(number: u64) -> String {
    let digits = number.to_string();
    let first = digits.len() % 3;
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && place % 3 == first {
            text.push('_');
        }
        text.push(digit);
    }
    text
}

/// Thousandths as a decimal: `0.5`, `2`.
fn decimal(thousandths: u64) -> String {
    let text = format!("{}.{:03}", thousandths / 1_000, thousandths % 1_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A text as both languages take it: quoted, with everything escaped that could end it.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            '\n' => quoted.push_str("\\n"),
            // Not one of these needs to be seen, and both languages end a line at some of them.
            letter if letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}') => quoted.push(' '),
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests;
