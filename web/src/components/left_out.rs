//! What the link has no room for, told right below where it is copied.

use super::text::line;
use crate::store::store;
use leptos::prelude::*;
use steadfast_playground::link;

#[component]
pub(crate) fn LeftOut() -> impl IntoView {
    let store = store();
    line("left-out quiet", store.text(move |_| store.peek(link::left_out).unwrap_or_default()))
}
