//! Branches: the run itself, and what would have happened had something been otherwise from some event on.
//!
//! Each is a run of its own, made again from the seed: the settings it began with, what is changed on the way, and what the
//! human says. Its past is that of the run it was forked from, to the byte.

use std::sync::Arc;

use crate::answer::Answer;
use crate::recording::Recording;
use crate::settings::Settings;
use steadfast_sim::{Altered, Change as SimulatedChange, Human, Line, Setup};

/// So many branches beside the run itself.
pub const MOST: usize = 3;
/// The longest name, in characters: a tab and a link have to hold it.
pub const LONGEST_NAME: usize = 24;

/// Where a branch was forked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// The branch it was forked from.
    pub of: usize,
    /// How many lines it has in common with that: the next one is its own.
    pub at: usize,
}

/// One run among those that are looked at.
#[derive(Debug, Clone)]
pub struct Branch {
    pub(crate) name: String,
    pub(crate) origin: Option<Origin>,
    /// What it began with; of the run itself, what is set.
    pub(crate) base: Settings,
    /// From those lines on, other settings.
    pub(crate) changes: Vec<(usize, Settings)>,
    pub(crate) answers: Vec<Answer>,
    /// What is otherwise than in the run it was forked from, in words.
    pub(crate) otherwise: String,
    pub(crate) run: Arc<Recording>,
}

impl Branch {
    /// The run itself, which is not simulated yet.
    pub(crate) fn of(base: Settings) -> Self {
        let (name, otherwise) = ("The run".into(), String::new());
        let (changes, answers, run) = (Vec::new(), Vec::new(), Arc::default());
        Self { name, origin: None, base, changes, answers, otherwise, run }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it was forked; nothing for the run itself.
    #[must_use]
    pub fn origin(&self) -> Option<Origin> {
        self.origin
    }

    /// What is otherwise than in the run it was forked from, in words.
    #[must_use]
    pub fn otherwise(&self) -> &str {
        &self.otherwise
    }

    /// The settings at its end.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        self.changes.last().map_or(&self.base, |(_, settings)| settings)
    }

    /// The settings that decided what stands in that line.
    #[must_use]
    pub fn settings_at(&self, line: usize) -> &Settings {
        let before = self.changes.iter().rev().find(|(at, _)| *at <= line);
        before.map_or(&self.base, |(_, settings)| settings)
    }

    /// What the human says, in the order of the questions.
    #[must_use]
    pub fn answers(&self) -> &[Answer] {
        &self.answers
    }

    /// All its lines.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        self.run.lines()
    }

    /// What it is simulated from.
    pub(crate) fn setup(&self) -> Setup {
        let human = Human::Decided(self.answers.iter().map(Answer::reaction).collect());
        let mut setup = self.base.setup(human.clone());
        let mut before = &self.base;
        for (at, settings) in &self.changes {
            let words = settings.changes_from(before);
            let mut at = *at;
            let mut change = |what| {
                setup.changes.push(SimulatedChange { at, what, reason: words.join("; ") });
                at += 1;
            };
            if before.policy != settings.policy {
                let Setup { policy, tools, human, .. } = settings.setup(human.clone());
                change(Altered::Policy { policy: Box::new(policy), tools, human });
            }
            if before.faults != settings.faults {
                change(Altered::Faults(settings.faults.clone()));
            }
            before = settings;
        }
        setup
    }
}
