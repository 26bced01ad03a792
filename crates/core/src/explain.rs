//! Explain: for every decision in a trace the rule, its numbers, the setting that decided it, and the nearest change of one
//! setting that would have decided otherwise.
//!
//! Everything is worked out afterwards from the policy and the trace, as values: nothing is recorded for it, and a run
//! is no slower for it.
//!
//! A [`Nearest`] is a promise, and a test holds it by running again: with that one setting changed and everything else as
//! it was, all goes as it went up to this decision, and this decision goes otherwise. What merely repeats a setting (an
//! attempt's limit, a question's expiry, "attempt 2 of 3") reads otherwise before that, of course; and a caller who got an
//! answer is taken not to have lost patience had it come later. Where the promise cannot be given there is none:
//!
//! | what | why there is no nearest change |
//! |---|---|
//! | a failure that another try cannot mend, a failed probe, a cancellation, a human's no | no setting decides it |
//! | a second decision by the same setting | the change would have met the first one, and nobody knows what had followed |
//! | a timeout after which nothing came; any where `idle` is set; one of `first_output` | when the answer or its next part would have come is not in the trace |
//! | a pause that a server asks for | the server decides it, whatever is set here |
//! | anything that a second rule, limit or refusal would have decided the same way | it takes two changes |
//! | a throttle's or the retry budget's refusal once an option was left for a pause or an open breaker | whether a call may come back to that one is asked of them too, and no line says so |
//! | an open breaker's refusal | its open time is drawn in proportion to `breaker.open_for`, which also decides whether a call waits for it: a shorter one is met before |
//! | a breaker with a rule over slow calls that opened | which calls were slow by then is not in the trace, and another rule may have opened it a moment later |
//! | tokens and money of which nothing is left, or that are limited beside what was refused | what a host says it really spent is not in the trace |
//! | repetition beyond the first hint | the change would have met the hint |
//! | a run that was resumed | what its breakers, budgets and limits knew at its suspension is not in its trace |
//! | a run whose policy was changed, from there on | what stands before the change was decided by other settings |
//!
//! What was merely told, asked or answered decides nothing and is not explained: that steps, calls and tools began, what
//! models, tools and humans said, that an attempt succeeded or failed, the first output, what was found out about effects,
//! that the clock went back.

mod act;
mod attempt;
mod breaker;
mod ending;
mod history;
mod nearest;
mod report;
mod turn;
mod words;

pub use report::{Explanation, Nearest, Setting, Subject, Value};

use crate::event::Event;
use crate::policy::{CallPolicy, RunPolicy};
use crate::rng::Seed;
use crate::run::ToolSpec;
use crate::trace::Entry;

/// Explains the decisions of one trace.
///
/// How to use it: make one of the settings the run had and of the trace it left, and ask for
/// [`explain`](Self::explain) with the index of an entry. Each question looks through the trace, at worst once for
/// each of its entries; nothing is kept between two questions.
///
/// ```
/// use steadfast::explain::{Explainer, Value};
/// use steadfast::failure::Failure;
/// use steadfast::id::RunId;
/// use steadfast::policy::RunPolicy;
/// use steadfast::rng::Seed;
/// use steadfast::run::{Input, Output, Run};
/// use steadfast::time::Instant;
///
/// let policy = RunPolicy::default();
/// let mut run = Run::new(RunId(1), "What is 17 * 23?", policy.clone(), 1, vec![], Seed(7))?;
/// let mut now = Instant::ORIGIN;
/// run.handle(now, Input::Start);
/// loop {
///     match run.poll() {
///         Output::Think(attempt) => run.handle(now, Input::Failed(attempt.id, Failure::transient("503"))),
///         Output::Wait { until, .. } => {
///             now = until.unwrap();
///             run.handle(now, Input::Tick);
///         }
///         _ => break,
///     }
/// }
/// let trace = run.trace().entries();
/// let explainer = Explainer::new(&policy, &[], trace);
/// let gave_up = explainer.explain(trace.len() - 2).unwrap();
/// assert_eq!(gave_up.rule, "attempts_used_up");
/// assert_eq!(gave_up.text, "The model may be tried 3 times, and all 3 attempts failed.");
/// let otherwise = gave_up.otherwise.unwrap();
/// assert_eq!((otherwise.setting.name, otherwise.to), ("retry.attempts", Value::Number(4)));
/// assert_eq!(otherwise.would, "Attempt 4 would have been waited for instead.");
/// # Ok::<(), steadfast::setting::InvalidSetting>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Explainer<'a> {
    policies: Policies<'a>,
    seed: Option<Seed>,
    trace: &'a [Entry],
}

#[derive(Debug, Clone, Copy)]
enum Policies<'a> {
    Run(&'a RunPolicy, &'a [ToolSpec]),
    Call(&'a CallPolicy),
}

impl<'a> Explainer<'a> {
    /// Of a run under that policy, with those tools. Where a trace says that the [policy changed](Event::PolicyChanged), what
    /// stands before is explained by the settings from before, and what stands after by the new ones: by an explainer each.
    #[must_use]
    pub fn new(policy: &'a RunPolicy, tools: &'a [ToolSpec], trace: &'a [Entry]) -> Self {
        let seed = trace.iter().find_map(|entry| match entry.event {
            Event::RunStarted { seed, .. } => Some(seed),
            _ => None,
        });
        Self { policies: Policies::Run(policy, tools), seed, trace }
    }

    /// Of guarded calls under that policy, outside of any run. The trace counts as all there is to know: that of calls
    /// that share a breaker has to be one trace, and a budget or a deadline around them may have the last word.
    #[must_use]
    pub fn of_call(policy: &'a CallPolicy, trace: &'a [Entry]) -> Self {
        Self { policies: Policies::Call(policy), seed: None, trace }
    }

    /// With the seed of the calls, where no [`Event::RunStarted`] says it: it tells how long a wait that was not begun
    /// would have been.
    #[must_use]
    pub fn with_seed(mut self, seed: Seed) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Everything that is decided in the trace, in order, each with the index of its entry.
    pub fn decisions(&self) -> impl Iterator<Item = (usize, Explanation)> {
        (0..self.trace.len()).filter_map(|index| self.explain(index).map(|explanation| (index, explanation)))
    }

    /// Why the entry of that index says what it says; nothing for an entry that decides nothing, or that is not there.
    #[must_use]
    pub fn explain(&self, index: usize) -> Option<Explanation> {
        let explanation = self.explained(index)?;
        // A trace does not tell what a server asked for with a failure that came late: after one, no other outcome is promised.
        let late = |entry: &Entry| matches!(entry.event, Event::LateReply { ok: false });
        let past = self.trace.get(..index).unwrap_or_default();
        Some(if past.iter().any(late) { explanation.otherwise(None) } else { explanation })
    }

    fn explained(&self, index: usize) -> Option<Explanation> {
        match &self.trace.get(index)?.event {
            Event::AttemptStarted { until, scope, .. } => self.attempt_started(index, *until, *scope),
            Event::AttemptTimedOut { scope, after } => self.attempt_timed_out(index, *scope, *after),
            Event::AttemptAbandoned { after } => Some(self.attempt_abandoned(index, *after)),
            Event::Committed { after } => Some(words::committed(*after)),
            Event::LateReply { .. } => Some(self.late_reply(index)),
            Event::BackingOff { next, of, delay, .. } => self.backing_off(index, *next, *of, *delay),

            Event::Paused { until, reason, .. } => self.paused(index, *until, *reason),
            Event::RetryRefused { reason } => self.retry_refused(index, *reason),
            Event::FellBack { reason, .. } => self.fell_back(index, *reason),
            Event::CallFailed { error } => self.call_failed(index, error),

            Event::BreakerOpened { option, until, reason } => self.breaker_opened(index, *option, *until, reason),
            Event::BreakerHalfOpened { .. } => self.breaker_half_opened(index),
            Event::BreakerClosed { reason, .. } => self.breaker_closed(index, reason),
            Event::BreakerSet { state, .. } => Some(words::breaker_set(state)),
            Event::BreakerRejected { retry_at, reason, .. } => self.breaker_rejected(index, *retry_at, reason),

            Event::ToolUnknown { tool } => Some(self.tool_unknown(tool)),
            Event::ToolBlocked { tool, reason } => Some(self.tool_blocked(index, tool, *reason)),
            Event::EffectUnknown { tool, .. } => Some(self.effect_unknown(tool)),
            Event::ReconcileAsked { tool } => Some(Self::reconcile_asked(tool)),
            Event::EffectTaken { tool, .. } => Some(words::effect_taken(tool)),
            Event::ApprovalAsked { tool, again, .. } => Some(self.approval_asked(tool, *again)),
            Event::ApprovalExpired { id } => Some(self.approval_expired(index, *id)),
            Event::ApprovalWithdrawn { .. } => Some(self.approval_withdrawn(index)),
            Event::DecisionIgnored { reason, .. } => Some(self.decision_ignored(*reason)),

            Event::StepLimitReached { limit } => Some(self.step_limit_reached(index, *limit)),
            Event::BudgetSpent { exceeded } => Some(self.budget_spent(index, *exceeded)),
            Event::RepetitionSeen { rung, rule } => Some(self.repetition_seen(index, *rung, rule)),
            Event::RunSuspended { pending, .. } => Some(words::run_suspended(pending.len())),
            Event::RunFinished { stop, steps, .. } => Some(self.run_finished(index, *stop, *steps)),
            // All that decide are above: a test asks for each.
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
