//! Agents and their runs, each under the number that JavaScript has of it.

use crate::agent::Agent;
use crate::running::Running;
use core::cell::RefCell;
use steadfast::effect::Ledger;
use steadfast_boundary::slab::Slab;
use wasm_bindgen::prelude::wasm_bindgen;

/// Everything there is.
pub(crate) struct Hall {
    pub(crate) agents: Slab<Agent>,
    pub(crate) runs: Slab<Running>,
    /// What runs share that were resumed in this process, so that no snapshot makes an effect happen twice.
    pub(crate) ledger: Ledger,
}

thread_local! {
    static HALL: RefCell<Option<Hall>> = const { RefCell::new(None) };
}

/// WebAssembly runs on one thread and nothing here calls out, so no function is ever entered while another is at work.
pub(crate) fn hall<R>(act: impl FnOnce(&mut Hall) -> R) -> R {
    HALL.with(|hall| {
        act(hall.borrow_mut().get_or_insert_with(|| Hall {
            agents: Slab::new(),
            runs: Slab::new(),
            ledger: Ledger::default(),
        }))
    })
}

/// How many agents and runs there are.
#[wasm_bindgen]
#[must_use]
pub fn machines() -> u32 {
    hall(|hall| u32::try_from(hall.agents.count() + hall.runs.count()).unwrap_or(u32::MAX))
}
