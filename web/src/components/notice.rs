//! A message about the link that was opened.

use crate::store::store;
use leptos::prelude::*;
use steadfast_playground::Action;

#[component]
pub(crate) fn Notice() -> impl IntoView {
    let store = store();
    let is_absent = store.flag(|page| page.notice.is_none());
    let notice = store.text(|page| page.notice.clone().unwrap_or_default());
    view! {
        <div class="notice" role="alert" hidden=is_absent>
            <p>{notice}</p>
            <button class="button plain" on:click=move |_| store.send(Action::DismissNotice)>
                "Dismiss"
            </button>
        </div>
    }
}
