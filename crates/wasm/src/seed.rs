//! Seeds: from the caller, or else from the host's own chance.

use crate::options::{Options, whole};
use crate::property;
use js_sys::{Math, Uint32Array, global};
use wasm_bindgen::JsValue;

/// 2^53 - 1: beyond it JavaScript's numbers lose digits.
const LARGEST_EXACT: u64 = 9_007_199_254_740_991;

/// The option `seed`: a decimal string, or a number as long as it is exact.
pub(crate) fn option(options: &Options) -> Result<Option<u64>, JsValue> {
    let Some(value) = options.get("seed")? else { return Ok(None) };
    let seed = match (value.as_string(), value.as_f64()) {
        (Some(text), _) if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok(),
        (None, Some(number)) => whole(number).filter(|seed| *seed <= LARGEST_EXACT),
        _ => None,
    };
    let allowed = format!("a whole number from 0 to {}, or a decimal string up to {}", LARGEST_EXACT, u64::MAX);
    seed.map(Some).ok_or_else(|| options.misuse("seed", &value, &allowed))
}

/// A seed that nobody can foresee, or at least nobody will meet again.
pub(crate) fn drawn() -> u64 {
    let words = Uint32Array::new_with_length(2);
    let crypto = property::get_or_undefined(&global(), "crypto");
    let filled = property::method(&crypto, "getRandomValues").is_some_and(|fill| fill.call1(&crypto, &words).is_ok());
    if filled {
        return (u64::from(words.get_index(0)) << 32) | u64::from(words.get_index(1));
    }
    // 2^32: a draw of `Math.random` has 52 bits or so, of which the upper ones are good.
    let word = || whole((Math::random() * 4_294_967_296.0).floor()).unwrap_or_default();
    (word() << 32) | word()
}
