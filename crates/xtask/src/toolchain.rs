//! What rustup brings: targets and components of the Rust toolchain.

use std::path::Path;

use crate::child;
use crate::project::Project;
use crate::say;
use crate::small;
use crate::stop::Stop;

/// A target besides the machine's own.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target {
    /// The page and the npm package.
    Wasm,
    /// Any machine without an operating system: proof that the core needs none.
    BareMetal,
}

impl Target {
    pub(crate) fn triple(self) -> &'static str {
        match self {
            Self::Wasm => "wasm32-unknown-unknown",
            Self::BareMetal => "thumbv7em-none-eabi",
        }
    }
}

/// A program that comes with the toolchain but not with its smallest profile.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Component {
    Rustfmt,
    Clippy,
}

impl Component {
    fn name(self) -> &'static str {
        match self {
            Self::Rustfmt => "rustfmt",
            Self::Clippy => "clippy",
        }
    }

    fn is_there(self, project: &Project) -> bool {
        let subcommand = match self {
            Self::Rustfmt => "fmt",
            Self::Clippy => "clippy",
        };
        let mut question = project.cargo();
        question.args([subcommand, "--version"]);
        child::output(question).is_some()
    }
}

/// Sees to it that the toolchain can compile for `target`.
pub(crate) fn provide_target(project: &Project, target: Target) -> Result<(), Stop> {
    // Asking rustc rather than rustup: a distribution's Rust has targets too, without any rustup.
    let mut question = project.command("rustc");
    question.args(["--print", "target-libdir", "--target", target.triple()]);
    let is_there = child::output(question).is_some_and(|folder| holds_a_library(Path::new(&folder)));
    if is_there { Ok(()) } else { add(project, "target", target.triple(), "about 15 seconds") }
}

/// Sees to it that `cargo fmt` or `cargo clippy` can be run.
pub(crate) fn provide_component(project: &Project, component: Component) -> Result<(), Stop> {
    if component.is_there(project) { Ok(()) } else { add(project, "component", component.name(), "a few seconds") }
}

/// Sees to it that the source of the standard library is there, if rustup can bring it.
pub(crate) fn provide_source(project: &Project) -> bool {
    let mut question = project.command("rustc");
    question.args(["--print", "sysroot"]);
    let Some(root) = child::output(question) else { return false };
    let is_there = || small::has_source(Path::new(&root));
    // A distribution's Rust has it in packages of its own, or not at all: that is no reason to stop.
    is_there() || (add(project, "component", "rust-src", "a few seconds").is_ok() && is_there())
}

fn add(project: &Project, kind: &str, name: &str, time: &str) -> Result<(), Stop> {
    if project.find("rustup").is_none() {
        return Err(Stop::Failed(format!(
            "The Rust {kind} {name} is missing and there is no rustup to add it. Install rustup from https://rustup.rs, \
             or {name} by whatever brought this Rust, and run the command again."
        )));
    }
    say::headline(&format!("Installing the Rust {kind} {name} ({time})"));
    let mut rustup = project.command("rustup");
    rustup.args([kind, "add", name]);
    child::stream(rustup).map_err(|stop| {
        stop.with(&format!("The Rust {kind} {name} could not be had. By hand: rustup {kind} add {name}"))
    })
}

/// rustc names the folder whether the target is installed or not; only an installed one has libraries in it.
fn holds_a_library(folder: &Path) -> bool {
    folder.read_dir().is_ok_and(|entries| {
        entries.flatten().any(|entry| entry.path().extension().is_some_and(|extension| extension == "rlib"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn installed_target_is_told_from_a_missing_one() {
        let project = Project::locate().unwrap();
        let mut question = project.command("rustc");
        question.args(["--print", "target-libdir"]);
        let own = child::output(question).unwrap();
        assert!(holds_a_library(Path::new(&own)));
        assert!(!holds_a_library(&project.at("crates/xtask/src")));
        assert!(!holds_a_library(&project.at("no-such-folder")));
    }
}
