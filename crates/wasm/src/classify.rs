//! What a thrown value says of the failure behind it. Modest on purpose: the table of what each provider means by its errors
//! is a crate of its own (`providers`); what is here is what the language and its `fetch` have in common.

use crate::misuse::shown;
use crate::options::{milliseconds, whole};
use crate::property::get_or_undefined;
use steadfast::failure::{Failure, FailureClass};
use wasm_bindgen::JsValue;

/// How the engines name a `fetch` that got no answer: Node, Chromium, Firefox, Safari, and Chromium within a body.
const NETWORK_MESSAGES: [&str; 5] =
    ["fetch failed", "Failed to fetch", "NetworkError when attempting", "Load failed", "network error"];
/// Node's and undici's codes for a connection that never came to be.
const NEVER_CONNECTED: [&str; 6] =
    ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "ENETUNREACH", "EHOSTUNREACH", "UND_ERR_CONNECT_TIMEOUT"];
/// Their codes for a connection that broke, so that nobody knows how far the request came.
const BROKEN_OFF: [&str; 5] = ["ECONNRESET", "EPIPE", "ETIMEDOUT", "UND_ERR_SOCKET", "UND_ERR_BODY_TIMEOUT"];

/// The failure that a thrown value speaks of. What says nothing of itself is a bug, and a bug is not tried again.
pub(crate) fn thrown(error: &JsValue) -> Failure {
    let name = get_or_undefined(error, "name").as_string().unwrap_or_default();
    let transient = get_or_undefined(error, "transient").as_bool();
    let class = match name.as_str() {
        "AbortError" => FailureClass::Cancelled,
        "TimeoutError" => FailureClass::Timeout,
        _ => status(error)
            .or_else(|| network(error, &name))
            .or_else(|| (name == "TransientError" || transient == Some(true)).then_some(FailureClass::ServerError))
            .unwrap_or(FailureClass::Bug),
    };
    let mut failure = Failure::new(class, message_of(error));
    if name == "TransientError" || transient == Some(true) {
        failure = failure.with_transient(true);
    } else if transient == Some(false) {
        failure = failure.with_transient(false);
    }
    if let Some(wait) = milliseconds(&get_or_undefined(error, "retryAfter")) {
        failure = failure.with_retry_after(wait);
    }
    failure
}

/// The same for something that must not happen twice: a network error counts as a connection that never came to be only
/// where that is certain. Browsers say no more than "Failed to fetch", whatever happened.
pub(crate) fn thrown_by_effect(error: &JsValue) -> Failure {
    let mut failure = thrown(error);
    if failure.class == FailureClass::ConnectFailed
        && !code(error).is_some_and(|code| is_among(&code, &NEVER_CONNECTED))
    {
        failure.class = FailureClass::Incomplete;
    }
    failure
}

/// What a thrown value says, for people.
pub(crate) fn message_of(error: &JsValue) -> String {
    let text = |name| get_or_undefined(error, name).as_string().filter(|text| !text.is_empty());
    match error.as_string() {
        Some(message) => message,
        None => text("message").or_else(|| text("name")).unwrap_or_else(|| format!("{} was thrown", shown(error))),
    }
}

/// By the HTTP status that an SDK's error carries.
fn status(error: &JsValue) -> Option<FailureClass> {
    let number = |name| get_or_undefined(error, name).as_f64();
    let status = whole(number("status").or_else(|| number("statusCode"))?)?;
    Some(match status {
        401 => FailureClass::Auth,
        // Out of credit is told as 429 too, but no waiting brings it back.
        429 if code(error).is_some_and(|code| code == "insufficient_quota") => FailureClass::QuotaExhausted,
        402 => FailureClass::QuotaExhausted,
        403 => FailureClass::Permission,
        408 => FailureClass::Timeout,
        413 => FailureClass::TooLarge,
        429 => FailureClass::RateLimited,
        // 409 is a lock that somebody else holds; the SDKs of OpenAI and Anthropic try again as well.
        409 | 503 | 529 => FailureClass::Overloaded,
        500..=599 => FailureClass::ServerError,
        400..=499 => FailureClass::InvalidRequest,
        _ => return None,
    })
}

/// By what the network had to say, if it was the network.
fn network(error: &JsValue, name: &str) -> Option<FailureClass> {
    match code(error) {
        Some(code) if is_among(&code, &NEVER_CONNECTED) => return Some(FailureClass::ConnectFailed),
        Some(code) if is_among(&code, &BROKEN_OFF) => return Some(FailureClass::Incomplete),
        _ => {}
    }
    let message = get_or_undefined(error, "message").as_string().unwrap_or_default();
    let by_fetch = name == "TypeError" && NETWORK_MESSAGES.iter().any(|known| message.starts_with(known));
    by_fetch.then_some(FailureClass::ConnectFailed)
}

/// The code of an error or of its cause, which is where `fetch` puts it.
fn code(error: &JsValue) -> Option<String> {
    let of = |error: &JsValue| get_or_undefined(error, "code").as_string();
    of(error).or_else(|| of(&get_or_undefined(error, "cause")))
}

fn is_among(code: &str, codes: &[&str]) -> bool {
    codes.contains(&code)
}
