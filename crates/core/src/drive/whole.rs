//! A whole agent run.

use super::activity::{Activity, Part, Source};
use super::single::Pending;
use super::until_or;
use crate::approval::{ApprovalRequest, Decision};
use crate::call::Attempt;
use crate::clock::Timer;
use crate::effect::{Claim, Claimed, EffectState, LedgerEntry, Reconciliation};
use crate::id::{ApprovalId, AttemptId, Key};
use crate::outcome::StopReason;
use crate::run::{Input, Message, ModelReply, Output, Run, RunResult};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

/// The world of an agent: its models, its tools, and the human who approves.
///
/// Futures are dropped when nobody wants their result any more: at a timeout, at a cancellation, at the end of the run.
pub trait Host {
    /// Asks model number `attempt.option`.
    fn think(&self, attempt: Attempt, messages: &[Message]) -> Pending<'_, ModelReply>;
    /// Calls a tool. Its output is text for the model. [`Attempt::key`] is the idempotency key to hand on: of each call its own, and the
    /// same for all its attempts, also after a resume.
    fn act(&self, attempt: Attempt, tool: &str, args: &str) -> Pending<'_, String>;
    /// Asks a human.
    fn approve(&self, request: &ApprovalRequest) -> Pin<Box<dyn Future<Output = Decision> + '_>>;
    /// Finds out whether an effect of unknown outcome happened. Nobody can tell, unless a host says otherwise.
    fn reconcile(&self, _attempt: Attempt, _key: Key, _tool: &str, _args: &str) -> Pending<'_, Reconciliation> {
        Box::pin(core::future::ready(Ok(Reconciliation::Unknown)))
    }
    /// Claims an effect in the ledger that resumed runs share: [`Ledger::claim`](crate::effect::Ledger::claim), or a database's unique key.
    /// Only runs from a snapshot ask. A host that keeps no such ledger lets nothing of that kind run twice, and so not once:
    /// unless it says otherwise, the effect counts as unknown.
    fn claim(&self, _claim: Claim) -> Pin<Box<dyn Future<Output = Claimed> + '_>> {
        Box::pin(core::future::ready(Claimed::Taken { state: EffectState::Unknown, output: String::new() }))
    }
    /// Writes what became of an effect into the ledger that resumed runs share.
    fn record(&self, _entry: LedgerEntry) {}
    /// Where it is told what attempts bring while they are under way; nothing is, unless a host says otherwise. Without it a policy's limits
    /// of the first output and between two parts are met by nobody.
    fn activity(&self) -> Option<&Activity> {
        None
    }
    /// Completes when the caller takes the run back. Never, unless a host says otherwise.
    fn cancelled(&self) -> Pin<Box<dyn Future<Output = ()> + '_>> {
        Box::pin(core::future::pending())
    }
}

/// Drives a run to its end. The run stays with the caller, who finds its trace there. If the future is dropped before that, the run is
/// cancelled: it is over, and says what may have been done.
pub async fn run(timer: &impl Timer, host: &impl Host, run: &mut Run) -> RunResult {
    let mut world = UnderWay {
        thinking: Vec::new(),
        acting: Vec::new(),
        looking: Vec::new(),
        claiming: Vec::new(),
        asking: Vec::new(),
        ended: None,
        cancelled: host.cancelled(),
    };
    let driven = Driven { run, timer, host };
    driven.run.handle(timer.now(), Input::Start);
    loop {
        let run = &mut *driven.run;
        match run.poll() {
            Output::Think(attempt) => world.thinking.push((attempt.id, host.think(attempt, run.messages()))),
            Output::Act { attempt, tool, args } => world.acting.push((attempt.id, host.act(attempt, &tool, &args))),
            Output::Reconcile { attempt, key, tool, args } => {
                world.looking.push((attempt.id, host.reconcile(attempt, key, &tool, &args)));
            }
            Output::Claim(claim) => world.claiming.push((claim.entry.key, host.claim(claim))),
            Output::Record(entry) => host.record(entry),
            Output::Ask(request) => world.asking.push((request.id, host.approve(&request))),
            Output::Withdraw(id) => world.asking.retain(|(asked, _)| *asked != id),
            Output::Abandon(id) => {
                world.thinking.retain(|(started, _)| *started != id);
                world.acting.retain(|(started, _)| *started != id);
                world.looking.retain(|(started, _)| *started != id);
            }
            Output::Wait { until, .. } => {
                let input = until_or(timer, until, |context| world.poll(context, host.activity())).await;
                run.handle(timer.now(), input.unwrap_or(Input::Tick));
            }
            Output::Finished => break,
        }
    }
    match driven.run.result() {
        Some(result) => result.clone(),
        // `Finished` is only said with a result; a run that broke this would still have to end.
        None => RunResult {
            answer: String::new(),
            steps: 0,
            blocked: Vec::new(),
            degraded: true,
            stop: StopReason::Cancelled,
            pending: Vec::new(),
        },
    }
}

/// A run that is taken back when its future is dropped.
struct Driven<'a, T: Timer, H: Host> {
    run: &'a mut Run,
    timer: &'a T,
    host: &'a H,
}

impl<T: Timer, H: Host> Drop for Driven<'_, T, H> {
    fn drop(&mut self) {
        if self.run.result().is_some() {
            return;
        }
        self.run.handle(self.timer.now(), Input::Cancel);
        // Of what it says now only this is for somebody who is still there.
        loop {
            match self.run.poll() {
                Output::Record(entry) => self.host.record(entry),
                Output::Wait { .. } | Output::Finished => return,
                _ => {}
            }
        }
    }
}

type Asking<'a> = Pin<Box<dyn Future<Output = Decision> + 'a>>;
type Claiming<'a> = Pin<Box<dyn Future<Output = Claimed> + 'a>>;

/// What the host is busy with.
struct UnderWay<'a> {
    thinking: Vec<(AttemptId, Pending<'a, ModelReply>)>,
    acting: Vec<(AttemptId, Pending<'a, String>)>,
    looking: Vec<(AttemptId, Pending<'a, Reconciliation>)>,
    claiming: Vec<(Key, Claiming<'a>)>,
    asking: Vec<(ApprovalId, Asking<'a>)>,
    /// What one of them came to, and was not told yet.
    ended: Option<Input>,
    cancelled: Pin<Box<dyn Future<Output = ()> + 'a>>,
}

impl UnderWay<'_> {
    fn poll(&mut self, context: &mut Context<'_>, activity: Option<&Activity>) -> Poll<Input> {
        if self.ended.is_none()
            && let Poll::Ready(input) = self.poll_each(context)
        {
            self.ended = Some(input);
        }
        // What an attempt told on its way comes before its end.
        if let Some((id, part)) = activity.next(context) {
            return Poll::Ready(match part {
                Part::Output => Input::Output(id),
                Part::Commit => Input::Commit(id),
                Part::Spent(spend) => Input::Spent(id, spend),
            });
        }
        self.ended.take().map_or(Poll::Pending, Poll::Ready)
    }

    fn poll_each(&mut self, context: &mut Context<'_>) -> Poll<Input> {
        if self.cancelled.as_mut().poll(context).is_ready() {
            // It completes once; polling it again would not be allowed.
            self.cancelled = Box::pin(core::future::pending());
            return Poll::Ready(Input::Cancel);
        }
        if let Some((id, result)) = first_ready(&mut self.thinking, context) {
            return Poll::Ready(match result {
                Ok(reply) => Input::ModelReplied(id, reply),
                Err(failure) => Input::Failed(id, failure),
            });
        }
        if let Some((id, result)) = first_ready(&mut self.acting, context) {
            return Poll::Ready(match result {
                Ok(output) => Input::ToolReplied(id, output),
                Err(failure) => Input::Failed(id, failure),
            });
        }
        if let Some((id, result)) = first_ready(&mut self.looking, context) {
            return Poll::Ready(match result {
                Ok(found) => Input::Reconciled(id, found),
                Err(failure) => Input::Failed(id, failure),
            });
        }
        if let Some((key, claimed)) = first_ready(&mut self.claiming, context) {
            return Poll::Ready(Input::Claimed(key, claimed));
        }
        match first_ready(&mut self.asking, context) {
            Some((id, decision)) => Poll::Ready(Input::Decided(id, decision)),
            None => Poll::Pending,
        }
    }
}

type Futures<'a, I, T> = Vec<(I, Pin<Box<dyn Future<Output = T> + 'a>>)>;

/// Takes the first future that is done out of the list. All before it are polled, so that all of them can wake the task.
fn first_ready<I: Copy, T>(futures: &mut Futures<'_, I, T>, context: &mut Context<'_>) -> Option<(I, T)> {
    for index in 0..futures.len() {
        let (id, future) = &mut futures[index];
        if let Poll::Ready(value) = future.as_mut().poll(context) {
            let id = *id;
            drop(futures.swap_remove(index));
            return Some((id, value));
        }
    }
    None
}
