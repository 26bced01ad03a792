//! The region "Breaker": what it does to the next attempt.

use super::text::line;
use crate::store::store;
use leptos::prelude::*;
use steadfast::time::Instant;
use steadfast_playground::{BreakerState, Page};

#[component]
pub(crate) fn Breaker() -> impl IntoView {
    let store = store();
    let state = store.word(|page| Some(page.breaker.state.as_str()));
    let word = store.text(|page| match page.breaker.state {
        BreakerState::Open { until } => format!("open until {until}"),
        other => other.as_str().to_owned(),
    });
    view! {
        <section class="breaker" aria-labelledby="breaker-title" data-state=state>
            <h2 id="breaker-title">"Breaker"</h2>
            <p class="breaker-state">{word}</p>
            {line("quiet", store.text(about))}
            {line("quiet", store.text(results))}
        </section>
    }
}

fn about(page: &Page) -> String {
    let most = page.breaker.opens_after;
    match (page.breaker.state, page.breaker.failures_in_row) {
        (BreakerState::None, _) if !page.settings.protection => "The naive agent has none.".into(),
        (BreakerState::None, _) => "The run has not started.".into(),
        (BreakerState::Closed, 0) => format!("Attempts at the model pass. It opens after {most} failures in a row."),
        (BreakerState::Closed, 1) => format!("1 failure so far; it opens after {most} in a row."),
        (BreakerState::Closed, failures) => format!("{failures} failures in a row; it opens after {most}."),
        (BreakerState::Open { .. }, _) => "No attempt passes, so the model that is down is left in peace.".into(),
        (BreakerState::HalfOpen, _) => "One attempt passes, as a probe: it shows whether the model is back.".into(),
    }
}

/// The last results it counted, oldest first.
fn results(page: &Page) -> String {
    let all = page.recording.timeline().dots(page.position, &(Instant::ORIGIN..Instant::MAX));
    let all: Vec<_> = all.map(|dot| if dot.is_success { "✓" } else { "✗" }).collect();
    let last = &all[all.len().saturating_sub(20)..];
    if last.is_empty() { String::new() } else { format!("Last results, oldest first: {}", last.join(" ")) }
}
