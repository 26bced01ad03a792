//! Which pattern a decision belongs to, and what that pattern is for, in plain words.

use steadfast::event::Event;
use steadfast_sim::{Line, What, WorldEvent};

/// A pattern and what it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pattern {
    /// Its name in the field.
    pub name: &'static str,
    /// What it is for.
    pub about: &'static str,
}

/// The pattern behind a line.
#[must_use]
pub fn pattern(line: &Line) -> Pattern {
    let (name, about) = match &line.what {
        What::Decision(entry) => of_decision(&entry.event),
        What::World(event) => of_world(event),
    };
    Pattern { name, about }
}

fn of_decision(event: &Event) -> (&'static str, &'static str) {
    match event {
        Event::RunStarted { .. } => {
            ("Agent run", "A run always ends, and always with an answer. Each limit it has is set before it starts.")
        }
        Event::StepStarted { .. } | Event::StepLimitReached { .. } => (
            "Step limit",
            "A model that goes in circles never stops by itself. A cap on the turns of the loop stops it.",
        ),
        Event::RepetitionSeen { .. } => (
            "Progress detector",
            "Honest work may take many turns; the same turn over and over is none. The model is told, then its calls no longer \
             run, then it is asked one last time, then it is stopped.",
        ),
        Event::ModelCalled { .. } | Event::ModelReplied { .. } => {
            ("Think", "The model reads the conversation and says what to do next: call tools, or answer.")
        }
        Event::ToolCalled { .. } | Event::ToolReplied { .. } | Event::ToolUnknown { .. } => {
            ("Act", "The agent does what the model asked for. Each tool call is guarded as the model's are.")
        }
        Event::Observed { .. } => {
            ("Observe", "What the tools answered goes into the conversation, and the model reads it.")
        }
        Event::AttemptStarted { until: None, .. } => {
            ("No timeout", "Nothing limits this attempt. If no answer comes, the agent waits for ever.")
        }
        Event::AttemptStarted { .. } | Event::AttemptTimedOut { .. } | Event::AttemptAbandoned { .. } => (
            "Timeout",
            "An attempt may take only so long. What takes longer is abandoned, so that a fresh attempt can begin.",
        ),
        Event::AttemptSucceeded { .. } => ("Attempt", "One physical try. A call may need several of them."),
        Event::AttemptFailed { failure, .. } if failure.transient => (
            "Failure class",
            "What kind of failure it is decides whether another try can help. This kind passes by itself.",
        ),
        Event::AttemptFailed { .. } => (
            "Failure class",
            "What kind of failure it is decides whether another try can help. This kind stays the same.",
        ),
        Event::BackingOff { .. } => (
            "Retry with backoff and jitter",
            "The next try comes after a wait. The ceiling doubles each time, and the wait is drawn below it, so that many \
             callers do not come back at once.",
        ),
        Event::Paused { .. } => (
            "Retry-After",
            "A server said when it may be called again. Nobody calls it earlier: not this call, and not the ones after it.",
        ),
        Event::FellBack { .. } => ("Fallback", "If one option cannot be had, the next best one is asked."),
        Event::CallFailed { .. } => {
            ("Giving up in time", "Trying on would cost time and help nobody. The run decides what to do now.")
        }
        Event::LateReply { .. } => (
            "Late reply",
            "It comes too late for its call. What it tells of the world still counts, such as that a mail went out.",
        ),
        Event::BreakerOpened { .. }
        | Event::BreakerHalfOpened { .. }
        | Event::BreakerClosed { .. }
        | Event::BreakerSet { .. }
        | Event::BreakerRejected { .. } => (
            "Circuit breaker",
            "A service that keeps failing is left alone for a while. Then a single probe finds out whether it is back.",
        ),
        Event::ApprovalAsked { .. }
        | Event::ApprovalGranted { .. }
        | Event::ApprovalDenied { .. }
        | Event::ApprovalExpired { .. }
        | Event::ApprovalWithdrawn { .. }
        | Event::DecisionIgnored { .. }
        | Event::ToolBlocked { .. } => (
            "Human approval",
            "A risky tool runs only after a human said yes to this exact call. The digest binds the yes to its arguments; \
             silence is a no.",
        ),
        Event::EffectUnknown { .. } | Event::EffectRepeated { .. } => {
            ("At most once", "Where nobody can know whether it happened, trying again could make it happen twice.")
        }
        Event::BudgetSpent { .. } => (
            "Budget",
            "What a run may spend is set before it starts: time, attempts, steps, tokens, money. Beyond it nothing begins.",
        ),
        Event::RetryRefused { .. } => (
            "Retry budget",
            "Where most calls fail, retries only add to the load. They may be a share of all calls, and no more.",
        ),
        Event::FirstOutput { .. } | Event::Committed { .. } => (
            "Commit point",
            "A part of an answer that somebody has seen cannot be taken back, so it is not tried again.",
        ),
        Event::PolicyChanged { .. } => (
            "A fork",
            "You changed the policy here. What came before stays; what follows is decided by the new policy, with the same luck.",
        ),
        Event::RunFinished { degraded: true, .. } => (
            "Degrade, do not throw",
            "The run could not do all that was asked. It says so, with a safe answer in place of an error.",
        ),
        Event::RunFinished { .. } => ("Agent run", "The run ends with the model's answer."),
        _ => ("Engine", "The engine noted this."),
    }
}

fn of_world(event: &WorldEvent) -> (&'static str, &'static str) {
    match event {
        WorldEvent::FaultInjected { .. } => {
            ("The world", "You switched this fault on. The agent cannot see it; it only sees what comes of it.")
        }
        WorldEvent::FaultsChanged { .. } => (
            "A fork",
            "You changed the faults here. What came before stays; what follows is simulated with the same luck.",
        ),
        WorldEvent::EffectHappened { .. } => {
            ("A real effect", "This happened outside the agent, and nothing can take it back.")
        }
        WorldEvent::Crashed { .. } => ("No retry", "The first failure was the last: nothing caught it."),
        WorldEvent::HungForever {} => ("No timeout", "Nothing limits how long it waits, so it waits for ever."),
        WorldEvent::StillLooping { .. } => ("No step limit", "Nothing stops it, and every turn costs money."),
    }
}
