//! The step limit: an agent that has not answered after so many turns is going in circles or lost.

use crate::setting::InvalidSetting;
use core::fmt;

/// Hands out step numbers from 1 and stops past its limit.
///
/// ```
/// use steadfast::step_limit::StepLimiter;
///
/// let mut steps = StepLimiter::new(2)?;
/// assert_eq!(steps.take(), Ok(1));
/// assert_eq!(steps.take(), Ok(2));
/// assert_eq!(steps.take().unwrap_err().to_string(), "the limit of 2 steps is reached");
/// assert_eq!((steps.used(), steps.remaining()), (2, 0));
/// # Ok::<(), steadfast::setting::InvalidSetting>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepLimiter {
    limit: u32,
    used: u32,
}

impl StepLimiter {
    /// A limiter of `limit` steps, 1 or more.
    pub fn new(limit: u32) -> Result<Self, InvalidSetting> {
        if limit == 0 {
            return Err(InvalidSetting::new("max_steps", limit, "1 or more"));
        }
        Ok(Self { limit, used: 0 })
    }

    /// With so many steps taken already, at most all of them.
    #[must_use]
    pub fn with_used(mut self, used: u32) -> Self {
        self.used = used.min(self.limit);
        self
    }

    /// With another limit; steps that were taken stay taken.
    pub(crate) fn with_limit(mut self, limit: u32) -> Self {
        self.limit = limit.max(1);
        self
    }

    /// The step's number, or an error once the limit is used up.
    pub fn take(&mut self) -> Result<u32, StepLimitExceeded> {
        if self.used >= self.limit.saturating_add(u32::from(sabotaged!(OneStepTooMany))) {
            return Err(StepLimitExceeded { limit: self.limit });
        }
        self.used += 1;
        Ok(self.used)
    }

    /// Steps taken.
    #[must_use]
    pub fn used(&self) -> u32 {
        self.used
    }

    /// Steps left.
    #[must_use]
    pub fn remaining(&self) -> u32 {
        self.limit.saturating_sub(self.used)
    }

    /// Steps in all.
    #[must_use]
    pub fn limit(&self) -> u32 {
        self.limit
    }
}

/// The step limit is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepLimitExceeded {
    /// The limit.
    pub limit: u32,
}

impl fmt::Display for StepLimitExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let steps = if self.limit == 1 { "step" } else { "steps" };
        write!(f, "the limit of {} {steps} is reached", self.limit)
    }
}

impl core::error::Error for StepLimitExceeded {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn step_limiter_stops_past_its_cap_and_stays_stopped() {
        let mut steps = StepLimiter::new(3).unwrap();
        let taken: alloc::vec::Vec<_> = (0..6).map(|_| steps.take()).collect();
        let over = Err(StepLimitExceeded { limit: 3 });
        assert_eq!(taken, [Ok(1), Ok(2), Ok(3), over, over, over]);
    }

    #[test]
    fn a_limit_of_none_is_refused() {
        assert_eq!(StepLimiter::new(0).unwrap_err().name, "max_steps");
    }
}
