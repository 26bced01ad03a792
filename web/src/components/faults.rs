//! The switches: what is wrong with the world, and whether the agent is protected.

use super::switch::Switch;
use crate::store::store;
use leptos::prelude::*;
use steadfast_playground::Action;
use steadfast_sim::Fault;

#[component]
pub(crate) fn Faults() -> impl IntoView {
    let store = store();
    let about = store.text(|page| {
        let about = if page.settings.protection {
            "The agent runs on Steadfast: timeout, retry, breaker, step limit, approval."
        } else {
            "Off: a naive agent that asks, calls, and believes that all will be well."
        };
        about.to_owned()
    });
    let checked = store.word(|page| Some(spelled(page.settings.protection)));
    let flip = Box::new(move || store.send(Action::SetProtection(!store.peek(|state| state.settings().protection))));
    let switch = move |fault: Fault| {
        let checked = store.word(move |page| Some(spelled(page.settings.faults.has(fault))));
        let about = Signal::stored(fault.description().to_owned());
        let flip = Box::new(move || store.send(Action::ToggleFault(fault)));
        view! { <Switch label=fault.title() about id=fault.as_str() checked flip/> }
    };
    view! {
        <section class="card" aria-labelledby="faults-title">
            <h2 id="faults-title">"What goes wrong"</h2>
            <div class="switches">{Fault::ALL.into_iter().map(switch).collect_view()}</div>
        </section>
        <section class="card" aria-labelledby="protection-title">
            <h2 id="protection-title">"What holds it"</h2>
            <div class="switches protection">
                <Switch label="Protection" about id="protection" checked flip/>
            </div>
        </section>
    }
}

fn spelled(on: bool) -> &'static str {
    if on { "true" } else { "false" }
}
