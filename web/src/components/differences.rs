//! The region "Differences": where two runs part, and what came of each.

use super::text::line;
use crate::store::store;
use leptos::prelude::*;
use steadfast_playground::{Action, Difference};

#[component]
pub(crate) fn Differences() -> impl IntoView {
    let store = store();
    let none = store.flag(|page| page.beside.is_none());
    let rows = move || {
        store.page().with(|page| page.beside.iter().flat_map(|beside| &beside.differences).map(row).collect::<Vec<_>>())
    };
    let name = move |here: bool| {
        store.text(move |page| match (&page.beside, here) {
            (None, _) => String::new(),
            (Some(beside), true) => beside.name_here.clone(),
            (Some(beside), false) => beside.name.clone(),
        })
    };
    let parted = store.text(|page| page.beside.as_ref().map(steadfast_playground::Beside::words).unwrap_or_default());
    let never = store.flag(|page| page.beside.as_ref().is_none_or(|beside| beside.parted.is_none()));
    let go = move |_| {
        let line = store.page().with_untracked(|page| {
            page.beside.as_ref().and_then(|beside| beside.parted.as_ref().map(|parted| parted.line))
        });
        if let Some(line) = line {
            store.send(Action::Seek(line + 1));
        }
    };
    view! {
        <section class="card differences" aria-labelledby="differences-title" hidden=none>
            <div class="differences-head">
                <h2 id="differences-title">"Differences"</h2>
                <button class="button plain small" hidden=never on:click=go>"Go to where they part"</button>
            </div>
            {line("differences-parted", parted)}
            <table role="table">
                <caption class="unseen">"Differences"</caption>
                <thead role="rowgroup">
                    <tr role="row">
                        <td role="cell"></td>
                        <th scope="col" role="columnheader">{name(true)}</th>
                        <th scope="col" role="columnheader">{name(false)}</th>
                    </tr>
                </thead>
                <tbody role="rowgroup">{rows}</tbody>
            </table>
        </section>
    }
}

fn row(difference: &Difference) -> impl IntoView + use<> {
    let (differs, word) = if difference.differs() { ("yes", "differs") } else { ("no", "") };
    view! {
        <tr role="row" data-differs=differs>
            <th scope="row" role="rowheader">{difference.what}" "<span class="tag">{word}</span></th>
            <td role="cell">{difference.here.clone()}</td>
            <td role="cell">{difference.there.clone()}</td>
        </tr>
    }
}
