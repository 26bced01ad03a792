//! The registers: a few numbers in memory that both sides see.
//!
//! A function of WebAssembly returns one number, and an object would cost more than most decisions do. So whatever takes
//! or gives more than a few numbers puts them here; JavaScript reads them through a `Float64Array`. Absent means `-1` for
//! settings, and `Infinity` for an instant that never comes.

use core::cell::Cell;
use steadfast::time::{Duration, Instant, micros};
use wasm_bindgen::prelude::wasm_bindgen;

/// How many there are.
const COUNT: usize = 24;

thread_local! {
    static REGISTERS: [Cell<f64>; COUNT] = const { [const { Cell::new(0.0) }; COUNT] };
}

/// Where they are in memory.
#[wasm_bindgen]
#[must_use]
pub fn registers() -> *const f64 {
    REGISTERS.with(|all| all.as_ptr().cast::<f64>())
}

pub(crate) fn put(index: usize, value: f64) {
    REGISTERS.with(|all| {
        if let Some(register) = all.get(index) {
            register.set(value);
        }
    });
}

pub(crate) fn number(index: usize) -> f64 {
    REGISTERS.with(|all| all.get(index).map_or(0.0, Cell::get))
}

/// A setting that is a whole number; a cast of a float saturates.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the driver has checked it")]
pub(crate) fn whole(index: usize) -> u32 {
    number(index) as u32
}

/// A handle, or none.
pub(crate) fn handle(index: usize) -> Option<u32> {
    (number(index) >= 0.0).then(|| whole(index))
}

/// A duration in microseconds, or none.
pub(crate) fn duration(index: usize) -> Option<Duration> {
    let value = number(index);
    (value >= 0.0).then(|| Duration::from_micros(unsigned(value)))
}

/// Whole and not negative; what is beyond 64 bits is the greatest there is.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast of a float saturates")]
pub(crate) fn unsigned(value: f64) -> u64 {
    value as u64
}

pub(crate) fn instant(value: f64) -> Instant {
    Instant::from_micros(unsigned(value))
}

/// As microseconds; never is `Infinity`.
#[expect(clippy::cast_precision_loss, reason = "285 years in microseconds are exact")]
pub(crate) fn micros_of(at: Option<Instant>) -> f64 {
    at.filter(|at| *at < Instant::MAX).map_or(f64::INFINITY, |at| at.as_micros() as f64)
}

#[expect(clippy::cast_precision_loss, reason = "as for instants")]
pub(crate) fn length_of(duration: Duration) -> f64 {
    micros(duration) as f64
}

/// A count; none is `Infinity`.
#[expect(clippy::cast_precision_loss, reason = "JavaScript counts to 2^53, and so does this")]
pub(crate) fn count_of(count: Option<u64>) -> f64 {
    count.map_or(f64::INFINITY, |count| count as f64)
}
