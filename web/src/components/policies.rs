//! Every setting of the agent, under its pattern. A pattern's settings are made when it is first opened: most never are.

use super::field::{Shape, field};
use super::switch::Switch;
use super::text::line;
use crate::store::store;
use leptos::prelude::*;
use steadfast_playground::{Action, Field, Group, Key};

#[component]
pub(crate) fn Policies() -> impl IntoView {
    let store = store();
    let about = store.entry(|entered| {
        let about = if entered.settings.protection {
            "The agent runs on Steadfast: timeout, retry, breaker, step limit, progress detector, approval."
        } else {
            "Off: a naive agent that asks, calls, and believes that all will be well."
        };
        about.to_owned()
    });
    let checked = store.entry_word(|entered| Some(if entered.settings.protection { "true" } else { "false" }));
    let flip = Box::new(move || store.send(Action::SetProtection(!store.peek(|state| state.settings().protection))));
    let unused = store.entry(|entered| {
        let unused = if entered.settings.protection { "" } else { "The naive agent uses none of these." };
        unused.to_owned()
    });
    view! {
        <section class="card" aria-labelledby="protection-title">
            <h2 id="protection-title">"What holds it"</h2>
            <div class="switches protection">
                <Switch label="Protection" about id="protection" checked flip/>
            </div>
            {line("quiet", unused)}
            <div class="policies">{Group::ALL.into_iter().map(group).collect_view()}</div>
        </section>
    }
}

fn group(group: Group) -> impl IntoView {
    let store = store();
    let was_opened = RwSignal::new(false);
    let changed = store.entry(move |entered| match entered.changed_in(group) {
        0 => String::new(),
        changed => format!("{changed} changed"),
    });
    let settings = move || was_opened.get().then(|| group.keys().map(setting).collect_view());
    view! {
        <details class="policy" on:toggle=move |_| was_opened.set(true)>
            <summary>
                <span class="policy-title">{group.title()}</span>
                <span class="policy-changed">{changed}</span>
            </summary>
            {settings}
        </details>
    }
}

fn setting(key: Key) -> impl IntoView {
    let (label, name) = (key.title(), key.path());
    field(Shape {
        field: Field::Policy(key),
        id: format!("setting-{}", key.code()),
        name: format!("{label} ({name})"),
        label,
        sign: key.unit().sign(),
        choices: key.unit().choices(),
    })
}
