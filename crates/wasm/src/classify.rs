//! What a thrown value says of the failure behind it: its properties are the evidence, and the crate `providers`, which knows
//! what each provider means by its errors, is the judge.

use crate::misuse::shown;
use crate::options::{milliseconds, whole};
use crate::property::{get_or_undefined, method};
use steadfast::failure::{Failure, FailureClass};
use steadfast_providers::{Evidence, Reason, Verdict, classify};
use wasm_bindgen::JsValue;

/// The failure that a thrown value speaks of. What says nothing of itself is a bug, and a bug is not tried again.
pub(crate) fn thrown(error: &JsValue) -> Failure {
    let mut verdict = verdict(error);
    // A browser does not say how its network failed, and a model that is asked twice does no harm.
    if matches!(verdict.class_reason, Reason::Network(_)) {
        verdict.class = FailureClass::ConnectFailed;
    }
    failure(error, verdict)
}

/// The same for something that must not happen twice: where nobody knows whether the request arrived, it may have.
pub(crate) fn thrown_by_effect(error: &JsValue) -> Failure {
    failure(error, verdict(error))
}

/// What a thrown value says, for people.
pub(crate) fn message_of(error: &JsValue) -> String {
    match error.as_string() {
        Some(message) => message,
        None => text(error, "message")
            .or_else(|| text(error, "name"))
            .unwrap_or_else(|| format!("{} was thrown", shown(error))),
    }
}

/// With what the value says of itself in the words of this package: `transient` and `retryAfter`.
fn failure(error: &JsValue, verdict: Verdict) -> Failure {
    let says_so = text(error, "name").is_some_and(|name| name == "TransientError");
    let transient = get_or_undefined(error, "transient").as_bool().or(says_so.then_some(true));
    let mut failure = verdict.failure(message_of(error));
    if transient == Some(true) && failure.class == FailureClass::Bug {
        failure.class = FailureClass::ServerError;
    }
    if let Some(transient) = transient.filter(|_| failure.class != FailureClass::Cancelled) {
        failure = failure.with_transient(transient);
    }
    if let Some(wait) = milliseconds(&get_or_undefined(error, "retryAfter")) {
        failure = failure.with_retry_after(wait);
    }
    failure
}

/// An SDK's error keeps its evidence on itself, on the provider's `error` inside, on the `error` inside that, which knows best,
/// or on its `cause`.
fn verdict(error: &JsValue) -> Verdict {
    let (inside, cause) = (get_or_undefined(error, "error"), get_or_undefined(error, "cause"));
    let innermost = get_or_undefined(&inside, "error");
    let anywhere = |name| text(&innermost, name).or_else(|| text(&inside, name)).or_else(|| text(error, name));
    let (code, error_type) = (anywhere("code"), anywhere("type"));
    let (transport, body) = (text(&cause, "code"), text(error, "responseBody"));
    let (name, message) = (text(error, "name"), text(error, "message"));
    let headers = [get_or_undefined(error, "headers"), get_or_undefined(error, "responseHeaders")];
    let look_up = |wanted: &str| headers.iter().find_map(|headers| header(headers, wanted));

    let mut evidence = Evidence::new().header_lookup(&look_up);
    let number = |name| get_or_undefined(error, name).as_f64().and_then(whole);
    let status = number("status").or_else(|| number("statusCode"));
    if let Some(status) = status.and_then(|status| u16::try_from(status).ok()) {
        evidence = evidence.status(status);
    }
    if let Some(code) = &code {
        evidence = evidence.code(code);
    }
    if let Some(error_type) = &error_type {
        evidence = evidence.error_type(error_type);
    }
    if let Some(transport) = &transport {
        evidence = evidence.transport(transport);
    }
    if let Some(body) = &body {
        evidence = evidence.body(body);
    }
    if let Some(name) = &name {
        evidence = evidence.name(name);
    }
    if let Some(message) = &message {
        evidence = evidence.message(message);
    }
    classify(&evidence, now_unix_ms())
}

/// The value of a header, of `Headers` or of a plain object with names in lower case.
fn header(headers: &JsValue, name: &str) -> Option<String> {
    match method(headers, "get") {
        Some(get) => get.call1(headers, &name.into()).ok()?.as_string(),
        None => text(headers, name),
    }
}

fn text(object: &JsValue, name: &str) -> Option<String> {
    get_or_undefined(object, name).as_string().filter(|text| !text.is_empty())
}

/// What time it is; only a date in `retry-after` is read against it.
fn now_unix_ms() -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast of a float saturates")]
    let now = js_sys::Date::now() as u64;
    now
}
