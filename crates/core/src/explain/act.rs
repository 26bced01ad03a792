//! Tools: which run, which wait for a human, and which do not run at all.

use super::{Explainer, Explanation, Nearest, Policies, Setting, Subject, Value, words};
use crate::approval::DecisionRejected;
use crate::event::{BlockReason, Event};
use crate::id::ApprovalId;

impl Explainer<'_> {
    pub(super) fn tool_unknown(&self, tool: &str) -> Explanation {
        let known = match self.policies {
            Policies::Run(_, tools) => tools.len(),
            Policies::Call(_) => 0,
        };
        let setting = Self::of_run("tools", Value::Number(known as u64));
        Explanation::new("tool_unknown", words::tool_unknown(tool))
            .by(setting)
            .number("tools", Value::Number(known as u64))
    }

    pub(super) fn tool_blocked(&self, index: usize, tool: &str, reason: BlockReason) -> Explanation {
        let rule = reason.as_str();
        match reason {
            BlockReason::NobodyToAsk => {
                let setting = Self::of_run("approver", Value::Nothing);
                let nearest = (self.is_whole(index) && self.is_first(index, &setting))
                    .then(|| setting.changed(Value::text("somebody"), words::would_be_asked(tool)));
                Explanation::new(rule, words::nobody_to_ask(tool)).by(setting).otherwise(nearest)
            }
            BlockReason::Denied => Explanation::new(rule, words::denied(tool)),
            BlockReason::Expired => {
                Explanation::new(rule, words::expired(self.expires_after().as_ref())).by(self.expires_after())
            }
            BlockReason::RunEnded => {
                let deadline = self.ends_by_deadline(index);
                Explanation::new(rule, words::withdrawn(deadline.as_ref())).by(deadline)
            }
            BlockReason::DecidedElsewhere => Explanation::new(rule, words::DECIDED_ELSEWHERE),
        }
    }

    pub(super) fn effect_unknown(&self, tool: &str) -> Explanation {
        let (effect, reconciles) = self.tool(tool);
        let setting = Subject::Tool(tool.into()).setting("effect", Value::text(effect));
        Explanation::new("effect_unknown", words::effect_unknown(tool, reconciles)).by(setting)
    }

    pub(super) fn reconcile_asked(tool: &str) -> Explanation {
        let setting = Subject::Tool(tool.into()).setting("reconcile", Value::text("yes"));
        Explanation::new("reconcile", words::reconcile(tool)).by(setting)
    }

    pub(super) fn approval_asked(&self, tool: &str, again: bool) -> Explanation {
        let setting = if again {
            Self::of_run("approver", Value::text("somebody"))
        } else {
            Subject::Tool(tool.into()).setting("risky", Value::text("yes"))
        };
        let expires = self.expires_after();
        let rule = if again { "may_have_happened" } else { "risky" };
        let explanation =
            Explanation::new(rule, words::asked(tool, again, expires.as_ref().map(|expires| &expires.value)));
        match expires {
            Some(expires) => explanation.by(setting).number("expires_after", expires.value),
            None => explanation.by(setting),
        }
    }

    pub(super) fn approval_expired(&self, index: usize, id: ApprovalId) -> Explanation {
        let setting = self.expires_after();
        let late = self.late_decision(index, id);
        let asked = self.asked(index, id);
        let mut explanation = Explanation::new("silence", words::expired(setting.as_ref())).by(setting.clone());
        if let (Some(late), Some(asked)) = (late, asked) {
            explanation = explanation.number("decided_after", (self.at(late) - self.at(asked)).into());
        }
        explanation.otherwise(setting.and_then(|setting| self.patient(index, id, &setting)))
    }

    /// Just enough patience for the decision that came too late, if the run had waited for it.
    fn patient(&self, index: usize, id: ApprovalId, setting: &Setting) -> Option<Nearest> {
        let (asked, late) = (self.asked(index, id)?, self.late_decision(index, id)?);
        let suspended = self.trace.iter().any(|entry| matches!(entry.event, Event::RunSuspended { .. }));
        let ends = self.run_limits().iter().map(|limit| limit.at).min();
        // Nobody is waited for once a late word has told whether the effect happened.
        let Event::ApprovalAsked { tool, .. } = &self.entry(asked)?.event else { return None };
        let mut meanwhile = self.after(index).take_while(|(place, _)| *place < late);
        let settled =
            meanwhile.any(|(_, entry)| matches!(&entry.event, Event::EffectSettled { tool: of, .. } if of == tool));
        let certain = self.is_whole(index)
            && !suspended
            && !settled
            && !self.is_cancelled_between(index, late, None)
            && ends.is_none_or(|ends| self.at(late) < ends)
            && self.is_first(index, setting);
        let took = self.at(late) - self.at(asked);
        let to = took.saturating_add(core::time::Duration::from_micros(1));
        certain.then(|| setting.changed(to.into(), words::would_count(took)))
    }

    fn asked(&self, index: usize, id: ApprovalId) -> Option<usize> {
        let mut before = self.before(index);
        let of_id = |event: &Event| matches!(event, Event::ApprovalAsked { id: of, .. } if *of == id);
        before.find(|(_, entry)| of_id(&entry.event)).map(|(place, _)| place)
    }

    /// A decision that came after the question had expired.
    fn late_decision(&self, index: usize, id: ApprovalId) -> Option<usize> {
        let mut after = self.after(index);
        let found = after.find(|(_, entry)| match entry.event {
            Event::DecisionIgnored { id: of, reason } => {
                of == id && matches!(reason, DecisionRejected::Expired | DecisionRejected::AlreadyDecided)
            }
            _ => false,
        });
        found.map(|(place, _)| place)
    }

    pub(super) fn approval_withdrawn(&self, index: usize) -> Explanation {
        // One late word may make several questions needless.
        let mut before =
            self.before(index).skip_while(|(_, entry)| matches!(entry.event, Event::ApprovalWithdrawn { .. }));
        if before.next().is_some_and(|(_, entry)| matches!(entry.event, Event::EffectSettled { .. })) {
            return Explanation::new("settled", words::SETTLED);
        }
        let deadline = self.ends_by_deadline(index);
        Explanation::new("run_ended", words::withdrawn(deadline.as_ref())).by(deadline)
    }

    pub(super) fn decision_ignored(&self, reason: DecisionRejected) -> Explanation {
        let (rule, setting) = match reason {
            DecisionRejected::Unknown => ("unknown", None),
            DecisionRejected::AlreadyDecided => ("already_decided", None),
            DecisionRejected::Expired => ("expired", self.expires_after()),
            DecisionRejected::OtherCall => ("other_call", None),
            DecisionRejected::OtherArguments => ("other_arguments", None),
            DecisionRejected::Suspended => ("suspended", None),
        };
        Explanation::new(rule, words::decision_ignored(reason)).by(setting)
    }

    fn expires_after(&self) -> Option<Setting> {
        match self.policies {
            Policies::Run(run, _) => {
                Some(Self::of_run("approval.expires_after", run.approval().expires_after().into()))
            }
            Policies::Call(_) => None,
        }
    }

    /// What a tool does to the world, and whether somebody can tell afterwards.
    fn tool(&self, name: &str) -> (&'static str, bool) {
        let Policies::Run(_, tools) = self.policies else { return ("once", false) };
        let spec = tools.iter().find(|tool| tool.name() == name);
        spec.map_or(("once", false), |tool| (tool.effect().as_str(), tool.reconciles()))
    }
}
