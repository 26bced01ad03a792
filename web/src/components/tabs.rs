//! Tabs: a list of them, of which one is chosen.

use super::focus::focus;
use crate::places::PLACES;
use crate::store::store;
use core::ops::Range;
use leptos::ev::KeyboardEvent;
use leptos::prelude::*;

/// A list of tabs.
pub(super) struct Tabs {
    /// What is heard of the list.
    pub(super) label: &'static str,
    /// Its class.
    pub(super) class: &'static str,
    /// The places it leads to.
    pub(super) places: Range<usize>,
    /// With what the ids of its tabs begin.
    pub(super) prefix: &'static str,
    /// The id of the panel of a place.
    pub(super) panel: fn(usize) -> String,
    /// Which is chosen.
    pub(super) chosen: RwSignal<usize>,
    /// Whether it is not there.
    pub(super) is_hidden: Signal<Option<&'static str>>,
}

/// Its view.
pub(super) fn tabs(Tabs { label, class, places, prefix, panel, chosen, is_hidden }: Tabs) -> impl IntoView {
    let store = store();
    let tab = move |place: usize| {
        let selected = Signal::derive(move || Some(if chosen.get() == place { "true" } else { "false" }));
        let order = Signal::derive(move || Some(if chosen.get() == place { "0" } else { "-1" }));
        view! {
            <button
                role="tab"
                class="tab"
                id=format!("{prefix}-{}", PLACES[place])
                aria-controls=panel(place)
                aria-selected=selected
                tabindex=order
                on:click=move |_| store.show(place)
            >
                {PLACES[place]}
            </button>
        }
    };
    let Range { start: first, end } = places.clone();
    // Arrows open the next tab at once: what they show is there already.
    let on_key = move |event: KeyboardEvent| {
        let at = chosen.get_untracked();
        let next = match event.key().as_str() {
            "ArrowRight" if at + 1 == end => first,
            "ArrowRight" => at + 1,
            "ArrowLeft" if at == first => end - 1,
            "ArrowLeft" => at - 1,
            "Home" => first,
            "End" => end - 1,
            _ => return,
        };
        event.prevent_default();
        store.show(next);
        focus(&[&format!("#{prefix}-{}", PLACES[next])]);
    };
    view! {
        <div class=class role="tablist" aria-label=label hidden=is_hidden on:keydown=on_key>
            {places.map(tab).collect_view()}
        </div>
    }
}
