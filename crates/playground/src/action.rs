//! What can happen to the state: one enum, and one function that says what comes of it.

use std::sync::Arc;

use crate::answer::{Answer, LONGEST_MESSAGE};
use crate::entered::Refused;
use crate::file::{self, Opened, Tried};
use crate::fork::{self, Change};
use crate::form;
use crate::incident::Replayed;
use crate::link::{self, Linked};
use crate::odds::{self, OddsAction};
use crate::pace::Speed;
use crate::settings::{Key, Preset, Settings, parse_rate, parse_seed, parse_windows, write_windows};
use crate::state::{Field, State};
use crate::stride::Stride;
use steadfast::explain::Nearest;
use steadfast::setting::InvalidSetting;
use steadfast::time::Duration;
use steadfast_sim::{Fault, FaultPlan, Occurrence, Window};

/// The longest real time that one tick counts for: after a hitch the picture goes on rather than jumps.
const LONGEST_TICK: Duration = Duration::from_millis(250);

/// Something a person did, or that time passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Switch a fault off, or on as it was when it was on last; the run starts anew.
    ToggleFault(Fault),
    /// Let a fault meddle so often, in thousandths, or as its description says; the run starts anew, as after each of these. A
    /// fault that is off is switched on.
    SetFaultRate(Fault, Option<u32>),
    /// Let a fault meddle within these windows only, or all the time.
    SetFaultWindows(Fault, Vec<Window>),
    /// A fault's rate as typed, in per cent; what is no rate changes nothing but the message beside it.
    TypeFaultRate(Fault, String),
    /// A fault's windows as typed, in seconds; what is none changes nothing but the message beside it.
    TypeFaultWindows(Fault, String),
    /// A setting of the agent as typed or chosen; what is refused changes nothing but the message beside it.
    TypeSetting(Key, String),
    /// A setting back to its default.
    ResetSetting(Key),
    /// Take the agent of a preset; faults and seed stay.
    UsePreset(Preset),
    /// Switch the protection on or off; the run starts anew.
    SetProtection(bool),
    /// Take other luck; the run starts anew.
    SetSeed(u64),
    /// The same, as typed; what is no seed changes nothing but the message beside it.
    TypeSeed(String),
    /// Show more lines: as far as a step goes.
    Step,
    /// Show fewer lines: back to where a step could have begun.
    StepBack,
    /// Show more lines, as far as that stride goes.
    StepBy(Stride),
    /// Show fewer lines, by that stride.
    StepBackBy(Stride),
    /// From now on, steps go so far.
    SetStride(Stride),
    /// Let keys stand for actions while the timeline has the focus, or no more.
    SetShortcuts(bool),
    /// Show nothing of the run again; answers given stay.
    ToStart,
    /// Show so many lines.
    Seek(usize),
    /// Let time pass; at the end of a run, from its start.
    Play,
    /// Let time stand still.
    Pause,
    /// So much real time has passed.
    Tick(Duration),
    /// Play at this speed.
    SetSpeed(Speed),
    /// Back to the start, with every answer taken back; what faults were like that are off is forgotten.
    Reset,
    /// Say yes to the question that is asked now.
    Approve,
    /// Say yes to it with these arguments instead.
    ApproveEdited(String),
    /// Say no to it, with a word to the model or none.
    Deny(String),
    /// Say nothing until it expires.
    LetExpire,
    /// Type other arguments, without saying yes to them yet.
    TypeEdit(String),
    /// After so many lines let something be otherwise, and look at the branch that this leads to.
    Fork {
        /// How many lines stay as they are.
        at: usize,
        /// What is otherwise.
        change: Change,
    },
    /// Fork with what an explanation says would have decided that line otherwise.
    ForkWith {
        /// The line that is explained.
        at: usize,
        /// The change.
        change: Nearest,
    },
    /// Open the form of a fork after the line that is looked at.
    OpenFork,
    /// Leave it.
    CloseFork,
    /// Fork by what was chosen in the form, with its value as typed.
    ForkBy(String, String),
    /// Look at another branch at the same moment; 0 is the run itself.
    SelectBranch(usize),
    /// Give a branch another name.
    RenameBranch(usize, String),
    /// Take a branch away; the run itself stays.
    DeleteBranch(usize),
    /// Put a branch beside the one that is looked at, or none.
    Compare(Option<usize>),
    /// Look at that line, or again at the last one.
    Select(Option<usize>),
    /// Show what a link says, with or without its `#`.
    OpenLink(String),
    /// Show what a file holds.
    OpenFile(Vec<u8>),
    /// A file could not be had, for this reason.
    FileFailed(String),
    /// Show the recorded run as it would have been under the settings here, or as it was.
    WhatIf(bool),
    /// Back from what was recorded to what is simulated.
    CloseIncident,
    /// The message about a link or a file has been read.
    DismissNotice,
    /// Something about the odds.
    Odds(OddsAction),
}

/// What comes of an action. Total: any action in any state.
pub fn update(state: &mut State, action: Action) {
    if refuses_to_fork(state, &action) {
        return;
    }
    match action {
        Action::ToggleFault(fault) => toggle_fault(state, fault),
        Action::SetFaultRate(fault, rate) => {
            change_fault(state, (fault, Field::Rate(fault)), "", |fault| fault.with_rate(rate));
        }
        Action::SetFaultWindows(fault, windows) => {
            let text = write_windows(&windows);
            change_fault(state, (fault, Field::Windows(fault)), &text, |fault| fault.with_windows(windows));
        }
        Action::TypeFaultRate(fault, text) => {
            change_fault(state, (fault, Field::Rate(fault)), &text, |fault| fault.with_rate(parse_rate(&text)?));
        }
        Action::TypeFaultWindows(fault, text) => {
            let windows = |fault: Occurrence| fault.with_windows(parse_windows(&text)?);
            change_fault(state, (fault, Field::Windows(fault)), &text, windows);
        }
        Action::TypeSetting(key, text) => {
            change(state, Field::Policy(key), &text, |settings| settings.policy.set(key, &text));
        }
        Action::ResetSetting(key) => {
            let default = key.unit().write(key.default_value());
            change(state, Field::Policy(key), &default, |settings| settings.policy.reset(key));
        }
        Action::UsePreset(preset) => {
            state.refused.retain(|refused| !matches!(refused.field, Field::Policy(_)));
            preset.apply(&mut state.settings);
            try_on_incident(state);
            restart(state);
        }
        Action::SetProtection(on) => {
            state.settings.protection = on;
            try_on_incident(state);
            restart(state);
        }
        Action::SetSeed(seed) => {
            state.settings.seed = seed;
            state.refused.retain(|refused| refused.field != Field::Seed);
            restart(state);
        }
        Action::TypeSeed(text) => match parse_seed(&text) {
            Ok(seed) => update(state, Action::SetSeed(seed)),
            Err(message) => refuse(state, Field::Seed, &text, message),
        },
        Action::Step => update(state, Action::StepBy(state.stride)),
        Action::StepBack => update(state, Action::StepBackBy(state.stride)),
        Action::StepBy(stride) => update(state, Action::Seek(state.run.after(state.position, stride))),
        Action::StepBackBy(stride) => update(state, Action::Seek(state.run.before(state.position, stride))),
        Action::SetStride(stride) => state.stride = stride,
        Action::SetShortcuts(on) => state.shortcuts = on,
        Action::ToStart => update(state, Action::Seek(0)),
        Action::Seek(position) => {
            state.playing = false;
            state.go_to(position);
        }
        Action::Play => play(state),
        Action::Pause => {
            state.playing = false;
            state.resumes = false;
        }
        Action::Tick(elapsed) => pass_time(state, elapsed),
        Action::SetSpeed(speed) => state.speed = speed,
        Action::Reset => {
            state.remembered = FaultPlan::default();
            restart(state);
        }
        Action::Approve => answer(state, Answer::Approve),
        Action::ApproveEdited(args) => match Answer::edit(&args) {
            Ok(edited) => answer(state, edited),
            Err(_) => state.draft = Some(args),
        },
        Action::Deny(message) => answer(state, Answer::Deny(within(&message))),
        Action::LetExpire => answer(state, Answer::Expire),
        Action::TypeEdit(text) => state.draft = state.asked().is_some().then_some(text),
        Action::Fork { at, change } => fork::fork(state, at, change),
        Action::ForkWith { at, change } => fork::fork_with(state, at, &change),
        Action::OpenFork => open_fork(state),
        Action::CloseFork => (state.forking, state.fork_error) = (false, None),
        Action::ForkBy(id, value) => match form::chosen(state, &id, &value) {
            Ok(change) => fork::fork(state, form::place(state), change),
            Err(problem) => state.fork_error = Some(problem),
        },
        Action::SelectBranch(index) => fork::select(state, index),
        Action::RenameBranch(index, name) => fork::rename(state, index, &name),
        Action::DeleteBranch(index) => delete_branch(state, index),
        Action::Compare(index) => fork::compare(state, index),
        Action::Select(line) => state.selected = line.filter(|line| *line < state.position),
        Action::OpenLink(text) => open(state, &text),
        Action::OpenFile(bytes) => open_file(state, &bytes),
        Action::FileFailed(problem) => state.notice = Some(problem),
        Action::WhatIf(on) => what_if(state, on),
        Action::CloseIncident => close_incident(state),
        Action::DismissNotice => state.notice = None,
        Action::Odds(action) => odds::update(state, action),
    }
}

fn toggle_fault(state: &mut State, fault: Fault) {
    let occurrence = (!state.settings.faults.has(fault)).then(|| state.known(fault));
    state.refused.retain(|refused| ![Field::Rate(fault), Field::Windows(fault)].contains(&refused.field));
    state.remember_faults();
    state.settings.faults = state.settings.faults.clone().with(fault, occurrence);
    restart(state);
}

/// A word to the model, as long as it may be.
fn within(message: &str) -> String {
    let cut: String = message.chars().take(LONGEST_MESSAGE).collect();
    cut.trim().into()
}

/// Changes what is set and starts anew; what is refused leaves everything as it is, with a message in its place.
fn change(state: &mut State, field: Field, text: &str, set: impl FnOnce(&mut Settings) -> Result<(), InvalidSetting>) {
    let mut settings = state.settings.clone();
    if let Err(invalid) = set(&mut settings) {
        return refuse(state, field, text, format!("{invalid}."));
    }
    state.refused.retain(|refused| refused.field != field);
    // A field that is left as it was is no reason to begin anew.
    if settings != state.settings {
        state.settings = settings;
        if matches!(field, Field::Policy(_)) {
            try_on_incident(state);
        }
        restart(state);
    }
}

/// Whoever changes the agent while a recorded run is open wants to see what comes of it.
fn try_on_incident(state: &mut State) {
    if state.incident.is_some() {
        state.what_if = state.what_if.or(Some(0));
    }
}

fn change_fault(
    state: &mut State,
    (fault, field): (Fault, Field),
    text: &str,
    set: impl FnOnce(Occurrence) -> Result<Occurrence, InvalidSetting>,
) {
    let known = state.known(fault);
    change(state, field, text, |settings| {
        let occurrence = set(known)?;
        settings.faults = settings.faults.clone().with(fault, Some(occurrence));
        Ok(())
    });
}

fn refuse(state: &mut State, field: Field, text: &str, message: String) {
    state.refused.retain(|refused| refused.field != field);
    state.refused.push(Refused { field, text: text.to_owned(), message });
}

fn restart(state: &mut State) {
    state.answers.clear();
    state.playing = false;
    state.resumes = false;
    // What is set is the run's own: branches of another run say nothing of it.
    state.branches.truncate(1);
    (state.current, state.beside) = (0, None);
    (state.forking, state.fork_error) = (false, None);
    state.simulate();
    state.go_to(0);
}

fn play(state: &mut State) {
    if state.asked().is_some() {
        return;
    }
    if state.is_at_end() && state.branches.len() > 1 {
        // What was forked stays beside it.
        state.go_to(0);
    } else if state.is_at_end() {
        restart(state);
    }
    state.selected = None;
    state.playing = true;
}

fn pass_time(state: &mut State, elapsed: Duration) {
    if !state.playing {
        return;
    }
    state.since_line += state.speed.scale(elapsed.min(LONGEST_TICK));
    while !state.is_at_end() && state.since_line >= state.run.pace().before(state.position) {
        state.since_line -= state.run.pace().before(state.position);
        state.position += 1;
        state.selected = None;
    }
    if state.is_at_end() {
        state.since_line = Duration::ZERO;
        state.playing = false;
        state.resumes = state.asked().is_some();
    }
}

/// The past stays, the future is simulated again with this answer, and its first line is shown. What may have happened already
/// runs again as it was or not at all, so other arguments are no answer to that.
fn answer(state: &mut State, answer: Answer) {
    let edits = matches!(answer, Answer::Edit(_));
    if state.asked().is_none_or(|asked| asked.again && edits) {
        return;
    }
    state.draft = None;
    let resumes = state.resumes;
    state.answers.push(answer);
    state.simulate();
    state.go_to(state.position.saturating_add(1));
    state.playing = resumes && !state.is_at_end();
}

fn open(state: &mut State, text: &str) {
    let (linked, notice) = link::read(text);
    state.notice = show(state, linked).or(notice);
}

/// What cannot be opened changes nothing but the message.
fn open_file(state: &mut State, bytes: &[u8]) {
    match file::read(bytes) {
        Ok(Opened::Run(kept)) => {
            let refused = show(state, kept.linked.clone());
            state.notice = refused.or_else(|| kept.differs_from(state.lines()));
        }
        Ok(Opened::Incident(incident, tried)) => match Replayed::open(*incident) {
            Ok(incident) => {
                (state.incident, state.what_if, state.notice) = (Some(Arc::new(incident)), None, None);
                if let Some(tried) = tried {
                    let Tried { settings, from } = *tried;
                    (state.settings, state.what_if) = (settings, Some(from));
                    state.refused.clear();
                }
                restart(state);
                state.go_to(usize::MAX);
            }
            Err(problem) => state.notice = Some(problem),
        },
        Err(problem) => state.notice = Some(problem),
    }
}

/// A recorded run is forked by all the settings here; one thing alone cannot be otherwise, for its own settings are not those.
fn refuses_to_fork(state: &mut State, action: &Action) -> bool {
    let forks = matches!(action, Action::Fork { .. } | Action::ForkWith { .. } | Action::ForkBy(..));
    let refuses = forks && state.incident.is_some();
    if refuses {
        let how =
            "A recorded run is forked by the settings here: set what you want to try, choose an event, and press Fork.";
        state.notice = Some(how.into());
    }
    refuses
}

/// Asks what is to be otherwise; of a recorded run that is what is set.
fn open_fork(state: &mut State) {
    if state.incident.is_some() {
        fork_incident(state);
    } else {
        (state.forking, state.fork_error, state.playing) = (true, None, false);
    }
}

/// Lets the recorded run go on by the settings here, from the event on that is looked at.
fn fork_incident(state: &mut State) {
    let at = form::place(state);
    if state.branch().origin.is_some_and(|origin| at > origin.at) {
        let how = "This is the fork already: choose the branch \"As recorded\" to fork it at another event.";
        state.notice = Some(how.into());
        return;
    }
    state.what_if = Some(at);
    restart(state);
    // To the line that tells of the change; before the first event nothing does.
    let changed = state.branch().origin.map_or(0, |origin| origin.at);
    state.go_to(changed + usize::from(changed > 0));
}

/// Where the fork of a recorded run is deleted, that run is all that is shown.
fn delete_branch(state: &mut State, index: usize) {
    fork::delete(state, index);
    if state.what_if.is_some() && state.branches.len() == 1 {
        let position = state.position;
        state.what_if = None;
        state.simulate();
        state.go_to(position);
    }
}

fn close_incident(state: &mut State) {
    if state.incident.take().is_some() {
        (state.what_if, state.told) = (None, None);
        restart(state);
    }
}

/// To where the two first differ, or to the end.
fn what_if(state: &mut State, on: bool) {
    if state.incident.is_none() {
        return;
    }
    state.what_if = on.then_some(0);
    restart(state);
    let differs_at = state.told().and_then(|(_, differs_at)| differs_at);
    state.go_to(differs_at.map_or(usize::MAX, |at| at + 1));
}

/// Shows what was linked; where its branches cannot be, what a first visit shows, and what to say of it.
fn show(state: &mut State, linked: Linked) -> Option<String> {
    state.begin(linked.settings, linked.answers);
    if let Err(problem) = link::grow(state, linked.branches) {
        state.begin(Settings::default(), Vec::new());
        return Some(link::refusal(&problem));
    }
    fork::open_at(state, linked.selected);
    state.go_to(linked.position);
    None
}

#[cfg(test)]
mod tests;
