//! The boundary between Steadfast's engine and JavaScript.
//!
//! Nothing here decides anything about reliability: JavaScript's values become the engine's, the engine's decisions become
//! calls of JavaScript functions, and what those return or throw becomes the engine's inputs. What a caller gets wrong is a
//! `TypeError` that says what would have been right; what a model or a tool gets wrong is a failure, and never an exception.

mod agent;
mod approver;
mod cancel;
mod classify;
mod context;
mod host;
mod json;
mod message;
mod misuse;
mod options;
mod policy;
mod promise;
mod property;
mod seed;
mod simulate;
mod timer;
mod tool;

use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = include_str!("types.d.ts");

/// An agent that survives what its models and tools do. Throws a `TypeError` at once if an option makes no sense.
#[wasm_bindgen(unchecked_return_type = "Agent")]
pub fn agent(#[wasm_bindgen(unchecked_param_type = "AgentOptions")] options: &JsValue) -> Result<JsValue, JsValue> {
    agent::agent(options)
}

/// Plays a scenario in virtual time: the same scenario, seed and policy give the same trace, always and everywhere.
/// Throws a `TypeError` at once if an option makes no sense.
#[wasm_bindgen(unchecked_return_type = "SimulateResult")]
pub fn simulate(
    #[wasm_bindgen(unchecked_param_type = "SimulateOptions")] options: &JsValue,
) -> Result<JsValue, JsValue> {
    simulate::simulate(options)
}
