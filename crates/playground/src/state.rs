//! The one value that is the playground's state.

use std::sync::Arc;

use crate::answer::Answer;
use crate::axis::Axis;
use crate::branch::{Branch, Origin};
use crate::entered::Refused;
use crate::incident::{Replayed, Told};
use crate::odds::Odds;
use crate::pace::Speed;
use crate::parting::{parting, twin};
use crate::question::{Asking, Draft, compare, last_args, questions};
use crate::recording::Recording;
use crate::settings::{Key, Settings};
use crate::stride::Stride;
use steadfast::approval::ApprovalRequest;
use steadfast::time::{Duration, Instant};
use steadfast_sim::{Fault, FaultPlan, Line};

/// What can be typed, and be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// The seed.
    Seed,
    /// How often a fault meddles.
    Rate(Fault),
    /// When a fault meddles.
    Windows(Fault),
    /// A setting of the agent.
    Policy(Key),
}

/// Everything the page knows. It changes by [`update`](crate::update) alone.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "none of them depends on another")]
pub struct State {
    pub(crate) settings: Settings,
    /// How each fault was when it was on last.
    pub(crate) remembered: FaultPlan,
    pub(crate) answers: Vec<Answer>,
    pub(crate) run: Arc<Recording>,
    pub(crate) axis: Arc<Axis>,
    /// How often a run was simulated: whoever drew another one draws anew.
    pub(crate) version: u64,
    /// How many lines of the journal are shown.
    pub(crate) position: usize,
    pub(crate) playing: bool,
    /// Whether playing goes on once a human has answered.
    pub(crate) resumes: bool,
    pub(crate) speed: Speed,
    /// How far a step goes.
    pub(crate) stride: Stride,
    /// Whether keys stand for actions while the timeline has the focus.
    pub(crate) shortcuts: bool,
    /// Real time, at normal speed, that has passed since the last line was shown.
    pub(crate) since_line: Duration,
    pub(crate) selected: Option<usize>,
    pub(crate) notice: Option<String>,
    /// What was recorded elsewhere, and is shown instead of what is simulated.
    pub(crate) incident: Option<Arc<Replayed>>,
    /// After how many of its lines it goes on by the settings here; as it was, if that is nothing.
    pub(crate) what_if: Option<usize>,
    /// What is to be said of it, and where it first differs from what was recorded.
    pub(crate) told: Option<(String, Option<usize>)>,
    /// What was typed last into a field and refused.
    pub(crate) refused: Vec<Refused>,
    pub(crate) odds: Odds,
    /// Other arguments for the tool that is asked about, as a human types them.
    pub(crate) draft: Option<String>,
    /// The run itself, and its branches; never empty.
    pub(crate) branches: Vec<Branch>,
    /// Which of them is looked at; it stands in the fields above too.
    pub(crate) current: usize,
    /// Which of them stands beside it, and where the two part.
    pub(crate) beside: Option<usize>,
    pub(crate) parted: Option<(usize, usize)>,
    /// Whether the form of a fork is open, and why it led to no branch.
    pub(crate) forking: bool,
    pub(crate) fork_error: Option<String>,
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
            remembered: FaultPlan::default(),
            answers,
            run: Arc::default(),
            axis: Arc::default(),
            version: 0,
            position: 0,
            playing: false,
            resumes: false,
            speed: Speed::default(),
            stride: Stride::default(),
            shortcuts: true,
            since_line: Duration::ZERO,
            selected: None,
            notice: None,
            incident: None,
            what_if: None,
            told: None,
            refused: Vec::new(),
            odds: Odds::default(),
            draft: None,
            branches: Vec::new(),
            current: 0,
            beside: None,
            parted: None,
            forking: false,
            fork_error: None,
        };
        state.simulate();
        state
    }

    /// Begins with other settings and answers, as if they had been a link: what is about the page rather than about a run
    /// stays.
    pub(crate) fn begin(&mut self, settings: Settings, answers: Vec<Answer>) {
        let before = core::mem::replace(self, Self::new(settings, answers));
        self.version += before.version;
        (self.speed, self.stride, self.shortcuts) = (before.speed, before.stride, before.shortcuts);
        self.odds = before.odds;
    }

    /// Simulates the run of the present settings and answers. Answers to questions that are never asked are dropped.
    pub(crate) fn simulate(&mut self) {
        if let Some(incident) = self.incident.clone() {
            return self.tell(&incident);
        }
        let mut branch = match self.branches.get(self.current) {
            Some(branch) => branch.clone(),
            None => Branch::of(self.settings.clone()),
        };
        if branch.origin.is_none() {
            branch.base = self.settings.clone();
        }
        branch.answers.clone_from(&self.answers);
        branch.simulate();
        self.answers.clone_from(&branch.answers);
        self.run = Arc::clone(&branch.run);
        match self.branches.get_mut(self.current) {
            Some(place) => *place = branch,
            None => self.branches = vec![branch],
        }
        self.look_beside();
        self.version += 1;
    }

    /// Has the recorded run told again, as it was or by the settings here.
    fn tell(&mut self, incident: &Replayed) {
        let tried = self.what_if.map(|at| incident.under(&self.settings.engine(), at));
        let tried = tried.transpose().unwrap_or_else(|problem| {
            (self.notice, self.what_if) = (Some(problem), None);
            None
        });
        let recorded = incident.as_recorded();
        self.answers.clear();
        let shown = tried.as_ref().unwrap_or(&recorded);
        self.told = Some((shown.about.clone(), shown.differs_at));
        let branch =
            |name: &str, told: Told| Branch { name: name.into(), run: told.run, ..Branch::of(self.settings.clone()) };
        let mut branches = vec![branch("As recorded", recorded)];
        // What would have been stands beside what was.
        branches.extend(tried.map(|told| {
            let origin = Some(Origin { of: 0, at: told.changed_at.unwrap_or(0) });
            Branch { origin, otherwise: "the settings here".into(), ..branch("By the settings here", told) }
        }));
        self.current = branches.len() - 1;
        self.run = branches.last().map(|branch| Arc::clone(&branch.run)).unwrap_or_default();
        (self.beside, self.branches, self.forking) = (self.current.checked_sub(1), branches, false);
        self.look_beside();
        self.version += 1;
    }

    /// What was recorded elsewhere, if that is what is shown.
    #[must_use]
    pub fn incident(&self) -> Option<&Replayed> {
        self.incident.as_deref()
    }

    /// Whether it is shown as it would have been under the settings here.
    #[must_use]
    pub fn is_what_if(&self) -> bool {
        self.what_if.is_some()
    }

    /// What is to be said of the recorded run that is shown, and where it first differs from what was recorded.
    #[must_use]
    pub fn told(&self) -> Option<(&str, Option<usize>)> {
        self.told.as_ref().map(|(about, differs_at)| (about.as_str(), *differs_at))
    }

    /// Finds out where the run and the one beside it part, and makes an axis for both.
    pub(crate) fn look_beside(&mut self) {
        let other = self.beside.and_then(|index| self.branches.get(index));
        self.parted = other.and_then(|other| parting(self.lines(), other.lines()));
        let both = self.lines().iter().chain(other.map(Branch::lines).unwrap_or_default());
        self.axis = Arc::new(Axis::over(both.map(|line| line.at)));
    }

    /// Shows so many lines.
    pub(crate) fn go_to(&mut self, position: usize) {
        self.draft = None;
        self.position = position.min(self.length());
        self.since_line = Duration::ZERO;
        self.selected = None;
        self.resumes = false;
    }

    /// The run itself, and its branches.
    #[must_use]
    pub fn branches(&self) -> &[Branch] {
        &self.branches
    }

    /// Which of them is looked at; 0 is the run itself.
    #[must_use]
    pub fn selected_branch(&self) -> usize {
        self.current
    }

    /// The branch that is looked at.
    pub(crate) fn branch(&self) -> &Branch {
        // There is always one: the run itself cannot be deleted.
        &self.branches[self.current]
    }

    /// Which of them stands beside it.
    #[must_use]
    pub fn beside(&self) -> Option<usize> {
        self.beside
    }

    /// The first lines in which the two differ, here and there.
    #[must_use]
    pub fn parted(&self) -> Option<(usize, usize)> {
        self.parted
    }

    /// How many lines of that branch are shown at this moment.
    pub(crate) fn position_beside(&self, other: &Branch) -> usize {
        twin(self.lines(), other.lines(), self.parted, self.position, self.now())
    }

    /// Whether the form of a fork is open.
    #[must_use]
    pub fn is_forking(&self) -> bool {
        self.forking
    }

    /// Why the last fork led to no branch.
    #[must_use]
    pub fn fork_error(&self) -> Option<&str> {
        self.fork_error.as_deref()
    }

    /// What the person set.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
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
        self.run.lines()
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

    /// How far a step goes.
    #[must_use]
    pub fn stride(&self) -> Stride {
        self.stride
    }

    /// Whether keys stand for actions while the timeline has the focus.
    #[must_use]
    pub fn has_shortcuts(&self) -> bool {
        self.shortcuts
    }

    /// The run that is shown, read once.
    #[must_use]
    pub fn recording(&self) -> &Arc<Recording> {
        &self.run
    }

    /// What everything that is drawn stands on.
    #[must_use]
    pub fn axis(&self) -> &Arc<Axis> {
        &self.axis
    }

    /// How fast playing is.
    #[must_use]
    pub fn speed(&self) -> Speed {
        self.speed
    }

    /// The question a human has to answer now, while virtual time stands still.
    #[must_use]
    pub fn asked(&self) -> Option<&ApprovalRequest> {
        self.run.outcome().pending.as_ref().filter(|_| self.is_at_end())
    }

    /// The same with all that is to be seen before answering: what is otherwise than last time, and what the human typed instead.
    #[must_use]
    pub fn asking(&self) -> Option<Asking> {
        let request = self.asked()?.clone();
        // The last line is the question itself, among others that the same step asked.
        let before = questions(self.lines()).into_iter().find(|question| question.id == request.id)?.asked;
        let last = last_args(&self.lines()[..before], &request.tool);
        let since_last = last.map(|last| compare(last, &request.args));
        let draft = self.draft.as_ref().map(|text| Draft::of(&request, text));
        Some(Asking { request, since_last, draft })
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

    /// What is wrong with what was typed last into that field.
    #[must_use]
    pub fn error(&self, field: Field) -> Option<&str> {
        self.refused.iter().find(|refused| refused.field == field).map(|refused| refused.message.as_str())
    }

    /// What is known of the odds.
    #[must_use]
    pub fn odds(&self) -> &Odds {
        &self.odds
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
            .map_or(last, |next| last + self.run.pace().share(self.position, self.since_line, next.at - last))
    }

    /// When the run ends, as far as it is simulated.
    #[must_use]
    pub fn end(&self) -> Instant {
        self.lines().last().map_or(Instant::ORIGIN, |line| line.at)
    }
}
