//! The region "State": where things stand at the present position, and the breaker.

use super::breaker::Breaker;
use super::text::facts;
use crate::store::store;
use leptos::prelude::*;
use steadfast_playground::{Page, Phase, dollars};

#[component]
pub(crate) fn Standing() -> impl IntoView {
    let store = store();
    let all = facts(vec![
        ("Virtual time", "", store.text(|page| page.recording.at(page.position).to_string())),
        ("Part of the loop", "", store.text(|page| phase(page).into())),
        ("Step", "", store.text(step)),
        ("Attempts", "", store.text(|page| page.recording.attempts(page.position).to_string())),
        ("Tokens", "", store.text(|page| page.spent.tokens.to_string())),
        ("Money", "", store.text(|page| dollars(page.spent.money))),
    ]);
    view! {
        <section aria-labelledby="state-title">
            <h2 id="state-title">"State"</h2>
            {all}
        </section>
        <Breaker/>
    }
}

fn phase(page: &Page) -> &'static str {
    match page.moment.phase {
        Phase::Idle => "not started",
        Phase::Think => "think",
        Phase::Act => "act",
        Phase::Observe => "observe",
        Phase::Done => "over",
    }
}

fn step(page: &Page) -> String {
    match page.moment.of {
        Some(of) => format!("{} of {of}", page.moment.step),
        None => page.moment.step.to_string(),
    }
}
