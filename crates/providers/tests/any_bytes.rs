//! Whatever is heard, there is a verdict, and it keeps its promises. A failure names the seed that shows it again.

use steadfast::failure::FailureClass;
use steadfast::rng::{Seed, Stream};
use steadfast_providers::{Ending, Evidence, Hint, LONGEST_WAIT, Reason, Verdict, classify, failed, failure};

const CASES: u64 = 5_000;
/// Pieces that mean something in some place, so that random texts of them reach further than random letters.
const PIECES: [&str; 60] = [
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"",
    "\\",
    "\\u00",
    "\\ud83d",
    "\\ude00",
    " ",
    "\n",
    "\u{feff}",
    "<html>",
    "null",
    "true",
    "429",
    "502",
    "-1",
    "1e9",
    "NaN",
    ".",
    "0",
    "9",
    "99999999999999999999",
    "s",
    "ms",
    "m",
    "h",
    "d",
    "é",
    "😀",
    "\u{0}",
    "\"error\"",
    "\"code\"",
    "\"type\"",
    "\"message\"",
    "\"details\"",
    "\"error_code\"",
    "\"response\"",
    "\"insufficient_quota\"",
    "\"rate_limit_error\"",
    "\"api_error\"",
    "\"slow_down\"",
    "prompt is too long",
    "overloaded",
    "Sun, ",
    "06",
    "Nov",
    "1994",
    "08:49:37",
    "GMT",
    "AbortError",
    "TypeError",
    "Failed to fetch",
    "ECONNREFUSED",
    "Error",
    "false",
    "stop",
];
const HEADERS: [&str; 8] = [
    "Retry-After",
    "retry-after-ms",
    "X-Should-Retry",
    "x-ratelimit-reset-requests",
    "x-ratelimit-reset-tokens",
    "x-ratelimit-remaining-requests",
    "x-ratelimit-remaining-tokens",
    "content-type",
];

fn up_to(stream: &mut Stream, most: usize) -> usize {
    usize::try_from(stream.up_to(most as u64)).expect("it is at most a usize")
}

fn text(stream: &mut Stream, longest: usize) -> String {
    let mut text = String::new();
    for _ in 0..up_to(stream, longest) {
        if stream.happens(150) {
            text.push(char::from_u32(u32::try_from(stream.up_to(0x2FFF)).unwrap()).unwrap_or('?'));
        } else {
            text.push_str(PIECES[up_to(stream, PIECES.len() - 1)]);
        }
    }
    text
}

fn maybe(stream: &mut Stream, longest: usize) -> Option<String> {
    stream.happens(600).then(|| text(stream, longest))
}

fn holds(evidence: &Evidence<'_>, verdict: Verdict) {
    assert!(FailureClass::ALL.contains(&verdict.class));
    assert_eq!(verdict.retry_after.is_some(), verdict.hint.is_some());
    assert!(verdict.retry_after.is_none_or(|wait| wait <= LONGEST_WAIT));
    assert!(verdict.hint != Some(Hint::RateLimitReset) || verdict.class == FailureClass::RateLimited);
    match verdict.reason {
        Reason::ShouldRetryHeader(retry) => assert_eq!(verdict.transient, retry),
        reason => assert_eq!((reason, verdict.transient), (verdict.class_reason, verdict.class.is_transient())),
    }
    assert!(verdict.class != FailureClass::Cancelled || !verdict.transient);
    assert!(failed(evidence, 0).is_none_or(|seen| seen.class == verdict.class && seen.reason == verdict.reason));
    let told = failure(evidence, 0);
    assert_eq!((told.class, told.transient), (verdict.class, verdict.transient));
    assert!(!told.message.is_empty() && verdict.to_string().contains(verdict.class.as_str()));
}

fn case(seed: u64) -> FailureClass {
    let stream = &mut Seed(seed).stream(0, 0);
    let values: Vec<(&str, String)> = HEADERS.iter().map(|name| (*name, text(stream, 6))).collect();
    let mut pairs: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
    pairs.retain(|_| stream.happens(300));
    let [body, code, kind, transport, name, message] = [40, 2, 2, 2, 1, 6].map(|longest| maybe(stream, longest));
    let mut evidence = Evidence::new().headers(&pairs);
    if stream.happens(600) {
        evidence = evidence.status(u16::try_from(stream.up_to(700)).unwrap());
    }
    evidence = body.iter().fold(evidence, |evidence, body| evidence.body(body));
    evidence = code.iter().fold(evidence, |evidence, code| evidence.code(code));
    evidence = kind.iter().fold(evidence, |evidence, kind| evidence.error_type(kind));
    evidence = transport.iter().fold(evidence, |evidence, code| evidence.transport(code));
    evidence = name.iter().fold(evidence, |evidence, name| evidence.name(name));
    evidence = message.iter().fold(evidence, |evidence, message| evidence.message(message));
    let verdict = classify(&evidence, 0);
    holds(&evidence, verdict);
    let look_up = |name: &str| {
        let found = pairs.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| (*value).to_owned())
    };
    assert_eq!(classify(&evidence.header_lookup(&look_up), 0), verdict, "a closure is as good as pairs");
    let _: Ending = Ending::of(&text(stream, 2));
    verdict.class
}

#[test]
fn any_evidence_gives_a_verdict_that_keeps_its_promises() {
    let mut classes = std::collections::BTreeSet::new();
    for seed in 0..CASES {
        let Ok(class) = std::panic::catch_unwind(|| case(seed)) else { panic!("see above, with the seed {seed}") };
        classes.insert(class);
    }
    assert!(classes.len() >= 13, "the generator reaches too little: {classes:?}");
}

#[test]
fn a_good_body_cut_off_anywhere_gives_a_verdict_and_never_another_s() {
    let body = r#"{"type":"error","error":{"details":{"error_code":"enforced_spend_limit_reached"},"type":"rate_limit_error","message":"Grüße \u00e9"},"request_id":"r"}"#;
    for end in (0..=body.len()).filter(|end| body.is_char_boundary(*end)) {
        let verdict = classify(&Evidence::new().status(429).body(&body[..end]), 0);
        let expected = if end < body.find("},\"type\":\"rate").unwrap() {
            (FailureClass::RateLimited, Reason::Status(429))
        } else {
            (FailureClass::QuotaExhausted, Reason::Code("enforced_spend_limit_reached"))
        };
        assert_eq!((verdict.class, verdict.reason), expected, "cut at {end}");
    }
}

#[test]
fn a_large_body_is_read_in_one_pass() {
    let deep = r#"{"error":["#.repeat(200_000);
    let long = format!(r#"{{"error":{{"message":"{}","code":"slow_down"}}}}"#, "\\\"é".repeat(500_000));
    assert_eq!(classify(&Evidence::new().body(&deep), 0).class, FailureClass::ServerError);
    assert_eq!(classify(&Evidence::new().body(&long), 0).reason, Reason::Code("slow_down"));
}
