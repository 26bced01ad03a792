//! Forking: from some event on another setting, other faults or another answer. The past stays, the luck is the same.

use std::sync::Arc;

use crate::answer::Answer;
use crate::branch::{Branch, LONGEST_NAME, MOST, Origin};
use crate::ending::ending;
use crate::parting::{parting, tells_of_a_change, twin};
use crate::question::{Question, questions};
use crate::recording::Recording;
use crate::settings::{Key, Settings};
use crate::state::State;
use steadfast::explain::Nearest;
use steadfast_sim::{Fault, Human, Line, Occurrence, Setup, simulate};

/// What a fork makes otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// All settings, as they are to be; seed and agent stay those of the past.
    Settings(Box<Settings>),
    /// One setting of the policy, as typed.
    Setting(Key, String),
    /// A fault, switched on or off.
    Fault(Fault, bool),
    /// The answer to the last question that was asked by then.
    Answer(Answer),
}

/// Forks the run that is looked at after so many lines, and looks at the branch from there.
pub(crate) fn fork(state: &mut State, at: usize, change: Change) {
    match branch(state, at, change) {
        Ok(branch) => enter(state, branch),
        Err(problem) => state.fork_error = Some(problem),
    }
}

/// Forks with the change that an explanation says would have decided that line otherwise: where it stands, or else where what
/// it depends on was set, so that this line is the first that differs.
pub(crate) fn fork_with(state: &mut State, line: usize, nearest: &Nearest) {
    let settings = match state.branch().settings_at(line).with_nearest(nearest) {
        Ok(settings) => settings,
        Err(problem) => {
            state.fork_error = Some(format!("{problem}."));
            return;
        }
    };
    let asked = questions(state.lines()).into_iter().find(|question| question.ended == Some(line));
    let began = began(state.lines(), line);
    let places = [Some(line), asked.map(|question| question.asked), began, Some(0)];
    let mut found = Err(String::from("No fork with this change decides this line otherwise."));
    for at in places.into_iter().flatten() {
        let tried = branch(state, at, Change::Settings(Box::new(settings.clone())));
        let flips = tried
            .as_ref()
            .is_ok_and(|branch| parting(state.lines(), branch.lines()).is_some_and(|(parted, _)| parted == line));
        if flips || found.is_err() {
            found = tried;
        }
        if flips {
            break;
        }
    }
    match found {
        Ok(branch) => enter(state, branch),
        Err(problem) => state.fork_error = Some(problem),
    }
}

/// The line with which the call of that line began.
fn began(lines: &[Line], line: usize) -> Option<usize> {
    let call = |line: &Line| match &line.what {
        steadfast_sim::What::Decision(entry) => entry.call,
        steadfast_sim::What::World(_) => None,
    };
    let of = call(lines.get(line)?)?;
    lines.iter().position(|line| call(line) == Some(of))
}

fn enter(state: &mut State, branch: Branch) {
    let position = branch.origin.map_or(0, |origin| origin.at);
    let told = branch.lines().iter().skip(position).take_while(|line| tells_of_a_change(line)).count();
    state.beside = Some(state.current);
    state.branches.push(branch);
    look_at(state, state.branches.len() - 1, position + told);
}

/// Shows another branch up to that line.
fn look_at(state: &mut State, index: usize, position: usize) {
    state.remember_faults();
    let Some(branch) = state.branches.get(index) else { return };
    (state.settings, state.answers, state.run) =
        (branch.settings().clone(), branch.answers.clone(), Arc::clone(&branch.run));
    (state.current, state.version) = (index, state.version + 1);
    (state.fork_error, state.forking, state.playing) = (None, false, false);
    state.look_beside();
    state.go_to(position);
}

/// Shows another branch at the same moment.
pub(crate) fn select(state: &mut State, index: usize) {
    let Some(branch) = state.branches.get(index).filter(|_| index != state.current) else { return };
    let parted = parting(state.lines(), branch.lines());
    let position = twin(state.lines(), branch.lines(), parted, state.position(), state.instant());
    state.beside = Some(branch.origin.map_or(state.current, |origin| origin.of));
    look_at(state, index, position);
}

/// Looks at the branch that a link says.
pub(crate) fn open_at(state: &mut State, index: usize) {
    let newest = (state.branches.len() > 1).then(|| state.branches.len() - 1);
    state.beside = state.branches.get(index).and_then(|branch| branch.origin).map_or(newest, |origin| Some(origin.of));
    look_at(state, index, 0);
}

/// Gives a branch another name; an empty one changes nothing.
pub(crate) fn rename(state: &mut State, index: usize, name: &str) {
    let name = tidy(name);
    if let Some(branch) = state.branches.get_mut(index).filter(|_| !name.is_empty()) {
        branch.name = name;
    }
}

/// A name that a tab and a link can hold.
pub(crate) fn tidy(name: &str) -> String {
    let name: String = name.chars().filter(|character| !character.is_control()).take(LONGEST_NAME).collect();
    name.trim().into()
}

/// Takes a branch away; the run itself stays. What was forked from it counts as forked from what it was forked from.
pub(crate) fn delete(state: &mut State, index: usize) {
    let Some(Origin { of, at }) = state.branches.get(index).and_then(|branch| branch.origin) else { return };
    if state.current == index {
        select(state, of);
    }
    state.branches.remove(index);
    let after = |other: usize| if other == index { of } else { other - usize::from(other > index) };
    for origin in state.branches.iter_mut().filter_map(|branch| branch.origin.as_mut()) {
        if origin.of == index {
            origin.at = origin.at.min(at);
        }
        origin.of = after(origin.of);
    }
    state.current = after(state.current);
    state.beside = state.beside.filter(|beside| *beside != index).map(after).filter(|beside| *beside != state.current);
    if state.beside.is_none() && state.branches.len() > 1 {
        let other = state.branch().origin.map_or(state.branches.len() - 1, |origin| origin.of);
        state.beside = Some(other);
    }
    state.look_beside();
    state.version += 1;
}

/// Puts another branch beside the one that is looked at, or none.
pub(crate) fn compare(state: &mut State, index: Option<usize>) {
    state.beside = index.filter(|index| *index < state.branches.len() && *index != state.current);
    state.look_beside();
    state.version += 1;
}

/// The last question that was asked within so many lines, and in the answer to which they end at the latest.
pub(crate) fn question_at(lines: &[Line], at: usize) -> Option<(usize, Question)> {
    questions(lines).into_iter().enumerate().rev().find(|(_, question)| question.asked < at)
}

/// The branch that a change after so many lines of the present one leads to.
pub(crate) fn branch(state: &State, at: usize, change: Change) -> Result<Branch, String> {
    let (of, parent) = (state.current, state.branch());
    if state.branches.len() > MOST {
        return Err(format!("There are {MOST} branches already. Delete one to make another."));
    }
    let names = (1..).map(|number| format!("Branch {number}"));
    let name =
        names.into_iter().find(|name| state.branches.iter().all(|branch| branch.name != *name)).unwrap_or_default();
    derive((of, parent), at, name, change, &|fault| state.known(fault))
}

/// A branch of that one, in which the human says the same to the same questions. A fault that is switched on in it is as it is known.
fn derive(
    (of, parent): (usize, &Branch),
    at: usize,
    name: String,
    change: Change,
    known: &dyn Fn(Fault) -> Occurrence,
) -> Result<Branch, String> {
    let lines = parent.lines();
    let mut at = at.min(lines.len());
    let question = question_at(lines, at);
    if let (Change::Answer(_), Some((_, question))) = (&change, &question) {
        at = question.ended.map_or(at, |ended| at.min(ended));
    }
    if ending(&lines[..at]).is_some() {
        return Err("The run is over here: nothing follows that could go otherwise.".into());
    }
    let before = parent.settings_at(at.saturating_sub(1)).clone();
    let before = if at == 0 { parent.base.clone() } else { before };
    let mut branch = Branch {
        name,
        origin: Some(Origin { of, at }),
        changes: parent.changes.iter().filter(|(from, _)| *from < at).cloned().collect(),
        ..parent.clone()
    };
    let mut fixed = 0;
    match change {
        Change::Answer(answer) => {
            let (index, question) = question.ok_or("Nobody was asked anything by then.")?;
            if let (Answer::Edit(_), true) = (&answer, question.is_again) {
                return Err("What may have happened already runs again as it was, or not at all.".into());
            }
            if parent.answers.get(index) == Some(&answer) {
                return Err("That is the answer that was given.".into());
            }
            branch.answers.truncate(index);
            branch.answers.push(answer);
            fixed = index + 1;
        }
        change => {
            let settings = altered(&before, change, known)?;
            if settings == before {
                return Err("Nothing is otherwise: choose another value.".into());
            }
            if settings.faults == before.faults && !before.protection {
                return Err("The naive agent has no policy that could be changed.".into());
            }
            if !Settings::may_become(&before, &settings) {
                return Err("How many models there are is fixed when a run begins.".into());
            }
            branch.changes.push((at, settings));
        }
    }
    play(&mut branch, lines, fixed);
    branch.otherwise = branch.words(parent);
    Ok(branch)
}

/// The settings that a change leads to; seed and agent are the past's.
fn altered(before: &Settings, change: Change, known: &dyn Fn(Fault) -> Occurrence) -> Result<Settings, String> {
    let mut settings = before.clone();
    match change {
        Change::Settings(all) => settings = Settings { seed: before.seed, protection: before.protection, ..*all },
        Change::Setting(key, text) => settings.policy.set(key, &text).map_err(|problem| format!("{problem}."))?,
        Change::Fault(fault, on) => settings.faults = settings.faults.with(fault, on.then(|| known(fault))),
        Change::Answer(_) => {}
    }
    Ok(settings)
}

/// Simulates a branch. A yes is to one exact call: beyond the first `fixed` answers only those are kept that are to the same
/// question as in the run it was forked from.
fn play(branch: &mut Branch, parent: &[Line], fixed: usize) {
    let before = questions(parent);
    loop {
        branch.simulate();
        let now = questions(branch.lines());
        let same = |index: &usize| match (before.get(*index), now.get(*index)) {
            (Some(one), Some(other)) => {
                (&one.tool, &one.args, one.is_again) == (&other.tool, &other.args, other.is_again)
            }
            _ => false,
        };
        let kept = (0..branch.answers.len()).position(|index| index >= fixed && !same(&index));
        match kept {
            Some(kept) => branch.answers.truncate(kept),
            None => return,
        }
    }
}

impl Settings {
    /// Whether a run that began like this can go on like that.
    pub(crate) fn may_become(&self, other: &Self) -> bool {
        let same = |key| self.policy.value(key) == other.policy.value(key);
        self.seed == other.seed && self.protection == other.protection && same(Key::Models)
    }
}

impl Branch {
    /// What is otherwise than in that branch, in words: what is set, else what was answered.
    pub(crate) fn words(&self, parent: &Self) -> String {
        let set = self.settings().changes_from(parent.settings());
        if !set.is_empty() {
            return set.join("; ");
        }
        let answered = (0..self.answers.len()).find(|index| self.answers.get(*index) != parent.answers.get(*index));
        let question = answered
            .and_then(|index| Some((questions(self.lines()).into_iter().nth(index)?, self.answers.get(index)?)));
        question.map(|(question, answer)| format!("{}: {}", question.tool, answer.verb())).unwrap_or_default()
    }

    /// Makes its run, and forgets answers to questions that are never asked.
    pub(crate) fn simulate(&mut self) {
        let setup = self.setup();
        let outcome = simulate(&setup);
        self.answers.truncate(questions(outcome.journal.lines()).len());
        let made = |settings: &Settings| {
            let Setup { policy, tools, human, .. } = settings.setup(Human::Decided(Vec::new()));
            // Somebody is there to be asked, as the simulation had it.
            let gate = policy.approval().with_approver(human != Human::Nobody);
            (policy.with_approval(gate), tools)
        };
        let (policy, tools) = made(&self.base);
        let run = Recording::of(outcome, self.base.protection.then_some(policy), tools);
        let later = self.changes.iter().map(|(at, settings)| (*at, &settings.faults));
        let run = run.with_faults(&self.base.faults, later);
        self.run = Arc::new(self.changes.iter().fold(run, |run, (at, settings)| {
            let (policy, tools) = made(settings);
            run.then(*at, policy, tools)
        }));
    }
}

#[cfg(test)]
mod tests;
