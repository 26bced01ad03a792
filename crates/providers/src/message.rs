//! What the words of a message say, where nothing better is to be had. Messages are written for people and change without
//! notice, so this evidence comes last, and a verdict from it says so.

use steadfast::failure::FailureClass::{
    self, Auth, Blocked, Incomplete, Overloaded, QuotaExhausted, RateLimited, ServerError, Timeout, TooLarge,
};

/// How much of a message is looked at, in bytes: what these phrases stand in is a sentence or two, and a page of text is
/// not searched for them.
const LOOKED_AT: usize = 1_024;

/// In lower case, most exact first.
const PHRASES: [(&str, FailureClass); 33] = [
    // Anthropic, with a 400 and no code.
    ("prompt is too long", TooLarge),
    ("exceed context limit", TooLarge),
    ("credit balance is too low", QuotaExhausted),
    ("reached your specified api usage limits", QuotaExhausted),
    // OpenAI and servers that speak like it.
    ("maximum context length", TooLarge),
    ("context_length_exceeded", TooLarge),
    ("context window", TooLarge),
    ("available context size", TooLarge),
    ("request too large", TooLarge),
    ("exceeded your current quota", QuotaExhausted),
    ("insufficient_quota", QuotaExhausted),
    ("insufficient credits", QuotaExhausted),
    ("insufficient balance", QuotaExhausted),
    ("payment required", QuotaExhausted),
    ("incorrect api key", Auth),
    ("invalid api key", Auth),
    ("invalid x-api-key", Auth),
    ("unauthorized", Auth),
    ("content management policy", Blocked),
    ("rate limit", RateLimited),
    ("rate_limit", RateLimited),
    ("too many requests", RateLimited),
    ("overloaded", Overloaded),
    ("at capacity", Overloaded),
    ("service unavailable", Overloaded),
    ("temporarily unavailable", Overloaded),
    ("loading model", Overloaded),
    ("timed out", Timeout),
    ("timeout", Timeout),
    ("socket hang up", Incomplete),
    ("connection reset", Incomplete),
    ("bad gateway", ServerError),
    ("internal server error", ServerError),
];

/// The first phrase of the table that the message has in it.
pub(crate) fn phrase(message: &str) -> Option<(&'static str, FailureClass)> {
    let bytes = message.as_bytes();
    let bytes = bytes.get(..LOOKED_AT).unwrap_or(bytes);
    let at = |start: usize, phrase: &str| bytes.get(start..start + phrase.len());
    let has = |phrase: &str| {
        (0..bytes.len()).any(|start| at(start, phrase).is_some_and(|part| part.eq_ignore_ascii_case(phrase.as_bytes())))
    };
    PHRASES.iter().find(|(phrase, _)| has(phrase)).copied()
}

/// What a message adds to a request that was refused as wrong, without saying more exactly why: that it is too large, or
/// that the account is empty. Neither is worth another try, but a larger model, or another account, may take it.
pub(crate) fn narrowed(message: &str) -> Option<(&'static str, FailureClass)> {
    phrase(message).filter(|(_, class)| matches!(class, TooLarge | QuotaExhausted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_of_a_message_is_looked_at_and_a_cut_through_a_letter_is_no_harm() {
        assert_eq!(phrase("ANTHROPIC: Prompt Is Too Long: 9 > 8").map(|(_, class)| class), Some(TooLarge));
        let at = |before: usize| phrase(&("ä".repeat(before / 2) + "overloaded"));
        assert_eq!(at(LOOKED_AT - 10), Some(("overloaded", Overloaded)));
        assert_eq!(at(LOOKED_AT - 8), None);
        assert_eq!(phrase(&"ä€".repeat(LOOKED_AT)), None);
    }

    #[test]
    fn phrases_are_in_lower_case() {
        assert!(PHRASES.iter().all(|(phrase, _)| !phrase.bytes().any(|byte| byte.is_ascii_uppercase())));
    }
}
