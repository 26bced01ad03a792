//! What is wrong with the world: a switch for each fault, and of one that is on how often and when it meddles.

use super::field::{Shape, field};
use super::switch::Switch;
use crate::store::store;
use crate::whole::later;
use leptos::prelude::*;
use steadfast_playground::{Action, Field};
use steadfast_sim::Fault;

#[component]
pub(crate) fn Faults() -> impl IntoView {
    view! {
        <section class="card" aria-labelledby="faults-title">
            <h2 id="faults-title">"What goes wrong"</h2>
            <div class="switches">{Fault::ALL.into_iter().map(fault).collect_view()}</div>
        </section>
    }
}

fn fault(fault: Fault) -> impl IntoView {
    let store = store();
    let checked =
        store.entry_word(move |entered| Some(if entered.settings.faults.has(fault) { "true" } else { "false" }));
    let is_off = store.entry_word(move |entered| (!entered.settings.faults.has(fault)).then_some(""));
    let about = Signal::stored(fault.description().to_owned());
    let flip = Box::new(move || store.send(Action::ToggleFault(fault)));
    let shape = move |of: Field, label: &'static str, sign: &'static str| Shape {
        field: of,
        id: format!("{}-{}", fault.as_str(), sign_name(sign)),
        name: format!("{}: {}", fault.title(), label.to_ascii_lowercase()),
        label,
        sign,
        choices: &[],
    };
    let fields = move || {
        let rate = field(shape(Field::Rate(fault), "Rate", "%"));
        let windows = field(shape(Field::Windows(fault), "Window", "s"));
        view! { {rate}{windows} }.into_any()
    };
    // Those of a fault that is on from the beginning are seen at first.
    let is_on = store.peek(|state| state.settings().faults.has(fault));
    let fields = if is_on { fields() } else { later(Box::new(fields)).into_any() };
    view! {
        <Switch label=fault.title() about id=fault.as_str() checked flip/>
        <div class="fault-when" hidden=is_off>
            {fields}
        </div>
    }
}

/// A sign as part of an id.
fn sign_name(sign: &str) -> &'static str {
    if sign == "%" { "rate" } else { "window" }
}
