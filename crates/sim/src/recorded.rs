//! A run that was not simulated here, in the shape of one that was.

use crate::books::Counts;
use crate::journal::Journal;
use crate::simulate::{Ending, Outcome, SimulatedResult};
use steadfast::event::Event;
use steadfast::run::Run;

impl Outcome {
    /// What came of a run that was driven elsewhere: its trace is the journal. What the world did stands in no trace, so there are no
    /// lines of the world's, and effects, harm and duplicates count for nothing.
    ///
    /// ```
    /// use steadfast::{id::RunId, policy::RunPolicy, rng::Seed, run::{Input, Run}, time::Instant};
    /// use steadfast_sim::Outcome;
    ///
    /// let mut run = Run::new(RunId(1), "task", RunPolicy::default(), 1, vec![], Seed(7))?;
    /// run.handle(Instant::ORIGIN, Input::Start);
    /// run.handle(Instant::ORIGIN, Input::Cancel);
    /// let outcome = Outcome::of_run(&run);
    /// assert_eq!(outcome.journal.lines().len(), run.trace().entries().len());
    /// assert_eq!(outcome.result.unwrap().stop.as_str(), "cancelled");
    /// # Ok::<(), steadfast::setting::InvalidSetting>(())
    /// ```
    #[must_use]
    pub fn of_run(run: &Run) -> Self {
        let mut journal = Journal::default();
        let mut counts = Counts::default();
        for entry in run.trace().entries() {
            match &entry.event {
                Event::AttemptStarted { .. } => counts.attempts += 1,
                Event::ModelCalled { .. } | Event::ToolCalled { .. } => counts.calls += 1,
                Event::RunFinished { .. } => counts.ended_at = Some(entry.at),
                _ => {}
            }
            journal.decision(entry.clone());
        }
        let result = run.result().map(|result| SimulatedResult {
            answer: result.answer.clone(),
            steps: result.steps,
            blocked: result.blocked.clone(),
            degraded: result.degraded,
            stop: Ending::Stopped(result.stop),
        });
        Self { result, pending: None, spent: run.spent(), counts, journal }
    }
}
