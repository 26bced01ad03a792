//! A run that was recorded elsewhere: what it is, and the settings here tried on it.

use super::button::ActionButton;
use super::switch::Switch;
use crate::store::store;
use leptos::prelude::*;
use steadfast_playground::{Action, State};

#[component]
pub(crate) fn Incident() -> impl IntoView {
    let store = store();
    let is_absent = store.flag(|page| page.told.is_none());
    let about = store.text(|page| page.told.clone().unwrap_or_default());
    let checked = store.word(|page| Some(if page.is_what_if { "true" } else { "false" }));
    let flip = Box::new(move || store.send(Action::WhatIf(!store.peek(State::is_what_if))));
    let close = Box::new(move || store.send(Action::CloseIncident));
    let explained = Signal::stored(
        "The same model, tools and people, with the agent of this page. Faults and luck are the recording's."
            .to_owned(),
    );
    view! {
        <section class="card incident" aria-labelledby="incident-title" hidden=is_absent>
            <h2 id="incident-title">"Recorded run"</h2>
            <p>{about}</p>
            <p class="quiet">"No link can hold it: keep its file."</p>
            <div class="switches">
                <Switch label="By the settings here" about=explained id="what-if" checked flip/>
            </div>
            <ActionButton label="Close the recording" icon="reset" act=close/>
        </section>
    }
}
