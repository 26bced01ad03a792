//! The one file that turns decisions and reasons into sentences. The playground, the terminal and JavaScript show these.

use crate::approval::DecisionRejected;
use crate::breaker::{ChangeReason, RejectReason};
use crate::budget::RetryBudgetSpent;
use crate::deadline::Scope;
use crate::effect::{EffectState, Reconciliation};
use crate::event::{BlockReason, Event};
use crate::fallback::{FallbackReason, PauseReason, RetryRefusal};
use crate::outcome::StopReason;
use crate::progress::Rung;
use crate::time::{Instant, Span};
use alloc::borrow::Cow;
use core::fmt;

impl fmt::Display for Event {
    #[expect(clippy::too_many_lines, reason = "one line a sentence; split, it would only be harder to read")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RunStarted { max_steps, deadline: None, .. } => {
                write!(f, "The run starts: at most {}, no deadline.", counted(*max_steps, "step", "steps"))
            }
            Self::RunStarted { max_steps, deadline: Some(at), .. } => {
                write!(f, "The run starts: at most {}, until {at}.", counted(*max_steps, "step", "steps"))
            }
            Self::StepStarted { step, of } => write!(f, "Step {step} of at most {of}."),
            Self::ModelCalled { messages, .. } => {
                write!(f, "Think: the model is asked, with {}.", counted(*messages, "message", "messages"))
            }
            Self::ModelReplied { text, tools } if tools.is_empty() => write!(f, "The model answers: {text}"),
            Self::ModelReplied { tools, .. } => {
                f.write_str("The model wants ")?;
                list(f, tools)?;
                f.write_str(".")
            }
            Self::ToolCalled { tool, args, .. } => write!(f, "Act: {tool} is called with {args}."),
            Self::ToolReplied { tool, output } => write!(f, "{tool} answers: {output}"),
            Self::ToolUnknown { tool } => write!(f, "There is no tool {tool}; the model is told which ones there are."),
            Self::ToolBlocked { tool, reason } => write!(f, "{tool} does not run: {reason}."),
            Self::EffectUnknown { tool, failure } => write!(
                f,
                "{tool} must not happen twice and ended with {failure}: it may have happened, so it is not tried again by itself."
            ),
            Self::ReconcileAsked { tool } => write!(f, "It is looked up whether {tool} happened."),
            Self::Reconciled { tool, found: Reconciliation::Done { .. } } => {
                write!(f, "It was found that {tool} happened.")
            }
            Self::Reconciled { tool, found: Reconciliation::NotDone } => {
                write!(f, "It was found that {tool} did not happen.")
            }
            Self::Reconciled { tool, found: Reconciliation::Unknown } => {
                write!(f, "Nobody could tell whether {tool} happened.")
            }
            Self::EffectSettled { tool, state: EffectState::Done } => {
                write!(f, "A late word: {tool} happened after all.")
            }
            Self::EffectSettled { tool, state } => write!(f, "A late word: {tool} {}.", became(*state)),
            Self::EffectRepeated { tool, times } => write!(
                f,
                "A late word: {tool} happened {}, for it was tried again while nobody knew of the earlier try.",
                so_often(*times)
            ),
            Self::EffectTaken { tool, state } => write!(
                f,
                "{tool} does not run here: another resume of this run was first, and there it {}.",
                became(*state)
            ),
            Self::Observed { results: 1 } => f.write_str("Observe: 1 result goes to the model."),
            Self::Observed { results } => write!(f, "Observe: {results} results go to the model."),

            Self::ApprovalAsked { tool, args, digest, expires_at, again, .. } => {
                write!(f, "A human is asked whether {tool} may run")?;
                f.write_str(if *again { " again, although it may have happened," } else { "" })?;
                write!(f, " with {args} (digest {digest:.8}); ")?;
                match *expires_at {
                    Instant::MAX => f.write_str("silence is never a no."),
                    at => write!(f, "silence is a no at {at}."),
                }
            }
            Self::ApprovalGranted { edited: false, digest, .. } => {
                write!(f, "A human said yes to exactly this call (digest {digest:.8}).")
            }
            Self::ApprovalGranted { edited: true, digest, .. } => {
                write!(f, "A human said yes with other arguments (digest {digest:.8}).")
            }
            Self::ApprovalDenied { message, .. } if message.is_empty() => f.write_str("A human said no."),
            Self::ApprovalDenied { message, .. } => write!(f, "A human said no: {message}"),
            Self::ApprovalExpired { .. } => f.write_str("Nobody answered in time, and silence is a no."),
            Self::ApprovalWithdrawn { .. } => f.write_str("The question is withdrawn: it needs no answer any more."),
            Self::DecisionIgnored { reason, .. } => write!(f, "A decision changes nothing: {reason}."),

            Self::StepLimitReached { limit } => {
                write!(f, "The cap of {} is reached: the loop is stopped.", counted(*limit, "step", "steps"))
            }
            Self::BudgetSpent { exceeded } => write!(f, "The budget does not suffice for another step: {exceeded}."),
            Self::RepetitionSeen { rung: Rung::Hint, rule } => {
                write!(f, "The agent repeats itself, and is told so: {rule}.")
            }
            Self::RepetitionSeen { rung: Rung::Synthetic, rule } => {
                write!(f, "The agent repeats itself, so nothing runs and it is shown what it knows: {rule}.")
            }
            Self::RepetitionSeen { rung: Rung::LastTurn, rule } => {
                write!(f, "The agent repeats itself, so nothing runs and it gets a last turn without tools: {rule}.")
            }
            Self::RepetitionSeen { rung: Rung::Stop, rule } => {
                write!(f, "The agent went on after its last turn and is stopped: {rule}.")
            }
            Self::RunSuspended { pending, .. } => {
                f.write_str("The run is suspended: ")?;
                write_questions(f, pending.len())?;
                f.write_str(" for a human, and its snapshot can be resumed here or elsewhere.")
            }
            Self::RunResumed { pending, .. } if pending.is_empty() => f.write_str("The run goes on from its snapshot."),
            Self::RunResumed { pending, .. } => {
                f.write_str("The run goes on from its snapshot; ")?;
                write_questions(f, pending.len())?;
                f.write_str(".")
            }
            Self::PolicyChanged { reason } => {
                write!(f, "The policy changes here, and decides what follows: {reason}.")
            }
            Self::RunFinished { stop, degraded, .. } => {
                let how = if *degraded { ", degraded" } else { "" };
                write!(f, "The run ends{how}: {stop}.")
            }

            Self::AttemptStarted { .. }
            | Self::AttemptSucceeded { .. }
            | Self::AttemptFailed { .. }
            | Self::AttemptTimedOut { .. }
            | Self::AttemptAbandoned { .. }
            | Self::FirstOutput { .. }
            | Self::Committed { .. }
            | Self::InnerRetries { .. }
            | Self::RetryRefused { .. }
            | Self::BackingOff { .. }
            | Self::Paused { .. }
            | Self::FellBack { .. }
            | Self::CallFailed { .. }
            | Self::LateReply { .. }
            | Self::BreakerOpened { .. }
            | Self::BreakerHalfOpened { .. }
            | Self::BreakerClosed { .. }
            | Self::BreakerSet { .. }
            | Self::BreakerRejected { .. }
            | Self::ClockWentBack { .. } => OfCall(self).fmt(f),
        }
    }
}

/// What a guarded call decided, in words, and nothing of what only a run decides: who has no runs does not carry their sentences.
#[derive(Debug, Clone, Copy)]
pub struct OfCall<'a>(pub &'a Event);

impl fmt::Display for OfCall<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Event::AttemptStarted { option, until, scope } => {
                f.write_str("An attempt starts")?;
                if *option > 0 {
                    write!(f, " with fallback {option}")?;
                }
                match (until, scope) {
                    (None, _) => f.write_str("; nothing limits how long it takes."),
                    (Some(at), Scope::Attempt) => write!(f, "; its timeout is at {at}."),
                    (Some(at), Scope::FirstOutput | Scope::Idle) => write!(f, "; its first output is due at {at}."),
                    (Some(at), scope) => write!(f, "; the {}'s deadline is at {at}.", scope.as_str()),
                }
            }
            Event::AttemptSucceeded { after } => write!(f, "The attempt succeeded after {}.", Span(*after)),
            Event::AttemptFailed { failure, after } => {
                write!(f, "The attempt failed after {}: {failure}. ", Span(*after))?;
                f.write_str(match (failure.transient, failure.retry_after) {
                    (false, _) => "Another try cannot mend that.",
                    (true, None) => "That may pass.",
                    (true, Some(_)) => "That may pass",
                })?;
                match failure.retry_after.filter(|_| failure.transient) {
                    Some(wait) => write!(f, ", the server says after {}.", Span(wait)),
                    None => Ok(()),
                }
            }
            Event::AttemptTimedOut { scope: Scope::Attempt, after } => {
                write!(f, "No answer within {}: the attempt is abandoned.", Span(*after))
            }
            Event::AttemptTimedOut { scope: Scope::FirstOutput, after } => {
                write!(f, "No output within {}: the attempt is abandoned.", Span(*after))
            }
            Event::AttemptTimedOut { scope: Scope::Idle, after } => {
                write!(f, "No further output came in time: the attempt is abandoned after {}.", Span(*after))
            }
            Event::FirstOutput { after } => write!(f, "The first output came after {}.", Span(*after)),
            Event::Committed { .. } => {
                f.write_str("Something of this attempt was shown: from here on it is not tried again.")
            }
            Event::InnerRetries { attempts } => {
                write!(
                    f,
                    "This attempt was really {attempts}: something inside it retries too, and retries multiply. Switch that off."
                )
            }
            Event::RetryRefused { reason } => write!(f, "There is no other try: {reason}."),
            Event::AttemptTimedOut { scope, after } => {
                write!(f, "The {}'s deadline is here: the attempt is abandoned after {}.", scope.as_str(), Span(*after))
            }
            Event::AttemptAbandoned { after } => {
                write!(f, "The attempt is abandoned after {}: nobody waits for it any more.", Span(*after))
            }
            Event::BackingOff { next, of, delay, .. } => {
                write!(f, "Waits {} before attempt {next} of {of}: ", Span(delay.delay))?;
                match (delay.retry_after, delay.floor == delay.ceiling) {
                    (Some(asked), _) => write!(f, "the server asked for {} and is never asked earlier.", Span(asked)),
                    (None, true) => write!(f, "without jitter, exactly the ceiling of {}.", Span(delay.ceiling)),
                    (None, false) => {
                        write!(f, "drawn between {} and the ceiling of {}.", Span(delay.floor), Span(delay.ceiling))
                    }
                }
            }
            Event::Paused { option, until, reason: PauseReason::ServerAsked } => {
                write!(f, "Waits until {until}: the server of option {option} asked to be left alone until then.")
            }
            Event::Paused { option, until, reason: PauseReason::BacksOff } => {
                write!(f, "Waits until {until}: the wait before the next attempt at option {option} goes on.")
            }
            Event::Paused { option, until, reason: PauseReason::BreakerOpen } => {
                write!(f, "Waits until {until}, when the breaker of option {option} lets an attempt through.")
            }
            Event::FellBack { from, to, reason } => write!(f, "Option {from} is left for option {to}: {reason}."),
            Event::CallFailed { error } => write!(f, "The call gives up: {error}."),
            Event::LateReply { ok: true } => f.write_str("A success came for an attempt that is not under way."),
            Event::LateReply { ok: false } => f.write_str("A failure came for an attempt that is not under way."),

            Event::BreakerOpened { until, reason, .. } if *until == Instant::MAX => {
                write!(f, "The breaker opens for good: {reason}.")
            }
            Event::BreakerOpened { until, reason, .. } => write!(f, "The breaker opens until {until}: {reason}."),
            Event::BreakerHalfOpened { .. } => {
                f.write_str("The breaker is half open: its open time is over, and the next attempt is a probe.")
            }
            Event::BreakerClosed { reason, .. } => write!(f, "The breaker closes: {reason}."),
            Event::BreakerSet { state, reason, .. } => write!(f, "The breaker is {state}: {reason}."),
            Event::BreakerRejected { retry_at, reason, .. } => {
                write!(f, "The breaker lets no attempt through: {reason}.")?;
                if *retry_at < Instant::MAX { write!(f, " The next may pass at {retry_at}.") } else { Ok(()) }
            }
            Event::ClockWentBack { by } => {
                write!(f, "The host's clock went back by {}; the engine stays where it was.", Span(*by))
            }
            _ => Ok(()),
        }
    }
}

/// So many of something: "1 call", "3 calls".
pub(crate) fn counted(count: impl Into<u64>, one: &'static str, many: &'static str) -> impl fmt::Display {
    struct Counted(u64, &'static str);
    impl fmt::Display for Counted {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "{} {}", self.0, self.1)
        }
    }
    let count = count.into();
    Counted(count, if count == 1 { one } else { many })
}

/// "once", "twice", "3 times".
pub(crate) fn so_often(times: u32) -> impl fmt::Display {
    match times {
        1 => Cow::Borrowed("once"),
        2 => Cow::Borrowed("twice"),
        times => Cow::Owned(alloc::format!("{times} times")),
    }
}

/// The verb of so many.
pub(crate) fn are(count: impl Into<u64>) -> &'static str {
    if count.into() == 1 { "is" } else { "are" }
}

fn became(state: EffectState) -> &'static str {
    match state {
        EffectState::Intended => "has not begun",
        EffectState::Blocked => "was not to run",
        EffectState::Started => "is under way",
        EffectState::Done => "happened",
        EffectState::Failed => "did not happen",
        EffectState::Unknown => "may have happened",
    }
}

fn write_questions(f: &mut fmt::Formatter<'_>, count: usize) -> fmt::Result {
    match count {
        1 => f.write_str("1 question waits"),
        count => write!(f, "{count} questions wait"),
    }
}

fn list(f: &mut fmt::Formatter<'_>, names: &[alloc::string::String]) -> fmt::Result {
    for (index, name) in names.iter().enumerate() {
        match index {
            0 => {}
            last if last + 1 == names.len() => f.write_str(" and ")?,
            _ => f.write_str(", ")?,
        }
        f.write_str(name)?;
    }
    Ok(())
}

impl fmt::Display for FallbackReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AttemptsUsedUp { attempts: 1 } => f.write_str("its only attempt failed"),
            Self::AttemptsUsedUp { attempts: 2 } => f.write_str("both attempts failed"),
            Self::AttemptsUsedUp { attempts } => write!(f, "all {attempts} attempts failed"),
            Self::NotTransient { class } => write!(f, "{class} is not mended by another try"),
            Self::RetriesRefused { reason } => write!(f, "{reason}"),
            Self::BreakerOpen { retry_at } if *retry_at == Instant::MAX => f.write_str("its breaker is open"),
            Self::BreakerOpen { retry_at } => write!(f, "its breaker is open until {retry_at}"),
            Self::Paused { until, reason: PauseReason::ServerAsked } => {
                write!(f, "its server asked to be left alone until {until}")
            }
            Self::Paused { until, .. } => write!(f, "it is left alone until {until}"),
            Self::WaitBeyondDeadline { wait, remaining } => {
                write!(f, "a wait of {} is longer than the time that is left, {}", Span(*wait), Span(*remaining))
            }
        }
    }
}

impl fmt::Display for RetryRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RetryBudget(RetryBudgetSpent { retries, allowed, calls }) => {
                let (calls, allow) = (counted(*calls, "call", "calls"), if *calls == 1 { "allows" } else { "allow" });
                match allowed {
                    0 => write!(f, "{calls} {allow} no retry"),
                    allowed => {
                        let allowed = counted(*allowed, "retry", "retries");
                        write!(f, "{calls} {allow} {allowed}, and {retries} {} made", are(*retries))
                    }
                }
            }
            Self::Throttle { tokens_thousandths } => {
                let (whole, tenths) = (tokens_thousandths / 1_000, tokens_thousandths % 1_000 / 100);
                write!(f, "most of what goes there fails, {whole}.{tenths} tokens of its throttle are left")
            }
        }
    }
}

impl fmt::Display for ChangeReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Consecutive { failures: 1 } => f.write_str("a failure"),
            Self::Consecutive { failures } => write!(f, "{failures} failures in a row"),
            Self::Window { calls: 1, .. } => f.write_str("the last call failed"),
            Self::Window { failed, calls } => write!(f, "{failed} of the last {calls} calls failed"),
            Self::Slow { calls: 1, .. } => f.write_str("the last call was slow"),
            Self::Slow { slow: 1, calls } => write!(f, "1 of the last {calls} calls was slow"),
            Self::Slow { slow, calls } => write!(f, "{slow} of the last {calls} calls were slow"),
            Self::ProbeFailed => f.write_str("the probe failed"),
            Self::LeaseEnded => f.write_str("the probe was not heard of until its lease ended"),
            Self::OpenTimeOver => f.write_str("its open time is over"),
            Self::ProbesSucceeded { successes: 1 } => f.write_str("the probe succeeded"),
            Self::ProbesSucceeded { successes } => write!(f, "{successes} probes succeeded"),
            Self::ByHand { reason } => write!(f, "by hand, {reason}"),
        }
    }
}

impl fmt::Display for RejectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => f.write_str("it is open"),
            Self::ProbesUnderWay { probes: 1 } => f.write_str("it is half open, and its probe is under way"),
            Self::ProbesUnderWay { probes } => write!(f, "it is half open, and its {probes} probes are under way"),
            Self::ForcedOpen { reason } => write!(f, "it was forced open, {reason}"),
        }
    }
}

impl fmt::Display for BlockReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NobodyToAsk => "it is risky, and there is nobody to ask",
            Self::Denied => "a human said no",
            Self::Expired => "nobody answered in time",
            Self::RunEnded => "the run ended before anybody answered",
            Self::DecidedElsewhere => "another resume of this run was first",
        })
    }
}

impl fmt::Display for DecisionRejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "nothing of that number was asked",
            Self::AlreadyDecided => "the question is closed, and a decision is used once",
            Self::Expired => "the question had expired",
            Self::OtherCall => "it is about another call than the one that was asked about",
            Self::OtherArguments => "what may have happened runs again exactly as it was, or not at all",
            Self::Suspended => "the run is suspended and the question open: restore it and start it first",
        })
    }
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Answered => "the model answered",
            Self::StepLimit => "the step cap was reached",
            Self::NoProgress => "the model went on repeating itself",
            Self::Budget => "the budget did not suffice",
            Self::ModelUnavailable => "no model could be had",
            Self::Deadline => "the run's deadline came",
            Self::Cancelled => "the caller cancelled it",
            Self::Suspended => "it waits for a human",
        })
    }
}
