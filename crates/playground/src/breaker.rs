//! The state of the model's circuit breaker.

use steadfast::breaker::BreakerPolicy;
use steadfast::event::Event;
use steadfast::policy::RunPolicy;
use steadfast::time::Instant;
use steadfast_sim::{Line, What};

/// What a breaker does to the next attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BreakerState {
    /// There is none: the naive agent, or a run that has not begun.
    #[default]
    None,
    /// It lets everything through.
    Closed,
    /// It lets nothing through until that instant.
    Open {
        /// When it lets a probe through.
        until: Instant,
    },
    /// It lets a probe through.
    HalfOpen,
}

impl BreakerState {
    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Closed => "closed",
            Self::Open { .. } => "open",
            Self::HalfOpen => "half-open",
        }
    }
}

/// The breaker as it is now, and what it counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BreakerNow {
    /// Its state.
    pub state: BreakerState,
    /// Model attempts that failed or timed out since the last success or change of state.
    pub failures_in_row: u32,
    /// After how many of them it opens.
    pub opens_after: u32,
}

/// The breaker after each number of lines, from none to all of them, under that policy; without one there is no breaker.
pub(crate) fn breakers(lines: &[Line], policy: Option<&RunPolicy>) -> Vec<BreakerNow> {
    let opens_after = policy.and_then(|policy| policy.model().breaker()).map(BreakerPolicy::consecutive);
    let mut now = BreakerNow { opens_after: opens_after.unwrap_or_default(), ..BreakerNow::default() };
    let mut all = vec![now];
    let mut model_call = None;
    for line in lines {
        if let (What::Decision(entry), Some(_)) = (&line.what, opens_after) {
            let mut enter = |state| now = BreakerNow { state, failures_in_row: 0, ..now };
            match &entry.event {
                Event::RunStarted { .. } | Event::BreakerClosed { .. } => enter(BreakerState::Closed),
                Event::BreakerOpened { until, .. } => enter(BreakerState::Open { until: *until }),
                Event::BreakerHalfOpened { .. } => enter(BreakerState::HalfOpen),
                Event::ModelCalled { .. } => model_call = entry.call,
                Event::AttemptSucceeded { .. } if entry.call == model_call => now.failures_in_row = 0,
                Event::AttemptFailed { .. } | Event::AttemptTimedOut { .. } if entry.call == model_call => {
                    now.failures_in_row += 1;
                }
                _ => {}
            }
        }
        all.push(now);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use steadfast_sim::{Scenario, default_policy, simulate};

    #[test]
    fn outage_opens_it_at_the_third_failure() {
        let outcome = simulate(&Scenario::Down.setup(7));
        let lines = outcome.journal.lines();
        let all = breakers(lines, Some(&default_policy()));
        let mut states: Vec<_> = all.iter().map(|now| (now.state.as_str(), now.failures_in_row)).collect();
        states.dedup();
        assert_eq!(states, [("none", 0), ("closed", 0), ("closed", 1), ("closed", 2), ("closed", 3), ("open", 0)]);
        assert!(
            matches!(all.last().unwrap().state, BreakerState::Open { until } if until > Instant::from_millis(15_000))
        );
    }

    #[test]
    fn naive_agent_has_none() {
        let outcome = simulate(&Scenario::Naive.setup(7));
        assert!(breakers(outcome.journal.lines(), None).iter().all(|now| now.state == BreakerState::None));
    }
}
