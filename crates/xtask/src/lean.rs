//! What browsers load is compiled with Rust's own library, made small: the one that comes with the toolchain is made for speed,
//! and brings the words of every panic along, which a browser shows nobody.
//!
//! Cargo calls that unstable, so the switch that lets a stable toolchain do it is set, for what is told here and for nothing else. Without
//! it everything builds and works as well, and is larger: `trunk serve` by hand, a test in a browser.

use std::process::Command;

use crate::setup::Need;

/// What it takes.
pub(crate) const NEED: Need = Need::RustSource;
/// A panic stops the module where it is. The flag of `.cargo/config.toml` is repeated: these are used in its place.
const FLAGS: &str = "-Zunstable-options -Cpanic=immediate-abort --cfg sha2_backend_soft=\"compact\"";

/// Has Cargo, or a program that calls it, compile Rust's own library too.
pub(crate) fn with_small_library(command: &mut Command) -> &mut Command {
    command
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_UNSTABLE_BUILD_STD", "std,panic_abort")
        .env("CARGO_UNSTABLE_BUILD_STD_FEATURES", "optimize_for_size")
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", FLAGS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::Project;

    #[test]
    fn flags_are_those_of_the_project_and_one_more() {
        let config = Project::locate().unwrap().read(".cargo/config.toml").unwrap();
        let own = config.lines().find_map(|line| line.strip_prefix("rustflags = ['")).unwrap();
        let own = own.trim_end_matches("']").replace("', '", " ");
        assert_eq!(FLAGS.strip_prefix("-Zunstable-options -Cpanic=immediate-abort "), Some(own.as_str()));
    }
}
