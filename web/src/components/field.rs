//! One field: its name, what stands in it, what it is for or what is wrong with it, a mark that it was changed, and a way back.
//!
//! There is one function for all of them, fed by what the state knows of each, so that the page carries its machinery once.

use super::focus::focus;
use crate::store::store;
use leptos::prelude::*;
use steadfast_playground::Field;

/// A field as it stands on the page.
pub(crate) struct Shape {
    /// Whose it is.
    pub(crate) field: Field,
    /// For ids, unique on the page.
    pub(crate) id: String,
    /// Its accessible name.
    pub(crate) name: String,
    /// What is seen of it.
    pub(crate) label: &'static str,
    /// What stands after a number.
    pub(crate) sign: &'static str,
    /// The words there are to choose from; none where something is typed.
    pub(crate) choices: &'static [&'static str],
}

/// Its view. What is typed is judged when the person is done with it.
pub(crate) fn field(shape: Shape) -> impl IntoView {
    let Shape { field, id, name, label, sign, choices } = shape;
    let store = store();
    let text = store.entry(move |entered| entered.text(field));
    let about = store.entry(move |entered| entered.about(field));
    let is_invalid = store.entry_word(move |entered| entered.error(field).map(|_| "true"));
    let is_unchanged = store.entry_word(move |entered| (!entered.is_changed(field)).then_some(""));
    let about_id = format!("{id}-about");
    let reset_id = format!("#{id}");
    let typed = move |text: String| store.send(field.typed(text));
    let input = choices.is_empty().then(|| {
        view! {
            <input
                type="text"
                inputmode="decimal"
                autocomplete="off"
                spellcheck="false"
                maxlength="60"
                id=id.clone()
                aria-label=name.clone()
                aria-describedby=about_id.clone()
                aria-invalid=is_invalid
                prop:value=text
                on:change=move |event| typed(event_target_value(&event))
            />
        }
    });
    let select = (!choices.is_empty()).then(|| {
        let now = text.get_untracked();
        let option = |choice: &'static str| view! { <option selected=choice == now>{choice}</option> };
        view! {
            <select
                id=id.clone()
                aria-label=name.clone()
                aria-describedby=about_id.clone()
                prop:value=text
                on:change=move |event| typed(event_target_value(&event))
            >
                {choices.iter().copied().map(option).collect_view()}
            </select>
        }
    });
    view! {
        <div class="entry" data-invalid=is_invalid>
            <label class="entry-label" for=id>{label}</label>
            <span class="entry-changed" hidden=is_unchanged>"changed"</span>
            <span class="entry-input">{input}{select}<span class="entry-sign" aria-hidden="true">{sign}</span></span>
            <button
                class="button plain small"
                aria-label=format!("Reset {name}")
                hidden=is_unchanged
                on:click=move |_| {
                    store.send(field.reset());
                    // This button is gone then; what it has reset is still there.
                    focus(&[&reset_id]);
                }
            >
                "Reset"
            </button>
            <p class="entry-about" id=about_id>{about}</p>
        </div>
    }
}
