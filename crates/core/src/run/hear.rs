//! What a run is told: time, replies, failures and decisions, each handed to the call or the question it is for.

use super::action::Stage;
use super::message::ModelReply;
use super::{Output, Phase, Run};
use crate::approval::{Decision, DecisionRejected, Digest, Outcome};
use crate::call::{self, Call};
use crate::effect::{Claimed, EffectState, Reconciliation};
use crate::event::Event;
use crate::failure::{Failure, FailureClass};
use crate::id::{ApprovalId, AttemptId, CallId, Key};
use crate::outcome::StopReason;
use alloc::string::String;

impl Run {
    pub(super) fn pass_time(&mut self) {
        let (now, trace) = (self.now, &mut self.trace);
        match &mut self.stage {
            Phase::New | Phase::Restored(_) | Phase::Over(_) => return,
            Phase::Thinking { call, .. } => call.receive(now, call::Input::Tick, &mut self.commons.of_models(), trace),
            Phase::Acting(actions) => {
                for action in actions {
                    match &mut action.stage {
                        Stage::Asking { approval, .. } => {
                            if approval.expire(now) {
                                let id = approval.request().id;
                                trace.record(now, None, None, || Event::ApprovalExpired { id });
                                self.outputs.push_back(Output::Withdraw(id));
                            }
                        }
                        Stage::Running { call, .. } => {
                            call.receive(now, call::Input::Tick, &mut self.commons.of_tool(action.tool), trace);
                        }
                        Stage::Reconciling { call, .. } => {
                            call.receive(now, call::Input::Tick, &mut self.commons.of_looking_up(action.tool), trace);
                        }
                        Stage::Claiming(_) | Stage::Interrupted { .. } | Stage::Settled(_) => {}
                    }
                }
            }
        }
        if self.deadline.has_passed(now) {
            self.stop(StopReason::Deadline);
        }
    }

    pub(super) fn model_replied(&mut self, id: AttemptId, answer: ModelReply) {
        let (now, trace) = (self.now, &mut self.trace);
        match &mut self.stage {
            Phase::Thinking { call, reply } if call.id() == id.call => {
                let input = if answer.text.trim().is_empty() && answer.tool_calls.is_empty() {
                    let message = "the model answered with neither text nor tools";
                    call::Input::Failed(id.attempt, Failure::new(FailureClass::MalformedOutput, message))
                } else {
                    call::Input::Succeeded(id.attempt)
                };
                if let Some(usage) = answer.usage {
                    let spent = call::Input::Spent(id.attempt, usage);
                    call.receive(now, spent, &mut self.commons.of_models(), trace);
                }
                if call.awaits(id.attempt) {
                    *reply = Some(answer);
                }
                call.receive(now, input, &mut self.commons.of_models(), trace);
            }
            _ => trace.record(now, Some(id.call), Some(id.attempt), || Event::LateReply { ok: true }),
        }
    }

    /// Hands a word on an attempt to the call it is of, and tells whether that is under way.
    pub(super) fn heard_of(&mut self, id: AttemptId, input: call::Input) -> bool {
        let now = self.now;
        if let Phase::Thinking { call, .. } = &mut self.stage
            && call.id() == id.call
        {
            call.receive(now, input, &mut self.commons.of_models(), &mut self.trace);
        } else if let Some((tool, call, _)) = running(&mut self.stage, id.call) {
            call.receive(now, input, &mut self.commons.of_tool(tool), &mut self.trace);
        } else if let Some((tool, call, _)) = reconciling(&mut self.stage, id.call) {
            call.receive(now, input, &mut self.commons.of_looking_up(tool), &mut self.trace);
        } else {
            return false;
        }
        true
    }

    pub(super) fn tool_replied(&mut self, id: AttemptId, text: String) {
        let now = self.now;
        if let Some((tool, call, output)) = running(&mut self.stage, id.call) {
            let (counts, input) = (call.awaits(id.attempt), call::Input::Succeeded(id.attempt));
            call.receive(now, input, &mut self.commons.of_tool(tool), &mut self.trace);
            if counts {
                *output = Some(text);
            } else {
                self.settle_earlier(id, &text);
            }
        } else {
            self.trace.record(now, Some(id.call), Some(id.attempt), || Event::LateReply { ok: true });
            if let Some(key) = self.late_effect(id) {
                self.settle_late(id, key, EffectState::Done, &text);
            }
        }
    }

    pub(super) fn failed(&mut self, id: AttemptId, failure: Failure) {
        let now = self.now;
        let late = self.late_effect(id).filter(|_| !failure.class.may_have_taken_effect());
        // Said before the failure is handed on, which is seldom late.
        let error = late.map(|_| alloc::format!("{failure}"));
        if self.heard_of(id, call::Input::Failed(id.attempt, failure)) {
            return;
        }
        self.trace.record(now, Some(id.call), Some(id.attempt), || Event::LateReply { ok: false });
        if sabotaged!(SpeaksAfterTheEnd) && matches!(self.stage, Phase::Over(_)) {
            self.outputs.push_back(Output::Abandon(id));
        }
        if let (Some(key), Some(error)) = (late, error) {
            self.settle_late(id, key, EffectState::Failed, &error);
        }
    }

    /// The key of an effect that a late word on that call may settle.
    pub(super) fn late_effect(&self, id: AttemptId) -> Option<Key> {
        if matches!(self.stage, Phase::New) {
            return None;
        }
        let entry = self.ledger.entry(Key { run: self.id, call: id.call })?;
        (1..=entry.tries).contains(&id.attempt).then_some(entry.key)
    }

    pub(super) fn reconciled(&mut self, id: AttemptId, answer: Reconciliation) {
        let now = self.now;
        if let Some((tool, call, found)) = reconciling(&mut self.stage, id.call) {
            if call.awaits(id.attempt) {
                *found = Some(answer);
            }
            let shared = &mut self.commons.of_looking_up(tool);
            call.receive(now, call::Input::Succeeded(id.attempt), shared, &mut self.trace);
        } else {
            self.trace.record(now, Some(id.call), Some(id.attempt), || Event::LateReply { ok: true });
        }
    }

    pub(super) fn claimed(&mut self, key: Key, claimed: Claimed) {
        let waiting = match &mut self.stage {
            Phase::Acting(actions) => actions.iter_mut().find_map(|action| match &mut action.stage {
                Stage::Claiming(claiming) if claiming.key == key && claiming.answer.is_none() => Some(claiming),
                _ => None,
            }),
            _ => None,
        };
        match waiting {
            Some(claiming) => claiming.answer = Some(claimed),
            None => self.record(Some(key.call), || Event::LateReply { ok: true }),
        }
    }

    pub(super) fn decided(&mut self, id: ApprovalId, shown: Option<Digest>, decision: Decision) {
        let now = self.now;
        let open = self.pending().into_iter().find(|request| request.id == id);
        let refused = match open.map(|request| request.expires_at) {
            Some(expires_at) if now >= expires_at => DecisionRejected::Expired,
            Some(_) => DecisionRejected::Suspended,
            None if (1..=self.approvals).contains(&id.0) => DecisionRejected::AlreadyDecided,
            None => DecisionRejected::Unknown,
        };
        let approval = match &mut self.stage {
            Phase::Acting(actions) => actions.iter_mut().find_map(|action| match &mut action.stage {
                Stage::Asking { approval, .. } if approval.request().id == id || sabotaged!(AnyQuestionWillDo) => {
                    Some((approval, &mut action.approved))
                }
                _ => None,
            }),
            _ => None,
        };
        let decided = match (approval, shown) {
            (None, _) => Err(refused),
            (Some((approval, approved)), shown) => {
                let decided = match shown {
                    None => approval.decide(now, decision),
                    Some(digest) => approval.decide_on(now, digest, decision),
                };
                *approved |= matches!(decided, Ok(Outcome::Approved { .. }));
                decided
            }
        };
        let event = match decided {
            Ok(Outcome::Approved { edited, digest, .. }) => {
                Event::ApprovalGranted { id, edited: *edited, digest: *digest }
            }
            Ok(Outcome::Denied { message }) => Event::ApprovalDenied { id, message: message.clone() },
            Ok(Outcome::Expired) => Event::ApprovalExpired { id },
            Err(reason) => Event::DecisionIgnored { id, reason },
        };
        self.trace.record(now, None, None, || event);
    }
}

/// The tool call of that number, if it is under way: which tool, its call, and where its output goes.
pub(super) fn running(stage: &mut Phase, id: CallId) -> Option<(usize, &mut Call, &mut Option<String>)> {
    let Phase::Acting(actions) = stage else { return None };
    actions.iter_mut().find_map(|action| match &mut action.stage {
        Stage::Running { call, output, .. } if call.id() == id => Some((action.tool, call, output)),
        _ => None,
    })
}

/// The looking up of that number, if it is under way: of which tool's call, its own call, and where the answer goes.
pub(super) fn reconciling(stage: &mut Phase, id: CallId) -> Option<(usize, &mut Call, &mut Option<Reconciliation>)> {
    let Phase::Acting(actions) = stage else { return None };
    actions.iter_mut().find_map(|action| match &mut action.stage {
        Stage::Reconciling { call, found, .. } if call.id() == id => Some((action.tool, call, found)),
        _ => None,
    })
}
