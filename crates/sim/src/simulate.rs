//! One simulated run, from its setup to its outcome.

use crate::books::Counts;
use crate::change::{self, Change, Planned, Played};
use crate::fault::FaultPlan;
use crate::human::Human;
use crate::journal::{Journal, WorldEvent};
use crate::naive::NaiveAgent;
use crate::script;
use crate::world::World;
use serde::Serialize;
use steadfast::approval::ApprovalRequest;
use steadfast::breaker::{BreakerPolicy, WindowPolicy};
use steadfast::budget::{RetryBudgetPolicy, Spend};
use steadfast::id::RunId;
use steadfast::policy::{CallPolicy, RunPolicy};
use steadfast::retry::RetryPolicy;
use steadfast::rng::Seed;
use steadfast::run::{Run, ToolSpec};
use steadfast::setting::InvalidSetting;
use steadfast::time::{Duration, Instant};
use steadfast::trace::Trace;

/// What is simulated.
#[derive(Debug, Clone)]
pub struct Setup {
    /// What is wrong with the world.
    pub faults: FaultPlan,
    /// Whether the agent runs on the engine; else it is the naive one.
    pub protection: bool,
    /// Who approves.
    pub human: Human,
    /// All the luck there is: the world's and the engine's.
    pub seed: u64,
    /// The agent's settings; whether there is somebody to ask is decided by `human`.
    pub policy: RunPolicy,
    /// How many models the agent has, in order of preference; the others are asked where the one before cannot be had. They are
    /// other people's services: what is wrong with the first one is not wrong with them.
    pub models: u32,
    /// The agent's tools, of those that the world knows: see [`tools`](crate::tools).
    pub tools: Vec<ToolSpec>,
    /// Whether everything that happens is written down. Without it the journal stays empty and the run goes the same way,
    /// faster: for whoever wants thousands of results and no stories.
    ///
    /// ```
    /// use steadfast_sim::{Scenario, Setup, simulate};
    ///
    /// let told = simulate(&Scenario::Flaky.setup(7));
    /// let untold = simulate(&Setup { trace: false, ..Scenario::Flaky.setup(7) });
    /// assert_eq!(untold.result, told.result);
    /// assert!(untold.journal.lines().is_empty());
    /// ```
    pub trace: bool,
    /// What is changed on the way, in the order of the lines.
    pub changes: Vec<Change>,
}

impl Default for Setup {
    /// A world without faults, a protected agent under [`default_policy`] with one model and [`tools`](crate::tools), nobody to ask, seed
    /// 7, everything written down.
    fn default() -> Self {
        let (faults, human) = (FaultPlan::default(), Human::Nobody);
        let (policy, tools) = (default_policy(), script::tools());
        Self { faults, protection: true, human, seed: 7, policy, models: 1, tools, trace: true, changes: Vec::new() }
    }
}

/// The policy of simulated agents: the engine's defaults, but quicker where a watcher would get bored. Attempts time out
/// after 4 s, there are 4 of them within 30 s, and the breaker opens after 3 failures in a row. A run may make up to 20
/// retries, and no throttle holds them back: these worlds fail in most of their few calls, and what is meant for a
/// fleet's share of retries would end every run in them.
#[must_use]
pub fn default_policy() -> RunPolicy {
    let retries = RetryBudgetPolicy::default().with_at_least(20);
    let policy = RunPolicy::default().with_retry_budget(Some(retries));
    match quick_model_policy() {
        Ok(model) => policy.with_model(model),
        Err(_) => policy,
    }
}

fn quick_model_policy() -> Result<CallPolicy, InvalidSetting> {
    // Of a handful of calls half may fail by chance; only a longer record says that a service is down rather than flaky.
    let window = WindowPolicy::new(500, 20, Duration::from_secs(60), 10)?;
    let breaker = BreakerPolicy::default().with_consecutive(3).with_window(Some(window));
    let retry = RetryPolicy::default().with_attempts(4)?;
    CallPolicy::default()
        .with_retry(Some(retry))
        .with_breaker(Some(breaker))
        .with_throttle(None)
        .with_timeout(Some(Duration::from_secs(4)))?
        .with_deadline(Some(Duration::from_secs(30)))
}

/// What came of it.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// How it ended; `None` while a human has yet to decide.
    pub result: Option<SimulatedResult>,
    /// The question a human has yet to decide.
    pub pending: Option<ApprovalRequest>,
    /// What the model's provider charged: tokens, and money in millionths of a dollar.
    pub spent: Spend,
    /// What happened, in numbers, whether or not it is written down.
    pub counts: Counts,
    /// Everything that happened; empty if the setup wants no trace.
    pub journal: Journal,
}

/// How a simulated run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SimulatedResult {
    /// The answer; empty where an unprotected agent gave none.
    pub answer: String,
    /// Turns of the loop that were begun.
    pub steps: u32,
    /// Tools that were asked for and did not run.
    pub blocked: Vec<String>,
    /// Whether there is no answer of the model's: a safe message instead, or nothing at all.
    pub degraded: bool,
    /// Why it ended.
    pub stop: Ending,
}

/// Why a simulated run ended: as the engine says, or in one of the ways only an unprotected agent does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// In the engine's words.
    Stopped(steadfast::outcome::StopReason),
    /// With an error that nobody caught.
    Crashed,
    /// Not at all: it waits for ever.
    Hung,
    /// Not at all: it goes round for ever.
    Runaway,
}

impl Ending {
    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stopped(stop) => stop.as_str(),
            Self::Crashed => "crashed",
            Self::Hung => "hung",
            Self::Runaway => "runaway",
        }
    }
}

impl Serialize for Ending {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Simulates one run. The same setup gives the same outcome, always and everywhere.
///
/// Where a run cannot begin, as without a model or with two tools of one name, it crashes with what the engine says of that.
#[must_use]
pub fn simulate(setup: &Setup) -> Outcome {
    let mut outcome = change::simulate(&setup.changes, |changes| play(setup, changes)).finish();
    if !setup.trace {
        outcome.journal = Journal::default();
    }
    outcome
}

fn play(setup: &Setup, changes: &[Planned]) -> Played {
    let task = script::task(&setup.faults);
    let gate = setup.policy.approval().with_approver(setup.human.is_there());
    let policy = setup.policy.clone().with_approval(gate);
    // Changes have their places among the lines.
    let told = setup.trace || !setup.changes.is_empty();
    let trace = if told { Trace::on() } else { Trace::off() };
    let world = World::new(setup, told).with_changes(changes);
    if !setup.protection {
        return world.watch(&mut NaiveAgent::new(task, trace));
    }
    let (seed, tools) = (Seed(setup.seed), setup.tools.clone());
    match Run::new(RunId(setup.seed), task, policy, setup.models, tools, seed) {
        Ok(run) => world.watch(&mut run.with_trace(trace)),
        Err(invalid) => refused(&invalid),
    }
}

fn refused(invalid: &InvalidSetting) -> Played {
    let mut journal = Journal::default();
    journal.world(Instant::ORIGIN, WorldEvent::Crashed { error: invalid.to_string() });
    let stop = Ending::Crashed;
    let result = SimulatedResult { answer: String::new(), steps: 0, blocked: Vec::new(), degraded: true, stop };
    let outcome = Outcome { result: Some(result), journal, ..Outcome::default() };
    Played { outcome, spans: Vec::new(), told: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Scenario;

    #[test]
    fn a_run_that_nobody_writes_down_goes_the_same_way() {
        for scenario in Scenario::ALL {
            for seed in 0..20 {
                let setup = scenario.setup(seed);
                let (told, untold) = (simulate(&setup), simulate(&Setup { trace: false, ..setup }));
                assert_eq!((told.result, told.pending), (untold.result, untold.pending), "{scenario} with seed {seed}");
                assert_eq!(told.spent, untold.spent, "{scenario} with seed {seed}");
                assert!(!told.journal.lines().is_empty(), "{scenario} with seed {seed}");
                assert_eq!(untold.journal, Journal::default(), "{scenario} with seed {seed}");
            }
        }
    }

    #[test]
    fn what_was_spent_is_the_sum_of_the_bills_and_each_came_with_an_answer() {
        for setup in [Scenario::Flaky.setup(7), Scenario::Naive.setup(8), Scenario::Looping.setup(7)] {
            let Outcome { spent, journal, .. } = simulate(&setup);
            let bills = journal.bills();
            let sum = |of: fn(&Spend) -> u64| bills.iter().map(|(_, spend)| of(spend)).sum::<u64>();
            assert_eq!((spent.tokens, spent.money), (sum(|spend| spend.tokens), sum(|spend| spend.money)));
            for (line, spend) in bills {
                let text = journal.lines()[*line].to_string();
                assert!(text.contains("succeeded") && spend.tokens > 120, "{text}: {spend:?}");
            }
        }
        assert_eq!(simulate(&Scenario::Down.setup(7)).spent, Spend::NONE, "who refuses a connection sends no bill");
    }

    #[test]
    fn a_question_is_handed_over_whether_or_not_it_is_written_down() {
        let setup = Setup { human: Human::Decided(Vec::new()), ..Scenario::Risky.setup(7) };
        let untold = simulate(&Setup { trace: false, ..setup });
        assert_eq!((untold.result, untold.pending.map(|request| request.tool)), (None, Some("send_email".into())));
    }
}
