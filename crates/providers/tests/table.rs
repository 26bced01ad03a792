//! How each provider says each thing, one row a case: what was heard, and what it means.

use core::time::Duration;
use steadfast::failure::FailureClass::{
    self, Auth, Blocked, Bug, Cancelled, ConnectFailed, Incomplete, InvalidRequest, MalformedOutput, Overloaded,
    Permission, QuotaExhausted, RateLimited, ServerError, Stalled, Timeout, TooLarge,
};
use steadfast_providers::{Evidence, Reason, classify, failed, failure};

/// 08:49:30 on the 6th of November 1994.
const NOW: u64 = 784_111_770_000;

#[track_caller]
fn check(evidence: &Evidence<'_>, class: FailureClass, reason: Reason) {
    let verdict = classify(evidence, NOW);
    assert_eq!((verdict.class, verdict.reason), (class, reason), "{evidence:?}");
    assert_eq!(verdict.transient, class.is_transient(), "{evidence:?}");
}

fn openai(code: &str, kind: &str) -> String {
    format!(r#"{{"error":{{"message":"words for people","type":"{kind}","param":null,"code":"{code}"}}}}"#)
}

fn anthropic(kind: &str, code: Option<&str>) -> String {
    let details = code.map(|code| format!(r#","details":{{"error_code":"{code}"}}"#)).unwrap_or_default();
    format!(
        r#"{{"type":"error","error":{{"type":"{kind}","message":"words for people"{details}}},"request_id":"req_1"}}"#
    )
}

#[test]
fn codes_of_openai_compatible_servers() {
    for (status, code, class) in [
        (429, "rate_limit_exceeded", RateLimited),
        (429, "slow_down", RateLimited),
        (503, "slow_down", RateLimited),
        (429, "credit_balance_exhausted", QuotaExhausted),
        (429, "organization_spend_limit_exceeded", QuotaExhausted),
        (429, "project_spend_limit_exceeded", QuotaExhausted),
        (429, "organization_usage_limit_exceeded", QuotaExhausted),
        (429, "insufficient_quota", QuotaExhausted),
        (400, "context_length_exceeded", TooLarge),
        (401, "invalid_api_key", Auth),
        (403, "unsupported_country_region_territory", Permission),
        (404, "model_not_found", InvalidRequest),
        (400, "content_filter", Blocked),
        (503, "server_is_overloaded", Overloaded),
    ] {
        let word = Reason::Code(code);
        check(&Evidence::new().status(status).body(&openai(code, "some_type")), class, word);
        // The same in `type`, from an SDK's fields, of the inner object only, and inside a stream.
        let in_type = openai("some_code", code);
        check(&Evidence::new().status(status).body(&in_type), class, Reason::Type(code));
        check(&Evidence::new().status(status).code(code), class, word);
        check(&Evidence::new().status(status).error_type(code), class, Reason::Type(code));
        let inner = format!(r#"{{"message":"m","code":"{code}"}}"#);
        check(&Evidence::new().status(status).body(&inner), class, word);
        check(&Evidence::new().body(&openai(code, "some_type")), class, word);
        let event = format!(r#"{{"type":"error","code":"{code}","message":"m","param":null}}"#);
        check(&Evidence::new().status(200).body(&event), class, word);
        let event = format!(r#"{{"type":"response.failed","response":{{"error":{{"code":"{code}","message":"m"}}}}}}"#);
        check(&Evidence::new().status(200).body(&event), class, word);
    }
}

#[test]
fn types_of_anthropic() {
    for (status, kind, class, vague) in [
        (400, "invalid_request_error", InvalidRequest, true),
        (401, "authentication_error", Auth, false),
        (402, "billing_error", QuotaExhausted, false),
        (403, "permission_error", Permission, false),
        (404, "not_found_error", InvalidRequest, false),
        (409, "conflict_error", Overloaded, false),
        (413, "request_too_large", TooLarge, false),
        (429, "rate_limit_error", RateLimited, false),
        (500, "api_error", ServerError, true),
        (504, "timeout_error", Timeout, false),
        (529, "overloaded_error", Overloaded, false),
    ] {
        let body = anthropic(kind, None);
        let word = Reason::Type(kind);
        check(&Evidence::new().status(status).body(&body), class, if vague { Reason::Status(status) } else { word });
        check(&Evidence::new().status(status), class, Reason::Status(status));
        // In the middle of a stream there is no status but the 200 it began with.
        check(&Evidence::new().body(&body), class, word);
        check(&Evidence::new().status(200).body(&body), class, word);
        assert!(failed(&Evidence::new().status(200).body(&body), NOW).is_some(), "{kind}");
    }
    for kind in ["authentication", "billing", "permission", "not_found", "rate_limit", "timeout", "overloaded"] {
        let (short, long) = (anthropic(kind, None), anthropic(&format!("{kind}_error"), None));
        let class = |body| classify(&Evidence::new().body(body), NOW).class;
        assert_eq!(class(&short), class(&long), "{kind}");
    }
}

#[test]
fn codes_of_anthropic_are_more_exact_than_the_type_beside_them() {
    for (code, class) in [
        ("ramp_limit_exceeded", RateLimited),
        ("enforced_spend_limit_reached", QuotaExhausted),
        ("contract_spend_limit_reached", QuotaExhausted),
    ] {
        let body = anthropic("rate_limit_error", Some(code));
        check(&Evidence::new().status(429).body(&body), class, Reason::Code(code));
    }
    let unknown = anthropic("rate_limit_error", Some("some_new_limit"));
    check(&Evidence::new().status(429).body(&unknown), RateLimited, Reason::Type("rate_limit_error"));
}

#[test]
fn a_status_alone() {
    for (status, class) in [
        (302, InvalidRequest),
        (400, InvalidRequest),
        (401, Auth),
        (402, QuotaExhausted),
        (403, Permission),
        (404, InvalidRequest),
        (408, Timeout),
        (409, Overloaded),
        (413, TooLarge),
        (422, InvalidRequest),
        (429, RateLimited),
        (500, ServerError),
        (502, ServerError),
        (503, Overloaded),
        (504, Timeout),
        (529, Overloaded),
        (599, ServerError),
    ] {
        check(&Evidence::new().status(status), class, Reason::Status(status));
        let body = openai("an_unknown_code", "an_unknown_type");
        check(&Evidence::new().status(status).body(&body), class, Reason::Status(status));
        check(&Evidence::new().status(status).body("<html>cut off"), class, Reason::Status(status));
        // A status says more than an exception around it.
        let thrown = Evidence::new().status(status).name("TimeoutError").transport("ECONNRESET").message("overloaded");
        check(&thrown, class, Reason::Status(status));
    }
}

#[test]
fn vague_words_give_way_to_a_status() {
    for (status, kind, class) in [
        (401, "invalid_request_error", Auth),
        (429, "invalid_request_error", RateLimited),
        (403, "api_error", Permission),
        (503, "api_error", Overloaded),
        (400, "server_error", InvalidRequest),
    ] {
        check(&Evidence::new().status(status).body(&openai("", kind)), class, Reason::Status(status));
    }
}

#[test]
fn a_status_in_the_body_of_a_good_answer() {
    for (body, class, status) in [
        (r#"{"error":{"code":502,"message":"Provider returned error"}}"#, ServerError, 502),
        (r#"{"error":{"code":"429","message":"m"}}"#, RateLimited, 429),
        (r#"[{"error":{"code":503,"message":"m","status":"UNAVAILABLE"}}]"#, Overloaded, 503),
        (r#"{"error":{"code":403,"type":"api_error"}}"#, Permission, 403),
    ] {
        check(&Evidence::new().status(200).body(body), class, Reason::StatusInBody(status));
        check(&Evidence::new().status(500).body(body), ServerError, Reason::Status(500));
    }
    for unknown in ["1300", "302", "200", "-1", "4e2"] {
        let body = format!(r#"{{"error":{{"code":{unknown},"message":"something new"}}}}"#);
        check(&Evidence::new().status(200).body(&body), ServerError, Reason::ErrorInBody);
    }
}

#[test]
fn a_good_answer_is_no_failure_and_a_page_is_one() {
    for body in [
        "",
        "  ",
        "OK",
        r#"{"error":null,"status":"completed","output":[]}"#,
        r#"{"type":"message","content":[{"type":"text","text":"rate_limit_error"}],"stop_reason":"end_turn"}"#,
        r#"{"message":"too many requests","code":"slow_down"}"#,
    ] {
        assert_eq!(failed(&Evidence::new().status(200).body(body), NOW), None, "{body}");
        check(&Evidence::new().status(200).body(body), MalformedOutput, Reason::Unusable(200));
    }
    for body in ["<!DOCTYPE html><html>", "\u{feff} \n<html lang=\"en\">overloaded", "<?xml version=\"1.0\"?>"] {
        check(&Evidence::new().status(200).body(body), MalformedOutput, Reason::Markup(200));
        assert!(failed(&Evidence::new().status(200).body(body), NOW).is_some(), "{body}");
    }
}

#[test]
fn transport_codes_say_whether_the_request_may_have_arrived() {
    for (code, class) in [
        ("ECONNREFUSED", ConnectFailed),
        ("ENOTFOUND", ConnectFailed),
        ("EAI_AGAIN", ConnectFailed),
        ("UND_ERR_CONNECT_TIMEOUT", ConnectFailed),
        ("ECONNRESET", Incomplete),
        ("EPIPE", Incomplete),
        ("UND_ERR_SOCKET", Incomplete),
        ("ETIMEDOUT", Timeout),
        ("UND_ERR_HEADERS_TIMEOUT", Timeout),
        ("UND_ERR_BODY_TIMEOUT", Stalled),
        ("ABORT_ERR", Cancelled),
    ] {
        check(&Evidence::new().transport(code), class, Reason::Transport(code));
        check(&Evidence::new().code(code).name("Error").message("read"), class, Reason::Transport(code));
        let cause = Evidence::new().name("TypeError").message("fetch failed").transport(code);
        check(&cause, class, Reason::Transport(code));
        // A body that broke off after a good beginning.
        check(&Evidence::new().status(200).transport(code), class, Reason::Transport(code));
    }
}

#[test]
fn exceptions_by_name_and_by_what_they_say_word_for_word() {
    let thrown = |name, message| Evidence::new().name(name).message(message);
    for (name, message, class) in [
        ("AbortError", "This operation was aborted", Cancelled),
        ("TimeoutError", "The operation was aborted due to timeout", Timeout),
        ("APIConnectionTimeoutError", "Request timed out.", Timeout),
        ("APIConnectionError", "Connection error.", Incomplete),
    ] {
        check(&thrown(name, message), class, Reason::Transport(name));
    }
    for (sentence, class) in
        [("Request was aborted.", Cancelled), ("Request timed out.", Timeout), ("Connection error.", Incomplete)]
    {
        check(&thrown("Error", sentence), class, Reason::Transport(sentence));
    }
    for words in ["fetch failed", "Failed to fetch", "Load failed", "network error", "terminated"] {
        check(&thrown("TypeError", words), Incomplete, Reason::Network(words));
    }
}

#[test]
fn a_plain_exception_is_a_bug_whatever_it_speaks_of() {
    for (name, message) in [
        ("Error", "timeout is not a number"),
        ("TypeError", "x is not a function"),
        ("SyntaxError", "Unexpected token < in JSON"),
        ("Error", "fetch failed"),
    ] {
        check(&Evidence::new().name(name).message(message), Bug, Reason::Nothing);
    }
    check(&Evidence::new(), Bug, Reason::Nothing);
    check(&Evidence::new().message("no phrase of ours"), Bug, Reason::Nothing);
    check(&Evidence::new().status(0), Bug, Reason::Nothing);
}

#[test]
fn messages_are_read_last_and_the_verdict_says_so() {
    for (message, class, phrase) in [
        ("prompt is too long: 211234 tokens > 200000 maximum", TooLarge, "prompt is too long"),
        ("This model's maximum context length is 8192 tokens", TooLarge, "maximum context length"),
        ("Your credit balance is too low to access the API", QuotaExhausted, "credit balance is too low"),
        ("Too Many Requests", RateLimited, "too many requests"),
        ("Overloaded", Overloaded, "overloaded"),
        ("Request timed out", Timeout, "timed out"),
        ("socket hang up", Incomplete, "socket hang up"),
    ] {
        check(&Evidence::new().message(message), class, Reason::Message(phrase));
        check(&Evidence::new().body(message), class, Reason::Message(phrase));
        let body = format!(r#"{{"error":"{message}"}}"#);
        check(&Evidence::new().status(200).body(&body), class, Reason::Message(phrase));
    }
    let verdict = classify(&Evidence::new().message("Overloaded"), NOW);
    assert_eq!(
        verdict.to_string(),
        r#"overloaded, worth another try: the message speaks of "overloaded", and nothing else says more"#
    );
}

#[test]
fn a_message_tells_why_a_request_was_refused_as_wrong_and_never_makes_it_worth_another_try() {
    let body = |message: &str| {
        format!(r#"{{"type":"error","error":{{"type":"invalid_request_error","message":"{message}"}}}}"#)
    };
    for (message, class, phrase) in [
        ("prompt is too long: 9 tokens > 8 maximum", TooLarge, "prompt is too long"),
        ("Your credit balance is too low", QuotaExhausted, "credit balance is too low"),
        (
            "You have reached your specified API usage limits.",
            QuotaExhausted,
            "reached your specified api usage limits",
        ),
    ] {
        let text = body(message);
        check(&Evidence::new().status(400).body(&text), class, Reason::Message(phrase));
        check(&Evidence::new().body(&text), class, Reason::Message(phrase));
        check(&Evidence::new().status(400).message(message), class, Reason::Message(phrase));
        check(&Evidence::new().status(500).body(&text), ServerError, Reason::Status(500));
    }
    for message in ["timeout: not a number", "overloaded is no field", "rate limit: not a number"] {
        check(&Evidence::new().status(400).body(&body(message)), InvalidRequest, Reason::Status(400));
    }
}

#[test]
fn should_retry_decides_whether_and_leaves_what_it_is() {
    let row = |value, evidence: Evidence<'_>| {
        let pairs = [("X-Should-Retry", value)];
        let verdict = classify(&evidence.headers(&pairs), NOW);
        (verdict.class, verdict.transient, verdict.reason, verdict.class_reason)
    };
    let status = |status| Evidence::new().status(status);
    let (yes, no) = (Reason::ShouldRetryHeader(true), Reason::ShouldRetryHeader(false));
    assert_eq!(row("false", status(503)), (Overloaded, false, no, Reason::Status(503)));
    assert_eq!(row("true", status(400)), (InvalidRequest, true, yes, Reason::Status(400)));
    let quota = openai("insufficient_quota", "");
    let code = Reason::Code("insufficient_quota");
    assert_eq!(row("true", status(429).body(&quota)), (QuotaExhausted, true, yes, code));
    assert_eq!(row("maybe", status(429)), (RateLimited, true, Reason::Status(429), Reason::Status(429)));
    // Alone, it is all there is.
    assert_eq!(row("true", Evidence::new()), (ServerError, true, yes, Reason::Nothing));
    assert_eq!(row("false", Evidence::new()), (InvalidRequest, false, no, Reason::Nothing));
    // A good answer, and what the caller took back.
    let stalled = Reason::Transport("UND_ERR_BODY_TIMEOUT");
    let silent = status(200).transport("UND_ERR_BODY_TIMEOUT");
    assert_eq!(row("false", silent), (Stalled, true, stalled, stalled));
    let aborted = Reason::Transport("AbortError");
    assert_eq!(row("true", Evidence::new().name("AbortError")), (Cancelled, false, aborted, aborted));
}

#[test]
fn a_verdict_becomes_a_failure_with_the_provider_s_own_words() {
    let body = r#"{"error":{"message":"Rate limit reached.\nTry again \"soon\".","code":"rate_limit_exceeded"}}"#;
    let pairs = [("x-ratelimit-reset-requests", "20ms"), ("x-should-retry", "false")];
    let evidence = Evidence::new().status(429).headers(&pairs).body(body).message("429 status code");
    let heard = failure(&evidence, NOW);
    assert_eq!(heard.message, "Rate limit reached.\nTry again \"soon\".");
    assert_eq!((heard.class, heard.transient), (RateLimited, false));
    assert_eq!(heard.retry_after, Some(Duration::from_millis(20)));
    assert_eq!(
        classify(&evidence, NOW).to_string(),
        "rate_limited, not worth another try: the server says not to try again (x-should-retry); \
         the provider's code is rate_limit_exceeded"
    );
    assert_eq!(failure(&Evidence::new().status(502).message("Bad Gateway"), NOW).message, "Bad Gateway");
    assert_eq!(failure(&Evidence::new().status(502), NOW).message, "the HTTP status is 502");
}
