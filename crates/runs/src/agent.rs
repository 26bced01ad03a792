//! An agent: the settings of its runs, and what they know of its models and tools.

use crate::hall::hall;
use steadfast::approval::ApprovalGate;
use steadfast::budget::ThrottlePolicy;
use steadfast::effect::Effect;
use steadfast::policy::{CallPolicy, RunPolicy};
use steadfast::rng::Seed;
use steadfast::run::{Endpoints, ToolSpec};
use steadfast::setting::InvalidSetting;
use steadfast_boundary::opening::opened;
use steadfast_boundary::registers::{duration, whole};
use steadfast_boundary::settings::{breaker_policy, call_policy, seed};
use wasm_bindgen::prelude::wasm_bindgen;

/// Where a call's breaker stands in the registers, behind its other settings.
const BREAKER: usize = 9;
/// Where an agent's own settings stand, behind those of its calls.
const MAX_STEPS: usize = 21;
const EXPIRES_AFTER: usize = 22;

/// What the runs of an agent have in common.
pub(crate) struct Agent {
    policy: RunPolicy,
    pub(crate) models: u32,
    pub(crate) tools: Vec<ToolSpec>,
    seed: Seed,
    /// Runs begun so far.
    runs: u64,
    /// Made with its first run, when all its tools are known: what one run learns of a server, the next one knows.
    endpoints: Option<Endpoints>,
    /// Whether the host keeps the ledger that resumed runs share.
    pub(crate) foreign_ledger: bool,
}

impl Agent {
    pub(crate) fn endpoints(&mut self) -> &mut Endpoints {
        let Self { policy, models, tools, seed, .. } = self;
        self.endpoints.get_or_insert_with(|| Endpoints::new(policy, *models, tools, *seed))
    }

    /// The settings of a run: whether there is somebody to ask is each run's own.
    pub(crate) fn policy(&self, asks: bool) -> RunPolicy {
        self.policy.clone().with_approval(self.policy.approval().with_approver(asks))
    }

    /// The seed of the next run: the agent's own for the first, so that a run can be repeated, and others after it.
    pub(crate) fn next_seed(&mut self) -> Seed {
        let number = self.runs;
        self.runs += 1;
        if number == 0 { self.seed } else { self.seed.derive(number) }
    }

    /// Whether a run has been begun.
    pub(crate) fn is_used(&self) -> bool {
        self.endpoints.is_some()
    }
}

/// The settings of calls in the registers: those of every call, and its breaker from register 9 on.
fn call() -> Result<CallPolicy, InvalidSetting> {
    let policy = call_policy()?;
    let throttle = policy.retry().map(|_| ThrottlePolicy::default());
    Ok(policy.with_throttle(throttle).with_breaker(breaker_policy(BREAKER)?))
}

/// An agent of so many models, whose calls have the settings in the registers; behind them stand its step cap and how long an
/// approval waits. An empty safe message is the engine's own.
#[wasm_bindgen]
#[must_use]
pub fn agent_open(models: u32, foreign_ledger: bool, safe_message: &str, seed_high: u32, seed_low: u32) -> i32 {
    let policy = || {
        let expires_after = duration(EXPIRES_AFTER).unwrap_or_default();
        let gate = ApprovalGate::default().with_expires_after(expires_after)?;
        let policy = RunPolicy::default().with_max_steps(whole(MAX_STEPS))?.with_approval(gate).with_model(call()?);
        if safe_message.is_empty() { Ok(policy) } else { policy.with_safe_message(safe_message) }
    };
    hall(|hall| {
        let agent = policy().map(|policy| Agent {
            policy,
            models,
            tools: Vec::new(),
            seed: seed(seed_high, seed_low),
            runs: 0,
            endpoints: None,
            foreign_ledger,
        });
        let number = agent.map(|agent| hall.agents.insert(agent));
        opened(number)
    })
}

/// A tool of an agent, whose calls have the settings in the registers. `effect`: 0 none, 1 idempotent, 2 once. Its place
/// among the tools.
#[wasm_bindgen]
#[must_use]
pub fn agent_tool(agent: u32, name: &str, risky: bool, effect: u32, reconciles: bool) -> i32 {
    let effect = match effect {
        0 => Effect::None,
        1 => Effect::Idempotent,
        _ => Effect::Once,
    };
    let tool = call().map(|policy| {
        let tool = ToolSpec::new(name).with_policy(policy);
        let tool = if risky { tool.risky() } else { tool }.with_effect(effect);
        if reconciles { tool.with_reconcile() } else { tool }
    });
    hall(|hall| {
        let place = tool.map(|tool| {
            let Some(agent) = hall.agents.get_mut(agent) else { return 0 };
            agent.tools.push(tool);
            u32::try_from(agent.tools.len() - 1).unwrap_or(u32::MAX)
        });
        opened(place)
    })
}

/// The agent is not wanted any more.
#[wasm_bindgen]
pub fn agent_close(agent: u32) {
    hall(|hall| hall.agents.take(agent));
}
