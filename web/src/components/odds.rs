//! The drawer "Odds": what becomes of this agent over ten thousand seeds, and a way into each of them.

mod bars;
mod figures;

use super::text::line;
use crate::store::{Store, store};
use leptos::prelude::*;
use steadfast_playground::Action;
use steadfast_playground::odds::{Approver, OddsAction, OddsDrawn};

#[component]
pub(crate) fn Odds() -> impl IntoView {
    let store = store();
    let results = Memo::new(move |_| store.odds().with(|odds| odds.results.clone()));
    let is_stale = flag(store, |odds| odds.is_stale);
    let stale = read(store, |odds| {
        let told = "These are the odds of other settings. Run them again for the present ones.";
        if odds.is_stale { told.into() } else { String::new() }
    });
    let problem = read(store, |odds| odds.problem.clone().unwrap_or_default());
    let has_no_problem = flag(store, |odds| odds.problem.is_none());
    let found = move || results.with(|results| results.as_deref().map(|results| found(store, results)));
    view! {
        <section class="card odds" aria-labelledby="odds-title">
            <details>
                <summary>
                    <h2 id="odds-title">"Odds"</h2>
                    <span class="quiet">"What becomes of this agent over 10,000 seeds, and which of them to look at."</span>
                </summary>
                <div class="odds-controls">
                    <Rival/>
                    <Human/>
                    {button(store, "Run 10,000 seeds", "button primary", |odds| odds.progress.is_none(), OddsAction::Start)}
                    {button(store, "Cancel", "button", |odds| odds.progress.is_some(), OddsAction::Cancel)}
                </div>
                <Progress/>
                <div class="odds-problem" hidden=has_no_problem>
                    {line("error", problem)}
                    {button(store, "Run them on this page", "button", |odds| odds.progress.is_none(), OddsAction::StartHere)}
                </div>
                {line("odds-stale", stale)}
                <div class="odds-found" data-stale=is_stale>{found}</div>
            </details>
        </section>
    }
}

fn found(store: Store, results: &steadfast_playground::odds::Results) -> impl IntoView + use<> {
    let sides = results.sides.iter().enumerate().map(|(side, drawn)| bars::side(store, side, drawn)).collect_view();
    view! {
        {figures::table(results)}
        <div class="odds-sides">{sides}</div>
        <p class="quiet">
            "Each figure stands with its 95 % interval. The same seed means the same luck, so two policies are compared seed by seed."
        </p>
    }
}

#[component]
fn Rival() -> impl IntoView {
    let store = store();
    let option = move |(index, name): (usize, String)| {
        let is_chosen = flag(store, move |odds| odds.rival == index);
        view! { <option value=index.to_string() prop:selected=move || is_chosen.get().is_some()>{name}</option> }
    };
    // The names change with the settings.
    let names = Memo::new(move |_| store.odds().with(|odds| odds.rivals.clone()));
    let options = move || {
        let nobody = core::iter::once("nothing".to_owned());
        nobody.chain(names.get()).enumerate().map(option).collect::<Vec<_>>()
    };
    let choose = move |value: String| {
        if let Ok(rival) = value.parse() {
            store.send(Action::Odds(OddsAction::SetRival(rival)));
        }
    };
    view! {
        <label class="field odds-field">
            <span>"Compare with"</span>
            <select on:change=move |event| choose(event_target_value(&event))>{options}</select>
        </label>
    }
}

#[component]
fn Human() -> impl IntoView {
    let store = store();
    let chosen = store.odds().with_untracked(|odds| odds.approver);
    let option = |approver: Approver| {
        view! { <option value=approver.as_str() selected=approver == chosen>{approver.title()}</option> }
    };
    let choose = move |value: String| {
        if let Some(approver) = Approver::ALL.into_iter().find(|approver| approver.as_str() == value) {
            store.send(Action::Odds(OddsAction::SetApprover(approver)));
        }
    };
    view! {
        <label class="field odds-field">
            <span>"Whoever is asked"</span>
            <select on:change=move |event| choose(event_target_value(&event))>
                {Approver::ALL.into_iter().map(option).collect_view()}
            </select>
        </label>
    }
}

#[component]
fn Progress() -> impl IntoView {
    let store = store();
    let number = |read: fn((u64, u64)) -> u64| self::read(store, move |odds| odds.progress.map_or(0, read).to_string());
    let is_idle = flag(store, |odds| odds.progress.is_none());
    let text = read(store, |odds| odds.progress_text.clone());
    view! {
        <p class="odds-progress" hidden=is_idle>
            <progress aria-label="Runs made" aria-valuetext=text max=number(|(_, of)| of.max(1)) value=number(|(done, _)| done)></progress>
            <span aria-hidden="true">{text}</span>
        </p>
    }
}

/// A button that keeps the focus when there is nothing for it to do.
fn button(
    store: Store,
    label: &'static str,
    class: &'static str,
    able: fn(&OddsDrawn) -> bool,
    action: OddsAction,
) -> impl IntoView {
    let disabled = Signal::derive(move || store.odds().with(|odds| (!able(odds)).then_some("true")));
    let on_click = move |_| {
        if store.odds().with_untracked(able) {
            store.send(Action::Odds(action.clone()));
        }
    };
    view! { <button class=class aria-disabled=disabled on:click=on_click>{label}</button> }
}

/// A text of the odds.
fn read(store: Store, read: impl Fn(&OddsDrawn) -> String + Send + Sync + 'static) -> Signal<String> {
    Signal::derive(move || store.odds().with(|odds| read(odds)))
}

/// An attribute that is there or not.
fn flag(store: Store, read: impl Fn(&OddsDrawn) -> bool + Send + Sync + 'static) -> Signal<Option<&'static str>> {
    Signal::derive(move || store.odds().with(|odds| read(odds).then_some("")))
}
