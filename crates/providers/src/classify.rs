//! From evidence to verdict: who is asked, and in which order.

use crate::body::{self, Body};
use crate::evidence::Evidence;
use crate::retry_after;
use crate::status::{class_of_status, is_success};
use crate::verdict::{Reason, Verdict};
use crate::words;
use crate::{message, transport};
use alloc::string::{String, ToString};
use core::iter::repeat;
use steadfast::failure::{Failure, FailureClass};

type Found = (FailureClass, Reason);
type Naming = fn(&'static str) -> Reason;

/// What a failed call comes to. `now_unix_ms` is what time it is, in milliseconds since 1970; only a date in
/// `retry-after` is read against it.
///
/// Two things are decided, each by the first evidence that knows:
///
/// - whether to try again: `x-should-retry`, else the class;
/// - the class: a known word in `code`, then in `type`; the HTTP status; a status in the body; the transport; the message.
///
/// Four exceptions, each because the plain order is known to mislead:
///
/// - Words that servers use for anything, such as `api_error`, give way to a status that is a failure's.
/// - A request that was refused as wrong is looked at once more by its message: Anthropic's "prompt is too long" and
///   "credit balance is too low" are 400s without a code.
/// - What the caller took back is not tried again, whatever a header says. Nor does `x-should-retry` count on an answer that
///   says that all is well.
/// - An exception with a name that anything may have (`Error`, `TypeError`), and nothing else to go by, is a bug, whatever
///   its message speaks of.
///
/// If nothing is known, it is a bug of the operation, or, if an answer came that says that all is well, one that was of no
/// use. Neither bytes nor sizes nor depths make it fail.
#[must_use]
pub fn classify(evidence: &Evidence<'_>, now_unix_ms: u64) -> Verdict {
    failed(evidence, now_unix_ms).unwrap_or_else(|| {
        let found = match evidence.status {
            Some(status) if is_success(status) => (FailureClass::MalformedOutput, Reason::Unusable(status)),
            _ => (FailureClass::Bug, Reason::Nothing),
        };
        decided(evidence, found, None, now_unix_ms)
    })
}

/// The same for an answer of which nobody knows yet whether it is a failure: nothing if it says nothing of one.
///
/// ```
/// use steadfast::failure::FailureClass;
/// use steadfast_providers::{Evidence, failed};
///
/// let class = |body| failed(&Evidence::new().status(200).body(body), 0).map(|verdict| verdict.class);
/// assert_eq!(class(r#"{"error":null,"output":[]}"#), None);
/// assert_eq!(class(r#"{"error":{"code":502,"message":"Provider returned error"}}"#), Some(FailureClass::ServerError));
/// assert_eq!(class("<!doctype html><title>Sign in</title>"), Some(FailureClass::MalformedOutput));
/// ```
#[must_use]
pub fn failed(evidence: &Evidence<'_>, now_unix_ms: u64) -> Option<Verdict> {
    let should_retry = should_retry(evidence);
    let found = class(evidence, &body(evidence));
    let unknown = |retry| if retry { FailureClass::ServerError } else { FailureClass::InvalidRequest };
    let found = found.or_else(|| Some((unknown(should_retry?), Reason::Nothing)))?;
    Some(decided(evidence, found, should_retry, now_unix_ms))
}

/// The verdict as the failure of an attempt. Its message is the provider's, else the exception's, else the reason.
///
/// ```
/// use steadfast_providers::{Evidence, failure};
///
/// let body = r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
/// assert_eq!(failure(&Evidence::new().body(body), 0).to_string(), "overloaded: Overloaded");
/// ```
#[must_use]
pub fn failure(evidence: &Evidence<'_>, now_unix_ms: u64) -> Failure {
    let verdict = classify(evidence, now_unix_ms);
    let given = || evidence.message.filter(|message| !message.is_empty()).map(String::from);
    verdict.failure(body(evidence).message().or_else(given).unwrap_or_else(|| verdict.reason.to_string()))
}

/// What the body says, if it is to be listened to: an answer that went well speaks of other things.
fn body<'a>(evidence: &Evidence<'a>) -> Body<'a> {
    let body = evidence.body.map(Body::read).unwrap_or_default();
    if evidence.status.is_some_and(is_success) && !body.is_error { Body::default() } else { body }
}

fn should_retry(evidence: &Evidence<'_>) -> Option<bool> {
    if evidence.status.is_some_and(is_success) {
        return None;
    }
    match evidence.headers.value("x-should-retry")?.trim_ascii() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

fn decided(evidence: &Evidence<'_>, (class, from): Found, retry: Option<bool>, now_unix_ms: u64) -> Verdict {
    let retry = retry.filter(|_| class != FailureClass::Cancelled);
    let wait = retry_after::wait(evidence.headers, class == FailureClass::RateLimited, now_unix_ms);
    Verdict {
        class,
        transient: retry.unwrap_or(class.is_transient()),
        retry_after: wait.map(|(wait, _)| wait),
        reason: retry.map_or(from, Reason::ShouldRetryHeader),
        class_reason: from,
        hint: wait.map(|(_, hint)| hint),
    }
}

/// The class, by the first evidence that knows.
fn class(evidence: &Evidence<'_>, body: &Body<'_>) -> Option<Found> {
    let mut vague = None;
    let codes = body.codes.iter().chain([&evidence.code]);
    let types = body.types.iter().chain([&evidence.error_type]);
    let reasons = codes.zip(repeat(Reason::Code as Naming)).chain(types.zip(repeat(Reason::Type as Naming)));
    for (word, reason) in reasons {
        let Some(word) = word.and_then(words::known) else { continue };
        let found = (word.class, reason(word.name));
        if !word.vague {
            return Some(found);
        }
        vague = vague.or(Some(found));
    }
    by_status(evidence, body)
        .or(vague)
        .map(|found| narrowed(found, evidence, body))
        .or_else(|| by_transport(evidence))
        .or_else(|| by_message(evidence, body))
        .or_else(|| body.is_error.then_some((FailureClass::ServerError, Reason::ErrorInBody)))
}

fn by_status(evidence: &Evidence<'_>, body: &Body<'_>) -> Option<Found> {
    let markup = |status| is_success(status) && evidence.body.is_some_and(body::is_markup);
    let outside = evidence.status.and_then(|status| match class_of_status(status) {
        Some(class) => Some((class, Reason::Status(status))),
        None => markup(status).then_some((FailureClass::MalformedOutput, Reason::Markup(status))),
    });
    let inside = || body.status.and_then(|status| Some((class_of_status(status)?, Reason::StatusInBody(status))));
    outside.or_else(inside)
}

/// What the message adds to a request that was refused as wrong.
fn narrowed(found: Found, evidence: &Evidence<'_>, body: &Body<'_>) -> Found {
    let wrong = found.0 == FailureClass::InvalidRequest;
    let more = texts(evidence, body).filter(|_| wrong).find_map(message::narrowed);
    more.map_or(found, |(phrase, class)| (class, Reason::Message(phrase)))
}

fn by_transport(evidence: &Evidence<'_>) -> Option<Found> {
    let codes = [evidence.transport, evidence.code];
    let code = codes.into_iter().flatten().find_map(transport::by_code);
    code.or_else(|| transport::by_name(evidence.name, evidence.message))
}

fn by_message(evidence: &Evidence<'_>, body: &Body<'_>) -> Option<Found> {
    let alone = evidence.status.is_none()
        && [evidence.body, evidence.code, evidence.error_type, evidence.transport].iter().all(Option::is_none);
    if alone && transport::is_plain(evidence.name) {
        return None;
    }
    texts(evidence, body).find_map(message::phrase).map(|(phrase, class)| (class, Reason::Message(phrase)))
}

/// What may be a message: the body's, the body itself if it is plain text, the exception's.
fn texts<'a>(evidence: &Evidence<'a>, body: &Body<'a>) -> impl Iterator<Item = &'a str> {
    let is_text = |text: &&str| !body::is_json(text) && !body::is_markup(text);
    let plain = evidence.body.filter(|_| !evidence.status.is_some_and(is_success)).filter(is_text);
    [body.raw_message(), plain, evidence.message].into_iter().flatten()
}
