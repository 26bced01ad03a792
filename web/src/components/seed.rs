//! The seed: all the luck there is.

use super::button::ActionButton;
use crate::store::store;
use leptos::html::Input;
use leptos::prelude::*;
use steadfast_playground::{Action, parse_seed};
use web_sys::HtmlInputElement;

/// New seeds are below this: short enough to read out to somebody.
const NEW_SEEDS_BELOW: f64 = 10_000.0;

#[component]
pub(crate) fn Seed() -> impl IntoView {
    let store = store();
    let input = NodeRef::<Input>::new();
    store.after_each_change(Box::new(move |page| {
        // What the person types stays as it is typed.
        let shown = |input: &HtmlInputElement| parse_seed(&input.value()) == Ok(page.settings.seed);
        if let Some(input) = input.get_untracked().filter(|input| !shown(input) && page.seed_error.is_none()) {
            input.set_value(&page.settings.seed.to_string());
        }
    }));
    let is_invalid = store.word(|page| page.seed_error.as_ref().map(|_| "true"));
    let about = store.text(|page| {
        let usual = "The same seed gives the same run, to the last decision.";
        page.seed_error.clone().unwrap_or_else(|| usual.into())
    });
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
                        node_ref=input
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
