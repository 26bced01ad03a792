//! What can happen to the state: one enum, and one function that says what comes of it.

use crate::link;
use crate::pace::Speed;
use crate::settings::parse_seed;
use crate::state::{Answer, State};
use steadfast::time::Duration;
use steadfast_sim::Fault;

/// The longest real time that one tick counts for: after a hitch the picture goes on rather than jumps.
const LONGEST_TICK: Duration = Duration::from_millis(250);

/// Something a person did, or that time passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Switch a fault on or off; the run starts anew.
    ToggleFault(Fault),
    /// Switch the protection on or off; the run starts anew.
    SetProtection(bool),
    /// Take other luck; the run starts anew.
    SetSeed(u64),
    /// The same, as typed; what is no seed changes nothing but the message beside it.
    TypeSeed(String),
    /// Show one more line.
    Step,
    /// Show one line less.
    StepBack,
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
    /// Back to the start, with every answer taken back.
    Reset,
    /// Say yes to the question that is asked now.
    Approve,
    /// Say no to it.
    Deny,
    /// Look at that line, or again at the last one.
    Select(Option<usize>),
    /// Show what a link says, with or without its `#`.
    OpenLink(String),
    /// The message about a link has been read.
    DismissNotice,
}

/// What comes of an action. Total: any action in any state.
pub fn update(state: &mut State, action: Action) {
    match action {
        Action::ToggleFault(fault) => {
            state.settings.faults = state.settings.faults.with(fault, !state.settings.faults.has(fault));
            restart(state);
        }
        Action::SetProtection(on) => {
            state.settings.protection = on;
            restart(state);
        }
        Action::SetSeed(seed) => {
            state.seed_error = None;
            state.settings.seed = seed;
            restart(state);
        }
        Action::TypeSeed(text) => match parse_seed(&text) {
            Ok(seed) => update(state, Action::SetSeed(seed)),
            Err(message) => state.seed_error = Some(message),
        },
        Action::Step => {
            state.playing = false;
            go_to(state, state.position.saturating_add(1));
        }
        Action::StepBack => {
            state.playing = false;
            go_to(state, state.position.saturating_sub(1));
        }
        Action::Seek(position) => {
            state.playing = false;
            go_to(state, position);
        }
        Action::Play => play(state),
        Action::Pause => {
            state.playing = false;
            state.resumes = false;
        }
        Action::Tick(elapsed) => pass_time(state, elapsed),
        Action::SetSpeed(speed) => state.speed = speed,
        Action::Reset => restart(state),
        Action::Approve => answer(state, Answer::Approve),
        Action::Deny => answer(state, Answer::Deny),
        Action::Select(line) => state.selected = line.filter(|line| *line < state.position),
        Action::OpenLink(text) => open(state, &text),
        Action::DismissNotice => state.notice = None,
    }
}

fn restart(state: &mut State) {
    state.answers.clear();
    state.playing = false;
    state.resumes = false;
    state.simulate();
    go_to(state, 0);
}

fn go_to(state: &mut State, position: usize) {
    state.position = position.min(state.length());
    state.since_line = Duration::ZERO;
    state.selected = None;
    state.resumes = false;
}

fn play(state: &mut State) {
    if state.asked().is_some() {
        return;
    }
    if state.is_at_end() {
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
    while !state.is_at_end() && state.since_line >= state.pace.before(state.position) {
        state.since_line -= state.pace.before(state.position);
        state.position += 1;
        state.selected = None;
    }
    if state.is_at_end() {
        state.since_line = Duration::ZERO;
        state.playing = false;
        state.resumes = state.asked().is_some();
    }
}

/// The past stays, the future is simulated again with this answer, and its first line is shown.
fn answer(state: &mut State, answer: Answer) {
    if state.asked().is_none() {
        return;
    }
    let resumes = state.resumes;
    state.answers.push(answer);
    state.simulate();
    go_to(state, state.position.saturating_add(1));
    state.playing = resumes && !state.is_at_end();
}

fn open(state: &mut State, text: &str) {
    let (linked, notice) = link::read(text);
    let (version, speed) = (state.version, state.speed);
    *state = State::new(linked.settings, linked.answers);
    state.version += version;
    state.speed = speed;
    state.position = linked.position.min(state.length());
    state.notice = notice;
}

#[cfg(test)]
mod tests;
