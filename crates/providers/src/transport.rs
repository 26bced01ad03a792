//! What the machinery below HTTP says when there is no answer: codes of Node, undici, Bun and axios, names of exceptions,
//! and the sentences of browsers and SDKs where they say nothing else.
//!
//! The question that matters most is whether the request may have arrived. Where that cannot be known, it may have: so
//! "Failed to fetch", behind which a browser hides every fault of network and CORS, is `incomplete` and not
//! `connect_failed`.

use crate::verdict::Reason;
use steadfast::failure::FailureClass::{self, Cancelled, ConnectFailed, Incomplete, Stalled, Timeout};

const CODES: [(&str, FailureClass); 28] = [
    // Never sent.
    ("ECONNREFUSED", ConnectFailed),
    ("ENOTFOUND", ConnectFailed),
    ("EAI_AGAIN", ConnectFailed),
    ("ENETUNREACH", ConnectFailed),
    ("EHOSTUNREACH", ConnectFailed),
    ("ENETDOWN", ConnectFailed),
    ("EHOSTDOWN", ConnectFailed),
    ("UND_ERR_CONNECT_TIMEOUT", ConnectFailed),
    ("ConnectionRefused", ConnectFailed),
    ("FailedToOpenSocket", ConnectFailed),
    // May have been sent.
    ("ECONNRESET", Incomplete),
    ("EPIPE", Incomplete),
    ("UND_ERR_SOCKET", Incomplete),
    ("ERR_STREAM_PREMATURE_CLOSE", Incomplete),
    ("UND_ERR_RES_CONTENT_LENGTH_MISMATCH", Incomplete),
    ("ConnectionClosed", Incomplete),
    ("ConnectionReset", Incomplete),
    ("UND_ERR_HEADERS_TIMEOUT", Timeout),
    // Node has one word for a connection that never came to be and for one that fell silent.
    ("ETIMEDOUT", Timeout),
    ("ESOCKETTIMEDOUT", Timeout),
    // axios: its timeout, unless it is told to tell the two apart.
    ("ECONNABORTED", Timeout),
    ("UND_ERR_BODY_TIMEOUT", Stalled),
    // Taken back by the caller: Node, undici, axios, and the exception's name where it stands as a code.
    ("ABORT_ERR", Cancelled),
    ("UND_ERR_ABORTED", Cancelled),
    ("ERR_CANCELED", Cancelled),
    ("ERR_ABORTED", Cancelled),
    ("AbortError", Cancelled),
    ("TimeoutError", Timeout),
];

const NAMES: [(&str, FailureClass); 6] = [
    ("AbortError", Cancelled),
    ("APIUserAbortError", Cancelled),
    ("CanceledError", Cancelled),
    ("TimeoutError", Timeout),
    ("APIConnectionTimeoutError", Timeout),
    ("APIConnectionError", Incomplete),
];

/// What the SDKs of `OpenAI` and Anthropic say word for word; their errors have no name of their own.
const SENTENCES: [(&str, FailureClass); 3] =
    [("Request was aborted.", Cancelled), ("Request timed out.", Timeout), ("Connection error.", Incomplete)];

/// How a `TypeError` begins that is a `fetch` without an answer: Node, Chromium, Firefox, Safari, Chromium within a body,
/// Node within a body.
const NETWORK: [&str; 6] =
    ["fetch failed", "Failed to fetch", "NetworkError when attempting", "Load failed", "network error", "terminated"];

/// Names that an error has because nobody gave it one. With nothing else to go by it is a bug of the operation, whatever
/// its message speaks of.
const PLAIN: [&str; 7] = ["Error", "EvalError", "RangeError", "ReferenceError", "SyntaxError", "TypeError", "URIError"];

/// By a code. Upper and lower case count, as in the sources of those codes.
pub(crate) fn by_code(code: &str) -> Option<(FailureClass, Reason)> {
    row(&CODES, code).map(|(code, class)| (class, Reason::Transport(code)))
}

/// By the name of an exception and the message that came with it.
pub(crate) fn by_name(name: Option<&str>, message: Option<&str>) -> Option<(FailureClass, Reason)> {
    let transport = |(name, class): (&'static str, FailureClass)| (class, Reason::Transport(name));
    let hidden = || {
        let message = message.filter(|_| name == Some("TypeError"))?;
        NETWORK.iter().find(|known| message.starts_with(**known)).map(|known| (Incomplete, Reason::Network(known)))
    };
    name.and_then(|name| row(&NAMES, name))
        .map(transport)
        .or_else(|| row(&SENTENCES, message?).map(transport))
        .or_else(hidden)
}

/// Whether the name says that nobody gave it one.
pub(crate) fn is_plain(name: Option<&str>) -> bool {
    name.is_some_and(|name| PLAIN.contains(&name))
}

fn row(table: &'static [(&'static str, FailureClass)], word: &str) -> Option<(&'static str, FailureClass)> {
    table.iter().find(|(known, _)| *known == word).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_certainly_never_sent_is_said_to_have_no_effect() {
        for (code, class) in CODES.iter().chain(&NAMES).chain(&SENTENCES) {
            assert_eq!(class.may_have_taken_effect(), *class != ConnectFailed, "{code}");
        }
    }

    #[test]
    fn a_type_error_of_one_s_own_is_no_network() {
        assert_eq!(by_name(Some("TypeError"), Some("x is not a function")), None);
        assert_eq!(by_name(Some("Error"), Some("fetch failed")), None);
        assert_eq!(
            by_name(Some("TypeError"), Some("Failed to fetch (example.com)")),
            Some((Incomplete, Reason::Network("Failed to fetch")))
        );
    }
}
