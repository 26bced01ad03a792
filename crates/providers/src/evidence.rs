//! What is known of one call that failed.

use alloc::borrow::Cow;
use alloc::string::String;
use core::fmt;

/// What a host knows of one failed call: as much or as little as it has. Everything is optional, and any text will do.
///
/// ```
/// use core::time::Duration;
/// use steadfast::failure::FailureClass;
/// use steadfast_providers::{Evidence, Reason, classify};
///
/// let evidence = Evidence::new()
///     .status(429)
///     .headers(&[("Retry-After", "Sun, 06 Nov 1994 08:49:37 GMT")])
///     .body(r#"{"error":{"message":"Slow down.","type":"requests","code":"rate_limit_exceeded"}}"#);
/// let verdict = classify(&evidence, 784_111_770_000); // what time it is: 7 s earlier
/// assert_eq!((verdict.class, verdict.transient), (FailureClass::RateLimited, true));
/// assert_eq!(verdict.retry_after, Some(Duration::from_secs(7)));
/// assert_eq!(verdict.reason, Reason::Code("rate_limit_exceeded"));
/// ```
///
/// Headers may be a closure, such as JavaScript's `headers.get`. It is asked by names in lower case:
///
/// ```
/// # use steadfast_providers::{Evidence, classify};
/// let look_up = |name: &str| (name == "x-should-retry").then(|| "false".to_owned());
/// assert!(!classify(&Evidence::new().status(503).header_lookup(&look_up), 0).transient);
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Evidence<'a> {
    pub(crate) status: Option<u16>,
    pub(crate) headers: Headers<'a>,
    pub(crate) body: Option<&'a str>,
    pub(crate) code: Option<&'a str>,
    pub(crate) error_type: Option<&'a str>,
    pub(crate) transport: Option<&'a str>,
    pub(crate) name: Option<&'a str>,
    pub(crate) message: Option<&'a str>,
}

impl<'a> Evidence<'a> {
    /// Nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            status: None,
            headers: Headers::None,
            body: None,
            code: None,
            error_type: None,
            transport: None,
            name: None,
            message: None,
        }
    }

    /// The HTTP status. An error inside a stream has none: leave it out, or say 200.
    #[must_use]
    pub const fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// The answer's headers as pairs of name and value. Upper and lower case of names are the same; of two with the same
    /// name the first counts.
    #[must_use]
    pub const fn headers(mut self, pairs: &'a [(&'a str, &'a str)]) -> Self {
        self.headers = Headers::Pairs(pairs);
        self
    }

    /// The answer's headers as a function from a name in lower case to its value.
    #[must_use]
    pub const fn header_lookup(mut self, look_up: &'a dyn Fn(&str) -> Option<String>) -> Self {
        self.headers = Headers::LookUp(look_up);
        self
    }

    /// The answer's body, JSON or not; of a stream, the data of the event that said what failed.
    #[must_use]
    pub const fn body(mut self, body: &'a str) -> Self {
        self.body = Some(body);
        self
    }

    /// The `code` of an SDK's error, if the body is not to be had: the provider's or the transport's, whichever knows it.
    #[must_use]
    pub const fn code(mut self, code: &'a str) -> Self {
        self.code = Some(code);
        self
    }

    /// The `type` of an SDK's error, if the body is not to be had.
    #[must_use]
    pub const fn error_type(mut self, error_type: &'a str) -> Self {
        self.error_type = Some(error_type);
        self
    }

    /// The code of what failed below HTTP, such as `ECONNREFUSED` or `UND_ERR_HEADERS_TIMEOUT`: in Node that of the error's
    /// `cause`.
    #[must_use]
    pub const fn transport(mut self, code: &'a str) -> Self {
        self.transport = Some(code);
        self
    }

    /// The name of the exception, such as `AbortError`, `TimeoutError` or `TypeError`. One that only says that it is some
    /// error, with nothing else to go by, makes it a bug: say nothing if there is none.
    #[must_use]
    pub const fn name(mut self, name: &'a str) -> Self {
        self.name = Some(name);
        self
    }

    /// The message of the exception.
    #[must_use]
    pub const fn message(mut self, message: &'a str) -> Self {
        self.message = Some(message);
        self
    }
}

/// Headers, in whatever way they are to be had.
#[derive(Clone, Copy, Default)]
pub(crate) enum Headers<'a> {
    /// None, or none that can be seen.
    #[default]
    None,
    /// As pairs.
    Pairs(&'a [(&'a str, &'a str)]),
    /// By asking for them.
    LookUp(&'a dyn Fn(&str) -> Option<String>),
}

impl<'a> Headers<'a> {
    /// The value under a name, which is in lower case.
    pub(crate) fn value(self, name: &str) -> Option<Cow<'a, str>> {
        match self {
            Self::None => None,
            Self::Pairs(pairs) => {
                let found = pairs.iter().find(|(known, _)| known.trim_ascii().eq_ignore_ascii_case(name));
                found.map(|(_, value)| Cow::Borrowed(*value))
            }
            Self::LookUp(look_up) => look_up(name).map(Cow::Owned),
        }
    }
}

impl fmt::Debug for Headers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Pairs(pairs) => f.debug_map().entries(pairs.iter().copied()).finish(),
            Self::LookUp(_) => f.write_str("LookUp(..)"),
        }
    }
}
