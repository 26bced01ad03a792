//! Files: the run that is shown is kept as one, and one is opened by choosing it or by dropping it anywhere on the page.

use super::button::ActionButton;
use crate::store::{Store, store};
use leptos::html::Input;
use leptos::prelude::*;
use steadfast_playground::{Action, file};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, DragEvent, File, FileList, HtmlAnchorElement, Url};

const NAME: &str = "steadfast-run.json";

#[component]
pub(crate) fn Keep() -> impl IntoView {
    let store = store();
    let input = NodeRef::<Input>::new();
    let choose = Box::new(move || {
        if let Some(input) = input.get_untracked() {
            input.click();
        }
    });
    let chosen = move |_| {
        let Some(input) = input.get_untracked() else { return };
        open_first(store, input.files());
        // The same file may be chosen again.
        input.set_value("");
    };
    let _ = window_event_listener_untyped("dragover", |event| event.prevent_default());
    let _ = window_event_listener_untyped("drop", move |event| {
        event.prevent_default();
        let dropped = event.dyn_ref::<DragEvent>().and_then(DragEvent::data_transfer);
        open_first(store, dropped.and_then(|dropped| dropped.files()));
    });
    view! {
        <ActionButton label="Save as file" icon="save" class="button plain" act=Box::new(move || save(store))/>
        <ActionButton label="Open file" icon="open" class="button plain" act=choose/>
        <input type="file" hidden accept=".json,.txt,application/json,text/plain" aria-label="File" node_ref=input on:change=chosen/>
    }
}

fn save(store: Store) {
    match download(&store.peek(file::write)) {
        Ok(()) => store.remark("The run is saved as a file. Drop it on this page to see exactly this."),
        Err(_) => store.remark("This browser does not let the page save a file."),
    }
}

/// Hands a text to the browser as a file.
fn download(text: &str) -> Result<(), JsValue> {
    let parts = js_sys::Array::of1(&JsValue::from_str(text));
    let address = Url::create_object_url_with_blob(&Blob::new_with_str_sequence(&parts)?)?;
    let anchor: HtmlAnchorElement = document().create_element("a")?.unchecked_into();
    anchor.set_href(&address);
    anchor.set_download(NAME);
    anchor.click();
    Url::revoke_object_url(&address)
}

fn open_first(store: Store, files: Option<FileList>) {
    if let Some(file) = files.and_then(|files| files.get(0)) {
        leptos::task::spawn_local(open(store, file));
    }
}

async fn open(store: Store, chosen: File) {
    #[expect(clippy::cast_precision_loss, reason = "a limit of millions")]
    if chosen.size() > file::LARGEST as f64 {
        return store.send(Action::FileFailed(file::too_large()));
    }
    let Ok(buffer) = JsFuture::from(chosen.array_buffer()).await else {
        // A folder, or a file that is gone.
        return store.send(Action::FileFailed(file::unreadable()));
    };
    store.send(Action::OpenFile(js_sys::Uint8Array::new(&buffer).to_vec()));
    if store.peek(|state| state.notice().is_none()) {
        store.remark("The file is open.");
    }
}
