//! The npm package: machines in WebAssembly, and the TypeScript that drives them.

use std::path::PathBuf;

use crate::child::{self, stream};
use crate::project::Project;
use crate::say;
use crate::setup::{self, Need};
use crate::stop::Stop;
use crate::toolchain::Target;

/// What building it takes.
pub(crate) const NEEDS: &[Need] = &[Need::WasmTarget, Need::NodePackages, Need::Driver, Need::WasmBindgen];
/// Where the package is made.
pub(crate) const HOME: &str = "crates/wasm/npm";

/// Builds and packs it, and tells where the archive is.
pub(crate) fn pack(project: &Project) -> Result<(), Stop> {
    setup::provide(project, NEEDS)?;
    build(project)?;
    let archive = archive(project)?;
    say::line(&archive.display().to_string());
    Ok(())
}

/// Builds it into `dist`, whatever has changed of it.
pub(crate) fn build(project: &Project) -> Result<(), Stop> {
    let mut cargo = project.cargo();
    cargo.args(["build", "--package", "steadfast-machines", "--target", Target::Wasm.triple(), "--profile", "npm"]);
    stream(cargo)?;
    let machines = target(project).join(Target::Wasm.triple()).join("npm/steadfast_machines.wasm");
    let mut build = project.command("node");
    build.arg(format!("{HOME}/build.js")).arg(machines);
    stream(build)
}

/// Where Cargo puts what it builds.
fn target(project: &Project) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| project.at("target"), |folder| project.at("").join(folder))
}

fn archive(project: &Project) -> Result<PathBuf, Stop> {
    let folder = target(project).join("npm");
    std::fs::create_dir_all(&folder)
        .map_err(|error| Stop::Failed(format!("Cannot make {}: {error}.", folder.display())))?;
    let mut pack = project.command("npm");
    pack.args(["pack", "--silent", "--pack-destination"]).arg(&folder).current_dir(project.at(HOME));
    let name = child::output(pack).and_then(|printed| printed.lines().last().map(|name| folder.join(name.trim())));
    name.filter(|archive| archive.is_file())
        .ok_or_else(|| Stop::Failed(format!("npm pack made no archive. By hand: npm pack, in {HOME}")))
}
