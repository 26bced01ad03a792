//! How long a server asks callers to stay away.
//!
//! | header | form | unit | asked |
//! |---|---|---|---|
//! | `retry-after-ms` | `1500`, `0.5` | milliseconds | first |
//! | `retry-after` | `2`, `0.75` | seconds | second |
//! | `retry-after` | `Sun, 06 Nov 1994 08:49:37 GMT`, and both obsolete forms | a moment | second |
//! | `x-ratelimit-reset-requests`, `x-ratelimit-reset-tokens` | `1s`, `6m0s`, `20ms`, `7.66s` | as written | last, of a rate limit only |
//!
//! What is not of its form is ignored, and the next header is asked: so are negative numbers, `NaN`, `1e3`, words, and
//! dates that are past (the wait is over, so that the usual backoff applies). What is longer than [`LONGEST_WAIT`], or too
//! long to be counted, is that long. A missing header is nothing unusual: a browser shows only those that the server allows.

use crate::evidence::Headers;
use crate::http_date;
use crate::verdict::Hint;
use core::time::Duration;

/// What longer waits count as: 365 days. Longer than the deadline of anything, and far from where sums overflow.
pub const LONGEST_WAIT: Duration = Duration::from_secs(365 * 24 * 60 * 60);

const MILLISECOND: u64 = 1_000_000;
const SECOND: u64 = 1_000 * MILLISECOND;

/// The wait that the headers ask for, and the one that did. `limited` says that it was a rate limit.
pub(crate) fn wait(headers: Headers<'_>, limited: bool, now_unix_ms: u64) -> Option<(Duration, Hint)> {
    let header = |name| headers.value(name);
    let ms = || decimal(header("retry-after-ms")?.trim_ascii(), MILLISECOND);
    let seconds = || {
        let value = header("retry-after")?;
        let value = value.trim_ascii();
        decimal(value, SECOND).or_else(|| {
            let ahead = http_date::unix_ms(value)?.checked_sub(now_unix_ms)?;
            (ahead > 0).then(|| ahead.saturating_mul(MILLISECOND))
        })
    };
    let (nanos, hint) = ms()
        .map(|nanos| (nanos, Hint::RetryAfterMs))
        .or_else(|| Some((seconds()?, Hint::RetryAfter)))
        .or_else(|| Some((reset(headers).filter(|_| limited)?, Hint::RateLimitReset)))?;
    Some((Duration::from_nanos(nanos).min(LONGEST_WAIT), hint))
}

/// When a limit is whole again. Of the limits with nothing left, the last to come back is the one to wait for; if none
/// says that it is empty, whichever comes back first may be the one.
fn reset(headers: Headers<'_>) -> Option<u64> {
    const LIMITS: [(&str, &str); 2] = [
        ("x-ratelimit-reset-requests", "x-ratelimit-remaining-requests"),
        ("x-ratelimit-reset-tokens", "x-ratelimit-remaining-tokens"),
    ];
    let (mut empty, mut any) = (None, None);
    for (reset, remaining) in LIMITS {
        let Some(nanos) = headers.value(reset).and_then(|value| units(value.trim_ascii())) else { continue };
        any = Some(any.map_or(nanos, |first: u64| first.min(nanos)));
        if headers.value(remaining).is_some_and(|left| left.trim_ascii() == "0") {
            empty = empty.max(Some(nanos));
        }
    }
    empty.or(any)
}

/// A number without a sign, with a fraction or not, in nanoseconds. It saturates.
fn decimal(text: &str, unit: u64) -> Option<u64> {
    let (number, rest) = leading(text)?;
    rest.is_empty().then(|| number.times(unit))
}

/// Numbers and their units, one after the other: `6m0s`.
fn units(text: &str) -> Option<u64> {
    const UNITS: [(&str, u64); 8] = [
        ("ms", MILLISECOND),
        ("us", 1_000),
        ("µs", 1_000),
        ("ns", 1),
        ("s", SECOND),
        ("m", 60 * SECOND),
        ("h", 3_600 * SECOND),
        ("d", 86_400 * SECOND),
    ];
    let mut sum: Option<u64> = None;
    let mut rest = text;
    while !rest.is_empty() {
        let (number, after) = leading(rest)?;
        let (unit, after) = UNITS.iter().find_map(|(name, unit)| Some((*unit, after.strip_prefix(name)?)))?;
        sum = Some(sum.unwrap_or(0).saturating_add(number.times(unit)));
        rest = after;
    }
    sum
}

/// A number in whole units and millionths of one: no decision is taken with floats.
#[derive(Debug, Clone, Copy)]
struct Decimal {
    whole: u64,
    millionths: u64,
}

impl Decimal {
    fn times(self, unit: u64) -> u64 {
        // The largest unit is a day: 8.64e13 ns times less than 1e6 overflows, so the fraction is taken in two steps.
        let (large, small) = (unit / 1_000_000, unit % 1_000_000);
        let fraction = large * self.millionths + (small * self.millionths).div_ceil(1_000_000);
        self.whole.saturating_mul(unit).saturating_add(fraction)
    }
}

/// The number that a text begins with, and what follows. Digits beyond the sixth of a fraction round up: no wait is shorter
/// than it was asked for.
fn leading(text: &str) -> Option<(Decimal, &str)> {
    let digits = |text: &str| text.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let value = |digits: &str| {
        let add = |sum: u64, byte: u8| sum.saturating_mul(10).saturating_add(u64::from(byte - b'0'));
        digits.bytes().fold(0, add)
    };
    let (whole, rest) = text.split_at_checked(digits(text))?;
    let Some(fraction) = rest.strip_prefix('.') else {
        return (!whole.is_empty()).then(|| (Decimal { whole: value(whole), millionths: 0 }, rest));
    };
    let (fraction, rest) = fraction.split_at_checked(digits(fraction))?;
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let (counted, beyond) = fraction.split_at_checked(6).unwrap_or((fraction, ""));
    let scale = (counted.len()..6).fold(1, |scale, _| scale * 10);
    let millionths = value(counted) * scale + u64::from(beyond.bytes().any(|byte| byte != b'0'));
    Some((Decimal { whole: value(whole), millionths }, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 08:49:30 on that Sunday in November 1994, 7 s before the date of RFC 9110.
    const NOW: u64 = 784_111_770_000;

    fn asked(pairs: &[(&str, &str)]) -> Option<(u128, Hint)> {
        wait(Headers::Pairs(pairs), true, NOW).map(|(wait, hint)| (wait.as_micros(), hint))
    }

    #[test]
    fn each_form_is_read_in_its_unit() {
        for (value, micros) in [
            ("2", 2_000_000),
            (" 0.75 ", 750_000),
            (".5", 500_000),
            ("1.", 1_000_000),
            ("0", 0),
            ("0.0000001", 1),
            ("0.9999999", 1_000_000),
            ("Sun, 06 Nov 1994 08:49:37 GMT", 7_000_000),
            ("Sunday, 06-Nov-94 08:49:37 GMT", 7_000_000),
            ("Sun Nov  6 08:49:37 1994", 7_000_000),
        ] {
            assert_eq!(asked(&[("Retry-After", value)]), Some((micros, Hint::RetryAfter)), "{value}");
        }
        for (value, micros) in [("1500", 1_500_000), ("0.5", 500), ("20.25", 20_250)] {
            assert_eq!(asked(&[("retry-after-ms", value)]), Some((micros, Hint::RetryAfterMs)), "{value}");
        }
        for (value, micros) in [
            ("1s", 1_000_000),
            ("6m0s", 360_000_000),
            ("20ms", 20_000),
            ("7.66s", 7_660_000),
            ("2m59.56s", 179_560_000),
            ("1h2m3s4ms5us", 3_723_004_005),
            ("1.5d", 129_600_000_000),
            ("0.999999d", 86_399_913_600),
        ] {
            assert_eq!(asked(&[("x-ratelimit-reset-tokens", value)]), Some((micros, Hint::RateLimitReset)), "{value}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_ignored() {
        for value in [
            "",
            "-1",
            "+1",
            "NaN",
            "Infinity",
            "1e3",
            "0x10",
            "1,5",
            "1 2",
            ".",
            "1.2.3",
            "soon",
            "１",
            "2 s",
            "2s",
            "Sun, 06 Nov 1994 08:49:30 GMT",
            "Sun, 06 Nov 1994 08:49:29 GMT",
            "Thu, 01 Jan 1970 00:00:00 GMT",
        ] {
            assert_eq!(asked(&[("retry-after", value)]), None, "{value}");
            assert_eq!(asked(&[("retry-after-ms", value)]), None, "{value}");
        }
        for value in ["", "5", "1784000000", "s", "5x", "-1s", "1s2", "1s s", "NaNs"] {
            assert_eq!(asked(&[("x-ratelimit-reset-requests", value)]), None, "{value}");
        }
    }

    #[test]
    fn what_is_absurdly_long_is_a_year() {
        let year = Some((LONGEST_WAIT.as_micros(), Hint::RetryAfter));
        for value in ["31536001", "99999999999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"] {
            assert_eq!(asked(&[("retry-after", value)]), year, "{value}");
        }
        let days = "99999999999999999999d99999999999999999999d";
        assert_eq!(asked(&[("x-ratelimit-reset-requests", days)]), year.map(|(wait, _)| (wait, Hint::RateLimitReset)));
    }

    #[test]
    fn the_most_exact_header_that_can_be_read_is_the_one() {
        let all = [("x-ratelimit-reset-requests", "9s"), ("retry-after", "2"), ("retry-after-ms", "1500")];
        assert_eq!(asked(&all), Some((1_500_000, Hint::RetryAfterMs)));
        assert_eq!(asked(&all[..2]), Some((2_000_000, Hint::RetryAfter)));
        assert_eq!(asked(&[("retry-after-ms", "-1"), ("retry-after", "2")]), Some((2_000_000, Hint::RetryAfter)));
        assert_eq!(asked(&[("retry-after", "soon"), all[0]]), Some((9_000_000, Hint::RateLimitReset)));
        assert_eq!(wait(Headers::Pairs(&all[..1]), false, NOW), None, "no rate limit");
    }

    #[test]
    fn of_several_limits_the_empty_one_is_waited_for() {
        let resets = [("x-ratelimit-reset-requests", "1s"), ("x-ratelimit-reset-tokens", "6m0s")];
        let [requests, tokens] = resets;
        assert_eq!(asked(&resets), Some((1_000_000, Hint::RateLimitReset)));
        let empty = ("x-ratelimit-remaining-tokens", "0");
        assert_eq!(asked(&[requests, tokens, empty]), Some((360_000_000, Hint::RateLimitReset)));
        let both = [requests, tokens, empty, ("x-ratelimit-remaining-requests", "0")];
        assert_eq!(asked(&both), Some((360_000_000, Hint::RateLimitReset)));
        let swapped = [("x-ratelimit-reset-requests", "6m0s"), ("x-ratelimit-reset-tokens", "1s"), both[2], both[3]];
        assert_eq!(asked(&swapped), Some((360_000_000, Hint::RateLimitReset)));
        let some = [requests, tokens, ("x-ratelimit-remaining-tokens", "12"), ("x-ratelimit-remaining-requests", "0")];
        assert_eq!(asked(&some), Some((1_000_000, Hint::RateLimitReset)));
    }
}
