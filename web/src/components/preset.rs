//! What this run is about, and agents to choose from, from naive to hardened.

use crate::store::store;
use leptos::prelude::*;
use steadfast_playground::{Action, Preset};

/// The word for an agent that is none of the presets.
const OWN: &str = "Your own";

#[component]
pub(crate) fn Presets() -> impl IntoView {
    let store = store();
    let told = store.entry(steadfast_playground::Entered::story);
    let agent = store.entry(|entered| entered.settings.preset().map_or(OWN, Preset::title).into());
    let choose = move |title: String| {
        if let Some(preset) = Preset::ALL.into_iter().find(|preset| preset.title() == title) {
            store.send(Action::UsePreset(preset));
        }
    };
    let now = agent.get_untracked();
    let option = |title: &'static str| view! { <option selected=title == now>{title}</option> };
    view! {
        <section class="card" aria-labelledby="story-title">
            <h2 id="story-title">"Story"</h2>
            <p class="story">{told}</p>
            <label class="field">
                <span>"Agent"</span>
                <select aria-label="Agent" prop:value=agent on:change=move |event| choose(event_target_value(&event))>
                    {Preset::ALL.into_iter().map(Preset::title).map(option).collect_view()}
                    <option hidden selected=now == OWN>{OWN}</option>
                </select>
            </label>
        </section>
    }
}
