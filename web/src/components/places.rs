//! The tabs of the whole page, which phones have. There the columns of the page are their panels; elsewhere what comes of it has
//! tabs and panels of its own.

use super::tabs::{Tabs, tabs};
use crate::places::{FINDINGS, PLACES, TIMELINE};
use crate::store::store;
use leptos::prelude::*;
use std::cell::Cell;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

/// The columns by their ids.
pub(crate) const RUN: &str = "panel-run";
pub(crate) const SETTINGS: &str = "panel-settings";
pub(crate) const FOUND: &str = "panel-found";

/// The tabs.
pub(crate) fn place_tabs() -> impl IntoView {
    let store = store();
    let places = store.places();
    tabs(Tabs {
        label: "Parts of the page",
        class: "tabs places",
        places: 0..PLACES.len(),
        prefix: "place",
        panel: |place| column(place).to_owned(),
        chosen: places.place(),
        is_hidden: store.flag(move |_| !places.is_phone()),
    })
}

/// The column where a place is.
fn column(place: usize) -> &'static str {
    match place {
        TIMELINE => RUN,
        place if FINDINGS.contains(&place) => FOUND,
        _ => SETTINGS,
    }
}

/// Tells every panel what it is, now and whenever that changes: on a phone the columns are panels, elsewhere what is in the last of them.
pub(crate) fn tell_panels() {
    let store = store();
    let places = store.places();
    let told = Cell::new(None);
    store.after_each_change(Box::new(move |_| {
        let (is_phone, place) = (places.is_phone(), places.place().get_untracked());
        let before = told.replace(Some((is_phone, place)));
        if before == Some((is_phone, place)) {
            return;
        }
        for id in [RUN, SETTINGS, FOUND] {
            let is_shown = column(place) == id;
            tell(id, &format!("place-{}", PLACES[place]), is_phone && is_shown);
            if let Some(column) = document().get_element_by_id(id) {
                let _ = column.toggle_attribute_with_force("hidden", is_phone && !is_shown);
            }
        }
        for name in &PLACES[FINDINGS] {
            tell(&format!("panel-{name}"), &format!("tab-{name}"), !is_phone);
        }
        if before.is_some() && is_phone {
            go_to_its_beginning();
        }
    }));
    let _ = window_event_listener_untyped("resize", move |_| {
        if places.look() {
            store.draw_again();
        }
    });
}

/// Whoever had gone further down in another place sees this one from its beginning.
fn go_to_its_beginning() {
    let find = |selector: &str| document().query_selector(selector).ok()??.dyn_into::<HtmlElement>().ok();
    let (Some(main), Some(columns)) = (find("main"), find(".columns")) else { return };
    if window().scroll_y().is_ok_and(|scrolled| scrolled > f64::from(main.offset_top())) {
        columns.scroll_into_view();
    }
}

/// Makes an element the panel of a tab, or nothing in particular.
fn tell(id: &str, tab: &str, is_panel: bool) {
    let Some(element) = document().get_element_by_id(id) else { return };
    for (name, value) in [("role", "tabpanel"), ("aria-labelledby", tab)] {
        let _ = if is_panel { element.set_attribute(name, value) } else { element.remove_attribute(name) };
    }
}
