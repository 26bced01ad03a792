//! Reading and writing properties of JavaScript values that belong to somebody else: a getter or a proxy may throw, and
//! an exception must not pass through Rust.

use js_sys::{Array, Function, JsString, Object, Reflect};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

#[wasm_bindgen]
extern "C" {
    /// Even this throws, for a proxy that was revoked.
    #[wasm_bindgen(js_namespace = Array, js_name = isArray, catch)]
    fn check_array(value: &JsValue) -> Result<bool, JsValue>;
}

/// Whether a value is an array.
pub(crate) fn is_array(value: &JsValue) -> bool {
    check_array(value).unwrap_or(false)
}

/// The property of that name; `Err` with whatever its getter threw, or if `object` cannot have properties.
pub(crate) fn get(object: &JsValue, name: &str) -> Result<JsValue, JsValue> {
    if !object.is_object() && !object.is_function() {
        return Err(JsValue::UNDEFINED);
    }
    Reflect::get(object, &name.into())
}

/// The property of that name, or `undefined` where it cannot be read.
pub(crate) fn get_or_undefined(object: &JsValue, name: &str) -> JsValue {
    get(object, name).unwrap_or(JsValue::UNDEFINED)
}

/// The method of that name.
pub(crate) fn method(object: &JsValue, name: &str) -> Option<Function> {
    get_or_undefined(object, name).dyn_into().ok()
}

/// The names of an object's own properties, in order.
pub(crate) fn own_names(object: &JsValue) -> Result<Vec<JsString>, JsValue> {
    let keys = Reflect::own_keys(object)?;
    Ok(keys.iter().filter_map(|key| key.dyn_into().ok()).collect())
}

/// The items of an array, read once.
pub(crate) fn items(array: &JsValue) -> Result<Vec<JsValue>, JsValue> {
    let length = get(array, "length")?.as_f64().unwrap_or_default();
    let mut items = Vec::new();
    let mut index = 0_u32;
    while f64::from(index) < length {
        items.push(Reflect::get_u32(array, index)?);
        index += 1;
    }
    Ok(items)
}

/// A fresh plain object with these properties.
pub(crate) fn object(properties: &[(&str, JsValue)]) -> Object {
    let object = Object::new();
    for (name, value) in properties {
        set(&object, name, value);
    }
    object
}

/// Sets a property of an object of our own, which cannot fail.
pub(crate) fn set(object: &Object, name: &str, value: &JsValue) {
    let _ = Reflect::set(object, &name.into(), value);
}

/// A fresh array of these items.
pub(crate) fn array(items: impl IntoIterator<Item = JsValue>) -> JsValue {
    items.into_iter().collect::<Array>().into()
}
