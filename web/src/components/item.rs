//! Bars and marks of the timeline under the keyboard. Each is a button with its full name, and one of them has a place in the order
//! of the keyboard; from there arrows lead to the others, also to those that are not drawn yet.

use crate::store::Store;
use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use steadfast_playground::{Page, Timeline};
use wasm_bindgen::JsCast;
use web_sys::{FocusOptions, HtmlElement};

/// Arrows, Home and End walk from item to item, through the whole run.
pub(super) fn on_arrow(store: Store, run: fn(&Page) -> &Timeline, event: &KeyboardEvent) {
    let Some(current) = focused() else { return };
    let next = store.page().with_untracked(|page| {
        let last = run(page).count(page.position).saturating_sub(1);
        let next = match event.key().as_str() {
            "ArrowRight" => (current + 1).min(last),
            "ArrowLeft" => current.saturating_sub(1),
            "Home" => 0,
            "End" => last,
            _ => return None,
        };
        let item = run(page).item(next, page.position)?;
        store.sight().show(item.from, &page.axis);
        Some(next)
    });
    let Some(next) = next else { return };
    event.prevent_default();
    // At once where it can be, as the next key may come before the next frame; or else it has to be drawn first.
    if !go_to(next) {
        request_animation_frame(move || {
            go_to(next);
        });
    }
}

/// Gives it the place and the focus, if it is drawn.
fn go_to(index: usize) -> bool {
    let Some(item) = element(index) else { return false };
    give_place(Some(index));
    item.focus().is_ok()
}

/// The number of the item that has the focus.
pub(super) fn focused() -> Option<usize> {
    number(&document().active_element()?.id())
}

fn number(id: &str) -> Option<usize> {
    id.strip_prefix("item-")?.parse().ok()
}

fn element(index: usize) -> Option<HtmlElement> {
    document().get_element_by_id(&format!("item-{index}"))?.dyn_into().ok()
}

fn newest() -> Option<HtmlElement> {
    find(".items > :last-child > button")
}

fn find(selector: &str) -> Option<HtmlElement> {
    document().query_selector(selector).ok().flatten()?.dyn_into().ok()
}

/// Gives the focus back to the item that had it before others were drawn; if it is gone, to the newest, and without any to what they
/// are scrolled by.
pub(super) fn keep_focus(before: Option<usize>) {
    let Some(before) = before.filter(|_| focused() != before) else { return };
    let options = FocusOptions::new();
    options.set_prevent_scroll(true);
    if let Some(to) = element(before).or_else(newest).or_else(|| find(".timeline-scroll")) {
        let _ = to.focus_with_options(&options);
    }
}

/// Moves the timeline's one place in the order of the keyboard: to that item, else to the one that has the focus, else to the
/// newest that is drawn.
pub(super) fn give_place(to: Option<usize>) {
    let Some(to) = to.or_else(focused).and_then(element).or_else(newest) else { return };
    if let Some(before) = find(".item[tabindex='0']").filter(|before| *before != to) {
        before.set_tab_index(-1);
    }
    to.set_tab_index(0);
}
