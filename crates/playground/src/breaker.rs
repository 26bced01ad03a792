//! The state of the model's circuit breaker.

use steadfast::breaker::BreakerPolicy;
use steadfast::event::Event;
use steadfast::time::Instant;
use steadfast_sim::{Line, What, default_policy};

/// What a breaker does to the next attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    /// There is none: the naive agent, or a run that has not begun.
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerNow {
    /// Its state.
    pub state: BreakerState,
    /// Model attempts that failed or timed out since the last success or change of state.
    pub failures_in_row: u32,
    /// After how many of them it opens.
    pub opens_after: u32,
}

/// Reads it out of what has happened.
#[must_use]
pub fn breaker(shown: &[Line]) -> BreakerNow {
    let opens_after = default_policy().model().breaker().map_or(0, BreakerPolicy::consecutive);
    let mut now = BreakerNow { state: BreakerState::None, failures_in_row: 0, opens_after };
    let mut model_call = None;
    let decisions = shown.iter().filter_map(|line| match &line.what {
        What::Decision(entry) => Some(entry),
        What::World(_) => None,
    });
    for entry in decisions {
        let mut enter = |state| now = BreakerNow { state, failures_in_row: 0, opens_after };
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
    now
}

#[cfg(test)]
mod tests {
    use super::*;
    use steadfast_sim::{Scenario, simulate};

    #[test]
    fn outage_opens_it_at_the_third_failure() {
        let outcome = simulate(&Scenario::Down.setup(7));
        let lines = outcome.journal.lines();
        let mut states: Vec<_> = (0..=lines.len())
            .map(|position| breaker(&lines[..position]))
            .map(|now| (now.state.as_str(), now.failures_in_row))
            .collect();
        states.dedup();
        assert_eq!(states, [("none", 0), ("closed", 0), ("closed", 1), ("closed", 2), ("closed", 3), ("open", 0)]);
        assert!(matches!(breaker(lines).state, BreakerState::Open { until } if until > Instant::from_millis(15_000)));
    }

    #[test]
    fn naive_agent_has_none() {
        let outcome = simulate(&Scenario::Naive.setup(7));
        assert_eq!(breaker(outcome.journal.lines()).state, BreakerState::None);
    }
}
