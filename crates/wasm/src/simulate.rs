//! Scenarios in virtual time, played for JavaScript.

use crate::agent::to_js;
use crate::misuse::{misuse, type_error};
use crate::options::Options;
use crate::property::{array, is_array, items, set};
use crate::{approver, policy, seed};
use js_sys::Object;
use serde::Serialize;
use steadfast::approval::Decision;
use steadfast_sim::{Human, Journal, Outcome, Scenario, SimulatedResult};
use wasm_bindgen::{JsCast, JsValue};

const SIMULATE: &[&str] = &["scenario", "seed", "policy", "approve", "decisions"];
const POLICY: &[&str] = &["maxSteps", "guard", "safeMessage", "approvalExpiresAfter"];
/// The seed of the terminal program, too.
const SEED: u64 = 7;

/// What JavaScript gets of a simulation.
#[derive(Serialize)]
struct Report<'a> {
    answer: &'a str,
    steps: u32,
    blocked: &'a [String],
    degraded: bool,
    stop: &'static str,
    trace: &'a Journal,
    hash: String,
}

/// Plays a scenario to its end, or to the question that nobody has decided yet.
pub(crate) fn simulate(options: &JsValue) -> Result<JsValue, JsValue> {
    let options = Options::read(options, "simulate", "", SIMULATE)?;
    let mut setup = scenario(&options)?.setup(seed::option(&options)?.unwrap_or(SEED));
    if let Some(options) = options.inner("policy", POLICY)? {
        setup.policy = policy::run(&options, setup.policy)?;
    }
    setup.human = human(&options)?;
    report(&steadfast_sim::simulate(&setup))
}

fn scenario(options: &Options) -> Result<Scenario, JsValue> {
    let known = Scenario::ALL.map(|scenario| format!("\"{scenario}\"")).join(", ");
    let Some(name) = options.text("scenario")? else {
        return Err(options.misuse("scenario", &JsValue::UNDEFINED, &known));
    };
    name.parse().map_err(|_| options.misuse("scenario", &name.as_str().into(), &known))
}

/// The options `approve` and `decisions`: what the human says.
fn human(options: &Options) -> Result<Human, JsValue> {
    match (options.flag("approve")?, options.get("decisions")?) {
        (Some(_), Some(_)) => Err(type_error("approve and decisions are both given; allowed: one of them")),
        (Some(true), None) => Ok(Human::Approves),
        (Some(false), None) => Ok(Human::Denies),
        (None, None) => Ok(Human::Nobody),
        (None, Some(decisions)) if is_array(&decisions) => {
            let decided: Result<Vec<Decision>, JsValue> =
                items(&decisions)?.iter().enumerate().map(|(index, value)| decision(index, value)).collect();
            Ok(Human::Decided(decided?))
        }
        (None, Some(other)) => Err(misuse("decisions", &other, "an array of decisions")),
    }
}

fn decision(index: usize, value: &JsValue) -> Result<Decision, JsValue> {
    let allowed = "true, false, { approve: true, args? } or { approve: false, message? }";
    approver::decision(value).map_err(|_| misuse(&format!("decisions[{index}]"), value, allowed))
}

fn report(outcome: &Outcome) -> Result<JsValue, JsValue> {
    let Outcome { result, pending, journal } = outcome;
    let waiting: Vec<_> = pending.iter().map(|request| request.tool.clone()).collect();
    let report = match result {
        Some(SimulatedResult { answer, steps, blocked, degraded, stop }) => Report {
            answer,
            steps: *steps,
            blocked,
            degraded: *degraded,
            stop: stop.as_str(),
            trace: journal,
            hash: journal.hash(),
        },
        None => Report {
            answer: "",
            steps: journal.decisions().filter_map(|entry| entry.step).max().unwrap_or(0),
            blocked: &waiting,
            degraded: false,
            stop: "suspended",
            trace: journal,
            hash: journal.hash(),
        },
    };
    let value = to_js(&report)?.unchecked_into::<Object>();
    if let Some(request) = pending {
        set(&value, "pending", &array([approver::request(request).into()]));
    }
    Ok(value.into())
}
