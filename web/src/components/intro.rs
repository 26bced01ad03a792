//! What this is, and what to do first.

use super::button::ActionButton;
use super::keep::Keep;
use crate::clipboard;
use crate::store::{Store, store};
use leptos::prelude::*;
use steadfast_playground::link;

#[component]
pub(crate) fn Intro() -> impl IntoView {
    let store = store();
    view! {
        <header class="intro">
            <div class="intro-text">
                <h1><span class="mark"></span>"Steadfast"</h1>
                <p class="lead">
                    "A small AI agent, a world that goes wrong, and the engine that keeps it going. "
                    "Switch on a fault, then press "<strong>"Step"</strong>
                    " to see each decision and its reason. Switch "<strong>"Protection"</strong>
                    " off to see the same agent without it."
                </p>
            </div>
            <div class="intro-buttons">
                <ActionButton label="Copy link" icon="link" class="button plain" act=Box::new(move || copy(store))/>
                <Keep/>
            </div>
        </header>
    }
}

/// Copies a link to what is shown. The address bar holds it as well, for browsers that keep their clipboard to themselves.
fn copy(store: Store) {
    if store.peek(|state| state.incident().is_some()) {
        return store.remark("No link can hold a recorded run. Save it as a file.");
    }
    let page = window().location().href().unwrap_or_default();
    let page = page.split('#').next().unwrap_or_default();
    let link = format!("{page}#{}", store.peek(link::write));
    let done = "The link is copied. Whoever opens it sees exactly this.";
    clipboard::copy(store, &link, done, "The link to exactly this is in the address bar.");
}
