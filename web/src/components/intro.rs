//! What this is, and what to do first.

use super::button::ActionButton;
use crate::store::{Store, store};
use leptos::prelude::*;
use steadfast_playground::link;
use wasm_bindgen_futures::JsFuture;

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
            <ActionButton label="Copy link" icon="link" class="button plain" act=Box::new(move || copy(store))/>
        </header>
    }
}

/// Copies a link to what is shown. The address bar holds it as well, for browsers that keep their clipboard to themselves.
fn copy(store: Store) {
    const IN_ADDRESS: &str = "The link to exactly this is in the address bar.";
    if !window().is_secure_context() {
        return store.remark(IN_ADDRESS);
    }
    let page = window().location().href().unwrap_or_default();
    let page = page.split('#').next().unwrap_or_default();
    let done = window().navigator().clipboard().write_text(&format!("{page}#{}", store.peek(link::write)));
    leptos::task::spawn_local(async move {
        match JsFuture::from(done).await {
            Ok(_) => store.remark("The link is copied. Whoever opens it sees exactly this."),
            Err(_) => store.remark(IN_ADDRESS),
        }
    });
}
