//! What to find out: whose odds, over which seeds, and in what portions.

use super::sample::{Sample, VERSION};
use crate::link;
use crate::settings::Settings;
use steadfast_sim::{Human, Setup, simulate};

/// How many seeds are tried, from 0 on.
pub const RUNS: u64 = 10_000;
/// So many runs go to a worker at once: enough that messages cost nothing, few enough that progress is seen.
pub const PORTION: u64 = 125;
/// So many a page makes by itself between two looks at what its person does.
pub const SLICE: u64 = 25;

/// Who is asked whether a risky tool may run, in runs that nobody watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Approver {
    /// Says yes to everything.
    #[default]
    Approves,
    /// Says no to everything.
    Denies,
    /// Is asked and never answers.
    Silent,
}

impl Approver {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 3] = [Self::Approves, Self::Denies, Self::Silent];

    /// Its name for messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Approves => "approves",
            Self::Denies => "denies",
            Self::Silent => "silent",
        }
    }

    /// Its name for people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Approves => "says yes to everything",
            Self::Denies => "says no to everything",
            Self::Silent => "never answers",
        }
    }

    fn human(self) -> Human {
        match self {
            Self::Approves => Human::Approves,
            Self::Denies => Human::Denies,
            Self::Silent => Human::Silent,
        }
    }
}

/// One of the policies that are compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Side {
    /// What it is called.
    pub name: String,
    /// Its settings; their seed means nothing here.
    pub settings: Settings,
}

/// What to find out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OddsPlan {
    /// Which order this is: whatever belongs to another one comes too late.
    pub job: u64,
    /// One policy, or two to compare.
    pub sides: Vec<Side>,
    /// Who answers.
    pub approver: Approver,
    /// How many seeds, from 0 on.
    pub runs: u64,
}

impl OddsPlan {
    /// How many runs that takes.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.runs * self.sides.len() as u64
    }

    /// Whether one of the sides has these settings, whatever their seed, and that approver answers.
    #[must_use]
    pub(super) fn is_of(&self, settings: &Settings, approver: Approver) -> bool {
        let Settings { faults, policy, protection, seed: _ } = settings;
        let is_same = |Settings { faults: f, policy: p, protection: on, seed: _ }: &Settings| {
            (f, p, on) == (faults, policy, protection)
        };
        approver == self.approver && self.sides.iter().any(|side| is_same(&side.settings))
    }

    /// The portions of it, of so many runs. Both sides of a seed come close together.
    pub fn chunks(&self, portion: u64) -> impl Iterator<Item = Chunk> + '_ {
        let portion = portion.max(1);
        let sides: Vec<String> = self.sides.iter().map(|side| link::write_settings(&side.settings)).collect();
        let firsts = (0..self.runs.div_ceil(portion)).map(move |number| number * portion);
        firsts.flat_map(move |first| {
            let runs = portion.min(self.runs - first);
            let (job, approver) = (self.job, self.approver);
            let chunk =
                move |(side, link): (usize, &String)| Chunk { job, side, first, runs, approver, link: link.clone() };
            sides.iter().enumerate().map(chunk).collect::<Vec<_>>()
        })
    }
}

/// A portion: runs of one policy with seeds that follow each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// The order it belongs to.
    pub job: u64,
    /// The side it is of, from 0.
    pub side: usize,
    /// Its first seed.
    pub first: u64,
    /// How many runs.
    pub runs: u64,
    /// Who answers.
    pub approver: Approver,
    /// The settings, as in a link.
    pub link: String,
}

impl Chunk {
    /// As one line of text.
    #[must_use]
    pub fn write(&self) -> String {
        let Self { job, side, first, runs, approver, link } = self;
        format!("odds {VERSION} {job} {side} {first} {runs} {} {link}", approver.as_str())
    }

    /// What was written, or what is wrong with it.
    pub fn read(text: &str) -> Result<Self, String> {
        let strange = || "a worker was asked for something that makes no sense".to_owned();
        let words: Vec<&str> = text.splitn(8, ' ').collect();
        let ["odds", version, job, side, first, runs, approver, link] = words[..] else { return Err(strange()) };
        if version.parse() != Ok(VERSION) {
            return Err("the page is of another version than its worker; a reload helps".into());
        }
        let number = |word: &str| word.parse::<u64>().map_err(|_| strange());
        let approver = Approver::ALL.into_iter().find(|known| known.as_str() == approver).ok_or_else(strange)?;
        let (job, side) = (number(job)?, usize::try_from(number(side)?).map_err(|_| strange())?);
        let (first, runs) = (number(first)?, number(runs)?);
        if runs > RUNS || first.checked_add(runs).is_none() {
            return Err(strange());
        }
        link::read_settings(link)?;
        Ok(Self { job, side, first, runs, approver, link: link.into() })
    }

    /// Makes its runs, one after the other.
    pub fn samples(&self) -> impl Iterator<Item = Sample> + '_ {
        // Whoever made or read a chunk has seen to it that these are settings.
        let settings = link::read_settings(&self.link).unwrap_or_default();
        let mut setup = Setup { trace: false, ..settings.setup(self.approver.human()) };
        (self.first..self.first + self.runs).map(move |seed| {
            setup.seed = seed;
            Sample::of(seed, &simulate(&setup))
        })
    }
}
