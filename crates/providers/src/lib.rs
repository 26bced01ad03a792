#![doc = include_str!("../README.md")]
#![no_std]
#![warn(clippy::float_arithmetic, clippy::disallowed_types)]
#![cfg_attr(
    not(test),
    warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::unreachable, clippy::todo)
)]
#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::string_slice))]
#![warn(clippy::std_instead_of_core, clippy::std_instead_of_alloc, clippy::alloc_instead_of_core)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod body;
mod classify;
mod ending;
mod evidence;
mod http_date;
mod json;
mod message;
mod retry_after;
mod status;
mod transport;
mod verdict;
mod words;

pub use classify::{classify, failed, failure};
pub use ending::{Ending, StreamEnd};
pub use evidence::Evidence;
pub use retry_after::LONGEST_WAIT;
pub use status::class_of_status;
pub use verdict::{Hint, Reason, Verdict};
