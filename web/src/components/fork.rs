//! The dialog "Fork": from the event that is looked at on, one thing is otherwise.

use crate::store::{Store, store};
use leptos::html::{Dialog, Input, Select};
use leptos::prelude::*;
use steadfast_playground::{Action, Choice, State};

#[component]
pub(crate) fn Fork() -> impl IntoView {
    let store = store();
    let dialog = NodeRef::<Dialog>::new();
    let what = NodeRef::<Select>::new();
    let value = NodeRef::<Input>::new();
    store.after_each_change(Box::new(move |page| {
        let Some(dialog) = dialog.get_untracked() else { return };
        match (page.fork.is_some(), dialog.open()) {
            (true, false) => {
                let _ = dialog.show_modal();
                // The choices are drawn only after this turn.
                request_animation_frame(move || show_value(store, what, value));
            }
            (false, true) => dialog.close(),
            _ => {}
        }
    }));
    let choices = move || {
        store.page().with(|page| {
            let groups = page.fork.iter().flat_map(|form| &form.groups);
            groups.map(|(title, choices)| choice_group(title, choices)).collect::<Vec<_>>()
        })
    };
    let read = move |of: fn(&steadfast_playground::ForkForm) -> String| {
        store.text(move |page| page.fork.as_ref().map(of).unwrap_or_default())
    };
    let is_invalid = store.word(|page| page.fork.as_ref().and_then(|form| form.problem.as_ref()).map(|_| "true"));
    let fork = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let (Some(what), Some(value)) = (what.get_untracked(), value.get_untracked()) else { return };
        store.send(Action::ForkBy(what.value(), value.value()));
    };
    view! {
        <dialog
            class="approval fork"
            aria-labelledby="fork-title"
            node_ref=dialog
            on:close=move |_| if store.peek(State::is_forking) { store.send(Action::CloseFork) }
        >
            <form on:submit=fork>
                <h2 id="fork-title">"Fork"</h2>
                <p>{read(|form| form.place.clone())}</p>
                <p class="quiet">"The past stays as it is. The future is simulated again with the same luck."</p>
                <label class="field">
                    <span>"What is otherwise"</span>
                    <select node_ref=what on:change=move |_| show_value(store, what, value)>{choices}</select>
                </label>
                <label class="field">
                    <span>{read(|_| "Value".into())}</span>
                    <input
                        type="text"
                        autocomplete="off"
                        spellcheck="false"
                        maxlength="400"
                        aria-invalid=is_invalid
                        aria-describedby="fork-problem"
                        node_ref=value
                    />
                </label>
                <p class="error" id="fork-problem" role="alert">{read(|form| form.problem.clone().unwrap_or_default())}</p>
                <div class="approval-buttons">
                    <button type="button" class="button" on:click=move |_| store.send(Action::CloseFork)>"Cancel"</button>
                    <button type="submit" class="button primary">"Fork"</button>
                </div>
            </form>
        </dialog>
    }
}

/// The value that the chosen setting has now; what needs none has no field.
fn show_value(store: Store, what: NodeRef<Select>, value: NodeRef<Input>) {
    let (Some(what), Some(value)) = (what.get_untracked(), value.get_untracked()) else { return };
    let now = store.page().with_untracked(|page| {
        let choices = page.fork.iter().flat_map(|form| &form.groups).flat_map(|(_, choices)| choices);
        choices.clone().find(|choice| choice.id == what.value()).and_then(|choice| choice.value.clone())
    });
    if let Some(label) = value.parent_element() {
        let _ = label.toggle_attribute_with_force("hidden", now.is_none());
    }
    value.set_value(&now.unwrap_or_default());
}

fn choice_group(title: &str, choices: &[Choice]) -> impl IntoView + use<> {
    let option = |choice: &Choice| view! { <option value=choice.id.clone()>{choice.label.clone()}</option> };
    view! { <optgroup label=title.to_owned()>{choices.iter().map(option).collect::<Vec<_>>()}</optgroup> }
}
