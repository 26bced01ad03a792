//! The table "Events": every decision with its reason, and what the world did. The timeline's twin in words.

use super::text::line;
use crate::store::store;
use leptos::ev::MouseEvent;
use leptos::html::Div;
use leptos::prelude::*;
use steadfast_playground::{Action, Row, row};
use wasm_bindgen::JsCast;
use web_sys::Element;

#[component]
pub(crate) fn Events() -> impl IntoView {
    let store = store();
    let scroller = NodeRef::<Div>::new();
    // All rows are told again with each change; Leptos touches only those that differ.
    let rows = move || {
        store.page().track();
        store.peek(|state| state.shown().iter().map(row).enumerate().map(event_row).collect::<Vec<_>>())
    };
    let marked = StoredValue::new(None);
    store.after_each_change(Box::new(move |page| {
        let looked_at = page.looked_at;
        let is_latest = looked_at.is_none_or(|line| line + 1 == page.position);
        // The table has its new row only after this turn.
        request_animation_frame(move || {
            mark(marked.get_value(), false);
            mark(looked_at, true);
            marked.set_value(looked_at);
            if let Some(scroller) = scroller.get_untracked().filter(|_| is_latest) {
                scroller.set_scroll_top(scroller.scroll_height());
            }
        });
    }));
    // A click is a shortcut for those who point; Step and the timeline lead everybody to the same explanation.
    let choose = move |event: MouseEvent| {
        let element = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let row = element.and_then(|element| element.closest("tr[id]").ok().flatten());
        let line = row.and_then(|row| row.id().strip_prefix("event-")?.parse().ok());
        if line.is_some() {
            store.send(Action::Select(line));
        }
    };
    let empty = store.text(|page| match page.position {
        0 => "Nothing has happened yet. Press Step.".into(),
        _ => String::new(),
    });
    view! {
        <section class="card events" aria-labelledby="events-title">
            <h2 id="events-title">"Events"</h2>
            <div class="events-scroll" node_ref=scroller tabindex="0" role="region" aria-label="Events, scrollable">
                <table role="table" on:click=choose>
                    <caption class="unseen">"Events"</caption>
                    <thead role="rowgroup">
                        <tr role="row">
                            <th scope="col" role="columnheader">"Time"</th>
                            <th scope="col" role="columnheader">"Where"</th>
                            <th scope="col" role="columnheader">"Decision and reason"</th>
                        </tr>
                    </thead>
                    <tbody role="rowgroup">{rows}</tbody>
                </table>
                {line("empty", empty)}
            </div>
        </section>
    }
}

fn event_row((line, row): (usize, Row)) -> impl IntoView {
    let Row { at, place, sentence, kind, is_world } = row;
    let (class, tag) = if is_world { ("world", "World") } else { ("", "") };
    view! {
        <tr role="row" id=format!("event-{line}") class=class data-kind=kind.as_str()>
            <td role="cell" class="event-time">{at}</td>
            <td role="cell" class="event-place"><span class="tag">{tag}</span>" "{place}</td>
            <td role="cell" class="event-what"><span>{sentence}</span></td>
        </tr>
    }
}

fn mark(line: Option<usize>, on: bool) {
    let row = line.and_then(|line| document().get_element_by_id(&format!("event-{line}")));
    if let Some(row) = row {
        let _ = row.class_list().toggle_with_force("looked-at", on);
    }
}
