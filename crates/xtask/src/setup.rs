//! What can be missing on a machine, and who knows how to get it.
//!
//! A command names its needs; [`provide`] looks for each and installs what is not there. A second run finds
//! everything and says nothing.

use crate::project::Project;
use crate::stop::Stop;
use crate::toolchain::{Component, Target};
use crate::{browser, npm, toolchain, tools};

/// Something a command cannot do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    Rustfmt,
    Clippy,
    WasmTarget,
    BareMetalTarget,
    /// `node_modules`: wasm-opt, Playwright, axe-core, the static server.
    NodePackages,
    /// TypeScript and Rollup, for the driver of the npm package.
    Driver,
    /// The SDKs that the package is tried under, and the libraries it is compared with.
    Peers,
    /// The bundlers, runtimes and compilers that the packed package is tried in.
    Packaging,
    /// wasm-opt alone, which Trunk fetches by itself where there is no Node.
    WasmOpt,
    Browser,
    WasmBindgen,
    WasmPack,
    Trunk,
}

impl Need {
    /// In the order in which they are provided: what is quick or likely to fail comes first, so that a person
    /// who has to act learns it before the long compilations.
    pub(crate) const ALL: &'static [Self] = &[
        Self::Rustfmt,
        Self::Clippy,
        Self::WasmTarget,
        Self::BareMetalTarget,
        Self::WasmOpt,
        Self::NodePackages,
        Self::Driver,
        Self::Peers,
        Self::Packaging,
        Self::Browser,
        Self::WasmBindgen,
        Self::WasmPack,
        Self::Trunk,
    ];

    fn provide(self, project: &Project) -> Result<(), Stop> {
        match self {
            Self::Rustfmt => toolchain::provide_component(project, Component::Rustfmt),
            Self::Clippy => toolchain::provide_component(project, Component::Clippy),
            Self::WasmTarget => toolchain::provide_target(project, Target::Wasm),
            Self::BareMetalTarget => toolchain::provide_target(project, Target::BareMetal),
            Self::NodePackages => npm::provide(project),
            Self::Driver => npm::provide_driver(project),
            Self::Peers => npm::provide_peers(project),
            Self::Packaging => npm::provide_packaging(project),
            Self::WasmOpt => npm::provide_wasm_opt(project),
            Self::Browser => browser::provide(project),
            Self::WasmBindgen => tools::provide(project, &tools::wasm_bindgen(project)?),
            Self::WasmPack => tools::provide(project, &tools::wasm_pack()),
            Self::Trunk => tools::provide(project, &tools::trunk()),
        }
    }
}

/// Sees to it that everything in `needs` is there, each once.
pub(crate) fn provide(project: &Project, needs: &[Need]) -> Result<(), Stop> {
    for need in Need::ALL.iter().filter(|need| needs.contains(need)) {
        need.provide(project)?;
    }
    tools::clean_up(project);
    Ok(())
}
