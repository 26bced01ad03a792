//! Imports run one way, between the crates and inside `core`: read from the manifests and the sources themselves.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use steadfast_tests::project;

/// Who may depend on whom, of the project's own crates.
const HOUSE: [(&str, &str, &[&str]); 10] = [
    ("crates/core", "steadfast", &[]),
    ("crates/sim", "steadfast-sim", &["steadfast"]),
    ("crates/providers", "steadfast-providers", &["steadfast"]),
    ("crates/playground", "steadfast-playground", &["steadfast", "steadfast-sim"]),
    ("crates/boundary", "steadfast-boundary", &["steadfast"]),
    ("crates/machines", "steadfast-machines", &["steadfast", "steadfast-boundary", "steadfast-providers"]),
    ("crates/runs", "steadfast-runs", &["steadfast", "steadfast-boundary"]),
    ("crates/simulator", "steadfast-simulator", &["steadfast", "steadfast-sim"]),
    ("crates/xtask", "xtask", &[]),
    ("web", "steadfast-web", &["steadfast", "steadfast-sim", "steadfast-providers", "steadfast-playground"]),
];

/// The order inside `core`: a module imports from its own group and those before it.
const ORDER: [&[&str]; 10] = [
    &["time", "rng", "id", "setting", "snapshot", "sabotage"],
    &[
        "failure",
        "backoff",
        "deadline",
        "fallback",
        "retry_after",
        "breaker",
        "budget",
        "step_limit",
        "progress",
        "approval",
        "effect",
    ],
    &["retry"],
    &["policy", "outcome"],
    &["event", "sentence", "trace"],
    &["call"],
    &["run"],
    &["explain", "replay"],
    &["clock", "drive"],
    &["lib"],
];

/// The names on the left of the lines in `[dependencies]`.
fn dependencies(manifest: &str) -> Vec<&str> {
    let mut inside = false;
    let mut names = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line == "[dependencies]" || line.ends_with(".dependencies]") && line.starts_with("[target");
        } else if inside && let Some((name, _)) = line.split_once([' ', '=', '.']) {
            names.push(name.trim());
        }
    }
    names
}

#[test]
fn crates_import_one_way() {
    for (folder, name, allowed) in HOUSE {
        let manifest = fs::read_to_string(project().join(folder).join("Cargo.toml")).unwrap();
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{folder} is not {name}");
        let ours = HOUSE.map(|(_, name, _)| name);
        for dependency in dependencies(&manifest) {
            let foreign = !ours.contains(&dependency);
            assert!(foreign || allowed.contains(&dependency), "{name} imports {dependency}");
            assert!(dependency != "steadfast-tests", "{name} imports the tests");
        }
    }
}

#[test]
fn core_has_no_dependency_but_chance_and_two_optional_ones() {
    let manifest = fs::read_to_string(project().join("crates/core/Cargo.toml")).unwrap();
    assert_eq!(dependencies(&manifest), ["rand_xoshiro", "sha2", "serde"]);
    for optional in ["sha2", "serde"] {
        assert!(manifest.contains(&format!("{optional} = {{ workspace = true, optional = true }}")), "{optional}");
    }
}

#[test]
fn providers_has_no_dependency_but_core() {
    let manifest = fs::read_to_string(project().join("crates/providers/Cargo.toml")).unwrap();
    assert_eq!(dependencies(&manifest), ["steadfast"]);
}

#[test]
fn an_engine_that_can_be_broken_on_purpose_is_for_the_simulator_s_own_test_only() {
    for (folder, name, _) in HOUSE {
        let manifest = fs::read_to_string(project().join(folder).join("Cargo.toml")).unwrap();
        let code = |line: &&str| line.contains("sabotage") && !line.starts_with('#');
        let lines: Vec<_> = manifest.lines().filter(code).collect();
        let expected: &[&str] = match name {
            "steadfast" => &["sabotage = []"],
            "steadfast-sim" => {
                &[r#"sabotage = ["steadfast/sabotage"]"#, r#"name = "sabotage""#, r#"required-features = ["sabotage"]"#]
            }
            _ => &[],
        };
        assert_eq!(lines, expected, "{name}");
    }
}

/// Which of the modules of `core` a file belongs to: `run/action.rs` belongs to `run`.
fn module(path: &Path, root: &Path) -> String {
    let inside = path.strip_prefix(root).unwrap().with_extension("");
    inside.components().next().unwrap().as_os_str().to_str().unwrap().to_owned()
}

fn sources(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") {
            found.push(path);
        }
    }
}

#[test]
fn modules_of_core_import_from_before_them() {
    let root = project().join("crates/core/src");
    let rank: BTreeMap<&str, usize> =
        ORDER.iter().enumerate().flat_map(|(rank, names)| names.iter().map(move |name| (*name, rank))).collect();
    let mut files = Vec::new();
    sources(&root, &mut files);
    assert!(files.len() >= 20, "{} files", files.len());
    for path in files {
        let name = module(&path, &root);
        let own = *rank.get(name.as_str()).unwrap_or_else(|| panic!("{name} has no place in the order"));
        let text = fs::read_to_string(&path).unwrap();
        // Unit tests may look further than the code they test.
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        for imported in code.lines().filter(|line| !line.trim_start().starts_with("//")).flat_map(imports) {
            if imported == name {
                continue;
            }
            let of = *rank.get(imported).unwrap_or_else(|| panic!("{name} imports the unknown {imported}"));
            assert!(of <= own, "{name} imports {imported}, which comes later");
        }
    }
}

/// The modules named after `crate::` in a line.
fn imports(line: &str) -> impl Iterator<Item = &str> {
    line.split("crate::").skip(1).map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        &rest[..end]
    })
}

#[test]
fn the_import_reader_sees_what_is_there() {
    assert_eq!(imports("use crate::time::{Duration, Instant}; crate::run::Run").collect::<Vec<_>>(), ["time", "run"]);
    assert_eq!(dependencies("[dependencies]\nserde.workspace = true\na = 1\n[lints]\nb = 2\n"), ["serde", "a"]);
}
