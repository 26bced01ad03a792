//! The second run's lanes, under the first on the same axis. It is looked at, not walked through: its tab makes it the first.

use super::lanes::row_of;
use crate::store::{Store, store};
use leptos::prelude::*;
use steadfast::time::Instant;
use steadfast_playground::{Beside as Other, Item, Lane, Page, Shape};

#[component]
pub(crate) fn Beside() -> impl IntoView {
    let store = store();
    let none = store.flag(|page| page.beside.is_none());
    let window = store.sight().window();
    let items = move || {
        let window = window.get();
        store.page().with(|page| {
            let draw = |other: &Other| {
                let items = other.recording.timeline().items(other.position, &window);
                items.iter().map(|item| bar(page, other, item)).collect::<Vec<_>>()
            };
            page.beside.as_ref().map(draw).unwrap_or_default()
        })
    };
    let lane = move |lane: Lane| {
        let rows = rows(store, move |other| other.recording.timeline().rows(lane));
        view! { <span class="lane" style=("--rows", rows)><span>{lane.title()}</span></span> }
    };
    let all_rows = rows(store, |other| row_of(other.recording.timeline(), Lane::Cost, 1));
    let name = store.text(|page| page.beside.as_ref().map(|other| other.name.clone()).unwrap_or_default());
    view! {
        <div class="timeline-body beside" hidden=none style=("--seconds", seconds(store)) style=("--now", playhead(store))>
            <h3 class="beside-title" id="beside-title">"Beside it: "{name}</h3>
            <div class="lanes" aria-hidden="true">{Lane::ALL.into_iter().map(lane).collect_view()}</div>
            <div class="track" style=("--all-rows", all_rows)>
                <ul class="items" role="list" aria-labelledby="beside-title">{items}</ul>
                <div class="playhead" aria-hidden="true"></div>
            </div>
            {parting(store)}
        </div>
    }
}

/// Where the two runs part, as a line through one of them.
pub(super) fn parting(store: Store) -> impl IntoView {
    let parted = |page: &Page| page.beside.as_ref().and_then(|other| other.parted.as_ref()).map(|parted| parted.at);
    let none = store.flag(move |page| parted(page).is_none());
    let place = store.text(move |page| page.axis.at(parted(page).unwrap_or_default()));
    view! { <div class="parting" hidden=none style=("--parted", place)><span>"They part here"</span></div> }
}

/// The length of the axis, as style sheets want it.
pub(super) fn seconds(store: Store) -> Signal<String> {
    store.text(|page| page.axis.seconds().to_string())
}

/// Where the present is on the axis.
pub(super) fn playhead(store: Store) -> Signal<String> {
    Signal::derive(move || store.page().with(|page| page.axis.at(store.now().get())))
}

fn rows(store: Store, read: impl Fn(&Other) -> usize + Send + Sync + 'static) -> Signal<String> {
    store.text(move |page| page.beside.as_ref().map_or(0, &read).to_string())
}

fn bar(page: &Page, other: &Other, item: &Item) -> impl IntoView + use<> {
    let to = item.to.filter(|_| item.shape != Shape::Hung).unwrap_or(Instant::MAX);
    let (floor, ceiling) = item.drawn.unwrap_or((item.from, item.from));
    let axis = &page.axis;
    view! {
        <li
            class="bar"
            data-shape=item.shape.as_str()
            style=("--row", row_of(other.recording.timeline(), item.lane, item.row).to_string())
            style=("--from", axis.at(item.from))
            style=("--to", axis.at(to))
            style=("--floor", axis.at(floor))
            style=("--ceiling", axis.at(ceiling))
            style=("--percent", item.percent.unwrap_or_default().to_string())
        >
            <span class="item" title=item.name.clone()>
                <span class="item-text" aria-hidden="true">{item.text.clone()}</span>
                <span class="unseen">{item.name.clone()}</span>
            </span>
        </li>
    }
}
