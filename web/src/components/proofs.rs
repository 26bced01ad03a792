//! The region "Shown and run": for each approval the digest of what was shown, of what was approved and of what ran, side by side.

use super::text::line;
use crate::store::store;
use leptos::prelude::*;
use steadfast_playground::Question;

#[component]
pub(crate) fn Proofs() -> impl IntoView {
    let store = store();
    let list = move || store.page().with(|page| page.proofs.iter().map(proof).collect::<Vec<_>>());
    let none = store.flag(|page| page.proofs.is_empty());
    view! {
        <section class="card proofs" aria-labelledby="proofs-title" hidden=none>
            <h2 id="proofs-title">"Shown and run"</h2>
            {list}
            {line("quiet", store.text(|_| "Each digest is worked out from its own line of the trace.".into()))}
        </section>
    }
}

fn proof(question: &Question) -> impl IntoView + use<> {
    let short = |digest: &steadfast::approval::Digest| format!("{digest:.8}");
    let approved = question.approved.map_or_else(|| "nothing".into(), |(digest, _)| short(&digest));
    let ran = question.ran.as_ref().map_or_else(|| "nothing".into(), |(_, digest)| short(digest));
    let args = question.ran.as_ref().map(|(args, _)| args.clone()).unwrap_or_default();
    let holds = match question.holds() {
        Some(true) => "yes",
        Some(false) => "no",
        None => "nothing",
    };
    view! {
        <div class="proof" data-holds=holds>
            <p class="proof-tool code">{question.tool.clone()}" "{args}</p>
            <dl class="facts">
                <div class="code"><dt>"Shown"</dt><dd>{short(&question.shown)}</dd></div>
                <div class="code"><dt>"Approved"</dt><dd>{approved}</dd></div>
                <div class="code"><dt>"Ran"</dt><dd>{ran}</dd></div>
            </dl>
            <p class="proof-word">{question.verdict()}</p>
        </div>
    }
}
