//! The boundary in a real browser, with real timers: JavaScript functions that really fail, hang and wait.
#![cfg(target_arch = "wasm32")]

mod approval;
mod cancellation;
mod clock;
mod faults;
mod misuse;
mod replies;
mod runs;
mod simulation;
mod support;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
