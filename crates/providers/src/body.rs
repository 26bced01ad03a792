//! What a provider's error body says, in the few places where providers say it.
//!
//! | format | where |
//! |---|---|
//! | OpenAI-compatible | `error.code`, `error.type`, `error.message` |
//! | Anthropic | the same, and `error.details.error_code` |
//! | an event in an `OpenAI` stream | `code`, `message`; `response.error.code`, `response.error.message` |
//! | an SDK's error, which keeps the inner object only | `code`, `type`, `message` |
//! | small servers | `error` as a string, `detail`; a list with the object in it |
//!
//! A number in `code` is an HTTP status that the transport did not carry, as gateways send it with a 200.

use crate::json::{self, Value};
use alloc::string::String;

/// The words of a body, as they were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Body<'a> {
    /// The most exact first.
    pub(crate) codes: [Option<&'a str>; 4],
    /// The most exact first.
    pub(crate) types: [Option<&'a str>; 2],
    /// An HTTP status told as a code.
    pub(crate) status: Option<u16>,
    /// Whether it says of itself that it is an error.
    pub(crate) is_error: bool,
    message: Option<&'a str>,
}

impl<'a> Body<'a> {
    /// Reads any text. Of two values in the same place the last counts, as in JavaScript.
    pub(crate) fn read(text: &'a str) -> Self {
        let mut body = Self::default();
        json::scan(begun(text), |path, value| {
            // A list is read as what stands in it.
            let path = path.strip_prefix(&[""]).unwrap_or(path);
            match value {
                Value::Group => body.is_error |= path == ["error"],
                Value::Word(word) => {
                    if matches!(path, ["error", "code"] | ["code"]) {
                        body.status = status(word).or(body.status);
                    }
                }
                Value::Text("") => {}
                Value::Text(text) => body.hear(path, text),
            }
        });
        body
    }

    fn hear(&mut self, path: &[&str], text: &'a str) {
        match path {
            ["error", "details", "error_code"] => self.codes[0] = Some(text),
            ["error", "code"] => self.codes[1] = Some(text),
            ["response", "error", "code"] => self.codes[2] = Some(text),
            ["code"] => self.codes[3] = Some(text),
            ["error", "type"] => self.types[0] = Some(text),
            ["type"] => self.types[1] = Some(text),
            ["error", "message"] | ["response", "error", "message"] | ["error"] => self.message = Some(text),
            ["message" | "detail"] | [] => self.message = self.message.or(Some(text)),
            _ => {}
        }
        match path {
            ["error", "code"] | ["code"] => self.status = status(text).or(self.status),
            ["error"] | ["response", "error", ..] => self.is_error = true,
            ["type"] => self.is_error |= matches!(text, "error" | "response.failed"),
            _ => {}
        }
    }

    /// The message as it was meant, for people.
    pub(crate) fn message(&self) -> Option<String> {
        self.message.map(json::unescaped)
    }

    /// The message as it was written, to look for words in.
    pub(crate) fn raw_message(&self) -> Option<&'a str> {
        self.message
    }
}

/// A code that is an HTTP status of a failure.
fn status(word: &str) -> Option<u16> {
    word.parse().ok().filter(|status| (400..600).contains(status))
}

/// A text without the mark and the space that may stand before it.
fn begun(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text).trim_ascii_start()
}

/// Whether it begins as a page begins, where JSON was to be expected.
pub(crate) fn is_markup(text: &str) -> bool {
    begun(text).starts_with('<')
}

/// Whether it begins as JSON begins.
pub(crate) fn is_json(text: &str) -> bool {
    begun(text).starts_with(['{', '[', '"'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_format_is_read_where_it_speaks() {
        let openai = Body::read(r#"{"error":{"message":"m","type":"t","param":null,"code":"c"}}"#);
        assert_eq!((openai.codes[1], openai.types[0], openai.raw_message()), (Some("c"), Some("t"), Some("m")));
        let anthropic = Body::read(
            r#"{"type":"error","error":{"type":"t","message":"m","details":{"error_code":"c"}},"request_id":"r"}"#,
        );
        assert_eq!((anthropic.codes[0], anthropic.types[0], anthropic.is_error), (Some("c"), Some("t"), true));
        let event = Body::read(r#"{"type":"error","code":"c","message":"m","param":null}"#);
        assert_eq!((event.codes[3], event.raw_message(), event.is_error), (Some("c"), Some("m"), true));
        let failed = Body::read(r#"{"type":"response.failed","response":{"error":{"code":"c","message":"m"}}}"#);
        assert_eq!((failed.codes[2], failed.raw_message(), failed.is_error), (Some("c"), Some("m"), true));
        let small = Body::read(r#"{"error":"model not found"}"#);
        assert_eq!((small.raw_message(), small.is_error), (Some("model not found"), true));
        let listed = Body::read(r#"[{"error":{"code":503,"message":"m"}}]"#);
        assert_eq!((listed.status, listed.is_error), (Some(503), true));
    }

    #[test]
    fn an_answer_is_no_error_even_if_it_speaks_of_errors() {
        let good = r#"{"error":null,"type":"message","output":[{"content":[{"error":{"code":"slow_down"}}]}]}"#;
        assert_eq!(Body::read(good), Body { types: [None, Some("message")], ..Body::default() });
    }
}
