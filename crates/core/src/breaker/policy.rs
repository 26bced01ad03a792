//! Settings of a circuit breaker.

use super::slow::SlowPolicy;
use crate::setting::InvalidSetting;
use crate::time::{Duration, micros};

/// Settings of a circuit breaker.
///
/// | setting | default | source |
/// |---|---|---|
/// | `consecutive` | 5 failures in a row | Envoy outlier detection |
/// | `window` | 50 % of the last 20 calls within 60 s, once 5 are in | resilience4j, at an agent's volume |
/// | `slow` | off | our own; resilience4j's, at 100 % of calls over 60 s, is as good as off |
/// | `open_for`, `open_for_max` | 30 s, doubling to 300 s | Envoy outlier detection |
/// | `probes`, `successes` | 1 and 1 | Polly, cockatiel |
/// | `lease` | the attempt's timeout, else `open_for` | our own; without it a lost probe blocks for ever |
///
/// With all three rules switched off it never opens by itself: it counts, and a host can force it open.
///
/// ```
/// use core::time::Duration;
/// use steadfast::breaker::BreakerPolicy;
///
/// let policy = BreakerPolicy::default().with_consecutive(3).with_open_for(Duration::from_secs(10), Duration::from_secs(60))?;
/// assert_eq!(policy.consecutive(), 3);
/// # Ok::<(), steadfast::setting::InvalidSetting>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct BreakerPolicy {
    pub(super) consecutive: u32,
    pub(super) window: Option<WindowPolicy>,
    pub(super) slow: Option<SlowPolicy>,
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::time::serialize_duration"))]
    pub(super) open_for: Duration,
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::time::serialize_duration"))]
    pub(super) open_for_max: Duration,
    pub(super) probes: u32,
    pub(super) successes: u32,
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::time::serialize_optional_duration"))]
    pub(super) lease: Option<Duration>,
}

impl Default for BreakerPolicy {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl BreakerPolicy {
    pub(super) const DEFAULT: Self = Self {
        consecutive: 5,
        window: Some(WindowPolicy::DEFAULT),
        slow: None,
        open_for: Duration::from_secs(30),
        open_for_max: Duration::from_secs(300),
        probes: 1,
        successes: 1,
        lease: None,
    };

    /// Opens after so many failures in a row; 0 switches this rule off.
    #[must_use]
    pub fn with_consecutive(mut self, failures: u32) -> Self {
        self.consecutive = failures;
        self
    }

    /// Opens by the share of failures among recent calls; `None` switches this rule off.
    #[must_use]
    pub fn with_window(mut self, window: Option<WindowPolicy>) -> Self {
        self.window = window;
        self
    }

    /// Opens by the share of slow calls among recent calls; `None`, the default, switches this rule off. Which calls are
    /// recent is what the window says, or the default window if there is none.
    ///
    /// A call that has no answer when its limit comes is slow at that very instant: nobody has to wait for it. The breaker
    /// sees it at the next [`admit`](super::CircuitBreaker::admit), [`settle`](super::CircuitBreaker::settle) or
    /// [`advance`](super::CircuitBreaker::advance).
    ///
    /// ```
    /// use core::time::Duration;
    /// use steadfast::breaker::{BreakerPolicy, ChangeReason, CircuitBreaker, SlowPolicy};
    /// use steadfast::rng::Seed;
    /// use steadfast::time::Instant;
    ///
    /// // Open when half of the recent calls, 5 at least, take 8 s or more.
    /// let slow = SlowPolicy::new(Duration::from_secs(8), 500)?;
    /// let mut breaker = CircuitBreaker::new(BreakerPolicy::default().with_slow(Some(slow)), Seed(1));
    /// let hanging: Vec<_> = (0..5).map(|_| breaker.admit(Instant::ORIGIN, None).unwrap()).collect();
    ///
    /// assert!(breaker.admit(Instant::from_millis(7_999), None).is_ok());
    /// assert!(breaker.admit(Instant::from_millis(8_000), None).is_err());
    /// assert_eq!(breaker.poll_change().unwrap().reason, ChangeReason::Slow { slow: 5, calls: 5 });
    /// # Ok::<(), steadfast::setting::InvalidSetting>(())
    /// ```
    #[must_use]
    pub fn with_slow(mut self, slow: Option<SlowPolicy>) -> Self {
        self.slow = slow;
        self
    }

    /// Stays open `first` long, doubling each time in a row up to `most`. Fails on zero, and if `first` is above `most`.
    pub fn with_open_for(mut self, first: Duration, most: Duration) -> Result<Self, InvalidSetting> {
        if micros(first) == 0 {
            return Err(InvalidSetting::new("breaker.open_for", first, "more than 0 ms"));
        }
        if first > most {
            return Err(InvalidSetting::new("breaker.open_for", first, "at most breaker.open_for_max"));
        }
        (self.open_for, self.open_for_max) = (first, most);
        Ok(self)
    }

    /// Half open, lets `probes` through at once and closes after `successes`. Both 1 or more.
    pub fn with_probes(mut self, probes: u32, successes: u32) -> Result<Self, InvalidSetting> {
        if probes == 0 {
            return Err(InvalidSetting::new("breaker.probes", probes, "1 or more"));
        }
        if successes == 0 {
            return Err(InvalidSetting::new("breaker.successes", successes, "1 or more"));
        }
        (self.probes, self.successes) = (probes, successes);
        Ok(self)
    }

    /// A probe unheard of for so long counts as failed; more than zero.
    pub fn with_lease(mut self, lease: Duration) -> Result<Self, InvalidSetting> {
        if micros(lease) == 0 {
            return Err(InvalidSetting::new("breaker.lease", lease, "more than 0 ms"));
        }
        self.lease = Some(lease);
        Ok(self)
    }

    /// Of which calls the slow ones are counted, and how many open it.
    pub(super) fn slow_window(&self) -> Option<WindowPolicy> {
        let per_mille = self.slow?.per_mille();
        Some(WindowPolicy { per_mille, ..self.window.unwrap_or(WindowPolicy::DEFAULT) })
    }

    /// Failures in a row that open it; 0 if that rule is off.
    #[must_use]
    pub fn consecutive(&self) -> u32 {
        self.consecutive
    }

    /// The rule over recent calls.
    #[must_use]
    pub fn window(&self) -> Option<WindowPolicy> {
        self.window
    }

    /// The rule over slow calls.
    #[must_use]
    pub fn slow(&self) -> Option<SlowPolicy> {
        self.slow
    }

    /// How long it stays open the first time.
    #[must_use]
    pub fn open_for(&self) -> Duration {
        self.open_for
    }

    /// How long it stays open at most.
    #[must_use]
    pub fn open_for_max(&self) -> Duration {
        self.open_for_max
    }

    /// How many probes it lets through at once while half open.
    #[must_use]
    pub fn probes(&self) -> u32 {
        self.probes
    }

    /// How many of them must succeed before it closes.
    #[must_use]
    pub fn successes(&self) -> u32 {
        self.successes
    }

    /// How long a probe may be unheard of; none for as long as an attempt may take.
    #[must_use]
    pub fn lease(&self) -> Option<Duration> {
        self.lease
    }
}

/// Opens at a share of failures among the last calls of the last while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct WindowPolicy {
    pub(super) per_mille: u32,
    pub(super) calls: u32,
    /// In microseconds: comparing those is a subtraction, comparing durations a division.
    #[cfg_attr(feature = "serde", serde(rename = "span", serialize_with = "crate::time::serialize_micros"))]
    pub(super) span_us: u64,
    pub(super) minimum: u32,
}

impl WindowPolicy {
    pub(super) const DEFAULT: Self = Self { per_mille: 500, calls: 20, span_us: 60_000_000, minimum: 5 };

    /// Opens at `per_mille` failures in a thousand (500 is half) among the last `calls` calls of the last `span`, once
    /// `minimum` are in. `per_mille` is 1 to 1,000, `calls` 1 to 10,000, `minimum` 1 to `calls`, `span` more than zero.
    pub fn new(per_mille: u32, calls: u32, span: Duration, minimum: u32) -> Result<Self, InvalidSetting> {
        if !(1..=1_000).contains(&per_mille) {
            return Err(InvalidSetting::new("breaker.window.rate", per_mille, "1 to 1,000 in a thousand"));
        }
        if !(1..=10_000).contains(&calls) {
            return Err(InvalidSetting::new("breaker.window.calls", calls, "1 to 10,000"));
        }
        if !(1..=calls).contains(&minimum) {
            return Err(InvalidSetting::new("breaker.window.minimum", minimum, "1 to breaker.window.calls"));
        }
        if micros(span) == 0 {
            return Err(InvalidSetting::new("breaker.window.ms", span, "more than 0 ms"));
        }
        // With at most 2^63 microseconds, 292,000 years, an instant from before a clock's origin is never taken for a later one.
        Ok(Self { per_mille, calls, span_us: micros(span).clamp(1, 1 << 63), minimum })
    }

    /// How many failures in a thousand open it.
    #[must_use]
    pub fn per_mille(&self) -> u32 {
        self.per_mille
    }

    /// How many calls it looks at, at most.
    #[must_use]
    pub fn calls(&self) -> u32 {
        self.calls
    }

    /// How far back it looks.
    #[must_use]
    pub fn span(&self) -> Duration {
        Duration::from_micros(self.span_us)
    }

    /// How many calls must be in before it judges.
    #[must_use]
    pub fn minimum(&self) -> u32 {
        self.minimum
    }

    /// `(bad, calls)` if that is enough to open.
    pub(super) fn verdict(&self, bad: u32, calls: u32) -> Option<(u32, u32)> {
        let share = u64::from(bad) * 1_000 >= u64::from(self.per_mille) * u64::from(calls);
        (calls >= self.minimum && share).then_some((bad, calls))
    }
}
