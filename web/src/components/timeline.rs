//! The region "Timeline": the run in virtual time, drawn to scale from the journal, in lanes on one axis.
//!
//! Bars are placed by style sheets from two numbers, where they begin and where they end on the axis; a bar under way ends
//! where the present is, so that as time passes one number changes for the whole drawing.

use super::beside::{Beside, parting, playhead, seconds};
use super::branches::Branches;
use super::lanes::Lanes;
use super::shortcuts::{Shortcuts, on_shortcut};
use crate::store::{Store, store};
use crate::whole::later;
use leptos::html::Div;
use leptos::prelude::*;
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
        let left = scroller.get_untracked().map_or(0, |scroller| scroller.scroll_left());
        store.page().with_untracked(|page| store.sight().scrolled(f64::from(left), &page.axis));
    };
    store.after_each_change(Box::new(move |_| {
        request_animation_frame(move || {
            if let Some(scroller) = scroller.get_untracked() {
                store.sight().put(&scroller);
            }
        });
    }));
    request_animation_frame(move || measure(store, scroller));
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
                <div
                    class="timeline-body"
                    style=("--seconds", seconds(store))
                    style=("--now", playhead(store))
                >
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
    let Some(scroller) = scroller.get_untracked() else { return };
    let labels =
        scroller.query_selector(".lanes").ok().flatten().and_then(|lanes| lanes.dyn_into::<HtmlElement>().ok());
    // Where the labels lie over the track they take no room from it.
    let labels = labels
        .filter(|labels| labels.offset_width() * 3 < scroller.client_width())
        .map_or(0, |labels| labels.offset_width());
    let width = scroller.client_width() - labels;
    store.page().with_untracked(|page| {
        store.sight().resized(f64::from(width), &page.axis);
        store.sight().follow(store.now().get_untracked(), &page.axis);
    });
    store.sight().put(&scroller);
}

/// Always three decimals, so that the digits stand still while time passes.
fn clock(at: Instant) -> String {
    let millis = at.as_micros() / 1_000;
    format!("{}.{:03} s", millis / 1_000, millis % 1_000)
}
