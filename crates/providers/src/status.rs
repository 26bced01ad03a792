//! What an HTTP status says of a failure.

use steadfast::failure::FailureClass;

/// Its class; nothing for a success, and for a number that is no status.
///
/// | status | class |
/// |---|---|
/// | 401 | `auth` |
/// | 402 | `quota_exhausted` |
/// | 403 | `permission` |
/// | 408, 504, 524 (Cloudflare: the origin did not answer in time) | `timeout` |
/// | 409 | `overloaded`: a lock that somebody else holds; the SDKs of `OpenAI` and Anthropic try again as well |
/// | 413 | `too_large` |
/// | 429 | `rate_limited` |
/// | 503, 529 (Anthropic) | `overloaded` |
/// | any other 5xx | `server_error` |
/// | any other 4xx, and 3xx: an address that is somewhere else | `invalid_request` |
///
/// ```
/// use steadfast::failure::FailureClass;
/// use steadfast_providers::class_of_status;
///
/// assert_eq!(class_of_status(529), Some(FailureClass::Overloaded));
/// assert_eq!(class_of_status(200), None);
/// ```
#[must_use]
pub const fn class_of_status(status: u16) -> Option<FailureClass> {
    Some(match status {
        401 => FailureClass::Auth,
        402 => FailureClass::QuotaExhausted,
        403 => FailureClass::Permission,
        408 | 504 | 524 => FailureClass::Timeout,
        413 => FailureClass::TooLarge,
        429 => FailureClass::RateLimited,
        409 | 503 | 529 => FailureClass::Overloaded,
        500..=599 => FailureClass::ServerError,
        300..=499 => FailureClass::InvalidRequest,
        _ => return None,
    })
}

/// Whether an answer with that status counts as one that went well.
pub(crate) const fn is_success(status: u16) -> bool {
    matches!(status, 200..=299)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_4xx_only_408_409_and_429_are_worth_another_try_and_every_5xx_is() {
        for status in 400..600 {
            let transient = class_of_status(status).is_some_and(FailureClass::is_transient);
            assert_eq!(transient, status >= 500 || matches!(status, 408 | 409 | 429), "{status}");
        }
    }

    #[test]
    fn what_is_no_failure_has_no_class() {
        for status in [0, 100, 200, 204, 299, 600, u16::MAX] {
            assert_eq!(class_of_status(status), None, "{status}");
        }
    }
}
