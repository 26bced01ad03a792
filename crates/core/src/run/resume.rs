//! Suspending a run and going on with it, here or in another process.

use super::action::{Action, Claiming, Stage, Unsure};
use super::beginning::past_of;
use super::message::{ToolCall, ToolSpec};
use super::{Output, Phase, Run, RunEnd, RunResult};
use crate::approval::{Approval, ApprovalRequest, HashFunction};
use crate::deadline::{Deadline, Scope};
use crate::effect::{Ledger, LedgerEntry};
use crate::event::Event;
use crate::failure::{Failure, FailureClass};
use crate::id::{ApprovalId, Key, RunId};
use crate::outcome::StopReason;
use crate::policy::RunPolicy;
use crate::progress::{History, ProgressDetector};
use crate::rng::Seed;
use crate::snapshot::{Kind, Reader, SnapshotError, Writer};
use crate::step_limit::StepLimiter;
use crate::time::{Duration, Instant};
use alloc::string::String;
use alloc::vec::Vec;

/// So many calls no run makes, and after so many it can still count.
const MOST_CALLS: u64 = u64::MAX / 2;

impl Run {
    /// The run as bytes: everything but its settings and its trace, which stay with the host. A suspended run is resumed
    /// from them with [`restore`](Self::restore); from a run that is not suspended they are what would be left if its
    /// process ended now.
    #[must_use]
    pub fn snapshot(&self) -> Vec<u8> {
        let mut to = Writer::new(Kind::Run, self.now);
        to.put(&self.id.0).put(&self.seed.0).put(&self.steps.used()).put(&self.deadline.at());
        to.put(&self.messages).put(&self.blocked).put(&self.calls).put(&self.approvals);
        to.put(&self.ledger.entries().to_vec()).put(&self.aftermath);
        self.commons.store(self.tools.iter().map(ToolSpec::name), &self.stage, &mut to);
        to.put(&self.progress.as_ref().map(|progress| progress.history().clone()));
        to.put(&self.hint).put(&self.last_turn);
        self.store_open_attempts(&mut to);
        self.store_stage(&mut to);
        to.finish()
    }

    /// How far it has come.
    pub(super) fn store_stage(&self, to: &mut Writer) {
        let (code, actions) = match &self.stage {
            Phase::New => (0_u8, None),
            Phase::Thinking { .. } | Phase::Restored(None) => (1, None),
            Phase::Acting(actions)
            | Phase::Restored(Some(actions))
            | Phase::Over(RunEnd { suspended: Some(actions), .. }) => (2, Some(actions)),
            Phase::Over(RunEnd { suspended: None, .. }) => (3, None),
        };
        to.put(&if sabotaged!(SnapshotIsDamaged) { 9 } else { code });
        if let Some(actions) = actions {
            to.put(&(actions.len() as u64));
            for action in actions {
                action.store(to);
            }
        }
        if let Phase::Over(RunEnd { result, suspended: None }) = &self.stage {
            to.put(result);
        }
    }

    /// The number of the run that a [`snapshot`](Self::snapshot) is of, for whoever does not know it by other means.
    pub fn id_of(snapshot: &[u8]) -> Result<RunId, SnapshotError> {
        let mut from = Reader::new(Kind::Run, snapshot, Instant::ORIGIN, Duration::ZERO)?;
        from.take().map(RunId)
    }

    /// The run of that number from its [`snapshot`](Self::snapshot), under these settings and with these tools.
    ///
    /// `now` is the time on the host's clock, which may have begun elsewhere, and `elapsed` how long the run was away: open
    /// questions, deadlines and breakers age by that much. Tell it [`Input::Start`](super::Input::Start) to go on; then decisions, and
    /// [`Input::Suspend`](super::Input::Suspend) if nobody is there to ask about what is left open. Under a policy without an
    /// approver nobody is asked: a decision that the host brings counts until the question expires.
    ///
    /// What it may still spend, and until when, comes from the snapshot: `policy`'s budget and deadline are those of a new run.
    ///
    /// A call that was open keeps the [`Effect`](crate::effect::Effect) its tool was declared with, or takes the one it has
    /// now if that forbids more: what must not happen twice does not become harmless on its way. One that was under way and whose
    /// tool is risky now runs again only with a yes: the one it had, or another.
    ///
    /// It may be restored any number of times: each effect that must not happen twice is claimed first, with
    /// [`Output::Claim`], in a ledger that the host keeps for all of them, and whoever comes second is told what became of it.
    /// What was under way when its process ended is done again, or, where it must not happen twice, is unknown.
    ///
    /// ```
    /// use steadfast::approval::{ApprovalGate, Decision};
    /// use steadfast::effect::Ledger;
    /// use steadfast::id::RunId;
    /// use steadfast::policy::RunPolicy;
    /// use steadfast::rng::Seed;
    /// use steadfast::run::{Input, ModelReply, Output, Run, ToolSpec};
    /// use steadfast::time::{Duration, Instant};
    ///
    /// let tools = || vec![ToolSpec::new("send_email").risky()];
    /// let policy = || RunPolicy::default().with_approval(ApprovalGate::default().with_approver(true));
    /// let mut run = Run::new(RunId(1), "Tell Ana.", policy(), 1, tools(), Seed(7))?;
    /// run.handle(Instant::ORIGIN, Input::Suspend); // nobody is there to ask
    /// run.handle(Instant::ORIGIN, Input::Start);
    /// let Output::Think(attempt) = run.poll() else { panic!() };
    /// run.handle(Instant::ORIGIN, Input::ModelReplied(attempt.id, ModelReply::tool("a", "send_email", "{}")));
    /// let question = run.result().unwrap().pending[0].clone();
    /// let snapshot = run.snapshot(); // to a database, a file, a form
    ///
    /// let mut ledger = Ledger::default(); // the host keeps one for all resumes
    /// let mut mails = 0;
    /// for _ in 0..3 {
    ///     let away = Duration::from_secs(300); // the question is open for ten minutes
    ///     let mut run = Run::restore(&snapshot, RunId(1), policy(), 1, tools(), Instant::ORIGIN, away)?;
    ///     run.handle(Instant::ORIGIN, Input::Start);
    ///     run.handle(Instant::ORIGIN, Input::DecidedOn(question.id, question.digest, Decision::Approve));
    ///     loop {
    ///         match run.poll() {
    ///             Output::Claim(claim) => {
    ///                 let key = claim.entry.key;
    ///                 let claimed = ledger.claim(claim);
    ///                 run.handle(Instant::ORIGIN, Input::Claimed(key, claimed));
    ///             }
    ///             Output::Act { attempt, .. } => {
    ///                 mails += 1;
    ///                 run.handle(Instant::ORIGIN, Input::ToolReplied(attempt.id, "sent".into()));
    ///             }
    ///             Output::Record(entry) => ledger.write(entry),
    ///             Output::Think(attempt) => {
    ///                 run.handle(Instant::ORIGIN, Input::ModelReplied(attempt.id, ModelReply::answer("Done.")));
    ///             }
    ///             Output::Finished => break,
    ///             _ => {}
    ///         }
    ///     }
    ///     assert_eq!(run.result().unwrap().answer, "Done.");
    /// }
    /// assert_eq!(mails, 1);
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    pub fn restore(
        snapshot: &[u8],
        id: RunId,
        policy: RunPolicy,
        models: u32,
        tools: Vec<ToolSpec>,
        now: Instant,
        elapsed: Duration,
    ) -> Result<Self, SnapshotError> {
        let mut from = Reader::new(Kind::Run, snapshot, now, elapsed)?;
        let (found, seed) = (RunId(from.take()?), Seed(from.take()?));
        if found != id {
            return Err(SnapshotError::OtherRun { found });
        }
        let mut run = Self::new(id, "", policy, models, tools, seed)?.with_claims();
        run.claims = !sabotaged!(ResumeDoesNotClaim);
        (run.now, run.past) = (now, past_of(snapshot, now, elapsed));
        run.steps = StepLimiter::new(run.policy.max_steps())?.with_used(from.take()?);
        run.deadline = from.take::<Option<Instant>>()?.map_or(Deadline::NEVER, |at| Deadline::until(at, Scope::Run));
        if sabotaged!(DeadlineIsNotRestored) {
            run.deadline = Deadline::NEVER;
        }
        if sabotaged!(StepsAreNotRestored) {
            run.steps = StepLimiter::new(run.policy.max_steps())?;
        }
        (run.messages, run.blocked) = (from.take()?, from.take()?);
        (run.calls, run.approvals) = (from.take()?, from.take()?);
        if run.calls.max(run.approvals) > MOST_CALLS {
            return Err(SnapshotError::Impossible { what: "it counts more calls than any run can make" });
        }
        run.ledger = Ledger::of_entries(from.take::<Vec<LedgerEntry>>()?);
        run.aftermath = from.take()?;
        run.commons.load(&run.tools.iter().map(ToolSpec::name), seed, &mut from)?;
        let history: Option<History> = from.take()?;
        if let (Some(progress), Some(history)) = (run.policy.progress().cloned(), history) {
            run.progress = Some(ProgressDetector::restore(progress, history));
        }
        (run.hint, run.last_turn) = (from.take()?, from.take()?);
        run.load_open_attempts(&mut from)?;
        run.stage = match from.take::<u8>()? {
            0 => Phase::New,
            1 => Phase::Restored(None),
            2 => {
                let count = from.count()?;
                let hash = run.policy.hash();
                let actions = (0..count).map(|_| Action::load(&mut from, &run.tools, hash));
                Phase::Restored(Some(actions.collect::<Result<_, _>>()?))
            }
            3 => Phase::Over(RunEnd { result: from.take()?, suspended: None }),
            _ => return Err(SnapshotError::Damaged),
        };
        from.finish()?;
        if let Phase::Restored(Some(actions)) = &run.stage {
            for action in actions {
                if let (Some(key), Some(tool), false) = (action.key, run.tools.get(action.tool), action.settled()) {
                    run.ledger.declare(key, tool.effect());
                }
            }
        }
        run.trace.begin_step(run.steps.used());
        Ok(run)
    }

    /// Ends for now: only humans can move it on, and none is there.
    pub(super) fn suspend(&mut self, actions: Vec<Action>) {
        let pending: Vec<ApprovalRequest> = actions.iter().filter_map(Action::question).cloned().collect();
        let (steps, ids) = (self.steps.used(), pending.iter().map(|request| request.id).collect());
        self.record(None, || Event::RunSuspended { pending: ids, steps });
        self.outputs.extend(pending.iter().map(|request| Output::Withdraw(request.id)));
        self.stay_suspended(actions);
    }

    /// It waits for whatever of these a human has not answered; for nothing but its resume, if a late word has answered for them.
    pub(super) fn stay_suspended(&mut self, actions: Vec<Action>) {
        let pending: Vec<ApprovalRequest> = actions.iter().filter_map(Action::question).cloned().collect();
        let (mut blocked, mut names) = (self.blocked.clone(), Vec::new());
        for request in &pending {
            // What may have happened is not among what did not run.
            if !request.again {
                super::end::note(&mut blocked, &request.tool);
            }
            super::end::note(&mut names, &request.tool);
        }
        let calls = |name: &String| match pending.iter().filter(|request| request.tool == *name).count() {
            1 => name.clone(),
            count => alloc::format!("{name} ({count} calls)"),
        };
        let names: Vec<_> = names.iter().map(calls).collect();
        let waits = if names.is_empty() {
            "This waits to be resumed: nothing is left to decide.".into()
        } else {
            alloc::format!("This waits for a human's decision on {}.", names.join(", "))
        };
        let (answer, steps, stop) = (self.with_what_was_done(waits), self.steps.used(), StopReason::Suspended);
        let result = RunResult { answer, steps, blocked, degraded: true, stop, pending };
        self.stage = Phase::Over(RunEnd { result, suspended: Some(actions) });
    }

    /// Goes on from a snapshot.
    pub(super) fn go_on(&mut self, actions: Option<Vec<Action>>) {
        let questions = actions.iter().flatten().filter_map(Action::question);
        let pending: Vec<ApprovalId> = questions.map(|request| request.id).collect();
        let (run, step) = (self.id, self.steps.used());
        self.record(None, || Event::RunResumed { run, step, pending });
        let Some(actions) = actions else { return self.think() };
        for action in &actions {
            if let Stage::Claiming(claiming) = &action.stage {
                self.ask_ledger(action.tool, claiming);
            }
        }
        self.stage = Phase::Acting(actions);
        // What ended while it was away is over before anybody is asked.
        self.pass_time();
        let asks = !self.suspends && self.policy.approval().has_approver();
        if let (Phase::Acting(actions), true) = (&self.stage, asks) {
            self.outputs.extend(actions.iter().filter_map(Action::question).cloned().map(Output::Ask));
        }
    }
}

impl Action {
    /// What a human is asked about it and has not answered.
    pub(super) fn question(&self) -> Option<&ApprovalRequest> {
        match &self.stage {
            Stage::Asking { approval, .. } if approval.outcome().is_none() => Some(approval.request()),
            _ => None,
        }
    }

    fn store(&self, to: &mut Writer) {
        to.put(&self.call).put(&self.key).put(&self.approved);
        match &self.stage {
            Stage::Settled(text) => drop(to.put(&0_u8).text(text)),
            Stage::Asking { approval, again } => {
                to.put(&1_u8);
                approval.store(to);
                to.put(&again.as_ref().map(|unsure| (unsure.attempts, unsure.error.clone())));
            }
            Stage::Running { call, args, unsure, .. } => {
                store_interrupted(to, call.key(), args, call.attempts(), *unsure);
            }
            Stage::Reconciling { unsure, .. } => {
                store_interrupted(to, unsure.key, &unsure.args, unsure.attempts, unsure.twice);
            }
            // A no stays a no.
            Stage::Claiming(Claiming { key, args, blocked: Some((reason, message)), .. }) => {
                to.put(&3_u8).put(key).text(args).put(reason).text(message);
            }
            // Whether the claim was granted, and the tool begun, is not known.
            Stage::Claiming(Claiming { key, args, again, .. }) => {
                let attempts = again.as_ref().map_or(0, |unsure| unsure.attempts);
                store_interrupted(to, *key, args, attempts, again.is_some());
            }
            Stage::Interrupted { key, args, attempts, twice } => {
                store_interrupted(to, *key, args, *attempts, *twice);
            }
        }
    }

    fn load(from: &mut Reader<'_>, tools: &[ToolSpec], hash: HashFunction) -> Result<Self, SnapshotError> {
        let (call, key, approved): (ToolCall, Option<Key>, bool) = (from.take()?, from.take()?, from.take()?);
        let stage = match from.take::<u8>()? {
            0 => Stage::Settled(from.take()?),
            1 => {
                let approval = Approval::load(from, hash)?;
                let again: Option<(u32, String)> = from.take()?;
                let again = again.map(|(attempts, error)| {
                    let failure = Failure::new(FailureClass::Incomplete, error);
                    let args = approval.request().args.clone();
                    Unsure::new(approval.key(), args, attempts, failure)
                });
                if approval.request().tool != call.tool {
                    return Err(SnapshotError::Impossible {
                        what: "a question is about another tool than was asked for",
                    });
                }
                Stage::Asking { approval, again }
            }
            2 => {
                let (key, args) = (from.take()?, from.take()?);
                let attempts = from.take::<u32>()? * u32::from(!sabotaged!(AttemptsAreNotRestored));
                Stage::Interrupted { key, args, attempts, twice: from.take()? }
            }
            3 => {
                let (key, args, reason, message) = (from.take()?, from.take()?, from.take()?, from.take()?);
                let blocked = Some((reason, message));
                Stage::Claiming(Claiming { key, args, blocked, again: None, asks: false, answer: None })
            }
            _ => return Err(SnapshotError::Damaged),
        };
        let tool = tools.iter().position(|tool| tool.name() == call.tool);
        match (tool, &stage) {
            (Some(tool), _) => Ok(Self { call, key, tool, approved, stage }),
            (None, Stage::Settled(_)) => Ok(Self { call, key, tool: 0, approved, stage }),
            (None, _) => Err(SnapshotError::ToolMissing { tool: call.tool }),
        }
    }
}

/// What was under way when its process ended, or may have been.
fn store_interrupted(to: &mut Writer, key: Key, args: &str, attempts: u32, twice: bool) {
    to.put(&2_u8).put(&key).text(args).put(&attempts).put(&twice);
}
