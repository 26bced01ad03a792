//! The loop: its step cap, its budget, repetition, and how the run ended.

use super::history::Guarded;
use super::nearest::repetition_setting;
use super::{Explainer, Explanation, Nearest, Policies, Setting, Subject, Value, words};
use crate::budget::BudgetExceeded;
use crate::event::Event;
use crate::outcome::{CallError, StopReason};
use crate::policy::RunPolicy;
use crate::progress::{ProgressPolicy, Repetition, Rung};

impl Explainer<'_> {
    fn run(&self) -> Option<&RunPolicy> {
        match self.policies {
            Policies::Run(run, _) => Some(run),
            Policies::Call(_) => None,
        }
    }

    pub(super) fn step_limit_reached(&self, index: usize, limit: u32) -> Explanation {
        let setting = Self::of_run("max_steps", limit.into());
        let suffices = self.run().is_some_and(|run| {
            let budget = run.budget();
            // What a host says it spent on these is not in the trace.
            let known = budget.tokens().is_none() && budget.money().is_none();
            known && budget.steps().is_none_or(|steps| steps > u64::from(limit))
        });
        let to = limit.saturating_add(1);
        let certain = suffices && to > limit && self.is_whole(index) && self.is_first(index, &setting);
        let nearest = certain.then(|| setting.changed(to.into(), words::another_step(to)));
        Explanation::new("step_limit", words::step_limit(limit))
            .by(setting)
            .number("steps", limit.into())
            .otherwise(nearest)
    }

    pub(super) fn budget_spent(&self, index: usize, exceeded: BudgetExceeded) -> Explanation {
        self.budget_exceeded(index, exceeded, words::budget_of_a_step(exceeded))
    }

    pub(super) fn repetition_seen(&self, index: usize, rung: Rung, rule: &Repetition) -> Explanation {
        let policy = self.run().and_then(RunPolicy::progress);
        let (name, seen) = (repetition_setting(rule), seen(rule));
        let value = policy.map_or(Value::Nothing, |policy| threshold(policy, rule).into());
        let setting = Self::of_run(name, value);
        let nearest = policy.and_then(|policy| self.more_patience(index, rung, rule, policy, &setting));
        let explanation = Explanation::new(
            name_of(rule),
            words::repetition(rung, rule, policy.map(|policy| threshold(policy, rule))),
        )
        .by(setting)
        .number("seen", seen.into())
        .number("rung", Value::text(rung.as_str()));
        match rule {
            Repetition::Cycle { length, .. } => explanation.number("length", (*length).into()),
            _ => explanation,
        }
        .otherwise(nearest)
    }

    /// One repetition more before the hint, unless another rule had hinted all the same.
    fn more_patience(
        &self,
        index: usize,
        rung: Rung,
        rule: &Repetition,
        policy: &ProgressPolicy,
        setting: &Setting,
    ) -> Option<Nearest> {
        let enough = threshold(policy, rule);
        let just = rung == Rung::Hint && seen(rule) == enough;
        if !just || !self.is_whole(index) || !self.is_first(index, setting) || self.others(index, rule, policy) {
            return None;
        }
        Some(setting.changed(enough.saturating_add(1).into(), words::NO_HINT.into()))
    }

    /// Whether a rule that stands after this one may hold as well. Of equals the first is told.
    fn others(&self, index: usize, rule: &Repetition, policy: &ProgressPolicy) -> bool {
        let step = self.entry(index).and_then(|entry| entry.step).unwrap_or(u32::MAX);
        // The first turn of a run always brings something new.
        let stale = policy.nothing_new() > 0 && step.saturating_sub(2) >= policy.nothing_new();
        let failing =
            policy.errors() > 0 && step.saturating_sub(1) >= policy.errors() && self.may_fail(index, step, policy);
        match rule {
            Repetition::Identical { .. } | Repetition::Cycle { .. } => failing || stale,
            Repetition::SameError { .. } => stale,
            Repetition::NothingNew { .. } => false,
        }
    }

    /// Whether a tool may have failed in the turn before, or in one that a turn without results stands for.
    fn may_fail(&self, index: usize, step: u32, policy: &ProgressPolicy) -> bool {
        let of_errors =
            |event: &Event| matches!(event, Event::RepetitionSeen { rule: Repetition::SameError { .. }, .. });
        let turn_before = |event: &Event| {
            matches!(
                event,
                Event::CallFailed { .. }
                    | Event::ToolBlocked { .. }
                    | Event::ToolUnknown { .. }
                    | Event::EffectUnknown { .. }
                    | Event::EffectTaken { .. }
            )
        };
        let failed = self.before(index).any(|(_, entry)| {
            of_errors(&entry.event) || entry.step == step.checked_sub(1) && turn_before(&entry.event)
        });
        failed || !policy.polling().is_empty()
    }

    pub(super) fn run_finished(&self, index: usize, stop: StopReason, steps: u32) -> Explanation {
        let led = self.led_to(index, stop);
        let why = led.and_then(|place| self.explain(place));
        let deadline = || self.run_deadline().filter(|_| stop == StopReason::Deadline);
        let setting = why.as_ref().and_then(|why| why.setting.clone()).or_else(deadline);
        let text = words::run_finished(stop, led, why.as_ref(), setting.as_ref());
        let explanation = Explanation::new(stop.as_str(), text).by(setting).number("steps", steps.into());
        match led {
            Some(place) => explanation.number("decided_by_entry", Value::Number(place as u64)),
            None => explanation,
        }
    }

    /// The entry that decided the end of the run.
    fn led_to(&self, index: usize, stop: StopReason) -> Option<usize> {
        let of_model = |call: &Guarded| call.subject == Subject::Model;
        let found = self.before(index).find(|(place, entry)| match (&entry.event, stop) {
            (Event::ModelReplied { .. }, StopReason::Answered)
            | (Event::StepLimitReached { .. }, StopReason::StepLimit)
            | (Event::RepetitionSeen { rung: Rung::Stop, .. }, StopReason::NoProgress)
            | (Event::BudgetSpent { .. }, StopReason::Budget | StopReason::Deadline) => true,
            (Event::CallFailed { error }, StopReason::ModelUnavailable | StopReason::Budget) => {
                *error != CallError::Cancelled && self.guarded(*place).as_ref().is_some_and(of_model)
            }
            (Event::CallFailed { error: CallError::DeadlineExceeded { .. } }, StopReason::Deadline) => {
                self.guarded(*place).as_ref().is_some_and(of_model)
            }
            _ => false,
        });
        found.map(|(place, _)| place)
    }
}

/// How often it repeated itself.
fn seen(rule: &Repetition) -> u32 {
    match rule {
        Repetition::Identical { repeats }
        | Repetition::Cycle { repeats, .. }
        | Repetition::SameError { repeats, .. } => *repeats,
        Repetition::NothingNew { turns } => *turns,
    }
}

fn threshold(policy: &ProgressPolicy, rule: &Repetition) -> u32 {
    match rule {
        Repetition::Identical { .. } | Repetition::Cycle { .. } => policy.repeats(),
        Repetition::SameError { .. } => policy.errors(),
        Repetition::NothingNew { .. } => policy.nothing_new(),
    }
}

fn name_of(rule: &Repetition) -> &'static str {
    match rule {
        Repetition::Identical { .. } => "identical",
        Repetition::Cycle { .. } => "cycle",
        Repetition::SameError { .. } => "same_error",
        Repetition::NothingNew { .. } => "nothing_new",
    }
}
