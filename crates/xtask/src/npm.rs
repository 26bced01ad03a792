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
/// The wasm-opt that `Trunk.toml` names, as the program prints it.
const WASM_OPT: &str = "version 132";

/// Sees to it that `node_modules` is what the lock file says.
pub(crate) fn provide(project: &Project) -> Result<(), Stop> {
    let lock = project.read("package-lock.json")?;
    if project.read(MARKER).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    require_node(project)?;
    say::headline("Installing the npm packages: wasm-opt, Playwright, axe-core, a static server (about 20 seconds)");
    let mut npm = project.command("npm");
    // No package of ours needs a script to be installed, and Playwright's would fetch browsers.
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
    child::stream(npm).map_err(|stop| {
        stop.with("The npm packages could not be had; the npm registry must be reachable. By hand: npm ci")
    })?;
    project.write(MARKER, &lock).map(|_| ())
}

/// Sees to it that Trunk finds wasm-opt, or can find it.
pub(crate) fn provide_wasm_opt(project: &Project) -> Result<(), Stop> {
    let mut question = project.command("wasm-opt");
    question.arg("--version");
    if child::output(question).is_some_and(|answer| answer.contains(WASM_OPT)) {
        return Ok(());
    }
    if project.find("npm").is_none() {
        say::line("There is no npm here to bring wasm-opt, which shrinks the page; Trunk will fetch it from GitHub.");
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
        assert!(!project.read("package-lock.json").unwrap().contains("\"resolved\""));
    }

    #[test]
    fn trunk_is_told_the_same_wasm_opt_as_npm_brings() {
        let project = Project::locate().unwrap();
        let number = WASM_OPT.strip_prefix("version ").unwrap();
        assert!(project.read("package.json").unwrap().contains(&format!("\"binaryen\": \"{number}.0.0\"")));
        assert!(project.read("Trunk.toml").unwrap().contains(&format!("wasm_opt = \"version_{number}\"")));
    }
}
