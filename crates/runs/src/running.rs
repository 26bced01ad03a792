//! Runs: what happened comes in, what is to be done goes out.

use crate::agent::Agent;
use crate::hall::{Hall, hall};
use crate::told::Told;
use serde::Serialize;
use steadfast::approval::Decision;
use steadfast::effect::{Claimed, EffectState, Ledger, Reconciliation};
use steadfast::failure::{Failure, FailureClass};
use steadfast::id::{ApprovalId, AttemptId, CallId, Key, RunId};
use steadfast::replay::Incident;
use steadfast::run::{Input, ModelReply, Output, Run, RunResult};
use steadfast::snapshot::SnapshotError;
use steadfast::time::{Duration, Instant};
use steadfast::trace::Entry;
use steadfast_boundary::opening::opened;
use steadfast_boundary::registers::{count_of, duration, instant, micros_of, put, unsigned};
use steadfast_boundary::{json, settings};
use wasm_bindgen::prelude::wasm_bindgen;

/// A run, and what belongs to it here.
pub(crate) struct Running {
    run: Run,
    agent: u32,
    /// A model's reply that is being told.
    pub(crate) reply: ModelReply,
}

/// What a run is told by [`run_tell`].
mod told {
    pub(super) const START: u32 = 0;
    pub(super) const MODEL_REPLIED: u32 = 1;
    pub(super) const TOOL_REPLIED: u32 = 2;
    pub(super) const DENIED: u32 = 3;
    pub(super) const APPROVED: u32 = 4;
    pub(super) const APPROVED_EDITED: u32 = 5;
    pub(super) const HAPPENED: u32 = 6;
    pub(super) const DID_NOT_HAPPEN: u32 = 7;
    pub(super) const UNKNOWN: u32 = 8;
    pub(super) const SUSPEND: u32 = 9;
    pub(super) const CANCEL: u32 = 10;
    pub(super) const OUTPUT: u32 = 11;
    pub(super) const COMMIT: u32 = 12;
}

/// A run of an agent on a task. Its number, in two halves, is the first part of every key that goes to a tool. `asks`: whether
/// there is somebody to ask, now or later. `records`: whether it keeps what it is told, for [`run_recording`].
#[wasm_bindgen]
#[must_use]
pub fn run_open(agent: u32, id_high: u32, id_low: u32, task: &str, system: &str, asks: bool, records: bool) -> i32 {
    let id = RunId(settings::seed(id_high, id_low).0);
    hall(|hall| {
        let Some(own) = hall.agents.get_mut(agent) else { return opened(Err("there is no such agent")) };
        let seed = own.next_seed();
        let run = Run::new(id, task, own.policy(asks), own.models, own.tools.clone(), seed);
        let number = run.map(|run| {
            let run = if system.is_empty() { run } else { run.with_system(system) };
            let run = if records { run.with_recording() } else { run };
            hall.runs.insert(Running { run, agent, reply: ModelReply::default() })
        });
        opened(number)
    })
}

/// The run that `bytes` are the snapshot of, after it was away for so many microseconds.
#[wasm_bindgen]
#[must_use]
pub fn run_restore(agent: u32, bytes: &[u8], now: f64, away: f64, asks: bool) -> i32 {
    let away = instant(away) - Instant::ORIGIN;
    hall(|hall| {
        let Some(own) = hall.agents.get_mut(agent) else { return opened(Err("there is no such agent")) };
        let run = restored(own, bytes, instant(now), away, asks);
        let number = run.map(|run| hall.runs.insert(Running { run, agent, reply: ModelReply::default() }));
        opened(number)
    })
}

fn restored(agent: &mut Agent, bytes: &[u8], now: Instant, away: Duration, asks: bool) -> Result<Run, SnapshotError> {
    let (policy, tools) = (agent.policy(asks), agent.tools.clone());
    let mut run = Run::restore(bytes, Run::id_of(bytes)?, policy, agent.models, tools, now, away)?;
    // What other runs in this process know of models and tools is newer than what the snapshot does.
    if !agent.is_used() {
        run.swap_endpoints(agent.endpoints())?;
    }
    Ok(run)
}

/// Tells a run what happened; see `told` for what there is. `call` is that of an attempt, or the number of a question. What is to
/// be done comes back as JSON; register 0 is when to come back, register 1 whether the run is over.
#[wasm_bindgen]
#[must_use]
pub fn run_tell(run: u32, now: f64, what: u32, call: f64, attempt: u32, text: &str) -> String {
    let number = unsigned(call);
    let id = AttemptId { call: CallId(number), attempt };
    hall(|hall| {
        let Some(running) = hall.runs.get_mut(run) else { return String::new() };
        let input = match what {
            told::START => Input::Start,
            told::MODEL_REPLIED => Input::ModelReplied(id, core::mem::take(&mut running.reply)),
            told::TOOL_REPLIED => Input::ToolReplied(id, text.into()),
            told::DENIED => Input::Decided(ApprovalId(number), Decision::Deny { message: text.into() }),
            told::APPROVED => Input::Decided(ApprovalId(number), Decision::Approve),
            told::APPROVED_EDITED => Input::Decided(ApprovalId(number), Decision::ApproveEdited { args: text.into() }),
            told::HAPPENED => Input::Reconciled(id, Reconciliation::Done { output: text.into() }),
            told::DID_NOT_HAPPEN => Input::Reconciled(id, Reconciliation::NotDone),
            told::UNKNOWN => Input::Reconciled(id, Reconciliation::Unknown),
            told::SUSPEND => Input::Suspend,
            told::CANCEL => Input::Cancel,
            told::OUTPUT => Input::Output(id),
            told::COMMIT => Input::Commit(id),
            _ => Input::Tick,
        };
        hall.tell(run, instant(now), input)
    })
}

/// An attempt failed: in a class (by its place in the list of classes), for a time or for good, with what the server asked for in
/// register 0, in microseconds or -1.
#[wasm_bindgen]
#[must_use]
pub fn run_failed(run: u32, now: f64, call: f64, attempt: u32, class: u32, transient: bool, message: &str) -> String {
    let class = FailureClass::ALL.get(class as usize).copied().unwrap_or(FailureClass::Bug);
    let mut failure = Failure::new(class, message).with_transient(transient);
    if let Some(wait) = duration(0) {
        failure = failure.with_retry_after(wait);
    }
    let id = AttemptId { call: CallId(unsigned(call)), attempt };
    hall(|hall| hall.tell(run, instant(now), Input::Failed(id, failure)))
}

/// What the host's ledger says to a claim: whether it is granted, else in which state (by its name) the effect is, and what came
/// of it.
#[wasm_bindgen]
#[must_use]
pub fn run_claimed(run: u32, now: f64, call: f64, granted: bool, state: &str, output: &str) -> String {
    let states = [
        EffectState::Intended,
        EffectState::Blocked,
        EffectState::Started,
        EffectState::Done,
        EffectState::Failed,
        EffectState::Unknown,
    ];
    // A ledger that says nothing clear has not granted it.
    let state = states.into_iter().find(|known| known.as_str() == state).unwrap_or(EffectState::Unknown);
    let claimed = if granted { Claimed::Granted } else { Claimed::Taken { state, output: output.into() } };
    hall(|hall| {
        let Some(running) = hall.runs.get_mut(run) else { return String::new() };
        let key = Key { run: running.run.id(), call: CallId(unsigned(call)) };
        hall.tell(run, instant(now), Input::Claimed(key, claimed))
    })
}

/// What is left of a budget that others spend from too, in registers 0 to 4.
#[wasm_bindgen]
#[must_use]
pub fn run_narrow(run: u32, now: f64) -> String {
    let left = settings::left();
    hall(|hall| hall.tell(run, instant(now), Input::Narrowed(left)))
}

/// What a human is asked and has not answered, as JSON.
#[wasm_bindgen]
#[must_use]
pub fn run_pending(run: u32) -> String {
    hall(|hall| hall.runs.get(run).map(|running| json::text(&running.run.pending()))).unwrap_or_default()
}

/// The conversation from its message of that number on, as JSON: what a model has been asked with does not change any more, and
/// whoever has it need not be told it again.
#[wasm_bindgen]
#[must_use]
pub fn run_messages(run: u32, from: u32) -> String {
    let later = |running: &Running| json::text(&running.run.messages().get(from as usize..).unwrap_or_default());
    hall(|hall| hall.runs.get(run).map(later)).unwrap_or_default()
}

/// Whether the model is to be offered its tools.
#[wasm_bindgen]
#[must_use]
pub fn run_offers_tools(run: u32) -> bool {
    hall(|hall| hall.runs.get(run).is_none_or(|running| running.run.offers_tools()))
}

/// What was spent so far, into registers 0 to 3: attempts, steps, tokens, money.
#[wasm_bindgen]
pub fn run_spent(run: u32) {
    hall(|hall| {
        if let Some(running) = hall.runs.get(run) {
            let spent = running.run.spent();
            for (index, count) in [spent.attempts, spent.steps, spent.tokens, spent.money].into_iter().enumerate() {
                put(index, count_of(Some(count)));
            }
        }
    });
}

/// How a run ended, with its trace, as JSON.
#[wasm_bindgen]
#[must_use]
pub fn run_result(run: u32) -> String {
    #[derive(Serialize)]
    struct Report<'a> {
        result: Option<&'a RunResult>,
        trace: &'a [Entry],
    }
    let report =
        |running: &Running| json::text(&Report { result: running.run.result(), trace: running.run.trace().entries() });
    hall(|hall| hall.runs.get(run).map(report)).unwrap_or_default()
}

/// Its snapshot.
#[wasm_bindgen]
#[must_use]
pub fn run_snapshot(run: u32) -> Vec<u8> {
    hall(|hall| hall.with_run(run, |run, _, _| run.snapshot())).unwrap_or_default()
}

/// The incident of a run that records, as bytes: what it takes to have it again elsewhere.
#[wasm_bindgen]
#[must_use]
pub fn run_recording(run: u32) -> Vec<u8> {
    let incident = |running: &Running| Incident::of(&running.run).map(|incident| incident.to_bytes());
    hall(|hall| hall.runs.get(run).and_then(incident)).unwrap_or_default()
}

/// The run is not wanted any more.
#[wasm_bindgen]
pub fn run_close(run: u32) {
    hall(|hall| hall.runs.remove(run));
}

impl Hall {
    /// Lets `act` use a run that knows what its agent's other runs have learned, and the ledger of this process unless the host
    /// keeps another.
    fn with_run<R>(&mut self, run: u32, act: impl FnOnce(&mut Run, &mut Ledger, bool) -> R) -> Option<R> {
        let Self { agents, runs, ledger, .. } = self;
        let Running { run, agent, .. } = runs.get_mut(run)?;
        let agent = agents.get_mut(*agent)?;
        let foreign = agent.foreign_ledger;
        run.swap_endpoints(agent.endpoints()).ok()?;
        let result = act(run, ledger, foreign);
        run.swap_endpoints(agent.endpoints()).ok()?;
        Some(result)
    }

    fn tell(&mut self, run: u32, now: Instant, input: Input) -> String {
        let outputs = self.with_run(run, |run, ledger, foreign| {
            run.handle(now, input);
            drain(run, now, ledger, foreign)
        });
        outputs.map(|outputs| json::text(&outputs)).unwrap_or_default()
    }
}

/// Everything that a run wants done now. Claims are answered here where the ledger is here.
fn drain(run: &mut Run, now: Instant, ledger: &mut Ledger, foreign: bool) -> Vec<Told> {
    let mut outputs = Vec::new();
    loop {
        match run.poll() {
            Output::Claim(claim) if !foreign => {
                let key = claim.entry.key;
                let claimed = ledger.claim(claim);
                run.handle(now, Input::Claimed(key, claimed));
            }
            Output::Record(entry) if !foreign => ledger.write(entry),
            Output::Wait { until, .. } => {
                put(0, micros_of(until));
                put(1, 0.0);
                return outputs;
            }
            Output::Finished => {
                put(0, f64::INFINITY);
                put(1, 1.0);
                return outputs;
            }
            output => outputs.extend(Told::of(output)),
        }
    }
}
