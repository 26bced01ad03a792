//! Small WebAssembly: the standard library compiled anew, with the module's own profile.
//!
//! As rustup brings it, it is made for speed and carries the words of every panic. A module that aborts needs none of them. It
//! takes two things that are not stable yet, asked of the stable compiler by name (`RUSTC_BOOTSTRAP`), and the library's
//! source. Where one of them is not to be had, a module is built with the library as it is: the same behaviour, some
//! kilobytes more, and a line that says so.

use std::path::Path;
use std::process::Command;

use crate::child;
use crate::project::Project;
use crate::say;
use crate::toolchain::{self, Target};

/// A panic is where WebAssembly traps: nothing is formatted, and no place in a source is kept. What `.cargo/config.toml` says is
/// repeated: these flags are used in its place.
const FLAGS: &str = "-Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none -Zfmt-debug=none \
                     --cfg sha2_backend_soft=\"compact\" --cfg erase_components";
/// What is compiled anew.
const LIBRARY: &str = "core,alloc,std,panic_abort";

/// Has `command`, which runs Cargo for the browser, compile the standard library with it, if that can be had.
pub(crate) fn make(project: &Project, command: &mut Command) {
    if let Some(missing) = missing(project) {
        say::line(&format!("The standard library is taken as it is, which makes modules larger: {missing}."));
    } else {
        ask(command);
    }
}

fn ask(command: &mut Command) {
    command
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_UNSTABLE_BUILD_STD", LIBRARY)
        .env("CARGO_UNSTABLE_BUILD_STD_FEATURES", "optimize_for_size")
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", FLAGS);
}

/// What it takes and this machine does not have.
fn missing(project: &Project) -> Option<&'static str> {
    if !knows_the_flags(project) {
        return Some("this compiler does not know the flags for it");
    }
    if !toolchain::provide_source(project) {
        return Some("its source is missing (by hand: rustup component add rust-src)");
    }
    None
}

/// Options that are not stable may have other names in another compiler.
fn knows_the_flags(project: &Project) -> bool {
    let mut question = project.command("rustc");
    question.env("RUSTC_BOOTSTRAP", "1").args(["--print", "cfg", "--target", Target::Wasm.triple()]);
    question.args(FLAGS.split(' '));
    child::output(question).is_some()
}

/// Whether a toolchain at `root` has the source of its library.
pub(crate) fn has_source(root: &Path) -> bool {
    root.join("lib/rustlib/src/rust/library/std/src/lib.rs").is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(command: &Command, name: &str) -> Option<String> {
        let value = command.get_envs().find(|(key, _)| *key == name)?.1?;
        Some(value.to_string_lossy().into_owned())
    }

    #[test]
    fn nothing_is_asked_of_a_machine_without_a_compiler_that_knows_it() {
        let bare = Project::locate().unwrap().without_programs();
        let mut command = Command::new("cargo");
        make(&bare, &mut command);
        assert_eq!(set(&command, "RUSTC_BOOTSTRAP"), None, "there is no compiler");

        ask(&mut command);
        assert_eq!(set(&command, "RUSTC_BOOTSTRAP").as_deref(), Some("1"));
        assert_eq!(set(&command, "CARGO_UNSTABLE_BUILD_STD").as_deref(), Some(LIBRARY));
        assert_eq!(set(&command, "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS").as_deref(), Some(FLAGS));
    }

    #[test]
    fn flags_are_those_of_the_project_and_some_more() {
        let config = Project::locate().unwrap().read(".cargo/config.toml").unwrap();
        let own = config.lines().find_map(|line| line.strip_prefix("rustflags = ['")).unwrap();
        let own = own.trim_end_matches("']").replace("', '", " ");
        assert!(FLAGS.ends_with(&format!(" {own}")), "{FLAGS:?} leaves out {own:?}");
    }

    #[test]
    fn a_source_is_looked_for_where_it_would_be() {
        assert!(!has_source(&Project::locate().unwrap().at("crates")));
    }
}
