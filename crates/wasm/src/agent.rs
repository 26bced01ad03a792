//! An agent of JavaScript functions, and its runs.

use crate::cancel::Cancellation;
use crate::host::Host;
use crate::misuse::{invalid, misuse, type_error};
use crate::options::Options;
use crate::property::{is_array, items, object};
use crate::timer::HostTimer;
use crate::tool::{self, Tool};
use crate::{policy, seed};
use js_sys::{Function, Promise};
use serde::Serialize;
use std::cell::Cell;
use std::rc::Rc;
use steadfast::drive;
use steadfast::id::RunId;
use steadfast::policy::RunPolicy;
use steadfast::rng::Seed;
use steadfast::run::{Run, RunResult};
use steadfast::trace::Trace;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::future_to_promise;

const AGENT: &[&str] = &[
    "model",
    "tools",
    "system",
    "approver",
    "approvalExpiresAfter",
    "maxSteps",
    "guard",
    "safeMessage",
    "clock",
    "seed",
];

/// What an agent is made of. Its runs share it and change nothing in it but the number of runs.
#[derive(Debug)]
pub(crate) struct Definition {
    pub(crate) models: Vec<Function>,
    pub(crate) tools: Vec<Tool>,
    /// The caller's own record of tools, for models that want their descriptions.
    pub(crate) tools_by_name: JsValue,
    pub(crate) approver: Option<Function>,
    pub(crate) timer: HostTimer,
    system: Option<String>,
    policy: RunPolicy,
    seed: Seed,
    runs: Cell<u64>,
}

/// Makes an agent. Everything about it is checked now, so that a run can only meet what models and tools do.
pub(crate) fn agent(options: &JsValue) -> Result<JsValue, JsValue> {
    let definition = Rc::new(Definition::read(options)?);
    let run = Closure::<dyn Fn(JsValue, JsValue) -> Promise>::new(move |task, options| {
        start(&definition, &task, &options).unwrap_or_else(|misuse| Promise::reject(&misuse))
    });
    // The function belongs to the agent, and goes with it.
    Ok(object(&[("run", run.into_js_value())]).into())
}

impl Definition {
    fn read(options: &JsValue) -> Result<Self, JsValue> {
        let options = Options::read(options, "agent", "", AGENT)?;
        let approver = options.function("approver")?;
        let policy = policy::run(&options, RunPolicy::default())?;
        let gate = policy.approval().with_approver(approver.is_some());
        Ok(Self {
            models: models(&options)?,
            tools: tool::read_all(&options)?,
            tools_by_name: options.get("tools")?.unwrap_or_else(|| object(&[]).into()),
            approver,
            timer: HostTimer::read(&options)?,
            system: options.text("system")?.filter(|system| !system.is_empty()),
            policy: policy.with_approval(gate),
            seed: Seed(seed::option(&options)?.unwrap_or_else(seed::drawn)),
            runs: Cell::new(0),
        })
    }

    /// The tool of that name.
    pub(crate) fn tool(&self, name: &str) -> Option<&Tool> {
        self.tools.iter().find(|tool| tool.spec.name() == name)
    }

    /// The seed of the next run: the agent's own for the first, so that a run can be repeated, and others after it, so
    /// that no two runs share the keys by which services tell a repetition.
    fn next_seed(&self) -> Seed {
        let run = self.runs.get();
        self.runs.set(run.wrapping_add(1));
        if run == 0 { self.seed } else { self.seed.derive(run) }
    }
}

/// The option `model`: a function, or several in order of preference.
fn models(options: &Options) -> Result<Vec<Function>, JsValue> {
    let allowed = "a function, or an array of functions in order of preference";
    let value = options.get("model")?.unwrap_or(JsValue::UNDEFINED);
    if let Some(model) = value.dyn_ref::<Function>() {
        return Ok(vec![model.clone()]);
    }
    if !is_array(&value) {
        return Err(options.misuse("model", &value, allowed));
    }
    let models = items(&value)?;
    if models.is_empty() {
        return Err(type_error(&format!("{} is an empty array; allowed: {allowed}", options.path("model"))));
    }
    let read = |(index, model): (usize, JsValue)| {
        model.dyn_into().map_err(|model| options.misuse(&format!("model[{index}]"), &model, "a function"))
    };
    models.into_iter().enumerate().map(read).collect()
}

/// Starts a run. `Err` only if it is called wrongly.
fn start(agent: &Rc<Definition>, task: &JsValue, options: &JsValue) -> Result<Promise, JsValue> {
    let task = task.as_string().ok_or_else(|| misuse("task", task, "a string"))?;
    let signal =
        if options.is_undefined() { None } else { Options::read(options, "run", "", &["signal"])?.get("signal")? };
    let cancellation = Cancellation::read(signal)?;
    let seed = agent.next_seed();
    let models = u32::try_from(agent.models.len()).unwrap_or(u32::MAX);
    let tools = agent.tools.iter().map(|tool| tool.spec.clone()).collect();
    let mut run = Run::new(RunId(seed.0), &task, agent.policy.clone(), models, tools, seed).map_err(invalid)?;
    if let Some(system) = &agent.system {
        run = run.with_system(system);
    }
    let host = Host { agent: Rc::clone(agent), cancellation };
    Ok(future_to_promise(async move {
        let result = drive::run(&host.agent.timer, &host, &mut run).await;
        report(&result, run.trace())
    }))
}

/// A result as JavaScript has it.
fn report(result: &RunResult, trace: &Trace) -> Result<JsValue, JsValue> {
    #[derive(Serialize)]
    struct Report<'a> {
        #[serde(flatten)]
        result: &'a RunResult,
        trace: &'a Trace,
    }
    to_js(&Report { result, trace })
}

/// Data as plain JavaScript objects.
pub(crate) fn to_js(data: &impl Serialize) -> Result<JsValue, JsValue> {
    data.serialize(&serde_wasm_bindgen::Serializer::json_compatible()).map_err(JsValue::from)
}
