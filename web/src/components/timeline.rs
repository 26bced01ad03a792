//! The region "Timeline": the run in virtual time, drawn to scale from the journal, in lanes on one axis.
//!
//! Where each bar stands is worked out in `steadfast-playground`, where it is tested, rather than by style sheets: so a step of a
//! long run costs the browser no more than what is in sight of it.

use super::beside::{Beside, parting, seconds};
use super::branches::Branches;
use super::lanes::Lanes;
use super::shortcuts::{Shortcuts, on_shortcut};
use crate::sight::number;
use crate::store::{Store, store};
use crate::whole::later;
use leptos::html::Div;
use leptos::prelude::*;
use std::cell::Cell;
use steadfast::time::Instant;
use steadfast_playground::{Page, Timeline as Run};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

#[component]
pub(crate) fn Timeline() -> impl IntoView {
    let store = store();
    let now = Signal::derive(move || clock(store.now().get()));
    let scroller = NodeRef::<Div>::new();
    let on_scroll = move |_| {
        let Some(scroller) = scroller.get_untracked() else { return };
        store.page().with_untracked(|page| store.sight().scrolled(&scroller, &page.axis));
    };
    let was_there = Cell::new(false);
    store.after_each_change(Box::new(move |_| {
        // At first, and when it was hidden: then there was nothing to measure.
        let is_there = store.places().has_timeline();
        if !was_there.replace(is_there) && is_there {
            request_animation_frame(move || measure(store, scroller));
        }
        request_animation_frame(move || {
            if let Some(scroller) = scroller.get_untracked() {
                store.sight().put(&scroller);
            }
        });
    }));
    let _ = window_event_listener_untyped("resize", move |_| measure(store, scroller));
    let run: fn(&Page) -> &Run = |page| page.recording.timeline();
    view! {
        <section class="card timeline" aria-labelledby="timeline-title" on:keydown=move |event| on_shortcut(store, &event)>
            <div class="timeline-head">
                <h2 id="timeline-title">"Timeline"</h2>
                <Shortcuts/>
                <p class="timeline-now"><strong>{now}</strong>" of "{store.text(|page| clock(page.end))}" virtual time"</p>
            </div>
            {later(Box::new(|| view! { <Branches/> }.into_any()))}
            // It takes the focus itself: where nothing in sight does, the arrow keys still have to scroll it.
            <div
                class="timeline-scroll"
                node_ref=scroller
                tabindex="0"
                role="group"
                aria-label="Lanes, scrollable"
                on:scroll=on_scroll
            >
                <div class="timeline-body" style=("--seconds", seconds(store))>
                    <Lanes run is_painted=true/>
                    {parting(store)}
                </div>
                {later(Box::new(|| view! { <Beside/> }.into_any()))}
            </div>
        </section>
    }
}

/// Looks how much of the track is seen at once.
fn measure(store: Store, scroller: NodeRef<Div>) {
    let Some(scroller) = scroller.get_untracked().filter(|scroller| scroller.client_width() > 0) else { return };
    let part = |selector: &str| scroller.query_selector(selector).ok().flatten()?.dyn_into::<HtmlElement>().ok();
    let (Some(body), Some(track)) = (part(".timeline-body"), part(".track")) else { return };
    // The labels take room from the track, or lie over it and take none; and the frame has a margin on both sides.
    let labels = body.offset_width() - track.offset_width();
    let margins = 2 * (body.offset_left() - scroller.offset_left());
    let width = scroller.client_width() - margins - labels;
    let rem = document().document_element().and_then(|root| window().get_computed_style(&root).ok().flatten());
    let rem = rem.and_then(|style| Some(number(style.get_property_value("font-size").ok()?.strip_suffix("px")?)));
    store.page().with_untracked(|page| {
        store.sight().resized(f64::from(width), rem.unwrap_or(16.0), &page.axis);
        store.sight().follow(store.now().get_untracked(), &page.axis);
    });
    store.sight().put(&scroller);
}

/// Always three decimals, so that the digits stand still while time passes.
fn clock(at: Instant) -> String {
    let millis = at.as_micros() / 1_000;
    format!("{}.{:03} s", millis / 1_000, millis % 1_000)
}
