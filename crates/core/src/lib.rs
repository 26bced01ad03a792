#![doc = include_str!("../README.md")]
#![no_std]
#![warn(clippy::float_arithmetic, clippy::disallowed_types)]
#![cfg_attr(
    not(test),
    warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::unreachable, clippy::todo)
)]
#![warn(clippy::std_instead_of_core, clippy::std_instead_of_alloc, clippy::alloc_instead_of_core)]

extern crate alloc;
#[cfg(test)]
extern crate std;

/// Whether the engine is broken in that way, for the proof of its checkers. Without the feature `sabotage` it is `false`
/// before anything is compiled, and nothing of it is left.
#[cfg(feature = "sabotage")]
macro_rules! sabotaged {
    ($name:ident) => {
        $crate::sabotage::is($crate::sabotage::Sabotage::$name)
    };
}
#[cfg(not(feature = "sabotage"))]
macro_rules! sabotaged {
    ($name:ident) => {
        // No name is empty. A plain `false` would have Clippy simplify the conditions it stands in.
        const { stringify!($name).is_empty() }
    };
}
#[cfg(not(feature = "sabotage"))]
const _: () = assert!(!sabotaged!(Anything));

pub mod approval;
pub mod backoff;
pub mod breaker;
pub mod budget;
pub mod call;
pub mod clock;
pub mod deadline;
pub mod drive;
pub mod effect;
pub mod event;
pub mod explain;
pub mod failure;
pub mod fallback;
pub mod id;
pub mod outcome;
pub mod policy;
pub mod progress;
pub mod replay;
pub mod retry;
pub mod retry_after;
pub mod rng;
pub mod run;
#[cfg(feature = "sabotage")]
pub mod sabotage;
pub mod sentence;
pub mod setting;
pub mod snapshot;
pub mod step_limit;
pub mod time;
pub mod trace;
