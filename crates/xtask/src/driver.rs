//! The npm package: machines in WebAssembly, and the TypeScript that drives them.

use std::path::PathBuf;

use crate::child::{self, stream};
use crate::project::Project;
use crate::say;
use crate::setup::{self, Need};
use crate::small;
use crate::stop::Stop;
use crate::toolchain::Target;

/// What building it takes; the peers for their types, which the integrations are written against.
pub(crate) const NEEDS: &[Need] = &[Need::WasmTarget, Need::NodePackages, Need::Driver, Need::Peers, Need::WasmBindgen];
/// Where the package is made.
pub(crate) const HOME: &str = "crates/wasm/npm";

/// Its modules of WebAssembly.
const MODULES: [&str; 3] = ["steadfast-machines", "steadfast-runs", "steadfast-simulator"];

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
    let mut build = project.command("node");
    build.arg(format!("{HOME}/build.js"));
    // One after the other: built together, each would get the features that others ask of what they share.
    for module in MODULES {
        let mut cargo = project.cargo();
        cargo.args(["rustc", "--package", module, "--target", Target::Wasm.triple(), "--profile", "web"]);
        // Without the library that its tests use beside it: whatever is to be one as well is not optimized as a whole, a sixth more to load.
        cargo.args(["--crate-type", "cdylib"]);
        small::make(project, &mut cargo);
        stream(cargo)?;
        let wasm = format!("web/{}.wasm", module.replace('-', "_"));
        build.arg(target(project).join(Target::Wasm.triple()).join(wasm));
    }
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
