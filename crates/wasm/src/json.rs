//! JSON between JavaScript and the engine, to which arguments are opaque texts: in canonical form (RFC 8785), so that equal
//! arguments are equal texts and what is shown to a human is what runs.

use crate::classify::message_of;
use js_sys::{JSON, RangeError};
use serde_json::Value;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};

/// The canonical text of a value, or why it has none. `undefined` is nothing that JSON could say.
///
/// Two steps: `JSON.stringify` says what the value means in JSON, as for everybody else in JavaScript, and then its members
/// are put in order. A number that JSON would turn into `null` is refused, and so is nesting beyond 128 levels.
pub(crate) fn canonical(value: &JsValue) -> Result<String, String> {
    let text = stringify(value).map_err(|error| message_of(&error))?.ok_or("it is nothing that JSON can say")?;
    let value: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    serde_json_canonicalizer::to_string(&value).map_err(|error| error.to_string())
}

/// `JSON.stringify`, without its silent loss of `NaN` and `Infinity`.
fn stringify(value: &JsValue) -> Result<Option<String>, JsValue> {
    let refuse = |_: JsValue, value: JsValue| match value.as_f64() {
        Some(number) if !number.is_finite() => Err(RangeError::new(&format!("{number} is not a JSON number")).into()),
        _ => Ok(value),
    };
    let replacer = Closure::<dyn FnMut(JsValue, JsValue) -> Result<JsValue, JsValue>>::new(refuse);
    Ok(JSON::stringify_with_replacer(value, replacer.as_ref())?.as_string())
}

/// A fresh value from a text: whoever gets it may change it, and nobody else sees that. A text that is no JSON stays a text.
pub(crate) fn parse(text: &str) -> JsValue {
    JSON::parse(text).unwrap_or_else(|_| text.into())
}

/// What a tool returned, as text for the model: a string as it is, nothing as an empty text, anything else as JSON.
pub(crate) fn for_model(value: &JsValue) -> Result<String, JsValue> {
    if let Some(text) = value.as_string() {
        return Ok(text);
    }
    let text = JSON::stringify(value)?;
    Ok(text.unchecked_into::<JsValue>().as_string().unwrap_or_default())
}
