//! `cargo xtask fuzz`: bytes that nobody would write by hand, into the engine. What the targets hold is told in
//! crates/core/fuzz.
//!
//! Nothing is installed for it: a nightly compiler is nothing to bring along unasked. Whoever has none gets a sentence.

use std::ffi::OsString;

use crate::child;
use crate::project::Project;
use crate::say;
use crate::stop::Stop;

const FOLDER: &str = "crates/core/fuzz";
const TARGETS: [&str; 5] = ["decode", "run", "call", "breaker", "providers"];
/// How long each target runs in `test`: long enough to go through its corpus and some hundred thousand inputs near it.
const SECONDS_IN_TEST: u32 = 10;

/// Runs each target for so many seconds.
pub(crate) fn fuzz(project: &Project, seconds: u32) -> Result<(), Stop> {
    match missing(project) {
        Some(sentence) => Err(Stop::Failed(sentence)),
        None => TARGETS.iter().try_for_each(|target| run(project, target, seconds)),
    }
}

/// The stage of `test`, which does without where something is missing.
pub(crate) fn stage(project: &Project, _: &[OsString]) -> Result<(), Stop> {
    match missing(project) {
        Some(sentence) => Err(Stop::Skipped(sentence)),
        None => fuzz(project, SECONDS_IN_TEST),
    }
}

fn run(project: &Project, target: &str, seconds: u32) -> Result<(), Stop> {
    say::headline(&format!("Fuzzing {target} for {seconds} s"));
    // What is new goes where it is ignored; what is kept for good is put into the corpus by hand.
    let found = format!("{FOLDER}/target/corpus/{target}");
    std::fs::create_dir_all(project.at(&found))
        .map_err(|error| Stop::Failed(format!("Cannot make {found}: {error}.")))?;
    let mut fuzz = nightly(project);
    fuzz.args(["cargo", "fuzz", "run"])
        // The engine has no unsafe code, so that there is nothing for a sanitizer to find and much for it to slow down.
        .args(["--sanitizer", "none", "--fuzz-dir", FOLDER, target, &found, &format!("{FOLDER}/corpus/{target}"), "--"])
        .args([&format!("-max_total_time={seconds}"), "-max_len=1024", "-timeout=10"])
        .args(["-verbosity=0", "-print_final_stats=1"]);
    child::stream(fuzz)
        .map_err(|stop| stop.with(&format!("What it found is in {FOLDER}/artifacts/{target}; see {FOLDER}/README.md.")))
}

/// What fuzzing needs and this machine has not, as a sentence.
fn missing(project: &Project) -> Option<String> {
    let answers = |words: &[&str]| {
        let mut question = nightly(project);
        question.args(words);
        child::output(question).is_some()
    };
    let compiler = std::env::var_os("CXX").is_some() || project.find("c++").is_some();
    let (what, how) = if project.find("rustup").is_none() || !answers(&["rustc", "--version"]) {
        ("a nightly compiler", "rustup toolchain install nightly --profile minimal")
    } else if !answers(&["cargo", "fuzz", "--version"]) {
        ("cargo-fuzz", "cargo install cargo-fuzz --locked")
    } else if !compiler {
        ("a C++ compiler for libFuzzer", "install the one of your system, as c++ on the path")
    } else {
        return None;
    };
    Some(format!("Fuzzing needs {what}, which is not here. By hand: {how}"))
}

/// What runs a program of the nightly toolchain, and fetches none.
fn nightly(project: &Project) -> std::process::Command {
    let mut rustup = project.command("rustup");
    rustup.args(["run", "nightly"]).env("RUSTUP_AUTO_INSTALL", "0");
    rustup
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_there_is_is_run() {
        let project = Project::locate().unwrap();
        let manifest = project.read(&format!("{FOLDER}/Cargo.toml")).unwrap();
        assert_eq!(manifest.matches("[[bin]]").count(), TARGETS.len());
        for target in TARGETS {
            assert!(manifest.contains(&format!("path = \"fuzz_targets/{target}.rs\"")), "{target}");
            assert!(project.at(&format!("{FOLDER}/corpus/{target}")).is_dir(), "{target}");
        }
    }

    #[test]
    fn without_a_nightly_compiler_the_stage_is_skipped_and_the_command_fails_with_the_same_sentence() {
        let project = Project::locate().unwrap().without_programs();
        let sentence = "Fuzzing needs a nightly compiler, which is not here. \
                        By hand: rustup toolchain install nightly --profile minimal";
        assert_eq!(stage(&project, &[]), Err(Stop::Skipped(sentence.to_owned())));
        assert_eq!(fuzz(&project, 1), Err(Stop::Failed(sentence.to_owned())));
    }
}
