//! The lanes of one run: bars, marks and dots of what is in sight, and the scale they stand on.

use super::beside::playhead;
use super::item::{focused, give_place, keep_focus, on_arrow};
use super::paint::Paint;
use super::pool::{As, Pool, entitle};
use crate::store::store;
use leptos::ev::MouseEvent;
use leptos::html::{Div, Ul};
use leptos::prelude::*;
use steadfast_playground::{Action, Lane, Page, Timeline};
use wasm_bindgen::JsCast;
use web_sys::Element;

/// Of so many kinds are the marks of the scale, each on a layer of its own.
const SCALE: usize = 5;

/// Of one run on the axis of the page.
#[component]
pub(crate) fn Lanes(
    /// Which run.
    run: fn(&Page) -> &Timeline,
    /// Whether its faults can be painted.
    #[prop(optional)]
    is_painted: bool,
) -> impl IntoView {
    let store = store();
    let list = NodeRef::<Ul>::new();
    let scale = NodeRef::<Div>::new();
    let mut pools = None;
    store.draw(Box::new(move |page, canvas| {
        let (Some(list), Some(scale)) = (list.get_untracked(), scale.get_untracked()) else { return };
        let (items, marks) = pools.get_or_insert_with(|| {
            let layers = || {
                let layer = document().create_element("div").ok()?;
                scale.append_child(&layer).ok().map(|_| Pool::new(layer, As::Mark))
            };
            (
                Pool::new(list.into(), As::Button),
                core::iter::repeat_with(layers).take(SCALE).flatten().collect::<Vec<_>>(),
            )
        });
        let beside = page.beside.as_ref().map(|other| other.recording.timeline());
        for (pool, drawings) in marks.iter_mut().zip(canvas.scale(run(page), page.position, beside)) {
            pool.draw(drawings);
        }
        // What has the focus stays what it is, wherever that is.
        let kept = focused();
        items.draw(canvas.items(run(page), page.position, kept));
        keep_focus(kept);
        give_place(None);
    }));
    let rows = move |lane: Lane| store.text(move |page| run(page).rows(lane).to_string());
    let before_breaker = store.text(move |page| run(page).row_of(Lane::Breaker, 0).to_string());
    let all_rows = store.text(move |page| run(page).row_of(Lane::Cost, 1).to_string());
    let lane = move |lane: Lane| {
        view! { <span class="lane" style=("--rows", rows(lane))><span>{lane.title()}</span></span> }
    };
    // A click anywhere on a bar: one listener for however many there are.
    let choose = move |event: MouseEvent| {
        let element = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let item = element.and_then(|element| element.closest(".item").ok().flatten());
        if let Some(line) = item.and_then(|item| item.get_attribute("data-line")?.parse().ok()) {
            store.send(Action::Select(Some(line)));
        }
    };
    view! {
        <div class="lanes" aria-hidden="true">{Lane::ALL.into_iter().map(lane).collect_view()}</div>
        <div class="track" style=("--all-rows", all_rows) style=("--fault-rows", rows(Lane::Faults)) style=("--breaker-row", before_breaker)>
            <div class="scale" aria-hidden="true" node_ref=scale></div>
            {is_painted.then(|| view! { <Paint/> })}
            <ul
                class="items"
                role="list"
                aria-labelledby="timeline-title"
                on:click=choose
                on:pointerover=|event| entitle(&event)
                on:keydown=move |event| on_arrow(store, run, &event)
                node_ref=list
            ></ul>
            <div class="playhead" aria-hidden="true" style=("left", playhead(store))></div>
        </div>
    }
}
