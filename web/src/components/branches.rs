//! The tabs "Branches": the run itself and its forks; and what can be done with the one that is looked at.

use super::focus::focus;
use crate::store::{Store, store};
use leptos::prelude::*;
use steadfast_playground::{Action, Tab};

#[component]
pub(crate) fn Branches() -> impl IntoView {
    let store = store();
    let all = Memo::new(move |_| store.page().with(|page| page.tabs.clone()));
    let tabs = move || {
        all.with(|tabs| tabs.iter().enumerate().map(|(index, tab)| branch_tab(store, index, tab)).collect::<Vec<_>>())
    };
    let none = store.flag(|page| page.tabs.len() < 2);
    let of_run = store.flag(|page| page.tabs.first().is_none_or(|tab| tab.is_selected));
    let current = move || store.peek(steadfast_playground::State::selected_branch);
    let name = NodeRef::<leptos::html::Input>::new();
    let named = StoredValue::new(String::new());
    let beside = NodeRef::<leptos::html::Select>::new();
    store.after_each_change(Box::new(move |page| {
        let Some(tab) = page.tabs.iter().find(|tab| tab.is_selected) else { return };
        // Only what is new: somebody may be typing there while the run goes on.
        if let Some(name) = name.get_untracked().filter(|_| named.get_value() != tab.name) {
            name.set_value(&tab.name);
            named.set_value(tab.name.clone());
        }
        let with = page.beside.as_ref().map(|beside| beside.branch.to_string()).unwrap_or_default();
        // The choices are drawn only after this turn.
        request_animation_frame(move || {
            if let Some(beside) = beside.get_untracked() {
                beside.set_value(&with);
            }
        });
    }));
    let others = move || {
        all.with(|tabs| {
            let others = tabs.iter().enumerate().filter(|(_, tab)| !tab.is_selected);
            let option =
                |(index, tab): (usize, &Tab)| view! { <option value=index.to_string()>{tab.name.clone()}</option> };
            others.map(option).collect::<Vec<_>>()
        })
    };
    let delete = move |_| {
        store.send(Action::DeleteBranch(current()));
        // To the branch that is looked at then, or to where the next one is made.
        request_animation_frame(|| {
            focus(&[".branches:not([hidden]) .branch-tab[aria-current]", ".transport [data-icon=fork]"]);
        });
    };
    view! {
        <section class="branches" aria-labelledby="branches-title" hidden=none>
            <h2 id="branches-title" class="unseen">"Branches"</h2>
            <ul class="branch-tabs" role="list">{tabs}</ul>
            <div class="branch-tools">
                <label class="field">
                    <span>"Beside it"</span>
                    <select
                        node_ref=beside
                        on:change=move |event| store.send(Action::Compare(event_target_value(&event).parse().ok()))
                    >
                        <option value="">"nothing"</option>
                        {others}
                    </select>
                </label>
                <label class="field">
                    <span>"Name"</span>
                    <input
                        type="text"
                        maxlength="24"
                        autocomplete="off"
                        node_ref=name
                        on:change=move |event| {
                            // Whatever comes of it is shown, be it the name of before.
                            named.set_value(String::new());
                            store.send(Action::RenameBranch(current(), event_target_value(&event)));
                        }
                    />
                </label>
                <button class="button" hidden=of_run on:click=delete>
                    "Delete this branch"
                </button>
            </div>
        </section>
    }
}

fn branch_tab(store: Store, index: usize, tab: &Tab) -> impl IntoView + use<> {
    let current = tab.is_selected.then_some("true");
    view! {
        <li>
            <button class="branch-tab" aria-current=current on:click=move |_| store.send(Action::SelectBranch(index))>
                <span class="branch-name">{tab.name.clone()}</span>
                <span class="branch-about">{tab.about.clone()}</span>
            </button>
        </li>
    }
}
