//! What npm brings, as `package-lock.json` says: wasm-opt, Playwright, axe-core, a static server.

use crate::child;
use crate::project::Project;
use crate::say;
use crate::stop::Stop;
use crate::version;

/// A copy of the lock file, written after a complete installation: while it equals the lock file, there is nothing to
/// do. `npm ci` removes the folder first, so half an installation never has it.
const MARKER: &str = "node_modules/.installed-lock.json";
/// The oldest Node that Playwright and the packages' tests run on.
const OLDEST_NODE: u32 = 20;
/// The wasm-opt that the page is made with, as the program prints it.
const WASM_OPT: &str = "version 132";

/// A folder with a lock file of its own.
struct Packages {
    folder: &'static str,
    what: &'static str,
    /// Playwright's scripts would fetch browsers; Node's own package needs its script to put the program in its place.
    scripts: bool,
}

const TOOLS: Packages = Packages {
    folder: ".",
    what: "the npm packages: wasm-opt, Playwright, axe-core, a static server (about 20 seconds)",
    scripts: false,
};
const DRIVER: Packages = Packages {
    folder: "crates/wasm/npm",
    what: "what builds the npm package: TypeScript, Rollup and esbuild (about 10 seconds)",
    scripts: false,
};
const PEERS: Packages = Packages {
    folder: "tests/conformance",
    what: "the libraries that the traps are tried on: cockatiel, opossum, p-retry, Effect (about 10 seconds)",
    scripts: false,
};
const SDKS: Packages = Packages {
    folder: "tests/sdks",
    what: "the providers' SDKs and agent frameworks, with the Node 22 they want (about a minute, 400 MB)",
    scripts: true,
};
const PACKAGING: Packages = Packages {
    folder: "tests/packaging",
    what: "what the npm package is tried in: Vite, webpack, esbuild, Node 22, Deno, Bun (about a minute, 550 MB)",
    scripts: true,
};

/// Sees to it that `node_modules` is what the lock file says.
pub(crate) fn provide(project: &Project) -> Result<(), Stop> {
    TOOLS.provide(project)
}

/// The same for what builds the package's driver.
pub(crate) fn provide_driver(project: &Project) -> Result<(), Stop> {
    DRIVER.provide(project)
}

/// The same for what the package is compared with and tried under.
pub(crate) fn provide_peers(project: &Project) -> Result<(), Stop> {
    PEERS.provide(project)?;
    SDKS.provide(project)
}

/// The same for what the packed package is tried in.
pub(crate) fn provide_packaging(project: &Project) -> Result<(), Stop> {
    PACKAGING.provide(project)
}

impl Packages {
    fn provide(&self, project: &Project) -> Result<(), Stop> {
        let folder = self.folder;
        let (lock, marker) = (project.read(&format!("{folder}/package-lock.json"))?, format!("{folder}/{MARKER}"));
        if project.read(&marker).is_ok_and(|installed| installed == lock) {
            return Ok(());
        }
        require_node(project)?;
        say::headline(&format!("Installing {}", self.what));
        let mut npm = project.command("npm");
        npm.args(["ci", "--prefix", folder, "--no-audit", "--no-fund"]);
        if !self.scripts {
            npm.arg("--ignore-scripts");
        }
        child::stream(npm).map_err(|stop| {
            let by_hand = format!("By hand: npm ci --prefix {folder}");
            stop.with(&format!("The npm packages could not be had; the npm registry must be reachable. {by_hand}"))
        })?;
        project.write(&marker, &lock).map(|_| ())
    }
}

/// Sees to it that there is wasm-opt, if it can be had.
pub(crate) fn provide_wasm_opt(project: &Project) -> Result<(), Stop> {
    let mut question = project.command("wasm-opt");
    question.arg("--version");
    if child::output(question).is_some_and(|answer| answer.contains(WASM_OPT)) {
        return Ok(());
    }
    if project.find("npm").is_none() {
        say::line("There is no npm here to bring wasm-opt, which shrinks the page a little; it is built without.");
        return Ok(());
    }
    provide(project)
}

fn require_node(project: &Project) -> Result<(), Stop> {
    let mut question = project.command("node");
    question.arg("--version");
    let answer = child::output(question).unwrap_or_default();
    let sentence = match version::printed(&answer) {
        None => "Node is not here.".to_owned(),
        Some(found) if version::major(found).is_none_or(|major| major < OLDEST_NODE) => {
            format!("Node {found} is too old.")
        }
        Some(_) if project.find("npm").is_none() => "Node is here but npm is not.".to_owned(),
        Some(_) => return Ok(()),
    };
    Err(Stop::Failed(format!(
        "{sentence} Install Node {OLDEST_NODE} or newer with npm, from https://nodejs.org or your system's packages, and run \
         the command again."
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lock_file_names_no_place_to_download_from() {
        let project = Project::locate().unwrap();
        for Packages { folder, .. } in [TOOLS, DRIVER, PEERS, SDKS, PACKAGING] {
            let lock = project.read(&format!("{folder}/package-lock.json")).unwrap();
            assert!(!lock.contains("\"resolved\""), "{folder}");
        }
    }

    #[test]
    fn wasm_opt_is_the_one_that_npm_brings() {
        let project = Project::locate().unwrap();
        let number = WASM_OPT.strip_prefix("version ").unwrap();
        assert!(project.read("package.json").unwrap().contains(&format!("\"binaryen\": \"{number}.0.0\"")));
    }
}
