//! The agent loop, with the part lit where the agent is.

use crate::store::store;
use leptos::prelude::*;
use steadfast_playground::{EndingKind, Page, Phase, dollars};

const PARTS: [(Phase, &str, &str, &str); 3] = [
    (Phase::Think, "think", "Think", "ask the model"),
    (Phase::Act, "act", "Act", "call the tools"),
    (Phase::Observe, "observe", "Observe", "read results"),
];

#[component]
pub(crate) fn LoopStrip() -> impl IntoView {
    let store = store();
    let part = move |(phase, icon, name, about): (Phase, &'static str, &'static str, &'static str)| {
        let current = store.word(move |page| (page.moment.phase == phase).then_some("step"));
        view! {
            <li class="loop-part" data-icon=icon aria-current=current>
                <span class="loop-name">{name}</span>
                <span class="loop-about">{about}</span>
            </li>
        }
    };
    view! {
        <section class="card loop" aria-labelledby="loop-title">
            <div class="loop-head">
                <h2 id="loop-title">"Agent loop"</h2>
                <p class="loop-step">{store.text(turn)}</p>
                <p class="loop-step loop-spent">{store.text(spent)}</p>
            </div>
            <ol class="loop-parts" role="list">{PARTS.into_iter().map(part).collect_view()}</ol>
        </section>
    }
}

fn turn(page: &Page) -> String {
    let turn = match (page.moment.step, page.moment.of) {
        (0, _) => return "Not started".into(),
        (step, Some(of)) => format!("Step {step} of at most {of}"),
        (step, None) => format!("Step {step}, no limit"),
    };
    let end = match page.ending.as_ref().map(|end| end.kind) {
        None => return turn,
        Some(EndingKind::Answered) => "done",
        Some(EndingKind::Degraded) => "done, degraded",
        Some(EndingKind::Crashed) => "crashed",
        Some(EndingKind::Hung) => "hangs for ever",
        Some(EndingKind::Runaway) => "goes round for ever",
    };
    format!("{turn} · {end}")
}

fn spent(page: &Page) -> String {
    match page.spent.tokens {
        0 => "no tokens yet".into(),
        tokens => format!("{tokens} tokens · {}", dollars(page.spent.money)),
    }
}
