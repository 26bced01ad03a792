//! Events: every decision the engine takes, with its reason as a value.

use crate::approval::{DecisionRejected, Digest};
use crate::backoff::Delay;
use crate::breaker::{ChangeReason, RejectReason};
use crate::budget::BudgetExceeded;
use crate::deadline::Scope;
use crate::effect::{Effect, EffectState, Reconciliation};
use crate::failure::Failure;
use crate::fallback::{FallbackReason, PauseReason, RetryRefusal};
use crate::id::{ApprovalId, RunId};
use crate::outcome::{CallError, StopReason};
use crate::progress::{Repetition, Rung};
use crate::rng::Seed;
use crate::time::{Duration, Instant};
use alloc::string::String;
use alloc::vec::Vec;

/// One decision or observation. As data it is `{"what": ..., "why": {...}}`; [`crate::sentence`] says it in words.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(tag = "what", content = "why", rename_all = "snake_case")
)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the fields carry the names of what they are; each variant says what happened")]
pub enum Event {
    /// The run began.
    RunStarted { run: RunId, seed: Seed, max_steps: u32, deadline: Option<Instant> },
    /// A turn of the agent loop began.
    StepStarted { step: u32, of: u32 },
    /// The model is asked, with so many messages and so many options to fall back on.
    ModelCalled { messages: u32, options: u32 },
    /// The model answered: with text, or with tools it wants.
    ModelReplied { text: String, tools: Vec<String> },
    /// A tool is called.
    ToolCalled { tool: String, args: String, effect: Effect },
    /// A tool answered.
    ToolReplied { tool: String, output: String },
    /// The model asked for a tool there is not.
    ToolUnknown { tool: String },
    /// A tool does not run.
    ToolBlocked { tool: String, reason: BlockReason },
    /// A tool that must not run twice failed in a way that leaves open whether it ran.
    EffectUnknown { tool: String, failure: Failure },
    /// Whoever can tell is asked whether an effect of unknown outcome happened.
    ReconcileAsked { tool: String },
    /// They answered.
    Reconciled { tool: String, found: Reconciliation },
    /// A late word settled what was unknown, or told that what was taken for failed happened.
    EffectSettled { tool: String, state: EffectState },
    /// A late word: a tool that must not happen twice did, so many times as is known.
    EffectRepeated { tool: String, times: u32 },
    /// Another resume of the same run was first: its result is used, and nothing runs.
    EffectTaken { tool: String, state: EffectState },
    /// The results went to the model.
    Observed { results: u32 },

    /// An attempt began.
    AttemptStarted { option: u32, until: Option<Instant>, scope: Scope },
    /// An attempt succeeded.
    AttemptSucceeded {
        #[cfg_attr(feature = "serde", serde(serialize_with = "crate::time::serialize_duration"))]
        after: Duration,
    },
    /// An attempt failed.
    AttemptFailed {
        failure: Failure,
        #[cfg_attr(feature = "serde", serde(serialize_with = "crate::time::serialize_duration"))]
        after: Duration,
    },
    /// The first part of an attempt's output came.
    FirstOutput {
        #[cfg_attr(feature = "serde", serde(serialize_with = "crate::time::serialize_duration"))]
        after: Duration,
    },
    /// Something of an attempt was shown: it is not tried again any more.
    Committed {
        #[cfg_attr(feature = "serde", serde(serialize_with = "crate::time::serialize_duration"))]
        after: Duration,
    },
    /// An attempt was several: something inside it retries too.
    InnerRetries { attempts: u64 },
    /// Another try might help and is not allowed.
    RetryRefused { reason: RetryRefusal },
    /// An attempt was given up because its time was up; whatever it still brings is late.
    AttemptTimedOut {
        scope: Scope,
        #[cfg_attr(feature = "serde", serde(serialize_with = "crate::time::serialize_duration"))]
        after: Duration,
    },
    /// An attempt was given up because nobody wants its result any more.
    AttemptAbandoned {
        #[cfg_attr(feature = "serde", serde(serialize_with = "crate::time::serialize_duration"))]
        after: Duration,
    },
    /// Another attempt follows after a wait.
    BackingOff { next: u32, of: u32, until: Instant, delay: Delay },
    /// The call waits until then, when that option may be tried.
    Paused { option: u32, until: Instant, reason: PauseReason },
    /// The next option is tried.
    FellBack { from: u32, to: u32, reason: FallbackReason },
    /// The call has no value.
    CallFailed { error: CallError },
    /// A result came for an attempt that is over or never was.
    LateReply { ok: bool },

    /// A breaker opened.
    BreakerOpened { option: u32, until: Instant, reason: ChangeReason },
    /// A breaker lets probes through.
    BreakerHalfOpened { option: u32 },
    /// A breaker closed.
    BreakerClosed { option: u32, reason: ChangeReason },
    /// A breaker was forced open or disabled.
    BreakerSet { option: u32, state: &'static str, reason: ChangeReason },
    /// A breaker let an attempt not through.
    BreakerRejected { option: u32, retry_at: Instant, reason: RejectReason },

    /// A human is asked: whether it may run, or whether it may run again although it may have happened.
    ApprovalAsked {
        id: ApprovalId,
        tool: String,
        args: String,
        digest: Digest,
        expires_at: Instant,
        #[cfg_attr(feature = "serde", serde(skip_serializing_if = "core::ops::Not::not"))]
        again: bool,
    },
    /// A human said yes.
    ApprovalGranted { id: ApprovalId, edited: bool, digest: Digest },
    /// A human said no.
    ApprovalDenied { id: ApprovalId, message: String },
    /// Nobody answered in time.
    ApprovalExpired { id: ApprovalId },
    /// The question needs no answer any more: the run ended, or a late word settled what it was about.
    ApprovalWithdrawn { id: ApprovalId },
    /// A decision that changes nothing.
    DecisionIgnored { id: ApprovalId, reason: DecisionRejected },

    /// The step cap is used up.
    StepLimitReached { limit: u32 },
    /// The budget does not suffice for another step.
    BudgetSpent { exceeded: BudgetExceeded },
    /// The agent repeats itself: what the rule is, and what is done about it.
    RepetitionSeen { rung: Rung, rule: Repetition },
    /// The host's clock went back; the engine stays at the last instant.
    ClockWentBack {
        #[cfg_attr(feature = "serde", serde(serialize_with = "crate::time::serialize_duration"))]
        by: Duration,
    },
    /// The run ended for now: so many questions wait for a human, and its snapshot resumes it.
    RunSuspended { pending: Vec<ApprovalId>, steps: u32 },
    /// The run goes on from its snapshot.
    RunResumed { run: RunId, step: u32, pending: Vec<ApprovalId> },
    /// Whatever is decided from here on is decided by another policy.
    PolicyChanged { reason: String },
    /// The run ended.
    RunFinished { stop: StopReason, degraded: bool, steps: u32, blocked: Vec<String>, answer: String },
}

impl Event {
    /// Whether something is decided, rather than told, asked or answered: whatever [`explain`](crate::explain) gives a reason for.
    ///
    /// ```
    /// use steadfast::event::Event;
    /// use core::time::Duration;
    ///
    /// assert!(Event::Committed { after: Duration::ZERO }.is_decision());
    /// assert!(!Event::FirstOutput { after: Duration::ZERO }.is_decision());
    /// ```
    #[must_use]
    pub const fn is_decision(&self) -> bool {
        !matches!(
            self,
            Self::RunStarted { .. }
                | Self::RunResumed { .. }
                | Self::PolicyChanged { .. }
                | Self::StepStarted { .. }
                | Self::ModelCalled { .. }
                | Self::ModelReplied { .. }
                | Self::ToolCalled { .. }
                | Self::ToolReplied { .. }
                | Self::Observed { .. }
                | Self::AttemptSucceeded { .. }
                | Self::AttemptFailed { .. }
                | Self::FirstOutput { .. }
                | Self::InnerRetries { .. }
                | Self::Reconciled { .. }
                | Self::EffectSettled { .. }
                | Self::EffectRepeated { .. }
                | Self::ApprovalGranted { .. }
                | Self::ApprovalDenied { .. }
                | Self::ClockWentBack { .. }
        )
    }
}

/// Why a tool does not run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum BlockReason {
    /// It is risky and there is nobody to ask.
    NobodyToAsk,
    /// A human said no.
    Denied,
    /// Nobody answered in time.
    Expired,
    /// The run ended before anybody answered.
    RunEnded,
    /// Another resume of the same run was first.
    DecidedElsewhere,
}

impl BlockReason {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::NobodyToAsk, Self::Denied, Self::Expired, Self::RunEnded, Self::DecidedElsewhere];

    /// Its name, as traces and JavaScript spell it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NobodyToAsk => "nobody_to_ask",
            Self::Denied => "denied",
            Self::Expired => "expired",
            Self::RunEnded => "run_ended",
            Self::DecidedElsewhere => "decided_elsewhere",
        }
    }
}
