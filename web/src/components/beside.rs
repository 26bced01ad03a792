//! The second run's lanes, under the first on the same axis. It is looked at, not walked through: its tab makes it the first.

use super::pool::{As, Pool, entitle};
use crate::store::{Store, store};
use leptos::html::{Div, Ul};
use leptos::prelude::*;
use steadfast_playground::{Beside as Other, Lane, Page};

#[component]
pub(crate) fn Beside() -> impl IntoView {
    let store = store();
    let none = store.flag(|page| page.beside.is_none());
    let list = NodeRef::<Ul>::new();
    let faults = NodeRef::<Div>::new();
    let mut pools = None;
    store.draw(Box::new(move |page, canvas| {
        let (Some(list), Some(faults)) = (list.get_untracked(), faults.get_untracked()) else { return };
        let (items, bars) =
            pools.get_or_insert_with(|| (Pool::new(list.into(), As::Picture), Pool::new(faults.into(), As::Mark)));
        let other = page.beside.as_ref().map(|other| (other.recording.timeline(), other.position));
        items.draw(other.map(|(run, position)| canvas.items(run, position, None)).unwrap_or_default());
        bars.draw(other.map(|(run, _)| canvas.faults(run, Some(page.recording.timeline()))).unwrap_or_default());
    }));
    let lane = move |lane: Lane| {
        let rows = rows(store, move |other| other.recording.timeline().rows(lane));
        view! { <span class="lane" style=("--rows", rows)><span>{lane.title()}</span></span> }
    };
    let all_rows = rows(store, |other| other.recording.timeline().row_of(Lane::Cost, 1));
    let name = store.text(|page| page.beside.as_ref().map(|other| other.name.clone()).unwrap_or_default());
    view! {
        <div class="timeline-body beside" hidden=none style=("--seconds", seconds(store))>
            <h3 class="beside-title" id="beside-title">"Beside it: "{name}</h3>
            <div class="lanes" aria-hidden="true">{Lane::ALL.into_iter().map(lane).collect_view()}</div>
            <div class="track" style=("--all-rows", all_rows)>
                <div class="scale" aria-hidden="true" node_ref=faults></div>
                <ul
                    class="items"
                    role="list"
                    aria-labelledby="beside-title"
                    on:pointerover=|event| entitle(&event)
                    node_ref=list
                ></ul>
                <div class="playhead" aria-hidden="true" style=("left", playhead(store))></div>
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
    Signal::derive(move || store.page().with(|page| page.axis.percent(store.now().get())))
}

fn rows(store: Store, read: impl Fn(&Other) -> usize + Send + Sync + 'static) -> Signal<String> {
    store.text(move |page| page.beside.as_ref().map_or(0, &read).to_string())
}
