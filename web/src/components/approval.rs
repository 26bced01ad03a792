//! The dialog "Approval": a human's answer to one exact tool call. Virtual time stands still while it is open.

use super::focus::focus;
use super::text::{facts, line};
use crate::store::{Store, store};
use leptos::ev::{Event, KeyboardEvent};
use leptos::html::{Button, Details, Dialog, Input, Textarea};
use leptos::prelude::*;
use steadfast_playground::{Action, Argument, Asking, State};

/// Where nothing had the focus before the question, the browser gives it back to nothing; Step is what comes next.
fn keep_focus() {
    // Just closed, the dialog may still hold it for a moment.
    let lost = document().active_element().is_none_or(|element| element.matches("body, dialog *").unwrap_or(true));
    if lost {
        focus(&["[data-icon=step]"]);
    }
}

/// Something read of the question.
fn read(store: Store, read: fn(&Asking) -> String) -> Signal<String> {
    store.text(move |page| page.asked.as_ref().map(read).unwrap_or_default())
}

#[component]
pub(crate) fn Approval() -> impl IntoView {
    let store = store();
    let dialog = NodeRef::<Dialog>::new();
    let deny = NodeRef::<Button>::new();
    let typed = NodeRef::<Textarea>::new();
    let message = NodeRef::<Input>::new();
    let folded = [NodeRef::<Details>::new(), NodeRef::<Details>::new()];
    // Each question begins with nothing typed.
    let begin = move || {
        for details in folded.iter().filter_map(NodeRef::get_untracked) {
            details.set_open(false);
        }
        if let Some(message) = message.get_untracked() {
            message.set_value("");
        }
        if let Some(typed) = typed.get_untracked() {
            typed.set_value(&store.peek(|state| state.asked().map(|asked| asked.args.clone()).unwrap_or_default()));
        }
    };
    let show = move || {
        let Some(dialog) = dialog.get_untracked() else { return };
        match (store.peek(|state: &State| state.asked().is_some()), dialog.open()) {
            (true, false) => {
                begin();
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
    let question = facts(vec![
        ("Tool", "fact-wide code", read(store, |asked| asked.request.tool.clone())),
        ("Exact arguments", "fact-wide code exact", read(store, |asked| asked.request.args.clone())),
        ("Digest", "code", read(store, |asked| format!("{:.8}", asked.request.digest))),
        ("Asked at", "", read(store, |asked| asked.request.asked_at.to_string())),
        ("Silence is a no at", "", read(store, |asked| asked.request.expires_at.to_string())),
    ]);
    let deny_with = move || message.get_untracked().map(|message| message.value()).unwrap_or_default();
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
            {since_last(store)}
            <p class="quiet">"Virtual time stands still until you decide."</p>
            <div class="approval-buttons">
                <button class="button deny" node_ref=deny on:click=move |_| store.send(Action::Deny(String::new()))>
                    "Deny"
                </button>
                <button class="button" on:click=move |_| store.send(Action::LetExpire)>"Let it expire"</button>
                <button class="button approve" on:click=move |_| store.send(Action::Approve)>"Approve"</button>
            </div>
            <details node_ref=folded[0]>
                <summary>"Deny with a message"</summary>
                <label class="field">
                    <span>"A word to the model"</span>
                    <input type="text" maxlength="160" autocomplete="off" node_ref=message/>
                </label>
                <button class="button deny" on:click=move |_| store.send(Action::Deny(deny_with()))>
                    "Deny with this message"
                </button>
            </details>
            <details node_ref=folded[1] hidden=store.flag(|page| page.asked.as_ref().is_some_and(|asked| asked.request.again))>
                <summary>"Approve with an edit"</summary>
                {edit(store, typed)}
            </details>
        </dialog>
    }
}

/// What is otherwise than when this tool was called last.
fn since_last(store: Store) -> impl IntoView {
    let rows = move || {
        store.page().with(|page| {
            let arguments = page.asked.as_ref().and_then(|asked| asked.since_last.as_ref());
            arguments.into_iter().flatten().map(argument_row).collect::<Vec<_>>()
        })
    };
    let is_first = store.flag(|page| page.asked.as_ref().is_none_or(|asked| asked.since_last.is_none()));
    let note = read(store, |asked| match &asked.since_last {
        None => "This is the first call of this tool in this run.".into(),
        Some(arguments) if arguments.iter().all(|argument| argument.change() == "same") => {
            "Exactly the arguments that it had last time.".into()
        }
        Some(_) => String::new(),
    });
    view! {
        {line("quiet", note)}
        <table class="arguments" role="table" hidden=is_first>
            <caption>"Against the last call"</caption>
            <thead role="rowgroup">
                <tr role="row">
                    <th scope="col" role="columnheader">"Argument"</th>
                    <th scope="col" role="columnheader">"Last time"</th>
                    <th scope="col" role="columnheader">"Now"</th>
                </tr>
            </thead>
            <tbody role="rowgroup">{rows}</tbody>
        </table>
    }
}

fn argument_row(argument: &Argument) -> impl IntoView + use<> {
    let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "not there".into());
    view! {
        <tr role="row" data-change=argument.change()>
            <th scope="row" role="rowheader">{argument.name.clone()}" "<span class="tag">{argument.change()}</span></th>
            <td role="cell" class="code">{value(&argument.before)}</td>
            <td role="cell" class="code">{value(&argument.now)}</td>
        </tr>
    }
}

/// A field for other arguments, which says at once what is wrong with them.
fn edit(store: Store, typed: NodeRef<Textarea>) -> impl IntoView {
    let problem = read(store, |asked| match &asked.draft {
        Some(draft) => draft.read.clone().err().unwrap_or_default(),
        None => String::new(),
    });
    let digest = read(store, |asked| match asked.draft.as_ref().map(|draft| &draft.read) {
        Some(Ok((args, digest))) if *args != asked.request.args => format!("Digest with this edit: {digest:.8}"),
        Some(Err(_)) => String::new(),
        _ => "Nothing is changed yet.".into(),
    });
    let is_invalid = store.word(move |page| {
        let draft = page.asked.as_ref().and_then(|asked| asked.draft.as_ref())?;
        draft.read.is_err().then_some("true")
    });
    let unable = store.word(|page| {
        let able = page.asked.as_ref().is_some_and(|asked| asked.edit().is_some());
        (!able).then_some("true")
    });
    let approve = move |_| {
        let edit =
            store.page().with_untracked(|page| page.asked.as_ref().and_then(|asked| asked.edit().map(str::to_owned)));
        if let Some(args) = edit {
            store.send(Action::ApproveEdited(args));
        }
    };
    view! {
        <label class="field">
            <span>"Arguments to run instead, as JSON"</span>
            <textarea
                class="code"
                rows="3"
                maxlength="400"
                spellcheck="false"
                autocomplete="off"
                aria-invalid=is_invalid
                aria-describedby="edit-problem edit-digest"
                node_ref=typed
                on:input=move |event| store.send(Action::TypeEdit(event_target_value(&event)))
            ></textarea>
        </label>
        <p class="error" id="edit-problem" role="alert">{problem}</p>
        <p class="quiet" id="edit-digest">{digest}</p>
        <button class="button approve" aria-disabled=unable on:click=approve>"Approve edited"</button>
    }
}
