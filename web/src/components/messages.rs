//! The region "Messages": the conversation between agent and model so far. A line of it leads to its event.

use crate::store::store;
use leptos::prelude::*;
use steadfast_playground::{Action, Said};

/// Of a long conversation, so many of the last.
const LAST: usize = 40;

#[component]
pub(crate) fn Messages(
    /// Whether it can be seen: else it is not drawn.
    is_open: Signal<bool>,
) -> impl IntoView {
    let store = store();
    let said = move || {
        if !is_open.get() {
            return Vec::new();
        }
        store.page().with(|page| page.recording.conversation(page.position, LAST))
    };
    let draw = move |said: Said| {
        let line = said.line;
        view! {
            <li class="message" data-voice=said.by.as_str()>
                <button class="message-by" on:click=move |_| store.send(Action::Select(Some(line)))>
                    {said.by.as_str()}
                </button>
                <p>{said.text}</p>
            </li>
        }
    };
    view! {
        <section aria-labelledby="messages-title">
            <h2 id="messages-title">"Messages"</h2>
            <ol class="messages" role="list">{move || said().into_iter().map(draw).collect::<Vec<_>>()}</ol>
            <p class="quiet">"What tools and model said, up to the present. Each leads to its event."</p>
        </section>
    }
}
