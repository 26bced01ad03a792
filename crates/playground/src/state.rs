//! The one value that is the playground's state.

use std::sync::Arc;

use crate::pace::{Pace, Speed};
use crate::settings::Settings;
use steadfast::approval::{ApprovalRequest, Decision};
use steadfast::event::Event;
use steadfast::time::{Duration, Instant};
use steadfast_sim::{Human, Line, Outcome, Setup, What, simulate};

/// A human's answer to one question, as the two buttons give it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Yes, exactly as shown.
    Approve,
    /// No.
    Deny,
}

/// Everything the page knows. It changes by [`update`](crate::update) alone.
#[derive(Debug, Clone)]
pub struct State {
    pub(crate) settings: Settings,
    pub(crate) answers: Vec<Answer>,
    pub(crate) run: Arc<Outcome>,
    pub(crate) pace: Pace,
    /// How often a run was simulated: whoever drew another one draws anew.
    pub(crate) version: u64,
    /// How many lines of the journal are shown.
    pub(crate) position: usize,
    pub(crate) playing: bool,
    /// Whether playing goes on once a human has answered.
    pub(crate) resumes: bool,
    pub(crate) speed: Speed,
    /// Real time, at normal speed, that has passed since the last line was shown.
    pub(crate) since_line: Duration,
    pub(crate) selected: Option<usize>,
    pub(crate) notice: Option<String>,
    pub(crate) seed_error: Option<String>,
}

impl Default for State {
    fn default() -> Self {
        Self::new(Settings::default(), Vec::new())
    }
}

impl State {
    pub(crate) fn new(settings: Settings, answers: Vec<Answer>) -> Self {
        let mut state = Self {
            settings,
            answers,
            run: Arc::new(Outcome { result: None, pending: None, journal: steadfast_sim::Journal::default() }),
            pace: Pace::default(),
            version: 0,
            position: 0,
            playing: false,
            resumes: false,
            speed: Speed::default(),
            since_line: Duration::ZERO,
            selected: None,
            notice: None,
            seed_error: None,
        };
        state.simulate();
        state
    }

    /// Simulates the run of the present settings and answers. Answers to questions that are never asked are dropped.
    pub(crate) fn simulate(&mut self) {
        let decisions = self.answers.iter().map(|answer| match answer {
            Answer::Approve => Decision::Approve,
            Answer::Deny => Decision::Deny { message: String::new() },
        });
        let Settings { faults, protection, seed } = self.settings;
        let human = Human::Decided(decisions.collect());
        let outcome = simulate(&Setup { faults, protection, human, seed, ..Setup::default() });
        let asked = |line: &&Line| matches!(&line.what, What::Decision(entry) if matches!(entry.event, Event::ApprovalAsked { .. }));
        self.answers.truncate(outcome.journal.lines().iter().filter(asked).count());
        self.pace = Pace::of(outcome.journal.lines());
        self.run = Arc::new(outcome);
        self.version += 1;
    }

    /// What the person set.
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.settings
    }

    /// The answers given so far, in the order of the questions.
    #[must_use]
    pub fn answers(&self) -> &[Answer] {
        &self.answers
    }

    /// Changes whenever another run was simulated.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// How many lines of the journal are shown.
    #[must_use]
    pub fn position(&self) -> usize {
        self.position
    }

    /// How many lines the journal has so far.
    #[must_use]
    pub fn length(&self) -> usize {
        self.lines().len()
    }

    /// All lines, the ones to come included.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        self.run.journal.lines()
    }

    /// The lines up to the present position: what has happened.
    #[must_use]
    pub fn shown(&self) -> &[Line] {
        &self.lines()[..self.position]
    }

    /// Whether every line is shown.
    #[must_use]
    pub fn is_at_end(&self) -> bool {
        self.position == self.length()
    }

    /// Whether time passes.
    #[must_use]
    pub fn is_playing(&self) -> bool {
        self.playing
    }

    /// How fast playing is.
    #[must_use]
    pub fn speed(&self) -> Speed {
        self.speed
    }

    /// The question a human has to answer now, while virtual time stands still.
    #[must_use]
    pub fn asked(&self) -> Option<&ApprovalRequest> {
        self.run.pending.as_ref().filter(|_| self.is_at_end())
    }

    /// Which line is looked at: the one a person chose, or else the last one shown.
    #[must_use]
    pub fn looked_at(&self) -> Option<usize> {
        self.selected.or(self.position.checked_sub(1))
    }

    /// The line a person chose to look at.
    #[must_use]
    pub fn selected(&self) -> Option<usize> {
        self.selected
    }

    /// Something the person should know about the link that was opened.
    #[must_use]
    pub fn notice(&self) -> Option<&str> {
        self.notice.as_deref()
    }

    /// What is wrong with the seed that was typed.
    #[must_use]
    pub fn seed_error(&self) -> Option<&str> {
        self.seed_error.as_deref()
    }

    /// When the last line that is shown happened.
    #[must_use]
    pub fn instant(&self) -> Instant {
        self.shown().last().map_or(Instant::ORIGIN, |line| line.at)
    }

    /// Virtual time: the instant of the last line, and while playing on its way to the next one.
    #[must_use]
    pub fn now(&self) -> Instant {
        let last = self.instant();
        self.lines()
            .get(self.position)
            .map_or(last, |next| last + self.pace.share(self.position, self.since_line, next.at - last))
    }

    /// When the run ends, as far as it is simulated.
    #[must_use]
    pub fn end(&self) -> Instant {
        self.lines().last().map_or(Instant::ORIGIN, |line| line.at)
    }
}
