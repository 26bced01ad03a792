//! Backoff: how long to wait before trying again.
//!
//! The ceiling of the i-th wait (from 0) is `min(cap, base * factor^i)`; the cap comes first and jitter after it, so
//! that waits still differ from each other once they reach the cap. Formulas and names: M. Brooker, "Exponential Backoff
//! And Jitter", AWS Architecture Blog, 2015.

use crate::rng::Stream;
use crate::setting::InvalidSetting;
use crate::time::{Duration, micros};

/// How a wait is drawn below its ceiling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Jitter {
    /// Anywhere from 0 to the ceiling. The default: it spreads a herd of callers widest.
    #[default]
    Full,
    /// From half the ceiling to the ceiling.
    Equal,
    /// From `base` to three times the previous wait, at most the cap.
    Decorrelated,
    /// Exactly the ceiling. For tests, and for callers that are alone.
    None,
}

/// Settings of a backoff.
///
/// | setting | default | source |
/// |---|---|---|
/// | `base` | 500 ms | openai-node |
/// | `cap` | 20 s | AWS SDK standard retry mode |
/// | `factor` | 2 | AWS SDK standard retry mode |
/// | `jitter` | full | AWS Architecture Blog |
///
/// ```
/// use core::time::Duration;
/// use steadfast::backoff::{Backoff, Jitter};
/// use steadfast::rng::Seed;
///
/// let backoff = Backoff::default().with_jitter(Jitter::None);
/// let waits: Vec<_> = (0..7).map(|i| backoff.draw(i, None, &mut Seed(1).stream(1, i)).delay.as_millis()).collect();
/// assert_eq!(waits, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 20_000]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Backoff {
    #[cfg_attr(feature = "serde", serde(rename = "base", serialize_with = "crate::time::serialize_micros"))]
    base_us: u64,
    #[cfg_attr(feature = "serde", serde(rename = "cap", serialize_with = "crate::time::serialize_micros"))]
    cap_us: u64,
    factor_thousandths: u32,
    jitter: Jitter,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { base_us: 500_000, cap_us: 20_000_000, factor_thousandths: 2_000, jitter: Jitter::Full }
    }
}

impl Backoff {
    /// A backoff from `base` to `cap`, doubling, with full jitter. Zero is allowed and means: at once.
    ///
    /// Fails if `base` is above `cap`.
    pub fn new(base: Duration, cap: Duration) -> Result<Self, InvalidSetting> {
        if base > cap {
            return Err(InvalidSetting::new("backoff.base", base, "at most backoff.cap"));
        }
        Ok(Self { base_us: micros(base), cap_us: micros(cap), ..Self::default() })
    }

    /// With another growth, in thousandths: 2,000 doubles, 1,500 grows by half, 1,000 stays.
    ///
    /// Fails below 1,000: waits would shrink.
    pub fn with_factor_thousandths(mut self, factor: u32) -> Result<Self, InvalidSetting> {
        if factor < 1_000 {
            return Err(InvalidSetting::new("backoff.factor", factor, "1,000 thousandths or more"));
        }
        self.factor_thousandths = factor;
        Ok(self)
    }

    /// With another jitter.
    #[must_use]
    pub fn with_jitter(mut self, jitter: Jitter) -> Self {
        self.jitter = jitter;
        self
    }

    /// The ceiling of the first wait.
    #[must_use]
    pub fn base(&self) -> Duration {
        Duration::from_micros(self.base_us)
    }

    /// How the ceiling grows, in thousandths.
    #[must_use]
    pub fn factor_thousandths(&self) -> u32 {
        self.factor_thousandths
    }

    /// The longest wait it ever draws.
    #[must_use]
    pub fn cap(&self) -> Duration {
        Duration::from_micros(self.cap_us)
    }

    /// How waits are drawn.
    #[must_use]
    pub fn jitter(&self) -> Jitter {
        self.jitter
    }

    /// The `index`-th wait, from 0. `previous` is the wait before it, which only decorrelated jitter looks at.
    #[must_use]
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    pub fn draw(&self, index: u32, previous: Option<Duration>, stream: &mut Stream) -> Delay {
        let (floor, ceiling) = match self.jitter {
            Jitter::Full => (0, self.ceiling(index)),
            Jitter::Equal => (self.ceiling(index) / 2, self.ceiling(index)),
            Jitter::None => (self.ceiling(index), self.ceiling(index)),
            Jitter::Decorrelated => {
                let widest = previous.map_or(self.base_us, micros).saturating_mul(3);
                (self.base_us, widest.clamp(self.base_us, self.cap_us))
            }
        };
        let alike = sabotaged!(NoJitterAtTheCap) && ceiling == self.cap_us;
        let delay = if alike { ceiling } else { floor + stream.up_to(ceiling - floor) };
        Delay {
            delay: Duration::from_micros(delay),
            floor: Duration::from_micros(floor),
            ceiling: Duration::from_micros(ceiling),
            retry_after: None,
        }
    }

    /// `min(cap, base * factor^index)` in microseconds.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    fn ceiling(&self, index: u32) -> u64 {
        let cap = u128::from(self.cap_us);
        let factor = u128::from(self.factor_thousandths);
        // In thousandths of a microsecond, so that a small factor is not lost to rounding.
        let mut ceiling = u128::from(self.base_us) * 1_000;
        for _ in 0..index {
            let next = ceiling * factor / 1_000;
            if next == ceiling || ceiling >= cap * 1_000 {
                break;
            }
            ceiling = next;
        }
        let cap = if sabotaged!(CapIsForgotten) { u128::MAX } else { cap };
        u64::try_from((ceiling / 1_000).min(cap)).unwrap_or(u64::MAX)
    }
}

/// A drawn wait, with what it was drawn from: enough to explain it and to draw a picture of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Delay {
    /// How long to wait.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::time::serialize_duration"))]
    pub delay: Duration,
    /// The least the draw could have given.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::time::serialize_duration"))]
    pub floor: Duration,
    /// The most the draw could have given.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::time::serialize_duration"))]
    pub ceiling: Duration,
    /// What the server asked for, if that is what decided.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", serialize_with = "crate::time::serialize_optional_duration")
    )]
    pub retry_after: Option<Duration>,
}

impl Delay {
    /// No shorter than the server asked for. Where the server's word decides, up to a tenth of it (at most one second)
    /// is added by chance, so that callers who were told the same do not come back together; without jitter, nothing is.
    #[must_use]
    pub fn at_least(self, retry_after: Option<Duration>, jitter: Jitter, stream: &mut Stream) -> Self {
        let Some(asked) = retry_after.filter(|asked| *asked > self.delay && !sabotaged!(ServerIsNotHeard)) else {
            return self;
        };
        let spread = match jitter {
            Jitter::None => 0,
            _ => stream.up_to((micros(asked) / 10).clamp(1, 1_000_000)),
        };
        Self { delay: asked.saturating_add(Duration::from_micros(spread)), retry_after: Some(asked), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::FEWER;
    use crate::rng::Seed;
    use alloc::collections::BTreeSet;

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn draws(jitter: Jitter, index: u32) -> BTreeSet<Duration> {
        let backoff = Backoff::default().with_jitter(jitter);
        (0..2_000 / FEWER)
            .map(|operation| backoff.draw(index, Some(ms(20_000)), &mut Seed(3).stream(operation, index)).delay)
            .collect()
    }

    #[test]
    fn full_jitter_spans_zero_to_the_ceiling() {
        let seen = draws(Jitter::Full, 1);
        let spread = *seen.first().unwrap() < ms(10) && *seen.last().unwrap() > ms(990);
        assert!((spread || cfg!(miri)) && *seen.last().unwrap() <= ms(1_000));
    }

    #[test]
    fn equal_jitter_keeps_half_the_ceiling() {
        let seen = draws(Jitter::Equal, 1);
        assert!(*seen.first().unwrap() >= ms(500) && *seen.last().unwrap() <= ms(1_000));
        assert!(*seen.first().unwrap() < ms(510) || cfg!(miri));
    }

    #[test]
    fn jitter_still_varies_at_the_cap_and_no_delay_passes_it() {
        for jitter in [Jitter::Full, Jitter::Equal, Jitter::Decorrelated] {
            let seen = draws(jitter, 60);
            assert!(seen.len() as u64 > 1_900 / FEWER, "{jitter:?}: {} different delays of 2,000", seen.len());
            assert!(*seen.last().unwrap() <= ms(20_000), "{jitter:?}");
        }
    }

    #[test]
    fn decorrelated_draws_between_base_and_three_times_the_previous_wait() {
        let backoff = Backoff::default().with_jitter(Jitter::Decorrelated);
        for operation in 0..1_000 / FEWER {
            let delay = backoff.draw(1, Some(ms(700)), &mut Seed(4).stream(operation, 1));
            assert_eq!((delay.floor, delay.ceiling), (ms(500), ms(2_100)));
            assert!((ms(500)..=ms(2_100)).contains(&delay.delay));
        }
        assert_eq!(backoff.draw(0, None, &mut Seed(4).stream(1, 0)).ceiling, ms(1_500));
    }

    #[test]
    fn the_factor_does_what_it_says() {
        let ceilings = |factor| {
            let backoff = Backoff::default().with_jitter(Jitter::None).with_factor_thousandths(factor).unwrap();
            [0, 1, 2, 3].map(|i| backoff.draw(i, None, &mut Seed(1).stream(1, i)).delay.as_millis())
        };
        assert_eq!(ceilings(1_000), [500, 500, 500, 500]);
        assert_eq!(ceilings(1_500), [500, 750, 1_125, 1_687]);
        assert_eq!(ceilings(3_000), [500, 1_500, 4_500, 13_500]);
    }

    #[test]
    fn extremes_saturate() {
        let far = Backoff::new(Duration::from_micros(1), Duration::MAX).unwrap().with_jitter(Jitter::None);
        assert_eq!(far.draw(u32::MAX, None, &mut Seed(1).stream(1, 1)).delay, Duration::from_micros(u64::MAX));
        let none = Backoff::new(Duration::ZERO, Duration::ZERO).unwrap();
        assert_eq!(none.draw(9, None, &mut Seed(1).stream(1, 1)).delay, Duration::ZERO);
        let fastest = Backoff::default().with_factor_thousandths(u32::MAX).unwrap().with_jitter(Jitter::None);
        assert_eq!(fastest.draw(1, None, &mut Seed(1).stream(1, 1)).delay, ms(20_000));
    }

    #[test]
    fn a_server_s_word_is_never_undercut_and_callers_told_the_same_do_not_return_together() {
        let own = Delay { delay: ms(300), floor: ms(0), ceiling: ms(500), retry_after: None };
        let told: BTreeSet<_> =
            (0..100).map(|op| own.at_least(Some(ms(2_000)), Jitter::Full, &mut Seed(5).stream(op, 1)).delay).collect();
        assert!(*told.first().unwrap() >= ms(2_000) && *told.last().unwrap() <= ms(2_200) && told.len() > 90);
        for no_longer in [100, 300] {
            assert_eq!(own.at_least(Some(ms(no_longer)), Jitter::Full, &mut Seed(5).stream(1, 1)), own);
        }
        assert_eq!(own.at_least(Some(ms(2_000)), Jitter::Full, &mut Seed(5).stream(1, 1)).retry_after, Some(ms(2_000)));
        assert_eq!(own.at_least(Some(ms(2_000)), Jitter::None, &mut Seed(5).stream(1, 1)).delay, ms(2_000));
    }

    #[test]
    fn a_backoff_tells_its_settings() {
        let backoff = Backoff::new(ms(3), ms(9)).unwrap().with_factor_thousandths(1_500).unwrap();
        assert_eq!((backoff.base(), backoff.cap(), backoff.factor_thousandths()), (ms(3), ms(9), 1_500));
        assert_eq!(backoff.jitter(), Jitter::Full);
    }

    #[test]
    fn a_base_above_the_cap_or_a_shrinking_factor_is_refused_by_name() {
        let base = Backoff::new(ms(2), ms(1)).unwrap_err();
        assert_eq!((base.name, base.value), ("backoff.base", Duration::from_millis(2).into()));
        assert_eq!(Backoff::default().with_factor_thousandths(999).unwrap_err().name, "backoff.factor");
    }
}
