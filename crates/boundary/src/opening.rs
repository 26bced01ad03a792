//! Opening a machine: its number, or a sentence of why not.

use core::fmt::Display;
use std::sync::{Mutex, PoisonError};
use wasm_bindgen::prelude::wasm_bindgen;

/// Why the last opening failed.
static COMPLAINT: Mutex<String> = Mutex::new(String::new());

/// No machine: [`complaint`] says why.
const REFUSED: i32 = -1;

/// The number of what was opened, or `-1`, with the reason for [`complaint`].
pub fn opened<E: Display>(result: Result<u32, E>) -> i32 {
    match result {
        Ok(number) => i32::try_from(number).unwrap_or(i32::MAX),
        Err(error) => refused(&error),
    }
}

#[inline(never)]
fn refused(error: &dyn Display) -> i32 {
    *COMPLAINT.lock().unwrap_or_else(PoisonError::into_inner) = error.to_string();
    REFUSED
}

/// Why the last opening failed, as a sentence.
#[wasm_bindgen]
#[must_use]
pub fn complaint() -> String {
    core::mem::take(&mut *COMPLAINT.lock().unwrap_or_else(PoisonError::into_inner))
}
