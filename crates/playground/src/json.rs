//! Reads JSON that a person typed or a file holds: says where it goes wrong, and gives it in canonical form (RFC 8785), in which
//! equal arguments are equal texts and so have one digest.
//!
//! By hand, and without floats: a library for both would weigh more than the rest of the dialog that needs it.

mod reader;

use reader::Reader;
use std::fmt::Write;

/// What is wrong with it, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonError {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// A sentence.
    pub problem: &'static str,
    /// Whether the text ends where more has to come.
    pub is_cut: bool,
}

impl std::fmt::Display for JsonError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Line {}, column {}: {}", self.line, self.column, self.problem)
    }
}

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Json {
    /// `true`, `false` or `null`.
    Word(&'static str),
    /// As JavaScript writes it.
    Number(String),
    /// What its escapes stand for.
    Text(String),
    /// In their order.
    List(Vec<Json>),
    /// Sorted by the UTF-16 of their names, of which no two are the same.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// What an object has under that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members.iter().find(|(own, _)| own == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The same, where it is a text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    fn put(&self, to: &mut String) {
        match self {
            Self::Word(word) => to.push_str(word),
            Self::Number(number) => to.push_str(number),
            Self::Text(text) => put_text(text, to),
            Self::List(items) => {
                to.push('[');
                for (index, item) in items.iter().enumerate() {
                    to.push_str(if index == 0 { "" } else { "," });
                    item.put(to);
                }
                to.push(']');
            }
            Self::Object(members) => {
                to.push('{');
                for (index, (name, value)) in members.iter().enumerate() {
                    to.push_str(if index == 0 { "" } else { "," });
                    put_text(name, to);
                    to.push(':');
                    value.put(to);
                }
                to.push('}');
            }
        }
    }

    fn canonical(&self) -> String {
        let mut written = String::new();
        self.put(&mut written);
        written
    }
}

/// The value that a text is.
///
/// ```
/// use steadfast_playground::json;
///
/// assert_eq!(json::parse(r#"{"to": "\u0061na"}"#).unwrap().text("to"), Some("ana"));
/// assert!(json::parse(r#"{"to": "an"#).unwrap_err().is_cut);
/// ```
pub fn parse(text: &str) -> Result<Json, JsonError> {
    let mut reader = Reader::new(text);
    reader.whole().map_err(|problem| {
        let before = text.get(..reader.at()).unwrap_or(text);
        let line = before.rfind('\n').map_or(0, |newline| newline + 1);
        let column = before[line..].chars().count() + 1;
        JsonError { line: before.matches('\n').count() + 1, column, problem, is_cut: reader.is_cut() }
    })
}

/// One JSON value in canonical form.
///
/// ```
/// use steadfast_playground::json;
///
/// assert_eq!(json::canonical(r#" { "to": "ana", "n": 1.50 } "#).unwrap(), r#"{"n":1.5,"to":"ana"}"#);
/// let error = json::canonical("{\"to\": }").unwrap_err();
/// assert_eq!(error.to_string(), "Line 1, column 8: a value is missing here.");
/// ```
pub fn canonical(text: &str) -> Result<String, JsonError> {
    parse(text).map(|value| value.canonical())
}

/// The members of an object, each value as its canonical text; nothing for any other value.
#[must_use]
pub fn members(text: &str) -> Option<Vec<(String, String)>> {
    let Ok(Json::Object(members)) = parse(text) else { return None };
    Some(members.into_iter().map(|(name, value)| (escaped(&name), value.canonical())).collect())
}

/// A text as it stands between its quotes.
fn escaped(text: &str) -> String {
    let mut written = String::new();
    text.chars().for_each(|character| escape(character, &mut written));
    written
}

fn put_text(text: &str, to: &mut String) {
    to.push('"');
    text.chars().for_each(|character| escape(character, to));
    to.push('"');
}

/// As little as possible is escaped.
pub(crate) fn escape(character: char, to: &mut String) {
    match character {
        '"' => to.push_str("\\\""),
        '\\' => to.push_str("\\\\"),
        '\u{8}' => to.push_str("\\b"),
        '\u{c}' => to.push_str("\\f"),
        '\n' => to.push_str("\\n"),
        '\r' => to.push_str("\\r"),
        '\t' => to.push_str("\\t"),
        control @ '\0'..='\x1f' => {
            let _ = write!(to, "\\u{:04x}", u32::from(control));
        }
        other => to.push(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_in_canonical_form() {
        for (typed, expected) in [
            ("{}", "{}"),
            (" [ ] ", "[]"),
            ("[1, true,false ,null]", "[1,true,false,null]"),
            (r#"{"b":1,"a":{"d":[],"c":2}}"#, r#"{"a":{"c":2,"d":[]},"b":1}"#),
            (r#""\u00e9\u0041\/\n\u001F\ud83d\ude00""#, "\"éA/\\n\\u001f😀\""),
            // The example of RFC 8785, 3.2.3: sorted by UTF-16, in which a smiley stands before a high letter.
            ("{\"\u{fb33}\":1,\"😀\":2,\"ö\":3,\"1\":4}", "{\"1\":4,\"ö\":3,\"😀\":2,\"\u{fb33}\":1}"),
        ] {
            assert_eq!(canonical(typed).as_deref(), Ok(expected), "{typed}");
        }
    }

    #[test]
    fn numbers_are_written_as_javascript_writes_them() {
        for (typed, expected) in [
            ("0", "0"),
            ("-0", "0"),
            ("0.000", "0"),
            ("17", "17"),
            ("-17.50", "-17.5"),
            ("1e2", "100"),
            ("1.5E+3", "1500"),
            ("100e-2", "1"),
            ("0.1", "0.1"),
            ("0.000001", "0.000001"),
            ("0.0000001", "1e-7"),
            ("12.5e-9", "1.25e-8"),
            ("1e20", "100000000000000000000"),
            ("1e21", "1e+21"),
            ("123456789012345e7", "1.23456789012345e+21"),
            ("999999999999999", "999999999999999"),
        ] {
            assert_eq!(canonical(typed).as_deref(), Ok(expected), "{typed}");
        }
    }

    #[test]
    fn what_is_no_json_is_refused_at_its_place() {
        for (typed, expected) in [
            ("", "Line 1, column 1: a value is missing here."),
            ("{\n  \"to\": ana\n}", "Line 2, column 9: this is no JSON value; texts stand between double quotes."),
            ("{\"a\":1,}", "Line 1, column 8: a name in double quotes is missing here."),
            ("{\"a\" 1}", "Line 1, column 6: a colon is missing here."),
            ("{\"a\":1 \"b\":2}", "Line 1, column 8: a comma or } is missing here."),
            ("[1 2]", "Line 1, column 4: a comma or ] is missing here."),
            ("{\"a\":1,\"a\":2}", "Line 1, column 8: this name was there before."),
            ("\"é", "Line 1, column 1: this text has no closing quote."),
            ("\"\\x\"", "Line 1, column 2: a backslash stands before one of \" \\ / b f n r t, or u and four digits."),
            ("\"\\ud83d\"", "Line 1, column 2: this is half of a character."),
            ("\"\t\"", "Line 1, column 2: a line break or control character in a text is written \\n or \\u001f."),
            ("01", "Line 1, column 1: a number has digits, and no zero before others."),
            ("-", "Line 1, column 1: a number has digits, and no zero before others."),
            ("1.", "Line 1, column 3: a digit is missing after the point."),
            ("1e", "Line 1, column 3: a digit is missing in the exponent."),
            ("1e999", "Line 1, column 6: this exponent is too large."),
            ("1234567890123456", "Line 1, column 1: no number of more than 15 digits is exact; write it as a text."),
            ("{} {}", "Line 1, column 4: nothing may follow the value."),
            ("nul", "Line 1, column 1: this is no JSON value; texts stand between double quotes."),
        ] {
            assert_eq!(canonical(typed).map_err(|error| error.to_string()), Err(expected.into()), "{typed}");
        }
        assert!(canonical(&"[".repeat(10_000)).unwrap_err().problem.starts_with("this is nested"));
    }

    #[test]
    fn canonical_form_is_its_own_and_any_text_is_answered() {
        let pieces =
            ["{", "}", "[", "]", "\"a\"", ":", ",", "1", "-0.5e3", "\\", "é", " ", "\n", "true", "\"", "\\u00e9"];
        let mut stream = steadfast::rng::Seed(7).stream(1, 1);
        let mut valid = 0;
        for _ in 0..20_000 {
            let length = stream.up_to(9);
            let text: String = (0..length).map(|_| pieces[usize::try_from(stream.up_to(15)).unwrap()]).collect();
            if let Ok(once) = canonical(&text) {
                valid += 1;
                assert_eq!(canonical(&once), Ok(once.clone()), "{text}");
            }
        }
        assert!(valid > 100, "{valid}");
    }

    #[test]
    fn members_are_those_of_an_object() {
        let pairs = members(r#"{"body":"17 * 23 = 391","to":"ana@example.com"}"#).unwrap();
        assert_eq!(pairs, [("body".into(), "\"17 * 23 = 391\"".into()), ("to".into(), "\"ana@example.com\"".into())]);
        assert_eq!(members(r#"{"a\nb":1}"#), Some(vec![("a\\nb".into(), "1".into())]), "as it is written");
        assert_eq!(members("[1]"), None);
        assert_eq!(members("{} x"), None);
    }

    #[test]
    fn any_cut_of_a_text_is_refused_as_one() {
        let text = "{\"steadfast\": \"run\", \"trace\": [\"é\\u00e9\", true, {\"a\": []}]}";
        assert_eq!(parse(text).unwrap().text("steadfast"), Some("run"));
        for (at, _) in text.char_indices() {
            assert_eq!(parse(&text[..at]).map_err(|error| error.is_cut), Err(true), "{}", &text[..at]);
        }
        for whole in ["[1 2]", "{a: 1}", "1 x", "\"\\x\"", "nil", "{\"a\":1,\"a\":2}", "[01]"] {
            assert_eq!(parse(whole).map_err(|error| error.is_cut), Err(false), "{whole}");
        }
    }
}
