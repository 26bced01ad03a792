//! A bar or a mark of the timeline: a button with its full name. One of them has a place in the order of the keyboard; from there
//! arrows lead to the others, also to those that are not drawn yet.

use super::lanes::row_of;
use crate::store::Store;
use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use steadfast::time::Instant;
use steadfast_playground::{Item, Page, Shape, Timeline};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

pub(super) fn timeline_item(page: &Page, run: &Timeline, item: &Item) -> impl IntoView + use<> {
    let to = item.to.filter(|_| item.shape != Shape::Hung).unwrap_or(Instant::MAX);
    let (floor, ceiling) = item.drawn.unwrap_or((item.from, item.from));
    let axis = &page.axis;
    let class = match (item.shape.is_instant(), item.drawn.is_some()) {
        (true, _) => "bar mark-bar",
        (false, true) => "bar drawn",
        (false, false) => "bar",
    };
    view! {
        <li
            class=class
            data-shape=item.shape.as_str()
            style=("--row", row_of(run, item.lane, item.row).to_string())
            style=("--from", axis.at(item.from))
            style=("--to", axis.at(to))
            style=("--floor", axis.at(floor))
            style=("--ceiling", axis.at(ceiling))
            style=("--percent", item.percent.unwrap_or_default().to_string())
        >
            <button

                id=format!("item-{}", item.index)
                class="item"
                tabindex="-1"
                title=item.name.clone()
                aria-label=item.name.clone()
                data-line=item.line.to_string()
            >
                <span class="item-text">{item.text.clone()}</span>
            </button>
        </li>
    }
}

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
    // It may have to be drawn first.
    request_animation_frame(move || {
        give_place(Some(next));
        if let Some(item) = element(next) {
            let _ = item.focus();
        }
    });
}

/// The number of the item that has the focus.
fn focused() -> Option<usize> {
    number(&document().active_element()?.id())
}

fn number(id: &str) -> Option<usize> {
    id.strip_prefix("item-")?.parse().ok()
}

fn element(index: usize) -> Option<HtmlElement> {
    document().get_element_by_id(&format!("item-{index}"))?.dyn_into().ok()
}

/// Moves the timeline's one place in the order of the keyboard: to that item, else to the one that has the focus, else to the
/// newest that is drawn.
pub(super) fn give_place(to: Option<usize>) {
    let before = document().query_selector(".item[tabindex='0']").ok().flatten();
    let newest = || {
        let items = document().query_selector_all(".item").ok()?;
        number(&items.get(items.length().checked_sub(1)?)?.dyn_into::<HtmlElement>().ok()?.id())
    };
    let Some(to) = to.or_else(focused).or_else(newest).and_then(element) else { return };
    if let Some(before) = before.and_then(|before| before.dyn_into::<HtmlElement>().ok()).filter(|before| *before != to)
    {
        before.set_tab_index(-1);
    }
    to.set_tab_index(0);
}
