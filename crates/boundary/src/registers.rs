//! The registers: a few numbers in memory that both sides see.
//!
//! A function of WebAssembly returns one number, and an object would cost more than most decisions do. So whatever takes
//! or gives more than a few numbers puts them here; JavaScript reads them through a `Float64Array`. Absent means `-1` for
//! settings, and `Infinity` for an instant that never comes.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};
use steadfast::time::{Duration, Instant, micros};
use wasm_bindgen::prelude::wasm_bindgen;

/// How many there are.
const COUNT: usize = 24;

/// The bits of each: an atomic number needs no thread of its own, and on one thread it is a number like any other.
static REGISTERS: [AtomicU64; COUNT] = [const { AtomicU64::new(0) }; COUNT];

/// Where they are in memory.
#[wasm_bindgen]
#[must_use]
pub fn registers() -> *const f64 {
    REGISTERS.as_ptr().cast::<f64>()
}

/// Puts a number into a register.
pub fn put(index: usize, value: f64) {
    if let Some(register) = REGISTERS.get(index) {
        register.store(value.to_bits(), Relaxed);
    }
}

/// The number in a register.
#[must_use]
pub fn number(index: usize) -> f64 {
    REGISTERS.get(index).map_or(0.0, |register| f64::from_bits(register.load(Relaxed)))
}

/// A setting that is a whole number; a cast of a float saturates.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the driver has checked it")]
#[must_use]
pub fn whole(index: usize) -> u32 {
    number(index) as u32
}

/// A handle, or none.
#[must_use]
pub fn handle(index: usize) -> Option<u32> {
    (number(index) >= 0.0).then(|| whole(index))
}

/// A duration in microseconds, or none.
#[must_use]
pub fn duration(index: usize) -> Option<Duration> {
    let value = number(index);
    (value >= 0.0).then(|| Duration::from_micros(unsigned(value)))
}

/// Whole and not negative; what is beyond 64 bits is the greatest there is.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast of a float saturates")]
#[must_use]
pub fn unsigned(value: f64) -> u64 {
    value as u64
}

/// An instant from microseconds.
#[must_use]
pub fn instant(value: f64) -> Instant {
    Instant::from_micros(unsigned(value))
}

/// As microseconds; never is `Infinity`.
#[expect(clippy::cast_precision_loss, reason = "285 years in microseconds are exact")]
#[must_use]
pub fn micros_of(at: Option<Instant>) -> f64 {
    at.filter(|at| *at < Instant::MAX).map_or(f64::INFINITY, |at| at.as_micros() as f64)
}

#[expect(clippy::cast_precision_loss, reason = "as for instants")]
/// As microseconds.
#[must_use]
pub fn length_of(duration: Duration) -> f64 {
    micros(duration) as f64
}

/// A count; none is `Infinity`.
#[expect(clippy::cast_precision_loss, reason = "JavaScript counts to 2^53, and so does this")]
#[must_use]
pub fn count_of(count: Option<u64>) -> f64 {
    count.map_or(f64::INFINITY, |count| count as f64)
}
