//! Reads a JSON text from its beginning, and stops at what is wrong.

use super::Json;
use std::fmt::Write;

/// Values within values; more is no arguments that a person would type.
const DEEPEST: usize = 64;
/// So many digits of a decimal number every double gives back as they were.
const DIGITS: usize = 15;

pub(super) struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// Where the text ends before something that began is whole.
    is_cut: bool,
}

type Read<T> = Result<T, &'static str>;

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0, is_cut: false }
    }

    /// The place of what is wrong.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Whether that is its end.
    pub(super) fn is_cut(&self) -> bool {
        self.is_cut || self.at >= self.text.len()
    }

    /// One value, and nothing else.
    pub(super) fn whole(&mut self) -> Read<Json> {
        let value = self.value(0)?;
        self.skip_space();
        if self.at == self.text.len() { Ok(value) } else { Err("nothing may follow the value.") }
    }

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

    fn value(&mut self, depth: usize) -> Read<Json> {
        self.skip_space();
        if depth > DEEPEST {
            return Err("this is nested too deeply.");
        }
        match self.peek() {
            Some(b'{') => self.object(depth).map(Json::Object),
            Some(b'[') => self.array(depth).map(Json::List),
            Some(b'"') => self.string().map(Json::Text),
            Some(b'-' | b'0'..=b'9') => self.number().map(Json::Number),
            Some(b't') => self.word("true"),
            Some(b'f') => self.word("false"),
            Some(b'n') => self.word("null"),
            Some(b'}' | b']' | b',' | b':') | None => Err("a value is missing here."),
            Some(_) => Err("this is no JSON value; texts stand between double quotes."),
        }
    }

    fn word(&mut self, word: &'static str) -> Read<Json> {
        let rest = &self.text[self.at..];
        if !rest.starts_with(word) {
            self.is_cut = word.starts_with(rest);
            return Err("this is no JSON value; texts stand between double quotes.");
        }
        self.at += word.len();
        Ok(Json::Word(word))
    }

    /// Its members by their UTF-16, as the standard asks for.
    fn object(&mut self, depth: usize) -> Read<Vec<(String, Json)>> {
        self.at += 1;
        let mut members: Vec<(String, Json)> = Vec::new();
        self.skip_space();
        if self.eat(b'}') {
            return Ok(members);
        }
        loop {
            self.skip_space();
            let place = self.at;
            if self.peek() != Some(b'"') {
                return Err("a name in double quotes is missing here.");
            }
            let name = self.string()?;
            if members.iter().any(|(known, _)| *known == name) {
                self.at = place;
                return Err("this name was there before.");
            }
            self.skip_space();
            if !self.eat(b':') {
                return Err("a colon is missing here.");
            }
            members.push((name, self.value(depth + 1)?));
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

    fn array(&mut self, depth: usize) -> Read<Vec<Json>> {
        self.at += 1;
        let mut items = Vec::new();
        self.skip_space();
        if self.eat(b']') {
            return Ok(items);
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.skip_space();
            if self.eat(b']') {
                return Ok(items);
            }
            if !self.eat(b',') {
                return Err("a comma or ] is missing here.");
            }
        }
    }

    fn string(&mut self) -> Read<String> {
        let began = self.at;
        self.at += 1;
        let mut string = String::new();
        loop {
            let rest = &self.text[self.at..];
            let plain = rest.bytes().take_while(|byte| *byte >= 0x20 && *byte != b'"' && *byte != b'\\').count();
            string.push_str(&rest[..plain]);
            self.at += plain;
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(string);
                }
                Some(b'\\') => string.push(self.escape()?),
                Some(_) => return Err("a line break or control character in a text is written \\n or \\u001f."),
                None => {
                    self.at = began;
                    self.is_cut = true;
                    return Err("this text has no closing quote.");
                }
            }
        }
    }

    fn escape(&mut self) -> Read<char> {
        const UNKNOWN: &str = "a backslash stands before one of \" \\ / b f n r t, or u and four digits.";
        let letter = self.text.as_bytes().get(self.at + 1);
        self.is_cut = letter.is_none() || letter == Some(&b'u') && self.text.len() < self.at + 6;
        let character = match letter {
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
    fn number(&mut self) -> Read<String> {
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
            return Ok("0".into());
        }
        // The value is 0.kept * 10^point.
        let length = |text: &str| i32::try_from(text.len()).map_err(|_| "this number is too long.");
        let point = length(digits)? - length(fraction)? + exponent;
        let mut number = String::from(if is_negative { "-" } else { "" });
        put_number(kept, point, &mut number);
        Ok(number)
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
