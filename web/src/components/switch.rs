//! A switch: a button that is on or off, with a sentence on what it does.

use leptos::prelude::*;

#[component]
pub(crate) fn Switch(
    /// Its accessible name.
    label: &'static str,
    /// What it does, in a sentence.
    about: Signal<String>,
    /// For ids, unique on the page.
    id: &'static str,
    /// Whether it is on: "true" or "false".
    checked: Signal<Option<&'static str>>,
    flip: Box<dyn Fn()>,
) -> impl IntoView {
    let name = format!("switch-{id}");
    let described = format!("{name}-about");
    let (named_by, described_by) = (name.clone(), described.clone());
    view! {
        <button

            role="switch"
            class="switch"
            aria-checked=checked
            aria-labelledby=named_by
            aria-describedby=described_by
            on:click=move |_| flip()
        >
            <span class="switch-text">
                <span class="switch-label" id=name>{label}</span>
                <span class="switch-about" id=described>{about}</span>
            </span>
            <span class="switch-track" aria-hidden="true"><span class="switch-thumb"></span></span>
        </button>
    }
}
