//! Why: one line, its pattern, and where something was decided, the rule, its numbers, the setting, and what would have decided
//! otherwise.

use crate::pattern::{Pattern, pattern};
use crate::recording::Recording;
use crate::row::{Row, row};
use steadfast::explain::{Explanation, Nearest, Setting, Subject};

/// What there is to say about one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    /// Which line.
    pub line: usize,
    /// Its row of the table.
    pub row: Row,
    /// Its pattern.
    pub pattern: Pattern,
    /// The rule, in words; empty where nothing is decided.
    pub rule: String,
    /// The same, in a sentence.
    pub because: String,
    /// What the rule looked at: names and values.
    pub numbers: Vec<(String, String)>,
    /// The setting that decided, as people read it: `retry.attempts of the model is 4`.
    pub decided_by: Option<String>,
    /// The same as data, to find its line of code.
    pub setting: Option<Setting>,
    /// The nearest change that would have decided otherwise.
    pub otherwise: Option<Otherwise>,
}

/// The nearest change, in words and as data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Otherwise {
    /// The change: `retry.attempts 5 instead of 4`.
    pub change: String,
    /// What would have happened.
    pub would: String,
    /// The change as data.
    pub nearest: Nearest,
}

/// What there is to say about that line; nothing if there is no such line.
#[must_use]
pub(crate) fn why(recording: &Recording, line: usize) -> Option<Why> {
    let told = recording.lines().get(line)?;
    let explanation = recording.explain(line);
    let rule = explanation.as_ref().map(|why| why.rule.replace('_', " ")).unwrap_or_default();
    let Explanation { setting, numbers, text: because, otherwise, .. } = explanation.unwrap_or(Explanation {
        rule: "",
        setting: None,
        numbers: Vec::new(),
        text: String::new(),
        otherwise: None,
    });
    Some(Why {
        line,
        row: row(told),
        pattern: pattern(told),
        rule,
        because,
        numbers: numbers.iter().map(|(name, value)| (name.replace('_', " "), value.to_string())).collect(),
        decided_by: setting.as_ref().map(decided_by),
        setting,
        otherwise: otherwise.map(|nearest| Otherwise {
            change: format!("{} {} instead of {}", nearest.setting.name, nearest.to, nearest.setting.value),
            would: nearest.would.clone(),
            nearest,
        }),
    })
}

fn decided_by(setting: &Setting) -> String {
    let of = match &setting.of {
        Subject::Run => String::new(),
        of => format!(" of {of}"),
    };
    format!("{}{of}: {}", setting.name, setting.value)
}

#[cfg(test)]
mod tests;
