//! An agent run under any schedule: right, late and made-up words at right and wrong times, and restarts in the middle.

use crate::bytes::Bytes;
use crate::call::failure;
use crate::{seal, settings};
use std::collections::BTreeSet;
use steadfast::approval::{Decision, Digest};
use steadfast::effect::{Claimed, EffectState, Ledger, Reconciliation};
use steadfast::event::Event;
use steadfast::id::{ApprovalId, AttemptId, CallId, Key, RunId};
use steadfast::outcome::StopReason;
use steadfast::policy::RunPolicy;
use steadfast::rng::Seed;
use steadfast::run::{Input, ModelReply, Output, Run, RunResult, ToolCall, ToolSpec};
use steadfast::time::{Duration, Instant};

/// The number of every run here.
pub const ID: RunId = RunId(1);
/// Tools that the model asks for at once.
const CALLS: u8 = 3;
/// What one input can lead to at most: an answer, a question and a record for each tool, and the next turn. A forged
/// snapshot has more tools in it, by as many bytes.
const OUTPUTS: usize = 256;
/// How often a host comes back at an instant that is already there: settings of next to no time make it do so once for
/// each attempt of each tool.
const AT_ONCE: usize = 256;

/// The target.
pub fn check(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    let mut world = World::new(&mut bytes);
    while !bytes.is_empty() {
        world.step(&mut bytes);
    }
    world.end();
}

/// What a run needs to come back.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Its policy.
    pub policy: RunPolicy,
    /// How many models it has.
    pub models: u32,
    /// Its tools.
    pub tools: Vec<ToolSpec>,
}

impl Settings {
    /// From bytes.
    pub fn new(bytes: &mut Bytes<'_>) -> Self {
        let (policy, models) = (settings::run(bytes), 1 + u32::from(bytes.up_to(2)));
        Self { policy, models, tools: settings::tools(bytes) }
    }

    /// A run from its snapshot.
    #[expect(clippy::missing_errors_doc, reason = "the same as of `Run::restore`")]
    pub fn restore(
        &self,
        snapshot: &[u8],
        now: Instant,
        elapsed: Duration,
    ) -> Result<Run, steadfast::snapshot::SnapshotError> {
        Run::restore(snapshot, ID, self.policy.clone(), self.models, self.tools.clone(), now, elapsed)
    }

    /// A run that came back comes back again, the same.
    pub fn works_again(&self, run: &Run, now: Instant) {
        let once = run.snapshot();
        let again = self.restore(&once, now, Duration::ZERO).expect("what was written is read");
        assert!(seal::same_state(&once, &again.snapshot()), "{run:?}\n{again:?}");
    }
}

/// A run, its host, and what both have said.
#[derive(Debug)]
pub struct World {
    settings: Settings,
    run: Run,
    /// What the host's clock says, and the latest it said.
    now: Instant,
    latest: Instant,
    attempts: Vec<AttemptId>,
    begun: BTreeSet<AttemptId>,
    /// Attempts begun in all its lives.
    physical: u64,
    questions: Vec<(ApprovalId, Digest)>,
    keys: Vec<Key>,
    shared: Ledger,
    ended: Option<RunResult>,
    /// Attempts that its budget allows, as far as that is known.
    most: Option<u64>,
    /// The most steps that any of its policies allowed.
    most_steps: u32,
    /// It came back from a snapshot.
    restored: bool,
    /// It came from bytes that no run wrote: what it was before is anybody's guess.
    forged: bool,
}

impl World {
    /// A new run.
    pub fn new(bytes: &mut Bytes<'_>) -> Self {
        let settings = Settings::new(bytes);
        let Settings { policy, models, tools } = settings.clone();
        let run = Run::new(ID, "What is 17 * 23?", policy, models, tools, Seed(bytes.number()));
        let mut run = run.expect("the settings are good");
        if bytes.yes() {
            run = run.with_claims().with_system("Be brief.");
        }
        let mut world = Self::of(settings, run, Instant::ORIGIN);
        world.forged = false;
        world
    }

    /// A run that is there already, whatever it was before.
    pub fn of(settings: Settings, run: Run, now: Instant) -> Self {
        let ended = run.result().cloned();
        Self {
            most: Some(settings.policy.budget().attempts().unwrap_or(u64::MAX)),
            most_steps: settings.policy.max_steps(),
            restored: false,
            settings,
            run,
            now,
            latest: now,
            attempts: Vec::new(),
            begun: BTreeSet::new(),
            physical: 0,
            questions: Vec::new(),
            keys: Vec::new(),
            shared: Ledger::default(),
            ended,
            forged: true,
        }
    }

    /// One input, or a restart.
    pub fn step(&mut self, bytes: &mut Bytes<'_>) {
        let what = bytes.byte();
        let id = self.attempt(bytes);
        self.now = bytes.instant_after(self.now);
        let input = match what % 32 {
            0 | 1 => Input::Start,
            2 | 3 => Input::Tick,
            4..=10 => Input::ModelReplied(id, reply(bytes)),
            11..=13 => Input::ToolReplied(id, bytes.text()),
            14..=16 => Input::Failed(id, failure(bytes)),
            17 => Input::Output(id),
            18 => Input::Commit(id),
            19 => Input::Spent(id, settings::spend(bytes)),
            20..=22 => Input::Decided(self.question(bytes).0, decision(bytes)),
            23 => {
                let (id, digest) = self.question(bytes);
                Input::DecidedOn(id, digest, decision(bytes))
            }
            24 | 25 => Input::Reconciled(id, found(bytes)),
            26 | 27 => {
                let key = self.key(bytes);
                let claimed = self.claimed(key, bytes);
                Input::Claimed(key, claimed)
            }
            28 if bytes.byte().is_multiple_of(8) => Input::Cancel,
            28 => Input::Suspend,
            29 => match bytes.byte() % 4 {
                0 | 2 => Input::Narrowed(settings::left(bytes)),
                1 => Input::Suspend,
                _ => return self.change(bytes),
            },
            _ => return self.restart(bytes),
        };
        self.tell(input);
    }

    /// Another policy, with other settings of the tools; sometimes with tools that are not the run's, which changes nothing.
    fn change(&mut self, bytes: &mut Bytes<'_>) {
        let (policy, mut tools) = (settings::run(bytes), settings::tools(bytes));
        if bytes.byte() % 8 == 1 {
            tools.rotate_left(1);
        }
        let (entries, before) = (self.run.trace().entries().len(), self.run.snapshot());
        if self.run.set_policy(policy.clone(), tools.clone(), "fuzzed").is_err() {
            assert_eq!(self.run.trace().entries().len(), entries);
            assert!(seal::same_state(&before, &self.run.snapshot()), "what is refused changes nothing");
            return;
        }
        // A run that came back keeps the budget of its snapshot; how many attempts that leaves is known to nobody here.
        self.most = if self.restored { None } else { Some(policy.budget().attempts().unwrap_or(u64::MAX)) };
        self.most_steps = self.most_steps.max(policy.max_steps());
        (self.settings.policy, self.settings.tools) = (policy, tools);
        self.settle();
    }

    /// The caller takes it back, and it is over.
    pub fn end(mut self) {
        self.tell(Input::Cancel);
        let ended = self.ended.as_ref().expect("a cancelled run is over");
        assert!(self.forged || !ended.answer.trim().is_empty(), "a run always answers");
        let entries = self.run.trace().entries();
        assert!(entries.iter().all(|entry| !entry.to_string().is_empty()));
        assert!(entries.is_sorted_by_key(|entry| entry.at));
        let ends = entries.iter().filter(|entry| matches!(entry.event, Event::RunFinished { .. })).count();
        assert!(ends <= 1, "it ends once");
    }

    /// The run as bytes.
    pub fn snapshot(&self) -> Vec<u8> {
        self.run.snapshot()
    }

    fn attempt(&self, bytes: &mut Bytes<'_>) -> AttemptId {
        let which = bytes.byte();
        let recent = self.attempts.len().checked_sub(1 + usize::from(which % 8) / 2);
        match recent.and_then(|index| self.attempts.get(index)) {
            Some(id) if which < 240 => *id,
            _ => AttemptId { call: CallId(bytes.number()), attempt: bytes.small_number() },
        }
    }

    fn question(&self, bytes: &mut Bytes<'_>) -> (ApprovalId, Digest) {
        let which = bytes.byte();
        let recent = self.questions.len().checked_sub(1 + usize::from(which % 4) / 2);
        match recent.and_then(|index| self.questions.get(index)) {
            Some(question) if which < 240 => *question,
            _ => (ApprovalId(bytes.number()), Digest([bytes.byte(); 32])),
        }
    }

    fn key(&self, bytes: &mut Bytes<'_>) -> Key {
        let which = bytes.byte();
        let recent = self.keys.len().checked_sub(1 + usize::from(which % 4) / 2);
        match recent.and_then(|index| self.keys.get(index)) {
            Some(key) if which < 240 => *key,
            _ => Key { run: ID, call: CallId(bytes.number()) },
        }
    }

    /// What the shared ledger says: what is there, or anything.
    fn claimed(&self, key: Key, bytes: &mut Bytes<'_>) -> Claimed {
        let states = [
            EffectState::Done,
            EffectState::Failed,
            EffectState::Unknown,
            EffectState::Started,
            EffectState::Blocked,
            EffectState::Intended,
        ];
        match (bytes.up_to(2), self.shared.entry(key)) {
            (0, _) | (1, None) => Claimed::Granted,
            (1, Some(entry)) => Claimed::Taken { state: entry.state, output: entry.output.clone() },
            _ => Claimed::Taken { state: bytes.pick(&states), output: bytes.text() },
        }
    }

    /// One input and all that follows from it by itself.
    pub fn tell(&mut self, input: Input) {
        self.latest = self.latest.max(self.now);
        self.run.handle(self.now, input);
        self.settle();
    }

    /// All that follows by itself from what it was told.
    fn settle(&mut self) {
        let mut due = self.drain();
        for again in 0.. {
            // At the end of time everything is due, and nothing later.
            if due.is_none_or(|due| due > self.latest) || self.latest == Instant::MAX {
                break;
            }
            assert!(again < AT_ONCE, "it waits for an instant that is there already: {:?}", self.run);
            self.run.handle(self.latest, Input::Tick);
            due = self.drain();
        }
    }

    /// Hears what follows from an input; answers what the run waits for.
    fn drain(&mut self) -> Option<Instant> {
        let over = self.ended.is_some();
        for _ in 0..OUTPUTS {
            let output = self.run.poll();
            // A late word on an effect is written down where other runs see it, also by a run that is over.
            let late = matches!(output, Output::Record(_) | Output::Finished);
            assert!(!over || late, "what is over stays over: {output:?}");
            match output {
                Output::Think(attempt) | Output::Act { attempt, .. } | Output::Reconcile { attempt, .. } => {
                    self.begin(attempt.id);
                }
                Output::Claim(claim) => {
                    self.keys.push(claim.entry.key);
                    let _ = self.shared.claim(claim);
                }
                Output::Record(entry) => self.shared.write(entry),
                Output::Ask(request) => self.questions.push((request.id, request.digest)),
                Output::Withdraw(_) | Output::Abandon(_) => {}
                Output::Wait { until, .. } => {
                    assert_eq!(self.run.result(), None);
                    return until;
                }
                Output::Finished => {
                    let result = self.run.result().cloned();
                    let result = result.expect("a run that is over has a result");
                    assert!(result.steps <= self.most_steps || self.forged);
                    assert!(self.ended.as_ref().is_none_or(|ended| stays(ended, &result)), "what is over stays over");
                    self.ended = Some(result);
                    return None;
                }
            }
        }
        panic!("outputs without end");
    }

    fn begin(&mut self, id: AttemptId) {
        self.attempts.push(id);
        self.physical += 1;
        if !self.forged {
            assert!(self.begun.insert(id), "each attempt has its number: {id:?}");
            assert!(self.most.is_none_or(|most| self.physical <= most), "nothing is attempted beyond the budget");
        }
    }

    /// The process ends; another may go on.
    fn restart(&mut self, bytes: &mut Bytes<'_>) {
        let snapshot = self.run.snapshot();
        let same = self.settings.restore(&snapshot, self.latest, Duration::ZERO).expect("what was written is read");
        self.settings.works_again(&same, self.latest);
        let (now, elapsed) = (bytes.instant_after(self.latest), bytes.duration());
        let other = self.settings.restore(&snapshot, now, elapsed).expect("what was written is read");
        let next = match bytes.up_to(3) {
            0 => return,
            1 => (other, now),
            _ => (same, self.latest),
        };
        (self.run, self.now) = next;
        self.restored = true;
        self.latest = self.now;
        // A suspended run goes on; one that is over stays over.
        let ended = self.ended.take().filter(|ended| ended.stop != StopReason::Suspended);
        assert_eq!(self.run.result(), ended.as_ref());
        self.ended = ended;
        self.drain();
    }
}

fn reply(bytes: &mut Bytes<'_>) -> ModelReply {
    let calls = bytes.up_to(CALLS);
    let tool_calls = (0..calls).map(|_| {
        let tool = match bytes.up_to(4) {
            4 => bytes.text(),
            known => settings::TOOLS[usize::from(known)].into(),
        };
        ToolCall { id: bytes.text(), tool, args: bytes.text(), risky: bytes.pick(&[None, Some(true), Some(false)]) }
    });
    let tool_calls = tool_calls.collect();
    ModelReply { text: bytes.text(), tool_calls, usage: bytes.yes().then(|| settings::spend(bytes)) }
}

fn decision(bytes: &mut Bytes<'_>) -> Decision {
    match bytes.up_to(2) {
        0 => Decision::Approve,
        1 => Decision::Deny { message: bytes.text() },
        _ => Decision::ApproveEdited { args: bytes.text() },
    }
}

fn found(bytes: &mut Bytes<'_>) -> Reconciliation {
    match bytes.up_to(2) {
        0 => Reconciliation::Done { output: bytes.text() },
        1 => Reconciliation::NotDone,
        _ => Reconciliation::Unknown,
    }
}

/// Whether a run that ended like that may say this of itself now: a late word answers what a suspended one would have asked, and
/// nothing else changes.
fn stays(ended: &RunResult, now: &RunResult) -> bool {
    let suspended = ended.stop == StopReason::Suspended && now.stop == StopReason::Suspended;
    ended == now || suspended && now.steps == ended.steps && now.pending.iter().all(|one| ended.pending.contains(one))
}
