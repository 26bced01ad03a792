//! A recording: its inputs, as bytes, and told again.

use super::world::{World, drain};
use super::{Part, ReplayError, Turn, WhatIf};
use crate::id::RunId;
use crate::rng::Seed;
use crate::run::{Beginning, Input, Run};
use crate::snapshot::{Kind, Reader, SnapshotError, Stored, Writer};
use crate::time::{Duration, Instant};
use alloc::vec::Vec;

/// What a run was told, and when.
///
/// ```
/// use steadfast::failure::Failure;
/// use steadfast::id::RunId;
/// use steadfast::outcome::StopReason;
/// use steadfast::policy::{CallPolicy, RunPolicy};
/// use steadfast::replay::Recording;
/// use steadfast::rng::Seed;
/// use steadfast::run::{Input, ModelReply, Output, Run};
/// use steadfast::time::Instant;
///
/// let fresh = |model| Run::new(RunId(1), "task", RunPolicy::default().with_model(model), 1, vec![], Seed(7));
/// let retrying = CallPolicy::default();
/// let mut run = fresh(retrying)?.with_recording();
/// run.handle(Instant::ORIGIN, Input::Start);
/// let Output::Think(first) = run.poll() else { panic!() };
/// run.handle(Instant::from_millis(90), Input::Failed(first.id, Failure::transient("503")));
/// let Output::Wait { until: Some(until), .. } = run.poll() else { panic!() };
/// run.handle(until, Input::Tick);
/// let Output::Think(second) = run.poll() else { panic!() };
/// run.handle(Instant::from_millis(900), Input::ModelReplied(second.id, ModelReply::answer("391")));
///
/// let bytes = Recording::of(&run).unwrap().to_bytes(); // to a file, from a file
/// let recording = Recording::from_bytes(&bytes)?;
/// assert_eq!(recording.replay(fresh(retrying)?)?.trace(), run.trace());
///
/// let other = recording.what_if(fresh(retrying)?, fresh(retrying.with_retry(None))?)?;
/// assert_eq!(other.run.result().unwrap().stop, StopReason::ModelUnavailable);
/// let differs = other.first_difference.unwrap();
/// assert!(run.trace().entries()[differs].event.to_string().starts_with("Waits"));
/// assert!(other.run.trace().entries()[differs].event.to_string().starts_with("The call gives up"));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    run: RunId,
    began: Beginning,
    inputs: Vec<(Instant, Input)>,
}

impl Recording {
    /// What that run was told so far, if it was made [to record](Run::with_recording).
    #[must_use]
    pub fn of(run: &Run) -> Option<Self> {
        Some(Self { run: run.id(), began: run.began(), inputs: run.recorded()?.to_vec() })
    }

    /// The run that was recorded.
    #[must_use]
    pub fn run(&self) -> RunId {
        self.run
    }

    /// What it was told, in order, each with the instant that was told with it.
    #[must_use]
    pub fn inputs(&self) -> &[(Instant, Input)] {
        &self.inputs
    }

    /// Tells it all again to a run that began as the recorded one did: new with the same task, seed, settings and tools, or
    /// restored from the same snapshot at the same instant. The traces are equal then.
    ///
    /// Fails on a run that began otherwise, as far as that can be known: settings are not recorded.
    pub fn replay(&self, run: Run) -> Result<Run, ReplayError> {
        self.told_again(run, &mut None)
    }

    /// What would have happened to `other`, which began alike but for its settings: its policy, those of its tools, and how many
    /// models it has. `original` is the recorded run anew, as for [`replay`](Self::replay): from it is known when each attempt had
    /// begun.
    ///
    /// Fails if one of them began otherwise.
    pub fn what_if(&self, original: Run, other: Run) -> Result<WhatIf, ReplayError> {
        self.check(&other, Beginning { models: self.began.models, ..other.began() })?;
        let mut world = World::default();
        let original = self.told_again(original, &mut Some(&mut world))?;
        world.what_if(other, &original, &self.inputs, None)
    }

    /// What would have happened under other settings from some entry on: `other` is told word for word what the recorded run was told
    /// until then, and then [`set_policy`](Run::set_policy). Both are the recorded run anew, as for [`replay`](Self::replay). The first
    /// difference is counted without the entry that tells of the change.
    ///
    /// Fails if one of them began otherwise, or the settings do not fit.
    pub fn fork(&self, original: Run, other: Run, turn: Turn) -> Result<WhatIf, ReplayError> {
        self.check(&other, other.began())?;
        let mut world = World::default();
        let original = self.told_again(original, &mut Some(&mut world))?;
        world.what_if(other, &original, &self.inputs, Some(turn))
    }

    /// As bytes, for a file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut to = Writer::new(Kind::Recording, Instant::ORIGIN);
        to.put(&self.run.0).put(&self.began).put(&(self.inputs.len() as u64));
        for (at, input) in &self.inputs {
            to.put(&at.as_micros()).put(input);
        }
        to.finish()
    }

    /// From its bytes. Whatever they are, the answer is a recording or an error.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SnapshotError> {
        let mut from = Reader::new(Kind::Recording, bytes, Instant::ORIGIN, Duration::ZERO)?;
        let (run, began) = (RunId(from.take()?), from.take()?);
        let count = from.count()?;
        let told = |_| Ok((Instant::from_micros(from.take()?), Input::load(&mut from)?));
        let inputs = (0..count).map(told).collect::<Result<_, SnapshotError>>()?;
        from.finish()?;
        Ok(Self { run, began, inputs })
    }

    /// What the recorded run began with, of which more than a checksum is known: its seed, its models, and whether it claims.
    pub(super) fn beginning(&self) -> (Seed, u32, bool) {
        (Seed(self.began.seed), self.began.models, self.began.claims)
    }

    fn check(&self, run: &Run, began: Beginning) -> Result<(), ReplayError> {
        if run.id() != self.run {
            return Err(ReplayError::OtherRun { recorded: self.run });
        }
        if run.told {
            return Err(ReplayError::AlreadyBegun);
        }
        let parts = [
            (Part::Messages, began.messages == self.began.messages),
            (Part::Seed, began.seed == self.began.seed),
            (Part::Tools, began.tools == self.began.tools),
            (Part::Models, began.models == self.began.models),
            (Part::Claims, began.claims == self.began.claims),
            (Part::Snapshot, began.past == self.began.past),
        ];
        match parts.into_iter().find(|(_, same)| !same) {
            None => Ok(()),
            Some((differs, _)) => Err(ReplayError::OtherBeginning { differs }),
        }
    }

    fn told_again(&self, mut run: Run, learning: &mut Option<&mut World>) -> Result<Run, ReplayError> {
        self.check(&run, run.began())?;
        for (now, input) in &self.inputs {
            if let Some(world) = learning {
                world.learn(*now, input);
            }
            run.handle(*now, input.clone());
            // What it wants done was done, or not, back then.
            let outputs = drain(&mut run);
            if let Some(world) = learning {
                world.see(&run, outputs);
            }
        }
        Ok(run)
    }
}
