//! Keys for those who have their hands on the keyboard: only while the timeline has the focus, and they can be switched off.

use crate::store::{Store, store};
use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use steadfast_playground::{Action, SHORTCUTS, State, shortcut};
use wasm_bindgen::JsCast;
use web_sys::{HtmlInputElement, HtmlSelectElement};

#[component]
pub(crate) fn Shortcuts() -> impl IntoView {
    let store = store();
    let pressed = store.word(|page| Some(if page.has_shortcuts { "true" } else { "false" }));
    let flip = move |_| store.send(Action::SetShortcuts(!store.peek(State::has_shortcuts)));
    let keys = SHORTCUTS.map(|(key, about)| format!("{key} {about}")).join(", ");
    view! {
        <button class="button plain small" aria-pressed=pressed aria-describedby="shortcuts-about" title=keys.clone() on:click=flip>
            "Keys"
        </button>
        <span class="unseen" id="shortcuts-about">{format!("While the timeline has the focus: {keys}.")}</span>
    }
}

/// Does what a key stands for.
pub(super) fn on_shortcut(store: Store, event: &KeyboardEvent) {
    // Where somebody types, a key is a letter.
    let types = event.target().is_some_and(|target| {
        target.dyn_ref::<HtmlInputElement>().is_some() || target.dyn_ref::<HtmlSelectElement>().is_some()
    });
    if types || event.ctrl_key() || event.alt_key() || event.meta_key() {
        return;
    }
    if let Some(action) = store.peek(|state| shortcut(state, &event.key())) {
        event.prevent_default();
        store.send(action);
    }
}
