//! The tools that Cargo installs: Trunk, wasm-bindgen and wasm-pack, each of one exact version.
//!
//! A tool of the right version is used wherever it is. Where there is none, it goes into Cargo's own folder, as
//! `cargo install` does for everybody. Where a person has another version, that one stays theirs, and ours goes into
//! the project's ignored folder `.tools`, which comes first on the path of everything we run.

use std::process::Command;

use crate::child;
use crate::project::Project;
use crate::say;
use crate::stop::Stop;
use crate::version;

const TRUNK: &str = "0.21.14";
const WASM_PACK: &str = "0.15.1";

/// One folder for compiling all of them: what they share is compiled once, and Ctrl-C loses nothing.
const BUILD: &str = ".tools/build";

/// A program that `cargo install` brings.
#[derive(Debug)]
pub(crate) struct Tool {
    package: &'static str,
    program: &'static str,
    version: String,
    /// With the versions that its authors tested, or with the newest that fit.
    locked: bool,
    /// Features other than its default ones.
    features: Option<&'static str>,
    purpose: &'static str,
    /// Measured on two cores.
    time: &'static str,
}

/// Builds and serves the page.
pub(crate) fn trunk() -> Tool {
    Tool {
        package: "trunk",
        program: "trunk",
        version: TRUNK.to_owned(),
        locked: true,
        // All but the question, at every start, whether there is a newer Trunk.
        features: Some("rustls"),
        purpose: "builds and serves the page",
        time: "about 5 minutes",
    }
}

/// Makes the JavaScript side of a WebAssembly module, and runs its tests in a browser.
pub(crate) fn wasm_bindgen(project: &Project) -> Result<Tool, Stop> {
    // Its output only fits the library of the same version, so the lock file decides.
    let lock = project.read("Cargo.lock")?;
    let version = version::locked(&lock, "wasm-bindgen").ok_or_else(|| {
        Stop::Failed("Cargo.lock does not name wasm-bindgen; it decides which version to install.".to_owned())
    })?;
    Ok(Tool {
        package: "wasm-bindgen-cli",
        program: "wasm-bindgen",
        version: version.to_owned(),
        // Its lock file names a release so fresh that not every mirror of crates.io serves it.
        locked: false,
        features: None,
        purpose: "connects WebAssembly and JavaScript",
        time: "about 2 minutes",
    })
}

/// Tests the npm package in a browser and packs it.
pub(crate) fn wasm_pack() -> Tool {
    Tool {
        package: "wasm-pack",
        program: "wasm-pack",
        version: WASM_PACK.to_owned(),
        locked: true,
        features: None,
        purpose: "tests and packs the npm package",
        time: "about 2 minutes",
    }
}

/// Sees to it that the first program of this name on the path has the right version.
pub(crate) fn provide(project: &Project, tool: &Tool) -> Result<(), Stop> {
    let Tool { program, version, purpose, time, .. } = tool;
    let present = present(project, program);
    if present.as_deref() == Some(version) {
        return Ok(());
    }
    let beside = present.map_or_else(String::new, |other| format!("; the {other} you have stays as it is"));
    say::headline(&format!("Installing {program} {version}, which {purpose} ({time} on two cores{beside})"));
    let mut install = project.cargo();
    install.args(arguments(tool, !beside.is_empty())).env("CARGO_TARGET_DIR", project.at(BUILD));
    hurry(&mut install);
    child::stream(install).map_err(|stop| stop.with(&advice(tool)))?;
    match self::present(project, program) {
        Some(installed) if installed == *version => Ok(()),
        _ => Err(Stop::Failed(format!("{program} {version} was installed but does not run. {}", advice(tool)))),
    }
}

/// Removes what compiling the tools left; called when all of them are there.
pub(crate) fn clean_up(project: &Project) {
    // A folder that is not there, or cannot be removed, is in nobody's way.
    let _ = std::fs::remove_dir_all(project.at(BUILD));
}

fn present(project: &Project, program: &str) -> Option<String> {
    project.find(program)?;
    let mut question = project.command(program);
    question.arg("--version");
    // A program that cannot tell its version counts as another version: it must not be overwritten either.
    let answer = child::output(question).unwrap_or_default();
    Some(version::printed(&answer).unwrap_or("one").to_owned())
}

fn arguments(tool: &Tool, apart: bool) -> Vec<&str> {
    let mut arguments = vec!["install", tool.package, "--version", &tool.version];
    if tool.locked {
        arguments.push("--locked");
    }
    if let Some(features) = tool.features {
        arguments.extend(["--no-default-features", "--features", features]);
    }
    if apart {
        arguments.extend(["--root", ".tools"]);
    }
    arguments
}

/// These tools are released with the slowest, smallest settings; here the time to compile them is what counts.
fn hurry(install: &mut Command) {
    install.env("CARGO_PROFILE_RELEASE_LTO", "off").env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
}

fn advice(tool: &Tool) -> String {
    format!(
        "{} {} could not be had; crates.io must be reachable. By hand: cargo {}",
        tool.program,
        tool.version,
        arguments(tool, false).join(" ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn install_is_of_the_exact_version_and_leaves_another_alone() {
        let plain = "install trunk --version 0.21.14 --locked --no-default-features --features rustls";
        assert_eq!(arguments(&trunk(), false).join(" "), plain);
        assert_eq!(arguments(&trunk(), true).join(" "), format!("{plain} --root .tools"));
    }

    #[test]
    fn wasm_bindgen_follows_the_lock_file_and_trunk_is_told_the_same() {
        let project = Project::locate().unwrap();
        let tool = wasm_bindgen(&project).unwrap();
        assert_eq!(arguments(&tool, false), ["install", "wasm-bindgen-cli", "--version", &tool.version]);
        assert!(project.read("Trunk.toml").unwrap().contains(&format!("wasm_bindgen = \"{}\"", tool.version)));
    }

    #[test]
    fn present_tool_tells_its_version() {
        let project = Project::locate().unwrap();
        assert!(present(&project, "rustc").unwrap().starts_with("1."));
        assert_eq!(present(&project, "no-such-program-here"), None);
    }
}
