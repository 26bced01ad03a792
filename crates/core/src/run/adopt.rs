//! A run under another policy, while it is under way.

use super::action::{Action, Stage, Unsure, report_unknown};
use super::commons::{Commons, Place};
use super::message::ToolSpec;
use super::{Phase, Run, RunEnd, refuse_strangers};
use crate::breaker::CircuitBreaker;
use crate::budget::{RetryBudget, RetryBudgetPolicy, RetryThrottle};
use crate::call::Endpoint;
use crate::deadline::{Deadline, Scope};
use crate::effect::{Effect, EffectState};
use crate::event::Event;
use crate::failure::Failure;
use crate::id::Key;
use crate::policy::{CallPolicy, RunPolicy};
use crate::progress::ProgressDetector;
use crate::rng::Seed;
use crate::setting::InvalidSetting;
use crate::time::Instant;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

impl Run {
    /// Goes on under another policy, and with other settings of its tools. What was decided stays; whatever is decided from
    /// here on is decided by the new settings. To be told between two inputs, with endpoints that were [swapped
    /// out](Self::swap_endpoints) back in; no time passes by it. Then drain [`poll`](Self::poll) again: what is held back may lead to a
    /// question, or to the next step.
    ///
    /// | what | under the new settings |
    /// |---|---|
    /// | attempts, steps, retries, tokens and money spent so far | count |
    /// | a limit of a run, a call or an attempt under way | holds since that began, as if it had always been this; if it is over by now, the next input finds it so |
    /// | a wait that was drawn, a pause that was begun | stays |
    /// | an open breaker | stays open as long as was drawn; what it has seen counts as far as the new window looks back |
    /// | a question that was asked | stays open until the instant that the human was told |
    /// | an effect that is under way | stays what its tool was declared with, or becomes what it is now if that forbids more |
    /// | a tool call that waits to run, of a tool that has become risky | is asked about, or blocked where nobody can be asked; the yes it had counts |
    /// | a tool call that waits to run again, and must not happen twice any more | does not; it is looked up or asked about like any such call |
    /// | what a budget around the run leaves ([`Input::Narrowed`](super::Input::Narrowed)) | is to be told again |
    /// | budget and deadline of a [restored](Self::restore) run | stay those of its snapshot |
    /// | a run that is over | stays as it is, and nothing is traced |
    ///
    /// It is traced as [`Event::PolicyChanged`], with the host's reason. A run that [records](Self::with_recording) ends its
    /// recording, and records no more: what it is told cannot be told again to a run of one policy.
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
            return Err(InvalidSetting::new("tools", self.first_other(&tools), "the tools of the run, in their order"));
        }
        refuse_strangers(&policy, &tools)?;
        if matches!(&self.stage, Phase::Over(end) if end.suspended.is_none()) {
            return Ok(());
        }
        self.recorded = None;
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
        let held = self.adopt_calls();
        self.record(None, || Event::PolicyChanged { reason: reason.into() });
        self.hold_back(&held);
        Ok(())
    }

    /// The first tool of a list that is not the run's at that place.
    fn first_other(&self, tools: &[ToolSpec]) -> String {
        let mut given = tools.iter().map(ToolSpec::name);
        for due in self.tools.iter().map(ToolSpec::name) {
            match given.next() {
                Some(name) if name == due => {}
                Some(name) => return alloc::format!("{name} where {due} is due"),
                None => return alloc::format!("no tool where {due} is due"),
            }
        }
        given.next().map(|name| alloc::format!("{name} after the last one")).unwrap_or_default()
    }

    fn adopt_deadline(&mut self, began: Instant) {
        self.commons.budget.adopt(self.policy.budget(), began);
        let of_budget = self.commons.budget.deadline(self.commons.budget.root());
        self.deadline = Deadline::after(began, self.policy.deadline(), Scope::Run).within(of_budget);
    }

    /// Answers which calls wait to run and may not any more: not without a yes, or not a second time.
    fn adopt_calls(&mut self) -> Vec<Key> {
        let deadline = self.deadline;
        let mut held = Vec::new();
        match &mut self.stage {
            Phase::Thinking { call, .. } => call.adopt(self.policy.model(), deadline),
            Phase::Acting(actions) => {
                let mut actions = core::mem::take(actions);
                for action in actions.iter_mut().filter(|action| !action.settled()) {
                    held.extend(self.adopt_action(action));
                }
                self.stage = Phase::Acting(actions);
            }
            Phase::Restored(Some(actions)) | Phase::Over(RunEnd { suspended: Some(actions), .. }) => {
                for action in actions.iter().filter(|action| !action.settled()) {
                    if let (Some(tool), Some(key)) = (self.tools.get(action.tool), action.key) {
                        self.ledger.declare(key, tool.effect());
                    }
                }
            }
            Phase::New | Phase::Restored(None) | Phase::Over(_) => {}
        }
        held
    }

    /// Answers its key if it is to be held back.
    fn adopt_action(&mut self, action: &mut Action) -> Option<Key> {
        let (may, deadline) = (self.may_run(action), self.deadline);
        let (tool, key) = (self.tools.get(action.tool)?, action.key?);
        let before = self.ledger.entry(key).map(|entry| entry.effect);
        self.ledger.declare(key, tool.effect());
        let effect = self.ledger.entry(key).map_or(tool.effect(), |entry| entry.effect);
        match &mut action.stage {
            Stage::Running { call, .. } => {
                let policy = tool.policy_for(effect);
                // What is under way now without the yes that it needs does not run again by itself.
                call.adopt(&if may { policy } else { policy.with_retry(None) }, deadline);
                let once = before != Some(effect) && !effect.may_repeat();
                (call.is_waiting() && (once || !may)).then_some(key)
            }
            Stage::Reconciling { call, .. } => {
                call.adopt(&tool.reconcile_policy(), deadline);
                None
            }
            Stage::Claiming(claiming) => {
                claiming.asks = !may;
                None
            }
            Stage::Asking { .. } | Stage::Interrupted { .. } | Stage::Settled(_) => None,
        }
    }

    /// Holds back what waits to run, and goes on with what became of it.
    fn hold_back(&mut self, held: &[Key]) {
        let Phase::Acting(actions) = &mut self.stage else { return };
        let mut actions = core::mem::take(actions);
        for action in &mut actions {
            if action.key.is_some_and(|key| held.contains(&key)) {
                let stage = core::mem::replace(&mut action.stage, Stage::Settled(String::new()));
                action.stage = self.held_back(action, stage);
            }
        }
        self.stage = Phase::Acting(actions);
        if !held.is_empty() {
            self.proceed();
        }
    }

    /// What was never tried is a wish like any other under the new policy. What was tried is over as if it had no tries left; where
    /// it may be repeated and has become risky, a human decides whether it is.
    fn held_back(&mut self, action: &Action, stage: Stage) -> Stage {
        let Stage::Running { mut call, args, attempts: before, unsure, .. } = stage else { return stage };
        let (tool, name, key) = (action.tool, action.call.tool.as_str(), call.key());
        let (sent, attempts) = (call.attempts() > before, call.attempts());
        let error = call.stop_waiting(&mut self.commons.of_tool(tool), &mut self.trace);
        self.remember(Place::Tool(tool), &call);
        if attempts == 0 {
            let may = self.may_run(action);
            return if may {
                self.begin_tool(tool, key, args, None)
            } else {
                self.gate(&action.call, tool, key, &args)
            };
        }
        if self.effect_of(key) == Effect::Once {
            return self.failed_stage(action, &call, args, &error, unsure || sent, unsure);
        }
        let _ = self.note_failure(key, &error, unsure || sent, unsure);
        let failure = Failure::from(error.clone());
        let unsure = Unsure { error: error.to_string(), ..Unsure::new(key, args.clone(), attempts, failure) };
        if self.policy.approval().has_approver() {
            return self.ask(name, key, &args, Some(unsure));
        }
        let unknown = self.ledger.entry(key).is_some_and(|entry| entry.state == EffectState::Unknown);
        let failed = || alloc::format!("{name} failed: {error}.");
        Stage::Settled(if unknown { report_unknown(name, &unsure.error) } else { failed() })
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
