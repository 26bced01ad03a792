//! A line of the journal as a row of the table.

use steadfast::event::Event;
use steadfast_sim::{Line, What, WorldEvent};

/// What kind of thing a row tells, for its icon and colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The run or a step begins, or something is noted.
    Note,
    /// The model is asked or answers.
    Think,
    /// A tool is called or answers.
    Act,
    /// Results go to the model.
    Observe,
    /// Something begins that may fail.
    Start,
    /// Something went well.
    Success,
    /// Something failed.
    Failure,
    /// The agent repeats itself.
    Repeats,
    /// Time passes on purpose.
    Wait,
    /// The breaker changed, or let something not through.
    Breaker,
    /// A human is asked or answers.
    Human,
    /// The world does something bad.
    Fault,
    /// A tool changed the world.
    Effect,
    /// The run ended with an answer.
    End,
    /// The run ended with less than it should, or did not end.
    BadEnd,
}

impl Kind {
    /// Its name, for style sheets.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Think => "think",
            Self::Act => "act",
            Self::Observe => "observe",
            Self::Start => "start",
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Repeats => "repeats",
            Self::Wait => "wait",
            Self::Breaker => "breaker",
            Self::Human => "human",
            Self::Fault => "fault",
            Self::Effect => "effect",
            Self::End => "end",
            Self::BadEnd => "bad-end",
        }
    }

    /// Whether a listener should hear of it while the run is playing.
    #[must_use]
    pub const fn is_milestone(self) -> bool {
        !matches!(self, Self::Note | Self::Think | Self::Act | Self::Observe | Self::Start)
    }
}

/// A row of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// When.
    pub at: String,
    /// In which step, call and attempt.
    pub place: String,
    /// What, and why.
    pub sentence: String,
    /// Of which kind.
    pub kind: Kind,
    /// Whether the world did it, unseen by the agent.
    pub is_world: bool,
}

/// The row of a line.
#[must_use]
pub fn row(line: &Line) -> Row {
    let at = line.at.to_string();
    match &line.what {
        What::Decision(entry) => Row {
            at,
            place: place(entry.step, entry.call.map(|call| call.0), entry.attempt),
            sentence: entry.event.to_string(),
            kind: decision_kind(&entry.event),
            is_world: false,
        },
        What::World(event) => Row {
            at,
            place: match event {
                WorldEvent::FaultInjected { call, attempt, .. } => place(None, Some(*call), Some(*attempt)),
                _ => String::new(),
            },
            sentence: event.to_string(),
            kind: world_kind(event),
            is_world: true,
        },
    }
}

fn place(step: Option<u32>, call: Option<u64>, attempt: Option<u32>) -> String {
    let step = step.map(|step| format!("step {step}"));
    let call = call.map(|call| format!("call {call}"));
    let attempt = attempt.map(|attempt| format!("attempt {attempt}"));
    [step, call, attempt].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

fn decision_kind(event: &Event) -> Kind {
    match event {
        Event::ModelCalled { .. } | Event::ModelReplied { .. } => Kind::Think,
        Event::ToolCalled { .. } | Event::ToolReplied { .. } => Kind::Act,
        Event::Observed { .. } => Kind::Observe,
        Event::AttemptStarted { .. } => Kind::Start,
        Event::AttemptSucceeded { .. } => Kind::Success,
        Event::AttemptFailed { .. }
        | Event::AttemptTimedOut { .. }
        | Event::AttemptAbandoned { .. }
        | Event::CallFailed { .. }
        | Event::ToolUnknown { .. }
        | Event::EffectUnknown { .. }
        | Event::EffectRepeated { .. }
        | Event::StepLimitReached { .. } => Kind::Failure,
        Event::BackingOff { .. } | Event::Paused { .. } | Event::FellBack { .. } => Kind::Wait,
        Event::BreakerOpened { .. }
        | Event::BreakerHalfOpened { .. }
        | Event::BreakerClosed { .. }
        | Event::BreakerSet { .. }
        | Event::BreakerRejected { .. } => Kind::Breaker,
        Event::ToolBlocked { .. }
        | Event::ApprovalAsked { .. }
        | Event::ApprovalGranted { .. }
        | Event::ApprovalDenied { .. }
        | Event::ApprovalExpired { .. }
        | Event::ApprovalWithdrawn { .. }
        | Event::DecisionIgnored { .. } => Kind::Human,
        Event::RepetitionSeen { .. } => Kind::Repeats,
        Event::RunFinished { degraded: false, .. } => Kind::End,
        Event::RunFinished { .. } => Kind::BadEnd,
        _ => Kind::Note,
    }
}

fn world_kind(event: &WorldEvent) -> Kind {
    match event {
        WorldEvent::FaultInjected { .. } => Kind::Fault,
        WorldEvent::FaultsChanged { .. } => Kind::Note,
        WorldEvent::EffectHappened { .. } => Kind::Effect,
        WorldEvent::Crashed { .. } | WorldEvent::HungForever {} | WorldEvent::StillLooping { .. } => Kind::BadEnd,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use steadfast_sim::{Scenario, simulate};

    #[test]
    fn rows_say_when_where_and_why() {
        let outcome = simulate(&Scenario::Flaky.setup(7));
        let rows: Vec<Row> = outcome.journal.lines().iter().map(row).collect();
        assert_eq!(
            rows[5],
            Row {
                at: "0.376 s".into(),
                place: "step 1 · call 1 · attempt 1".into(),
                sentence: "The attempt failed after 376.81 ms: server_error: 500 internal server error. That may pass."
                    .into(),
                kind: Kind::Failure,
                is_world: false,
            }
        );
        assert_eq!((rows[4].kind, rows[4].is_world, rows[4].place.as_str()), (Kind::Fault, true, "call 1 · attempt 1"));
        assert_eq!(rows.last().unwrap().kind, Kind::End);
    }

    #[test]
    fn every_sentence_ends() {
        for scenario in Scenario::ALL {
            for line in simulate(&scenario.setup(7)).journal.lines() {
                let sentence = row(line).sentence;
                assert!(sentence.ends_with(['.', '"', '1', '}', 't']), "{sentence}");
                assert!(sentence.len() > 8, "{sentence}");
            }
        }
    }
}
