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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::approval::ApprovalGate;
    use crate::id::{CallId, Key, RunId};
    use crate::snapshot::Kind;
    use crate::time::{Duration, Instant};

    const THEN: Instant = Instant::from_millis(1_000);

    /// Enough of a hash to tell one call from another.
    fn hash(parts: &[&[u8]]) -> Digest {
        let mut sums = [0_u8; 32];
        for (index, byte) in parts.iter().copied().flatten().enumerate() {
            sums[index % 32] = sums[index % 32].wrapping_mul(31).wrapping_add(*byte);
        }
        Digest(sums)
    }

    /// Asked at 1 s, open for a minute.
    fn asked() -> Approval {
        let gate = ApprovalGate::default().with_expires_after(Duration::from_secs(60)).unwrap();
        let key = Key { run: RunId(1), call: CallId(2) };
        Approval::ask(ApprovalId(7), key, "send_email", "{\"to\":\"a\"}", THEN, gate, hash).again("timed out")
    }

    fn restored(approval: &Approval, now: Instant, away: Duration) -> Result<Approval, SnapshotError> {
        let mut to = Writer::new(Kind::Run, THEN);
        approval.store(&mut to);
        let bytes = to.finish();
        let mut from = Reader::new(Kind::Run, &bytes, now, away)?;
        let back = Approval::load(&mut from, hash)?;
        from.finish()?;
        Ok(back)
    }

    fn back<T: Stored>(value: &T) -> Result<T, SnapshotError> {
        let mut to = Writer::new(Kind::Run, THEN);
        to.put(value);
        let bytes = to.finish();
        let mut from = Reader::new(Kind::Run, &bytes, THEN, Duration::ZERO)?;
        let back = from.take()?;
        from.finish()?;
        Ok(back)
    }

    #[test]
    fn an_open_question_comes_back_as_it_was_asked_and_expires_as_if_nobody_had_been_away() {
        let same = restored(&asked(), THEN, Duration::ZERO).unwrap();
        assert_eq!((same.request(), same.outcome()), (asked().request(), None));
        let mut later = restored(&asked(), Instant::from_millis(50), Duration::from_secs(20)).unwrap();
        assert!(!later.expire(Instant::from_micros(40_049_999)));
        assert!(later.expire(Instant::from_micros(40_050_000)));
    }

    #[test]
    fn a_question_whose_digest_is_of_another_call_does_not_come_back() {
        let mut other = asked();
        other.request.args = "{\"to\":\"b\"}".into();
        let error = SnapshotError::Impossible { what: "the digest of a question does not fit its call" };
        assert_eq!(restored(&other, THEN, Duration::ZERO).unwrap_err(), error);
    }

    #[test]
    fn a_question_that_is_decided_does_not_come_back() {
        let mut decided = asked();
        decided.decide(THEN, Decision::Approve).unwrap();
        let error = SnapshotError::Impossible { what: "a question in it is decided already" };
        assert_eq!(restored(&decided, THEN, Duration::ZERO).unwrap_err(), error);
    }

    #[test]
    fn decisions_and_outcomes_come_back_as_they_were_and_unknown_ones_are_damage() {
        let deny = Decision::Deny { message: "no".into() };
        for decision in [Decision::Approve, Decision::ApproveEdited { args: "{}".into() }, deny] {
            assert_eq!(back(&decision), Ok(decision));
        }
        let digest = asked().request.digest;
        let approved = |edited| Outcome::Approved { args: "{}".into(), digest, edited };
        let denied = Outcome::Denied { message: "no".into() };
        for outcome in [approved(false), approved(true), denied, Outcome::Expired] {
            assert_eq!(back(&outcome), Ok(outcome));
        }
        let mut to = Writer::new(Kind::Run, THEN);
        to.put(&3_u8);
        let bytes = to.finish();
        let read = || Reader::new(Kind::Run, &bytes, THEN, Duration::ZERO).unwrap();
        assert_eq!(read().take::<Decision>(), Err(SnapshotError::Damaged));
        assert_eq!(read().take::<Outcome>(), Err(SnapshotError::Damaged));
    }
}
