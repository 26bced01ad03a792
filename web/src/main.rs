//! The playground as a page: a thin skin over `steadfast-playground`, which knows everything and is tested natively.
//!
//! [`store`] holds the one state in one signal; [`address`] keeps the page's address in step with it and [`time`] lets
//! time pass, [`odds`] has thousands of runs made, [`whole`] knows when all of the page is there, and [`places`] what of it a phone shows; everything in [`components`] draws a part of the state and sends actions.

#![expect(unreachable_pub, reason = "the component macro of Leptos writes `pub` whatever it is given")]

mod address;
mod app;
mod clipboard;
mod components;
mod failure;
mod odds;
mod places;
mod sight;
mod store;
mod time;
mod whole;

use leptos::prelude::*;
use wasm_bindgen::JsCast;

fn main() {
    if let Some(scope) = odds::worker::scope() {
        return odds::worker::serve(&scope);
    }
    failure::tell_of_panics();
    let Some(root) = document().get_element_by_id("app") else { return };
    // What stood here said that the page was loading.
    root.set_inner_html("");
    mount_to(root.unchecked_into(), app::App).forget();
}
