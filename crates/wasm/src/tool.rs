//! Tools as a caller describes them.

use crate::json;
use crate::misuse::misuse;
use crate::options::Options;
use crate::policy::guard;
use crate::property::{is_array, own_names};
use js_sys::{Function, Map};
use steadfast::effect::Effect;
use steadfast::run::ToolSpec;
use wasm_bindgen::{JsCast, JsValue};

const TOOL: &[&str] = &["description", "parameters", "run", "risky", "effect", "guard"];
const EFFECTS: &[(&str, Effect)] =
    &[("none", Effect::None), ("idempotent", Effect::Idempotent), ("once", Effect::Once)];

/// A tool: what the engine knows of it, and the functions behind it.
#[derive(Debug)]
pub(crate) struct Tool {
    pub(crate) spec: ToolSpec,
    /// The caller's own object, which is `this` to its functions.
    pub(crate) holder: JsValue,
    pub(crate) run: Function,
    /// Says of each call whether it is risky, where that depends on the arguments.
    risky: Option<Function>,
}

impl Tool {
    /// Whether a call with these arguments needs a human's yes; `None` where the tool alone decides. Only a clear `false`
    /// is a no: a function that fails, or that answers anything else, has not shown that the call is safe.
    pub(crate) fn is_risky(&self, args: &str) -> Option<bool> {
        let risky = self.risky.as_ref()?;
        let answer = risky.call1(&self.holder, &json::parse(args));
        Some(answer.map_or(true, |answer| answer.as_bool() != Some(false)))
    }
}

/// The option `tools`: an object of tools by their names.
pub(crate) fn read_all(options: &Options) -> Result<Vec<Tool>, JsValue> {
    let Some(value) = options.get("tools")? else { return Ok(Vec::new()) };
    if !value.is_object() || is_array(&value) || value.is_instance_of::<Map>() {
        return Err(misuse(&options.path("tools"), &value, "an object of tools by their names"));
    }
    let names = own_names(&value)?;
    let known: Vec<_> = names.iter().map(String::from).collect();
    if let Some(unnamed) = known.iter().find(|name| name.trim().is_empty()) {
        return Err(misuse("the name of a tool", &unnamed.into(), "a word"));
    }
    let known: Vec<_> = known.iter().map(String::as_str).collect();
    let tools = Options::read(&value, "tools", &options.path("tools"), &known)?;
    known.iter().map(|name| read(&tools, name)).collect()
}

fn read(tools: &Options, name: &str) -> Result<Tool, JsValue> {
    let Some(options) = tools.inner(name, TOOL)? else {
        return Err(tools.misuse(name, &JsValue::UNDEFINED, "a tool: { run, ... }"));
    };
    options.text("description")?;
    if let Some(parameters) = options.get("parameters")?.filter(|parameters| !parameters.is_object()) {
        return Err(options.misuse("parameters", &parameters, "an object: the JSON Schema of the arguments"));
    }
    let Some(run) = options.function("run")? else {
        return Err(options.misuse("run", &JsValue::UNDEFINED, "a function"));
    };
    let (risky, asked) = match options.get("risky")? {
        None => (false, None),
        Some(value) => match (value.as_bool(), value.dyn_ref::<Function>()) {
            (Some(risky), _) => (risky, None),
            (None, Some(function)) => (true, Some(function.clone())),
            (None, None) => return Err(options.misuse("risky", &value, "true, false or a function of the arguments")),
        },
    };
    let mut spec = ToolSpec::new(name);
    if risky {
        spec = spec.risky();
    }
    if let Some(effect) = options.word("effect", EFFECTS)? {
        spec = spec.with_effect(effect);
    }
    let policy = guard(&options, spec.policy())?;
    Ok(Tool { spec: spec.with_policy(policy), holder: options.holder().clone(), run, risky: asked })
}
