//! Whole runs.

use core::hint::black_box;
use steadfast::id::RunId;
use steadfast::policy::RunPolicy;
use steadfast::rng::Seed;
use steadfast::run::{Input, ModelReply, Output, Run, ToolSpec};
use steadfast::time::{Duration, Instant};
use steadfast::trace::Trace;
use steadfast_sim::{Scenario, Setup, simulate};

/// One run of the scenario `flaky`, from its setup to its answer. Answers how many steps it took.
#[inline]
#[must_use]
pub fn simulated_run(seed: u64, trace: bool) -> u32 {
    let setup = Setup { trace, ..Scenario::Flaky.setup(black_box(seed)) };
    black_box(simulate(&setup)).result.map_or(0, |result| result.steps)
}

/// A run whose model asks for one tool a step, each time for something else, and never comes to an end.
#[derive(Debug)]
pub struct LongRun {
    run: Run,
    now: Instant,
    /// Grows by a step; of as many digits for the first as for the last.
    page: u32,
}

impl LongRun {
    /// With so many steps behind it; `None` if it did not get that far.
    #[must_use]
    pub fn after(steps: u32) -> Option<Self> {
        let policy = RunPolicy::default().with_max_steps(u32::MAX).ok()?;
        let run = Run::new(RunId(1), "Never stop.", policy, 1, vec![ToolSpec::new("look")], Seed(7)).ok()?;
        let mut long = Self { run: run.with_trace(Trace::off()), now: Instant::ORIGIN, page: 1_000_000_000 };
        long.run.handle(long.now, Input::Start);
        (0..steps).all(|_| long.step()).then_some(long)
    }

    /// One step: the model is asked, its tool is called, the result is observed. Answers whether the next one began.
    #[inline]
    pub fn step(&mut self) -> bool {
        let Output::Think(attempt) = self.run.poll() else { return false };
        self.now = self.now + Duration::from_millis(900);
        self.page += 1;
        let args = self.page.to_string();
        self.run.handle(self.now, Input::ModelReplied(attempt.id, ModelReply::tool("call", "look", args)));
        let Output::Act { attempt, .. } = self.run.poll() else { return false };
        self.now = self.now + Duration::from_millis(40);
        self.run.handle(self.now, Input::ToolReplied(attempt.id, self.page.to_string()));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_go_where_they_should() {
        assert_eq!((simulated_run(7, true), simulated_run(7, false)), (2, 2));
        assert!(LongRun::after(1_000).is_some_and(|mut long| long.step()));
    }
}
