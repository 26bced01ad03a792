//! What comes of it, in tabs: why, the state of things, the conversation, and the settings as code.

use super::tabs::{Tabs, tabs};
use super::{Code, Messages, Standing, Why};
use crate::places::{FINDINGS, PLACES};
use crate::store::store;
use crate::whole::later;
use leptos::prelude::*;

#[component]
pub(crate) fn Findings() -> impl IntoView {
    let store = store();
    let places = store.places();
    let is_open = move |place: usize| Signal::derive(move || places.finding().get() == place);
    let panel = move |place: usize, content: AnyView| {
        let is_hidden = Signal::derive(move || (places.finding().get() != place).then_some(""));
        let (id, tab) = (format!("panel-{}", PLACES[place]), format!("tab-{}", PLACES[place]));
        view! { <div role="tabpanel" class="panel" id=id aria-labelledby=tab hidden=is_hidden>{content}</div> }
    };
    let [why, state, messages, code] = [0, 1, 2, 3].map(|index| FINDINGS.start + index);
    view! {
        <div class="card findings-tabs">
            {tabs(Tabs {
                label: "What comes of it",
                class: "tabs",
                places: FINDINGS,
                prefix: "tab",
                panel: |place| format!("panel-{}", PLACES[place]),
                chosen: places.finding(),
                // There the tabs of the whole page lead here.
                is_hidden: store.flag(move |_| places.is_phone()),
            })}
            {panel(why, view! { <Why/> }.into_any())}
            {panel(state, later(Box::new(|| view! { <Standing/> }.into_any())).into_any())}
            {panel(messages, later(Box::new(move || view! { <Messages is_open=is_open(messages)/> }.into_any())).into_any())}
            {panel(code, later(Box::new(move || view! { <Code is_open=is_open(code)/> }.into_any())).into_any())}
        </div>
    }
}
