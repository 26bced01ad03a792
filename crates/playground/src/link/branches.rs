//! Branches in a link: `b1=0;17;Be_patient;d,a;17;policy=to8000`: of which branch, how many lines it has in common with that, its
//! name, the human's answers, and from which lines on what is set otherwise, each beside what was set before. `on=1` says which is
//! looked at.

use super::{read_difference, write_difference};
use crate::answer::{Answer, escape, unescape};
use crate::branch::{Branch, MOST, Origin};
use crate::fork::tidy;
use crate::settings::Settings;
use crate::state::State;
use std::fmt::Write;

/// A branch as a link says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkedBranch {
    origin: Origin,
    name: String,
    answers: Vec<Answer>,
    changes: Vec<(usize, String)>,
}

/// The names of branches in a link.
pub(super) const KEYS: [&str; MOST] = ["b1", "b2", "b3"];

/// The first so many branches and which of them is looked at, each part with its `&`.
pub(super) fn write(state: &State, count: usize, selected: usize) -> String {
    let mut link = String::new();
    if state.incident().is_some() {
        // They are forks of what no link can hold.
        return link;
    }
    // Writing into memory cannot fail.
    for (key, branch) in KEYS.iter().zip(state.branches().iter().skip(1)).take(count) {
        let Some(Origin { of, at }) = branch.origin else { continue };
        let _ = write!(link, "&{key}={of};{at};{};{}", escape(&branch.name), letters(&branch.answers));
        let mut before = &branch.base;
        for (from, settings) in &branch.changes {
            let _ = write!(link, ";{from};{}", write_difference(before, settings).replace('&', "*"));
            before = settings;
        }
    }
    if selected > 0 {
        let _ = write!(link, "&on={selected}");
    }
    link
}

/// The letters of answers.
pub(super) fn letters(answers: &[Answer]) -> String {
    answers.iter().map(Answer::letters).collect::<Vec<_>>().join(",")
}

/// Answers from their letters.
pub(super) fn answers(letters: &str) -> Result<Vec<Answer>, String> {
    if letters.is_empty() { Ok(Vec::new()) } else { letters.split(',').map(Answer::read).collect() }
}

/// A branch from what [`write`] wrote of it.
pub(super) fn read(text: &str) -> Result<LinkedBranch, String> {
    let damaged = || String::from("a branch in it is damaged");
    let number = |text: &str| text.parse().map_err(|_| damaged());
    let mut parts = text.split(';');
    let mut part = || parts.next().ok_or_else(damaged);
    let (of, at, name, letters) = (number(part()?)?, number(part()?)?, tidy(&unescape(part()?)?), part()?);
    if name.is_empty() {
        return Err(damaged());
    }
    let answers = answers(letters)?;
    let mut changes = Vec::new();
    while let Some(from) = parts.next() {
        let difference = parts.next().ok_or_else(damaged)?;
        changes.push((number(from)?, difference.replace('*', "&")));
    }
    Ok(LinkedBranch { origin: Origin { of, at }, name, answers, changes })
}

/// Makes the branches that a link speaks of, and looks at one of them.
pub(crate) fn grow(state: &mut State, linked: Vec<LinkedBranch>) -> Result<(), String> {
    for LinkedBranch { origin, name, answers, changes } in linked {
        let parent = state.branches().get(origin.of).ok_or("it forks a branch that is not there")?;
        let run = state.branches().first().unwrap_or(parent);
        let mut branch = Branch { name, origin: Some(origin), changes: Vec::new(), answers, ..run.clone() };
        for (from, difference) in changes {
            let before = branch.settings().clone();
            let settings = read_difference(&before, &difference)?;
            let in_order = branch.changes.last().is_none_or(|(last, _)| *last < from);
            if !in_order || settings == before || !Settings::may_become(&before, &settings) {
                return Err("what a branch in it changes cannot be changed there".into());
            }
            branch.changes.push((from, settings));
        }
        let given = branch.answers.len();
        branch.simulate();
        let same = parent.lines().get(..origin.at).is_some_and(|past| branch.lines().get(..origin.at) == Some(past));
        if !same || branch.answers.len() != given {
            return Err("a branch in it does not begin in the run that it is of".into());
        }
        branch.otherwise = branch.words(parent);
        state.branches.push(branch);
    }
    Ok(())
}
