//! What a caller is told who hands in something that makes no sense: which option, what it was, and what is allowed.

use crate::property::is_array;
use js_sys::TypeError;
use steadfast::setting::InvalidSetting;
use wasm_bindgen::{JsCast, JsValue};

/// A `TypeError` in the same form as the engine's own complaints.
pub(crate) fn misuse(name: &str, value: &JsValue, allowed: &str) -> JsValue {
    type_error(&format!("{name} is {}; allowed: {allowed}", shown(value)))
}

/// A `TypeError` with that message.
pub(crate) fn type_error(message: &str) -> JsValue {
    TypeError::new(message).into()
}

/// The engine's complaint about a setting, as a `TypeError`.
#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` hands over")]
pub(crate) fn invalid(setting: InvalidSetting) -> JsValue {
    type_error(&setting.to_string())
}

/// A value as a caller recognises it. Never runs any code of the value's own.
pub(crate) fn shown(value: &JsValue) -> String {
    if let Some(text) = value.as_string() {
        return if text.chars().count() > LONGEST {
            format!("{:?}...", text.chars().take(LONGEST).collect::<String>())
        } else {
            format!("{text:?}")
        };
    }
    if value.is_function() {
        return "a function".to_owned();
    }
    if is_array(value) {
        return "an array".to_owned();
    }
    if value.is_object() {
        return "an object".to_owned();
    }
    if value.is_symbol() {
        return "a symbol".to_owned();
    }
    if let Some(number) = value.as_f64() {
        return number.to_string().replace("inf", "Infinity");
    }
    if let Some(number) = value.dyn_ref::<js_sys::BigInt>() {
        return number
            .to_string(10)
            .map_or_else(|_| "a bigint".to_owned(), |digits| format!("{}n", String::from(digits)));
    }
    // What is left are `undefined`, `null`, `true` and `false`.
    match value.as_bool() {
        Some(truth) => truth.to_string(),
        None if value.is_null() => "null".to_owned(),
        None => "undefined".to_owned(),
    }
}

/// How much of a text is shown, in characters: enough to recognise it by.
const LONGEST: usize = 60;
