//! The strings and numbers of a JSON text, each with the keys that lead to it.
//!
//! A scanner, not a parser: it reads on for as long as it understands, so that a body that was cut off still tells what
//! stands before the cut, and it judges nothing. It is total over any text: one pass, no recursion, no depth at which it
//! breaks, and no index that could lie outside. Why not a library: see the crate's page.

use alloc::string::String;

/// How many keys a path has at most. What lies deeper is passed over: no provider says there what failed.
const DEPTH: usize = 4;

/// A value on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// A string as it was written, without its quotes and with its escapes: see [`unescaped`].
    Text(&'a str),
    /// A number, `true`, `false`, `null`, or a word that is no JSON at all.
    Word(&'a str),
    /// An object or an array begins.
    Group,
}

/// Shows each value and its keys to `visit`, in the order of the text. Elements of an array have the key `""`.
///
/// Keys are compared as they were written: one with an escape in it is simply another key.
pub(crate) fn scan<'a>(text: &'a str, mut visit: impl FnMut(&[&'a str], Value<'a>)) {
    // The key that leads to the value at hand, for each group that is open.
    let mut keys = [""; DEPTH];
    let mut depth: usize = 0;
    let mut rest = text;
    loop {
        rest = rest.trim_ascii_start();
        let (value, after) = match rest.as_bytes().first() {
            None => return,
            Some(b'}' | b']') => {
                depth = depth.saturating_sub(1);
                (None, rest.get(1..))
            }
            Some(b',' | b':') => (None, rest.get(1..)),
            Some(b'{' | b'[') => (Some(Value::Group), rest.get(1..)),
            Some(b'"') => {
                // Cut off within a string: half a word is no word.
                let Some((text, after)) = string(rest) else { return };
                if let Some(after) = after.trim_ascii_start().strip_prefix(':') {
                    if let Some(last) = depth.checked_sub(1).and_then(|last| keys.get_mut(last)) {
                        *last = text;
                    }
                    rest = after;
                    continue;
                }
                (Some(Value::Text(text)), Some(after))
            }
            Some(_) => {
                let ends = |byte: u8| byte.is_ascii_whitespace() || b",:\"{}[]".contains(&byte);
                let end = rest.bytes().position(ends).unwrap_or(rest.len());
                (rest.get(..end).map(Value::Word), rest.get(end..))
            }
        };
        if let (Some(value), Some(path)) = (value, keys.get(..depth)) {
            visit(path, value);
        }
        if value == Some(Value::Group) {
            depth += 1;
        } else if depth == 0 {
            return;
        }
        // A key leads to one value; and nothing has led into a group that has just begun.
        if let Some(last) = keys.get_mut(depth - 1) {
            *last = "";
        }
        rest = after.unwrap_or("");
    }
}

/// The string that `text` begins with, between its quotes, and what follows it.
fn string(text: &str) -> Option<(&str, &str)> {
    let mut escaped = false;
    let inside = text.get(1..)?;
    let end = inside.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })?;
    Some((inside.get(..end)?, inside.get(end + 1..)?))
}

/// A string as it was meant. An escape that is none stays as the character it escapes; half a surrogate pair becomes
/// U+FFFD.
pub(crate) fn unescaped(text: &str) -> String {
    let mut meant = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let escaped = if c == '\\' { rest.next() } else { None };
        meant.push(match escaped {
            None => c,
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('u') => {
                let first = unit(rest.as_str());
                if first.is_some() {
                    rest.nth(3);
                }
                let second = rest.as_str().strip_prefix("\\u").and_then(unit);
                match (first, second) {
                    (Some(high @ 0xD800..0xDC00), Some(low @ 0xDC00..0xE000)) => {
                        rest.nth(5);
                        char::from_u32(0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00))
                    }
                    (Some(one), _) => char::from_u32(one),
                    (None, _) => None,
                }
                .unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            Some(other) => other,
        });
    }
    meant
}

/// The four hexadecimal digits that `text` begins with.
fn unit(text: &str) -> Option<u32> {
    text.get(..4)?.chars().try_fold(0, |unit, c| Some(unit * 16 + c.to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::vec::Vec;

    fn seen(text: &str) -> Vec<String> {
        let mut all = Vec::new();
        scan(text, |path, value| all.push(format!("{}={value:?}", path.join("."))));
        all
    }

    #[test]
    fn values_come_with_their_keys() {
        assert_eq!(
            seen(r#" {"error": {"code": "a\"b", "n": [1, {"x": null}]}, "type": true} "#),
            [
                "=Group",
                "error=Group",
                r#"error.code=Text("a\\\"b")"#,
                "error.n=Group",
                r#"error.n.=Word("1")"#,
                "error.n.=Group",
                r#"error.n..x=Word("null")"#,
                r#"type=Word("true")"#,
            ]
        );
        assert_eq!(seen(r#"[{"error":"x"}]"#), ["=Group", "=Group", r#".error=Text("x")"#]);
        assert_eq!(seen(r#""only" "this""#), [r#"=Text("only")"#]);
    }

    #[test]
    fn a_key_leads_to_one_value_only() {
        assert_eq!(seen(r#"{"code":{"a":1},"b"}"#), ["=Group", "code=Group", r#"code.a=Word("1")"#, r#"=Text("b")"#]);
        assert_eq!(seen(r#"{"code":["a"]}"#), ["=Group", "code=Group", r#"code.=Text("a")"#]);
    }

    #[test]
    fn what_stands_before_a_cut_is_read_and_half_a_word_is_not() {
        assert_eq!(
            seen(r#"{"type":"error","error":{"type":"overl"#),
            ["=Group", r#"type=Text("error")"#, "error=Group"]
        );
        assert_eq!(seen(""), [""; 0]);
        assert_eq!(seen("}]"), [""; 0]);
        assert_eq!(seen("Bad Gateway"), [r#"=Word("Bad")"#]);
    }

    #[test]
    fn depth_breaks_nothing_and_what_lies_too_deep_is_passed_over() {
        let deep = format!(r#"{}"x"{},"after":"y"}}"#, r#"{"a":"#.repeat(100_000), "}".repeat(99_999));
        let all = seen(&deep);
        assert_eq!(all.len(), DEPTH + 2);
        assert_eq!(all[DEPTH + 1], r#"after=Text("y")"#);
        assert_eq!(seen(&"[".repeat(100_000)).len(), DEPTH + 1);
    }

    #[test]
    fn escapes_are_what_they_mean() {
        assert_eq!(unescaped(r#"a\n\"\\\/\u00e9\ud83d\ude00z"#), "a\n\"\\/é😀z");
        assert_eq!(unescaped(r"\ud83d!\udE00\uzz\u12"), "\u{fffd}!\u{fffd}\u{fffd}zz\u{fffd}12");
        assert_eq!(unescaped("\\"), "\\");
        assert_eq!(unescaped(r"\ud83dA"), "\u{fffd}A");
    }
}
