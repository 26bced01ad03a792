//! The buttons beside the heading of the page. What that says stands in `index.html`, to be read before any of this is there.

use super::button::ActionButton;
use super::keep::Keep;
use crate::clipboard;
use crate::store::Store;
use leptos::prelude::*;
use steadfast_playground::link;
use wasm_bindgen::JsCast;

/// Puts them into their place.
pub(crate) fn intro(store: Store) {
    let Some(place) = document().get_element_by_id("intro-buttons") else { return };
    // What kept their room.
    place.set_inner_html("");
    let buttons = move || {
        provide_context(store);
        view! {
            <ActionButton label="Copy link" icon="link" class="button plain" act=Box::new(move || copy(store))/>
            <Keep/>
        }
    };
    mount_to(place.unchecked_into(), buttons).forget();
}

/// Copies a link to what is shown. The address bar holds it as well, for browsers that keep their clipboard to themselves.
fn copy(store: Store) {
    if store.peek(|state| state.incident().is_some()) {
        return store.remark("No link can hold a recorded run. Save it as a file.");
    }
    let page = window().location().href().unwrap_or_default();
    let page = page.split('#').next().unwrap_or_default();
    let link = format!("{page}#{}", store.peek(link::write));
    let (done, refused) = match store.peek(link::left_out) {
        Some(left_out) => {
            (format!("The link is copied. {left_out}"), format!("The link is in the address bar. {left_out}"))
        }
        None => (
            "The link is copied. Whoever opens it sees exactly this.".into(),
            "The link to exactly this is in the address bar.".into(),
        ),
    };
    clipboard::copy(store, &link, done, refused);
}
