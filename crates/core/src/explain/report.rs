//! What an explanation says: rule, numbers, setting, and what would have decided otherwise.

use crate::time::{Duration, Instant, Span, micros, write_long};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// Why a decision was taken as it was.
///
/// As data it is `{ rule, setting?: { name, of, value }, numbers: { ... }, text, otherwise?: { setting, to, would } }`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Explanation {
    /// The rule, by name.
    pub rule: &'static str,
    /// The setting that decided; none where no setting has a say.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub setting: Option<Setting>,
    /// What the rule looked at, each under its name.
    #[cfg_attr(feature = "serde", serde(serialize_with = "as_data::named"))]
    pub numbers: Vec<(&'static str, Value)>,
    /// The same in words.
    pub text: String,
    /// The nearest change that would have decided otherwise, where one is known for certain.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub otherwise: Option<Nearest>,
}

impl Explanation {
    pub(super) fn new(rule: &'static str, text: impl Into<String>) -> Self {
        Self { rule, setting: None, numbers: Vec::new(), text: text.into(), otherwise: None }
    }

    pub(super) fn by(mut self, setting: impl Into<Option<Setting>>) -> Self {
        self.setting = setting.into();
        self
    }

    pub(super) fn number(mut self, name: &'static str, value: Value) -> Self {
        self.numbers.push((name, value));
        self
    }

    pub(super) fn otherwise(mut self, nearest: Option<Nearest>) -> Self {
        self.otherwise = nearest;
        self
    }
}

/// One setting of one policy.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Setting {
    /// Its full name, as constructors that refuse it spell it, such as `retry.attempts`.
    pub name: &'static str,
    /// Whose policy it stands in.
    pub of: Subject,
    /// What it was.
    pub value: Value,
}

/// Whose policy a setting stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Subject {
    /// The model's.
    Model,
    /// That of the tool of this name.
    Tool(String),
    /// The run's.
    Run,
    /// That of a guarded call outside of any run.
    Call,
}

impl Subject {
    pub(super) fn setting(&self, name: &'static str, value: Value) -> Setting {
        Setting { name, of: self.clone(), value }
    }
}

/// The smallest change of one setting after which this very decision would have gone otherwise, and none before it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Nearest {
    /// The setting, with the value it had.
    pub setting: Setting,
    /// What it would have to be.
    pub to: Value,
    /// What would have happened instead.
    pub would: String,
}

impl Setting {
    pub(super) fn changed(&self, to: Value, would: String) -> Nearest {
        Nearest { setting: self.clone(), to, would }
    }
}

/// A value as people write it: `3`, `4.5 s`, `50 %`, `2.5`, `none`.
///
/// ```
/// use core::time::Duration;
/// use steadfast::explain::Value;
///
/// assert_eq!(Value::Duration(Duration::from_millis(4_500)).to_string(), "4.5 s");
/// assert_eq!(Value::Duration(Duration::from_micros(4_500_001)).to_string(), "4.500001 s");
/// assert_eq!(Value::Duration(Duration::from_micros(7_200_000_001)).to_string(), "2 h 0.000001 s");
/// assert_eq!(Value::PerMille(333).to_string(), "33.3 %");
/// assert_eq!(Value::Nothing.to_string(), "none");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(untagged))]
pub enum Value {
    /// A whole number.
    Number(u64),
    /// A time span. As data, in milliseconds. In words exact to the microsecond, so that what is just enough reads so.
    Duration(#[cfg_attr(feature = "serde", serde(serialize_with = "crate::time::serialize_duration"))] Duration),
    /// An instant on the host's scale. As data, in milliseconds.
    Instant(Instant),
    /// A share, in thousandths.
    PerMille(u32),
    /// A number, in thousandths.
    Thousandths(u32),
    /// A word.
    Text(String),
    /// No value: it is switched off, or not there.
    Nothing,
}

impl Value {
    pub(super) fn text(word: &str) -> Self {
        Self::Text(word.into())
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<Duration> for Value {
    fn from(duration: Duration) -> Self {
        Self::Duration(duration)
    }
}

impl From<Instant> for Value {
    fn from(instant: Instant) -> Self {
        Self::Instant(instant)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Duration(duration) => match micros(*duration) {
                // `Span` cuts off after three decimals.
                us if us >= 1_000_000 && us % 1_000 != 0 => {
                    let seconds = write_long(f, us)?;
                    let digits = alloc::format!("{:06}", seconds % 1_000_000);
                    write!(f, "{}.{} s", seconds / 1_000_000, digits.trim_end_matches('0'))
                }
                _ => write!(f, "{}", Span(*duration)),
            },
            Self::Instant(instant) => write!(f, "{instant}"),
            Self::PerMille(share) if share % 10 == 0 => write!(f, "{} %", share / 10),
            Self::PerMille(share) => write!(f, "{}.{} %", share / 10, share % 10),
            Self::Thousandths(number) if number % 1_000 == 0 => write!(f, "{}", number / 1_000),
            Self::Thousandths(number) => {
                let digits = alloc::format!("{:03}", number % 1_000);
                write!(f, "{}.{}", number / 1_000, digits.trim_end_matches('0'))
            }
            Self::Text(word) => f.write_str(word),
            Self::Nothing => f.write_str("none"),
        }
    }
}

#[cfg(feature = "serde")]
mod as_data {
    use super::Value;
    use serde::ser::Serializer;

    pub(super) fn named<S: Serializer>(numbers: &[(&'static str, Value)], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(numbers.iter().map(|(name, value)| (name, value)))
    }
}
