//! The region "Result": how the run ended, honestly.

use super::text::{facts, line};
use crate::store::store;
use leptos::prelude::*;
use steadfast_playground::{Ending, EndingKind};

#[component]
pub(crate) fn Outcome() -> impl IntoView {
    let store = store();
    let kind = store.word(|page| page.ending.as_ref().map(|end| look(end.kind).0));
    let has_not_ended = store.flag(|page| page.ending.is_none());
    let read = |read: fn(&Ending) -> String| store.text(move |page| page.ending.as_ref().map(read).unwrap_or_default());
    let end = facts(vec![
        ("Answer", "fact-wide answer", read(|end| or_none(&end.answer))),
        ("Steps", "", read(|end| end.steps.to_string())),
        ("Degraded", "", read(|end| (if end.degraded { "yes" } else { "no" }).into())),
        ("Blocked", "", read(|end| or_none(&end.blocked.join(", ")))),
        ("Stopped", "fact-wide", read(|end| format!("{} ({})", end.why.trim_end_matches('.'), end.stop))),
    ]);
    let open = store.text(|page| match page.ending {
        Some(_) => String::new(),
        None => "The run has not ended yet.".into(),
    });
    view! {
        <section class="card result" aria-labelledby="result-title" data-kind=kind>
            <h2 id="result-title">"Result"</h2>
            {line("empty", open)}
            <div hidden=has_not_ended>
                <p class="verdict">{read(|end| look(end.kind).1.into())}</p>
                {end}
            </div>
            {line("hint", store.text(|page| page.hint.unwrap_or_default().into()))}
        </section>
    }
}

fn or_none(text: &str) -> String {
    if text.is_empty() { "none".into() } else { text.into() }
}

/// A name for style sheets, and a word.
fn look(kind: EndingKind) -> (&'static str, &'static str) {
    match kind {
        EndingKind::Answered => ("answered", "Answered"),
        EndingKind::Degraded => ("degraded", "Degraded, and honest about it"),
        EndingKind::Crashed => ("crashed", "Crashed"),
        EndingKind::Hung => ("hung", "Hangs for ever"),
        EndingKind::Runaway => ("runaway", "Goes round for ever"),
    }
}
