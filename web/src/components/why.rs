//! The region "Why": one decision, its pattern and what that is for.

use super::text::line;
use crate::store::store;
use leptos::prelude::*;
use steadfast_playground::{Action, Pattern, Row};

#[component]
pub(crate) fn Why() -> impl IntoView {
    let store = store();
    let is_latest = store.flag(|page| !page.is_chosen);
    let kind = store.word(|page| page.why.as_ref().map(|(row, _)| row.kind.as_str()));
    let read =
        |read: fn(&(Row, Pattern)) -> String| store.text(move |page| page.why.as_ref().map(read).unwrap_or_default());
    let empty = store.text(|page| match page.why {
        Some(_) => String::new(),
        None => "Every decision is explained here as it is made.".into(),
    });
    view! {
        <section class="card why" aria-labelledby="why-title" data-kind=kind>
            <div class="why-head">
                <h2 id="why-title">"Why"</h2>
                <button

                    class="button plain small"
                    hidden=is_latest
                    on:click=move |_| store.send(Action::Select(None))
                >
                    "Back to the latest"
                </button>
            </div>
            {line("empty", empty)}
            <p class="why-pattern">{read(|(_, pattern)| pattern.name.into())}</p>
            {line("why-sentence", read(|(row, _)| row.sentence.clone()))}
            {line("quiet", read(|(_, pattern)| pattern.about.into()))}
        </section>
    }
}
