//! A run under another policy, while it is under way.

use super::action::Stage;
use super::commons::Commons;
use super::message::ToolSpec;
use super::{Phase, Run, refuse_strangers};
use crate::breaker::CircuitBreaker;
use crate::budget::{RetryBudget, RetryBudgetPolicy, RetryThrottle};
use crate::call::Endpoint;
use crate::deadline::{Deadline, Scope};
use crate::event::Event;
use crate::policy::{CallPolicy, RunPolicy};
use crate::progress::ProgressDetector;
use crate::rng::Seed;
use crate::setting::InvalidSetting;
use crate::time::Instant;
use alloc::vec::Vec;

impl Run {
    /// Goes on under another policy, and with other settings of its tools. What was decided stays; whatever is decided from
    /// here on is decided by the new settings. To be told between two inputs, with endpoints that were [swapped
    /// out](Self::swap_endpoints) back in; no time passes by it. Then ask [`poll`](Self::poll) again what it waits for.
    ///
    /// | what | under the new settings |
    /// |---|---|
    /// | attempts, steps, retries, tokens and money spent so far | count |
    /// | a limit of a run, a call or an attempt under way | holds since that began, as if it had always been this; if it is over by now, the next input finds it so |
    /// | a wait that was drawn, a pause that was begun | stays |
    /// | an open breaker | stays open as long as was drawn; what it has seen counts as far as the new window looks back |
    /// | a question that was asked | stays open until the instant that the human was told |
    /// | an effect that is under way | stays what its tool was declared with, or becomes what it is now if that forbids more |
    /// | what a budget around the run leaves ([`Input::Narrowed`](super::Input::Narrowed)) | is to be told again |
    /// | budget and deadline of a [restored](Self::restore) run | stay those of its snapshot |
    /// | a run that is over | stays as it is, and nothing is traced |
    ///
    /// It is traced as [`Event::PolicyChanged`], with the host's reason. A run that [records](Self::with_recording) and was told
    /// something ends its recording: what it was told cannot be told again to a run of one policy.
    ///
    /// Fails, and changes nothing, if these are not the tools of the run in their order, or if one that may poll is not
    /// among them.
    ///
    /// ```
    /// use steadfast::failure::Failure;
    /// use steadfast::id::RunId;
    /// use steadfast::outcome::StopReason;
    /// use steadfast::policy::{CallPolicy, RunPolicy};
    /// use steadfast::rng::Seed;
    /// use steadfast::run::{Input, Output, Run};
    /// use steadfast::time::Instant;
    ///
    /// let mut run = Run::new(RunId(1), "task", RunPolicy::default(), 1, vec![], Seed(7))?;
    /// run.handle(Instant::ORIGIN, Input::Start);
    /// let Output::Think(first) = run.poll() else { panic!() };
    ///
    /// let without_retries = RunPolicy::default().with_model(CallPolicy::default().with_retry(None));
    /// run.set_policy(without_retries, vec![], "no retries")?;
    /// run.handle(Instant::from_millis(90), Input::Failed(first.id, Failure::transient("503")));
    /// assert_eq!(run.result().unwrap().stop, StopReason::ModelUnavailable);
    /// # Ok::<(), steadfast::setting::InvalidSetting>(())
    /// ```
    pub fn set_policy(&mut self, policy: RunPolicy, tools: Vec<ToolSpec>, reason: &str) -> Result<(), InvalidSetting> {
        if !tools.iter().map(ToolSpec::name).eq(self.tools.iter().map(ToolSpec::name)) {
            let other = alloc::format!("{} tools with other names, or in another order", tools.len());
            return Err(InvalidSetting::new("tools", other, "the tools of the run, in their order"));
        }
        refuse_strangers(&policy, &tools)?;
        if matches!(&self.stage, Phase::Over(end) if end.suspended.is_none()) {
            return Ok(());
        }
        if self.told {
            self.recorded = None;
        }
        (self.policy, self.tools) = (policy, tools);
        self.commons.adopt(&self.policy, &self.tools, self.seed);
        self.steps = self.steps.clone().with_limit(self.policy.max_steps());
        let history = self.progress.take().map(ProgressDetector::into_history);
        self.progress = self.policy.progress().cloned().map(|policy| match history {
            Some(history) => ProgressDetector::restore(policy, history),
            None => ProgressDetector::new(policy),
        });
        if let Some(began) = self.started {
            self.adopt_deadline(began);
        }
        self.adopt_calls();
        self.record(None, || Event::PolicyChanged { reason: reason.into() });
        Ok(())
    }

    fn adopt_deadline(&mut self, began: Instant) {
        self.commons.budget.adopt(self.policy.budget(), began);
        let of_budget = self.commons.budget.deadline(self.commons.budget.root());
        self.deadline = Deadline::after(began, self.policy.deadline(), Scope::Run).within(of_budget);
    }

    fn adopt_calls(&mut self) {
        let (deadline, tools, ledger) = (self.deadline, &self.tools, &mut self.ledger);
        match &mut self.stage {
            Phase::Thinking { call, .. } => call.adopt(self.policy.model(), deadline),
            Phase::Acting(actions) => {
                for action in actions.iter_mut().filter(|action| !action.settled()) {
                    let (Some(tool), Some(key)) = (tools.get(action.tool), action.key) else { continue };
                    ledger.declare(key, tool.effect());
                    match &mut action.stage {
                        Stage::Running { call, .. } => {
                            let effect = ledger.entry(call.key()).map_or(tool.effect(), |entry| entry.effect);
                            call.adopt(&tool.policy_for(effect), deadline);
                        }
                        Stage::Reconciling { call, .. } => call.adopt(&tool.reconcile_policy(), deadline),
                        Stage::Asking { .. } | Stage::Claiming(_) | Stage::Interrupted { .. } | Stage::Settled(_) => {}
                    }
                }
            }
            Phase::New | Phase::Restored(_) | Phase::Over(_) => {}
        }
    }
}

impl Commons {
    fn adopt(&mut self, policy: &RunPolicy, tools: &[ToolSpec], seed: Seed) {
        for (index, endpoint) in (0..).zip(&mut self.models) {
            endpoint.adopt(policy.model(), seed.derive(index));
        }
        let models = self.models.len() as u64;
        for ((index, endpoint), tool) in (models..).zip(&mut self.tools).zip(tools) {
            endpoint.adopt(&tool.policy(), seed.derive(index));
        }
        let unlimited = RetryBudgetPolicy::default().with_at_least(u64::MAX);
        let (calls, retries) = self.retries.counts();
        self.retries =
            RetryBudget::new(policy.retry_budget().copied().unwrap_or(unlimited)).with_counts(calls, retries);
    }
}

impl Endpoint {
    fn adopt(&mut self, policy: &CallPolicy, seed: Seed) {
        match (&mut self.breaker, policy.breaker()) {
            (Some(breaker), Some(policy)) => breaker.adopt(*policy),
            (breaker, policy) => *breaker = policy.map(|policy| CircuitBreaker::new(*policy, seed)),
        }
        self.throttle = policy.throttle().map(|policy| match &self.throttle {
            Some(throttle) => throttle.under(*policy),
            None => RetryThrottle::new(*policy),
        });
    }
}
