//! The transport: step, play, pause, reset, the position, how far a step goes and how fast playing is; and the one line that says
//! what just happened.

use super::button::ActionButton;
use crate::store::store;
use leptos::html::Input;
use leptos::prelude::*;
use steadfast_playground::{Action, Page, Speed, Stride};

#[component]
pub(crate) fn Transport() -> impl IntoView {
    let store = store();
    let send = |action: Action| Box::new(move || store.send(action.clone()));
    let decision = || send(Action::StepBy(Stride::Decision));
    view! {
        <section class="transport" aria-label="Transport">
            <p class="status" role="status">{store.text(|page| page.status.clone())}</p>
            <div class="transport-controls">
                <div class="transport-buttons">
                    <ActionButton label="Reset" icon="reset" able=|page| page.can_reset act=send(Action::Reset)/>
                    <ActionButton label="Back" icon="back" able=Page::can_step_back act=send(Action::StepBack)/>
                    <ActionButton label="Step" icon="step" class="button primary" able=Page::can_step act=send(Action::Step)/>
                    <ActionButton label="Next decision" icon="decision" able=Page::can_step act=decision()/>
                    <ActionButton label="Play" icon="play" able=Page::can_play act=send(Action::Play)/>
                    <ActionButton label="Pause" icon="pause" able=|page| page.is_playing act=send(Action::Pause)/>
                </div>
                <div class="transport-place">
                    <ActionButton label="Fork" icon="fork" able=|page| page.can_fork act=send(Action::OpenFork)/>
                    <ActionButton label="To start" icon="start" able=Page::can_step_back act=send(Action::ToStart)/>
                    <Position/>
                    <StrideChoice/>
                    <SpeedChoice/>
                </div>
            </div>
        </section>
    }
}

#[component]
fn Position() -> impl IntoView {
    let store = store();
    let range = NodeRef::<Input>::new();
    let text = store.text(|page| format!("{} of {}", page.position, page.length));
    let spoken = store.text(|page| format!("Event {} of {}", page.position, page.length));
    store.after_each_change(Box::new(move |page| {
        if let Some(range) = range.get_untracked() {
            // The end first: a browser does not take a value beyond it.
            range.set_max(&page.length.to_string());
            range.set_value(&page.position.to_string());
        }
    }));
    let seek = move |value: String| {
        if let Ok(position) = value.parse() {
            store.send(Action::Seek(position));
        }
    };
    view! {
        <label class="position">
            <span class="unseen">"Position"</span>
            <input
                type="range"
                min="0"
                max="0"
                step="1"
                node_ref=range
                aria-valuetext=spoken
                on:input=move |event| seek(event_target_value(&event))
            />
            <span class="position-text" aria-hidden="true">{text}</span>
        </label>
    }
}

#[component]
fn SpeedChoice() -> impl IntoView {
    let store = store();
    let choose = Box::new(move |value: &str| {
        if let Some(speed) = Speed::ALL.into_iter().find(|speed| speed.as_str() == value) {
            store.send(Action::SetSpeed(speed));
        }
    });
    let chosen = store.text(|page| page.speed.as_str().into());
    choice("Speed", Speed::ALL.map(Speed::as_str).to_vec(), chosen, choose)
}

#[component]
fn StrideChoice() -> impl IntoView {
    let store = store();
    let choose = Box::new(move |value: &str| {
        if let Some(stride) = Stride::ALL.into_iter().find(|stride| stride.as_str() == value) {
            store.send(Action::SetStride(stride));
        }
    });
    let chosen = store.text(|page| page.stride.as_str().into());
    choice("Step by", Stride::ALL.map(Stride::as_str).to_vec(), chosen, choose)
}

/// One of a few words.
fn choice(
    label: &'static str,
    words: Vec<&'static str>,
    chosen: Signal<String>,
    choose: Box<dyn Fn(&str)>,
) -> impl IntoView {
    let option = |word: &'static str| view! { <option value=word>{word}</option> };
    view! {
        <label class="speed">
            <span class="unseen">{label}</span>
            <select prop:value=chosen on:change=move |event| choose(&event_target_value(&event))>
                {words.into_iter().map(option).collect_view()}
            </select>
        </label>
    }
}
