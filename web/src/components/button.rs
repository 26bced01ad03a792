//! A button that keeps the focus when there is nothing for it to do.

use crate::store::store;
use leptos::prelude::*;
use steadfast_playground::Page;

/// A button with a drawing and a word. Where it is not `able` it says so and does nothing, but it stays where it is in
/// the order of the keyboard: a disabled element would lose the focus in the middle of a run.
#[component]
pub(crate) fn ActionButton(
    label: &'static str,
    icon: &'static str,
    #[prop(default = "button")] class: &'static str,
    #[prop(default = |_| true)] able: fn(&Page) -> bool,
    act: Box<dyn Fn()>,
) -> impl IntoView {
    let store = store();
    let disabled = store.word(move |page| (!able(page)).then_some("true"));
    let on_click = move |_| {
        if store.page().with_untracked(able) {
            act();
        }
    };
    view! {
        <button class=class data-icon=icon aria-disabled=disabled on:click=on_click>
            {label}
        </button>
    }
}
