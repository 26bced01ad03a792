//! The stages of `cargo xtask test`, in order: cheap and frequent causes of failure first.

use std::ffi::OsString;

use crate::browser;
use crate::child::stream;
use crate::driver;
use crate::fuzz;
use crate::port;
use crate::project::Project;
use crate::seal;
use crate::setup::Need;
use crate::size;
use crate::small;
use crate::split;
use crate::stop::Stop;
use crate::toolchain::Target;

/// The port of the server that the end-to-end tests use; the playground's own may be in use by a person.
const END_TO_END_PORT: u16 = 4173;
/// The crates that only exist for the browser.
const IN_THE_BROWSER: [&str; 4] = ["steadfast-web", "steadfast-machines", "steadfast-runs", "steadfast-simulator"];

/// One stage of `test`.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    /// On two cores; the first time is the one with everything still to compile.
    pub(crate) time: &'static str,
    pub(crate) needs: &'static [Need],
    /// Files and folders without which there is nothing to run, and what to do about it.
    pub(crate) files: &'static [(&'static str, &'static str)],
    /// The second argument is what a person wants handed on to the program that the stage runs.
    pub(crate) run: fn(&Project, &[OsString]) -> Result<(), Stop>,
}

/// The stages with these names, in the order of `test`.
pub(crate) fn named(names: &[&str]) -> Vec<&'static Stage> {
    ALL.iter().filter(|stage| names.contains(&stage.name)).collect()
}

/// Every stage.
pub(crate) static ALL: [Stage; 13] = [
    Stage {
        name: "fmt",
        what: "the sources are formatted (mend: cargo fmt)",
        time: "a second",
        needs: &[Need::Rustfmt],
        files: &[],
        run: |project, _| {
            cargo(project, &["fmt", "--all", "--check"])?;
            // A workspace of its own.
            cargo(project, &["fmt", "--manifest-path", "crates/core/fuzz/Cargo.toml", "--check"])
        },
    },
    Stage {
        name: "clippy",
        what: "no warning of the compiler or of Clippy, natively and for the browser",
        time: "seconds; the first time about 2 minutes",
        needs: &[Need::Clippy, Need::WasmTarget],
        files: &[],
        run: clippy,
    },
    Stage {
        name: "native",
        what: "every native test: units, timelines, goldens, examples in the documentation",
        time: "seconds; the first time about 2 minutes",
        needs: &[],
        files: &[],
        run: |project, _| {
            cargo(project, &["test"])?;
            cargo(project, &["test", "--package", "xtask"])?;
            // For the browser, with logic that is tested here.
            cargo(project, &["test", "--package", "steadfast-boundary", "--package", "steadfast-simulator"])?;
            // An engine broken on purpose: what the checkers of the swarm are worth.
            cargo(project, &["test", "--package", "steadfast-sim", "--features", "sabotage", "--test", "sabotage"])
        },
    },
    Stage {
        name: "bare-metal",
        what: "the core, alone and with what reads providers, builds for a machine without an operating system",
        time: "seconds",
        needs: &[Need::BareMetalTarget],
        files: &[],
        run: |project, _| {
            let target = Target::BareMetal.triple();
            for package in ["steadfast", "steadfast-providers"] {
                cargo(
                    project,
                    &["build", "--package", package, "--no-default-features", "--target", target, "--release"],
                )?;
            }
            Ok(())
        },
    },
    Stage {
        name: "docs",
        what: "the documentation builds without a warning",
        time: "seconds; the first time about a minute",
        needs: &[Need::WasmTarget],
        files: &[],
        run: docs,
    },
    Stage {
        name: "fuzz",
        what: "the engine under bytes that nobody would write by hand, as far as there is a nightly compiler",
        time: "about a minute; the first time about 2 minutes",
        needs: &[],
        files: &[("crates/core/fuzz/Cargo.toml", "the targets stand there")],
        run: fuzz::stage,
    },
    Stage {
        name: "wasm",
        what: "the boundary to JavaScript and the components of the page, in a real browser with real timers",
        time: "seconds; the first time about 2 minutes",
        needs: &[Need::WasmTarget, Need::WasmBindgen, Need::WasmPack, Need::Browser],
        files: &[("crates/runs/webdriver.json", "it says how the tests start the browser")],
        run: wasm,
    },
    Stage {
        name: "npm",
        what: "the new npm package: built, its tests, the traps of the field, the real SDKs, and what it weighs",
        time: "2 minutes; the first time about 5",
        needs: &[Need::WasmTarget, Need::NodePackages, Need::Driver, Need::Peers, Need::WasmBindgen],
        files: &[
            ("crates/wasm/npm/package.json", "the package is made there"),
            ("tests/sdks/run.mjs", "it puts the package among the SDKs"),
        ],
        run: npm,
    },
    Stage {
        name: "package",
        what: "the npm package as it is packed: in Node, Deno, Bun, Chromium and TypeScript, under bundlers, its examples and its pages",
        time: "about 2 minutes; the first time about 8",
        needs: &[
            Need::WasmTarget,
            Need::NodePackages,
            Need::Driver,
            Need::Peers,
            Need::Packaging,
            Need::Browser,
            Need::WasmBindgen,
        ],
        files: &[("tests/packaging/check.mjs", "it has the package installed in fresh projects and used there")],
        run: package,
    },
    Stage {
        name: "peers",
        what: "the real SDKs against a server that misbehaves on command, and the traps of the field on other libraries and ours",
        time: "half a minute; the first time about 2 minutes",
        needs: &[Need::WasmTarget, Need::NodePackages, Need::Driver, Need::Peers, Need::WasmBindgen],
        files: &[("tests/provider-server", "the server stands there"), ("tests/conformance", "the traps stand there")],
        run: peers,
    },
    Stage {
        name: "page",
        what: "the page builds in release, is cut in two, and is sealed",
        time: "half a minute; the first time about 3 minutes",
        needs: &[Need::WasmTarget, Need::WasmBindgen, Need::WasmOpt, Need::Trunk],
        files: &[("index.html", "it is the page that Trunk builds")],
        run: |project, _| {
            let mut trunk = project.command("trunk");
            trunk.args(["build", "--release"]);
            small::make(project, &mut trunk);
            stream(trunk)?;
            split::split(project, "dist")?;
            seal::seal(project, "dist")
        },
    },
    Stage {
        name: "e2e",
        what: "the page as a person uses it, in a real browser",
        time: "about 10 minutes",
        needs: &[Need::NodePackages, Need::Browser],
        files: &[
            ("tests/e2e", "the end-to-end tests stand there"),
            ("dist/index.html", "build the page first: cargo xtask test --only page, or cargo xtask e2e"),
        ],
        run: end_to_end,
    },
    Stage {
        name: "size",
        what: "the page is small enough",
        time: "a second",
        needs: &[],
        files: &[("dist/index.html", "build the page first: cargo xtask test --only page, or cargo xtask size")],
        run: |project, _| size::weigh(project),
    },
];

fn cargo(project: &Project, arguments: &[&str]) -> Result<(), Stop> {
    let mut cargo = project.cargo();
    cargo.args(arguments);
    stream(cargo)
}

fn clippy(project: &Project, _: &[OsString]) -> Result<(), Stop> {
    for half in halves() {
        let mut clippy = project.cargo();
        clippy.args(["clippy", "--all-targets", "--all-features"]).args(half).args(["--", "-D", "warnings"]);
        stream(clippy)?;
    }
    Ok(())
}

fn docs(project: &Project, _: &[OsString]) -> Result<(), Stop> {
    for half in halves() {
        let mut doc = project.cargo();
        doc.args(["doc", "--no-deps"]).args(half).env("RUSTDOCFLAGS", "-D warnings");
        stream(doc)?;
    }
    Ok(())
}

/// What to tell Cargo to have every crate, each compiled for where it runs.
fn halves() -> [Vec<&'static str>; 2] {
    let mut native = vec!["--workspace"];
    native.extend(IN_THE_BROWSER.iter().flat_map(|name| ["--exclude", name]));
    let mut browser = vec!["--target", Target::Wasm.triple()];
    browser.extend(IN_THE_BROWSER.iter().flat_map(|name| ["--package", name]));
    [native, browser]
}

fn wasm(project: &Project, _: &[OsString]) -> Result<(), Stop> {
    let pair = browser::pair(project)?;
    let capabilities = browser::write_capabilities(project, &pair.browser)?;
    for folder in ["crates/runs", "crates/simulator", "web"] {
        let mut wasm_pack = project.command("wasm-pack");
        wasm_pack
            .args(["test", "--headless", "--chrome", "--mode", "no-install", "--chromedriver"])
            .arg(&pair.driver)
            .arg(folder)
            .env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", &capabilities)
            // The runner's own 20 seconds are for all tests together, and a busy machine needs some to start a browser.
            .env("WASM_BINDGEN_TEST_TIMEOUT", "180");
        stream(wasm_pack)?;
    }
    Ok(())
}

fn npm(project: &Project, _: &[OsString]) -> Result<(), Stop> {
    driver::build(project)?;
    let mut tests = project.command("node");
    tests.args(["--test", "test/"]).current_dir(project.at(driver::HOME));
    stream(tests)?;
    let mut traps = project.command("node");
    traps.args(["tests/conformance/run.mjs", "--check", "--only", "Steadfast"]);
    traps.env("STEADFAST", project.at(driver::HOME).join("dist/esm/index.js"));
    stream(traps)?;
    let mut sdks = project.command("node");
    sdks.arg("tests/sdks/run.mjs");
    stream(sdks)?;
    let mut size = project.command("node");
    size.arg("size.js").current_dir(project.at(driver::HOME));
    stream(size)
}

fn package(project: &Project, tests: &[OsString]) -> Result<(), Stop> {
    driver::build(project)?;
    let mut check = project.command("node");
    check.arg("tests/packaging/check.mjs").args(tests).env("CHROME", browser::pair(project)?.browser);
    stream(check)
}

fn peers(project: &Project, _: &[OsString]) -> Result<(), Stop> {
    driver::build(project)?;
    // The newest SDKs want a newer Node than this project does: theirs comes with them.
    let mut sdks = project.command(project.at("tests/sdks/node_modules/.bin/node"));
    sdks.arg("--test");
    sdks.args(
        ["server", "sdk", "sdk-faults", "frameworks"].map(|name| format!("tests/provider-server/{name}.test.mjs")),
    );
    stream(sdks)?;
    let mut traps = project.command("node");
    traps.args(["tests/conformance/run.mjs", "--check"]);
    stream(traps)
}

fn end_to_end(project: &Project, arguments: &[OsString]) -> Result<(), Stop> {
    let pair = browser::pair(project)?;
    let port = port::choose(END_TO_END_PORT)?;
    let mut playwright = project.command("playwright");
    playwright.arg("test").args(arguments).env("CHROME", pair.browser).env("E2E_PORT", port.to_string());
    stream(playwright)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_picked_in_the_order_of_test() {
        let names: Vec<_> = named(&["native", "fmt"]).iter().map(|stage| stage.name).collect();
        assert_eq!(names, ["fmt", "native"]);
    }

    #[test]
    fn crates_for_the_browser_are_the_ones_there_are() {
        let project = Project::locate().unwrap();
        for (name, folder) in IN_THE_BROWSER.iter().zip(["web", "crates/machines", "crates/runs", "crates/simulator"]) {
            let manifest = project.read(&format!("{folder}/Cargo.toml")).unwrap();
            assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
        }
    }
}
