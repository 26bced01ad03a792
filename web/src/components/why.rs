//! The region "Why": one decision, its pattern, its rule with its numbers, the setting that decided it, and what would have decided
//! otherwise.

use super::text::line;
use crate::store::store;
use leptos::prelude::*;
use steadfast_playground::{Action, Why as Reason};

#[component]
pub(crate) fn Why() -> impl IntoView {
    let store = store();
    let is_latest = store.flag(|page| !page.is_chosen);
    let kind = store.word(|page| page.why.as_ref().map(|why| why.row.kind.as_str()));
    let read = |read: fn(&Reason) -> String| store.text(move |page| page.why.as_ref().map(read).unwrap_or_default());
    let empty = store.text(|page| match page.why {
        Some(_) => String::new(),
        None => "Every decision is explained here as it is made.".into(),
    });
    let numbers = move || {
        store.page().with(|page| {
            let numbers = page.why.as_ref().map(|why| why.numbers.clone()).unwrap_or_default();
            let number = |(name, value): (String, String)| view! { <div><dt>{name}</dt><dd>{value}</dd></div> };
            numbers.into_iter().map(number).collect::<Vec<_>>()
        })
    };
    let has_no = |what: fn(&Reason) -> bool| store.flag(move |page| !page.why.as_ref().is_some_and(what));
    let is_told = has_no(|why| !why.rule.is_empty());
    let otherwise = |read: fn(&steadfast_playground::Otherwise) -> String| {
        store.text(move |page| {
            let why = page.why.as_ref();
            why.and_then(|why| why.otherwise.as_ref()).map(read).unwrap_or_default()
        })
    };
    let fork = move |_| {
        let change = store.page().with_untracked(|page| {
            let why = page.why.as_ref()?;
            Some(Action::ForkWith { at: why.line, change: why.otherwise.as_ref()?.nearest.clone() })
        });
        if let Some(change) = change {
            store.send(change);
        }
    };
    view! {
        <section class="why" aria-labelledby="why-title" data-kind=kind>
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
            <p class="why-pattern">{read(|why| why.pattern.name.into())}</p>
            {line("why-sentence", read(|why| why.row.sentence.clone()))}
            <div class="why-rule" hidden=is_told>
                <h3>"Rule: "{read(|why| why.rule.clone())}</h3>
                {line("why-because", read(|why| why.because.clone()))}
                <dl class="numbers" hidden=has_no(|why| !why.numbers.is_empty())>{numbers}</dl>
                <p class="why-setting" hidden=has_no(|why| why.decided_by.is_some())>
                    "Decided by "<code>{read(|why| why.decided_by.clone().unwrap_or_default())}</code>
                </p>
                <div class="why-otherwise" hidden=has_no(|why| why.otherwise.is_some())>
                    <p>"With "<code>{otherwise(|otherwise| otherwise.change.clone())}</code>":"</p>
                    <p>{otherwise(|otherwise| otherwise.would.clone())}</p>
                    <button class="button small" on:click=fork>"Fork with this change"</button>
                </div>
            </div>
            {line("quiet", read(|why| why.pattern.about.into()))}
        </section>
    }
}
