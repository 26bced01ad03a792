//! The dialog "Approval": a human's yes or no to one exact tool call. Virtual time stands still while it is open.

use super::text::facts;
use crate::store::store;
use leptos::ev::{Event, KeyboardEvent};
use leptos::html::{Button, Dialog};
use leptos::prelude::*;
use steadfast::approval::ApprovalRequest;
use steadfast_playground::{Action, State};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

/// Where nothing had the focus before the question, the browser gives it back to nothing; Step is what comes next.
fn keep_focus() {
    // Just closed, the dialog may still hold it for a moment.
    let lost = document().active_element().is_none_or(|element| element.matches("body, dialog *").unwrap_or(true));
    let step = document().query_selector("[data-icon=step]").ok().flatten();
    if let Some(step) = step.filter(|_| lost).and_then(|step| step.dyn_into::<HtmlElement>().ok()) {
        let _ = step.focus();
    }
}

#[component]
pub(crate) fn Approval() -> impl IntoView {
    let store = store();
    let dialog = NodeRef::<Dialog>::new();
    let deny = NodeRef::<Button>::new();
    let show = move || {
        let Some(dialog) = dialog.get_untracked() else { return };
        match (store.peek(|state: &State| state.asked().is_some()), dialog.open()) {
            (true, false) => {
                let _ = dialog.show_modal();
                // Whoever presses Enter without reading must not have said yes.
                if let Some(deny) = deny.get_untracked() {
                    let _ = deny.focus();
                }
            }
            (false, true) => {
                dialog.close();
                keep_focus();
            }
            _ => {}
        }
    };
    store.after_each_change(Box::new(move |_| show()));
    // Escape is neither yes nor no, so it does nothing; a browser that closes the dialog all the same finds it open again.
    let on_key = |event: KeyboardEvent| {
        if event.key() == "Escape" {
            event.prevent_default();
        }
    };
    let read = |read: fn(&ApprovalRequest) -> String| {
        store.text(move |page| page.asked.as_ref().map(read).unwrap_or_default())
    };
    let question = facts(vec![
        ("Tool", "fact-wide code", read(|asked| asked.tool.clone())),
        ("Exact arguments", "fact-wide code exact", read(|asked| asked.args.clone())),
        ("Digest", "code", read(|asked| format!("{:.8}", asked.digest))),
        ("Asked at", "", read(|asked| asked.asked_at.to_string())),
        ("Silence is a no at", "", read(|asked| asked.expires_at.to_string())),
    ]);
    view! {
        <dialog
            class="approval"
            role="alertdialog"
            aria-labelledby="approval-title"
            aria-describedby="approval-about"
            node_ref=dialog
            on:keydown=on_key
            on:cancel=|event: Event| event.prevent_default()
            on:close=move |_| show()
        >
            <h2 id="approval-title">"Approval"</h2>
            <p id="approval-about">
                "The agent wants to run a risky tool. It runs exactly as shown here, once, or not at all."
            </p>
            {question}
            <p class="quiet">"Virtual time stands still until you decide."</p>
            <div class="approval-buttons">
                <button class="button deny" node_ref=deny on:click=move |_| store.send(Action::Deny)>
                    "Deny"
                </button>
                <button class="button approve" on:click=move |_| store.send(Action::Approve)>
                    "Approve"
                </button>
            </div>
        </dialog>
    }
}
