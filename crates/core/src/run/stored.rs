//! What passes between a run and its host, in snapshots and recordings.

use super::message::{Message, ModelReply, Role, ToolCall, ToolSpec};
use super::{Input, RunResult};
use crate::effect::{Claimed, EffectState, Reconciliation};
use crate::event::BlockReason;
use crate::failure::Failure;
use crate::id::{ApprovalId, AttemptId, CallId};
use crate::outcome::StopReason;
use crate::snapshot::{Reader, SnapshotError, Stored, Writer};
use alloc::string::String;

impl Stored for Role {
    fn store(&self, to: &mut Writer) {
        to.put(&(*self as u8));
    }
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        let roles = [Self::System, Self::User, Self::Assistant, Self::Tool];
        roles.get(usize::from(from.take::<u8>()?)).copied().ok_or(SnapshotError::Damaged)
    }
}

impl Stored for ToolCall {
    fn store(&self, to: &mut Writer) {
        to.text(&self.id).text(&self.tool).text(&self.args).put(&self.risky);
    }
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        Ok(Self { id: from.take()?, tool: from.take()?, args: from.take()?, risky: from.take()? })
    }
}

impl Stored for Message {
    fn store(&self, to: &mut Writer) {
        to.put(&self.role).text(&self.content).put(&self.tool_calls).put(&self.tool_call_id);
    }
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        Ok(Self { role: from.take()?, content: from.take()?, tool_calls: from.take()?, tool_call_id: from.take()? })
    }
}

impl Stored for ToolSpec {
    fn store(&self, to: &mut Writer) {
        to.text(self.name())
            .put(&self.is_risky())
            .put(&self.effect())
            .put(&self.reconciles())
            .put(&self.reconcile_policy());
    }
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        let (tool, risky) = (Self::new(from.take::<String>()?), from.take()?);
        let tool = if risky { tool.risky() } else { tool }.with_effect(from.take()?);
        let tool = if from.take()? { tool.with_reconcile() } else { tool };
        Ok(tool.with_policy(from.take()?))
    }
}

impl Stored for ModelReply {
    fn store(&self, to: &mut Writer) {
        to.text(&self.text).put(&self.tool_calls).put(&self.usage);
    }
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        Ok(Self { text: from.take()?, tool_calls: from.take()?, usage: from.take()? })
    }
}

impl Stored for Failure {
    fn store(&self, to: &mut Writer) {
        to.put(&self.class).put(&self.transient).put(&self.retry_after).text(&self.message);
    }
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        Ok(Self { class: from.take()?, transient: from.take()?, retry_after: from.take()?, message: from.take()? })
    }
}

impl Stored for AttemptId {
    fn store(&self, to: &mut Writer) {
        to.put(&self.call.0).put(&self.attempt);
    }
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        Ok(Self { call: CallId(from.take()?), attempt: from.take()? })
    }
}

impl Stored for Reconciliation {
    fn store(&self, to: &mut Writer) {
        match self {
            Self::Done { output } => to.put(&0_u8).text(output),
            Self::NotDone => to.put(&1_u8),
            Self::Unknown => to.put(&2_u8),
        };
    }
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        Ok(match from.take::<u8>()? {
            0 => Self::Done { output: from.take()? },
            1 => Self::NotDone,
            2 => Self::Unknown,
            _ => return Err(SnapshotError::Damaged),
        })
    }
}

impl Stored for BlockReason {
    fn store(&self, to: &mut Writer) {
        to.text(self.as_str());
    }
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        let name = from.take::<alloc::string::String>()?;
        Self::ALL.into_iter().find(|reason| reason.as_str() == name).ok_or(SnapshotError::Damaged)
    }
}

impl Stored for Claimed {
    fn store(&self, to: &mut Writer) {
        match self {
            Self::Granted => to.put(&false),
            Self::Taken { state, output } => to.put(&true).put(state).text(output),
        };
    }
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        if !from.take::<bool>()? {
            return Ok(Self::Granted);
        }
        Ok(Self::Taken { state: from.take::<EffectState>()?, output: from.take()? })
    }
}

impl Stored for Input {
    fn store(&self, to: &mut Writer) {
        match self {
            Self::Start => to.put(&0_u8),
            Self::Tick => to.put(&1_u8),
            Self::ModelReplied(id, reply) => to.put(&2_u8).put(id).put(reply),
            Self::ToolReplied(id, output) => to.put(&3_u8).put(id).text(output),
            Self::Failed(id, failure) => to.put(&4_u8).put(id).put(failure),
            Self::Decided(id, decision) => to.put(&5_u8).put(&id.0).put(decision),
            Self::DecidedOn(id, digest, decision) => to.put(&6_u8).put(&id.0).put(digest).put(decision),
            Self::Reconciled(id, found) => to.put(&7_u8).put(id).put(found),
            Self::Claimed(key, claimed) => to.put(&8_u8).put(key).put(claimed),
            Self::Suspend => to.put(&9_u8),
            Self::Cancel => to.put(&10_u8),
            Self::Output(id) => to.put(&11_u8).put(id),
            Self::Commit(id) => to.put(&12_u8).put(id),
            Self::Spent(id, spend) => to.put(&13_u8).put(id).put(spend),
            Self::Narrowed(left) => to.put(&14_u8).put(left),
        };
    }
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        Ok(match from.take::<u8>()? {
            0 => Self::Start,
            1 => Self::Tick,
            2 => Self::ModelReplied(from.take()?, from.take()?),
            3 => Self::ToolReplied(from.take()?, from.take()?),
            4 => Self::Failed(from.take()?, from.take()?),
            5 => Self::Decided(ApprovalId(from.take()?), from.take()?),
            6 => Self::DecidedOn(ApprovalId(from.take()?), from.take()?, from.take()?),
            7 => Self::Reconciled(from.take()?, from.take()?),
            8 => Self::Claimed(from.take()?, from.take()?),
            9 => Self::Suspend,
            10 => Self::Cancel,
            11 => Self::Output(from.take()?),
            12 => Self::Commit(from.take()?),
            13 => Self::Spent(from.take()?, from.take()?),
            14 => Self::Narrowed(from.take()?),
            _ => return Err(SnapshotError::Damaged),
        })
    }
}

impl Stored for StopReason {
    fn store(&self, to: &mut Writer) {
        to.text(self.as_str());
    }
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        let name = from.take::<alloc::string::String>()?;
        Self::ALL.into_iter().find(|stop| stop.as_str() == name).ok_or(SnapshotError::Damaged)
    }
}

impl Stored for RunResult {
    fn store(&self, to: &mut Writer) {
        to.text(&self.answer)
            .put(&self.steps)
            .put(&self.blocked)
            .put(&self.degraded)
            .put(&self.stop)
            .put(&self.pending);
    }
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        Ok(Self {
            answer: from.take()?,
            steps: from.take()?,
            blocked: from.take()?,
            degraded: from.take()?,
            stop: from.take()?,
            pending: from.take()?,
        })
    }
}
