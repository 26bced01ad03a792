//! Approvals: a human's yes or no to one exact tool call.
//!
//! A yes is bound by a digest to the run, the call, the tool and the exact arguments; it is used once, and it expires.
//! Silence means no: an approval nobody gave is [`Outcome::Expired`], which is neither a yes nor a human's no.

use crate::id::{ApprovalId, Key};
use crate::setting::InvalidSetting;
use crate::time::{Duration, Instant, micros};
use alloc::string::String;
use core::fmt;

/// What a yes is bound to: a hash over run, call, tool and exact arguments.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest(pub [u8; 32]);

/// A published hash over the concatenation of its parts, as [`sha256`] is.
pub type HashFunction = fn(parts: &[&[u8]]) -> Digest;

/// SHA-256 (FIPS 180-4) of the parts, one after the other.
///
/// ```
/// let digest = steadfast::approval::sha256(&[b"a", b"bc"]);
/// assert_eq!(&digest.to_string()[..16], "ba7816bf8f01cfea"); // the standard's example: "abc"
/// ```
#[cfg(feature = "sha2")]
#[must_use]
pub fn sha256(parts: &[&[u8]]) -> Digest {
    use sha2::Digest as _;
    let mut hash = sha2::Sha256::new();
    for part in parts {
        hash.update(part);
    }
    Digest(hash.finalize().into())
}

impl Digest {
    /// The digest of one exact tool call. Every part is preceded by its length, so no two calls share a text.
    #[must_use]
    pub fn of_call(hash: HashFunction, key: Key, tool: &str, args: &str) -> Self {
        let length = |text: &str| (text.len() as u64).to_be_bytes();
        hash(&[
            b"steadfast approval 1",
            &key.run.0.to_be_bytes(),
            &key.call.0.to_be_bytes(),
            &length(tool),
            tool.as_bytes(),
            &length(args),
            args.as_bytes(),
        ])
    }
}

impl fmt::Display for Digest {
    /// 64 hexadecimal digits; `{:.8}` gives the first eight, as shown to people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = f.precision().unwrap_or(64);
        for (index, byte) in self.0.iter().enumerate() {
            if index * 2 >= digits {
                break;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self:.8})")
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Decides whether a tool call may run, must be asked about, or is denied.
///
/// Whatever it says of a call, where there is an approver they are also asked whether a call may run again that must not happen
/// twice and may have happened.
///
/// | setting | default | meaning |
/// |---|---|---|
/// | approver | none | without one every risky call is denied |
/// | expires after | 10 min | an unanswered request counts as no |
///
/// ```
/// use steadfast::approval::{ApprovalGate, Verdict};
///
/// let nobody = ApprovalGate::default();
/// assert_eq!(nobody.check(false), Verdict::Run);
/// assert_eq!(nobody.check(true), Verdict::Deny);
/// assert_eq!(nobody.with_approver(true).check(true), Verdict::Ask);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ApprovalGate {
    approver: bool,
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::time::serialize_duration"))]
    expires_after: Duration,
}

impl Default for ApprovalGate {
    fn default() -> Self {
        Self { approver: false, expires_after: Duration::from_secs(600) }
    }
}

impl ApprovalGate {
    /// With somebody to ask, or nobody.
    #[must_use]
    pub fn with_approver(mut self, present: bool) -> Self {
        self.approver = present;
        self
    }

    /// With another time until an unanswered request counts as no; more than zero.
    pub fn with_expires_after(mut self, limit: Duration) -> Result<Self, InvalidSetting> {
        if micros(limit) == 0 {
            return Err(InvalidSetting::new("approval.expires_after", limit, "more than 0 ms"));
        }
        self.expires_after = limit;
        Ok(self)
    }

    /// Whether there is somebody to ask.
    #[must_use]
    pub fn has_approver(self) -> bool {
        self.approver
    }

    /// How long a request waits for its answer.
    #[must_use]
    pub fn expires_after(self) -> Duration {
        self.expires_after
    }

    /// What becomes of a call: safe ones run, risky ones are asked about, and denied where nobody can be asked.
    #[must_use]
    pub fn check(self, risky: bool) -> Verdict {
        match (risky, self.approver) {
            (false, _) => Verdict::Run,
            (true, true) => Verdict::Ask,
            (true, false) => Verdict::Deny,
        }
    }
}

/// What the gate says of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It runs.
    Run,
    /// A human decides.
    Ask,
    /// It does not run: it is risky and nobody can be asked.
    Deny,
}

/// A request for approval, as it is put before a human.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ApprovalRequest {
    /// What a decision refers to.
    pub id: ApprovalId,
    /// The call it is about: the key that goes to the tool.
    pub key: Key,
    /// The tool.
    pub tool: String,
    /// Its exact arguments: what is shown is what runs.
    pub args: String,
    /// What the yes is bound to.
    pub digest: Digest,
    /// When it was asked.
    pub asked_at: Instant,
    /// When silence becomes a no.
    pub expires_at: Instant,
    /// Whether it may have happened already, by this call or by an earlier one for the same: a yes runs it again.
    pub again: bool,
    /// Why it is asked, as a sentence.
    pub why: String,
}

/// A human's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(tag = "decision", rename_all = "snake_case"))]
pub enum Decision {
    /// Yes, exactly as shown.
    Approve,
    /// Yes, with these arguments instead. Not for what is to run [again](ApprovalRequest::again): that is refused, for with other
    /// arguments it would be another call, and the one that may have happened would be forgotten.
    ApproveEdited {
        /// The arguments to run with.
        args: String,
    },
    /// No.
    Deny {
        /// A word to the model on why not; may be empty.
        message: String,
    },
}

/// How a request ended. It ends once.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(tag = "outcome", rename_all = "snake_case"))]
pub enum Outcome {
    /// A human said yes to exactly these arguments.
    Approved {
        /// The arguments to run with.
        args: String,
        /// The digest they have.
        digest: Digest,
        /// Whether the human changed them.
        edited: bool,
    },
    /// A human said no.
    Denied {
        /// Why, for the model.
        message: String,
    },
    /// Nobody answered in time.
    Expired,
}

/// Why a decision changed nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum DecisionRejected {
    /// No such request was asked in this run.
    Unknown,
    /// The question is closed: it was decided before, expired, or needs no answer any more. An approval is used once.
    AlreadyDecided,
    /// It had expired.
    Expired,
    /// It is about another call than the one that is asked about: the digests differ.
    OtherCall,
    /// It changes the arguments of what may have happened already: to run it again is to run exactly that. The question stays
    /// open.
    OtherArguments,
    /// The run is suspended, and the question open: it hears decisions once it was [restored](crate::run::Run::restore) and told to
    /// start.
    Suspended,
}

/// One request from its asking to its end.
#[derive(Debug, Clone)]
pub struct Approval {
    request: ApprovalRequest,
    hash: HashFunction,
    outcome: Option<Outcome>,
}

impl Approval {
    /// Asks for one exact call.
    #[must_use]
    pub fn ask(
        id: ApprovalId,
        key: Key,
        tool: &str,
        args: &str,
        now: Instant,
        gate: ApprovalGate,
        hash: HashFunction,
    ) -> Self {
        let request = ApprovalRequest {
            id,
            key,
            tool: tool.into(),
            args: args.into(),
            digest: Digest::of_call(hash, key, tool, args),
            asked_at: now,
            expires_at: now + gate.expires_after * if sabotaged!(QuestionIsOpenTooLong) { 2 } else { 1 },
            again: false,
            why: alloc::format!("{tool} is risky, so a human decides"),
        };
        Self { request, hash, outcome: None }
    }

    /// Asked about a call that ran before, ended with this error, and may have happened.
    #[must_use]
    pub fn again(mut self, error: &str) -> Self {
        self.request.again = !sabotaged!(AgainIsNotSaid);
        self.request.why =
            alloc::format!("{} may have happened already ({error}); a yes runs it again", self.request.tool);
        self
    }

    /// The call it is about, and whose idempotency key it is.
    #[must_use]
    pub fn key(&self) -> Key {
        self.request.key
    }

    /// The request.
    #[must_use]
    pub fn request(&self) -> &ApprovalRequest {
        &self.request
    }

    /// How it ended, if it has.
    #[must_use]
    pub fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }

    /// Takes a human's answer, once, and before it expires.
    pub fn decide(&mut self, now: Instant, decision: Decision) -> Result<&Outcome, DecisionRejected> {
        match self.outcome {
            Some(Outcome::Expired) => return Err(DecisionRejected::Expired),
            Some(_) => return Err(DecisionRejected::AlreadyDecided),
            None if now >= self.request.expires_at => return Err(DecisionRejected::Expired),
            None => {}
        }
        let outcome = match decision {
            Decision::Approve => {
                Outcome::Approved { args: self.request.args.clone(), digest: self.request.digest, edited: false }
            }
            Decision::ApproveEdited { args } if self.request.again && args != self.request.args => {
                return Err(DecisionRejected::OtherArguments);
            }
            Decision::ApproveEdited { args } => Outcome::Approved {
                digest: Digest::of_call(self.hash, self.request.key, &self.request.tool, &args),
                edited: args != self.request.args,
                args,
            },
            Decision::Deny { message } => Outcome::Denied { message },
        };
        Ok(self.outcome.insert(outcome))
    }

    /// As [`decide`](Self::decide), from a human who was shown the call of that digest. A decision on another call than
    /// the one that would run is refused.
    pub fn decide_on(
        &mut self,
        now: Instant,
        digest: Digest,
        decision: Decision,
    ) -> Result<&Outcome, DecisionRejected> {
        if self.outcome.is_none() && digest != self.request.digest && !sabotaged!(AnyDigestWillDo) {
            return Err(DecisionRejected::OtherCall);
        }
        self.decide(now, decision)
    }

    /// Lets time pass: answers whether it expired just now.
    pub fn expire(&mut self, now: Instant) -> bool {
        let expires = self.outcome.is_none() && now >= self.request.expires_at;
        if expires {
            self.outcome = Some(Outcome::Expired);
        }
        expires
    }
}

mod stored;

#[cfg(all(test, feature = "sha2"))]
mod tests {
    use super::*;
    use crate::id::{CallId, RunId};

    const KEY: Key = Key { run: RunId(1), call: CallId(2) };

    fn asked() -> Approval {
        let gate = ApprovalGate::default().with_expires_after(Duration::from_secs(60)).unwrap();
        Approval::ask(ApprovalId(1), KEY, "send_email", "{\"to\":\"a\"}", Instant::ORIGIN, gate, sha256)
    }

    #[test]
    fn approval_gate_denies_a_risky_action_by_default_and_passes_safe_ones() {
        assert_eq!(ApprovalGate::default().check(true), Verdict::Deny);
        assert_eq!(ApprovalGate::default().check(false), Verdict::Run);
    }

    #[test]
    fn the_digest_changes_with_run_call_tool_and_arguments() {
        let of =
            |run, call, tool, args| Digest::of_call(sha256, Key { run: RunId(run), call: CallId(call) }, tool, args);
        let digest = of(1, 2, "mail", "ab");
        for other in [of(2, 2, "mail", "ab"), of(1, 3, "mail", "ab"), of(1, 2, "mai", "lab"), of(1, 2, "mail", "ac")] {
            assert_ne!(digest, other);
        }
        assert_eq!(digest, of(1, 2, "mail", "ab"));
    }

    #[test]
    fn a_digest_is_shown_whole_or_in_short() {
        let digest = Digest(core::array::from_fn(|index| u8::try_from(index).unwrap()));
        let whole = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
        assert_eq!(alloc::format!("{digest}"), whole);
        assert_eq!(alloc::format!("{digest:.8}"), "00010203");
        assert_eq!(alloc::format!("{digest:?}"), "Digest(00010203)");
    }

    #[test]
    fn a_gate_tells_its_settings() {
        let gate = ApprovalGate::default();
        assert_eq!((gate.has_approver(), gate.expires_after()), (false, Duration::from_secs(600)));
        assert!(gate.with_approver(true).has_approver());
        assert_eq!(gate.with_expires_after(Duration::ZERO).unwrap_err().name, "approval.expires_after");
        assert_eq!(asked().key(), KEY);
    }

    #[test]
    fn a_yes_runs_exactly_what_was_shown() {
        let mut approval = asked();
        let digest = approval.request().digest;
        let outcome = approval.decide(Instant::from_millis(1), Decision::Approve).unwrap();
        assert_eq!(*outcome, Outcome::Approved { args: "{\"to\":\"a\"}".into(), digest, edited: false });
    }

    #[test]
    fn an_approval_is_used_once() {
        let mut approval = asked();
        approval.decide(Instant::from_millis(1), Decision::Deny { message: "no".into() }).unwrap();
        let second = approval.decide(Instant::from_millis(2), Decision::Approve);
        assert_eq!(second, Err(DecisionRejected::AlreadyDecided));
        assert_eq!(approval.outcome(), Some(&Outcome::Denied { message: "no".into() }));
    }

    #[test]
    fn silence_becomes_a_no_at_its_instant_and_not_before() {
        let mut approval = asked();
        assert!(!approval.expire(Instant::from_micros(59_999_999)));
        assert!(approval.expire(Instant::from_micros(60_000_000)));
        assert!(!approval.expire(Instant::from_micros(60_000_001)), "it expires once");
        assert_eq!(approval.decide(Instant::from_millis(61_000), Decision::Approve), Err(DecisionRejected::Expired));
    }

    #[test]
    fn a_yes_at_the_instant_of_expiry_comes_too_late() {
        assert_eq!(asked().decide(Instant::from_millis(60_000), Decision::Approve), Err(DecisionRejected::Expired));
        assert!(asked().decide(Instant::from_micros(59_999_999), Decision::Approve).is_ok());
    }

    #[test]
    fn a_yes_to_another_call_than_the_one_that_would_run_is_refused() {
        let mut approval = asked();
        let other = Digest::of_call(sha256, KEY, "send_email", "{\"to\":\"b\"}");
        assert_eq!(approval.decide_on(Instant::ORIGIN, other, Decision::Approve), Err(DecisionRejected::OtherCall));
        let shown = approval.request().digest;
        assert!(approval.decide_on(Instant::ORIGIN, shown, Decision::Approve).is_ok());
    }

    #[test]
    fn edited_arguments_have_a_digest_of_their_own() {
        let mut approval = asked();
        let shown = approval.request().digest;
        let outcome = approval.decide(Instant::ORIGIN, Decision::ApproveEdited { args: "{}".into() }).unwrap();
        let Outcome::Approved { args, digest, edited: true } = outcome else { panic!("{outcome:?}") };
        assert_eq!(args, "{}");
        assert_ne!(*digest, shown);
    }

    #[test]
    fn a_question_about_what_may_have_happened_says_so() {
        let said = |approval: &Approval| (approval.request().again, approval.request().why.clone());
        assert_eq!(said(&asked()), (false, "send_email is risky, so a human decides".into()));
        let why = "send_email may have happened already (timed out); a yes runs it again";
        assert_eq!(said(&asked().again("timed out")), (true, why.into()));
    }
}
