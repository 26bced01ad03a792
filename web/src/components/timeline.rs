//! The region "Timeline": attempts, waits and timeouts in virtual time, drawn to scale from the journal.
//!
//! Bars are placed by style sheets from two numbers, where they begin and where they end on the axis; a bar under way ends
//! where the present is, so that as time passes one number changes for the whole drawing.

use crate::store::{Store, store};
use leptos::ev::KeyboardEvent;
use leptos::html::Div;
use leptos::prelude::*;
use steadfast::time::Instant;
use steadfast_playground::axis::Axis;
use steadfast_playground::{Action, Item, Lane, Shape};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

#[component]
pub(crate) fn Timeline() -> impl IntoView {
    let store = store();
    let items = move || {
        store.page().with(|page| {
            let items = page.timeline.items.iter().enumerate();
            items.map(|(index, item)| timeline_item(store, index, page.axis, item)).collect::<Vec<_>>()
        })
    };
    let scale = move || {
        store.page().with(|page| {
            let ticks = page.axis.ticks().into_iter().map(|(at, label)| ("tick", at, Instant::MAX, label));
            let bands = page
                .timeline
                .bands
                .iter()
                .map(|band| ("band", band.from, band.to.unwrap_or(Instant::MAX), format!("Step {}", band.step)));
            let draw = |(class, from, to, label)| scale_mark(class, page.axis.at(from), page.axis.at(to), label);
            ticks.chain(bands).map(draw).collect::<Vec<_>>()
        })
    };
    let lane = |lane: Lane| view! { <span class="lane" data-lane=lane.title()><span>{lane.title()}</span></span> };
    let now = Signal::derive(move || clock(store.now().get()));
    let playhead = Signal::derive(move || store.page().with(|page| page.axis.at(store.now().get())));
    // One item has a place in the order of the keyboard, the newest; from there arrows lead to the others.
    let scroller = NodeRef::<Div>::new();
    store.after_each_change(Box::new(move |_| {
        request_animation_frame(move || {
            follow(scroller);
            if focused_item().is_none() {
                give_place(item(usize::MAX));
            }
        });
    }));
    view! {
        <section class="card timeline" aria-labelledby="timeline-title">
            <div class="timeline-head">
                <h2 id="timeline-title">"Timeline"</h2>
                <p class="timeline-now"><strong>{now}</strong>" of "{store.text(|page| clock(page.end))}" virtual time"</p>
            </div>
            <div class="timeline-scroll" node_ref=scroller>
                <div
                    class="timeline-body"
                    on:keydown=on_key
                    style=("--seconds", store.text(|page| page.axis.seconds().to_string()))
                    style=("--now", playhead)
                >
                    <div class="lanes" aria-hidden="true">{Lane::ALL.into_iter().map(lane).collect_view()}</div>
                    <div class="track">
                        <div class="scale" aria-hidden="true">{scale}</div>
                        <ul class="items" role="list" aria-labelledby="timeline-title">
                            {items}
                        </ul>
                        <div class="playhead" aria-hidden="true"></div>
                    </div>
                </div>
            </div>
        </section>
    }
}

fn timeline_item(store: Store, index: usize, axis: Axis, item: &Item) -> impl IntoView + use<> {
    let line = item.line;
    let to = item.to.filter(|_| item.shape != Shape::Hung).unwrap_or(Instant::MAX);
    view! {
        <li
            class="bar"
            data-lane=item.lane.title()
            data-shape=item.shape.as_str()
            style=("--from", axis.at(item.from))
            style=("--to", axis.at(to))
            style=("--ceiling", axis.at(item.ceiling.unwrap_or(item.from)))
        >
            <button

                id=format!("item-{index}")
                class="item"
                tabindex="-1"
                title=item.name.clone()
                aria-label=item.name.clone()
                on:click=move |_| store.send(Action::Select(Some(line)))
            >
                <span class="item-text">{item.text.clone()}</span>
            </button>
        </li>
    }
}

/// A tick of the axis, or the stretch of one turn of the loop.
fn scale_mark(class: &'static str, from: String, to: String, label: String) -> impl IntoView {
    view! { <span class=class style=("--from", from) style=("--to", to)><span>{label}</span></span> }
}

/// Keeps the present in view where a long run does not fit.
fn follow(scroller: NodeRef<Div>) {
    let playhead = document().query_selector(".playhead").ok().flatten();
    let playhead = playhead.and_then(|playhead| playhead.dyn_into::<HtmlElement>().ok());
    if let (Some(scroller), Some(playhead)) = (scroller.get_untracked(), playhead) {
        scroller.set_scroll_left(playhead.offset_left() - scroller.client_width() * 2 / 3);
    }
}

/// Always three decimals, so that the digits stand still while time passes.
fn clock(at: Instant) -> String {
    let millis = at.as_micros() / 1_000;
    format!("{}.{:03} s", millis / 1_000, millis % 1_000)
}

#[expect(clippy::needless_pass_by_value, reason = "a listener is handed its event")]
fn on_key(event: KeyboardEvent) {
    let Some(current) = focused_item() else { return };
    let next = match event.key().as_str() {
        "ArrowRight" => item(current + 1).or_else(|| item(current)),
        "ArrowLeft" => item(current.saturating_sub(1)),
        "Home" => item(0),
        "End" => item(usize::MAX),
        _ => return,
    };
    event.prevent_default();
    if let Some(next) = &next {
        let _ = next.focus();
    }
    give_place(next);
}

/// The item of that number; the newest for any larger one.
fn item(index: usize) -> Option<HtmlElement> {
    let items = document().query_selector_all(".item").ok()?;
    let last = items.length().checked_sub(1)?;
    let index = if index == usize::MAX { last } else { u32::try_from(index).ok()? };
    document().get_element_by_id(&format!("item-{index}"))?.dyn_into().ok()
}

/// The number of the item that has the focus.
fn focused_item() -> Option<usize> {
    document().active_element()?.id().strip_prefix("item-")?.parse().ok()
}

/// Moves the timeline's one place in the order of the keyboard.
fn give_place(to: Option<HtmlElement>) {
    if let Ok(Some(before)) = document().query_selector(".item[tabindex='0']") {
        let _ = before.set_attribute("tabindex", "-1");
    }
    if let Some(to) = to {
        to.set_tab_index(0);
    }
}
