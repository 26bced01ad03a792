//! What the tests that span crates share, and the README's Rust example, compiled and run.

use std::path::PathBuf;

/// The folder of the whole project.
#[must_use]
pub fn project() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// The examples of the project's README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
