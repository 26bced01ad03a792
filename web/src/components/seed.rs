//! The seed: all the luck there is.

use super::button::ActionButton;
use crate::store::store;
use leptos::prelude::*;
use steadfast_playground::{Action, Field, parse_seed};

/// New seeds are below this: short enough to read out to somebody.
const NEW_SEEDS_BELOW: f64 = 10_000.0;

#[component]
pub(crate) fn Seed() -> impl IntoView {
    let store = store();
    let text = store.entry(|entered| entered.text(Field::Seed));
    let is_invalid = store.entry_word(|entered| entered.error(Field::Seed).map(|_| "true"));
    let about = store.entry(|entered| entered.about(Field::Seed));
    // On its way to a number a text is not wrong yet: it is judged when the person is done.
    let try_it = move |text: String| {
        if parse_seed(&text).is_ok() {
            store.send(Action::TypeSeed(text));
        }
    };
    let draw = Box::new(move || {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a whole number below ten thousand"
        )]
        let seed = (js_sys::Math::random() * NEW_SEEDS_BELOW) as u64;
        store.send(Action::SetSeed(seed));
    });
    view! {
        <section class="card" aria-labelledby="luck-title">
            <h2 id="luck-title">"Luck"</h2>
            <div class="seed">
                <label class="field">
                    <span>"Seed"</span>
                    <input
                        type="text"
                        inputmode="numeric"
                        autocomplete="off"
                        spellcheck="false"
                        maxlength="20"
                        aria-describedby="seed-about"
                        aria-invalid=is_invalid
                        prop:value=text
                        on:input=move |event| try_it(event_target_value(&event))
                        on:change=move |event| store.send(Action::TypeSeed(event_target_value(&event)))
                    />
                </label>
                <ActionButton label="New seed" icon="dice" act=draw/>
            </div>
            <p class="quiet" id="seed-about">{about}</p>
        </section>
    }
}
