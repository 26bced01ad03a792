//! Units: how a setting's value is kept, written and read.
//!
//! A value is a whole number of the smallest part of its unit (a microsecond, a thousandth, a millionth of a dollar), or none.

use steadfast::setting::{InvalidSetting, Value};

/// The most that is counted on this page: a run of a million steps would be no use to anybody who looks at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Most {
    /// 100.
    Hundred,
    /// 1,000.
    Thousand,
    /// 1,000,000.
    Million,
}

impl Most {
    const fn number(self) -> u64 {
        match self {
            Self::Hundred => 100,
            Self::Thousand => 1_000,
            Self::Million => 1_000_000,
        }
    }
}

/// What a setting is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Milliseconds, to the microsecond, up to 24 h; `true` if there may be none.
    Time(bool),
    /// A whole number.
    Count(Most),
    /// A whole number, or none.
    Limit(Most),
    /// A share in per cent, to a tenth.
    Percent,
    /// A number, to a thousandth.
    Factor,
    /// Dollars, to a millionth, or none.
    Money,
    /// Dollars, to a millionth.
    Price,
    /// On or off: 1 or 0.
    Switch,
    /// One of these words, by its place.
    Choice(&'static [&'static str]),
}

/// The longest time that is read: 24 h in microseconds.
const LONGEST: u64 = 86_400_000_000;
/// The most money that is read: 1,000 dollars in millionths.
const RICHEST: u64 = 1_000_000_000;
/// The word for no value.
const NONE: &str = "none";

impl Unit {
    /// A time.
    pub const TIME: Self = Self::Time(false);
    /// A time, or none.
    pub const LIMIT: Self = Self::Time(true);

    /// Its sign, after a number; empty where there is none.
    #[must_use]
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Time(_) => "ms",
            Self::Percent => "%",
            Self::Money | Self::Price => "$",
            Self::Factor => "×",
            Self::Count(_) | Self::Limit(_) | Self::Switch | Self::Choice(_) => "",
        }
    }

    /// Whether there may be no value.
    #[must_use]
    pub const fn is_optional(self) -> bool {
        matches!(self, Self::Time(true) | Self::Limit(_) | Self::Money)
    }

    /// The words there are to choose from; none where a number is typed.
    #[must_use]
    pub const fn choices(self) -> &'static [&'static str] {
        match self {
            Self::Switch => &["off", "on"],
            Self::Choice(words) => words,
            _ => &[],
        }
    }

    /// How many decimals it is kept to.
    const fn decimals(self) -> u32 {
        match self {
            Self::Time(_) | Self::Factor => 3,
            Self::Percent => 1,
            Self::Money | Self::Price => 6,
            Self::Count(_) | Self::Limit(_) | Self::Switch | Self::Choice(_) => 0,
        }
    }

    const fn most(self) -> u64 {
        match self {
            Self::Time(_) => LONGEST,
            Self::Count(most) | Self::Limit(most) => most.number(),
            Self::Percent => 1_000,
            Self::Factor => 100_000,
            Self::Money | Self::Price => RICHEST,
            Self::Switch | Self::Choice(_) => self.choices().len() as u64 - 1,
        }
    }

    /// What is allowed, in words.
    const fn allowed(self) -> &'static str {
        match self {
            Self::Time(false) => "a number of ms, up to 86400000 (24 h)",
            Self::Time(true) => "a number of ms, up to 86400000 (24 h), or none",
            Self::Count(Most::Hundred) => "a whole number up to 100",
            Self::Count(Most::Thousand) => "a whole number up to 1000",
            Self::Count(Most::Million) => "a whole number up to 1000000",
            Self::Limit(_) => "a whole number up to 1000000, or none",
            Self::Percent => "a number from 0 to 100",
            Self::Factor => "a number up to 100",
            Self::Money => "a number of dollars, up to 1000, or none",
            Self::Price => "a number of dollars, up to 1000",
            Self::Switch => "on or off",
            Self::Choice(_) => "one of the words to choose from",
        }
    }

    /// A value as text: `4000`, `33.3`, `none`, `full`.
    #[must_use]
    pub fn write(self, value: Option<u64>) -> String {
        let Some(value) = value else { return NONE.into() };
        match self.choices() {
            [] => write_decimal(value, self.decimals()),
            words => words[usize::try_from(value).unwrap_or_default().min(words.len() - 1)].into(),
        }
    }

    /// A value from what somebody typed for the setting of that name. The unit may stand after it: `4000`, `4000 ms`, `4 s`.
    pub fn read(self, name: &'static str, text: &str) -> Result<Option<u64>, InvalidSetting> {
        let refused = || InvalidSetting { name, value: Value::Text(short(text)), allowed: self.allowed() };
        let text = text.trim();
        if text == NONE && self.is_optional() {
            return Ok(None);
        }
        let value = match self.choices() {
            [] => self.number(text),
            words => words.iter().position(|word| *word == text).map(|place| place as u64),
        };
        value.filter(|value| *value <= self.most()).map(Some).ok_or_else(refused)
    }

    /// Microseconds as seconds: `2.5`.
    pub(crate) fn seconds(us: u64) -> String {
        write_decimal(us, 6)
    }

    /// Seconds as microseconds.
    pub(crate) fn read_seconds(text: &str) -> Option<u64> {
        read_decimal(text, 6)
    }

    fn number(self, text: &str) -> Option<u64> {
        let signs: &[(&str, u64)] = match self {
            // The longest first: `ms` ends with `s`.
            Self::Time(_) => &[("ms", 1), ("min", 60_000), ("s", 1_000), ("h", 3_600_000)],
            Self::Percent => &[("%", 1)],
            Self::Money | Self::Price => &[("$", 1)],
            Self::Factor => &[("×", 1), ("x", 1)],
            Self::Count(_) | Self::Limit(_) | Self::Switch | Self::Choice(_) => &[],
        };
        let signed = signs.iter().find_map(|(sign, times)| Some((text.strip_suffix(sign)?.trim_end(), *times)));
        let (digits, times) = signed.unwrap_or((text, 1));
        read_decimal(digits, self.decimals())?.checked_mul(times)
    }
}

/// As much of what was typed as a sentence can hold; in quotes, for it may be nothing.
fn short(text: &str) -> String {
    format!("\"{}\"", text.chars().take(24).collect::<String>())
}

/// `1500` at 3 decimals is `1.5`.
fn write_decimal(value: u64, decimals: u32) -> String {
    let one = 10_u64.pow(decimals);
    let text = format!("{}.{:0width$}", value / one, value % one, width = decimals as usize);
    if decimals == 0 { (value).to_string() } else { text.trim_end_matches('0').trim_end_matches('.').into() }
}

/// `1.5` at 3 decimals is `1500`. Digits only: no sign, no exponent, no more decimals than there are.
fn read_decimal(text: &str, decimals: u32) -> Option<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_number = !(whole.is_empty() && part.is_empty()) && digits(whole) && digits(part) && !text.ends_with('.');
    if !is_number || part.len() > decimals as usize {
        return None;
    }
    let number = |text: &str| if text.is_empty() { Some(0) } else { text.parse::<u64>().ok() };
    let part = number(part)? * 10_u64.pow(decimals - u32::try_from(part.len()).ok()?);
    number(whole)?.checked_mul(10_u64.pow(decimals))?.checked_add(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(unit: Unit, text: &str) -> Result<Option<u64>, &'static str> {
        unit.read("x", text).map_err(|_| "refused")
    }

    #[test]
    fn times_are_milliseconds_unless_another_unit_stands_after_them() {
        for (text, us) in [
            ("4000", 4_000_000),
            ("4000 ms", 4_000_000),
            ("4s", 4_000_000),
            ("1.5 min", 90_000_000),
            ("0.001", 1),
            (".5", 500),
        ] {
            assert_eq!(read(Unit::TIME, text), Ok(Some(us)), "{text}");
        }
        for text in
            ["", " ", "-1", "+1", "1e3", "4 m", "0.0001", "1.", "1,5", "86400001", "none", "99999999999999999999", "٣"]
        {
            assert_eq!(read(Unit::TIME, text), Err("refused"), "{text:?}");
        }
        assert_eq!(read(Unit::LIMIT, " none "), Ok(None));
        let refused = Unit::TIME.read("timeout", "<b>soon</b>").unwrap_err();
        assert_eq!(refused.to_string(), "timeout is \"<b>soon</b>\"; allowed: a number of ms, up to 86400000 (24 h)");
    }

    #[test]
    fn other_units_are_read_to_their_last_decimal() {
        assert_eq!(read(Unit::Percent, "33.3 %"), Ok(Some(333)));
        assert_eq!(read(Unit::Percent, "100.1"), Err("refused"));
        assert_eq!(read(Unit::Factor, "1.5"), Ok(Some(1_500)));
        assert_eq!(read(Unit::Money, "0.25"), Ok(Some(250_000)));
        assert_eq!(read(Unit::Count(Most::Hundred), "100"), Ok(Some(100)));
        assert_eq!(read(Unit::Count(Most::Hundred), "101"), Err("refused"));
        assert_eq!(read(Unit::Count(Most::Hundred), "1.5"), Err("refused"));
        assert_eq!(read(Unit::Switch, "on"), Ok(Some(1)));
        assert_eq!(read(Unit::Choice(&["a", "b"]), "b"), Ok(Some(1)));
        assert_eq!(read(Unit::Choice(&["a", "b"]), "c"), Err("refused"));
    }

    #[test]
    fn whatever_is_written_reads_as_itself() {
        let units = [Unit::LIMIT, Unit::Count(Most::Million), Unit::Percent, Unit::Factor, Unit::Money, Unit::Switch];
        for unit in units {
            for value in [0, 1, 7, 10, 99, 100, 123, 999, 1_000, 1_234, 99_990, 100_000, 1_000_000] {
                let value = Some(value).filter(|value| *value <= unit.most());
                if value.is_some() || unit.is_optional() {
                    assert_eq!(read(unit, &unit.write(value)), Ok(value), "{unit:?} {value:?}");
                }
            }
        }
    }
}
