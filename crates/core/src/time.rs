//! Time as an argument: instants a host hands in, and how durations read.
//!
//! The engine reads no clock. A host says what time it is, in microseconds since an origin of its own choosing, and the
//! engine answers with instants on that same scale. All arithmetic saturates: the far future is [`Instant::MAX`], which
//! no host ever reaches (584,000 years after its origin).

use core::fmt;
use core::num::NonZeroU64;
pub use core::time::Duration;

/// A moment, in microseconds since the host's origin.
///
/// ```
/// use steadfast::time::{Duration, Instant};
///
/// let start = Instant::from_millis(1_500);
/// let later = start + Duration::from_millis(250);
/// assert_eq!(later.as_micros(), 1_750_000);
/// assert_eq!(later - start, Duration::from_millis(250));
/// assert_eq!(start - later, Duration::ZERO); // saturates instead of wrapping
/// assert_eq!(later.to_string(), "1.75 s");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Instant(u64);

impl Instant {
    /// The host's origin: microsecond 0.
    pub const ORIGIN: Self = Self(0);
    /// The end of time; `x + Duration::MAX` saturates here, and nothing is ever due.
    pub const MAX: Self = Self(u64::MAX);

    /// The instant `micros` microseconds after the origin.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// The instant `millis` milliseconds after the origin, at most [`Instant::MAX`].
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000))
    }

    /// Microseconds since the origin.
    #[must_use]
    pub const fn as_micros(self) -> u64 {
        self.0
    }
}

/// How many whole microseconds `duration` has, at most `u64::MAX`.
#[must_use]
// WebAssembly has no multiplication that tells of an overflow: spelled out, and there once, it is a tenth of the code.
#[cfg_attr(target_arch = "wasm32", inline(never))]
pub const fn micros(duration: Duration) -> u64 {
    let seconds = duration.as_secs();
    if seconds > u64::MAX / 1_000_000 {
        return u64::MAX;
    }
    (seconds * 1_000_000).saturating_add(duration.subsec_micros() as u64)
}

impl core::ops::Add<Duration> for Instant {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(micros(duration)))
    }
}

impl core::ops::Sub for Instant {
    type Output = Duration;

    /// How long after `earlier` this is; zero if it is not.
    fn sub(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

/// A limit of time, more than none, in whole microseconds. With that an instant is one addition away, while a [`Duration`]
/// has to be converted first; and none of them takes no more room than one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limit(NonZeroU64);

impl Limit {
    /// `None` for less than a microsecond.
    pub(crate) const fn new(duration: Duration) -> Option<Self> {
        match NonZeroU64::new(micros(duration)) {
            Some(micros) => Some(Self(micros)),
            None => None,
        }
    }

    pub(crate) const fn duration(self) -> Duration {
        Duration::from_micros(self.0.get())
    }
}

impl core::ops::Add<Limit> for Instant {
    type Output = Self;

    fn add(self, limit: Limit) -> Self {
        Self(self.0.saturating_add(limit.0.get()))
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_seconds(f, self.0)
    }
}

/// A duration as people write it: `488 ms`, `1.5 s`, `2 min`, `3 h`, `250 µs`.
///
/// ```
/// use steadfast::time::{Duration, Span};
///
/// assert_eq!(Span(Duration::from_millis(488)).to_string(), "488 ms");
/// assert_eq!(Span(Duration::from_millis(1_500)).to_string(), "1.5 s");
/// assert_eq!(Span(Duration::from_secs(120)).to_string(), "2 min");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span(pub Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match micros(self.0) {
            0 => f.write_str("0 ms"),
            us @ 1..1_000 => write!(f, "{us} µs"),
            us @ 1_000..1_000_000 => write_decimal(f, us, 1_000, "ms"),
            us if us >= 2 * MINUTE && us.is_multiple_of(MINUTE) && us < 2 * HOUR => write!(f, "{} min", us / MINUTE),
            us => match write_long(f, us - us % 1_000)? {
                0 => Ok(()),
                rest => write_seconds(f, rest),
            },
        }
    }
}

/// The days, hours and minutes of a span that is long enough to be told in them, and a space if anything is left. Answers what is
/// left.
pub(crate) fn write_long(f: &mut fmt::Formatter<'_>, micros: u64) -> Result<u64, fmt::Error> {
    if micros < 2 * HOUR {
        return Ok(micros);
    }
    let mut left = micros;
    for (unit, name) in [(DAY, "days"), (HOUR, "h"), (MINUTE, "min")] {
        // "26 h" reads better than one day and two hours.
        let whole = if unit == DAY && micros < 2 * DAY { 0 } else { left / unit };
        if whole > 0 {
            left -= whole * unit;
            write!(f, "{whole} {name}{}", if left > 0 { " " } else { "" })?;
        }
    }
    Ok(left)
}

const MINUTE: u64 = 60_000_000;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

fn write_seconds(f: &mut fmt::Formatter<'_>, micros: u64) -> fmt::Result {
    write_decimal(f, micros, 1_000_000, "s")
}

/// `value / unit` with at most three decimals, cut off rather than rounded: an instant never reads as later than it is.
fn write_decimal(f: &mut fmt::Formatter<'_>, value: u64, unit: u64, name: &str) -> fmt::Result {
    let (whole, thousandths) = (value / unit, value % unit * 1_000 / unit);
    match thousandths {
        0 => write!(f, "{whole} {name}"),
        t if t % 100 == 0 => write!(f, "{whole}.{} {name}", t / 100),
        t if t % 10 == 0 => write!(f, "{whole}.{:02} {name}", t / 10),
        t => write!(f, "{whole}.{t:03} {name}"),
    }
}

#[cfg(feature = "serde")]
#[expect(
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    reason = "traces carry milliseconds as numbers, as JavaScript does; no decision reads them back"
)]
mod as_data {
    use super::{Duration, Instant, Limit, micros};
    use serde::{Serialize, Serializer};

    impl Serialize for Instant {
        /// Milliseconds since the origin, as a number.
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_f64(self.as_micros() as f64 / 1_000.0)
        }
    }

    /// Milliseconds, as a number.
    pub(crate) fn duration<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(micros(*duration) as f64 / 1_000.0)
    }

    /// Milliseconds, as a number, or nothing.
    #[expect(clippy::ref_option, reason = "serde hands the field over by reference")]
    pub(crate) fn optional<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
        match duration {
            Some(some) => serializer.serialize_some(&(micros(*some) as f64 / 1_000.0)),
            None => serializer.serialize_none(),
        }
    }

    /// Milliseconds, as a number, or nothing.
    #[allow(
        clippy::ref_option,
        clippy::trivially_copy_pass_by_ref,
        reason = "serde hands the field over by reference; no lint on 32 bits"
    )]
    pub(crate) fn limit<S: Serializer>(limit: &Option<Limit>, serializer: S) -> Result<S::Ok, S::Error> {
        optional(&limit.map(Limit::duration), serializer)
    }

    /// Milliseconds of microseconds, as a number.
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands the field over by reference; no lint on 32 bits")]
    pub(crate) fn micros_as_millis<S: Serializer>(micros: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        duration(&Duration::from_micros(*micros), serializer)
    }
}
#[cfg(feature = "serde")]
pub(crate) use as_data::{
    duration as serialize_duration, limit as serialize_limit, micros_as_millis as serialize_micros,
    optional as serialize_optional_duration,
};

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn arithmetic_saturates_at_both_ends() {
        assert_eq!(Instant::MAX + Duration::from_secs(1), Instant::MAX);
        assert_eq!(Instant::ORIGIN + Duration::MAX, Instant::MAX);
        assert_eq!(Instant::ORIGIN - Instant::MAX, Duration::ZERO);
        assert_eq!(Instant::from_millis(u64::MAX), Instant::MAX);
    }

    #[test]
    fn a_limit_is_of_whole_microseconds_and_none_takes_no_more_room_than_one() {
        let limit = |duration| Limit::new(duration).map(Limit::duration);
        assert_eq!((limit(Duration::ZERO), limit(Duration::from_nanos(999))), (None, None));
        assert_eq!(limit(Duration::from_nanos(1_999)), Some(Duration::from_micros(1)));
        assert_eq!(limit(Duration::MAX), Some(Duration::from_micros(u64::MAX)));
        assert_eq!(Limit::new(Duration::MAX).map(|limit| Instant::ORIGIN + limit), Some(Instant::MAX));
        assert_eq!(size_of::<Option<Limit>>(), 8);
    }

    #[test]
    fn spans_read_as_people_write_them() {
        for (us, text) in [
            (0, "0 ms"),
            (1, "1 µs"),
            (999, "999 µs"),
            (1_000, "1 ms"),
            (1_005, "1.005 ms"),
            (1_050, "1.05 ms"),
            (999_999, "999.999 ms"),
            (1_000_000, "1 s"),
            (1_999_999, "1.999 s"),
            (60_000_000, "60 s"),
            (120_000_000, "2 min"),
            (7_140_000_000, "119 min"),
            (7_200_000_000, "2 h"),
            (169_200_000_000, "47 h"),
            (172_800_000_000, "2 days"),
            (31_536_000_000_000, "365 days"),
            (7_201_000_000, "2 h 1 s"),
            (93_661_500_000, "26 h 1 min 1.5 s"),
            (777_600_000_001, "9 days"),
            (u64::MAX, "213503982 days 8 h 1 min 49.551 s"),
            (121_000_000, "121 s"),
        ] {
            assert_eq!(Span(Duration::from_micros(us)).to_string(), text, "{us} µs");
        }
    }
}
