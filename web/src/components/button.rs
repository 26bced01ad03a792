//! A button that keeps the focus when there is nothing for it to do.

use leptos::prelude::*;

/// A button with a drawing and a word. Where it is not `able` it says so and does nothing, but it stays where it is in
/// the order of the keyboard: a disabled element would lose the focus in the middle of a run.
#[component]
pub(crate) fn ActionButton(
    label: &'static str,
    icon: &'static str,
    #[prop(default = "button")] class: &'static str,
    #[prop(optional)] able: Option<Signal<bool>>,
    act: Box<dyn Fn()>,
) -> impl IntoView {
    let is_able = move |able: Option<Signal<bool>>| able.is_none_or(|able| able.get());
    let disabled = Signal::derive(move || (!is_able(able)).then_some("true"));
    let on_click = move |_| {
        if untrack(|| is_able(able)) {
            act();
        }
    };
    view! {
        <button class=class data-icon=icon aria-disabled=disabled on:click=on_click>
            {label}
        </button>
    }
}
