//! Reading options: every value is looked at, and a name that means nothing is refused, for it is most likely a typing
//! error that would otherwise switch a protection off in silence.

use crate::misuse::{misuse, shown, type_error};
use crate::property::{self, is_array};
use js_sys::Function;
use std::time::Duration;
use wasm_bindgen::{JsCast, JsValue};

/// An object of options, with the path by which a caller knows it.
#[derive(Debug)]
pub(crate) struct Options {
    value: JsValue,
    path: String,
}

impl Options {
    /// The options in `value`, all of which must be among `known`.
    ///
    /// `what` is how the object is called; `path` is what stands before the names of its options, if anything does.
    pub(crate) fn read(value: &JsValue, what: &str, path: &str, known: &[&str]) -> Result<Self, JsValue> {
        if !value.is_object() || is_array(value) {
            return Err(misuse(what, value, &format!("an object with {}", known.join(", "))));
        }
        for name in property::own_names(value)? {
            let name = String::from(name);
            if !known.contains(&name.as_str()) {
                let path = if path.is_empty() { String::new() } else { format!("{path}.") };
                let known = known.join(", ");
                return Err(type_error(&format!("{path}{name} is not an option of {what}; its options are: {known}")));
            }
        }
        Ok(Self { value: value.clone(), path: path.to_owned() })
    }

    /// An option's full name.
    pub(crate) fn path(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// The object that holds the options.
    pub(crate) fn holder(&self) -> &JsValue {
        &self.value
    }

    /// An option; `None` if it is left out or `undefined`.
    pub(crate) fn get(&self, name: &str) -> Result<Option<JsValue>, JsValue> {
        let value = property::get(&self.value, name)?;
        Ok((!value.is_undefined()).then_some(value))
    }

    /// Says that an option is not what it should be.
    pub(crate) fn misuse(&self, name: &str, value: &JsValue, allowed: &str) -> JsValue {
        misuse(&self.path(name), value, allowed)
    }

    fn read_as<T>(
        &self,
        name: &str,
        allowed: &str,
        read: impl FnOnce(&JsValue) -> Option<T>,
    ) -> Result<Option<T>, JsValue> {
        let Some(value) = self.get(name)? else { return Ok(None) };
        read(&value).map(Some).ok_or_else(|| self.misuse(name, &value, allowed))
    }

    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, JsValue> {
        self.read_as(name, "a string", JsValue::as_string)
    }

    pub(crate) fn function(&self, name: &str) -> Result<Option<Function>, JsValue> {
        self.read_as(name, "a function", |value| value.clone().dyn_into().ok())
    }

    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>, JsValue> {
        self.read_as(name, "true or false", JsValue::as_bool)
    }

    /// A whole number from `least` to `most`.
    pub(crate) fn whole(&self, name: &str, least: u32, most: u32) -> Result<Option<u32>, JsValue> {
        self.read_as(name, &format!("a whole number from {least} to {most}"), |value| {
            let number = u32::try_from(whole(value.as_f64()?)?).ok()?;
            (least..=most).contains(&number).then_some(number)
        })
    }

    /// A duration in milliseconds, more than zero.
    pub(crate) fn duration(&self, name: &str) -> Result<Option<Duration>, JsValue> {
        self.read_as(name, "milliseconds, more than 0", |value| milliseconds(value).filter(|limit| !limit.is_zero()))
    }

    /// A duration in milliseconds, zero included.
    pub(crate) fn wait(&self, name: &str) -> Result<Option<Duration>, JsValue> {
        self.read_as(name, "milliseconds, 0 or more", milliseconds)
    }

    /// A number from `least` to `most`, in thousandths.
    pub(crate) fn thousandths(&self, name: &str, least: f64, most: f64) -> Result<Option<u32>, JsValue> {
        self.read_as(name, &format!("a number from {least} to {most}"), |value| {
            let number = value.as_f64().filter(|number| (least..=most).contains(number))?;
            u32::try_from(whole((number * 1_000.0).round())?).ok()
        })
    }

    /// One of a few words, by its place among them.
    pub(crate) fn word<T: Copy>(&self, name: &str, words: &[(&str, T)]) -> Result<Option<T>, JsValue> {
        let quoted: Vec<_> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        self.read_as(name, &quoted.join(", "), |value| {
            let text = value.as_string()?;
            words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning)
        })
    }

    /// Options within an option.
    pub(crate) fn inner(&self, name: &str, known: &[&str]) -> Result<Option<Self>, JsValue> {
        let Some(value) = self.get(name)? else { return Ok(None) };
        let path = self.path(name);
        Self::read(&value, &path, &path, known).map(Some)
    }

    /// Options within an option that can also be switched off, with `off`.
    pub(crate) fn switch(&self, name: &str, off: &JsValue, known: &[&str]) -> Result<Switch, JsValue> {
        match self.get(name)? {
            None => Ok(Switch::Standing),
            Some(value) if value == *off => Ok(Switch::Off),
            Some(value) if !value.is_object() || is_array(&value) => {
                Err(self.misuse(name, &value, &format!("{} or an object with {}", shown(off), known.join(", "))))
            }
            Some(value) => {
                let path = self.path(name);
                Self::read(&value, &path, &path, known).map(Switch::On)
            }
        }
    }
}

/// An option that can be left as it stands, switched off or set.
#[derive(Debug)]
pub(crate) enum Switch {
    Standing,
    Off,
    On(Options),
}

/// A duration from JavaScript's milliseconds, to the microsecond; anything above zero is at least one. Beyond what the
/// engine can hold it is as good as for ever.
pub(crate) fn milliseconds(value: &JsValue) -> Option<Duration> {
    let number = value.as_f64().filter(|number| number.is_finite() && *number >= 0.0)?;
    let micros = whole((number * 1_000.0).round().min(LONGEST_MICROS))?;
    Some(Duration::from_micros(if number > 0.0 { micros.max(1) } else { 0 }))
}

/// 2^63, which is as good as for ever: 292,000 years.
const LONGEST_MICROS: f64 = 9_223_372_036_854_775_808.0;

/// A number as a whole one of 64 bits, if it is one.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked first")]
pub(crate) fn whole(number: f64) -> Option<u64> {
    (number.fract() == 0.0 && (0.0..=LONGEST_MICROS).contains(&number)).then_some(number as u64)
}
