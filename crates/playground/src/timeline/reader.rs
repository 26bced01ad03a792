//! Reads bars and marks out of the journal, line by line.

use super::{Band, Item, Lane, Shape, Timeline, name};
use steadfast::event::Event;
use steadfast::fallback::PauseReason;
use steadfast::time::{Instant, Span};
use steadfast::trace::Entry;
use steadfast_sim::{Line, What, WorldEvent};

/// Whom a call goes to.
#[derive(Debug, Clone)]
enum Callee {
    Model,
    Tool(String),
}

#[derive(Debug, Default)]
struct Reader {
    timeline: Timeline,
    /// Whom each call goes to.
    callees: Vec<(u64, Callee)>,
    /// What is under way: the call, its attempt, and its item.
    attempts: Vec<(u64, u32, usize)>,
    /// What is asked: the question, and its item.
    questions: Vec<(u64, usize)>,
    breaker: Option<usize>,
}

pub(super) fn read(shown: &[Line]) -> Timeline {
    let mut reader = Reader::default();
    for (index, line) in shown.iter().enumerate() {
        match &line.what {
            What::Decision(entry) => {
                reader.band(entry);
                reader.decision(index, entry);
            }
            What::World(event) => reader.world(index, line.at, event),
        }
    }
    reader.timeline
}

impl Reader {
    fn band(&mut self, entry: &Entry) {
        let bands = &mut self.timeline.bands;
        let Some(step) = entry.step.filter(|step| bands.last().is_none_or(|band| band.step < *step)) else { return };
        if let Some(last) = bands.last_mut() {
            last.to = Some(entry.at);
        }
        bands.push(Band { step, from: entry.at, to: None });
    }

    fn decision(&mut self, line: usize, entry: &Entry) {
        let at = entry.at;
        let call = entry.call.map_or(0, |call| call.0);
        let attempt = entry.attempt.unwrap_or_default();
        match &entry.event {
            Event::ModelCalled { .. } => {
                self.callees.push((call, Callee::Model));
            }
            Event::ToolCalled { tool, .. } => {
                self.callees.push((call, Callee::Tool(tool.clone())));
            }
            Event::AttemptStarted { .. } => {
                let item = self.add(line, self.lane(call), Shape::Running, at, None, attempt.to_string());
                self.attempts.push((call, attempt, item));
                self.name_attempt(item, call, attempt, "under way");
            }
            Event::AttemptSucceeded { .. } => self.end_attempt(line, entry, Shape::Succeeded, "succeeded"),
            Event::AttemptFailed { failure, .. } => {
                self.end_attempt(line, entry, Shape::Failed, &format!("failed {}", failure.class));
            }
            Event::AttemptTimedOut { .. } => self.end_attempt(line, entry, Shape::TimedOut, "timed out"),
            Event::AttemptAbandoned { .. } => self.end_attempt(line, entry, Shape::Abandoned, "abandoned"),
            Event::BackingOff { next, of, until, delay } => {
                let text = Span(delay.delay).to_string();
                let item = self.add(line, self.lane(call), Shape::Wait, at, Some(*until), text.clone());
                self.timeline.items[item].ceiling = Some(at + delay.ceiling);
                let subject = format!("Wait of {text} before attempt {next} of {of}");
                name::complete(&mut self.timeline.items[item], &subject, Some(call));
            }
            Event::Paused { until, reason, .. } => {
                let text = Span(*until - at).to_string();
                let item = self.add(line, self.lane(call), Shape::Wait, at, Some(*until), text.clone());
                let subject = match reason {
                    PauseReason::ServerAsked => format!("Wait of {text} that the server asked for"),
                    PauseReason::BacksOff => format!("The rest of a wait, {text}"),
                    PauseReason::BreakerOpen => format!("Wait of {text} until the breaker lets an attempt through"),
                };
                name::complete(&mut self.timeline.items[item], &subject, Some(call));
            }
            Event::ApprovalAsked { id, tool, .. } => {
                let item = self.add(line, Lane::Human, Shape::Asked, at, None, tool.clone());
                self.questions.push((id.0, item));
                name::complete(&mut self.timeline.items[item], &format!("Approval of {tool}, asked"), None);
            }
            Event::ApprovalGranted { id, .. } => self.end_question(line, at, id.0, Shape::Granted, "granted"),
            Event::ApprovalDenied { id, .. } => self.end_question(line, at, id.0, Shape::Denied, "denied"),
            Event::ApprovalExpired { id } => self.end_question(line, at, id.0, Shape::Expired, "expired"),
            Event::ApprovalWithdrawn { id } => self.end_question(line, at, id.0, Shape::Expired, "withdrawn"),
            Event::BreakerOpened { until, .. } => {
                self.breaker(line, at, Shape::Open, Some(*until), "Breaker open");
            }
            Event::BreakerHalfOpened { .. } => self.breaker(line, at, Shape::HalfOpen, None, "Breaker half-open"),
            Event::RunStarted { .. } | Event::BreakerClosed { .. } => {
                self.breaker(line, at, Shape::Closed, None, "Breaker closed");
            }
            _ => {}
        }
    }

    fn world(&mut self, line: usize, at: Instant, event: &WorldEvent) {
        match event {
            WorldEvent::FaultInjected { fault, attempt, call, .. } => {
                let item = self.add(line, Lane::World, Shape::Fault, at, Some(at), fault.title().into());
                let subject = format!("Fault \"{}\" meets attempt {attempt}", fault.title());
                name::complete(&mut self.timeline.items[item], &subject, Some(*call));
            }
            WorldEvent::EffectHappened { tool, .. } => {
                let item = self.add(line, Lane::World, Shape::Effect, at, Some(at), tool.clone());
                let subject = format!("{tool} takes effect in the world");
                name::complete(&mut self.timeline.items[item], &subject, None);
            }
            WorldEvent::HungForever {} => {
                for (call, attempt, item) in core::mem::take(&mut self.attempts) {
                    self.timeline.items[item].shape = Shape::Hung;
                    self.timeline.items[item].line = line;
                    self.name_attempt(item, call, attempt, "never answers");
                }
            }
            WorldEvent::Crashed { .. } | WorldEvent::StillLooping { .. } => {}
        }
    }

    fn lane(&self, call: u64) -> Lane {
        match self.callee(call) {
            Some(Callee::Tool(_)) => Lane::Tools,
            Some(Callee::Model) | None => Lane::Model,
        }
    }

    /// Runs have few calls, and the one that is asked for is among the last.
    fn callee(&self, call: u64) -> Option<&Callee> {
        self.callees.iter().rev().find(|(of, _)| *of == call).map(|(_, callee)| callee)
    }

    fn add(
        &mut self,
        index: usize,
        lane: Lane,
        shape: Shape,
        from: Instant,
        to: Option<Instant>,
        text: String,
    ) -> usize {
        self.timeline.items.push(Item { lane, shape, from, to, ceiling: None, text, name: String::new(), line: index });
        self.timeline.items.len() - 1
    }

    fn end_attempt(&mut self, line: usize, entry: &Entry, shape: Shape, outcome: &str) {
        let call = entry.call.map_or(0, |call| call.0);
        let Some(index) = self.attempts.iter().position(|(of, ..)| *of == call) else { return };
        let (_, attempt, item) = self.attempts.swap_remove(index);
        self.end(item, line, entry.at, shape);
        self.name_attempt(item, call, attempt, outcome);
    }

    fn name_attempt(&mut self, item: usize, call: u64, attempt: u32, outcome: &str) {
        let subject = match self.callee(call) {
            Some(Callee::Tool(tool)) => format!("{tool}, attempt {attempt}, {outcome}"),
            Some(Callee::Model) | None => format!("Attempt {attempt}, {outcome}"),
        };
        name::complete(&mut self.timeline.items[item], &subject, Some(call));
    }

    fn end_question(&mut self, line: usize, at: Instant, id: u64, shape: Shape, outcome: &str) {
        let Some(index) = self.questions.iter().position(|(asked, _)| *asked == id) else { return };
        let (_, item) = self.questions.swap_remove(index);
        self.end(item, line, at, shape);
        let subject = format!("Approval of {}, {outcome}", self.timeline.items[item].text);
        name::complete(&mut self.timeline.items[item], &subject, None);
    }

    /// The breaker enters a state, which ends the one before.
    fn breaker(&mut self, line: usize, at: Instant, shape: Shape, until: Option<Instant>, subject: &str) {
        if let Some(before) = self.breaker {
            let item = &mut self.timeline.items[before];
            item.to = Some(at);
            let subject = item.name.split(',').next().unwrap_or_default().to_owned();
            name::complete(item, &subject, None);
        }
        let text = subject.trim_start_matches("Breaker ").to_owned();
        let item = self.add(line, Lane::Breaker, shape, at, until, text);
        name::complete(&mut self.timeline.items[item], subject, None);
        self.breaker = Some(item);
    }

    fn end(&mut self, item: usize, line: usize, at: Instant, shape: Shape) {
        let item = &mut self.timeline.items[item];
        item.to = Some(at);
        item.shape = shape;
        item.line = line;
    }
}
