//! Questions in a snapshot. A question whose digest does not fit its call does not come back.

use super::{Approval, ApprovalRequest, Decision, Digest, HashFunction, Outcome};
use crate::id::ApprovalId;
use crate::snapshot::{Reader, SnapshotError, Stored, Writer};

impl Approval {
    pub(crate) fn store(&self, to: &mut Writer) {
        to.put(&self.request).put(&self.outcome);
    }

    pub(crate) fn load(from: &mut Reader<'_>, hash: HashFunction) -> Result<Self, SnapshotError> {
        let (mut request, outcome): (ApprovalRequest, Option<Outcome>) = (from.take()?, from.take()?);
        if sabotaged!(QuestionsDoNotAge) {
            request.expires_at = request.expires_at + from.elapsed();
        }
        if Digest::of_call(hash, request.key, &request.tool, &request.args) != request.digest {
            return Err(SnapshotError::Impossible { what: "the digest of a question does not fit its call" });
        }
        if outcome.is_some() {
            return Err(SnapshotError::Impossible { what: "a question in it is decided already" });
        }
        Ok(Self { request, hash, outcome })
    }
}

impl Stored for Digest {
    fn store(&self, to: &mut Writer) {
        for byte in self.0 {
            to.put(&byte);
        }
    }
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        from.chunk().map(Self)
    }
}

impl Stored for ApprovalRequest {
    fn store(&self, to: &mut Writer) {
        to.put(&self.id.0).put(&self.key).text(&self.tool).text(&self.args).put(&self.digest);
        to.put(&self.asked_at).put(&self.expires_at).put(&self.again).text(&self.why);
    }
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        Ok(Self {
            id: ApprovalId(from.take()?),
            key: from.take()?,
            tool: from.take()?,
            args: from.take()?,
            digest: from.take()?,
            asked_at: from.take()?,
            expires_at: from.take()?,
            again: from.take()?,
            why: from.take()?,
        })
    }
}

impl Stored for Decision {
    fn store(&self, to: &mut Writer) {
        match self {
            Self::Approve => to.put(&0_u8),
            Self::ApproveEdited { args } => to.put(&1_u8).text(args),
            Self::Deny { message } => to.put(&2_u8).text(message),
        };
    }
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        Ok(match from.take::<u8>()? {
            0 => Self::Approve,
            1 => Self::ApproveEdited { args: from.take()? },
            2 => Self::Deny { message: from.take()? },
            _ => return Err(SnapshotError::Damaged),
        })
    }
}

impl Stored for Outcome {
    fn store(&self, to: &mut Writer) {
        match self {
            Self::Approved { args, digest, edited } => to.put(&0_u8).text(args).put(digest).put(edited),
            Self::Denied { message } => to.put(&1_u8).text(message),
            Self::Expired => to.put(&2_u8),
        };
    }
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        Ok(match from.take::<u8>()? {
            0 => Self::Approved { args: from.take()?, digest: from.take()?, edited: from.take()? },
            1 => Self::Denied { message: from.take()? },
            2 => Self::Expired,
            _ => return Err(SnapshotError::Damaged),
        })
    }
}
