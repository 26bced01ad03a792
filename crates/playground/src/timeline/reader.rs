//! Reads bars, marks and dots out of the journal, line by line.

use super::piece::{Piece, Stage};
use super::{Band, Dot, Lane, Shape, Timeline};
use crate::spending::{dollars, spending};
use steadfast::breaker::ChangeReason;
use steadfast::event::Event;
use steadfast::fallback::PauseReason;
use steadfast::policy::RunPolicy;
use steadfast::progress::Rung;
use steadfast::time::{Instant, Span};
use steadfast::trace::Entry;
use steadfast_sim::{Journal, What, WorldEvent};

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
    /// What is under way: the call, its attempt, and its piece.
    attempts: Vec<(u64, u32, usize)>,
    /// Who waits: the call, and its piece.
    waits: Vec<(u64, usize)>,
    /// What is asked: the question, and its piece.
    questions: Vec<(u64, usize)>,
    breaker: Option<usize>,
    /// When each row of each lane is free again.
    taken: [Vec<Instant>; Lane::ALL.len()],
}

pub(super) fn read(journal: &Journal, policy: Option<&RunPolicy>) -> Timeline {
    let mut reader = Reader::default();
    let counts = policy.is_some_and(|policy| policy.model().breaker().is_some());
    for (index, line) in journal.lines().iter().enumerate() {
        match &line.what {
            What::Decision(entry) => {
                reader.band(index, entry);
                reader.decision(index, entry, counts);
            }
            What::World(event) => reader.world(index, line.at, event),
        }
    }
    reader.costs(journal);
    // Costs are read last and stand where they belong: pieces are in the order in which they appear.
    reader.timeline.pieces.sort_by_key(|piece| piece.appears);
    reader.rows();
    reader.timeline
}

impl Reader {
    fn band(&mut self, line: usize, entry: &Entry) {
        let bands = &mut self.timeline.bands;
        let Some(step) = entry.step.filter(|step| bands.last().is_none_or(|band| band.step < *step)) else { return };
        bands.push(Band { step, from: entry.at, to: None, line });
    }

    fn decision(&mut self, line: usize, entry: &Entry, has_breaker: bool) {
        let at = entry.at;
        let call = entry.call.map_or(0, |call| call.0);
        let attempt = entry.attempt.unwrap_or_default();
        match &entry.event {
            Event::ModelCalled { .. } => self.callees.push((call, Callee::Model)),
            Event::ToolCalled { tool, .. } | Event::ReconcileAsked { tool } => {
                self.callees.push((call, Callee::Tool(tool.clone())));
            }
            Event::AttemptStarted { .. } => {
                self.end_wait(line, call, at);
                let subject = self.attempt(call, attempt, "under way");
                let piece =
                    self.add(line, self.lane(call), Shape::Running, at, None, attempt.to_string(), subject, Some(call));
                self.attempts.push((call, attempt, piece));
            }
            Event::AttemptSucceeded { .. } => {
                self.end_attempt(line, entry, Shape::Succeeded, "succeeded");
                self.dot(line, entry, true);
            }
            Event::AttemptFailed { failure, .. } => {
                self.end_attempt(line, entry, Shape::Failed, &format!("failed {}", failure.class));
                self.dot(line, entry, false);
            }
            Event::AttemptTimedOut { .. } => {
                self.end_attempt(line, entry, Shape::TimedOut, "timed out");
                self.dot(line, entry, false);
            }
            Event::AttemptAbandoned { .. } => self.end_attempt(line, entry, Shape::Abandoned, "abandoned"),
            Event::BackingOff { next, of, until, delay } => {
                let text = Span(delay.delay).to_string();
                let subject = format!("Wait of {text} before attempt {next} of {of}");
                let piece = self.wait(line, call, at, *until, text, subject);
                self.timeline.pieces[piece].drawn = Some((at + delay.floor, at + delay.ceiling));
            }
            Event::Paused { until, reason, .. } => {
                let text = Span(*until - at).to_string();
                let subject = match reason {
                    PauseReason::ServerAsked => format!("Wait of {text} that the server asked for"),
                    PauseReason::BacksOff => format!("The rest of a wait, {text}"),
                    PauseReason::BreakerOpen => format!("Wait of {text} until the breaker lets an attempt through"),
                };
                self.wait(line, call, at, *until, text, subject);
            }
            Event::FellBack { .. } | Event::CallFailed { .. } => self.end_wait(line, call, at),
            Event::LateReply { ok } => {
                let what = if *ok { "An answer" } else { "Word of a failure" };
                let subject = format!("{what} to attempt {attempt} comes too late");
                self.add(line, self.lane(call), Shape::Late, at, Some(at), "late".into(), subject, Some(call));
            }
            Event::ApprovalAsked { id, tool, .. } => {
                let subject = format!("Approval of {tool}, asked");
                let piece = self.add(line, Lane::Tools, Shape::Asked, at, None, tool.clone(), subject, None);
                self.questions.push((id.0, piece));
            }
            Event::ApprovalGranted { id, .. } => self.end_question(line, at, id.0, Shape::Granted, "granted"),
            Event::ApprovalDenied { id, .. } => self.end_question(line, at, id.0, Shape::Denied, "denied"),
            Event::ApprovalExpired { id } => self.end_question(line, at, id.0, Shape::Expired, "expired"),
            Event::ApprovalWithdrawn { id } => self.end_question(line, at, id.0, Shape::Expired, "withdrawn"),
            Event::ToolBlocked { tool, .. } => {
                let subject = format!("{tool} does not run");
                self.add(line, Lane::Tools, Shape::Blocked, at, Some(at), tool.clone(), subject, None);
            }
            Event::ToolUnknown { tool } => {
                let subject = format!("{tool} does not run, as there is no such tool");
                self.add(line, Lane::Tools, Shape::Blocked, at, Some(at), tool.clone(), subject, None);
            }
            Event::RepetitionSeen { rung, .. } => {
                let subject = match rung {
                    Rung::Hint => "The agent repeats itself and is told so",
                    Rung::Synthetic => "The agent repeats itself, and its calls do not run",
                    Rung::LastTurn => "The agent repeats itself and is asked one last time",
                    Rung::Stop => "The agent went on repeating itself and is stopped",
                };
                self.add(line, Lane::Tools, Shape::Repeats, at, Some(at), "repeats".into(), subject.into(), None);
            }
            Event::BreakerOpened { until, reason, .. } => {
                let why = edge(reason);
                self.breaker(line, at, Shape::Open, Some(*until), "open", &why);
            }
            Event::BreakerHalfOpened { .. } => {
                self.breaker(line, at, Shape::HalfOpen, None, "half-open", "its open time is over");
            }
            Event::BreakerClosed { reason, .. } => self.breaker(line, at, Shape::Closed, None, "closed", &edge(reason)),
            Event::BreakerSet { state, reason, .. } => {
                self.breaker(line, at, Shape::Closed, None, state, &edge(reason));
            }
            Event::RunStarted { .. } if has_breaker => self.breaker(line, at, Shape::Closed, None, "closed", ""),
            _ => {}
        }
    }

    fn world(&mut self, line: usize, at: Instant, event: &WorldEvent) {
        match event {
            WorldEvent::FaultInjected { fault, attempt, call, .. } => {
                let subject = format!("Fault \"{}\" meets attempt {attempt}", fault.title());
                let text = fault.title().into();
                self.add(line, Lane::Faults, Shape::Fault, at, Some(at), text, subject, Some(*call));
            }
            WorldEvent::EffectHappened { tool, .. } => {
                let subject = format!("{tool} takes effect in the world");
                self.add(line, Lane::Tools, Shape::Effect, at, Some(at), tool.clone(), subject, None);
            }
            WorldEvent::HungForever {} => {
                for (call, attempt, piece) in core::mem::take(&mut self.attempts) {
                    let subject = self.attempt(call, attempt, "never answers");
                    self.end(piece, line, None, Shape::Hung, subject);
                }
            }
            WorldEvent::FaultsChanged { .. } | WorldEvent::Crashed { .. } | WorldEvent::StillLooping { .. } => {}
        }
    }

    /// What was spent by each bill, until the next.
    fn costs(&mut self, journal: &Journal) {
        let all = spending(journal);
        let most = all.last().map_or(0, |(_, spent)| spent.money).max(1);
        let mut before: Option<usize> = None;
        for ((line, spent), (_, bill)) in all.iter().zip(journal.bills()) {
            let at = journal.lines()[*line].at;
            let subject = format!(
                "{} tokens, {}, for an answer; {} tokens, {} so far",
                bill.tokens,
                dollars(bill.money),
                spent.tokens,
                dollars(spent.money)
            );
            if let Some(before) = before {
                let subject = self.timeline.pieces[before].first.subject.clone();
                self.end(before, *line, Some(at), Shape::Spent, subject);
            }
            let piece = self.add(*line, Lane::Cost, Shape::Spent, at, None, dollars(spent.money), subject, None);
            let percent = u8::try_from(u128::from(spent.money) * 100 / u128::from(most)).unwrap_or(100);
            self.timeline.pieces[piece].percent = Some(percent);
            before = Some(piece);
        }
    }

    /// The first free row of its lane for each piece that lasts. Marks stand in the first, and never in the way.
    fn rows(&mut self) {
        for piece in &mut self.timeline.pieces {
            let lane = piece.lane as usize;
            let last = piece.later.as_ref().unwrap_or(&piece.first);
            if piece.first.shape.is_instant() || matches!(piece.lane, Lane::Breaker | Lane::Cost) {
                continue;
            }
            let to = last.to.unwrap_or(Instant::MAX);
            let rows = &mut self.taken[lane];
            piece.row = rows.iter().position(|free| *free <= piece.from).unwrap_or(rows.len());
            match rows.get_mut(piece.row) {
                Some(free) => *free = to,
                None => rows.push(to),
            }
            self.timeline.rows[lane] = rows.len();
        }
    }

    fn lane(&self, call: u64) -> Lane {
        match self.callee(call) {
            Some(Callee::Tool(_)) => Lane::Tools,
            Some(Callee::Model) | None => Lane::Model,
        }
    }

    /// The one that is asked for is among the last.
    fn callee(&self, call: u64) -> Option<&Callee> {
        self.callees.iter().rev().find(|(of, _)| *of == call).map(|(_, callee)| callee)
    }

    fn attempt(&self, call: u64, attempt: u32, outcome: &str) -> String {
        match self.callee(call) {
            Some(Callee::Tool(tool)) => format!("{tool}, attempt {attempt}, {outcome}"),
            Some(Callee::Model) | None => format!("Attempt {attempt}, {outcome}"),
        }
    }

    /// A result that the model's breaker counts.
    fn dot(&mut self, line: usize, entry: &Entry, is_success: bool) {
        let call = entry.call.map_or(0, |call| call.0);
        if self.breaker.is_some() && self.lane(call) == Lane::Model {
            self.timeline.dots.push(Dot { at: entry.at, is_success, line });
        }
    }

    #[expect(clippy::too_many_arguments, reason = "what a piece is made of, once")]
    fn add(
        &mut self,
        index: usize,
        lane: Lane,
        shape: Shape,
        from: Instant,
        to: Option<Instant>,
        text: String,
        subject: String,
        call: Option<u64>,
    ) -> usize {
        let first = Stage { line: index, shape, to, text, subject };
        let (row, drawn, percent, later) = (0, None, None, None);
        self.timeline.pieces.push(Piece { lane, row, from, appears: index, drawn, percent, call, first, later });
        self.timeline.pieces.len() - 1
    }

    fn wait(&mut self, line: usize, call: u64, at: Instant, until: Instant, text: String, subject: String) -> usize {
        self.end_wait(line, call, at);
        let piece = self.add(line, self.lane(call), Shape::Wait, at, Some(until), text, subject, Some(call));
        self.waits.push((call, piece));
        piece
    }

    /// A wait that is left, for another option or for good, ends there.
    fn end_wait(&mut self, line: usize, call: u64, at: Instant) {
        let Some(index) = self.waits.iter().position(|(of, _)| *of == call) else { return };
        let (_, piece) = self.waits.swap_remove(index);
        if self.timeline.pieces[piece].first.to.is_some_and(|to| at < to) {
            let first = &self.timeline.pieces[piece].first;
            let (subject, of) = (format!("{}, left early", first.subject), first.line);
            self.end(piece, line, Some(at), Shape::Wait, subject);
            if let Some(later) = &mut self.timeline.pieces[piece].later {
                // What it was for is told where it began.
                later.line = line.max(of);
            }
        }
    }

    fn end_attempt(&mut self, line: usize, entry: &Entry, shape: Shape, outcome: &str) {
        let call = entry.call.map_or(0, |call| call.0);
        let Some(index) = self.attempts.iter().position(|(of, ..)| *of == call) else { return };
        let (_, attempt, piece) = self.attempts.swap_remove(index);
        let subject = self.attempt(call, attempt, outcome);
        self.end(piece, line, Some(entry.at), shape, subject);
    }

    fn end_question(&mut self, line: usize, at: Instant, id: u64, shape: Shape, outcome: &str) {
        let Some(index) = self.questions.iter().position(|(asked, _)| *asked == id) else { return };
        let (_, piece) = self.questions.swap_remove(index);
        let subject = format!("Approval of {}, {outcome}", self.timeline.pieces[piece].first.text);
        self.end(piece, line, Some(at), shape, subject);
    }

    /// The breaker enters a state, which ends the one before.
    fn breaker(&mut self, line: usize, at: Instant, shape: Shape, until: Option<Instant>, state: &str, why: &str) {
        if let Some(before) = self.breaker {
            let first = &self.timeline.pieces[before].first;
            let (shape, subject) = (first.shape, first.subject.clone());
            self.end(before, line, Some(at), shape, subject);
        }
        let (text, subject) = match why {
            "" => (state.to_owned(), format!("Breaker {state}")),
            why => (format!("{state}: {why}"), format!("Breaker {state}, {why}")),
        };
        self.breaker = Some(self.add(line, Lane::Breaker, shape, at, until, text, subject, None));
    }

    fn end(&mut self, piece: usize, line: usize, to: Option<Instant>, shape: Shape, subject: String) {
        let piece = &mut self.timeline.pieces[piece];
        piece.later = Some(Stage { line, shape, to, text: piece.first.text.clone(), subject });
    }
}

/// What stands on the edge between two states of a breaker.
fn edge(reason: &ChangeReason) -> String {
    match reason {
        ChangeReason::Consecutive { failures } => format!("{failures} failures in a row"),
        ChangeReason::Window { failed, calls } => format!("{failed} of {calls} failed"),
        ChangeReason::Slow { slow, calls } => format!("{slow} of {calls} were slow"),
        ChangeReason::ProbeFailed => "the probe failed".into(),
        ChangeReason::LeaseEnded => "nothing heard of the probe".into(),
        ChangeReason::OpenTimeOver => "its open time is over".into(),
        ChangeReason::ProbesSucceeded { successes: 1 } => "the probe succeeded".into(),
        ChangeReason::ProbesSucceeded { successes } => format!("{successes} probes succeeded"),
        ChangeReason::ByHand { .. } => "by hand".into(),
    }
}
