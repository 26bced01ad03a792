//! A run told as a story, for people at a terminal.

use anstyle::{AnsiColor, Style};
use std::fmt::Write;
use steadfast::event::Event;
use steadfast_sim::{Ending, Fault, Line, Outcome, Scenario, Setup, SimulatedResult, What, WorldEvent, simulate};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GOOD: Style = AnsiColor::Green.on_default();
const WAIT: Style = AnsiColor::Yellow.on_default();
const BAD: Style = AnsiColor::Red.on_default();
const HUMAN: Style = AnsiColor::Magenta.on_default();
const WORLD: Style = AnsiColor::Cyan.on_default();

fn styled(style: Style, text: impl std::fmt::Display) -> String {
    format!("{style}{text}{style:#}")
}

pub(super) fn opening(seed: u64) -> String {
    format!(
        "{}\nOne agent, one question, and a world in which things go wrong. Times are virtual; seed {seed}.\n",
        styled(BOLD, "Steadfast: how an agent survives")
    )
}

pub(super) fn closing() -> String {
    format!(
        "\n{}\n  demo --scenario risky --approve    a human says yes\n  demo --seed 8                      other luck\n  \
         demo --json                        the same as data\n",
        styled(DIM, "Try:")
    )
}

/// One scenario: what is wrong, what the agent decided and why, and how it ended.
pub(super) fn of(scenario: Scenario, setup: &Setup) -> String {
    let outcome = simulate(setup);
    let mut text = format!("\n{}  {}\n", styled(BOLD, scenario), scenario.story());
    for (fault, _) in setup.faults.iter() {
        let _ = writeln!(text, "  {}", styled(WORLD, format!("{}: {}", fault.title(), fault.description())));
    }
    text += &steps(&outcome);
    if let Some(result) = &outcome.result {
        text += &ending(result);
    }
    if setup.protection {
        text += &without_protection(setup);
    }
    text
}

/// The lines worth telling, step by step. A step that only repeats the one before it is told in a word.
fn steps(outcome: &Outcome) -> String {
    let mut told = String::new();
    let mut steps: Vec<Vec<&Line>> = vec![Vec::new()];
    for line in outcome.journal.lines() {
        if is_step(line) {
            steps.push(Vec::new());
        }
        if let Some(step) = steps.last_mut().filter(|_| !is_noise(line)) {
            step.push(line);
        }
    }
    let mut repeated = 0;
    for (index, step) in steps.iter().enumerate() {
        if index > 1 && index + 1 < steps.len() && substance(step) == substance(&steps[index - 1]) {
            repeated += 1;
            continue;
        }
        told += &repetition(repeated);
        repeated = 0;
        for line in step {
            let _ = writeln!(told, "  {:>8}  {}", line.at.to_string(), sentence(line));
        }
    }
    told + &repetition(repeated)
}

fn repetition(times: usize) -> String {
    match times {
        0 => String::new(),
        1 => format!("  {:>8}  {}\n", "...", styled(DIM, "The next step goes the same way.")),
        times => format!("  {:>8}  {}\n", "...", styled(DIM, format!("The next {times} steps go the same way."))),
    }
}

fn is_step(line: &Line) -> bool {
    matches!(&line.what, What::Decision(entry) if matches!(entry.event, Event::StepStarted { .. }))
}

/// What another line says as well.
fn is_noise(line: &Line) -> bool {
    let What::Decision(entry) = &line.what else { return false };
    matches!(
        entry.event,
        Event::AttemptStarted { .. }
            | Event::AttemptSucceeded { .. }
            | Event::Observed { .. }
            | Event::RunStarted { .. }
            | Event::ToolReplied { .. }
    )
}

/// What a step did, without its numbers.
fn substance(step: &[&Line]) -> Vec<String> {
    let counted = |line: &&&Line| {
        let What::Decision(entry) = &line.what else { return false };
        matches!(entry.event, Event::StepStarted { .. } | Event::ModelCalled { .. })
    };
    step.iter().filter(|line| !counted(line)).map(|line| sentence(line)).collect()
}

fn sentence(line: &Line) -> String {
    let entry = match &line.what {
        What::World(event) => {
            let style = match event {
                WorldEvent::FaultInjected { .. }
                | WorldEvent::FaultsChanged { .. }
                | WorldEvent::EffectHappened { .. } => WORLD,
                WorldEvent::Crashed { .. } | WorldEvent::HungForever {} | WorldEvent::StillLooping { .. } => BAD,
            };
            return styled(style, event);
        }
        What::Decision(entry) => entry,
    };
    let text = &entry.event;
    match text {
        Event::StepStarted { .. } => styled(BOLD, text),
        Event::AttemptFailed { .. }
        | Event::AttemptTimedOut { .. }
        | Event::CallFailed { .. }
        | Event::BreakerOpened { .. }
        | Event::BreakerRejected { .. }
        | Event::StepLimitReached { .. }
        | Event::ToolBlocked { .. } => styled(BAD, text),
        Event::BackingOff { .. }
        | Event::Paused { .. }
        | Event::FellBack { .. }
        | Event::RunFinished { degraded: true, .. } => styled(WAIT, text),
        Event::ApprovalAsked { .. }
        | Event::ApprovalGranted { .. }
        | Event::ApprovalDenied { .. }
        | Event::ApprovalExpired { .. } => styled(HUMAN, text),
        Event::RunFinished { degraded: false, .. } => styled(GOOD, text),
        text => text.to_string(),
    }
}

fn ending(result: &SimulatedResult) -> String {
    let style = match (result.stop, result.degraded) {
        (Ending::Crashed | Ending::Hung | Ending::Runaway, _) => BAD,
        (_, true) => WAIT,
        (_, false) => GOOD,
    };
    let answer = if result.answer.is_empty() { "(none)" } else { &result.answer };
    let blocked = if result.blocked.is_empty() { "nothing".into() } else { result.blocked.join(", ") };
    format!(
        "  {} {answer}\n          steps {}, blocked {blocked}, degraded {}, stop {}\n",
        styled(style, "Answer:"),
        result.steps,
        result.degraded,
        result.stop.as_str()
    )
}

/// What becomes of the naive agent in the same world with the same luck.
fn without_protection(setup: &Setup) -> String {
    let naive = simulate(&Setup { protection: false, ..setup.clone() });
    let Some(result) = naive.result else { return String::new() };
    let sent = naive
        .journal
        .lines()
        .iter()
        .filter(|line| matches!(line.what, What::World(WorldEvent::EffectHappened { .. })))
        .count();
    let fate = match result.stop {
        Ending::Crashed => "it crashes at the first failure, without an answer".into(),
        Ending::Hung => "it waits for ever, without an answer".into(),
        Ending::Runaway => format!("it is still going round after {} steps, and every step costs", result.steps),
        Ending::Stopped(_) if sent > 0 && setup.faults.has(Fault::RiskyTool) => {
            "it sends the e-mail, and nobody was asked".into()
        }
        Ending::Stopped(_) => format!("it answers: {}", result.answer),
    };
    format!("  {} {fate}.\n", styled(DIM, "Without protection:"))
}
