//! The clipboard, where the browser gives it.

use crate::store::Store;
use leptos::prelude::*;
use wasm_bindgen_futures::JsFuture;

/// Copies a text, and says whether that was done.
pub(crate) fn copy(store: Store, text: &str, done: String, refused: String) {
    if !window().is_secure_context() {
        return store.remark(&refused);
    }
    let writing = window().navigator().clipboard().write_text(text);
    leptos::task::spawn_local(async move {
        store.remark(if JsFuture::from(writing).await.is_ok() { &done } else { &refused });
    });
}
