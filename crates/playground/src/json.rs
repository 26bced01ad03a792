//! Reads JSON that a person typed: says where it goes wrong, and gives it in canonical form (RFC 8785), in which equal
//! arguments are equal texts and so have one digest.
//!
//! By hand, and without floats: a library for both would weigh more than the rest of the dialog that needs it.

use std::fmt::Write;

/// Values within values; more is no arguments that a person would type.
const DEEPEST: usize = 64;
/// So many digits of a decimal number every double gives back as they were.
const DIGITS: usize = 15;

/// What is wrong with it, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonError {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// A sentence.
    pub problem: &'static str,
}

impl std::fmt::Display for JsonError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Line {}, column {}: {}", self.line, self.column, self.problem)
    }
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
    let mut reader = Reader { text, at: 0 };
    let mut written = String::with_capacity(text.len());
    let end = reader.value(&mut written, 0).and_then(|()| {
        reader.skip_space();
        if reader.at == text.len() { Ok(()) } else { Err("nothing may follow the value.") }
    });
    match end {
        Ok(()) => Ok(written),
        Err(problem) => {
            let before = text.get(..reader.at).unwrap_or(text);
            let line = before.rfind('\n').map_or(0, |newline| newline + 1);
            let column = before[line..].chars().count() + 1;
            Err(JsonError { line: before.matches('\n').count() + 1, column, problem })
        }
    }
}

/// The members of a canonical object, each value as its text; nothing for any other value.
#[must_use]
pub fn members(text: &str) -> Option<Vec<(String, String)>> {
    let mut reader = Reader { text, at: 0 };
    reader.skip_space();
    if reader.peek() != Some(b'{') {
        return None;
    }
    let members = reader.object(0).ok()?;
    reader.skip_space();
    let bare = |key: String| key.get(1..key.len() - 1).unwrap_or_default().to_owned();
    (reader.at == text.len()).then(|| members.into_iter().map(|(key, value)| (bare(key), value)).collect())
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

type Read<T = ()> = Result<T, &'static str>;

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn eat(&mut self, wanted: u8) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn value(&mut self, to: &mut String, depth: usize) -> Read {
        self.skip_space();
        if depth > DEEPEST {
            return Err("this is nested too deeply.");
        }
        match self.peek() {
            Some(b'{') => {
                let members = self.object(depth)?;
                to.push('{');
                for (index, (key, value)) in members.iter().enumerate() {
                    to.push_str(if index == 0 { "" } else { "," });
                    to.push_str(key);
                    to.push(':');
                    to.push_str(value);
                }
                to.push('}');
                Ok(())
            }
            Some(b'[') => self.array(to, depth),
            Some(b'"') => self.string(to),
            Some(b'-' | b'0'..=b'9') => self.number(to),
            Some(b't') => self.word("true", to),
            Some(b'f') => self.word("false", to),
            Some(b'n') => self.word("null", to),
            Some(b'}' | b']' | b',' | b':') | None => Err("a value is missing here."),
            Some(_) => Err("this is no JSON value; texts stand between double quotes."),
        }
    }

    fn word(&mut self, word: &str, to: &mut String) -> Read {
        if !self.text[self.at..].starts_with(word) {
            return Err("this is no JSON value; texts stand between double quotes.");
        }
        self.at += word.len();
        to.push_str(word);
        Ok(())
    }

    /// Its members in canonical order, by their UTF-16 as the standard asks for, each with its quoted key.
    fn object(&mut self, depth: usize) -> Read<Vec<(String, String)>> {
        self.at += 1;
        let mut members: Vec<(String, String)> = Vec::new();
        self.skip_space();
        if self.eat(b'}') {
            return Ok(members);
        }
        loop {
            self.skip_space();
            let (mut key, mut value, place) = (String::new(), String::new(), self.at);
            if self.peek() != Some(b'"') {
                return Err("a name in double quotes is missing here.");
            }
            self.string(&mut key)?;
            if members.iter().any(|(known, _)| *known == key) {
                self.at = place;
                return Err("this name was there before.");
            }
            self.skip_space();
            if !self.eat(b':') {
                return Err("a colon is missing here.");
            }
            self.value(&mut value, depth + 1)?;
            members.push((key, value));
            self.skip_space();
            if self.eat(b'}') {
                break;
            }
            if !self.eat(b',') {
                return Err("a comma or } is missing here.");
            }
        }
        members.sort_by(|(one, _), (other, _)| one.encode_utf16().cmp(other.encode_utf16()));
        Ok(members)
    }

    fn array(&mut self, to: &mut String, depth: usize) -> Read {
        self.at += 1;
        to.push('[');
        self.skip_space();
        if self.eat(b']') {
            to.push(']');
            return Ok(());
        }
        loop {
            self.value(to, depth + 1)?;
            self.skip_space();
            if self.eat(b']') {
                to.push(']');
                return Ok(());
            }
            if !self.eat(b',') {
                return Err("a comma or ] is missing here.");
            }
            to.push(',');
        }
    }

    fn string(&mut self, to: &mut String) -> Read {
        let began = self.at;
        self.at += 1;
        to.push('"');
        loop {
            let Some(character) = self.text[self.at..].chars().next() else {
                self.at = began;
                return Err("this text has no closing quote.");
            };
            match character {
                '"' => {
                    self.at += 1;
                    to.push('"');
                    return Ok(());
                }
                '\\' => {
                    let escaped = self.escape()?;
                    quote(escaped, to);
                }
                '\0'..='\x1f' => return Err("a line break or control character in a text is written \\n or \\u001f."),
                other => {
                    self.at += other.len_utf8();
                    to.push(other);
                }
            }
        }
    }

    fn escape(&mut self) -> Read<char> {
        const UNKNOWN: &str = "a backslash stands before one of \" \\ / b f n r t, or u and four digits.";
        let character = match self.text.as_bytes().get(self.at + 1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let high = self.unit(self.at + 2).ok_or(UNKNOWN)?;
                let low = self.text.get(self.at + 6..self.at + 8).filter(|text| *text == "\\u");
                let low = low.and_then(|_| self.unit(self.at + 8)).unwrap_or_default();
                let pair = char::decode_utf16([high, low]).next().and_then(Result::ok);
                let character = pair.ok_or("this is half of a character.")?;
                self.at += if character.len_utf16() == 2 { 12 } else { 6 };
                return Ok(character);
            }
            _ => return Err(UNKNOWN),
        };
        self.at += 2;
        Ok(character)
    }

    fn unit(&self, at: usize) -> Option<u16> {
        let digits = self.text.get(at..at + 4)?;
        digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
    }

    /// As JavaScript writes it. No double is made of it: with so few digits its shortest form has the same ones.
    fn number(&mut self, to: &mut String) -> Read {
        let began = self.at;
        let is_negative = self.eat(b'-');
        let whole = self.digits();
        if whole.is_empty() || whole.len() > 1 && whole.starts_with('0') {
            self.at = began;
            return Err("a number has digits, and no zero before others.");
        }
        let fraction = if self.eat(b'.') { Some(self.digits()) } else { None };
        if fraction == Some("") {
            return Err("a digit is missing after the point.");
        }
        let mut exponent = 0;
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            let down = self.eat(b'-');
            let _ = !down && self.eat(b'+');
            let power = self.digits();
            if power.is_empty() {
                return Err("a digit is missing in the exponent.");
            }
            let power: i32 = power.parse().ok().filter(|power| *power <= 300).ok_or("this exponent is too large.")?;
            exponent = if down { -power } else { power };
        }
        let fraction = fraction.unwrap_or_default();
        let all = format!("{whole}{fraction}");
        let digits = all.trim_start_matches('0');
        let kept = digits.trim_end_matches('0');
        if kept.len() > DIGITS {
            self.at = began;
            return Err("no number of more than 15 digits is exact; write it as a text.");
        }
        if kept.is_empty() {
            to.push('0');
            return Ok(());
        }
        // The value is 0.kept * 10^point.
        let length = |text: &str| i32::try_from(text.len()).map_err(|_| "this number is too long.");
        let point = length(digits)? - length(fraction)? + exponent;
        to.push_str(if is_negative { "-" } else { "" });
        put_number(kept, point, to);
        Ok(())
    }

    fn digits(&mut self) -> &'a str {
        let began = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        &self.text[began..self.at]
    }
}

/// As `Number::toString` of ECMA-262 has it.
fn put_number(digits: &str, point: i32, to: &mut String) {
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or_default());
    if count <= point && point <= 21 {
        to.push_str(digits);
        to.push_str(&zeros(point - count));
    } else if 0 < point && point <= 21 {
        let (whole, fraction) = digits.split_at(usize::try_from(point).unwrap_or_default());
        let _ = write!(to, "{whole}.{fraction}");
    } else if -6 < point && point <= 0 {
        let _ = write!(to, "0.{}{digits}", zeros(-point));
    } else {
        let (first, rest) = digits.split_at(1);
        let dot = if rest.is_empty() { "" } else { "." };
        let sign = if point > 0 { "+" } else { "-" };
        let _ = write!(to, "{first}{dot}{rest}e{sign}{}", (point - 1).abs());
    }
}

/// As little as possible is escaped.
fn quote(character: char, to: &mut String) {
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
        assert_eq!(members("[1]"), None);
        assert_eq!(members("{} x"), None);
    }
}
