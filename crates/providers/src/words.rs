//! The words by which providers name a failure, in `code` or in `type`: one table, since they use both for the same.
//!
//! Sources: the error pages of the `OpenAI` and Anthropic APIs; for the last group the sources of the servers named there.
//! A word that is not here says nothing, and the next evidence is asked.

use steadfast::failure::FailureClass::{
    self, Auth, Blocked, InvalidRequest, Overloaded, Permission, QuotaExhausted, RateLimited, ServerError, Timeout,
    TooLarge,
};

/// What a word says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) name: &'static str,
    pub(crate) class: FailureClass,
    /// Whether servers use it for whatever they have no better word for, so that a status says more.
    pub(crate) vague: bool,
}

/// The word, if it is known. Upper and lower case count as the same.
pub(crate) fn known(word: &str) -> Option<Word> {
    let found = |rows: &[(&'static str, FailureClass)], vague| {
        let (name, class) = rows.iter().find(|(name, _)| name.eq_ignore_ascii_case(word))?;
        Some(Word { name, class: *class, vague })
    };
    found(&EXACT, false).or_else(|| found(&VAGUE, true))
}

const EXACT: [(&str, FailureClass); 51] = [
    // OpenAI: too much for now.
    ("rate_limit_exceeded", RateLimited),
    ("slow_down", RateLimited),
    // OpenAI: nothing left to spend. Told with a 429 as well, but no waiting brings it back.
    ("insufficient_quota", QuotaExhausted),
    ("credit_balance_exhausted", QuotaExhausted),
    ("organization_spend_limit_exceeded", QuotaExhausted),
    ("project_spend_limit_exceeded", QuotaExhausted),
    ("organization_usage_limit_exceeded", QuotaExhausted),
    ("billing_hard_limit_reached", QuotaExhausted),
    ("billing_not_active", QuotaExhausted),
    // OpenAI: the request itself.
    ("context_length_exceeded", TooLarge),
    ("string_above_max_length", TooLarge),
    ("invalid_api_key", Auth),
    ("account_deactivated", Auth),
    ("unsupported_country_region_territory", Permission),
    ("request_forbidden", Permission),
    ("model_not_found", InvalidRequest),
    ("content_policy_violation", Blocked),
    ("server_is_overloaded", Overloaded),
    ("engine_overloaded", Overloaded),
    ("engine_overloaded_error", Overloaded),
    // Anthropic: the types of the API, each also without its ending, as some gateways write them.
    ("authentication_error", Auth),
    ("authentication", Auth),
    ("billing_error", QuotaExhausted),
    ("billing", QuotaExhausted),
    ("permission_error", Permission),
    ("permission", Permission),
    ("not_found_error", InvalidRequest),
    ("not_found", InvalidRequest),
    ("request_too_large", TooLarge),
    ("rate_limit_error", RateLimited),
    ("rate_limit", RateLimited),
    ("timeout_error", Timeout),
    ("timeout", Timeout),
    ("overloaded_error", Overloaded),
    ("overloaded", Overloaded),
    // 409, which both providers' SDKs try again.
    ("conflict_error", Overloaded),
    // Anthropic: `error.details.error_code`, which is more exact than the `rate_limit_error` beside it.
    ("ramp_limit_exceeded", RateLimited),
    ("enforced_spend_limit_reached", QuotaExhausted),
    ("contract_spend_limit_reached", QuotaExhausted),
    // Azure OpenAI, and models hosted there.
    ("content_filter", Blocked),
    ("DeploymentNotFound", InvalidRequest),
    ("tokens_limit_reached", TooLarge),
    ("too_many_requests", RateLimited),
    // llama.cpp's server: `unavailable_error` while it loads the model.
    ("exceed_context_size_error", TooLarge),
    ("unavailable_error", Overloaded),
    // vLLM, and Python servers like it.
    ("AuthenticationError", Auth),
    ("PermissionDeniedError", Permission),
    ("NotFoundError", InvalidRequest),
    ("RateLimitError", RateLimited),
    // Gateways.
    ("service_unavailable", Overloaded),
    ("request_timeout", Timeout),
];

/// Ollama, for one, calls everything an `api_error` that is neither a 400 nor a 404, a wrong key included; and `OpenAI` a
/// missing key an `invalid_request_error`.
const VAGUE: [(&str, FailureClass); 8] = [
    ("invalid_request_error", InvalidRequest),
    ("invalid_request", InvalidRequest),
    ("BadRequestError", InvalidRequest),
    ("api_error", ServerError),
    ("api", ServerError),
    ("server_error", ServerError),
    ("internal_server_error", ServerError),
    ("InternalServerError", ServerError),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_stands_once() {
        let all: alloc::vec::Vec<&str> = EXACT.iter().chain(&VAGUE).map(|(word, _)| *word).collect();
        for (place, word) in all.iter().enumerate() {
            assert!(!all[..place].iter().any(|earlier| earlier.eq_ignore_ascii_case(word)), "{word}");
        }
    }

    #[test]
    fn an_unknown_word_says_nothing() {
        assert_eq!(known("insufficient_quota_"), None);
        assert_eq!(known(""), None);
        assert_eq!(known("INSUFFICIENT_QUOTA").map(|word| word.name), Some("insufficient_quota"));
    }
}
