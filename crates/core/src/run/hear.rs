//! What a run is told: time, replies, failures and decisions, each handed to the call or the question it is for.

use super::action::Stage;
use super::message::ModelReply;
use super::{Output, Phase, Run};
use crate::approval::{Decision, DecisionRejected, Outcome};
use crate::call::{self, Call};
use crate::event::Event;
use crate::failure::{Failure, FailureClass};
use crate::id::{ApprovalId, AttemptId, CallId};
use crate::outcome::StopReason;
use alloc::string::String;

impl Run {
    pub(super) fn pass_time(&mut self) {
        let (now, trace) = (self.now, &mut self.trace);
        match &mut self.stage {
            Phase::New | Phase::Over(_) => return,
            Phase::Thinking { call, .. } => call.handle(now, call::Input::Tick, &mut *self.model_breakers, trace),
            Phase::Acting(actions) => {
                for action in actions {
                    match &mut action.stage {
                        Stage::Asking(approval) => {
                            if approval.expire(now) {
                                let id = approval.request().id;
                                trace.record(now, None, None, || Event::ApprovalExpired { id });
                                self.outputs.push_back(Output::Withdraw(id));
                            }
                        }
                        Stage::Running { call, .. } => {
                            call.handle(now, call::Input::Tick, &mut *self.tool_breakers[action.tool], trace);
                        }
                        Stage::Settled(_) => {}
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
                if call.awaits(id.attempt) {
                    *reply = Some(answer);
                }
                call.handle(now, input, &mut *self.model_breakers, trace);
            }
            _ => trace.record(now, Some(id.call), Some(id.attempt), || Event::LateReply { ok: true }),
        }
    }

    pub(super) fn tool_replied(&mut self, id: AttemptId, text: String) {
        let now = self.now;
        if let Some((tool, call, output)) = running(&mut self.stage, id.call) {
            if call.awaits(id.attempt) {
                *output = Some(text);
            }
            let breakers = &mut *self.tool_breakers[tool];
            call.handle(now, call::Input::Succeeded(id.attempt), breakers, &mut self.trace);
        } else {
            self.trace.record(now, Some(id.call), Some(id.attempt), || Event::LateReply { ok: true });
        }
    }

    pub(super) fn failed(&mut self, id: AttemptId, failure: Failure) {
        let input = call::Input::Failed(id.attempt, failure);
        let now = self.now;
        if let Phase::Thinking { call, .. } = &mut self.stage
            && call.id() == id.call
        {
            call.handle(now, input, &mut *self.model_breakers, &mut self.trace);
        } else if let Some((tool, call, _)) = running(&mut self.stage, id.call) {
            call.handle(now, input, &mut *self.tool_breakers[tool], &mut self.trace);
        } else {
            self.trace.record(now, Some(id.call), Some(id.attempt), || Event::LateReply { ok: false });
        }
    }

    pub(super) fn decided(&mut self, id: ApprovalId, decision: Decision) {
        let now = self.now;
        let asked_before = (1..=self.approvals).contains(&id.0);
        let approval = match &mut self.stage {
            Phase::Acting(actions) => actions.iter_mut().find_map(|action| match &mut action.stage {
                Stage::Asking(approval) if approval.request().id == id => Some(approval),
                _ => None,
            }),
            _ => None,
        };
        let unknown = if asked_before { DecisionRejected::AlreadyDecided } else { DecisionRejected::Unknown };
        let event = match approval.map_or(Err(unknown), |approval| approval.decide(now, decision)) {
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
fn running(stage: &mut Phase, id: CallId) -> Option<(usize, &mut Call, &mut Option<String>)> {
    let Phase::Acting(actions) = stage else { return None };
    actions.iter_mut().find_map(|action| match &mut action.stage {
        Stage::Running { call, output, .. } if call.id() == id => Some((action.tool, call, output)),
        _ => None,
    })
}
