//! As much of JSON as files need: read whole or not at all, and strings written.

/// So deep are files, and a bit deeper.
const DEEPEST: usize = 16;

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Json {
    Text(String),
    /// As it is written.
    Number(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
    /// `true`, `false` or `null`.
    Word,
}

impl Json {
    /// What an object has under that name; of several the first.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members.iter().find(|(own, _)| own == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The same, where it is a string.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// The value that a text is, or the place from which on it is none.
pub(super) fn parse(text: &str) -> Result<Json, usize> {
    let mut reader = Reader { text, at: 0 };
    let value = reader.value(0)?;
    reader.skip();
    if reader.at == text.len() { Ok(value) } else { Err(reader.at) }
}

/// Adds a string as JSON, in a way that means nothing else wherever it is pasted.
pub(super) fn quote(text: &str, to: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    to.push('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => to.extend(['\\', letter]),
            '\n' => to.push_str("\\n"),
            '\0'..='\u{1f}' | '<' | '\u{2028}' | '\u{2029}' => {
                to.push_str("\\u");
                for place in [12, 8, 4, 0] {
                    to.push(char::from(DIGITS[(letter as usize >> place) & 15]));
                }
            }
            _ => to.push(letter),
        }
    }
    to.push('"');
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &[u8] {
        &self.text.as_bytes()[self.at..]
    }

    fn skip(&mut self) {
        self.at += self.rest().iter().take_while(|byte| b" \t\r\n".contains(byte)).count();
    }

    fn takes(&mut self, what: &str) -> bool {
        self.skip();
        let takes = self.rest().starts_with(what.as_bytes());
        if takes {
            self.at += what.len();
        }
        takes
    }

    fn value(&mut self, depth: usize) -> Result<Json, usize> {
        if depth > DEEPEST {
            return Err(self.at);
        }
        self.skip();
        match self.rest().first().copied() {
            Some(b'"') => self.string().map(Json::Text),
            Some(b'[') => {
                let mut items = Vec::new();
                self.at += 1;
                while !self.takes("]") {
                    if !items.is_empty() && !self.takes(",") {
                        return Err(self.at);
                    }
                    items.push(self.value(depth + 1)?);
                }
                Ok(Json::List(items))
            }
            Some(b'{') => {
                let mut members = Vec::new();
                self.at += 1;
                while !self.takes("}") {
                    if !members.is_empty() && !self.takes(",") {
                        return Err(self.at);
                    }
                    self.skip();
                    let name = self.string()?;
                    if !self.takes(":") {
                        return Err(self.at);
                    }
                    members.push((name, self.value(depth + 1)?));
                }
                Ok(Json::Object(members))
            }
            Some(b'-' | b'0'..=b'9') => {
                let length = self.rest().iter().take_while(|byte| b"+-.eE0123456789".contains(byte)).count();
                let number = self.text[self.at..self.at + length].to_owned();
                self.at += length;
                Ok(Json::Number(number))
            }
            _ if ["true", "false", "null"].into_iter().any(|word| self.takes(word)) => Ok(Json::Word),
            _ => Err(self.at),
        }
    }

    fn string(&mut self) -> Result<String, usize> {
        if self.rest().first() != Some(&b'"') {
            return Err(self.at);
        }
        self.at += 1;
        let mut string = String::new();
        loop {
            let plain =
                self.rest().iter().take_while(|byte| **byte >= 0x20 && **byte != b'"' && **byte != b'\\').count();
            string.push_str(&self.text[self.at..self.at + plain]);
            self.at += plain;
            match self.rest() {
                [b'"', ..] => {
                    self.at += 1;
                    return Ok(string);
                }
                [b'\\', letter, ..] => {
                    let letter = *letter;
                    let start = self.at;
                    self.at += 2;
                    string.push(match letter {
                        b'n' => '\n',
                        b't' => '\t',
                        b'r' => '\r',
                        b'b' => '\u{8}',
                        b'f' => '\u{c}',
                        b'u' => self.escaped().ok_or(start)?,
                        b'"' | b'\\' | b'/' => char::from(letter),
                        _ => return Err(start),
                    });
                }
                _ => return Err(self.at),
            }
        }
    }

    /// What four digits stand for, or twice four of a pair.
    fn escaped(&mut self) -> Option<char> {
        let first = self.digits()?;
        if !(0xd800..0xdc00).contains(&first) {
            return char::from_u32(first);
        }
        self.rest().starts_with(b"\\u").then(|| self.at += 2)?;
        let second = self.digits()?.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
        char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + second)
    }

    fn digits(&mut self) -> Option<u32> {
        let digits =
            self.text.get(self.at..self.at + 4).filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        self.at += 4;
        u32::from_str_radix(digits, 16).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_json_says() {
        let text = "\u{20}{ \"a\": [1, -2.5e3, true, null, \"x\\n\\u0041\\ud83d\\ude00\\/\"], \"b\": {}, \"a\": 0 } ";
        let json = parse(text).unwrap();
        let number = |text: &str| Json::Number(text.into());
        let list = vec![number("1"), number("-2.5e3"), Json::Word, Json::Word, Json::Text("x\nA😀/".into())];
        assert_eq!(json.get("a"), Some(&Json::List(list)));
        assert_eq!(json.get("b"), Some(&Json::Object(Vec::new())));
        assert_eq!(json.text("b"), None);
    }

    #[test]
    fn what_is_no_json_is_refused_where_it_begins_to_be_none() {
        for (text, at) in [
            ("", 0),
            ("[1 2]", 3),
            ("{a: 1}", 1),
            ("\"a", 2),
            ("[1,", 3),
            ("1 x", 2),
            ("\"\\x\"", 1),
            ("\"\\ud83d\"", 1),
        ] {
            assert_eq!(parse(text), Err(at), "{text}");
        }
        assert!(parse(&"[".repeat(100_000)).is_err(), "however deep");
    }

    #[test]
    fn strings_come_back_as_they_were() {
        for text in ["", "a\"b\\c", "\0\u{1f}\n\t", "<script>alert(1)</script>", "\u{2028}😀é"] {
            let mut quoted = String::new();
            quote(text, &mut quoted);
            assert_eq!(parse(&quoted), Ok(Json::Text(text.into())), "{quoted}");
            assert!(!quoted.contains('<') && !quoted.contains('\n'));
        }
    }

    #[test]
    fn any_cut_of_a_text_is_refused() {
        let text = "{\"steadfast\": \"run\", \"trace\": [\"é\\u00e9\", 1, {\"a\": []}]}";
        for (at, _) in text.char_indices() {
            assert!(parse(&text[..at]).is_err(), "{}", &text[..at]);
        }
    }
}
