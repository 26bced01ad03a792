//! What comes of it, in tabs: why, the state of things, the conversation, and the settings as code.

use super::focus::focus;
use super::{Code, Messages, Standing, Why};
use crate::whole::later;
use leptos::ev::KeyboardEvent;
use leptos::prelude::*;

/// The tabs, by name.
pub(super) const TABS: [&str; 4] = ["Why", "State", "Messages", "Code"];

#[component]
pub(crate) fn Findings() -> impl IntoView {
    let open = RwSignal::new(0_usize);
    let tab = move |index: usize, name: &'static str| {
        let selected = Signal::derive(move || Some(if open.get() == index { "true" } else { "false" }));
        let place = Signal::derive(move || Some(if open.get() == index { "0" } else { "-1" }));
        view! {
            <button
                role="tab"
                class="tab"
                id=format!("tab-{name}")
                aria-controls=format!("panel-{name}")
                aria-selected=selected
                tabindex=place
                on:click=move |_| open.set(index)
            >
                {name}
            </button>
        }
    };
    // Arrows open the next tab at once: what they show is there already.
    let on_key = move |event: KeyboardEvent| {
        let last = TABS.len() - 1;
        let next = match (event.key().as_str(), open.get_untracked()) {
            ("ArrowRight", at) => {
                if at == last {
                    0
                } else {
                    at + 1
                }
            }
            ("ArrowLeft", at) => at.checked_sub(1).unwrap_or(last),
            ("Home", _) => 0,
            ("End", _) => last,
            _ => return,
        };
        event.prevent_default();
        open.set(next);
        focus(&[&format!("#tab-{}", TABS[next])]);
    };
    let is_open = move |index: usize| Signal::derive(move || open.get() == index);
    let panel = move |index: usize, content: AnyView| {
        let is_hidden = Signal::derive(move || (open.get() != index).then_some(""));
        let (id, tab) = (format!("panel-{}", TABS[index]), format!("tab-{}", TABS[index]));
        view! { <div role="tabpanel" class="panel" id=id aria-labelledby=tab hidden=is_hidden>{content}</div> }
    };
    view! {
        <div class="card findings-tabs">
            <div class="tabs" role="tablist" aria-label="What comes of it" on:keydown=on_key>
                {TABS.into_iter().enumerate().map(|(index, name)| tab(index, name)).collect_view()}
            </div>
            {panel(0, view! { <Why/> }.into_any())}
            {panel(1, later(Box::new(|| view! { <Standing/> }.into_any())).into_any())}
            {panel(2, later(Box::new(move || view! { <Messages is_open=is_open(2)/> }.into_any())).into_any())}
            {panel(3, later(Box::new(move || view! { <Code is_open=is_open(3)/> }.into_any())).into_any())}
        </div>
    }
}
