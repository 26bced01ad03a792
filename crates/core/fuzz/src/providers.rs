//! Bytes as what is heard of a failed call, written as HTTP writes an answer: so that seeds are texts a person can read.
//!
//! The first line is the status, lines up to an empty one are headers, what follows is the body. A header whose name begins
//! with a colon is no header: `:code`, `:type`, `:transport`, `:name` and `:message` are what was thrown.

use steadfast::failure::FailureClass;
use steadfast_providers::{Ending, Evidence, Hint, LONGEST_WAIT, Reason, classify, failed, failure};

/// 08:49:30 on the 6th of November 1994: 7 s before the date that the seeds tell.
const NOW: u64 = 784_111_770_000;

/// The target.
pub fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (head, body) = text.split_once("\n\n").map_or((&*text, None), |(head, body)| (head, Some(body)));
    let mut lines = head.split('\n');
    let status = lines.next().and_then(|status| status.parse().ok());
    let headers: Vec<_> = lines.map(|line| line.split_once(": ").unwrap_or((line, ""))).collect();
    let mut evidence = Evidence::new().headers(&headers);
    evidence = status.into_iter().fold(evidence, Evidence::status);
    evidence = body.into_iter().fold(evidence, Evidence::body);
    for (name, value) in &headers {
        evidence = match *name {
            ":code" => evidence.code(value),
            ":type" => evidence.error_type(value),
            ":transport" => evidence.transport(value),
            ":name" => evidence.name(value),
            ":message" => evidence.message(value),
            _ => evidence,
        };
    }
    holds(&evidence);
    ends(Ending::of(body.unwrap_or(head)));
}

fn holds(evidence: &Evidence<'_>) {
    let verdict = classify(evidence, NOW);
    assert_eq!(classify(evidence, NOW), verdict, "the same twice");
    assert_eq!(verdict.retry_after.is_some(), verdict.hint.is_some());
    assert!(verdict.retry_after.is_none_or(|wait| wait <= LONGEST_WAIT));
    assert!(verdict.hint != Some(Hint::RateLimitReset) || verdict.class == FailureClass::RateLimited);
    match verdict.reason {
        Reason::ShouldRetryHeader(retry) => assert_eq!(verdict.transient, retry),
        reason => assert_eq!((reason, verdict.transient), (verdict.class_reason, verdict.class.is_transient())),
    }
    assert!(verdict.class != FailureClass::Cancelled || !verdict.transient);
    assert!(failed(evidence, NOW).is_none_or(|seen| seen == verdict));
    let told = failure(evidence, NOW);
    assert_eq!((told.class, told.transient), (verdict.class, verdict.transient));
    assert!(verdict.to_string().starts_with(verdict.class.as_str()));
}

fn ends(ending: Ending) {
    assert!(!ending.is_transient() || ending.failure_class().is_some_and(FailureClass::is_transient));
    assert!(!ending.may_run_tools() || ending.failure_class().is_none());
}
