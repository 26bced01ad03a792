//! A human's answers to the questions of a run, and their letters in a link.

use crate::json;
use steadfast::approval::Decision;
use steadfast_sim::Reaction;

/// The longest arguments and the longest word to the model that are taken: a link has to hold them.
pub const LONGEST_ARGS: usize = 400;
/// As [`LONGEST_ARGS`], in characters.
pub const LONGEST_MESSAGE: usize = 160;

/// What a human does about one question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Yes, exactly as shown.
    Approve,
    /// Yes, with these arguments instead, in canonical form.
    Edit(String),
    /// No, with a word to the model; it may be empty.
    Deny(String),
    /// Nothing: the question expires.
    Expire,
}

impl Answer {
    /// A no with a word to the model.
    pub fn deny(message: &str) -> Result<Self, String> {
        let message = message.trim();
        if message.chars().count() > LONGEST_MESSAGE {
            return Err(format!("At most {LONGEST_MESSAGE} characters: a link has to hold them."));
        }
        Ok(Self::Deny(message.into()))
    }

    /// A yes to other arguments, as typed.
    pub fn edit(args: &str) -> Result<Self, String> {
        Self::canonical(args).map(Self::Edit)
    }

    /// Arguments as typed in canonical form, or what is wrong with them.
    pub(crate) fn canonical(args: &str) -> Result<String, String> {
        match json::canonical(args) {
            Ok(args) if args.chars().count() > LONGEST_ARGS => {
                Err(format!("At most {LONGEST_ARGS} characters: a link has to hold them."))
            }
            Ok(args) => Ok(args),
            Err(error) => Err(error.to_string()),
        }
    }

    pub(crate) fn reaction(&self) -> Reaction {
        match self {
            Self::Approve => Reaction::Decides(Decision::Approve),
            Self::Edit(args) => Reaction::Decides(Decision::ApproveEdited { args: args.clone() }),
            Self::Deny(message) => Reaction::Decides(Decision::Deny { message: message.clone() }),
            Self::Expire => Reaction::StaysSilent,
        }
    }

    /// What it is, for a list of choices.
    #[must_use]
    pub const fn verb(&self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Edit(_) => "approve with an edit",
            Self::Deny(_) => "deny",
            Self::Expire => "let it expire",
        }
    }

    /// Its letters: `a`, `d`, `x`, and with a text `d~not_today` or `e~!7b!7d`.
    pub(crate) fn letters(&self) -> String {
        match self {
            Self::Approve => "a".into(),
            Self::Edit(args) => format!("e~{}", escape(args)),
            Self::Deny(message) if message.is_empty() => "d".into(),
            Self::Deny(message) => format!("d~{}", escape(message)),
            Self::Expire => "x".into(),
        }
    }

    /// From its letters, or what is wrong with them.
    pub(crate) fn read(letters: &str) -> Result<Self, String> {
        let (letter, text) = letters.split_once('~').map_or((letters, None), |(letter, text)| (letter, Some(text)));
        let text = text.map(unescape).transpose()?;
        match (letter, text) {
            ("a", None) => Ok(Self::Approve),
            ("x", None) => Ok(Self::Expire),
            ("d", message) => {
                let message = message.unwrap_or_default();
                Self::deny(&message).map_err(|_| "a word to the model is too long".into())
            }
            ("e", Some(args)) => match Self::canonical(&args) {
                Ok(canonical) if canonical == args => Ok(Self::Edit(args)),
                _ => Err("arguments that were edited are not JSON in canonical form".into()),
            },
            _ => Err(format!("a decision is a, d, e or x, not \"{}\"", letters.chars().take(24).collect::<String>())),
        }
    }
}

/// A text as part of a link. Links are decoded as addresses are before they are taken apart, so this has a sign of its own
/// instead of `%`: a space is `_`, and whatever is no letter, digit, `-` or `.` is `!` with two digits for each byte.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' ' => escaped.push('_'),
            plain if plain.is_ascii_alphanumeric() || matches!(plain, b'-' | b'.') => escaped.push(char::from(plain)),
            other => {
                escaped.push('!');
                for digit in [other >> 4, other & 15] {
                    escaped.push(char::from(b"0123456789abcdef"[usize::from(digit)]));
                }
            }
        }
    }
    escaped
}

/// A text from part of a link, or what is wrong with it.
pub(crate) fn unescape(escaped: &str) -> Result<String, String> {
    let wrong = || String::from("a text in it is damaged");
    let mut bytes = Vec::with_capacity(escaped.len());
    let mut rest = escaped.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'!' => {
                let mut digit = || rest.next().and_then(|byte| char::from(byte).to_digit(16));
                let (high, low) = (digit().ok_or_else(wrong)?, digit().ok_or_else(wrong)?);
                u8::try_from(high * 16 + low).map_err(|_| wrong())?
            }
            b'_' => b' ',
            plain => plain,
        });
    }
    String::from_utf8(bytes).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_comes_back_from_its_letters() {
        for (answer, letters) in [
            (Answer::Approve, "a"),
            (Answer::Expire, "x"),
            (Answer::Deny(String::new()), "d"),
            (Answer::Deny("not today, ~&#%".into()), "d~not_today!2c_!7e!26!23!25"),
            (Answer::Edit(r#"{"to":"bö"}"#.into()), "e~!7b!22to!22!3a!22b!c3!b6!22!7d"),
        ] {
            assert_eq!(answer.letters(), letters);
            assert_eq!(Answer::read(letters), Ok(answer));
        }
    }

    #[test]
    fn letters_that_no_answer_has_are_refused_with_a_sentence() {
        for letters in ["", "b", "a~x", "x~", "e", "e~", "e~!7b", "e~!7b_!7d", "d~!", "d~!f", "d~!ff", "d~!gg"] {
            assert!(Answer::read(letters).is_err(), "{letters}");
        }
        assert!(Answer::read(&format!("d~{}", "x".repeat(161))).unwrap_err().contains("too long"));
        assert!(Answer::read(&format!("e~!22{}!22", "x".repeat(399))).is_err());
    }
}
