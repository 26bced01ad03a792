//! An incident: a run that was recorded, with everything that it takes to have it again elsewhere.

use super::record::Recording;
use super::{ReplayError, Turn, WhatIf};
use crate::approval::HashFunction;
use crate::policy::RunPolicy;
use crate::run::{Origin, Run, ToolSpec};
use crate::snapshot::{Kind, Reader, SnapshotError, Writer};
use crate::time::{Duration, Instant};
use crate::trace::Trace;
use alloc::string::ToString;
use alloc::vec::Vec;

/// A recorded run that can be taken elsewhere: its settings, its tools, the conversation it began with, what other runs had left of
/// its models and tools, what it was told, and a checksum of the trace that came of it.
///
/// What is in its messages, arguments and answers is in the incident too: treat it as you treat those.
///
/// ```
/// use steadfast::approval::sha256;
/// use steadfast::failure::Failure;
/// use steadfast::id::RunId;
/// use steadfast::policy::RunPolicy;
/// use steadfast::replay::Incident;
/// use steadfast::rng::Seed;
/// use steadfast::run::{Input, Output, Run};
/// use steadfast::time::Instant;
///
/// let mut run = Run::new(RunId(1), "task", RunPolicy::default(), 1, vec![], Seed(7))?.with_recording();
/// run.handle(Instant::ORIGIN, Input::Start);
/// let Output::Think(first) = run.poll() else { panic!() };
/// run.handle(Instant::from_millis(90), Input::Failed(first.id, Failure::transient("503")));
///
/// let bytes = Incident::of(&run).unwrap().to_bytes(); // to a file, to somebody else
/// let incident = Incident::from_bytes(&bytes, sha256)?;
/// assert_eq!(incident.replay()?.trace(), run.trace());
/// let model = incident.policy().model().with_retry(None);
/// let other = incident.what_if(incident.policy().clone().with_model(model), incident.tools().to_vec())?;
/// assert!(other.run.trace().entries()[other.first_difference.unwrap()].event.to_string().starts_with("The call gives up"));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Incident {
    policy: RunPolicy,
    tools: Vec<ToolSpec>,
    origin: Origin,
    recording: Recording,
    trace: u64,
}

impl Incident {
    /// The incident of a run that was [made to record](Run::with_recording) and was told something. There is none of a run that was
    /// restored, which began in another one, nor of one whose trace is off.
    #[must_use]
    pub fn of(run: &Run) -> Option<Self> {
        let (origin, recording) = (run.origin()?.clone(), Recording::of(run)?);
        if run.trace().entries().is_empty() {
            // Its trace is off: nobody could tell whether it comes again.
            return None;
        }
        let (policy, tools) = (run.policy().clone(), run.tools().to_vec());
        Some(Self { policy, tools, origin, recording, trace: checksum(run.trace()) })
    }

    /// The settings it was recorded under.
    #[must_use]
    pub fn policy(&self) -> &RunPolicy {
        &self.policy
    }

    /// Its tools, with their settings.
    #[must_use]
    pub fn tools(&self) -> &[ToolSpec] {
        &self.tools
    }

    /// What it was told.
    #[must_use]
    pub fn recording(&self) -> &Recording {
        &self.recording
    }

    /// The run again, told all that it was told. Fails if it decides otherwise than it did.
    pub fn replay(&self) -> Result<Run, ReplayError> {
        let run = self.recording.replay(self.original()?)?;
        if checksum(run.trace()) == self.trace { Ok(run) } else { Err(ReplayError::OtherTrace) }
    }

    /// What would have happened under other settings. `tools` are those of the incident, in their order, each with whatever settings.
    ///
    /// Fails if they are other tools, or the settings do not fit them.
    pub fn what_if(&self, policy: RunPolicy, tools: Vec<ToolSpec>) -> Result<WhatIf, ReplayError> {
        self.recording.what_if(self.original()?, self.fresh(policy, tools)?)
    }

    /// The same, but under other settings only from some entry of the trace on: until then it is the run as it was.
    ///
    /// Fails if they are other tools, or the settings do not fit them.
    pub fn fork(&self, turn: Turn) -> Result<WhatIf, ReplayError> {
        self.recording.fork(self.original()?, self.original()?, turn)
    }

    /// As bytes, for a file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut to = Writer::new(Kind::Incident, Instant::ORIGIN);
        self.policy.store(&mut to);
        to.put(&self.tools).put(&self.origin).put(&self.trace).put(&self.recording.to_bytes());
        to.finish()
    }

    /// From its bytes. Whatever they are, the answer is an incident or an error. `hash` is what the host of the run hashed its calls
    /// with: [`sha256`](crate::approval::sha256), unless it chose another.
    pub fn from_bytes(bytes: &[u8], hash: HashFunction) -> Result<Self, SnapshotError> {
        let mut from = Reader::new(Kind::Incident, bytes, Instant::ORIGIN, Duration::ZERO)?;
        let policy = RunPolicy::load(&mut from, hash)?;
        let (tools, origin, trace) = (from.take()?, from.take()?, from.take()?);
        let recording = Recording::from_bytes(&from.take::<Vec<u8>>()?)?;
        from.finish()?;
        Ok(Self { policy, tools, origin, recording, trace })
    }

    fn original(&self) -> Result<Run, ReplayError> {
        self.fresh(self.policy.clone(), self.tools.clone())
    }

    fn fresh(&self, policy: RunPolicy, tools: Vec<ToolSpec>) -> Result<Run, ReplayError> {
        let impossible = |what: &dyn ToString| ReplayError::Impossible { what: what.to_string() };
        let (seed, models, claims) = self.recording.beginning();
        let run = Run::new(self.recording.run(), "", policy, models, tools, seed);
        let run = run.map_err(|invalid| impossible(&invalid))?;
        let began_at = self.recording.inputs().first().map_or(Instant::ORIGIN, |(at, _)| *at);
        let run = run.with_origin(&self.origin, began_at).map_err(|error| impossible(&error))?;
        Ok(if claims { run.with_claims() } else { run })
    }
}

/// Of everything that a trace says, so that no other decision has it.
fn checksum(trace: &Trace) -> u64 {
    let mut to = Writer::new(Kind::Incident, Instant::ORIGIN);
    for entry in trace.entries() {
        to.text(&entry.to_string());
    }
    to.checksum()
}

#[cfg(all(test, feature = "sha2"))]
mod tests {
    use super::*;
    use crate::approval::{ApprovalGate, sha256};
    use crate::backoff::{Backoff, Jitter};
    use crate::breaker::{BreakerPolicy, SlowPolicy, WindowPolicy};
    use crate::budget::{Limits, RetryBudgetPolicy, Spend, ThrottlePolicy};
    use crate::effect::Effect;
    use crate::event::Event;
    use crate::failure::Failure;
    use crate::id::RunId;
    use crate::outcome::StopReason;
    use crate::policy::CallPolicy;
    use crate::progress::ProgressPolicy;
    use crate::retry::RetryPolicy;
    use crate::rng::Seed;
    use crate::run::{Endpoints, Input, ModelReply, Output};
    use alloc::string::String;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// Every setting is another than by default.
    fn strange_call() -> CallPolicy {
        let backoff = Backoff::new(ms(70), ms(900)).unwrap().with_factor_thousandths(1_500).unwrap();
        let retry = RetryPolicy::default().with_attempts(5).unwrap().with_backoff(backoff.with_jitter(Jitter::Equal));
        let breaker = BreakerPolicy::default().with_consecutive(2).with_open_for(ms(400), ms(4_000)).unwrap();
        let breaker = breaker.with_window(Some(WindowPolicy::new(300, 7, ms(9_000), 3).unwrap()));
        let breaker = breaker.with_slow(Some(SlowPolicy::new(ms(600), 250).unwrap())).with_probes(3, 2).unwrap();
        let throttle = ThrottlePolicy::default().with_tokens(8).unwrap().with_ratio(250).unwrap();
        let policy = CallPolicy::default().with_timeout(Some(ms(800))).unwrap().with_deadline(Some(ms(9_000))).unwrap();
        let policy = policy.with_stream(Some(ms(300)), Some(ms(200))).unwrap().with_retry(Some(retry));
        let policy = policy.with_breaker(Some(breaker.with_lease(ms(5_000)).unwrap())).with_throttle(Some(throttle));
        let policy = policy.with_longest_pause(Some(ms(7_000))).unwrap();
        policy.with_estimate(Spend { tokens: 10, money: 2, ..Spend::NONE })
    }

    fn strange_policy() -> RunPolicy {
        let gate = ApprovalGate::default().with_approver(true).with_expires_after(ms(3_000)).unwrap();
        let limits =
            Limits::none().with_attempts(40).unwrap().with_tokens(9_000).unwrap().with_deadline(ms(80_000)).unwrap();
        let progress = ProgressPolicy::default().with_repeats(2).unwrap().with_longest_cycle(3).unwrap();
        let progress = progress.with_errors(5).unwrap().with_nothing_new(0).unwrap().with_polling(["look"]).unwrap();
        let policy = RunPolicy::default().with_max_steps(5).unwrap().with_deadline(Some(ms(60_000))).unwrap();
        let policy =
            policy.with_model(strange_call()).with_approval(gate).with_budget(limits).with_progress(Some(progress));
        let retries = RetryBudgetPolicy::default().with_per_mille(700).unwrap().with_at_least(9);
        policy.with_retry_budget(Some(retries)).with_safe_message("Sorry.").unwrap()
    }

    fn tools() -> Vec<ToolSpec> {
        let mail =
            ToolSpec::new("mail").risky().with_effect(Effect::Idempotent).with_reconcile().with_policy(strange_call());
        alloc::vec![ToolSpec::new("look"), mail]
    }

    fn fresh() -> Run {
        let run = Run::new(RunId(9), "Tell Ana.", strange_policy(), 2, tools(), Seed(7)).unwrap();
        run.with_system("Be brief.").with_claims().with_recording()
    }

    fn next_attempt(run: &mut Run) -> crate::id::AttemptId {
        loop {
            match run.poll() {
                Output::Think(attempt) | Output::Act { attempt, .. } => return attempt.id,
                Output::Wait { until: Some(until), .. } => run.handle(until, Input::Tick),
                Output::Finished => unreachable!("it ended: {:?}", run.result()),
                _ => {}
            }
        }
    }

    /// A model that fails once, then asks for a tool, then answers.
    fn told(mut run: Run, from: u64) -> Run {
        run.handle(Instant::from_millis(from), Input::Start);
        let id = next_attempt(&mut run);
        run.handle(run.now() + ms(90), Input::Failed(id, Failure::transient("503")));
        let id = next_attempt(&mut run);
        run.handle(run.now() + ms(200), Input::ModelReplied(id, ModelReply::tool("a", "look", "{}")));
        let id = next_attempt(&mut run);
        run.handle(run.now() + ms(20), Input::ToolReplied(id, "<b>sunny</b>".into()));
        let id = next_attempt(&mut run);
        run.handle(run.now() + ms(200), Input::ModelReplied(id, ModelReply::answer("It is sunny.")));
        while !matches!(run.poll(), Output::Finished) {}
        run
    }

    #[test]
    fn an_incident_comes_back_with_every_setting_and_gives_the_same_trace() {
        let run = told(fresh(), 1_000);
        let incident = Incident::from_bytes(&Incident::of(&run).unwrap().to_bytes(), sha256).unwrap();
        // All but the function at the end: where one lies may be another place each time.
        let shown = |policy: &RunPolicy| alloc::format!("{policy:?}").split(", hash:").next().map(ToString::to_string);
        assert_eq!(shown(incident.policy()), shown(&strange_policy()));
        assert_eq!(incident.tools(), tools());
        let again = incident.replay().unwrap();
        assert_eq!(again.trace(), run.trace());
        assert_eq!(again.result(), run.result());
        assert_eq!(again.messages(), run.messages());
        assert_eq!(run.result().unwrap().answer, "It is sunny.");
    }

    #[test]
    fn what_an_earlier_run_had_left_of_the_models_is_in_the_incident() {
        let mut shared = Endpoints::new(&strange_policy(), 2, &tools(), Seed(7));
        let mut earlier = fresh();
        earlier.swap_endpoints(&mut shared).unwrap();
        earlier.handle(Instant::ORIGIN, Input::Start);
        // Both models are down: their breakers open at the second failure of each.
        loop {
            match earlier.poll() {
                Output::Think(attempt) => {
                    earlier.handle(earlier.now() + ms(5), Input::Failed(attempt.id, Failure::transient("503")));
                }
                Output::Wait { until: Some(until), .. } => earlier.handle(until, Input::Tick),
                Output::Finished => break,
                _ => {}
            }
        }
        let at = earlier.now();
        earlier.swap_endpoints(&mut shared).unwrap();
        let mut later = fresh();
        later.swap_endpoints(&mut shared).unwrap();
        later.handle(at, Input::Start);
        while !matches!(later.poll(), Output::Wait { .. } | Output::Finished) {}
        let rejected =
            |run: &Run| run.trace().entries().iter().any(|entry| matches!(entry.event, Event::BreakerRejected { .. }));
        assert!(rejected(&later), "{}", later.trace());
        let incident = Incident::from_bytes(&Incident::of(&later).unwrap().to_bytes(), sha256).unwrap();
        assert_eq!(incident.replay().unwrap().trace(), later.trace());
    }

    #[test]
    fn under_another_policy_the_same_world_answers() {
        let incident = Incident::of(&told(fresh(), 0)).unwrap();
        let once = strange_policy().with_model(strange_call().with_retry(None));
        let what_if = incident.what_if(once, incident.tools().to_vec()).unwrap();
        assert_ne!(what_if.run.trace(), incident.replay().unwrap().trace());
        assert!(what_if.first_difference.is_some());
        let other_tools = alloc::vec![ToolSpec::new("look")];
        assert!(incident.what_if(strange_policy(), other_tools).is_err());
    }

    #[test]
    fn forked_at_any_entry_it_is_the_same_until_there_and_then_what_the_settings_make_of_it() {
        let run = told(fresh(), 1_000);
        let incident = Incident::of(&run).unwrap();
        let own = |run: &Run| {
            let told_of = |entry: &&crate::trace::Entry| !matches!(entry.event, Event::PolicyChanged { .. });
            run.trace().entries().iter().filter(told_of).cloned().collect::<Vec<_>>()
        };
        let recorded = own(&run);
        let once = strange_policy().with_model(strange_call().with_retry(None));
        let mut parted = Vec::new();
        for entries in 0..=recorded.len() {
            let turn = |policy| Turn { entries, policy, tools: tools(), reason: "to see".into() };
            let same = incident.fork(turn(strange_policy())).unwrap();
            assert_eq!((same.first_difference, own(&same.run)), (None, recorded.clone()), "after {entries}");
            assert_eq!(same.run.result(), run.result());
            let other = incident.fork(turn(once.clone())).unwrap();
            assert_eq!(own(&other.run)[..entries], recorded[..entries], "after {entries}");
            parted.push(other.first_difference);
        }
        let failed = recorded.iter().position(|entry| matches!(entry.event, Event::AttemptFailed { .. })).unwrap();
        assert!(parted[..=failed].iter().all(|at| *at == Some(failed + 1)), "no second attempt: {parted:?}");
        assert!(parted[failed + 2..].iter().all(Option::is_none), "it was made by then: {parted:?}");
        let strangers = Turn { entries: 3, policy: strange_policy(), tools: Vec::new(), reason: String::new() };
        assert!(matches!(incident.fork(strangers), Err(ReplayError::Impossible { .. })));
    }

    #[test]
    fn of_two_inputs_at_the_same_instant_the_earlier_one_stays_the_earlier_one() {
        let mut run = fresh();
        run.handle(Instant::ORIGIN, Input::Start);
        let id = next_attempt(&mut run);
        run.handle(run.now() + ms(9), Input::ModelReplied(id, ModelReply::answer("391")));
        run.handle(run.now(), Input::Cancel);
        assert_eq!(run.result().unwrap().stop, StopReason::Answered);
        let incident = Incident::of(&run).unwrap();
        for entries in 0..run.trace().entries().len() {
            let turn = Turn { entries, policy: strange_policy(), tools: tools(), reason: String::new() };
            let fork = incident.fork(turn).unwrap();
            assert_eq!(fork.first_difference, None, "after {entries}");
            assert_eq!(fork.run.result(), run.result());
        }
    }

    #[test]
    fn one_that_decides_otherwise_than_it_did_says_so() {
        let mut incident = Incident::of(&told(fresh(), 0)).unwrap();
        incident.policy = incident.policy.with_model(CallPolicy::unguarded());
        assert_eq!(incident.replay().unwrap_err(), ReplayError::OtherTrace);
    }

    #[test]
    fn bytes_that_were_cut_or_changed_are_refused() {
        let whole = Incident::of(&told(fresh(), 0)).unwrap().to_bytes();
        for length in (0..whole.len()).step_by(crate::rng::STEP) {
            assert!(Incident::from_bytes(&whole[..length], sha256).is_err(), "cut to {length}");
        }
        for bit in (0..whole.len() * 8).step_by(crate::rng::STEP * 3) {
            let mut flipped = whole.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(Incident::from_bytes(&flipped, sha256).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn there_is_none_of_a_run_that_was_told_nothing_or_does_not_record() {
        assert!(Incident::of(&fresh()).is_none());
        let silent = Run::new(RunId(9), "Tell Ana.", strange_policy(), 2, tools(), Seed(7)).unwrap();
        assert!(Incident::of(&told(silent, 0)).is_none());
        let without_trace = fresh().with_trace(Trace::off());
        assert!(Incident::of(&told(without_trace, 0)).is_none(), "nobody could tell whether it comes again");
        assert_eq!(told(fresh(), 0).result().unwrap().stop, StopReason::Answered);
    }
}
