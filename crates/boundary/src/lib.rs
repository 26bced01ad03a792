//! What crosses between JavaScript and the engine's machines, for the modules of WebAssembly that hold them.
//!
//! Numbers go through a few [`registers`]; JavaScript knows a machine by its number in a [`slab`]; settings are read from
//! registers ([`settings`]), and opening one with bad ones says so ([`opening`]); what was decided leaves as [`json`].

pub mod decision;
pub mod json;
pub mod opening;
pub mod registers;
pub mod settings;
pub mod slab;

/// Modules are loaded by whoever uses the package: this allocator is a quarter of the size of the standard library's, and takes the same
/// time whatever was allocated before.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();
