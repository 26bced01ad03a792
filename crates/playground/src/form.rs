//! The form of a fork: at which event, and what can be otherwise from there on.

use crate::answer::Answer;
use crate::fork::{Change, question_at};
use crate::row::row;
use crate::settings::{Group, Key, told};
use crate::state::State;
use steadfast_sim::Fault;

/// One thing that can be otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Its name in the form.
    pub id: String,
    /// Its name for people.
    pub label: String,
    /// What it is now, where it takes a value.
    pub value: Option<String>,
}

/// What is drawn of the form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForkForm {
    /// After which event, as a sentence.
    pub place: String,
    /// What can be otherwise, by pattern.
    pub groups: Vec<(&'static str, Vec<Choice>)>,
    /// Why there is no branch yet.
    pub problem: Option<String>,
}

/// Of how many lines the past of a fork consists that is made now: up to the event that is looked at.
pub(crate) fn place(state: &State) -> usize {
    state.looked_at().map_or(0, |line| line + 1)
}

/// The form as it is now.
pub(crate) fn form(state: &State) -> ForkForm {
    let (at, lines) = (place(state), state.lines());
    let place = match at.checked_sub(1).and_then(|line| lines.get(line)) {
        Some(line) => {
            let row = row(line);
            format!("After event {at}, at {}: {}", row.at, row.sentence)
        }
        None => "Before the first event.".into(),
    };
    let branch = state.branch();
    let settings = if at == 0 { &branch.base } else { branch.settings_at(at - 1) };
    let mut groups = Vec::new();
    if let Some((_, question)) = question_at(lines, at) {
        let answer =
            |id: &str, label: String, value: Option<String>| Choice { id: format!("answer:{id}"), label, value };
        let tool = &question.tool;
        let mut answers = vec![
            answer("approve", format!("Approve {tool}"), None),
            answer("deny", format!("Deny {tool}, with a word to the model"), Some(String::new())),
            answer("expire", format!("Let {tool} expire"), None),
        ];
        if !question.is_again {
            answers.insert(1, answer("edit", format!("Approve {tool} with an edit"), Some(question.args.clone())));
        }
        groups.push(("The answer", answers));
    }
    let fault = |fault: Fault| {
        let label = if settings.faults.has(fault) {
            format!("{} off", fault.title())
        } else {
            told(fault, &state.known(fault))
        };
        Choice { id: format!("fault:{}", fault.as_str()), label, value: None }
    };
    groups.push(("Faults", Fault::ALL.into_iter().map(fault).collect()));
    if settings.protection {
        for group in Group::ALL {
            let keys = Key::ALL.into_iter().filter(|key| key.group() == group && *key != Key::Models);
            let choice = |key: Key| {
                let (value, sign) = (settings.policy.text(key), key.unit().sign());
                let now = if sign.is_empty() { value.clone() } else { format!("{value} {sign}") };
                let label = format!("{}, now {now}", key.title());
                Choice { id: format!("policy:{}", key.code()), label, value: Some(value) }
            };
            groups.push((group.title(), keys.map(choice).collect()));
        }
    }
    ForkForm { place, groups, problem: state.fork_error.clone() }
}

/// What was chosen, with the value as typed.
pub(crate) fn chosen(state: &State, id: &str, value: &str) -> Result<Change, String> {
    let unknown = || String::from("Choose what is to be otherwise.");
    let (kind, name) = id.split_once(':').ok_or_else(unknown)?;
    match (kind, name) {
        ("answer", "approve") => Ok(Change::Answer(Answer::Approve)),
        ("answer", "expire") => Ok(Change::Answer(Answer::Expire)),
        ("answer", "deny") => Answer::deny(value).map(Change::Answer),
        ("answer", "edit") => Answer::edit(value).map(Change::Answer),
        ("fault", name) => {
            let fault = Fault::parse(name).ok_or_else(unknown)?;
            let at = place(state);
            let branch = state.branch();
            let settings = if at == 0 { &branch.base } else { branch.settings_at(at - 1) };
            Ok(Change::Fault(fault, !settings.faults.has(fault)))
        }
        ("policy", code) => Ok(Change::Setting(Key::of_code(code).ok_or_else(unknown)?, value.into())),
        _ => Err(unknown()),
    }
}
