//! What a thrown value says of the failure behind it. JavaScript gathers the evidence, the crate `providers` judges it.

use steadfast::failure::FailureClass;
use steadfast_boundary::registers::{length_of, put};
use steadfast_providers::{Ending, Evidence, StreamEnd, Verdict, class_of_status, failed};
use wasm_bindgen::prelude::wasm_bindgen;

/// The names of the headers that are asked for, one a line, in the order in which [`classify`] expects their values.
const HEADERS: [&str; 7] = [
    "x-should-retry",
    "retry-after-ms",
    "retry-after",
    "x-ratelimit-reset-requests",
    "x-ratelimit-reset-tokens",
    "x-ratelimit-remaining-requests",
    "x-ratelimit-remaining-tokens",
];

/// The names of the headers to look up.
#[wasm_bindgen]
#[must_use]
pub fn classify_headers() -> String {
    HEADERS.join("\n")
}

/// The classes in the order of their numbers, one a line.
#[wasm_bindgen]
#[must_use]
pub fn failure_classes() -> String {
    FailureClass::ALL.map(FailureClass::as_str).join("\n")
}

/// Judges a failure. `status` is 0 if there is none; `texts` are code, type, transport, name, message, the headers and the
/// body, each ended by a NUL but the last, empty where there is none. The class comes back, with 32 added where another try
/// can help; what the server asked for is in register 0 (microseconds or -1). `unless_well` answers -1 for what says
/// nothing of a failure.
#[wasm_bindgen]
#[must_use]
pub fn classify(status: u32, texts: &str, now_unix_ms: f64, unless_well: bool) -> i32 {
    let mut parts = texts.splitn(6 + HEADERS.len(), '\0');
    let mut next = || parts.next().unwrap_or_default();
    let [code, kind, transport, name, message] = core::array::from_fn(|_| next());
    let values: [&str; HEADERS.len()] = core::array::from_fn(|_| next());
    let body = next();

    let pairs: Vec<(&str, &str)> = HEADERS.into_iter().zip(values).filter(|(_, value)| !value.is_empty()).collect();
    let mut evidence = Evidence::new().headers(&pairs);
    if let Some(status) = u16::try_from(status).ok().filter(|status| *status > 0) {
        evidence = evidence.status(status);
    }
    let given = |text: &str| !text.is_empty();
    if given(code) {
        evidence = evidence.code(code);
    }
    if given(kind) {
        evidence = evidence.error_type(kind);
    }
    if given(transport) {
        evidence = evidence.transport(transport);
    }
    if given(name) {
        evidence = evidence.name(name);
    }
    if given(message) {
        evidence = evidence.message(message);
    }
    if given(body) {
        evidence = evidence.body(body);
    }
    let now = steadfast_boundary::registers::unsigned(now_unix_ms);
    if unless_well {
        return failed(&evidence, now).map_or(-1, |verdict| told(&verdict));
    }
    told(&steadfast_providers::classify(&evidence, now))
}

fn told(verdict: &Verdict) -> i32 {
    put(0, verdict.retry_after.map_or(-1.0, length_of));
    verdict.class as i32 + if verdict.transient { 32 } else { 0 }
}

/// Whether an HTTP status is one of a failure.
#[wasm_bindgen]
#[must_use]
pub fn status_fails(status: u32) -> bool {
    u16::try_from(status).is_ok_and(|status| class_of_status(status).is_some())
}

/// Whether a stream that ended without an error ended as it should: by its last reason (empty if there was none) and
/// whether its format's last event came.
#[wasm_bindgen]
#[must_use]
pub fn stream_is_complete(reason: &str, terminal_event: bool) -> bool {
    let reason = Some(reason).filter(|reason| !reason.is_empty());
    let end = StreamEnd { reason, terminal_event, any_output: true, null_reason_is_complete: false };
    end.ending() != Ending::Incomplete
}
